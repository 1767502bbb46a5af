"""The chain of seals over the record of acts: each seal's hash covers its event and the seal before it.

An event that was altered, or taken out of the middle, no longer fits its seal. What nobody can see from inside is that
the newest events and their seals were cut off together: who keeps the last hash elsewhere, as the command prints it,
sees that too.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC

from django.db import IntegrityError, transaction

from board import clock
from board.models import Event, Seal
from board.rows import locking

# Rows of one transaction, so that a large backlog neither fills the memory nor holds the lock for long.
AT_ONCE = 2000


def seal() -> int:
    """Seal every event that has no seal yet, in the order of their keys; how many.

    Of two at once, one seals and the other finds nothing left.
    """
    made = 0
    while count := _seal_some():
        made += count
    return made


def _seal_some() -> int:
    try:
        with transaction.atomic():
            last = locking(Seal.objects.order_by("-pk")).first()
            previous, rows = last.hash if last else "", []
            for event in Event.objects.filter(seal=None).order_by("pk")[:AT_ONCE]:
                rows.append(Seal(event=event, previous=previous, hash=hash_of(event, previous), sealed_at=clock.now()))
                previous = rows[-1].hash
            Seal.objects.bulk_create(rows)
            return len(rows)
    except IntegrityError:
        # Another process sealed the same events between our reading and our writing.
        return 0


def hash_of(event: Event, previous: str) -> str:
    """SHA-256 over the hash before and every field of the event, written in one way on every database."""
    said = [
        previous,
        event.pk,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.by_id,
        event.role,
        event.organisation_id,
        event.act,
        event.subject,
        event.words,
        event.programme_id,
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def broken() -> Iterator[str]:
    """Where the chain does not hold, in words: an event that was altered, taken out, or sealed otherwise."""
    before = ""
    for rows in _in_parts():
        there = Event.objects.in_bulk([row.event_id for row in rows])
        for row in rows:
            event = there.get(row.event_id)
            if row.previous != before:
                yield f"Before event {row.event_id} a seal is missing or was altered."
            if event is None:
                yield f"Event {row.event_id} was sealed and is gone."
            elif hash_of(event, row.previous) != row.hash:
                yield f"Event {row.event_id} ({event}) is not what was sealed on {row.sealed_at:%-d %B %Y}."
            before = row.hash


def _in_parts() -> Iterator[list[Seal]]:
    """All seals in their order, some at a time."""
    last = 0
    while rows := list(Seal.objects.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        yield rows
        last = rows[-1].pk


def last_hash() -> str:
    """The hash of the newest seal, to be kept elsewhere; empty before the first."""
    return Seal.objects.order_by("-pk").values_list("hash", flat=True).first() or ""
