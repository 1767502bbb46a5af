"""Prepayments: the cut by days to the penny, each part in its year, what waits and what releases it."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board import clock
from board.models import Quarter
from core.money import NOUGHT
from core.problems import Refused
from funding import claims, declaring, tying
from funding.models import SpendLine, Transaction
from funding.prepayments import Part, cut_by_days, cut_of, record_cut
from funding.spending import Charge, credit, reconsider
from tests.factories import Money

D = Decimal
YEARS = [(date(2023, 4, 1), date(2024, 3, 31)), (date(2024, 4, 1), date(2025, 3, 31))]
pence = st.integers(-90_000_000, 90_000_000).map(lambda value: D(value).scaleb(-2))
days = st.dates(date(2022, 1, 1), date(2027, 12, 31))


# The arithmetic


def test_a_year_of_service_is_cut_by_its_days() -> None:
    """91 days of 366 lie in 2023-24: January to March 2024."""
    assert cut_by_days(D("12000.00"), date(2024, 1, 1), date(2024, 12, 31), YEARS) == [
        Part(0, date(2024, 1, 1), date(2024, 3, 31), D("2983.61")),
        Part(1, date(2024, 4, 1), date(2024, 12, 31), D("9016.39")),
    ]


def test_what_lies_outside_all_years_is_a_part_of_its_own() -> None:
    parts = cut_by_days(D("4.00"), date(2025, 3, 30), date(2025, 4, 2), YEARS)
    assert [(part.year, part.cost) for part in parts] == [(1, D("2.00")), (None, D("2.00"))]
    parts = cut_by_days(D("4.00"), date(2023, 3, 31), date(2023, 4, 3), YEARS)
    assert [(part.year, part.cost) for part in parts] == [(None, D("1.00")), (0, D("3.00"))]


@given(cost=pence, first=days, length=st.integers(0, 1500))
def test_the_parts_sum_to_the_cost_and_cover_its_days_once(cost: Decimal, first: date, length: int) -> None:
    last = first + timedelta(days=length)
    parts = cut_by_days(cost, first, last, YEARS)
    assert sum((part.cost for part in parts), NOUGHT) == cost
    assert (parts[0].service_from, parts[-1].service_to) == (first, last)
    for part, following in pairwise(parts):
        assert following.service_from == part.service_to + timedelta(days=1)


@given(cost=pence, first=days, length=st.integers(0, 1500))
def test_nothing_goes_to_a_year_that_does_not_receive_it(cost: Decimal, first: date, length: int) -> None:
    for part in cut_by_days(cost, first, first + timedelta(days=length), YEARS):
        inside = [number for number, (start, end) in enumerate(YEARS) if start <= part.service_from <= end]
        assert inside == ([] if part.year is None else [part.year])
        if part.year is not None:
            assert YEARS[part.year][0] <= part.service_from <= part.service_to <= YEARS[part.year][1]


@given(cost=pence, first=days, length=st.integers(0, 1500))
def test_a_credit_is_cut_as_the_mirror_of_the_cost(cost: Decimal, first: date, length: int) -> None:
    last = first + timedelta(days=length)
    mirrored = [-part.cost for part in cut_by_days(-cost, first, last, YEARS)]
    assert mirrored == [part.cost for part in cut_by_days(cost, first, last, YEARS)]


# In the record

MARCH = date(2024, 3, 20)
ALL_2024 = {"service_from": date(2024, 1, 1), "service_to": date(2024, 12, 31), "document_number": "INV-1"}


def cut(
    money: Money, cost: str = "12000.00", *charges: Charge, amounts: Any = None, **fields: Any
) -> list[Transaction]:
    used = charges or (Charge(money.line(), money.quarter("2023-24-Q4")),)
    once = fields.pop("once", None)
    entry = money.entry(cost, on=fields.pop("on", date(2024, 3, 5)), **{**ALL_2024, **fields})
    found = record_cut(entry=entry, charges=used, amounts=amounts, by=money.finance, once=once)
    return [one.transaction for one in found]


@pytest.fixture
def both_years(money: Money) -> Money:
    money.line(year="2024-25")
    return money


@pytest.mark.django_db
def test_the_later_years_part_is_charged_to_it_and_held_until_it_begins(both_years: Money) -> None:
    money = both_years
    with clock.at(MARCH):
        own, later = cut(money)
    assert [(entry.kind, entry.cost, entry.document_number) for entry in (own, later)] == [
        ("actual", D("2983.61"), "INV-1"),
        ("prepayment", D("9016.39"), "INV-1"),
    ]
    assert (own.service_to, later.service_from) == (date(2024, 3, 31), date(2024, 4, 1))
    line = later.lines.get()
    assert (line.budget_line.year.code, line.quarter.code) == ("2024-25", "2023-24-Q4")
    assert (line.state, line.state_reason) == ("held", "not-yet-received")
    assert own.lines.get().state == "claimable"


@pytest.mark.django_db
def test_a_double_click_cuts_once(both_years: Money) -> None:
    with clock.at(MARCH):
        once = uuid4()
        assert cut(both_years, once=once) == cut(both_years, once=once)
    assert Transaction.objects.count() == 2


@pytest.mark.django_db
def test_amounts_given_go_before_days_and_must_add_up(both_years: Money) -> None:
    with clock.at(MARCH):
        with pytest.raises(Refused, match=r"£1\.00 too little"):
            cut(both_years, amounts=[D("1000.00"), D("10999.00")])
        with pytest.raises(Refused, match="the sign of the cost"):
            cut(both_years, amounts=[D("-1.00"), D("12001.00")])
        found = cut(both_years, amounts=[D("4000.00"), D("8000.00")])
        assert [entry.cost for entry in found] == [D("4000.00"), D("8000.00")]
        [whole] = cut(both_years, amounts=[D("0.00"), D("12000.00")], document_number="INV-2")
        assert whole.kind == "prepayment"


@pytest.mark.django_db
def test_vat_and_the_split_are_cut_with_it_to_the_penny(both_years: Money) -> None:
    money, quarter = both_years, both_years.quarter("2023-24-Q4")
    money.line("SIS", year="2024-25")
    charges = [
        Charge(money.line(), quarter, percent=D("33.33")),
        Charge(money.line("SIS"), quarter, percent=D("66.67")),
    ]
    with clock.at(MARCH):
        found = cut(money, "1000.01", *charges, vat=D("200.00"), recoverable_vat=D("66.67"))
    assert sum((entry.net for entry in found), NOUGHT) == D("1000.01")
    assert sum((entry.vat for entry in found), NOUGHT) == D("200.00")
    assert sum((entry.cost for entry in found), NOUGHT) == D("1133.34")
    assert tying.split_wrongly([money.grant]) == []
    lines = SpendLine.objects.filter(budget_line__project__code="CHB")
    assert lines.total() == D("377.74")
    assert {line.budget_line.project.code for entry in found for line in entry.lines.all()} == {"CHB", "SIS"}


@pytest.mark.django_db
def test_a_credit_note_is_cut_as_its_invoice_was(both_years: Money) -> None:
    with clock.at(MARCH):
        paid = cut(both_years)
        back = cut(both_years, "-12000.00", document_number="CN-1", reason="Its original is of another system")
    assert [entry.cost for entry in back] == [-entry.cost for entry in paid]


@pytest.mark.django_db
def test_a_year_that_has_begun_takes_its_part_at_once(both_years: Money) -> None:
    """On 5 April the fourth quarter is still open, and so is the first of the new year."""
    with clock.at(date(2024, 4, 5)):
        own, later = cut(both_years)
    line = later.lines.get()
    assert (later.kind, line.quarter.code, line.state) == ("actual", "2024-25-Q1", "claimable")
    assert own.lines.get().quarter.code == "2023-24-Q4"


@pytest.mark.django_db
def test_what_comes_after_the_funding_period_is_recorded_and_never_claimed(both_years: Money) -> None:
    money = both_years
    fourth = Charge(money.line(year="2024-25"), money.quarter("2024-25-Q4"))
    with clock.at(date(2025, 3, 20)):
        span = {"service_from": date(2025, 3, 1), "service_to": date(2025, 4, 30)}
        own, after = cut(money, "61.00", fourth, on=date(2025, 3, 5), **span)
        assert (own.cost, after.cost, after.service_from) == (D("31.00"), D("30.00"), date(2025, 4, 1))
        line = after.lines.get()
        assert (line.state, line.state_reason) == ("not-claimable", "after-funding-period")
        assert reconsider(entry=after, by=money.finance) == []
        [row] = tying.ties([money.grant], line.budget_line.year)
        assert (row.not_claimable, row.difference) == (D("30.00"), D("0.00"))


@pytest.mark.django_db
def test_looking_again_releases_it_only_when_its_year_has_begun(both_years: Money) -> None:
    money = both_years
    with clock.at(MARCH):
        _, later = cut(money)
        assert reconsider(entry=later, by=money.finance) == []
    with clock.at(date(2024, 3, 31)):
        assert reconsider(entry=later, by=money.finance) == []
    with clock.at(date(2024, 4, 1)):
        assert [line.state for line in reconsider(entry=later, by=money.finance)] == ["claimable"]


@pytest.mark.django_db
def test_a_credit_of_a_prepayment_waits_and_is_released_with_it(both_years: Money) -> None:
    money = both_years
    with clock.at(MARCH):
        _, later = cut(money)
        back = credit(
            original=later, quarter=money.quarter("2023-24-Q4"), amount=D("16.39"), document_number="CN-1",
            reason="Short", by=money.finance,
        )  # fmt: skip
        assert back.lines.get().state_reason == "not-yet-received"
    with clock.at(date(2024, 4, 2)):
        reconsider(entry=later, by=money.finance)
    assert back.lines.get().state == "claimable"


@pytest.mark.django_db
def test_declaring_a_quarter_of_its_year_releases_it_and_that_years_claim_takes_it_up(both_years: Money) -> None:
    money = both_years

    def close(code: str) -> None:
        Quarter.objects.filter(code=code).update(money_closed_at=clock.now(), money_closed_by=money.finance)

    with clock.at(MARCH):
        _, later = cut(money)
    fourth = money.quarter("2023-24-Q4")
    with clock.at(date(2024, 4, 9)):
        # Released before the old year's claim is worked out, it is none of that claim all the same.
        declaring.declare(source=money.grant, quarter=money.quarter("2024-25-Q1"), nil=True, by=money.finance)
        assert later.lines.get().state == "claimable"
        close("2023-24-Q4")
        worked = claims.work_out(money.grant, fourth, today=clock.today())
        assert [part.year.code for part in worked.parts] == ["2023-24"]
        assert worked.amount == D("2983.61")
    with clock.at(date(2024, 7, 9)):
        worked = claims.work_out(money.grant, money.quarter("2024-25-Q1"), today=clock.today())
        assert [(part.year.code, part.part.amount) for part in worked.parts] == [("2024-25", D("9016.39"))]


@pytest.mark.django_db
def test_no_cut_is_offered_where_nothing_runs_past_the_year(both_years: Money) -> None:
    money = both_years
    charge = Charge(money.line(), money.quarter("2023-24-Q4"))
    pfcc = money.programme.recipient

    def offered(*charges: Charge, **fields: Any) -> int:
        entry = money.entry("10.00", on=date(2024, 3, 5), **{**ALL_2024, **fields})
        return len(cut_of(entry, charges or [charge], pfcc))

    with clock.at(MARCH):
        assert offered() == 2
        assert offered(service_to=date(2024, 3, 31)) == 0
        assert offered(service_from=date(2023, 3, 31)) == 0
        assert offered(kind=Transaction.Kind.ACCRUAL) == 0
        assert offered(charge, Charge(money.line(year="2024-25"), charge.quarter)) == 0
        assert offered(service_to=date(2025, 4, 30)) == 3


@pytest.mark.django_db
def test_a_year_without_the_budget_line_is_said_before_anything_is_written(money: Money) -> None:
    with clock.at(MARCH), pytest.raises(Refused, match="has no budget line in 2024-25"):
        cut(money)
    assert not Transaction.objects.exists()


@pytest.mark.django_db
def test_what_its_own_year_receives_is_no_prepayment(both_years: Money) -> None:
    with pytest.raises(Refused, match="Record it as an actual"):
        both_years.record("10.00", kind=Transaction.Kind.PREPAYMENT)
    with clock.at(MARCH), pytest.raises(Refused, match="is before 2024-25"):
        charge = Charge(both_years.line(year="2024-25"), both_years.quarter("2023-24-Q4"))
        both_years.record("10.00", charge, on=date(2024, 3, 5), service_from=MARCH, service_to=date(2024, 4, 5))
