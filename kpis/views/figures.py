"""Performance by KPI, in full or with the small numbers hidden."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from board import clock
from board.access import BOARD, is_of_recipient, may
from board.models import Quarter
from board.views import DetailPage, Fact, Link, ListPage
from kpis.filters import KpiFilters
from kpis.kinds import Kind, Profile
from kpis.models import Kpi
from kpis.reading import figure_words
from kpis.results import MeasureLine, ProjectPerformance, Shown, performance
from kpis.scoring import COLOURS
from kpis.tables import BreakdownTable, CohortTable, MilestoneTable, PerformanceDownload, PerformanceTable


class _Figures:
    """What the pages of figures share: which quarter, and how much the reader sees."""

    @property
    def profile(self) -> Profile:
        """Board members read figures with the small numbers hidden."""
        return Profile.BOARD if self.request.user.acting.kind == BOARD else Profile.FUNDER  # type: ignore[attr-defined]


def latest_quarter(quarters: Sequence[Quarter]) -> Quarter | None:
    """The last quarter whose results are closed, else the last that has ended, else the first of all."""
    ordered = sorted(quarters, key=lambda row: row.order)
    closed = [row for row in ordered if row.results_closed_at]
    ended = [row for row in ordered if row.last_day < clock.today()]
    return (closed or ended or ordered[:1] or [None])[-1]


class Performance(_Figures, ListPage):
    """Performance by KPI, over the year and the programme."""

    action, heading = "results.read", "Performance by KPI"
    template_name = "kpis/performance.html"
    table_class, filterset_class = PerformanceTable, KpiFilters

    def get_queryset(self) -> Any:
        return Kpi.objects.visible_to(self.request.user).select_related("project")

    @cached_property
    def quarter(self) -> Quarter | None:
        form = self.filterset.form  # type: ignore[union-attr]
        chosen = form.cleaned_data.get("quarter") if form.is_bound and form.is_valid() else None
        return chosen or latest_quarter(list(self.filterset.form.fields["quarter"].queryset))  # type: ignore[union-attr]

    def get_lead(self) -> str:
        return f"Up to the end of {self.quarter}." if self.quarter else "No quarter has begun."

    def get_actions(self) -> Sequence[Link]:
        return [Link("What each measure means", reverse("kpis:measures"), secondary=True)]

    @cached_property
    def wanted(self) -> dict[tuple[str, str], Kpi]:
        """The measures that the person may see and has not filtered out, by project and code."""
        if self.quarter is None:
            return {}
        return {
            (kpi.project.code, kpi.code): kpi
            for kpi in super().rows().prefetch_related("versions")
            if kpi.project.programme_id == self.quarter.programme_id
        }

    @cached_property
    def found(self) -> list[ProjectPerformance]:
        if self.quarter is None or not self.wanted:
            return []
        projects = {project for project, _ in self.wanted}
        return performance(self.quarter.programme, self.quarter, profile=self.profile, only=projects)

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        return [
            self._line(line)
            for project in self.found
            for line in project.measures
            if (project.code, line.code) in self.wanted
        ]

    def milestones(self) -> list[dict[str, Any]]:
        """Of the projects of which the person sees a measure of milestones."""
        dated = {
            project
            for (project, _), kpi in self.wanted.items()
            if any(version.kind == Kind.MILESTONE for version in kpi.versions.all())
        }
        names = ("name", "due_on", "forecast_on", "met_on", "status")
        return [
            {"project": project.name, **{name: getattr(line, name) for name in names}}
            for project in self.found
            if project.code in dated
            for line in project.milestones
        ]

    def cohorts(self) -> list[dict[str, Any]]:
        return [
            {
                "measure": f"{line.code} {line.name}",
                "entered": line.entry_quarter,
                "months": line.window_months,
                "due": line.due_quarter or "After the programme",
                "figure": figure_words(line.shown),
            }
            for project in self.found
            for line in project.cohorts
            if (project.code, line.code) in self.wanted
        ]

    def rows(self) -> list[dict[str, Any]]:
        return self.lines

    def get_table(self) -> PerformanceTable:
        table_class = PerformanceDownload if "download" in self.request.GET else PerformanceTable
        return table_class(self.rows())

    def _line(self, line: MeasureLine) -> dict[str, Any]:
        quarter = self.quarter
        return {
            "url": reverse("kpis:breakdown", args=[quarter.programme.code, quarter.code, line.code]),  # type: ignore[union-attr]
            "measure": f"{line.code} {line.name}",
            **{f"q{place}": shown for place, shown in enumerate(line.quarters, start=1)},
            "year": line.year_to_date,
            "target": _target(line),
            "unit": line.unit,
            "rag": line.rag,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tables = [
            MilestoneTable(self.milestones(), prefix="milestones-"),
            CohortTable(self.cohorts(), prefix="cohorts-"),
        ]
        return super().get_context_data(
            suppressed=self.profile != Profile.FUNDER, tables=[table for table in tables if table.rows], **kwargs
        )


def _target(line: MeasureLine) -> Shown | None:
    """The target to date as a figure, without noughts that say nothing."""
    if line.target_so_far is None:
        return None
    number = line.target_so_far.normalize()
    # Ten is kept as 10, not as 1E+1.
    return Shown(
        number.quantize(Decimal(1)) if number == number.to_integral_value() else number, line.year_to_date.unit
    )


class KpiPage(_Figures, DetailPage):
    """One KPI in one quarter: its definition, its figures and its breakdowns."""

    action = "results.read"
    section = "Performance by KPI"
    template_name = "kpis/breakdown.html"
    lookup = "code"

    def get_queryset(self) -> Any:
        kpis = Kpi.objects.visible_to(self.request.user)
        return kpis.filter(project__programme__code=self.kwargs["programme"]).select_related("project__programme")

    @cached_property
    def quarter(self) -> Quarter:
        quarters = Quarter.objects.filter(kind=Quarter.Kind.QUARTER).select_related("programme", "year")
        return get_object_or_404(quarters, programme=self.object.project.programme_id, code=self.kwargs["quarter"])

    @cached_property
    def project(self) -> Any:
        project = self.object.project
        found = performance(project.programme, self.quarter, profile=self.profile, only=[project.code])
        if not found:
            raise Http404("Nobody reports this")
        return found[0]

    @cached_property
    def line(self) -> MeasureLine:
        line = next((row for row in self.project.measures if row.code == self.object.code), None)
        if line is None:
            raise Http404("Nobody reports this")
        return line

    def get_heading(self) -> str:
        return f"{self.line.code} {self.line.name}"

    def get_section(self) -> str:
        return f"{self.project.name}, {self.quarter}"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Performance by KPI", f"{reverse('kpis:performance')}?quarter={self.quarter.pk}")]

    def get_facts(self) -> Sequence[Fact]:
        line = self.line
        facts = [
            Fact("Definition", f"{line.definition} (version {line.definition_version})", self.measure_url),
            Fact("Unit", line.unit),
            Fact("Supplier", line.supplier),
        ]
        facts += [Fact(f"Q{place}", figure_words(shown)) for place, shown in enumerate(line.quarters, start=1)]
        facts.append(Fact("Year to date", _with_caveat(line.year_to_date)))
        facts.append(Fact("Programme to date", _with_caveat(line.programme_to_date)))
        if target := _target(line):
            facts.append(Fact("Target to date", figure_words(target)))
        facts.append(Fact("Rating", line.rag, tag=COLOURS[line.rag]))
        if line.by_hand:
            facts.append(Fact("Why it is rated so", line.by_hand))
        if line.comment:
            facts.append(Fact("Comment", line.comment))
        return facts

    @property
    def measure_url(self) -> str:
        """The measure's own page: its versions, targets and uses."""
        return reverse("kpis:measure", args=[self.object.project.programme.code, self.object.code])

    def get_actions(self) -> Sequence[Link]:
        user, programme = self.request.user, self.object.project.programme
        # What is closed stands as it was rated.
        if not may(user, "measures.define") or not is_of_recipient(user, programme) or self.quarter.results_closed_at:
            return []
        args = [programme.code, self.object.code, self.quarter.code]
        return [Link("Rate by hand", reverse("kpis:rate", args=args), secondary=True)]

    def get_tables(self) -> Sequence[BreakdownTable]:
        tables: dict[str, list[dict[str, str]]] = {}
        names = {}
        for row in self.project.breakdowns:
            if row.code == self.object.code:
                names[row.dimension] = row.dimension_name
                cells = {"category": row.category_name, "figure": figure_words(row.shown)}
                tables.setdefault(row.dimension, []).append(cells)
        return [
            BreakdownTable(rows, caption=f"By {names[code].lower()}, this quarter", prefix=f"{code}-")
            for code, rows in tables.items()
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(suppressed=self.profile != Profile.FUNDER, **kwargs)


def _with_caveat(shown: Any) -> str:
    return f"{figure_words(shown)} ({shown.caveat})" if shown.caveat else figure_words(shown)
