"""Which quarter, and what is declared of it."""

from typing import Any

from django import forms

from board.models import Quarter
from core.forms import ActForm, FilterForm
from funding.forms.charges import quarter_words


class QuarterChoice(FilterForm):
    """Which quarter to look at."""

    quarter = forms.ModelChoiceField(label="Quarter", queryset=Quarter.objects.none(), empty_label=None)

    def __init__(self, *args: Any, quarters: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quarter"].queryset = quarters
        several = len({quarter.programme_id for quarter in quarters}) > 1
        self.fields["quarter"].label_from_instance = lambda quarter: quarter_words(quarter, several)


class DeclareForm(ActForm):
    """Whether a quarter's spend of a source is complete, or nil."""

    says = forms.ChoiceField(
        label="What do you declare?",
        choices=[
            ("complete", "Complete: everything spent in the quarter is recorded"),
            ("nil", "Nil: nothing was spent in the quarter"),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["says"].error_messages["required"] = "Choose complete or nil"


class WithdrawForm(ActForm):
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}))
