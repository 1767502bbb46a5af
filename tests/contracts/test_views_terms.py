"""The pages that engage, sign, vary, extend, correct and review: what is sent, what is refused, what is kept of it."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from board.models import Milestone, Programme
from contracts.contracting import vary
from contracts.models import Contract, Variation
from tests import factories
from tests.contracts import scene
from tests.contracts.scene import D, box, engaged

pytestmark = pytest.mark.django_db
ENGAGE = "/contracts/engage/DAPF-2023-25/"


def new(programme: Programme, **changed: str) -> dict[str, str]:
    sent = {
        "reference": "CHB-2023",
        "title": "The Change Hub service",
        "kind": "contract",
        "buyer": str(programme.recipient_id),
        "provider": str(factories.organisation("change").pk),
        "owner_title": "Commissioning officer",
        "tier": "gold",
        "starts_on": "1 April 2023",
        "ends_on": "31 March 2025",
        "notice_days": "90",
        box(programme): "£230,000.00",
        box(programme, "SIS", "2024-25"): "110000",
    }
    return {**sent, **changed}


def varied(programme: Programme, **changed: str) -> dict[str, str]:
    sent = {
        "version": "1",
        "reason": "More sessions",
        "effective_on": "1 August 2023",
        "approved_on": "1 July 2023",
        box(programme): "250.00",
    }
    return {**sent, **changed}


def test_a_provider_is_engaged_with_values_by_project_and_year_on_one_page(
    officers: Client, programme: Programme
) -> None:
    page = officers.get(ENGAGE).content.decode()
    assert "The Change Hub, 2023-24, pounds" in page and "unallocated" not in page.lower()
    response = officers.post(ENGAGE, new(programme))
    assert response.status_code == 302 and response.url == "/contracts/CHB-2023/"
    contract = Contract.objects.get()
    assert contract.value() == D("340000.00")
    assert contract.value(project=programme.projects.get(code="SIS")) == D("110000.00")
    assert contract.signed_on is None


def test_a_refused_contract_comes_back_with_all_problems_and_all_that_was_typed(
    officers: Client, programme: Programme
) -> None:
    wrong = new(programme, reference="CHB 2023", ends_on="1 March 2023", title="", signed_on="soon")
    wrong[box(programme)] = "lots"
    page = officers.post(ENGAGE, wrong).content.decode()
    for words in ("“soon” is not a date", "Enter title", "The Change Hub, 2023-24: “lots” is not an amount"):
        assert words in page, words
    right = {**wrong, "title": "Kept", "signed_on": "", box(programme): "1,000.00"}
    page = officers.post(ENGAGE, right).content.decode()
    for words in ("cannot be a reference", "cannot end before it starts", 'value="1,000.00"', 'value="CHB 2023"'):
        assert words in page, words
    assert not Contract.objects.exists()


def test_a_council_engages_for_itself_alone(client: Client, programme: Programme) -> None:
    client.force_login(scene.officer("ecc"))
    assert "Select a valid choice" in client.post(ENGAGE, new(programme)).content.decode()
    client.post(ENGAGE, new(programme, buyer=str(factories.organisation("ecc").pk)))
    assert Contract.objects.get().buyer.code == "ecc"


def test_a_signature_is_recorded_and_no_second_one(officers: Client, programme: Programme) -> None:
    engaged(programme, signed_on=None)
    assert "Record the signature" in officers.get("/contracts/C-001/").content.decode()
    page = officers.post("/contracts/C-001/sign/", {"version": "1", "signed_on": "3 July 2023"}, follow=True)
    assert "on record as signed on 3 July 2023" in page.content.decode()
    again = officers.post("/contracts/C-001/sign/", {"version": "2", "signed_on": "4 July 2023"})
    assert "was signed on 3 July 2023 already" in again.content.decode()


def test_a_variation_is_typed_as_what_is_added_beside_what_stands(officers: Client, programme: Programme) -> None:
    engaged(programme)
    assert "Now £1,000.00" in officers.get("/contracts/C-001/vary/").content.decode()
    officers.post("/contracts/C-001/vary/", varied(programme, ends_on="30 June 2025", targets="Ten more starts"))
    row = Variation.objects.get()
    assert (row.targets, row.ends_on_after) == ("Ten more starts", date(2025, 6, 30))
    assert Contract.objects.get().value() == D("1250.00")


def test_of_two_officers_who_vary_the_second_keeps_what_was_typed_and_can_send_it_again(
    officers: Client, programme: Programme
) -> None:
    contract = engaged(programme)
    vary(
        contract=contract, changes={scene.place(programme): D("-100.00")}, reason="Fewer", effective_on=scene.TODAY,
        approved_on=scene.TODAY, by=scene.officer(number=2),
    )  # fmt: skip
    page = officers.post("/contracts/C-001/vary/", varied(programme)).content.decode()
    for words in ("Somebody else changed this contract", "Now £900.00", 'value="250.00"', "More sessions"):
        assert words in page, words
    assert 'name="version" value="2"' in page
    officers.post("/contracts/C-001/vary/", varied(programme, version="2"))
    assert contract.value() == D("1150.00")


def test_an_extension_needs_its_new_end(officers: Client, programme: Programme) -> None:
    engaged(programme)
    sent = varied(programme)
    assert "Enter new end" in officers.post("/contracts/C-001/extend/", sent).content.decode()
    following = factories.programme("DAPF-2025-26", date(2025, 4, 1), date(2026, 3, 31))
    page = officers.get("/contracts/C-001/extend/").content.decode()
    assert "The Change Hub, 2025-26, pounds" in page
    sent |= {"ends_on": "31 March 2026", box(following, year="2025-26"): "500.00"}
    officers.post("/contracts/C-001/extend/", sent)
    assert Contract.objects.get().ends_on == date(2026, 3, 31)
    assert Contract.objects.get().value() == D("1750.00")


def test_a_slip_is_corrected_from_what_stands_and_the_end_is_not_offered(
    officers: Client, programme: Programme
) -> None:
    engaged(programme)
    page = officers.get("/contracts/C-001/correct/").content.decode()
    assert 'value="Behaviour change service"' in page and 'name="ends_on"' not in page
    sent = {
        "version": "1", "title": "The Change Hub", "owner_title": "Commissioning officer", "tier": "gold",
        "notice_days": "60", "signed_on": "2 April 2023", "reason": "As in the agreement",
    }  # fmt: skip
    officers.post("/contracts/C-001/correct/", sent)
    row = Contract.objects.get()
    assert (row.title, row.tier, row.notice_days, row.signed_on) == ("The Change Hub", "gold", 60, date(2023, 4, 2))
    page = officers.post("/contracts/C-001/correct/", {**sent, "title": "Mine"}).content.decode()
    assert "Somebody else changed this contract" in page and 'value="Mine"' in page


def test_a_review_and_milestones_are_recorded_on_their_pages(officers: Client, programme: Programme) -> None:
    engaged(programme)
    due = {"code": "open", "name": "The hub opens", "due_on": date(2023, 9, 1)}
    milestone = Milestone.objects.create(project=programme.projects.get(code="CHB"), **due)
    sent = {"version": "1", "reviewed_on": "3 July 2023", "words": "On course", "next_on": "15 January 2024"}
    officers.post("/contracts/C-001/review/", sent)
    officers.post("/contracts/C-001/milestones/", {"milestones": [milestone.pk]})
    page = officers.get("/contracts/C-001/").content.decode()
    assert "15 January 2024" in page and "The hub opens" in page and "1 September 2023" in page


@pytest.mark.parametrize(
    "act", ["sign", "vary", "extend", "correct", "review", "milestones", "files/add", "checks/add"]
)
def test_who_does_not_keep_the_register_is_not_let_in(client: Client, programme: Programme, act: str) -> None:
    engaged(programme, signed_on=None)
    for kind, organisation, status in [
        ("finance-officer", "pfcc", 403),
        ("auditor", "pfcc", 403),
        ("kpi-reporter", "change", 403),
        (scene.OFFICER, "ecc", 404),
        (scene.OFFICER, "pfcc", 200),
    ]:
        client.force_login(factories.person(kind, organisation))
        assert client.get(f"/contracts/C-001/{act}/").status_code == status, (kind, organisation)


def test_who_only_reads_is_shown_nothing_to_change(signed_in: Any, programme: Programme) -> None:
    engaged(programme, signed_on=None)
    for kind, organisation in (("finance-officer", "pfcc"), ("auditor", "pfcc"), ("kpi-reporter", "change")):
        page = signed_in(kind, organisation).get("/contracts/C-001/").content.decode()
        for words in ("Record the signature", "Vary", "Add an option", "Attach a file", "Kept to"):
            assert words not in page, (kind, words)


def test_the_page_asks_the_same_of_a_contract_with_much_under_it(officers: Client, programme: Programme) -> None:
    contract = engaged(programme)

    def one_more() -> None:
        vary(
            contract=contract, changes={scene.place(programme): D("1.00")}, reason="More", by=scene.officer(),
            effective_on=scene.TODAY, approved_on=scene.TODAY,
        )  # fmt: skip
        for address, sent in followed().items():
            assert officers.post(f"/contracts/C-001/{address}/", sent).status_code == 302, address

    one_more()
    officers.get("/contracts/C-001/")
    with CaptureQueriesContext(connection) as few:
        officers.get("/contracts/C-001/")
    for _ in range(5):
        one_more()
    with CaptureQueriesContext(connection) as many:
        officers.get("/contracts/C-001/")
    assert len(many) == len(few)


def followed() -> dict[str, dict[str, str]]:
    """What is sent to add one of each thing that is followed under a contract."""
    opened = {"words": "Late", "owner_title": "Officer", "opened_on": "1 July 2023", "due_on": "1 August 2023"}
    held = {"reference": "X-1", "checked_on": "1 July 2023", "expires_on": "1 July 2024"}
    return {
        "options/add": {"use_by": "1 March 2025", "ends_on": "31 March 2026", "amount": "100.00"},
        "issues/add": opened,
        "actions/add": opened,
        "checks/add": {"what": "insurance", **held},
    }
