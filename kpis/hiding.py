"""What of a project's results a profile hides: the small numbers, and all by which they could be worked out.

A year, a programme or a table never stands on a hidden quarter or headline. So only two things are left by
which a reader could work one out, and `protect` sees to them: how the headlines of a quarter balance, and how
the rows of a breakdown make its headline. Quarters are gone through from the first, as they were
published: what an earlier report showed or hid stays so, and a later figure gives way. Counts that are not of
people are never hidden.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from board.models import Project, Quarter
from board.thresholds import threshold
from kpis import formulas
from kpis.aggregation import PROGRAMME, YEAR, Cell, across_quarters
from kpis.kinds import FigureType, Kind, Profile, State
from kpis.models import Breakdown, Category, Identity, KpiVersion, Publication
from kpis.reported import Reported
from kpis.rules import OPENINGS
from kpis.suppression import PUBLIC, Equation, Guard, Key, protect, rate_is_hidden

_COUNTED = frozenset({FigureType.COUNT, FigureType.PEOPLE})
_RATES = frozenset({FigureType.RATIO, FigureType.COHORT})


@dataclass(frozen=True)
class _Balance:
    """How a reader knows figures to hang together: signed, they come to nought."""

    terms: Equation
    # The identity and the quarter that it is of, and which of its terms, given by nobody, are taken for nought.
    of: tuple[str, str] = ("", "")
    guessed: frozenset[str] = frozenset()

    def gives_way_to(self, other: "_Balance") -> bool:
        return self.of == other.of and self.guessed > other.guessed


@dataclass
class Hidden:
    """Answers whether a figure is hidden; nothing is where the profile hides nothing."""

    guard: Guard | None
    project: Project | None = None
    reported: Reported | None = None
    keys: frozenset[Key] = field(default_factory=frozenset)
    guard_of: Callable[[Quarter], Guard] | None = None

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
        if self.guard is None:
            return False
        return self._headline(code, next(row for row in self._reported.so_far if row.code == quarter_code))

    def year(self, code: str) -> bool:
        """The year to date of the quarter asked about."""
        return bool(self.guard) and self._to_date(code, YEAR)

    def programme(self, code: str) -> bool:
        return bool(self.guard) and self._to_date(code, PROGRAMME)

    def part(self, code: str, category: Category, row: Breakdown) -> bool:
        """A category of a breakdown in the quarter asked about."""
        if self.guard is None:
            return False
        quarter = self._reported.quarter
        definition = self._reported.definition(self._project, code, quarter)
        if definition.balancing:
            return True
        if not definition.sensitive:
            return False
        if self._headline(code, quarter):
            return True
        if definition.figure_type in _RATES:
            return any(self.rate(part.numerator, part.denominator) for part in self._table(code, category))
        return _part_key(code, category, quarter.code) in self.keys

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

    def _table(self, code: str, category: Category) -> list[Breakdown]:
        result = self._reported.result(self._project, code, self._reported.quarter)
        parts = result.breakdowns.all() if result else ()
        return [part for part in parts if part.category.dimension_id == category.dimension_id]

    def _headline(self, code: str, quarter: Quarter) -> bool:
        cell = self._reported.cell(self._project, code, quarter)
        definition = self._reported.definition(self._project, code, quarter)
        if self.guard_of is None or not definition.sensitive or cell.empty:
            return False
        if definition.computed:
            terms = formulas.read(definition.numerator_codes) + formulas.read(definition.denominator_codes)
            # Worked out from shown figures it tells nothing more; from a hidden one it would tell that.
            return any(_head_key(term, quarter.code) in self.keys for _, term in terms)
        guard = self.guard_of(quarter)
        if definition.figure_type in _RATES:
            return rate_is_hidden(cell.numerator or 0, cell.denominator or 0, guard)
        if definition.figure_type == FigureType.SCALED:
            # Of how many people it tells stands nowhere: cases a post, times the posts, may be few.
            return True
        if definition.figure_type in (FigureType.MEDIAN, FigureType.MEAN):
            return (cell.n or 0) < guard.below
        return _head_key(code, quarter.code) in self.keys

    def _to_date(self, code: str, span: str) -> bool:
        """A total over quarters is shown only where every quarter in it is.

        Then it tells nothing that the quarters do not: neither less an earlier total, nor beside a missing
        quarter, nor before and after a revision.
        """
        reported = self._reported
        kind = reported.definition(self._project, code).kind
        quarters = reported.year_so_far if span == YEAR else reported.so_far
        cells = {row: reported.cell(self._project, code, row) for row in quarters}
        if kind in (Kind.SNAPSHOT, Kind.OPENING):
            cell = across_quarters(kind, list(cells.values()), span)
            # It is the headline of the quarter that it was taken from.
            return any(self._headline(code, row) for row, one in cells.items() if one is cell)
        if any(self._headline(code, row) for row in quarters):
            return True
        # People so far are given, not added: they would bound those of a quarter that is handed in late.
        return kind == Kind.PEOPLE and self._sensitive(code) and _some_missing(cells.values())

    def _sensitive(self, code: str) -> bool:
        return self._reported.definition(self._project, code).sensitive


def hidden_of(project: Project, reported: Reported, profile: Profile, since: Reported | None = None) -> Hidden:
    """What a profile hides of a project up to the quarter asked about. Pure: the same rows, the same answer.

    `since` is what is reported up to the last quarter of all, where that is a later one: readers have it before them
    when an earlier quarter is revised.
    """
    if profile == Profile.FUNDER:
        return Hidden(None)

    def board(quarter: Quarter) -> Guard:
        return Guard(int(threshold(reported.programme, "suppress-below", quarter.last_day)))

    def public(quarter: Quarter) -> Guard:
        return Guard(max(PUBLIC.below, board(quarter).below), PUBLIC.round_to)

    known = since or reported
    pattern = _Pattern(project, known, board)
    guard_of = board
    if profile == Profile.PUBLIC:
        # Who reads both learns nothing from the public's figures that the board's do not show.
        pattern = _Pattern(project, known, public, hidden=pattern.hidden, abides=False)
        guard_of = public
    return Hidden(guard_of(reported.quarter), project, reported, pattern.keys, guard_of)


class _Pattern:
    """Goes through the reports of a project and settles, of each figure as it appears, whether it is hidden.

    A figure's key is its plain key and the stage of revision that gave it its present value: to a reader who
    kept the earlier report, a figure that was revised is two numbers, one that was not is one.
    """

    def __init__(
        self,
        project: Project,
        reported: Reported,
        guard_of: Callable[[Quarter], Guard],
        hidden: frozenset[Key] = frozenset(),
        *,
        abides: bool = True,
    ) -> None:
        self._project = project
        self._wanted = hidden
        self._names: dict[Key, Key] = {}
        self._values: dict[Key, int] = {}
        self._slack: set[Key] = set()
        self._balances: list[_Balance] = []
        self._tables: dict[Key, list[Equation]] = {}
        self.hidden: frozenset[Key] = frozenset()
        before: Reported | None = None
        for place, stage in enumerate(reported.stages()):
            for quarter in self._changed(before, stage):
                self._settle(stage, quarter, guard_of(quarter), str(place))
            if stage.published is not None and abides:
                self._abide(stage.published)
            before = stage
        self.hidden |= hidden & self._values.keys()

    @property
    def keys(self) -> frozenset[Key]:
        """The plain keys of what is hidden of the figures as they now stand."""
        return frozenset(plain for plain, name in self._names.items() if name in self.hidden)

    def _changed(self, before: Reported | None, stage: Reported) -> list[Quarter]:
        """The quarters that a stage brings: those after the last one before it, or all where an earlier one moved."""
        if before is None:
            return stage.so_far
        places = [place for place in (*before.results, *stage.results) if place[0] == self._project.pk]
        other = {place[2] for place in places if before.results.get(place) is not stage.results.get(place)}
        there = {place[2] for place in before.results if place[0] == self._project.pk}
        last = [row.order for row in stage.so_far if row.code in there][-1:]
        new = [row for row in stage.so_far if row.code in other and [row.order] > last]
        return new if len(new) == len(other) else stage.so_far

    def _abide(self, published: Publication) -> None:
        """What an issued report hid stays hidden and what it could show counts as known, whatever is found now."""
        plain = published.keys_of(self._project.code)
        shown = {name for key, name in self._names.items() if key not in plain and not _opens(key)}
        self.hidden = (self.hidden - shown) | {self._names[key] for key in plain if key in self._names}

    def _settle(self, stage: Reported, quarter: Quarter, guard: Guard, place: str) -> None:
        figures, tables, balancing = _figures(self._project, stage, quarter)
        settled = frozenset(self._values)
        self._name(figures, quarter, place)
        follows = self._follows(stage, quarter)
        opening = {self._names[key] for key in balancing if _opens(key)}
        # A small opening figure must not follow from the others; a larger one may, and so may one that was shown as
        # the closing figure before it. The other balancing figures are mostly nought: a reader is taken to know them.
        self._slack |= {key for key in opening if self._values[key] >= guard.below or key[:-1] in follows}
        known = (settled - self.hidden - opening) | ({self._names[key] for key in balancing} - opening)
        self._learn([*self._balances_of(stage, quarter, place), *self._balances_after(stage, quarter, place)])
        for head, dimension, cells in tables:
            row = {self._names[key]: 1 for key in cells} | {self._names[head]: -1}
            self._tables.setdefault((*head, dimension), []).append(row)
        now = [self._tables[*head, dimension] for head, dimension, _ in tables]
        self.hidden = self._hide(now, guard, known, self.hidden | opening | (self._wanted & self._values.keys()))

    def _name(self, figures: Mapping[Key, int], quarter: Quarter, place: str) -> None:
        """A measure that was revised brings new figures, but for those that were shown and still are the same."""
        now = {key: name for key, name in self._names.items() if key[-1] == quarter.code}
        same = {key for key, name in now.items() if figures.get(key) == self._values[name]}
        revised = {key[1] for key in figures.keys() | now.keys() if key not in same}
        kept = {key: now[key] for key in same if key[1] not in revised or now[key] not in self.hidden}
        new = {key: (*key, place) for key in figures if key not in kept}
        self._names = {key: name for key, name in self._names.items() if key not in now} | kept | new
        self._values |= {name: figures[key] for key, name in new.items()}

    def _learn(self, found: list[_Balance]) -> None:
        """What is taken for nought is so only until it is given, or the closing figure that an opening one repeats.

        Who held on to both would have taken the late figure for nought before it came, whatever is shown or hidden.
        """
        for new in found:
            if self._holds(new):
                self._balances = [one for one in self._balances if not one.gives_way_to(new)]
            self._balances.append(new)

    def _holds(self, balance: _Balance) -> bool:
        return not sum(sign * self._values[key] for key, sign in balance.terms.items())

    def _hide(
        self, tables: list[list[Equation]], guard: Guard, known: frozenset[Key], hidden: frozenset[Key]
    ) -> frozenset[Key]:
        heads = {key for key in self._values if key[0] != "cell"}
        balances = [one.terms for one in self._balances]
        while True:
            before = hidden
            # What balances with a hidden headline must not meet the bounds that its own breakdown leaves it: two cells
            # below five under a headline that is at least eight.
            under = [row for rows in self._tables.values() for row in rows if row.keys() & heads & hidden]
            together = heads.union(*under)
            hidden |= self._protected(together, [*balances, *under], guard, known, hidden)
            for rows in tables:
                if any(key in hidden for key in rows[-1] if key[0] != "cell"):
                    hidden |= rows[-1].keys() - known
                hidden |= self._protected({key for row in rows for key in row}, rows, guard, known, hidden)
            # A table that cannot be protected under its headline hides it, and that may show in what it balances with.
            if not (hidden - before) & heads:
                return hidden

    def _protected(
        self, keys: set[Key], equations: Iterable[Equation], guard: Guard, known: frozenset[Key], hidden: frozenset[Key]
    ) -> frozenset[Key]:
        return protect(
            {key: self._values[key] for key in keys},
            equations,
            guard,
            shown_before=known & keys,
            hidden_before=hidden & keys,
            unshown=frozenset(self._slack & keys),
        )

    def _balances_of(self, stage: Reported, quarter: Quarter, place: str) -> list[_Balance]:
        """How a reader knows the headlines of a quarter to hang together."""
        found: list[_Balance] = []
        for identity in stage.identities.get(self._project.pk, []):
            row, guessed = self._terms(stage, quarter, identity)
            if not all(_is_balancing(self._project, stage, code, quarter) for code in guessed):
                continue
            if identity.relation == Identity.Relation.AT_MOST:
                slack: Key = ("slack", identity.code, quarter.code, place)
                left = -sum(sign * self._values[key] for key, sign in row.items())
                if left < 0:
                    continue
                self._values[slack] = left
                self._slack.add(slack)
                row[slack] = 1
            found.append(_Balance(row, (identity.code, quarter.code), guessed))
        found += [
            _Balance({self._names[key]: 1, closing: -1}) for key, closing in self._follows(stage, quarter).items()
        ]
        return found

    def _balances_after(self, stage: Reported, quarter: Quarter, place: str) -> list[_Balance]:
        """How the figures of a quarter that was revised hang together with those of the next, which stand already.

        A closing figure that is given another value may be the next opening one now, and so give that away.
        """
        later = next((row for row in stage.so_far if row.order > quarter.order), None)
        if later is None or not any(key[-1] == later.code for key in self._names):
            return []
        return [one for one in self._balances_of(stage, later, place) if self._holds(one)]

    def _terms(self, stage: Reported, quarter: Quarter, identity: Identity) -> tuple[dict[Key, int], frozenset[str]]:
        """An identity's terms, and which of them have no figure; a closing figure gives the opening one after it."""
        row: dict[Key, int] = {}
        without: set[str] = set()
        for sign, code in formulas.read(identity.terms):
            key = _head_key(code, quarter.code)
            name = self._names.get(key) or self._closing(stage, quarter, code)
            if name is not None:
                row[name] = row.get(name, 0) + sign
            else:
                without.add(code)
        return row, frozenset(without)

    def _closing(self, stage: Reported, quarter: Quarter, code: str) -> Key | None:
        """The figure of the quarter before that an opening one repeats."""
        project_code, _, number = code.partition("-")
        earlier = [one for one in stage.so_far if one.order < quarter.order]
        if not earlier or number not in OPENINGS:
            return None
        return self._names.get(_head_key(f"{project_code}-{OPENINGS[number]}", earlier[-1].code))

    def _follows(self, stage: Reported, quarter: Quarter) -> dict[Key, Key]:
        """The opening figures that are the closing ones before them, as they mostly are."""
        found: dict[Key, Key] = {}
        for key, name in self._names.items():
            if key[0] == "head" and key[-1] == quarter.code and _opens(key):
                closing = self._closing(stage, quarter, key[1])
                if closing is not None and self._values[closing] == self._values[name]:
                    found[key] = closing
        return found


def _opens(key: Key) -> bool:
    return key[1].partition("-")[2] in OPENINGS


def _head_key(code: str, quarter_code: str) -> Key:
    return ("head", code, quarter_code)


def _part_key(code: str, category: Category, quarter_code: str) -> Key:
    return ("cell", code, category.dimension.code, category.code, quarter_code)


def _is_balancing(project: Project, reported: Reported, code: str, quarter: Quarter) -> bool:
    return code in reported.kpis.get(project.pk, {}) and reported.definition(project, code, quarter).balancing


def _figures(
    project: Project, reported: Reported, quarter: Quarter
) -> tuple[dict[Key, int], list[tuple[Key, str, list[Key]]], set[Key]]:
    """Of the counts of people in a quarter: headlines and categories, breakdowns, and which only balance others."""
    figures: dict[Key, int] = {}
    tables: dict[tuple[Key, str], list[Key]] = {}
    balancing: set[Key] = set()
    for code in _counted(project, reported, quarter):
        head = _head_key(code, quarter.code)
        number = _number(reported.cell(project, code, quarter))
        if number is None:
            continue
        figures[head] = number
        if _is_balancing(project, reported, code, quarter):
            balancing.add(head)
            continue
        result = reported.result(project, code, quarter)
        for part in result.breakdowns.all() if result else ():
            cell, number = _part_key(code, part.category, quarter.code), _number(part)
            if number is not None:
                figures[cell] = number
                tables.setdefault((head, part.category.dimension.code), []).append(cell)
    return figures, [(head, dimension, cells) for (head, dimension), cells in tables.items()], balancing


def _counted(project: Project, reported: Reported, quarter: Quarter) -> Iterable[str]:
    """The measures that count people, one number each."""
    for code in reported.codes(project):
        definition: KpiVersion = reported.definition(project, code, quarter)
        if definition.sensitive and definition.figure_type in _COUNTED and not definition.computed:
            yield code


def _number(figure: Cell | Breakdown) -> int | None:
    return figure.count if figure.count is not None else figure.people_quarter


def _some_missing(cells: Iterable[Cell]) -> bool:
    return any(cell.state == State.MISSING for cell in cells)
