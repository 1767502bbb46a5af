"""Which quarter is open, for whom and until when; closing in order; reopening that ends by itself."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from board import clock
from board.models import Event, Programme, Quarter, Reopening, User
from board.quarters import MONEY, RESULTS, is_open, lock_open, mark_closed, open_quarters, reopen
from core.problems import Refused
from tests import factories

pytestmark = pytest.mark.django_db


def moment(day: date, hour: int = 12) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, hour))


def quarter(programme: Programme, code: str = "2023-24-Q1") -> Quarter:
    return factories.quarter(programme, code)


@pytest.fixture
def by(programme: Programme) -> User:
    return factories.person("commissioning-officer", "pfcc")


def close(row: Quarter, what: str, by: User, on: date = date(2023, 7, 5)) -> Quarter:
    with clock.at(on), transaction.atomic():
        return mark_closed(row, what, by=by)


@pytest.mark.parametrize(
    ("day", "is_it"),
    [(date(2023, 3, 31), False), (date(2023, 4, 1), True), (date(2023, 6, 30), True), (date(2024, 2, 29), True)],
)
def test_a_quarter_opens_on_its_first_day_and_stays_open_until_it_is_closed(
    programme: Programme, day: date, is_it: bool
) -> None:
    assert is_open(quarter(programme), MONEY, moment(day)) is is_it


def test_a_quarter_begins_at_midnight_in_england(programme: Programme) -> None:
    """On 1 July it is still 30 June in universal time until one in the morning."""
    second = quarter(programme, "2023-24-Q2")
    assert is_open(second, MONEY, moment(date(2023, 7, 1), hour=0))
    assert not is_open(second, MONEY, moment(date(2023, 6, 30), hour=23))


def test_it_closes_separately_for_money_and_for_results(programme: Programme, by: User) -> None:
    row = close(quarter(programme), MONEY, by)
    now = moment(date(2023, 7, 6))
    assert not is_open(row, MONEY, now) and is_open(row, RESULTS, now)
    row = close(row, RESULTS, by)
    assert not is_open(row, RESULTS, now)
    assert row.money_closed_by == row.results_closed_by == by
    assert set(Event.objects.filter(subject=row.code).values_list("act", flat=True)) == {
        "quarter.close-money",
        "quarter.close-results",
    }


def test_a_quarter_closes_only_after_its_last_day(programme: Programme, by: User) -> None:
    with pytest.raises(Refused, match="runs until 30 June 2023"):
        close(quarter(programme), MONEY, by, on=date(2023, 6, 30))
    assert close(quarter(programme), MONEY, by, on=date(2023, 7, 1)).money_closed_at


def test_quarters_close_in_order(programme: Programme, by: User) -> None:
    with pytest.raises(Refused, match=r"2023-24 Q1 .* is still open for money\. Close it first"):
        close(quarter(programme, "2023-24-Q2"), MONEY, by, on=date(2023, 10, 5))
    # Results of the first being open does not keep money of the second open.
    close(quarter(programme), MONEY, by)
    close(quarter(programme, "2023-24-Q2"), MONEY, by, on=date(2023, 10, 5))


def test_a_quarter_closes_once(programme: Programme, by: User) -> None:
    close(quarter(programme), MONEY, by)
    with pytest.raises(Refused, match="is closed for money already"):
        close(quarter(programme), MONEY, by)


def test_a_closing_period_opens_for_money_when_the_fourth_quarter_closes_and_never_for_results(
    programme: Programme, by: User
) -> None:
    closing, now = quarter(programme, "2023-24-closing"), moment(date(2024, 4, 20))
    assert not is_open(closing, MONEY, now)
    for number in (1, 2, 3, 4):
        close(quarter(programme, f"2023-24-Q{number}"), MONEY, by, on=date(2024, 4, 20))
    assert is_open(closing, MONEY, now)
    assert not is_open(closing, RESULTS, now)


def test_the_next_years_first_quarter_closes_while_the_closing_period_is_open(programme: Programme, by: User) -> None:
    for code in ("2023-24-Q1", "2023-24-Q2", "2023-24-Q3", "2023-24-Q4", "2024-25-Q1"):
        close(quarter(programme, code), MONEY, by, on=date(2024, 7, 5))
    assert is_open(quarter(programme, "2023-24-closing"), MONEY, moment(date(2024, 7, 6)))


def test_open_quarters_are_those_begun_and_not_closed_earliest_first(programme: Programme, by: User) -> None:
    now = moment(date(2023, 10, 5))
    assert [row.code for row in open_quarters(programme, MONEY, now)] == ["2023-24-Q1", "2023-24-Q2", "2023-24-Q3"]
    close(quarter(programme), MONEY, by)
    assert [row.code for row in open_quarters(programme, MONEY, now)] == ["2023-24-Q2", "2023-24-Q3"]


def test_a_closed_quarter_is_refused_with_the_day_and_the_way_out(programme: Programme, by: User) -> None:
    row = close(close(quarter(programme), MONEY, by), RESULTS, by)
    with transaction.atomic():
        with pytest.raises(Refused, match=r"closed for spend on 5 July 2023\. Record it in an open quarter"):
            lock_open(row, MONEY)
        with pytest.raises(Refused, match=r"closed for results on 5 July 2023\. Ask a commissioning officer"):
            lock_open(row, RESULTS)


def test_a_reopening_lets_one_organisation_in_until_its_moment(programme: Programme, by: User) -> None:
    row = close(quarter(programme), MONEY, by)
    council, until = factories.organisation("ecc"), moment(date(2023, 7, 10))
    with clock.at(date(2023, 7, 6)):
        reopen(quarter=row, what=MONEY, organisation=council, reason="Invoice found", until=until, by=by)
    row = quarter(programme)
    inside, after = moment(date(2023, 7, 7)), until
    assert is_open(row, MONEY, inside, council)
    assert not is_open(row, MONEY, inside, factories.organisation("thurrock"))
    assert not is_open(row, MONEY, inside)
    assert not is_open(row, RESULTS, inside, council) or row.results_closed_at is None
    assert not is_open(row, MONEY, after, council), "It shuts by itself."
    assert not is_open(row, MONEY, moment(date(2023, 7, 5)), council), "It does not reach back."


def test_a_reopening_for_all_lets_everyone_in(programme: Programme, by: User) -> None:
    row = close(quarter(programme), MONEY, by)
    until = moment(date(2023, 7, 10))
    with clock.at(date(2023, 7, 6)):
        reopen(quarter=row, what=MONEY, organisation=None, reason="Wrong coding", until=until, by=by)
    assert is_open(quarter(programme), MONEY, moment(date(2023, 7, 7)), factories.organisation("thurrock"))


def test_an_open_quarter_is_not_reopened(programme: Programme, by: User) -> None:
    with pytest.raises(Refused, match="there is nothing to reopen"):
        reopen(
            quarter=quarter(programme), what=MONEY, organisation=None, reason="x", until=moment(date(2023, 8, 1)), by=by
        )


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [({"reason": ""}, "reopening_has_a_reason"), ({"until": timedelta()}, "reopening_ends")],
)
def test_the_database_refuses_a_reopening_without_reason_or_end(
    programme: Programme, by: User, fields: dict, constraint: str
) -> None:
    opened = clock.now()
    until = opened + fields.get("until", timedelta(days=1))
    row = Reopening(
        quarter=quarter(programme), what=MONEY, by=by, reason=fields.get("reason", "A reason"), opened_at=opened,
        until=until,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()
