"""What of a project's results a profile hides: the small numbers, and all by which they could be worked out.

Quarters are gone through from the first, as they were published: what an earlier report showed or hid
stays so, and a later figure gives way. Counts that are not of people are never hidden.
"""

from dataclasses import dataclass, field

from board.models import Project, Quarter
from board.thresholds import threshold
from kpis import formulas
from kpis.aggregation import PROGRAMME, YEAR, Cell, across_quarters
from kpis.kinds import FigureType, Kind, Profile
from kpis.models import Breakdown, Category, Identity, KpiVersion
from kpis.reported import Reported
from kpis.rules import OPENINGS
from kpis.suppression import GUARDS, Equation, Guard, Key, protect, rate_is_hidden

_COUNTED = frozenset({FigureType.COUNT, FigureType.PEOPLE})


@dataclass
class Hidden:
    """Answers whether a figure is hidden; nothing is where the profile hides nothing."""

    guard: Guard | None
    project: Project | None = None
    reported: Reported | None = None
    keys: frozenset[Key] = field(default_factory=frozenset)

    @property
    def hides(self) -> bool:
        return self.guard is not None

    def rounded(self, number: int) -> int:
        return self.guard.rounded(number) if self.guard else number

    def rate(self, numerator: int | None, denominator: int | None) -> bool:
        if self.guard is None or numerator is None or denominator is None:
            return False
        return rate_is_hidden(numerator, denominator, self.guard)

    def headline(self, code: str, quarter_code: str) -> bool:
        quarter = next(row for row in self._reported.so_far if row.code == quarter_code) if self.guard else None
        if quarter is None:
            return False
        return self._figure(code, self._reported.cell(self._project, code, quarter), "head", quarter_code)

    def year(self, code: str) -> bool:
        """The year to date of the quarter asked about."""
        return bool(self.guard) and self._to_date(code, YEAR)

    def programme(self, code: str) -> bool:
        return bool(self.guard) and self._to_date(code, PROGRAMME)

    def part(self, code: str, category: Category, row: Breakdown) -> bool:
        """A category of a breakdown in the quarter asked about."""
        if self.guard is None or not self._definition(code).sensitive:
            return False
        if row.figure_type in (FigureType.RATIO, FigureType.SCALED):
            return self.rate(row.numerator, row.denominator)
        return _part_key(code, category, self._reported.quarter.code) in self.keys

    @property
    def _reported(self) -> Reported:
        if self.reported is None:
            raise ValueError("Nothing is hidden from this reader, so nothing was looked at")
        return self.reported

    @property
    def _project(self) -> Project:
        if self.project is None:
            raise ValueError("Nothing is hidden from this reader, so nothing was looked at")
        return self.project

    def _definition(self, code: str) -> KpiVersion:
        return self._reported.definition(self._project, code)

    def _to_date(self, code: str, span: str) -> bool:
        reported, kind = self._reported, self._definition(code).kind
        quarters = reported.year_so_far if span == YEAR else reported.so_far
        cells = [reported.cell(self._project, code, row) for row in quarters]
        cell = across_quarters(kind, cells, span)
        if kind == Kind.OPENING:
            # It is the headline of the quarter that it was taken from, and hidden where that is.
            return any(self.headline(code, row.code) for row, one in zip(quarters, cells, strict=True) if one is cell)
        if kind == Kind.SNAPSHOT:
            return self.headline(code, quarters[-1].code)
        if kind == Kind.RATIO and any(self.headline(code, row.code) for row in quarters):
            # One run of fractions fits a series of shown rates: a hidden quarter would follow from its totals.
            return True
        return self._figure(code, cell, span, reported.quarter.code)

    def _figure(self, code: str, cell: Cell, place: str, quarter_code: str) -> bool:
        definition = self._definition(code)
        if not definition.sensitive or cell.empty:
            return False
        if definition.computed:
            terms = formulas.read(definition.numerator_codes) + formulas.read(definition.denominator_codes)
            # Worked out from shown figures it tells nothing more; from a hidden one it would tell that.
            return any((place, term, quarter_code) in self.keys for _, term in terms)
        if definition.figure_type in (FigureType.RATIO, FigureType.COHORT):
            return self.rate(cell.numerator, cell.denominator)
        if definition.figure_type in (FigureType.MEDIAN, FigureType.MEAN):
            return self.guard is not None and (cell.n or 0) < self.guard.below
        return (place, code, quarter_code) in self.keys


def hidden_of(project: Project, reported: Reported, profile: Profile) -> Hidden:
    """What a profile hides of a project up to the quarter asked about."""
    guard = _guard(reported, profile)
    if guard is None:
        return Hidden(None)
    values: dict[Key, int] = {}
    equations: list[Equation] = []
    hidden: frozenset[Key] = frozenset()
    balancing = {code for code in reported.codes(project) if reported.definition(project, code).balancing}
    for quarter in reported.so_far:
        shown_before = frozenset(values) - hidden
        values |= _values(project, reported, quarter)
        equations += _equations(project, reported, quarter)
        hidden = protect(
            values,
            equations,
            guard,
            shown_before=shown_before,
            hidden_before=hidden,
            unshown=_unshown(values, balancing),
        )
    return Hidden(guard, project, reported, hidden)


def _guard(reported: Reported, profile: Profile) -> Guard | None:
    """The board sets its own level; the public's is fixed."""
    if profile != Profile.BOARD:
        return GUARDS[profile]
    return Guard(int(threshold(reported.programme, "suppress-below", reported.quarter.last_day)))


def _part_key(code: str, category: Category, quarter_code: str) -> Key:
    return ("cell", code, category.dimension.code, category.code, quarter_code)


def _unshown(values: dict[Key, int], balancing: set[str]) -> frozenset[Key]:
    return frozenset(key for key in values if key[1] in balancing)


def _counted(project: Project, reported: Reported) -> list[str]:
    """The measures that count people, one number each."""
    return [
        code
        for code in reported.codes(project)
        if (definition := reported.definition(project, code)).sensitive
        and definition.figure_type in _COUNTED
        and not definition.computed
    ]


def _number(cell: Cell) -> int | None:
    return cell.count if cell.count is not None else cell.people_quarter


def _values(project: Project, reported: Reported, quarter: Quarter) -> dict[Key, int]:
    """The counts that a report of this quarter brings: headlines, years, the programme, breakdowns."""
    values: dict[Key, int] = {}
    so_far = [row for row in reported.so_far if row.order <= quarter.order]
    year = [row for row in so_far if row.year_id == quarter.year_id]
    for code in _counted(project, reported):
        kind = reported.definition(project, code).kind
        cells = {
            "head": reported.cell(project, code, quarter),
            YEAR: across_quarters(kind, [reported.cell(project, code, row) for row in year], YEAR),
            PROGRAMME: across_quarters(kind, [reported.cell(project, code, row) for row in so_far], PROGRAMME),
        }
        for place, cell in cells.items():
            number = _number(cell)
            if number is not None and (place == "head" or kind not in (Kind.SNAPSHOT, Kind.OPENING)):
                values[place, code, quarter.code] = number
        result = reported.result(project, code, quarter)
        for part in result.breakdowns.all() if result else ():
            number = part.count if part.count is not None else part.people_quarter
            if number is not None:
                values[_part_key(code, part.category, quarter.code)] = number
    return values


def _equations(project: Project, reported: Reported, quarter: Quarter) -> list[Equation]:
    """What a reader knows of how the counts of a quarter hang together."""
    so_far = [row for row in reported.so_far if row.order <= quarter.order]
    before = so_far[-2] if len(so_far) > 1 else None
    equations: list[Equation] = []
    for code in _counted(project, reported):
        kind = reported.definition(project, code).kind
        equations += _breakdown_sums(project, code, reported, quarter)
        if kind in (Kind.FLOW, Kind.PEOPLE):
            equations += _running_totals(code, kind, quarter, before)
        project_code, _, number = code.partition("-")
        if before is not None and number in OPENINGS:
            closing: Key = ("head", f"{project_code}-{OPENINGS[number]}", before.code)
            equations.append({("head", code, quarter.code): 1, closing: -1})
    for identity in reported.identities.get(project.pk, []):
        if identity.relation == Identity.Relation.EQUALS:
            equations.append({("head", code, quarter.code): sign for sign, code in formulas.read(identity.terms)})
    return equations


def _breakdown_sums(project: Project, code: str, reported: Reported, quarter: Quarter) -> list[Equation]:
    result = reported.result(project, code, quarter)
    tables: dict[str, dict[Key, int]] = {}
    for part in result.breakdowns.all() if result else ():
        table = tables.setdefault(part.category.dimension.code, {("head", code, quarter.code): -1})
        table[_part_key(code, part.category, quarter.code)] = 1
    return list(tables.values())


def _running_totals(code: str, kind: str, quarter: Quarter, before: Quarter | None) -> list[Equation]:
    """Year and programme to date grow by the quarter; distinct people do so only in their first quarter."""
    head: Key = ("head", code, quarter.code)
    found: list[Equation] = []
    for span in (YEAR, PROGRAMME):
        starts = before is None or (span == YEAR and before.year_id != quarter.year_id)
        if starts:
            found.append({(span, code, quarter.code): 1, head: -1})
        elif kind == Kind.FLOW and before is not None:
            found.append({(span, code, quarter.code): 1, (span, code, before.code): -1, head: -1})
    return found
