"""The pages of match: who sees which funder's, each figure's way to its lines, and receipts recorded and made void."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from funding.matching import receive_match
from funding.models import MatchReceipt, Source
from funding.spending import Charge
from tests import factories
from tests.factories import Money
from tests.funding.test_views_budget import row_of

pytestmark = pytest.mark.django_db
D = Decimal
URL = "/money/match/"
SignedIn = Callable[[Any], Client]


@pytest.fixture
def matched(money: Money) -> Money:
    """£4,000 of ECC's £35,000 applied, of which £2,500 came to the recipient; £60,000 of grant spent."""
    money.record("60000.00")
    cash = Charge(money.line(source=money.ecc_cash), money.quarter())
    money.record("4000.00", cash, by=money.council_finance)
    receive_match(
        source=money.ecc_cash, year=money.line().year, amount=D("2500.00"), received_on=date(2023, 7, 3),
        bank_reference="BACS 1", by=money.finance,
    )  # fmt: skip
    return money


def test_a_source_shows_its_pledge_and_what_became_of_it(matched: Money, signed_in: SignedIn) -> None:
    text = signed_in(matched.finance).get(URL).content.decode()
    assert row_of(text, "Essex County Council cash · Cash match, Essex County Council")[1:] == [
        "£35,000.00", "£35,000.00", "£2,500.00", "£0.00", "£4,000.00", "£31,000.00", "11.4%", "In step",
    ]  # fmt: skip
    assert row_of(text, "Essex in-kind · In-kind match, Essex County Council")[3] == "—"


def test_cash_is_summed_with_cash_alone(matched: Money, signed_in: SignedIn) -> None:
    matched._source("SOUTH", "Southend cash", "southend", Source.Kind.CASH_MATCH, "southend", 3)
    text = signed_in(matched.finance).get(URL).content.decode()
    assert row_of(text, "Cash match, together")[1] == "£35,000.00"
    assert "In-kind match, together" not in text and "£50,000.00" not in text


@pytest.mark.parametrize(("figure", "total"), [("£4,000.00", "£4,000.00"), ("£2,500.00", "£2,500.00")])
def test_a_figure_leads_to_its_lines(matched: Money, signed_in: SignedIn, figure: str, total: str) -> None:
    client = signed_in(matched.finance)
    link = unescape(re.search(rf'href="([^"]+)">{figure}<', client.get(URL).content.decode())[1])
    assert row_of(client.get(link).content.decode(), "Total")[-1] == total


def test_the_recipient_sees_match_beside_the_grant(matched: Money, signed_in: SignedIn) -> None:
    text = signed_in(matched.finance).get(URL).content.decode()
    assert row_of(text, "Cash match") == [
        "Cash match", "11.4%", "10.0%", "0.0%", "£3,500.00", "£4,000.00", "£0.00", "£0.00", "£0.00",
    ]  # fmt: skip
    assert row_of(text, "In-kind match")[-2] == "£60,000.00"


def test_a_council_sees_its_own_match_and_nothing_of_the_grant(matched: Money, signed_in: SignedIn) -> None:
    matched._source("SOUTH", "Southend cash", "southend", Source.Kind.CASH_MATCH, "southend", 3)
    text = signed_in(matched.council_finance).get(URL).content.decode()
    assert "£4,000.00" in text and "Southend cash" not in text and "Match beside the grant" not in text
    text = signed_in(factories.person("finance-officer", "southend")).get(URL).content.decode()
    assert "Southend cash" in text and "£4,000.00" not in text and "Essex in-kind" not in text


def test_the_page_runs_the_same_queries_for_few_sources_and_many(matched: Money, signed_in: SignedIn) -> None:
    client = signed_in(matched.finance)
    client.get(URL)
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    for number in range(5):
        source = matched._source(f"M-{number}", f"Match {number}", "ecc", Source.Kind.CASH_MATCH, "ecc", 4 + number)
        matched.line(source=source)
    with CaptureQueriesContext(connection) as many:
        client.get(URL)
    assert len(many) == len(few)


def test_the_download_holds_the_figures(matched: Money, signed_in: SignedIn) -> None:
    response = signed_in(matched.finance).get(f"{URL}?download=xlsx")
    rows = list(load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True))
    cash = next(row for row in rows if row[0] and row[0].startswith("Essex County Council cash"))
    assert cash[1:8] == (35000, 35000, 2500, 0, 4000, 31000, 11.4)


def test_an_organisation_without_match_sees_an_empty_page(money: Money, signed_in: SignedIn) -> None:
    text = signed_in(factories.person("finance-officer", "thurrock")).get(URL).content.decode()
    assert "No match that you may see is pledged" in text


def test_a_quarter_of_another_year_is_said(matched: Money, signed_in: SignedIn) -> None:
    other = matched.programme.years.get(code="2024-25")
    text = signed_in(matched.finance).get(f"{URL}?year={other.pk}&quarter={matched.quarter().pk}").content.decode()
    assert "is not in 2024-25. Choose a quarter of that year" in text


def test_a_receipt_is_recorded_and_listed(money: Money, signed_in: SignedIn) -> None:
    client = signed_in(money.finance)
    pledge = money.ecc_cash.awards.get(year__code="2023-24")
    given = {"award": pledge.pk, "received_on": "3 July 2023", "amount": "1,250.50", "bank_reference": "BACS 7"}
    text = client.post(f"{URL}receive/", given, follow=True).content.decode()
    assert "MR-000001: £1,250.50 of Essex County Council cash received." in text
    assert row_of(text, "MR-000001")[1:5] == [
        "3 July 2023",
        f"Essex County Council cash · {money.programme.code}",
        "2023-24",
        "BACS 7",
    ]


def test_only_cash_of_others_may_be_chosen(money: Money, signed_in: SignedIn) -> None:
    text = signed_in(money.finance).get(f"{URL}receive/").content.decode()
    assert "Essex County Council cash, 2023-24" in text and "Essex in-kind, " not in text and "grant, 20" not in text


def test_a_refusal_comes_back_with_what_was_typed(money: Money, signed_in: SignedIn) -> None:
    pledge = money.ecc_cash.awards.get(year__code="2023-24")
    given = {"award": pledge.pk, "received_on": "3 August 2023", "amount": "77.70"}
    text = signed_in(money.finance).post(f"{URL}receive/", given).content.decode()
    assert "3 August 2023 is still to come" in text and "77.70" in text
    assert not MatchReceipt.objects.exists()


def test_a_receipt_is_made_void_by_the_recipient_alone(matched: Money, signed_in: SignedIn) -> None:
    receipt = MatchReceipt.objects.get()
    url = f"{URL}receipts/{receipt.reference}/void/"
    assert signed_in(matched.council_finance).get(url).status_code == 403
    assert signed_in(factories.person("finance-officer", "southend")).get(url).status_code == 404
    client = signed_in(matched.finance)
    assert f'href="{url}"' in client.get(f"{URL}receipts/").content.decode()
    text = client.post(url, {"reason": "Another grant’s", "version": receipt.version}, follow=True).content.decode()
    assert "Void: Another grant’s" in text and row_of(text, "Total")[-1] == "£0.00"
    assert client.get(url).status_code == 404


def test_a_council_sees_what_it_paid_over_and_has_no_way_to_make_it_void(matched: Money, signed_in: SignedIn) -> None:
    text = signed_in(matched.council_finance).get(f"{URL}receipts/").content.decode()
    assert "£2,500.00" in text and "Make void" not in text
