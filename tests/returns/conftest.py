"""The scene of the tests of returns, at 5 July 2023."""

from collections.abc import Iterator

import pytest

from board import clock
from returns import files
from tests.returns.scenes import JULY, Scene


@pytest.fixture
def scene(db: None) -> Iterator[Scene]:
    with clock.at(JULY):
        yield Scene()


@pytest.fixture
def quick_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF that says only its hash, where a test is not about what the PDF shows."""
    monkeypatch.setattr(files, "document", lambda content, stamp, workbook: b"%PDF-" + stamp.content_hash.encode())
