"""Many entries as rows of one grid: each cell a box, in the order of the ledger's print, so that a paste fits."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from board.access import acting_organisation
from board.models import Organisation, Quarter, User, Year
from contracts.models import Contract
from core.forms import DayField, OnceForm, PlainForm
from core.money import NOUGHT, MoneyFormField
from core.pasting import cells
from funding.entering import NewEntry
from funding.forms.charges import RowChoice, quarter_words
from funding.forms.record import contracts_to_record
from funding.models import BudgetLine, Transaction
from funding.spending import Charge
from funding.usual_splits import Part

PREFIX = "rows"
# A month of a provider's programme is some forty; a page of more is slow to look over.
MOST_ROWS = 100
FIRST_ROWS = MORE_ROWS = 10
KINDS = [
    (Transaction.Kind.ACTUAL, "Actual: invoices, payroll, journals, recharges"),
    (Transaction.Kind.ACCRUAL, "Accruals: received, but no invoice yet"),
]
# The columns in the order of the grid: field, heading, and other headings by which a pasted column is known.
COLUMNS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("accounting_on", "Accounting date", ("date", "posting date", "ledger date", "payment date")),
    ("supplier_name", "Supplier", ("supplier name", "vendor", "payee")),
    ("document_number", "Document", ("document number", "invoice", "invoice number", "reference", "doc no")),
    ("description", "Description", ("details", "narrative", "purpose")),
    ("net", "Net", ("net amount", "amount", "value")),
    ("vat", "VAT", ("vat amount", "tax")),
    ("charge", "Charged to", ("budget line", "charge to", "line", "code", "project", "cost heading")),
    ("contract", "Contract", ("contract reference", "agreement")),
    ("service_from", "Service from", ("from", "period from")),
    ("service_to", "Service to", ("to", "period to")),
    ("recoverable_vat", "Recoverable VAT", ("recovered vat",)),
    ("reason", "Reason", ("comment", "note")),
)
FIELDS = tuple(field for field, _, _ in COLUMNS)
# Where a rule speaks of what the grid calls by another name.
PLACES = {
    "kind": "contract",
    "lines": "charge",
    "line-1": "charge",
    "share-1": "net",
    "quarter-1": "charge",
    "relates_to-1": "charge",
}


class WhatForm(OnceForm):
    """What all rows share: what they are, and the quarter that they are recorded in."""

    marks_optional = False

    kind = forms.ChoiceField(
        label="What are they?",
        choices=KINDS,
        initial=Transaction.Kind.ACTUAL,
        widget=forms.RadioSelect(attrs={"class": "govuk-radios--inline govuk-radios--small"}),
    )
    quarter = RowChoice(label="Recorded in", required=True)
    # What was warned of when the page was last shown: recording asks again only where something new is found.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, quarters: Sequence[Quarter], several: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(quarter.pk, quarter_words(quarter, several)) for quarter in quarters]
        self.fields["quarter"].offer(quarters, [("", "Choose a quarter"), *offered])
        self.fields["quarter"].error_messages["required"] = "Choose the quarter to record them in"
        if len(quarters) == 1:
            self.fields["quarter"].initial = str(quarters[0].pk)


class EntryRow(PlainForm):
    """One entry. Dates of service left empty are the accounting date; every message begins with its row."""

    marks_optional = False

    accounting_on = DayField(label="Accounting date")
    supplier_name = forms.CharField(label="Supplier", required=False, max_length=200)
    document_number = forms.CharField(label="Document", required=False, max_length=60)
    description = forms.CharField(label="Description", max_length=200)
    net = MoneyFormField(label="Net")
    vat = MoneyFormField(label="VAT", required=False)
    charge = forms.CharField(label="Charged to", required=False, max_length=200)
    contract = forms.CharField(label="Contract", required=False, max_length=200)
    service_from = DayField(label="Service from", required=False)
    service_to = DayField(label="Service to", required=False)
    recoverable_vat = MoneyFormField(label="Recoverable VAT", required=False)
    reason = forms.CharField(label="Reason", required=False, max_length=500)

    def __init__(
        self,
        *args: Any,
        number: int,
        lines: Sequence[BudgetLine],
        contracts: Sequence[Contract],
        organisation: Organisation,
        year: Year | None = None,
        splits: Mapping[int, Sequence[Part]] | None = None,
        **kwargs: Any,
    ) -> None:
        """`year` is that of the quarter chosen: of a line that is there in several years, that year's is meant.

        `splits` are the usual splits of contracts in that year, by the contract's key.
        """
        super().__init__(*args, **kwargs)
        self.year, self.splits = year, splits or {}
        self.number, self.lines, self.contracts, self.organisation = number, lines, contracts, organisation

    def add_error(self, field: str | None, error: Any) -> None:
        """Begin each message with the row, since a summary of forty rows shows them far from their boxes."""
        said = error if isinstance(error, ValidationError) else ValidationError(error)
        if not hasattr(said, "error_dict"):
            said = ValidationError(
                [
                    ValidationError(f"Row {self.number}: {_lower(message)}", code=one.code)
                    for one in said.error_list
                    for message in one.messages
                ]
            )
        super().add_error(field, said)

    def clean_charge(self) -> BudgetLine | None:
        if not self.cleaned_data["charge"].strip():
            return None
        of_year = [line for line in self.lines if self.year is None or line.year_id == self.year.pk]
        try:
            return _one_of(self.cleaned_data["charge"], of_year, words_of_line, "budget line")
        except ValidationError as error:
            if error.code != "unknown" or len(of_year) == len(self.lines):
                raise
        # Late cost names its own year, which then decides.
        return _one_of(self.cleaned_data["charge"], self.lines, words_of_line, "budget line")

    def clean_contract(self) -> Contract | None:
        typed = self.cleaned_data["contract"]
        return _one_of(typed, self.contracts, str, "contract") if typed.strip() else None

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("service_from"), given.get("service_to")
        if first and last and last < first:
            self.add_error("service_to", "The service cannot end before it starts. Check both dates")
        if (first is None) != (last is None) and not {"service_from", "service_to"} & set(self.errors):
            self.add_error("service_to" if first else "service_from", "Enter both dates of the service, or neither")
        contract = given.get("contract")
        if given.get("charge") is None and not {"charge", "contract"} & set(self.errors):
            if contract is None:
                self.add_error(
                    "charge", "Enter the budget line that it is charged to, or a contract with a usual split"
                )
            elif contract.pk not in self.splits:
                words = f"Enter the budget line that it is charged to: {contract.reference} has no usual split"
                self.add_error("charge", words)
        return given

    def new_entry(self, kind: str, quarter: Quarter) -> NewEntry:
        """The unsaved entry with what it is charged to."""
        given = self.cleaned_data
        day, vat = given["accounting_on"], given["vat"] or NOUGHT
        entry = Transaction(
            kind=kind,
            contract=given["contract"],
            supplier_name=given["supplier_name"],
            document_number=given["document_number"],
            description=given["description"],
            accounting_on=day,
            service_from=given["service_from"] or day,
            service_to=given["service_to"] or day,
            net=given["net"],
            vat=vat,
            recoverable_vat=self._recoverable(vat),
            reason=given["reason"],
        )
        entry.recorded_by = self.organisation
        return NewEntry(self.number, entry, self._charges(quarter))

    def _charges(self, quarter: Quarter) -> list[Charge]:
        """The one budget line entered, else the usual split of the contract."""
        given = self.cleaned_data
        if given["charge"] is not None:
            return [Charge(given["charge"], quarter)]
        parts = self.splits[given["contract"].pk]
        return [Charge(part.line, quarter, percent=part.percent) for part in parts]

    def _recoverable(self, vat: Decimal) -> Decimal:
        typed = self.cleaned_data["recoverable_vat"]
        if typed is not None:
            return typed
        return vat if self.organisation.recovers_vat else NOUGHT

    @property
    def boxes(self) -> list[forms.BoundField]:
        """Its boxes in the order of the columns."""
        return [self[name] for name in FIELDS]


class Grid(forms.BaseFormSet):
    """The rows; one left wholly empty is not there."""

    def initial_form_count(self) -> int:
        """None of its rows is there before: what a row starts with was typed or pasted."""
        return 0

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Each row knows its number; the empty one, which has no index, is nobody's."""
        return {**super().get_form_kwargs(index), "number": 0 if index is None else index + 1}

    def filled(self) -> list[EntryRow]:
        return [form for form in self.forms if form.has_changed()]


Rows = forms.formset_factory(
    EntryRow, formset=Grid, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
)


def choices_of(user: User, lines: Iterable[BudgetLine]) -> dict[str, Any]:
    """What the rows choose among, read once for all of them; for `form_kwargs`."""
    return {
        "lines": list(lines),
        "contracts": list(contracts_to_record(user).order_by("reference")),
        "organisation": acting_organisation(user),
    }


def words_of_line(line: BudgetLine) -> str:
    """What a budget line is called in the grid: "CHB The Change Hub · provider Provider payments · Grant · 2023-24"."""
    return (
        f"{line.project.code} {line.project.name} · {line.heading.code} {line.heading.name} · "
        f"{line.source.code} {line.source.name} · {line.year.code}"
    )


def _one_of(typed: str, rows: Sequence[Any], words: Any, what: str) -> Any:
    """The one row that has all the words typed; ValidationError where none has, or several.

    Words are compared whole first ("CHB provider"), then by how they begin ("chb prov"), whatever their case.
    """
    wanted = _words(typed)
    by_words = [(row, _words(words(row))) for row in rows]
    whole = [row for row, has in by_words if wanted <= has]
    begun = [row for row, has in by_words if all(any(word.startswith(one) for word in has) for one in wanted)]
    found = whole or begun
    exact = [row for row, has in by_words if has == wanted]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    if not found:
        raise ValidationError(f"“{typed}” names no {what} of yours. Choose one from the list", code="unknown")
    shown = "; ".join(str(row) for row in found[:3]) + ("; and more" if len(found) > 3 else "")
    raise ValidationError(f"“{typed}” may be {len(found)} of your {what}s: {shown}. Say which", code="several")


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w-]+", text.casefold()))


def _lower(message: str) -> str:
    """The message after a colon: its first letter small, unless it is a sign or an abbreviation."""
    return message if message[1:2].isupper() or not message[:1].isalpha() else message[:1].lower() + message[1:]


def pasted(text: str) -> tuple[list[dict[str, str]], list[str]]:
    """What was copied from a spreadsheet as rows of the grid, and what in it has no place here.

    Where the first row names at least two columns it is a header, and each column goes where its name says; else the
    cells stand in the order of the grid.
    """
    rows = cells(text)
    told: list[str] = []
    if not rows:
        return [], ["Nothing was pasted. Copy the rows in your spreadsheet, and paste them into the box."]
    known = {name.casefold(): field for field, *names in _NAMES for name in names}
    header = [known.get(cell.casefold(), "") for cell in rows[0]]
    if sum(1 for field in header if field) >= 2:
        unknown = [cell for cell, field in zip(rows[0], header, strict=True) if cell and not field]
        if unknown:
            told.append(f"Not taken, since the grid has no such column: {', '.join(unknown)}.")
        order, rows = header, rows[1:]
    else:
        order = list(FIELDS)
        longest = max(len(row) for row in rows)
        if longest > len(order):
            told.append(
                f"A row has {longest} cells, and the grid has {len(order)}. Paste only the columns of the grid."
            )
    found = [{field: cell for field, cell in zip(order, row, strict=False) if field} for row in rows if any(row)]
    return found, told


_NAMES = tuple((field, heading, *others) for field, heading, others in COLUMNS)
