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
    """For each year that has begun: a key, a caption, and a row a project; money first, and in-kind match apart.

    A board member sees the programme's totals of all sources; anybody else their visible sources. In-kind match is
    no money, and so is never added to it (this board's choice).
    """
    role = user.acting
    everything = Source.objects.filter(programme=programme)
    is_board = role is not None and role.kind == Role.Kind.BOARD_MEMBER
    mine = everything if is_board else Source.objects.visible_to(user).filter(programme=programme)
    found = []
    for year in programme.years.order_by("-starts"):
        quarter = _latest(year, today)
        if quarter is None:
            continue
        for in_kind, all_of_them in ((False, "all money"), (True, "all in-kind match")):
            sources = [source for source in mine if (source.kind == Source.Kind.IN_KIND_MATCH) is in_kind]
            of_kind = [source for source in everything if (source.kind == Source.Kind.IN_KIND_MATCH) is in_kind]
            if not sources:
                continue
            several = len(sources) == len(of_kind) > 1
            names = all_of_them if several else ", ".join(source.name for source in sources)
            cut = grouped(line_positions(sources, year, quarter, today=today), lambda line: line.project)
            rows = [
                ProjectMoney(
                    project.name, position.budget, position.actual_to_date, position.remaining, position.outturn
                )
                for project, position in cut.items()
                if position.budget or position.actual_to_date
            ]
            key = f"{year.code}-in-kind" if in_kind else year.code
            found.append((key, f"{year.code}, up to {quarter.short_label}: {names}", rows))
    return found


def _latest(year: Year, today: date) -> Quarter | None:
    begun = [quarter for quarter in year.quarters.all() if quarter.first_day <= today]
    return max(begun, key=lambda quarter: quarter.order) if begun else None
