"""Statements of spend and money held by grantees: what is cost, what is held, what comes back, what reconciles."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from board import clock
from board.models import Quarter
from contracts.models import Contract
from core.problems import Refused
from funding import budgeting, declaring, tying
from funding.models import ReconcilingItem, SpendLine, SpendReport, Transaction
from funding.reconciling import add_item, reconciliation, record_total
from funding.spend_reports import (
    correct_report,
    held_by_grantees,
    item_in_words,
    item_to_propose,
    lines_to_report,
    record_report,
    statements_of,
    take_back_advances,
    void_report,
)
from funding.spending import Charge, void
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def agreement(money: Money) -> Contract:
    line, later = money.line(), money.line(year="2024-25")
    values = {(line.project, line.year): D("60000.00"), (later.project, later.year): D("60000.00")}
    return factories.contract(money.programme, kind="grant-agreement", values=values)


def pay(money: Money, agreement: Contract, amount: str, on: date = date(2023, 4, 10), **fields: object) -> Transaction:
    return money.record(amount, on=on, kind=Transaction.Kind.ADVANCE, contract=agreement, **fields)


def state(
    money: Money, agreement: Contract, *amounts: str, quarter: str = "2023-24-Q1", **fields: object
) -> SpendReport:
    """Record a statement: the first amount is of the provider line, the second of the staff line."""
    lines = [money.line(heading=heading, year=quarter[:7]) for heading in ("provider", "staff")]
    given = {
        "signed_by_title": "Director of Finance",
        "signed_on": clock.today(),
        "document_reference": f"Statement {quarter}",
        "is_nil": not amounts,
        "by": money.finance,
        **fields,
    }
    return record_report(
        contract=agreement,
        quarter=money.quarter(quarter),
        amounts={line: D(amount) for line, amount in zip(lines, amounts, strict=False)},
        **given,
    )


def held(money: Money, agreement: Contract, as_at: date | None = None) -> Decimal:
    return sum((row.unspent for row in held_by_grantees(money.programme.recipient, [agreement], as_at)), D("0.00"))


def test_a_statement_writes_one_claimable_entry_a_heading(money: Money, agreement: Contract) -> None:
    report = state(money, agreement, "1200.00", "300.50")
    entries = list(report.entries.order_by("reference"))
    assert [(entry.kind, entry.cost) for entry in entries] == [
        ("reported-spend", D("1200.00")),
        ("reported-spend", D("300.50")),
    ]
    lines = SpendLine.objects.filter(transaction__report=report)
    assert {(line.state, line.quarter.code) for line in lines} == {("claimable", "2023-24-Q1")}
    assert (report.total, report.reference) == (D("1500.50"), "SR-000001")
    assert entries[0].accounting_on == date(2023, 6, 30)
    assert entries[0].service_from == date(2023, 4, 1)


def test_two_headings_of_one_statement_may_show_the_same_amount(money: Money, agreement: Contract) -> None:
    assert state(money, agreement, "500.00", "500.00").total == D("1000.00")


def test_a_payment_on_account_is_held_until_it_is_reported_by_date(money: Money, agreement: Contract) -> None:
    pay(money, agreement, "5000.00")
    assert held(money, agreement) == D("5000.00")
    state(money, agreement, "1200.00")
    assert held(money, agreement, date(2023, 4, 9)) == D("0.00")
    assert held(money, agreement, date(2023, 6, 29)) == D("5000.00")
    assert held(money, agreement, date(2023, 6, 30)) == D("3800.00")
    [first, second] = statements_of(agreement)
    assert (first.report.total, first.unspent) == (D("1200.00"), D("3800.00"))
    assert (second.report, second.quarter.code) == (None, "2023-24-Q2")


def test_a_second_statement_of_a_quarter_is_refused_and_a_double_click_is_none(
    money: Money, agreement: Contract
) -> None:
    once = uuid4()
    first = state(money, agreement, "1200.00", once=once)
    assert state(money, agreement, "1200.00", once=once) == first
    with pytest.raises(Refused, match="SR-000001 is the statement of C-001"):
        state(money, agreement, "1.00")
    assert SpendReport.objects.count() == 1


def test_nil_is_said_and_never_guessed(money: Money, agreement: Contract) -> None:
    with pytest.raises(Refused, match="say that the statement is nil"):
        state(money, agreement, "0.00", is_nil=False)
    with pytest.raises(Refused, match="A nil statement shows no spend"):
        state(money, agreement, "1.00", is_nil=True)
    report = state(money, agreement)
    assert (report.is_nil, report.total, report.entries.count()) == (True, D("0.00"), 0)
    assert statements_of(agreement)[0].report == report


def test_everything_wrong_is_said_at_once_and_nothing_is_written(money: Money, agreement: Contract) -> None:
    with pytest.raises(Refused) as refusal:
        state(money, agreement, signed_by_title=" ", document_reference="", signed_on=date(2023, 7, 6), is_nil=False)
    assert {one.where for one in refusal.value.problems} == {
        "signed_by_title", "document_reference", "signed_on", "is_nil",
    }  # fmt: skip
    with pytest.raises(Refused) as refusal:
        state(money, agreement, "-1.00", "-2.00")
    keys = [money.line().pk, money.line(heading="staff").pk]
    assert [one.where for one in refusal.value.problems] == [f"line-{key}" for key in keys]
    assert not SpendReport.objects.exists() and not Transaction.objects.exists()


def test_a_later_statement_may_lower_a_line_but_not_below_nought(money: Money, agreement: Contract) -> None:
    state(money, agreement, "100.00", "50.00")
    with clock.at(date(2023, 10, 4)):
        with pytest.raises(Refused, match=r"Only £100\.00 is reported"):
            state(money, agreement, "-100.01", quarter="2023-24-Q2")
        lowered = state(money, agreement, "-40.00", "10.00", quarter="2023-24-Q2")
    assert lowered.total == D("-30.00")


def test_a_late_statement_is_recorded_in_the_next_open_quarter(money: Money, agreement: Contract) -> None:
    Quarter.objects.filter(code="2023-24-Q1").update(money_closed_at=clock.now(), money_closed_by=money.finance)
    report = state(money, agreement, "70.00")
    line = SpendLine.objects.get(transaction__report=report)
    assert (line.quarter.code, line.relates_to.code) == ("2023-24-Q2", "2023-24-Q1")
    # Dated in the open quarter, so that what a certified quarter stood on does not move.
    assert line.transaction.accounting_on == date(2023, 7, 1)


def test_a_statement_is_made_void_as_a_unit_and_may_then_be_recorded_anew(money: Money, agreement: Contract) -> None:
    report = state(money, agreement, "100.00", "50.00")
    with pytest.raises(Refused, match="Make the whole statement void"):
        void(entry=report.entries.first(), reason="So", by=money.finance)
    void_report(report=report, reason="Another provider's", by=money.finance, seen_version=report.version)
    assert not Transaction.objects.in_force().exists()
    assert state(money, agreement, "1.00").reference == "SR-000002"
    with pytest.raises(Refused, match="is void already"):
        void_report(report=report, reason="Again", by=money.finance)


def test_a_statement_is_corrected_in_one_step(money: Money, agreement: Contract) -> None:
    wrong = state(money, agreement, "100.00")
    right = correct_report(
        report=wrong, reason="Misread", seen_version=wrong.version, by=money.finance, signed_by_title="Treasurer",
        signed_on=date(2023, 7, 4), document_reference="S-1", is_nil=False, amounts={money.line(): D("90.00")},
    )  # fmt: skip
    assert (right.corrects, SpendReport.objects.in_force().get()) == (wrong, right)
    assert held(money, agreement) == D("-90.00")


def test_what_is_declared_is_neither_reported_anew_nor_made_void(money: Money, agreement: Contract) -> None:
    report = state(money, agreement, "100.00")
    declaring.declare(source=money.grant, quarter=money.quarter(), nil=False, by=money.finance)
    with pytest.raises(Refused, match="is declared"):
        void_report(report=report, reason="Late", by=money.finance)
    report.refresh_from_db()
    assert not report.is_void and not Transaction.objects.filter(voided_at__isnull=False).exists()


def test_only_who_pays_under_the_agreement_records_its_statement(money: Money, agreement: Contract) -> None:
    with pytest.raises(Refused, match="is paid by PFCC"):
        state(money, agreement, "1.00", by=money.council_finance)
    bought = factories.contract(money.programme, reference="C-009", kind="contract")
    with pytest.raises(Refused, match="cost is what is invoiced"):
        state(money, bought, "1.00")


def test_an_actual_on_a_grant_agreement_is_refused_and_on_a_recharge_warned_of(
    money: Money, agreement: Contract
) -> None:
    with pytest.raises(Refused, match="Record its signed statement"):
        money.record("10.00", contract=agreement)
    line = money.line()
    recharge = factories.contract(
        money.programme, reference="C-002", kind="recharge", values={(line.project, line.year): D("100.00")}
    )
    assert money.record("10.00", contract=recharge).lines.get().state == "claimable"


def test_reported_spend_beyond_the_agreements_value_is_held(money: Money, agreement: Contract) -> None:
    report = state(money, agreement, "60000.01")
    line = SpendLine.objects.get(transaction__report=report)
    assert (line.state, line.state_reason) == ("held", "beyond-contract-value")


def test_money_that_comes_back_is_taken_from_the_latest_payments_first(money: Money, agreement: Contract) -> None:
    first = pay(money, agreement, "1000.00")
    second = pay(money, agreement, "500.00", on=date(2023, 6, 1), document_number="BACS-2")
    state(money, agreement, "800.00")
    given = {"contract": agreement, "quarter": money.quarter("2023-24-Q2"), "document_number": "R-1"}
    given["came_on"] = date(2023, 7, 3)
    with pytest.raises(Refused, match=r"Only £700\.00 is unspent"):
        take_back_advances(amount=D("700.01"), reason="Returned", by=money.finance, **given)
    once = uuid4()
    written = take_back_advances(amount=D("700.00"), reason="Returned", by=money.finance, once=once, **given)
    assert [(entry.takes_back, entry.cost) for entry in written] == [(second, D("-500.00")), (first, D("-200.00"))]
    again = take_back_advances(amount=D("700.00"), reason="Returned", by=money.finance, once=once, **given)
    assert again == written[:1]
    assert {entry.accounting_on for entry in written} == {date(2023, 7, 3)}
    assert held(money, agreement) == D("0.00")


def test_payments_on_account_stand_outside_the_tie_and_reported_spend_in_it(money: Money, agreement: Contract) -> None:
    pay(money, agreement, "5000.00")
    state(money, agreement, "1200.00")
    [row] = tying.ties([money.grant], money.line().year)
    assert (row.cost, row.unclaimed, row.difference) == (D("1200.00"), D("1200.00"), D("0.00"))


def test_the_item_that_is_proposed_reconciles_the_ledger_quarter_by_quarter(money: Money, agreement: Contract) -> None:
    pfcc = money.programme.recipient

    def close_with_item(quarter: str, ledger: str) -> Decimal:
        row = money.quarter(quarter)
        of = {"programme": money.programme, "quarter": row, "by": money.finance}
        record_total(amount=D(ledger), ledger_print="Cost centre 4711", **of)
        found = reconciliation(pfcc, money.programme, row)
        if proposed := item_to_propose(found):
            add_item(kind=ReconcilingItem.Kind.ADVANCE, amount=proposed, reason=item_in_words(found), **of)
        found = reconciliation(pfcc, money.programme, row)
        assert found.is_reconciled and item_to_propose(found) == D("0.00")
        return proposed

    pay(money, agreement, "5000.00")
    state(money, agreement, "1200.00")
    assert close_with_item("2023-24-Q1", "5000.00") == D("3800.00")
    with clock.at(date(2023, 10, 4)):
        state(money, agreement, "3000.00", quarter="2023-24-Q2")
        assert close_with_item("2023-24-Q2", "5000.00") == D("-3000.00")
    with clock.at(date(2024, 1, 4)):
        assert close_with_item("2023-24-Q3", "5000.00") == D("0.00")
    with clock.at(date(2024, 4, 4)):
        charge = Charge(money.line(), money.quarter("2023-24-Q4"))
        money.record(
            "1000.00", charge, on=date(2024, 2, 1), kind="advance", contract=agreement, document_number="BACS-9"
        )
        assert close_with_item("2023-24-Q4", "6000.00") == D("1000.00")
    # A new year of the ledger begins at nought: the £1,800 held over its turn is in neither.
    with clock.at(date(2024, 7, 4)):
        state(money, agreement, "1800.00", quarter="2024-25-Q1")
        assert close_with_item("2024-25-Q1", "0.00") == D("-1800.00")
    assert held(money, agreement) == D("0.00")


def test_the_words_of_the_item_say_on_which_side_the_money_is(money: Money, agreement: Contract) -> None:
    pfcc, quarter = money.programme.recipient, money.quarter()
    pay(money, agreement, "5000.00")
    words = item_in_words(reconciliation(pfcc, money.programme, quarter))
    assert words.startswith("£5,000.00 is paid on account and not reported as spent on 30 June 2023.")
    state(money, agreement, "6000.00")
    assert "£1,000.00 is reported as spent and not paid yet" in item_in_words(
        reconciliation(pfcc, money.programme, quarter)
    )


def test_a_statement_may_charge_the_committed_lines_or_else_all_of_its_projects(
    money: Money, agreement: Contract
) -> None:
    pfcc, quarter = money.programme.recipient, money.quarter()
    provider, staff = money.line(), money.line(heading="staff")
    money.line("SIS")
    assert set(lines_to_report(agreement, quarter, pfcc)) == {provider, staff}
    budgeting.commit(contract=agreement, line=provider, amount=D("60000.00"), by=money.finance)
    assert lines_to_report(agreement, quarter, pfcc) == [provider]
    state(money, agreement, "1.00", "2.00")
    assert set(lines_to_report(agreement, quarter, pfcc)) == {provider, staff}


def test_who_sees_a_statement(money: Money, agreement: Contract) -> None:
    state(money, agreement, "1.00")
    seen = {
        "finance-officer/pfcc": 1,
        "cfo/pfcc": 1,
        "auditor/home-office": 1,
        "finance-officer/ecc": 0,
        "kpi-reporter/change": 0,
        "board-member/setdab": 0,
    }
    for who, count in seen.items():
        assert SpendReport.objects.visible_to(factories.person(*who.split("/"))).count() == count, who
