"""Budgets, virements and forecasts typed or pasted into a table of boxes, and a budget's version."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from board import clock
from board.models import Project, Quarter
from board.views import ActPage, DetailPage, Fact
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.tables import Table
from core.templatetags.govuk import SummaryItem
from funding.budget_paste import Pair
from funding.budget_tables import change_table, plan_table
from funding.budgeting import forecasts_version, latest_version, plan, profiles_of, reforecast
from funding.forms.planning import ForecastForm, GridForm, GridOf, MoveForm, PlanForm, mark_of
from funding.models import BudgetLine, BudgetVersion, CostHeading, Forecast, Virement, VirementProposal
from funding.moving import limit_of, move_or_propose
from funding.positions import Position, line_positions, quarter_to_show
from funding.views.awards import OfBudget

# What the buttons beside "save" are called: they change the page and write nothing.
REDRAWN = ("fill", "add", "check")


class GridPage(OfBudget, ActPage):
    """A form with a table of boxes. "Fill the boxes", "Add the line" and "Add up" redraw it and write nothing."""

    form_class: type[GridForm] = GridForm
    template_name = "funding/budget_grid.html"
    total_label = "Total"

    @cached_property
    def lines(self) -> list[Pair]:
        """The lines of this budget, in the order of the budget page."""
        rows = BudgetLine.objects.filter(source=self.source, year=self.year).select_related("project", "heading")
        ordered = sorted(rows, key=lambda row: (row.project.position, row.heading.position, row.pk))
        return [(row.project, row.heading) for row in ordered]

    @cached_property
    def quarters(self) -> list[Quarter]:
        """The quarters of the year; its closing period too, once the fourth is closed."""
        rows = self.year.quarters.select_related("programme", "year").exclude(kind=Quarter.Kind.FOLLOW_UP)
        found = sorted(rows, key=lambda row: row.order)
        fourth = next(row for row in found if row.kind == Quarter.Kind.QUARTER and row.number == 4)
        return [row for row in found if row.kind == Quarter.Kind.QUARTER or fourth.money_closed_at]

    @cached_property
    def open_quarters(self) -> list[Quarter]:
        return [row for row in self.quarters if row.money_closed_at is None]

    @cached_property
    def may_be_added(self) -> dict[str, Any]:
        """The projects and cost headings of which a new line may be made."""
        programme = self.source.programme_id
        return {
            "projects": list(Project.objects.filter(programme_id=programme)),
            "headings": list(CostHeading.objects.filter(programme_id=programme)),
        }

    @cached_property
    def about(self) -> GridOf:
        raise NotImplementedError

    @cached_property
    def latest_quarter(self) -> Quarter:
        """To whose end the actual runs."""
        return quarter_to_show(self.year, today=clock.today())

    @cached_property
    def positions(self) -> dict[Pair, Position]:
        """Where each line stands now."""
        found = line_positions(
            [self.source], self.year, quarter_to_show(self.year, today=clock.today()), today=clock.today()
        )
        return {(line.project, line.heading): position for line, position in found.items()}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "about": self.about}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if any(name in request.POST for name in REDRAWN):
            return self.redrawn(request)
        return super().post(request, *args, **kwargs)

    def redrawn(self, request: HttpRequest) -> HttpResponse:
        """The same page with all that was typed, nothing judged yet but what was pasted."""
        sent, problems = {name: request.POST[name] for name in request.POST}, []
        sent_form = self.form_class(request.POST, about=self.about)
        if "fill" in request.POST:
            filled, problems = sent_form.pasted()
            sent |= filled
            if not problems:
                sent["paste"] = ""
        elif "add" in request.POST:
            problems = self.add_line(sent_form, sent)
        form = self.form_class(initial=sent, about=self.about)
        said = [
            SummaryItem(problem if isinstance(problem, str) else problem.message, "id_paste") for problem in problems
        ]
        return self.render_to_response(self.get_context_data(form=form, told=said))

    def add_line(self, form: GridForm, sent: dict[str, str]) -> list[str]:
        """Put the chosen project and heading to the table."""
        form.is_valid()
        pair = (form.cleaned_data.get("add_project"), form.cleaned_data.get("add_heading"))
        if None in pair:
            return ["Choose the project and the cost heading of the line to be added."]
        sent["added"] = " ".join([sent.get("added", ""), mark_of(pair)])
        sent["add_project"] = sent["add_heading"] = ""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        against = self.against()
        shown = super().get_context_data(**{"total_label": self.total_label, "against": against, **kwargs})
        if against is not None:
            shown["missing"] = told_of_missing(against[1] - shown["form"].total())
        return shown

    def against(self) -> tuple[str, Decimal] | None:
        """What the table is to add up to, with its name; None where it need not add up to anything."""
        return None


def told_of_missing(left: Decimal) -> str:
    """By how much a table misses what it is to add up to."""
    if not left:
        return "The table adds up to it."
    return f"The table is {in_words(abs(left))} too {'low' if left > 0 else 'high'}."


def by_pair(rows: Mapping[tuple[BudgetLine, Quarter], Decimal]) -> dict[tuple[Project, CostHeading, Quarter], Decimal]:
    """Amounts of lines by project, heading and quarter, as a table of boxes knows them."""
    return {(line.project, line.heading, quarter): amount for (line, quarter), amount in rows.items()}


class SetBudget(GridPage):
    """Set the original budget of a year, or move the budget of its lines between their quarters."""

    action, form_class, writes = "budget.change", PlanForm, True

    @cached_property
    def version(self) -> BudgetVersion | None:
        return latest_version(self.source, self.year)

    def allowed(self) -> bool:
        return super().allowed() and self.award is not None

    def get_heading(self) -> str:
        return "Re-profile the budget" if self.version else "Set the budget"

    @property
    def button(self) -> str:
        return "Save the new profile" if self.version else "Set the budget"

    def get_lead(self) -> str:
        words = f"{self.source}, {self.year.code}. "
        if self.version:
            return words + "Each line keeps its total; a virement moves budget to another line."
        return words + "The lines, unallocated included, add up to the award."

    @cached_property
    def about(self) -> GridOf:
        if self.version is None:
            return GridOf(pairs=self.lines, quarters=self.quarters, standing={}, **self.may_be_added)
        standing = by_pair(profiles_of(self.version))
        was: dict[Pair, Decimal] = {}
        for (project, heading, _), amount in standing.items():
            was[project, heading] = was.get((project, heading), NOUGHT) + amount
        return GridOf(
            pairs=self.lines,
            quarters=self.quarters,
            standing=standing,
            shut=frozenset(row.pk for row in self.quarters if row.money_closed_at),
            beside_headers=["Budget"],
            beside={pair: [in_words(was.get(pair, NOUGHT))] for pair in self.lines},
        )

    def against(self) -> tuple[str, Decimal]:
        return ("Award" if self.source.is_grant else "Pledge", self.award.amount_on(max(clock.today(), self.first_day)))

    @property
    def first_day(self) -> date:
        """The day that is offered to begin with: today, or the start of a year whose first budget is set."""
        return clock.today() if self.version else self.quarters[0].first_day

    def get_initial(self) -> dict[str, Any]:
        return {"seen_number": self.version.number if self.version else 0, "effective_on": self.first_day}

    def act(self, form: PlanForm) -> BudgetVersion:
        given = form.cleaned_data
        return plan(
            source=self.source,
            year=self.year,
            cells=form.amounts(),
            effective_on=given["effective_on"],
            reason=given["reason"],
            decision_reference=given["decision_reference"],
            seen_number=given["seen_number"],
            once=given["once"],
            by=self.request.user,
        )

    def get_success_message(self, result: BudgetVersion) -> str:
        return f"Version {result.number} of the budget is in force from {day_in_words(result.effective_on)}."

    def get_success_url(self, result: Any = None) -> str:
        return result.get_absolute_url()


class RecordVirement(GridPage):
    """Move budget between lines; above the threshold it waits for a second person."""

    action, form_class, writes, heading = "budget.change", MoveForm, True, "Record a virement"
    button, total_label = "Record the virement", "Net"

    def allowed(self) -> bool:
        return super().allowed() and latest_version(self.source, self.year) is not None

    def get_lead(self) -> str:
        limit = in_words(limit_of(self.source, clock.today()))
        return (
            f"{self.source}, {self.year.code}. Enter what a line loses with a minus and what another gets without; "
            f"together they net to £0.00. Above {limit} it needs the funder’s reference and a second person’s approval."
        )

    @cached_property
    def about(self) -> GridOf:
        lines = {
            pair: [in_words(row.budget), in_words(row.actual_to_date + row.committed)]
            for pair, row in self.positions.items()
        }
        return GridOf(
            pairs=self.lines,
            quarters=self.open_quarters,
            standing={},
            beside_headers=["Budget", "Spent and committed"],
            beside=lines,
            **self.may_be_added,
        )

    def against(self) -> tuple[str, Decimal]:
        return ("A virement nets to", NOUGHT)

    def act(self, form: MoveForm) -> Virement | VirementProposal:
        given = form.cleaned_data
        return move_or_propose(
            source=self.source,
            year=self.year,
            cells=form.amounts(),
            reason=given["reason"],
            funder_reference=given["funder_reference"],
            decision_reference=given["decision_reference"],
            once=given["once"],
            by=self.request.user,
        )

    def get_success_message(self, result: Virement | VirementProposal) -> str:
        if isinstance(result, VirementProposal):
            return f"{result.reference} is proposed. It takes effect when a second person approves it."
        return f"{result.reference} is recorded and in force."

    def get_success_url(self, result: Any = None) -> str:
        return result.get_absolute_url()


class ForecastPage(GridPage):
    """What is expected to be spent in the quarters ahead, beside budget, actual and outturn; read by all who see it."""

    action, form_class, button = "budget.read", ForecastForm, "Save the forecast"
    success_message, total_label = "The forecast is saved.", "Forecast"

    def get_heading(self) -> str:
        return f"Forecast: {self.source}, {self.year.code}"

    def get_lead(self) -> str:
        return (
            f"Actual is to the end of {self.latest_quarter}. The outturn is the actual and what is forecast; "
            "its variance is the outturn less the budget, below nought an underspend."
        )

    @cached_property
    def standing(self) -> dict[tuple[Project, CostHeading, Quarter], Decimal]:
        rows = Forecast.objects.filter(line__source=self.source, line__year=self.year)
        found = rows.select_related("line__project", "line__heading", "quarter")
        return {(row.line.project, row.line.heading, row.quarter): row.amount for row in found}

    @cached_property
    def about(self) -> GridOf:
        shown = self.positions
        return GridOf(
            pairs=self.lines,
            quarters=self.open_quarters,
            standing=self.standing,
            shut=frozenset() if self.may_change else frozenset(row.pk for row in self.open_quarters),
            beside_headers=["Budget", "Actual to date"],
            beside={pair: [in_words(row.budget), in_words(row.actual_to_date)] for pair, row in shown.items()},
            after_headers=["Outturn", "Variance"],
            after={pair: [in_words(row.outturn), in_words(row.outturn_variance)] for pair, row in shown.items()},
            lowest=NOUGHT,
        )

    def get_initial(self) -> dict[str, Any]:
        return {"seen_version": forecasts_version(self.source, self.year)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.may_change:
            return self.http_method_not_allowed(request)
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        all_of_it = sum(self.positions.values(), Position())
        totals = {
            "beside_totals": [in_words(all_of_it.budget), in_words(all_of_it.actual_to_date)],
            "after_totals": [in_words(all_of_it.outturn), in_words(all_of_it.outturn_variance)],
            "read_only": not self.may_change,
            "after_words": (
                "Outturn and variance are of the forecast as it was saved last. Of a quarter that still runs, what its "
                "forecast has above its actual is yet to come."
            ),
        }
        return super().get_context_data(**{**totals, **kwargs})

    def act(self, form: ForecastForm) -> int:
        lines = {
            (line.project_id, line.heading_id): line
            for line in BudgetLine.objects.filter(source=self.source, year=self.year).select_related("source")
        }
        amounts = {
            (lines[project.pk, heading.pk], quarter): amount
            for (project, heading, quarter), amount in form.amounts().items()
        }
        return reforecast(
            source=self.source,
            year=self.year,
            amounts=amounts,
            seen_version=form.cleaned_data["seen_version"],
            by=self.request.user,
        )

    def get_success_url(self, result: Any = None) -> str:
        return self.url("forecast")


class VersionPage(OfBudget, DetailPage):
    """One version of a budget: why and by whom, what it changed, and the whole of it."""

    action = "budget.read"

    @cached_property
    def object(self) -> BudgetVersion:
        rows = BudgetVersion.objects.filter(source=self.source, year=self.year).select_related("created_by")
        try:
            return rows.get(number=self.kwargs["number"])
        except BudgetVersion.DoesNotExist:
            raise Http404 from None

    def allowed(self) -> bool:
        return super().allowed() and self.object is not None

    def get_heading(self) -> str:
        return f"Budget version {self.object.number}"

    def get_lead(self) -> str:
        return f"{self.source}, {self.year.code}."

    def get_facts(self) -> Sequence[Fact]:
        row = self.object
        virement = getattr(row, "virement", None)
        facts = [
            Fact("Kind", row.get_kind_display()),
            Fact("In force from", day_in_words(row.effective_on)),
            Fact("Reason", row.reason),
            Fact("Reference of the decision", row.decision_reference),
            Fact("Recorded by", f"{row.created_by}, {day_in_words(row.created_at)}"),
        ]
        if virement is not None:
            facts.append(Fact("Virement", virement.reference, virement.get_absolute_url()))
        return facts

    def get_tables(self) -> Sequence[Table]:
        now = profiles_of(self.object)
        before = BudgetVersion.objects.filter(source=self.source, year=self.year, number=self.object.number - 1).first()
        quarters = sorted({quarter for _, quarter in now}, key=lambda quarter: quarter.order)
        tables: list[Table] = [change_table(profiles_of(before), now)] if before else []
        return [*tables, plan_table(now, quarters)]
