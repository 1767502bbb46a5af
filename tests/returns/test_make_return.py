"""The command that makes a return: stored bytes of a certified one, else a draft that leaves no trace."""

import hashlib
import re
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from openpyxl import load_workbook

from board.models import Counter
from returns import files
from tests import factories
from tests.pdf_text import text_of
from tests.returns.scenes import Scene


def make(out: Path, kind: str = "claim", programme: str = "DAPF-2023-25", quarter: str = "2023-24-Q1") -> str:
    said = StringIO()
    call_command("make_return", kind, programme=programme, quarter=quarter, out=out, stdout=said)
    return said.getvalue()


def everything() -> dict[str, int]:
    counts = {model._meta.label: model.objects.count() for model in apps.get_models() if model._meta.managed}
    return counts | {str(row): row.last for row in Counter.objects.all()}


@pytest.mark.parametrize("kind", ["claim", "performance"])
def test_a_draft_is_marked_and_nothing_is_written(scene: Scene, tmp_path: Path, kind: str) -> None:
    scene.spend()
    scene.asked_for_results()
    before = everything()
    said = make(tmp_path / "new", kind)
    assert everything() == before
    stem = f"DAPF-2023-25-{kind}-2023-24-Q1-r1-draft"
    made = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    assert set(made) == {f"{stem}.xlsx", f"{stem}.pdf"}
    for name, data in made.items():
        assert f"{hashlib.sha256(data).hexdigest()}  {tmp_path / 'new' / name}" in said
    assert "DRAFT" in said
    assert "DRAFT – not certified" in text_of(made[f"{stem}.pdf"])
    cover = load_workbook(BytesIO(made[f"{stem}.xlsx"]))["Cover"]
    assert "DRAFT – not certified" in {cell.value for row in cover.iter_rows() for cell in row}


@pytest.mark.usefixtures("quick_pdf")
def test_a_certified_return_gives_the_stored_bytes(scene: Scene, tmp_path: Path) -> None:
    the_return = scene.certified()
    said = make(tmp_path)
    for kept in ("xlsx", "pdf"):
        file = files.stored(the_return, kept)
        assert (tmp_path / file.name).read_bytes() == file.data
        assert file.name == f"DAPF-2023-25-claim-2023-24-Q1-r1.{kept}"
        assert file.sha256 in said
    assert "certified on 27 July 2023" in said


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"programme": "DAPF-2099"}, "There is no programme “DAPF-2099”. Those here: DAPF-2023-25."),
        ({"quarter": "2023-25-Q1"}, "DAPF-2023-25 has no quarter “2023-25-Q1”"),
        ({"kind": "performance", "quarter": "2023-24-closing"}, "There is no quarterly performance return"),
    ],
)
def test_what_is_not_there_is_refused_in_words_with_exit_2(
    scene: Scene, tmp_path: Path, wrong: dict[str, str], words: str
) -> None:
    with pytest.raises(CommandError, match=words) as refused:
        make(tmp_path, **wrong)
    assert refused.value.returncode == 2
    assert list(tmp_path.iterdir()) == []


def asked(out: Path, kind: str, **options: str) -> str:
    """What the command says where the span is asked for in another way than by a quarter."""
    said = StringIO()
    call_command("make_return", kind, programme="DAPF-2023-25", out=out, stdout=said, **options)
    return said.getvalue()


@pytest.mark.usefixtures("quick_pdf")
@pytest.mark.parametrize(
    "kind, options, stem, formats",
    [
        ("usage", {"year": "2023-24"}, "usage-2023-24", {".xlsx", ".pdf"}),
        ("usage", {"first": "2023-24-Q1", "last": "2023-24-closing"}, "usage-2023-24", {".xlsx", ".pdf"}),
        (
            "outturn",
            {"first": "2023-24-Q1", "last": "2024-25-closing"},
            "outturn-2023-24-to-2024-25",
            {".xlsx", ".pdf"},
        ),
        ("match", {"year": "2024-25", "subject": "ecc"}, "match-2024-25-ecc", {".xlsx", ".pdf"}),
        ("match", {"quarter": "2023-24-Q1", "subject": "ecc"}, "match-2023-24-Q1-ecc", {".xlsx", ".pdf"}),
        ("partner", {"year": "2023-24", "subject": "ecc"}, "partner-2023-24-ecc", {".pdf"}),
        ("contract", {"quarter": "2023-24-Q1", "subject": "C-001"}, "contract-2023-24-Q1-C-001", {".xlsx", ".pdf"}),
    ],
)
def test_a_year_a_span_and_a_subject_are_asked_for_by_name(
    scene: Scene, tmp_path: Path, kind: str, options: dict[str, str], stem: str, formats: set[str]
) -> None:
    assert "DRAFT" in asked(tmp_path, kind, **options)
    assert {path.suffix for path in tmp_path.iterdir()} == formats
    assert {path.stem for path in tmp_path.iterdir()} == {f"DAPF-2023-25-{stem}-r1-draft"}


@pytest.mark.parametrize(
    "kind, options, words",
    [
        ("usage", {"year": "2022-23"}, "has no year “2022-23”. Those there: 2023-24, 2024-25."),
        ("usage", {"quarter": "2023-24-Q1"}, "It is made of a whole year."),
        ("outturn", {"first": "2023-24-Q1"}, "Give --from and --to together"),
        ("match", {"year": "2023-24"}, "Choose the subject from these: ecc."),
        ("match", {"year": "2023-24", "subject": "change"}, "of “change”. It is made of a quarter or a whole year."),
    ],
)
def test_a_span_or_subject_that_a_kind_has_not_is_refused_in_words(
    scene: Scene, tmp_path: Path, kind: str, options: dict[str, str], words: str
) -> None:
    with pytest.raises(CommandError, match=re.escape(words)) as refused:
        asked(tmp_path, kind, **options)
    assert refused.value.returncode == 2


@pytest.mark.usefixtures("quick_pdf")
def test_the_only_programme_that_has_the_span_need_not_be_named(scene: Scene, tmp_path: Path) -> None:
    factories.programme("DAPF-2025-27", date(2025, 4, 1), date(2027, 3, 31))
    call_command("make_return", "claim", quarter="2023-24-Q1", out=tmp_path, stdout=StringIO())
    assert {path.stem for path in tmp_path.iterdir()} == {"DAPF-2023-25-claim-2023-24-Q1-r1-draft"}


@pytest.mark.parametrize(
    "options",
    [
        {"quarter": "2024-25-Q1"},
        {"year": "2024-25"},
        {"first": "2024-25-Q1", "last": "2024-25-Q2"},
        {"year": "1999-00"},
    ],
)
def test_where_two_programmes_or_none_have_the_span_the_command_asks_which(
    scene: Scene, tmp_path: Path, options: dict[str, str]
) -> None:
    factories.programme("DAPF-2024-26", date(2024, 4, 1), date(2026, 3, 31))
    words = "Which programme is meant? Give --programme with one of these: DAPF-2023-25, DAPF-2024-26."
    with pytest.raises(CommandError, match=re.escape(words)) as refused:
        call_command("make_return", "usage", out=tmp_path, **options)
    assert refused.value.returncode == 2


@pytest.mark.usefixtures("quick_pdf")
def test_a_directory_that_cannot_be_written_is_named(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(CommandError, match="cannot be written") as refused:
        make(tmp_path / "file" / "below")
    assert refused.value.returncode == 2
