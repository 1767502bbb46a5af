"""The tables of the claim return: budget against spend, accruals, match, variances, transactions, risks, payments."""

from decimal import Decimal

from django.utils import timezone

from board.models import Quarter
from core.money import in_words
from funding.accruals import times_raised_again
from funding.models import BudgetLine, Source, SpendLine, Transaction, VirementMove
from funding.positions import Position, is_over
from funding.rules import WHAT_RELEASES
from returns.content import Cell, Chart, Column, Section, Table, Value, date_words, make_row, make_total, slug
from returns.kinds import claim_record, tracing
from returns.kinds.claim_record import Record, payee

K = "claim"
# A table longer than this is for the workbook; the PDF says so.
LONGEST_IN_DOCUMENT = 60
CASH, IN_KIND = Source.Kind.CASH_MATCH, Source.Kind.IN_KIND_MATCH


def summary(record: Record) -> Section:
    """Each project's budget, spend, variance and expected outturn, with a rating in a word."""
    columns = (
        Column("code", "Code"),
        Column("project", "Project"),
        Column("budget", "Budget for the year", "money", total=True),
        Column("profile-to-date", "Profile to date", "money", total=True),
        Column("actual-to-date", "Actual to date", "money", total=True),
        Column("accrued", "Of which accrued", "money", total=True),
        Column("variance", "Variance", "money", total=True),
        Column("percent", "Variance %", "percent"),
        Column("outturn", "Forecast outturn", "money", total=True),
        Column("rating", "Rating"),
    )
    rows = []
    for project, at in record.by_project.items():
        if at == Position():
            continue
        rows.append(
            make_row(K, "summary", slug(project.code), columns, [
                project.code, project.name, Cell(at.budget, trace=record.plan("budget", project)),
                Cell(at.profile_to_date, trace=record.plan("profile-to-date", project)),
                Cell(at.actual_to_date, trace=record.spend("actual-to-date", project)),
                _accrued(at.accrued_to_date, record.spend("accrued-to-date", project)),
                *_variance("summary", slug(project.code), at.variance_to_date, at.variance_percent),
                _outturn(at, (*record.spend("actual-to-date", project), *record.expected(project))),
                rating(record, at),
            ])
        )  # fmt: skip
    whole = record.total
    others: dict[str, Cell | Value] = {
        "project": "All projects",
        "percent": _variance("summary", "total", whole.variance_to_date, whole.variance_percent)[1],
        "rating": rating(record, whole),
    }
    total = make_total(K, "summary", "total", columns, rows, "All", others=others)
    return Section(
        "summary",
        "Summary by project",
        (
            "Home Office grant only. Match funding has a section of its own and is never part of the claim.",
            "Rating. Green: the variance to date is within the threshold. Amber: above it, but the year is expected to "
            "end within the threshold of its budget. Red: above it, and so is the expected end of the year.",
        ),
        Table(
            f"Budget and spend by project, {record.quarter.year} to {_until(record)}",
            columns,
            (*rows, total),
            headings=2,
        ),
        chart=Chart("Profile and actual to date, by project", "bar", ("profile-to-date", "actual-to-date"))
        if rows
        else None,
        sheet="Summary",
    )


def rating(record: Record, at: Position) -> str:
    """Green, Amber or Red, after the sentence that stands over the table."""
    if not _over(record, at.variance_to_date, at.profile_to_date):
        return "Green"
    return "Red" if _over(record, at.outturn_variance, at.budget) else "Amber"


def _over(record: Record, variance: Decimal, base: Decimal) -> bool:
    return is_over(
        variance, base, percent=record.threshold("variance-percent"), amount=record.threshold("variance-amount")
    )


def _until(record: Record) -> str:
    return "the end of its closing period" if record.is_final else f"{record.quarter.last_day:%-d %B %Y}"


def _accrued(amount: Decimal, trace: tuple[str, ...]) -> Cell:
    return Cell(amount, "e" if amount else "", trace)


def _outturn(at: Position, trace: tuple[str, ...]) -> Cell:
    return Cell(at.outturn, "f" if at.forecast else "", trace)


def _variance(section: str, row: str, variance: Decimal, share: Decimal | None) -> list[Cell]:
    """The variance to date of a row that states profile and actual, and what part of the profile it is."""
    names = {"summary": ("actual-to-date", "profile-to-date"), "variances": ("actual", "profile")}[section]
    actual, profile = (f"{K}/{section}/{row}/{name}" for name in names)
    return [
        Cell(variance, trace=tracing.figures(actual, f"-{profile}")),
        Cell(share, trace=tracing.share(f"{K}/{section}/{row}/variance", profile)),
    ]


def expenditure(record: Record) -> Section:
    """Project by cost heading, with every column of the year's monitoring."""
    titles = (
        ("original", "Original budget"), ("changes", "Approved changes"), ("budget", "Current budget"),
        ("profile-quarter", "Profile this quarter"), ("actual-quarter", "Actual this quarter"),
        ("accrued-quarter", "Of which accrued"), ("variance-quarter", "Variance this quarter"),
        ("profile-to-date", "Profile to date"), ("actual-to-date", "Actual to date"),
        ("variance-to-date", "Variance to date"), ("forecast", "Forecast, rest of year"),
        ("outturn", "Forecast outturn"), ("outturn-variance", "Forecast (under) or overspend"),
        ("committed", "Committed, not yet spent"), ("held", "Held or not claimable"),
        ("claimable", "Claimable to date"),
    )  # fmt: skip
    columns = (
        Column("project", "Project"),
        Column("heading", "Cost heading"),
        *(Column(code, title, "money", total=True) for code, title in titles),
    )
    rows = []
    for line, at in record.positions.items():
        if at == Position():
            continue
        rows.append(make_row(K, "expenditure", _code(line), columns, _expenditure(record, line, at)))
    total = make_total(K, "expenditure", "total", columns, rows, "All projects", others={"heading": "All headings"})
    return Section(
        "expenditure",
        "Expenditure by project and cost heading",
        (
            "Home Office grant only; cost is net of recoverable VAT. Actual holds all cost recorded, whether it can be "
            "claimed or is held; an accrual in it is taken back in the next quarter, when its invoice comes.",
            "Committed is what contracts bind beyond what was charged to them by the end of the quarter.",
        ),
        Table(f"Expenditure by project and cost heading, {record.quarter.year}", columns, (*rows, total), headings=2),
        sheet="Expenditure",
    )


def _code(line: BudgetLine) -> str:
    return slug(f"{line.project.code}-{line.heading.code}")


def _expenditure(record: Record, line: BudgetLine, at: Position) -> list[Cell | Value]:
    """The row of a budget line, each figure with what it rests on."""
    ahead, committed = "f" if at.forecast else "", tracing.cut(record.grant, line.year, record.quarter, line)

    def less(first: str, second: str) -> tuple[str, ...]:
        here = f"{K}/expenditure/{_code(line)}"
        return tracing.figures(f"{here}/{first}", f"-{here}/{second}")

    return [
        line.project.name,
        line.heading.name,
        Cell(at.original, trace=record.plan("original", line)),
        Cell(at.changes, trace=less("budget", "original")),
        Cell(at.budget, trace=record.plan("budget", line)),
        Cell(at.profile_quarter, trace=record.plan("profile-quarter", line)),
        Cell(at.actual_quarter, trace=record.spend("actual-quarter", line)),
        _accrued(at.accrued_quarter, record.spend("accrued-quarter", line)),
        Cell(at.variance_quarter, trace=less("actual-quarter", "profile-quarter")),
        Cell(at.profile_to_date, trace=record.plan("profile-to-date", line)),
        Cell(at.actual_to_date, trace=record.spend("actual-to-date", line)),
        Cell(at.variance_to_date, trace=less("actual-to-date", "profile-to-date")),
        Cell(at.forecast, ahead, record.expected(line)),
        _outturn(
            at, tracing.figures(*(f"{K}/expenditure/{_code(line)}/{name}" for name in ("actual-to-date", "forecast")))
        ),
        Cell(at.outturn_variance, ahead, less("outturn", "budget")),
        Cell(at.committed, trace=(f"committed:{committed}",)),
        Cell(at.held_to_date, trace=record.spend("held-to-date", line)),
        Cell(at.claimable_to_date, trace=record.spend("claimable-to-date", line)),
    ]


def profile(record: Record) -> Section:
    """Each project's profile beside what was spent, or is expected, quarter by quarter."""
    of_year = [row for row in record.programme.quarters.all() if row.year_id == record.quarter.year_id]
    year_quarters = sorted((row for row in of_year if row.kind != Quarter.Kind.FOLLOW_UP), key=lambda row: row.order)
    shown = [row for row in year_quarters if row.kind == Quarter.Kind.QUARTER or record.is_final]
    columns = [Column("project", "Project")]
    for row in shown:
        name, ahead = _name(row), row.order > record.quarter.order
        if row.kind == Quarter.Kind.QUARTER:
            columns.append(Column(f"{slug(name)}-profile", f"{name} profile", "money", total=True))
        columns.append(
            Column(f"{slug(name)}-actual", f"{name} {'forecast' if ahead else 'actual'}", "money", total=True)
        )
    columns += [
        Column("year-profile", "Year profile", "money", total=True),
        Column("year-outturn", "Year outturn", "money", total=True),
    ]
    figures = claim_record.by_quarter(record)
    rows = []
    for project, at in record.by_project.items():
        if at == Position():
            continue
        values: list[Cell | Value] = [project.name]
        for row in shown:
            at_quarter, ahead = figures.get((project.pk, row.pk), Position()), row.order > record.quarter.order
            place = (record.grant, record.quarter.year, row, project)
            if row.kind == Quarter.Kind.QUARTER:
                values.append(Cell(at_quarter.budget, trace=tracing.plan("profile-quarter", *place)))
            if ahead:
                values.append(Cell(at_quarter.forecast, "f", tracing.forecast("quarter", *place)))
            else:
                values.append(Cell(at_quarter.actual_to_date, trace=tracing.spend("actual-quarter", *place)))
        values.append(Cell(at.budget, trace=record.plan("budget", project)))
        values.append(_outturn(at, (*record.spend("actual-to-date", project), *record.expected(project))))
        rows.append(make_row(K, "profile", slug(project.code), columns, values))
    total = make_total(K, "profile", "total", columns, rows, "All projects")
    return Section(
        "profile",
        "Quarterly profile",
        ("Quarters that have ended show what was spent; later ones what is forecast.",),
        Table(f"Profile, actual and forecast by quarter, {record.quarter.year}", tuple(columns), (*rows, total)),
        sheet="Quarterly profile",
    )


def _name(quarter: Quarter) -> str:
    return "Closing" if quarter.kind == Quarter.Kind.CLOSING else f"Q{quarter.number}"


def accruals(record: Record) -> Section:
    """What was received and not yet invoiced at the end of the quarter."""
    columns = (
        Column("reference", "Reference"),
        Column("project", "Project"),
        Column("heading", "Cost heading"),
        Column("supplier", "Supplier or basis"),
        Column("service", "Service received"),
        Column("amount", "Amount", "money", total=True),
        Column("re-raised", "Times raised again", "count"),
        Column("reversed", "Reversed in"),
        Column("reason", "Reason"),
    )
    found = claim_record.accruals(record)
    quarters = {row.pk: row for row in record.programme.quarters.all()}
    again = times_raised_again([line.transaction for line in found]) if found else {}
    rows = []
    for line in found:
        entry = line.transaction
        back = [row for other in entry.taken_back_by.all() if not other.is_void for row in other.lines.all()]
        reversed_in = sorted({quarters[row.quarter_id].short_label for row in back})
        rows.append(
            make_row(K, "accruals", slug(line.reference), columns, [
                line.reference, line.budget_line.project.name, line.budget_line.heading.name, payee(entry),
                _span(line), Cell(line.cost, "e", (f"line:{line.reference}",)),
                Cell(again[entry.pk], trace=(f"raised-again:{entry.reference}",)),
                ", ".join(reversed_in) or None, entry.reason or None,
            ])
        )  # fmt: skip
    total = [make_total(K, "accruals", "total", columns, rows, "All accruals")] if rows else []
    return Section(
        "accruals",
        "Accruals",
        ("Goods and services received by the end of the quarter and not yet invoiced, each an estimate. Each is "
         "reversed when the quarter closes, so that its invoice is not counted twice.",),
        Table("Accruals at the end of the quarter", columns, (*rows, *total),
              "Nil: nothing was accrued at the end of this quarter."),
        sheet="Accruals",
    )  # fmt: skip


def _span(line: SpendLine) -> str:
    entry = line.transaction
    if entry.service_from == entry.service_to:
        return f"{entry.service_from:%-d %b %Y}"
    return f"{entry.service_from:%-d %b %Y} to {entry.service_to:%-d %b %Y}"


def match(record: Record) -> Section:
    """What match funders pledged and recorded, cash and in-kind apart."""
    columns = (
        Column("source", "Match source"),
        Column("funder", "Funder"),
        Column("kind", "Kind"),
        Column("pledge", "Pledge for the year", "money", total=True),
        Column("profile", "Profile to date", "money", total=True),
        Column("quarter", "Recorded this quarter", "money", total=True),
        Column("late", "Of which for earlier quarters", "money", total=True),
        Column("to-date", "Recorded to date", "money", total=True),
        Column("remaining", "Pledge not yet met", "money", total=True),
        Column("declaration", "Declaration"),
    )
    made, everything = [], []
    for kind, name in ((CASH, "Cash match"), (IN_KIND, "In-kind match")):
        rows = []
        for row in record.matches:
            if row.source.kind != kind:
                continue
            mark = "" if row.declaration else "p"
            declared: Cell | Value = (
                row.declaration.get_says_display() if row.declaration else Cell(None, "not declared", unit="text")
            )
            place, here = (row.source, record.quarter.year, record.quarter), f"{K}/match/{slug(row.source.code)}"
            pledged = (tracing.of_award(row.source, record.quarter.year),) if row.is_pledged else ()
            rows.append(
                make_row(K, "match", slug(row.source.code), columns, [
                    row.source.name, row.source.funder.short_name,
                    f"{row.source.get_kind_display()}, {'secured' if row.secured else 'not secured'}",
                    Cell(row.pledge, trace=pledged or tracing.plan("budget", *place)),
                    Cell(row.position.profile_to_date, trace=tracing.plan("profile-to-date", *place)),
                    Cell(row.position.actual_quarter, mark, tracing.spend("actual-quarter", *place)),
                    Cell(row.late, mark, tracing.spend("late-quarter", *place)),
                    Cell(row.position.actual_to_date, mark, tracing.spend("actual-to-date", *place)),
                    Cell(row.pledge - row.position.actual_to_date,
                         trace=tracing.figures(f"{here}/pledge", f"-{here}/to-date")),
                    declared,
                ])
            )  # fmt: skip
        if rows:
            made += [*rows, make_total(K, "match", slug(name), columns, rows, f"{name}, all funders", "subtotal")]
            everything += rows
    total = [make_total(K, "match", "total", columns, everything, "All match")] if everything else []
    return Section(
        "match",
        "Match funding by funder",
        ("Reported beside the grant and never part of the claim. In-kind is a quantity at the rate agreed with the "
         "funder; it is not money spent.",
         "A source that its recording organisation has not declared shows what was recorded by the close of the "
         "quarter, marked provisional."),
        Table(f"Match funding, {record.quarter.year}", columns, (*made, *total),
              "No match funding is pledged for this programme."),
        sheet="Match",
    )  # fmt: skip


def variances(record: Record) -> Section:
    """Why projects are off their profile."""
    columns = (
        Column("project", "Project"),
        Column("profile", "Profile to date", "money"),
        Column("actual", "Actual to date", "money"),
        Column("variance", "Variance", "money"),
        Column("percent", "Variance %", "percent"),
        Column("direction", "Direction"),
        Column("cause", "Cause"),
        Column("words", "Explanation"),
    )
    rows = []
    for row in claim_record.variances(record):
        at = row.position
        said: tuple[Cell | Value, Cell | Value]
        if row.reason is None:
            said = (Cell(None, "missing", unit="text"), Cell(None, "missing", unit="text"))
        else:
            said = (row.reason.get_code_display(), row.reason.words)
        rows.append(
            make_row(K, "variances", slug(row.project.code), columns, [
                row.project.name, Cell(at.profile_to_date, trace=record.plan("profile-to-date", row.project)),
                Cell(at.actual_to_date, trace=record.spend("actual-to-date", row.project)),
                *_variance("variances", slug(row.project.code), at.variance_to_date, at.variance_percent),
                "Underspend" if at.variance_to_date < 0 else "Overspend", *said,
            ])
        )  # fmt: skip
    return Section(
        "variances",
        "Explanations of variances",
        (f"A project explains a variance to date above {in_words(record.threshold('variance-amount'))} that is also "
         f"more than {record.threshold('variance-percent').normalize():f}% of its profile.",),
        Table("Variances explained", columns, tuple(rows), "No project’s variance is above the threshold."),
        sheet="Variances",
    )  # fmt: skip


def budget_changes(record: Record) -> Section:
    """How the year's budget came to be what it is: versions, and the moves of each virement."""
    columns = (
        Column("reference", "Reference"),
        Column("kind", "Kind"),
        Column("effective", "From", "date"),
        Column("line", "Budget line"),
        Column("amount", "Change", "money"),
        Column("funder", "Funder’s reference"),
        Column("reason", "Reason"),
    )
    versions = record.grant.budget_versions.filter(year=record.quarter.year, effective_on__lte=record.today)
    rows = []
    for version in versions.select_related("virement").order_by("number"):
        virement = getattr(version, "virement", None)
        moves: list[VirementMove] = []
        if virement is not None:
            found = virement.moves.select_related("line__project", "line__heading")
            moves = sorted(found, key=lambda move: (move.line.project.position, move.line.heading.position))
        name = virement.reference if virement else f"Budget version {version.number}"
        for at, move in enumerate(moves or [None], start=1):
            rows.append(
                make_row(K, "changes", slug(f"version-{version.number}-{at}"), columns, [
                    name, version.get_kind_display(), version.effective_on,
                    f"{move.line.project.name}, {move.line.heading.name}" if move else "All lines",
                    _moved(name, move) if move else None, (virement.funder_reference or None) if virement else None,
                    version.reason,
                ])
            )  # fmt: skip
    return Section(
        "changes",
        "Budget changes and virements",
        ("Every move is within the grant and the year, and nets to nought.",),
        Table(f"Budget versions and virements, {record.quarter.year}", columns, tuple(rows),
              "No budget is recorded for this year.", headings=2),
        sheet="Budget changes",
    )  # fmt: skip


def _moved(virement: str, move: VirementMove) -> Cell:
    return Cell(move.amount, trace=(f"move:{virement}#{move.line.project.code}/{move.line.heading.code}",))


def transactions(record: Record) -> Section:
    """Every line that this claim takes up for the first time."""
    columns = (
        Column("reference", "Reference"),
        Column("project", "Project"),
        Column("heading", "Cost heading"),
        Column("supplier", "Supplier or basis"),
        Column("document", "Document number"),
        Column("accounting", "Accounting date", "date"),
        Column("note", "Note"),
        Column("net", "Net", "money", total=True),
        Column("cost", "Cost", "money", total=True),
    )
    lines = record.claimed
    rows = [
        make_row(K, "transactions", slug(line.reference), columns, [
            line.reference, line.budget_line.project.code, line.budget_line.heading.name, payee(line.transaction),
            line.transaction.document_number or None, line.transaction.accounting_on, _note(line),
            Cell(line.net, trace=(f"net:{line.reference}",)), Cell(line.cost, trace=(f"line:{line.reference}",)),
        ])
        for line in lines
    ]  # fmt: skip
    total = [make_total(K, "transactions", "total", columns, rows, "All lines of this claim")] if rows else []
    short = len(rows) <= LONGEST_IN_DOCUMENT
    return Section(
        "transactions",
        "Transactions in this claim",
        ("The lines recorded since the last claim that can be claimed, credits and reversals with a minus. Payroll is "
         "shown by post and share; no person is named. Projects are named by their code, as in the summary.",),
        Table("Lines claimed for the first time", columns, (*rows, *total), "No line is new since the last claim."),
        sheet="Transactions",
        in_document=short,
    )  # fmt: skip


def where_listed(record: Record) -> str:
    """Where the lines of the claim are found: on paper they stand only where they are few."""
    count = len(record.claimed)
    if count > LONGEST_IN_DOCUMENT:
        return f"Its {count} lines are listed in the workbook, sheet “Transactions”."
    return f"Its {count} line{'s' if count != 1 else ''} stand under “Transactions in this claim”."


def _note(line: SpendLine) -> str | None:
    """What is not plain about a line: its kind, unless it is an invoice like most, and the quarter that it is of."""
    kind = "" if line.transaction.kind == Transaction.Kind.ACTUAL else line.transaction.get_kind_display()
    quarter = f"for {line.relates_to.short_label}" if line.relates_to else ""
    return _sentence(" ".join(part for part in (kind, quarter) if part))


def excluded(record: Record) -> Section:
    """What is recorded and not claimed, why, and what would release it; and the VAT that is no cost."""
    columns = (
        Column("reference", "Reference"),
        Column("project", "Project"),
        Column("supplier", "Supplier or basis"),
        Column("quarter", "Recorded in"),
        Column("state", "State"),
        Column("amount", "Amount", "money", total=True),
        Column("reason", "Why it is not claimed"),
        Column("release", "What would release it"),
    )
    rows = [
        make_row(K, "excluded", slug(line.reference), columns, [
            line.reference, line.budget_line.project.name, payee(line.transaction), line.quarter.short_label,
            line.get_state_display(), Cell(line.cost, trace=(f"line:{line.reference}",)),
            line.get_state_reason_display(), _sentence(WHAT_RELEASES.get(line.state_reason, "")),
        ])
        for line in claim_record.not_claimed(record)
    ]  # fmt: skip
    total = [make_total(K, "excluded", "total", columns, rows, "All that is kept out")] if rows else []
    # Under the total, since neither is cost that waits: the one never was cost, the other was claimed before.
    beside = [
        make_row(K, "excluded", slug(f"vat-{project.code}"), columns, [
            "VAT", project.name, f"{count} line{'s' if count > 1 else ''} of this claim",
            record.quarter.short_label, "No cost", Cell(amount, trace=tuple(f"vat:{name}" for name in of)),
            "VAT that is recovered from HMRC: no cost under the grant’s terms", "Nothing",
        ], "note")
        for project, (of, amount) in claim_record.recoverable_vat(record).items()
        for count in [len(of)]
    ]  # fmt: skip
    beside += [
        make_row(K, "excluded", slug(f"{part.disallowance.reference}-{part.line.reference}"), columns, [
            part.line.reference, part.line.budget_line.project.name, payee(part.line.transaction),
            part.line.quarter.short_label, "Disallowed",
            Cell(part.amount, trace=(f"disallowance:{part.disallowance.reference}#{part.line.reference}",)),
            f"{part.disallowance.funder_reference}, {date_words(part.disallowance.disallowed_on)}: "
            f"{part.disallowance.reason}",
            "Nothing: the claim was lowered by it once",
        ], "note")
        for part in claim_record.disallowed(record)
    ]  # fmt: skip
    return Section(
        "excluded",
        "Held, ineligible and excluded",
        ("Recorded in full and kept out of the claim. Held lines are claimed once what stands in the way is gone.",),
        Table("Kept out of the claim", columns, (*rows, *total, *beside), "Nothing is held or excluded."),
        sheet="Held and excluded",
    )  # fmt: skip


def _sentence(words: str) -> str | None:
    return f"{words[0].upper()}{words[1:]}" if words else None


def risks(record: Record) -> Section:
    """The risks of the programme in the quarter."""
    columns = (
        Column("number", "Risk", "count"),
        Column("project", "Project"),
        Column("title", "What could happen"),
        Column("likelihood", "Likelihood, 1 to 5", "count"),
        Column("impact", "Impact, 1 to 5", "count"),
        Column("score", "Score", "count"),
        Column("mitigation", "What is done about it"),
        Column("owner", "Owner"),
        Column("status", "Status"),
    )
    rows = [
        make_row(K, "risks", f"risk-{row.number}", columns, [
            Cell(row.number, trace=(f"risk:{row.number}#number",)),
            row.project.name if row.project else "Whole programme", row.title,
            Cell(row.likelihood, trace=(f"risk:{row.number}#likelihood",)),
            Cell(row.impact, trace=(f"risk:{row.number}#impact",)),
            Cell(row.score, trace=("by:product", f"risk:{row.number}#likelihood", f"risk:{row.number}#impact")),
            row.mitigation, row.owner_title,
            "Closed this quarter" if row.closed_in_id == record.quarter.pk else "Open",
        ])
        for row in claim_record.risks(record)
    ]  # fmt: skip
    return Section(
        "risks",
        "Risks",
        ("Score is likelihood times impact, 25 at most.",),
        Table("Risks of the programme", columns, tuple(rows), "No risk is recorded for this quarter."),
        sheet="Risks",
    )


def payments(record: Record) -> Section:
    """What became of earlier claims: paid, short, still owed."""
    columns = (
        Column("claim", "Claim"),
        Column("quarter", "Quarter"),
        Column("certified", "Certified on", "date"),
        Column("amount", "Claimed", "money", total=True),
        Column("received", "Received", "money", total=True),
        Column("received-on", "Last received", "date"),
        Column("written-off", "Disallowed or set against a repayment", "money", total=True),
        Column("owed", "Still owed", "money", total=True),
    )
    rows = []
    for earlier in record.earlier:
        claim, here = earlier.claim, f"{K}/payments/{slug(earlier.claim.quarter.code)}"
        rest = (f"{here}/amount", f"-{here}/received", f"-{here}/written-off")
        made = (f"claim:{claim.reference}",)
        rows.append(
            make_row(K, "payments", slug(claim.quarter.code), columns, [
                Cell(claim.reference, trace=made), claim.quarter.short_label, timezone.localdate(claim.certified_at),
                Cell(claim.amount, trace=made), Cell(earlier.received, trace=earlier.paid_by or tracing.NOTHING),
                earlier.received_on, Cell(earlier.written_off, trace=earlier.short_by or tracing.NOTHING),
                Cell(earlier.still_owed, trace=tracing.not_below_nought(*rest)),
            ])
        )  # fmt: skip
    total = [make_total(K, "payments", "total", columns, rows, "All earlier claims")] if rows else []
    return Section(
        "payments",
        "Payment of earlier claims",
        (),
        Table("Earlier claims and what was paid on them", columns, (*rows, *total), "This is the first claim.",
              headings=2),
        sheet="Earlier claims",
    )  # fmt: skip


def underspend(record: Record) -> Section:
    """What the funder was told of an underspend of this year."""
    columns = (
        Column("noticed", "Foreseen on", "date"),
        Column("amount", "Underspend foreseen", "money"),
        Column("told", "Funder told on", "date"),
        Column("reference", "Funder’s reference"),
        Column("words", "What was said"),
    )
    rows = [
        make_row(K, "underspend", f"notice-{at}", columns, [
            row.noticed_on,
            Cell(row.amount, trace=(f"notice:{record.grant.code}/{record.quarter.year.code}#{at}",)),
            row.told_on or Cell(None, "missing", unit="date"), row.funder_reference or None, row.words,
        ])
        for at, row in enumerate(claim_record.underspend_notices(record), start=1)
    ]  # fmt: skip
    return Section(
        "underspend",
        "Underspend notices",
        (),
        Table("Underspend notices", columns, tuple(rows), "No notice was given this year."),
        sheet="Underspend notices",
    )
