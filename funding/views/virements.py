"""Virements: the list, the page of each, and the second person's answer to one that is proposed."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from board import clock
from board.access import may
from board.views import ConfirmPage, DetailPage, Fact, Link, ListPage, Status
from core.forms import ActForm, day_in_words
from core.money import in_words
from core.tables import Table
from funding.budget_tables import PROPOSAL_COLOURS, ProposalTable, VirementTable, move_table
from funding.budgeting import by_line, profiles_of
from funding.filters import VirementFilters
from funding.forms.awards import TurnDownForm
from funding.models import BudgetVersion, Virement, VirementProposal
from funding.moving import approve, moves_of, size_of, turn_down
from funding.positions import version_in_force
from funding.views.awards import BUDGET

VIREMENTS = "Virements"


def crumbs() -> list[Link]:
    """The way back to the list."""
    return [Link(BUDGET, reverse("funding:budget")), Link(VIREMENTS, reverse("funding:virements"))]


class Virements(ListPage):
    """Every virement of the sources that the person sees, and what waits for approval."""

    action, heading, section = "budget.read", VIREMENTS, BUDGET
    table_class, filterset_class = VirementTable, VirementFilters
    template_name = "funding/virements.html"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return crumbs()[:1]

    def get_queryset(self) -> QuerySet[Virement]:
        return Virement.objects.visible_to(self.request.user).with_moved()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting = VirementProposal.objects.visible_to(self.request.user).waiting()
        rows = list(waiting.select_related("source", "year", "created_by"))
        return super().get_context_data(
            **{"waiting": ProposalTable(rows, prefix="waiting-") if rows else None, **kwargs}
        )


class VirementPage(DetailPage):
    """One virement: what it moved, who recorded and who approved it, and the budget before and after."""

    action, lookup, section = "budget.read", "reference", BUDGET

    def get_queryset(self) -> QuerySet[Virement]:
        rows = Virement.objects.visible_to(self.request.user).with_moved()
        return rows.select_related(
            "budget_version__source__programme", "budget_version__year", "created_by", "second_person"
        )

    def get_breadcrumbs(self) -> Sequence[Link]:
        return crumbs()

    @cached_property
    def proposal(self) -> VirementProposal | None:
        return VirementProposal.objects.filter(virement=self.object).select_related("created_by").first()

    def get_lead(self) -> str:
        version = self.object.budget_version
        return f"{version.source}, {version.year.code}: {in_words(self.object.moved)} moved."

    def get_facts(self) -> Sequence[Fact]:
        row, version = self.object, self.object.budget_version
        recorded = self.proposal.created_by if self.proposal else row.created_by
        return [
            Fact("Reason", version.reason),
            Fact("In force from", day_in_words(row.approved_on)),
            Fact("Proposed by" if self.proposal else "Recorded by", str(recorded)),
            Fact("Second person", str(row.second_person) if row.second_person else "None needed"),
            Fact("Funder’s reference", row.funder_reference),
            Fact("Reference of the decision", version.decision_reference),
            Fact("Budget", f"Version {version.number}", version.get_absolute_url()),
        ]

    def get_tables(self) -> Sequence[Table]:
        version = self.object.budget_version
        before = BudgetVersion.objects.get(source=version.source, year=version.year, number=version.number - 1)
        moves = {row.line: row.amount for row in self.object.moves.select_related(*LINE)}
        return [move_table(by_line(profiles_of(before)), moves, caption="What it moved")]


LINE = ("line__source", "line__project", "line__heading", "line__year")


class OfProposal:
    """A page about a proposed virement."""

    lookup, section = "reference", BUDGET

    def get_queryset(self) -> QuerySet[VirementProposal]:
        rows = VirementProposal.objects.visible_to(self.request.user)
        return rows.select_related("source__programme", "year", "created_by", "decided_by", "virement")

    def get_breadcrumbs(self) -> Sequence[Link]:
        return crumbs()

    @cached_property
    def moves(self) -> dict:
        return moves_of(self.object)

    def get_lead(self) -> str:
        return f"{self.object.source}, {self.object.year.code}: {in_words(size_of(self.moves))} to be moved."

    def get_facts(self) -> Sequence[Fact]:
        row = self.object
        facts = [
            Fact("Reason", row.reason),
            Fact("Proposed by", f"{row.created_by}, {day_in_words(row.created_at)}"),
            Fact("Funder’s reference", row.funder_reference),
            Fact("Reference of the decision", row.decision_reference),
        ]
        if row.decided_by:
            facts.append(Fact("Decided by", str(row.decided_by)))
        if row.decided_reason:
            facts.append(Fact("Why", row.decided_reason))
        if row.virement:
            facts.append(Fact("Virement", row.virement.reference, row.virement.get_absolute_url()))
        return facts

    def is_mine_to_approve(self) -> bool:
        mine = VirementProposal.objects.to_be_approved_by(self.request.user)
        return may(self.request.user, "budget.approve") and mine.filter(pk=self.object.pk).exists()


class ProposalPage(OfProposal, DetailPage):
    """A virement that waits for its second person, or how it was decided."""

    action = "budget.read"

    def get_heading(self) -> str:
        return f"Proposed virement {self.object.reference}"

    def get_status(self) -> Status:
        return Status(self.object.get_status_display(), PROPOSAL_COLOURS[self.object.status])

    def get_actions(self) -> Sequence[Link]:
        if self.object.status != VirementProposal.Status.PROPOSED:
            return []
        links, args = [], [self.object.reference]
        if self.is_mine_to_approve():
            links.append(Link("Approve", reverse("funding:approve-virement", args=args)))
            links.append(Link("Turn down", reverse("funding:turn-down-virement", args=args), secondary=True))
        elif self.object.created_by == self.request.user:
            links.append(Link("Take it back", reverse("funding:turn-down-virement", args=args), secondary=True))
        return links

    def get_tables(self) -> Sequence[Table]:
        version = version_in_force(self.object.source, self.object.year, clock.today())
        budgets = by_line(profiles_of(version)) if version and not self.object.decided_by else {}
        table = move_table(budgets, by_line(self.moves), caption="What it would move")
        return [table]


class DecideProposal(OfProposal, ConfirmPage):
    """A question about a proposal that nobody has decided."""

    action = "budget.approve"

    def get_queryset(self) -> QuerySet[VirementProposal]:
        return super().get_queryset().waiting()

    def get_back_url(self) -> str:
        return self.object.get_absolute_url()


class Approve(DecideProposal):
    """Let a proposed virement take effect, as its second person."""

    form_class, button = ActForm, "Approve the virement"
    warning = "The budget changes from today. Everything is checked once more before it does."

    def allowed(self) -> bool:
        return super().allowed() and self.is_mine_to_approve()

    def get_heading(self) -> str:
        return f"Approve {self.object.reference}?"

    def get_facts(self) -> Sequence[Fact]:
        moves = by_line(self.moves).items()
        return [
            *(Fact(f"{line.project}, {line.heading}", in_words(amount)) for line, amount in moves),
            *super().get_facts(),
        ]

    def act(self, form: ActForm) -> Virement:
        return approve(proposal=self.object, by=self.request.user)

    def get_success_message(self, result: Virement) -> str:
        return f"{result.reference} is approved and in force."


class TurnDown(DecideProposal):
    """Refuse a proposed virement with a reason, or take one's own back."""

    form_class, button = TurnDownForm, "Turn it down"

    def allowed(self) -> bool:
        return super().allowed() and (self.object.created_by == self.request.user or self.is_mine_to_approve())

    def get_heading(self) -> str:
        return f"Turn down {self.object.reference}?"

    def act(self, form: TurnDownForm) -> VirementProposal:
        return turn_down(proposal=self.object, reason=form.cleaned_data["reason"], by=self.request.user)

    def get_success_message(self, result: VirementProposal) -> str:
        return f"{result.reference} is turned down. The budget is as it was."
