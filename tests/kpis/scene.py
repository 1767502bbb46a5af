"""A small Change Hub with one supplier and a handful of measures, and boxes that balance."""

from datetime import date

from board import clock
from board.models import Programme, Quarter, User
from kpis import submitting
from kpis.catalogue import load_catalogue
from kpis.duties import assign
from kpis.models import Duty, Submission
from tests import factories

MEASURES = {
    "CHB-01": ["area"],
    "CHB-06": [],
    "CHB-07": [],
    "CHB-08": [],
    "CHB-10": [],
    "CHB-11": ["closure"],
    "CHB-14": [],
    "CHB-29a": [],
    "CHB-33a": [],
    "CHB-34": [],
    "CHB-35": [],
}
WORDS = "The team was at full strength and kept the time from acceptance to the first session short, every week of it."


def officer(number: int = 1) -> User:
    return factories.person("commissioning-officer", "pfcc", number=number)


def reporter(organisation: str = "change") -> User:
    return factories.person("kpi-reporter", organisation)


def change_hub(measures: dict[str, list[str]] | None = None) -> Duty:
    """A programme with its catalogue, and The Change Project reporting on The Change Hub."""
    programme = factories.programme()
    load_catalogue(programme, officer())
    return duty_of(programme, "CHB", "change", MEASURES if measures is None else measures)


def duty_of(
    programme: Programme,
    project: str,
    organisation: str,
    measures: dict[str, list[str]],
    first: str = "2023-24-Q1",
    last: str = "2024-25-Q4",
) -> Duty:
    return assign(
        project=programme.projects.get(code=project),
        organisation=factories.organisation(organisation),
        first_quarter=factories.quarter(programme, first),
        last_quarter=factories.quarter(programme, last),
        measures=measures,
        by=officer(),
    )


def quarter_of(duty: Duty, code: str = "2023-24-Q1") -> Quarter:
    return factories.quarter(duty.project.programme, code)


def draft(duty: Duty, code: str = "2023-24-Q1") -> Submission:
    """The duty's draft of a quarter, asked for on the quarter's first day."""
    quarter = quarter_of(duty, code)
    with clock.at(quarter.first_day):
        submitting.open_quarter(quarter=quarter, by=officer())
    return duty.submissions.select_related("duty__project__programme", "duty__organisation", "quarter__year").get(
        quarter=quarter, revision=1
    )


def boxes(
    opening: int = 20, starts: int = 18, people: tuple[int, int, int] = (38, 38, 38), **changes: str
) -> dict[str, str]:
    """What a reporter types; the caseload balances: opening + starts = 6 + 7 closed and the rest open."""
    filled = {
        "CHB-01": "38",
        "CHB-01.area.essex": "30",
        "CHB-01.area.southend": "8",
        "CHB-06": str(starts),
        "CHB-07.people_quarter": str(people[0]),
        "CHB-07.people_year": str(people[1]),
        "CHB-07.people_programme": str(people[2]),
        "CHB-08": str(opening + starts - 13),
        "CHB-10": "6",
        "CHB-11": "7",
        "CHB-11.closure.disengaged": "5",
        "CHB-11.closure.withdrew": "2",
        "CHB-14.numerator": "120",
        "CHB-14.denominator": "160",
        "CHB-29a": "4.5",
        "CHB-33a": WORDS,
        "CHB-34": str(opening),
        "CHB-35": "0",
    }
    return filled


def submitted(
    duty: Duty, code: str = "2023-24-Q1", figures: dict[str, str] | None = None, by: User | None = None
) -> Submission:
    """A submission handed in five days after its quarter ended."""
    row = draft(duty, code)
    by = by or reporter(duty.organisation.code)
    day = date.fromordinal(row.quarter.last_day.toordinal() + 5)
    with clock.at(day):
        row = submitting.save_draft(
            submission=row, figures=boxes() if figures is None else figures, seen_version=row.version, by=by
        )
        submitting.submit(submission=row, seen_version=row.version, by=by)
    return Submission.objects.select_related(
        "duty__project__programme", "duty__organisation", "quarter__year", "quarter__programme"
    ).get(pk=row.pk)


def seen(row: Submission) -> int:
    """The version that somebody sees who opens the submission's page now."""
    return Submission.objects.get(pk=row.pk).version


def accepted(duty: Duty, code: str = "2023-24-Q1", figures: dict[str, str] | None = None) -> Submission:
    row = submitted(duty, code, figures)
    with clock.at(date.fromordinal(row.quarter.last_day.toordinal() + 8)):
        return submitting.accept(submission=row, seen_version=seen(row), by=officer(2))
