"""Virements on the screens: recorded, proposed, approved by a second person in their own session, listed, read."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from board import clock
from funding.budgeting import set_budget
from funding.due import due
from funding.models import BudgetVersion, Virement, VirementProposal
from funding.moving import move
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
SignIn = Callable[[Any], Client]
LIST = "/money/budget/virements/"
RECORD = "/money/budget/DAPF-2023-25/GRANT/2023-24/virement/"
PROPOSAL = "/money/budget/proposed-virements/VP-000001/"


@pytest.fixture
def budgeted(money: Money) -> Money:
    profiles = {
        (money.line("CHB"), money.quarter("2023-24-Q4")): D("400000.00"),
        (money.line("SIS"), money.quarter("2023-24-Q4")): D("200000.00"),
    }
    set_budget(
        source=money.grant, year=money.line().year, kind="original", profiles=profiles,
        effective_on=date(2023, 4, 1), reason="As agreed", by=money.finance,
    )  # fmt: skip
    return money


def typed(money: Money, amount: str, **more: str) -> dict[str, str]:
    """So many pounds from CHB to SIS in the fourth quarter."""
    quarter = money.quarter("2023-24-Q4")
    boxes = [
        f"cell-{line.project_id}-{line.heading_id}-{quarter.pk}" for line in (money.line("CHB"), money.line("SIS"))
    ]
    return {boxes[0]: f"-{amount}", boxes[1]: amount, "reason": "More stalking cases", **more}


@pytest.fixture
def proposed(budgeted: Money, client: Client) -> VirementProposal:
    client.force_login(budgeted.finance)
    client.post(RECORD, typed(budgeted, "10,000.01", funder_reference="HO-1"))
    return VirementProposal.objects.get()


def test_below_the_threshold_one_officer_records_it(budgeted: Money, signed_in: SignIn) -> None:
    text = signed_in(budgeted.finance).post(RECORD, typed(budgeted, "£10,000.00"), follow=True).content.decode()
    assert "V-000001 is recorded and in force" in text and "None needed" in text
    for words in ("£400,000.00", "−£10,000.00", "£390,000.00", "£210,000.00", "More stalking cases"):
        assert words in text


def test_the_net_is_shown_and_what_does_not_net_to_nought_is_refused(budgeted: Money, signed_in: SignIn) -> None:
    client, uneven = signed_in(budgeted.finance), typed(budgeted, "5")
    uneven[next(iter(uneven))] = "(6)"
    text = client.post(RECORD, {**uneven, "check": "1"}).content.decode()
    assert "A virement nets to: £0.00" in text and "£1.00 too low" in text
    text = client.post(RECORD, uneven).content.decode()
    assert "The moves net to −£1.00" in text and 'value="(6)"' in text
    assert not Virement.objects.exists()


def test_above_the_threshold_it_waits_and_changes_nothing(budgeted: Money, signed_in: SignIn) -> None:
    client = signed_in(budgeted.finance)
    text = client.post(RECORD, typed(budgeted, "10,000.01")).content.decode()
    assert "give the funder’s reference. A second person then approves it" in text
    text = client.post(RECORD, typed(budgeted, "10,000.01", funder_reference="HO-1"), follow=True).content.decode()
    assert "VP-000001 is proposed" in text and "Waiting for approval" in text and "Take it back" in text
    assert f"{PROPOSAL}approve/" not in text and client.get(f"{PROPOSAL}approve/").status_code == 403
    assert client.post(f"{PROPOSAL}approve/").status_code == 403
    assert BudgetVersion.objects.count() == 1
    assert "VP-000001" in client.get(LIST).content.decode()


@pytest.mark.parametrize("kind", ["commissioning-officer", "cfo", "finance-officer"])
def test_a_second_person_is_asked_and_approves_in_their_own_session(
    budgeted: Money, proposed: VirementProposal, signed_in: SignIn, kind: str
) -> None:
    second = factories.person(kind, "pfcc", number=2)
    assert [row.words for row in due(second, today=clock.today(), moment=clock.now()) if "VP-" in row.words] == [
        "Approve or turn down the virement VP-000001"
    ]
    client = signed_in(second)
    assert f"{PROPOSAL}approve/" in client.get(PROPOSAL).content.decode()
    asked = client.get(f"{PROPOSAL}approve/").content.decode()
    assert "−£10,000.01" in asked and "HO-1" in asked
    text = client.post(f"{PROPOSAL}approve/", follow=True).content.decode()
    assert "V-000001 is approved and in force" in text
    row = Virement.objects.get()
    assert (row.second_person, row.proposal) == (second, proposed)
    page = client.get(f"{LIST}V-000001/").content.decode()
    assert str(budgeted.finance) in page and str(second) in page and "HO-1" in page
    assert not [row for row in due(second, today=clock.today(), moment=clock.now()) if "VP-" in row.words]
    assert client.get(f"{PROPOSAL}approve/").status_code == 404


@pytest.mark.parametrize(("kind", "status"), [("auditor", 403), ("board-member", 403), ("finance-officer", 404)])
def test_others_do_not_decide_it(
    budgeted: Money, proposed: VirementProposal, signed_in: SignIn, kind: str, status: int
) -> None:
    client = signed_in(factories.person(kind, "southend"))
    for act in ("approve/", "turn-down/"):
        assert client.get(f"{PROPOSAL}{act}").status_code == status
        assert client.post(f"{PROPOSAL}{act}", {"reason": "x"}).status_code == status
    proposed.refresh_from_db()
    assert proposed.status == "proposed"


def test_who_proposed_it_takes_it_back_with_a_reason(
    budgeted: Money, proposed: VirementProposal, signed_in: SignIn
) -> None:
    client = signed_in(budgeted.finance)
    assert "Enter reason" in client.post(f"{PROPOSAL}turn-down/", {"reason": ""}).content.decode()
    text = client.post(f"{PROPOSAL}turn-down/", {"reason": "Entered twice"}, follow=True).content.decode()
    assert "is turned down. The budget is as it was" in text and "Entered twice" in text


def test_an_auditor_reads_them_all_and_a_council_its_own(
    budgeted: Money, proposed: VirementProposal, signed_in: SignIn
) -> None:
    for person, status in ((factories.person("auditor", "pfcc"), 200), (budgeted.council_finance, 404)):
        client = signed_in(person)
        assert client.get(PROPOSAL).status_code == status
        assert ("VP-000001" in client.get(LIST).content.decode()) is (status == 200)


def test_the_list_adds_up_downloads_and_asks_the_same_for_few_and_many(budgeted: Money, signed_in: SignIn) -> None:
    def record() -> None:
        quarter = budgeted.quarter("2023-24-Q4")
        move(
            source=budgeted.grant, year=quarter.year, approved_on=date(2023, 7, 5), reason="x", by=budgeted.finance,
            moves={(budgeted.line("CHB"), quarter): D("-1.50"), (budgeted.line("SIS"), quarter): D("1.50")},
        )  # fmt: skip

    client = signed_in(budgeted.finance)
    record()
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    record(), record()
    with CaptureQueriesContext(connection) as many:
        text = client.get(LIST).content.decode()
    assert len(few) == len(many) and "£4.50" in text
    sheet = load_workbook(BytesIO(client.get(LIST, {"download": "xlsx"}).content)).active
    assert [cell for row in sheet.iter_rows(values_only=True) for cell in row].count(1.5) == 3
    assert "No virement" in client.get(LIST, {"year": budgeted.line(year="2024-25").year_id}).content.decode()
