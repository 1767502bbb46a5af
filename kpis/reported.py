"""All results of a programme up to a quarter, read once and asked many times. No arithmetic over quarters here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Self

from django.db.models import prefetch_related_objects

from board.models import Milestone, Programme, Project, Quarter
from kpis import formulas
from kpis.aggregation import MISSING, NOT_DUE, Cell, cell_of
from kpis.asking import months_after
from kpis.gathering import aims_of
from kpis.kinds import Profile, State
from kpis.models import (
    Breakdown,
    Duty,
    DutyMeasure,
    Identity,
    Kpi,
    KpiVersion,
    Publication,
    Rating,
    Result,
    Submission,
    version_on,
)
from kpis.scoring import Aim

Place = tuple[int, str, str]
# A duty and a quarter, by their rows: what a submission is of.
Of = tuple[int, int]


@dataclass
class Reported:
    """What stands in the tables, by project, KPI code and quarter. Made by `read_reported`."""

    programme: Programme
    quarter: Quarter
    quarters: list[Quarter]
    projects: list[Project]
    kpis: dict[int, dict[str, list[KpiVersion]]]
    measured: dict[int, dict[str, list[DutyMeasure]]]
    submissions: dict[tuple[int, int], Submission]
    results: dict[Place, Result]
    superseded: dict[Place, list[Result]]
    cohorts: dict[Place, Result]
    dated: dict[int, list[Result]]
    by_submission: dict[int, list[Result]]
    identities: dict[int, list[Identity]]
    aims: dict[int, dict[str, Aim]]
    ratings: dict[tuple[int, str], Rating] = field(default_factory=dict)
    # The reports that were issued, in their order; and the one before which these rows stood so, if that is asked.
    publications: list[Publication] = field(default_factory=list)
    published: Publication | None = None
    _codes: dict[int, list[str]] = field(default_factory=dict)

    @property
    def so_far(self) -> list[Quarter]:
        """The programme's quarters up to the one asked about."""
        return [row for row in self.quarters if row.order <= self.quarter.order]

    @property
    def year_so_far(self) -> list[Quarter]:
        return [row for row in self.so_far if row.year_id == self.quarter.year_id]

    def codes(self, project: Project) -> list[str]:
        """The measures that somebody reports, and the rates that follow from them; sorted."""
        if project.pk not in self._codes:
            asked = set(self.measured.get(project.pk, {}))
            found = set(asked)
            for code, versions in self.kpis.get(project.pk, {}).items():
                definition = version_on(versions, self.quarter.first_day)
                if definition is not None and definition.computed and set(_terms(definition)) <= asked:
                    found.add(code)
            self._codes[project.pk] = sorted(found)
        return self._codes[project.pk]

    def definition(self, project: Project, code: str, quarter: Quarter | None = None) -> KpiVersion:
        """The version in force in a quarter, that asked about unless said."""
        versions = self.kpis[project.pk][code]
        return version_on(versions, (quarter or self.quarter).first_day) or versions[0]

    def measure(self, project: Project, code: str, quarter: Quarter) -> DutyMeasure | None:
        """Who is asked for a measure in a quarter."""
        for row in self.measured.get(project.pk, {}).get(code, []):
            if row.duty.first_quarter.order <= quarter.order <= row.duty.last_quarter.order:
                return row
        return None

    def is_due(self, project: Project, code: str, quarter: Quarter) -> bool:
        definition = self.definition(project, code, quarter)
        if definition.computed:
            return all(self.is_due(project, term, quarter) for term in _terms(definition))
        return self.measure(project, code, quarter) is not None

    def supplier(self, project: Project, code: str) -> str:
        """The short name of who reports it now, or of who reports what it is worked out from."""
        definition = self.definition(project, code)
        if definition.computed:
            code = _terms(definition)[0]
        rows = self.measured.get(project.pk, {}).get(code, [])
        now = self.measure(project, code, self.quarter) or (rows[-1] if rows else None)
        return now.duty.organisation.short_name if now else ""

    def submission(self, duty: Duty, quarter: Quarter) -> Submission | None:
        """The one whose figures count; None where nothing was handed in."""
        return self.submissions.get((duty.pk, quarter.pk))

    def submission_for(self, project: Project, code: str, quarter: Quarter) -> Submission | None:
        measure = self.measure(project, code, quarter)
        return self.submission(measure.duty, quarter) if measure else None

    def result(self, project: Project, code: str, quarter: Quarter) -> Result | None:
        return self.results.get((project.pk, code, quarter.code))

    def under_duties(self, duties: Iterable[Duty]) -> Self:
        """The same of what some duties report; a rate stays where all that it is worked out from does."""
        wanted = {duty.pk for duty in duties}
        measured = {
            project: {
                code: kept for code, rows in by_code.items() if (kept := [row for row in rows if row.duty_id in wanted])
            }
            for project, by_code in self.measured.items()
        }
        return replace(self, measured=measured, _codes={})

    def stages(self) -> list[Self]:
        """As it stood before: at each report that was issued, and between them with each round of revisions; then now.

        The first round is what was handed in at first, the second what a second revision replaced of it, ….
        """
        return self._stages

    @cached_property
    def _stages(self) -> list[Self]:
        newest: dict[Of, int] = {}
        for row in self._given_rows():
            newest[_of(row)] = max(newest.get(_of(row), 0), _revision(row))
        found, last = [], dict.fromkeys(newest, 0)
        for place, issue in enumerate(self.publications):
            then = _in_force(self._given_rows(), issue.at)
            found += self._rounds(last, then, self.publications[:place])
            found.append(replace(self._up_to(then, self.publications[:place]), published=issue))
            last = then
        return [*found, *self._rounds(last, newest, self.publications), self]

    def _rounds(self, first: Mapping[Of, int], last: Mapping[Of, int], issued: list[Publication]) -> list[Self]:
        """What stood between two sets of revisions, the later one left out."""
        most = max((last[of] - first[of] for of in last), default=0)
        return [self._up_to({of: min(first[of] + step, last[of]) for of in last}, issued) for step in range(1, most)]

    def _up_to(self, revisions: Mapping[Of, int], issued: list[Publication]) -> Self:
        then = {
            place: [row for row in rows if _revision(row) <= revisions[_of(row)]]
            for place, rows in self._given.items()
        }  # fmt: skip
        return replace(
            self,
            results={place: rows[-1] for place, rows in then.items() if rows},
            superseded={place: rows[:-1] for place, rows in then.items()},
            publications=issued,
        )

    @cached_property
    def _given(self) -> dict[Place, list[Result]]:
        """All that was ever handed in of each figure and counted, the earliest revision first."""
        given: dict[Place, list[Result]] = defaultdict(list)
        for place, rows in self.superseded.items():
            given[place] += rows
        for place, row in self.results.items():
            given[place].append(row)
        return {place: sorted(rows, key=_revision) for place, rows in given.items()}

    def _given_rows(self) -> Iterator[Result]:
        return chain.from_iterable(self._given.values())

    def results_of(self, submission: Submission) -> list[Result]:
        return self.by_submission.get(submission.pk, [])

    def cell(self, project: Project, code: str, quarter: Quarter) -> Cell:
        """The figure, or why there is none: not due where nobody is asked, missing where nobody answered."""
        definition = self.definition(project, code, quarter)
        if definition.computed:
            return self._computed(project, definition, quarter)
        if self.measure(project, code, quarter) is None:
            return NOT_DUE
        result = self.result(project, code, quarter)
        return MISSING if result is None else self.cell_of_result(result)

    def _computed(self, project: Project, definition: KpiVersion, quarter: Quarter) -> Cell:
        cells = {term: self.cell(project, term, quarter) for term in _terms(definition)}
        if any(cell.state == State.NOT_DUE for cell in cells.values()):
            return NOT_DUE
        if any(cell.empty for cell in cells.values()):
            return MISSING
        counts = {term: cell.count for term, cell in cells.items()}
        part = formulas.work_out(definition.numerator_codes, counts)
        whole = formulas.work_out(definition.denominator_codes, counts)
        states = [cell.state for cell in cells.values()]
        state = next((mark for mark in (State.ESTIMATED, State.REVISED, State.LATE) if mark in states), State.REPORTED)
        return Cell(state, numerator=int(part or 0), denominator=int(whole or 0))

    def cell_of_result(self, result: Result) -> Cell:
        cell = cell_of(result, result.state)
        other = result.text or result.rating or {True: "Yes", False: "No", None: None}[result.yes_no]
        return cell if other is None else Cell(cell.state, other=other)

    def part_cell(self, result: Result, part: Breakdown) -> Cell:
        """A category's cell bears its headline's state, but nought is nil."""
        cell = cell_of(part, result.state)
        return cell if result.state != State.NIL else cell_of(part, State.NIL)

    def under(self, project: Project, code: str, quarters: Sequence[Quarter]) -> tuple[str, ...]:
        """The references of the submissions under a figure."""
        definition = self.definition(project, code)
        terms = _terms(definition) if definition.computed else [code]
        found = {
            row.reference
            for quarter in quarters
            for term in terms
            if (row := self.submission_for(project, term, quarter)) is not None
        }
        return tuple(sorted(found))

    def provisional(self, project: Project, code: str, quarters: Sequence[Quarter]) -> bool:
        """Whether any submission under a figure is not accepted yet."""
        references = set(self.under(project, code, quarters))
        return any(
            row.reference in references and row.status != Submission.Status.ACCEPTED
            for row in self.submissions.values()
        )

    def break_in(self, project: Project, code: str, quarters: Sequence[Quarter]) -> str:
        """Words where the definition changed between the quarters that are joined."""
        versions = {self.definition(project, code, quarter).number for quarter in quarters}
        return "" if len(versions) < 2 else f"the definition changed: versions {min(versions)} to {max(versions)}"

    def aim(self, project: Project, code: str) -> Aim | None:
        return self.aims.get(project.pk, {}).get(code)

    def rating(self, project: Project, code: str) -> Rating | None:
        """How somebody rated the measure by hand in the quarter asked about; None where its figures rate it."""
        found = self.ratings.get((project.pk, code))
        return found if found is not None and found.word else None

    def share_of_year(self, project: Project, code: str) -> tuple[int, int]:
        """Quarters due so far and quarters due in the whole year: what a sum's target is shared over."""
        year = [row for row in self.quarters if row.year_id == self.quarter.year_id]
        whole = [row for row in year if self.is_due(project, code, row)]
        return len([row for row in whole if row.order <= self.quarter.order]), len(whole)

    def duties(self, project: Project, quarter: Quarter) -> list[Duty]:
        """The project's duties that run in a quarter, by reference."""
        found = {
            row.duty.pk: row.duty
            for rows in self.measured.get(project.pk, {}).values()
            for row in rows
            if row.duty.first_quarter.order <= quarter.order <= row.duty.last_quarter.order
        }
        return sorted(found.values(), key=lambda duty: duty.reference)

    def cohort(self, project: Project, code: str, entry: Quarter) -> tuple[Quarter | None, Result | None]:
        """The quarter in which an entry quarter's follow-up is due (None: after the programme), and its result."""
        months = self.definition(project, code).window_months or 0
        due_day = months_after(entry.first_day, months)
        due = next((row for row in self.quarters if row.first_day == due_day), None)
        return due, self.cohorts.get((project.pk, code, entry.code))

    def milestones(self, project: Project) -> list[Milestone]:
        return list(project.milestones.all())

    def milestone_results(self, project: Project) -> list[Result]:
        """In the order of quarters, so that the last one of a milestone stands."""
        return self.dated.get(project.pk, [])


def _revision(result: Result) -> int:
    return result.submission.revision


def _of(result: Result) -> Of:
    return result.submission.duty_id, result.submission.quarter_id


def _in_force(rows: Iterable[Result], moment: datetime) -> dict[Of, int]:
    """Of each duty and quarter the revision whose figures counted at a moment; nought where none had come."""
    found: dict[Of, int] = {}
    for row in rows:
        given = row.submission.accepted_at or row.submission.submitted_at
        counted = _revision(row) if given is not None and given <= moment else 0
        found[_of(row)] = max(found.get(_of(row), 0), counted)
    return found


def _terms(definition: KpiVersion) -> list[str]:
    codes = [*formulas.read(definition.numerator_codes), *formulas.read(definition.denominator_codes)]
    return list(dict.fromkeys(code for _, code in codes))


def read_reported(programme: Programme, quarter: Quarter) -> Reported:
    """Everything in a fixed number of queries."""
    prefetch_related_objects([programme], "thresholds")
    quarters = list(programme.quarters.filter(kind=Quarter.Kind.QUARTER).select_related("year"))
    projects = sorted(
        programme.projects.prefetch_related("milestones"), key=lambda project: (project.position, project.code)
    )
    kpis: dict[int, dict[str, list[KpiVersion]]] = defaultdict(dict)
    for kpi in Kpi.objects.filter(project__programme=programme).prefetch_related("versions"):
        kpis[kpi.project_id][kpi.code] = list(kpi.versions.all())
    measured: dict[int, dict[str, list[DutyMeasure]]] = defaultdict(lambda: defaultdict(list))
    for measure in DutyMeasure.objects.filter(
        duty__project__programme=programme, duty__first_quarter__first_day__lte=quarter.first_day
    ).select_related("kpi", "duty__organisation", "duty__first_quarter", "duty__last_quarter"):
        measured[measure.kpi.project_id][measure.kpi.code].append(measure)
    found = Reported(
        programme=programme,
        quarter=quarter,
        quarters=quarters,
        projects=projects,
        kpis=kpis,
        measured=measured,
        submissions={},
        results={},
        superseded=defaultdict(list),
        cohorts={},
        dated=defaultdict(list),
        by_submission=defaultdict(list),
        identities=defaultdict(list),
        aims={},
    )
    _read_results(found)
    for identity in Identity.objects.filter(project__programme=programme):
        found.identities[identity.project_id].append(identity)
    found.publications = list(Publication.objects.filter(programme=programme, profile=Profile.BOARD.value))
    found.aims = aims_of(programme, quarter)
    # In the order in which they were given, so that the last one stands.
    for rating in Rating.objects.filter(quarter=quarter).select_related("kpi", "by").order_by("pk"):
        found.ratings[rating.kpi.project_id, rating.kpi.code] = rating
    return found


def _read_results(found: Reported) -> None:
    submissions = (
        Submission.objects.in_programme(found.programme)
        .in_force()
        .filter(quarter__first_day__lte=found.quarter.first_day)
        .select_related("quarter", "submitted_by", "accepted_by", "duty")
        .prefetch_related("queries")
    )
    for row in submissions:
        found.submissions[row.duty_id, row.quarter_id] = row
    by_pk = {row.pk: row for row in found.submissions.values()}
    replaced = {
        row.pk: row
        for row in Submission.objects.in_programme(found.programme)
        .filter(status=Submission.Status.SUPERSEDED, quarter__first_day__lte=found.quarter.first_day)
        .select_related("quarter")
    }
    # Earlier quarters and revisions are read with their breakdowns: no later figure may betray a small one of theirs.
    results = (
        Result.objects.filter(submission__in=[*by_pk, *replaced])
        .select_related("definition__kpi", "entry_quarter")
        .prefetch_related("breakdowns__category__dimension")
        .order_by("submission__quarter__first_day", "submission__reference", "definition__kpi__code", "pk")
    )
    for result in results:
        kpi = result.definition.kpi
        if result.submission_id in replaced:
            result.submission = replaced[result.submission_id]
            if not result.milestone_id and not result.entry_quarter_id:
                place = (kpi.project_id, kpi.code, result.submission.quarter.code)
                found.superseded[place].append(result)
            continue
        result.submission = by_pk[result.submission_id]
        found.by_submission[result.submission_id].append(result)
        if result.milestone_id:
            found.dated[kpi.project_id].append(result)
        elif result.entry_quarter_id:
            found.cohorts[kpi.project_id, kpi.code, result.entry_quarter.code] = result
        else:
            found.results[kpi.project_id, kpi.code, result.submission.quarter.code] = result
