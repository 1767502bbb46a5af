"""What the list of contracts can be narrowed by."""

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from board.models import Organisation, Programme, Project
from contracts.models import Contract
from core.filters import DayFilter, Filters


def _mine(request: HttpRequest) -> QuerySet[Contract]:
    return Contract.objects.visible_to(request.user)


def _programmes(request: HttpRequest) -> QuerySet[Programme]:
    return Programme.objects.filter(contracts__in=_mine(request)).distinct()


def _providers(request: HttpRequest) -> QuerySet[Organisation]:
    return Organisation.objects.filter(contracts_provided__in=_mine(request)).distinct()


def _projects(request: HttpRequest) -> QuerySet[Project]:
    return Project.objects.filter(contract_values__contract__in=_mine(request)).distinct()


class ContractFilters(Filters):
    programme = django_filters.ModelChoiceFilter(queryset=_programmes, label="Programme")
    provider = django_filters.ModelChoiceFilter(queryset=_providers, label="Provider")
    project = django_filters.ModelChoiceFilter(method="serving", queryset=_projects, label="Project")
    kind = django_filters.ChoiceFilter(choices=Contract.Kind.choices, label="Kind", empty_label="All")
    live_on = DayFilter(method="running_on", label="Running on")
    text = django_filters.CharFilter(method="containing", label="Reference or title")

    def serving(self, rows: QuerySet[Contract], name: str, value: Project) -> QuerySet[Contract]:
        # By key, so that the sum of each contract's values stays whole.
        return rows.filter(pk__in=Contract.objects.filter(values__project=value).values("pk"))

    def running_on(self, rows: QuerySet[Contract], name: str, value: object) -> QuerySet[Contract]:
        return rows.filter(starts_on__lte=value, ends_on__gte=value)

    def containing(self, rows: QuerySet[Contract], name: str, value: str) -> QuerySet[Contract]:
        words = value.strip()
        return rows.filter(Q(reference__icontains=words) | Q(title__icontains=words))

    class Meta(Filters.Meta):
        model = Contract
        fields: list[str] = []
