"""Every list, over the demonstration: what it asks of the database, and what its download holds."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from board.models import User
from core.views import ListPage
from tests.test_access import addresses

Person = Callable[[str], User]


def lists() -> list[tuple[str, type[ListPage]]]:
    """Each address of a list with its page."""
    pages = ((name, getattr(view, "view_class", None)) for name, view in addresses())
    return [(name, page) for name, page in pages if page and issubclass(page, ListPage)]


def reader_of(name: str, demonstration: Person) -> Client:
    """One who may open the list, and sees as much of it as anybody."""
    for key in ("commissioning.1", "finance.pfcc", "auditor", "board"):
        client = Client()
        client.force_login(demonstration(key))
        if client.get(reverse(name)).status_code == 200:
            return client
    raise AssertionError(f"Nobody of these may open {name}")


def test_there_are_lists_of_every_floor() -> None:
    found = {name.partition(":")[0] for name, _ in lists()}
    assert {"funding", "contracts", "kpis", "returns"} <= found


def test_a_page_of_two_rows_asks_what_a_page_of_two_hundred_asks(
    demonstration: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = {}
    for name, page in lists():
        client = reader_of(name, demonstration)
        for rows in (2, 200):
            monkeypatch.setattr(page, "per_page", rows)
            with CaptureQueriesContext(connection) as asked:
                response = client.get(reverse(name))
            assert response.status_code == 200
            counted[name, rows] = len(asked)
    assert {name: counted[name, 2] for name, _ in lists()} == {name: counted[name, 200] for name, _ in lists()}


def test_a_download_holds_every_row_and_no_markup(demonstration: Person) -> None:
    for name, _ in lists():
        client = reader_of(name, demonstration)
        # The download comes first, since it leaves a row of its own in the record of acts.
        response = client.get(reverse(name), {"download": "xlsx"})
        shown = client.get(reverse(name)).context["table"]
        sheet = load_workbook(BytesIO(response.content)).active
        texts = [cell for row in sheet.iter_rows(values_only=True) for cell in row if isinstance(cell, str)]
        assert not [text for text in texts if "</" in text or "&amp;" in text], name
        assert sheet.max_row - 3 == len(shown.rows), name
