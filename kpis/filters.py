"""The filters of the lists of results."""

from typing import Any

import django_filters

from board.models import Organisation, Programme, Project, Quarter
from core.filters import Filters
from kpis.kinds import Kind, Section
from kpis.models import Duty, Kpi, Submission


def _quarters(request: Any) -> Any:
    programmes = Programme.objects.visible_to(request.user)
    return Quarter.objects.filter(programme__in=programmes, kind=Quarter.Kind.QUARTER).select_related("programme")


def _projects(request: Any) -> Any:
    return Project.objects.filter(
        programme__in=Programme.objects.visible_to(request.user), duties__in=Duty.objects.visible_to(request.user)
    ).distinct()


def _measured_projects(request: Any) -> Any:
    return Project.objects.filter(kpis__in=Kpi.objects.visible_to(request.user)).distinct()


def _suppliers(request: Any) -> Any:
    return Organisation.objects.filter(duties__in=Duty.objects.visible_to(request.user)).distinct()


class SubmissionFilters(Filters):
    """By quarter, project, supplier and status."""

    quarter = django_filters.ModelChoiceFilter(label="Quarter", queryset=_quarters)
    project = django_filters.ModelChoiceFilter(label="Project", field_name="duty__project", queryset=_projects)
    organisation = django_filters.ModelChoiceFilter(
        label="Supplier", field_name="duty__organisation", queryset=_suppliers
    )
    status = django_filters.ChoiceFilter(label="Status", choices=Submission.Status.choices, empty_label="All")

    class Meta:
        model = Submission
        fields = ("quarter", "project", "organisation", "status")


class KpiFilters(Filters):
    """By quarter, project and section. The quarter chooses the figures, not the rows."""

    quarter = django_filters.ModelChoiceFilter(
        label="Up to the end of", queryset=_quarters, method="as_it_is", empty_label="Latest"
    )
    project = django_filters.ModelChoiceFilter(label="Project", queryset=_measured_projects)
    section = django_filters.ChoiceFilter(
        label="Section",
        field_name="versions__section",
        choices=[row for row in Section.choices if row[0] not in (Section.NARRATIVE, Section.MILESTONES)],
        distinct=True,
        empty_label="All",
    )

    class Meta:
        model = Kpi
        fields = ("quarter", "project", "section")

    def as_it_is(self, queryset: Any, name: str, value: Any) -> Any:
        """The rows are the same for every quarter."""
        return queryset


class MeasureFilters(Filters):
    """By project, section and kind."""

    project = django_filters.ModelChoiceFilter(label="Project", queryset=_measured_projects)
    section = django_filters.ChoiceFilter(
        label="Section", field_name="versions__section", choices=Section.choices, distinct=True, empty_label="All"
    )
    kind = django_filters.ChoiceFilter(
        label="Kind", field_name="versions__kind", choices=Kind.choices, distinct=True, empty_label="All"
    )

    class Meta:
        model = Kpi
        fields = ("project", "section", "kind")


class DutyFilters(Filters):
    """By project and supplier."""

    project = django_filters.ModelChoiceFilter(label="Project", queryset=_projects)
    organisation = django_filters.ModelChoiceFilter(label="Supplier", queryset=_suppliers)

    class Meta:
        model = Duty
        fields = ("project", "organisation")
