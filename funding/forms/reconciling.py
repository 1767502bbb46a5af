"""What the ledger shows, and what explains a difference."""

from datetime import date
from typing import Any

from django import forms

from core.forms import ActForm, DayField, OnceForm, VersionedForm, day_in_words
from core.money import MoneyFormField
from funding.models import ReconcilingItem

MONEY_BOX = {"class": "govuk-input--width-10"}


class LedgerTotalForm(ActForm):
    """The ledger's year to date. `version` is empty where none is recorded yet."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    as_at = DayField(label="Read to", help_text="The day to which the ledger print runs. For example, 28 June 2024")
    amount = MoneyFormField(label="Ledger’s year to date", widget=forms.TextInput(attrs=MONEY_BOX))
    ledger_print = forms.CharField(
        label="Which ledger print shows it?",
        help_text="The report, the cost centre and the day on which it was run.",
        max_length=120,
    )

    def __init__(self, *args: Any, starts: date, ends: date, is_closing: bool, **kwargs: Any) -> None:
        """`starts`, `ends`: the span that the ledger is read over; only a closing period asks to which day."""
        super().__init__(*args, **kwargs)
        self.fields["amount"].help_text = (
            f"From {day_in_words(starts)}{'' if is_closing else f' to {day_in_words(ends)}'}: this programme’s cost, "
            "accruals and reversals in, recovered VAT out."
        )
        if not is_closing:
            del self.fields["as_at"]


class ItemForm(OnceForm):
    """A known difference."""

    kind = forms.ChoiceField(
        label="What kind of difference is it?", choices=ReconcilingItem.Kind.choices, widget=forms.RadioSelect
    )
    amount = MoneyFormField(
        label="Amount",
        help_text="What the ledger has above our record. Enter a minus where the ledger has less: −400.00.",
        widget=forms.TextInput(attrs=MONEY_BOX),
    )
    reason = forms.CharField(
        label="Reason",
        help_text="What it is, and what will put it right. No person’s name.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ClearForm(VersionedForm):
    """When and by what a difference came right."""

    cleared_on = DayField(
        label="Came right on",
        help_text="The accounting date of the entry or journal that put it right. For example, 28 June 2024",
    )
    cleared_reason = forms.CharField(
        label="What put it right?", help_text="The entry or the journal.", widget=forms.Textarea(attrs={"rows": 2})
    )
