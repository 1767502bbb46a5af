"""Match: pledged, received, applied and outstanding, cash and in-kind apart, and what a shortfall puts at risk."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from board import clock
from board.models import Event, Threshold
from core.money import NOUGHT
from core.problems import Refused
from funding.budgeting import award, set_budget
from funding.matching import (
    MatchFigures,
    MatchOfSource,
    Pace,
    match_of,
    paces,
    receive_match,
    together,
    void_match_receipt,
)
from funding.models import MatchReceipt, Source, Transaction
from funding.positions import line_positions
from funding.spending import Charge, void
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = date(2023, 7, 5)


def sources(money: Money) -> list[Source]:
    return [money.grant, money.ecc_cash, money.ecc_in_kind]


def found(money: Money, code: str = "2023-24-Q1") -> dict[str, MatchFigures]:
    quarter = money.quarter(code)
    return {row.source.code: row.figures for row in match_of(sources(money), quarter.year, quarter, today=TODAY)}


def paced(money: Money) -> dict[str, Pace]:
    quarter = money.quarter()
    rows = match_of(sources(money), quarter.year, quarter, today=TODAY)
    return {row.kind: row for row in paces(rows, money.grant, quarter.year, quarter, today=TODAY)}


def apply_cash(money: Money, amount: str, **fields: object) -> Transaction:
    cash = Charge(money.line(source=money.ecc_cash), money.quarter())
    return money.record(amount, cash, by=money.council_finance, **fields)


def apply_hours(money: Money, amount: str, hours: int) -> Transaction:
    kind = Charge(money.line(heading="staff", source=money.ecc_in_kind), money.quarter())
    fields = {"kind": Transaction.Kind.IN_KIND, "quantity_hundredths": hours * 100, "basis": "Youth worker"}
    return money.record(amount, kind, by=money.council_finance, **fields)


def paid_over(money: Money) -> Source:
    """ECC's cash is spent in the recipient's ledger, and so must come to it."""
    money.ecc_cash.kept_by = factories.organisation("pfcc")
    money.ecc_cash.save()
    return money.ecc_cash


def receive(money: Money, amount: str = "5000.00", **fields: object) -> MatchReceipt:
    given = {"source": money.ecc_cash, "year": money.line().year, "received_on": date(2023, 7, 3), "by": money.finance}
    return receive_match(amount=D(amount), **{**given, **fields})


class TestWhatBecameOfAPledge:
    def test_outstanding_is_pledged_less_applied(self, money: Money) -> None:
        apply_cash(money, "4000.00")
        figures = found(money)["ECC-CASH"]
        assert (figures.pledged, figures.secured, figures.applied) == (D("35000.00"), D("35000.00"), D("4000.00"))
        assert (figures.outstanding, figures.applied_percent) == (D("31000.00"), D("11.4"))

    def test_the_grant_is_no_match_and_its_spend_is_in_none_of_it(self, money: Money) -> None:
        money.record("900.00")
        assert set(found(money)) == {"ECC-CASH", "ECC-KIND"}
        assert found(money)["ECC-CASH"].applied == NOUGHT

    def test_a_void_entry_and_a_payment_on_account_apply_nothing(self, money: Money) -> None:
        void(entry=apply_cash(money, "10.00"), reason="Typed twice", by=money.council_finance)
        apply_cash(money, "500.00", kind=Transaction.Kind.ADVANCE)
        assert found(money)["ECC-CASH"].applied == NOUGHT

    def test_a_pledge_that_is_not_secured_is_pledged_all_the_same(self, money: Money) -> None:
        award(
            source=money.ecc_cash, year=money.line().year, amount=D("40000.00"), effective_on=date(2023, 6, 1),
            reason="Not confirmed by cabinet", by=money.finance, secured=False,
        )  # fmt: skip
        assert (found(money)["ECC-CASH"].pledged, found(money)["ECC-CASH"].secured) == (D("40000.00"), NOUGHT)

    def test_nothing_is_to_be_received_of_what_is_in_kind_or_stays_in_the_funders_ledger(self, money: Money) -> None:
        assert found(money)["ECC-KIND"].received is None
        assert found(money)["ECC-CASH"].received is None

    def test_what_is_paid_over_is_received_without_being_spend(self, money: Money) -> None:
        paid_over(money)
        assert found(money)["ECC-CASH"].received == NOUGHT
        receive(money, "5000.00")
        receive(money, "250.50")
        figures = found(money)["ECC-CASH"]
        assert (figures.received, figures.applied, figures.outstanding) == (D("5250.50"), NOUGHT, D("35000.00"))

    def test_match_enters_no_position_of_the_grant(self, money: Money) -> None:
        apply_cash(money, "4000.00")
        receive(money)
        quarter = money.quarter()
        positions = line_positions([money.grant], quarter.year, quarter, today=TODAY)
        assert not any(position.actual_to_date for position in positions.values())

    def test_cash_and_in_kind_are_never_in_one_sum(self, money: Money) -> None:
        cash = MatchOfSource(money.ecc_cash, MatchFigures(pledged=D("1.00"), received=D("2.00")))
        kind = MatchOfSource(money.ecc_in_kind, MatchFigures(pledged=D("1.00")))
        with pytest.raises(ValueError, match="never in one sum"):
            together([cash, kind])
        both = together([cash, MatchOfSource(money.ecc_cash, MatchFigures(pledged=D("3.00")))])
        assert (both.pledged, both.received) == (D("4.00"), D("2.00"))


@pytest.mark.parametrize(
    ("applied", "behind"), [("900.00", False), ("899.99", True), ("1200.00", False), ("0.00", True)]
)
def test_match_is_behind_where_it_falls_short_of_its_profile_by_more_than_the_limit(applied: str, behind: bool) -> None:
    assert MatchFigures(profile_to_date=D("1000.00"), applied=D(applied)).is_behind(D(10)) is behind


def test_match_without_a_profile_to_date_is_not_behind() -> None:
    assert not MatchFigures().is_behind(D(10))


class TestPace:
    def test_match_in_step_with_the_grant_puts_nothing_at_risk(self, money: Money) -> None:
        """£60,000 of £600,000 spent calls for £3,500 of £35,000."""
        money.record("60000.00")
        apply_cash(money, "3500.00")
        pace = paced(money)["cash-match"]
        assert (pace.spent_percent, pace.match.applied_percent) == (D("10.0"), D("10.0"))
        assert (pace.needed, pace.short, pace.at_risk) == (D("3500.00"), NOUGHT, NOUGHT)

    def test_a_shortfall_puts_at_risk_the_grant_that_no_match_stands_beside(self, money: Money) -> None:
        """£2,100 of match stands beside £36,000 of grant."""
        money.record("60000.00")
        apply_cash(money, "2100.00")
        pace = paced(money)["cash-match"]
        assert (pace.needed, pace.short, pace.at_risk) == (D("3500.00"), D("1400.00"), D("24000.00"))

    def test_each_kind_stands_alone(self, money: Money) -> None:
        money.record("60000.00")
        apply_cash(money, "3500.00")
        apply_hours(money, "1000.00", 40)
        assert paced(money)["cash-match"].at_risk == NOUGHT
        assert paced(money)["in-kind-match"].at_risk == D("20000.00")

    def test_what_is_held_of_the_grant_calls_for_no_match(self, money: Money) -> None:
        money.record("60000.00", Charge(money.line(heading="capital"), money.quarter()))
        assert paced(money)["cash-match"].needed == NOUGHT

    def test_the_grants_terms_may_name_the_ratio(self, money: Money) -> None:
        money.record("60000.00")
        for rule, value in (("match-cash-percent", 2500), ("match-in-kind-percent", 0)):
            Threshold.objects.create(programme=money.programme, rule=rule, value=value, from_date=date(2023, 4, 1))
        apply_cash(money, "5000.00")
        pace = paced(money)["cash-match"]
        assert (pace.needed, pace.at_risk) == (D("15000.00"), D("40000.00"))
        assert (paced(money)["in-kind-match"].needed, paced(money)["in-kind-match"].at_risk) == (NOUGHT, NOUGHT)

    def test_the_year_end_is_judged_by_what_is_forecast(self, money: Money) -> None:
        money.record("60000.00")
        apply_cash(money, "3500.00")
        assert paced(money)["cash-match"].at_risk_by_year_end == NOUGHT
        money.record("60000.00", supplier_name="B")
        assert paced(money)["cash-match"].at_risk_by_year_end == D("60000.00")

    def test_spend_beyond_the_award_calls_for_no_more(self, money: Money) -> None:
        money.record("700000.00")
        assert paced(money)["cash-match"].needed == D("35000.00")
        assert paced(money)["cash-match"].at_risk == D("600000.00")


class TestReceiving:
    def test_a_receipt_is_on_record_once(self, money: Money) -> None:
        once = uuid4()
        first, second = receive(money, once=once), receive(money, once=once)
        assert first == second and first.reference == "MR-000001"
        assert Event.objects.get(act="match.receive").words == "£5,000.00 of ECC-CASH for 2023-24"

    def test_only_the_recipients_officers_record_it(self, money: Money) -> None:
        with pytest.raises(Refused, match="received by its recipient"):
            receive(money, by=money.council_finance)
        with pytest.raises(Refused, match="received by its recipient"):
            void_match_receipt(receipt=receive(money), reason="x", by=money.council_finance)

    def test_everything_that_is_wrong_is_said_at_once(self, money: Money) -> None:
        other = factories.programme("DAPF-2020-23", date(2020, 4, 1), date(2023, 3, 31))
        with pytest.raises(Refused) as refusal:
            receive(
                money, "0.00", source=money.ecc_in_kind, year=other.years.first(), received_on=date(2023, 7, 6)
            )  # fmt: skip
        assert sorted(problem.where for problem in refusal.value.problems) == [
            "amount", "award", "award", "received_on",
        ]  # fmt: skip

    def test_the_recipients_own_cash_is_not_paid_over_to_it(self, money: Money) -> None:
        money.ecc_cash.funder = factories.organisation("pfcc")
        money.ecc_cash.save()
        with pytest.raises(Refused, match="of another funder"):
            receive(money)

    def test_a_void_receipt_stays_on_record_and_counts_nowhere(self, money: Money) -> None:
        paid_over(money)
        receipt = receive(money)
        with pytest.raises(Refused, match="Give the reason"):
            void_match_receipt(receipt=receipt, reason=" ", by=money.finance)
        void_match_receipt(receipt=receipt, reason="Another grant's", by=money.finance)
        assert found(money)["ECC-CASH"].received == NOUGHT
        assert MatchReceipt.objects.count() == 1 and not MatchReceipt.objects.in_force().exists()
        with pytest.raises(Refused, match="void already"):
            void_match_receipt(receipt=receipt, reason="Again", by=money.finance)

    def test_somebody_elses_change_is_not_overwritten(self, money: Money) -> None:
        with pytest.raises(Refused, match="Somebody else changed this"):
            void_match_receipt(receipt=receive(money), reason="x", by=money.finance, seen_version=9)

    @pytest.mark.parametrize(
        ("fields", "words"),
        [({"amount": NOUGHT}, "above nought"), ({"voided_at": clock.now()}, "Give the reason for making")],
    )
    def test_the_table_holds_the_same(self, money: Money, fields: dict, words: str) -> None:
        receipt = receive(money)
        for name, value in fields.items():
            setattr(receipt, name, value)
        with pytest.raises(ValidationError, match=words):
            receipt.full_clean()


def test_the_profile_to_date_is_that_of_the_budget_in_force(money: Money) -> None:
    line, year = money.line(source=money.ecc_cash), money.line().year
    profiles = {
        (line, money.quarter("2023-24-Q1")): D("9000.00"), (line, money.quarter("2023-24-Q4")): D("26000.00"),
    }  # fmt: skip
    set_budget(
        source=money.ecc_cash, year=year, kind="original", profiles=profiles, effective_on=date(2023, 4, 1),
        reason="Original", by=money.finance,
    )  # fmt: skip
    assert found(money)["ECC-CASH"].profile_to_date == D("9000.00")
    assert found(money, "2023-24-Q4")["ECC-CASH"].profile_to_date == D("35000.00")
