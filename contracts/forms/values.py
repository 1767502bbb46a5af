"""Boxes for pounds by project and year, as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from board.models import Programme, Project, Year
from contracts.rules import Place, box_of
from core.forms import ActForm
from core.money import MoneyFormField


class PlaceField(MoneyFormField):
    """One box of the table, whose refusal says of which project and year it is."""

    def clean(self, value: Any) -> Decimal | None:
        try:
            return super().clean(value)
        except ValidationError as error:
            raise ValidationError([f"{self.label}: {words}" for words in error.messages]) from None


@dataclass(frozen=True)
class PlaceCell:
    """A box, and what stands there now, in pounds, where the contract is worth something there."""

    box: Any
    standing: Decimal | None


@dataclass(frozen=True)
class PlaceRow:
    """A project, with a cell for each year of its programme."""

    project: Project
    cells: Sequence[PlaceCell]


@dataclass(frozen=True)
class PlaceTable:
    """The table of one programme."""

    programme: Programme
    years: Sequence[Year]
    rows: Sequence[PlaceRow]


class ValuesForm(ActForm):
    """A form with a box for each project and year; `standing` is what is in force there, shown above each box.

    `before` and `after` are the other fields, above and below the table.
    """

    names_before: tuple[str, ...] = ()

    def __init__(
        self, *args: Any, places: Sequence[Place], standing: Mapping[tuple[int, int], Decimal] | None = None, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.places, self.standing = places, standing or {}
        self.boxes = {box_of(project, year): (project, year) for project, year in places}
        self.shows_standing = standing is not None
        for name, (project, year) in self.boxes.items():
            label = f"{project}, {year}"
            widget = forms.TextInput(attrs={"aria-label": f"{label}, pounds", "class": "govuk-input--width-10"})
            self.fields[name] = PlaceField(label=label, required=False, widget=widget)

    @property
    def values(self) -> dict[Place, Decimal]:
        """What was entered, by project and year; an empty box is not among it."""
        given = {place: self.cleaned_data.get(name) for name, place in self.boxes.items()}
        return {place: amount for place, amount in given.items() if amount is not None}

    def before(self) -> list[Any]:
        return [self[name] for name in self.names_before if name in self.fields]

    def after(self) -> list[Any]:
        return [
            field
            for field in self.visible_fields()
            if field.name not in self.boxes and field.name not in self.names_before
        ]

    def tables(self) -> list[PlaceTable]:
        """A table a programme, the contract's own first."""
        found: dict[Programme, dict[Project, dict[Year, str]]] = {}
        for name, (project, year) in self.boxes.items():
            found.setdefault(year.programme, {}).setdefault(project, {})[year] = name
        return [
            PlaceTable(
                programme,
                list(dict.fromkeys(year for years in projects.values() for year in years)),
                [
                    PlaceRow(project, [self._cell(project, year, name) for year, name in years.items()])
                    for project, years in projects.items()
                ],
            )
            for programme, projects in found.items()
        ]

    def _cell(self, project: Project, year: Year, name: str) -> PlaceCell:
        return PlaceCell(self[name], self.standing.get((project.pk, year.pk)))
