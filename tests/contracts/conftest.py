"""Fixtures of the tests of contracts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from board import clock
from board.models import Programme, User
from tests import factories
from tests.contracts import scene


@pytest.fixture
def programme() -> Iterator[Programme]:
    with clock.at(scene.TODAY):
        yield factories.programme()


@pytest.fixture
def by(programme: Programme) -> User:
    return scene.officer()


@pytest.fixture
def signed_in(client: Client) -> Callable[..., Client]:
    def do(kind: str, organisation: str, number: int = 1) -> Client:
        client.force_login(factories.person(kind, organisation, number=number))
        return client

    return do


@pytest.fixture
def officers(client: Client, programme: Programme) -> Client:
    """A client in which a commissioning officer of the recipient is signed in."""
    client.force_login(scene.officer())
    return client


@pytest.fixture
def files_apart(settings: Any, tmp_path: Any) -> Any:
    settings.EVIDENCE_FOLDER = tmp_path / "files"
    return settings.EVIDENCE_FOLDER
