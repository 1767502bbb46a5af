"""The scene of the tests of returns, at 5 July 2023."""

from collections.abc import Iterator

import pytest

from board import clock
from tests.returns.scenes import JULY, Scene


@pytest.fixture
def scene(db: None) -> Iterator[Scene]:
    with clock.at(JULY):
        yield Scene()
