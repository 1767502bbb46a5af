"""The year-end statement: every sum against the rows themselves, the bridge from the ledger, and what it waits for."""

from datetime import date
from decimal import Decimal

import pytest

from board import clock
from core.problems import Refused
from funding.models import (
    ClaimLine,
    ClaimPart,
    DisallowancePart,
    SpendLine,
    Transaction,
)
from returns import certifying, readiness
from returns.content import Content, figure_words
from returns.kinds import KINDS, content_of
from returns.kinds.scope import Scope
from returns.models import Signature
from tests.returns.scenes import Scene
from tests.returns.tracing import unproved
from tests.returns.years import AFTER, Year

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def year(scene: Scene) -> Year:
    made = Year(scene)
    with clock.at(AFTER):
        yield made  # type: ignore[misc]


def value(made: Content, key: str) -> object:
    return made.figure(f"usage/{key}").value


def told(year: Year) -> dict[str, str]:
    return {item.code: item.weight for item in readiness.readiness("usage", year.scope, clock.today())}


def test_cost_claims_and_outturn_are_the_sums_of_their_own_rows(year: Year) -> None:
    made = year.content()
    cost = sum((line.cost for line in year.lines), D(0))
    certified = sum((part.amount for part in ClaimPart.objects.all()), D(0))
    refused = sum((part.amount for part in DisallowancePart.objects.all()), D(0))
    assert value(made, "account/cost/amount") == value(made, "lines/total/cost") == cost == D("59950.00")
    assert value(made, "claims/total/amount") == value(made, "account/certified/amount") == certified
    assert value(made, "key-figures/outturn/value") == value(made, "lines/total/accepted") == certified - refused
    assert refused == value(made, "disallowed/total/amount") == D("100.00")
    assert value(made, "claims/total/lines") == ClaimLine.objects.count()


def test_each_project_is_the_sum_of_its_own_lines(year: Year) -> None:
    made = year.content()
    for code, key in (("CHB", "chb-provider"), ("SIS", "sis-provider"), ("GDM", "gdm-provider")):
        own = [row for row in year.lines if row.budget_line.project.code == code]
        claimed = sum((row.cost for row in own if row.state == "claimable"), D(0))
        assert value(made, f"lines/{key}/claimed") == claimed, code
    assert value(made, "lines/sis-provider/accepted") == D("30650.00")


def test_the_claims_are_those_of_the_quarterly_returns(year: Year) -> None:
    made = year.content()
    for part in ClaimPart.objects.select_related("claim__quarter"):
        key = f"claims/2023-24-{part.claim.quarter.code}/amount".lower()
        assert value(made, key) == part.amount
    # £750.00 of late cost, less the £100.00 by which the reversed accrual was above its invoice.
    assert value(made, "key-figures/final/value") == D("650.00")


def test_the_ledger_leads_to_the_cost_of_the_grant(year: Year) -> None:
    made = year.content()
    dated_in_year = sum((row.cost for row in year.lines if row.transaction.accounting_on <= date(2024, 3, 31)), D(0))
    assert value(made, "ledger/ours/amount") == dated_in_year
    assert value(made, "ledger/after/amount") == D("750.00")
    assert value(made, "ledger/cost/amount") == value(made, "account/cost/amount")
    assert figure_words(made.figure("usage/ledger/unexplained/amount")) == "£0.00"


def test_match_in_the_same_ledger_is_taken_off(year: Year, scene: Scene) -> None:
    before = value(year.content(), "ledger/ours/amount")
    cash = year.money.ecc_cash
    line = year.money.line(source=cash)
    SpendLine.objects.filter(transaction__document_number="INV-1").update(budget_line=line, state="match")
    ClaimLine.objects.filter(line__transaction__document_number="INV-1").update(in_force=False)
    with pytest.raises(Refused, match="Nothing is stated until the two agree"):
        year.content()
    assert before == D("59200.00")


def test_the_balance_says_what_becomes_of_it_or_that_nobody_has_said(year: Year) -> None:
    left = D("600000.00") - value(year.content(), "key-figures/outturn/value")
    made = year.content()
    assert figure_words(made.figure("usage/balance/unmarked-2023-24/amount")).endswith("[p]")
    assert value(made, "balance/left-2023-24/amount") == left
    year.marked()
    made = year.content()
    assert value(made, "balance/lapsing-2023-24/amount") == value(made, "key-figures/left/value") == left


def test_the_register_of_assets_lists_capital_and_is_nil_without(year: Year) -> None:
    made = year.content()
    [section] = [part for part in made.sections if part.code == "assets"]
    assert [row.cells[1].value for row in section.table.rows] == ["Laptop", None]  # type: ignore[union-attr]
    year.money.line("CHB", "capital").spend_lines.update(budget_line=year.money.line("CHB", "staff"))
    [section] = [part for part in year.content().sections if part.code == "assets"]
    assert section.table.rows == () and "Nil return" in section.table.empty  # type: ignore[union-attr]


def test_an_accrual_of_the_fourth_quarter_is_listed_with_what_became_of_it(year: Year) -> None:
    fourth = year.scene.quarter("2023-24-Q4")
    Transaction.objects.filter(kind="accrual").first().lines.update(quarter=fourth)
    [section] = [part for part in year.content().sections if part.code == "accruals"]
    assert section.table.rows[0].cells[-1].value == "Reversed; its invoice is awaited"  # type: ignore[union-attr]


def test_every_number_is_what_it_rests_on(year: Year) -> None:
    assert unproved(year.content(), year.scene.programme) == []


def test_it_waits_for_the_balance_to_be_marked(year: Year) -> None:
    assert told(year) == {"F14": "blocking"}
    year.marked()
    assert told(year) == {}


def test_it_waits_for_the_final_claim(year: Year) -> None:
    year.marked()
    ClaimPart.objects.filter(final=True).update(final=False)
    assert told(year)["F29"] == "blocking"


def test_a_quarter_has_none(year: Year) -> None:
    quarter = year.scene.quarter()
    with pytest.raises(Refused, match="It is made of a whole year"):
        content_of(KINDS["usage"], Scope(quarter, quarter), today=clock.today(), the_return=None)


@pytest.mark.usefixtures("quick_pdf")
def test_three_people_sign_it_as_they_do_a_claim(year: Year) -> None:
    year.marked()
    scene = year.scene
    the_return = certifying.open_return(kind="usage", scope=year.scope, by=scene.finance)
    assert the_return.reference == "DAPF-2023-25/usage/2023-24/r1"
    certifying.prepare(the_return=the_return, by=scene.finance)
    certifying.check(the_return=the_return, by=scene.commissioning)
    with pytest.raises(Refused, match="A chief finance officer of PFCC for Essex may certify"):
        certifying.certify(the_return=the_return, by=scene.finance)
    certifying.certify(the_return=the_return, by=scene.cfo)
    assert Signature.objects.filter(the_return=the_return).values("person").distinct().count() == 3
