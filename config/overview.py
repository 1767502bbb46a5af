"""A programme's money by project, as far as a role may see it: from the same positions as every other page."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from board.models import Programme, Quarter, Role, User, Year
from funding.models import Source
from funding.positions import grouped, line_positions


@dataclass(frozen=True)
class ProjectMoney:
    """One project's figures of a year, in pounds."""

    project: str
    budget: Decimal
    actual: Decimal
    remaining: Decimal
    outturn: Decimal


def years_of(programme: Programme, user: User, *, today: date) -> list[tuple[str, str, list[ProjectMoney]]]:
    """For each year that has begun: its code, a caption, and a row a project.

    A board member sees the programme's totals of all sources; anybody else their visible sources.
    """
    role = user.acting
    everything = Source.objects.filter(programme=programme)
    sources = (
        everything
        if role and role.kind == Role.Kind.BOARD_MEMBER
        else (Source.objects.visible_to(user).filter(programme=programme))
    )
    whole = len(sources) == len(everything)
    names = "all sources" if whole else ", ".join(source.name for source in sources)
    found = []
    for year in programme.years.order_by("-starts"):
        quarter = _latest(year, today)
        if quarter is None or not sources:
            continue
        cut = grouped(line_positions(sources, year, quarter, today=today), lambda line: line.project)
        rows = [
            ProjectMoney(project.name, position.budget, position.actual_to_date, position.remaining, position.outturn)
            for project, position in cut.items()
            if position.budget or position.actual_to_date
        ]
        found.append((year.code, f"{year.code}, up to {quarter.short_label}: {names}", rows))
    return found


def _latest(year: Year, today: date) -> Quarter | None:
    begun = [quarter for quarter in year.quarters.all() if quarter.first_day <= today]
    return max(begun, key=lambda quarter: quarter.order) if begun else None
