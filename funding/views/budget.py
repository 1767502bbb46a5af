"""Budget against spend, by any cut. Every figure is that of positions; this only lays them out."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from board import clock
from board.models import Project, Quarter, Year
from board.views import Link, ListPage
from contracts.models import Contract
from core.forms import moment_in_words
from core.money import in_words
from core.tables import Table
from funding.forms.budget import BudgetChoice
from funding.models import Source
from funding.positions import (
    Bound,
    Position,
    cell_positions,
    contract_positions,
    grouped,
    line_positions,
    quarter_to_show,
    total,
    year_to_show,
)
from funding.tables import BudgetTable, ContractCutTable


@dataclass(frozen=True)
class BudgetRow:
    """One row of the budget page: a line, a project or a heading, and the address of the spend behind it."""

    position: int
    name: str
    under: str
    url: str
    figures: Position

    def __getattr__(self, name: str) -> Any:
        return getattr(self.figures, name)


@dataclass(frozen=True)
class ContractRow:
    """One row of the cut by contract: what it binds and has charged of a project's budget in the year."""

    contract: Contract
    project: Project
    url: str
    figures: Bound

    def __getattr__(self, name: str) -> Any:
        return getattr(self.figures, name)


class Budget(ListPage):
    """Budget, profile, actual, remaining and forecast outturn of a year."""

    action, heading = "budget.read", "Budget"
    table_class = BudgetTable
    template_name = "funding/budget.html"

    @cached_property
    def choice(self) -> BudgetChoice:
        """What was asked for; the year of today where nothing was."""
        form = BudgetChoice(self.request.GET if "year" in self.request.GET else None, user=self.request.user)
        if not form.is_bound:
            form.initial["year"] = year_to_show(form.fields["year"].queryset, today=clock.today())
            form.initial["source"] = self.usual_source(form.initial["year"])
        return form

    def usual_source(self, year: Year | None) -> Source | None:
        """The grant where the person sees it, else the first source that their organisation keeps, else any."""
        if year is None:
            return None
        user = self.request.user
        seen = list(Source.objects.visible_to(user).filter(programme_id=year.programme_id).order_by("position"))
        grant = [row for row in seen if row.is_grant]
        own = [row for row in seen if row.kept_by_id == user.acting.organisation_id]
        return next(iter([*grant, *own, *seen]), None)

    @cached_property
    def asked(self) -> dict[str, Any]:
        form = self.choice
        if not form.is_bound:
            year, source = form.initial["year"], form.initial["source"]
            return {"year": year, "source": source, "quarter": None, "cut": "line", "as_of": None}
        return form.cleaned_data if form.is_valid() else {}

    @cached_property
    def quarter(self) -> Quarter | None:
        """The quarter to whose end the figures run: as asked, else the latest that has begun."""
        if not self.asked.get("year"):
            return None
        return self.asked.get("quarter") or quarter_to_show(self.asked["year"], today=clock.today())

    @cached_property
    def positions(self) -> dict[Any, Position]:
        """The position of each budget line that was asked for and that the person may see; by quarter, for that cut."""
        if self.quarter is None:
            return {}
        positions = cell_positions if self.asked.get("cut") == "quarter" else line_positions
        return positions(
            self.sources, self.asked["year"], self.quarter, today=clock.today(), as_of=self.asked.get("as_of")
        )

    @cached_property
    def sources(self) -> list[Source]:
        """The source that was asked for; without one all that the person may see, but in-kind match.

        Hours given are no money: they are never added to cash, and show when they are asked for.
        """
        if source := self.asked.get("source"):
            return [source]
        sources = Source.objects.visible_to(self.request.user).filter(programme_id=self.quarter.programme_id)
        return [row for row in sources if not row.is_in_kind]

    def get_table(self) -> Table:
        return ContractCutTable(self.contract_rows()) if self.asked.get("cut") == "contract" else super().get_table()

    def contract_rows(self) -> list[ContractRow]:
        """What each contract binds of the year, by project. What is charged leads to its spend where it may be read."""
        if self.quarter is None:
            return []
        found = contract_positions(self.sources, year=self.asked["year"], as_of=self.asked.get("as_of"))
        readable = set(Contract.objects.visible_to(self.request.user).values_list("pk", flat=True))
        return [
            ContractRow(
                contract,
                project,
                self.spend_behind({"contract": contract.pk, "project": project.pk}, until=False)
                if contract.pk in readable
                else "",
                figures,
            )
            for (contract, project), figures in grouped(found, lambda pair: (pair[0], pair[1].project)).items()
        ]

    def get_actions(self) -> Sequence[Link]:
        year, source = self.asked.get("year"), self.asked.get("source")
        links = [Link("Awards and budgets", reverse("funding:awards"), secondary=True)]
        if not year:
            return links
        if source is not None:
            address = [year.programme.code, source.code, year.code]
            links = [
                Link("Award and versions", reverse("funding:budget-of", args=address)),
                Link("Forecast", reverse("funding:forecast", args=address), secondary=True),
                *links,
            ]
        links.append(Link("Virements", reverse("funding:virements"), secondary=True))
        if self.positions:
            tie = reverse("funding:tie", args=[year.programme.code, year.code])
            match = f"{reverse('funding:match')}?{urlencode({'year': year.pk})}"
            links += [Link("Does it tie?", tie, secondary=True), Link("Match", match, secondary=True)]
        return links

    def get_queryset(self) -> list[BudgetRow]:
        cut = self.asked.get("cut") or "line"
        if cut == "contract":
            return []
        key, name, query = CUTS[cut]
        groups = grouped(self.positions, key)
        return [
            BudgetRow(index, *name(group), self.spend_behind(query(group)), figures)
            for index, (group, figures) in enumerate(groups.items())
            # What is committed is of no quarter.
            if group is not None
        ]

    def spend_behind(self, query: dict[str, Any], *, until: bool = True) -> str:
        """The spend list narrowed to exactly what a figure sums."""
        asked = {"year": self.asked["year"].pk, **({"until": self.quarter.pk} if until else {}), **query}
        if self.asked.get("as_of"):
            asked["as_of"] = moment_in_words(self.asked["as_of"])
        if self.asked.get("source"):
            asked["source"] = self.asked["source"].pk
        else:
            asked["in_kind"] = "without"
        return f"{reverse('funding:spend')}?{urlencode(asked)}"

    def get_lead(self) -> str:
        if self.quarter is None:
            return ""
        who = self.asked.get("source") or "All sources that you may see, in-kind match left out"
        stood = f", as the record stood on {moment_in_words(self.asked['as_of'])}" if self.asked.get("as_of") else ""
        return f"{who}, {self.asked['year'].code}, to the end of {self.quarter}{stood}."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        every = total(self.positions)
        cards = [
            ("Budget", in_words(every.budget)),
            ("Actual to date", in_words(every.actual_to_date)),
            ("Remaining", in_words(every.remaining)),
            ("Forecast outturn", in_words(every.outturn)),
        ]
        shown = {"form": self.choice, "is_bound": self.choice.is_bound}
        return super().get_context_data(**{"filter": shown, "cards": cards if self.positions else [], **kwargs})


Cut = tuple[Callable[[Any], Hashable], Callable[[Any], tuple[str, str]], Callable[[Any], dict[str, Any]]]
# What each cut groups by, how a group is named (with what stands under it), what narrows the spend list to it.
CUTS: dict[str, Cut] = {
    "line": (
        lambda line: (line.project, line.heading),
        lambda pair: (pair[0].name, pair[1].name if pair[1].name != pair[0].name else ""),
        lambda pair: {"project": pair[0].pk, "heading": pair[1].pk},
    ),
    "project": (lambda line: line.project, lambda project: (project.name, ""), lambda project: {"project": project.pk}),
    "heading": (lambda line: line.heading, lambda heading: (heading.name, ""), lambda heading: {"heading": heading.pk}),
    "source": (lambda line: line.source, lambda source: (source.name, ""), lambda source: {"source": source.pk}),
    "quarter": (
        lambda cell: cell[1],
        lambda quarter: (quarter.short_label, ""),
        lambda quarter: {"quarter": quarter.pk},
    ),
}
