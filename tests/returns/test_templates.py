"""The register of the funder's templates: kept, mapped on screen, tried on a return, and the filled file taken."""

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from board.models import Event, StoredFile, User
from core.problems import Refused
from returns.filling import register
from returns.filling.book import Book
from returns.filling.cells import address_of
from returns.filling.mapping import Entry, stated
from returns.kinds.shape import stored_content
from returns.models import Download, FunderTemplate, Return, TemplateMap
from tests.factories import person
from tests.returns.scenes import JULY, Scene
from tests.returns.template_files import template

pytestmark = pytest.mark.usefixtures("quick_pdf")
SPEND = "claim/expenditure/chb/actual-this-quarter"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def upload(data: bytes | None = None, name: str = "form.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data or template())


def registered(scene: Scene, edition: str = "v1", **given: Any) -> FunderTemplate:
    told = {"kind": "claim", "valid_from": JULY.replace(month=4, day=1), "valid_to": None, **given}
    return register.register(
        programme=scene.programme, title="Quarterly form", edition=edition, upload=upload(), by=scene.finance, **told
    )


def money_keys(the_return: Return) -> list[str]:
    known = stated(stored_content(the_return))
    return [key for key, figure in known.items() if figure.unit == "money" and figure.value]


def mapped(row: FunderTemplate, by: User, *entries: Entry, seen: int = 0) -> TemplateMap:
    return register.save_map(template=row, entries=entries, seen=seen, by=by)


def test_a_template_is_registered_on_its_page_with_its_file(scene: Scene) -> None:
    client = signed_in(scene.finance)
    answer = client.post(
        reverse("returns:register-template"),
        {
            "programme": scene.programme.pk, "kind": "claim", "title": "Quarterly form", "edition": "v1",
            "valid_from": "1 April 2023", "valid_to": "", "upload": upload(),
        },
    )  # fmt: skip
    row = FunderTemplate.objects.get()
    assert answer.url == row.get_absolute_url()
    assert row.file.sha256 == hashlib.sha256(template()).hexdigest()
    assert Event.objects.get(act="template.register").programme == scene.programme
    assert not StoredFile.objects.unattached().exists()
    shown = client.get(row.get_absolute_url()).content.decode()
    assert "Lists (hidden)" in shown
    assert "No cell is mapped yet." in shown
    assert "Quarterly form" in client.get(reverse("returns:templates")).content.decode()
    assert client.get(reverse("returns:template-file", args=[row.pk])).content == template()


def test_a_file_that_cannot_be_filled_is_refused_at_its_box_and_nothing_is_kept(scene: Scene) -> None:
    given = {
        "programme": scene.programme.pk, "kind": "claim", "title": "Form", "edition": "v1", "valid_from": "1/4/2023",
    }  # fmt: skip
    answer = signed_in(scene.finance).post(
        reverse("returns:register-template"), {**given, "upload": upload(b"PK\x03\x04 broken")}
    )
    assert answer.context["form"].errors["upload"] == [
        "“form.xlsx” is damaged. Open it, save it again and send that file."
    ]
    assert not StoredFile.objects.exists()


def test_an_edition_is_registered_once_and_ends_after_it_begins(scene: Scene) -> None:
    first = registered(scene)
    with pytest.raises(Exception, match="registered already"):
        registered(scene)
    with pytest.raises(Exception, match="valid to a day on or after its first"):
        registered(scene, "v2", valid_to=JULY.replace(year=2022))
    with pytest.raises(IntegrityError), transaction.atomic():
        FunderTemplate.objects.filter(pk=first.pk).update(valid_to=JULY.replace(year=2022))


def test_the_cells_of_a_sheet_are_mapped_on_its_page(scene: Scene) -> None:
    row, client = registered(scene), signed_in(scene.commissioning)
    url = reverse("returns:template-sheet", args=[row.pk, 1])
    shown = client.get(url).content.decode()
    assert "The Change Hub / Actual" in shown
    assert 'name="key-A4"' not in shown
    sent = {
        "seen": "0", "key-B4": SPEND, "whole-B4": "on",
        "first_cell": "B5", "down_by": "1", "keys": "claim/expenditure/sis/total\nclaim/expenditure/gdm/total",
    }  # fmt: skip
    answer = client.post(url, sent)
    assert answer.url == url
    assert json.loads(TemplateMap.objects.get().entries) == [
        {"sheet": "Return", "cell": "B4", "key": SPEND, "whole_pounds": True},
        {
            "sheet": "Return", "first_cell": "B5", "down_by": 1,
            "keys": ["claim/expenditure/sis/total", "claim/expenditure/gdm/total"],
        },
    ]  # fmt: skip
    # What is not on screen stays, what is emptied goes.
    answer = client.post(f"{url}?near=Date", {"seen": "1", "key-B10": "claim/return/period/value"})
    assert [entry.cell for entry in register.entries_of(register.latest_map(row))] == ["B4", "B5", "B10"]
    client.post(url, {"seen": "2", "key-B4": "", "drop-0": "on", "key-B10": "claim/return/period/value"})
    assert [entry.cell for entry in register.entries_of(register.latest_map(row))] == ["B10"]
    assert TemplateMap.objects.count() == 3


def test_a_map_that_the_template_does_not_take_comes_back_with_what_was_typed(scene: Scene) -> None:
    row = registered(scene)
    answer = signed_in(scene.finance).post(
        reverse("returns:template-sheet", args=[row.pk, 1]),
        {"seen": "0", "key-B4": "performance/a/b/c", "key-C4": "nonsense", "other_cell": "B7", "other_key": SPEND},
    )
    assert answer.context["form"].errors["key-C4"] == ["“nonsense” is no key of the form kind/section/row/column"]
    answer = signed_in(scene.finance).post(
        reverse("returns:template-sheet", args=[row.pk, 1]),
        {"seen": "0", "key-B4": "performance/a/b/c", "other_cell": "B7", "other_key": SPEND},
    )
    shown = answer.content.decode()
    assert "Return!B4: “performance/a/b/c” is a figure of another return." in shown
    assert "Return!B7: it holds a formula of the funder’s." in shown
    assert 'value="performance/a/b/c"' in shown
    assert not TemplateMap.objects.exists()


def test_two_people_do_not_overwrite_each_others_map(scene: Scene) -> None:
    row = registered(scene)
    mapped(row, scene.finance, Entry("Return", "B4", (SPEND,)))
    with pytest.raises(Refused, match="Somebody else made map 1"):
        mapped(row, scene.commissioning, Entry("Return", "B5", (SPEND,)))
    # The same map again is no new version.
    assert mapped(row, scene.finance, Entry("Return", "B4", (SPEND,)), seen=1).number == 1


def test_a_map_is_sent_and_taken_as_a_file(scene: Scene) -> None:
    row, client = registered(scene), signed_in(scene.finance)
    url = reverse("returns:template-map-file", args=[row.pk])
    text = json.dumps([{"sheet": "Return", "cell": "B4", "key": SPEND}])
    client.post(url, {"seen": "0", "upload": SimpleUploadedFile("map.json", text.encode())})
    taken = client.get(reverse("returns:template-map", args=[row.pk, 1]))
    assert json.loads(taken.content) == json.loads(text)
    assert hashlib.sha256(taken.content).hexdigest() == TemplateMap.objects.get().sha256
    wrong = json.dumps(
        [{"sheet": "Nowhere", "cell": "B4", "key": SPEND}, {"sheet": "Return", "cell": "A4", "key": SPEND}]
    )
    shown = client.post(url, {"seen": "1", "upload": SimpleUploadedFile("map.json", wrong.encode())}).content.decode()
    assert "the template has no sheet “Nowhere”" in shown
    assert "Return!A4: it is locked by the funder" in shown
    assert TemplateMap.objects.count() == 1


def test_a_certified_return_is_tried_and_its_filled_file_taken_and_recorded(scene: Scene) -> None:
    the_return = scene.certified()
    key = money_keys(the_return)[0]
    row = registered(scene)
    mapped(row, scene.finance, Entry("Return", "B4", (key,)))
    client = signed_in(scene.finance)
    assert the_return.reference in client.get(row.get_absolute_url()).content.decode()
    from_it = client.get(the_return.get_absolute_url()).content.decode()
    assert "In the funder’s workbook: Quarterly form, v1" in from_it
    shown = client.get(reverse("returns:template-try", args=[row.pk, the_return.pk])).content.decode()
    assert "The Change Hub / Actual" in shown
    assert "Download the filled workbook" in shown
    url = reverse("returns:template-fill", args=[row.pk, the_return.pk])
    first, second = client.get(url), client.get(url)
    assert first.content == second.content
    figure = stored_content(the_return).figure(key)
    assert Book.open(first.content, "f.xlsx").value_at("Return", address_of("B4")) == figure.value
    assert [taken.sha256 for taken in Download.objects.all()] == [hashlib.sha256(first.content).hexdigest()] * 2
    assert Event.objects.filter(act="return.download", subject=the_return.reference).count() == 2
    assert "Quarterly-form-v1-map1.xlsx" in first["Content-Disposition"]


def test_a_draft_is_tried_but_not_taken(scene: Scene) -> None:
    scene.spend()
    the_return = scene.open_return()
    row = registered(scene)
    mapped(row, scene.finance, Entry("Return", "B14", ("claim/return/reference/value",)))
    client = signed_in(scene.finance)
    shown = client.get(reverse("returns:template-try", args=[row.pk, the_return.pk])).content.decode()
    assert "This return is not certified." in shown
    assert "Download the filled workbook" not in shown
    assert client.get(reverse("returns:template-fill", args=[row.pk, the_return.pk])).status_code == 404


def test_what_cannot_be_filled_is_listed_on_the_page(scene: Scene) -> None:
    scene.spend()
    the_return = scene.open_return()
    row = registered(scene)
    mapped(row, scene.finance, Entry("Return", "B4", ("claim/no/such/figure",)), Entry("Return", "B10", (SPEND,)))
    shown = signed_in(scene.finance).get(reverse("returns:template-try", args=[row.pk, the_return.pk])).content.decode()
    assert "There is a problem" in shown
    assert "Return!B4: the return states no figure “claim/no/such/figure”." in shown


def test_a_template_for_other_quarters_is_not_filled(scene: Scene) -> None:
    the_return = scene.certified()
    row = registered(scene, valid_from=JULY)
    made = mapped(row, scene.finance, Entry("Return", "B4", (SPEND,)))
    with pytest.raises(Refused, match=r"from 5 July 2023, and .* is another"):
        register.fill_from(row, made, the_return, stored_content(the_return))


def test_only_the_recipients_officers_map_and_auditors_read(scene: Scene) -> None:
    the_return = scene.certified()
    row = registered(scene)
    mapped(row, scene.finance, Entry("Return", "B4", tuple(money_keys(the_return)[:1])))
    page, sheet = row.get_absolute_url(), reverse("returns:template-sheet", args=[row.pk, 1])
    trial = reverse("returns:template-try", args=[row.pk, the_return.pk])
    taken = reverse("returns:template-fill", args=[row.pk, the_return.pk])
    council, provider = person("finance-officer", "ecc"), person("kpi-reporter", "change")
    answers = {
        name: [signed_in(user).get(url).status_code for url in (page, sheet, trial, taken)]
        for name, user in {
            "auditor": scene.auditor, "cfo": scene.cfo, "council": council, "provider": provider,
        }.items()
    }  # fmt: skip
    assert answers == {
        "auditor": [200, 403, 200, 403],
        "cfo": [403] * 4,
        "council": [404] * 4,
        "provider": [403] * 4,
    }
    with pytest.raises(Refused, match="Only finance and commissioning officers"):
        mapped(row, council, Entry("Return", "B5", (SPEND,)), seen=1)
    with pytest.raises(Refused, match="Only finance and commissioning officers"):
        register.register(
            programme=scene.programme, kind="claim", title="A", edition="b", valid_from=JULY, valid_to=None,
            upload=upload(), by=council,
        )  # fmt: skip


def test_sending_the_form_twice_registers_once(scene: Scene) -> None:
    given = {
        "programme": scene.programme.pk, "kind": "claim", "title": "Form", "edition": "v1", "valid_from": "1/4/2023",
        "once": "0d4a1f3e-6a3e-4c39-9a0e-0f5d3a4c7b11",
    }  # fmt: skip
    client = signed_in(scene.finance)
    for _ in range(2):
        assert client.post(reverse("returns:register-template"), {**given, "upload": upload()}).status_code == 302
    assert FunderTemplate.objects.count() == 1


# The command


def run(tmp_path: Path, reference: str, entries: list[dict[str, Any]]) -> tuple[str, Path]:
    form, drawn, out = tmp_path / "form.xlsx", tmp_path / "map.json", tmp_path / "filled.xlsx"
    form.write_bytes(template())
    drawn.write_text(json.dumps(entries))
    said = StringIO()
    call_command("fill_template", form, "--map", drawn, "--return", reference, "--out", out, stdout=said)
    return said.getvalue(), out


def test_the_command_fills_from_what_was_certified(scene: Scene, tmp_path: Path) -> None:
    the_return = scene.certified()
    key = money_keys(the_return)[0]
    said, out = run(tmp_path, the_return.reference, [{"sheet": "Return", "cell": "B4", "key": key}])
    assert f"{hashlib.sha256(out.read_bytes()).hexdigest()}  {out}" in said
    assert "Unchecked: Return!D8" in said
    assert "xl/styles.xml: the same, byte for byte" in said
    assert Book.open(out.read_bytes(), "f.xlsx").value_at("Return", (4, 2))


def test_the_command_says_all_that_is_wrong_and_writes_nothing(scene: Scene, tmp_path: Path) -> None:
    the_return = scene.certified()
    entries = [{"sheet": "Return", "cell": cell, "key": "claim/a/b/c"} for cell in ("A4", "B7")]
    with pytest.raises(CommandError) as refused:
        run(tmp_path, the_return.reference, entries)
    assert refused.value.returncode == 2
    assert len(str(refused.value).splitlines()) == 4
    assert not (tmp_path / "filled.xlsx").exists()


def test_the_command_fills_nothing_from_a_draft_or_from_no_return(scene: Scene, tmp_path: Path) -> None:
    scene.spend()
    the_return = scene.open_return()
    with pytest.raises(CommandError, match="is not certified"):
        run(tmp_path, the_return.reference, [])
    with pytest.raises(CommandError, match="There is no return “X”"):
        run(tmp_path, "X", [])


def test_the_form_of_the_demonstration_is_filled_from_every_claim_and_its_totals_are_the_returns(
    demonstration: Callable[[str], User],
) -> None:
    row = FunderTemplate.objects.get()
    assert "llustrative" in row.title
    claims = Return.objects.filter(kind="claim", programme=row.programme, status__in=Return.FROZEN)
    assert len(claims) > 7
    for the_return in claims.select_related("programme", "last_quarter"):
        content = stored_content(the_return)
        filled = register.fill_from(row, register.latest_map(row), the_return, content)  # type: ignore[arg-type]
        assert list(filled.unchecked) == []
        book = load_workbook(BytesIO(filled.data), data_only=True)
        for sheet, cell, key in (
            ("Claim", "B18", "claim/summary/total/actual-to-date"),
            ("Match", "B10", "claim/match/total/to-date"),
        ):
            assert Decimal(str(book[sheet][cell].value)).quantize(Decimal("0.01")) == content.figure(key).value, (
                the_return
            )
