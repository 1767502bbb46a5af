"""Spend: the list, one entry with its history, and the acts that put it right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.urls import reverse

from board import clock
from board.access import acting_organisation, may
from board.views import ActPage, ConfirmPage, DetailPage, Fact, Link, ListPage, Status
from core.forms import day_in_words, moment_in_words
from core.money import NOUGHT, in_words
from core.tables import Table
from funding.accruals import closing_period_of, is_open_accrual
from funding.claim_tables import RefusedTable
from funding.editing import why_not
from funding.evidence_tables import EvidenceTable
from funding.filters import SpendFilters
from funding.forms.charges import open_to
from funding.forms.spend import CorrectForm, ReasonForm
from funding.models import (
    BudgetLine,
    ClaimLine,
    Disallowance,
    DisallowancePart,
    Evidence,
    LedgerRow,
    SpendLine,
    Transaction,
)
from funding.paying import ASK_FOR_MONEY
from funding.positions import Impact, impact
from funding.rules import WHAT_RELEASES
from funding.spending import credit, disallowed_remaining, reconsider, remaining_by_line, void
from funding.spending import reverse as reverse_entry
from funding.tables import EntryLineTable, HistoryTable, ImpactTable, RelatedEntryTable, SpendTable

# What a row of a spend table shows of its neighbours, read with it.
SHOWN_WITH_A_LINE = (
    "transaction",
    "budget_line__project",
    "budget_line__heading",
    "budget_line__source",
    "budget_line__year",
    "quarter",
    "relates_to",
)
SPEND = "Spend"


def spend_crumb() -> Link:
    return Link(SPEND, reverse("funding:spend"))


class SpendList(ListPage):
    """Every spend line that the person may see, with the totals of what the filters leave."""

    action, heading = "spending.read", SPEND
    table_class, filterset_class = SpendTable, SpendFilters
    template_name = "funding/spend.html"

    def get_queryset(self) -> QuerySet[SpendLine]:
        lines = SpendLine.objects.visible_to(self.request.user).select_related(*SHOWN_WITH_A_LINE)
        asked = self.request.GET
        return lines if asked.get("void") or asked.get("as_of") else lines.in_force()

    def get_table(self) -> Table:
        return SpendTable(self.rows(), wide="download" in self.request.GET, as_of=self.filterset.moment)

    def get_lead(self) -> str:
        words = "What the ledgers show, line by line: each entry’s charge to a budget line."
        moment = self.filterset.moment
        return f"{words} As the record stood on {moment_in_words(moment)}." if moment else words

    def get_actions(self) -> Sequence[Link]:
        wanted = [
            ("spending.record", Link("Record spend", reverse("funding:record"))),
            ("spending.record", Link("Record many", reverse("funding:enter-many"), secondary=True)),
            ("spending.record", Link("Evidence", reverse("funding:evidence"), secondary=True)),
            ("spending.declare", Link("Declare a quarter", reverse("funding:declare"), secondary=True)),
            ("spending.read", Link("Money held by grantees", reverse("funding:held-by-grantees"), secondary=True)),
            ("imports.read", Link("Ledger imports", reverse("funding:imports"), secondary=True)),
            ("ledger.read", Link("Check a ledger file", reverse("funding:read-ledger"), secondary=True)),
        ]
        return [link for action, link in wanted if may(self.request.user, action)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "by_state": self.by_state()}

    def by_state(self) -> list[tuple[str, Any]]:
        """The spend of the filtered lines by state, in the order of the states; one query."""
        moment = self.filterset.moment
        totals = self.rows().order_by().spend(moment).totals_by_state(moment)
        found = {row["state_then"]: row["total"] for row in totals}
        return [(label, found[state]) for state, label in SpendLine.State.choices if state in found]


@dataclass(frozen=True)
class Happened:
    """One change of a row, for its history."""

    at: datetime
    by: str
    what: str
    reason: str


class EntryPage(DetailPage):
    """One entry: what the ledger shows, what it is charged to, what happened to it."""

    action, lookup, section = "spending.read", "reference", SPEND
    template_name = "funding/entry.html"

    def get_queryset(self) -> QuerySet[Transaction]:
        return Transaction.objects.visible_to(self.request.user).select_related(
            "recorded_by", "contract", "takes_back", "re_raises", "replaces", "settles", "report"
        )

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb()]

    def get_status(self) -> Status | None:
        return Status("Void", "grey") if self.object.is_void else None

    def get_lead(self) -> str:
        return f"{self.object.get_kind_display()}: {self.object.description}"

    def lines(self) -> list[SpendLine]:
        """The entry's lines that the person may see, each with the claim that it is in."""
        claim = ClaimLine.objects.filter(line=OuterRef("pk"), in_force=True).values("part__claim__reference")[:1]
        return list(
            self.object.lines.visible_to(self.request.user)
            .select_related(*SHOWN_WITH_A_LINE)
            .annotate(in_claim=Subquery(claim, output_field=CharField()))
            .order_by("number")
        )

    def get_actions(self) -> Sequence[Link]:
        entry = self.object
        if not may(self.request.user, "spending.record") or not is_own(self.request.user, entry) or entry.is_void:
            return []
        found = [Link("Add evidence", reverse("funding:entry-evidence", args=[entry.reference]), secondary=True)]
        if not entry.takes_back_id:
            found.append(Link("Correct it", reverse("funding:correct", args=[entry.reference]), secondary=True))
        if not why_not(entry):
            found.append(Link("Edit it", reverse("funding:edit", args=[entry.reference]), secondary=True))
        if entry.kind in ASK_FOR_MONEY and entry.supplier_name:
            dates = reverse("funding:payment-dates", args=[entry.reference])
            found.append(Link("Payment dates", dates, secondary=True))
        lines = self.lines()
        if not any(line.in_claim for line in lines):
            found.append(Link("Make it void", reverse("funding:void", args=[entry.reference]), secondary=True))
        if is_open_accrual(entry) or closing_period_of(entry):
            found.append(Link("Say what became of it", reverse("funding:accrual-outcome", args=[entry.reference])))
        if any(line.state == SpendLine.State.HELD for line in lines):
            found.append(Link("Look again at what is held", reverse("funding:reconsider", args=[entry.reference])))
        return found

    def get_facts(self) -> Sequence[Fact]:
        return facts_of(self.object, self.request.user)

    def evidence_table(self) -> Table:
        """What proves the entry; of what the person may not open, the number alone is said."""
        every = Evidence.objects.filter(transaction=self.object).select_related("file", "created_by")
        seen = list(every.visible_to(self.request.user))
        hidden = every.in_force().count() - sum(not row.is_taken_away for row in seen)
        words = f"Evidence (and {hidden} restricted, which you may not open)" if hidden else "Evidence"
        may_change = may(self.request.user, "spending.record") and is_own(self.request.user, self.object)
        return EvidenceTable(seen, caption=words, may_change=may_change, prefix="evidence-")

    def get_tables(self) -> Sequence[Table]:
        back = self.object.taken_back_by.visible_to(self.request.user).in_force().order_by("reference")
        tables: list[Table] = [EntryLineTable(self.lines(), prefix="lines-"), self.evidence_table()]
        if back:
            tables.append(RelatedEntryTable(list(back), prefix="back-"))
        refused = DisallowancePart.objects.filter(line__in=self.lines()).select_related(
            "disallowance", "line__transaction"
        )
        if found := list(refused.order_by("disallowance__reference", "line__number")):
            tables.append(RefusedTable(found, prefix="refused-"))
        return [*tables, HistoryTable(history_of(self.object), prefix="history-")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        held = [line for line in self.lines() if line.state_reason]
        return super().get_context_data(**{"held": [told_of_held(line) for line in held], **kwargs})


def told_of_held(line: SpendLine) -> dict[str, str]:
    """Why a line is kept out of the claim, and what releases it, in words."""
    reason = SpendLine.Reason(line.state_reason)
    return {"line": line_words(line.budget_line), "reason": str(reason.label), "releases": WHAT_RELEASES[reason]}


def line_words(line: BudgetLine) -> str:
    return f"{line.project} · {line.heading} · {line.source} · {line.year.code}"


def is_own(user: Any, entry: Transaction) -> bool:
    """Whether the entry stands in the ledger of the organisation that the person acts for."""
    organisation = acting_organisation(user)
    return organisation is not None and entry.recorded_by_id == organisation.pk


def facts_of(entry: Transaction, user: Any) -> list[Fact]:
    """What the ledger shows of an entry; what does not apply to it is left out."""
    service = day_in_words(entry.service_from)
    if entry.service_to != entry.service_from:
        service += f" to {day_in_words(entry.service_to)}"
    contract_url = reverse("funding:contract", args=[entry.contract.reference]) if entry.contract else ""
    facts = [
        Fact("Recorded by", entry.recorded_by),
        Fact("Contract", entry.contract, url=contract_url) if entry.contract else None,
        Fact("Supplier name", entry.supplier_name) if entry.supplier_name else None,
        Fact("Document number", entry.document_number) if entry.document_number else None,
        Fact("Basis", entry.basis) if entry.basis else None,
        Fact("Accounting date", day_in_words(entry.accounting_on)),
        Fact("Service", service),
        Fact("Invoice received", day_in_words(entry.received_on)) if entry.received_on else None,
        Fact("Paid", day_in_words(entry.paid_on)) if entry.paid_on else None,
        Fact("Disputed", entry.dispute_reason) if entry.dispute_reason else None,
        Fact("Hours", f"{entry.quantity_hundredths / 100:g}") if entry.quantity_hundredths is not None else None,
        Fact("Net", in_words(entry.net)),
        Fact("VAT", in_words(entry.vat)),
        Fact("Recoverable VAT", in_words(entry.recoverable_vat)),
        Fact("Cost", in_words(entry.cost)),
        Fact("Reason", entry.reason) if entry.reason else None,
        _entry_fact("In place of", entry.replaces),
        _entry_fact("Edited into", Transaction.objects.filter(replaces=entry).first() if entry.is_void else None),
        _entry_fact("Takes back", entry.takes_back),
        _entry_fact("Raises again", entry.re_raises),
        _entry_fact("Settles the accrual", entry.settles),
        _entry_fact("Raised again as", entry.re_raised_by.in_force().first()),
        _entry_fact("Settled by", entry.settled_by.in_force().order_by("reference").first()),
        Fact("Written back", f"{entry.written_back_reason} ({day_in_words(entry.written_back_on)})")
        if entry.written_back_on
        else None,
        Fact("Statement of spend", entry.report, url=entry.report.get_absolute_url()) if entry.report else None,
        _ledger_row_fact(entry, user),
        Fact("Made void", f"{entry.void_reason} ({day_in_words(entry.voided_at)})") if entry.is_void else None,
    ]
    return [fact for fact in facts if fact is not None]


def _ledger_row_fact(entry: Transaction, user: Any) -> Fact | None:
    """The row of an imported ledger that an entry is, for those who may read the import."""
    row = LedgerRow.objects.visible_to(user).filter(transaction=entry).select_related("ledger_import").last()
    if row is None:
        return None
    return Fact("Row of the ledger", f"{row.ledger_import}, {row}", url=row.ledger_import.get_absolute_url())


def _entry_fact(label: str, entry: Transaction | None) -> Fact | None:
    if entry is None:
        return None
    return Fact(label, entry.reference, url=reverse("funding:entry", args=[entry.reference]))


def history_of(row: Any) -> list[Happened]:
    """What was done to a row, the latest first."""
    words = {"+": "Recorded", "~": "Changed", "-": "Deleted"}
    return [
        Happened(
            change.history_date,
            str(change.history_user or ""),
            words[change.history_type],
            change.history_change_reason or "",
        )
        for change in row.history.select_related("history_user").order_by("-history_date", "-history_id")
    ]


class RecordedPage(EntryPage):
    """What was just written: each line's state, and what it did to the budget."""

    action = "spending.record"
    template_name = "funding/recorded.html"

    def allowed(self) -> bool:
        return super().allowed() and is_own(self.request.user, self.object)

    def get_heading(self) -> str:
        return f"Recorded {self.object.reference}"

    def get_actions(self) -> Sequence[Link]:
        entry = self.object.reference
        return [
            Link("Record another", reverse("funding:record")),
            Link("Look at the entry", reverse("funding:entry", args=[entry]), secondary=True),
        ]

    def get_tables(self) -> Sequence[Table]:
        return [impact_table(self.lines(), recorded=True)]

    def get_facts(self) -> Sequence[Fact]:
        return [fact for fact in super().get_facts() if fact.label in ("Supplier name", "Document number", "Cost")]


@dataclass(frozen=True)
class ImpactRow:
    """A row of the table of what an entry does to its budget lines."""

    line: str
    under: str
    figures: Impact

    def __getattr__(self, name: str) -> Any:
        return getattr(self.figures, name)


def impact_rows(found: Sequence[Impact], states: Mapping[BudgetLine, Sequence[str]]) -> list[ImpactRow]:
    """The rows of the table: project and heading, with source, year and states under them."""
    return [
        ImpactRow(
            f"{row.line.project} · {row.line.heading}",
            ", ".join([row.line.source.name, row.line.year.code, *dict.fromkeys(states.get(row.line, ()))]),
            row,
        )
        for row in found
    ]


def impact_table(lines: Sequence[SpendLine], *, recorded: bool) -> Table:
    """Budget, actual and remaining of the lines that an entry charges, before and after it.

    A payment on account is no cost, so it moves nothing.
    """
    costs: dict[BudgetLine, Any] = {}
    states: dict[BudgetLine, list[str]] = {}
    for line in lines:
        is_cost = line.transaction.kind != Transaction.Kind.ADVANCE
        costs[line.budget_line] = costs.get(line.budget_line, NOUGHT) + (line.cost if is_cost else NOUGHT)
        states.setdefault(line.budget_line, []).append(line.get_state_display())
    found = impact(costs, recorded=recorded, today=clock.today())
    return ImpactTable(impact_rows(found, states), prefix="impact-")


class OwnEntry:
    """An act on an entry of the acting organisation's own ledger: others that the person sees give 403."""

    action, lookup, section = "spending.record", "reference", SPEND

    def get_queryset(self) -> QuerySet[Transaction]:
        return Transaction.objects.visible_to(self.request.user).select_related("recorded_by")

    def allowed(self) -> bool:
        return super().allowed() and is_own(self.request.user, self.object)

    def get_breadcrumbs(self) -> Sequence[Link]:
        entry = self.object.reference
        return [spend_crumb(), Link(entry, reverse("funding:entry", args=[entry]))]


class Correct(OwnEntry, ActPage):
    """Take an entry back in full, or a part of it."""

    form_class, button = CorrectForm, "Record the correction"

    def get_heading(self) -> str:
        return f"Correct {self.object.reference}"

    def get_lead(self) -> str:
        left = in_words(sum(remaining_by_line(self.object), NOUGHT))
        return (
            f"{left} of its cost remains. The entry stays as it is; a later one takes it back, "
            "split as it was split, and has the same state."
        )

    def get_form_kwargs(self) -> dict[str, Any]:
        line = self.object.lines.select_related("budget_line__source__programme").first()
        quarters = open_to(self.request.user, line.budget_line.source.programme)
        return {**super().get_form_kwargs(), "quarters": quarters, "refusals": self.refusals}

    @cached_property
    def refusals(self) -> dict[Disallowance, Decimal]:
        """What each disallowance refused of the entry and no credit has taken back yet."""
        rows = Disallowance.objects.filter(parts__line__transaction=self.object).distinct()
        found = {row: sum(disallowed_remaining(self.object, row), NOUGHT) for row in rows}
        return {row: left for row, left in found.items() if left}

    def act(self, form: CorrectForm) -> Transaction:
        given, by = form.cleaned_data, self.request.user
        if given["how"] == "whole":
            return reverse_entry(
                original=self.object, quarter=given["quarter"], reason=given["reason"], by=by,
                accounting_on=given["accounting_on"], once=given["once"],
            )  # fmt: skip
        return credit(
            original=self.object,
            quarter=given["quarter"],
            amount=given["amount"],
            document_number=given["document_number"],
            reason=given["reason"],
            by=by,
            against=given.get("against") or None,
            accounting_on=given["accounting_on"],
            once=given["once"],
        )

    def get_success_message(self, result: Transaction) -> str:
        return f"{result.reference} takes back {in_words(-result.cost)} of {self.object.reference}."


class Void(OwnEntry, ConfirmPage):
    """Strike out an entry that was typed by mistake."""

    form_class, button, danger = ReasonForm, "Make it void", True
    warning = "A void entry stays on record and counts nowhere. This cannot be undone."

    def get_heading(self) -> str:
        return f"Make {self.object.reference} void?"

    def get_facts(self) -> Sequence[Fact]:
        entry = self.object
        facts = [Fact("Supplier name", entry.supplier_name), Fact("Description", entry.description)]
        return [*facts, Fact("Cost", in_words(entry.cost))]

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def act(self, form: ReasonForm) -> Transaction:
        given = form.cleaned_data
        return void(
            entry=self.object, reason=given["reason"], by=self.request.user, seen_version=given["version"]
        )  # fmt: skip

    def get_success_message(self, result: Transaction) -> str:
        return f"{result.reference} is void."


class Reconsider(OwnEntry, ConfirmPage):
    """Look again at the held lines of an entry, once what held them may be gone."""

    button = "Look again"

    def get_heading(self) -> str:
        return f"Look again at what is held of {self.object.reference}"

    def get_lead(self) -> str:
        return "A line is released where its reason is gone: a contract signed or varied since, say."

    def act(self, form: Any) -> list[SpendLine]:
        return reconsider(entry=self.object, by=self.request.user)

    def get_success_message(self, result: list[SpendLine]) -> str:
        if not result:
            return "Nothing changed: what holds each line still stands."
        words = [f"{line_words(line.budget_line)}: {line.get_state_display().lower()}" for line in result]
        return f"{len(result)} changed. {'; '.join(words)}."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("funding:entry", args=[self.object.reference])
