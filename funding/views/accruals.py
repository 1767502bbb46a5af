"""Accruals of a quarter: what to raise, what the close reversed and nobody has spoken of, and its outcome."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from board.access import acting_organisation
from board.models import Quarter
from board.views import ActPage, DetailPage, Link
from core.money import NOUGHT, in_words
from core.tables import Table
from funding.accruals import (
    closing_period_of,
    invoices_for,
    is_open_accrual,
    let_stand,
    open_accruals,
    prompts,
    raise_again,
    raise_many,
    settle,
    standing_accruals,
    times_raised_again,
    write_back,
)
from funding.agreement_tables import AccrualTable, PromptTable
from funding.forms.accruals import AGAIN, BACK, SETTLED, OutcomeForm, RaiseForm
from funding.forms.charges import open_to
from funding.models import SpendLine, Transaction
from funding.views.declare import quarters_to_declare
from funding.views.spend import SPEND, OwnEntry, spend_crumb


class OfOwnQuarter:
    """A page about the acting organisation's accruals in one quarter, named in the address."""

    action, section = "spending.record", SPEND

    def allowed(self) -> bool:
        return super().allowed() and self.object is not None

    def get_queryset(self) -> QuerySet[Quarter]:
        return quarters_to_declare(self.request.user).distinct()

    @cached_property
    def object(self) -> Quarter:
        found = self.get_queryset().filter(programme__code=self.kwargs["programme"], code=self.kwargs["quarter"])
        quarter = found.first()
        if quarter is None:
            raise Http404
        return quarter

    @property
    def address(self) -> list[str]:
        return [self.object.programme.code, self.object.code]

    @cached_property
    def prompts(self) -> list[Any]:
        """What may be accrued; a closing period raises nothing new, it takes late invoices."""
        if self.object.kind != Quarter.Kind.QUARTER:
            return []
        return prompts(acting_organisation(self.request.user), self.object)

    def get_breadcrumbs(self) -> Sequence[Link]:
        declare = f"{reverse('funding:declare')}?quarter={self.object.pk}"
        return [spend_crumb(), Link("Declare a quarter", declare)]

    @property
    def is_open(self) -> bool:
        return self.object in open_to(self.request.user, self.object.programme)


class Accruals(OfOwnQuarter, DetailPage):
    """What a quarter's end wants: service without an invoice, and reversed accruals without an outcome."""

    def get_heading(self) -> str:
        return f"Accruals: {self.object}"

    def get_lead(self) -> str:
        return (
            "Accrue what was received and not invoiced. The quarter’s close reverses each accrual; then settle it by "
            "its invoice, raise it again, or write it back, before the next quarter is declared."
        )

    def get_actions(self) -> Sequence[Link]:
        if not self.prompts or not self.is_open:
            return []
        return [Link("Raise accruals", reverse("funding:raise-accruals", args=self.address))]

    def get_tables(self) -> Sequence[Table]:
        organisation = acting_organisation(self.request.user)
        waiting = open_accruals(organisation, self.object.programme)
        here = Transaction.objects.in_force().filter(
            kind=Transaction.Kind.ACCRUAL, recorded_by=organisation, lines__quarter=self.object
        )
        raised = list(here.select_related("contract").distinct().order_by("reference"))
        tables: list[Table] = [
            AccrualTable(waiting, again=times_raised_again(waiting), acts=True, prefix="open-"),
            PromptTable(self.prompts, prefix="prompts-"),
            AccrualTable(
                raised,
                again=times_raised_again(raised),
                caption=f"Accruals of {self.object.short_label}",
                empty_text="Nothing is accrued in this quarter.",
                prefix="raised-",
            ),
        ]
        if self.object.kind == Quarter.Kind.CLOSING:
            standing = standing_accruals(organisation, self.object)
            tables[1] = AccrualTable(
                standing,
                again=times_raised_again(standing),
                acts=True,
                caption="Standing open at the year’s final claim",
                empty_text="No accrual stands open.",
                prefix="standing-",
            )
        return tables


class RaiseAccruals(OfOwnQuarter, ActPage):
    """Raise many accruals at once, from what each contract's quarter should cost."""

    form_class, button = RaiseForm, "Record the accruals"

    def get_heading(self) -> str:
        return f"Raise accruals: {self.object}"

    def get_lead(self) -> str:
        if not self.prompts:
            return "No contract with service in the quarter lacks its invoice."
        return "Check each amount against what was received. An empty box raises nothing."

    def get_initial(self) -> dict[str, Any]:
        return {"description": f"Service, {self.object.short_label}, invoice awaited"}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "prompts": self.prompts}

    def get_back_url(self) -> str:
        return reverse("funding:accruals", args=self.address)

    def get_success_url(self, result: Any = None) -> str:
        return self.get_back_url()

    def act(self, form: RaiseForm) -> list[Transaction]:
        given = form.cleaned_data
        return raise_many(
            quarter=self.object,
            amounts=form.amounts(),
            description=given["description"],
            once=given["once"],
            by=self.request.user,
        )

    def get_success_message(self, result: list[Transaction]) -> str:
        total = in_words(sum((entry.cost for entry in result), NOUGHT))
        return f"{len(result)} {'accrual is' if len(result) == 1 else 'accruals are'} recorded, {total}."


class Outcome(OwnEntry, ActPage):
    """Say what became of an accrual that a close reversed, or of one that stands in a closing period."""

    form_class, button = OutcomeForm, "Save"

    def get_queryset(self) -> QuerySet[Transaction]:
        found = super().get_queryset().filter(kind=Transaction.Kind.ACCRUAL)
        return found.select_related("recorded_by", "contract")

    @cached_property
    def object(self) -> Transaction:
        found = super().object
        if not (is_open_accrual(found) or closing_period_of(found) or found.written_back_on):
            raise Http404
        return found

    def get_heading(self) -> str:
        return f"What became of {self.object}?"

    def get_lead(self) -> str:
        entry = self.object
        return f"{in_words(entry.cost)}, {entry.supplier_name or entry.recorded_by}: {entry.description}."

    def get_form_kwargs(self) -> dict[str, Any]:
        is_standing = closing_period_of(self.object) is not None
        return {
            **super().get_form_kwargs(),
            "is_standing": is_standing,
            "invoices": [] if is_standing else invoices_for(self.object),
            "quarters": [] if is_standing else self.quarters,
        }

    @property
    def quarters(self) -> list[Quarter]:
        """Where it may be raised again: the open quarters of the year that received it."""
        line = SpendLine.objects.filter(transaction=self.object).select_related("budget_line__source__programme")
        first = line.order_by("number").first()
        found = open_to(self.request.user, first.budget_line.source.programme)
        return [quarter for quarter in found if quarter.year_id == first.budget_line.year_id]

    def get_initial(self) -> dict[str, Any]:
        return {"amount": self.object.net}

    def act(self, form: OutcomeForm) -> Transaction:
        given, accrual, by = form.cleaned_data, self.object, self.request.user
        if given["what"] == SETTLED:
            return settle(accrual=accrual, invoice=given["invoice"], by=by)
        if given["what"] == AGAIN:
            return raise_again(
                accrual=accrual,
                quarter=given["quarter"],
                amount=given["amount"],
                reason=given["reason"],
                once=given["once"],
                by=by,
            )
        if given["what"] == BACK:
            return write_back(accrual=accrual, reason=given["reason"], by=by)
        return let_stand(accrual=accrual, reason=given["reason"], by=by)

    def get_success_message(self, result: Transaction) -> str:
        if result.settles_id:
            return f"{result} settles {self.object}."
        if result.re_raises_id == self.object.pk:
            return f"{self.object} is raised again as {result}, {in_words(result.cost)}."
        return f"{result} is written back." if result.written_back_on else f"{result} stands."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("funding:entry", args=[self.object.reference])
