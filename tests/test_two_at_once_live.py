"""Two people at once over the network: each through the pages of a running server, on SQLite and on PostgreSQL.

The acts themselves meet in tests/funding; here nothing is called but addresses, so that what stands around the acts
(sessions, transactions of a request, pages seen before) is in it too. No penny comes twice and none is lost.
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from http.client import HTTPConnection
from threading import Barrier
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import settings as project_settings
from django.test import Client

from core.money import NOUGHT
from funding.models import Declaration, LedgerImport, SpendLine, Transaction
from tests import factories
from tests.factories import Money
from tests.funding.test_ledger_import import add, staged
from tests.funding.test_views_record import sent

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
TIMES = 4


@pytest.fixture
def money(live_server: Any, settings: Any) -> Iterator[Money]:
    settings.FIXED_DATE = date(2023, 8, 14)
    yield factories.money(factories.programme())


class Person:
    """One browser, signed in: opens a page, and later sends its form."""

    def __init__(self, address: str, user: Any) -> None:
        client = Client()
        client.force_login(user)
        self.host = address.removeprefix("http://")
        self.session = client.cookies[project_settings.SESSION_COOKIE_NAME].value
        self.path = self.secret = self.token = self.version = ""

    def opens(self, path: str) -> "Person":
        """Look at a page, and remember its form's token and the version that it shows."""
        page, self.path = self._ask("GET", path), path
        self.token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        version = re.search(r'name="version" value="(\d+)"', page)
        self.version = version[1] if version else ""
        return self

    def sends(self, **data: str) -> Callable[[], str]:
        """The pressing of the button, to be done later; gives the status and what the page answers."""
        whole = {"csrfmiddlewaretoken": self.token, "version": self.version, **data}
        return lambda: self._ask("POST", self.path, urlencode(whole))

    def _ask(self, method: str, path: str, body: str | None = None) -> str:
        cookies = {project_settings.SESSION_COOKIE_NAME: self.session, project_settings.CSRF_COOKIE_NAME: self.secret}
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items() if value)}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for cookie in answer.msg.get_all("Set-Cookie") or ():
                if found := re.match(rf"{project_settings.CSRF_COOKIE_NAME}=(\w+)", cookie):
                    self.secret = found[1]
            return f"{answer.status} {answer.read().decode()}"
        finally:
            connection.close()


def at_once(*acts: Callable[[], str]) -> list[str]:
    """What each was answered, all sent at the same moment. A server error is no answer."""
    start = Barrier(len(acts))

    def run(act: Callable[[], str]) -> str:
        start.wait(timeout=30)
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        answers = [one.result(timeout=120) for one in [threads.submit(run, act) for act in acts]]
    assert not [answer for answer in answers if not answer.startswith(("200", "302"))], answers
    return answers


@pytest.mark.parametrize("turn", range(3))
def test_one_ledger_file_committed_by_two_officers_is_loaded_once(live_server: Any, money: Money, turn: int) -> None:
    colleague = factories.person("finance-officer", "pfcc", number=2)
    first, second = staged(money), staged(money)
    for found in (first, second):
        add(money, found)
    people = [
        Person(live_server.url, user).opens(f"/money/imports/{found.reference}/commit/")
        for user, found in ((money.finance, first), (colleague, second))
    ]
    at_once(*(person.sends() for person in people))
    assert sorted(LedgerImport.objects.values_list("status", flat=True)) == ["committed", "staged"]
    assert SpendLine.objects.in_force().total() == D("3399.98")
    assert Transaction.objects.count() == 5


def test_a_void_and_a_correction_of_one_entry_never_both_count(live_server: Any, money: Money) -> None:
    colleague = factories.person("finance-officer", "pfcc", number=2)
    for _ in range(TIMES):
        entry = money.record("100.00")
        before = SpendLine.objects.in_force().total()
        void = Person(live_server.url, money.finance).opens(f"/money/spend/{entry.reference}/void/")
        correct = Person(live_server.url, colleague).opens(f"/money/spend/{entry.reference}/correct/")
        quarter = money.quarter("2023-24-Q2")
        at_once(
            void.sends(reason="Typed twice"),
            correct.sends(
                how="part", quarter=str(quarter.pk), amount="40.00", document_number="CN-1", reason="Short",
                once=str(uuid4()),
            ),
        )  # fmt: skip
        entry.refresh_from_db()
        credits = list(entry.taken_back_by.in_force())
        assert entry.is_void is not bool(credits)
        left = SpendLine.objects.in_force().total() - before
        assert left == (D("-100.00") if entry.is_void else D("-40.00"))


def edited(entry: Transaction, line: Any, quarter: Any, net: str) -> dict[str, str]:
    """What a browser sends that has changed the amount of an entry."""
    return sent((line, quarter, ""), document_number=entry.document_number, net=net, vat="", recoverable_vat="")


@pytest.mark.parametrize("turn", range(TIMES))
def test_an_edit_and_a_void_of_one_entry_leave_one_penny_or_none(live_server: Any, money: Money, turn: int) -> None:
    colleague = factories.person("finance-officer", "pfcc", number=2)
    entry = money.record("100.00", document_number="INV-7")
    edits = Person(live_server.url, money.finance).opens(f"/money/spend/{entry.reference}/edit/")
    voids = Person(live_server.url, colleague).opens(f"/money/spend/{entry.reference}/void/")
    at_once(edits.sends(**edited(entry, money.line(), money.quarter(), "120.00")), voids.sends(reason="Typed twice"))
    entry.refresh_from_db()
    assert entry.is_void
    later = Transaction.objects.filter(replaces=entry).first()
    assert SpendLine.objects.in_force().total() == (D("120.00") if later else NOUGHT)
    assert entry.void_reason == ("Edited" if later else "Typed twice")


@pytest.mark.parametrize("turn", range(TIMES))
def test_two_edits_of_one_entry_leave_one_of_them(live_server: Any, money: Money, turn: int) -> None:
    colleague = factories.person("finance-officer", "pfcc", number=2)
    entry = money.record("100.00", document_number="INV-7")
    people = [Person(live_server.url, user).opens(f"/money/spend/{entry.reference}/edit/")
              for user in (money.finance, colleague)]  # fmt: skip
    answers = at_once(
        *(one.sends(**edited(entry, money.line(), money.quarter(), net))
          for one, net in zip(people, ("110.00", "130.00"), strict=True))
    )  # fmt: skip
    assert Transaction.objects.in_force().count() == 1
    assert SpendLine.objects.in_force().total() in (D("110.00"), D("130.00"))
    [refused] = [answer for answer in answers if answer.startswith("200")]
    assert "has taken its place" in refused
    assert any(f'value="{net}"' in refused for net in ("110.00", "130.00")), "What was typed is still in its box."


def test_a_declaration_holds_the_late_line_or_the_line_is_refused(live_server: Any, money: Money) -> None:
    colleague = factories.person("finance-officer", "pfcc", number=2)
    quarter, line = money.quarter(), money.line()
    money.record("10.00")
    for turn in range(TIMES):
        before = SpendLine.objects.in_force().total()
        where = f"/money/declare/{money.programme.code}/GRANT/{quarter.code}/"
        declares = Person(live_server.url, money.finance).opens(where)
        records = Person(live_server.url, colleague).opens("/money/spend/record/")
        at_once(
            declares.sends(says="complete"),
            records.sends(**sent((line, quarter, ""), document_number=f"LATE-{turn}", net="5.00")),
        )
        declared = Declaration.objects.in_force().get()
        late = Transaction.objects.filter(document_number=f"LATE-{turn}").exists()
        assert declared.total == before + (D("5.00") if late else NOUGHT)
        assert SpendLine.objects.in_force().total() == declared.total
        Declaration.objects.all().delete()


def test_the_button_pressed_twice_records_one_entry(live_server: Any, money: Money) -> None:
    person = Person(live_server.url, money.finance).opens("/money/spend/record/")
    send = person.sends(**sent((money.line(), money.quarter(), "")))
    at_once(send, send, send)
    assert Transaction.objects.count() == 1
    assert SpendLine.objects.in_force().total() == D("100.00")
