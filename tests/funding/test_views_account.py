"""The pages of money with the funder: what is owed either way, a repayment recorded and made void."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from board import clock
from funding.models import Repayment
from tests import factories
from tests.factories import Money
from tests.funding.test_claims import claim, spend
from tests.funding.test_repaying import pay, refuse_some

pytestmark = pytest.mark.django_db
D = Decimal
ACCOUNT = "/money/account/DAPF-2023-25/"


@pytest.fixture
def overpaid(money: Money, settings: Any) -> Money:
    """£50,000 was claimed and paid, and £2,000 of it refused afterwards."""
    spend(money, "50000.00", "2023-24-Q1")
    row = claim(money, "2023-24-Q1")
    pay(money, row, "50000.00")
    refuse_some(money, row, "2000.00")
    return money


def test_the_page_says_what_is_owed_either_way_and_leads_to_the_claim(
    overpaid: Money, signed_in: Callable[[Any], Client]
) -> None:
    with clock.at(date(2024, 9, 3)):
        client = signed_in(overpaid.finance)
        assert ACCOUNT in client.get("/money/claims/").content.decode()
        text = client.get(ACCOUNT).content.decode()
    assert "DAPF-2023-25: Home Office owes £0.00, and £2,000.00 is due back to it." in text
    for words in ("Less disallowed", "0 to 30 days", "Over 90 days", "Nothing is paid back", "Record a repayment"):
        assert words in text
    assert "/money/claims/P/claim/2023-24-Q1/r1/" in text


def test_a_repayment_is_recorded_once_and_made_void(overpaid: Money, signed_in: Callable[[Any], Client]) -> None:
    year = overpaid.programme.years.get(code="2023-24")
    data = {
        "repaid_on": "3 September 2024", "amount": "2,000.00", "year": str(year.pk), "why": "overpaid",
        "reason": "Refused after it was paid", "once": str(uuid4()),
    }  # fmt: skip
    with clock.at(date(2024, 9, 3)):
        client = signed_in(overpaid.finance)
        refused = client.post(f"{ACCOUNT}repay/", {**data, "amount": "2000.01"}).content.decode()
        assert "£2,000.01 is more than that" in refused and "Refused after it was paid" in refused
        for _ in range(2):
            answer = client.post(f"{ACCOUNT}repay/", data, follow=True)
            assert answer.redirect_chain[-1][0] == ACCOUNT
        row = Repayment.objects.get()
        assert f"{row.reference}: £2,000.00 paid back." in answer.content.decode()
        voided = client.post(
            f"/money/repayments/{row.reference}/void/", {"reason": "Bounced", "version": "1"}, follow=True
        ).content.decode()
    assert "Void: Bounced" in voided and "£2,000.00 is due back" in voided


@pytest.mark.parametrize(
    ("kind", "organisation", "reads", "records"),
    [
        ("finance-officer", "pfcc", 200, 200),
        ("cfo", "pfcc", 200, 403),
        ("commissioning-officer", "pfcc", 200, 403),
        ("auditor", "pfcc", 200, 403),
        ("finance-officer", "ecc", 404, 404),
        ("cfo", "ecc", 404, 403),
        ("board-member", "setdab", 403, 403),
        ("kpi-reporter", "change", 403, 403),
    ],
)
def test_the_account_is_the_recipients_and_its_auditors(
    overpaid: Money, signed_in: Callable[[Any], Client], kind: str, organisation: str, reads: int, records: int
) -> None:
    client = signed_in(factories.person(kind, organisation))
    assert client.get(ACCOUNT).status_code == reads
    assert client.get(f"{ACCOUNT}repay/").status_code == records
