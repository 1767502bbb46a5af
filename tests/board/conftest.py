"""A programme on a fixed day."""

from collections.abc import Iterator
from datetime import date

import pytest

from board import clock
from board.models import Programme
from tests import factories


@pytest.fixture
def programme() -> Iterator[Programme]:
    with clock.at(date(2023, 7, 5)):
        yield factories.programme()
