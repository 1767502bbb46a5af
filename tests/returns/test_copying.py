"""Figures to copy into a portal: in an order arranged once, each ticked with the value that was copied."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from board import clock
from board.models import Event, User
from core.problems import Refused
from returns import certifying, copying
from returns.content import Content, Figure
from returns.copying import Entry
from returns.kinds import KINDS, content_of
from returns.kinds.scope import scope_of
from returns.kinds.shape import stored_content
from returns.models import CopyOrder, CopyTick, Return
from tests.returns.scenes import Scene

pytestmark = pytest.mark.usefixtures("quick_pdf")
THIS_CLAIM, AWARD = "claim/key-figures/this-claim/value", "claim/key-figures/award/value"


def content(the_return: Return) -> Content:
    if the_return.is_frozen:
        return stored_content(the_return)
    return content_of(KINDS[the_return.kind], scope_of(the_return), today=clock.today(), the_return=the_return)


def arrange(scene: Scene, the_return: Return, *entries: Entry, seen: int = 0, by: User | None = None) -> CopyOrder:
    return copying.arrange(
        the_return=the_return, content=content(the_return), entries=entries, seen=seen, by=by or scene.commissioning
    )


def tick(scene: Scene, the_return: Return, *done: str, shown: tuple[str, ...] = ()) -> int:
    return copying.tick(
        the_return=the_return, content=content(the_return), done=done, shown_done=shown, by=scene.finance
    )


def lines(the_return: Return) -> dict[str, copying.Line]:
    return {line.key: line for line in copying.lines_of(the_return, content(the_return))}


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (Decimal("52000.00"), "money", "52000.00"),
        (Decimal("-1200.5"), "money", "-1200.50"),
        (Decimal("5.9"), "percent", "5.9"),
        (12, "count", "12"),
        (date(2025, 3, 31), "date", "31/03/2025"),
        ("On plan", "text", "On plan"),
    ],
)
def test_a_value_is_written_as_a_portals_box_takes_it(value: object, unit: str, words: str) -> None:
    assert copying.plain(Figure("a/b/c/d", value, unit)) == words  # type: ignore[arg-type]


def test_without_an_order_the_key_figures_are_offered_as_the_return_has_them(scene: Scene) -> None:
    the_return = scene.certified()
    said = content(the_return)
    assert list(lines(the_return)) == [fact.figure.key for fact in said.sections[0].facts]
    assert lines(the_return)[THIS_CLAIM].plain == f"{said.figure(THIS_CLAIM).value:.2f}"


def test_an_order_serves_the_next_return_of_its_kind_and_says_what_that_does_not_state(scene: Scene) -> None:
    the_return = scene.certified()
    keys = [figure.key for figure in content(the_return).figures() if figure.is_number]
    row = next(key for key in keys if "/expenditure/" in key)
    arrange(scene, the_return, Entry(THIS_CLAIM, "1.1 Amount claimed"), Entry(row), Entry(AWARD))
    found = copying.lines_of(the_return, content(the_return))
    assert [line.key for line in found] == [THIS_CLAIM, row, AWARD]
    assert (found[0].label, found[0].where) == ("1.1 Amount claimed", "Key figures: This claim")
    other = KINDS["performance"]
    assert copying.latest_order(scene.programme, other.code) is None
    [missing] = [
        line
        for line in copying.lines_of(the_return, Content(**{**vars(content(the_return)), "sections": ()}))
        if line.key == row
    ]
    assert (missing.stated, missing.where) == (False, "This return does not say it.")


def test_a_tick_is_shared_and_says_who_copied_what_and_when(scene: Scene) -> None:
    the_return = scene.certified()
    assert tick(scene, the_return, THIS_CLAIM) == 1
    line = lines(the_return)[THIS_CLAIM]
    assert (line.done, line.by) == (True, scene.finance.name)
    assert Event.objects.filter(act="return.copy", words=f"{THIS_CLAIM} copied").count() == 1


def test_two_colleagues_do_not_undo_each_others_ticks(scene: Scene) -> None:
    the_return = scene.certified()
    tick(scene, the_return, THIS_CLAIM)
    # Opened before the first was ticked: nothing is ticked there but what this person adds.
    tick(scene, the_return, AWARD, shown=())
    assert {key for key, line in lines(the_return).items() if line.done} == {THIS_CLAIM, AWARD}
    tick(scene, the_return, AWARD, shown=(THIS_CLAIM, AWARD))
    assert {key for key, line in lines(the_return).items() if line.done} == {AWARD}
    assert CopyTick.objects.count() == 2


def test_a_tick_counts_no_more_where_the_return_says_something_else_by_now(scene: Scene) -> None:
    scene.closed()
    the_return = certifying.prepare(the_return=scene.open_return(), by=scene.finance)
    tick(scene, the_return, THIS_CLAIM)
    CopyTick.objects.update(value="1.00")
    line = lines(the_return)[THIS_CLAIM]
    assert (line.done, line.before) == (False, "1.00")


def test_a_draft_has_nothing_to_copy(scene: Scene) -> None:
    scene.closed()
    draft = scene.open_return()
    assert not copying.may_tick(draft, scene.finance)
    with pytest.raises(Refused, match="is a draft, and its figures can still change"):
        tick(scene, draft, THIS_CLAIM)


def test_every_line_that_is_wrong_is_said_at_once_and_nothing_is_saved(scene: Scene) -> None:
    the_return = scene.certified()
    with pytest.raises(Refused) as refused:
        arrange(
            scene, the_return, Entry("claim/no/such/figure"), Entry(AWARD), Entry(AWARD), Entry(THIS_CLAIM, "x" * 121)
        )
    said = [problem.message for problem in refused.value.problems]
    assert [words.split(".")[0] for words in said] == [
        "This return has no figure “claim/no/such/figure”",
        f"“{AWARD}” stands in the order twice",
        f"“{'x' * 40}…” is longer than 120 signs",
    ]
    assert not CopyOrder.objects.exists()


def test_an_order_that_stays_as_it_was_is_no_new_version_and_two_officers_do_not_overwrite(scene: Scene) -> None:
    the_return = scene.certified()
    first = arrange(scene, the_return, Entry(AWARD))
    assert arrange(scene, the_return, Entry(AWARD), seen=1) == first
    assert arrange(scene, the_return, Entry(THIS_CLAIM), seen=1).number == 2
    with pytest.raises(Refused, match="Somebody else arranged order 2 while you had order 1 open"):
        arrange(scene, the_return, Entry(AWARD), seen=1)


def test_a_key_that_only_the_order_before_knows_stays_for_the_returns_that_have_it(scene: Scene) -> None:
    the_return = scene.certified()
    entries = '[{"key": "claim/expenditure/gone/actual-quarter", "label": "2.4"}]'
    CopyOrder.objects.create(
        programme=scene.programme, kind="claim", number=1, entries=entries, made_by=scene.finance, made_at=clock.now()
    )
    made = arrange(scene, the_return, Entry("claim/expenditure/gone/actual-quarter", "2.5"), Entry(AWARD), seen=1)
    assert [entry.label for entry in copying.entries_of(made)] == ["2.5", ""]


def test_only_those_who_deal_with_the_funder_copy_and_arrange(scene: Scene) -> None:
    the_return = scene.certified()
    for user in (scene.cfo, scene.auditor, scene.money.council_finance):
        assert not copying.may_tick(the_return, user)
        with pytest.raises(Refused, match="finance officer or commissioning officer"):
            arrange(scene, the_return, Entry(AWARD), by=user)


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def test_the_pages_arrange_and_tick(scene: Scene) -> None:
    the_return = scene.certified()
    officer = client(scene.finance)
    url = reverse("returns:copy", args=[the_return.pk])
    assert "No order is arranged" in officer.get(url).content.decode()
    arranging = reverse("returns:copy-arrange", args=[the_return.pk])
    shown = officer.get(arranging + "?part=expenditure").content.decode()
    extra = next(
        figure.key for figure in content(the_return).figures() if figure.is_number and "/expenditure/" in figure.key
    )
    assert extra in shown
    given = {"seen": "0", f"place-{THIS_CLAIM}": "2", f"name-{THIS_CLAIM}": "1.1", f"place-{AWARD}": "1.5"}
    answer = officer.post(arranging + "?part=expenditure", {**given, "added": [extra]})
    assert answer.status_code == 302, answer.content.decode()
    order = copying.entries_of(copying.latest_order(scene.programme, "claim"))
    assert [(entry.key, entry.label) for entry in order] == [(AWARD, ""), (THIS_CLAIM, "1.1"), (extra, "")]
    assert officer.post(url, {"done": [THIS_CLAIM], "shown": ""}).status_code == 302
    assert "1 of 3 copied." in officer.get(url).content.decode()


def test_a_wrong_place_is_said_and_nothing_typed_is_lost(scene: Scene) -> None:
    the_return = scene.certified()
    given = {"seen": "0", f"place-{AWARD}": "first", f"name-{AWARD}": "My name for it"}
    url = reverse("returns:copy-arrange", args=[the_return.pk])
    shown = client(scene.finance).post(url, given).content.decode()
    assert "Write a number for" in shown and "My name for it" in shown
    assert not CopyOrder.objects.exists()
