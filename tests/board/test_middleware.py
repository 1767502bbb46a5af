"""What a browser and a proxy may keep of the pages of somebody who is signed in."""

import pytest
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db


def test_no_proxy_keeps_a_page_and_nothing_keeps_a_file(client: Client) -> None:
    factories.programme()
    client.force_login(factories.person("finance-officer", "pfcc"))
    assert client.get("/money/spend/")["Cache-Control"] == "private, no-cache"
    assert client.get("/money/spend/?download=xlsx")["Cache-Control"] == "private, no-store"


def test_what_a_stranger_sees_says_nothing_of_it(client: Client) -> None:
    assert "private, no-cache" not in client.get("/healthz").get("Cache-Control", "")
