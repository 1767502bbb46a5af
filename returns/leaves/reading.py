"""What a reference is read with: the programme as it was at a moment, cuts of a source’s year, and what a leaf is."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.utils import timezone

from board.models import Programme, Quarter, Year
from funding.models import (
    Source,
    SpendLine,
)

CLOSING = Quarter.Kind.CLOSING


class Unknown(Exception):
    """A reference that leads nowhere."""


@dataclass(frozen=True)
class Leaf:
    """What a reference leads to: its worth, what it is in words, its page; the charges, where it is a set of them."""

    amount: Decimal
    words: str
    url: str = ""
    lines: QuerySet[SpendLine] | None = None


@dataclass(frozen=True)
class Cut:
    """A part of a source's year up to a quarter. An empty project or heading takes all."""

    source: str
    year: str
    project: str
    heading: str
    quarter: str

    def takes(self, project: str, heading: str) -> bool:
        return self.project in ("", project) and self.heading in ("", heading)


def read_cut(written: str) -> Cut:
    """ "GRANT/2023-24/CHB/staff@2023-24-Q1" → its parts."""
    path, at, quarter = written.rpartition("@")
    parts = path.split("/")
    if not at or not 2 <= len(parts) <= 4:
        raise Unknown(f"{written}: is not of the form SOURCE/YEAR/PROJECT/HEADING@QUARTER")
    source, year, project, heading = (*parts, "", "")[:4]
    return Cut(source, year, project, heading, quarter)


class Reading:
    """The record of a programme: now, or `as_of` a moment. `today` is the day whose budgets and awards are in force."""

    SCHEMES: ClassVar[dict[str, str]] = {}

    def __init__(self, programme: Programme, *, today: date, as_of: datetime | None = None) -> None:
        self.programme, self.as_of = programme, as_of
        self.today = timezone.localdate(as_of) if as_of else today
        self._leaves: dict[str, Leaf] = {}

    def leaf(self, reference: str) -> Leaf:
        """What a reference leads to. Raises Unknown where there is no such scheme or row."""
        if reference not in self._leaves:
            scheme, _, what = reference.partition(":")
            if scheme not in self.SCHEMES:
                raise Unknown(f"{reference}: there is no such kind of reference")
            try:
                self._leaves[reference] = getattr(self, self.SCHEMES[scheme])(what)
            except (KeyError, ValueError, IndexError, ObjectDoesNotExist) as missing:
                raise Unknown(f"{reference}: leads nowhere ({missing})") from missing
        return self._leaves[reference]

    @cached_property
    def quarters(self) -> dict[str, Quarter]:
        return {row.code: row for row in Quarter.objects.filter(programme=self.programme).select_related("year")}

    @cached_property
    def years(self) -> dict[str, Year]:
        return {row.code: row for row in Year.objects.filter(programme=self.programme)}

    @cached_property
    def sources(self) -> dict[str, Source]:
        return {row.code: row for row in Source.objects.filter(programme=self.programme)}

    def _words(self, cut: Cut) -> str:
        """A cut as people call it."""
        project = self.programme.projects.get(code=cut.project).name if cut.project else ""
        heading = self.programme.cost_headings.get(code=cut.heading).name if cut.heading else ""
        names = (self.sources[cut.source].name, project, heading, self.quarters[cut.quarter].short_label)
        return ", ".join(name for name in names if name)

    @cached_property
    def _by_key(self) -> dict[int, Quarter]:
        return {row.pk: row for row in self.quarters.values()}

    def _rows(self, model: Any, **which: Any) -> list[Any]:
        if self.as_of is None:
            return list(model.objects.filter(**which))
        past = model.history.filter(history_date__lte=self.as_of, **which).order_by("history_date", "history_id")
        return [row for row in {row.id: row for row in past}.values() if row.history_type != "-"]

    def _cut_of_year(self, what: str) -> Cut:
        """ "SOURCE/YEAR/PROJECT/HEADING" of a whole year, named by its closing period."""
        year = what.split("/")[1]
        [closing] = [row for row in self._by_key.values() if row.year.code == year and row.kind == CLOSING]
        return read_cut(f"{what}@{closing.code}")

    def _of_cut(self, cut: Cut, prefix: str) -> dict[str, Any]:
        """The filter for charges of a cut's source, year, project and heading."""
        found: dict[str, Any] = {
            f"{prefix}budget_line__source": self.sources[cut.source],
            f"{prefix}budget_line__year": self.years[cut.year],
        }
        if cut.project:
            found[f"{prefix}budget_line__project__code"] = cut.project
        if cut.heading:
            found[f"{prefix}budget_line__heading__code"] = cut.heading
        return found
