"""What a grantee's signed statement shows, and money that it gives back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from board.models import Quarter
from core.forms import DayField, OnceForm
from core.money import NOUGHT, MoneyFormField, in_words
from funding.models import BudgetLine

MONEY_BOX = {"class": "govuk-input--width-10"}


class StatementForm(OnceForm):
    """A statement of spend: a box for each budget line, with what is reported of it so far beside it.

    To correct one, the form asks for the reason too, and `version` is the one that the person saw.
    """

    marks_optional = False

    signed_by_title = forms.CharField(
        label="Signed by", help_text="The title of who signed it, like Director of Finance. No name.", max_length=120
    )
    signed_on = DayField(label="Signed on", help_text="For example, 4 July 2023")
    document_reference = forms.CharField(
        label="Statement reference",
        help_text="What the document bears, or the title and date of the e-mail that brought it.",
        max_length=60,
    )
    is_nil = forms.BooleanField(
        label="Nil: nothing was spent in the quarter",
        required=False,
        help_text="Leave all amounts empty then.",
    )

    def __init__(
        self,
        *args: Any,
        lines: Sequence[BudgetLine],
        so_far: Mapping[int, Decimal],
        year: str,
        corrects: bool,
        **kwargs: Any,
    ) -> None:
        """`so_far`: by the key of each line, what is reported of it in the year without this statement."""
        super().__init__(*args, **kwargs)
        self.lines = {f"line-{line.pk}": line for line in lines}
        boxes = {
            name: MoneyFormField(
                label=f"{line.project} · {line.heading} · {line.source}",
                help_text=f"Reported in {year} without this: {in_words(so_far.get(line.pk, NOUGHT))}.",
                required=False,
                widget=forms.TextInput(attrs=MONEY_BOX),
            )
            for name, line in self.lines.items()
        }
        self.fields |= boxes
        order = ["signed_by_title", "signed_on", "document_reference", *boxes, "is_nil"]
        if corrects:
            self.fields["reason"] = forms.CharField(
                label="Why is it corrected?",
                widget=forms.Textarea(attrs={"rows": 2}),
                error_messages={"required": "Say why it is corrected"},
            )
            self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput)
            order.append("reason")
        self.order_fields([*order, "once"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("is_nil") is False and not any(given.get(name) for name in self.lines) and not self.errors:
            self.add_error("is_nil", ValidationError("Enter what was spent, or say that the statement is nil"))
        return given

    def amounts(self) -> dict[BudgetLine, Decimal]:
        """What was typed for each line; a box left empty is nought."""
        return {line: self.cleaned_data.get(name) or NOUGHT for name, line in self.lines.items()}


class MoneyBackForm(OnceForm):
    """Money paid on account that comes back."""

    quarter = forms.ModelChoiceField(label="Recorded in", queryset=Quarter.objects.none(), empty_label=None)
    amount = MoneyFormField(label="Amount", widget=forms.TextInput(attrs=MONEY_BOX))
    came_on = DayField(label="Accounting date", help_text="The day under which your ledger shows it. Not after today.")
    document_number = forms.CharField(
        label="Document number",
        help_text="The receipt, the credit note or the journal.",
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )
    reason = forms.CharField(
        label="What happened?",
        help_text="Returned by the grantee, or set off: against what. No person’s name.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, quarters: Sequence[Quarter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = [quarter.pk for quarter in quarters]
        self.fields["quarter"].queryset = Quarter.objects.filter(pk__in=keys).select_related("programme")
        if quarters:
            self.fields["quarter"].initial = quarters[0].pk
