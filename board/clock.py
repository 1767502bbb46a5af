"""The system's date: today, or the date of the setting FIXED_DATE, or the moment an act is dated to.

Only views, commands and the stamping of rows read it; rules are given `today`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time

from django.conf import settings
from django.utils import timezone

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    """The moment with which rows and signatures are stamped, aware."""
    if moment := _moment.get():
        return moment
    actual = timezone.now()
    if settings.FIXED_DATE:
        local = timezone.localtime(actual)
        return timezone.make_aware(datetime.combine(settings.FIXED_DATE, local.time()))
    return actual


def today() -> date:
    """The day in England on which `now()` falls."""
    return timezone.localtime(now()).date()


@contextmanager
def standing_still() -> Iterator[None]:
    """One moment for all that an act writes: where a row takes another's place, no instant has both or neither."""
    token = _moment.set(now())
    try:
        yield
    finally:
        _moment.reset(token)


@contextmanager
def at(day: date, hour: int = 10, minute: int = 0) -> Iterator[None]:
    """Date what happens inside to this day: for the demonstration and for tests, never for users."""
    token = _moment.set(timezone.make_aware(datetime.combine(day, time(hour, minute))))
    try:
        yield
    finally:
        _moment.reset(token)
