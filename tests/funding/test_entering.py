"""Many entries at once: all or none, each by the rules of a single one, told by its row."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from core.problems import Refused
from funding.entering import NewEntry, record_many, rehearse_many
from funding.models import SpendLine, Transaction
from funding.spending import Charge
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


def rows(money: Money, *costs: str, **fields: object) -> list[NewEntry]:
    return [
        NewEntry(
            number,
            money.entry(cost, document_number=f"INV-{number}", **fields),
            [Charge(money.line(), money.quarter())],
        )
        for number, cost in enumerate(costs, start=1)
    ]


def test_every_row_is_written_in_its_order(money: Money) -> None:
    entered = record_many(rows(money, "10.00", "20.00", "0.01"), by=money.finance, once=uuid4())
    assert [one.reference for one in entered.transactions] == ["T-000001", "T-000002", "T-000003"]
    assert SpendLine.objects.spend().total() == D("30.01")
    assert [line.cost for line in entered.lines] == [D("10.00"), D("20.00"), D("0.01")]


def test_one_wrong_row_stops_all_and_every_wrong_row_is_told(money: Money) -> None:
    wrong = rows(money, "10.00", "20.00", "30.00")
    wrong[0].entry.accounting_on = date(2023, 7, 6)
    wrong[2].entry.cost = wrong[2].entry.net = D("-30.00")
    with pytest.raises(Refused) as caught:
        record_many(wrong, by=money.finance, once=uuid4())
    places = {problem.where for problem in caught.value.problems if problem.blocking}
    assert places == {"row-1-accounting_on", "row-3-reason"}
    assert not Transaction.objects.exists()


def test_the_same_document_twice_on_one_page_is_seen(money: Money) -> None:
    """The second row is judged with the first already there."""
    twins = rows(money, "10.00", "10.00")
    twins[1].entry.document_number = "inv-1"
    with pytest.raises(Refused, match="same supplier and document number and amount"):
        record_many(twins, by=money.finance, once=uuid4())


def test_a_second_press_writes_nothing_more(money: Money) -> None:
    once = uuid4()
    first = record_many(rows(money, "10.00", "20.00"), by=money.finance, once=once)
    again = record_many(rows(money, "10.00", "20.00"), by=money.finance, once=once)
    assert [one.pk for one in again.transactions] == [one.pk for one in first.transactions]
    assert Transaction.objects.count() == 2


def test_a_rehearsal_says_what_would_be_and_keeps_nothing(money: Money) -> None:
    entered = rehearse_many(rows(money, "10.00", "20.00"), by=money.finance)
    assert [line.state for line in entered.lines] == ["claimable", "claimable"]
    assert {problem.where for problem in entered.warnings} == {"row-1-lines", "row-2-lines"}
    assert not Transaction.objects.exists() and not SpendLine.objects.exists()
    assert record_many(rows(money, "1.00"), by=money.finance, once=uuid4()).transactions[0].reference == "T-000001"


def test_another_organisations_source_is_refused_by_its_row(money: Money) -> None:
    found = rows(money, "10.00", "20.00")
    theirs = NewEntry(2, found[1].entry, [Charge(money.line(source=money.ecc_cash), money.quarter())])
    with pytest.raises(Refused) as caught:
        record_many([found[0], theirs], by=money.finance, once=uuid4())
    assert [problem.where for problem in caught.value.problems if problem.blocking] == ["row-2-line-1"]
