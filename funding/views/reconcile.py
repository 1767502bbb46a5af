"""The quarter's reconciliation: the ledger's total, our record, and what explains the difference."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from board import clock
from board.access import acting_organisation, is_of_recipient, may
from board.models import Organisation, Programme, Quarter, Role
from board.views import ActPage, DetailPage, Fact, Link, Status
from core.forms import day_in_words
from core.money import in_words
from core.tables import Table
from funding.forms.reconciling import ClearForm, ItemForm, LedgerTotalForm
from funding.ledger_tables import ReconcilingItemTable
from funding.models import ControlTotal, ReconcilingItem
from funding.reconciling import (
    Reconciliation,
    add_item,
    clear_item,
    is_certified,
    ledgers_of,
    reconciliation,
    record_total,
    usual_day,
)
from funding.spend_reports import item_in_words, item_to_propose


class OfLedgerAndQuarter:
    """A page about one organisation's ledger in one quarter, named in the address."""

    section = "Reconcile with the ledger"

    def allowed(self) -> bool:
        return super().allowed() and self.organisation is not None and self.object is not None

    @cached_property
    def programme(self) -> Programme:
        found = Programme.objects.visible_to(self.request.user).select_related("recipient")
        try:
            return found.get(code=self.kwargs["programme"])
        except Programme.DoesNotExist:
            raise Http404 from None

    @cached_property
    def organisation(self) -> Organisation:
        """The ledger's organisation: one's own, any for the recipient and auditors; else it is not found."""
        user = self.request.user
        sees_all = is_of_recipient(user, self.programme) or user.acting.kind == Role.Kind.AUDITOR
        for one in ledgers_of(self.programme):
            if one.code == self.kwargs["organisation"] and (sees_all or one == acting_organisation(user)):
                return one
        raise Http404

    def get_queryset(self) -> QuerySet[Quarter]:
        """The quarters of the programme that have begun."""
        return (
            Quarter.objects.filter(programme=self.programme, first_day__lte=clock.today())
            .exclude(kind=Quarter.Kind.FOLLOW_UP)
            .select_related("programme", "year")
        )

    @cached_property
    def object(self) -> Quarter:
        found = self.get_queryset().filter(code=self.kwargs["quarter"]).first()
        if found is None:
            raise Http404
        return found

    @property
    def address(self) -> list[str]:
        return [self.programme.code, self.organisation.code, self.object.code]

    @property
    def is_own(self) -> bool:
        """Whether the person records what this ledger shows."""
        user = self.request.user
        return may(user, "reconciling.record") and acting_organisation(user) == self.organisation

    def get_breadcrumbs(self) -> Sequence[Link]:
        crumbs = [Link("Spend", reverse("funding:spend"))]
        if self.is_own:
            crumbs.append(Link("Declare a quarter", f"{reverse('funding:declare')}?quarter={self.object.pk}"))
        return crumbs

    def get_back_url(self) -> str:
        return reverse("funding:reconciliation", args=self.address)

    def get_success_url(self, result: Any = None) -> str:
        return self.get_back_url()


class ReconciliationPage(OfLedgerAndQuarter, DetailPage):
    """What the ledger shows, what our record shows, the items, and what is left unexplained."""

    action = "reconciling.read"

    @cached_property
    def found(self) -> Reconciliation:
        return reconciliation(self.organisation, self.programme, self.object)

    @cached_property
    def proposed(self) -> Decimal:
        """What of the difference is money held by grantees and no item says yet."""
        return item_to_propose(self.found)

    def get_heading(self) -> str:
        return f"{self.organisation}: {self.object}"

    def get_status(self) -> Status:
        if self.found.control is None:
            return Status("Not reconciled", "orange")
        return Status("Reconciled", "green") if self.found.is_reconciled else Status("Unexplained difference", "red")

    def get_lead(self) -> str:
        span = f"from {day_in_words(self.found.starts)} to {day_in_words(self.found.as_at)}"
        if self.found.control is None:
            return f"The ledger’s total {span} is not recorded yet."
        if self.found.is_reconciled:
            return f"The ledger and our record agree {span}; every difference is explained."
        return (
            f"{in_words(self.found.unexplained)} of the ledger’s total {span} is not explained. "
            "Record what is missing, or add an item that says what it is."
        )

    def get_actions(self) -> Sequence[Link]:
        if not self.is_own or is_certified(self.organisation, self.object):
            return []
        word = "Change the ledger’s total" if self.found.control else "Record the ledger’s total"
        actions = [Link(word, reverse("funding:ledger-total", args=self.address), secondary=bool(self.found.control))]
        if self.found.control:
            url = reverse("funding:reconciling-item", args=self.address)
            actions.append(Link("Add a reconciling item", url, secondary=True))
            if self.proposed:
                actions.append(Link("Add the item for money held by grantees", f"{url}?held-by-grantees=yes"))
        return actions

    def get_facts(self) -> Sequence[Fact]:
        found, control = self.found, self.found.control
        behind = {
            "programme": self.programme.pk,
            "ledger": self.organisation.pk,
            "from_day": found.starts.isoformat(),
            "to_day": found.as_at.isoformat(),
        }
        facts = [
            Fact("Ledger’s year to date", in_words(control.amount) if control else "Not recorded"),
            Fact("Ledger print", control.ledger_print) if control else None,
            Fact("Our record", in_words(found.ours), f"{reverse('funding:spend')}?{urlencode(behind)}"),
            Fact("Explained by items", in_words(found.explained)),
            Fact("Unexplained", in_words(found.unexplained)) if control else None,
            Fact("Held by grantees, not an item yet", f"{in_words(self.proposed)}. {item_in_words(found)}")
            if self.proposed
            else None,
        ]
        return [fact for fact in facts if fact is not None]

    def get_tables(self) -> Sequence[Table]:
        """Without what grantees held when the year began: it stands for ever and counts nothing here."""
        advance = ReconcilingItem.Kind.ADVANCE
        shown = [one for one in self.found.items if one.amount or one.item.kind != advance]
        return [ReconcilingItemTable(shown, may_clear=self.is_own)]


class RecordTotal(OfLedgerAndQuarter, ActPage):
    """Record or change what the ledger shows."""

    action, form_class, button = "reconciling.record", LedgerTotalForm, "Save"

    def allowed(self) -> bool:
        return super().allowed() and self.is_own

    @cached_property
    def control(self) -> ControlTotal | None:
        rows = ControlTotal.objects.of_ledger(self.organisation, self.programme)
        return rows.filter(quarter=self.object).first()

    @property
    def is_closing(self) -> bool:
        return self.object.kind == Quarter.Kind.CLOSING

    def get_heading(self) -> str:
        return "Change the ledger’s total" if self.control else "Record the ledger’s total"

    def get_lead(self) -> str:
        return f"{self.organisation}, {self.object}."

    def get_initial(self) -> dict[str, Any]:
        row = self.control
        if row is None:
            return {"as_at": usual_day(self.object)}
        shown = {"as_at": row.as_at, "amount": row.amount, "ledger_print": row.ledger_print}
        return {"version": row.version, **shown}

    def get_form_kwargs(self) -> dict[str, Any]:
        year_begins = reconciliation(self.organisation, self.programme, self.object).starts
        span = {"starts": year_begins, "ends": usual_day(self.object)}
        return {**super().get_form_kwargs(), **span, "is_closing": self.is_closing}

    def act(self, form: LedgerTotalForm) -> ControlTotal:
        given = form.cleaned_data
        return record_total(
            programme=self.programme,
            quarter=self.object,
            amount=given["amount"],
            ledger_print=given["ledger_print"],
            as_at=given.get("as_at"),
            seen_version=given["version"],
            by=self.request.user,
        )

    def get_success_message(self, result: ControlTotal) -> str:
        return f"The ledger’s total to {day_in_words(result.as_at)} is recorded: {in_words(result.amount)}."


class AddItem(OfLedgerAndQuarter, ActPage):
    """Say what a difference is."""

    action, form_class, button = "reconciling.record", ItemForm, "Add the item"
    heading = "Add a reconciling item"

    def allowed(self) -> bool:
        return super().allowed() and self.is_own

    def get_lead(self) -> str:
        left = reconciliation(self.organisation, self.programme, self.object).unexplained
        if left is None:
            return "Record the ledger’s total first."
        return f"{self.organisation}, {self.object}: {in_words(left)} is not explained yet."

    def get_initial(self) -> dict[str, Any]:
        """Where the page is asked to propose it, the item for money held by grantees, worked out from the record."""
        found = reconciliation(self.organisation, self.programme, self.object)
        amount = item_to_propose(found) if "held-by-grantees" in self.request.GET else None
        if not amount:
            return {}
        return {"kind": ReconcilingItem.Kind.ADVANCE, "amount": amount, "reason": item_in_words(found)}

    def act(self, form: ItemForm) -> ReconcilingItem:
        given = form.cleaned_data
        return add_item(
            programme=self.programme,
            quarter=self.object,
            kind=given["kind"],
            amount=given["amount"],
            reason=given["reason"],
            once=given["once"],
            by=self.request.user,
        )

    def get_success_message(self, result: ReconcilingItem) -> str:
        return f"{result.reference}: {in_words(result.amount)} is explained."


class ClearItem(ActPage):
    """State that a difference has come right."""

    action, lookup, section = "reconciling.record", "reference", "Reconcile with the ledger"
    form_class, button = ClearForm, "Clear the item"

    def get_queryset(self) -> QuerySet[ReconcilingItem]:
        mine = ReconcilingItem.objects.visible_to(self.request.user)
        own = mine.filter(organisation=acting_organisation(self.request.user), cleared_on=None)
        return own.select_related("programme", "organisation", "quarter")

    def get_heading(self) -> str:
        return f"Clear {self.object.reference}"

    def get_lead(self) -> str:
        return f"{in_words(self.object.amount)}: {self.object.reason}"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Reconcile with the ledger", self.object.get_absolute_url())]

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def act(self, form: ClearForm) -> ReconcilingItem:
        given = form.cleaned_data
        return clear_item(
            item=self.object,
            cleared_on=given["cleared_on"],
            cleared_reason=given["cleared_reason"],
            seen_version=given["version"],
            by=self.request.user,
        )

    def get_success_message(self, result: ReconcilingItem) -> str:
        return f"{result.reference} is cleared."
