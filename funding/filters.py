"""What the lists of money can be narrowed by."""

from datetime import datetime
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from board.models import Organisation, Programme, Project, Quarter, Year
from contracts.models import Contract
from core.filters import DayFilter, Filters, MomentFilter
from funding.models import Claim, CostHeading, MatchReceipt, Source, SpendLine, Transaction, Virement
from funding.paying import Standing


def _programmes(request: HttpRequest) -> QuerySet[Programme]:
    return Programme.objects.filter(sources__in=Source.objects.visible_to(request.user)).distinct()


def _years(request: HttpRequest) -> QuerySet[Year]:
    return Year.objects.filter(programme__in=_programmes(request)).order_by("-starts", "programme__code")


def _quarters(request: HttpRequest) -> QuerySet[Quarter]:
    rows = Quarter.objects.filter(programme__in=_programmes(request)).exclude(kind=Quarter.Kind.FOLLOW_UP)
    return rows.order_by("-first_day", "-number")


def _sources(request: HttpRequest) -> QuerySet[Source]:
    return Source.objects.visible_to(request.user).select_related("programme")


def _projects(request: HttpRequest) -> QuerySet[Project]:
    return Project.objects.filter(budget_lines__source__in=_sources(request)).distinct()


def _headings(request: HttpRequest) -> QuerySet[CostHeading]:
    return CostHeading.objects.filter(budget_lines__source__in=_sources(request)).distinct()


def _contracts(request: HttpRequest) -> QuerySet[Contract]:
    return Contract.objects.visible_to(request.user).filter(transactions__isnull=False).distinct()


def _ledgers(request: HttpRequest) -> QuerySet[Organisation]:
    return Organisation.objects.filter(sources_kept__in=_sources(request)).distinct()


class LabelledChoices(django_filters.ModelChoiceFilter):
    """A choice of rows by the words that `words` makes of each."""

    def __init__(self, *args: Any, words: Any, **kwargs: Any) -> None:
        self.words = words
        super().__init__(*args, **kwargs)

    @property
    def field(self) -> Any:
        made = super().field
        made.label_from_instance = self.words
        return made


class SpendFilters(Filters):
    """The filters of the spend list. Void entries are shown only on request."""

    programme = django_filters.ModelChoiceFilter(
        field_name="budget_line__source__programme", queryset=_programmes, label="Programme"
    )
    year = LabelledChoices(
        field_name="budget_line__year", queryset=_years, label="Year of the budget line", words=lambda year: year.code
    )
    quarter = LabelledChoices(queryset=_quarters, label="Recorded in", words=str)
    until = LabelledChoices(queryset=_quarters, label="Recorded up to", words=str, method="recorded_up_to")
    source = django_filters.ModelChoiceFilter(field_name="budget_line__source", queryset=_sources, label="Source")
    project = django_filters.ModelChoiceFilter(field_name="budget_line__project", queryset=_projects, label="Project")
    heading = django_filters.ModelChoiceFilter(
        field_name="budget_line__heading", queryset=_headings, label="Cost heading"
    )
    contract = django_filters.ModelChoiceFilter(
        field_name="transaction__contract", queryset=_contracts, label="Contract"
    )
    kind = django_filters.ChoiceFilter(
        field_name="transaction__kind", choices=Transaction.Kind.choices, label="Kind", empty_label="All"
    )
    state = django_filters.ChoiceFilter(
        method="in_state", choices=SpendLine.State.choices, label="State", empty_label="All"
    )
    late = django_filters.ChoiceFilter(
        method="only_late",
        choices=[("yes", "Relates to an earlier quarter")],
        label="Lateness",
        empty_label="All",
    )
    from_day = DayFilter(field_name="transaction__accounting_on", lookup_expr="gte", label="Accounting date from")
    to_day = DayFilter(field_name="transaction__accounting_on", lookup_expr="lte", label="Accounting date to")
    in_kind = django_filters.ChoiceFilter(
        method="without_in_kind", choices=[("without", "Left out")], label="In-kind match", empty_label="Shown too"
    )
    ledger = django_filters.ModelChoiceFilter(
        queryset=_ledgers, label="Cost in the ledger of", method="in_ledger", help_text="Without in-kind."
    )
    text = django_filters.CharFilter(method="containing", label="Reference, supplier, document or description")
    void = django_filters.ChoiceFilter(
        method="with_void", choices=[("shown", "Shown too"), ("only", "Only these")], label="Void entries",
        empty_label="Left out",
    )  # fmt: skip

    def without_in_kind(self, rows: QuerySet[SpendLine], name: str, value: str) -> QuerySet[SpendLine]:
        return rows.exclude(budget_line__source__kind=Source.Kind.IN_KIND_MATCH)

    as_of = MomentFilter(method="as_it_stood", label="As the record stood on", help_text="Empty for now.")

    @property
    def moment(self) -> datetime | None:
        """The moment as of which the list is read; None for now."""
        return self.form.cleaned_data.get("as_of") if self.is_bound and self.is_valid() else None

    def as_it_stood(self, rows: QuerySet[SpendLine], name: str, value: datetime) -> QuerySet[SpendLine]:
        return rows.in_force(value)

    def in_state(self, rows: QuerySet[SpendLine], name: str, value: str) -> QuerySet[SpendLine]:
        return rows.with_state(self.form.cleaned_data.get("as_of")).filter(state_then=value)

    def in_ledger(self, rows: QuerySet[SpendLine], name: str, value: Organisation) -> QuerySet[SpendLine]:
        return rows.in_ledger_of(value)

    def only_late(self, rows: QuerySet[SpendLine], name: str, value: str) -> QuerySet[SpendLine]:
        return rows.filter(relates_to__isnull=False)

    def recorded_up_to(self, rows: QuerySet[SpendLine], name: str, value: Quarter) -> QuerySet[SpendLine]:
        same_day = Q(quarter__first_day=value.first_day, quarter__number__lte=value.number)
        return rows.filter(same_day | Q(quarter__first_day__lt=value.first_day))

    def containing(self, rows: QuerySet[SpendLine], name: str, value: str) -> QuerySet[SpendLine]:
        words = value.strip()
        return rows.filter(
            Q(transaction__reference__icontains=words)
            | Q(transaction__supplier_name__icontains=words)
            | Q(transaction__document_number__icontains=words)
            | Q(transaction__description__icontains=words)
        )

    def with_void(self, rows: QuerySet[SpendLine], name: str, value: str) -> QuerySet[SpendLine]:
        return rows.filter(transaction__voided_at__isnull=False) if value == "only" else rows

    class Meta(Filters.Meta):
        model = SpendLine
        fields: list[str] = []


def _match(request: HttpRequest) -> QuerySet[Source]:
    return _sources(request).filter(kind=Source.Kind.CASH_MATCH)


def _recorders(request: HttpRequest) -> QuerySet[Organisation]:
    return Organisation.objects.filter(transactions__in=Transaction.objects.visible_to(request.user)).distinct()


def _contracts_of_invoices(request: HttpRequest) -> QuerySet[Contract]:
    """Those that the entries name which the person sees, whoever's contract it is."""
    return Contract.objects.filter(transactions__in=Transaction.objects.visible_to(request.user)).distinct()


class PaymentFilters(Filters):
    """What the days to payment are narrowed to."""

    ledger = django_filters.ModelChoiceFilter(field_name="recorded_by", queryset=_recorders, label="In the ledger of")
    contract = django_filters.ModelChoiceFilter(
        queryset=_contracts_of_invoices, label="Contract", null_label="No contract", null_value="none"
    )
    from_day = DayFilter(field_name="counted_on", lookup_expr="gte", label="Received from")
    to_day = DayFilter(field_name="counted_on", lookup_expr="lte", label="Received to")

    class Meta(Filters.Meta):
        model = Transaction
        fields: list[str] = []


class InvoiceFilters(PaymentFilters):
    """As of the days to payment, and how an invoice stands to its 30 days."""

    standing = django_filters.ChoiceFilter(
        method="by_standing",
        choices=[("beyond", "Late, overdue or disputed"), *Standing.LABELS.items()],
        label="Standing",
        empty_label="All",
    )

    def by_standing(self, rows: QuerySet[Transaction], name: str, value: str) -> QuerySet[Transaction]:
        wanted = (Standing.LATE, Standing.OVERDUE, Standing.DISPUTED) if value == "beyond" else (value,)
        return rows.filter(standing__in=wanted)


class MatchReceiptFilters(Filters):
    year = LabelledChoices(
        queryset=lambda request: _years(request).select_related("programme"),
        label="Year",
        words=lambda year: f"{year.code}, {year.programme.code}",
    )
    source = LabelledChoices(queryset=_match, label="Source", words=lambda source: f"{source}, {source.programme.code}")
    standing = django_filters.ChoiceFilter(
        method="by_standing",
        choices=[("in-force", "In force"), ("void", "Void")],
        label="Standing",
        empty_label="All",
    )

    def by_standing(self, rows: QuerySet[MatchReceipt], name: str, value: str) -> QuerySet[MatchReceipt]:
        return rows.filter(voided_at__isnull=value == "in-force")

    class Meta(Filters.Meta):
        model = MatchReceipt
        fields: list[str] = []


class ClaimFilters(Filters):
    programme = django_filters.ModelChoiceFilter(queryset=_programmes, label="Programme")
    year = LabelledChoices(
        field_name="quarter__year", queryset=_years, label="Year", words=lambda year: year.code
    )  # fmt: skip
    standing = django_filters.ChoiceFilter(
        method="by_standing",
        choices=[("owed", "Still owed"), ("settled", "Settled"), ("withdrawn", "Withdrawn")],
        label="Standing",
        empty_label="All",
    )

    def by_standing(self, rows: QuerySet[Claim], name: str, value: str) -> QuerySet[Claim]:
        if value == "withdrawn":
            return rows.filter(withdrawn_at__isnull=False)
        in_force = rows.filter(withdrawn_at=None)
        return in_force.filter(owed__gt=0) if value == "owed" else in_force.filter(owed=0)

    class Meta(Filters.Meta):
        model = Claim
        fields: list[str] = []


class VirementFilters(Filters):
    """By source and year."""

    source = django_filters.ModelChoiceFilter(field_name="budget_version__source", queryset=_sources, label="Source")
    year = LabelledChoices(
        field_name="budget_version__year", queryset=_years, label="Year", words=lambda year: year.code
    )  # fmt: skip

    class Meta(Filters.Meta):
        model = Virement
        fields: list[str] = []


class UnprovenFilters(Filters):
    """The filters of the entries without evidence, each by the lines of the entry."""

    quarter = LabelledChoices(queryset=_quarters, label="Recorded in", words=str, method="charged")
    year = LabelledChoices(
        queryset=_years, label="Year of the budget line", words=lambda year: year.code, method="charged"
    )
    source = django_filters.ModelChoiceFilter(queryset=_sources, label="Source", method="charged")
    ledger = django_filters.ModelChoiceFilter(field_name="recorded_by", queryset=_ledgers, label="Ledger of")

    def charged(self, rows: QuerySet[Transaction], name: str, value: Any) -> QuerySet[Transaction]:
        field = name if name == "quarter" else f"budget_line__{name}"
        return rows.filter(Exists(SpendLine.objects.filter(**{field: value}, transaction=OuterRef("pk"))))

    class Meta(Filters.Meta):
        model = Transaction
        fields: list[str] = []
