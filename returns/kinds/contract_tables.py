"""The tables of a contract review pack, each a section."""

from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from django.db.models import QuerySet

from board.models import Quarter
from contracts.models import Check, ExtensionOption
from contracts.models.followed import Followed
from core.forms import day_in_words
from core.money import NOUGHT, percent
from funding.models import SpendReport, Transaction
from funding.paying import DAYS_TO_PAY, Standing, invoices
from returns.content import Cell, Column, Section, Table, Value, clean, make_row, make_total, slug
from returns.kinds import performance as results
from returns.kinds import tracing
from returns.kinds.contract_record import Record

K = "contract"
FollowedT = TypeVar("FollowedT", bound=Followed)


def terms(record: Record) -> Section:
    """What was agreed, as the register has it; variations below."""
    contract = record.contract
    columns = (
        Column("number", "Variation"),
        Column("effective", "Takes effect", "date"),
        Column("approved", "Approved", "date"),
        Column("amount", "Value added or taken off", "money", total=True),
        Column("end", "New end", "date"),
        Column("reason", "Reason"),
        Column("decision", "Decision"),
    )
    rows = [
        make_row(K, "contract", f"variation-{row.number}", columns, [
            f"Variation {row.number}", row.effective_on, row.approved_on,
            Cell(sum((value.amount for value in row.values.all()), NOUGHT),
                 trace=(f"variation:{contract.reference}#{row.number}",)),
            row.ends_on_after, clean(row.reason), row.decision_reference or None,
        ])
        for row in contract.variations.prefetch_related("values").order_by("number")
    ]  # fmt: skip
    total = [make_total(K, "contract", "total", columns, rows, "All variations")] if rows else []
    signed = f"signed on {day_in_words(contract.signed_on)}" if contract.signed_on else "not signed yet"
    return Section(
        "contract",
        "The contract",
        (
            f"{clean(contract.title)}: {contract.get_kind_display().lower()} of {contract.buyer} with "
            f"{contract.provider}, {signed}. It runs from {day_in_words(contract.starts_on)} to "
            f"{day_in_words(contract.ends_on)}; notice of its end is given by {day_in_words(contract.last_notice_on)}.",
            f"Owner: {clean(contract.owner_title)}. Tier: {contract.get_tier_display().lower()}."
            + (f" Decision {contract.decision_reference}." if contract.decision_reference else "")
            + (f" Next review by {day_in_words(contract.review_on)}." if contract.review_on else ""),
        ),
        Table("Variations of the contract", columns, (*rows, *total), "The contract was never varied."),
        sheet="The contract",
    )


def money(record: Record) -> Section:
    """What the contract is worth by year and project, and what of it is used up."""
    contract, quarter = record.contract, record.quarter
    columns = (
        Column("year", "Year"),
        Column("project", "Project"),
        Column("worth", "Worth", "money", total=True),
        Column("quarter", f"Charged in {quarter.short_label}", "money", total=True),
        Column("to-date", "Charged to date", "money", total=True),
        Column("left", "Left", "money", total=True),
        Column("used", "Used", "percent"),
    )
    rows = []
    for at in record.worth:
        code = slug(f"{at.year.code}-{at.project.code}")
        place, here = f"{contract.reference}/{at.project.code}/{at.year.code}", f"{K}/money/{code}"
        rows.append(
            make_row(K, "money", code, columns, [
                at.year.code, at.project.name, Cell(at.worth, trace=(f"worth:{place}",)),
                Cell(at.in_quarter, trace=(f"under:quarter:{place}@{quarter.code}",)),
                Cell(at.to_date, trace=(f"under:to-date:{place}@{quarter.code}",)),
                Cell(at.worth - at.to_date, trace=tracing.figures(f"{here}/worth", f"-{here}/to-date")),
                share_cell(at.to_date, at.worth, f"{here}/to-date", f"{here}/worth"),
            ])
        )  # fmt: skip
    worth, used = (sum((getattr(at, name) for at in record.worth), NOUGHT) for name in ("worth", "to_date"))
    here = f"{K}/money/total"
    others: dict[str, Cell | Value] = {"used": share_cell(used, worth, f"{here}/to-date", f"{here}/worth")}
    total = [make_total(K, "money", "total", columns, rows, "Whole contract so far", others=others)] if rows else []
    return Section(
        "money",
        "Money",
        (
            "Worth is what was agreed, with all variations, net of VAT that is recovered. Charged is what the grant "
            "bears under the contract; what can never be claimed is left out, what is held is in it.",
        ),
        Table("Worth and charged, by year and project", columns, (*rows, *total), "The contract has no value.",
              headings=2),
        sheet="Money",
    )  # fmt: skip


def share_cell(part: Decimal, whole: Decimal, part_key: str, whole_key: str) -> Cell:
    """One amount of the pack as a share of another; not applicable where there is nothing to be a share of."""
    if not whole:
        return Cell(None, "z", unit="percent")
    return Cell(percent(part, whole), "", tracing.share(part_key, whole_key), "percent")


def payments(record: Record) -> Section:
    """How the invoices received in the quarter were paid."""
    quarter = record.quarter
    columns = (
        Column("entry", "Entry"),
        Column("document", "Invoice"),
        Column("received", "Received", "date"),
        Column("paid", "Paid", "date"),
        Column("standing", f"Within {DAYS_TO_PAY} days"),
        Column("amount", "Cost", "money", total=True),
    )
    entries = Transaction.objects.filter(contract=record.contract)
    found = invoices(entries, today=record.today).filter(counted_on__range=(quarter.first_day, quarter.last_day))
    rows = [
        make_row(K, "payments", slug(row.reference), columns, [
            row.reference, row.document_number or None, row.received_on, row.paid_on,
            Standing.LABELS[row.standing],
            Cell(row.cost, trace=tuple(f"line:{line.reference}" for line in row.lines.all())),
        ])
        for row in found.prefetch_related("lines").order_by("counted_on", "reference")
    ]  # fmt: skip
    total = [make_total(K, "payments", "total", columns, rows, "All invoices of the quarter")] if rows else []
    return Section(
        "payments",
        "Invoices of the quarter",
        (
            f"A valid and undisputed invoice is paid within {DAYS_TO_PAY} days of its receipt. Invoices received in "
            "the quarter; those without a day of receipt stand by their accounting date.",
        ),
        Table("Invoices and how they were paid", columns, (*rows, *total), "No invoice was received in the quarter."),
        sheet="Invoices",
    )


def statements(record: Record) -> Section:
    """The statements of spend that the supplier signed, up to the quarter."""
    columns = (
        Column("reference", "Statement"),
        Column("quarter", "Quarter"),
        Column("signed", "Signed on", "date"),
        Column("by", "Signed by"),
        Column("total", "Reported as spent", "money", total=True),
    )
    found = SpendReport.objects.in_force().filter(
        contract=record.contract, quarter__first_day__lte=record.quarter.first_day
    )
    rows = [
        make_row(K, "statements", slug(row.reference), columns, [
            row.reference, row.quarter.short_label, row.signed_on, clean(row.signed_by_title),
            Cell(row.total, trace=(f"statement:{row.reference}",)),
        ])
        for row in found.select_related("quarter").order_by("quarter__first_day", "reference")
    ]  # fmt: skip
    total = [make_total(K, "statements", "total", columns, rows, "All statements so far")] if rows else []
    return Section(
        "statements",
        "Statements of spend",
        ("Under this agreement cost is what the supplier reports as spent.",),
        Table("Statements that the supplier signed", columns, (*rows, *total), "No statement is recorded."),
        sheet="Statements of spend",
    )


def milestones(record: Record) -> Section:
    """The milestones that the contract is about."""
    listed = set(
        record.contract.milestones.filter(listed=True).values_list("milestone__project__code", "milestone__code")
    )
    kept = [
        replace(project, milestones=tuple(line for line in project.milestones if (project.code, line.code) in listed))
        for project in record.projects
    ]
    return results.milestones(kept, within=K)


def open_on(rows: QuerySet[FollowedT], quarter: Quarter) -> list[FollowedT]:
    """What was open on the last day of a quarter."""
    return [row for row in rows.order_by("number") if row.opened_on <= quarter.last_day and not _closed(row, quarter)]


def _closed(row: Followed, quarter: Quarter) -> bool:
    return row.closed_on is not None and row.closed_on <= quarter.last_day


def _followed(rows: QuerySet[FollowedT], quarter: Quarter) -> list[FollowedT]:
    """What was open in a quarter: still on its last day, or closed within it."""
    return [
        row
        for row in rows.order_by("number")
        if row.opened_on <= quarter.last_day and (row.closed_on is None or row.closed_on >= quarter.first_day)
    ]


def _state(row: Followed, quarter: Quarter) -> str:
    if _closed(row, quarter):
        return "Closed"
    return "Overdue" if row.due_on < quarter.last_day else "Open"


def code_of(row: Followed) -> str:
    return f"number-{row.number}"


_FOLLOWED = (
    Column("words", "What it is"),
    Column("owner", "Owner"),
    Column("opened", "Opened", "date"),
    Column("due", "Due", "date"),
    Column("state", "State"),
    Column("closed", "Closed", "date"),
    Column("outcome", "How it was closed"),
)


def _followed_values(row: Followed, quarter: Quarter) -> list[Cell | Value]:
    closed = _closed(row, quarter)
    return [
        clean(row.words), clean(row.owner_title), row.opened_on, row.due_on, _state(row, quarter),
        row.closed_on if closed else None, clean(row.closed_words) if closed else None,
    ]  # fmt: skip


def issues(record: Record) -> Section:
    """What was not as it should be in the quarter."""
    columns = (Column("number", "Issue"), *_FOLLOWED)
    rows = [
        make_row(K, "issues", code_of(row), columns, [f"Issue {row.number}", *_followed_values(row, record.quarter)])
        for row in _followed(record.contract.issues.all(), record.quarter)
    ]
    return Section(
        "issues",
        "Issues",
        ("Open in the quarter, or closed within it.",),
        Table("Issues of the contract", columns, tuple(rows), "No issue was open in the quarter."),
        sheet="Issues",
    )


def actions(record: Record) -> Section:
    """What somebody does about it."""
    columns = (Column("number", "Action"), Column("issue", "About"), *_FOLLOWED)
    rows = [
        make_row(K, "actions", code_of(row), columns, [
            f"Action {row.number}", f"Issue {row.issue.number}" if row.issue else None,
            *_followed_values(row, record.quarter),
        ])
        for row in _followed(record.contract.actions.select_related("issue"), record.quarter)
    ]  # fmt: skip
    return Section(
        "actions",
        "Actions",
        ("Open in the quarter, or completed within it.",),
        Table("Actions of the contract", columns, tuple(rows), "No action was open in the quarter."),
        sheet="Actions",
    )


def checks(record: Record) -> Section:
    """What was checked about the supplier, and until when each check holds."""
    columns = (
        Column("number", "Check"),
        Column("what", "What was checked"),
        Column("reference", "Reference"),
        Column("checked", "Checked", "date"),
        Column("expires", "Holds until", "date"),
        Column("state", "On the quarter’s last day"),
    )
    last = record.quarter.last_day
    found = Check.objects.filter(contract=record.contract, checked_on__lte=last).order_by("number")
    # A renewal that came after the quarter was none of it.
    renewed = {row.renews_id for row in found}
    rows = [
        make_row(K, "checks", f"number-{row.number}", columns, [
            f"Check {row.number}", clean(row.title), clean(row.reference), row.checked_on, row.expires_on,
            "In force" if row.expires_on >= last else "Expired",
        ])
        for row in found
        if row.pk not in renewed
    ]  # fmt: skip
    return Section(
        "checks",
        "Checks",
        (),
        Table("Safeguarding, insurance and other checks", columns, tuple(rows), "Nothing was checked."),
        sheet="Checks",
    )


def options(record: Record) -> Section:
    """What the contract lets its buyer add."""
    columns = (
        Column("number", "Option"),
        Column("use-by", "To be used by", "date"),
        Column("end", "New end", "date"),
        Column("amount", "It would add", "money"),
        Column("state", "State"),
        Column("words", "Terms, or why it was declined"),
    )
    rows = [
        make_row(K, "options", f"number-{row.number}", columns, [
            f"Option {row.number}", row.use_by, row.ends_on,
            Cell(row.amount, trace=(f"option:{record.contract.reference}#{row.number}",)), row.get_state_display(),
            clean(row.decided_words or row.terms) or None,
        ])
        for row in ExtensionOption.objects.filter(contract=record.contract).order_by("number")
    ]  # fmt: skip
    return Section(
        "options",
        "Options to extend",
        (),
        Table("Options to extend the contract", columns, tuple(rows), "The contract has no option to extend."),
        sheet="Options",
    )
