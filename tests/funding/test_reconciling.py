"""Reconciling: the ledger's total against our record by accounting date, items over quarters and years, the lock."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from board import clock
from board.models import Quarter
from core.problems import Refused
from funding import claims
from funding.models import ControlTotal, ReconcilingItem, Transaction
from funding.reconciling import Reconciliation, add_item, clear_item, ledgers_of, reconciliation, record_total
from funding.spending import Charge, reverse, void
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
PRINT = "Cost centre 4711, run on 4 July 2023"


def stands(money: Money, quarter: str = "2023-24-Q1", organisation: str = "pfcc") -> Reconciliation:
    return reconciliation(factories.organisation(organisation), money.programme, money.quarter(quarter))


def total(money: Money, amount: str, quarter: str = "2023-24-Q1", **fields: object) -> ControlTotal:
    given = {"ledger_print": PRINT, "by": money.finance, **fields}
    return record_total(programme=money.programme, quarter=money.quarter(quarter), amount=D(amount), **given)


def item(money: Money, amount: str, quarter: str = "2023-24-Q1", **fields: object) -> ReconcilingItem:
    given = {"kind": "timing", "reason": "Posted in July", "by": money.finance, **fields}
    return add_item(programme=money.programme, quarter=money.quarter(quarter), amount=D(amount), **given)


def certify(money: Money, quarter: str = "2023-24-Q1") -> None:
    row = money.quarter(quarter)
    Quarter.objects.filter(pk=row.pk).update(money_closed_at=clock.now(), money_closed_by=money.finance)
    row = money.quarter(quarter)
    claims.certify(
        source=money.grant,
        quarter=row,
        reference=f"{money.programme.code}/claim/{quarter}/r1",
        content_hash="",
        expected=claims.work_out(money.grant, row, today=clock.today()).amount,
        by=money.finance,
    )


def test_without_the_ledgers_total_nothing_is_said(money: Money) -> None:
    money.record("100.00")
    found = stands(money)
    assert (found.control, found.ours, found.unexplained, found.is_reconciled) == (None, D("100.00"), None, False)


def test_the_difference_is_the_ledger_less_our_record_to_the_penny(money: Money) -> None:
    money.record("100.01")
    total(money, "100.03")
    assert stands(money).unexplained == D("0.02")
    item(money, "0.02")
    assert stands(money).unexplained == D("0.00")
    assert stands(money).is_reconciled


def test_an_item_is_negative_where_the_ledger_has_less(money: Money) -> None:
    money.record("500.00", kind=Transaction.Kind.ACCRUAL, on=date(2023, 6, 30))
    total(money, "0.00")
    item(money, "-500.00", kind="accrual")
    assert stands(money).is_reconciled


def test_our_side_is_by_accounting_date_whatever_quarter_records_it(money: Money) -> None:
    """An invoice of May recorded in Q2 is in the ledger's Q1."""
    with clock.at(date(2023, 8, 20)):
        second = Charge(money.line(), money.quarter("2023-24-Q2"), relates_to=money.quarter())
        money.record("40.00", second, on=date(2023, 5, 20))
        money.record("7.00", Charge(money.line(), money.quarter("2023-24-Q2")), on=date(2023, 7, 1))
    assert stands(money).ours == D("40.00")
    assert stands(money, "2023-24-Q2").ours == D("47.00")


def test_reversals_are_in_and_void_entries_are_out(money: Money) -> None:
    kept, struck = money.record("30.00"), money.record("11.00")
    void(entry=struck, reason="Typed twice", by=money.finance)
    assert stands(money).ours == D("30.00")
    reverse(original=kept, quarter=money.quarter("2023-24-Q2"), reason="Wrong programme", by=money.finance)
    assert stands(money).ours == D("30.00")
    assert stands(money, "2023-24-Q2").ours == D("0.00")


def test_in_kind_and_payments_on_account_and_what_takes_them_back_are_out(money: Money) -> None:
    paid = money.record("900.00", kind=Transaction.Kind.ADVANCE)
    assert stands(money).ours == D("0.00")
    reverse(original=paid, quarter=money.quarter("2023-24-Q2"), reason="Returned", by=money.finance)
    assert stands(money, "2023-24-Q2").ours == D("0.00")
    charge = Charge(money.line(source=money.ecc_in_kind), money.quarter())
    money.record("50.00", charge, by=money.council_finance, kind=Transaction.Kind.IN_KIND, quantity_hundredths=200)
    assert stands(money, organisation="ecc").ours == D("0.00")


def test_each_ledger_holds_its_own_alone(money: Money) -> None:
    money.record("100.00")
    money.record("7.00", Charge(money.line(source=money.ecc_cash), money.quarter()), by=money.council_finance)
    assert [row.code for row in ledgers_of(money.programme)] == ["pfcc", "ecc"]
    assert (stands(money).ours, stands(money, organisation="ecc").ours) == (D("100.00"), D("7.00"))


def test_an_open_item_comes_forward_and_a_cleared_one_counts_until_it_came_right(money: Money) -> None:
    total(money, "25.00")
    found = item(money, "25.00")
    with clock.at(date(2023, 10, 5)):
        assert stands(money, "2023-24-Q2").explained == D("25.00")
        clear_item(item=found, cleared_on=date(2023, 7, 14), cleared_reason="Journal 88", by=money.finance)
        assert stands(money).explained == D("25.00")
        assert stands(money, "2023-24-Q2").explained == D("0.00")
        assert stands(money, "2023-24-Q2").items == ()


def test_over_the_years_end_an_item_counts_nothing_until_it_comes_right_with_its_sign_changed(money: Money) -> None:
    """£60 accrued by us and not in the ledger at 31 March: reversed on 1 April here, never there."""
    with clock.at(date(2024, 4, 3)):
        fourth = Charge(money.line(), money.quarter("2023-24-Q4"))
        accrual = money.record("60.00", fourth, on=date(2024, 3, 31), kind=Transaction.Kind.ACCRUAL)
        total(money, "0.00", "2023-24-Q4")
        found = item(money, "-60.00", "2023-24-Q4", kind="accrual")
        assert stands(money, "2023-24-Q4").is_reconciled
        assert stands(money, "2024-25-Q1").explained == D("0.00")
    with clock.at(date(2024, 7, 3)):
        over = Quarter.objects.filter(code__in=["2023-24-Q4", "2023-24-closing"])
        over.update(money_closed_at=clock.now(), money_closed_by=money.finance)
        reverse(original=accrual, quarter=money.quarter("2024-25-Q1"), reason="Closed", by=money.finance)
        total(money, "0.00", "2024-25-Q1")
        assert stands(money, "2024-25-Q1").unexplained == D("60.00")
        clear_item(item=found, cleared_on=date(2024, 4, 1), cleared_reason="Reversed", by=money.finance)
        assert stands(money, "2024-25-Q1").explained == D("60.00")
        assert stands(money, "2024-25-Q1").is_reconciled
        assert stands(money, "2023-24-Q4").is_reconciled


def test_what_came_right_in_the_old_year_counts_nowhere(money: Money) -> None:
    """The ledger had an invoice of March that we recorded in May under its own date."""
    with clock.at(date(2024, 4, 3)):
        total(money, "80.00", "2023-24-Q4")
        found = item(money, "80.00", "2023-24-Q4")
    with clock.at(date(2024, 5, 9)):
        late = Charge(money.line(year="2024-25"), money.quarter("2024-25-Q1"))
        served = {"service_from": date(2024, 4, 2), "service_to": date(2024, 4, 2)}
        money.record("80.00", late, on=date(2024, 3, 20), **served)
        assert stands(money, "2023-24-Q4").unexplained == D("-80.00")
        clear_item(item=found, cleared_on=date(2024, 3, 20), cleared_reason="Recorded", by=money.finance)
        assert stands(money, "2023-24-Q4").is_reconciled
        assert stands(money, "2024-25-Q1").explained == D("0.00")


def test_a_closing_period_is_read_to_the_day_of_its_print(money: Money) -> None:
    Quarter.objects.filter(code="2023-24-Q4").update(money_closed_at=clock.now(), money_closed_by=money.finance)
    with clock.at(date(2024, 6, 28)):
        closing = Charge(money.line(), money.quarter("2023-24-closing"))
        money.record(
            "10.00", closing, on=date(2024, 5, 14), service_from=date(2024, 3, 1), service_to=date(2024, 3, 31)
        )
        total(money, "10.00", "2023-24-closing", as_at=date(2024, 5, 14))
        assert stands(money, "2023-24-closing").is_reconciled
        # The cost is of 2023-24; the ledger that shows it is that of 2024-25.
        assert stands(money, "2024-25-Q1").ours == D("10.00")
        assert stands(money, "2023-24-Q4").ours == D("0.00")
        row = total(money, "0.00", "2023-24-closing", as_at=date(2024, 5, 13), seen_version=1)
        assert (row.as_at, stands(money, "2023-24-closing").ours) == (date(2024, 5, 13), D("0.00"))


def test_a_quarter_is_read_to_its_last_day_and_not_before_it(money: Money) -> None:
    assert total(money, "1.00", as_at=date(2023, 5, 1)).as_at == date(2023, 6, 30)
    with pytest.raises(Refused, match="still ahead"):
        total(money, "1.00", "2023-24-Q2")


def test_a_total_is_changed_under_its_version_and_never_doubled(money: Money) -> None:
    row = total(money, "1.00")
    with pytest.raises(Refused, match="has recorded £1"):
        total(money, "2.00")
    total(money, "2.00", seen_version=row.version)
    with pytest.raises(Refused, match="Somebody else changed this"):
        total(money, "3.00", seen_version=row.version)
    assert ControlTotal.objects.get().amount == D("2.00")


def test_a_double_click_makes_one_item(money: Money) -> None:
    total(money, "5.00")
    once = uuid4()
    assert item(money, "5.00", once=once) == item(money, "5.00", once=once)
    assert ReconcilingItem.objects.count() == 1


def test_an_item_needs_a_total_an_amount_and_a_reason(money: Money) -> None:
    with pytest.raises(Refused) as refusal:
        item(money, "0.00", reason=" ")
    assert [problem.where for problem in refusal.value.problems] == ["", "amount", "reason"]


def test_only_its_own_officers_reconcile_a_ledger(money: Money) -> None:
    total(money, "5.00")
    found = item(money, "5.00")
    with pytest.raises(Refused, match="its officers clear it"):
        clear_item(item=found, cleared_on=clock.today(), cleared_reason="So", by=money.council_finance)
    with pytest.raises(Refused, match="holds no money"):
        total(money, "5.00", by=factories.person("finance-officer", "southend"))


def test_a_claim_that_was_certified_before_any_total_may_still_be_given_one(money: Money) -> None:
    """A database that came from before totals has such claims, and a revision asks for the total."""
    money.record("100.00")
    certify(money)
    with clock.at(date(2023, 8, 1)):
        row = total(money, "100.02")
        item(money, "0.02")
        assert stands(money).is_reconciled
        total(money, "100.02", ledger_print="The same, printed again", seen_version=row.version)


def test_what_a_certified_claim_stood_on_is_not_changed(money: Money) -> None:
    money.record("100.00")
    row = total(money, "108.00")
    found = item(money, "8.00")
    certify(money)
    with pytest.raises(Refused, match="is certified on this reconciliation"):
        total(money, "100.00", seen_version=row.version)
    with pytest.raises(Refused, match="is certified on this reconciliation"):
        item(money, "1.00")
    with pytest.raises(Refused, match="of it unexplained"):
        clear_item(item=found, cleared_on=date(2023, 6, 30), cleared_reason="So", by=money.finance)
    found.refresh_from_db()
    assert found.cleared_on is None
    clear_item(item=found, cleared_on=date(2023, 7, 1), cleared_reason="Journal", by=money.finance)
    assert stands(money).is_reconciled


def test_an_item_is_cleared_once_and_not_ahead(money: Money) -> None:
    total(money, "5.00")
    found = item(money, "5.00")
    with pytest.raises(Refused, match="in the future"):
        clear_item(item=found, cleared_on=date(2023, 7, 6), cleared_reason="So", by=money.finance)
    clear_item(item=found, cleared_on=date(2023, 7, 5), cleared_reason="So", by=money.finance)
    with pytest.raises(Refused, match="cleared already"):
        clear_item(item=found, cleared_on=date(2023, 7, 5), cleared_reason="So", by=money.finance)


def test_who_sees_which_ledger(money: Money) -> None:
    total(money, "5.00")
    total(money, "7.00", by=money.council_finance)
    seen = {
        "finance-officer/pfcc": 2,
        "cfo/pfcc": 2,
        "auditor/home-office": 2,
        "finance-officer/ecc": 1,
        "finance-officer/southend": 0,
        "kpi-reporter/change": 0,
        "board-member/setdab": 0,
    }
    for who, count in seen.items():
        user = factories.person(*who.split("/"))
        assert ControlTotal.objects.visible_to(user).count() == count, who
