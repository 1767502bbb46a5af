"""One figure a heading, as the ledger's print shows it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from core.forms import DayField, OnceForm
from core.money import MoneyFormField, in_words
from funding.models import BudgetLine
from funding.positions import Position


class SummaryForm(OnceForm):
    """A box for each budget line of a source, what is recorded so far beside it."""

    marks_optional = False

    ledger_print = forms.CharField(
        label="Ledger print",
        max_length=150,
        help_text="Which report shows the figures, such as “Cost centre 4711, run on 5 July 2023”.",
    )
    read_on = DayField(
        label="Accounting date",
        help_text="The day to which the ledger was read: usually the last of the quarter, and not after today.",
    )
    all_of_it = forms.BooleanField(
        label="This is all that was spent: declare the quarter, too",
        required=False,
        help_text="Once declared, the quarter takes no more entries until the declaration is withdrawn.",
    )

    def __init__(self, *args: Any, standing: Mapping[BudgetLine, Position], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = {f"line-{line.pk}": line for line in standing}
        boxes = {}
        for line, position in standing.items():
            boxes[f"line-{line.pk}"] = MoneyFormField(
                label=f"{line.project}: {line.heading}",
                required=False,
                help_text=f"Profile of the quarter {in_words(position.profile_quarter)}. Recorded so far: "
                f"{in_words(position.actual_quarter)} in the quarter, {in_words(position.actual_to_date)} in the year.",
                widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
            )
        # The figures come first, since they are what the person has in hand.
        self.fields = boxes | self.fields

    @property
    def amounts(self) -> dict[BudgetLine, Decimal]:
        """What was entered, by budget line."""
        given = {line: self.cleaned_data.get(name) for name, line in self.lines.items()}
        return {line: amount for line, amount in given.items() if amount}
