"""Contracts: the list, and one with its value by project and year and its variations."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from board import clock
from board.access import acting_organisation
from board.views import DetailPage, Fact, Link, ListPage, Status
from contracts.filters import ContractFilters
from contracts.models import Contract
from contracts.tables import ContractTable, ValueTable, VariationTable
from core.forms import day_in_words
from core.money import NOUGHT, PenceField
from core.tables import Table

# Given by the address table: for a person and a contract, a link into a higher floor, or None where they may not go.
MoreLink = Callable[[Any, Contract], Link | None]


class ContractList(ListPage):
    """The contracts that the person may see."""

    action, heading = "contracts.read", "Contracts"
    table_class, filterset_class = ContractTable, ContractFilters

    def get_queryset(self) -> QuerySet[Contract]:
        worth = Coalesce(Sum("values__amount"), NOUGHT, output_field=PenceField())
        return Contract.objects.visible_to(self.request.user).select_related("provider").annotate(worth=worth)

    def get_lead(self) -> str:
        return f"What {acting_organisation(self.request.user)} buys, provides or oversees."


@dataclass(frozen=True)
class ValueRow:
    """A contract's worth for a project in a year, in pounds."""

    project: str
    year: str
    first: Decimal
    varied: Decimal

    @property
    def in_force(self) -> Decimal:
        return self.first + self.varied


class ContractPage(DetailPage):
    """One contract. What is charged to it is shown on a higher floor, to which `more_links` may lead."""

    action, lookup, section = "contracts.read", "reference", "Contracts"
    more_links: Sequence[MoreLink] = ()

    def get_queryset(self) -> QuerySet[Contract]:
        return Contract.objects.visible_to(self.request.user).select_related("provider", "buyer", "programme")

    def get_heading(self) -> str:
        return self.object.title

    def get_lead(self) -> str:
        return f"{self.object.get_kind_display()} {self.object.reference} with {self.object.provider}."

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Contracts", reverse("contracts:contracts"))]

    def get_status(self) -> Status:
        contract, today = self.object, clock.today()
        if contract.signed_on is None or contract.signed_on > today:
            return Status("Not signed", "orange")
        if today < contract.starts_on:
            return Status("Not begun", "grey")
        return Status("Ended", "grey") if today > contract.ends_on else Status("Running", "green")

    def get_actions(self) -> Sequence[Link]:
        found = [more(self.request.user, self.object) for more in self.more_links]
        return [link for link in found if link is not None]

    def get_facts(self) -> Sequence[Fact]:
        contract = self.object
        return [
            Fact("Programme", contract.programme),
            Fact("Buyer", contract.buyer),
            Fact("Provider", contract.provider),
            Fact("Contract owner", contract.owner_title),
            Fact("Tier", contract.get_tier_display()),
            Fact("Decision reference", contract.decision_reference),
            Fact("Procurement route", contract.procurement_route),
            Fact("Signed", day_in_words(contract.signed_on) if contract.signed_on else ""),
            Fact("Starts", day_in_words(contract.starts_on)),
            Fact("Ends", day_in_words(contract.ends_on)),
            Fact("Notice", f"{contract.notice_days} days"),
            Fact("Review", day_in_words(contract.review_on) if contract.review_on else ""),
            Fact("VAT", "Carries irrecoverable VAT" if contract.includes_irrecoverable_vat else "Net of VAT"),
        ]

    def values(self) -> list[ValueRow]:
        first: dict[tuple[Any, Any], Decimal] = defaultdict(lambda: NOUGHT)
        varied: dict[tuple[Any, Any], Decimal] = defaultdict(lambda: NOUGHT)
        for value in self.object.values.select_related("project", "year"):
            into = first if value.variation_id is None else varied
            into[value.project, value.year] += value.amount
        keys = sorted({*first, *varied}, key=lambda key: (key[1].starts, key[0].position, key[0].code))
        return [
            ValueRow(project.name, year.code, first[project, year], varied[project, year]) for project, year in keys
        ]

    def get_tables(self) -> Sequence[Table]:
        worth = Coalesce(Sum("values__amount"), NOUGHT, output_field=PenceField())
        variations = self.object.variations.annotate(worth=worth).order_by("number")
        return [ValueTable(self.values(), prefix="values-"), VariationTable(list(variations), prefix="variations-")]
