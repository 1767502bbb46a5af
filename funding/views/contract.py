"""Spend under a contract: what is charged to it, and what it still binds."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.urls import reverse

from board.access import may
from board.views import DetailPage, Fact, Link
from contracts.models import Contract
from core.money import NOUGHT, PenceField, in_words
from core.tables import Table
from funding.models import Commitment, Source, SpendLine
from funding.tables import CommitmentTable, ContractSpendTable
from funding.views.spend import SHOWN_WITH_A_LINE, spend_crumb
from funding.views.spend_reports import statement_actions, statement_tables


@dataclass(frozen=True)
class CommitmentRow:
    """What a contract binds of a budget line, less what it has charged there, in pounds."""

    project: str
    heading: str
    source: str
    year: str
    committed: Decimal
    charged: Decimal

    @property
    def left(self) -> Decimal:
        return max(self.committed - self.charged, NOUGHT)


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
        return [*statement_actions(self.request.user, self.object), Link("Look at the contract", url, secondary=True)]

    def lines(self) -> QuerySet[SpendLine]:
        lines = SpendLine.objects.visible_to(self.request.user).in_force().filter(transaction__contract=self.object)
        return lines.select_related(*SHOWN_WITH_A_LINE)

    def commitments(self) -> list[CommitmentRow]:
        charged = {
            row["budget_line"]: row["total"]
            for row in self.lines()
            .spend()
            .order_by()
            .values("budget_line")
            .annotate(total=Sum("cost", output_field=PenceField()))
        }
        found = (
            Commitment.objects.filter(
                contract=self.object, line__source__in=Source.objects.visible_to(self.request.user)
            )
            .select_related("line__project", "line__heading", "line__source", "line__year")
            .order_by("line__year__starts", "line__project__position", "line__heading__position")
        )
        return [
            CommitmentRow(
                row.line.project.name,
                row.line.heading.name,
                row.line.source.name,
                row.line.year.code,
                row.amount,
                charged.get(row.line_id, NOUGHT),
            )
            for row in found
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
        return [
            *statement_tables(self.request.user, self.object),
            CommitmentTable(self.commitments(), prefix="bound-"),
            ContractSpendTable(lines, prefix="spend-"),
        ]
