"""What a contract review pack is made from: the contract, its money and its results up to a quarter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from board.models import Project, Quarter, Year
from contracts.models import Contract
from core.money import NOUGHT, PenceField
from funding.models import SpendLine
from kpis.lines import MeasureLine, Outstanding, ProjectPerformance
from kpis.models import Duty
from kpis.results import outstanding, performance
from returns.kinds.scope import Scope, Subject


@dataclass(frozen=True)
class Worth:
    """What a contract is worth for a project in a year, and what of it was used up by a quarter's end, in pounds."""

    project: Project
    year: Year
    worth: Decimal
    in_quarter: Decimal
    to_date: Decimal


@dataclass(frozen=True)
class Record:
    """Everything that one pack is made from."""

    scope: Scope
    contract: Contract
    today: date
    worth: tuple[Worth, ...]
    projects: tuple[ProjectPerformance, ...]
    waiting: tuple[Outstanding, ...]

    @property
    def quarter(self) -> Quarter:
        return self.scope.last

    @property
    def rated(self) -> list[tuple[ProjectPerformance, MeasureLine]]:
        """The measures that have a target."""
        return [(project, line) for project in self.projects for line in project.measures if line.target is not None]


def contracts_of(quarter: Quarter) -> list[Subject]:
    """The contracts of a quarter's programme that ran in it, by reference."""
    rows = Contract.objects.filter(
        programme=quarter.programme, starts_on__lte=quarter.last_day, ends_on__gte=quarter.first_day
    )
    return [Subject(row.reference, f"{row.reference}, {row.title}") for row in rows.order_by("reference")]


def read(scope: Scope, *, today: date) -> Record:
    """Gather what the pack of a contract says of a quarter."""
    contract = Contract.objects.select_related("programme", "buyer", "provider").get(
        programme=scope.programme, reference=scope.subject
    )
    return Record(
        scope=scope,
        contract=contract,
        today=today,
        worth=tuple(_worth(contract, scope.last)),
        projects=tuple(performance(scope.programme, scope.last, duties=duties_of(contract, scope.last))),
        waiting=tuple(waiting_for(contract, scope.last)),
    )


def duties_of(contract: Contract, quarter: Quarter) -> list[Duty]:
    """Under which duties the contract's supplier reports in a quarter."""
    return list(Duty.objects.in_force(quarter).of_contract(contract))


def waiting_for(contract: Contract, quarter: Quarter) -> list[Outstanding]:
    """Which of them have no accepted results of the quarter yet."""
    names = {duty.reference for duty in duties_of(contract, quarter)}
    return [row for row in outstanding(quarter.programme, quarter) if row.duty in names]


def _worth(contract: Contract, quarter: Quarter) -> Iterator[Worth]:
    """Each project and year that the contract has a value for, or was charged for, up to the year of the quarter."""
    worth: dict[tuple[Project, Year], Decimal] = {}
    for value in contract.values.select_related("project", "year").exclude(year__starts__gt=quarter.year.starts):
        key = (value.project, value.year)
        worth[key] = worth.get(key, NOUGHT) + value.amount
    charged: dict[tuple[Project, Year], list[Decimal]] = {}
    for line in charged_under(contract, quarter):
        place = (line["budget_line__project"], line["budget_line__year"])
        [key] = [key for key in worth if (key[0].pk, key[1].pk) == place] or [_place(*place)]
        worth.setdefault(key, NOUGHT)
        sums = charged.setdefault(key, [NOUGHT, NOUGHT])
        sums[0] += line["sum"] if line["quarter"] == quarter.pk else NOUGHT
        sums[1] += line["sum"]
    for project, year in sorted(worth, key=lambda key: (key[1].starts, key[0].position, key[0].code)):
        in_quarter, to_date = charged.get((project, year), [NOUGHT, NOUGHT])
        yield Worth(project, year, worth[project, year], in_quarter, to_date)


def _place(project: int, year: int) -> tuple[Project, Year]:
    return Project.objects.get(pk=project), Year.objects.get(pk=year)


def charged_under(contract: Contract, quarter: Quarter) -> Sequence[dict[str, object]]:
    """What the grant was charged under a contract up to a quarter's end, summed by project, year and quarter.

    As F24 counts it: claimable or held, but not what can never be claimed. Match that pays for the same work is none of
    the contract's value.
    """
    upto = [row.pk for row in quarter.programme.quarters.all() if row.order <= quarter.order]
    rows = SpendLine.objects.under(contract).filter(quarter__in=upto)
    keys = ("budget_line__project", "budget_line__year", "quarter")
    return list(rows.order_by().values(*keys).annotate(sum=Sum("cost", output_field=PenceField())).order_by(*keys))
