"""The record of what was done: written by acts inside their transaction, never changed."""

from board import clock
from board.models import Event, Programme, User


def record(
    act: str, subject: str = "", *, by: User | None, words: str = "", programme: Programme | None = None
) -> Event:
    """Add one event. `subject` is the reference of what was acted on; `words` a sentence, no personal data."""
    role = str(by.acting) if by is not None and by.acting is not None else ""
    return Event.objects.create(
        at=clock.now(), by=by, role=role, act=act, subject=subject, words=words, programme=programme
    )
