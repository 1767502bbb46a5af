"""Spend under a contract: what is charged to it, and what it still binds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from board.access import may
from board.views import DetailPage, Fact, Link
from contracts.models import Contract
from core.money import in_words
from core.tables import Table
from funding.models import Source, SpendLine
from funding.positions import Bound, contract_positions
from funding.tables import CommitmentTable, ContractSpendTable
from funding.views.spend import SHOWN_WITH_A_LINE, spend_crumb


@dataclass(frozen=True)
class CommitmentRow:
    """What a contract binds of a budget line, and what it has charged there."""

    project: str
    heading: str
    source: str
    year: str
    figures: Bound

    def __getattr__(self, name: str) -> Any:
        return getattr(self.figures, name)


def spend_link(user: Any, contract: Contract) -> Link | None:
    """From a contract's page to its spend, for those who may read spend."""
    if not may(user, "spending.read"):
        return None
    return Link("Spend under this contract", reverse("funding:contract", args=[contract.reference]), secondary=True)


class SpendUnderContract(DetailPage):
    """A contract's money: its value, what is charged to it on the sources that the person sees, what is left."""

    action, lookup, section = "spending.read", "reference", "Spend under a contract"

    def get_queryset(self) -> QuerySet[Contract]:
        return Contract.objects.visible_to(self.request.user).select_related("provider", "buyer")

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb()]

    def get_actions(self) -> Sequence[Link]:
        url = reverse("contracts:contract", args=[self.object.reference])
        return [Link("Look at the contract", url, secondary=True)]

    def lines(self) -> QuerySet[SpendLine]:
        lines = SpendLine.objects.visible_to(self.request.user).in_force().filter(transaction__contract=self.object)
        return lines.select_related(*SHOWN_WITH_A_LINE)

    def commitments(self) -> list[CommitmentRow]:
        found = contract_positions(Source.objects.visible_to(self.request.user), contract=self.object)
        return [
            CommitmentRow(line.project.name, line.heading.name, line.source.name, line.year.code, figures)
            for (_, line), figures in found.items()
        ]

    def get_facts(self) -> Sequence[Fact]:
        contract, charged = self.object, self.lines().spend().total()
        value = contract.value()
        return [
            Fact("Kind", contract.get_kind_display()),
            Fact("Provider", contract.provider),
            Fact("Value, with variations", in_words(value)),
            Fact("Charged", in_words(charged)),
            Fact("Value not charged yet", in_words(value - charged)),
        ]

    def get_tables(self) -> Sequence[Table]:
        lines: Any = self.lines().order_by("-transaction__accounting_on", "-transaction__reference", "number")
        return [CommitmentTable(self.commitments(), prefix="bound-"), ContractSpendTable(lines, prefix="spend-")]
