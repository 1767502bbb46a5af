"""Which match to look at, and what of it was paid over."""

from decimal import Decimal
from typing import Any

from django import forms

from board.models import Programme, Quarter, User, Year
from core.forms import DayField, FilterForm, OnceForm
from core.money import MoneyFormField
from funding.models import Award, Source


class MatchChoice(FilterForm):
    """A year of a programme, and the quarter to whose end the figures run."""

    year = forms.ModelChoiceField(label="Year", queryset=Year.objects.none(), empty_label=None)
    quarter = forms.ModelChoiceField(
        label="To the end of", queryset=Quarter.objects.none(), required=False, empty_label="The latest"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        match = Source.objects.visible_to(user).exclude(kind=Source.Kind.GRANT)
        programmes = Programme.objects.filter(sources__in=match).distinct()
        years = Year.objects.filter(programme__in=programmes).select_related("programme")
        self.fields["year"].queryset = years.order_by("-starts", "programme__code")
        self.fields["year"].label_from_instance = lambda year: f"{year.code}, {year.programme.code}"
        quarters = Quarter.objects.filter(programme__in=programmes).exclude(kind=Quarter.Kind.FOLLOW_UP)
        self.fields["quarter"].queryset = quarters.select_related("year").order_by("-first_day", "-number")
        self.fields["quarter"].label_from_instance = lambda quarter: quarter.short_label

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        year, quarter = given.get("year"), given.get("quarter")
        if year and quarter and quarter.year_id != year.pk:
            self.add_error("quarter", f"{quarter.short_label} is not in {year.code}. Choose a quarter of that year")
        return given


class MatchReceiptForm(OnceForm):
    """Cash that a funder paid over against its pledge of a year."""

    award = forms.ModelChoiceField(label="Which pledge does it pay?", queryset=Award.objects.none())
    received_on = DayField(label="Received on", help_text="As the bank shows it. For example, 3 August 2023")
    amount = MoneyFormField(
        label="Amount received",
        min_value=Decimal("0.01"),
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )
    bank_reference = forms.CharField(
        label="Bank reference",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cash = Source.objects.visible_to(user).filter(
            kind=Source.Kind.CASH_MATCH, programme__recipient=user.acting.organisation
        )
        pledges = Award.objects.filter(source__in=cash.exclude(funder=user.acting.organisation))
        self.fields["award"].queryset = pledges.select_related("source__programme", "year").order_by(
            "-year__starts", "source__position"
        )
        self.fields["award"].label_from_instance = lambda award: (
            f"{award.source}, {award.year.code}, {award.source.programme.code}"
        )
