"""Money with the funder: what is owed either way, by claim and by age, and what was paid back."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse

from board import clock
from board.access import is_of_recipient, may
from board.views import ActPage, ConfirmPage, DetailPage, Fact, Link
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.tables import Table
from funding.account_tables import AgeTable, ClaimStandingTable, RepaymentTable
from funding.forms.claims import RepaymentForm
from funding.forms.spend import ReasonForm
from funding.models import Repayment, Source
from funding.repaying import Account, account, repay, void_repayment
from funding.views.claims import sees_claims_of

CLAIMS = "Claims"


class OfGrant:
    """A page about the grant of a programme, for those who see its claims: for others it is not there."""

    section = CLAIMS

    @cached_property
    def object(self) -> Source:
        return get_object_or_404(self.get_queryset(), programme__code=self.kwargs["programme"])

    def get_queryset(self) -> QuerySet[Source]:
        user = self.request.user
        grants = Source.objects.visible_to(user).filter(kind=Source.Kind.GRANT).select_related("programme__recipient")
        seen = [grant.pk for grant in grants if sees_claims_of(user, grant.programme)]
        return grants.filter(pk__in=seen).select_related("programme__recipient", "funder")

    @cached_property
    def account(self) -> Account:
        return account(self.object, today=clock.today())


def account_crumbs(source: Source) -> list[Link]:
    """The way back to the claims, and to the account."""
    return [
        Link(CLAIMS, reverse("funding:claims")),
        Link("Money with the funder", reverse("funding:account", args=[source.programme.code])),
    ]


class FunderAccount(OfGrant, DetailPage):
    """What the funder owes, what is due back to it, and how old it is."""

    action, heading = "claims.read", "Money with the funder"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return account_crumbs(self.object)[:1]

    def get_lead(self) -> str:
        found = self.account
        back = f"{in_words(found.due_back)} is" if found.due_back > 0 else "nothing is"
        owed = f"{self.object.funder} owes {in_words(found.owed)}"
        return f"{self.object.programme.code}: {owed}, and {back} due back to it."

    def get_actions(self) -> Sequence[Link]:
        if not keeps_account(self.request.user, self.object):
            return []
        url = reverse("funding:repay", args=[self.object.programme.code])
        return [Link("Record a repayment", url, secondary=self.account.due_back <= 0)]

    def get_facts(self) -> Sequence[Fact]:
        found = self.account
        facts = [
            Fact("Certified", in_words(found.certified)),
            Fact("Less disallowed", in_words(found.disallowed)),
            Fact("Received", in_words(found.received)),
            Fact("Set by the funder against what is due back", in_words(found.set_off)) if found.set_off else None,
            Fact("Owed to us", in_words(found.owed)),
            Fact("Paid back", in_words(found.repaid)) if found.repaid else None,
            Fact("Due back", in_words(max(found.due_back, NOUGHT))),
            Fact("Paid back above what was due", in_words(-found.due_back)) if found.due_back < 0 else None,
            Fact("Paid back after the programme’s end", in_words(found.repaid_after_the_end))
            if found.repaid_after_the_end
            else None,
        ]
        return [fact for fact in facts if fact is not None]

    def get_tables(self) -> Sequence[Table]:
        by_age = [{"age": age, "owed": owed} for age, owed in self.account.owed_by_age()]
        repayments = Repayment.objects.filter(source=self.object).select_related("year").order_by("reference")
        return [
            ClaimStandingTable(list(self.account.claims), prefix="claims-"),
            AgeTable(by_age, prefix="age-"),
            RepaymentTable(list(repayments), prefix="repaid-", may_void=keeps_account(self.request.user, self.object)),
        ]


def keeps_account(user: Any, source: Source) -> bool:
    """Whether the person records what goes back to the funder: the recipient's finance officer."""
    return may(user, "claims.receive") and is_of_recipient(user, source.programme)


class Repay(OfGrant, ActPage):
    """Record a payment back to the funder."""

    action, heading = "claims.receive", "Record a repayment"
    form_class, button = RepaymentForm, "Record the repayment"

    def allowed(self) -> bool:
        return super().allowed() and keeps_account(self.request.user, self.object)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return account_crumbs(self.object)

    def get_lead(self) -> str:
        return f"{in_words(max(self.account.due_back, NOUGHT))} is due back to {self.object.funder}."

    def get_back_url(self) -> str:
        return reverse("funding:account", args=[self.object.programme.code])

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "years": self.object.programme.years.order_by("starts")}

    def act(self, form: RepaymentForm) -> Repayment:
        given = form.cleaned_data
        names = ("year", "amount", "repaid_on", "why", "reason", "bank_reference", "once")
        return repay(source=self.object, by=self.request.user, **{name: given[name] for name in names})

    def get_success_message(self, result: Repayment) -> str:
        return f"{result.reference}: {in_words(result.amount)} paid back."

    def get_success_url(self, result: Any = None) -> str:
        return self.get_back_url()


class VoidRepayment(ConfirmPage):
    """Strike out a repayment that was recorded by mistake."""

    action, lookup, section = "claims.receive", "reference", CLAIMS
    form_class, button, danger = ReasonForm, "Make it void", True
    warning = "A void repayment stays on record and pays nothing back: what it paid is due again."

    def get_queryset(self) -> QuerySet[Repayment]:
        rows = Repayment.objects.visible_to(self.request.user).in_force()
        return rows.select_related("source__programme__recipient")

    def allowed(self) -> bool:
        return super().allowed() and keeps_account(self.request.user, self.object.source)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return account_crumbs(self.object.source)

    def get_heading(self) -> str:
        return f"Make {self.object.reference} void?"

    def get_facts(self) -> Sequence[Fact]:
        row = self.object
        return [
            Fact("Paid on", day_in_words(row.repaid_on)),
            Fact("Amount", in_words(row.amount)),
            Fact("Why", row.reason),
        ]

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def get_back_url(self) -> str:
        return reverse("funding:account", args=[self.object.source.programme.code])

    def act(self, form: ReasonForm) -> Repayment:
        given = form.cleaned_data
        return void_repayment(
            repayment=self.object, reason=given["reason"], by=self.request.user, seen_version=given["version"]
        )

    def get_success_message(self, result: Repayment) -> str:
        return f"{result.reference} is void."

    def get_success_url(self, result: Any = None) -> str:
        return self.get_back_url()
