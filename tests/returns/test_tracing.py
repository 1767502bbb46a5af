"""What a figure rests on: what its trace comes to, and that a figure without proof is found."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from board import clock
from board.models import User
from returns.content import Cell, Column, Content, Section, Table, make_row, make_total
from returns.kinds import KINDS, content_of, kind_of
from returns.kinds.scope import of_quarter, scope_of
from returns.kinds.shape import stored_content
from returns.leaves import Record, Unknown
from returns.models import Return
from returns.tracing import RULE_WORDS, RULES, Traces
from tests.returns import sample
from tests.returns.scenes import Scene
from tests.returns.tracing import unproved

D = Decimal
Person = Callable[[str], User]
COLUMNS = (Column("name", "Name"), Column("amount", "Amount", "money", total=True))


def of_rows(*cells: Cell) -> Content:
    """A content with one table, a row for each cell, and its total."""
    rows = [make_row("claim", "s", f"r{at}", COLUMNS, [f"Row {at}", cell]) for at, cell in enumerate(cells, start=1)]
    total = make_total("claim", "s", "total", COLUMNS, rows, "All")
    return replace(sample.claim(), sections=(Section("s", "S", table=Table("T", COLUMNS, (*rows, total))),))


def traces(content: Content, scene: Scene) -> Traces:
    return Traces(content, Record(scene.money.programme, today=clock.today()))


def test_entries_are_added_and_a_minus_takes_away(scene: Scene) -> None:
    scene.spend()
    first, second = (f"line:T-00000{at}/1" for at in (1, 2))
    costs = {row: traces(of_rows(), scene).record.leaf(row).amount for row in (first, second)}
    made = of_rows(Cell(costs[first] - costs[second], trace=(first, f"-{second}")))
    assert list(traces(made, scene).failures()) == []


def test_a_figure_that_its_trace_does_not_come_to_is_told_with_both_numbers(scene: Scene) -> None:
    made = of_rows(Cell(D("1.00"), trace=("award:GRANT/2023-24",)))
    [said] = traces(made, scene).failures()
    assert said == "claim/s/r1/amount: says 1.00, and what it rests on comes to 600000.00."


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        ((), "rests on nothing"),
        (("line:T-999999/1",), "leads nowhere"),
        (("rumour:1",), "there is no such kind of reference"),
        (("figure:claim/s/r9/amount",), "the return states no such figure"),
        (("by:guess", "award:GRANT/2023-24"), "there is no such rule"),
        (("spend:actual-to-date:GRANT@2023-24-Q1",), "is not of the form"),
        (("spend:rumoured:GRANT/2023-24@2023-24-Q1",), "leads nowhere"),
    ],
)
def test_a_trace_that_leads_nowhere_is_told(scene: Scene, trace: tuple[str, ...], words: str) -> None:
    [said, *_] = traces(of_rows(Cell(D("1.00"), trace=trace)), scene).failures()
    assert words in said


def test_a_total_rests_on_the_rows_above_it(scene: Scene) -> None:
    award = ("award:GRANT/2023-24",)
    made = of_rows(Cell(D("600000.00"), trace=award), Cell(D("0.00"), trace=("by:sum",)))
    total = made.figure("claim/s/total/amount")
    [entry] = traces(made, scene).entries(total)
    assert [row.key for row in entry.figures] == ["claim/s/r1/amount", "claim/s/r2/amount"]
    assert traces(made, scene).comes_to(total) == D("600000.00")


def test_each_rule_does_what_its_words_say() -> None:
    two, three = [D("10"), D("-4")], [D("3")]
    assert {name: rule(two, three) for name, rule in RULES.items()} == {
        "sum": D("6"),
        "not-below-nought": D("6"),
        "not-above-nought": D("0"),
        "count": D("2"),
        "product": D("-40"),
        "share": D("200.0"),
        "mean": D("2.00"),
    }
    assert RULES["not-below-nought"]([D("-1")], []) == 0
    assert RULES["share"](two, []) is None and RULES["mean"](two, [D("0")]) is None, "Nothing is divided by nought."
    assert set(RULES) == set(RULE_WORDS)


def test_a_penny_moved_in_any_number_of_a_claim_is_found(scene: Scene) -> None:
    scene.spend()
    scope = of_quarter(scene.quarter())
    made = content_of(KINDS["claim"], scope, today=clock.today(), the_return=None)
    checked = Traces(made, Record(scope.programme, today=clock.today()))
    numbers = [figure for figure in made.figures() if figure.is_number]
    assert len(numbers) > 100
    for figure in numbers:
        step = 1 if figure.unit == "count" else D("0.1") if figure.unit == "percent" else D("0.01")
        moved = replace(figure, value=figure.value + step)  # type: ignore[operator]
        assert checked.comes_to(moved) != moved.value, figure.key


def test_a_set_of_charges_is_worth_what_its_charges_cost(scene: Scene) -> None:
    scene.spend()
    scope = of_quarter(scene.quarter())
    made = content_of(KINDS["claim"], scope, today=clock.today(), the_return=None)
    record = Record(scope.programme, today=clock.today())
    found = {leaf for figure in made.figures() for leaf in figure.trace if leaf.startswith(("spend:", "claimable:"))}
    assert len(found) > 20
    for reference in found:
        leaf = record.leaf(reference)
        assert leaf.lines is not None
        assert sum((line.cost for line in leaf.lines), D("0.00")) == leaf.amount, reference


def test_what_was_certified_is_still_proved_by_the_record_as_it_was_then(demonstration: Person) -> None:
    """Later entries, receipts and budgets do not touch what a certified return says or rests on."""
    rows = Return.objects.filter(kind__in=("claim", "performance")).exclude(certified_at=None).order_by("reference")
    assert len(rows) >= 14
    for row in rows:
        scope = scope_of(row)
        record = Record(scope.programme, today=clock.today(), as_of=row.certified_at)
        assert list(Traces(stored_content(row), record).failures()) == [], row.reference


def test_what_the_record_says_now_is_proved_too(demonstration: Person) -> None:
    for row in Return.objects.filter(kind__in=("claim", "performance")):
        content = content_of(kind_of(row.kind), scope_of(row), today=clock.today(), the_return=row)
        assert unproved(content, row.programme) == [], row.reference


def test_a_reference_is_read_once(scene: Scene, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    record = Record(scene.money.programme, today=clock.today())
    first = record.leaf("award:GRANT/2023-24")
    with django_assert_num_queries(0):
        assert record.leaf("award:GRANT/2023-24") is first
    with pytest.raises(Unknown):
        record.leaf("award:NONE/2023-24")
