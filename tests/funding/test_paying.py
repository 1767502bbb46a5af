"""Days to payment: which invoices count, how each stands to its 30 days, and the dates that say so."""

from datetime import date
from decimal import Decimal

import pytest

from board import clock
from board.models import Event
from core.problems import Refused
from funding.declaring import declare
from funding.models import Transaction
from funding.paying import PaymentDays, Standing, invoices, payment_days, record_payment_dates
from funding.spending import Charge, credit, reverse, void
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = date(2023, 7, 5)


def standings(today: date = TODAY) -> dict[str, str]:
    return {row.document_number: row.standing for row in invoices(Transaction.objects.all(), today=today)}


def groups(today: date = TODAY) -> list[PaymentDays]:
    return payment_days(invoices(Transaction.objects.all(), today=today))


def invoice(money: Money, number: str, received: str = "", paid: str = "", **fields: object) -> Transaction:
    """`received` and `paid` as "MM-DD" of 2023, empty where missing."""
    days = [date.fromisoformat(f"2023-{day}") if day else None for day in (received, paid)]
    return money.record("10.00", document_number=number, received_on=days[0], paid_on=days[1], **fields)


def test_an_invoice_is_in_time_to_its_thirtieth_day_and_late_after_it(money: Money) -> None:
    invoice(money, "SAME", "05-01", "05-01")
    invoice(money, "30", "05-01", "05-31")
    invoice(money, "31", "05-01", "06-01")
    assert standings() == {"SAME": Standing.IN_TIME, "30": Standing.IN_TIME, "31": Standing.LATE}


def test_what_is_not_paid_is_overdue_after_thirty_days(money: Money) -> None:
    invoice(money, "A", "06-05")
    assert standings(date(2023, 7, 5)) == {"A": Standing.OPEN}
    assert standings(date(2023, 7, 6)) == {"A": Standing.OVERDUE}


def test_a_disputed_invoice_is_outside_the_days_and_one_without_a_receipt_is_missing(money: Money) -> None:
    invoice(money, "D", "05-01", "06-30", dispute_reason="Hours not delivered")
    invoice(money, "M", "", "06-30")
    assert standings() == {"D": Standing.DISPUTED, "M": Standing.MISSING}


def test_only_what_a_supplier_asks_for_is_an_invoice(money: Money) -> None:
    invoice(money, "ON-ACCOUNT", "06-01", kind=Transaction.Kind.ADVANCE)
    for kind in (Transaction.Kind.ACCRUAL, Transaction.Kind.SUMMARY):
        invoice(money, str(kind), kind=kind)
    line = money.line()
    agreement = factories.contract(
        money.programme, kind="grant-agreement", values={(line.project, line.year): D("99.00")}
    )
    invoice(money, "REPORTED", kind=Transaction.Kind.REPORTED_SPEND, contract=agreement)
    invoice(money, "PAYROLL", supplier_name="", basis="Coordinator")
    void(entry=invoice(money, "VOID"), reason="Typed twice", by=money.finance)
    money.record("-10.00", document_number="CREDIT", reason="Its original is not here")
    assert set(standings()) == {"ON-ACCOUNT"}


def test_an_invoice_taken_back_in_full_is_none_and_one_in_part_is_one(money: Money) -> None:
    whole, part = invoice(money, "WHOLE", "06-01"), invoice(money, "PART", "06-01")
    reverse(original=whole, quarter=money.quarter(), reason="Another grant's", by=money.finance)
    credit(
        original=part, quarter=money.quarter(), amount=D("4.00"), document_number="CN", reason="Short", by=money.finance
    )  # fmt: skip
    assert set(standings()) == {"PART"}


def test_they_are_counted_by_organisation_quarter_of_receipt_and_contract(money: Money) -> None:
    contract = factories.contract(
        money.programme, values={(money.line().project, money.line().year): D("1000.00")}
    )  # fmt: skip
    invoice(money, "1", "05-01", "05-11", contract=contract)
    invoice(money, "2", "05-01", "06-10", contract=contract)
    invoice(money, "3", "05-02", "06-04", contract=contract)
    invoice(money, "4", "05-01", "06-30", contract=contract, dispute_reason="Not valid")
    invoice(money, "5", "07-02", contract=contract)
    invoice(money, "6")
    cash = Charge(money.line(source=money.ecc_cash), money.quarter())
    money.record("5.00", cash, by=money.council_finance, received_on=date(2023, 5, 1))
    found = {(row.organisation.code, row.quarter, row.contract and row.contract.reference): row for row in groups()}
    assert list(found) == [
        ("pfcc", "2023-24-Q2", "C-001"), ("ecc", "2023-24-Q1", None), ("pfcc", "2023-24-Q1", "C-001"),
        ("pfcc", "2023-24-Q1", None),
    ]  # fmt: skip
    bound = found["pfcc", "2023-24-Q1", "C-001"]
    assert (bound.paid, bound.in_time, bound.late, bound.disputed) == (3, 1, 2, 1)
    assert (bound.in_time_percent, bound.longest, bound.average) == (D("33.3"), 40, D("27.7"))
    assert (found["pfcc", "2023-24-Q2", "C-001"].unpaid, found["ecc", "2023-24-Q1", None].overdue) == (1, 1)
    assert found["pfcc", "2023-24-Q1", None].missing == 1
    assert found["pfcc", "2023-24-Q1", None].average is None


class TestGivingTheDates:
    def give(self, money: Money, entry: Transaction, **fields: object) -> Transaction:
        given = {"received_on": date(2023, 6, 1), "paid_on": date(2023, 6, 20), "by": money.finance}
        return record_payment_dates(entry=entry, **{**given, **fields})

    def test_they_are_given_after_the_quarter_is_declared_and_closed(self, money: Money) -> None:
        entry, quarter = invoice(money, "A"), money.quarter()
        declare(source=money.grant, quarter=quarter, nil=False, by=money.finance)
        quarter.money_closed_at, quarter.money_closed_by = clock.now(), money.finance
        quarter.save()
        self.give(money, entry)
        entry.refresh_from_db()
        assert (entry.received_on, entry.paid_on, entry.version) == (date(2023, 6, 1), date(2023, 6, 20), 2)
        event = Event.objects.get(act="spending.payment-dates")
        assert (event.subject, event.words) == (entry.reference, "received on 1 June 2023, paid on 20 June 2023")
        assert entry.history.count() == 2

    def test_no_figure_of_money_changes(self, money: Money) -> None:
        entry = invoice(money, "A")
        before = list(entry.lines.values())
        self.give(money, entry, dispute_reason="Not valid")
        assert list(entry.lines.values()) == before

    def test_saying_the_same_again_changes_nothing(self, money: Money) -> None:
        entry = self.give(money, invoice(money, "A"))
        assert self.give(money, entry).version == 2
        assert Event.objects.filter(act="spending.payment-dates").count() == 1

    def test_only_the_ledgers_own_officers_give_them(self, money: Money) -> None:
        with pytest.raises(Refused, match="its officers give its dates"):
            self.give(money, invoice(money, "A"), by=money.council_finance)

    def test_everything_that_is_wrong_is_said_at_once(self, money: Money) -> None:
        entry = invoice(money, "A")
        with pytest.raises(Refused) as refusal:
            self.give(money, entry, received_on=date(2023, 8, 1), paid_on=date(2023, 7, 31))
        assert [problem.where for problem in refusal.value.problems] == ["received_on", "paid_on", "paid_on"]
        with pytest.raises(Refused, match="is disputed was received"):
            self.give(money, entry, received_on=None, dispute_reason="Not valid")
        void(entry=entry, reason="Typed twice", by=money.finance)
        with pytest.raises(Refused, match="is void"):
            self.give(money, entry)

    def test_money_paid_ahead_is_paid_before_it_is_asked_for(self, money: Money) -> None:
        entry = invoice(money, "A", kind=Transaction.Kind.ADVANCE)
        assert self.give(money, entry, paid_on=date(2023, 5, 20)).paid_on == date(2023, 5, 20)

    def test_somebody_elses_change_is_not_overwritten(self, money: Money) -> None:
        with pytest.raises(Refused, match="Somebody else changed this"):
            self.give(money, invoice(money, "A"), seen_version=9)
