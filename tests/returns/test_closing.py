"""Closing a quarter: accruals reversed exactly once, results merely marked, and no reopening of what is claimed."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from board import clock
from board.models import Event, Quarter
from board.quarters import MONEY, RESULTS, is_open
from core.problems import Refused
from funding import declaring
from funding.models import Declaration, Transaction
from funding.spending import Charge, void
from returns import closing
from tests.factories import person
from tests.returns.scenes import JULY, Scene

D = Decimal


def reversals() -> list[Transaction]:
    return list(Transaction.objects.in_force().filter(kind="reversal").order_by("reference"))


def accrue(scene: Scene, quarter: str, cost: str = "4000.00", *, on: date, **fields: object) -> Transaction:
    charge = Charge(scene.money.line(), scene.quarter(quarter))
    return scene.money.record(cost, charge, on=on, kind=Transaction.Kind.ACCRUAL, **fields)


def close_up_to(scene: Scene, *codes: str) -> None:
    for code in codes:
        quarter = scene.quarter(code)
        with clock.at(quarter.last_day + timedelta(days=4)):
            scene.close(quarter=quarter)


def test_closing_for_money_reverses_each_accrual_once_into_the_next_quarter(scene: Scene) -> None:
    scene.spend()
    scene.close()
    [back] = reversals()
    assert back.cost == D("-4000.00")
    assert [line.quarter.code for line in back.lines.all()] == ["2023-24-Q2"]
    with pytest.raises(Refused, match="closed for money already"):
        scene.close()
    assert reversals() == [back]


def test_the_fourth_quarter_reverses_into_the_closing_period(scene: Scene) -> None:
    close_up_to(scene, "2023-24-Q1", "2023-24-Q2", "2023-24-Q3")
    with clock.at(date(2024, 4, 5)):
        accrue(scene, "2023-24-Q4", on=date(2024, 3, 31))
        scene.close(quarter=scene.quarter("2023-24-Q4"))
    [back] = reversals()
    assert back.lines.get().quarter.code == "2023-24-closing"


def test_a_close_asks_for_the_declaration_of_the_quarter_that_takes_its_reversals_to_be_withdrawn(scene: Scene) -> None:
    scene.spend()
    declaring.declare(source=scene.money.grant, quarter=scene.quarter("2023-24-Q2"), nil=True, by=scene.money.finance)
    with pytest.raises(Refused, match=r"is declared for 2023-24 Q2 .* already, and its accruals of 2023-24 Q1"):
        scene.close()
    assert reversals() == [] and scene.quarter().money_closed_at is None
    declaring.withdraw(
        declaration=Declaration.objects.get(quarter__code="2023-24-Q2"), reason="Too early", by=scene.money.finance
    )
    scene.close()
    assert len(reversals()) == 1


def test_closing_for_results_leaves_the_money_open_and_its_accruals_alone(scene: Scene) -> None:
    scene.spend()
    quarter = scene.close(RESULTS)
    assert quarter.results_closed_at and not quarter.money_closed_at
    assert reversals() == []
    assert is_open(scene.quarter(), MONEY, clock.now())


def test_a_refused_close_reverses_nothing_and_marks_nothing(scene: Scene) -> None:
    scene.spend()
    with clock.at(date(2023, 6, 30)), pytest.raises(Refused, match="runs until 30 June 2023"):
        scene.close()
    assert reversals() == []
    assert scene.quarter().money_closed_at is None


@pytest.mark.parametrize("kind, organisation", [("finance-officer", "pfcc"), ("commissioning-officer", "ecc")])
def test_only_a_commissioning_officer_of_the_recipient_closes(scene: Scene, kind: str, organisation: str) -> None:
    with pytest.raises(Refused, match="A commissioning officer of PFCC for Essex closes"):
        closing.close(quarter=scene.quarter(), what=MONEY, by=person(kind, organisation))


def test_an_accrual_in_the_closing_period_needs_the_reason_why_it_stands(scene: Scene) -> None:
    close_up_to(scene, "2023-24-Q1", "2023-24-Q2", "2023-24-Q3", "2023-24-Q4", "2024-25-Q1")
    with clock.at(date(2024, 9, 20)):
        period = scene.quarter("2023-24-closing")
        silent = accrue(scene, period.code, on=date(2024, 3, 31))
        with pytest.raises(Refused, match=f"The accrual {silent.reference} would stand open"):
            scene.close(quarter=period)
        void(entry=silent, reason="Entered without its reason", by=scene.finance)
        accrue(scene, period.code, on=date(2024, 3, 31), reason="The supplier disputes its own invoice")
        assert scene.close(quarter=period).money_closed_at
    assert reversals() == []


def test_a_closing_period_has_no_results_to_close(scene: Scene) -> None:
    with pytest.raises(Refused, match="there are no results to close"):
        scene.close(RESULTS, scene.quarter("2023-24-closing"))


def reopen(scene: Scene, what: str = MONEY, until: datetime | None = None, reason: str = "An invoice was mislaid"):
    return closing.reopen(
        quarter=scene.quarter(),
        what=what,
        organisation=None,
        reason=reason,
        until=until or clock.now() + timedelta(days=2),
        by=scene.commissioning,
    )


def test_a_reopened_quarter_is_closed_again_and_reverses_what_was_accrued_meanwhile(scene: Scene) -> None:
    scene.spend()
    scene.close()
    reopen(scene)
    accrue(scene, "2023-24-Q1", "700.00", on=date(2023, 6, 30))
    with clock.at(JULY, 15):
        scene.close()
        assert not is_open(scene.quarter(), MONEY, clock.now())
    assert [entry.cost for entry in reversals()] == [D("-4000.00"), D("-700.00")]
    assert Event.objects.filter(act="quarter.close-money-again").count() == 1


def test_a_reopening_closed_at_the_moment_it_began_is_over(scene: Scene) -> None:
    scene.close()
    row = reopen(scene)
    scene.close()
    row.refresh_from_db()
    assert row.until - row.opened_at == timedelta(microseconds=1)


@pytest.mark.usefixtures("quick_pdf")
def test_a_certified_claim_in_force_keeps_its_quarter_shut_for_money_and_not_for_results(scene: Scene) -> None:
    the_return = scene.certified()
    with pytest.raises(Refused, match=the_return.reference):
        reopen(scene)
    scene.close(RESULTS)
    assert reopen(scene, RESULTS).what == RESULTS


def test_a_reopening_needs_a_reason_and_a_day_ahead(scene: Scene) -> None:
    scene.close()
    past = timezone.make_aware(datetime(2023, 7, 1))
    with pytest.raises(Refused) as refused:
        reopen(scene, until=past, reason=" ")
    assert {problem.where for problem in refused.value.problems} == {"reason", "until"}
    assert Quarter.objects.get(pk=scene.quarter().pk).reopenings.count() == 0
