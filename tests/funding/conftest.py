"""A programme with money on a fixed day, and a client that is signed in."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client

from board import clock
from tests import factories
from tests.factories import Money

JULY = date(2023, 7, 5)


@pytest.fixture
def money() -> Iterator[Money]:
    with clock.at(JULY):
        yield factories.money(factories.programme())


@pytest.fixture
def signed_in(client: Client) -> Callable[[Any], Client]:
    """Sign a person in: `signed_in(money.finance)`."""

    def do(user: Any) -> Client:
        client.force_login(user)
        return client

    return do
