"""What the ledger shows, as an officer types it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from board import clock
from board.access import acting_organisation
from board.models import User
from contracts.models import Contract
from core.forms import DayField, OnceForm
from core.money import NOUGHT, MoneyFormField, in_words, read_amount, round_to_penny
from funding.forms.charges import programmes_open_to
from funding.models import Award, BudgetLine, Transaction
from funding.spending import Charge

# What an officer records by hand; reversals are written by the acts that correct and close, reported spend by
# that of a grantee's statement.
KINDS = [
    (Transaction.Kind.ACTUAL, "Actual: an invoice, payroll, a journal or a recharge"),
    (Transaction.Kind.ACCRUAL, "Accrual: received, but no invoice yet"),
    (Transaction.Kind.SUMMARY, "Summary: one figure for a heading and quarter, with the ledger’s print"),
    (Transaction.Kind.ADVANCE, "Payment on account: no cost until the grantee’s statement reports it as spent"),
    (Transaction.Kind.IN_KIND, "In-kind: hours given, at the award’s rate"),
]
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

    remember = forms.BooleanField(
        label="Remember this as the usual split of the contract",
        required=False,
        help_text="It is offered for the contract’s next entries.",
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
        if given.get("remember") and given.get("contract") is None and "contract" not in self.errors:
            self.add_error("contract", "Choose the contract whose usual split this is")
        return given

    def _dates_run_forward(self, given: dict[str, Any]) -> None:
        first, last = given.get("service_from"), given.get("service_to")
        if first and last and last < first:
            self.add_error("service_to", "The service cannot end before it starts. Check both dates")
        received, paid, today = given.get("received_on"), given.get("paid_on"), clock.today()
        for name, day in (("received_on", received), ("paid_on", paid)):
            if day and day > today:
                self.add_error(name, "This date is in the future. Leave it empty until it has happened")

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


class EditForm(RecordForm):
    """The same, of an entry that is there: `version` is the one that the officer opened."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["remember"]

    def take_version(self, version: int) -> None:
        """Let what is on screen be sent again, over the version that the officer is told of now."""
        self.data = self.data.copy()
        self.data[self.add_prefix("version")] = str(version)


def as_boxes(entry: Transaction) -> dict[str, Any]:
    """What an entry would have been typed as."""
    boxes = {name: getattr(entry, name) for name in COPIED if name != "contract"}
    boxes |= {"contract": entry.contract_id, "version": entry.version, "split_by": "amount"}
    if entry.kind == Transaction.Kind.IN_KIND:
        return {**boxes, "hours": f"{Decimal(entry.quantity_hundredths).scaleb(-2)}"}
    return {**boxes, "net": entry.net, "vat": entry.vat, "recoverable_vat": entry.recoverable_vat}


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
