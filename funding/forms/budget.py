"""What the budget page is narrowed to."""

from typing import Any

from django import forms

from board import clock
from board.models import Programme, Quarter, User, Year
from core.forms import FilterForm, MomentField, moment_in_words
from funding.models import Source


class BudgetChoice(FilterForm):
    """Which budget to look at, and how to cut it."""

    year = forms.ModelChoiceField(label="Year", queryset=Year.objects.none(), empty_label=None)
    source = forms.ModelChoiceField(
        label="Source", queryset=Source.objects.none(), required=False, empty_label="All but in-kind"
    )
    quarter = forms.ModelChoiceField(
        label="To the end of", queryset=Quarter.objects.none(), required=False, empty_label="The latest"
    )
    cut = forms.ChoiceField(
        label="Cut by",
        choices=[
            ("line", "Project and heading"),
            ("project", "Project"),
            ("heading", "Cost heading"),
            ("source", "Source"),
            ("quarter", "Quarter"),
            ("contract", "Contract"),
        ],
        required=False,
    )
    as_of = MomentField(
        label="As the record stood on",
        required=False,
        help_text="A day, and perhaps a time: 5 July 2024 at 14:05. Empty for now.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = Source.objects.visible_to(user)
        programmes = Programme.objects.filter(sources__in=sources).distinct()
        years = Year.objects.filter(programme__in=programmes).select_related("programme")
        self.fields["year"].queryset = years.order_by("-starts", "programme__code")
        self.fields["year"].label_from_instance = lambda year: f"{year.code}, {year.programme.code}"
        self.fields["source"].queryset = sources.select_related("programme")
        self.fields["quarter"].queryset = (
            Quarter.objects.filter(programme__in=programmes)
            .exclude(kind=Quarter.Kind.FOLLOW_UP)
            .order_by("-first_day", "-number")
        )
        self.fields["quarter"].label_from_instance = lambda quarter: quarter.short_label

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        year, source, quarter = given.get("year"), given.get("source"), given.get("quarter")
        if year and source and source.programme_id != year.programme_id:
            self.add_error("source", f"{source} is no source of {year.programme.code}. Choose another, or all")
        if year and quarter and quarter.year_id != year.pk:
            self.add_error("quarter", f"{quarter.short_label} is not in {year.code}. Choose a quarter of that year")
        if given.get("as_of") and given["as_of"].date() > clock.today():
            words = f"{moment_in_words(given['as_of'])} is still to come. Leave it empty for now"
            self.add_error("as_of", words)
        return given
