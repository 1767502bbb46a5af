"""What the list of quarters and their returns can be narrowed by."""

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest

from board.models import Programme, Quarter, Year
from core.filters import Filters
from returns.models import Return, kind_choices


def _programmes(request: HttpRequest) -> QuerySet[Programme]:
    return Programme.objects.visible_to(request.user)


def _years(request: HttpRequest) -> QuerySet[Year]:
    return Year.objects.filter(programme__in=_programmes(request)).order_by("-starts", "programme__code")


class QuarterFilters(Filters):
    """By programme, year, kind of quarter, and status of its returns."""

    programme = django_filters.ModelChoiceFilter(queryset=_programmes, label="Programme")
    year = django_filters.ModelChoiceFilter(queryset=_years, label="Year")
    kind = django_filters.ChoiceFilter(choices=Quarter.Kind.choices, label="Kind of quarter")
    status = django_filters.ChoiceFilter(
        choices=Return.Status.choices, label="With a return that is", method="with_status"
    )

    class Meta:
        model = Quarter
        fields = ("programme", "year", "kind")

    def with_status(self, rows: QuerySet[Quarter], name: str, value: str) -> QuerySet[Quarter]:
        found = Return.objects.visible_to(self.request.user).filter(status=value)
        return rows.filter(pk__in=found.values("last_quarter_id"))


class BoardReportFilters(Filters):
    """By programme."""

    programme = django_filters.ModelChoiceFilter(queryset=_programmes, label="Programme")

    class Meta:
        model = Return
        fields = ("programme",)


class StatementFilters(Filters):
    """By programme, kind and status."""

    programme = django_filters.ModelChoiceFilter(queryset=_programmes, label="Programme")
    kind = django_filters.ChoiceFilter(choices=kind_choices, label="Return")
    status = django_filters.ChoiceFilter(choices=Return.Status.choices, label="Status")

    class Meta:
        model = Return
        fields = ("programme", "kind", "status")
