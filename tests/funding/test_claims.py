"""The claim from the record: worked out, certified once, paid, disallowed, withdrawn; no year pays for another."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from board import clock
from board.models import Quarter
from core.problems import Refused
from funding.claims import Worked, certify, disallow, receive, unclaimed, withdraw, work_out
from funding.models import Claim, ClaimLine, Disallowance, ReceiptPart, SpendLine, Transaction
from funding.spending import Charge, credit, reconsider, reverse, reverse_accruals
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


def close(money: Money, code: str) -> Quarter:
    quarter = money.quarter(code)
    quarter.money_closed_at, quarter.money_closed_by = clock.now(), money.finance
    quarter.save()
    return quarter


def worked(money: Money, code: str) -> Worked:
    return work_out(money.grant, money.quarter(code), today=clock.today())


def claim(money: Money, code: str, on: date | None = None) -> Claim:
    """Close a quarter for money and certify its claim, at a day after it."""
    with clock.at(on or max(clock.today(), money.quarter(code).last_day)):
        quarter = close(money, code)
        amount = work_out(money.grant, quarter, today=clock.today()).amount
        return certify(
            source=money.grant, quarter=quarter, reference=f"P/claim/{code}/r1", content_hash="a" * 64,
            expected=amount, by=money.finance,
        )  # fmt: skip


def spend(money: Money, amount: str, code: str, *, year: str = "2023-24", **fields: object) -> Transaction:
    """An entry of a quarter, recorded on its last day."""
    quarter = money.quarter(code)
    day = quarter.last_day if quarter.kind == Quarter.Kind.QUARTER else quarter.first_day
    relates_to = fields.pop("relates_to", None)
    with clock.at(day):
        charge = Charge(money.line(year=year), quarter, relates_to=relates_to)
        first_day, last_day = charge.line.year.bounds
        served = min(max(day, first_day), last_day)
        fields = {
            "service_from": served,
            "service_to": served,
            "supplier_name": f"S {SpendLine.objects.count()}",
        } | fields
        return money.record(amount, charge, on=day, **fields)


def test_a_claim_is_what_is_claimable_to_date_less_what_was_certified(money: Money) -> None:
    spend(money, "50000.00", "2023-24-Q1")
    assert claim(money, "2023-24-Q1").amount == D("50000.00")
    spend(money, "52000.00", "2023-24-Q2")
    assert worked(money, "2023-24-Q2").amount == D("52000.00")


def test_worked_example_a_disallowance_is_deducted_once(money: Money) -> None:
    first = spend(money, "50000.00", "2023-24-Q1")
    claim(money, "2023-24-Q1")
    disallow(
        source=money.grant, amounts={first.lines.get(): D("2000.00")}, disallowed_on=date(2023, 8, 1),
        funder_reference="HO-1", reason="No evidence", by=money.finance,
    )  # fmt: skip
    spend(money, "52000.00", "2023-24-Q2")
    part = worked(money, "2023-24-Q2").parts[0].part
    assert (part.eligible_to_date, part.claimed_before, part.amount) == (D("100000.00"), D("48000.00"), D("52000.00"))
    assert claim(money, "2023-24-Q2").amount == D("52000.00")
    assert worked(money, "2023-24-Q3").amount == D("0.00")


def through_quarter_four(money: Money, total: str, accrued: str) -> None:
    """A year certified to Q4, an accrual of its last day included and reversed into the closing period."""
    spend(money, str(D(total) - D(accrued)), "2023-24-Q1")
    for number in (1, 2, 3):
        claim(money, f"2023-24-Q{number}")
    spend(money, accrued, "2023-24-Q4", kind=Transaction.Kind.ACCRUAL)
    assert claim(money, "2023-24-Q4").quarter.code == "2023-24-Q4"
    with clock.at(date(2024, 4, 20)):
        reverse_accruals(quarter=money.quarter("2023-24-Q4"), into=money.quarter("2023-24-closing"), by=money.finance)


@pytest.mark.parametrize(("invoice", "final"), [("32000.00", "2000.00"), ("27000.00", "-3000.00")])
def test_worked_example_b_the_final_claim_trues_the_accrual_up_or_down(money: Money, invoice: str, final: str) -> None:
    through_quarter_four(money, "590000.00", "30000.00")
    spend(money, invoice, "2023-24-closing", relates_to=money.quarter("2023-24-Q4"))
    last = claim(money, "2023-24-closing", on=date(2024, 7, 1))
    assert last.amount == D(final)
    assert last.parts.get().final
    assert sum(row.amount for row in Claim.objects.all()) == D("560000.00") + D(invoice)


def test_worked_example_c_a_credit_is_carried_and_only_the_final_claim_is_negative(money: Money) -> None:
    spend(money, "450000.00", "2023-24-Q1")
    for number in (1, 2, 3):
        claim(money, f"2023-24-Q{number}")
    spend(money, "-20000.00", "2023-24-Q4", reason="Its original is not here")
    spend(money, "15000.00", "2023-24-Q4")
    fourth = claim(money, "2023-24-Q4").parts.get()
    assert (fourth.amount, fourth.credit_carried) == (D("0.00"), D("5000.00"))
    spend(money, "1000.00", "2023-24-closing", relates_to=money.quarter("2023-24-Q4"))
    assert claim(money, "2023-24-closing", on=date(2024, 7, 1)).amount == D("-4000.00")


def test_worked_example_d_spend_beyond_the_award_stays_beyond_it_and_the_next_year_starts_from_nought(
    money: Money,
) -> None:
    spend(money, "610000.00", "2023-24-Q1")
    part = claim(money, "2023-24-Q1").parts.get()
    assert (part.amount, part.beyond_award) == (D("600000.00"), D("10000.00"))
    for number in (2, 3, 4):
        assert claim(money, f"2023-24-Q{number}").amount == D("0.00")
    spend(money, "100.00", "2024-25-Q1", year="2024-25")
    after = worked(money, "2024-25-Q1").parts[0]
    assert (after.part.amount, after.part.beyond_award, after.figures.certified) == (
        D("100.00"), D("0.00"), D("0.00"),
    )  # fmt: skip


def test_match_held_and_advances_are_in_no_claim_and_each_says_why(money: Money) -> None:
    money.record("100.00")
    money.record("30.00", Charge(money.line(heading="capital"), money.quarter()))
    money.record("7.00", Charge(money.line(source=money.ecc_cash), money.quarter()), by=money.council_finance)
    money.record("500.00", kind=Transaction.Kind.ADVANCE)
    assert worked(money, "2023-24-Q1").amount == D("100.00")
    claim(money, "2023-24-Q1")
    left = unclaimed(money.grant, money.line().year)
    assert [(line.cost, reason) for line, reason in left] == [
        (D("30.00"), "Capital on a revenue grant"),
        (D("500.00"), "Paid on account: no cost until the grantee reports it spent"),
    ]


def test_a_claim_takes_up_each_line_once(money: Money) -> None:
    spend(money, "100.00", "2023-24-Q1")
    first = claim(money, "2023-24-Q1")
    spend(money, "20.00", "2023-24-Q2", relates_to=money.quarter())
    part = worked(money, "2023-24-Q2").parts[0]
    assert [line.cost for line in part.lines] == [D("20.00")] and part.from_earlier_quarters == D("20.00")
    taken = ClaimLine.objects.get(part__claim=first)
    twin = ClaimLine(part=taken.part, line=taken.line, cost=taken.cost)
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_certifying_needs_the_quarter_closed_the_earlier_certified_and_the_amount_signed(money: Money) -> None:
    spend(money, "100.00", "2023-24-Q2")
    with pytest.raises(Refused) as refused:
        certify(
            source=money.grant, quarter=money.quarter("2023-24-Q2"), reference="R", content_hash="a",
            expected=D("99.99"), by=money.finance,
        )  # fmt: skip
    words = str(refused.value)
    assert "is still open for spend" in words
    assert "The claim for 2023-24 Q1" in words and "is not certified yet" in words
    assert "The claim is now £100.00; £99.99 was signed" in words
    assert not Claim.objects.exists()


def test_a_quarter_is_claimed_once(money: Money) -> None:
    claim(money, "2023-24-Q1")
    with pytest.raises(Refused, match="is certified already"):
        claim(money, "2023-24-Q1")


def credited(money: Money, entry: Transaction, quarter: str) -> Transaction:
    """A credit note of £4.90 that came on 2 May 2024."""
    with clock.at(date(2024, 5, 2)):
        return credit(
            original=entry, quarter=money.quarter(quarter), amount=D("4.90"), document_number="CN", reason="Short",
            by=money.finance,
        )  # fmt: skip


def whole_year(money: Money) -> Transaction:
    """£50,000 of the first quarter, and the claims of all four."""
    entry = spend(money, "50000.00", "2023-24-Q1")
    for code in ("2023-24-Q1", "2023-24-Q2", "2023-24-Q3", "2023-24-Q4"):
        claim(money, code)
    return entry


def test_a_correction_of_a_year_goes_to_its_closing_period_while_that_is_open(money: Money) -> None:
    entry = whole_year(money)
    with pytest.raises(Refused, match=r"Late cost of 2023-24 goes to the closing period") as caught:
        credited(money, entry, "2024-25-Q1")
    assert [problem.where for problem in caught.value.problems] == ["quarter"]
    credited(money, entry, "2023-24-closing")
    assert claim(money, "2023-24-closing", date(2024, 9, 2)).amount == D("-4.90")


def test_a_decrease_that_stands_beside_an_open_closing_period_is_asked_back_once(money: Money) -> None:
    """A record of before that rule may hold one; neither claim takes up what the other did."""
    back = credited(money, whole_year(money), "2023-24-closing")
    first = money.quarter("2024-25-Q1")
    back.lines.update(quarter=first)
    spend(money, "-0.01", "2023-24-closing", reason="Its original is not here")
    close(money, first.code)
    with clock.at(date(2024, 7, 1)), pytest.raises(Refused, match="whose final claim is not certified yet"):
        certify(
            source=money.grant, quarter=first, reference="P/early", content_hash="a" * 64,
            expected=work_out(money.grant, first, today=clock.today()).amount, by=money.finance,
        )  # fmt: skip
    assert claim(money, "2023-24-closing", date(2024, 9, 2)).amount == D("-0.01")
    assert claim(money, "2024-25-Q1", date(2024, 9, 3)).amount == D("-4.90")
    certified = sum(row.amount for row in Claim.objects.in_force())
    assert certified == D("49995.09") == SpendLine.objects.claimable().total()


def test_a_withdrawn_claim_frees_its_lines_and_is_certified_anew(money: Money) -> None:
    money.record("100.00")
    row = claim(money, "2023-24-Q1")
    with pytest.raises(Refused, match="Give the reason"):
        withdraw(claim=row, reason="", by=money.finance)
    withdraw(claim=row, reason="Returned by the funder", by=money.finance)
    again = certify(
        source=money.grant, quarter=money.quarter(), reference="P/claim/2023-24-Q1/r2", content_hash="b" * 64,
        expected=D("100.00"), by=money.finance,
    )  # fmt: skip
    assert ClaimLine.objects.get(in_force=True).part.claim == again
    assert Claim.objects.get(pk=row.pk).amount == D("100.00")


def test_a_claim_is_not_withdrawn_once_paid_or_followed(money: Money) -> None:
    money.record("100.00")
    first = claim(money, "2023-24-Q1")
    claim(money, "2023-24-Q2")
    with pytest.raises(Refused, match="A later claim than"):
        withdraw(claim=first, reason="x", by=money.finance)
    receive(
        source=money.grant, received_on=date(2023, 8, 1), parts=[ReceiptPart(claim=first, amount=D("100.00"))],
        by=money.finance,
    )  # fmt: skip
    with pytest.raises(Refused, match="has been paid"):
        withdraw(claim=first, reason="x", by=money.finance)


def test_a_receipt_pays_several_claims_and_no_more_than_is_owed(money: Money) -> None:
    spend(money, "100.00", "2023-24-Q1")
    first = claim(money, "2023-24-Q1")
    spend(money, "50.00", "2023-24-Q2")
    second = claim(money, "2023-24-Q2")
    parts = [ReceiptPart(claim=first, amount=D("100.01")), ReceiptPart(claim=second, amount=D("50.00"))]
    with pytest.raises(Refused, match=r"has £100\.00 outstanding; £100\.01 is more"):
        receive(source=money.grant, received_on=date(2023, 11, 1), parts=parts, by=money.finance)
    parts[0].amount = D("100.00")
    receipt = receive(source=money.grant, received_on=date(2023, 11, 1), parts=parts, by=money.finance)
    assert receipt.amount == D("150.00")
    assert [row.still_owed() for row in Claim.objects.order_by("reference")] == [D("0.00"), D("0.00")]


def test_a_short_payment_has_its_reason_and_only_a_short_one(money: Money) -> None:
    money.record("100.00")
    row = claim(money, "2023-24-Q1")
    receipt = receive(
        source=money.grant, received_on=date(2023, 8, 1),
        parts=[ReceiptPart(claim=row, amount=D("60.00"), short=D("40.00"), short_reason="still-owed")],
        by=money.finance,
    )  # fmt: skip
    assert row.still_owed() == D("40.00")
    part = receipt.parts.get()
    part.short_reason = ""
    with pytest.raises(IntegrityError, match="receipt_short_has_a_reason"), transaction.atomic():
        part.save()


def test_only_what_is_claimed_and_left_of_it_is_disallowed(money: Money) -> None:
    line = money.record("100.00").lines.get()
    fields = {
        "source": money.grant, "disallowed_on": date(2023, 8, 1), "funder_reference": "HO-1", "reason": "x",
        "by": money.finance,
    }  # fmt: skip
    with pytest.raises(Refused, match="is in no claim"):
        disallow(amounts={line: D("1.00")}, **fields)
    claim(money, "2023-24-Q1")
    disallow(amounts={line: D("60.00")}, **fields)
    with pytest.raises(Refused, match=r"Only £40\.00 of T-000001/1 remains"):
        disallow(amounts={line: D("40.01")}, **fields)
    disallow(amounts={line: D("40.00")}, **fields)


def test_a_decrease_after_the_final_claim_is_a_part_of_its_own_never_netted(money: Money) -> None:
    old = spend(money, "1000.00", "2023-24-Q1")
    for code in ("2023-24-Q1", "2023-24-Q2", "2023-24-Q3", "2023-24-Q4"):
        claim(money, code)
    claim(money, "2023-24-closing", on=date(2024, 10, 1))
    with clock.at(date(2024, 10, 5)):
        third = money.quarter("2024-25-Q3")
        credit(
            original=old, quarter=third, amount=D("100.00"), document_number="CN", reason="Returned", by=money.finance
        )
        money.record("400.00", Charge(money.line(year="2024-25"), third), on=date(2024, 10, 2))
        parts = work_out(money.grant, third, today=clock.today()).parts
    assert [(row.year.code, row.part.amount) for row in parts] == [("2024-25", D("400.00")), ("2023-24", D("-100.00"))]
    assert parts[1].part.repayment_due == D("100.00")


def test_an_increase_after_the_final_claim_is_recorded_and_not_claimable(money: Money) -> None:
    for code in ("2023-24-Q1", "2023-24-Q2", "2023-24-Q3", "2023-24-Q4"):
        claim(money, code)
    claim(money, "2023-24-closing", on=date(2024, 10, 1))
    with clock.at(date(2024, 10, 5)):
        entry = money.record(
            "100.00", Charge(money.line(), money.quarter("2024-25-Q3")), on=date(2024, 10, 2), supplier_name="Late",
            service_from=date(2024, 3, 1), service_to=date(2024, 3, 31),
        )  # fmt: skip
        assert entry.lines.get().state_reason == "after-final-claim"
        assert worked(money, "2024-25-Q3").amount == D("0.00")


def refuse_in_part(money: Money, entry: Transaction, amount: str) -> Disallowance:
    return disallow(
        source=money.grant, amounts={entry.lines.get(): D(amount)}, disallowed_on=date(2023, 8, 1),
        funder_reference="HO-1", reason="No evidence", by=money.finance,
    )  # fmt: skip


def take_back(money: Money, entry: Transaction, amount: str, **fields: object) -> Transaction:
    return credit(
        original=entry, quarter=money.quarter("2023-24-Q2"), amount=D(amount), document_number="CN-1",
        reason="Suppliers credit note", by=money.finance, **fields,
    )  # fmt: skip


class TestACreditOfWhatTheFunderDisallowed:
    """The claim was lowered when the funder refused the cost; the supplier's credit does not lower it again."""

    def test_lowers_no_claim_when_it_is_recorded_against_the_disallowance(self, money: Money) -> None:
        entry = spend(money, "1000.00", "2023-24-Q1")
        claim(money, "2023-24-Q1")
        refusal = refuse_in_part(money, entry, "400.00")
        before = worked(money, "2023-24-Q2").parts[0].part
        line = take_back(money, entry, "400.00", against=refusal).lines.get()
        assert (line.cost, line.state, line.state_reason) == (D("-400.00"), "not-claimable", "against-disallowance")
        assert worked(money, "2023-24-Q2").parts[0].part == before

    def test_takes_no_more_than_was_disallowed(self, money: Money) -> None:
        entry = spend(money, "1000.00", "2023-24-Q1")
        claim(money, "2023-24-Q1")
        refusal = refuse_in_part(money, entry, "400.00")
        take_back(money, entry, "250.00", against=refusal)
        with pytest.raises(Refused, match=r"Only £150.00 of what D-000001 disallowed of T-000001 remains"):
            take_back(money, entry, "150.01", against=refusal)

    def test_leaves_what_was_not_disallowed_to_an_ordinary_credit(self, money: Money) -> None:
        entry = spend(money, "1000.00", "2023-24-Q1")
        claim(money, "2023-24-Q1")
        refuse_in_part(money, entry, "400.00")
        with pytest.raises(Refused, match=r"Only £600.00 of T-000001 remains"):
            take_back(money, entry, "600.01")
        assert take_back(money, entry, "600.00").lines.get().state == "claimable"

    def test_is_no_full_reversal(self, money: Money) -> None:
        entry = spend(money, "1000.00", "2023-24-Q1")
        claim(money, "2023-24-Q1")
        refuse_in_part(money, entry, "400.00")
        with pytest.raises(Refused, match="is disallowed"):
            reverse(original=entry, quarter=money.quarter("2023-24-Q2"), reason="x", by=money.finance)


def test_what_credits_took_back_is_not_disallowed_again(money: Money) -> None:
    entry = spend(money, "1000.00", "2023-24-Q1")
    claim(money, "2023-24-Q1")
    take_back(money, entry, "700.00")
    with pytest.raises(Refused, match=r"Only £300.00 of T-000001/1 remains"):
        refuse_in_part(money, entry, "300.01")


def test_a_claim_that_is_disallowed_in_part_is_not_withdrawn(money: Money) -> None:
    entry = spend(money, "1000.00", "2023-24-Q1")
    row = claim(money, "2023-24-Q1")
    refuse_in_part(money, entry, "400.00")
    with pytest.raises(Refused, match="is disallowed, so it stands"):
        withdraw(claim=row, reason="Returned", by=money.finance)


def test_what_is_released_after_the_final_claim_is_not_claimable(money: Money) -> None:
    contract = factories.contract(
        money.programme, signed_on=None, values={(money.line().project, money.line().year): D("9000.00")}
    )
    entry = spend(money, "100.00", "2023-24-Q1", contract=contract)
    for code in ("2023-24-Q1", "2023-24-Q2", "2023-24-Q3", "2023-24-Q4"):
        claim(money, code)
    claim(money, "2023-24-closing", on=date(2024, 10, 1))
    contract.signed_on = date(2024, 10, 2)
    contract.save()
    with clock.at(date(2024, 10, 5)):
        reconsider(entry=Transaction.objects.get(pk=entry.pk), by=money.finance)
    assert entry.lines.get().state_reason == "after-final-claim"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount": D("1.00")}, "claim_part_adds_up"),
        ({"beyond_award": D("-1.00")}, "claim_part_rows_not_negative"),
    ],
)
def test_the_database_refuses_a_part_that_does_not_add_up(money: Money, fields: dict, constraint: str) -> None:
    part = claim(money, "2023-24-Q1").parts.get()
    for name, value in fields.items():
        setattr(part, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        part.save()


@pytest.mark.parametrize(
    ("kind", "organisation", "sees"),
    [
        ("finance-officer", "pfcc", True), ("cfo", "pfcc", True), ("auditor", "ecc", True),
        ("finance-officer", "ecc", False), ("kpi-reporter", "change", False), ("board-member", "setdab", False),
    ],
)  # fmt: skip
def test_claims_are_the_recipients_and_the_auditors(money: Money, kind: str, organisation: str, sees: bool) -> None:
    from tests import factories

    claim(money, "2023-24-Q1")
    assert Claim.objects.visible_to(factories.person(kind, organisation)).exists() is sees
