"""What each year receives of an invoice whose service runs past 31 March."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from core.forms import PlainForm
from core.money import MoneyFormField
from funding.prepayments import YearsPart


class CutForm(PlainForm):
    """A box for each part, with what it is by days; its names are those that the act's problems name."""

    marks_optional = False

    def __init__(self, *args: Any, parts: Sequence[YearsPart], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parts = list(parts)
        for number, part in enumerate(parts):
            label = str(part.year) if part.year else "After the funding period"
            self.fields[f"cut-{number}"] = MoneyFormField(
                label=label,
                initial=part.cost,
                error_messages={"required": f"{label}: enter what is received, even if it is 0.00"},
                widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
            )

    @property
    def runs_past(self) -> Any:
        """The last day of the year in which the service began."""
        return self.parts[0].service_to

    @property
    def words(self) -> str:
        """What would be charged where, in one sentence."""
        *first, last = [part.words for part in self.parts]
        return f"charge {', '.join(first)} and {last}"

    def amounts(self) -> list[Decimal]:
        """What each part costs, as typed."""
        return [self.cleaned_data[f"cut-{number}"] for number in range(len(self.parts))]
