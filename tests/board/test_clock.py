"""The system's date: today, a fixed one, or the one that an act is dated to."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from board import clock


def test_without_a_fixed_date_it_is_now() -> None:
    before = timezone.now()
    assert before <= clock.now() <= timezone.now()


def test_a_fixed_date_keeps_the_time_of_day(settings: pytest.FixtureRequest) -> None:
    settings.FIXED_DATE = date(2025, 4, 9)
    assert clock.today() == date(2025, 4, 9)
    assert clock.now().tzinfo is not None


def test_what_is_dated_inside_wins_and_ends(settings: pytest.FixtureRequest) -> None:
    settings.FIXED_DATE = date(2025, 4, 9)
    with clock.at(date(2024, 2, 29), 23, 30):
        assert clock.today() == date(2024, 2, 29)
        with clock.at(date(2024, 3, 31)):
            assert clock.today() == date(2024, 3, 31)
        assert clock.today() == date(2024, 2, 29)
    assert clock.today() == date(2025, 4, 9)


def test_it_ends_when_what_is_inside_fails() -> None:
    with pytest.raises(RuntimeError), clock.at(date(2024, 2, 29)):
        raise RuntimeError
    assert clock.today() != date(2024, 2, 29)


def test_the_day_is_englands_also_in_summer_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # Half past eleven at night, universal time, is the next day in England in summer.
    monkeypatch.setattr(timezone, "now", lambda: datetime(2023, 6, 30, 23, 30, tzinfo=UTC))
    assert clock.today() == date(2023, 7, 1)
    monkeypatch.setattr(timezone, "now", lambda: datetime(2023, 12, 31, 23, 30, tzinfo=UTC))
    assert clock.today() == date(2023, 12, 31)
