"""Of what a return is: from which quarter to which, and of whom or what, where it is not of the whole programme."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from board.models import Organisation, Programme, Quarter, Year
from funding.claims import place_of
from returns.models import Return


@dataclass(frozen=True)
class Subject:
    """Of whom or what one of several returns of a period is: its reference, as addresses take it, and its name."""

    reference: str
    name: str


@dataclass(frozen=True)
class Scope:
    """The span and the subject of a return. `subject` is a reference, such as an organisation's code, or empty.

    A year runs from its first quarter to its closing period, which takes what came in late of it; the whole
    programme from the first year's first quarter to the last year's closing period.
    """

    first: Quarter
    last: Quarter
    subject: str = ""

    @property
    def programme(self) -> Programme:
        return self.last.programme

    @property
    def is_one_quarter(self) -> bool:
        return self.first == self.last

    @property
    def is_whole_years(self) -> bool:
        return self.first.number == 1 and self.last.kind == Quarter.Kind.CLOSING and not self.is_one_quarter

    @cached_property
    def quarters(self) -> list[Quarter]:
        """The quarters and closing periods in it, in the order in which they are claimed."""
        if self.is_one_quarter:
            return [self.last]
        rows = Quarter.objects.filter(programme=self.programme).exclude(kind=Quarter.Kind.FOLLOW_UP)
        span = place_of(self.first), place_of(self.last)
        found = [row for row in rows.select_related("programme", "year") if span[0] <= place_of(row) <= span[1]]
        return sorted(found, key=place_of)

    @cached_property
    def years(self) -> list[Year]:
        """The award years in it, earliest first."""
        return sorted({row.year for row in self.quarters}, key=lambda year: year.starts)

    @cached_property
    def organisation(self) -> Organisation | None:
        """The organisation that it is about; none where the subject is none, or is something else."""
        return Organisation.objects.filter(code=self.subject).first() if self.subject else None

    @property
    def code(self) -> str:
        """ "2023-24-Q1", "2023-24" for a year, "2023-24-to-2024-25" for years."""
        if self.is_one_quarter:
            return self.last.code
        if not self.is_whole_years:
            return f"{self.first.code}-to-{self.last.code}"
        first, last = self.first.year.code, self.last.year.code
        return first if first == last else f"{first}-to-{last}"

    def __str__(self) -> str:
        if self.is_one_quarter:
            return str(self.last)
        if not self.is_whole_years:
            return f"{self.first} to {self.last}"
        span = f"{self.first.year.bounds[0]:%B %Y} to {self.last.year.bounds[1]:%B %Y}"
        return f"{self.last.year} ({span})" if self.first.year == self.last.year else span


def of_quarter(quarter: Quarter) -> Scope:
    """A quarter of the whole programme."""
    return Scope(quarter, quarter)


def scope_of(the_return: Return) -> Scope:
    """Of what a return is."""
    first, last = the_return.first_quarter, the_return.last_quarter
    return Scope(last if the_return.first_quarter_id == last.pk else first, last, the_return.subject)


def year_to(quarter: Quarter) -> Quarter | None:
    """The first quarter of the year that ends in this closing period; none for any other quarter."""
    if quarter.kind != Quarter.Kind.CLOSING:
        return None
    return _first(Quarter.objects.filter(year=quarter.year))


def programme_to(quarter: Quarter) -> Quarter | None:
    """The first quarter of the programme whose last closing period this is; none for any other quarter."""
    if quarter.kind != Quarter.Kind.CLOSING:
        return None
    if Year.objects.filter(programme=quarter.programme, starts__gt=quarter.year.starts).exists():
        return None
    return _first(Quarter.objects.filter(programme=quarter.programme))


def _first(rows: Iterable[Quarter]) -> Quarter:
    return min(rows.filter(kind=Quarter.Kind.QUARTER).select_related("programme__recipient", "year"), key=place_of)  # type: ignore[attr-defined]
