"""Budget against spend, by any cut. Every figure is that of positions; this only lays them out."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from board import clock
from board.models import Quarter, Year
from board.views import Link, ListPage
from core.financial_year import year_starting
from core.money import in_words
from funding.forms.budget import BudgetChoice
from funding.models import BudgetLine, Source
from funding.positions import Position, grouped, line_positions, total
from funding.tables import BudgetTable


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
            form.initial["year"] = self.usual_year(form)
            form.initial["source"] = self.usual_source(form.initial["year"])
        return form

    def usual_year(self, form: BudgetChoice) -> Year | None:
        years = list(form.fields["year"].queryset)
        now = year_starting(clock.today())
        return next((year for year in years if year.starts <= now), years[-1] if years else None)

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
            return {"year": form.initial["year"], "source": form.initial["source"], "quarter": None, "cut": "line"}
        return form.cleaned_data if form.is_valid() else {}

    @cached_property
    def quarter(self) -> Quarter | None:
        """The quarter to whose end the figures run: as asked, else the latest that has begun."""
        if not self.asked.get("year"):
            return None
        return self.asked.get("quarter") or latest_quarter(self.asked["year"])

    @cached_property
    def positions(self) -> dict[BudgetLine, Position]:
        """The position of each budget line that was asked for and that the person may see."""
        if self.quarter is None:
            return {}
        year, source = self.asked["year"], self.asked.get("source")
        sources = Source.objects.visible_to(self.request.user).filter(programme_id=year.programme_id)
        # Hours given are no money: in-kind match is never added to cash, and shows when it is asked for.
        chosen = [source] if source is not None else [row for row in sources if not row.is_in_kind]
        return line_positions(chosen, year, self.quarter, today=clock.today())

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
            links.append(Link("Does it tie?", tie, secondary=True))
        return links

    def get_queryset(self) -> list[BudgetRow]:
        key, name, query = CUTS[self.asked.get("cut") or "line"]
        groups = grouped(self.positions, key)
        return [
            BudgetRow(index, *name(group), self.spend_behind(query(group)), figures)
            for index, (group, figures) in enumerate(groups.items())
        ]

    def spend_behind(self, query: dict[str, Any]) -> str:
        """The spend list narrowed to exactly what a figure sums."""
        asked = {"year": self.asked["year"].pk, "until": self.quarter.pk, **query}
        if self.asked.get("source"):
            asked["source"] = self.asked["source"].pk
        else:
            asked["in_kind"] = "without"
        return f"{reverse('funding:spend')}?{urlencode(asked)}"

    def get_lead(self) -> str:
        if self.quarter is None:
            return ""
        who = self.asked.get("source") or "All sources that you may see, in-kind match left out"
        return f"{who}, {self.asked['year'].code}, to the end of {self.quarter}."

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


def latest_quarter(year: Year) -> Quarter:
    """The quarter to whose end the figures of a year run: the last that has begun; its closing period at the end."""
    quarters = list(year.quarters.order_by("first_day", "number"))
    begun = [row for row in quarters if row.first_day <= clock.today() and row.kind == Quarter.Kind.QUARTER]
    if len(begun) == 4 and begun[-1].money_closed_at:
        return next((row for row in quarters if row.kind == Quarter.Kind.CLOSING), begun[-1])
    return begun[-1] if begun else quarters[0]


Cut = tuple[Callable[[BudgetLine], Hashable], Callable[[Any], tuple[str, str]], Callable[[Any], dict[str, Any]]]
# What each cut groups by, how a group is named (with what stands under it), what narrows the spend list to it.
CUTS: dict[str, Cut] = {
    "line": (
        lambda line: (line.project, line.heading),
        lambda pair: (pair[0].name, pair[1].name if pair[1].name != pair[0].name else ""),
        lambda pair: {"project": pair[0].pk, "heading": pair[1].pk},
    ),
    "project": (lambda line: line.project, lambda project: (project.name, ""), lambda project: {"project": project.pk}),
    "heading": (lambda line: line.heading, lambda heading: (heading.name, ""), lambda heading: {"heading": heading.pk}),
}
