"""A ledger file staged, chosen, coded, committed and undone: to the penny, once, all or nothing."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from board import clock
from board.models import Organisation
from core.problems import Refused
from funding.declaring import declare
from funding.ledger_commit import commit, review, undo
from funding.ledger_import import Change, Decision, decide, discard, read_again, stage
from funding.models import ColumnMap, LedgerFile, LedgerImport, LedgerRow, SpendLine, SupplierAlias, Transaction
from funding.spending import reverse, void
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
HEADER = "Date,Cost centre,Supplier,Invoice,Narrative,Net amount\n"
APRIL = [
    ("13/04/2023", "DA01", "The Change Project", "INV-1", "Sessions", "1,234.50"),
    ("15/04/2023", "DA01", "CHANGE PROJECT LTD", "INV-2", "Sessions", "2,000.00"),
    ("16/04/2023", "HW02", "Road menders", "R-9", "Tarmac", "99.99"),
    ("17/04/2023", "HW02", "Road menders", "R-9", "Tarmac", "99.99"),
    ("18/04/2023", "DA01", "The Change Project", "CN-1", "Credit", "(34.50)"),
]


def ledger(rows: Sequence[Sequence[str]]) -> bytes:
    return (HEADER + "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)).encode()


def staged(money: Money, rows: Sequence[Sequence[str]] = APRIL, **fields: object) -> LedgerImport:
    return stage(data=ledger(rows), file_name="april.csv", by=money.finance, **fields)


def add(money: Money, found: LedgerImport, change: Change | None = None, **filters: object) -> None:
    change = change or Change(budget_line=money.line(), quarter=money.quarter(), reason="No original here")
    decide(
        ledger_import=found, among=found.rows.filter(**filters), decision=Decision.ADD, by=money.finance, change=change
    )


def loaded(money: Money, rows: Sequence[Sequence[str]] = APRIL) -> LedgerImport:
    found = staged(money, rows)
    add(money, found)
    return commit(ledger_import=found, by=money.finance)


def refusal(act: object, **arguments: object) -> str:
    with pytest.raises(Refused) as refused:
        act(**arguments)
    return str(refused.value)


def test_staging_keeps_every_row_and_chooses_none(money: Money) -> None:
    found = staged(money)
    assert (found.reference, found.rows_read, found.credits, found.total) == ("I-000001", 5, 1, D("3399.98"))
    assert (found.first_on, found.last_on, found.months) == (
        date(2023, 4, 13), date(2023, 4, 18), {"2023-04": [5, 339998]},
    )  # fmt: skip
    assert set(found.rows.values_list("decision", flat=True)) == {Decision.LEAVE}
    row = found.rows.get(document="INV-1")
    assert (str(row), row.amount, row.cost_centre, row.description) == ("april!F2", D("1234.50"), "DA01", "Sessions")
    assert not Transaction.objects.exists()


def test_the_same_click_twice_stages_one_import(money: Money) -> None:
    once = "6f0c1f0e-9d2e-4f53-8a8e-5d9b8d1f0a01"
    assert staged(money, once=once) == staged(money, once=once)


def test_a_commit_writes_an_entry_for_each_row_chosen_and_deletes_the_rest(money: Money) -> None:
    found = staged(money)
    add(money, found, cost_centre="DA01")
    done = commit(ledger_import=found, by=money.finance)
    assert (done.status, done.rows_added, done.total_added) == ("committed", 3, D("3200.00"))
    assert SpendLine.objects.total() == D("3200.00")
    assert not LedgerFile.objects.exists()
    assert sorted(done.rows.values_list("document", flat=True)) == ["CN-1", "INV-1", "INV-2"]
    for row in done.rows.select_related("transaction"):
        entry = row.transaction
        assert (entry.document_number, entry.supplier_name, entry.accounting_on, entry.cost) == (
            row.document, row.supplier, row.date, row.amount,
        )  # fmt: skip
        history = entry.history.get()
        assert (history.history_user, history.history_change_reason) == (money.finance, "Imported by I-000001")


def test_an_imported_entry_is_as_a_typed_one_would_be(money: Money) -> None:
    """The same supplier, amount and contract by both ways: the same fields and the same state."""
    contract = factories.contract(
        money.programme, values={(money.programme.projects.get(code="CHB"), money.line().year): D("1000.00")}
    )
    typed = money.record("900.00", contract=contract, on=date(2023, 4, 13), document_number="TYPED")
    void(entry=typed, reason="Only to compare", by=money.finance)
    same_supplier = ("Supplier Limited", "Sessions delivered")
    rows = [("13/04/2023", "", same_supplier[0], "INV-1", same_supplier[1], "900.00"),
            ("14/04/2023", "", same_supplier[0], "INV-2", same_supplier[1], "200.00")]  # fmt: skip
    found = staged(money, rows)
    add(money, found, Change(budget_line=money.line(), quarter=money.quarter(), contract=contract))
    commit(ledger_import=found, by=money.finance)
    first, second = (Transaction.objects.get(document_number=number) for number in ("INV-1", "INV-2"))
    same = ("kind", "contract_id", "supplier_name", "description", "accounting_on", "service_from", "service_to", "net",
            "vat", "recoverable_vat", "cost", "recorded_by_id")  # fmt: skip
    assert [getattr(first, name) for name in same] == [getattr(typed, name) for name in same]
    line, old = first.lines.get(), typed.lines.get()
    shared = ("budget_line_id", "quarter_id", "net", "cost", "state", "state_reason", "number")
    assert [getattr(line, name) for name in shared] == [getattr(old, name) for name in shared]
    assert second.lines.get().state_reason == SpendLine.Reason.BEYOND_CONTRACT


def test_vat_inside_the_amount_is_recovered_by_the_organisations_rule(money: Money) -> None:
    rows = [("13/04/2023", "", "A", "1", "Sessions", "100.03"), ("13/04/2023", "", "B", "2", "Sessions", "12.00")]
    found = staged(money, rows)
    add(money, found, Change(budget_line=money.line(), quarter=money.quarter(), vat_percent=20))
    commit(ledger_import=found, by=money.finance)
    entry = Transaction.objects.get(document_number="1")
    assert (entry.net, entry.vat, entry.recoverable_vat, entry.cost) == (D("83.36"), D("16.67"), D("16.67"), D("83.36"))
    Organisation.objects.filter(code="pfcc").update(recovers_vat=False)
    money.finance.acting.organisation.refresh_from_db()
    again = staged(money, [("14/04/2023", "", "C", "3", "Sessions", "100.03")])
    add(money, again, Change(budget_line=money.line(), quarter=money.quarter(), vat_percent=20))
    commit(ledger_import=again, by=money.finance)
    entry = Transaction.objects.get(document_number="3")
    assert (entry.recoverable_vat, entry.cost) == (D("0.00"), D("100.03"))


def test_a_payment_under_a_grant_agreement_is_on_account_and_no_cost(money: Money) -> None:
    values = {(money.programme.projects.get(code="CHB"), money.line().year): D("9000.00")}
    agreement = factories.contract(money.programme, kind="grant-agreement", values=values)
    found = staged(money, APRIL[:1])
    add(money, found, Change(budget_line=money.line(), quarter=money.quarter(), contract=agreement))
    assert review(ledger_import=found, by=money.finance).costs == {money.line(): D("0.00")}
    commit(ledger_import=found, by=money.finance)
    assert Transaction.objects.get().kind == Transaction.Kind.ADVANCE


def test_the_same_file_again_is_shown_as_loaded_and_adds_nothing(money: Money) -> None:
    loaded(money)
    again = staged(money)
    assert set(again.rows.values_list("decision", "loaded_as")) == {(Decision.LOADED, "I-000001")}
    assert "Tick the rows" in refusal(
        decide, ledger_import=again, among=again.rows.all(), decision=Decision.ADD, by=money.finance
    )
    assert "No row is chosen" in refusal(commit, ledger_import=again, by=money.finance)
    assert Transaction.objects.count() == 5


def test_overlapping_files_load_each_row_once(money: Money) -> None:
    loaded(money, APRIL[:3])
    found = loaded(money, APRIL)
    assert (found.rows_added, found.rows_loaded_before) == (2, 3)
    assert SpendLine.objects.total() == D("3399.98")


def test_a_twin_inside_one_file_is_real(money: Money) -> None:
    twins = [APRIL[0], APRIL[0]]
    loaded(money, twins)
    assert SpendLine.objects.total() == D("2469.00")
    third = staged(money, [*twins, APRIL[0]])
    assert sorted(third.rows.values_list("decision", flat=True)) == [Decision.LEAVE, Decision.LOADED, Decision.LOADED]


def test_a_row_that_equals_a_typed_entry_asks_and_can_be_matched(money: Money) -> None:
    typed = money.record("1234.50", on=date(2023, 4, 20), document_number="inv-1", supplier_name="Change")
    found = staged(money)
    add(money, found, Change(budget_line=money.line(), quarter=money.quarter()), document="INV-1")
    assert found.rows.get(document="INV-1").decision == Decision.ASK
    assert "equal an entry that is recorded already" in refusal(commit, ledger_import=found, by=money.finance)
    decided = decide(ledger_import=found, among=found.rows.all(), decision=Decision.MATCH, by=money.finance)
    assert (decided.changed, decided.left) == (1, 4)
    done = commit(ledger_import=found, by=money.finance)
    assert (done.rows_added, done.rows_matched) == (0, 1)
    assert done.rows.get().transaction == typed
    assert Transaction.objects.count() == 1


def test_a_second_real_one_is_added_with_a_reason(money: Money) -> None:
    money.record("1234.50", on=date(2023, 4, 13), supplier_name="The Change Project")
    found = staged(money, [("14/04/2023", "", "The Change Project", "", "Sessions", "1234.50")])
    add(money, found, Change(budget_line=money.line(), quarter=money.quarter()))
    add(money, found, Change(reason="The second session of the week"))
    commit(ledger_import=found, by=money.finance)
    assert SpendLine.objects.total() == D("2469.00")


def test_what_was_typed_meanwhile_is_asked_about_before_anything_is_written(money: Money) -> None:
    found = staged(money, APRIL[:2])
    add(money, found, Change(budget_line=money.line(), quarter=money.quarter()))
    money.record("2000.00", on=date(2023, 4, 15), document_number="INV-2")
    assert "must be looked at again" in refusal(commit, ledger_import=found, by=money.finance)
    assert found.rows.get(document="INV-2").decision == Decision.ASK
    assert Transaction.objects.count() == 1


def test_what_another_import_loaded_meanwhile_is_left_out(money: Money) -> None:
    first, second = staged(money), staged(money)
    for found in (first, second):
        add(money, found)
    commit(ledger_import=first, by=money.finance)
    assert "loaded by another import meanwhile" in refusal(commit, ledger_import=second, by=money.finance)
    assert set(second.rows.values_list("decision", flat=True)) == {Decision.LOADED}
    assert SpendLine.objects.total() == D("3399.98")


def test_one_bad_row_stops_the_whole_commit_and_is_named_by_its_cell(money: Money) -> None:
    rows = [*APRIL, ("14/03/2023", "DA01", "The Change Project", "OLD", "Before the year", "10.00"),
            ("06/07/2023", "DA01", "The Change Project", "NEW", "After today", "10.00"),
            ("", "DA01", "The Change Project", "NONE", "Without a date", "10.00")]  # fmt: skip
    found = staged(money, rows)
    add(money, found, Change(budget_line=money.line(), quarter=money.quarter()))
    said = refusal(commit, ledger_import=found, by=money.finance)
    for words in ("april!F7", "is not in 2023-24", "april!F8", "is in the future", "without a date", "april!F9",
                  "This is a credit", "april!F6"):  # fmt: skip
        assert words in said, words
    assert not Transaction.objects.exists() and not SpendLine.objects.exists()
    found.refresh_from_db()
    assert found.is_staged and found.rows.count() == 8


def test_rows_without_line_or_quarter_are_named(money: Money) -> None:
    found = staged(money, APRIL[:1])
    decide(ledger_import=found, among=found.rows.all(), decision=Decision.ADD, by=money.finance)
    said = refusal(commit, ledger_import=found, by=money.finance)
    assert "Choose the budget line that these rows charge" in said and "Choose the open quarter" in said


def test_nothing_is_committed_into_a_declared_quarter(money: Money) -> None:
    declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)
    found = staged(money, APRIL[:1])
    add(money, found)
    assert "is declared for" in refusal(commit, ledger_import=found, by=money.finance)


def test_another_organisations_source_and_import_are_refused(money: Money) -> None:
    found = staged(money)
    assert "is kept by" in refusal(
        decide, ledger_import=found, among=found.rows.all(), decision=Decision.ADD, by=money.finance,
        change=Change(budget_line=money.line(source=money.ecc_cash)),
    )  # fmt: skip
    for act in (commit, discard):
        assert "is of the ledger of" in refusal(act, ledger_import=found, by=money.council_finance)
    assert "is of the ledger of" in refusal(
        decide, ledger_import=found, among=found.rows.all(), decision=Decision.ADD, by=money.council_finance
    )


def test_rows_go_into_the_open_quarter_of_their_dates(money: Money) -> None:
    with clock.at(date(2023, 8, 15)):
        found = staged(money, [APRIL[0], ("13/07/2023", "", "B", "2", "Sessions", "5.00")])
        add(money, found, Change(budget_line=money.line(), by_date=True))
        assert sorted(found.rows.values_list("quarter__code", flat=True)) == ["2023-24-Q1", "2023-24-Q2"]


def test_coding_is_suggested_from_before(money: Money) -> None:
    contract = factories.contract(
        money.programme, values={(money.programme.projects.get(code="SIS"), money.line().year): D("9000.00")}
    )
    found = staged(money, APRIL[:2])
    add(money, found, Change(budget_line=money.line("SIS"), quarter=money.quarter(), contract=contract))
    commit(ledger_import=found, by=money.finance)
    assert set(SupplierAlias.objects.values_list("name", flat=True)) == {"the change project", "change project ltd"}
    may = staged(money, [("09/05/2023", "DA01", "Change  Project Ltd", "INV-7", "Sessions", "5.00"),
                         ("09/05/2023", "DA01", "Somebody", "X", "Chairs", "5.00")])  # fmt: skip
    row = may.rows.get(document="INV-7")
    assert (row.budget_line, row.contract, row.quarter) == (money.line("SIS"), contract, money.quarter())
    assert row.suggested and row.decision == Decision.LEAVE
    assert may.rows.get(document="X").budget_line is None


def test_an_undo_voids_what_nobody_relies_on_and_the_file_can_be_loaded_again(money: Money) -> None:
    done = loaded(money)
    gone = undo(ledger_import=done, reason="The wrong file", by=money.finance)
    assert (gone.status, gone.undo_reason) == ("undone", "The wrong file")
    assert SpendLine.objects.in_force().total() == D("0.00")
    assert Transaction.objects.filter(voided_at__isnull=False).count() == 5
    entry = Transaction.objects.first()
    assert entry.version == 2 and entry.history.count() == 2
    assert entry.history.latest().void_reason == "I-000001: The wrong file"
    assert loaded(money).rows_added == 5


def test_what_is_declared_is_reversed_in_the_open_quarter(money: Money) -> None:
    done = loaded(money)
    declare(source=money.grant, quarter=money.quarter(), nil=False, by=money.finance)
    undo(ledger_import=done, reason="The wrong file", by=money.finance)
    assert SpendLine.objects.in_force().total() == D("0.00")
    assert not Transaction.objects.filter(voided_at__isnull=False).exists()
    back = SpendLine.objects.filter(transaction__kind="reversal")
    assert set(back.values_list("quarter__code", flat=True)) == {"2023-24-Q2"}
    assert back.total() == D("-3399.98")


def test_an_undo_needs_a_reason_and_a_commit(money: Money) -> None:
    found = staged(money)
    assert "nothing to undo" in refusal(undo, ledger_import=found, reason="x", by=money.finance)
    done = loaded(money)
    assert "Give the reason" in refusal(undo, ledger_import=done, reason=" ", by=money.finance)


def test_an_undo_passes_over_what_was_taken_back_in_full(money: Money) -> None:
    done = loaded(money, APRIL[:2])
    first = Transaction.objects.get(document_number="INV-1")
    reverse(original=first, quarter=money.quarter(), reason="Wrong", by=money.finance)
    undo(ledger_import=done, reason="The wrong file", by=money.finance)
    assert SpendLine.objects.in_force().total() == D("0.00")


def test_a_voided_entry_frees_its_row(money: Money) -> None:
    loaded(money, APRIL[:1])
    void(entry=Transaction.objects.get(), reason="Mistaken", by=money.finance)
    assert staged(money, APRIL[:1]).rows.get().decision == Decision.LEAVE


def test_discarding_deletes_rows_and_file_and_keeps_the_counts(money: Money) -> None:
    gone = discard(ledger_import=staged(money), by=money.finance)
    assert (gone.status, gone.rows_read) == ("discarded", 5)
    assert not LedgerRow.objects.exists() and not LedgerFile.objects.exists()


def test_an_ambiguous_date_order_is_asked_and_the_answer_remembered(money: Money) -> None:
    rows = [("03/04/2023", "", "A", "1", "x", "5.00"), ("05/06/2023", "", "B", "2", "x", "6.00")]
    found = staged(money, rows)
    assert found.dates_asked
    add(money, found)
    assert "day or the month first" in refusal(commit, ledger_import=found, by=money.finance)
    read_again(ledger_import=found, columns={}, order="month", by=money.finance)
    found.refresh_from_db()
    assert not found.dates_asked
    assert list(found.rows.values_list("date", flat=True)) == [date(2023, 3, 4), date(2023, 5, 6)]
    later = staged(money, [("01/02/2023", "", "C", "3", "x", "5.00")])
    assert not later.dates_asked and later.rows.get().date == date(2023, 1, 2)


def test_a_remembered_order_that_a_file_disproves_is_asked_again(money: Money) -> None:
    found = staged(money, [("03/04/2023", "", "A", "1", "x", "5.00")])
    read_again(ledger_import=found, columns={}, order="day", by=money.finance)
    assert staged(money, [("04/30/2023", "", "A", "1", "x", "5.00")]).dates_asked


def test_columns_are_remembered_by_the_header(money: Money) -> None:
    found = staged(money, APRIL[:2])
    key = found.file.sheets[0]["key"]
    read_again(ledger_import=found, columns={key: {"description": 1}}, order="", by=money.finance)
    assert set(found.rows.values_list("description", flat=True)) == {"DA01"}
    assert ColumnMap.objects.get().columns == {"description": 1}
    assert staged(money, APRIL[3:4]).rows.get().description == "HW02"


def test_rows_without_a_date_take_the_one_given(money: Money) -> None:
    found = staged(money, [APRIL[0], ("", "", "A", "1", "x", "5.00")])
    read_again(ledger_import=found, columns={}, order="", undated_on=date(2023, 4, 30), by=money.finance)
    assert found.rows.get(document="1").date == date(2023, 4, 30)


def test_officers_see_their_own_imports_and_auditors_what_became_entries(money: Money) -> None:
    done, open_one = loaded(money, APRIL[:2]), staged(money, APRIL[2:])
    auditor, council = factories.person("auditor", "pfcc"), money.council_finance
    assert set(LedgerImport.objects.visible_to(auditor)) == {done, open_one}
    assert set(LedgerRow.objects.visible_to(auditor)) == set(done.rows.all())
    assert not LedgerImport.objects.visible_to(council) and not LedgerRow.objects.visible_to(council)
    assert LedgerRow.objects.visible_to(money.finance).count() == 5
