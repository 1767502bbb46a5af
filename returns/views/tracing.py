"""What one figure of a return rests on: its entries, and the charges where they are a set of them."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from board import clock
from board.access import AUDITOR, is_of_recipient
from board.views import DetailPage, Fact, Link
from core.money import in_words
from core.tables import Table
from funding.models import SpendLine
from returns.content import Figure, figure_words
from returns.leaves import Leaf, Record, Unknown
from returns.tables import ChargeTable, EntryTable, FirstChargesTable
from returns.tracing import RULE_WORDS, Entry, Traces
from returns.views.shared import AboutReturn, Reading, figure_url

# A page that is still read; of a larger set the workbook lists all.
MOST_CHARGES = 500


def charges(leaf: Leaf, lines: QuerySet[SpendLine], prefix: str) -> Table:
    """The charges under a figure with their sum; of very many the first ones, without a sum."""
    caption, count = f"Charges: {leaf.words}", lines.count()
    if count <= MOST_CHARGES:
        return ChargeTable(ChargeTable.rows(lines), caption=caption, prefix=prefix)
    first = list(lines.order_by("transaction__reference", "number").values_list("pk", flat=True)[:MOST_CHARGES])
    caption = f"{caption} (the first {MOST_CHARGES} of {count:,}; their worth stands above)"
    return FirstChargesTable(FirstChargesTable.rows(lines.filter(pk__in=first)), caption=caption, prefix=prefix)


class Trace(Reading, AboutReturn, DetailPage):
    """A figure, what its trace comes to, and a way to each thing under it. Of a certified return as it was then."""

    action, template_name = "returns.read", "returns/trace.html"

    @cached_property
    def figure(self) -> Figure:
        place = (self.kind.code, self.kwargs["section"], self.kwargs["row"], self.kwargs["column"])
        key = "/".join(place)
        if self.content is None or key not in self.traces.figures:
            raise Http404
        return self.traces.figures[key]

    @cached_property
    def traces(self) -> Traces:
        as_of = self.object.certified_at if self.object.is_frozen else None
        record = Record(self.object.programme, today=clock.today(), as_of=as_of)
        return Traces(self.content, record)  # type: ignore[arg-type]

    @cached_property
    def entries(self) -> list[Entry]:
        try:
            return self.traces.entries(self.figure)
        except Unknown:
            return []

    @property
    def comes_to(self) -> Any:
        """What the trace comes to; None where it leads nowhere."""
        try:
            return self.traces.comes_to(self.figure)
        except Unknown:
            return None

    def get_heading(self) -> str:
        return "What a figure rests on"

    def get_facts(self) -> Sequence[Fact]:
        figure = self.figure
        facts = [Fact("Figure", self.traces.where(figure)), Fact("It says", figure_words(figure))]
        if figure.is_number and figure.trace:
            facts.append(Fact("How it is worked out", RULE_WORDS[self.traces.rule_of(figure)]))
        if figure.is_number and figure.trace:
            said = "The same" if self.comes_to == figure.value else f"Something else: {self.comes_to}"
            facts.append(Fact("Worked out again from it", said))
        return [*facts, Fact("Key", figure.key)]

    def get_tables(self) -> Sequence[Table]:
        if not self.entries:
            return []
        tables: list[Table] = [EntryTable([self._row(row) for row in self.entries], prefix="entries-")]
        for at, entry in enumerate(self.entries, start=1):
            if entry.leaf is not None and entry.leaf.lines is not None:
                tables.append(charges(entry.leaf, entry.leaf.lines.visible_to(self.request.user), f"charges-{at}-"))
        return tables

    def _row(self, entry: Entry) -> dict[str, Any]:
        """An entry in words, with the page that it leads to."""
        divides = " (divided by this)" if entry.divides else ""
        if entry.leaf is not None:
            url = entry.leaf.url if self._opens_the_record() else ""
            return {"what": f"{entry.leaf.words}{divides}", "url": url, "said": self._amount(entry)}
        if len(entry.figures) == 1 and entry.reference.startswith("figure:"):
            other = entry.figures[0]
            said = f"−({figure_words(other)})" if entry.sign < 0 else figure_words(other)
            return {"what": f"{self.traces.where(other)}{divides}", "url": figure_url(self.object, other), "said": said}
        rows = len(entry.figures)
        return {"what": f"The {rows} row{'' if rows == 1 else 's'} above it", "url": "", "said": self._amount(entry)}

    def _amount(self, entry: Entry) -> str:
        amount = entry.sign * entry.amount
        return in_words(amount) if self.figure.unit == "money" else f"{amount.normalize():f}"

    def _opens_the_record(self) -> bool:
        """Whether the person may open the entries and claims under the return, and not the return alone."""
        user = self.request.user
        return is_of_recipient(user, self.object.programme) or user.acting.kind == AUDITOR

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        figure = self.figure
        back = f"{reverse('returns:read', args=[self.object.pk])}#section-{self.kwargs['section']}"
        differs = figure.is_number and bool(figure.trace) and self.comes_to != figure.value
        return super().get_context_data(**{"back_to_section": back, "differs": differs, **kwargs})

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [*super().get_breadcrumbs(), Link("What it says", reverse("returns:read", args=[self.object.pk]))]
