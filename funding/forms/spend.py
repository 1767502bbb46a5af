"""Putting an entry right."""

from collections.abc import Sequence
from typing import Any

from django import forms

from board.models import Quarter
from core.forms import ActForm, VersionedForm
from core.money import MoneyFormField
from funding.forms.charges import RowChoice


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
