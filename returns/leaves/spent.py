"""Cost: single charges, and cuts of them."""

from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import QuerySet, Sum

from board.models import Quarter
from contracts.models import Contract
from core.money import NOUGHT, PenceField, apportion
from funding.accruals import times_raised_again
from funding.models import (
    SpendLine,
    Transaction,
)
from returns.leaves.reading import Cut, Leaf, Reading, read_cut

SPEND_FIELDS = {
    "actual-quarter": "all cost recorded in the quarter",
    "actual-to-date": "all cost recorded up to the quarter’s end",
    "accrued-quarter": "accruals and their reversals in the quarter",
    "accrued-to-date": "accruals and their reversals up to the quarter’s end",
    "held-to-date": "cost that is held or not claimable, up to the quarter’s end",
    "claimable-to-date": "cost that may be claimed, up to the quarter’s end",
    "late-quarter": "cost recorded in the quarter that relates to an earlier one",
    "all-cost": "all cost charged to the year, whenever it was recorded",
    "all-kept-out": "cost charged to the year that is held or not claimable, whenever it was recorded",
}

_KEPT_OUT = (SpendLine.State.HELD, SpendLine.State.NOT_CLAIMABLE)


class Spent(Reading):
    """Leaves of what was charged."""

    def lines_of(self, source: str, year: str) -> QuerySet[SpendLine]:
        """What is cost to a source's year, with each line's state then."""
        return (
            SpendLine.objects.spend(self.as_of)
            .with_state(self.as_of)
            .filter(budget_line__source=self.sources[source], budget_line__year=self.years[year])
        )

    @cached_property
    def _summed(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        return {}

    def _spent(self, source: str, year: str) -> list[dict[str, Any]]:
        """The year's cost, summed by all that tells one field from another."""
        key = (source, year)
        if key not in self._summed:
            rows = self.lines_of(source, year).values(
                "budget_line__project__code", "budget_line__heading__code", "quarter_id", "relates_to_id", "state_then",
                "transaction__kind", "transaction__takes_back__kind",
            )  # fmt: skip
            self._summed[key] = list(rows.annotate(sum=Sum("cost", output_field=PenceField())).order_by())
        return self._summed[key]

    def spend(self, what: str) -> Leaf:
        field, _, path = what.partition(":")
        cut, quarter = read_cut(path), self.quarters[read_cut(path).quarter]
        amount = NOUGHT
        for row in self._spent(cut.source, cut.year):
            taken = cut.takes(row["budget_line__project__code"], row["budget_line__heading__code"])
            if taken and _is_of(field, row, self._by_key[row["quarter_id"]], quarter):
                amount += row["sum"]
        return Leaf(
            amount, f"{SPEND_FIELDS[field].capitalize()}: {self._words(cut)}", "", self._charges(field, cut, quarter)
        )

    def _charges(self, field: str, cut: Cut, quarter: Quarter) -> QuerySet[SpendLine]:
        """The charges of a field, to be listed one by one."""
        rows = self.lines_of(cut.source, cut.year)
        if cut.project:
            rows = rows.filter(budget_line__project__code=cut.project)
        if cut.heading:
            rows = rows.filter(budget_line__heading__code=cut.heading)
        if field.endswith("-quarter"):
            rows = rows.filter(quarter=quarter)
        elif not field.startswith("all-"):
            rows = rows.filter(quarter__in=[row for row in self._by_key.values() if row.order <= quarter.order])
        if field.startswith("accrued"):
            accrual = Transaction.Kind.ACCRUAL
            return rows.filter(transaction__kind=accrual) | rows.filter(transaction__takes_back__kind=accrual)
        if field.startswith("held") or field == "all-kept-out":
            return rows.filter(state_then__in=_KEPT_OUT)
        if field.startswith("claimable"):
            return rows.filter(state_then=SpendLine.State.CLAIMABLE)
        return rows.filter(relates_to__isnull=False) if field.startswith("late") else rows

    def under(self, what: str) -> Leaf:
        field, _, path = what.partition(":")
        place, _, at = path.rpartition("@")
        contract, project, year = place.split("/")
        quarter = self.quarters[at]
        upto = [row for row in self._by_key.values() if row.order <= quarter.order]
        quarters = {"quarter": [quarter], "to-date": upto}[field]
        lines = SpendLine.objects.under(Contract.objects.get(reference=contract), self.as_of).filter(
            budget_line__project__code=project, budget_line__year=self.years[year], quarter__in=quarters
        )
        return Leaf(lines.total(), f"Charged under {contract}: {project}, {year}", "", lines)

    def line(self, what: str) -> Leaf:
        found = _line(what)
        return Leaf(found.cost, f"{found.transaction.get_kind_display()} {what}", found.transaction.get_absolute_url())

    def net(self, what: str) -> Leaf:
        found = _line(what)
        return Leaf(found.net, f"Net of {what}", found.transaction.get_absolute_url())

    def vat(self, what: str) -> Leaf:
        found = _line(what)
        entry = found.transaction
        family = list(entry.lines.order_by("number"))
        weights = [abs(line.cost) for line in family]
        parts = apportion(entry.recoverable_vat, weights if any(weights) else [1] * len(weights))
        amount = dict(zip((line.number for line in family), parts, strict=True))[found.number]
        return Leaf(amount, f"VAT recovered on {what}", entry.get_absolute_url())

    def raised_again(self, what: str) -> Leaf:
        entry = Transaction.objects.get(reference=what)
        words = f"How often {what} was raised again"
        return Leaf(Decimal(times_raised_again([entry])[entry.pk]), words, entry.get_absolute_url())

    def hours(self, what: str) -> Leaf:
        found = _line(what)
        hours = Decimal(found.transaction.quantity_hundredths or 0).scaleb(-2)
        return Leaf(hours, f"Hours of {what}", found.transaction.get_absolute_url())


def _is_of(field: str, row: dict[str, Any], at: Quarter, quarter: Quarter) -> bool:
    """Whether summed rows belong to a field at a quarter."""
    if field.startswith("all-"):
        return {"all-cost": True, "all-kept-out": row["state_then"] in _KEPT_OUT}[field]
    if at.order > quarter.order or (field.endswith("-quarter") and at != quarter):
        return False
    accrued = Transaction.Kind.ACCRUAL in (row["transaction__kind"], row["transaction__takes_back__kind"])
    return {
        "actual-quarter": True,
        "actual-to-date": True,
        "accrued-quarter": accrued,
        "accrued-to-date": accrued,
        "held-to-date": row["state_then"] in _KEPT_OUT,
        "claimable-to-date": row["state_then"] == SpendLine.State.CLAIMABLE,
        "late-quarter": row["relates_to_id"] is not None,
    }[field]


def _line(reference: str) -> SpendLine:
    entry, _, number = reference.rpartition("/")
    return SpendLine.objects.select_related("transaction").get(transaction__reference=entry, number=int(number))
