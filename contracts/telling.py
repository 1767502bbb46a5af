"""The nightly mail about dates of contracts: to each person once, in words that name no person and no amount."""

import logging
from dataclasses import dataclass
from datetime import date, datetime

from django.core.mail import send_mail

from board import events
from board.models import Notice, User
from board.notices import mark_mailed, note
from contracts.due import due
from core.due import Due
from core.forms import day_in_words

logger = logging.getLogger(__name__)


@dataclass
class Told:
    """How many people were mailed about how many dates, and for how many the mail failed."""

    people: int = 0
    notices: int = 0
    failed: int = 0


def tell(*, today: date, moment: datetime) -> Told:
    """Mail each person about what they have not been told of. What fails stays a notice, and goes the next time."""
    told = Told()
    for person in User.objects.filter(is_active=True).order_by("email"):
        waiting = note(person=person, found=_due_in_every_role(person, today, moment), moment=moment)
        if not waiting:
            continue
        try:
            send_mail(_subject(waiting), _text(waiting), None, [person.email])
        except OSError:
            # smtplib's own errors are OSErrors too. The log names nobody by address.
            logger.exception("The mail to user %s about dates of contracts did not go", person.pk)
            told.failed += 1
            continue
        mark_mailed(waiting, moment=moment)
        told.people += 1
        told.notices += len(waiting)
    words = f"{told.people} people told of {told.notices} dates, {told.failed} mails failed"
    events.record("alerts.tell", by=None, programme=None, words=words)
    return told


def _due_in_every_role(person: User, today: date, moment: datetime) -> list[Due]:
    found = []
    for role in person.roles_on(today):
        found += due(person.act_as(role), today=today, moment=moment)
    return found


def _subject(waiting: list[Notice]) -> str:
    return "A date of a contract falls due" if len(waiting) == 1 else f"{len(waiting)} dates of contracts fall due"


def _text(waiting: list[Notice]) -> str:
    lines = [f"- {row.words}: {day_in_words(row.due_on)}" if row.due_on else f"- {row.words}" for row in waiting]
    return "\n".join(
        [
            "These dates of contracts fall due, or have passed:",
            "",
            *lines,
            "",
            "Sign in to the grant and returns system and choose Contracts, then What falls due.",
            "You are told of each date once. This mailbox is not read.",
            "",
        ]
    )
