"""The final outturn statement and end-of-programme report: every claim, what was refused, match, results, learning.

Σ quarterly claims + final claims and changes after them − disallowed = outturn, for each year, project and heading.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from board.models import Project, Quarter
from board.quarters import MONEY, RESULTS
from core.money import NOUGHT, in_words
from funding.matching import MatchOfSource, match_of, together
from funding.models import BudgetLine, ClaimPart, CostHeading, MatchReceipt, Source, SpendLine
from funding.positions import grouped
from kpis.lines import MeasureLine, ProjectPerformance, Shown
from kpis.results import outstanding, performance
from returns.content import (
    Cell,
    Column,
    Content,
    Definition,
    Section,
    Table,
    Value,
    make_fact,
    make_row,
    make_total,
    slug,
)
from returns.items import Item, Place
from returns.kinds import usage, year_record, year_tables
from returns.kinds.costs import COMPLETIONS, STARTS, cost_of_one, named
from returns.kinds.performance import ADDS_UP, measure_definitions
from returns.kinds.scope import Scope
from returns.kinds.shape import (
    CERTIFY,
    CHECK,
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
from returns.kinds.tracing import NOTHING, cut, figures, of_award, spend, traced
from returns.kinds.year_record import Amounts, YearRecord
from returns.models import Return

K = "outturn"
KINDS_OF_MATCH = ((Source.Kind.CASH_MATCH, "Cash match"), (Source.Kind.IN_KIND_MATCH, "In-kind match"))

STEPS = (
    Step(
        PREPARE, (ROLE.FINANCE_OFFICER,), STATUS.DRAFT, STATUS.PREPARED, "Prepared by",
        "I prepared this statement from the claims and results of the whole programme and the records beneath them.",
        "prepare",
    ),
    Step(
        CHECK, (ROLE.COMMISSIONING_OFFICER,), STATUS.PREPARED, STATUS.CHECKED, "Checked by",
        "I checked this report against the claims that were sent, the results reported and the delivery that I know "
        "of.",
        "check",
    ),
    Step(
        CERTIFY, (ROLE.CFO,), STATUS.CHECKED, STATUS.CERTIFIED, "Certified by",
        "I certify that, to the best of my knowledge, this is the final outturn of the grant for the whole programme, "
        "that it agrees with the claims certified and with the accounting records, and that no further cost will be "
        "claimed.",
        "certify",
    ),
)  # fmt: skip
WRITTEN = (
    Written("achieved", "What was achieved", "What the programme did and for whom, beside the figures."),
    Written("not-working", "What did not work", "What was tried and did not work; this is never rated."),
    Written("learning", "Learning", "What the evaluation and the providers found that other areas could use."),
    Written("after", "After the programme", "What goes on, with which money; how open cases were closed or passed on."),
)


@dataclass(frozen=True)
class Record:
    """Everything that the outturn statement is made from."""

    scope: Scope
    years: tuple[YearRecord, ...]
    match: dict[YearRecord, list[MatchOfSource]]
    match_lines: tuple[SpendLine, ...]
    match_receipts: tuple[MatchReceipt, ...]
    results: dict[YearRecord, list[ProjectPerformance]]

    @cached_property
    def outturn(self) -> Decimal:
        return sum((year.outturn for year in self.years), NOUGHT)

    @cached_property
    def by_project(self) -> dict[Project, dict[YearRecord, Amounts]]:
        return self._over_years(lambda line: line.project)

    def cash_of(self, project: Project) -> list[SpendLine]:
        """The cash match charged to a project over all years."""
        cash = Source.Kind.CASH_MATCH
        return [
            line
            for line in self.match_lines
            if line.budget_line.project_id == project.pk and line.budget_line.source.kind == cash
        ]

    def _over_years(self, key: Callable[[BudgetLine], Project]) -> dict[Project, dict[YearRecord, Amounts]]:
        found: dict[Project, dict[YearRecord, Amounts]] = {}
        for year in self.years:
            for group, amounts in grouped(year.amounts, key).items():
                found.setdefault(group, {})[year] = amounts
        return dict(sorted(found.items(), key=lambda item: (item[0].position, item[0].code)))


def read(scope: Scope, *, today: date) -> Record:
    """Gather what the whole programme came to."""
    programme = scope.programme
    years = tuple(year_record.read(programme, year, today=today) for year in scope.years)
    sources = list(
        Source.objects.filter(programme=programme)
        .exclude(kind=Source.Kind.GRANT)
        .select_related("funder", "kept_by", "programme")
        .order_by("position")
    )
    fourths = {row.year_id: row for row in scope.quarters if row.number == 4}
    lines = SpendLine.objects.spend().filter(budget_line__source__in=sources)
    about = ("transaction", "budget_line__source", "budget_line__project", "budget_line__year")
    return Record(
        scope=scope,
        years=years,
        # To the programme's end, so that nothing recorded after a year's own closing period is missed.
        match={row: match_of(sources, row.year, scope.last, today=today) for row in years},
        match_lines=tuple(lines.select_related(*about).order_by("transaction__reference", "number")),
        match_receipts=tuple(MatchReceipt.objects.in_force().filter(source__in=sources).order_by("reference")),
        results={row: performance(programme, fourths[row.year.pk]) for row in years},
    )


def build(scope: Scope, *, today: date, the_return: Return | None = None) -> Content:
    """What the outturn statement says, from the record as it stands on `today`."""
    record = read(scope, today=today)
    sections = (
        key_figures(record),
        commentary(KIND, words_of(the_return)),
        years(record),
        projects(record),
        headings(record),
        year_tables.claims(K, record.years),
        year_tables.receipts(K, record.years),
        year_tables.disallowed(K, record.years),
        year_tables.balances(K, record.years),
        match(record),
        results(record, "results", "Results against targets", with_target=True),
        results(record, "measures", "All results", with_target=False),
        unit_costs(record),
    )
    return Content(
        **identity(KIND, scope, the_return, KIND.title),  # type: ignore[arg-type]
        sections=tuple(traced(section) for section in sections),
        definitions=(*DEFINITIONS, *measure_definitions(record.results[record.years[-1]])),
        notes=NOTES,
    )


def key_figures(record: Record) -> Section:
    """What a reader wants first."""
    claims_of = tuple(trace for year in record.years for trace in year.part_traces()) or NOTHING
    refused = tuple(trace for year in record.years for trace in year.whole("disallowed"))
    certified = sum((year.certified for year in record.years), NOUGHT)
    disallowed = sum((year.refused for year in record.years), NOUGHT)
    award = sum((year.award for year in record.years), NOUGHT)
    state = "" if all(year.final for year in record.years) else "p"
    facts = [
        ("outturn", "Final outturn of the grant", record.outturn, state, figures(f"{K}/years/total/outturn")),
        ("certified", "All claims certified", certified, state, claims_of),
        ("disallowed", "Disallowed of these", disallowed, "", refused),
        ("award", "Awards of all years", award, "", _awards(record)),
    ]
    for kind, name in KINDS_OF_MATCH:
        found = [(year, row.source) for year, rows in record.match.items() for row in rows if row.source.kind == kind]
        if found:
            lines = [line for line in record.match_lines if line.budget_line.source.kind == kind]
            cost = sum((line.cost for line in lines), NOUGHT)
            trace = tuple(one for year, source in found for one in spend("all-cost", source, year.year, year.closing))
            facts.append((slug(name), f"{name}, beside the grant", cost, "", trace))
    return Section(
        "key-figures",
        "Key figures",
        (
            f"All claims of the programme come to {in_words(certified)}; the funder disallowed {in_words(disallowed)} "
            f"of them, and bears {in_words(record.outturn)}.",
        ),
        facts=tuple(
            make_fact(K, "key-figures", code, label, value, "money", mark, trace)
            for code, label, value, mark, trace in facts
        ),
        sheet="Key figures",
    )


def _awards(record: Record) -> tuple[str, ...]:
    return tuple(of_award(year.grant, year.year) for year in record.years)


def _parts(year: YearRecord, *, which: Callable[[ClaimPart], bool]) -> Decimal:
    return sum((part.amount for part in year.parts if which(part)), NOUGHT)


def years(record: Record) -> Section:
    """How each year's claims come to its outturn; to the penny."""
    columns = (
        Column("year", "Award year"),
        Column("award", "Award", "money", total=True),
        Column("quarterly", "Quarterly claims", "money", total=True),
        Column("final", "Final claim", "money", total=True),
        Column("after", "Changes after it", "money", total=True),
        Column("disallowed", "Less disallowed", "money", total=True),
        Column("outturn", "Outturn", "money", total=True),
        Column("left", "Left of the award", "money", total=True),
    )
    rows = []
    for year in record.years:
        own = [part.claim.quarter.year_id == year.year.pk for part in year.parts]
        quarterly = sum((p.amount for p, is_own in zip(year.parts, own, strict=True) if is_own and not p.final), NOUGHT)
        after = sum((p.amount for p, is_own in zip(year.parts, own, strict=True) if not is_own), NOUGHT)
        final = _parts(year, which=lambda part: part.final)
        if quarterly + final + after - year.refused != year.outturn:
            raise ValueError(f"{year.year}: the claims less what was disallowed are not the outturn {year.outturn}")
        state, here = "" if year.final else "p", f"{K}/years/{slug(year.year.code)}"
        ordinary = year.part_traces(
            part for part, is_own in zip(year.parts, own, strict=True) if is_own and not part.final
        )
        later = year.part_traces(part for part, is_own in zip(year.parts, own, strict=True) if not is_own)
        steps = ("quarterly", *(("final",) if year.final else ()), "after", "disallowed")
        rows.append(
            make_row(K, "years", slug(year.year.code), columns, [
                year.year.code, Cell(year.award, trace=year.award_trace), Cell(quarterly, trace=ordinary or NOTHING),
                Cell(final if year.final else None, "" if year.final else "missing",
                     year.part_traces([year.final] if year.final else []), "money"),
                Cell(after, trace=later or NOTHING),
                Cell(-year.refused, trace=tuple(f"-{trace}" for trace in year.whole("disallowed"))),
                Cell(year.outturn, state, figures(*(f"{here}/{step}" for step in steps))),
                Cell(year.balance.unspent, state, year.unspent_trace),
            ])
        )  # fmt: skip
    total = make_total(K, "years", "total", columns, rows, "Whole programme")
    return Section(
        "years",
        "Outturn by year",
        ("Quarterly claims, the final claim and changes after it, less what the funder disallowed, are the outturn. "
         "Each year’s award is ring-fenced.",),
        Table("From the claims to the outturn", columns, (*rows, total)),
        sheet="Outturn",
    )  # fmt: skip


def projects(record: Record) -> Section:
    """The outturn by project, a column a year."""
    return _grouped_section(record, "projects", "Outturn by project", "Project", lambda line: line.project)


def headings(record: Record) -> Section:
    """The outturn by cost heading, a column a year."""
    return _grouped_section(record, "headings", "Outturn by cost heading", "Cost heading", lambda line: line.heading)


def _grouped_section(
    record: Record, code: str, title: str, column: str, key: Callable[[BudgetLine], Project | CostHeading]
) -> Section:
    columns = (
        Column("name", column),
        *(Column(f"y{slug(year.year.code)}", f"Outturn {year.year}", "money", total=True) for year in record.years),
        *year_tables.money_columns(),
    )
    order: dict[Project | CostHeading, None] = {}
    found = {year: grouped(year.amounts, key) for year in record.years}
    for amounts in found.values():
        order |= dict.fromkeys(amounts)
    rows = []
    for group in order:
        each = {year: found[year].get(group, Amounts()) for year in record.years}
        by_year = [year_tables.money_cells([year], amounts, group)[-1] for year, amounts in each.items()]
        whole = year_tables.money_cells(record.years, sum(each.values(), Amounts()), group)
        rows.append(make_row(K, code, slug(group.code), columns, [group.name, *by_year, *whole]))
    rows += year_tables.award_rows(K, code, columns, record.years, by_year=True)
    total = make_total(K, code, "total", columns, rows, "Whole programme")
    said = total.cells[-1].value
    if said != record.outturn:
        raise ValueError(f"{title}: the rows give {said}, and the outturn is {record.outturn}")
    return Section(
        code,
        title,
        ("Outturn is claimed less disallowed. Home Office grant only.",),
        Table(f"{title}, {record.scope}", columns, (*rows, total)),
        sheet=title,
    )


def match(record: Record) -> Section:
    """What match funders gave, each source and year; cash and in-kind apart."""
    columns = (
        Column("source", "Match source"),
        Column("year", "Year"),
        Column("funder", "Funder"),
        Column("pledged", "Pledged", "money", total=True),
        Column("received", "Paid over to the recipient", "money", total=True),
        Column("applied", "Applied", "money", total=True),
        Column("outstanding", "Not applied", "money", total=True),
    )
    made = []
    for kind, name in KINDS_OF_MATCH:
        rows, given = [], []
        for year, found in record.match.items():
            for row in found:
                if row.source.kind != kind:
                    continue
                given.append(row)
                award = (of_award(row.source, year.year),)
                paid = tuple(
                    f"match-receipt:{one.reference}"
                    for one in record.match_receipts
                    if one.source_id == row.source.pk and one.year_id == year.year.pk
                )
                at, code = row.figures, slug(f"{row.source.code}-{year.year.code}")
                applied = spend("actual-to-date", row.source, year.year, record.scope.last)
                rows.append(
                    make_row(K, "match", code, columns, [
                        row.source.name, year.year.code, row.source.funder.short_name,
                        Cell(at.pledged, trace=award if at.pledged else NOTHING),
                        Cell(at.received, trace=paid or NOTHING), Cell(at.applied, trace=applied),
                        Cell(at.outstanding, trace=figures(f"{K}/match/{code}/pledged", f"-{K}/match/{code}/applied")),
                    ])
                )  # fmt: skip
        if rows:
            whole = together(given)
            others: dict[str, Cell | Value] = {} if whole.received is not None else {
                "received": Cell(None, "z", unit="money")
            }  # fmt: skip
            made += [*rows, make_total(K, "match", slug(name), columns, rows, f"{name} in all", "subtotal", others)]
    return Section(
        "match",
        "Match funding",
        ("Given beside the grant and never part of a claim. Cash and in-kind are never added to each other.",),
        Table(f"Match by source, {record.scope}", columns, tuple(made), "No match was pledged.", headings=2),
        sheet="Match",
    )


def _cell(shown: Shown) -> Cell:
    return Cell(shown.value, shown.state, shown.trace, shown.unit)


def results(record: Record, code: str, title: str, *, with_target: bool) -> Section:
    """What was achieved, each year and the whole programme, each measure brought together in its own way."""
    last = record.years[-1]
    columns = (
        Column("code", "Code"),
        Column("measure", "Measure"),
        Column("project", "Project"),
        Column("unit", "Unit"),
        Column("adds-up", "Adds up as"),
        *(Column(f"y{slug(year.year.code)}", str(year.year), "mixed") for year in record.years),
        Column("programme", "Whole programme", "mixed"),
    )
    before = {
        (project.code, line.code): line.year_to_date
        for year in record.years[:-1]
        for project in record.results[year]
        for line in project.measures
    }
    rows = []
    for project in record.results[last]:
        for line in project.measures:
            if with_target and line.target is None:
                continue
            earlier = before.get((project.code, line.code))
            cells: list[Cell | Value] = [
                _cell(earlier) if earlier else Cell(None, "z", unit="text") for _ in record.years[:-1]
            ]
            rows.append(
                make_row(K, code, slug(f"{project.code}-{line.code}"), columns, [
                    line.code, line.name, project.name, line.unit, ADDS_UP[line.kind],  # type: ignore[index]
                    *cells, _cell(line.year_to_date), _cell(line.programme_to_date),
                ])
            )  # fmt: skip
    words = (
        "The measures that have a target; every other measure stands in the workbook, sheet “All results”."
        if with_target
        else "Every measure that somebody reports. What cannot be added over the years is never added."
    )
    return Section(
        code,
        title,
        (words,),
        Table(f"{title}, {record.scope}", columns, tuple(rows), "No measure is reported.", headings=2),
        sheet=title,
        in_document=with_target,
    )


def unit_costs(record: Record) -> Section:
    """What a start and a completion cost; not told where the count is not."""
    columns = (
        Column("project", "Project"),
        Column("grant", "Grant outturn", "money"),
        Column("cash", "Cash match", "money"),
        Column("starts", "Starts", "mixed"),
        Column("grant-per-start", "Grant per start", "mixed"),
        Column("both-per-start", "Grant and cash match per start", "mixed"),
        Column("completions", "Completions", "mixed"),
        Column("grant-per-completion", "Grant per completion", "mixed"),
        Column("both-per-completion", "Grant and cash match per completion", "mixed"),
    )
    measures = {project.code: project.measures for project in record.results[record.years[-1]]}
    rows = []
    for project, each in record.by_project.items():
        starts = named(measures.get(project.code, ()), STARTS)
        if starts is None:
            continue
        completions = named(measures.get(project.code, ()), COMPLETIONS)
        whole, cash = sum(each.values(), Amounts()), record.cash_of(project)
        grant = year_tables.money_cells(record.years, whole, project)[-1]
        sources = {(line.budget_line.source, line.budget_line.year) for line in cash}
        charged = tuple(
            f"spend:all-cost:{cut(source, year, record.scope.last, project)}"
            for source, year in sorted(sources, key=lambda item: (item[0].code, item[1].starts))
        )
        match_of_it = Cell(sum((line.cost for line in cash), NOUGHT), trace=charged or NOTHING)
        values: list[Cell | Value] = [project.name, grant, match_of_it]
        for line, count in ((starts, "starts"), (completions, "completions")):
            values += _per(line, grant.value, match_of_it.value, slug(project.code), count)  # type: ignore[arg-type]
        rows.append(make_row(K, "unit-costs", slug(project.code), columns, values))
    return Section(
        "unit-costs",
        "Cost of results",
        ("The outturn of a project divided by its starts and by its completions, all costs of the project in it. "
         "In-kind is left out. Where a count is hidden, so is every cost that would give it away.",),
        Table("Cost per start and completion", columns, tuple(rows), "No project counts starts."),
        sheet="Cost of results",
    )  # fmt: skip


def _per(line: MeasureLine | None, grant: Decimal, cash: Decimal, row: str, count: str) -> list[Cell]:
    """The count, the grant's cost of one, and that of grant and cash match; `row` and `count` name them."""
    if line is None:
        return [Cell(None, "z", unit="text")] * 3
    shown, here = line.programme_to_date, f"{K}/unit-costs/{row}"
    own, both = [f"{here}/grant"], [f"{here}/grant", f"{here}/cash"]
    return [
        _cell(shown),
        cost_of_one(grant, shown, money=own, count=f"{here}/{count}"),
        cost_of_one(grant + cash, shown, money=both, count=f"{here}/{count}"),
    ]


def waits_for(scope: Scope, today: date) -> Iterator[Item]:
    """Every year final and its balance marked, and every supplier's results in."""
    ends = {row.year_id: row for row in scope.quarters if row.kind == Quarter.Kind.CLOSING}
    for year in scope.years:
        record = year_record.read(scope.programme, year, today=today)
        yield from usage.not_final(record, ends[year.pk])
        yield from usage.not_marked(record)
    last = next(row for row in reversed(scope.quarters) if row.kind == Quarter.Kind.QUARTER)
    for waiting in outstanding(scope.programme, last):
        place = Place("See the submission", "submissions.read", waiting.url_name, waiting.url_args)
        yield Item("X01", waiting.words, "blocking", (place,))


NOTES = (
    "The claims are those that were certified; this statement adds nothing to them and changes none.",
    "Results are brought together as each measure allows: counts are added, positions are the last or the first, rates "
    "are added numerators over added denominators. Distinct people are never added over suppliers or quarters.",
    "Figures are aggregates; the report identifies no client, victim or child.",
)
DEFINITIONS = (
    Definition("Outturn", "All claims, the final ones and changes after them included, less what was disallowed."),
    Definition("Award", "What the funder pays at most for a year."),
    Definition("Match", "What other bodies give to the programme in money (cash) or in kind; never part of a claim."),
    Definition("Cost of results", "Outturn divided by a count; what else the project did is not taken off."),
)

KIND = Kind(
    code=K,
    title="Final outturn statement and end-of-programme report",
    place=5,
    closes=(MONEY, RESULTS),
    spans=(Span.PROGRAMME,),
    quarter_kinds=(),
    steps=STEPS,
    prints_ink=True,
    written=WRITTEN,
    build=build,
    waits_for=waits_for,
    goes_to_funder=True,
)
