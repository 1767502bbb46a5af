"""What a return waits for: each thing found, in words, with a link that leads somewhere."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from board import clock
from board.quarters import RESULTS
from core.money import in_words
from funding import reconciling
from funding.budgeting import notice_underspend, set_budget
from funding.ending import balance, mark_balance
from funding.models import Forecast, Transaction, VarianceReason
from funding.paying import record_payment_dates
from funding.spending import Charge
from returns import certifying, closing, readiness
from returns.items import Item
from returns.kinds.scope import of_quarter
from tests.returns.scenes import JULY, Scene

D = Decimal


def items(scene: Scene, kind: str = "claim", quarter: str = "2023-24-Q1") -> list[Item]:
    return readiness.readiness(kind, of_quarter(scene.quarter(quarter)), clock.today())


def found(scene: Scene, code: str, **where: str) -> list[Item]:
    return [item for item in items(scene, **where) if item.code == code]


def test_a_quarter_with_everything_in_place_waits_for_nothing(scene: Scene) -> None:
    scene.closed()
    assert [item.words for item in items(scene) if item.blocking] == []


def test_an_open_quarter_blocks_and_leads_to_its_closing(scene: Scene) -> None:
    [item] = found(scene, "closed")
    assert item.blocking
    assert "still open for spend" in item.words
    assert item.places[0].url == f"/returns/quarters/{scene.quarter().pk}/close/money/"


def test_the_grants_keeper_must_declare_and_a_match_funder_may_follow(scene: Scene) -> None:
    weights = {("Home Office grant" in item.words): item.weight for item in found(scene, "declared")}
    assert weights == {True: "blocking", False: "warning"}
    scene.spend()
    scene.declare()
    assert {item.weight for item in found(scene, "declared")} == {"warning"}


def test_a_penny_of_the_grants_ledger_that_nothing_explains_blocks_until_an_item_does(scene: Scene) -> None:
    scene.spend()
    [item, match] = found(scene, "ledger")
    assert (item.weight, match.weight) == ("blocking", "warning")
    assert "is not reconciled" in item.words and "its total is not recorded" in item.words
    total = reconciling.reconciliation(scene.programme.recipient, scene.programme, scene.quarter()).ours
    of_ledger = {"programme": scene.programme, "quarter": scene.quarter(), "by": scene.finance}
    reconciling.record_total(amount=total + D("0.01"), ledger_print="Cost centre 4711", **of_ledger)
    [item, match] = found(scene, "ledger")
    assert item.blocking and "£0.01 is not explained" in item.words
    assert item.place_for(scene.finance).url == f"/money/reconcile/{scene.programme.code}/pfcc/2023-24-Q1/"
    reconciling.add_item(amount=D("0.01"), kind="other", reason="Rounding of the print", **of_ledger)
    assert [item.weight for item in found(scene, "ledger")] == ["warning"]


def test_an_earlier_quarter_of_the_year_comes_first(scene: Scene) -> None:
    [item] = found(scene, "F29", quarter="2023-24-Q2")
    assert item.blocking
    assert "2023-24 Q1 (April to June 2023) is not certified yet" in item.words
    assert found(scene, "F29", quarter="2024-25-Q1") == []


def test_a_variance_over_the_threshold_is_explained(scene: Scene) -> None:
    scene.spend()
    assert {item.weight for item in found(scene, "F10")} == {"blocking"}
    assert len(found(scene, "F10")) == 3
    scene.explain()
    assert found(scene, "F10") == []


def test_an_overspend_and_an_underspend_are_told_apart(scene: Scene) -> None:
    scene.spend()
    assert "is £20,000.00 under its profile to date" in " ".join(item.words for item in found(scene, "F10"))
    scene.money.record("90000.00", Charge(scene.money.line("SIS"), scene.quarter()), document_number="INV-3")
    assert "is £70,000.00 over its profile to date" in " ".join(item.words for item in found(scene, "F10"))


def test_an_explanation_of_another_variance_is_asked_to_be_confirmed(scene: Scene) -> None:
    scene.spend()
    scene.explain()
    VarianceReason.objects.filter(project__code="SIS").update(variance=D("-25000.00"))
    assert found(scene, "F10") == []
    VarianceReason.objects.filter(project__code="SIS").update(variance=D("-25000.01"))
    [item] = found(scene, "F10")
    assert item.weight == "warning"
    assert "Confirm or change the explanation" in item.words


def test_a_third_raising_again_without_a_reason_blocks(scene: Scene) -> None:
    line, before = scene.money.line(), None
    for number in (1, 2, 3, 4):
        quarter = scene.quarter(f"2023-24-Q{number}")
        with clock.at(quarter.last_day + timedelta(days=4)):
            before = scene.money.record(
                "100.00",
                Charge(line, quarter),
                on=quarter.last_day,
                kind=Transaction.Kind.ACCRUAL,
                re_raises=before,
            )
            reasons = found(scene, "F21", quarter=quarter.code)
            assert len(reasons) == (1 if number == 4 else 0)
            closing.close(quarter=quarter, what="money", by=scene.commissioning)
    assert reasons[0].blocking
    assert "for the third time" in reasons[0].words
    Transaction.objects.filter(pk=before.pk).update(reason="The evaluator waits for an order number")
    assert found(scene, "F21", quarter="2023-24-Q4") == []


def test_the_final_claim_waits_until_what_the_year_has_left_is_marked(scene: Scene) -> None:
    scene.spend()
    period = "2023-24-closing"
    assert found(scene, "F14") == [], "a quarterly claim does not ask"
    year = scene.quarter(period).year
    year.quarters.filter(kind="quarter").update(money_closed_at=clock.now(), money_closed_by=scene.commissioning)
    [item] = found(scene, "F14", quarter=period)
    left = balance(scene.money.grant, year, today=clock.today()).unspent
    assert item.blocking and item.words.startswith(f"{in_words(left)} of 2023-24 is left, and nobody has said")
    mark_balance(
        source=scene.money.grant, year=year, treatment="lapsing", amount=left, reason="A late start", by=scene.finance
    )  # fmt: skip
    assert found(scene, "F14", quarter=period) == []


def test_an_underspend_is_told_to_the_funder(scene: Scene) -> None:
    scene.spend()
    [item] = found(scene, "F13")
    assert item.weight == "warning"
    assert "£90,700.00 under its award" in item.words
    notice_underspend(
        source=scene.money.grant,
        year=scene.quarter().year,
        amount=D("90700.00"),
        noticed_on=JULY,
        told_on=JULY,
        words="A late start",
        by=scene.finance,
    )
    assert found(scene, "F13") == []


def test_a_year_without_forecast_says_that_its_outturn_is_spend_alone(scene: Scene) -> None:
    assert found(scene, "forecast") == []
    Forecast.objects.all().delete()
    assert [item.weight for item in found(scene, "forecast")] == ["warning"]


def test_held_lines_are_told_and_do_not_block(scene: Scene) -> None:
    scene.spend()
    [item] = found(scene, "held")
    assert item.weight == "information"
    assert "1 line is held out of the claim, £900.00 in all" in item.words


def test_a_reopened_quarter_must_be_closed_again(scene: Scene) -> None:
    scene.closed()
    closing.reopen(
        quarter=scene.quarter(),
        what="money",
        organisation=None,
        reason="An invoice was mislaid",
        until=clock.now() + timedelta(days=1),
        by=scene.commissioning,
    )
    assert "opened again for spend" in found(scene, "closed")[0].words


def test_worst_comes_first(scene: Scene) -> None:
    scene.spend()
    weights = [item.weight for item in items(scene)]
    assert weights == sorted(weights, key=("blocking", "warning", "information").index)


@pytest.mark.parametrize("closed", [False, True])
def test_every_link_opens_for_those_to_whom_it_is_offered(scene: Scene, closed: bool) -> None:
    if closed:
        scene.closed()
    else:
        scene.spend()
    shown = items(scene) + items(scene, quarter="2023-24-Q2") + items(scene, kind="performance")
    assert shown
    opened = 0
    for user in (scene.finance, scene.commissioning):
        client = Client()
        client.force_login(user)
        for place in filter(None, (item.place_for(user) for item in shown)):
            assert client.get(place.url).status_code == 200, place
            opened += 1
    assert opened


def test_one_who_may_not_put_it_right_is_led_to_where_it_is_seen(scene: Scene) -> None:
    [item] = [item for item in found(scene, "declared") if item.blocking]
    assert item.place_for(scene.finance).link == "Declare"
    assert item.place_for(scene.commissioning).link == "See what is recorded"
    [item] = [item for item in found(scene, "declared") if "Essex County Council cash" in item.words]
    assert item.place_for(scene.finance).link == "See what is recorded"


def test_results_that_are_not_in_block_until_the_return_says_why(scene: Scene) -> None:
    scene.asked_for_results()
    [item] = found(scene, "X01", kind="performance")
    assert item.blocking
    the_return = scene.open_return("performance", by=scene.commissioning)
    certifying.write_commentary(
        the_return=the_return,
        section="missing-results",
        words="The provider's system is down; its results are expected in August.",
        seen_version=None,
        by=scene.commissioning,
    )
    assert found(scene, "X01", kind="performance")[0].blocking
    scene.close(RESULTS)
    [item] = found(scene, "X01", kind="performance")
    assert item.weight == "warning"
    assert "says why" in item.words


def test_match_behind_its_profile_is_told_and_does_not_block(scene: Scene) -> None:
    quarter, line = scene.quarter(), scene.money.line(source=scene.money.ecc_cash)
    spare = scene.money.line("unallocated", "unallocated", source=scene.money.ecc_cash)
    set_budget(
        source=scene.money.ecc_cash, year=quarter.year, kind="original", effective_on=scene.programme.first_day,
        profiles={(line, quarter): D("1000.00"), (spare, quarter): D("34000.00")}, reason="Pledge",
        by=scene.money.council_finance,
    )  # fmt: skip
    [item] = found(scene, "F15")
    assert item.weight == "warning"
    assert item.words.startswith("Essex County Council cash: £0.00 is applied of a profile to date of £35,000.00")
    assert "more than 10% behind" in item.words
    scene.money.record("31500.00", Charge(line, quarter), by=scene.money.council_finance)
    assert found(scene, "F15") == [], "ten per cent behind is not more than ten"


def test_an_invoice_paid_after_thirty_days_is_told_unless_it_was_disputed(scene: Scene) -> None:
    received = scene.quarter().first_day
    invoice = scene.money.record("100.00", document_number="INV-1", received_on=received)
    dates = {"entry": invoice, "received_on": received, "by": scene.money.finance}
    record_payment_dates(paid_on=received + timedelta(days=30), **dates)
    assert found(scene, "F26") == [], "the 30th day is in time"
    record_payment_dates(paid_on=received + timedelta(days=31), **dates)
    [item] = found(scene, "F26")
    assert item.weight == "warning"
    assert f"{invoice.reference} of" in item.words and "not paid within 30 days" in item.words
    record_payment_dates(paid_on=received + timedelta(days=31), dispute_reason="Not ordered", **dates)
    assert found(scene, "F26") == []
