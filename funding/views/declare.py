"""Declaring: what a quarter's record holds for each source, and the statement that it is complete, or nil."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.http import Http404
from django.urls import reverse

from board import clock
from board.access import acting_organisation
from board.models import Programme, Quarter
from board.quarters import MONEY, is_open
from board.views import ActPage, ConfirmPage, Fact, Link, ListPage
from core.money import NOUGHT, PenceField, in_words
from core.tables import Table
from funding.declaring import declare, standing, withdraw
from funding.evidence import without_evidence
from funding.forms.declare import DeclareForm, QuarterChoice, WithdrawForm
from funding.models import Declaration, Source, SpendLine, Transaction
from funding.reconciling import ledgers_of
from funding.tables import StandingTable


@dataclass(frozen=True)
class StandingRow:
    """One source's quarter: what is recorded, what is declared of it, and what may be done now."""

    source: str
    lines: int
    recorded: Any
    says: str
    by: str
    at: datetime | None
    act: str
    act_url: str


def quarters_to_declare(user: Any) -> QuerySet[Quarter]:
    """The quarters that have begun, of programmes in which the acting organisation keeps a source."""
    programmes = Programme.objects.filter(sources__in=Source.objects.entered_by(user))
    return (
        Quarter.objects.filter(programme__in=programmes, first_day__lte=clock.today())
        .exclude(kind=Quarter.Kind.FOLLOW_UP)
        .select_related("programme", "year")
        .prefetch_related("reopenings")
        .order_by("-first_day", "-number")
    )


class Declarations(ListPage):
    """Each source that the officer's organisation keeps, for one quarter."""

    action, heading, section = "spending.declare", "Declare a quarter", "Spend"
    table_class = StandingTable

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Spend", reverse("funding:spend"))]

    @cached_property
    def choice(self) -> QuarterChoice:
        form = QuarterChoice(
            self.request.GET if "quarter" in self.request.GET else None,
            quarters=quarters_to_declare(self.request.user),
        )
        if not form.is_bound:
            form.initial["quarter"] = self.usual_quarter
        return form

    @cached_property
    def usual_quarter(self) -> Quarter | None:
        """The earliest that is open: what is due first."""
        organisation = acting_organisation(self.request.user)
        found = list(quarters_to_declare(self.request.user))
        open_ones = [row for row in found if is_open(row, MONEY, clock.now(), organisation)]
        return open_ones[-1] if open_ones else (found[0] if found else None)

    @cached_property
    def quarter(self) -> Quarter | None:
        if not self.choice.is_bound:
            return self.usual_quarter
        return self.choice.cleaned_data["quarter"] if self.choice.is_valid() else None

    def get_lead(self) -> str:
        if self.quarter is None:
            return "Your organisation keeps no source of a programme that has begun."
        words = f"{self.quarter}. Declare each source complete, or nil; missing is neither."
        if self.unproven == 1:
            words += " 1 entry above the threshold has no evidence yet."
        elif self.unproven:
            words += f" {self.unproven} entries above the threshold have no evidence yet."
        return words

    @cached_property
    def unproven(self) -> int:
        """F22: how many of the organisation's entries of the quarter want evidence, which is a warning here."""
        mine = Transaction.objects.filter(recorded_by=acting_organisation(self.request.user))
        of_quarter = mine.filter(Exists(SpendLine.objects.filter(transaction=OuterRef("pk"), quarter=self.quarter)))
        return without_evidence(of_quarter, today=clock.today()).count()

    def get_actions(self) -> Sequence[Link]:
        """The quarter's ledger is compared before it is certified; a keeper of in-kind alone has no ledger to show."""
        organisation = acting_organisation(self.request.user)
        if self.quarter is None:
            return []
        found = self.reports()
        if organisation in ledgers_of(self.quarter.programme):
            address = [self.quarter.programme.code, organisation.code, self.quarter.code]
            url = reverse("funding:reconciliation", args=address)
            found.append(Link("Reconcile with the ledger", url, secondary=True))
        if self.unproven:
            query = {"quarter": self.quarter.pk, "ledger": organisation.pk}
            url = reverse("funding:evidence-missing", query=query)
            found.append(Link("Entries without evidence", url, secondary=True))
        return found

    def reports(self) -> list[Link]:
        """For cash match kept in the organisation's own books: one figure a heading, with the ledger's print."""
        if not is_open(self.quarter, MONEY, clock.now(), acting_organisation(self.request.user)):
            return []
        mine = Source.objects.entered_by(self.request.user).filter(programme_id=self.quarter.programme_id)
        match = mine.filter(kind=Source.Kind.CASH_MATCH).order_by("position")
        undeclared = [one.source for one in standing(list(match), self.quarter) if one.declaration is None]
        return [
            Link(
                f"Report {source}",
                reverse("funding:report-summary", args=[self.quarter.programme.code, source.code, self.quarter.code]),
                secondary=True,
            )
            for source in undeclared
        ]

    def get_queryset(self) -> list[StandingRow]:
        if self.quarter is None:
            return []
        sources = list(
            Source.objects.entered_by(self.request.user)
            .filter(programme_id=self.quarter.programme_id)
            .order_by("position")
        )
        spent = {
            row["budget_line__source"]: row
            for row in SpendLine.objects.spend()
            .in_quarter(self.quarter)
            .filter(budget_line__source__in=sources)
            .order_by()
            .values("budget_line__source")
            .annotate(count=Count("pk"), total=Sum("cost", output_field=PenceField()))
        }
        may_write = is_open(self.quarter, MONEY, clock.now(), acting_organisation(self.request.user))
        return [
            self._row(one.source, one.declaration, spent.get(one.source.pk, {}), may_write)
            for one in standing(sources, self.quarter)
        ]

    def _row(
        self, source: Source, declaration: Declaration | None, spent: dict[str, Any], may_write: bool
    ) -> StandingRow:
        address = [self.quarter.programme.code, source.code, self.quarter.code]
        act, url = "", ""
        if declaration is None and (may_write or not source.is_grant):
            act, url = "Declare", reverse("funding:declare-source", args=address)
        elif declaration is not None and may_write:
            act, url = "Withdraw", reverse("funding:withdraw-declaration", args=address)
        return StandingRow(
            source=source.name,
            lines=spent.get("count", 0),
            recorded=spent.get("total", NOUGHT),
            says=declaration.says if declaration else "missing",
            by=str(declaration.created_by) if declaration else "",
            at=declaration.created_at if declaration else None,
            act=act,
            act_url=url,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"form": self.choice, "is_bound": self.choice.is_bound}
        return super().get_context_data(**{"filter": shown, **kwargs})

    def get_table(self) -> Table:
        return self.table_class(self.get_queryset())


class OfSourceAndQuarter:
    """An act on one source's quarter, named in the address; a source of another's keeping is not found."""

    action, section = "spending.declare", "Declare a quarter"

    def allowed(self) -> bool:
        return super().allowed() and self.source is not None

    @cached_property
    def source(self) -> Source:
        mine = Source.objects.entered_by(self.request.user).select_related("programme", "kept_by")
        try:
            return mine.get(programme__code=self.kwargs["programme"], code=self.kwargs["source"])
        except Source.DoesNotExist:
            raise Http404 from None

    @cached_property
    def quarter(self) -> Quarter:
        try:
            return quarters_to_declare(self.request.user).get(
                programme_id=self.source.programme_id, code=self.kwargs["quarter"]
            )
        except Quarter.DoesNotExist:
            raise Http404 from None

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Spend", reverse("funding:spend")), Link("Declare a quarter", self.get_back_url())]

    def get_back_url(self) -> str:
        return f"{reverse('funding:declare')}?quarter={self.quarter.pk}"

    def get_success_url(self, result: Any = None) -> str:
        return self.get_back_url()


class Declare(OfSourceAndQuarter, ActPage):
    """State that a source's quarter is complete, or nil."""

    form_class, button = DeclareForm, "Declare"

    def get_heading(self) -> str:
        return f"Declare {self.source}"

    def get_lead(self) -> str:
        lines = SpendLine.objects.spend().charged_to(self.source).in_quarter(self.quarter)
        count = lines.count()
        what = f"{count} line{'' if count == 1 else 's'}, {in_words(lines.total())}" if count else "Nothing"
        return (
            f"{self.quarter}: {what} recorded. "
            "Once declared, entries of the quarter can no longer be added or made void."
        )

    def act(self, form: DeclareForm) -> Declaration:
        nil = form.cleaned_data["says"] == Declaration.Says.NIL
        return declare(source=self.source, quarter=self.quarter, nil=nil, by=self.request.user)

    def get_success_message(self, result: Declaration) -> str:
        return f"{self.source} is declared {result.get_says_display().lower()} for {self.quarter}."


class Withdraw(OfSourceAndQuarter, ConfirmPage):
    """Take a declaration back, with its reason."""

    form_class, button = WithdrawForm, "Withdraw the declaration"

    @cached_property
    def declaration(self) -> Declaration:
        found = Declaration.objects.in_force().filter(source=self.source, quarter=self.quarter).first()
        if found is None:
            raise Http404
        return found

    def allowed(self) -> bool:
        return super().allowed() and self.declaration is not None

    def get_heading(self) -> str:
        return f"Withdraw the declaration of {self.source}?"

    def get_facts(self) -> Sequence[Fact]:
        row = self.declaration
        return [
            Fact("Quarter", self.quarter),
            Fact("Declared", row.get_says_display()),
            Fact("Spend as declared", in_words(row.total)),
        ]

    def act(self, form: WithdrawForm) -> Declaration:
        return withdraw(declaration=self.declaration, reason=form.cleaned_data["reason"], by=self.request.user)

    def get_success_message(self, result: Declaration) -> str:
        return f"The declaration of {self.source} for {self.quarter} is withdrawn."
