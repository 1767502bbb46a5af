"""The record of what was done: written by acts inside their transaction, never changed."""

from board import clock
from board.models import Event, Programme, User


def record(act: str, subject: str = "", *, by: User | None, programme: Programme | None, words: str = "") -> Event:
    """Add one event. `subject` is the reference of what was acted on; `words` a sentence, no personal data.

    `programme` is None only for what concerns none (a change of role, reference data): who reads an event follows
    from its programme and from the organisation that the person acted for.
    """
    role = by.acting if by is not None else None
    return Event.objects.create(
        at=clock.now(),
        by=by,
        role=str(role) if role else "",
        organisation=role.organisation if role else None,
        act=act,
        subject=subject,
        words=words,
        programme=programme,
    )
