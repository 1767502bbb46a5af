"""The table of boxes in which a budget is typed or pasted: a row a budget line, a column a quarter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from board.models import Project, Quarter
from core.forms import DayField, OnceForm
from core.money import NOUGHT, MoneyFormField, read_amount
from core.problems import Problem
from funding.budget_paste import Pair, Place, Table, place
from funding.models import CostHeading

# Five boxes a row: the browser may send a thousand fields, which is Django's limit.
MOST_ROWS = 150


class CellField(MoneyFormField):
    """One box of the table, whose refusal says of which line and quarter it is."""

    def clean(self, value: Any) -> Decimal | None:
        try:
            return super().clean(value)
        except ValidationError as error:
            raise ValidationError([f"{self.label}: {words}" for words in error.messages]) from None


@dataclass(frozen=True)
class GridRow:
    """One line of the table: its names, a box or a figure for each quarter, what stands beside, and its total."""

    name: str
    under: str
    beside: Sequence[str]
    cells: Sequence[Any]
    total: Decimal
    after: Sequence[str]


@dataclass(frozen=True)
class GridOf:
    """What a table of boxes is about.

    `standing` is what each box begins with; columns in `shut` show it and have no box. `beside` and `after` are
    further figures of each line, in words, under `beside_headers` and `after_headers`.
    """

    pairs: Sequence[Pair]
    quarters: Sequence[Quarter]
    standing: Mapping[Place, Decimal]
    shut: frozenset[int] = frozenset()
    projects: Sequence[Project] = ()
    headings: Sequence[CostHeading] = ()
    beside_headers: Sequence[str] = ()
    beside: Mapping[Pair, Sequence[str]] | None = None
    after_headers: Sequence[str] = ()
    after: Mapping[Pair, Sequence[str]] | None = None
    lowest: Decimal | None = None

    @property
    def may_add(self) -> bool:
        return bool(self.headings) and bool(self.projects)


class GridForm(OnceForm):
    """A form with a table of boxes. `added` carries the lines that were put to it before anything is written."""

    marks_optional = False

    added = forms.CharField(widget=forms.HiddenInput, required=False)
    paste = forms.CharField(
        label="Paste from a spreadsheet",
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "class": "funding-paste"}),
        help_text="Copy the project, the cost heading and the amount of each quarter, as codes or names.",
    )
    add_project = forms.ModelChoiceField(
        label="Project", queryset=Project.objects.none(), required=False, empty_label="Choose"
    )
    add_heading = forms.ModelChoiceField(
        label="Cost heading", queryset=CostHeading.objects.none(), required=False, empty_label="Choose"
    )
    beyond_the_table: Sequence[str] = ()

    def __init__(self, *args: Any, about: GridOf, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = about
        self.pairs = [*about.pairs, *(pair for pair in self._added() if pair not in about.pairs)][:MOST_ROWS]
        if about.may_add:
            programme = about.projects[0].programme_id
            self.fields["add_project"].queryset = Project.objects.filter(programme_id=programme)
            self.fields["add_heading"].queryset = CostHeading.objects.filter(programme_id=programme)
        else:
            del self.fields["add_project"], self.fields["add_heading"]
        for pair in self.pairs:
            for quarter in about.quarters:
                if quarter.pk not in about.shut:
                    self._add_box((*pair, quarter))

    def _added(self) -> list[Pair]:
        """The lines that were added on the page, from its hidden box; what makes no sense is left out."""
        raw = self.data.get("added", "") if self.is_bound else self.initial.get("added", "")
        projects = {row.pk: row for row in self.about.projects}
        headings = {row.pk: row for row in self.about.headings}
        found = []
        for word in str(raw).split():
            project, _, heading = word.partition(".")
            if project.isdecimal() and heading.isdecimal():
                pair = (projects.get(int(project)), headings.get(int(heading)))
                if None not in pair and pair not in found:
                    found.append(pair)
        return found

    def _add_box(self, where: Place) -> None:
        project, heading, quarter = where
        label = f"{project}, {heading}, {quarter.short_label}"
        stands = self.about.standing.get(where)
        field = CellField(
            label=label,
            required=False,
            min_value=self.about.lowest,
            initial=f"{stands:,.2f}" if stands else "",
            widget=forms.TextInput(attrs={"aria-label": label, "class": "govuk-input--width-10", "data-cell": True}),
        )
        self.fields[name_of(where)] = field

    @property
    def quarters(self) -> Sequence[Quarter]:
        return self.about.quarters

    @property
    def other_fields(self) -> list[Any]:
        """What is asked beside the table."""
        return [self[name] for name in self.beyond_the_table if name in self.fields]

    def amounts(self) -> dict[Place, Decimal]:
        """Every amount of the table, closed quarters as they stand; an empty box is nought."""
        found = {}
        for pair in self.pairs:
            for quarter in self.about.quarters:
                where = (*pair, quarter)
                if quarter.pk in self.about.shut:
                    found[where] = self.about.standing.get(where, NOUGHT)
                else:
                    found[where] = self.cleaned_data.get(name_of(where)) or NOUGHT
        return found

    def rows(self) -> list[GridRow]:
        """The lines as they stand on the page, with totals of what can be read."""
        about = self.about
        return [
            GridRow(
                name=pair[0].name,
                under=pair[1].name if pair[1].name != pair[0].name else "",
                beside=(about.beside or {}).get(pair, [""] * len(about.beside_headers)),
                cells=[self._cell((*pair, quarter)) for quarter in about.quarters],
                total=sum((self._amount((*pair, quarter)) for quarter in about.quarters), NOUGHT),
                after=(about.after or {}).get(pair, [""] * len(about.after_headers)),
            )
            for pair in self.pairs
        ]

    def column_totals(self) -> list[Decimal]:
        """What each quarter adds up to, as typed."""
        return [sum((self._amount((*pair, quarter)) for pair in self.pairs), NOUGHT) for quarter in self.about.quarters]

    def total(self) -> Decimal:
        """What all of the table adds up to, as typed."""
        return sum(self.column_totals(), NOUGHT)

    def _cell(self, where: Place) -> Any:
        name = name_of(where)
        return self[name] if name in self.fields else self.about.standing.get(where, NOUGHT)

    def _amount(self, where: Place) -> Decimal:
        if name_of(where) not in self.fields:
            return self.about.standing.get(where, NOUGHT)
        try:
            return read_amount(str(self[name_of(where)].value() or "0"))
        except ValueError:
            return NOUGHT

    def pasted(self) -> tuple[dict[str, str], list[Problem]]:
        """What the pasted table puts into which box, by name, and every row of it that found none."""
        found = place(
            self.data.get("paste", ""),
            Table(
                pairs=self.pairs,
                quarters=self.about.quarters,
                closed=self.about.standing,
                shut=self.about.shut,
                projects=self.about.projects or [pair[0] for pair in self.pairs],
                headings=self.about.headings or [pair[1] for pair in self.pairs],
                may_add=self.about.may_add,
            ),
        )
        filled = {name_of(where): text for where, text in found.typed.items()}
        new = dict.fromkeys((project, heading) for project, heading, _ in found.typed)
        filled["added"] = " ".join(
            dict.fromkeys([*self.data.get("added", "").split(), *(mark_of(pair) for pair in new)])
        )
        return filled, found.problems


def name_of(where: Place) -> str:
    """The name of a box."""
    project, heading, quarter = where
    return f"cell-{project.pk}-{heading.pk}-{quarter.pk}"


def mark_of(pair: Pair) -> str:
    """A line in the hidden box of those that were added."""
    return f"{pair[0].pk}.{pair[1].pk}"


REASON = {"widget": forms.Textarea(attrs={"rows": 3}), "max_length": 2000}


class PlanForm(GridForm):
    """A whole budget: the original one, or its new profile."""

    beyond_the_table = ("effective_on", "reason", "decision_reference")
    effective_on = DayField(label="In force from")
    reason = forms.CharField(label="Reason", **REASON)
    decision_reference = forms.CharField(label="Reference of the decision (optional)", required=False, max_length=40)
    seen_number = forms.IntegerField(widget=forms.HiddenInput)


class MoveForm(GridForm):
    """What a virement takes off lines and puts on others."""

    beyond_the_table = ("reason", "funder_reference", "decision_reference")
    reason = forms.CharField(label="Reason", **REASON)
    funder_reference = forms.CharField(
        label="Funder’s reference (optional)",
        help_text="Needed where a second person has to approve it.",
        required=False,
        max_length=60,
    )
    decision_reference = forms.CharField(label="Reference of the decision (optional)", required=False, max_length=40)


class ForecastForm(GridForm):
    """What is expected to be spent on each line in each quarter ahead."""

    seen_version = forms.IntegerField(widget=forms.HiddenInput)
