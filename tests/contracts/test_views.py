"""The pages of contracts: who sees which, their value, and the slot for links into higher floors."""

from collections.abc import Callable, Iterator
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
from board.models import Organisation, Programme
from contracts.contracting import vary
from contracts.tables import ContractTable
from tests import factories

pytestmark = pytest.mark.django_db
D = Decimal
LIST = "/contracts/"


@pytest.fixture
def programme() -> Iterator[Programme]:
    with clock.at(date(2023, 7, 5)):
        yield factories.programme()


@pytest.fixture
def signed_in(client: Client) -> Callable[[str, str], Client]:
    def do(kind: str, organisation: str) -> Client:
        client.force_login(factories.person(kind, organisation))
        return client

    return do


def engaged(programme: Programme, number: int = 1, **fields: Any) -> Any:
    key = (programme.projects.get(code="CHB"), programme.years.get(code="2023-24"))
    return factories.contract(programme, reference=f"C-{number:03d}", values={key: D("1000.00")}, **fields)


def test_the_list_shows_value_with_variations_and_its_total(programme: Programme, signed_in: Any) -> None:
    first = engaged(programme, 1)
    engaged(programme, 2)
    key = (programme.projects.get(code="CHB"), programme.years.get(code="2023-24"))
    vary(
        contract=first, changes={key: D("-250.00")}, reason="Fewer sessions", effective_on=date(2023, 8, 1),
        approved_on=date(2023, 7, 1), by=factories.person("commissioning-officer", "pfcc"),
    )  # fmt: skip
    text = signed_in("commissioning-officer", "pfcc").get(LIST).content.decode()
    assert "£750.00" in text and "£1,750.00" in text


def test_a_project_filter_keeps_each_value_whole(programme: Programme, signed_in: Any) -> None:
    engaged(programme)
    project = programme.projects.get(code="CHB")
    text = signed_in("commissioning-officer", "pfcc").get(f"{LIST}?project={project.pk}").content.decode()
    assert "£1,000.00" in text


def test_the_list_runs_the_same_queries_for_two_rows_and_many(programme: Programme, signed_in: Any) -> None:
    client = signed_in("commissioning-officer", "pfcc")
    for number in (1, 2):
        engaged(programme, number)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for number in range(3, 40):
        engaged(programme, number)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)
    assert len(many) == len(few)


@pytest.mark.parametrize("column", list(ContractTable.base_columns))
def test_every_column_sorts(programme: Programme, signed_in: Any, column: str) -> None:
    engaged(programme)
    assert signed_in("commissioning-officer", "pfcc").get(f"{LIST}?sort=-{column}").status_code == 200


def test_a_provider_sees_its_own_contract_with_its_value_and_no_link_to_spend(
    programme: Programme, signed_in: Any
) -> None:
    own, other = engaged(programme, 1), engaged(programme, 2, provider="other")
    client = signed_in("kpi-reporter", "change")
    text = client.get(LIST).content.decode()
    assert own.reference in text and other.reference not in text
    page = client.get(f"{LIST}{own.reference}/").content.decode()
    assert "£1,000.00" in page and "Spend under this contract" not in page
    assert client.get(f"{LIST}{other.reference}/").status_code == 404
    assert client.get(f"/money/contracts/{own.reference}/").status_code == 403


def test_who_reads_spend_is_led_from_the_contract_to_it(programme: Programme, signed_in: Any) -> None:
    contract = engaged(programme)
    page = signed_in("finance-officer", "pfcc").get(f"{LIST}{contract.reference}/").content.decode()
    assert f'href="/money/contracts/{contract.reference}/"' in page


def test_variations_show_their_reason_value_and_new_end(programme: Programme, signed_in: Any) -> None:
    contract = engaged(programme)
    key = (programme.projects.get(code="CHB"), programme.years.get(code="2023-24"))
    vary(
        contract=contract, changes={key: D("250.00")}, reason="More sessions", effective_on=date(2023, 5, 1),
        approved_on=date(2023, 7, 1), retrospective_reason="Urgent need", ends_on=date(2025, 6, 30),
        decision_reference="113-23", by=factories.person("commissioning-officer", "pfcc"),
    )  # fmt: skip
    page = signed_in("commissioning-officer", "pfcc").get(f"{LIST}{contract.reference}/").content.decode()
    for words in ("More sessions", "Urgent need", "113-23", "30 June 2025", "£250.00", "£1,250.00"):
        assert words in page, words


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"signed_on": None}, "Not signed"),
        ({"starts_on": date(2023, 9, 1)}, "Not begun"),
        ({"ends_on": date(2023, 6, 30)}, "Ended"),
        ({}, "Running"),
    ],
)
def test_the_status_follows_signature_and_dates(
    programme: Programme, signed_in: Any, fields: dict[str, Any], status: str
) -> None:
    contract = engaged(programme, **fields)
    assert status in signed_in("commissioning-officer", "pfcc").get(f"{LIST}{contract.reference}/").content.decode()


@pytest.mark.parametrize("kind", ["board-member", "administrator"])
def test_others_do_not_read_contracts(programme: Programme, signed_in: Any, kind: str) -> None:
    assert signed_in(kind, "setdab").get(LIST).status_code == 403


def test_the_register_is_downloaded_with_what_the_transparency_code_asks_for(
    programme: Programme, signed_in: Any
) -> None:
    row = engaged(programme, description="Groups and one-to-one work", procurement_route="Published tender")
    Organisation.objects.filter(pk=row.provider_id).update(is_vcse=True, registration="GB-CHC-0000000")
    response = signed_in("commissioning-officer", "pfcc").get(f"{LIST}?download=xlsx")
    sheet = load_workbook(BytesIO(response.content)).active
    found = dict(zip(*(list(line) for line in sheet.iter_rows(min_row=3, max_row=4, values_only=True)), strict=True))
    assert found["What is delivered"] == "Groups and one-to-one work"
    assert found["Provider’s registration"] == "GB-CHC-0000000"
    assert (found["Voluntary, community or social"], found["Small or medium-sized"]) == ("Yes", "No")
    assert found["Last day of notice"].date() == date(2024, 12, 31)
    assert found["Value, with variations"] == 1000


def test_what_is_on_record_of_a_provider_stands_on_the_contracts_page(programme: Programme, signed_in: Any) -> None:
    row = engaged(programme)
    Organisation.objects.filter(pk=row.provider_id).update(is_vcse=True, is_sme=True, registration="GB-CHC-0000000")
    page = signed_in("auditor", "pfcc").get(f"{LIST}{row.reference}/").content.decode()
    for words in ("GB-CHC-0000000", "Small or medium-sized enterprise", "Voluntary, community or social enterprise"):
        assert words in page, words
