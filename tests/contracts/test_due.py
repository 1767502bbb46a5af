"""What falls due: each date of a contract, how far ahead it is told, to whom, and once."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from board import clock
from board.models import Notice, Programme, Threshold, User
from contracts.alerts import Kind, alerts
from contracts.checking import record_check
from contracts.due import due
from contracts.extending import decline, offer
from contracts.following import add_action, open_issue
from contracts.models import Contract
from contracts.telling import tell
from tests import factories
from tests.contracts import scene
from tests.contracts.scene import TODAY, D, engaged

pytestmark = pytest.mark.django_db


def days(today: date) -> dict[str, date]:
    return {str(alert.kind): alert.day for alert in alerts(Contract.objects.all(), today=today)}


@pytest.fixture
def followed(programme: Programme, by: User) -> Contract:
    """A contract that ends on 30 September 2023 with notice of 30 days, and one of everything under it."""
    contract = engaged(programme, ends_on=date(2023, 9, 30), notice_days=30, review_on=date(2023, 8, 1))
    offer(contract=contract, use_by=date(2023, 8, 31), ends_on=date(2024, 3, 31), amount=D("0.00"), by=by)
    opened = {
        "owner_title": "Officer",
        "opened_on": TODAY,
        "due_on": date(2023, 7, 12),
        "words": "Rather private words",
    }
    issue = open_issue(contract=contract, by=by, **opened)
    add_action(contract=contract, issue=issue, by=by, **opened)
    record_check(
        contract=contract, what="insurance", words="", reference="PL-1", checked_on=TODAY, expires_on=date(2023, 8, 10),
        by=by,
    )  # fmt: skip
    return contract


def test_every_date_of_a_contract_is_found(followed: Contract) -> None:
    assert days(TODAY) == {
        "issue": date(2023, 7, 12),
        "action": date(2023, 7, 12),
        "review": date(2023, 8, 1),
        "check": date(2023, 8, 10),
        "notice": date(2023, 8, 31),
        "option": date(2023, 8, 31),
        "end": date(2023, 9, 30),
    }


@pytest.mark.parametrize(
    ("today", "gone"),
    [
        (date(2023, 8, 31), set()),
        (date(2023, 9, 1), {"notice"}),
        (date(2023, 9, 30), {"notice"}),
        (date(2023, 10, 1), {"notice", "end", "review", "check"}),
        (date(2024, 2, 29), {"notice", "end", "review", "check"}),
    ],
)
def test_what_can_be_done_no_more_goes_and_what_is_left_to_do_stays(followed: Contract, today: date, gone: set) -> None:
    assert set(days(TODAY)) - set(days(today)) == gone


def test_what_is_done_falls_due_no_more(followed: Contract, by: User) -> None:
    decline(option=followed.options.get(), words="A new tender", by=by)
    assert "option" not in days(TODAY)


def test_a_contract_that_begins_without_a_signature_is_told_from_that_day(programme: Programme, by: User) -> None:
    engaged(programme, signed_on=None, starts_on=date(2023, 7, 6))
    [unsigned] = [one for one in alerts(Contract.objects.all(), today=TODAY) if one.kind == Kind.UNSIGNED]
    assert not unsigned.is_told(TODAY) and unsigned.is_told(date(2023, 7, 6))


def test_how_far_ahead_is_a_row_of_the_programme(programme: Programme, by: User) -> None:
    engaged(programme, ends_on=date(2023, 12, 31), notice_days=0)
    assert not list(due(by, today=TODAY, moment=clock.now()))
    Threshold.objects.create(programme=programme, rule="alert-end-days", value=18000, from_date=programme.first_day)
    assert [row.due_on for row in due(by, today=TODAY, moment=clock.now())] == [date(2023, 12, 31)]


def test_officers_are_told_of_all_and_a_provider_of_what_is_its_own(followed: Contract, by: User) -> None:
    def told(person: User) -> list[str]:
        return [row.words for row in due(person, today=TODAY, moment=clock.now())]

    assert set(told(scene.reporter())) == {
        "Close issue 1 of C-001",
        "Complete action 1 of C-001",
        "Renew check 1 of C-001, insurance",
        "C-001 ends",
    }
    assert {"Use or decline option 1 of C-001", "Review C-001", "Last day to give notice of the end of C-001"} <= set(
        told(by)
    )
    for kind, organisation in [("kpi-reporter", "other"), (scene.OFFICER, "ecc"), ("finance-officer", "pfcc")]:
        assert told(factories.person(kind, organisation)) == []


def test_the_page_says_how_far_off_each_date_is(followed: Contract, signed_in: Callable[..., Client]) -> None:
    client = signed_in(scene.OFFICER, "pfcc")
    page = client.get("/contracts/falls-due/").content.decode()
    for words in ("In 7 days", "In 57 days", "Soon", "Renew check 1 of C-001"):
        assert words in page, words
    with clock.at(date(2023, 7, 13)):
        page = client.get("/contracts/falls-due/").content.decode()
    assert "1 day ago" in page and "Overdue" in page
    assert "Rather private words" not in page


def test_the_page_asks_the_same_of_two_contracts_and_many(
    followed: Contract, programme: Programme, by: User, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(scene.OFFICER, "pfcc")
    client.get("/contracts/falls-due/")
    with CaptureQueriesContext(connection) as few:
        client.get("/contracts/falls-due/")
    for number in range(2, 20):
        engaged(programme, number, ends_on=date(2023, 12, 31))
    with CaptureQueriesContext(connection) as many:
        client.get("/contracts/falls-due/")
    assert len(many) == len(few)


def test_each_person_is_mailed_once_about_each_date_and_again_when_it_moves(followed: Contract, by: User) -> None:
    scene.reporter()
    assert (tell(today=TODAY, moment=clock.now()).people, len(mail.outbox)) == (2, 2)
    assert tell(today=TODAY, moment=clock.now()).people == 0
    followed.review_on = date(2023, 7, 31)
    followed.save()
    tell(today=TODAY, moment=clock.now())
    assert len(mail.outbox) == 3
    assert mail.outbox[2].to == [by.email] and "- Review C-001: 31 July 2023" in mail.outbox[2].body


def test_a_mail_names_no_person_no_amount_and_no_words_of_the_register(followed: Contract, by: User) -> None:
    tell(today=TODAY, moment=clock.now())
    [sent] = mail.outbox
    assert sent.subject == "7 dates of contracts fall due"
    for words in ("Rather private words", by.name, "£", "PL-1", "Officer"):
        assert words not in sent.body


def test_a_mail_that_fails_loses_no_notice_and_goes_the_next_night(
    followed: Contract, by: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError("no mail server")

    with monkeypatch.context() as patch:
        patch.setattr("contracts.telling.send_mail", broken)
        with pytest.raises(CommandError, match="1 mails did not go"):
            call_command("tell_alerts")
    assert Notice.objects.filter(mailed_at=None).count() == 7 and not mail.outbox
    call_command("tell_alerts")
    assert len(mail.outbox) == 1 and not Notice.objects.filter(mailed_at=None).exists()


def test_a_person_without_a_role_or_whose_role_has_ended_is_told_nothing(followed: Contract, by: User) -> None:
    by.roles.update(ends_on=TODAY - timedelta(days=1))
    assert tell(today=TODAY, moment=clock.now()).people == 0
