"""Why spend varies, and that an underspend is foreseen: said once, put right, and never by a stranger."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from funding.models import UnderspendNotice, VarianceReason
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


@pytest.fixture
def explain(money: Money) -> str:
    return f"/money/explain/{money.programme.code}/2023-24-Q1/CHB/"


@pytest.fixture
def underspend(money: Money) -> str:
    return f"/money/underspend/{money.programme.code}/2023-24/"


def test_the_page_says_the_variance_that_is_asked_about(money: Money, officer: Client, explain: str) -> None:
    money.record("1000.00")
    assert (
        "£1,000.00 spent to date against a profile of £0.00, £1,000.00 over." in officer.get(explain).content.decode()
    )


def test_an_explanation_is_saved_with_the_variance_that_it_explains(
    money: Money, officer: Client, explain: str
) -> None:
    money.record("1000.00")
    officer.post(explain, {"code": "demand", "words": "More referrals than were planned.", "version": "0"})
    row = VarianceReason.objects.get()
    assert (row.code, row.variance) == ("demand", D("1000.00"))
    assert "More referrals than were planned." in officer.get(explain).content.decode()


def test_saving_leads_back_to_where_the_officer_came_from_and_nowhere_else(officer: Client, explain: str) -> None:
    data = {"code": "demand", "words": "More referrals than were planned.", "version": "0"}
    assert officer.post(f"{explain}?next=/returns/", data).url == "/returns/"
    again = {**data, "version": "1"}
    assert officer.post(f"{explain}?next=https://elsewhere.example/", again).url == "/money/budget/"


def test_words_too_short_are_refused_and_kept_on_screen(officer: Client, explain: str) -> None:
    text = officer.post(explain, {"code": "demand", "words": "Too few", "version": "0"}).content.decode()
    assert "at least 20 characters" in text and ">\nToo few</textarea>" in text
    assert not VarianceReason.objects.exists()


def test_two_officers_do_not_overwrite_each_other(officer: Client, explain: str) -> None:
    first = {"code": "demand", "words": "More referrals than were planned.", "version": "0"}
    officer.post(explain, first)
    text = officer.post(explain, {**first, "words": "What the second officer wrote."}).content.decode()
    assert "Somebody else changed this" in text and "What the second officer wrote." in text
    assert VarianceReason.objects.get().words == "More referrals than were planned."


def test_a_council_has_no_such_page_of_the_recipients_grant(
    money: Money, signed_in: Callable[[Any], Client], explain: str, underspend: str
) -> None:
    council = signed_in(money.council_finance)
    assert council.get(explain).status_code == council.get(underspend).status_code == 404
    board = signed_in(factories.person("board-member", "setdab"))
    assert board.get(explain).status_code == board.get(underspend).status_code == 403


def test_a_notice_is_recorded_once_however_often_it_is_sent(officer: Client, underspend: str) -> None:
    data = {"amount": "40,000.00", "noticed_on": "4 July 2023", "words": "A slow start", "once": str(uuid4())}
    for _ in range(2):
        officer.post(underspend, {**data, "version": "1"})
    row = UnderspendNotice.objects.get()
    assert (row.amount, row.told_on) == (D("40000.00"), None)


def test_a_notice_that_the_funder_was_not_told_of_is_put_right_and_told(officer: Client, underspend: str) -> None:
    officer.post(underspend, {"amount": "40000", "noticed_on": "4 July 2023", "words": "A slow start"})
    page = officer.get(underspend).content.decode()
    assert "£40,000.00; funder not told yet" in page and "A slow start</textarea>" in page
    told = {"amount": "41000", "noticed_on": "4 July 2023", "words": "Put right", "told_on": "5 July 2023"}
    officer.post(underspend, {**told, "funder_reference": "HO-1", "version": "1"})
    row = UnderspendNotice.objects.get()
    assert (row.told_on, row.funder_reference, row.amount) == (date(2023, 7, 5), "HO-1", D("41000.00"))
    page = officer.get(underspend).content.decode()
    assert "£41,000.00; funder told on 5 July 2023" in page and "Put right</textarea>" not in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "0"}, "Enter £0.01 or more"),
        ({"amount": "600000.01"}, "The award of 2023-24 is £600,000.00"),
        ({"amount": "1.234"}, "pence"),
        ({"noticed_on": "6 July 2023"}, "is still to come"),
        ({"told_on": "3 July 2023"}, "cannot be told before"),
        ({"told_on": "6 July 2023"}, "is still to come"),
    ],
)
def test_a_notice_that_cannot_be_true_is_refused(
    officer: Client, underspend: str, fields: dict[str, str], words: str
) -> None:
    data = {"amount": "40000", "noticed_on": "4 July 2023", "words": "A slow start"}
    text = officer.post(underspend, {**data, **fields}).content.decode()
    assert words in text and "A slow start" in text
    assert not UnderspendNotice.objects.exists()
