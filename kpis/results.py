"""What was achieved: every measure of a programme up to a quarter, as returns and pages show it.

`performance` is the one place where results become figures to be read; who reads decides, by the
profile, what is hidden.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from board.models import Programme, Project, Quarter
from kpis import tracing
from kpis.aggregation import PROGRAMME, YEAR, Cell, across_quarters, value
from kpis.gathering import thresholds_of
from kpis.hiding import Hidden, hidden_of
from kpis.kinds import FigureType, Kind, Profile, Section, State
from kpis.lines import (
    BreakdownLine,
    CohortLine,
    MeasureLine,
    MilestoneLine,
    Narrative,
    Outstanding,
    ProjectPerformance,
    QualityLine,
    Shown,
    SignOff,
)
from kpis.models import Duty, KpiVersion, Rating, Result, Submission
from kpis.reported import Reported, read_reported
from kpis.scoring import HIDDEN, NOT_AVAILABLE, Aim, rag, target_so_far

__all__ = [
    "BreakdownLine",
    "CohortLine",
    "MeasureLine",
    "MilestoneLine",
    "Narrative",
    "Outstanding",
    "ProjectPerformance",
    "QualityLine",
    "Shown",
    "SignOff",
    "outstanding",
    "performance",
]

_MARKS = {
    State.REPORTED: "", State.NIL: "nil", State.NOT_APPLICABLE: "z", State.NOT_DUE: "not due",
    State.MISSING: "missing", State.ESTIMATED: "e", State.LATE: "late", State.REVISED: "r",
}  # fmt: skip
_UNITS = {
    FigureType.COUNT: "count", FigureType.SCALED: "scaled", FigureType.RATIO: "percent", FigureType.PEOPLE: "count",
    FigureType.MEAN: "scaled", FigureType.MEDIAN: "scaled", FigureType.COHORT: "percent", FigureType.TEXT: "text",
    FigureType.RATING: "text", FigureType.YES_NO: "text", FigureType.MILESTONE: "date",
}  # fmt: skip
_OWN_TABLES = frozenset({Kind.COHORT, Kind.MILESTONE, Kind.TEXT})


def performance(
    programme: Programme,
    quarter: Quarter,
    *,
    profile: Profile = Profile.FUNDER,
    only: Collection[str] = (),
    duties: Collection[Duty] | None = None,
) -> list[ProjectPerformance]:
    """Every project that has duties, with every measure that somebody reports; sorted by the project's place.

    Accepted figures count, submitted ones too and are marked provisional; drafts never do. The same
    number of queries for any number of projects. `only`: codes of the projects that are wanted.
    `duties`: only what is reported under these.
    """
    reported = read_reported(programme, quarter)
    if duties is not None:
        reported = reported.under_duties(duties)
    last = reported.quarters[-1]
    later = profile != Profile.FUNDER and last.order > quarter.order
    since = read_reported(programme, last) if later else None
    thresholds = thresholds_of(programme, quarter.last_day)
    return [
        _of_project(project, reported, thresholds, profile, since)
        for project in reported.projects
        if reported.codes(project) and (not only or project.code in only)
    ]


def _of_project(
    project: Project,
    reported: Reported,
    thresholds: dict[str, Decimal],
    profile: Profile,
    since: Reported | None,
) -> ProjectPerformance:
    hidden = hidden_of(project, reported, profile, since)
    open_profile = profile == Profile.FUNDER
    lines = [
        _measure(project, code, reported, thresholds, hidden)
        for code in reported.codes(project)
        if reported.definition(project, code).kind not in _OWN_TABLES
        and (open_profile or not reported.definition(project, code).balancing)
    ]
    return ProjectPerformance(
        code=project.code,
        name=project.name,
        typology=project.typology,
        measures=tuple(lines),
        breakdowns=tuple(_breakdowns(project, reported, hidden)),
        cohorts=tuple(_cohorts(project, reported, hidden)),
        milestones=tuple(_milestones(project, reported)),
        narratives=tuple(_narratives(project, reported)) if open_profile else (),
        quality=tuple(row if open_profile else replace(row, words="") for row in _quality(project, reported)),
        sign_offs=tuple(_sign_offs(project, reported)),
    )


def _measure(
    project: Project, code: str, reported: Reported, thresholds: dict[str, Decimal], hidden: Hidden
) -> MeasureLine:
    definition = reported.definition(project, code)
    year_so_far, so_far = reported.year_so_far, reported.so_far
    year = [reported.cell(project, code, row) for row in year_so_far]
    every = [reported.cell(project, code, row) for row in so_far]
    this_year = across_quarters(definition.kind, year, YEAR)
    programme = across_quarters(definition.kind, every, PROGRAMME)
    quarters = [
        _joined(project, code, reported, hidden, cell, [row], "", hide=hidden.headline(code, row.code))
        for row, cell in zip(year_so_far, year, strict=True)
    ]
    quarters += [Shown(None, _UNITS[definition.figure_type], "not due")] * (4 - len(quarters))
    to_date = _joined(project, code, reported, hidden, this_year, year_so_far, YEAR, hide=hidden.year(code))
    in_all = _joined(project, code, reported, hidden, programme, so_far, PROGRAMME, hide=hidden.programme(code))
    aim = reported.aim(project, code)
    due = None if aim is None else target_so_far(definition.kind, aim.value, *reported.share_of_year(project, code))
    now = reported.result(project, code, reported.quarter)
    word = _rag(to_date, this_year, definition, aim, due, thresholds)
    # What is hidden is not rated, by whomever.
    rating = None if to_date.state == "c" else reported.rating(project, code)
    return MeasureLine(
        code=code,
        name=definition.name,
        section=definition.section,
        section_name=Section(definition.section).label,
        unit=definition.unit,
        kind=definition.kind,
        definition=definition.definition,
        definition_version=definition.number,
        computed=definition.computed,
        supplier=reported.supplier(project, code),
        target=None if aim is None else aim.value,
        target_so_far=due,
        quarters=(quarters[0], quarters[1], quarters[2], quarters[3]),
        year_to_date=to_date,
        programme_to_date=in_all,
        rag=rating.word if rating else word,
        comment=now.comment if now is not None and not hidden.hides else "",
        by_hand=_by_hand(rating, word) if rating and not hidden.hides else "",
    )


def _by_hand(rating: Rating, word: str) -> str:
    return f"Rated {rating.word} by hand by {rating.by}; by its figures: {word.lower()}. {rating.reason}"


def _joined(
    project: Project,
    code: str,
    reported: Reported,
    hidden: Hidden,
    cell: Cell,
    quarters: Sequence[Quarter],
    span: str,
    *,
    hide: bool,
) -> Shown:
    """A cell of a quarter, or of a span of them, with the results under it and what they leave open."""
    return _shown(
        cell,
        reported.definition(project, code),
        tracing.of_measure(reported, project, code, quarters, span),
        provisional=reported.provisional(project, code, quarters),
        hide=hide,
        guard=hidden,
        caveat=reported.break_in(project, code, quarters),
    )


def _rag(
    shown: Shown,
    cell: Cell,
    definition: KpiVersion,
    aim: Aim | None,
    due: Decimal | None,
    thresholds: dict[str, Decimal],
) -> str:
    if shown.state == "c" and aim is not None:
        return HIDDEN
    if cell.incomplete and definition.kind == Kind.FLOW and aim is not None and definition.direction != "none":
        return NOT_AVAILABLE
    actual = value(cell, definition.figure_type)
    return rag(
        None if actual is None else Decimal(actual),
        None if aim is None or due is None else Aim(due, aim.upper),
        definition.direction,
        green=thresholds["rag-green-percent"],
        amber=thresholds["rag-amber-percent"],
        too_early=cell.state == State.NOT_DUE,
    )


def _shown(
    cell: Cell,
    definition: KpiVersion,
    trace: tuple[str, ...],
    *,
    provisional: bool = False,
    hide: bool = False,
    guard: Hidden | None = None,
    caveat: str = "",
) -> Shown:
    """The cell as it is read. A rate without cases has no value and says so."""
    unit = _UNITS[definition.figure_type]
    state = _MARKS[State(cell.state)]
    if hide and not cell.empty:
        return Shown(None, unit, "c", trace=trace)
    shown = value(cell, definition.figure_type)
    said = "; ".join(words for words in (cell.caveat, caveat) if words)
    if cell.empty:
        return Shown(None, unit, state, trace=trace)
    if shown is None:
        return Shown(None, unit, "nil", caveat="no cases", trace=trace)
    if cell.incomplete:
        state, said = "p", "; ".join(words for words in (said, "some figures are missing") if words)
    elif provisional and state in ("", "nil"):
        state = "p"
    open_view = guard is None or not guard.hides
    if not open_view and isinstance(shown, int) and definition.sensitive:
        shown = guard.rounded(shown)  # type: ignore[union-attr]
    return Shown(
        shown, unit, state, cell.numerator if open_view else None, cell.denominator if open_view else None, said, trace
    )


def _breakdowns(project: Project, reported: Reported, hidden: Hidden) -> Iterator[BreakdownLine]:
    quarter = reported.quarter
    for code in reported.codes(project):
        result = reported.result(project, code, quarter)
        if result is None:
            continue
        definition = result.definition
        provisional = reported.provisional(project, code, [quarter])
        for part in sorted(
            result.breakdowns.all(), key=lambda row: (row.category.dimension.code, row.category.position)
        ):
            category = part.category
            hide = hidden.part(code, category, part)
            yield BreakdownLine(
                code,
                definition.name,
                category.dimension.code,
                category.dimension.name,
                category.code,
                category.name,
                _shown(reported.part_cell(result, part), definition, tracing.of_category(definition, result, part),
                       provisional=provisional, hide=hide, guard=hidden),
            )  # fmt: skip


def _cohorts(project: Project, reported: Reported, hidden: Hidden) -> Iterator[CohortLine]:
    for code in reported.codes(project):
        definition = reported.definition(project, code)
        if definition.kind != Kind.COHORT:
            continue
        for entry in reported.so_far:
            due, result = reported.cohort(project, code, entry)
            if not reported.is_due(project, code, entry) and result is None:
                continue
            due_code = due.code if due else ""
            if due is None or due.order > reported.quarter.order:
                shown = Shown(None, "percent", "too early")
            elif result is None:
                shown = Shown(None, "percent", "missing")
            else:
                shown = _shown(
                    reported.cell_of_result(result), definition, tracing.of_cohort(definition, result, entry),
                    provisional=result.submission.status != Submission.Status.ACCEPTED,
                    hide=hidden.rate(result.numerator, result.denominator), guard=hidden,
                )  # fmt: skip
            yield CohortLine(code, definition.name, definition.window_months or 0, entry.code, due_code, shown)


def _milestones(project: Project, reported: Reported) -> Iterator[MilestoneLine]:
    latest: dict[int, Result] = {}
    for row in reported.milestone_results(project):
        latest[row.milestone_id] = row
    for milestone in reported.milestones(project):
        row = latest.get(milestone.pk)
        met, forecast = (row.met_on, row.forecast_on) if row else (None, None)
        yield MilestoneLine(
            milestone.code,
            milestone.name,
            milestone.due_on,
            forecast,
            met,
            milestone_status(milestone.due_on, forecast, met, reported.quarter.last_day),
            (row.submission.reference,) if row else (),
        )


def milestone_status(due_on: date, forecast_on: date | None, met_on: date | None, day: date) -> str:
    """How a milestone stands on a day, in words."""
    if met_on:
        return "Met" if met_on <= due_on else "Met late"
    if due_on <= day:
        return "Overdue"
    return "Expected late" if forecast_on and forecast_on > due_on else "On course"


def _narratives(project: Project, reported: Reported) -> Iterator[Narrative]:
    for code in reported.codes(project):
        result = reported.result(project, code, reported.quarter)
        if result is not None and result.text:
            trace = reported.under(project, code, [reported.quarter])
            yield Narrative(code, result.definition.name, result.text, reported.supplier(project, code), trace)


_QUALITY = {State.LATE: "late", State.ESTIMATED: "estimated", State.REVISED: "revised", State.MISSING: "missing"}


def _quality(project: Project, reported: Reported) -> Iterator[QualityLine]:
    """Of the year so far, by quarter and code."""
    for quarter in reported.year_so_far:
        for duty in reported.duties(project, quarter):
            yield from _quality_of_duty(duty, quarter, reported.submission(duty, quarter), reported)


def _quality_of_duty(
    duty: Duty, quarter: Quarter, submission: Submission | None, reported: Reported
) -> Iterator[QualityLine]:
    supplier = duty.organisation.short_name
    if submission is None:
        words = f"{supplier} has not submitted its results."
        yield QualityLine("", quarter.code, "missing", words, supplier, duty.reference)
        return
    reference = submission.reference
    if submission.late:
        due = submission.extended_to or quarter.provider_due_on
        words = f"Submitted after {due:%-d %B %Y}: {submission.late_reason}"
        yield QualityLine("", quarter.code, "late", words, supplier, reference)
    for question in submission.queries.all():
        words = f"{question.get_section_display()}: {question.reason}"
        yield QualityLine("", quarter.code, "queried", words, supplier, reference)
    if submission.changed_reason:
        words = f"Changed after results were closed: {submission.changed_reason}"
        yield QualityLine("", quarter.code, "revised", words, supplier, reference)
    if submission.revision > 1:
        yield QualityLine("", quarter.code, "revised", submission.revision_reason, supplier, reference)
    for row in reported.results_of(submission):
        if what := _QUALITY.get(State(row.state)):
            words = row.absence_reason or row.comment or f"{row.definition.name} is {what}."
            yield QualityLine(row.definition.kpi.code, quarter.code, what, words, supplier, reference)


def _sign_offs(project: Project, reported: Reported) -> Iterator[SignOff]:
    for duty in reported.duties(project, reported.quarter):
        row = reported.submission(duty, reported.quarter)
        if row is None:
            yield SignOff(duty.organisation.name, duty.reference, "", 0, "not submitted", None, "", None, "")
            continue
        yield SignOff(
            duty.organisation.name,
            duty.reference,
            row.reference,
            row.revision,
            row.get_status_display(),
            row.submitted_at,
            str(row.submitted_by or ""),
            row.accepted_at,
            str(row.accepted_by or ""),
        )


def outstanding(programme: Programme, quarter: Quarter) -> list[Outstanding]:
    """The duties of a quarter without an accepted submission, in the order of projects. Three queries."""
    rows: dict[int, list[Submission]] = defaultdict(list)
    for row in Submission.objects.in_programme(programme).filter(quarter=quarter).order_by("revision"):
        rows[row.duty_id].append(row)
    duties = Duty.objects.in_force(quarter).select_related("project", "organisation")
    ordered = sorted(duties, key=lambda duty: (duty.project.position, duty.reference))
    return [found for duty in ordered if (found := _outstanding(duty, quarter, rows[duty.pk])) is not None]


def _outstanding(duty: Duty, quarter: Quarter, rows: Sequence[Submission]) -> Outstanding | None:
    if any(row.status == Submission.Status.ACCEPTED for row in rows):
        return None
    who, what = duty.organisation.short_name, duty.project.name
    if not rows:
        words = (
            f"{what}: {who} has not been asked for its results of {quarter.short_label}. Open the quarter for results."
        )
        at = ("kpis:submissions", ())
        return Outstanding(duty.project.code, duty.reference, who, duty.reference, "not asked", words, *at)
    row = rows[-1]
    status = {
        Submission.Status.DRAFT: ("draft", f"{what}: {who} has not submitted its results of {quarter.short_label}."),
        Submission.Status.SUBMITTED: (
            "submitted",
            f"{what}: the results of {who} for {quarter.short_label} wait to be accepted.",
        ),
        Submission.Status.QUERIED: (
            "queried",
            f"{what}: {who} has not answered the query about its results of {quarter.short_label}.",
        ),
    }[Submission.Status(row.status)]
    return Outstanding(duty.project.code, duty.reference, who, row.reference, *status, "kpis:submission", (row.pk,))
