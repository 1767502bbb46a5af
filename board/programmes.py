"""Setting up a programme: its years, quarters and due dates."""

from datetime import date

from django.db import transaction

from board import events
from board.models import UNALLOCATED, Organisation, Programme, Project, Quarter, User, Year
from core.financial_year import quarter_bounds, quarter_code, year_bounds, year_code, year_starting
from core.working_days import add_working_days

# This board's timetable, in England's working days after a quarter ends; each date can be changed as a row.
PROVIDER_DAYS, CHECK_DAYS, CERTIFY_DAYS = 10, 15, 20
# A closing period takes late invoices for this long after its year ends (this board's choice).
CLOSING_MONTHS_END = (9, 30)


def set_up(*, programme: Programme, by: User) -> Programme:
    """Save a programme with its years, four quarters and a closing period each, and the unallocated project."""
    with transaction.atomic():
        programme.full_clean()
        programme.save(force_insert=True)
        for start in range(year_starting(programme.first_day), year_starting(programme.last_day) + 1):
            year = Year.objects.create(programme=programme, code=year_code(start), starts=start)
            for number in (1, 2, 3, 4):
                first, last = quarter_bounds(start, number)
                _add_quarter(year, Quarter.Kind.QUARTER, number, quarter_code(start, number), first, last)
            year_end = year_bounds(start)[1]
            _add_quarter(
                year,
                Quarter.Kind.CLOSING,
                5,
                f"{year.code}-closing",
                date(year_end.year, 4, 1),
                date(year_end.year, *CLOSING_MONTHS_END),
            )
        Project.objects.create(
            programme=programme,
            code=UNALLOCATED,
            name="Unallocated",
            typology=Project.Typology.OVERHEAD,
            position=999,
        )
        events.record("programme.set-up", programme.code, by=by, programme=programme)
    return programme


def _add_quarter(year: Year, kind: str, number: int, code: str, first: date, last: date) -> Quarter:
    quarter = Quarter(
        programme=year.programme,
        year=year,
        kind=kind,
        number=number,
        code=code,
        first_day=first,
        last_day=last,
        provider_due_on=add_working_days(last, PROVIDER_DAYS),
        check_due_on=add_working_days(last, CHECK_DAYS),
        certify_due_on=add_working_days(last, CERTIFY_DAYS),
    )
    quarter.full_clean()
    quarter.save(force_insert=True)
    return quarter


def names_in_use(programme: Programme) -> list[str]:
    """Names of projects and organisations, which may stand in any text. Two queries."""
    return [
        *programme.projects.values_list("name", flat=True),
        *Organisation.objects.values_list("name", flat=True),
    ]
