"""What is awarded, and what becomes of it when the year is over."""

from decimal import Decimal
from typing import Any

from django import forms

from core.forms import ActForm, DayField, VersionedForm
from core.money import NOUGHT, MoneyFormField
from funding.models import Source, YearEndBalance


class AwardForm(VersionedForm):
    """A source's ceiling of a year from a day on; of a match source, its pledge."""

    amount = MoneyFormField(label="Amount for the year", min_value=NOUGHT)
    effective_on = DayField(label="In force from")
    reason = forms.CharField(label="Reason", help_text="For example, award letter of 3 April 2023", max_length=200)
    decision_reference = forms.CharField(label="Reference of the letter or decision", required=False, max_length=40)
    provisional = forms.BooleanField(
        label="Provisional", required=False, help_text="Until the letter of award or pledge is held."
    )
    secured = forms.BooleanField(label="Secured", required=False, help_text="The giver has committed itself to it.")
    in_kind_rate = MoneyFormField(label="Pounds an hour", min_value=Decimal("0.01"))

    def __init__(self, *args: Any, source: Source, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not source.is_in_kind:
            del self.fields["in_kind_rate"]


class BalanceForm(ActForm):
    """What becomes of a part of a year's balance. `version` is 0 where nothing was marked so before."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    amount = MoneyFormField(label="Amount", min_value=NOUGHT, help_text="£0.00 takes back what was marked.")
    approval_reference = forms.CharField(label="Reference of the funder’s approval", required=False, max_length=60)
    approved_on = DayField(label="Approved on", required=False)
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)

    def __init__(self, *args: Any, treatment: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if treatment != YearEndBalance.Treatment.CARRIED:
            del self.fields["approval_reference"], self.fields["approved_on"]


class TurnDownForm(ActForm):
    """Why a proposed virement does not come about."""

    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
