"""How rows that people edit are kept: version, who and when, a key against double clicks, history."""

import uuid
from typing import TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F
from simple_history.models import HistoricalRecords

from board import clock
from core.problems import refuse


class Kept(models.Model):
    """What every edited row carries. `version` rises under the row lock with each change."""

    version = models.PositiveIntegerField(default=1, editable=False)
    once = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    changed_at = models.DateTimeField(editable=False)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    history = HistoricalRecords(inherit=True)

    class Meta:
        abstract = True


RowT = TypeVar("RowT", bound=Kept)


def written_before(model: type[RowT], once: uuid.UUID | None, /, *, by: models.Model, **same: object) -> RowT | None:
    """The row that an earlier call with the same `once` wrote; None where there was none.

    A double click sends the same twice. Who goes back in the browser and types something else means
    another row: where one of the fields in `same` differs, this refuses, and the form takes a new `once`.
    """
    row = model._default_manager.filter(once=once, created_by=by).first() if once else None
    if row is not None and any(getattr(row, name) != value for name, value in same.items()):
        raise refuse(
            "once",
            f"This page has recorded {row} already, with other figures. What you see here is not recorded yet. "
            "If it is another one, send it now.",
        )
    return row


def create(row: RowT, *, by: models.Model, reason: str = "") -> RowT:
    """Stamp, check and insert a new row; its constraints speak through full_clean()."""
    row.created_at = row.changed_at = clock.now()
    row.created_by_id = row.changed_by_id = by.pk
    _mark_history(row, by, reason)
    row.full_clean(exclude=["once"])
    row.save(force_insert=True)
    return row


def change(row: RowT, *, by: models.Model, seen_version: int | None = None, reason: str = "") -> RowT:
    """Stamp, check and save a row that the act has locked.

    `seen_version` is the version that the person had on screen: refuses if somebody else has changed
    the row since. None where the act itself read the row under its lock.
    """
    if seen_version is not None and seen_version != row.version:
        raise refuse(
            "version",
            "Somebody else changed this while you had it open. Nothing of yours was saved. "
            "Look at what they entered, then enter yours again.",
        )
    row.version += 1
    row.changed_at = clock.now()
    row.changed_by_id = by.pk
    _mark_history(row, by, reason)
    row.full_clean(exclude=["once"])
    row.save(force_update=True)
    return row


def _mark_history(row: Kept, by: models.Model, reason: str) -> None:
    row._history_user = by
    row._history_date = row.changed_at
    row._change_reason = reason[:100] or None


class Counter(models.Model):
    """One row is the last number given out under a prefix, so that references have no gaps or twins."""

    prefix = models.CharField(max_length=20, unique=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "board"

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last:06d}"


def next_reference(prefix: str) -> str:
    """The next reference under a prefix: "T" -> "T-000123". Call inside the act's transaction."""
    counter, _ = Counter.objects.get_or_create(prefix=prefix)
    Counter.objects.filter(pk=counter.pk).update(last=F("last") + 1)
    counter.refresh_from_db()
    return str(counter)
