"""Two people at the same moment, each in a thread with a connection of its own: no penny twice, on either database.

Both wait for each other before they act, and act many times over, so that they meet in every order.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, transaction

from board import clock
from board.models import Quarter
from board.quarters import MONEY, lock
from core.money import NOUGHT
from core.problems import Refused
from funding import claims, declaring, reconciling, spending
from funding.models import Claim, ClaimLine, ControlTotal, Declaration, ReconcilingItem, SpendLine, Transaction
from funding.spending import Charge
from returns import closing
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
AUGUST = date(2023, 8, 14)
TIMES = 6


@pytest.fixture
def money() -> Iterator[Money]:
    with clock.at(AUGUST):
        yield factories.money(factories.programme())


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act gave, all begun at the same moment: what it handed back, or its refusal."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            start.wait(timeout=20)
            return act()
        except Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        # The day of the test stands in every thread.
        waiting = [threads.submit(copy_context().run, run, act) for act in acts]
        return [one.result(timeout=60) for one in waiting]


def done(results: list[object]) -> list[object]:
    return [one for one in results if not isinstance(one, Refused)]


def again(entry: Transaction) -> Transaction:
    return Transaction.objects.get(pk=entry.pk)


def in_force(money: Money) -> Decimal:
    return SpendLine.objects.spend().charged_to(money.grant).total()


def test_a_void_and_a_credit_of_one_entry_never_both_take_it_back(money: Money) -> None:
    for _ in range(TIMES):
        before, entry = in_force(money), money.record("100.00")
        second = money.quarter("2023-24-Q2")
        credit = {"amount": D("40.00"), "document_number": "CN", "reason": "Half of it", "by": money.finance}
        results = at_once(
            lambda entry=entry: spending.void(entry=again(entry), reason="Typed twice", by=money.finance),
            lambda entry=entry, credit=credit, second=second: spending.credit(
                original=again(entry), quarter=second, **credit
            ),
        )
        assert len(done(results)) == 1
        left = NOUGHT if again(entry).is_void else D("60.00")
        assert in_force(money) - before == left


def test_two_voids_of_one_entry_strike_it_out_once(money: Money) -> None:
    for _ in range(TIMES):
        before, entry = in_force(money), money.record("100.00")
        strike = [
            lambda entry=entry: spending.void(entry=again(entry), reason="Typed twice", by=money.finance)
            for _ in range(2)
        ]
        assert len(done(at_once(*strike))) == 1
        assert in_force(money) == before
        assert again(entry).version == 2


def test_two_credits_never_take_back_more_than_there_is(money: Money) -> None:
    for _ in range(TIMES):
        before, entry = in_force(money), money.record("100.00")
        credit = {"document_number": "CN", "reason": "Not delivered", "by": money.finance}
        acts = [
            lambda entry=entry, credit=credit: spending.credit(
                original=again(entry), quarter=money.quarter("2023-24-Q2"), amount=D("60.01"), **credit
            )
            for _ in range(2)
        ]
        assert len(done(at_once(*acts))) == 1
        assert in_force(money) - before == D("39.99")


def test_a_declaration_holds_every_line_of_its_quarter_or_refuses_the_late_one(money: Money) -> None:
    money.record("10.00")
    for _ in range(TIMES):
        before = in_force(money)
        results = at_once(
            lambda: declaring.declare(source=money.grant, quarter=money.quarter(), nil=False, by=money.finance),
            lambda: money.record("5.00"),
        )
        declared = Declaration.objects.in_force().get()
        assert declared.total == in_force(money)
        assert in_force(money) - before == D("5.00") * (len(done(results)) - 1)
        declaring.withdraw(declaration=declared, reason="Again", by=money.finance)


def test_one_invoice_sent_twice_is_recorded_once(money: Money) -> None:
    for _ in range(TIMES):
        before, once = in_force(money), uuid4()

        def send(once: object = once) -> Transaction:
            entry, charge = money.entry("12.34"), Charge(money.line(), money.quarter())
            return spending.record(entry=entry, charges=[charge], by=money.finance, once=once).transaction

        results = at_once(send, send)
        assert len({one.pk for one in done(results)}) == 1
        assert in_force(money) - before == D("12.34")


def closed_first_quarter(money: Money) -> Quarter:
    money.record("100.00")
    first = money.quarter()
    Quarter.objects.filter(pk=first.pk).update(money_closed_at=clock.now(), money_closed_by=money.finance)
    return money.quarter()


def certify(money: Money, quarter: Quarter, reference: str) -> Claim:
    """As certifying the return does it: inside the transaction that stores the return."""
    with transaction.atomic():
        return claims.certify(
            source=money.grant,
            quarter=quarter,
            reference=reference,
            content_hash="",
            expected=D("100.00"),
            by=money.finance,
        )


def test_a_credit_beside_the_close_of_its_quarter_and_neither_waits_for_ever(money: Money) -> None:
    """The credit refers to the quarter that is being closed, and takes the pounds that the close reverses."""
    for number in range(TIMES):
        quarter, second = money.quarter(), money.quarter("2023-24-Q2")
        entry = money.record("100.00", kind=Transaction.Kind.ACCRUAL, on=date(2023, 6, 30))
        credit = {"amount": D("40.00"), "document_number": f"CN{number}", "reason": "Less", "by": money.finance}

        def close(quarter: Quarter = quarter, second: Quarter = second) -> None:
            with transaction.atomic():
                locked, into = lock(quarter), lock(second)
                spending.reverse_accruals(quarter=locked, into=into, by=money.finance)

        results = at_once(
            close,
            lambda entry=entry, credit=credit, second=second: spending.credit(
                original=again(entry), quarter=second, **credit
            ),
        )
        assert len(done(results)) >= 1
        assert spending.remaining_by_line(again(entry)) == [NOUGHT]


def test_a_quarter_is_never_both_claimed_and_opened_again(money: Money) -> None:
    first = closed_first_quarter(money)
    officer = factories.person("commissioning-officer", "pfcc")
    for number in range(TIMES):
        results = at_once(
            lambda n=number: certify(money, first, f"claim-{n}"),
            lambda: closing.reopen(
                quarter=first,
                what=MONEY,
                organisation=None,
                reason="A late invoice",
                until=clock.now() + timedelta(days=2),
                by=officer,
            ),
        )
        assert len(done(results)) == 1
        for claim in Claim.objects.in_force():
            claims.withdraw(claim=claim, reason="Returned unpaid", by=money.finance)
        first.reopenings.all().delete()


def test_a_claim_is_certified_once(money: Money) -> None:
    first = closed_first_quarter(money)

    for number in range(TIMES):
        results = at_once(
            lambda n=number: certify(money, first, f"one-{n}"), lambda n=number: certify(money, first, f"two-{n}")
        )
        assert len(done(results)) == 1
        claim = Claim.objects.in_force().get()
        assert claim.amount == D("100.00")
        assert ClaimLine.objects.filter(in_force=True).count() == 1
        claims.withdraw(claim=claim, reason="Returned unpaid", by=money.finance)


def test_two_disallowances_never_refuse_more_than_was_claimed(money: Money) -> None:
    certify(money, closed_first_quarter(money), "claim")
    line = SpendLine.objects.get()
    acts = [
        lambda number=number: claims.disallow(
            source=money.grant,
            amounts={line: D("60.00")},
            disallowed_on=AUGUST,
            funder_reference=f"HO-{number}",
            reason="No receipt",
            by=money.finance,
        )
        for number in range(2)
    ]
    assert len(done(at_once(*acts))) == 1
    assert spending.remaining_of([line])[line.pk] == D("40.00")


def test_two_ledger_totals_and_one_item_sent_twice_make_one_of_each(money: Money) -> None:
    of_ledger = {"programme": money.programme, "quarter": money.quarter(), "by": money.finance}
    results = at_once(
        *[
            lambda amount=amount: reconciling.record_total(
                amount=D(amount), ledger_print="Cost centre 4711", **of_ledger
            )
            for amount in ("1.00", "2.00")
        ]
    )
    assert len(done(results)) == 1
    assert ControlTotal.objects.count() == 1
    once = uuid4()
    item = {"kind": "timing", "amount": D("1.00"), "reason": "Posted in July", "once": once, **of_ledger}
    results = at_once(*[lambda: reconciling.add_item(**item) for _ in range(2)])
    assert len({one.pk for one in done(results)}) == 1
    assert ReconcilingItem.objects.count() == 1
