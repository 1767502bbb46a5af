"""The page of one contract: its terms and value, its variations and options, and what is followed under it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from board import clock
from board.models import Milestone, Organisation
from board.views import DetailPage, Fact, Link, Status
from contracts.models import Contract, ContractFile
from contracts.tables import (
    ActionTable,
    AssignmentTable,
    CheckTable,
    FileTable,
    IssueTable,
    MilestoneTable,
    OptionTable,
    ValueTable,
    VariationTable,
)
from core.forms import day_in_words
from core.money import NOUGHT, PenceField
from core.tables import Table

# Given by the address table: for a person and a contract, a link into a higher floor, or None where they may not go.
MoreLink = Callable[[Any, Contract], Link | None]
# Given likewise: for a person and some milestones, what was last reported of each, in words, by its key.
MilestoneStanding = Callable[[Any, Sequence[Milestone]], Mapping[int, str]]


@dataclass(frozen=True)
class MilestoneRow:
    """A milestone that the contract is about, and how it stands by the results."""

    name: str
    project: str
    due_on: date
    standing: str


@dataclass(frozen=True)
class Section:
    """A table of the page, and what can be added to it."""

    table: Table
    add: Link | None = None


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
    template_name = "contracts/contract.html"
    more_links: Sequence[MoreLink] = ()
    milestone_standing: MilestoneStanding | None = None

    def get_queryset(self) -> QuerySet[Contract]:
        return Contract.objects.visible_to(self.request.user).select_related("provider", "buyer", "programme")

    @cached_property
    def may_write(self) -> bool:
        """Whether the person keeps the register of this contract."""
        return Contract.objects.kept_by(self.request.user).filter(pk=self.object.pk).exists()

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
        above = [more(self.request.user, self.object) for more in self.more_links]
        own = []
        if self.may_write:
            if self.object.signed_on is None:
                own.append(Link("Record the signature", self.url("sign")))
            own += [
                Link("Vary", self.url("vary"), secondary=True),
                Link("Extend", self.url("extend"), secondary=True),
                Link("Record a review", self.url("review"), secondary=True),
                Link("Correct the register", self.url("correct"), secondary=True),
            ]
        return [*own, *(link for link in above if link is not None)]

    def url(self, name: str) -> str:
        return reverse(f"contracts:{name}", args=[self.object.reference])

    def get_facts(self) -> Sequence[Fact]:
        contract = self.object
        return [
            Fact("Programme", contract.programme),
            Fact("Buyer", contract.buyer),
            Fact("Provider", contract.provider.name),
            *_supplier_facts(contract.provider),
            Fact("Contract owner", contract.owner_title),
            Fact("Tier", contract.get_tier_display()),
            Fact("Decision reference", contract.decision_reference),
            Fact("Procurement route", contract.procurement_route),
            Fact("Signed", day_in_words(contract.signed_on) if contract.signed_on else ""),
            Fact("Starts", day_in_words(contract.starts_on)),
            Fact("Ends", day_in_words(contract.ends_on)),
            Fact("Notice", f"{contract.notice_days} days, by {day_in_words(contract.last_notice_on)}"),
            Fact("Review", day_in_words(contract.review_on) if contract.review_on else ""),
            Fact("VAT", "Carries irrecoverable VAT" if contract.includes_irrecoverable_vat else "Net of VAT"),
            Fact("What is delivered", contract.description),
            Fact("Reasons for it", contract.reasons),
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

    def sections(self) -> list[Section]:
        contract, may_write, today = self.object, self.may_write, clock.today()
        worth = Coalesce(Sum("values__amount"), NOUGHT, output_field=PenceField())
        variations = list(contract.variations.annotate(worth=worth).order_by("number"))
        files = ContractFile.objects.visible_to(self.request.user).in_force().filter(contract=contract)
        checks = contract.checks.select_related("contract", "renewed_by").order_by("number")
        shown = [
            Section(ValueTable(self.values(), prefix="values-")),
            Section(VariationTable(variations, prefix="variations-", exclude=_empty(variations))),
            self.section_of(OptionTable, contract.options.order_by("number"), "add-option", "Add an option"),
            Section(
                MilestoneTable(self.milestones(), prefix="milestones-"),
                Link("Choose its milestones", self.url("milestones")) if may_write else None,
            ),
            self.section_of(IssueTable, contract.issues.order_by("number"), "add-issue", "Open an issue"),
            self.section_of(ActionTable, contract.actions.order_by("number"), "add-action", "Add an action", "issue"),
            self.section_of(CheckTable, checks, "add-check", "Record a check", today=today),
            self.section_of(FileTable, files, "add-file", "Attach a file", "file"),
        ]
        if may_write:
            named = contract.assignments.in_force()
            shown.append(self.section_of(AssignmentTable, named, "assign", "Keep it to a person", "person"))
        return shown

    def milestones(self) -> list[MilestoneRow]:
        listed = self.object.milestones.filter(listed=True).select_related("milestone__project")
        found = [row.milestone for row in listed]
        standing = self.milestone_standing(self.request.user, found) if self.milestone_standing and found else {}
        return [MilestoneRow(row.name, row.project.name, row.due_on, standing.get(row.pk, "")) for row in found]

    def section_of(
        self, table: type[Table], rows: QuerySet[Any], address: str, words: str, *with_: str, **more: Any
    ) -> Section:
        """A table of rows under the contract, with the link that adds one where the person may."""
        found = list(rows.select_related("contract", *with_) if with_ or not more else rows)
        link = Link(words, self.url(address)) if self.may_write else None
        return Section(table(found, prefix=f"{address}-", may_write=self.may_write, **more), link)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"sections": self.sections(), **kwargs})


def _supplier_facts(provider: Organisation) -> list[Fact]:
    """What the Transparency Code asks for of a supplier, where it is on record."""
    kinds = [
        name
        for name, holds in (
            ("Small or medium-sized enterprise", provider.is_sme),
            ("Voluntary, community or social enterprise", provider.is_vcse),
        )
        if holds
    ]
    facts = [Fact("Provider’s registration", provider.registration)] if provider.registration else []
    return [*facts, Fact("Kind of provider", "\n".join(kinds))] if kinds else facts


def _empty(variations: Sequence[Any]) -> tuple[str, ...]:
    """Columns that no variation fills, which would push the others off a narrow page."""
    names = ("targets", "retrospective_reason", "ends_on_after")
    return tuple(name for name in names if not any(getattr(row, name) for row in variations))
