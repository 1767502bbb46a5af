"""What the settings decide of signing in."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

pytestmark = pytest.mark.django_db

PROXY = "10.0.0.1"


def told_to_wait(client: Client, person: int, comes_from: str) -> bool:
    """Whether one failed sign-in of a person is met with the limit."""
    typed = {"login": f"person{person}@example.org", "password": "not the right one"}
    answer = client.post("/accounts/login/", typed, REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": comes_from})
    return "Too many failed" in answer.content.decode()


@pytest.mark.parametrize("invented", ["", "198.51.100.{}, "])
def test_a_stranger_who_fails_to_sign_in_shuts_nobody_else_out(client: Client, settings: Any, invented: str) -> None:
    cache.clear()
    settings.ALLAUTH_TRUSTED_PROXY_COUNT, settings.ACCOUNT_RATE_LIMITS = 1, {}
    told = [told_to_wait(client, number, f"{invented.format(number)}203.0.113.9") for number in range(15)]
    assert told[0] is False and told[-1] is True
    assert not told_to_wait(client, 99, "203.0.113.10")
    cache.clear()
