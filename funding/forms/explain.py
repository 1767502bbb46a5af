"""Why spend varies, and that an underspend is foreseen."""

from decimal import Decimal

from django import forms

from core.forms import DayField, OnceForm, VersionedForm
from core.money import MoneyFormField
from funding.models import VarianceReason


class ExplainForm(VersionedForm):
    """Why a project's spend varies from its profile."""

    code = forms.ChoiceField(label="Kind of reason", choices=VarianceReason.Code)
    words = forms.CharField(
        label="Explanation",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="At least 20 characters. It is printed in the return.",
        max_length=2000,
    )


class UnderspendForm(OnceForm):
    """An underspend that is foreseen, and when the funder was told."""

    amount = MoneyFormField(label="Underspend foreseen", min_value=Decimal("0.01"))
    noticed_on = DayField(label="Noticed on")
    told_on = DayField(label="Funder told on", required=False, help_text="Leave empty until the funder is told.")
    funder_reference = forms.CharField(label="Reference of the message", required=False, max_length=60)
    words = forms.CharField(label="Why", widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)


class NoticeForm(UnderspendForm, VersionedForm):
    """A notice that the funder is still to be told of, to be put right or told."""
