"""Who reports what: the duties, giving one, and changing what one asks for."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.urls import reverse

from board.access import is_of_recipient, may
from board.models import UNALLOCATED, Organisation, Programme, Project
from board.views import ActPage, DetailPage, Fact, Link, ListPage
from core.tables import Table
from kpis import duties
from kpis.duties import MOST_BREAKDOWNS, MOST_NUMBERS
from kpis.filters import DutyFilters
from kpis.forms_defining import AssignForm, ChangeDutyForm, ticked_of
from kpis.kinds import Kind
from kpis.models import Duty, Kpi, KpiVersion, version_on
from kpis.tables import AskedTable, DutyTable
from kpis.views.defining import own_projects

_DUTY_ROWS = (
    "project__programme__recipient", "organisation", "contract", "first_quarter__programme", "last_quarter__programme",
)  # fmt: skip


class Duties(ListPage):
    """Every duty that the person may see."""

    action, heading = "submissions.read", "Who reports what"
    lead = "Which organisation reports which measures of a project, and from when to when."
    table_class, filterset_class = DutyTable, DutyFilters
    template_name = "kpis/duties.html"

    def get_queryset(self) -> Any:
        found = Duty.objects.visible_to(self.request.user).select_related(*_DUTY_ROWS)
        return found.prefetch_related("measures__kpi__versions", "measures__dimensions")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The projects to which a measure or a duty can be added."""
        user, projects = self.request.user, Project.objects.none()
        if may(user, "measures.define"):
            own = Project.objects.filter(programme__in=Programme.objects.visible_to(user))
            projects = own.filter(programme__recipient=user.acting.organisation).exclude(code=UNALLOCATED)
            projects = projects.select_related("programme")
        return super().get_context_data(projects=projects, **kwargs)


class DutyPage(DetailPage):
    """One duty: what it asks for."""

    action = "submissions.read"

    def get_queryset(self) -> Any:
        return Duty.objects.visible_to(self.request.user).select_related(*_DUTY_ROWS)

    def get_section(self) -> str:
        return str(self.object.project.programme)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Who reports what", reverse("kpis:duties"))]

    @cached_property
    def asked(self) -> list[tuple[Any, KpiVersion]]:
        """Each measure with the version that its last quarter is asked in."""
        rows = self.object.measures.select_related("kpi").prefetch_related("kpi__versions", "dimensions")
        day = self.object.last_quarter.first_day
        return [(row, version_on(list(row.kpi.versions.all()), day) or row.kpi.versions.all()[0]) for row in rows]

    def get_facts(self) -> Sequence[Fact]:
        row = self.object
        numbers = sum(version.kind != Kind.TEXT for _, version in self.asked)
        tables = sum(len(measure.dimensions.all()) for measure, _ in self.asked)
        return [
            Fact("Supplier", row.organisation.name),
            Fact("Contract", row.contract.reference if row.contract else "None"),
            Fact("First quarter", str(row.first_quarter)),
            Fact("Last quarter", str(row.last_quarter)),
            Fact("Asked for", burden_words(row.organisation, numbers, tables)),
        ]

    def get_tables(self) -> Sequence[Table]:
        programme = self.object.project.programme.code
        rows = [
            {
                "url": reverse("kpis:measure", args=[programme, measure.kpi.code]),
                "measure": f"{measure.kpi.code} {version.name}",
                "kind": version.get_kind_display(),
                "breakdowns": ", ".join(part.name for part in measure.dimensions.all()) or "—",
            }
            for measure, version in self.asked
        ]
        return [AskedTable(rows)]

    def get_actions(self) -> Sequence[Link]:
        user = self.request.user
        if not may(user, "measures.define") or not is_of_recipient(user, self.object.project.programme):
            return []
        if not duties.quarters_for_a_change(self.object):
            return []
        return [Link("Change what is asked for", reverse("kpis:change-duty", args=[self.object.pk]), secondary=True)]


def burden_words(organisation: Organisation, numbers: int, tables: int) -> str:
    """How much is asked, against what a provider is asked at most."""
    if organisation.kind != Organisation.Kind.PROVIDER:
        return f"{numbers} headline numbers and {tables} breakdown tables"
    given = f"{numbers} of at most {MOST_NUMBERS} headline numbers"
    return f"{given} and {tables} of at most {MOST_BREAKDOWNS} breakdown tables"


def offered_of(project: Project) -> list[tuple[Kpi, KpiVersion]]:
    """The measures of a project that somebody can be asked for, each with its newest version."""
    kpis = project.kpis.prefetch_related("versions__dimensions")
    pairs = [(kpi, list(kpi.versions.all())[-1]) for kpi in kpis]
    return [(kpi, version) for kpi, version in pairs if not version.computed]


class _Ticking(ActPage):
    """Ticking which measures are asked for."""

    action = "measures.define"
    template_name = "kpis/ticks.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        limits = {"most_numbers": MOST_NUMBERS, "most_tables": MOST_BREAKDOWNS}
        return super().get_context_data(**limits, **kwargs)


class Assign(_Ticking):
    """Make an organisation report measures of a project."""

    heading, button, form_class, lookup = "Add a supplier’s duty", "Add the duty", AssignForm, "code"
    lead = "A measure has one supplier a quarter. What is not asked of a provider leaves it time for people."

    def get_queryset(self) -> Any:
        return own_projects(self.request.user, self.kwargs["programme"])

    def get_section(self) -> str:
        return f"{self.object.name}, {self.object.programme}"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "project": self.object, "offered": offered_of(self.object)}

    def act(self, form: Any) -> Duty:
        given = {
            name: form.cleaned_data[name] for name in ("organisation", "contract", "first_quarter", "last_quarter")
        }
        return duties.assign(project=self.object, measures=form.asked(), by=self.request.user, **given)

    def get_success_message(self, result: Duty) -> str:
        return f"{result.organisation} reports these measures from {result.first_quarter.short_label} on."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:duty", args=[result.pk])

    def get_back_url(self) -> str:
        return reverse("kpis:duties")


class ChangeDuty(_Ticking):
    """Ask other measures of a supplier from a quarter on."""

    heading, button, form_class = "Change what is asked for", "Save the change", ChangeDutyForm
    lead = "Quarters that have been asked for keep what was asked. The change begins with a later one."

    def get_queryset(self) -> Any:
        return Duty.objects.visible_to(self.request.user).select_related(*_DUTY_ROWS)

    def allowed(self) -> bool:
        return super().allowed() and is_of_recipient(self.request.user, self.object.project.programme)

    def get_section(self) -> str:
        return f"{self.object}, {self.object.project.programme}"

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version, **ticked_of(self.object)}

    def get_form_kwargs(self) -> dict[str, Any]:
        row = self.object
        offered = {"offered": offered_of(row.project), "quarters": duties.quarters_for_a_change(row)}
        return {**super().get_form_kwargs(), "duty": row, **offered}

    def act(self, form: Any) -> Duty:
        given = {name: form.cleaned_data[name] for name in ("first_quarter", "reason")}
        seen = form.cleaned_data["version"]
        return duties.change(
            duty=self.object, measures=form.asked(), seen_version=seen, by=self.request.user, **given
        )  # fmt: skip

    def get_success_message(self, result: Duty) -> str:
        return f"From {result.first_quarter.short_label} on {result.organisation} is asked for these measures."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:duty", args=[(result or self.object).pk])

    def get_back_url(self) -> str:
        return reverse("kpis:duty", args=[self.object.pk])
