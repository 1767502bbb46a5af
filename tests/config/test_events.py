"""The record of acts, as those who check read it."""

import pytest
from django.test import Client

from board import events
from tests import factories

pytestmark = pytest.mark.django_db


def test_acts_read_as_words_and_are_found_by_them(client: Client) -> None:
    programme = factories.programme()
    officer = factories.person("commissioning-officer", "pfcc")
    events.record("quarter.close-money", "2023-24-Q1", by=officer, programme=programme)
    events.record("claim.certify", "P/claim/1", by=officer, programme=programme)
    client.force_login(factories.person("auditor", "pfcc"))
    text = client.get("/record/").content.decode()
    assert "Quarter: close money" in text and "Claim: certify" in text
    narrowed = client.get("/record/", {"act": "close money"}).content.decode()
    assert "Quarter: close money" in narrowed and "Claim: certify" not in narrowed
