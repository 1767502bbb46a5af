"""What becomes of a year's balance: how much is left, what may be marked of it, and when."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from board import clock
from board.models import Year
from core.problems import Refused
from funding.ending import balance, mark_balance
from funding.models import Claim, YearEndBalance
from funding.spending import Charge
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def ended(money: Money) -> Year:
    """2023-24 with £1,000.00 of the grant spent and its quarter 4 closed."""
    money.record("1000.00")
    year = money.programme.years.get(code="2023-24")
    year.quarters.filter(kind="quarter").update(money_closed_at=clock.now(), money_closed_by=money.finance)
    return year


def mark(money: Money, year: Year, amount: str, **given: Any) -> YearEndBalance:
    return mark_balance(
        **{
            "source": money.grant, "year": year, "treatment": "lapsing", "amount": D(amount), "reason": "A late start",
            "by": money.finance, **given,
        }
    )  # fmt: skip


def test_a_balance_is_marked_part_by_part_until_nothing_is_left(money: Money, ended: Year) -> None:
    mark(money, ended, "400000.00")
    mark(
        money, ended, "199000.00", treatment="carried", approval_reference="HO-7", approved_on=date(2023, 7, 1)
    )  # fmt: skip
    found = balance(money.grant, ended, today=clock.today())
    assert (found.unspent, found.unmarked, len(found.marked)) == (D("599000.00"), D("0.00"), 2)


def test_no_more_is_marked_than_is_left(money: Money, ended: Year) -> None:
    mark(money, ended, "400000.00")
    with pytest.raises(Refused, match=r"£199,000\.00 of 2023-24 is left to be marked"):
        mark(money, ended, "199000.01", treatment="repaid")
    row = mark(money, ended, "599000.00", seen_version=1)
    assert (row.version, YearEndBalance.objects.count()) == (2, 1)


def test_what_somebody_else_marked_meanwhile_is_not_overwritten(money: Money, ended: Year) -> None:
    mark(money, ended, "1.00")
    with pytest.raises(Refused, match="Somebody else changed this"):
        mark(money, ended, "2.00")


def test_what_is_carried_has_the_funders_approval(money: Money, ended: Year) -> None:
    with pytest.raises(Refused, match=r"Give its reference\.; Give the day"):
        mark(money, ended, "1.00", treatment="carried")
    with pytest.raises(Refused, match="is still to come"):
        mark(
            money, ended, "1.00", treatment="carried", approval_reference="HO-7", approved_on=date(2023, 7, 6)
        )  # fmt: skip
    row = mark(money, ended, "1.00")
    row.treatment = "carried"
    with pytest.raises(IntegrityError, match="year_end_balance_carried_is_approved"), transaction.atomic():
        row.save()


def test_a_year_that_runs_has_no_balance_to_mark(money: Money) -> None:
    with pytest.raises(Refused, match="Quarter 4 of 2023-24 is still open"):
        mark(money, money.programme.years.get(code="2023-24"), "1.00")


def test_match_has_left_what_is_pledged_and_not_charged(money: Money, ended: Year) -> None:
    line = money.line("GDM", "staff", source=money.ecc_cash)
    ended.quarters.update(money_closed_at=None, money_closed_by=None)
    money.record("5000.00", Charge(line, money.quarter()), by=money.council_finance)
    assert balance(money.ecc_cash, ended, today=clock.today()).unspent == D("30000.00")


def test_what_a_certified_final_claim_stands_on_is_not_marked_anew(money: Money, ended: Year) -> None:
    mark(money, ended, "599000.00")
    final = Claim.objects.create(
        reference="P/claim/2023-24-closing/r1", programme=money.programme, source=money.grant, amount=D("1000.00"),
        quarter=ended.quarters.get(kind="closing"), certified_at=clock.now(), certified_by=money.finance,
    )  # fmt: skip
    with pytest.raises(Refused, match="is certified, and what becomes of the balance of 2023-24 is part of it"):
        mark(money, ended, "0.00", seen_version=1)
    assert YearEndBalance.objects.get().amount == D("599000.00")
    # Once the funder has returned it, it may be put right.
    Claim.objects.filter(pk=final.pk).update(withdrawn_at=clock.now(), withdrawn_reason="Returned")
    assert mark(money, ended, "598000.00", seen_version=1).amount == D("598000.00")
