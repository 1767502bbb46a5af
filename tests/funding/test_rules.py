"""The rules of spend, each by its number: what blocks, what only warns, and what is held with which release."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from board import clock
from contracts.contracting import vary
from core.problems import Refused
from funding.models import SpendLine, Transaction
from funding.rules import WHAT_RELEASES, march_is_not_outsized
from funding.spending import Charge, reconsider, record, rehearse, reverse
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


def warnings(money: Money, cost: str, **fields: object) -> list[str]:
    done = record(entry=money.entry(cost, **fields), charges=[Charge(money.line(), money.quarter())], by=money.finance)
    return [problem.code for problem in done.warnings if problem.code not in ("F08", "F19")]


@pytest.mark.parametrize("reason", list(SpendLine.Reason))
def test_every_reason_for_holding_says_what_releases_it(reason: str) -> None:
    assert WHAT_RELEASES[reason]


@pytest.mark.parametrize(
    ("vat", "found"),
    [("0.00", []), ("5.00", []), ("20.00", []), ("20.40", []), ("12.50", ["F05"]), ("17.50", ["F05"])],
)
def test_f05_an_odd_rate_of_vat_warns_and_is_recorded(money: Money, vat: str, found: list[str]) -> None:
    assert warnings(money, "100.00", vat=D(vat)) == found


def test_f08_spend_beyond_the_lines_budget_warns(money: Money) -> None:
    done = record(entry=money.entry("10.00"), charges=[Charge(money.line(), money.quarter())], by=money.finance)
    assert "£10.00 is spent of a budget of £0.00" in " ".join(problem.message for problem in done.warnings)


class TestWhatCannotBeTrue:
    def test_f02_a_service_outside_the_lines_year_is_refused(self, money: Money) -> None:
        with pytest.raises(Refused, match=r"is not in 2023-24. Choose a budget line of the year that received it"):
            warnings(money, "10.00", service_from=date(2024, 4, 1), service_to=date(2024, 4, 30))

    def test_f05_vat_of_the_other_sign_is_refused(self, money: Money) -> None:
        with pytest.raises(Refused, match=r"VAT of £20.00 does not go with a net of −£100.00"):
            warnings(money, "-100.00", vat=D("20.00"), reason="Its original is not here")

    def test_f18_a_part_of_the_other_sign_is_refused_by_its_number(self, money: Money) -> None:
        charges = [
            Charge(money.line("CHB"), money.quarter(), amount=D("150.00")),
            Charge(money.line("SIS"), money.quarter(), amount=D("-50.00")),
        ]
        with pytest.raises(Refused, match=r"This part is −£50.00 of a cost of £100.00") as refused:
            record(entry=money.entry("100.00"), charges=charges, by=money.finance)
        assert [problem.where for problem in refused.value.problems if problem.blocking] == ["share-2"]


class TestWhatIsWorthALook:
    def test_f02_a_service_that_reaches_into_another_year(self, money: Money) -> None:
        assert warnings(money, "10.00", service_from=date(2023, 6, 1), service_to=date(2024, 5, 31)) == ["F02"]

    def test_f02_a_date_from_before_the_programme(self, money: Money) -> None:
        assert warnings(money, "10.00", accounting_on=date(1923, 6, 1)) == ["F02"]

    def test_f17_a_second_summary_of_the_same_line_quarter_and_amount(self, money: Money) -> None:
        assert warnings(money, "10.00", kind=Transaction.Kind.SUMMARY) == []
        assert warnings(money, "11.00", kind=Transaction.Kind.SUMMARY) == []
        assert warnings(money, "10.00", kind=Transaction.Kind.SUMMARY) == ["F17"]


def test_a_service_that_outlasts_the_funding_is_held(money: Money) -> None:
    with clock.at(date(2025, 3, 3)):
        last = Charge(money.line(year="2024-25"), money.quarter("2024-25-Q4"))
        entry = money.record("10.00", last, on=date(2025, 3, 1), service_to=date(2025, 12, 31))
    assert entry.lines.get().state_reason == "outside-funding-period"


def test_f17_the_same_document_at_another_amount_only_warns(money: Money) -> None:
    money.record("10.00", document_number="INV-1")
    assert warnings(money, "11.00", document_number="INV-1") == ["F17"]


def test_f17_another_kind_or_a_void_entry_is_no_twin(money: Money) -> None:
    from funding.spending import void

    money.record("10.00", document_number="INV-1", kind=Transaction.Kind.ACCRUAL)
    assert warnings(money, "10.00", document_number="INV-1") == []
    void(entry=Transaction.objects.get(kind="actual"), reason="Twice", by=money.finance)
    assert warnings(money, "10.00", document_number="INV-1") == []


def test_f19_an_outsized_entry_warns(money: Money) -> None:
    from funding.budgeting import set_budget

    set_budget(
        source=money.grant, year=money.line().year, kind="original",
        profiles={(money.line(), money.quarter()): D("600000.00")}, effective_on=date(2023, 4, 1), reason="x",
        by=money.finance,
    )  # fmt: skip
    charges = [Charge(money.line(), money.quarter())]
    small = record(entry=money.entry("150000.00"), charges=charges, by=money.finance)
    large = record(entry=money.entry("150000.01", supplier_name="B"), charges=charges, by=money.finance)
    assert [problem.code for problem in small.warnings] == []
    assert [problem.code for problem in large.warnings] == ["F19"]


@pytest.mark.parametrize(
    ("paid_on", "kind", "found"),
    [
        (date(2023, 6, 14), "actual", ["F20"]),
        (date(2023, 6, 15), "actual", []),
        (None, "actual", []),
        (date(2023, 6, 14), "advance", []),
    ],
)
def test_f20_a_bill_paid_before_its_service_ended_warns(
    money: Money, paid_on: date | None, kind: str, found: list[str]
) -> None:
    told = warnings(money, "10.00", paid_on=paid_on, kind=kind)
    assert [code for code in told if code == "F20"] == found


@pytest.mark.parametrize(("march", "found"), [("25.00", []), ("25.01", ["F20"])])
def test_f20_more_than_a_quarter_of_the_year_in_march_warns(money: Money, march: str, found: list[str]) -> None:
    rest = D("100.00") - D(march)
    with clock.at(date(2024, 3, 31)):
        last = Charge(money.line(), money.quarter("2023-24-Q4"))
        money.record(str(rest), last, on=date(2024, 2, 29), supplier_name="Early")
        money.record(march, last, on=date(2024, 3, 1), supplier_name="Late")
        problems = list(march_is_not_outsized(money.grant, money.line().year, date(2024, 3, 31)))
    assert [problem.code for problem in problems] == found


def test_f20_a_year_without_spend_says_nothing_of_march(money: Money) -> None:
    assert list(march_is_not_outsized(money.grant, money.line().year, date(2024, 3, 31))) == []


def test_f03_a_contract_is_charged_for_the_projects_that_it_serves(money: Money) -> None:
    line = money.line("CHB")
    contract = factories.contract(money.programme, values={(line.project, line.year): D("100.00")})
    with pytest.raises(Refused, match="does not serve Specialist Intervention Service"):
        money.record("1.00", Charge(money.line("SIS"), money.quarter()), contract=contract)


def test_each_part_of_a_split_is_named_by_its_number(money: Money) -> None:
    theirs = money.line(source=money.ecc_cash)
    charges = [
        Charge(money.line(), money.quarter(), D("5.00")),
        Charge(theirs, money.quarter(), D("5.00"), relates_to=money.quarter("2023-24-Q2")),
    ]
    with pytest.raises(Refused) as refused:
        money.record("10.00", *charges)
    assert {problem.where for problem in refused.value.problems if problem.blocking} == {"line-2", "relates_to-2"}


def test_a_closed_quarter_and_a_split_that_misses_are_told_together(money: Money) -> None:
    quarter = money.quarter()
    quarter.money_closed_at, quarter.money_closed_by = clock.now(), money.finance
    quarter.save()
    charges = [
        Charge(money.line("CHB"), quarter, percent=D("50")),
        Charge(money.line("SIS"), quarter, percent=D("40")),
    ]
    with pytest.raises(Refused) as refused:
        money.record("10.00", *charges, on=date(2023, 7, 6))
    assert {problem.where for problem in refused.value.problems} == {"quarter-1", "lines", "accounting_on"}
    assert not Transaction.objects.exists()


def test_two_lines_of_one_entry_do_not_slip_past_the_contracts_value_together(money: Money) -> None:
    first, second = money.line("CHB", "provider"), money.line("CHB", "staff")
    contract = factories.contract(money.programme, values={(first.project, first.year): D("100.00")})
    entry = money.record(
        "120.00", Charge(first, money.quarter(), D("60.00")), Charge(second, money.quarter(), D("60.00")),
        contract=contract,
    )  # fmt: skip
    assert [line.state for line in entry.lines.order_by("number")] == ["claimable", "held"]


def test_a_held_line_is_released_by_a_variation_and_its_credits_with_it(money: Money) -> None:
    line = money.line()
    contract = factories.contract(money.programme, values={(line.project, line.year): D("100.00")})
    entry = money.record("120.00", contract=contract)
    back = reverse(original=entry, quarter=money.quarter("2023-24-Q2"), reason="Paid twice", by=money.finance)
    assert back.lines.get().state == "held"
    vary(
        contract=contract, changes={(line.project, line.year): D("50.00")}, reason="More sessions",
        effective_on=date(2023, 7, 5), approved_on=date(2023, 7, 1),
        by=factories.person("commissioning-officer", "pfcc"),
    )  # fmt: skip
    reconsider(entry=Transaction.objects.get(pk=entry.pk), by=money.finance)
    assert entry.lines.get().state == back.lines.get().state == "claimable"


def test_a_rehearsal_says_what_would_be_and_keeps_nothing(money: Money) -> None:
    charges = [Charge(money.line(heading="capital"), money.quarter())]
    done = rehearse(entry=money.entry("10.00"), charges=charges, by=money.finance)
    assert [(line.cost, line.state_reason) for line in done.lines] == [(D("10.00"), "capital")]
    assert not Transaction.objects.exists() and not SpendLine.objects.exists()
    assert money.record("1.00").reference == "T-000001"


def test_what_takes_back_another_is_not_reversed(money: Money) -> None:
    entry = money.record("5.00")
    back = reverse(original=entry, quarter=money.quarter(), reason="Paid twice", by=money.finance)
    with pytest.raises(Refused, match="T-000002 takes back T-000001"):
        reverse(original=back, quarter=money.quarter(), reason="It was right", by=money.finance)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"service_to": date(2023, 6, 1)}, "The service cannot end before it starts"),
        ({"vat": D("1.00"), "recoverable_vat": D("2.00")}, "lies between nought and the VAT"),
    ],
)
def test_a_table_s_own_rule_speaks_in_plain_words(money: Money, fields: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        money.record("10.00", **fields)
    assert not Transaction.objects.exists()
