"""Accruals: what a quarter's end prompts, many raised at once, and what became of each that the close reversed."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from board import clock
from board.models import Quarter
from board.quarters import MONEY
from contracts.models import Contract
from core.problems import Refused
from funding import budgeting, declaring, tying
from funding.accruals import (
    Prompt,
    let_stand,
    open_accruals,
    prompts,
    raise_again,
    raise_many,
    settle,
    standing_accruals,
    times_raised_again,
    unresolved,
    write_back,
)
from funding.models import BudgetVersion, SpendLine, Transaction
from funding.spending import Charge, reverse, void
from returns import closing
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def contract(money: Money) -> Contract:
    """Worth £24,000 in 2023-24, all of it committed to one budget line."""
    line = money.line()
    made = factories.contract(money.programme, values={(line.project, line.year): D("24000.00")})
    budgeting.commit(contract=made, line=line, amount=D("24000.00"), by=money.finance)
    return made


@pytest.fixture
def accrual(money: Money, contract: Contract) -> Transaction:
    return money.record("600.00", kind=Transaction.Kind.ACCRUAL, contract=contract, on=date(2023, 6, 30))


def close(money: Money, code: str = "2023-24-Q1") -> None:
    closing.close(quarter=money.quarter(code), what=MONEY, by=factories.person("commissioning-officer", "pfcc"))


@pytest.fixture
def reversed_accrual(money: Money, accrual: Transaction) -> Iterator[Transaction]:
    close(money)
    yield Transaction.objects.get(pk=accrual.pk)


def invoice(money: Money, amount: str, contract: Contract | None = None, **fields: object) -> Transaction:
    charge = Charge(money.line(), money.quarter("2023-24-Q2"), relates_to=money.quarter())
    return money.record(amount, charge, contract=contract, document_number=f"INV-{amount}", **fields)


def waiting(money: Money) -> list[Transaction]:
    return open_accruals(money.programme.recipient, money.programme)


# What a quarter's end prompts


def suggested(money: Money, quarter: str = "2023-24-Q1") -> list[tuple[str, Decimal]]:
    found = prompts(money.programme.recipient, money.quarter(quarter))
    return [(prompt.contract.reference, prompt.suggested) for prompt in found]


def test_a_live_contract_without_an_entry_is_prompted_with_its_commitment_by_days(
    money: Money, contract: Contract
) -> None:
    # 91 of the year's 366 days.
    assert suggested(money) == [("C-001", D("5967.21"))]


def test_a_line_with_a_profile_is_prompted_with_the_profile_less_what_is_recorded(
    money: Money, contract: Contract
) -> None:
    line, year = money.line(), money.line().year
    quarters = {money.quarter(f"2023-24-Q{number}"): D("6000.00") for number in (1, 2, 3, 4)}
    budgeting.set_budget(
        source=money.grant, year=year, kind=BudgetVersion.Kind.ORIGINAL, effective_on=date(2023, 4, 1), reason="First",
        profiles={(line, quarter): amount for quarter, amount in quarters.items()}
        | {(money.line("SIS"), money.quarter()): D("576000.00")},
        by=money.finance,
    )  # fmt: skip
    assert suggested(money) == [("C-001", D("6000.00"))]
    money.record("2500.00", contract=contract)
    assert suggested(money) == [("C-001", D("3500.00"))]
    # Of another quarter's service, so it does not count.
    money.record("4000.00", contract=contract, service_from=date(2023, 7, 1), service_to=date(2023, 7, 4))
    assert suggested(money) == [("C-001", D("3500.00"))]
    money.record("3500.00", contract=contract, kind=Transaction.Kind.ACCRUAL)
    assert suggested(money) == []


def test_no_more_is_suggested_than_is_still_committed(money: Money, contract: Contract) -> None:
    money.record("20000.00", contract=contract, service_from=date(2023, 7, 1), service_to=date(2023, 7, 4))
    assert suggested(money) == [("C-001", D("4000.00"))]


def test_what_does_not_run_or_reports_its_spend_is_not_prompted(money: Money) -> None:
    line = money.line("SIS")
    worth = {(line.project, line.year): D("100.00")}
    later = factories.contract(money.programme, reference="C-7", starts_on=date(2023, 7, 1), values=worth)
    agreement = factories.contract(money.programme, reference="C-8", kind="grant-agreement", values=worth)
    for one in (later, agreement):
        budgeting.commit(contract=one, line=line, amount=D("100.00"), by=money.finance)
    assert suggested(money) == []
    assert [reference for reference, _ in suggested(money, "2023-24-Q2")] == ["C-7"]


def prompted(money: Money) -> list[Prompt]:
    return prompts(money.programme.recipient, money.quarter())


def test_many_are_raised_at_once_or_none(money: Money, contract: Contract) -> None:
    line = money.line("SIS", "staff")
    second = factories.contract(
        money.programme, reference="C-002", starts_on=date(2023, 5, 1), values={(line.project, line.year): D("9000.00")}
    )
    budgeting.commit(contract=second, line=line, amount=D("9000.00"), by=money.finance)
    found = prompted(money)
    given = {"quarter": money.quarter(), "description": "Service of Q1", "by": money.finance}
    with pytest.raises(Refused) as refusal:
        raise_many(amounts={found[0]: D("10.00"), found[1]: D("-1.00")}, **given)
    assert [problem.where for problem in refusal.value.problems] == [found[1].key]
    assert not Transaction.objects.exists()
    once = uuid4()
    amounts = {found[0]: D("10.00"), found[1]: D("20.00")}
    written = raise_many(amounts=amounts, once=once, **given)
    assert [(entry.contract, entry.cost, entry.service_from) for entry in written] == [
        (contract, D("10.00"), date(2023, 4, 1)),
        (second, D("20.00"), date(2023, 5, 1)),
    ]
    assert {entry.accounting_on for entry in written} == {date(2023, 6, 30)}
    assert raise_many(amounts=amounts, once=once, **given) == written
    assert Transaction.objects.filter(kind="accrual").count() == 2


def test_a_refusal_of_one_names_its_box_and_leaves_none(money: Money, contract: Contract) -> None:
    [prompt] = prompted(money)
    declaring.declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)
    with pytest.raises(Refused) as refusal:
        raise_many(quarter=money.quarter(), amounts={prompt: D("1.00")}, description="x", by=money.finance)
    assert [problem.where for problem in refusal.value.problems] == [prompt.key]
    with pytest.raises(Refused, match="at least one accrual"):
        raise_many(quarter=money.quarter(), amounts={}, description="x", by=money.finance)


# What became of them


def test_an_accrual_is_open_from_the_close_that_reversed_it(money: Money, accrual: Transaction) -> None:
    assert waiting(money) == []
    close(money)
    assert waiting(money) == [accrual]
    assert [problem.code for problem in unresolved(money.grant, money.quarter("2023-24-Q2"))] == ["F21"]
    assert list(unresolved(money.ecc_cash, money.quarter("2023-24-Q2"))) == []


def test_one_that_an_officer_took_back_by_hand_is_not_open(money: Money, accrual: Transaction) -> None:
    reverse(original=accrual, quarter=money.quarter(), reason="Not received after all", by=money.finance)
    close(money)
    assert waiting(money) == []


def test_the_next_quarter_is_not_declared_before_the_outcome_is_said(
    money: Money, reversed_accrual: Transaction
) -> None:
    second = money.quarter("2023-24-Q2")
    with pytest.raises(Refused, match="The accrual T-000001 is reversed and nothing says what became of it"):
        declaring.declare(source=money.grant, quarter=second, nil=False, by=money.finance)
    write_back(accrual=reversed_accrual, reason="The sessions were cancelled", by=money.finance)
    declaring.declare(source=money.grant, quarter=second, nil=False, by=money.finance)


def test_an_invoice_settles_it_and_a_void_invoice_no_longer_does(money: Money, reversed_accrual: Transaction) -> None:
    paid = invoice(money, "580.00", reversed_accrual.contract)
    assert settle(accrual=reversed_accrual, invoice=paid, by=money.finance).settles == reversed_accrual
    assert waiting(money) == []
    void(entry=paid, reason="Another's", by=money.finance)
    assert waiting(money) == [reversed_accrual]


def test_what_cannot_be_its_invoice_does_not_settle_it(money: Money, reversed_accrual: Transaction) -> None:
    charge = Charge(money.line("SIS"), money.quarter("2023-24-Q2"))
    foreign = money.record("5.00", charge)
    with pytest.raises(Refused, match="another contract and other budget lines"):
        settle(accrual=reversed_accrual, invoice=foreign, by=money.finance)
    with pytest.raises(Refused, match="is no invoice"):
        settle(accrual=reversed_accrual, invoice=reversed_accrual, by=money.finance)
    paid = invoice(money, "580.00")
    with pytest.raises(Refused, match="its officers say what became of it"):
        settle(accrual=reversed_accrual, invoice=paid, by=money.council_finance)
    settle(accrual=reversed_accrual, invoice=paid, by=money.finance)
    other = invoice(money, "1.00")
    with pytest.raises(Refused, match="is said already"):
        settle(accrual=reversed_accrual, invoice=other, by=money.finance)


def test_one_that_is_not_reversed_yet_is_not_settled(money: Money, accrual: Transaction) -> None:
    with pytest.raises(Refused, match="Its quarter's close reverses it"):
        settle(accrual=accrual, invoice=money.record("5.00"), by=money.finance)


def test_it_is_raised_again_at_a_new_estimate_split_as_it_was(money: Money, contract: Contract) -> None:
    quarter = money.quarter()
    charges = [Charge(money.line(), quarter, D("10.00")), Charge(money.line(heading="staff"), quarter, D("20.00"))]
    accrual = money.record("30.00", *charges, kind=Transaction.Kind.ACCRUAL, contract=contract)
    close(money)
    again = raise_again(
        accrual=accrual, quarter=money.quarter("2023-24-Q2"), amount=D("10.00"), reason="", by=money.finance
    )
    lines = list(again.lines.order_by("number"))
    assert [(line.cost, line.relates_to.code) for line in lines] == [
        (D("3.33"), "2023-24-Q1"),
        (D("6.67"), "2023-24-Q1"),
    ]
    assert (again.re_raises, again.service_from, again.kind) == (accrual, accrual.service_from, "accrual")
    assert waiting(money) == []
    void(entry=again, reason="Wrong estimate", by=money.finance)
    assert waiting(money) == [accrual]


def test_what_was_raised_again_is_not_made_void_under_it(money: Money, reversed_accrual: Transaction) -> None:
    second = money.quarter("2023-24-Q2")
    raise_again(accrual=reversed_accrual, quarter=second, amount=D("600.00"), reason="", by=money.finance)
    Quarter.objects.update(money_closed_at=None, money_closed_by=None)
    with pytest.raises(Refused, match="raised again or settled by a later entry"):
        void(entry=reversed_accrual, reason="So", by=money.finance)


def test_the_third_raising_again_needs_a_reason(money: Money, reversed_accrual: Transaction) -> None:
    entry = reversed_accrual
    for number, code in enumerate(("2023-24-Q2", "2023-24-Q3", "2023-24-Q4"), start=1):
        quarter = money.quarter(code)
        given = {"accrual": entry, "quarter": quarter, "amount": D("600.00"), "by": money.finance}
        with clock.at(quarter.last_day):
            if number == 3:
                with pytest.raises(Refused, match="raised again 3 times now"):
                    raise_again(reason=" ", **given)
            entry = raise_again(reason="The purchase order is missing" if number == 3 else "", **given)
            assert times_raised_again([entry])[entry.pk] == number
        if number < 3:
            with clock.at(date.fromordinal(quarter.last_day.toordinal() + 9)):
                close(money, code)


def test_a_double_click_raises_it_again_once(money: Money, reversed_accrual: Transaction) -> None:
    once = uuid4()
    given = {"accrual": reversed_accrual, "quarter": money.quarter("2023-24-Q2"), "amount": D("600.00"), "once": once}
    first = raise_again(reason="", by=money.finance, **given)
    assert raise_again(reason="", by=money.finance, **given) == first


def test_one_written_back_has_its_reason_and_its_invoice_may_come_nevertheless(
    money: Money, reversed_accrual: Transaction
) -> None:
    with pytest.raises(Refused, match="Say why no invoice comes"):
        write_back(accrual=reversed_accrual, reason=" ", by=money.finance)
    written = write_back(accrual=reversed_accrual, reason="Cancelled", by=money.finance)
    assert (written.written_back_on, waiting(money)) == (date(2023, 7, 5), [])
    with pytest.raises(Refused, match="is said already"):
        write_back(accrual=reversed_accrual, reason="Again", by=money.finance)
    paid = invoice(money, "600.00")
    assert settle(accrual=reversed_accrual, invoice=paid, by=money.finance).settles == reversed_accrual


# At the year's end


@pytest.fixture
def at_year_end(money: Money, contract: Contract) -> Iterator[Transaction]:
    """An accrual of quarter 4, raised again in the closing period."""
    fourth = Charge(money.line(), money.quarter("2023-24-Q4"))
    with clock.at(date(2024, 4, 3)):
        first = money.record("600.00", fourth, kind=Transaction.Kind.ACCRUAL, contract=contract, on=date(2024, 3, 31))
        for number in (1, 2, 3, 4):
            close(money, f"2023-24-Q{number}")
        yield raise_again(
            accrual=first, quarter=money.quarter("2023-24-closing"), amount=D("600.00"), reason="", by=money.finance
        )


def end(money: Money) -> None:
    """Close the closing period, after the quarter in which it runs."""
    with clock.at(date(2024, 7, 10)):
        if money.quarter("2024-25-Q1").money_closed_at is None:
            close(money, "2024-25-Q1")
        close(money, "2023-24-closing")


def test_one_that_stands_in_the_closing_period_has_its_reason_before_it_closes(
    money: Money, at_year_end: Transaction
) -> None:
    period = money.quarter("2023-24-closing")
    assert standing_accruals(money.programme.recipient, period) == [at_year_end]
    with pytest.raises(Refused, match="Write it back, or give the reason why it stands"):
        end(money)
    with pytest.raises(Refused, match="Say why it stands"):
        let_stand(accrual=at_year_end, reason="", by=money.finance)
    let_stand(accrual=at_year_end, reason="The provider confirms the sessions", by=money.finance)
    end(money)
    with pytest.raises(Refused, match="does not stand in a closing period that is open"):
        let_stand(accrual=at_year_end, reason="So", by=money.finance)


def test_one_written_back_in_the_closing_period_is_reversed_there(money: Money, at_year_end: Transaction) -> None:
    period = money.quarter("2023-24-closing")
    write_back(accrual=at_year_end, reason="No invoice comes", by=money.finance)
    assert standing_accruals(money.programme.recipient, period) == []
    assert SpendLine.objects.in_force().in_quarter(period).total() == D("-600.00")
    assert SpendLine.objects.in_force().total() == D("0.00")
    assert [row.difference for row in tying.ties([money.grant], money.line().year)] == [D("0.00")]
    end(money)
