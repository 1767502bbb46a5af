"""Telling a person of something once: the notice stands first, then its mail goes, and one that fails goes again."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from board.models import Notice, User
from board.rows import locking
from core.due import Due


def note(*, person: User, found: Iterable[Due], moment: datetime) -> list[Notice]:
    """Put down what the person has not been told of yet; hands back what no mail has gone for, the earliest first."""
    with transaction.atomic():
        # One timer at a time for each person, so that two that overlap put nothing down twice.
        locking(User.objects).get(pk=person.pk)
        known = set(Notice.objects.filter(person=person).values_list("key", flat=True))
        for due in {due.key: due for due in found}.values():
            if due.key not in known:
                row = Notice(person=person, key=due.key, words=due.words, due_on=due.due_on, made_at=moment)
                row.full_clean()
                row.save(force_insert=True)
    return sorted(
        Notice.objects.filter(person=person, mailed_at=None),
        key=lambda row: (row.due_on is None, row.due_on or moment.date(), row.key),
    )


def mark_mailed(notices: Sequence[Notice], *, moment: datetime) -> None:
    """Put down that the mail about them went."""
    Notice.objects.filter(pk__in=[row.pk for row in notices]).update(mailed_at=moment)
