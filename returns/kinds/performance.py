"""The quarterly performance return: every measure against its target, and what the suppliers wrote and signed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.utils import timezone

from board import quarters
from board.models import Programme, Quarter, User
from board.quarters import RESULTS
from board.thresholds import threshold
from kpis.kinds import Kind as MeasureKind
from kpis.kinds import Profile
from kpis.kinds import Section as Part
from kpis.results import MeasureLine, ProjectPerformance, QualityLine, Shown, outstanding, performance
from kpis.scoring import AMBER, GREEN, NOT_AVAILABLE, RED, TOO_EARLY
from kpis.submitting import mark_reported
from kpis.tracing import parts_of
from returns.content import (
    Cell,
    Column,
    Content,
    Definition,
    Fact,
    Narrative,
    Section,
    Table,
    ThresholdUsed,
    make_fact,
    make_row,
    slug,
)
from returns.items import Item, Place
from returns.kinds.scope import Scope
from returns.kinds.shape import (
    CERTIFY,
    PREPARE,
    ROLE,
    STATUS,
    Kind,
    Span,
    Step,
    Written,
    commentary,
    identity,
    words_of,
)
from returns.kinds.tracing import figures
from returns.models import Return

K = "performance"
# A table longer than this is for the workbook; the PDF says so.
LONGEST_IN_DOCUMENT = 60
# The part in which somebody says why results are missing, so that the return can go without them.
MISSING_RESULTS = "missing-results"

STEPS = (
    Step(
        PREPARE, (ROLE.COMMISSIONING_OFFICER,), STATUS.DRAFT, STATUS.PREPARED, "Prepared by",
        "I prepared this return from the results that the suppliers submitted and that were accepted.",
        "prepare",
    ),
    Step(
        CERTIFY, (ROLE.COMMISSIONING_OFFICER,), STATUS.PREPARED, STATUS.CERTIFIED, "Signed by",
        "To the best of my knowledge this return shows what the suppliers reported for the period, adds up nothing "
        "that cannot be added up, and identifies no client, victim or child.",
        "sign",
    ),
)  # fmt: skip
WRITTEN = (
    Written("progress", "Progress this quarter", "What was delivered, in a few sentences."),
    Written("not-working", "What is not working", "What was tried and did not work; this is never rated."),
    Written("learning", "Learning", "What other areas could use."),
    Written("next-quarter", "Next quarter", "What is planned."),
    Written(
        MISSING_RESULTS,
        "Results not received",
        "Only if a supplier's results are missing after the close: whose, why, and when they are expected.",
    ),
)
# How a measure is brought from quarters to a year, in words for the reader.
ADDS_UP = {
    MeasureKind.FLOW: "Added",
    MeasureKind.SNAPSHOT: "Latest",
    MeasureKind.OPENING: "First",
    MeasureKind.PEOPLE: "Distinct people",
    MeasureKind.RATIO: "Rate",
    MeasureKind.MEAN: "Mean",
    MeasureKind.MEDIAN: "Median",
    MeasureKind.COHORT: "Cohort",
    MeasureKind.RATING: "Latest",
    MeasureKind.YES_NO: "Latest",
}
_FUNNEL = (Part.REFERRALS, Part.CASELOAD, Part.DELIVERY, Part.WORKFORCE)
_RATES = (MeasureKind.RATIO,)
RATINGS = (GREEN, AMBER, RED, TOO_EARLY, NOT_AVAILABLE)


def build(scope: Scope, *, today: date, the_return: Return | None = None) -> Content:
    """What the performance return of a quarter says, from the results as they stand."""
    programme, quarter = scope.programme, scope.last
    projects = performance(programme, quarter, profile=Profile.FUNDER)
    return Content(
        **identity(KIND, scope, the_return, KIND.title),  # type: ignore[arg-type]
        sections=(
            key_figures(quarter, projects),
            commentary(KIND, words_of(the_return)),
            summary(quarter, projects),
            *(funnel(project) for project in projects if has_funnel(project)),
            victims(projects),
            outcomes(projects),
            cohorts(projects),
            breakdowns(projects),
            milestones(projects),
            narratives(projects),
            quality(projects),
            sign_offs(projects),
        ),
        definitions=measure_definitions(projects),
        notes=NOTES,
        thresholds=rating_thresholds(programme, today),
    )


def take_effect(the_return: Return, content: Content, by: User) -> None:
    """Note on the submissions which return reported them first."""
    mark_reported(quarter=the_return.last_quarter, reference=the_return.reference, by=by)


def waits_for(scope: Scope, today: date) -> Iterator[Item]:
    """X01: results not accepted stop the return, or are explained in it once nothing more can come in."""
    quarter = scope.last
    explained = quarters.closed_at(quarter, RESULTS) is not None and _says_why_missing(quarter)
    waiting = outstanding(scope.programme, quarter)
    for row in waiting:
        places = (Place("See the submission", "submissions.read", row.url_name, row.url_args),)
        if explained:
            words = f"{row.words} The return goes without it and says why."
            yield Item("X01", words, "warning", places)
        else:
            yield Item("X01", row.words, "blocking", places)
    if waiting and not explained:
        words = "Results that do not come in time: close the quarter, and say in the return why they are missing."
        yield Item("X01-how", words, "information")


def _says_why_missing(quarter: Quarter) -> bool:
    rows = Return.objects.filter(
        last_quarter=quarter, kind="performance", commentaries__section=MISSING_RESULTS
    ).exclude(commentaries__words="")
    return rows.exists()


KIND = Kind(
    code=K,
    title="Quarterly performance return",
    place=2,
    closes=(RESULTS,),
    spans=(Span.QUARTER,),
    quarter_kinds=(Quarter.Kind.QUARTER, Quarter.Kind.FOLLOW_UP),
    steps=STEPS,
    prints_ink=True,
    written=WRITTEN,
    build=build,
    waits_for=waits_for,
    take_effect=take_effect,
    goes_to_funder=True,
)
NOTES = (
    "Figures are aggregates; the return identifies no client, victim or child.",
    "How measures add up over quarters. Added: the quarters are summed. Latest: the position of the last quarter due. "
    "First: the position on the first day of the first quarter due. Distinct people: never added over quarters or "
    "suppliers; the supplier gives the year and the programme. Rate: numerators and denominators are added, then "
    "divided. Mean: weighted by number. Median: by quarter alone.",
    "Completion is of all closures after a start, not of the starts of the same quarter.",
    "A rate without cases shows nil, not 0%.",
)


def key_figures(quarter: Quarter, projects: Sequence[ProjectPerformance]) -> Section:
    """How many measures stand where, and whether all suppliers are in."""

    def fact(code: str, label: str, counted: Sequence[str]) -> Fact:
        """A number of rows of this return, which are its trace."""
        trace = ("by:count", *figures(*counted))
        return make_fact(K, "key-figures", code, label, len(counted), "count", "", trace)

    rated: dict[str, list[str]] = defaultdict(list)
    for project in projects:
        for line in project.measures:
            if line.target is not None:
                rated[line.rag].append(f"{K}/kpis/{_key(project, line.code)}/rating")
    signed = [(f"{K}/sign-offs/{slug(row.duty)}", row) for project in projects for row in project.sign_offs]
    accepted = [f"{key}/accepted" for key, row in signed if row.accepted_at is not None]
    late = [
        f"{K}/quality/{key}/what"
        for key, _, line in _quality_rows(projects)
        if line.what == "late" and line.quarter == quarter.code
    ]
    names = make_fact(
        K, "key-figures", "projects", "Projects that report", len(projects), "count", "",
        ("by:count", *(f"project:{project.code}" for project in projects)),
    )  # fmt: skip
    facts = [
        names,
        fact("asked", "Suppliers’ submissions asked for", [f"{key}/status" for key, _ in signed]),
        fact("accepted", "Submissions accepted", accepted),
        fact("late", "Late submissions and figures", late),
    ]
    for name in RATINGS:
        facts.append(fact(f"rated-{slug(name)}", f"Measures with a target, {name}", rated.get(name, [])))
    facts.append(make_fact(K, "key-figures", "due", "Due to be signed by", quarter.certify_due_on, "date"))
    return Section("key-figures", "Key figures", facts=tuple(facts), sheet="Key figures")


def _of(project: ProjectPerformance, parts: Iterable[str]) -> list[MeasureLine]:
    wanted = set(parts)
    return [line for line in project.measures if line.section in wanted]


def shown_cell(shown: Shown) -> Cell:
    """A result as a return states it."""
    return Cell(shown.value, shown.state, shown.trace, shown.unit)


def _key(project: ProjectPerformance, code: str) -> str:
    return slug(f"{project.code}-{code}")


def target_cell(project: ProjectPerformance, line: MeasureLine, quarter: Quarter) -> Cell:
    """The year's target in the measure's own unit; a rate's in per cent."""
    unit, trace = line.year_to_date.unit, (f"target:{project.code}/{line.code}@{quarter.code}",)
    if line.target is None:
        return Cell(None, "z", unit="text")
    whole = line.target == line.target.to_integral_value()
    if unit == "count" and whole:
        return Cell(int(line.target), "", trace, "count")
    return Cell(line.target.normalize(), "", trace, "percent" if unit == "percent" else "scaled")


def _comment(line: MeasureLine) -> str | None:
    """Why it was rated by hand, the supplier's comment, and what must be known to read the cells."""
    caveats = [
        f"Year to date: {line.year_to_date.caveat}" if line.year_to_date.caveat else "",
        f"Programme to date: {line.programme_to_date.caveat}"
        if line.programme_to_date.caveat and line.programme_to_date.caveat != line.year_to_date.caveat
        else "",
    ]
    return ". ".join(part.rstrip(".") for part in (line.by_hand, line.comment, *caveats) if part) or None


_OVER_TIME = (
    *(Column(f"q{number}", f"Q{number}", "mixed") for number in (1, 2, 3, 4)),
    Column("year", "Year to date", "mixed"),
    Column("programme", "Programme to date", "mixed"),
)


def _over_time(line: MeasureLine) -> list[Cell]:
    return [shown_cell(shown) for shown in (*line.quarters, line.year_to_date, line.programme_to_date)]


def summary(quarter: Quarter, projects: Sequence[ProjectPerformance], *, within: str = K) -> Section:
    """The measures that have a target, with their rating; `within` the kind of return that states them."""
    columns = (
        Column("code", "Code"),
        Column("kpi", "KPI"),
        Column("unit", "Unit"),
        Column("adds-up", "Adds up as"),
        Column("target", "Target", "mixed"),
        *_OVER_TIME,
        Column("rating", "Rating"),
        Column("comment", "Comment"),
    )
    rows = [
        make_row(within, "kpis", _key(project, line.code), columns, [
            line.code, line.name, line.unit, ADDS_UP[MeasureKind(line.kind)], target_cell(project, line, quarter),
            *_over_time(line), line.rag, _comment(line),
        ])
        for project in projects
        for line in project.measures
        if line.target is not None
    ]  # fmt: skip
    return Section(
        "kpis",
        "KPI summary",
        ("The measures that have a target for the year. Codes begin with that of the project; every other measure "
         "stands with its project.",
         "A rating compares the year to date with the target so far; where it cannot yet be told, it says so.",
         "Breakdowns by area, age and the like stand in the workbook; on paper only where they are few."),
        Table("Measures against their targets", columns, tuple(rows), "No measure has a target.", headings=2),
        sheet="KPI summary",
    )  # fmt: skip


def has_funnel(project: ProjectPerformance) -> bool:
    """Whether it reports anything from referral to closure."""
    return bool(_of(project, _FUNNEL))


def funnel(project: ProjectPerformance, *, within: str = K) -> Section:
    """One project from referral to closure."""
    code = f"project-{slug(project.code)}"
    columns = (
        Column("code", "Code"),
        Column("measure", "Measure"),
        Column("part", "Part"),
        Column("unit", "Unit"),
        *_OVER_TIME,
        Column("supplier", "Supplier"),
        Column("comment", "Comment"),
    )
    rows = [
        make_row(within, code, slug(line.code), columns, [
            line.code, line.name, line.section_name, line.unit, *_over_time(line), line.supplier, _comment(line),
        ])
        for part in _FUNNEL
        for line in _of(project, [part])
    ]  # fmt: skip
    return Section(
        code,
        f"{project.name}: {'from referral to closure' if _of(project, [Part.CASELOAD]) else 'what was done'}",
        (),
        Table(f"{project.name}, measures of referral, caseload and delivery", columns, tuple(rows), headings=2),
        sheet=f"Project {project.code}",
    )


def victims(projects: Sequence[ProjectPerformance]) -> Section:
    """Victims and children of all projects."""
    columns = (
        Column("code", "Code"),
        Column("measure", "Measure"),
        Column("project", "Project"),
        Column("unit", "Unit"),
        *_OVER_TIME,
        Column("comment", "Comment"),
    )
    rows = [
        make_row(K, "victims", _key(project, line.code), columns, [
            line.code, line.name, project.name, line.unit, *_over_time(line), _comment(line),
        ])
        for project in projects
        for line in _of(project, [Part.VICTIMS])
    ]  # fmt: skip
    return Section(
        "victims",
        "Victims and children",
        (),
        Table("Support offered and given to victims and children", columns, tuple(rows), "No such measure is asked.",
              headings=2),
        sheet="Victims and children",
    )  # fmt: skip


def outcomes(projects: Sequence[ProjectPerformance], *, within: str = K) -> Section:
    """What changed: rates with the figures that they are made of."""
    columns = (
        Column("code", "Code"),
        Column("measure", "Measure"),
        Column("project", "Project"),
        Column("quarter-n", "Quarter: numerator", "count"),
        Column("quarter-d", "Quarter: denominator", "count"),
        Column("quarter", "Quarter", "mixed"),
        Column("year-n", "Year: numerator", "count"),
        Column("year-d", "Year: denominator", "count"),
        Column("year", "Year to date", "mixed"),
        Column("programme", "Programme to date", "mixed"),
        Column("comment", "Comment"),
    )
    rows = []
    for project in projects:
        for line in project.measures:
            if line.section != Part.OUTCOMES and line.kind not in _RATES:
                continue
            now = [shown for shown in line.quarters if shown.state != "not due"][-1:] or [line.quarters[0]]
            rows.append(
                make_row(within, "outcomes", _key(project, line.code), columns, [
                    line.code, line.name, project.name, *_parts(now[0]), shown_cell(now[0]), *_parts(line.year_to_date),
                    shown_cell(line.year_to_date), shown_cell(line.programme_to_date), _comment(line),
                ])
            )  # fmt: skip
    return Section(
        "outcomes",
        "Outcomes and rates",
        ("Each rate is its numerator divided by its denominator, never a mean of rates.",),
        Table("Outcomes and rates", columns, tuple(rows), "No outcome is asked.", headings=2),
        sheet="Outcomes",
    )


def _parts(shown: Shown) -> list[Cell]:
    if shown.numerator is None or shown.denominator is None:
        state = shown.state if shown.state in ("c", "missing", "not due", "too early", "x") else "z"
        return [Cell(None, state, unit="count")] * 2
    part, whole = parts_of(shown.trace)
    return [Cell(shown.numerator, "", part, "count"), Cell(shown.denominator, "", whole, "count")]


def cohorts(projects: Sequence[ProjectPerformance], *, within: str = K) -> Section:
    """People who entered in one quarter, as found when their follow-up ended."""
    columns = (
        Column("code", "Code"),
        Column("measure", "Measure"),
        Column("entry", "Entered in"),
        Column("window", "Follow-up, months", "count"),
        Column("due", "Due in"),
        Column("numerator", "Numerator", "count"),
        Column("denominator", "Denominator", "count"),
        Column("rate", "Rate", "mixed"),
    )
    rows = [
        make_row(within, "cohorts", slug(f"{project.code}-{line.code}-{line.entry_quarter}"), columns, [
            line.code, line.name, line.entry_quarter,
            Cell(line.window_months, trace=(f"window:{project.code}/{line.code}@{line.entry_quarter}",)),
            line.due_quarter or "After the programme", *_parts(line.shown), shown_cell(line.shown),
        ])
        for project in projects
        for line in project.cohorts
    ]  # fmt: skip
    return Section(
        "cohorts",
        "Cohorts",
        ("A cohort is filed under the quarter in which its people entered, and due when its follow-up has ended.",),
        Table("Cohorts by entry quarter", columns, tuple(rows), "No cohort is followed up.", headings=3),
        sheet="Cohorts",
    )


def breakdowns(projects: Sequence[ProjectPerformance]) -> Section:
    """Headlines by one dimension at a time, a row a category."""
    columns = (
        Column("code", "Code"),
        Column("dimension", "Dimension"),
        Column("category", "Category"),
        Column("project", "Project"),
        Column("measure", "Measure"),
        Column("value", "This quarter", "mixed"),
    )
    rows = [
        make_row(K, "breakdowns", slug(f"{project.code}-{line.code}-{line.dimension}-{line.category}"), columns, [
            line.code, line.dimension_name, line.category_name, project.name, line.name, shown_cell(line.shown),
        ])
        for project in projects
        for line in project.breakdowns
    ]  # fmt: skip
    return Section(
        "breakdowns",
        "Breakdowns",
        ("One dimension at a time; dimensions are never crossed. The rows of a dimension add up to the headline.",),
        Table("Breakdowns of this quarter’s headlines", columns, tuple(rows), "No breakdown is asked.", headings=3),
        sheet="Breakdowns",
        in_document=len(rows) <= LONGEST_IN_DOCUMENT,
    )


def milestones(projects: Sequence[ProjectPerformance], *, within: str = K) -> Section:
    """What is due, expected and met."""
    columns = (
        Column("code", "Code"),
        Column("milestone", "Milestone"),
        Column("project", "Project"),
        Column("due", "Due", "date"),
        Column("forecast", "Expected", "date"),
        Column("met", "Met", "date"),
        Column("status", "Status"),
    )
    rows = [
        make_row(within, "milestones", slug(f"{project.code}-{line.code}"), columns, [
            line.code, line.name, project.name, line.due_on, line.forecast_on, line.met_on,
            Cell(line.status, trace=line.trace),
        ])
        for project in projects
        for line in project.milestones
    ]  # fmt: skip
    return Section(
        "milestones",
        "Milestones",
        (),
        Table("Milestones", columns, tuple(rows), "No milestone is set.", headings=2),
        sheet="Milestones",
    )


def narratives(projects: Sequence[ProjectPerformance]) -> Section:
    """What the suppliers wrote."""
    return Section(
        "narrative",
        "What the suppliers wrote",
        () if any(project.narratives for project in projects) else ("No supplier wrote anything this quarter.",),
        narrative=tuple(
            Narrative(_key(project, item.code), f"{project.name}: {item.title} ({item.supplier})", item.text)
            for project in projects
            for item in project.narratives
        ),
        sheet="Narrative",
    )


def quality(projects: Sequence[ProjectPerformance], *, within: str = K) -> Section:
    """What is late, estimated, revised, queried or missing this year."""
    columns = (
        Column("quarter", "Quarter"),
        Column("project", "Project"),
        Column("measure", "Measure"),
        Column("what", "What"),
        Column("words", "Why"),
        Column("supplier", "Supplier"),
        Column("reference", "Submission"),
    )
    rows = [
        make_row(within, "quality", key, columns, [
            line.quarter, project.name, line.kpi or "Whole submission", line.what.capitalize(), line.words,
            line.supplier, line.reference,
        ])
        for key, project, line in _quality_rows(projects)
    ]  # fmt: skip
    return Section(
        "quality",
        "Data quality",
        ("Everything of this year that is late, estimated, revised, queried or missing.",),
        Table("Figures to be read with care", columns, tuple(rows), "Nothing is late, estimated, revised or missing.",
              headings=3),
        sheet="Data quality",
    )  # fmt: skip


def _quality_rows(projects: Sequence[ProjectPerformance]) -> Iterator[tuple[str, ProjectPerformance, QualityLine]]:
    """Each figure to be read with care, by the code of its row."""
    seen: Counter[str] = Counter()
    for project in projects:
        for line in project.quality:
            name = slug(f"{project.code}-{line.quarter}-{line.reference}-{line.kpi}-{line.what}")
            seen[name] += 1
            yield f"{name}-{seen[name]}", project, line


def sign_offs(projects: Sequence[ProjectPerformance], *, within: str = K) -> Section:
    """Who handed the quarter's results in, and that somebody else accepted them."""
    columns = (
        Column("project", "Project"),
        Column("organisation", "Supplier"),
        Column("revision", "Revision", "count"),
        Column("status", "Status"),
        Column("submitted", "Submitted", "date"),
        Column("submitted-by", "Submitted by"),
        Column("accepted", "Accepted", "date"),
        Column("accepted-by", "Accepted by"),
    )
    rows = []
    for project in projects:
        for line in project.sign_offs:
            handed = timezone.localtime(line.submitted_at).date() if line.submitted_at else None
            taken = timezone.localtime(line.accepted_at).date() if line.accepted_at else None
            trace = (f"submission:{line.reference}",) if line.reference else ()
            rows.append(
                make_row(within, "sign-offs", slug(line.duty), columns, [
                    project.name, line.organisation,
                    Cell(line.revision, trace=trace) if line.revision else None,
                    Cell(line.status.capitalize(), "", trace), handed, line.submitted_by or None, taken,
                    line.accepted_by or None,
                ])
            )  # fmt: skip
    return Section(
        "sign-offs",
        "Suppliers’ sign-offs",
        (),
        Table("Submissions of the quarter", columns, tuple(rows), "No submission was asked for.", headings=2),
        sheet="Sign-offs",
    )


def measure_definitions(projects: Sequence[ProjectPerformance]) -> tuple[Definition, ...]:
    """What each measure means, in the version that the figures were made by."""
    codes: dict[tuple[str, str, int], list[str]] = {}
    for project in projects:
        for line in project.measures:
            if line.definition:
                codes.setdefault((line.name, line.definition, line.definition_version), []).append(line.code)
    return tuple(
        Definition(f"{name} ({', '.join(sorted(found))})", words, str(version))
        for (name, words, version), found in sorted(codes.items())
    )


def rating_thresholds(programme: Programme, day: date) -> tuple[ThresholdUsed, ...]:
    """From which share of its target a measure is rated green or amber, on a day."""
    names = (
        ("rag-green-percent", "Green from this share of the target"),
        ("rag-amber-percent", "Amber from this share of the target"),
    )
    return tuple(ThresholdUsed(name, f"{threshold(programme, rule, day).normalize():f}%") for rule, name in names)
