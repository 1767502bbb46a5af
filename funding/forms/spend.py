"""Putting an entry right."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms

from board.models import Quarter
from core.forms import DayField, OnceForm, VersionedForm
from core.money import MoneyFormField, in_words
from funding.forms.charges import RowChoice
from funding.models import Disallowance


class CorrectForm(OnceForm):
    """How an entry is put right by a later one."""

    marks_optional = False

    how = forms.ChoiceField(
        label="What shall be taken back?",
        choices=[("whole", "All of it"), ("part", "Part of it")],
        widget=forms.RadioSelect,
    )
    against = RowChoice(
        label="Disallowance",
        required=False,
        help_text="Which refusal of the funder the credit is for. The claim was lowered then and is not lowered again.",
    )
    amount = MoneyFormField(
        label="Amount to take back",
        required=False,
        help_text="Where it is not all: the cost, without a minus.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )
    document_number = forms.CharField(
        label="Credit note number (optional)",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )
    accounting_on = DayField(
        label="Accounting date (optional)",
        required=False,
        help_text="As the ledger shows the credit. Left empty, it is the entry’s own date, or the first day of the "
        "quarter chosen below where that is later.",
    )
    quarter = RowChoice(label="Recorded in", required=True)
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(
        self, *args: Any, quarters: Sequence[Quarter], refusals: Mapping[Disallowance, Decimal], **kwargs: Any
    ) -> None:
        """`refusals`: what each disallowance of the entry has left to be taken back; none hides the question."""
        super().__init__(*args, **kwargs)
        if refusals:
            self.fields["how"].choices = [
                *self.fields["how"].choices,
                ("disallowed", "What the funder has disallowed of it"),
            ]
            offered = [(row.pk, f"{row.reference}, {in_words(left)}") for row, left in refusals.items()]
            self.fields["against"].offer(list(refusals), [("", "Choose a disallowance"), *offered])
        else:
            del self.fields["against"]
        self.fields["how"].error_messages["required"] = "Choose whether all of it or part of it is taken back"
        self.fields["quarter"].offer(quarters, [("", "Choose a quarter"), *((row.pk, str(row)) for row in quarters)])
        self.fields["quarter"].error_messages["required"] = "Choose the open quarter to record it in"
        if len(quarters) == 1:
            self.fields["quarter"].initial = str(quarters[0].pk)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("how") in ("part", "disallowed") and given.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", "Enter the amount to take back")
        if given.get("how") == "whole" and given.get("amount") is not None:
            self.add_error("amount", "Leave the amount empty, or choose to take back part of it")
        if given.get("how") == "disallowed" and not given.get("against") and "against" not in self.errors:
            self.add_error("against", "Choose the disallowance that the credit is for")
        if given.get("how") != "disallowed" and given.get("against"):
            self.add_error("against", "Leave the disallowance empty, or choose to take back what was disallowed")
        return given


class ReasonForm(VersionedForm):
    """An act on a row that needs nothing but the reason."""

    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}))
