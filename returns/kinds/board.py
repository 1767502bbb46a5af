"""The board report: a quarter on a few pages, for members of the board, with small numbers hidden as on their pages.

Nothing that a supplier wrote stands in it, and nothing that its readers may not see: results come from `performance`
with the board's profile alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal

from django.utils import timezone

from board.models import Project, Quarter, User
from board.programmes import names_in_use
from board.quarters import MONEY, RESULTS
from board.thresholds import threshold
from core.anonymity import warnings
from core.money import NOUGHT, in_words
from funding.models import Claim, Source
from funding.positions import Position
from kpis.kinds import Profile
from kpis.lines import MeasureLine, Outstanding, ProjectPerformance, Shown
from kpis.publishing import publish
from kpis.results import outstanding, performance
from kpis.scoring import HIDDEN
from returns.content import (
    Cell,
    Chart,
    Column,
    Content,
    Definition,
    Fact,
    Section,
    Table,
    ThresholdUsed,
    Value,
    make_fact,
    make_row,
    make_total,
    slug,
)
from returns.items import Item, Place
from returns.kinds import claim_record, claim_tables, costs, tracing
from returns.kinds import performance as results
from returns.kinds.claim_record import Record
from returns.kinds.performance import measure_definitions, shown_cell, target_cell
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
from returns.models import Commentary, Return, Risk

K = "board"
# Figures that wait to be accepted can still change without a revision that keeps them: no report may print one.
PROVISIONAL = "provisional"
RATINGS = (*results.RATINGS, HIDDEN)

STEPS = (
    Step(
        PREPARE, (ROLE.COMMISSIONING_OFFICER,), STATUS.DRAFT, STATUS.PREPARED, "Made by",
        "The figures are the record’s, and small numbers are hidden.", "make firm", signs=False,
    ),
    Step(
        CERTIFY, (ROLE.COMMISSIONING_OFFICER, ROLE.CFO), STATUS.PREPARED, STATUS.CERTIFIED, "Issued by",
        "I read this report before I issued it to the board. Its words identify no client, victim or child, and state "
        "no number that its tables hide.",
        "issue",
    ),
)  # fmt: skip
_NO_NUMBERS = "State no number of people that the tables hide."
WRITTEN = (
    Written("headline", "The quarter in a few words", f"What the board should remember. {_NO_NUMBERS}"),
    Written("went-well", "What went well", f"For the board, in your own words. {_NO_NUMBERS}"),
    Written("worries", "What worries us", f"What may go wrong, and what is done about it. {_NO_NUMBERS}"),
    Written("decisions", "Decisions asked of the board", "Each decision, its reason, and by when. None: say so."),
)


@dataclass(frozen=True)
class BoardRecord:
    """Everything that a board report is made from; results are as the board may see them."""

    money: Record
    projects: tuple[ProjectPerformance, ...]
    waiting: tuple[Outstanding, ...]
    claim: Claim | None

    @property
    def quarter(self) -> Quarter:
        return self.money.quarter

    @property
    def rated(self) -> list[tuple[ProjectPerformance, MeasureLine]]:
        """The measures that have a target."""
        return [(project, line) for project in self.projects for line in project.measures if line.target is not None]


def read(scope: Scope, *, today: date) -> BoardRecord:
    """Gather what the report of a quarter says. Refused where the year has no award."""
    programme, quarter = scope.programme, scope.last
    standing = Claim.objects.in_force().filter(source__programme=programme, quarter=quarter)
    return BoardRecord(
        money=claim_record.read(programme, quarter, today=today),
        projects=tuple(performance(programme, quarter, profile=Profile.BOARD)),
        waiting=tuple(outstanding(programme, quarter)),
        claim=standing.prefetch_related("receipt_parts__receipt").first(),
    )


def build(scope: Scope, *, today: date, the_return: Return | None = None) -> Content:
    """What the board report of a quarter says, from the record as it stands on `today`."""
    record = read(scope, today=today)
    rated = [
        replace(project, measures=tuple(line for line in project.measures if line.target is not None))
        for project in record.projects
    ]
    return Content(
        **identity(KIND, scope, the_return, KIND.title),  # type: ignore[arg-type]
        sections=(
            key_figures(record),
            commentary(KIND, words_of(the_return)),
            money(record),
            match(record),
            kpis(record),
            unit_costs(record),
            risks(record),
            milestones(record),
            missing(record),
        ),
        definitions=(*DEFINITIONS, *measure_definitions(rated)),
        notes=NOTES,
        thresholds=_thresholds(record),
    )


def take_effect(the_return: Return, content: Content, by: User) -> None:
    """Keep what the report hides: its readers hold it beside every later page and report."""
    publish(
        programme=the_return.programme,
        quarter=the_return.last_quarter,
        reference=the_return.reference,
        at=the_return.certified_at or timezone.now(),
    )


def waits_for(scope: Scope, today: date) -> Iterator[Item]:
    """Results that wait to be accepted stop it; what is missing, it says."""
    quarter = scope.last
    year_so_far = Quarter.objects.filter(
        programme=scope.programme, kind=Quarter.Kind.QUARTER, first_day__lte=quarter.first_day, year=quarter.year
    )
    for of in year_so_far.select_related("year").order_by("first_day"):
        for row in outstanding(scope.programme, of):
            places = (Place("See the submission", "submissions.read", row.url_name, row.url_args),)
            if row.status in ("submitted", "queried"):
                words = f"{row.words} They can still change, so no report shows them: accept them first."
                yield Item(PROVISIONAL, words, "blocking", places)
            else:
                yield Item("X01", f"{row.words} The report goes without them and says so.", "warning", places)
    if not Claim.objects.in_force().filter(source__programme=scope.programme, quarter=quarter).exists():
        yield Item("F29", f"The claim of {quarter} is not certified. The report says so.", "warning")
    yield from _words_to_look_at(scope)


def _words_to_look_at(scope: Scope) -> Iterator[Item]:
    """What somebody wrote for the board and may name a person."""
    rows = Commentary.objects.filter(
        the_return__kind=K, the_return__programme=scope.programme, the_return__last_quarter=scope.last,
        the_return__status__in=(STATUS.DRAFT, STATUS.PREPARED),
    ).exclude(words="")  # fmt: skip
    names, titles = names_in_use(scope.programme), {part.code: part.title for part in WRITTEN}
    for row in rows:
        for problem in warnings(row.words, known=names):
            yield Item("K17", f"{titles.get(row.section, row.section)}: {problem.message}", "warning")


KIND = Kind(
    code=K,
    title="Board report",
    place=8,
    closes=(MONEY, RESULTS),
    spans=(Span.QUARTER,),
    quarter_kinds=(Quarter.Kind.QUARTER,),
    steps=STEPS,
    written=WRITTEN,
    build=build,
    waits_for=waits_for,
    take_effect=take_effect,
    of_every_period=False,
    issued_to_board=True,
)
NOTES = (
    "Small numbers of people are hidden, and so is what they could be worked out from: [c] stands in their place. "
    "Nothing is added over what is hidden.",
    "Match funding stands beside the grant. Cash and in-kind are never added to each other.",
    "Figures are aggregates; the report identifies no client, victim or child.",
)
DEFINITIONS = (
    Definition("Award", "What the funder pays at most for the year."),
    Definition("Profile", "What the budget in force plans to spend, by quarter."),
    Definition("Variance", "Spent to date less the profile to date; below nought is an underspend."),
    Definition("Forecast outturn", "What was spent to date, and what is forecast for the rest of the year."),
    Definition("Match", "What other bodies give to the programme in money (cash) or in kind; never part of a claim."),
    Definition("Cost of results", "The grant spent on a project this year, divided by a count of this year."),
)


def key_figures(record: BoardRecord) -> Section:
    """What a member of the board wants first."""
    at, quarter, year = record.money.total, record.quarter, record.quarter.year
    worked = record.money.award

    def total(column: str) -> tuple[str, ...]:
        return tracing.figures(f"{K}/money/total/{column}")

    def fact(code: str, label: str, value: Decimal, state: str, trace: tuple[str, ...]) -> Fact:
        return make_fact(K, "key-figures", code, label, value, "money", state, trace)

    ahead = "f" if at.forecast else ""
    facts = [
        fact("award", f"Award for {year}", worked, "", (tracing.of_award(record.money.grant, year),)),
        fact("spent", f"Grant spent to date, {year}", at.actual_to_date, "", total("actual")),
        fact("variance", "Variance to profile to date", at.variance_to_date, "", total("variance")),
        fact("outturn", f"Forecast outturn, {year}", at.outturn, ahead, total("outturn")),
        fact("left", "Award that the forecast leaves", worked - at.outturn, ahead,
             tracing.figures(f"{K}/key-figures/award/value", f"-{K}/key-figures/outturn/value")),
        make_fact(K, "key-figures", "claim", f"Claim of {quarter.short_label}", _claim_words(record.claim)),
    ]  # fmt: skip
    for kind, name in ((Source.Kind.CASH_MATCH, "Cash match"), (Source.Kind.IN_KIND_MATCH, "In-kind match")):
        rows = [row for row in record.money.matches if row.source.kind == kind]
        if rows:
            state = "p" if any(row.declaration is None for row in rows) else ""
            applied = sum((row.position.actual_to_date for row in rows), NOUGHT)
            facts.append(
                fact(slug(name), f"{name} applied to date", applied, state,
                     tracing.figures(f"{K}/match/{slug(name)}/applied"))
            )  # fmt: skip
    for word in RATINGS:
        found = [f"{K}/kpis/{_key(project, line)}/rating" for project, line in record.rated if line.rag == word]
        facts.append(
            make_fact(K, "key-figures", f"rated-{slug(word)}", f"Measures with a target, {word}", len(found), "count",
                      "", ("by:count", *tracing.figures(*found)))
        )  # fmt: skip
    return Section("key-figures", "Key figures", (sentence(record),), facts=tuple(facts), sheet="Key figures")


def sentence(record: BoardRecord) -> str:
    """The quarter's money in one sentence."""
    at, year = record.money.total, record.quarter.year
    direction = "under" if at.variance_to_date < 0 else "over"
    to_profile = (
        "as its profile planned"
        if not at.variance_to_date
        else f"{in_words(abs(at.variance_to_date))} {direction} its profile"
    )
    return (
        f"Of the {in_words(record.money.award)} awarded for {year}, {in_words(at.actual_to_date)} was spent by "
        f"{record.quarter.last_day:%-d %B %Y}, {to_profile}; the year is expected to end on {in_words(at.outturn)}."
    )


def _claim_words(claim: Claim | None) -> str:
    """Where the quarter's claim stands, in words."""
    if claim is None:
        return "Not certified yet"
    words = f"{in_words(claim.amount)}, certified on {timezone.localdate(claim.certified_at):%-d %B %Y}"
    parts = claim.receipts_in_force()
    if not parts:
        return f"{words}; not paid yet"
    received = sum((part.amount for part in parts), NOUGHT)
    last = max(part.receipt.received_on for part in parts)
    if received == claim.amount:
        return f"{words}; paid on {last:%-d %B %Y}"
    return f"{words}; {in_words(received)} paid by {last:%-d %B %Y}"


def money(record: BoardRecord) -> Section:
    """Each project's budget, spend, variance and expected outturn, with a rating in a word."""
    of = record.money
    columns = (
        Column("project", "Project"),
        Column("budget", "Budget for the year", "money", total=True),
        Column("profile", "Profile to date", "money", total=True),
        Column("actual", "Spent to date", "money", total=True),
        Column("variance", "Variance", "money", total=True),
        Column("outturn", "Forecast outturn", "money", total=True),
        Column("rating", "Rating"),
    )
    rows = []
    for project, at in of.by_project.items():
        if at == Position():
            continue
        here = f"{K}/money/{slug(project.code)}"
        rows.append(
            make_row(K, "money", slug(project.code), columns, [
                project.name, Cell(at.budget, trace=of.plan("budget", project)),
                Cell(at.profile_to_date, trace=of.plan("profile-to-date", project)),
                Cell(at.actual_to_date, trace=of.spend("actual-to-date", project)),
                Cell(at.variance_to_date, trace=tracing.figures(f"{here}/actual", f"-{here}/profile")),
                Cell(at.outturn, "f" if at.forecast else "",
                     (*of.spend("actual-to-date", project), *of.expected(project))),
                claim_tables.rating(of, at),
            ])
        )  # fmt: skip
    others: dict[str, Cell | Value] = {"rating": claim_tables.rating(of, of.total)}
    total = make_total(K, "money", "total", columns, rows, "All projects", others=others)
    return Section(
        "money",
        "Money by project",
        (
            "Home Office grant only. Green: the variance to date is within the threshold. Amber: above it, but the "
            "year is expected to end within the threshold of its budget. Red: above it, and so is the expected end of "
            "the year.",
        ),
        Table(f"Budget and spend by project, {record.quarter.year} to date", columns, (*rows, total)),
        chart=Chart("Profile and spend to date, by project", "bar", ("profile", "actual")) if rows else None,
        sheet="Money",
    )


def match(record: BoardRecord) -> Section:
    """What match funders pledged and applied, and whether each has declared the quarter."""
    year, quarter = record.quarter.year, record.quarter
    columns = (
        Column("source", "Match source"),
        Column("funder", "Funder"),
        Column("pledged", "Pledged for the year", "money", total=True),
        Column("applied", "Applied to date", "money", total=True),
        Column("left", "Not yet applied", "money", total=True),
        Column("declared", "Declared for the quarter"),
    )
    made = []
    for kind, name in ((Source.Kind.CASH_MATCH, "Cash match"), (Source.Kind.IN_KIND_MATCH, "In-kind match")):
        rows = []
        for row in record.money.matches:
            if row.source.kind != kind:
                continue
            here, mark = f"{K}/match/{slug(row.source.code)}", "" if row.declaration else "p"
            place = (row.source, year, quarter)
            pledged = (tracing.of_award(row.source, year),) if row.is_pledged else tracing.NOTHING
            applied = row.position.actual_to_date
            rows.append(
                make_row(K, "match", slug(row.source.code), columns, [
                    row.source.name, row.source.funder.short_name, Cell(row.pledge, trace=pledged),
                    Cell(applied, mark, tracing.spend("actual-to-date", *place)),
                    Cell(row.pledge - applied, mark, tracing.figures(f"{here}/pledged", f"-{here}/applied")),
                    "Yes" if row.declaration else "Not declared",
                ])
            )  # fmt: skip
        if rows:
            made += [*rows, make_total(K, "match", slug(name), columns, rows, f"{name} in all", "subtotal")]
    return Section(
        "match",
        "Match funding",
        ("Given beside the grant. What is not declared may still change.",),
        Table(f"Match funding, {year}", columns, tuple(made), "No match is pledged for this programme.", headings=2),
        sheet="Match",
    )


def _key(project: ProjectPerformance, line: MeasureLine) -> str:
    return slug(f"{project.code}-{line.code}")


def _cell(shown: Shown) -> Cell:
    """As shown; what is hidden leads nowhere, so that no later report can tell that its sources changed."""
    return shown_cell(shown) if shown.value is not None else Cell(None, shown.state, unit=shown.unit)


def kpis(record: BoardRecord) -> Section:
    """The measures that have a target, project by project, as far as the board may see them."""
    with_notes = any(_note(line) for _, line in record.rated)
    columns = (
        Column("project", "Project"),
        Column("kpi", "KPI"),
        Column("unit", "Unit"),
        Column("target", "Target for the year", "mixed"),
        Column("quarter", f"Q{record.quarter.number}", "mixed"),
        Column("year", "Year to date", "mixed"),
        Column("rating", "Rating"),
        *([Column("note", "To be read with")] if with_notes else []),
    )
    rows = [
        make_row(K, "kpis", _key(project, line), columns, [
            project.name, line.name, line.unit, target_cell(project, line, record.quarter),
            _cell(_this_quarter(record, line)), _cell(line.year_to_date), line.rag,
            *([_note(line)] if with_notes else []),
        ])
        for project, line in record.rated
    ]  # fmt: skip
    return Section(
        "kpis",
        "Results by project",
        ("The measures that have a target. A rating compares the year to date with the target so far; where it cannot "
         "be told, or would tell a hidden number, it says so.",),
        Table("Measures against their targets", columns, tuple(rows), "No measure has a target.", headings=2),
        sheet="Results",
    )  # fmt: skip


def _this_quarter(record: BoardRecord, line: MeasureLine) -> Shown:
    return line.quarters[record.quarter.number - 1]


def _note(line: MeasureLine) -> str | None:
    caveat = line.year_to_date.caveat
    return f"{caveat[0].upper()}{caveat[1:]}." if caveat else None


def unit_costs(record: BoardRecord) -> Section:
    """What a start, a completion and a contact cost the grant this year; not told where the count is hidden."""
    every = (("start", "Starts", costs.STARTS), ("completion", "Completions", costs.COMPLETIONS),
               ("contact", "Contacts handled", costs.CONTACTS))  # fmt: skip
    measures = {project.code: project.measures for project in record.projects}
    counted = [one for one in every if any(costs.named(lines, one[2]) for lines in measures.values())]
    columns = [Column("project", "Project"), Column("grant", "Grant spent this year", "money")]
    for code, title, _ in counted:
        columns += [Column(f"{code}-count", title, "mixed"), Column(code, f"Grant per {code}", "mixed")]
    rows = []
    for project, at in record.money.by_project.items():
        lines = [costs.named(measures.get(project.code, ()), names) for _, _, names in counted]
        if not any(lines):
            continue
        values: list[Cell | Value] = [
            project.name, Cell(at.actual_to_date, trace=record.money.spend("actual-to-date", project)),
        ]  # fmt: skip
        for (code, _, _), line in zip(counted, lines, strict=True):
            values += _count_and_cost(project, at, code, line)
        rows.append(make_row(K, "costs", slug(project.code), columns, values))
    return Section(
        "costs",
        "Cost of results",
        ("The grant spent on a project this year divided by what it counted this year; match is left out, and all of "
         "the project’s costs are in it. Where a count is hidden, so is its cost.",),
        Table("Grant per start, completion and contact", tuple(columns), tuple(rows),
              "No project counts starts, completions or contacts."),
        sheet="Cost of results",
    )  # fmt: skip


def _count_and_cost(project: Project, at: Position, code: str, line: MeasureLine | None) -> list[Cell]:
    if line is None:
        return [Cell(None, "z", unit="text")] * 2
    shown, here = line.year_to_date, f"{K}/costs/{slug(project.code)}"
    return [
        _cell(shown),
        costs.cost_of_one(at.actual_to_date, shown, money=[f"{here}/grant"], count=f"{here}/{code}-count"),
    ]


def risks(record: BoardRecord) -> Section:
    """The risks of the programme in the quarter, the worst first."""
    columns = (
        Column("number", "Risk", "count"),
        Column("project", "Project"),
        Column("title", "What could happen"),
        Column("score", "Score", "count"),
        Column("trend", "Since last quarter"),
        Column("owner", "Owner"),
        Column("status", "Status"),
    )
    before = _scores_before(record.quarter)
    found = sorted(claim_record.risks(record.money), key=lambda row: (-row.score, row.number))
    rows = [
        make_row(K, "risks", f"risk-{row.number}", columns, [
            Cell(row.number, trace=(f"risk:{row.number}#number",)),
            row.project.name if row.project else "Whole programme", row.title,
            Cell(row.score, trace=("by:product", f"risk:{row.number}#likelihood", f"risk:{row.number}#impact")),
            _trend(row, before, record.quarter), row.owner_title,
            "Closed this quarter" if row.closed_in_id == record.quarter.pk else "Open",
        ])
        for row in found
    ]  # fmt: skip
    return Section(
        "risks",
        "Risks",
        ("Score is likelihood times impact, 25 at most.",),
        Table("Risks of the programme, the highest score first", columns, tuple(rows),
              "No risk is recorded for this quarter."),
        sheet="Risks",
    )  # fmt: skip


def _scores_before(quarter: Quarter) -> dict[int, int]:
    """Each risk's score as it stood when the quarter began, by its row."""
    began = timezone.make_aware(datetime.combine(quarter.first_day, time.min))
    past = Risk.history.filter(programme=quarter.programme_id, history_date__lt=began).order_by(
        "history_date", "history_id"
    )
    return {row.id: row.likelihood * row.impact for row in past}


def _trend(row: Risk, before: dict[int, int], quarter: Quarter) -> str:
    if row.opened_in_id == quarter.pk:
        return "New"
    if row.pk not in before:
        return "Recorded since"
    if row.score == before[row.pk]:
        return "Unchanged"
    return f"{'Up' if row.score > before[row.pk] else 'Down'} from {before[row.pk]}"


def milestones(record: BoardRecord) -> Section:
    """What is due, expected, or was met since the quarter began."""
    columns = (
        Column("project", "Project"),
        Column("milestone", "Milestone"),
        Column("due", "Due", "date"),
        Column("forecast", "Expected", "date"),
        Column("met", "Met", "date"),
        Column("status", "Status"),
    )
    rows = [
        make_row(K, "milestones", slug(f"{project.code}-{line.code}"), columns, [
            project.name, line.name, line.due_on, line.forecast_on, line.met_on, line.status,
        ])
        for project in record.projects
        for line in project.milestones
        if line.met_on is None or line.met_on >= record.quarter.first_day
    ]  # fmt: skip
    return Section(
        "milestones",
        "Milestones",
        ("What was met before the quarter began is left out.",),
        Table("Milestones", columns, tuple(rows), "No milestone is open.", headings=2),
        sheet="Milestones",
    )


def missing(record: BoardRecord) -> Section:
    """What the report goes without, each in a sentence."""
    columns = (Column("about", "About"), Column("words", "What is missing"))
    names = {project.code: project.name for project in record.projects}
    found = [(row.reference, names.get(row.project, row.project), row.words) for row in record.waiting]
    found += [
        (_key(project, line), project.name, f"{line.name}: the quarter’s figure was due and has not been received.")
        for project, line in record.rated
        if _this_quarter(record, line).state == "missing"
    ]
    found += [
        (row.source.code, row.source.name, f"{row.source.kept_by.short_name} has not declared its spend.")
        for row in record.money.matches
        if row.declaration is None
    ]
    if record.claim is None:
        found.append(("claim", "Claim", f"The claim of {record.quarter.short_label} is not certified."))
    rows = [make_row(K, "missing", slug(code), columns, [about, words]) for code, about, words in found]
    return Section(
        "missing",
        "What is missing",
        (),
        Table("What this report goes without", columns, tuple(rows), "Nothing is missing."),
        sheet="What is missing",
    )


def _thresholds(record: BoardRecord) -> tuple[ThresholdUsed, ...]:
    quarter, programme = record.quarter, record.money.programme

    def at(rule: str) -> str:
        return f"{threshold(programme, rule, quarter.last_day).normalize():f}"

    variance = record.money.threshold("variance-percent").normalize()

    return (
        ThresholdUsed("Hidden: counts of people below", at("suppress-below")),
        *results.rating_thresholds(programme, quarter.last_day),
        ThresholdUsed("Variance above the threshold, share of the profile to date", f"{variance:f}%"),
        ThresholdUsed("Variance above the threshold, amount", in_words(record.money.threshold("variance-amount"))),
    )
