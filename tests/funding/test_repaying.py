"""Money between funder and recipient: owed and due back claim by claim, aged, repaid once and never too much."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from board import clock
from board.models import Quarter
from core.problems import Refused
from funding.claims import disallow, receive
from funding.models import Claim, ReceiptPart, Repayment
from funding.repaying import Account, account, repay, void_repayment
from tests.factories import Money
from tests.funding.test_claims import claim, spend

pytestmark = pytest.mark.django_db
D = Decimal
SEPTEMBER = date(2024, 9, 2)


def stands(money: Money, on: date = SEPTEMBER) -> Account:
    return account(money.grant, today=on)


def pay(money: Money, row: Claim, amount: str, short: str = "0.00", why: str = "") -> None:
    part = ReceiptPart(claim=row, amount=D(amount), short=D(short), short_reason=why)
    with clock.at(SEPTEMBER):
        receive(source=money.grant, received_on=SEPTEMBER, parts=[part], by=money.finance)


def back(money: Money, amount: str, **fields: object) -> Repayment:
    given = {
        "source": money.grant, "year": money.programme.years.get(code="2023-24"), "amount": D(amount),
        "repaid_on": SEPTEMBER, "why": "overpaid", "reason": "Refused after it was paid", "by": money.finance,
    }  # fmt: skip
    with clock.at(SEPTEMBER):
        return repay(**{**given, **fields})


def refuse_some(money: Money, row: Claim, amount: str) -> None:
    line = row.parts.get().lines.first().line
    with clock.at(SEPTEMBER):
        disallow(
            source=money.grant, amounts={line: D(amount)}, disallowed_on=SEPTEMBER, funder_reference="HO-1",
            reason="No evidence", by=money.finance,
        )  # fmt: skip


@pytest.fixture
def first(money: Money) -> Claim:
    spend(money, "50000.00", "2023-24-Q1")
    return claim(money, "2023-24-Q1")


def test_what_is_not_paid_is_owed_and_nothing_is_due_back(money: Money, first: Claim) -> None:
    assert (stands(money).owed, stands(money).due_back) == (D("50000.00"), D("0.00"))
    pay(money, first, "30000.00", "20000.00", "still-owed")
    assert (stands(money).owed, stands(money).due_back) == (D("20000.00"), D("0.00"))


def test_cost_refused_before_it_is_paid_is_owed_no_more(money: Money, first: Claim) -> None:
    refuse_some(money, first, "2000.00")
    assert (stands(money).owed, stands(money).due_back) == (D("48000.00"), D("0.00"))
    pay(money, first, "48000.00", "2000.00", "disallowed")
    assert (stands(money).owed, stands(money).due_back) == (D("0.00"), D("0.00"))


def test_cost_refused_after_it_was_paid_is_due_back_and_repaid_once(money: Money, first: Claim) -> None:
    pay(money, first, "50000.00")
    refuse_some(money, first, "2000.00")
    assert (stands(money).owed, stands(money).due_back) == (D("0.00"), D("2000.00"))
    with pytest.raises(Refused, match=r"£2,000.00 is due back to the funder; £2,000.01 is more than that"):
        back(money, "2000.01")
    once = uuid4()
    assert back(money, "2000.00", once=once) == back(money, "2000.00", once=once)
    assert Repayment.objects.count() == 1
    assert (stands(money).repaid, stands(money).due_back) == (D("2000.00"), D("0.00"))


def test_what_the_funder_sets_against_another_claim_is_repaid_by_it(money: Money, first: Claim) -> None:
    pay(money, first, "50000.00")
    refuse_some(money, first, "2000.00")
    spend(money, "10000.00", "2023-24-Q2")
    second = claim(money, "2023-24-Q2")
    assert (stands(money).owed, stands(money).due_back) == (D("10000.00"), D("2000.00"))
    pay(money, second, "8000.00", "2000.00", "set-against-repayment")
    assert (stands(money).owed, stands(money).due_back) == (D("0.00"), D("0.00"))
    with pytest.raises(Refused, match=r"£0.00 is due back"):
        back(money, "0.01")


def test_a_final_claim_below_nought_is_due_back(money: Money) -> None:
    """Worked example (c): 450,000 certified to Q3, −5,000 in Q4 carried, +1,000 in the closing period."""
    spend(money, "450000.00", "2023-24-Q1")
    row = claim(money, "2023-24-Q1")
    for code in ("2023-24-Q2", "2023-24-Q3"):
        claim(money, code)
    spend(money, "-5000.00", "2023-24-Q4", reason="Its original is not here")
    claim(money, "2023-24-Q4")
    spend(money, "1000.00", "2023-24-closing")
    final = claim(money, "2023-24-closing", SEPTEMBER)
    assert final.amount == D("-4000.00")
    pay(money, row, "450000.00")
    assert (stands(money).owed, stands(money).due_back) == (D("0.00"), D("4000.00"))
    back(money, "1500.00")
    assert stands(money).due_back == D("2500.00")


def test_a_void_repayment_pays_nothing_back(money: Money, first: Claim) -> None:
    pay(money, first, "50000.00")
    refuse_some(money, first, "2000.00")
    row = back(money, "2000.00")
    with clock.at(SEPTEMBER):
        with pytest.raises(Refused, match="Give the reason"):
            void_repayment(repayment=row, reason=" ", by=money.finance)
        void_repayment(repayment=row, reason="Bounced", by=money.finance)
        assert stands(money).due_back == D("2000.00")
        with pytest.raises(Refused, match="is void already"):
            void_repayment(repayment=row, reason="Bounced", by=money.finance)


def test_what_is_found_after_the_last_period_is_repaid_by_its_reason_alone(money: Money, first: Claim) -> None:
    with pytest.raises(Refused, match=r"2023-24 Q2 .* is not closed for spend. Record what was found there"):
        back(money, "12.00", why="after-the-end")
    Quarter.objects.filter(money_closed_at=None).update(money_closed_at=clock.now(), money_closed_by=money.finance)
    back(money, "12.00", why="after-the-end")
    assert (stands(money).repaid_after_the_end, stands(money).due_back) == (D("12.00"), D("0.00"))


def test_a_repayment_has_its_words_and_is_not_ahead_of_its_day(money: Money, first: Claim) -> None:
    with pytest.raises(Refused) as caught:
        back(money, "0.01", reason=" ", repaid_on=date(2024, 9, 3))
    assert {problem.where for problem in caught.value.problems} == {"repaid_on", "reason", "amount"}


@pytest.mark.parametrize(
    ("days", "step"),
    [(0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (400, 3)],
)
def test_a_debt_is_aged_from_the_day_of_its_certificate(money: Money, first: Claim, days: int, step: int) -> None:
    certified = date.fromordinal(timezone.localdate(first.certified_at).toordinal() + days)
    owed = stands(money, certified).owed_by_age()
    assert [age for age, _ in owed] == ["0 to 30 days", "31 to 60 days", "61 to 90 days", "Over 90 days"]
    assert [amount for _, amount in owed] == [D("50000.00") if at == step else D("0.00") for at in range(4)]
