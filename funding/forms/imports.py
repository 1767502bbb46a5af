"""Which ledger file to import, how it is read, and what becomes of its rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from board.models import User
from core.forms import ActForm, DayField, OnceForm, UploadField, VersionedForm
from funding.accruals import open_accruals
from funding.forms.accruals import accrual_words
from funding.forms.charges import BudgetLineChoice, RowChoice, charge_choices, grouped_choices, quarter_words
from funding.forms.record import contracts_to_record
from funding.ledger_import import Change, Decision

BY_DATE = "date"
SETTLES_NOTHING = "none"
NO_CONTRACT = "none"
LEAVE_AS_IT_IS = ("", "Leave as it is")
# The parts of a ledger row for which a column can be chosen, in the words of the page.
PARTS = {
    "amount": "Amount",
    "date": "Date",
    "supplier": "Supplier",
    "document": "Document number",
    "description": "Description",
    "cost_centre": "Cost centre",
}


class ImportForm(OnceForm):
    """A ledger file to be imported."""

    file = UploadField(
        label="Ledger file",
        help_text="A spreadsheet or CSV, as it comes from the finance system. "
        "It is kept until you commit or discard the import.",
    )
    sheet = forms.CharField(
        label="Sheet",
        required=False,
        max_length=100,
        help_text="Leave it empty to read every visible sheet that holds a ledger.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )


class ReadingForm(VersionedForm):
    """How a staged file is read: the order of day and month, the date of rows without one, and the columns."""

    order = forms.ChoiceField(
        label="Which comes first in a date such as 03/04/2023?",
        widget=forms.RadioSelect,
        required=False,
        choices=[
            ("day", "The day: 3 April 2023"),
            ("month", "The month: 4 March 2023"),
            ("", "The file itself shows it"),
        ],
    )
    undated_on = DayField(
        label="Date of rows without one", required=False, help_text="For example, the last day of the month"
    )

    def __init__(self, *args: Any, sheets: Sequence[Mapping[str, Any]], asked: bool, **kwargs: Any) -> None:
        """`sheets` as LedgerFile keeps them; sheets with the same header are asked about once."""
        super().__init__(*args, **kwargs)
        if asked:
            self.fields["order"].required = True
            self.fields["order"].choices = self.fields["order"].choices[:2]
            self.fields["order"].error_messages["required"] = "Choose whether the day or the month comes first"
        self.keys: list[str] = list(dict.fromkeys(sheet["key"] for sheet in sheets if sheet["headings"]))
        for number, key in enumerate(self.keys):
            sheet = next(one for one in sheets if one["key"] == key)
            names = ", ".join(one["name"] for one in sheets if one["key"] == key)
            headings = [(str(i), words) for i, words in enumerate(sheet["headings"]) if words]
            for part, label in PARTS.items():
                words = f"{label} ({names})" if len(self.keys) > 1 else label
                choices = headings if part == "amount" else [("", "No column"), *headings]
                self.fields[f"{part}-{number}"] = forms.ChoiceField(
                    label=f"Column of: {words}",
                    choices=choices,
                    required=False,
                    initial=str(sheet["places"].get(part, "")),
                )

    def columns(self) -> dict[str, dict[str, int | None]]:
        """By the key of each header, the columns that were changed."""
        found: dict[str, dict[str, int | None]] = {}
        for number, key in enumerate(self.keys):
            changed = {}
            for part in PARTS:
                given = self.cleaned_data.get(f"{part}-{number}", "")
                if given != self.fields[f"{part}-{number}"].initial:
                    changed[part] = int(given) if given else None
            if changed:
                found[key] = changed
        return found


class RowsForm(ActForm):
    """What becomes of many rows at once. What is left empty stays as it is."""

    marks_optional = False

    scope = forms.ChoiceField(
        label="Which rows?",
        widget=forms.RadioSelect,
        initial="ticked",
        choices=[("ticked", "The rows ticked"), ("page", "All rows on this page"), ("all", "All rows of this list")],
    )
    decision = forms.ChoiceField(
        label="What is to be done with them?",
        widget=forms.RadioSelect,
        initial=Decision.ADD,
        required=False,
        choices=[
            (Decision.ADD, "Add them to the programme"),
            (Decision.MATCH, "Match each with the entry that it equals: no new entry"),
            (Decision.LEAVE, "Leave them out"),
            ("", "Only change their coding"),
        ],
    )
    budget_line = RowChoice(label="Budget line", required=False)
    quarter = forms.ChoiceField(label="Recorded in", required=False, initial=BY_DATE)
    relates_to = RowChoice(label="Relates to an earlier quarter", required=False)
    contract = forms.ChoiceField(label="Contract", required=False)
    settles = RowChoice(label="Settles an accrual", required=False, help_text="Uncoded rows go where the accrual went")
    vat_percent = forms.ChoiceField(label="VAT inside the amount", required=False)
    service_from = DayField(label="Service from", required=False, help_text="Empty: the date of each row")
    service_to = DayField(label="Service to", required=False, help_text="")
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Needed for credits, and to add a row that equals an entry already recorded.",
    )

    def __init__(self, *args: Any, user: User, count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = charge_choices(user)
        line = BudgetLineChoice(required=False)
        grouped = grouped_choices(offered["lines"], line)
        self.fields["budget_line"].offer(offered["lines"], [LEAVE_AS_IT_IS, *grouped[1:]])
        self.quarters = {str(quarter.pk): quarter for quarter in offered["quarters"]}
        self.fields["quarter"].choices = [
            (BY_DATE, "The open quarter of each row’s date"),
            LEAVE_AS_IT_IS,
            *((key, quarter_words(quarter, offered["several"])) for key, quarter in self.quarters.items()),
        ]
        late = [(quarter.pk, quarter_words(quarter, offered["several"])) for quarter in reversed(offered["earlier"])]
        self.fields["relates_to"].offer(offered["earlier"], [("", "No"), *late])
        self.contracts = {str(contract.pk): contract for contract in contracts_to_record(user)}
        self.fields["contract"].choices = [
            LEAVE_AS_IT_IS,
            (NO_CONTRACT, "No contract"),
            *((key, str(contract)) for key, contract in self.contracts.items()),
        ]
        waiting = open_accruals(user.acting.organisation)
        self.fields["settles"].offer(
            waiting,
            [LEAVE_AS_IT_IS, (SETTLES_NOTHING, "No accrual"), *((row.pk, accrual_words(row)) for row in waiting)],
        )
        organisation = user.acting.organisation
        rule = "is recovered" if organisation.recovers_vat else "is not recovered, so it stays in the cost"
        self.fields["vat_percent"].choices = [
            LEAVE_AS_IT_IS,
            ("0", "None: the amount is net"),
            ("20", f"20%, which {rule}"),
            ("5", f"5%, which {rule}"),
        ]
        scope = self.fields["scope"]
        scope.choices = [*scope.choices[:2], ("all", f"All {count:,} rows of this list")]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("relates_to") and given.get("quarter") in ("", BY_DATE):
            self.add_error("quarter", ValidationError("Choose the quarter to record them in", code="required"))
        if given.get("service_to") and not given.get("service_from") and "service_from" not in self.errors:
            self.add_error("service_from", ValidationError("Enter the first day too", code="required"))
        return given

    def change(self) -> Change:
        """The coding as the act takes it."""
        given = self.cleaned_data
        return Change(
            budget_line=given["budget_line"],
            quarter=self.quarters.get(given["quarter"]),
            by_date=given["quarter"] == BY_DATE,
            relates_to=given["relates_to"],
            contract=self.contracts.get(given["contract"]),
            without_contract=given["contract"] == NO_CONTRACT,
            settles=given["settles"],
            settles_nothing=self.data.get(self.add_prefix("settles")) == SETTLES_NOTHING,
            vat_percent=int(given["vat_percent"]) if given["vat_percent"] else None,
            service_from=given["service_from"],
            service_to=given["service_to"],
            reason=given["reason"].strip() or None,
        )


class UndoForm(VersionedForm):
    """Why an import is taken back."""

    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}))
