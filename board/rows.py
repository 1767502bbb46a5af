"""How rows that people edit are kept: version, who and when, a key against double clicks, history."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F
from simple_history.models import HistoricalRecords

from board import clock
from core.problems import refuse

# Rows of one statement: SQLite takes 32,766 values in one.
MANY = 500


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
AnyRow = TypeVar("AnyRow", bound=models.Model)


def locking(found: "models.QuerySet[AnyRow] | models.Manager[AnyRow]") -> models.QuerySet[AnyRow]:
    """The same rows, each locked when it is read, until the transaction ends.

    Others may refer to them meanwhile, as a new line refers to its contract, and only their change waits: so acts that
    write beneath the same row do not lock each other out. What is to be deleted needs the stronger lock.
    """
    return found.select_for_update(of=("self",), no_key=True)


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


def create_many(new: Sequence[RowT], *, by: models.Model, reason: str = "") -> list[RowT]:
    """Stamp and insert many new rows at once, each with its history.

    Their constraints speak in the database's words, so the act has run the same rules over them before.
    """
    if not new:
        return []
    moment, model = clock.now(), type(new[0])
    for row in new:
        row.created_at = row.changed_at = moment
        row.created_by_id = row.changed_by_id = by.pk
    with transaction.atomic():
        written = model._default_manager.bulk_create(new, batch_size=MANY)
        _copy_to_history(model, [row.pk for row in written], "+", by=by, moment=moment, reason=reason)
    return written


def change_many(found: models.QuerySet[RowT], *, by: models.Model, reason: str = "", **values: object) -> int:
    """Give the same values to many rows that the act has locked, each with its version raised and its history."""
    keys = list(found.order_by("pk").values_list("pk", flat=True))
    moment, changed = clock.now(), found.model._default_manager
    for start in range(0, len(keys), MANY):
        some = changed.filter(pk__in=keys[start : start + MANY])
        some.update(version=F("version") + 1, changed_at=moment, changed_by=by, **values)
    _copy_to_history(found.model, keys, "~", by=by, moment=moment, reason=reason)
    return len(keys)


def _copy_to_history(
    model: type[Kept], keys: Sequence[int], kind: str, *, by: models.Model, moment: datetime, reason: str
) -> None:
    """Let the database copy rows, as they stand now, into their history: what a save of each would have written.

    Row by row through objects takes a third of an import's time (docs/decisions.md).
    """
    history, quote = model.history.model, connection.ops.quote_name
    tracked = [(history._meta.get_field(field.name).column, field.column) for field in history.tracked_fields]
    said = {
        "history_date": moment, "history_change_reason": reason[:100] or None, "history_type": kind,
        "history_user": by.pk,
    }  # fmt: skip
    of_act = [history._meta.get_field(name) for name in said]
    into = ", ".join(quote(column) for column in (*(into for into, _ in tracked), *(field.column for field in of_act)))
    values = [
        field.get_db_prep_value(value, connection) for field, value in zip(of_act, said.values(), strict=True)
    ]  # fmt: skip
    columns = ", ".join(quote(column) for _, column in tracked)
    for start in range(0, len(keys), MANY):
        some = keys[start : start + MANY]
        marks = ", ".join(["%s"] * len(some))
        # Names come from the models and are quoted; all else is a parameter.
        statement = (
            f"INSERT INTO {quote(history._meta.db_table)} ({into}) SELECT {columns}, %s, %s, %s, %s "  # noqa: S608
            f"FROM {quote(model._meta.db_table)} WHERE {quote(model._meta.pk.column)} IN ({marks}) "
            f"ORDER BY {quote(model._meta.pk.column)}"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [*values, *some])


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


def next_references(prefix: str, count: int) -> list[str]:
    """The next `count` references under a prefix, taken in one go. Call inside the act's transaction."""
    counter, _ = Counter.objects.get_or_create(prefix=prefix)
    Counter.objects.filter(pk=counter.pk).update(last=F("last") + count)
    counter.refresh_from_db()
    first = counter.last - count + 1
    return [str(Counter(prefix=prefix, last=number)) for number in range(first, counter.last + 1)]


def next_reference(prefix: str) -> str:
    """The next reference under a prefix: "T" -> "T-000123". Call inside the act's transaction."""
    counter, _ = Counter.objects.get_or_create(prefix=prefix)
    Counter.objects.filter(pk=counter.pk).update(last=F("last") + 1)
    counter.refresh_from_db()
    return str(counter)
