"""Ledger imports: the list, the upload, what was read, choosing and coding rows, the commit and the undo."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django_tables2 import RequestConfig

from board.access import may
from board.views import ActPage, ConfirmPage, DetailPage, Fact, Link, ListPage, Status
from core.filters import Filters
from core.forms import VersionedForm, day_in_words, number_in
from core.money import in_words
from core.problems import Problem, Refused
from core.tables import Table
from funding.forms.imports import ImportForm, ReadingForm, RowsForm, UndoForm
from funding.import_tables import STATUS_COLOURS, ImportedRowTable, ImportRowTable, ImportTable, MonthTable
from funding.ledger_commit import Reviewed, budget_after, commit, months_of, review, undo
from funding.ledger_import import Decided, Decision, decide, discard, read_again, stage
from funding.ledger_tables import LedgerProblemTable, LedgerSheetTable
from funding.models import LedgerFile, LedgerImport, LedgerRow
from funding.tables import ImpactTable
from funding.views.ledger import TakesLedger
from funding.views.spend import SPEND, impact_rows, spend_crumb

PER_PAGE = 50
SHOWN_WITH_A_ROW = (
    "equals",
    "settles",
    "transaction",
    "quarter",
    "relates_to",
    "contract",
    "budget_line__source",
    "budget_line__project",
    "budget_line__heading",
    "budget_line__year",
)


def imports_crumbs(found: LedgerImport | None = None) -> list[Link]:
    crumbs = [spend_crumb(), Link("Ledger imports", reverse("funding:imports"))]
    return [*crumbs, Link(found.reference, found.get_absolute_url())] if found else crumbs


class Imports(ListPage):
    """Every import that the person may see."""

    action, heading, section = "imports.read", "Ledger imports", SPEND
    lead = "Ledger files that were brought in: what was read in each, and what became of it."
    table_class = ImportTable

    def get_queryset(self) -> QuerySet[LedgerImport]:
        return LedgerImport.objects.visible_to(self.request.user).select_related("organisation")

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb()]

    def get_actions(self) -> Sequence[Link]:
        if not may(self.request.user, "spending.record"):
            return []
        return [Link("Import a ledger", reverse("funding:import-ledger"))]


class ImportLedger(TakesLedger):
    """Upload a ledger to choose rows from."""

    action, heading = "spending.record", "Import a ledger"
    lead = "Nothing is recorded yet: you choose the rows that belong to the programme, and commit them at the end."
    form_class, button = ImportForm, "Read the file"

    def get_breadcrumbs(self) -> list[Link]:
        return imports_crumbs()

    def get_back_url(self) -> str:
        return reverse("funding:imports")

    def act(self, form: ImportForm) -> LedgerImport:
        given = form.cleaned_data
        file = given["file"]
        try:
            return stage(
                data=file.read(),
                file_name=file.name,
                sheet=given["sheet"].strip(),
                by=self.request.user,
                once=given["once"],
            )
        except Refused as refusal:
            raise Refused([Problem(one.code, one.message, True, "file") for one in refusal.problems]) from None


class ImportPage(DetailPage):
    """One import: what was read, and, once committed, what it wrote."""

    action, lookup, section = "imports.read", "reference", SPEND
    template_name = "funding/import.html"

    def get_queryset(self) -> QuerySet[LedgerImport]:
        return LedgerImport.objects.visible_to(self.request.user).select_related(
            "organisation", "created_by", "committed_by", "undone_by", "discarded_by"
        )

    def get_breadcrumbs(self) -> Sequence[Link]:
        return imports_crumbs()

    def get_status(self) -> Status:
        return Status(self.object.get_status_display(), STATUS_COLOURS[self.object.status])

    def get_heading(self) -> str:
        return f"Import {self.object.reference}"

    def get_lead(self) -> str:
        if self.object.is_staged:
            return "What was read in the file. Compare the total with the ledger before you choose rows."
        return ""

    def get_actions(self) -> Sequence[Link]:
        found = self.object
        if not may(self.request.user, "spending.record"):
            return []

        def link(label: str, name: str, secondary: bool = True) -> Link:
            return Link(label, reverse(f"funding:import-{name}", args=[found.reference]), secondary)

        if found.status == LedgerImport.Status.COMMITTED:
            return [link("Undo the import", "undo")]
        if not found.is_staged:
            return []
        if found.dates_asked:
            return [link("Say how the dates are written", "reading", False), link("Discard", "discard")]
        return [
            link("Choose rows", "rows", False),
            link("Look at it and commit", "commit"),
            link("How it is read", "reading"),
            link("Discard", "discard"),
        ]

    def get_facts(self) -> Sequence[Fact]:
        return facts_of(self.object)

    @cached_property
    def file(self) -> LedgerFile | None:
        """What the reading found; an officer's alone, since it speaks of other people's payments."""
        if not may(self.request.user, "spending.record"):
            return None
        return LedgerFile.objects.filter(ledger_import=self.object).defer("content").first()

    def get_tables(self) -> Sequence[Table]:
        months = [
            {"month": f"{first:%B %Y}" if first else "No date", "rows": count, "total": total}
            for first, count, total in months_of(self.object)
        ]
        tables: list[Table] = [MonthTable(months, prefix="months-")]
        if self.file is not None:
            sheets = [_with_money(sheet) for sheet in self.file.sheets]
            tables.append(LedgerSheetTable(sheets, prefix="sheets-"))
            if self.file.problems:
                tables.insert(0, LedgerProblemTable(self.file.problems, prefix="problems-"))
        elif self.object.status == LedgerImport.Status.COMMITTED and may(self.request.user, "spending.record"):
            tables.insert(0, ImpactTable(impact_rows(budget_after(self.object), {}), prefix="impact-"))
        return tables

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        same = (
            LedgerImport.objects.visible_to(self.request.user)
            .filter(sha256=self.object.sha256, status=LedgerImport.Status.COMMITTED)
            .exclude(pk=self.object.pk)
        )
        shown = {"same_file": list(same) if self.object.is_staged else [], **kwargs}
        if not self.object.is_staged:
            rows = LedgerRow.objects.visible_to(self.request.user).filter(ledger_import=self.object)
            table = ImportedRowTable(rows.select_related(*SHOWN_WITH_A_ROW), prefix="rows-")
            shown["entries"] = RequestConfig(self.request, paginate={"per_page": PER_PAGE}).configure(table)
        return super().get_context_data(**shown)


def _with_money(sheet: dict[str, Any]) -> dict[str, Any]:
    control = sheet["control_total"]
    return {**sheet, "total": Decimal(sheet["total"]), "control_total": None if control is None else Decimal(control)}


def facts_of(found: LedgerImport) -> list[Fact]:
    """What stays of an import for ever."""
    dates = "No dates"
    if found.first_on and found.last_on:
        dates = f"{day_in_words(found.first_on)} to {day_in_words(found.last_on)}"
    facts = [
        Fact("Ledger of", found.organisation),
        Fact("File", found.file_name),
        Fact("SHA-256", found.sha256),
        Fact("Uploaded", f"by {found.created_by}, {day_in_words(found.created_at)}"),
        Fact("Rows read", f"{found.rows_read:,}"),
        Fact("Total read", in_words(found.total)),
        Fact("Dates", dates),
        Fact("Credits", f"{found.credits:,}"),
        Fact("Rows that cannot be read", f"{found.rows_unreadable:,}"),
    ]
    if found.committed_at:
        facts += [
            Fact("Committed", f"by {found.committed_by}, {day_in_words(found.committed_at)}"),
            Fact("Rows added", f"{found.rows_added:,}, {in_words(found.total_added)}"),
            Fact("Rows matched", f"{found.rows_matched:,}"),
            Fact("Rows loaded before", f"{found.rows_loaded_before:,}"),
        ]
    if found.undone_at:
        facts.append(Fact("Undone", f"by {found.undone_by}, {day_in_words(found.undone_at)}: {found.undo_reason}"))
    if found.discarded_at:
        facts.append(Fact("Discarded", f"by {found.discarded_by}, {day_in_words(found.discarded_at)}"))
    return facts


class OwnImport:
    """An act on an import of the person's own organisation."""

    action, lookup, section = "spending.record", "reference", SPEND
    status: str = LedgerImport.Status.STAGED

    def get_queryset(self) -> QuerySet[LedgerImport]:
        return (
            LedgerImport.objects.visible_to(self.request.user).filter(status=self.status).select_related("organisation")
        )

    def get_breadcrumbs(self) -> Sequence[Link]:
        return imports_crumbs(self.object)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}


class ReadAgain(OwnImport, ActPage):
    """Say how the file is read: day or month first, which column is what."""

    heading, button, form_class = "How it is read", "Read it so", ReadingForm
    lead = (
        "What you say here is remembered for your next file with the same header. "
        "The file is read once more, and what you chose among its rows is chosen anew."
    )
    success_message = "The file was read again."

    def get_form_kwargs(self) -> dict[str, Any]:
        file = LedgerFile.objects.defer("content").get(ledger_import=self.object)
        return {**super().get_form_kwargs(), "sheets": file.sheets, "asked": self.object.dates_asked}

    def act(self, form: ReadingForm) -> LedgerImport:
        given = form.cleaned_data
        return read_again(
            ledger_import=self.object,
            columns=form.columns(),
            order=given["order"],
            undated_on=given["undated_on"],
            by=self.request.user,
            seen_version=given["version"],
        )


class RowFilters(Filters):
    """The filters of the rows of a file."""

    supplier = django_filters.CharFilter(lookup_expr="icontains", label="Supplier")
    cost_centre = django_filters.CharFilter(lookup_expr="icontains", label="Cost centre")
    text = django_filters.CharFilter(method="containing", label="Document or description")
    decision = django_filters.ChoiceFilter(choices=Decision.choices, label="Decided", empty_label="All")
    coded = django_filters.ChoiceFilter(
        method="by_coding",
        choices=[("suggested", "Suggested from before"), ("coded", "Coded"), ("uncoded", "Not coded")],
        label="Coding",
        empty_label="All",
    )

    def containing(self, rows: QuerySet[LedgerRow], name: str, value: str) -> QuerySet[LedgerRow]:
        return rows.filter(Q(document__icontains=value.strip()) | Q(description__icontains=value.strip()))

    def by_coding(self, rows: QuerySet[LedgerRow], name: str, value: str) -> QuerySet[LedgerRow]:
        if value == "suggested":
            return rows.filter(suggested=True)
        return rows.filter(budget_line__isnull=value == "uncoded")

    class Meta(Filters.Meta):
        model = LedgerRow
        fields: list[str] = []


class ImportRows(OwnImport, ActPage):
    """Choose the rows that belong to the programme, and code them, many at once."""

    heading, button, form_class = "Choose rows", "Do this", RowsForm
    template_name = "funding/import_rows.html"
    lead = (
        "Filter the list, tick rows or take the whole list, then say what becomes of them. "
        "Nothing is recorded until you commit."
    )

    @cached_property
    def filterset(self) -> RowFilters:
        rows = LedgerRow.objects.visible_to(self.request.user).filter(ledger_import=self.object)
        given = self.request.GET if any(self.request.GET.get(name) for name in RowFilters.base_filters) else None
        return RowFilters(given, queryset=rows, request=self.request)

    @cached_property
    def rows(self) -> QuerySet[LedgerRow]:
        if self.filterset.is_bound and not self.filterset.is_valid():
            return self.filterset.queryset.none()
        return self.filterset.qs

    @cached_property
    def table(self) -> ImportRowTable:
        table = ImportRowTable(
            self.rows.select_related(*SHOWN_WITH_A_ROW), ticked=self.request.POST.getlist("row"), prefix=""
        )
        return RequestConfig(self.request, paginate={"per_page": PER_PAGE}).configure(table)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user, "count": self.rows.count()}

    def chosen(self, scope: str) -> QuerySet[LedgerRow]:
        """The rows that the act is about; a tick counts only within the list as it is filtered."""
        if scope == "all":
            return self.rows
        if scope == "page":
            return self.rows.filter(pk__in=[row.record.pk for row in self.table.paginated_rows])
        ticked = [number_in(key) for key in self.request.POST.getlist("row")][:PER_PAGE]
        return self.rows.filter(pk__in=ticked)

    def act(self, form: RowsForm) -> Decided:
        given = form.cleaned_data
        return decide(
            ledger_import=self.object,
            among=self.chosen(given["scope"]),
            decision=given["decision"],
            change=form.change(),
            by=self.request.user,
        )

    def get_success_message(self, result: Decided) -> str:
        words = f"{result.changed:,} {'row' if result.changed == 1 else 'rows'} changed."
        if result.asking:
            words += (
                f" {result.asking:,} of them equal an entry that is recorded already: match them, "
                "or add them with the reason why they are second ones."
            )
        if result.left:
            words += f" {result.left:,} stay as they were: they equal no entry that is free to be matched."
        return words

    def get_success_url(self, result: Any = None) -> str:
        return self.request.get_full_path()

    def get_actions(self) -> Sequence[Link]:
        url = reverse("funding:import-commit", args=[self.object.reference])
        return [Link("Look at it and commit", url, secondary=True)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        every = self.object.rows
        cards = [
            ("Rows of the file", f"{self.object.rows_read:,}"),
            ("To be added", in_words(every.filter(decision=Decision.ADD).total())),
            ("To be matched", in_words(every.filter(decision=Decision.MATCH).total())),
            ("Match or add?", f"{every.filter(decision=Decision.ASK).count():,}"),
        ]
        return super().get_context_data(**{"table": self.table, "filter": self.filterset, "cards": cards, **kwargs})


class Commit(OwnImport, ConfirmPage):
    """What a commit would write, against the budget, and the commit itself."""

    button, form_class = "Commit all of it", VersionedForm
    template_name = "funding/import_commit.html"

    def get_heading(self) -> str:
        return f"Commit {self.object.reference}?"

    @cached_property
    def reviewed(self) -> Reviewed:
        return review(ledger_import=self.object, by=self.request.user)

    def get_facts(self) -> Sequence[Fact]:
        found = self.reviewed
        facts = [
            Fact("Rows to be added", f"{found.added:,}, {in_words(found.total)}"),
            Fact("Their cost, without recovered VAT", in_words(found.cost)),
            Fact("Rows matched: no new entry", f"{found.matched:,}, {in_words(found.matched_total)}"),
            Fact("Rows loaded before", f"{found.loaded:,}"),
            Fact("Rows left out, and deleted", f"{found.left:,}"),
        ]
        kept_out = [f"{label}: {count:,}" for label, count in sorted(found.kept_out.items())]
        return [*facts, Fact("Kept out of the claim", "\n".join(kept_out))] if kept_out else facts

    def act(self, form: VersionedForm) -> LedgerImport:
        return commit(ledger_import=self.object, by=self.request.user, seen_version=form.cleaned_data["version"])

    def get_success_message(self, result: LedgerImport) -> str:
        return f"{result.rows_added:,} rows were added, {in_words(result.total_added)}."

    def form_invalid(self, form: Any) -> HttpResponse:
        # What the act refused may have changed the rows, so the page shows them as they stand.
        self.__dict__.pop("reviewed", None)
        self.object.refresh_from_db()
        form.data = {**form.data.dict(), "version": self.object.version} if hasattr(form.data, "dict") else form.data
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = self.reviewed
        shown = {
            "impact": RequestConfig(self.request, paginate=False).configure(
                ImpactTable(impact_rows(found.impact(), {}), prefix="impact-")
            ),
            "blocking": [problem for problem in found.problems if problem.blocking],
            "worth_a_look": [problem for problem in found.problems if not problem.blocking],
            "rows_url": reverse("funding:import-rows", args=[self.object.reference]),
        }
        return super().get_context_data(**{"rows": self.get_facts(), **shown, **kwargs})


class Discard(OwnImport, ConfirmPage):
    """Give up an import in preparation."""

    button, danger, form_class = "Discard it", True, VersionedForm
    warning = "The file and its rows are deleted. Nothing of it was recorded. Its counts and its SHA-256 stay."
    success_message = "The import was discarded."

    def get_heading(self) -> str:
        return f"Discard {self.object.reference}?"

    def act(self, form: VersionedForm) -> LedgerImport:
        return discard(ledger_import=self.object, by=self.request.user)


class Undo(OwnImport, ConfirmPage):
    """Take a committed import back as a unit."""

    button, danger, form_class = "Undo the import", True, UndoForm
    status = LedgerImport.Status.COMMITTED
    success_message = "The import was undone."
    warning = (
        "Every entry that it wrote becomes void; those already declared or claimed are reversed in the open quarter. "
        "Entries that were only matched stay."
    )

    def get_heading(self) -> str:
        return f"Undo {self.object.reference}?"

    def get_facts(self) -> Sequence[Fact]:
        found = self.object
        return [Fact("Rows added", f"{found.rows_added:,}, {in_words(found.total_added)}")]

    def act(self, form: UndoForm) -> LedgerImport:
        given = form.cleaned_data
        return undo(
            ledger_import=self.object,
            reason=given["reason"],
            by=self.request.user,
            seen_version=given["version"],
        )
