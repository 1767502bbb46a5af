"""Money held by grantees: the list, the statements of spend, and money that comes back."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from board import clock
from board.access import acting_organisation, may
from board.models import Organisation, Quarter
from board.views import ActPage, ConfirmPage, DetailPage, Fact, Link, ListPage, Status
from contracts.models import Contract
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.tables import Table
from funding.agreement_tables import HeldByGranteeTable, StatementEntryTable, StatementTable
from funding.forms.charges import open_to
from funding.forms.spend import ReasonForm
from funding.forms.spend_reports import MoneyBackForm, StatementForm
from funding.models import SpendLine, SpendReport
from funding.rules import REPORTS_SPEND
from funding.spend_reports import (
    HeldByGrantee,
    correct_report,
    held_by_grantees,
    lines_to_report,
    record_report,
    reported_by_line,
    statements_of,
    take_back_advances,
    void_report,
)
from funding.tables import HistoryTable
from funding.views.spend import SHOWN_WITH_A_LINE, SPEND, history_of, spend_crumb

HELD = "Money held by grantees"


def held_crumbs(contract: Contract | None = None) -> list[Link]:
    crumbs = [spend_crumb(), Link(HELD, reverse("funding:held-by-grantees"))]
    if contract is not None:
        crumbs.append(Link(contract.reference, reverse("funding:contract", args=[contract.reference])))
    return crumbs


def agreements_visible_to(user: Any) -> QuerySet[Contract]:
    """The grant agreements and recharges that the person sees."""
    return Contract.objects.visible_to(user).filter(kind__in=REPORTS_SPEND).select_related("provider", "buyer")


def pays_under(user: Any, contract: Contract) -> bool:
    """Whether the person records what is paid and reported under the contract."""
    return may(user, "spending.record") and acting_organisation(user) == contract.buyer


def statement_tables(user: Any, contract: Contract) -> list[Table]:
    """What the page of a contract's spend shows of a grant agreement or recharge; nothing of any other."""
    if contract.kind not in REPORTS_SPEND:
        return []
    return [StatementTable(statements_of(contract), may_record=pays_under(user, contract), prefix="statements-")]


def statement_actions(user: Any, contract: Contract) -> list[Link]:
    """What may be done with the money that a grantee holds."""
    if contract.kind not in REPORTS_SPEND or not pays_under(user, contract):
        return []
    return [Link("Record money that came back", reverse("funding:money-back", args=[contract.reference]), True)]


class HeldByGrantees(ListPage):
    """What every grantee was paid on account, what it reported, and what it holds today."""

    action, heading, section = "spending.read", HELD, SPEND
    table_class = HeldByGranteeTable

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb()]

    def get_lead(self) -> str:
        return (
            f"As at {day_in_words(clock.today())}. A payment on account is no cost until the grantee reports it as "
            "spent; below £0.00 a grantee has reported more than it was paid."
        )

    def get_queryset(self) -> list[HeldByGrantee]:
        found: dict[Organisation, list[Contract]] = {}
        for contract in agreements_visible_to(self.request.user):
            found.setdefault(contract.buyer, []).append(contract)
        today = clock.today()
        rows = [row for buyer, some in found.items() for row in held_by_grantees(buyer, some, today)]
        return sorted(rows, key=lambda row: row.contract.reference)


class StatementPage(DetailPage):
    """One statement of spend."""

    action, lookup, section = "spending.read", "reference", "Statement of spend"

    def get_queryset(self) -> QuerySet[SpendReport]:
        return SpendReport.objects.visible_to(self.request.user).select_related(
            "contract__provider", "contract__buyer", "quarter", "recorded_by", "corrects", "created_by"
        )

    def get_breadcrumbs(self) -> Sequence[Link]:
        return held_crumbs(self.object.contract)

    def get_heading(self) -> str:
        return f"{self.object}: {self.object.quarter}"

    def get_status(self) -> Status | None:
        return Status("Void", "grey") if self.object.is_void else None

    def get_lead(self) -> str:
        report = self.object
        spent = "nothing" if report.is_nil else in_words(report.total)
        return f"{report.contract.provider} states that it spent {spent} under {report.contract.reference}."

    def get_actions(self) -> Sequence[Link]:
        if self.object.is_void or not pays_under(self.request.user, self.object.contract):
            return []
        reference = [self.object.reference]
        return [
            Link("Correct it", reverse("funding:correct-statement", args=reference), secondary=True),
            Link("Make it void", reverse("funding:void-statement", args=reference), secondary=True),
        ]

    def get_facts(self) -> Sequence[Fact]:
        report = self.object
        contract = reverse("funding:contract", args=[report.contract.reference])
        facts = [
            Fact("Contract", report.contract, url=contract),
            Fact("Quarter", report.quarter),
            Fact("Signed by", report.signed_by_title),
            Fact("Signed on", day_in_words(report.signed_on)),
            Fact("Statement reference", report.document_reference),
            Fact("Spent", "Nil" if report.is_nil else in_words(report.total)),
            Fact("Corrects", report.corrects, url=report.corrects.get_absolute_url()) if report.corrects else None,
            Fact("Made void", f"{report.void_reason} ({day_in_words(report.voided_at)})") if report.is_void else None,
        ]
        return [fact for fact in facts if fact is not None]

    def get_tables(self) -> Sequence[Table]:
        lines: Any = (
            SpendLine.objects.visible_to(self.request.user)
            .filter(transaction__report=self.object)
            .select_related(*SHOWN_WITH_A_LINE)
            .order_by("transaction__reference")
        )
        return [
            StatementEntryTable(lines, prefix="entries-"),
            HistoryTable(history_of(self.object), prefix="history-"),
        ]


class StatementActs:
    """What recording and correcting a statement have in common: the contract, the quarter, the boxes of the form."""

    action, section, form_class = "spending.record", "Statement of spend", StatementForm
    replaced: SpendReport | None = None

    @property
    def contract(self) -> Contract:
        raise NotImplementedError

    @property
    def quarter(self) -> Quarter:
        raise NotImplementedError

    def get_breadcrumbs(self) -> Sequence[Link]:
        return held_crumbs(self.contract)

    def get_lead(self) -> str:
        return f"{self.contract.provider}, {self.quarter}. Enter what the grantee spent in the quarter alone."

    def get_form_kwargs(self) -> dict[str, Any]:
        lines = lines_to_report(self.contract, self.quarter, self.contract.buyer)
        so_far = reported_by_line(self.contract, lines)
        for line, amount in self.shown.items():
            so_far[line] = so_far.get(line, NOUGHT) - amount
        given = {"lines": lines, "so_far": so_far, "year": self.quarter.year.code, "corrects": bool(self.replaced)}
        return {**super().get_form_kwargs(), **given}

    @cached_property
    def shown(self) -> dict[int, Any]:
        """By budget line, what the statement that is corrected shows."""
        if self.replaced is None:
            return {}
        lines = SpendLine.objects.in_force().filter(transaction__report=self.replaced)
        return dict(lines.values_list("budget_line_id", "cost"))

    def given(self, form: StatementForm) -> dict[str, Any]:
        names = ("signed_by_title", "signed_on", "document_reference", "is_nil", "once")
        return {**{name: form.cleaned_data[name] for name in names}, "amounts": form.amounts()}

    def get_success_message(self, result: SpendReport) -> str:
        spent = "nil" if result.is_nil else in_words(result.total)
        return f"{result} is recorded: {spent} for {result.quarter}."


class RecordStatement(StatementActs, ActPage):
    """Record what a grantee states that it spent in a quarter."""

    lookup, heading, button = "reference", "Record a statement of spend", "Record the statement"

    def get_queryset(self) -> QuerySet[Contract]:
        return agreements_visible_to(self.request.user).select_related("programme", "provider", "buyer")

    def allowed(self) -> bool:
        return super().allowed() and pays_under(self.request.user, self.object) and self.quarter is not None

    @property
    def contract(self) -> Contract:
        return self.object

    @cached_property
    def quarter(self) -> Quarter:
        for row in statements_of(self.object):
            if row.quarter.code == self.kwargs["quarter"]:
                return row.quarter
        raise Http404

    def get_back_url(self) -> str:
        return reverse("funding:contract", args=[self.object.reference])

    def act(self, form: StatementForm) -> SpendReport:
        return record_report(contract=self.contract, quarter=self.quarter, by=self.request.user, **self.given(form))


class OwnStatement:
    """An act on a statement in force that the person's own organisation recorded."""

    action, lookup, section = "spending.record", "reference", "Statement of spend"

    def get_queryset(self) -> QuerySet[SpendReport]:
        return (
            SpendReport.objects.visible_to(self.request.user)
            .in_force()
            .select_related("contract__provider", "contract__buyer", "contract__programme", "quarter__year")
        )

    def allowed(self) -> bool:
        return super().allowed() and pays_under(self.request.user, self.object.contract)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [*held_crumbs(self.object.contract), Link(self.object.reference, self.object.get_absolute_url())]


class CorrectStatement(OwnStatement, StatementActs, ActPage):
    """Put the right statement in the place of one that was recorded wrongly."""

    button = "Record the corrected statement"

    @property
    def replaced(self) -> SpendReport:  # type: ignore[override]
        return self.object

    @property
    def contract(self) -> Contract:
        return self.object.contract

    @property
    def quarter(self) -> Quarter:
        return self.object.quarter

    def get_heading(self) -> str:
        return f"Correct {self.object}"

    def get_initial(self) -> dict[str, Any]:
        names = ("signed_by_title", "signed_on", "document_reference", "is_nil", "version")
        amounts = {f"line-{line}": amount for line, amount in self.shown.items()}
        return {**{name: getattr(self.object, name) for name in names}, **amounts}

    def act(self, form: StatementForm) -> SpendReport:
        given = form.cleaned_data
        return correct_report(
            report=self.object,
            reason=given["reason"],
            seen_version=given["version"],
            by=self.request.user,
            **self.given(form),
        )


class VoidStatement(OwnStatement, ConfirmPage):
    """Strike out a statement that was recorded by mistake."""

    form_class, button, danger = ReasonForm, "Make it void", True
    warning = "All that the statement shows becomes void with it. It stays on record and counts nowhere."

    def get_heading(self) -> str:
        return f"Make {self.object} void?"

    def get_facts(self) -> Sequence[Fact]:
        report = self.object
        return [
            Fact("Contract", report.contract),
            Fact("Quarter", report.quarter),
            Fact("Spent", "Nil" if report.is_nil else in_words(report.total)),
        ]

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def act(self, form: ReasonForm) -> SpendReport:
        given = form.cleaned_data
        return void_report(
            report=self.object, reason=given["reason"], seen_version=given["version"], by=self.request.user
        )

    def get_success_message(self, result: SpendReport) -> str:
        return f"{result} is void."


class MoneyBack(ActPage):
    """Record money paid on account that a grantee returns, or that is set off."""

    action, lookup, section = "spending.record", "reference", HELD
    heading, form_class, button = "Record money that came back", MoneyBackForm, "Record it"

    def get_queryset(self) -> QuerySet[Contract]:
        return agreements_visible_to(self.request.user).select_related("programme", "provider", "buyer")

    def allowed(self) -> bool:
        return super().allowed() and pays_under(self.request.user, self.object)

    def get_lead(self) -> str:
        held = sum((row.unspent for row in held_by_grantees(self.object.buyer, [self.object])), NOUGHT)
        return (
            f"{self.object.provider} holds {in_words(held)} under {self.object.reference}, paid on account and unspent."
        )

    def get_breadcrumbs(self) -> Sequence[Link]:
        return held_crumbs(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "quarters": open_to(self.request.user, self.object.programme)}

    def get_back_url(self) -> str:
        return reverse("funding:contract", args=[self.object.reference])

    def get_success_url(self, result: Any = None) -> str:
        return self.get_back_url()

    def act(self, form: MoneyBackForm) -> list[Any]:
        given = form.cleaned_data
        return take_back_advances(
            contract=self.object,
            quarter=given["quarter"],
            amount=given["amount"],
            came_on=given["came_on"],
            document_number=given["document_number"],
            reason=given["reason"],
            once=given["once"],
            by=self.request.user,
        )

    def get_success_message(self, result: list[Any]) -> str:
        return f"{in_words(-sum((entry.cost for entry in result), NOUGHT))} came back: {', '.join(map(str, result))}."
