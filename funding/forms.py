"""What officers fill in about money: wording and reading only; what is true is for the acts and rules to say."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from board import clock
from board.access import acting_organisation
from board.models import UNALLOCATED, Programme, Quarter, User, Year
from board.quarters import MONEY, open_quarters
from contracts.models import Contract
from core.forms import ActForm, DayField, FilterForm, OnceForm, PlainForm, UploadField, VersionedForm
from core.money import NOUGHT, MoneyFormField, in_words, read_amount, round_to_penny
from funding.models import Award, BudgetLine, ReceiptPart, Source, Transaction, VarianceReason
from funding.spending import Charge

MOST_LINES = 6
# What an officer records by hand; reversals are written by the acts that correct and close.
KINDS = [
    (Transaction.Kind.ACTUAL, "Actual: an invoice, payroll, a journal or a recharge"),
    (Transaction.Kind.ACCRUAL, "Accrual: received, but no invoice yet"),
    (Transaction.Kind.SUMMARY, "Summary: one figure for a heading and quarter, with the ledger’s print"),
    (Transaction.Kind.REPORTED_SPEND, "Reported spend: what a grantee’s signed statement shows"),
    (Transaction.Kind.ADVANCE, "Payment on account: no cost until it is reported as spent"),
    (Transaction.Kind.IN_KIND, "In-kind: hours given, at the award’s rate"),
]
# A grantee or a body that recharges reports what it spent; the others send invoices.
REPORTS_SPEND = {Contract.Kind.GRANT_AGREEMENT, Contract.Kind.RECHARGE}
# The fields of the form that are the entry's own.
COPIED = (
    "kind",
    "contract",
    "supplier_name",
    "document_number",
    "description",
    "basis",
    "accounting_on",
    "service_from",
    "service_to",
    "received_on",
    "paid_on",
    "reason",
)


def programmes_open_to(user: User) -> list[Programme]:
    """The programmes with a source that the officer's organisation keeps and a quarter that is open to it."""
    rows = Programme.objects.filter(sources__in=Source.objects.entered_by(user)).distinct()
    return [row for row in rows if open_to(user, row)]


def open_to(user: User, programme: Programme) -> list[Quarter]:
    """The quarters of a programme that the acting organisation may record spend in now."""
    return open_quarters(programme, MONEY, clock.now(), acting_organisation(user))


class BudgetLineChoice(forms.ModelChoiceField):
    """A budget line, offered under its source and project."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=BudgetLine.objects.none(), empty_label="Choose a budget line", **kwargs)

    def label_from_instance(self, line: BudgetLine) -> str:
        return f"{line.project} · {line.heading} · {line.year.code}"


def chargeable_lines(user: User, programmes: Iterable[Programme]) -> Any:
    """The budget lines that an officer's entries may charge."""
    return (
        BudgetLine.objects.filter(source__in=Source.objects.entered_by(user), source__programme__in=list(programmes))
        .exclude(project__code=UNALLOCATED)
        .exclude(heading__code=UNALLOCATED)
        .select_related("source__programme", "source__kept_by", "project", "heading", "year__programme")
        .order_by("source__programme__code", "source__position", "project__position", "-year__starts", "heading__name")
    )


def grouped_choices(lines: Iterable[BudgetLine], field: BudgetLineChoice) -> list[Any]:
    """The same lines as the choices of a select with a group for each source and project."""
    groups: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for line in lines:
        groups[f"{line.source}: {line.project}"].append((line.pk, field.label_from_instance(line)))
    return [("", field.empty_label), *groups.items()]


def charge_choices(user: User) -> dict[str, Any]:
    """What the rows of a split may choose from, read once for all rows; for `form_kwargs`."""
    kept = Programme.objects.filter(sources__in=Source.objects.entered_by(user)).distinct()
    programmes = {programme: found for programme in kept if (found := open_to(user, programme))}
    lines = list(chargeable_lines(user, programmes))
    quarters = [quarter for found in programmes.values() for quarter in found]
    earlier = [
        quarter
        for programme, found in programmes.items()
        for quarter in programme.quarters.select_related("programme", "year")
        if quarter.kind != Quarter.Kind.FOLLOW_UP and quarter.order < found[-1].order
    ]
    return {"lines": lines, "quarters": quarters, "earlier": earlier, "several": len(programmes) > 1}


class RowChoice(forms.ChoiceField):
    """A choice among rows that were read already, so that each row of a formset asks the database nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=(), **kwargs)
        self.rows: dict[str, Any] = {}

    def clean(self, value: Any) -> Any:
        """The chosen row, or None."""
        return self.rows.get(super().clean(value))

    def offer(self, rows: Sequence[Any], choices: Sequence[Any]) -> None:
        """Let these be chosen, shown as `choices`."""
        self.rows = {str(row.pk): row for row in rows}
        self.choices = choices


def quarter_words(quarter: Quarter, several: bool) -> str:
    return f"{quarter.programme.code}: {quarter}" if several else str(quarter)


class ChargeForm(PlainForm):
    """One line of a split: where the cost goes, when, and how much of it."""

    marks_optional = False

    line = RowChoice(label="Budget line", required=True)
    quarter = RowChoice(label="Recorded in", required=True)
    share = forms.CharField(
        label="Amount or percentage",
        required=False,
        max_length=20,
        widget=forms.TextInput(
            attrs={"class": "govuk-input--width-10", "inputmode": "decimal", "autocomplete": "off"}
        ),
    )  # fmt: skip
    relates_to = RowChoice(label="Relates to an earlier quarter", required=False)

    def __init__(
        self,
        *args: Any,
        lines: Sequence[BudgetLine],
        quarters: Sequence[Quarter],
        earlier: Sequence[Quarter],
        several: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        words = BudgetLineChoice(required=False)
        self.fields["line"].offer(lines, grouped_choices(lines, words))
        self.fields["line"].error_messages["required"] = "Choose a budget line"
        self.fields["line"].error_messages["invalid_choice"] = (
            "That budget line is not one that your organisation keeps. Choose one from the list"
        )
        open_choices = [(quarter.pk, quarter_words(quarter, several)) for quarter in quarters]
        self.fields["quarter"].offer(quarters, [("", "Choose a quarter"), *open_choices])
        self.fields["quarter"].error_messages["required"] = "Choose the quarter to record it in"
        self.fields["quarter"].error_messages["invalid_choice"] = (
            "That quarter is not open for spend. Choose an open one; what is late relates to its earlier quarter"
        )
        if len(quarters) == 1:
            self.fields["quarter"].initial = str(quarters[0].pk)
        late = [(quarter.pk, quarter_words(quarter, several)) for quarter in reversed(earlier)]
        self.fields["relates_to"].offer(earlier, [("", "No"), *late])


class ChargeFormSet(forms.BaseFormSet):
    """The lines of a split; a row left wholly empty is not there."""

    def initial_form_count(self) -> int:
        """None of its rows is there before: what a row starts with was typed, and may be left empty."""
        return 0

    def filled(self) -> list[ChargeForm]:
        return [form for form in self.forms if form.has_changed() or form is self.forms[0]]

    def charges(self, by_percent: bool) -> list[Charge]:
        """The split as the act takes it. Marks each share that cannot be read and raises once all are."""
        found, wrong = [], False
        filled = self.filled()
        for form in filled:
            text = form.cleaned_data["share"].strip()
            share = None
            if text or len(filled) > 1:
                try:
                    share = read_percent(text) if by_percent else _read_share(text)
                except ValueError as error:
                    form.add_error("share", ValidationError(str(error), code="invalid"))
                    wrong = True
                    continue
            found.append(
                Charge(
                    line=form.cleaned_data["line"],
                    quarter=form.cleaned_data["quarter"],
                    amount=None if by_percent else share,
                    percent=share if by_percent else None,
                    relates_to=form.cleaned_data["relates_to"],
                )
            )
        if wrong:
            raise ValidationError("The split cannot be read.")
        return found

    def chosen_lines(self) -> list[BudgetLine]:
        """The budget lines chosen so far, whatever else is wrong."""
        found = [getattr(form, "cleaned_data", {}).get("line") for form in self.forms]
        return [line for line in found if line is not None]


def _read_share(text: str) -> Decimal:
    if not text:
        raise ValueError("Enter how much of the cost this line takes")
    if text.endswith("%"):
        raise ValueError(f"“{text}” is a percentage. Enter pounds and pence, or choose to split by percentage")
    return read_amount(text)


def read_percent(text: str) -> Decimal:
    """ "33.34%" or "33.34" -> Decimal; at most four decimals. ValueError with a sentence otherwise."""
    if not text:
        raise ValueError("Enter what percentage of the cost this line takes")
    if "£" in text:
        raise ValueError(f"“{text}” is an amount. Enter a percentage like 40, or choose to split by amount")
    try:
        value = Decimal(text.removesuffix("%").strip())
    except ArithmeticError:
        raise ValueError(f"“{text}” is not a percentage. Enter a number like 40 or 33.34") from None
    if not value.is_finite() or not 0 < value <= 100:
        raise ValueError(f"“{text}” is not a percentage between 0 and 100. Enter a number like 40 or 33.34")
    if value != value.quantize(Decimal("0.0001")):
        raise ValueError(f"“{text}” has more than four decimal places. Enter a percentage like 33.3333")
    return value


ChargeRows = forms.formset_factory(
    ChargeForm, formset=ChargeFormSet, extra=0, min_num=1, max_num=MOST_LINES, validate_min=False, validate_max=True
)


class RecordForm(OnceForm):
    """What the ledger shows of one entry. What is needed depends on the kind, so the labels say what is optional."""

    marks_optional = False

    kind = forms.ChoiceField(
        label="What is it?", choices=KINDS, widget=forms.RadioSelect, initial=Transaction.Kind.ACTUAL
    )
    contract = forms.ModelChoiceField(
        label="Contract (optional)", queryset=Contract.objects.none(), required=False, empty_label="None"
    )
    supplier_name = forms.CharField(
        label="Supplier name (optional)",
        required=False,
        max_length=200,
        help_text="As the ledger has it. Leave it empty for payroll and journals.",
    )
    document_number = forms.CharField(
        label="Document number (optional)",
        required=False,
        max_length=60,
        help_text="The invoice, journal or credit note.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )
    description = forms.CharField(
        label="Description", max_length=200, help_text="What was received. No names of people."
    )
    basis = forms.CharField(
        label="Basis (optional)",
        required=False,
        max_length=200,
        help_text="For payroll, overheads and in-kind: post title, share or rate. No names of people.",
    )
    accounting_on = DayField(label="Accounting date", help_text="The date in the ledger. For example, 3 April 2023")
    service_from = DayField(label="Service from", help_text="The first day of what was received")
    service_to = DayField(label="Service to", help_text="The last day; the same day if it was one")
    received_on = DayField(label="Invoice received (optional)", required=False, help_text="")
    paid_on = DayField(label="Paid (optional)", required=False, help_text="")
    hours = forms.CharField(
        label="Hours",
        required=False,
        max_length=12,
        help_text="For in-kind only: the hours given. They are valued at the award’s rate.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-5", "inputmode": "decimal", "autocomplete": "off"}),
    )
    net = MoneyFormField(
        label="Net amount",
        required=False,
        help_text="Without VAT. For a credit, with a minus or in brackets.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )
    vat = MoneyFormField(
        label="VAT (optional)",
        required=False,
        help_text="",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )
    recoverable_vat = MoneyFormField(
        label="Recoverable VAT (optional)",
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )
    reason = forms.CharField(
        label="Reason (optional)",
        required=False,
        help_text="Needed for a credit whose original is not here, and for a second entry of the same document.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    split_by = forms.ChoiceField(
        label="Split by",
        choices=[("amount", "Amount"), ("percent", "Percentage")],
        initial="amount",
        widget=forms.RadioSelect(attrs={"class": "govuk-radios--inline govuk-radios--small"}),
        help_text="A single line needs neither: it takes the whole cost.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = acting_organisation(user)
        self.fields["contract"].queryset = contracts_to_record(user)
        recovers = self.organisation is not None and self.organisation.recovers_vat
        self.fields["recoverable_vat"].help_text = (
            f"Left empty, all of the VAT: {self.organisation} recovers it."
            if recovers
            else f"Left empty, none of the VAT: {self.organisation} does not recover it."
        )

    def clean_hours(self) -> Decimal | None:
        text = self.cleaned_data["hours"].strip()
        if not text:
            return None
        try:
            hours = read_amount(text)
        except ValueError:
            raise ValidationError(
                f"“{text}” is not a number of hours. Enter a number like 12 or 7.5, with two decimals at most",
                code="invalid",
            ) from None
        if hours <= 0 or "£" in text:
            raise ValidationError("Enter the hours as a number above 0, like 7.5", code="invalid")
        return hours

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        in_kind = given.get("kind") == Transaction.Kind.IN_KIND
        if in_kind and given.get("hours") is None and "hours" not in self.errors:
            self.add_error("hours", "Enter the hours given")
        if in_kind and (given.get("net") is not None or given.get("vat")):
            self.add_error("net", "Leave the amounts empty: in-kind is its hours at the award’s rate")
        if not in_kind and given.get("net") is None and "net" not in self.errors:
            self.add_error("net", "Enter the net amount, even if it is 0.00")
        if not in_kind and given.get("hours") is not None:
            self.add_error("hours", "Leave the hours empty: they are for in-kind only")
        self._dates_run_forward(given)
        self._contract_fits_the_kind(given)
        return given

    def _dates_run_forward(self, given: dict[str, Any]) -> None:
        first, last = given.get("service_from"), given.get("service_to")
        if first and last and last < first:
            self.add_error("service_to", "The service cannot end before it starts. Check both dates")
        received, paid, today = given.get("received_on"), given.get("paid_on"), clock.today()
        for name, day in (("received_on", received), ("paid_on", paid)):
            if day and day > today:
                self.add_error(name, "This date is in the future. Leave it empty until it has happened")

    def _contract_fits_the_kind(self, given: dict[str, Any]) -> None:
        contract, kind = given.get("contract"), given.get("kind")
        if kind == Transaction.Kind.REPORTED_SPEND and (contract is None or contract.kind not in REPORTS_SPEND):
            self.add_error("contract", "Choose the grant agreement or recharge whose spend is reported")
        if kind == Transaction.Kind.ACTUAL and contract is not None and contract.kind == Contract.Kind.GRANT_AGREEMENT:
            self.add_error(
                "kind",
                f"{contract.reference} is a grant agreement: what counts is what the grantee reports as spent. "
                "Choose reported spend, or payment on account for money paid ahead",
            )

    def entry(self, charges: Sequence[Charge]) -> Transaction:
        """The unsaved entry. In-kind is worked out from the award of the first line's source and year."""
        given = self.cleaned_data
        entry = Transaction(**{name: given[name] for name in COPIED})
        entry.recorded_by = self.organisation
        if entry.kind == Transaction.Kind.IN_KIND:
            entry.quantity_hundredths = int(given["hours"].scaleb(2))
            entry.net = value_of_hours(given["hours"], charges)
        else:
            entry.net, entry.vat = given["net"], given["vat"] or NOUGHT
            entry.recoverable_vat = self.recoverable(entry.vat)
        return entry

    def recoverable(self, vat: Decimal) -> Decimal:
        """The VAT recovered: as typed, else by the organisation's rule."""
        typed = self.cleaned_data["recoverable_vat"]
        if typed is not None:
            return typed
        return vat if self.organisation.recovers_vat else NOUGHT

    @property
    def said_about_vat(self) -> str:
        """What was taken for the box of recoverable VAT that was left empty; empty where nothing was."""
        given = self.cleaned_data
        if not given.get("vat") or given.get("recoverable_vat") is not None:
            return ""
        if self.organisation.recovers_vat:
            return f"All of the VAT, {in_words(given['vat'])}, was taken as recoverable."
        return f"None of the VAT, {in_words(given['vat'])}, was taken as recoverable."


def value_of_hours(hours: Decimal, charges: Sequence[Charge]) -> Decimal:
    """Hours at the rate of the award that they are given under; ValidationError where there is no one rate."""
    rates = {_rate_of(charge.line) for charge in charges}
    if len(rates) != 1 or None in rates:
        raise ValidationError(
            {"hours": "Choose budget lines of one in-kind match with a rate in its award: hours are valued at that"}
        )
    return round_to_penny(hours * rates.pop())


def _rate_of(line: BudgetLine) -> Decimal | None:
    row = Award.objects.filter(source=line.source, year=line.year).first()
    return row.in_kind_rate if row else None


def contracts_to_record(user: User) -> Any:
    """The contracts that the acting organisation pays under: bought by it, worth something, with live programme."""
    return (
        Contract.objects.visible_to(user)
        .filter(buyer=acting_organisation(user), values__isnull=False, programme__in=programmes_open_to(user))
        .exclude(kind=Contract.Kind.DATA_SUPPLY)
        .distinct()
    )


class CorrectForm(ActForm):
    """How an entry is put right by a later one."""

    marks_optional = False

    how = forms.ChoiceField(
        label="What shall be taken back?",
        choices=[("whole", "All of it"), ("part", "Part of it")],
        widget=forms.RadioSelect,
    )
    amount = MoneyFormField(
        label="Amount to take back",
        required=False,
        help_text="For a part only: the cost, without a minus.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )
    document_number = forms.CharField(
        label="Credit note number (optional)",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )
    quarter = RowChoice(label="Recorded in", required=True)
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, quarters: Sequence[Quarter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["how"].error_messages["required"] = "Choose whether all of it or part of it is taken back"
        self.fields["quarter"].offer(quarters, [("", "Choose a quarter"), *((row.pk, str(row)) for row in quarters)])
        self.fields["quarter"].error_messages["required"] = "Choose the open quarter to record it in"
        if len(quarters) == 1:
            self.fields["quarter"].initial = str(quarters[0].pk)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("how") == "part" and given.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", "Enter the amount to take back")
        if given.get("how") == "whole" and given.get("amount") is not None:
            self.add_error("amount", "Leave the amount empty, or choose to take back part of it")
        return given


class ReasonForm(VersionedForm):
    """An act on a row that needs nothing but the reason."""

    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}))


class WithdrawForm(ActForm):
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}))


class DeclareForm(ActForm):
    """Whether a quarter's spend of a source is complete, or nil."""

    says = forms.ChoiceField(
        label="What do you declare?",
        choices=[
            ("complete", "Complete: everything spent in the quarter is recorded"),
            ("nil", "Nil: nothing was spent in the quarter"),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["says"].error_messages["required"] = "Choose complete or nil"


class ReceiptForm(OnceForm):
    """What the funder paid of one claim."""

    marks_optional = False

    received_on = DayField(label="Received on", help_text="As the bank shows it. For example, 3 August 2023")
    amount = MoneyFormField(
        label="Amount received",
        min_value=Decimal("0.01"),
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )
    bank_reference = forms.CharField(
        label="Bank reference (optional)",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )
    short_reason = forms.ChoiceField(
        label="If it is less than is owed, why?",
        required=False,
        choices=ReceiptPart.ShortReason.choices,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, owed: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owed = owed

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        amount = given.get("amount")
        if amount is not None and amount < self.owed and not given.get("short_reason"):
            self.add_error(
                "short_reason", f"That is {in_words(self.owed - amount)} less than is owed. Choose the reason"
            )
        if given.get("received_on") and given["received_on"] > clock.today():
            self.add_error("received_on", "This date is in the future. Enter the day on which it was received")
        return given

    @property
    def short(self) -> Decimal:
        """How much less than is owed was paid; nought where it was paid in full."""
        return max(self.owed - self.cleaned_data["amount"], NOUGHT)


class LedgerForm(ActForm):
    """A ledger file to be looked at."""

    file = UploadField(
        label="Ledger file",
        help_text="A spreadsheet or CSV, as it comes from the finance system. It is looked at and not kept.",
    )
    sheet = forms.CharField(
        label="Sheet",
        required=False,
        max_length=100,
        help_text="Leave it empty to read every visible sheet that holds a ledger.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )


class BudgetChoice(FilterForm):
    """Which budget to look at, and how to cut it."""

    year = forms.ModelChoiceField(label="Year", queryset=Year.objects.none(), empty_label=None)
    source = forms.ModelChoiceField(label="Source", queryset=Source.objects.none(), required=False, empty_label="All")
    quarter = forms.ModelChoiceField(
        label="To the end of", queryset=Quarter.objects.none(), required=False, empty_label="The latest"
    )
    cut = forms.ChoiceField(
        label="Cut by",
        choices=[("line", "Project and heading"), ("project", "Project"), ("heading", "Cost heading")],
        required=False,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = Source.objects.visible_to(user)
        programmes = Programme.objects.filter(sources__in=sources).distinct()
        years = Year.objects.filter(programme__in=programmes).select_related("programme")
        self.fields["year"].queryset = years.order_by("-starts", "programme__code")
        self.fields["year"].label_from_instance = lambda year: f"{year.code}, {year.programme.code}"
        self.fields["source"].queryset = sources.select_related("programme")
        self.fields["quarter"].queryset = (
            Quarter.objects.filter(programme__in=programmes)
            .exclude(kind=Quarter.Kind.FOLLOW_UP)
            .order_by("-first_day", "-number")
        )
        self.fields["quarter"].label_from_instance = lambda quarter: quarter.short_label

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        year, source, quarter = given.get("year"), given.get("source"), given.get("quarter")
        if year and source and source.programme_id != year.programme_id:
            self.add_error("source", f"{source} is no source of {year.programme.code}. Choose another, or all")
        if year and quarter and quarter.year_id != year.pk:
            self.add_error("quarter", f"{quarter.short_label} is not in {year.code}. Choose a quarter of that year")
        return given


class QuarterChoice(FilterForm):
    """Which quarter to look at."""

    quarter = forms.ModelChoiceField(label="Quarter", queryset=Quarter.objects.none(), empty_label=None)

    def __init__(self, *args: Any, quarters: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quarter"].queryset = quarters
        several = len({quarter.programme_id for quarter in quarters}) > 1
        self.fields["quarter"].label_from_instance = lambda quarter: quarter_words(quarter, several)


class ExplainForm(VersionedForm):
    """Why a project's spend varies from its profile."""

    code = forms.ChoiceField(label="Kind of reason", choices=VarianceReason.Code)
    words = forms.CharField(
        label="Explanation",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="At least 20 characters. It is printed in the return.",
        max_length=2000,
    )


class TellForm(VersionedForm):
    """When the funder was told of an underspend that was noticed before."""

    told_on = DayField(label="Funder told on")
    funder_reference = forms.CharField(label="Reference of the message", required=False, max_length=60)


class UnderspendForm(OnceForm):
    """An underspend that is foreseen, and when the funder was told."""

    amount = MoneyFormField(label="Underspend foreseen", min_value=Decimal("0.01"))
    noticed_on = DayField(label="Noticed on")
    told_on = DayField(label="Funder told on", required=False, help_text="Leave empty until the funder is told.")
    funder_reference = forms.CharField(label="Reference of the message", required=False, max_length=60)
    words = forms.CharField(label="Why", widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)
