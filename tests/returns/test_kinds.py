"""The kinds of return are the modules of their package: a new one is a file, and stands everywhere at once."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from board import clock
from returns import certifying, kinds
from returns.models import Document, Return
from returns.views.board import issued_to
from tests.factories import person
from tests.returns.scenes import LATE_JULY, Scene

# A kind that nobody has written: who keeps the grant says how many days a quarter had.
NEW_KIND = """
from board.models import Quarter
from returns.content import Content, Section, make_fact
from returns.kinds.shape import ROLE, STATUS, Kind, Span, Step, Written, commentary, identity, words_of

STEPS = (
    Step("prepare", (ROLE.FINANCE_OFFICER,), STATUS.DRAFT, STATUS.PREPARED, "Counted by", "I counted.", "prepare"),
    Step("certify", (ROLE.CFO,), STATUS.PREPARED, STATUS.CERTIFIED, "Certified by", "I certify them.", "certify"),
)


def build(scope, *, today, the_return=None):
    days = (scope.last.last_day - scope.first.first_day).days + 1
    facts = (make_fact("days", "key-figures", "days", "Days", days, "count", trace=("days",)),)
    return Content(
        **identity(KIND, scope, the_return, KIND.title),
        sections=(Section("key-figures", "Days", facts=facts), commentary(KIND, words_of(the_return))),
    )


KIND = Kind(
    code="days",
    title="Statement of days",
    place=11,
    closes=(),
    spans=(Span.QUARTER,),
    quarter_kinds=(Quarter.Kind.QUARTER,),
    steps=STEPS,
    written=(Written("days", "The days", "How they passed."),),
    build=build,
    waits_for=lambda scope, today: (),
    issued_to_board=True,
)
"""


@pytest.fixture
def new_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "days.py").write_text(NEW_KIND)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(kinds.KINDS, "days", kinds.discovered()["days"])


def test_the_kinds_stand_in_their_order() -> None:
    assert " ".join(kinds.KINDS) == "claim performance match usage outturn partner contract board change"
    places = [kind.place for kind in kinds.KINDS.values()]
    assert places == sorted(set(places))


@pytest.mark.usefixtures("quick_pdf", "new_kind")
def test_a_new_module_is_a_new_kind_from_begin_to_the_board_and_nothing_else_is_changed(
    scene: Scene, tmp_path: Path
) -> None:
    scene.spend()
    scene.close()
    browser = Client()
    browser.force_login(scene.finance)
    shown = browser.get(reverse("returns:quarter", args=[scene.quarter().pk])).content.decode()
    assert "Begin the statement of days" in shown
    browser.post(reverse("returns:begin", args=[scene.quarter().pk, "days"]))
    the_return = Return.objects.get()
    assert str(the_return.get_kind_display()) == "Statement of days"
    the_return.full_clean()
    certifying.prepare(the_return=the_return, by=scene.finance)
    with clock.at(LATE_JULY):
        certifying.certify(the_return=the_return, by=scene.cfo)
    assert Document.objects.filter(the_return=the_return).count() == 3
    assert [row.reference for row in issued_to(person("board-member", "setdab"))] == [the_return.reference]
    call_command("make_return", "days", "--quarter", "2023-24-Q1", "--out", str(tmp_path / "made"))
    assert sorted(path.suffix for path in (tmp_path / "made").iterdir()) == [".pdf", ".xlsx"]
