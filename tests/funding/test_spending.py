"""Recording spend: what is written, what is held, what is refused, and how it is put right."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from board import clock
from board.models import UNALLOCATED
from core.problems import Refused
from funding.models import SpendLine, Transaction
from funding.spending import Charge, credit, reconsider, record, remaining_by_line, reverse, split, void
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
JULY = date(2023, 7, 5)


@pytest.fixture
def money() -> Money:
    with clock.at(JULY):
        yield factories.money(factories.programme())


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.code for problem in refused.value.problems if problem.blocking]


def test_an_entry_on_one_line_takes_the_whole_cost(money: Money) -> None:
    entry = money.record("12400.00")
    line = entry.lines.get()
    assert (line.cost, line.net, line.state) == (D("12400.00"), D("12400.00"), SpendLine.State.CLAIMABLE)
    assert entry.reference == "T-000001"


def test_recovered_vat_is_no_cost(money: Money) -> None:
    entry = money.record("1000.00", vat=D("200.00"), recoverable_vat=D("200.00"))
    assert entry.cost == D("1000.00")
    assert entry.lines.get().cost == D("1000.00")


def test_vat_that_is_not_recovered_is_cost(money: Money) -> None:
    assert money.record("1000.00", vat=D("200.00"), recoverable_vat=D("50.00")).cost == D("1150.00")


def test_a_split_by_percentage_sums_to_the_penny(money: Money) -> None:
    charges = [
        Charge(money.line(project), money.quarter(), percent=D(percent))
        for project, percent in (("CHB", "33.34"), ("SIS", "33.33"), ("GDM", "33.33"))
    ]
    entry = money.record("100.01", *charges)
    costs = [line.cost for line in entry.lines.order_by("number")]
    assert costs == [D("33.35"), D("33.33"), D("33.33")]
    assert sum(costs) == D("100.01")


def test_a_split_by_amount_that_does_not_add_up_says_by_how_much(money: Money) -> None:
    charges = [
        Charge(money.line("CHB"), money.quarter(), D("60.00")),
        Charge(money.line("SIS"), money.quarter(), D("39.99")),
    ]
    with pytest.raises(Refused, match=r"£0\.01 too little") as refused:
        money.record("100.00", *charges)
    assert codes(refused) == ["F18"]
    assert not Transaction.objects.exists()


def test_percentages_that_miss_a_hundred_are_refused(money: Money) -> None:
    charges = [
        Charge(money.line("CHB"), money.quarter(), percent=D("60")),
        Charge(money.line("SIS"), money.quarter(), percent=D("39")),
    ]
    with pytest.raises(Refused, match="add up to 99"):
        split(D("100.00"), charges)


def test_amounts_and_percentages_are_not_mixed(money: Money) -> None:
    charges = [
        Charge(money.line("CHB"), money.quarter(), percent=D("60")),
        Charge(money.line("SIS"), money.quarter(), D("40")),
    ]
    with pytest.raises(Refused, match="not a mixture"):
        split(D("100.00"), charges)


def test_a_double_click_makes_one_entry(money: Money) -> None:
    once = uuid4()
    charges = [Charge(money.line(), money.quarter())]
    first = record(entry=money.entry("10.00"), charges=charges, by=money.finance, once=once)
    second = record(entry=money.entry("10.00"), charges=charges, by=money.finance, once=once)
    assert first.transaction == second.transaction
    assert Transaction.objects.count() == 1


def test_every_problem_is_told_at_once(money: Money) -> None:
    with pytest.raises(Refused) as refused:
        money.record(
            "10.00",
            Charge(money.line(heading=UNALLOCATED), money.quarter(), D("9.00")),
            on=date(2023, 7, 6),
        )
    assert sorted(codes(refused)) == ["F02", "F03", "F18"]


def test_a_closed_quarter_refuses_and_says_where_to_go(money: Money) -> None:
    quarter = money.quarter()
    quarter.money_closed_at, quarter.money_closed_by = clock.now(), money.finance
    quarter.save()
    with pytest.raises(Refused, match=r"closed for spend on 5 July 2023\. Record it in an open quarter"):
        money.record("10.00")


def test_a_quarter_that_has_not_begun_refuses(money: Money) -> None:
    with pytest.raises(Refused, match="has not begun"):
        money.record("10.00", Charge(money.line(), money.quarter("2023-24-Q3")))


def test_a_source_kept_by_another_organisation_is_refused(money: Money) -> None:
    with pytest.raises(Refused, match="is kept by PFCC for Essex"):
        money.record("10.00", by=money.council_finance)


def test_in_kind_never_touches_the_grant(money: Money) -> None:
    with pytest.raises(Refused) as refused:
        money.record("10.00", kind=Transaction.Kind.IN_KIND, quantity_hundredths=100)
    assert codes(refused) == ["F06"]


def test_the_same_document_again_is_refused_until_a_reason_is_given(money: Money) -> None:
    money.record("10.00", document_number="INV-1")
    with pytest.raises(Refused, match="T-000001 has the same supplier and document number and amount"):
        money.record("10.00", document_number="inv-1")
    assert money.record("10.00", document_number="INV-1", reason="Two deliveries on one day").pk


def test_a_capital_item_is_recorded_and_held(money: Money) -> None:
    line = money.record("10.00", Charge(money.line(heading="capital"), money.quarter())).lines.get()
    assert (line.state, line.state_reason) == ("held", "capital")


def test_an_ineligible_heading_is_recorded_and_not_claimable(money: Money) -> None:
    line = money.record("10.00", Charge(money.line(heading="hospitality"), money.quarter())).lines.get()
    assert (line.state, line.state_reason) == ("not-claimable", "ineligible-heading")


def test_the_line_that_passes_the_contracts_value_is_held_whole(money: Money) -> None:
    line = money.line()
    contract = factories.contract(money.programme, values={(line.project, line.year): D("100.00")})
    first = money.record("60.00", contract=contract, supplier_name="A").lines.get()
    second = money.record("50.00", contract=contract, supplier_name="B").lines.get()
    third = money.record("40.00", contract=contract, supplier_name="C").lines.get()
    assert [row.state for row in (first, second, third)] == ["claimable", "held", "held"]


def test_a_held_line_is_released_when_its_contract_is_signed(money: Money) -> None:
    line = money.line()
    contract = factories.contract(money.programme, values={(line.project, line.year): D("100.00")}, signed_on=None)
    entry = money.record("60.00", contract=contract)
    assert entry.lines.get().state_reason == "contract-not-signed"
    contract.signed_on = JULY
    contract.save()
    entry.refresh_from_db()
    reconsider(entry=Transaction.objects.get(pk=entry.pk), by=money.finance)
    assert entry.lines.get().state == "claimable"


def test_service_outside_the_contract_is_held_whatever_the_payment_date(money: Money) -> None:
    line = money.line()
    contract = factories.contract(
        money.programme, values={(line.project, line.year): D("100.00")}, starts_on=date(2023, 5, 1)
    )
    entry = money.record("60.00", contract=contract, service_from=date(2023, 4, 30), service_to=date(2023, 5, 31))
    assert entry.lines.get().state_reason == "outside-contract-dates"


def test_a_full_reversal_mirrors_the_stored_split(money: Money) -> None:
    charges = [Charge(money.line(p), money.quarter(), percent=D(w)) for p, w in (("CHB", "33.34"), ("SIS", "66.66"))]
    entry = money.record("0.05", *charges)
    mirror = reverse(original=entry, quarter=money.quarter("2023-24-Q2"), reason="Paid twice", by=money.finance)
    pairs = zip(entry.lines.order_by("number"), mirror.lines.order_by("number"), strict=True)
    assert all(a.cost == -b.cost and a.net == -b.net and a.state == b.state for a, b in pairs)
    assert mirror.lines.first().relates_to == money.quarter()


def test_a_reversed_entry_cannot_be_reversed_again(money: Money) -> None:
    entry = money.record("5.00")
    reverse(original=entry, quarter=money.quarter(), reason="Paid twice", by=money.finance)
    with pytest.raises(Refused, match="already taken back"):
        reverse(original=entry, quarter=money.quarter(), reason="Paid twice", by=money.finance)


def test_partial_credits_bring_each_line_to_exactly_nought(money: Money) -> None:
    charges = [Charge(money.line(p), money.quarter(), percent=D(w)) for p, w in (("CHB", "33.34"), ("SIS", "66.66"))]
    entry = money.record("100.01", *charges)
    for amount in ("33.33", "33.33", "33.35"):
        credit(
            original=entry,
            quarter=money.quarter(),
            amount=D(amount),
            document_number="CN",
            reason="Returned",
            by=money.finance,
        )
    assert remaining_by_line(entry) == [D("0.00"), D("0.00")]
    with pytest.raises(Refused, match=r"Only £0\.00 of T-000001 remains"):
        credit(
            original=entry,
            quarter=money.quarter(),
            amount=D("0.01"),
            document_number="CN",
            reason="x",
            by=money.finance,
        )


def test_a_credit_without_its_original_gives_the_reason(money: Money) -> None:
    with pytest.raises(Refused) as refused:
        money.record("-10.00")
    assert codes(refused) == ["F01"]
    assert (
        money.record("-10.00", reason="Refund of a deposit paid before the programme").lines.get().state == "claimable"
    )


def test_void_keeps_the_entry_and_counts_it_nowhere(money: Money) -> None:
    entry = money.record("5.00")
    void(entry=entry, reason="Typed twice", by=money.finance)
    assert Transaction.objects.get().void_reason == "Typed twice"
    assert SpendLine.objects.spend().total() == D("0.00")


def test_void_refuses_what_somebody_changed_meanwhile(money: Money) -> None:
    entry = money.record("5.00")
    with pytest.raises(Refused, match="Somebody else changed this"):
        void(entry=entry, reason="Typed twice", by=money.finance, seen_version=7)


def test_late_cost_of_a_year_goes_to_its_closing_period(money: Money) -> None:
    with clock.at(date(2024, 4, 20)), pytest.raises(Refused, match="goes to the closing period of 2023-24"):
        money.record("10.00", Charge(money.line(), money.quarter("2024-25-Q1")), on=date(2024, 4, 2))


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"cost": D("9.99")}, "transaction_cost_adds_up"),
        ({"vat": D("1.00"), "recoverable_vat": D("2.00"), "cost": D("9.00")}, "transaction_recoverable_vat_within_vat"),
        ({"service_to": date(2023, 6, 14)}, "transaction_service_ends_after_it_starts"),
        ({"voided_at": clock.now}, "transaction_void_has_a_reason"),
        ({"kind": "reversal"}, "transaction_reversal_names_what_it_takes_back"),
        ({"kind": "in-kind"}, "transaction_in_kind_has_a_quantity"),
    ],
)
def test_the_database_itself_refuses_what_cannot_be_true(money: Money, fields: dict, constraint: str) -> None:
    plain = {name: value() if callable(value) else value for name, value in fields.items()}
    kind = plain.pop("kind", "actual")
    entry = money.entry("10.00", kind=kind, reference="T-X", recorded_by=money.programme.recipient)
    entry.cost = D("10.00")
    for name, value in plain.items():
        setattr(entry, name, value)
    entry.created_by = entry.changed_by = money.finance
    entry.created_at = entry.changed_at = clock.now()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        entry.save()


class TestTheSamePageSentTwice:
    """A double click records once; going back in the browser and typing another invoice is not a double click."""

    def test_the_same_figures_give_the_same_row(self, money: Money) -> None:
        once, charges = uuid4(), [Charge(money.line(), money.quarter())]
        first = record(entry=money.entry("33.00"), charges=charges, by=money.finance, once=once).transaction
        again = record(entry=money.entry("33.00"), charges=charges, by=money.finance, once=once).transaction
        assert again == first and Transaction.objects.count() == 1

    def test_other_figures_are_refused_and_said_not_to_be_recorded(self, money: Money) -> None:
        once, charges = uuid4(), [Charge(money.line(), money.quarter())]
        record(entry=money.entry("33.00"), charges=charges, by=money.finance, once=once)
        with pytest.raises(Refused, match="This page has recorded T-000001 already, with other figures"):
            record(entry=money.entry("44.44"), charges=charges, by=money.finance, once=once)

    def test_a_credit_sent_twice_is_taken_once(self, money: Money) -> None:
        entry, once = money.record("100.00"), uuid4()
        for _ in range(2):
            credit(
                original=entry, quarter=money.quarter(), amount=D("40.00"), document_number="CN", reason="Short",
                by=money.finance, once=once,
            )  # fmt: skip
        assert remaining_by_line(entry) == [D("60.00")]


def test_a_partial_credit_has_vat_in_the_originals_proportion(money: Money) -> None:
    entry = money.record("100.00", vat=D("20.00"), recoverable_vat=D("20.00"))
    back = credit(
        original=entry, quarter=money.quarter(), amount=D("25.00"), document_number="CN", reason="Short",
        by=money.finance,
    )  # fmt: skip
    assert (back.cost, back.net, back.vat, back.recoverable_vat) == (D("-25.00"), D("-25.00"), D("-5.00"), D("-5.00"))
