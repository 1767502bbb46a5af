"""What the funder paid, and what it refused."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from board import clock
from board.models import Year
from core.forms import DayField, OnceForm
from core.money import NOUGHT, MoneyFormField, in_words
from funding.models import ReceiptPart, Repayment, SpendLine


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


class RepaymentForm(OnceForm):
    """What was paid back to the funder, and why."""

    marks_optional = False

    repaid_on = DayField(label="Paid on", help_text="As the bank shows it. For example, 3 August 2024")
    amount = MoneyFormField(
        label="Amount paid back",
        min_value=Decimal("0.01"),
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )
    year = forms.ModelChoiceField(label="Award year that it concerns", queryset=Year.objects.none(), empty_label=None)
    why = forms.ChoiceField(label="Why is it paid back?", choices=Repayment.Why.choices, widget=forms.RadioSelect)
    reason = forms.CharField(label="In your words", widget=forms.Textarea(attrs={"rows": 3}))
    bank_reference = forms.CharField(
        label="Bank reference (optional)",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )

    def __init__(self, *args: Any, years: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].queryset = years
        self.fields["why"].error_messages["required"] = "Choose why it is paid back"


class DisallowForm(OnceForm):
    """What the funder refuses of a claim, line by line."""

    disallowed_on = DayField(label="Disallowed on", help_text="The date of the funder’s message.")
    funder_reference = forms.CharField(
        label="Reference of the message",
        max_length=60,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )
    reason = forms.CharField(label="Reason that the funder gives", widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, remaining: Mapping[SpendLine, Decimal], **kwargs: Any) -> None:
        """`remaining`: what may still be disallowed of each line; one box each."""
        super().__init__(*args, **kwargs)
        self.lines = {f"line-{line.pk}": line for line in remaining}
        for line, left in remaining.items():
            entry = line.transaction
            about = " · ".join(filter(None, (entry.supplier_name or entry.basis, entry.description)))
            self.fields[f"line-{line.pk}"] = MoneyFormField(
                label=f"{line.reference}, {line.budget_line.project.code}: at most {in_words(left)}",
                help_text=about,
                required=False,
                min_value=Decimal("0.01"),
                widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
            )

    def clean_disallowed_on(self) -> Any:
        day = self.cleaned_data["disallowed_on"]
        if day > clock.today():
            raise forms.ValidationError("This date is in the future. Enter the date of the funder’s message")
        return day

    @property
    def amounts(self) -> dict[SpendLine, Decimal]:
        """The lines of which something is disallowed."""
        given = {line: self.cleaned_data.get(name) for name, line in self.lines.items()}
        return {line: amount for line, amount in given.items() if amount}
