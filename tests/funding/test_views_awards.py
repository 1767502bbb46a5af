"""Awards by source and year: what is shown, who records, and what becomes of the budget and of the year's balance."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from board import clock
from funding.budgeting import notice_underspend, set_budget
from funding.declaring import declare
from funding.models import Award, AwardRevision, BudgetVersion, Source, YearEndBalance
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
SignIn = Callable[[Any], Client]
LIST = "/money/budget/awards/"
GRANT = "/money/budget/DAPF-2023-25/GRANT/2023-24/"
ECC = "/money/budget/DAPF-2023-25/ECC-CASH/2023-24/"
REVISION = {
    "version": "1", "amount": "£550,000", "effective_on": "1 October 2023", "reason": "Cut by the funder",
    "decision_reference": "HO-2", "secured": "on",
}  # fmt: skip


@pytest.fixture
def budgeted(money: Money) -> Money:
    set_budget(
        source=money.grant, year=money.line().year, kind="original",
        profiles={(money.line(), money.quarter()): D("600000.00")}, effective_on=date(2023, 4, 1), reason="As agreed",
        by=money.finance,
    )  # fmt: skip
    return money


def test_the_list_shows_each_source_and_year_with_its_award_and_budget(budgeted: Money, signed_in: SignIn) -> None:
    Source.objects.create(
        programme=budgeted.programme, code="NEW", name="A new pledge", kind="cash-match",
        funder=budgeted.ecc_cash.funder, kept_by=budgeted.ecc_cash.kept_by,
    )  # fmt: skip
    text = signed_in(budgeted.finance).get(LIST).content.decode()
    assert text.count("Home Office grant") == 2 and text.count("£600,000.00") == 3
    assert text.count("No award") == 2 and GRANT in text


def test_a_council_sees_and_changes_its_own_alone(budgeted: Money, signed_in: SignIn) -> None:
    council = signed_in(budgeted.council_finance)
    assert "Home Office grant" not in council.get(LIST).content.decode()
    assert council.get(GRANT).status_code == 404 and council.get(f"{GRANT}award/").status_code == 404
    assert "Revise the award" in council.get(ECC).content.decode()
    assert council.get(f"{ECC}award/").status_code == 200


@pytest.mark.parametrize("kind", ["auditor", "commissioning-officer", "cfo", "finance-officer"])
def test_who_does_not_decide_a_budget_reads_it_and_writes_nothing(
    budgeted: Money, signed_in: SignIn, kind: str
) -> None:
    """The recipient's finance officer is among them for a council's match."""
    client, address = signed_in(factories.person(kind, "pfcc", number=7)), ECC if kind == "finance-officer" else GRANT
    page = client.get(address)
    assert page.status_code == 200 and "Revise the award" not in page.content.decode()
    for act in ("award/", "set/", "virement/", "year-end/lapsing/"):
        assert client.get(f"{address}{act}").status_code == 403
        assert client.post(f"{address}{act}", REVISION).status_code == 403


def test_a_revision_shows_with_its_day_and_puts_the_difference_on_unallocated(
    budgeted: Money, signed_in: SignIn
) -> None:
    client = signed_in(budgeted.finance)
    text = client.post(f"{GRANT}award/", REVISION, follow=True).content.decode()
    assert "The award is £550,000.00 from 1 October 2023." in text
    for words in ("1 April 2023", "1 October 2023", "Cut by the funder", "HO-2", "£550,000.00"):
        assert words in text
    version = BudgetVersion.objects.latest("number")
    assert version.profiles.get(line__project__code="unallocated").amount == D("-50000.00")
    page = client.get(f"{GRANT}versions/2/").content.decode()
    assert "Award revision" in page and "−£50,000.00" in page


def test_a_refused_revision_keeps_what_was_typed(budgeted: Money, signed_in: SignIn) -> None:
    text = signed_in(budgeted.finance).post(f"{GRANT}award/", {**REVISION, "effective_on": "1 April 2023"})
    text = text.content.decode()
    assert "was last set from 1 April 2023. Choose a later day" in text and "£550,000" in text
    assert AwardRevision.objects.filter(award__source=budgeted.grant, award__year__code="2023-24").count() == 1


def test_two_who_revise_at_once_do_not_overwrite_each_other(budgeted: Money, signed_in: SignIn) -> None:
    client = signed_in(budgeted.finance)
    client.post(f"{GRANT}award/", REVISION)
    text = client.post(f"{GRANT}award/", {**REVISION, "effective_on": "2 October 2023"}).content.decode()
    assert "Somebody else changed this" in text


def test_a_first_award_is_recorded(money: Money, signed_in: SignIn) -> None:
    new = Source.objects.create(
        programme=money.programme, code="NEW", name="Hours given", kind="in-kind-match",
        funder=money.ecc_cash.funder, kept_by=money.ecc_cash.kept_by,
    )  # fmt: skip
    address = "/money/budget/DAPF-2023-25/NEW/2023-24/"
    client = signed_in(money.council_finance)
    assert "Record the award" in client.get(address).content.decode()
    client.post(f"{address}award/", {**REVISION, "version": "0", "in_kind_rate": "25", "provisional": "on"})
    row = Award.objects.get(source=new)
    assert (row.in_kind_rate, row.provisional, row.secured) == (D("25.00"), True, True)
    page = client.get(address).content.decode()
    assert "£25.00 an hour" in page and "Set the budget" in page


def test_a_year_that_is_over_shows_what_is_left_and_takes_what_becomes_of_it(
    budgeted: Money, signed_in: SignIn
) -> None:
    client = signed_in(budgeted.finance)
    assert "Left when the year ended" not in client.get(GRANT).content.decode()
    text = client.post(f"{GRANT}year-end/lapsing/", {"version": "0", "amount": "1", "reason": "x"}).content.decode()
    assert "is still open for spend" in text
    budgeted.line().year.quarters.filter(kind="quarter").update(
        money_closed_at=clock.now(), money_closed_by=budgeted.finance
    )
    carried = {"version": "0", "amount": "1,000.00", "reason": "Agreed"}
    text = client.post(f"{GRANT}year-end/carried/", carried).content.decode()
    assert "Give its reference" in text and "1,000.00" in text
    carried |= {"approval_reference": "HO-7", "approved_on": "1 July 2023"}
    text = client.post(f"{GRANT}year-end/carried/", carried, follow=True).content.decode()
    assert YearEndBalance.objects.get().amount == D("1000.00")
    assert "£599,000.00" in text and "HO-7" in text
    assert client.get(f"{GRANT}year-end/elsewhere/").status_code == 404


def test_an_auditor_reads_notices_and_declarations(budgeted: Money, signed_in: SignIn) -> None:
    notice_underspend(
        source=budgeted.grant, year=budgeted.line().year, amount=D("40000.00"), noticed_on=date(2023, 7, 4),
        told_on=None, words="A slow start", by=budgeted.finance,
    )  # fmt: skip
    declare(source=budgeted.grant, quarter=budgeted.quarter(), nil=True, by=budgeted.finance)
    text = signed_in(factories.person("auditor", "pfcc")).get(GRANT).content.decode()
    for words in ("A slow start", "£40,000.00", "Not told yet", "Nil", "Q1 2023-24"):
        assert words in text
