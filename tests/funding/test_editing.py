"""Editing: a new entry takes the place of the old one, with all that hung on it, while nothing rests on it."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from board import clock
from board.models import Event, Threshold
from core.problems import Refused
from funding import accruals
from funding.declaring import declare
from funding.editing import edit, rehearse_edit, why_not
from funding.ledger_commit import commit, undo
from funding.models import Evidence, LedgerRow, SpendLine, Transaction
from funding.positions import line_positions
from funding.spending import Charge, Recorded, credit, void
from tests.factories import Money
from tests.funding.test_evidence import attached
from tests.funding.test_ledger_import import add, staged

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_FOLDER = tmp_path


@pytest.fixture
def entry(money: Money) -> Transaction:
    return money.record("100.00", document_number="INV-1")


def edited(money: Money, entry: Transaction, cost: str = "120.00", *charges: Charge, **more: Any) -> Recorded:
    given = {name: more.pop(name) for name in ("by", "once", "seen_version") if name in more}
    fields = {"document_number": entry.document_number, "kind": entry.kind} | more
    return edit(
        entry=entry,
        changed=money.entry(cost, **fields),
        charges=charges or (Charge(money.line(), money.quarter()),),
        **{"seen_version": entry.version, "by": money.finance} | given,
    )


def messages(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.message for problem in refused.value.problems]


def total() -> Decimal:
    return SpendLine.objects.in_force().total()


def test_the_new_entry_counts_and_the_old_one_stays_as_void(money: Money, entry: Transaction) -> None:
    parts = (
        Charge(money.line("CHB"), money.quarter(), amount=D("70.00")),
        Charge(money.line("SIS"), money.quarter(), amount=D("50.00")),
    )
    done = edited(money, entry, "120.00", *parts)
    entry.refresh_from_db()
    assert entry.is_void and entry.void_reason == "Edited"
    assert done.transaction.replaces == entry and done.transaction.reference != entry.reference
    assert [line.cost for line in done.transaction.lines.order_by("number")] == [D("70.00"), D("50.00")]
    assert total() == D("120.00")
    assert Event.objects.get(act="spending.edit").words == f"In place of {entry.reference}"


def test_the_same_document_is_not_told_as_entered_twice(money: Money, entry: Transaction) -> None:
    assert "F17" not in {problem.code for problem in edited(money, entry).warnings}


def test_what_stood_before_the_edit_can_still_be_read(money: Money) -> None:
    def actual(moment: Any) -> Decimal:
        quarter = money.quarter()
        found = line_positions([money.grant], quarter.year, quarter, today=date(2023, 7, 9), as_of=moment)
        return found[money.line()].actual_to_date

    with clock.at(date(2023, 7, 6)):
        entry = money.record("100.00")
        before = clock.now()
    with clock.at(date(2023, 7, 8)):
        edited(money, entry)
        after = clock.now()
    assert (actual(before), actual(after)) == (D("100.00"), D("120.00"))


def test_a_second_press_of_the_button_edits_once(money: Money, entry: Transaction) -> None:
    once = uuid4()
    first = edited(money, entry, once=once)
    assert edited(money, entry, once=once).transaction == first.transaction
    assert Transaction.objects.count() == 2


def test_where_nothing_was_changed_nothing_is_written(money: Money, entry: Transaction) -> None:
    done = edited(money, entry, "100.00")
    assert done.transaction == entry and Transaction.objects.count() == 1
    entry.refresh_from_db()
    assert not entry.is_void


def test_a_check_says_what_would_be_written_and_writes_nothing(money: Money, entry: Transaction) -> None:
    found = rehearse_edit(
        entry=entry,
        changed=money.entry("80.00"),
        charges=(Charge(money.line(heading="capital"), money.quarter()),),
        seen_version=entry.version,
        by=money.finance,
    )
    assert [(line.cost, line.state_reason) for line in found.lines] == [(D("80.00"), "capital")]
    entry.refresh_from_db()
    assert not entry.is_void and total() == D("100.00")


def test_what_the_rules_refuse_leaves_the_old_entry_as_it_was(money: Money, entry: Transaction) -> None:
    with pytest.raises(Refused, match="in the future"):
        edited(money, entry, accounting_on=date(2031, 1, 1))
    entry.refresh_from_db()
    assert not entry.is_void and total() == D("100.00")


def test_two_who_opened_the_same_entry_do_not_both_edit_it(money: Money, entry: Transaction) -> None:
    seen = entry.version
    first = edited(money, entry, "110.00").transaction
    with pytest.raises(Refused, match=f"is void. {first.reference} has taken its place: open that"):
        edited(money, entry, "130.00", seen_version=seen)
    assert total() == D("110.00")


def test_an_entry_that_was_changed_meanwhile_is_not_written_over(money: Money, entry: Transaction) -> None:
    Transaction.objects.filter(pk=entry.pk).update(version=entry.version + 1, paid_on=date(2023, 7, 1))
    with pytest.raises(Refused, match="Somebody else changed this"):
        edited(money, entry)
    assert total() == D("100.00")


def test_its_evidence_proves_the_new_entry(money: Money, entry: Transaction) -> None:
    row = attached(entry, money.finance)
    done = edited(money, entry)
    row.refresh_from_db()
    assert row.transaction == done.transaction and not row.restricted
    assert not Evidence.objects.filter(transaction=entry).exists()


def test_evidence_of_what_becomes_pay_becomes_restricted(money: Money, entry: Transaction) -> None:
    row = attached(entry, money.finance)
    edited(money, entry, supplier_name="", basis="Half a post")
    row.refresh_from_db()
    assert row.restricted


def test_the_accrual_that_it_settles_stays_settled(money: Money) -> None:
    accrual = money.record("100.00", kind="accrual")
    entry = money.record("90.00", document_number="INV-2")
    Transaction.objects.filter(pk=entry.pk).update(settles=accrual)
    entry.refresh_from_db()
    done = edited(money, entry, "95.00")
    assert done.transaction.settles == accrual
    assert list(accrual.settled_by.in_force()) == [done.transaction]
    with pytest.raises(Refused, match="settled by a later entry"):
        edited(money, accrual)


@pytest.fixture
def loaded(money: Money) -> Transaction:
    found = staged(money)
    add(money, found)
    commit(ledger_import=found, by=money.finance)
    return LedgerRow.objects.filter(in_force=True).exclude(transaction=None).order_by("pk").first().transaction


def coded_anew(money: Money, loaded: Transaction, **changes: Any) -> Recorded:
    same = {
        name: getattr(loaded, name)
        for name in (
            "supplier_name", "document_number", "accounting_on", "service_from", "service_to", "vat", "recoverable_vat",
            "contract",
        )
    }  # fmt: skip
    charge = Charge(money.line("SIS"), money.quarter())
    return edited(money, loaded, str(loaded.net), charge, **{**same, **changes})


def test_a_row_of_a_ledger_is_coded_anew_and_stays_its_row(money: Money, loaded: Transaction) -> None:
    before = total()
    [row] = LedgerRow.objects.filter(transaction=loaded)
    done = coded_anew(money, loaded)
    row.refresh_from_db()
    assert row.transaction == done.transaction and row.in_force
    assert total() == before
    again = staged(money)
    assert set(again.rows.values_list("decision", flat=True)) == {"loaded"}, "The file is known as loaded still."


def test_undoing_the_import_takes_the_edited_entry_with_it(money: Money, loaded: Transaction) -> None:
    [row] = LedgerRow.objects.filter(transaction=loaded)
    done = coded_anew(money, loaded)
    undo(ledger_import=row.ledger_import, reason="Wrong file", by=money.finance)
    done.transaction.refresh_from_db()
    assert done.transaction.is_void and total() == D("0.00")


def test_what_the_ledgers_file_said_is_not_edited(money: Money, loaded: Transaction) -> None:
    with pytest.raises(Refused) as refused:
        coded_anew(money, loaded, supplier_name="Another", accounting_on=date(2023, 5, 5))
    assert {problem.where for problem in refused.value.problems} == {"supplier_name", "accounting_on"}
    assert all("comes from a ledger’s file" in words for words in messages(refused))


def test_what_is_declared_or_taken_back_is_corrected_instead(money: Money, entry: Transaction) -> None:
    part = {"quarter": money.quarter(), "document_number": "CN", "reason": "Short", "by": money.finance}
    back = credit(original=entry, amount=D("10.00"), **part)
    with pytest.raises(Refused, match="A later entry takes"):
        edited(money, entry)
    with pytest.raises(Refused, match="takes back another entry"):
        edited(money, back)
    void(entry=back, reason="Wrong", by=money.finance)
    declare(source=money.grant, quarter=money.quarter(), nil=False, by=money.finance)
    entry.refresh_from_db()
    with pytest.raises(Refused, match="Withdraw the declaration first"):
        edited(money, entry)


def test_another_organisations_entry_is_not_edited(money: Money, entry: Transaction) -> None:
    with pytest.raises(Refused, match="is in the ledger of"):
        edited(money, entry, by=money.council_finance)
    assert total() == D("100.00")


def test_an_accrual_that_is_written_back_stays(money: Money) -> None:
    accrual = money.record("100.00", kind="accrual")
    Transaction.objects.filter(pk=accrual.pk).update(written_back_on=date(2023, 7, 1), written_back_reason="None comes")
    accrual.refresh_from_db()
    assert [problem.message for problem in why_not(accrual)] == [f"{accrual.reference} is written back."]
    assert not accruals.invoices_for(accrual)


def test_in_kind_hours_are_edited(money: Money) -> None:
    charge = Charge(money.line(source=money.ecc_in_kind), money.quarter())
    hours = {"kind": "in-kind", "by": money.council_finance}
    entry = money.record("50.00", charge, quantity_hundredths=200, **hours)
    done = edited(money, entry, "75.00", charge, quantity_hundredths=300, **hours)
    assert done.transaction.quantity_hundredths == 300


def test_what_is_held_for_evidence_is_released_with_the_evidence_that_follows(money: Money) -> None:
    Threshold.objects.create(
        programme=money.programme, rule="evidence-hold-amount", value=10000, from_date=date(2023, 4, 1)
    )
    entry = money.record("900.00")
    attached(entry, money.finance)
    done = edited(money, entry, "950.00")
    assert done.transaction.lines.get().state == "claimable"
