"""Ledger imports on screen: from the upload to the receipt and back, who sees what, and what it asks the database."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from funding.ledger_commit import commit
from funding.ledger_import import Change, Decision, stage
from funding.models import LedgerImport, SpendLine, Transaction
from tests import factories
from tests.factories import Money
from tests.funding.test_ledger_import import APRIL, add, ledger, loaded, staged

pytestmark = pytest.mark.django_db
D = Decimal
URL = "/money/imports/"


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    money.line()
    return signed_in(money.finance)


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def upload(client: Client, content: bytes = ledger(APRIL), name: str = "april.csv") -> Any:
    return client.post(f"{URL}new/", {"file": SimpleUploadedFile(name, content)})


def send(client: Client, found: LedgerImport, query: str = "", **fields: Any) -> str:
    data = {"scope": "all", "decision": "add", "quarter": "date", **fields}
    response = client.post(f"{URL}{found.reference}/rows/{query}", data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_a_ledger_goes_from_upload_to_receipt_through_the_pages(officer: Client, money: Money) -> None:
    response = upload(officer)
    assert response.url == f"{URL}I-000001/"
    text = text_of(officer, response.url)
    for words in ("£3,399.98", "13 April 2023 to 18 April 2023", "April 2023", "Choose rows", "In preparation"):
        assert words in text, words
    found = LedgerImport.objects.get()
    text = send(officer, found, "?supplier=change", budget_line=money.line().pk, reason="No original here")
    assert "3 rows changed." in text and "£3,200.00" in text
    text = text_of(officer, f"{URL}I-000001/commit/")
    for words in ("3, £3,200.00", "Rows left out, and deleted", "Commit all of it", "The Change Hub"):
        assert words in text, words
    response = officer.post(f"{URL}I-000001/commit/", {"version": LedgerImport.objects.get().version}, follow=True)
    text = response.content.decode()
    assert "3 rows were added, £3,200.00." in text and "T-000001" in text
    assert SpendLine.objects.total() == D("3200.00")
    response = officer.post(
        f"{URL}I-000001/undo/", {"version": LedgerImport.objects.get().version, "reason": "Wrong"}, follow=True
    )
    assert "The import was undone." in response.content.decode()
    assert SpendLine.objects.in_force().total() == D("0.00")


def test_only_ticked_rows_or_the_page_are_taken(officer: Client, money: Money) -> None:
    many = [("13/04/2023", "", "A", f"N{number}", "x", "1.00") for number in range(60)]
    found = staged(money, many)
    ticked = list(found.rows.values_list("pk", flat=True)[:2])
    send(officer, found, scope="ticked", row=ticked, budget_line=money.line().pk)
    assert found.rows.chosen().count() == 2
    send(officer, found, scope="page", budget_line=money.line().pk)
    assert found.rows.chosen().count() == 50
    send(officer, found, "?text=N59", scope="all", decision="leave")
    send(officer, found, scope="all", budget_line=money.line().pk)
    assert found.rows.chosen().count() == 60


def test_nothing_ticked_is_said_and_nothing_typed_is_lost(officer: Client, money: Money) -> None:
    found = staged(money)
    text = send(officer, found, scope="ticked", reason="A reason that stays")
    assert "Tick the rows that this is about" in text and "A reason that stays" in text
    assert not found.rows.chosen()


def test_what_stands_in_the_way_is_shown_before_and_after_the_button(officer: Client, money: Money) -> None:
    found = staged(money, APRIL[:1])
    send(officer, found)
    assert "Choose the budget line that these rows charge" in text_of(officer, f"{URL}I-000001/commit/")
    found.refresh_from_db()
    response = officer.post(f"{URL}I-000001/commit/", {"version": found.version})
    text = response.content.decode()
    assert "There is a problem" in text and "april!F2" in text
    assert not Transaction.objects.exists()


def test_a_second_officer_who_changed_it_meanwhile_is_noticed(officer: Client, money: Money) -> None:
    found = staged(money, APRIL[:1])
    add(money, found)
    response = officer.post(f"{URL}I-000001/commit/", {"version": found.version})
    assert "Somebody else changed this" in response.content.decode()
    assert not Transaction.objects.exists()


def test_the_order_of_dates_is_asked_on_the_page(officer: Client, money: Money) -> None:
    upload(officer, ledger([("03/04/2023", "", "A", "1", "x", "5.00")]))
    assert "Say how the dates are written" in text_of(officer, f"{URL}I-000001/")
    url, version = f"{URL}I-000001/reading/", LedgerImport.objects.get().version
    places = LedgerImport.objects.get().file.sheets[0]["places"]
    columns = {f"{part}-0": place for part, place in places.items()}
    assert "Choose whether the day or the month" in officer.post(url, {"version": version, **columns}).content.decode()
    officer.post(url, {"version": version, "order": "month", **columns})
    assert LedgerImport.objects.get().rows.get().date.isoformat() == "2023-03-04"


def test_a_file_that_is_no_ledger_is_refused_beside_its_box(officer: Client) -> None:
    text = upload(officer, b"roses are red\nviolets are blue\n", "poem.csv").content.decode()
    assert "No payments were found" in text and 'href="#id_file"' in text
    assert not LedgerImport.objects.exists()


def test_the_same_file_again_is_told(officer: Client, money: Money) -> None:
    loaded(money)
    upload(officer)
    text = text_of(officer, f"{URL}I-000002/")
    assert "This very file was committed before" in text and "I-000001" in text
    assert "by I-000001" in text_of(officer, f"{URL}I-000002/rows/")


def test_discarding_on_the_page(officer: Client, money: Money) -> None:
    found = staged(money)
    text = officer.post(f"{URL}I-000001/discard/", {"version": found.version}, follow=True).content.decode()
    assert "The import was discarded." in text and "Discarded" in text


def test_another_organisation_finds_nothing(money: Money, signed_in: Callable[[Any], Client]) -> None:
    staged(money)
    client = signed_in(money.council_finance)
    assert "No ledger was imported yet" in text_of(client, URL)
    for page in ("", "rows/", "commit/", "reading/", "discard/"):
        assert client.get(f"{URL}I-000001/{page}").status_code == 404, page


def test_an_auditor_reads_imports_but_no_row_that_was_not_chosen(
    money: Money, signed_in: Callable[[Any], Client]
) -> None:
    done = stage(data=ledger(APRIL), file_name="april.csv", by=money.finance)
    add(money, done, cost_centre="DA01")
    client = signed_in(factories.person("auditor", "pfcc"))
    before = text_of(client, f"{URL}I-000001/")
    assert "£3,399.98" in before and "Road menders" not in before and "Choose rows" not in before
    commit(ledger_import=done, by=money.finance)
    after = text_of(client, f"{URL}I-000001/")
    assert "The Change Project" in after and "Undo" not in after
    assert client.get(f"{URL}I-000001/rows/").status_code == 403
    assert client.get(f"{URL}new/").status_code == 403


def test_fifty_rows_ask_what_two_rows_ask(officer: Client, money: Money) -> None:
    def asked(found: LedgerImport, page: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(officer, f"{URL}{found.reference}/{page}")
        return len(queries)

    def one(count: int, start: int) -> LedgerImport:
        rows = [("13/04/2023", "", "A", f"N{start + number}", "x", "1.00") for number in range(count)]
        found = staged(money, rows)
        add(money, found)
        return found

    few, many = one(2, 0), one(50, 100)
    for page in ("", "rows/", "commit/"):
        assert asked(few, page) == asked(many, page), page
    for found in (few, many):
        commit(ledger_import=found, by=money.finance)
    assert asked(few, "") == asked(many, "")


def test_spend_and_the_check_lead_to_imports(officer: Client) -> None:
    assert f'href="{URL}"' in text_of(officer, "/money/spend/")
    assert f'href="{URL}new/"' in text_of(officer, "/money/ledger/")


def test_matching_through_the_page(officer: Client, money: Money) -> None:
    money.record("1234.50", document_number="INV-1")
    found = staged(money, APRIL[:2])
    text = send(officer, found, budget_line=money.line().pk)
    assert "1 of them equal an entry that is recorded already" in text and "Equals T-000001" in text
    send(officer, found, "?decision=ask", decision="match")
    assert found.rows.get(document="INV-1").decision == Decision.MATCH


def test_an_entry_names_its_row_of_the_ledger_to_who_may_read_it(
    money: Money, signed_in: Callable[[Any], Client]
) -> None:
    loaded(money, APRIL[:1])
    assert "I-000001, april!F2" in text_of(signed_in(money.finance), "/money/spend/T-000001/")
    assert "april!F2" not in text_of(signed_in(factories.person("cfo", "pfcc")), "/money/spend/T-000001/")


def test_a_row_that_lacks_everything_is_told_with_what_is_shut(officer: Client, money: Money) -> None:
    """A closed quarter is said together with the other problems."""
    found = staged(money, [APRIL[0], APRIL[4]])
    add(money, found, Change(budget_line=money.line(), quarter=money.quarter("2023-24-Q4")))
    text = text_of(officer, f"{URL}I-000001/commit/")
    assert "is not open for spend" in text and "This is a credit" in text
    found.refresh_from_db()
    refused = officer.post(f"{URL}I-000001/commit/", {"version": found.version}).content.decode()
    assert "is not open for spend" in refused and "This is a credit" in refused
