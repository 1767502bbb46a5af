"""An attack on hidden numbers: a reader keeps every page and solves for what they do not show.

Numbers are whole and not negative. The reader knows how the figures of a page hang together, takes figures that
only make others balance as known, and a figure that a revision left alone as the same. A hidden number of which
only one value fits all that is given away. Pages come from `kpis.results.performance` as they are shown.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import highspy
import numpy

from board.models import Programme, Project, Quarter
from kpis import formulas, results
from kpis.aggregation import PROGRAMME, YEAR, Cell, across_quarters
from kpis.kinds import COLUMNS, FigureType, Kind, Profile
from kpis.lines import ProjectPerformance, Shown
from kpis.models import Identity
from kpis.reported import Reported
from kpis.rules import OPENINGS

Key = tuple[str, ...]
_RATES = (FigureType.RATIO, FigureType.COHORT)
_NUMBERS = ("count", "numerator", "denominator", "people_quarter", "people_year", "people_programme", "total", "n")
_MOST = 500


@dataclass
class Page:
    """What is shown of a project up to a quarter, at one stage of revision, beside the figures behind it."""

    place: int
    behind: Reported
    project: Project
    shown: ProjectPerformance
    profile: Profile


def published(stages: Sequence[Sequence[Reported]], profile: Profile) -> Iterator[Page]:
    """The pages of every project. `stages`: of each stage of revision, what is reported up to each quarter."""
    for place, quarters in enumerate(stages):
        for behind in quarters:
            by_quarter = {row.quarter.code: row for row in quarters}
            with patch.object(results, "read_reported", lambda _, quarter, known=by_quarter: known[quarter.code]):
                found = results.performance(behind.programme, behind.quarter, profile=profile)
            projects = {project.code: project for project in behind.projects}
            for shown in found:
                yield Page(place, behind, projects[shown.code], shown, profile)


class Attack:
    """Unknown whole numbers and what is known of them. Every row holds for the true numbers."""

    def __init__(self) -> None:
        self.truth: dict[Key, int] = {}
        self.low: dict[Key, int] = {}
        self.high: dict[Key, int] = {}
        self.rows: list[tuple[dict[Key, int], int | None, int | None]] = []
        self.hidden: set[Key] = set()
        self._printed: dict[Key, int] = {}
        self._below: dict[Key, int] = {}
        # The project and quarter of each figure that is shown, by itself or in a total or a rate.
        self._opened: set[tuple[str, str]] = set()
        self._versions: dict[Key, list[Key]] = {}
        # Of an identity in a quarter: what is taken for nought, and what then follows; at which stages some was given.
        self._guesses: dict[Key, dict[frozenset[str], list[tuple[dict[Key, int], int | None, int | None]]]] = {}
        self.given_up: set[int] = set()

    def number(self, plain: Key, truth: int, version: int) -> Key:
        """The unknown behind a figure. A revision makes it another, unless it was shown and still is the same."""
        seen = self._versions.setdefault(plain, [])
        for key in reversed(seen):
            if self.truth[key] == truth and (key[-1] == str(version) or self.low[key] == self.high[key]):
                return key
        key = (*plain, str(version))
        seen.append(key)
        self.truth[key], self.low[key], self.high[key] = truth, 0, max(_MOST, 4 * truth)
        return key

    def open(self, keys: Iterable[Key]) -> None:
        """Something is shown of the quarters of these figures."""
        self._opened |= {(key[0], key[2]) for key in keys}

    def mark(self, key: Key, shown: Shown, stage: int, below: int) -> None:
        """A figure in its own place. What an earlier stage printed is no secret any more."""
        if shown.value is not None:
            self._printed.setdefault(key, stage)
        if shown.state == "c" and self._printed.get(key, stage) >= stage:
            self.hide(key, below)

    def hide(self, key: Key, below: int) -> None:
        """The worst reader also knows which are small, and which were hidden to protect those; not after a revision."""
        self.hidden.add(key)
        if key[-1] == "0":
            self._below[key] = below

    def _tell_the_small_apart(self) -> None:
        """Where a quarter shows nothing at all, nothing tells which of it were small: many quarters look like that."""
        for key, below in self._below.items():
            if (key[0], key[2]) not in self._opened:
                continue
            if self.truth[key] < below:
                self.high[key] = min(self.high[key], below - 1)
            else:
                self.low[key] = max(self.low[key], below)

    def know(self, terms: dict[Key, int], low: int | None, high: int | None) -> None:
        amount = sum(factor * self.truth[key] for key, factor in terms.items())
        assert (low is None or low <= amount) and (high is None or amount <= high), f"{terms}: {low} {amount} {high}"
        if len(terms) == 1 and set(terms.values()) == {1}:
            (key,) = terms
            self.low[key] = self.low[key] if low is None else max(self.low[key], low)
            self.high[key] = self.high[key] if high is None else min(self.high[key], high)
        elif terms:
            self.rows.append((terms, low, high))

    def suppose(self, terms: dict[Key, int], low: int | None, high: int | None) -> None:
        """What mostly holds: a reader whom it does not fit would find no solution at all, and drop it."""
        amount = sum(factor * self.truth[key] for key, factor in terms.items())
        if (low is None or low <= amount) and (high is None or amount <= high):
            self.know(terms, low, high)

    def guess(
        self, of: Key, guessed: frozenset[str], terms: dict[Key, int], low: int | None, high: int | None, stage: int
    ) -> None:
        """What holds if some terms are nought. The reader gives that up for what holds with fewer taken for nought."""
        amount = sum(factor * self.truth[key] for key, factor in terms.items())
        if (low is not None and amount < low) or (high is not None and amount > high):
            return
        tried = self._guesses.setdefault(of, {})
        if any(other < guessed for other in tried):
            return
        for other in [other for other in tried if guessed < other]:
            del tried[other]
            self.given_up.add(stage)
        tried.setdefault(guessed, []).append((terms, low, high))

    def _all_rows(self) -> Iterator[tuple[dict[Key, int], int | None, int | None]]:
        yield from self.rows
        for tried in self._guesses.values():
            for rows in tried.values():
                yield from rows

    def pinned(self) -> list[str]:
        """The hidden numbers that have one solution alone."""
        self._tell_the_small_apart()
        found: list[Key] = []
        for members, rows in self._components():
            found += _Component(self, members, rows).pinned()
        fixed = [key for key in self.hidden if self.low[key] == self.high[key]]
        return sorted(f"{' '.join(key)} = {self.truth[key]}" for key in {*found, *fixed})

    def _components(self) -> Iterator[tuple[list[Key], list[tuple[dict[Key, int], float, float]]]]:
        """The unknowns that hang together, with the known taken out."""
        parent = {key: key for key in self.truth if self.low[key] < self.high[key]}

        def root(key: Key) -> Key:
            while parent[key] != key:
                parent[key] = parent[parent[key]]
                key = parent[key]
            return key

        left = []
        for terms, low, high in self._all_rows():
            unknown = {key: factor for key, factor in terms.items() if key in parent}
            known = sum(factor * self.truth[key] for key, factor in terms.items() if key not in parent)
            if unknown:
                least = -highspy.kHighsInf if low is None else low - known
                left.append((unknown, least, highspy.kHighsInf if high is None else high - known))
                first, *others = unknown
                for key in others:
                    parent[root(key)] = root(first)
        members: dict[Key, list[Key]] = {}
        for key in parent:
            members.setdefault(root(key), []).append(key)
        rows: dict[Key, list[Any]] = {}
        for row in left:
            rows.setdefault(root(next(iter(row[0]))), []).append(row)
        for key, group in members.items():
            # Of what hangs together with nothing else any number will do.
            if self.hidden.intersection(group) and key in rows:
                yield group, rows.get(key, [])


class _Component:
    def __init__(self, attack: Attack, members: list[Key], rows: list[tuple[dict[Key, int], float, float]]) -> None:
        self.attack, self.members, self.rows = attack, members, rows
        self.at = {key: place for place, key in enumerate(members)}
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        self.solver.setOptionValue("threads", 1)
        self.solver.setOptionValue("mip_max_improving_sols", 1)
        for key, place in self.at.items():
            self.solver.addVar(attack.low[key], attack.high[key])
            self.solver.changeColIntegrality(place, highspy.HighsVarType.kInteger)
        for terms, low, high in rows:
            places = numpy.array([self.at[key] for key in terms], dtype=numpy.int32)
            factors = numpy.array(list(terms.values()), dtype=numpy.float64)
            self.solver.addRow(low, high, len(places), places, factors)

    def pinned(self) -> list[Key]:
        """Each solution that is found clears every hidden number that differs in it from the truth."""
        found: list[Key] = []
        self.open = {key for key in self.members if key in self.attack.hidden}
        for sign in (1, -1):
            # Most are cleared by letting all grow, or shrink, as far as they can.
            for key in self.open:
                self.solver.changeColCost(self.at[key], sign)
            self._solve()
        for place in self.at.values():
            self.solver.changeColCost(place, 0)
        while self.open:
            key = min(self.open)
            truth = self.attack.truth[key]
            other = self._other(key, truth + 1, self.attack.high[key])
            if not other and not self._other(key, self.attack.low[key], truth - 1):
                found.append(key)
                self.open.discard(key)
        return found

    def _other(self, key: Key, low: int, high: int) -> bool:
        """Whether there is a solution with the number between the two."""
        if low > high:
            return False
        self.solver.changeColBounds(self.at[key], low, high)
        found = self._solve()
        self.solver.changeColBounds(self.at[key], self.attack.low[key], self.attack.high[key])
        return found

    def _solve(self) -> bool:
        """Find a solution, check it in whole numbers, and clear what differs in it."""
        self.solver.run()
        status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return False
        assert status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kSolutionLimit), status
        numbers = self.solver.getSolution().col_value
        solution = {one: round(numbers[at]) for one, at in self.at.items()}
        assert all(self.attack.low[one] <= number <= self.attack.high[one] for one, number in solution.items())
        for terms, least, most in self.rows:
            assert least <= sum(factor * solution[one] for one, factor in terms.items()) <= most
        self.open -= {one for one, number in solution.items() if number != self.attack.truth[one]}
        return True


def attack(pages: Iterable[Page]) -> Attack:
    """All that the pages say, put together."""
    found = Attack()
    for page in pages:
        _Reading(found, page).read()
    return found


def given_away(pages: Iterable[Page]) -> list[str]:
    """The hidden numbers that one who keeps all pages can work out, at the end or before giving up what was guessed."""
    kept = list(pages)
    whole = attack(kept)
    readers = [whole, *(attack(page for page in kept if page.place < stage) for stage in sorted(whole.given_up))]
    return sorted({number for reader in readers for number in reader.pinned()})


class _Reading:
    """One page, read line by line."""

    def __init__(self, attack: Attack, page: Page) -> None:
        self.attack, self.page = attack, page
        self.behind, self.project = page.behind, page.project
        self.stages = page.behind.stages()
        self.below = 10 if page.profile == Profile.PUBLIC else 5
        self.round_to = 5 if page.profile == Profile.PUBLIC else 1

    def read(self) -> None:
        self._balancing()
        for line in self.page.shown.measures:
            self._line(line.code, line)
            if Kind(line.kind) == Kind.PEOPLE:
                self._people(line.code)
        self._breakdowns()
        self._identities()

    @property
    def _before(self) -> Quarter | None:
        return self.behind.so_far[-2] if len(self.behind.so_far) > 1 else None

    def _closing(self, code: str) -> Key | None:
        """The figure of the quarter before that an opening one repeats."""
        closing, before = code[:4] + OPENINGS.get(code[4:], ""), self._before
        if before is None or closing not in self.behind.codes(self.project) or self._cell(closing, before).empty:
            return None
        return self._head(closing, before)

    def _balancing(self) -> None:
        """Known, but for an opening figure that repeats what may be hidden."""
        for code in self.behind.codes(self.project):
            count = self._cell(code, self.behind.quarter).count
            if not self._definition(code).balancing or count is None:
                continue
            key, closing = self._head(code, self.behind.quarter), self._closing(code)
            if closing is not None and self.attack.truth[closing] == count:
                self.attack.know({key: 1, closing: -1}, 0, 0)
            elif code[4:] in OPENINGS:
                # Nobody publishes it; but if it is small it must not follow from the others.
                if count < self.below:
                    self.attack.hide(key, self.below)
            else:
                self.attack.know({key: 1}, count, count)

    def _definition(self, code: str) -> Any:
        return self.behind.definition(self.project, code)

    def _cell(self, code: str, quarter: Quarter) -> Cell:
        return self.behind.cell(self.project, code, quarter)

    def _head(self, code: str, quarter: Quarter, column: str = "") -> Key:
        cell = self._cell(code, quarter)
        given = getattr(cell, column) if column else (cell.people_quarter if cell.count is None else cell.count)
        plain = (self.project.code, code, quarter.code, column or "count")
        return self.attack.number(plain, given, self._version(code, quarter))

    def _version(self, code: str, quarter: Quarter) -> int:
        """How often the figures of a measure have changed so far, as the mark of a revised figure tells."""
        given = self.behind.result(self.project, code, quarter)
        # What had not been handed in has not changed by coming late; what a first revision left out has.
        stages = [row for row in self.stages if given is None or _handed_in(row, given)]
        rows = [row.result(self.project, code, quarter) for row in stages]
        said = [None if row is None else _said(row) for row in rows]
        return sum(one != other for one, other in pairwise(said))

    def _line(self, code: str, line: Any) -> None:
        quarters = self.behind.year_so_far
        for shown, quarter in zip(line.quarters, quarters, strict=False):
            self._figure(code, shown, [quarter], self._cell(code, quarter), own=True)
        for shown, span, rows in (
            (line.year_to_date, YEAR, quarters),
            (line.programme_to_date, PROGRAMME, self.behind.so_far),
        ):
            cells = [self._cell(code, row) for row in rows]
            whole = across_quarters(line.kind, cells, span)
            if line.kind == Kind.PEOPLE:
                if not whole.empty and shown.value is not None:
                    last = next(row for row in reversed(rows) if not self._cell(code, row).empty)
                    self._shown({self._head(code, last, f"people_{span}"): 1}, shown)
                continue
            if line.kind in (Kind.SNAPSHOT, Kind.OPENING):
                rows = [row for row, cell in zip(rows, cells, strict=True) if cell is whole]
            self._figure(code, shown, [row for row in rows if not self._cell(code, row).empty], whole)

    def _figure(self, code: str, shown: Shown, quarters: list[Quarter], cell: Cell, *, own: bool = False) -> None:
        """A figure that is the sum of quarters, or one of them."""
        definition = self._definition(code)
        if cell.empty or not quarters:
            return
        if definition.figure_type in (*_RATES, FigureType.MEAN):
            upper, lower = ("total", "n") if definition.figure_type == FigureType.MEAN else ("numerator", "denominator")
            self._rate(shown, self._sum(code, quarters, upper), self._sum(code, quarters, lower),
                       definition.figure_type == FigureType.MEAN, own and not definition.computed)  # fmt: skip
        elif definition.figure_type in (FigureType.COUNT, FigureType.PEOPLE):
            terms = {self._head(code, row): 1 for row in quarters}
            if own:
                self.attack.mark(*terms, shown, self.page.place, self.below)
            if shown.value is not None:
                self._shown(terms, shown, exact=not definition.sensitive)

    def _sum(self, code: str, quarters: list[Quarter], column: str) -> dict[Key, int]:
        definition = self._definition(code)
        if not definition.computed:
            return {self._head(code, row, column): 1 for row in quarters}
        codes = definition.numerator_codes if column == "numerator" else definition.denominator_codes
        return {self._head(term, row): sign for sign, term in formulas.read(codes) for row in quarters}

    def _shown(self, terms: dict[Key, int], shown: Shown, *, exact: bool = False) -> None:
        number, about = int(shown.value), 0 if exact else self.round_to // 2  # type: ignore[arg-type]
        if not exact:
            self.attack.open(terms)
        self.attack.know(terms, number - about, number + about)

    def _rate(self, shown: Shown, part: dict[Key, int], whole: dict[Key, int], mean: bool, single: bool) -> None:
        """A rate of one decimal, or a mean of two: 2000 parts, or 2 totals, lie around the shown number of wholes."""
        if single and shown.state == "c":
            self.attack.hidden |= {*part, *whole} if not mean else {*whole}
        less = dict(whole)
        for key, sign in part.items():
            less[key] = less.get(key, 0) - sign
        if not mean:
            self.attack.suppose({key: sign for key, sign in less.items() if sign}, 0, None)
        if shown.value is None:
            if shown.caveat == "no cases":
                self.attack.know(whole, 0, 0)
            return
        self.attack.open([*part, *whole])
        middle = int(Decimal(shown.value) * (200 if mean else 20))  # type: ignore[arg-type]
        scale = 2 if mean else 2000
        for edge, low, high in ((middle - 1, 0, None), (middle + 1, None, -1)):
            terms = {key: scale * sign for key, sign in part.items()}
            for key, sign in whole.items():
                terms[key] = terms.get(key, 0) - edge * sign
            self.attack.know({key: sign for key, sign in terms.items() if sign}, low, high)

    def _people(self, code: str) -> None:
        """Distinct people: a year holds its quarters' people once, and so does the programme."""
        quarter = self.behind.quarter
        if self._cell(code, quarter).empty:
            return
        head, year, programme = (self._head(code, quarter, name) for name in ("", "people_year", "people_programme"))
        self.attack.suppose({year: 1, head: -1}, 0, None)
        self.attack.suppose({programme: 1, year: -1}, 0, None)
        for total, name, rows in (
            (year, "people_year", self.behind.year_so_far),
            (programme, "people_programme", self.behind.so_far),
        ):
            given = [row for row in rows if not self._cell(code, row).empty]
            due = [row for row in rows if self.behind.is_due(self.project, code, row)]
            for row in given[:-1]:
                self.attack.suppose({total: 1, self._head(code, row, name): -1}, 0, None)
            for place, row in enumerate(given):
                if given[place:] != due[due.index(row) :]:
                    continue
                # No more can have come than the people of the quarters since.
                since = {self._head(code, one): -1 for one in given[place:]}
                before = {self._head(code, given[place - 1], name): -1} if place else {}
                if place or given == due:
                    self.attack.suppose({total: 1, **since, **before}, None, 0)
        earlier = [row for row in self.behind.so_far if row.year_id != quarter.year_id]
        if earlier and not self._cell(code, earlier[-1]).empty:
            before = self._head(code, earlier[-1], "people_programme")
            self.attack.suppose({programme: 1, before: -1, year: -1}, None, 0)

    def _breakdowns(self) -> None:
        quarter = self.behind.quarter
        shown = {(row.code, row.dimension, row.category): row.shown for row in self.page.shown.breakdowns}
        for code in self.behind.codes(self.project):
            definition, result = self._definition(code), self.behind.result(self.project, code, quarter)
            columns = {
                FigureType.COUNT: ("count",), FigureType.PEOPLE: ("people_quarter",),
                FigureType.RATIO: ("numerator", "denominator"),
            }.get(definition.figure_type, ())  # fmt: skip
            if result is None or definition.computed or definition.balancing or not columns:
                continue
            tables: dict[tuple[str, str], dict[Key, int]] = {}
            version = self._version(code, quarter)
            for part in result.breakdowns.all():
                dimension, category = part.category.dimension.code, part.category.code
                keys = {}
                for column in columns:
                    plain = (self.project.code, code, quarter.code, dimension, category, column)
                    keys[column] = self.attack.number(plain, getattr(part, column), version)
                    tables.setdefault((dimension, column), {})[keys[column]] = 1
                cell = shown[code, dimension, category]
                if len(columns) == 2:
                    self._rate(cell, {keys["numerator"]: 1}, {keys["denominator"]: 1}, False, True)
                    continue
                self.attack.mark(keys[columns[0]], cell, self.page.place, self.below)
                if cell.value is not None:
                    self._shown({keys[columns[0]]: 1}, cell, exact=not definition.sensitive)
            for (_, column), row in tables.items():
                head = self._head(code, quarter, "" if len(columns) == 1 else column)
                self.attack.suppose({**row, head: -1}, 0, 0)
                for key in row:
                    self.attack.suppose({head: 1, key: -1}, 0, None)

    def _identities(self) -> None:
        """Opening figures are the closing ones before; a balancing figure is taken for nought until it is given."""
        quarter = self.behind.quarter
        codes = set(self.behind.codes(self.project))
        for identity in self.behind.identities.get(self.project.pk, []):
            rows: list[dict[Key, int]] = [{}]
            guessed: set[str] = set()
            for sign, code in formulas.read(identity.terms):
                given = code in codes and not self._cell(code, quarter).empty
                closing = self._closing(code)
                choices = [{self._head(code, quarter): sign}] if given else []
                choices += [{closing: sign}] if closing is not None else []
                if not choices:
                    version = self.behind.kpis.get(self.project.pk, {}).get(code)
                    choices = [{}] if version and version[0].balancing else []
                    guessed.add(code)
                rows = [{**row, **choice} for row in rows for choice in choices]
            for row in rows:
                least = 0 if identity.relation == Identity.Relation.EQUALS else None
                of = (self.project.code, identity.code, quarter.code)
                self.attack.guess(of, frozenset(guessed), row, least, 0, self.page.place)


def _handed_in(stage: Reported, given: Any) -> bool:
    """Whether anything of what a result was handed in with, in whichever revision, stood at a stage."""
    of = given.submission
    return any(
        (row.submission.duty_id, row.submission.quarter_id) == (of.duty_id, of.quarter_id)
        for row in stage.results.values()
    )


def _said(row: Any) -> list[Any]:
    parts = [(part.category.dimension.code, part.category.code, _numbers(part)) for part in row.breakdowns.all()]
    return [_numbers(row), sorted(parts)]


def _numbers(row: Any) -> list[int | None]:
    return [getattr(row, name) for names in COLUMNS.values() for name in names if name in _NUMBERS]


def reports_of(programme: Programme, read: Any) -> list[list[Reported]]:
    """Of each stage of revision, what is reported up to each quarter of a programme."""
    quarters = programme.quarters.filter(kind=Quarter.Kind.QUARTER).select_related("year")
    found = [read(programme, quarter).stages() for quarter in quarters]
    most = max(len(stages) for stages in found)
    return [[stages[min(place, len(stages) - 1)] for stages in found] for place in range(most)]
