"""Checking a ledger file on screen: what is shown, what is refused, and that nothing is kept."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from funding.models import Transaction
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
URL = "/money/ledger/"
LEDGER = b"""Date,Supplier,Invoice,Amount
03/04/2023,The Change Project,INV-1,"1,234.50"
05/04/2023,Another provider,INV-2,(34.50)
06/04/2023,Third supplier,INV-3,100.00
"""


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


def upload(client: Client, content: bytes, name: str = "ledger.csv", **fields: str) -> str:
    response = client.post(URL, {"file": SimpleUploadedFile(name, content), **fields})
    assert response.status_code == 200
    return response.content.decode()


def workbook(**sheets: list[list[Any]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_it_shows_counts_total_and_dates_and_keeps_nothing(officer: Client) -> None:
    text = upload(officer, LEDGER)
    for words in ("£1,300.00", "3 April 2023 to 6 April 2023", "The Change Project", "−£34.50"):
        assert words in text, words
    assert not Transaction.objects.exists()


def test_a_row_that_cannot_be_read_is_named_by_its_place(officer: Client) -> None:
    text = upload(officer, LEDGER + b"07/04/2023,Fourth supplier,INV-4,see note\n")
    assert "Not read" in text and "ledger!5" in text


def test_one_sheet_can_be_named(officer: Client) -> None:
    rows = [["Date", "Supplier", "Invoice", "Amount"], ["03/04/2023", "A", "1", 10], ["04/04/2023", "B", "2", 20]]
    more = [rows[0], ["03/05/2023", "C", "3", 5], ["04/05/2023", "D", "4", 6]]
    book = workbook(April=rows, May=more)
    assert "£41.00" in upload(officer, book, "ledger.xlsx")
    assert "£11.00" in upload(officer, book, "ledger.xlsx", sheet="May")
    assert "has no sheet “June”" in upload(officer, book, "ledger.xlsx", sheet="June")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("letter.pdf", b"%PDF-1.7 not a ledger", "is a PDF, not a spreadsheet"),
        ("empty.csv", b"\n\n", "is empty"),
        ("poem.csv", b"roses are red\nviolets are blue\n", "No payments were found"),
    ],
)
def test_a_wrong_file_is_refused_beside_its_box(officer: Client, name: str, content: bytes, words: str) -> None:
    text = upload(officer, content, name)
    assert words in text and 'href="#id_file"' in text and "There is a problem" in text


def test_no_file_is_asked_for(officer: Client) -> None:
    assert "Choose ledger file" in officer.post(URL, {}).content.decode()


class Untouched:
    """A body that nobody may read."""

    def read(self, *args: int) -> bytes:
        raise AssertionError("The upload was read before its size was looked at")

    readline = read

    def close(self) -> None:
        """Nothing to close."""


def test_a_hundred_megabytes_are_refused_in_words_before_they_are_read(officer: Client) -> None:
    officer.handler.enforce_csrf_checks = True
    response = officer.post(
        URL, content_type="multipart/form-data; boundary=x",
        **{"CONTENT_LENGTH": str(100 * 1024 * 1024), "wsgi.input": Untouched()},
    )  # fmt: skip
    text = response.content.decode()
    assert response.status_code == 413 and response["Connection"] == "close"
    assert "This file is too large: the most that is taken is 20 MB" in text
    assert "There is a problem" in text and 'href="#id_file"' in text and "Choose ledger file" not in text


def test_a_file_just_above_the_limit_is_refused_too(officer: Client, settings: Any) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1000
    assert "is too large" in upload(officer, LEDGER * 20)


def test_the_token_of_the_form_is_still_required(money: Money) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(money.finance)
    assert strict.post(URL, {"file": SimpleUploadedFile("ledger.csv", LEDGER)}).status_code == 403
    token = strict.get(URL).context["csrf_token"]
    data = {"file": SimpleUploadedFile("ledger.csv", LEDGER), "csrfmiddlewaretoken": str(token)}
    assert "£1,300.00" in strict.post(URL, data).content.decode()


@pytest.mark.parametrize("kind", ["kpi-reporter", "commissioning-officer", "auditor"])
def test_only_finance_officers_check_ledgers(money: Money, signed_in: Callable[[Any], Client], kind: str) -> None:
    assert signed_in(factories.person(kind, "pfcc")).get(URL).status_code == 403
