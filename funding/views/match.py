"""Match: what became of each funder's pledge, whether it keeps pace with the grant, and what was paid over."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from board import clock
from board.access import acting_organisation, is_of_recipient, may
from board.models import Programme, Quarter
from board.views import ActPage, ConfirmPage, Fact, Link, ListPage
from core.forms import day_in_words
from core.money import in_words
from core.tables import Table
from funding.claims import grant_of
from funding.filters import MatchReceiptFilters
from funding.forms.matching import MatchChoice, MatchReceiptForm
from funding.forms.spend import ReasonForm
from funding.match_tables import MatchReceiptTable, MatchTable, PaceTable
from funding.matching import (
    MatchFigures,
    MatchOfSource,
    Pace,
    behind_limit,
    match_of,
    paces,
    receive_match,
    together,
    void_match_receipt,
)
from funding.models import MatchReceipt, Source, SpendLine
from funding.positions import quarter_to_show, year_to_show
from funding.views.claims import sees_claims_of


@dataclass(frozen=True)
class MatchRow:
    """One row of the match page: a source, or all of one kind, with the addresses of what is behind its figures."""

    name: str
    under: str
    standing: str
    figures: MatchFigures
    pledge_url: str = ""
    receipts_url: str = ""
    spend_url: str = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.figures, name)


@dataclass(frozen=True)
class PaceRow:
    """One row of the pace table: match of one kind beside the grant."""

    name: str
    figures: Pace
    spend_url: str
    claims_url: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.figures, name)


class Match(ListPage):
    """Pledged, secured, received, applied and outstanding, source by source; cash and in-kind apart."""

    action, heading = "match.read", "Match"
    table_class = MatchTable
    template_name = "funding/match.html"

    @cached_property
    def choice(self) -> MatchChoice:
        """What was asked for; the year of today where nothing was."""
        form = MatchChoice(self.request.GET if "year" in self.request.GET else None, user=self.request.user)
        if not form.is_bound:
            form.initial["year"] = year_to_show(form.fields["year"].queryset, today=clock.today())
        return form

    @cached_property
    def asked(self) -> dict[str, Any]:
        form = self.choice
        if not form.is_bound:
            return {"year": form.initial["year"], "quarter": None}
        return form.cleaned_data if form.is_valid() else {}

    @cached_property
    def quarter(self) -> Quarter | None:
        """The quarter to whose end the figures run: as asked, else the latest that has begun."""
        if not self.asked.get("year"):
            return None
        return self.asked.get("quarter") or quarter_to_show(self.asked["year"], today=clock.today())

    @cached_property
    def found(self) -> list[MatchOfSource]:
        if self.quarter is None:
            return []
        sources = Source.objects.visible_to(self.request.user).filter(programme_id=self.quarter.programme_id)
        rows = sources.select_related("funder", "programme").prefetch_related("programme__thresholds")
        return match_of(rows, self.asked["year"], self.quarter, today=clock.today())

    def get_queryset(self) -> list[MatchRow]:
        rows = []
        for kind in (Source.Kind.CASH_MATCH, Source.Kind.IN_KIND_MATCH):
            of_kind = [row for row in self.found if row.source.kind == kind]
            rows += [self.row_of(row) for row in of_kind]
            if len(of_kind) > 1:
                rows.append(self.row_together(of_kind))
        return rows

    def row_of(self, found: MatchOfSource) -> MatchRow:
        source = found.source
        asked = {"year": self.asked["year"].pk, "source": source.pk}
        receipts = f"{reverse('funding:match-receipts')}?{urlencode({**asked, 'standing': 'in-force'})}"
        return MatchRow(
            name=source.name,
            under=f"{source.get_kind_display()}, {source.funder.short_name}",
            standing=standing_of(found.figures, self.limit),
            figures=found.figures,
            pledge_url=f"{reverse('funding:budget')}?{urlencode({**asked, 'quarter': self.quarter.pk})}",
            receipts_url=receipts if found.figures.received is not None else "",
            spend_url=f"{reverse('funding:spend')}?{urlencode({**asked, 'until': self.quarter.pk})}",
        )

    def row_together(self, of_kind: Sequence[MatchOfSource]) -> MatchRow:
        figures, kind = together(of_kind), of_kind[0].source.get_kind_display()
        return MatchRow(f"{kind}, together", "", standing_of(figures, self.limit), figures)

    @cached_property
    def limit(self) -> Any:
        return behind_limit(self.found[0].source, clock.today())

    @cached_property
    def pace(self) -> list[PaceRow]:
        """Match beside the grant, for those who see the grant."""
        if not self.found or not sees_claims_of(self.request.user, self.found[0].source.programme):
            return []
        year, grant = self.asked["year"], grant_of(self.quarter.programme_id)
        behind = {"year": year.pk, "source": grant.pk, "until": self.quarter.pk, "state": SpendLine.State.CLAIMABLE}
        claims = f"{reverse('funding:claims')}?{urlencode({'year': year.pk})}"
        return [
            PaceRow(str(Source.Kind(row.kind).label), row, f"{reverse('funding:spend')}?{urlencode(behind)}", claims)
            for row in paces(self.found, grant, year, self.quarter, today=clock.today())
        ]

    def get_lead(self) -> str:
        if self.quarter is None:
            return ""
        return f"{self.asked['year'].code}, to the end of {self.quarter}. Match is never in the claim."

    def get_actions(self) -> Sequence[Link]:
        received = Link("Match received", reverse("funding:match-receipts"), secondary=True)
        if not may_receive(self.request.user):
            return [received]
        return [Link("Record a receipt of match", reverse("funding:receive-match")), received]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"form": self.choice, "is_bound": self.choice.is_bound}
        pace: Table | None = PaceTable(self.pace, prefix="pace-") if self.pace else None
        return super().get_context_data(**{"filter": shown, "pace": pace, **kwargs})


def may_receive(user: Any) -> bool:
    """Whether the person records match for an organisation that holds a grant."""
    return may(user, "match.receive") and Programme.objects.filter(recipient=acting_organisation(user)).exists()


def standing_of(figures: MatchFigures, limit: Any) -> str:
    """The slug of how match stands: behind its profile first, then a pledge that is not secured."""
    if figures.is_behind(limit):
        return "behind"
    return "in-step" if figures.secured == figures.pledged else "not-secured"


class MatchReceipts(ListPage):
    """What funders paid over, payment by payment."""

    action, heading = "match.read", "Match received"
    table_class, filterset_class = MatchReceiptTable, MatchReceiptFilters
    lead = "Cash match that funders paid over to the recipient. What is spent of it is recorded as spend."

    def get_queryset(self) -> QuerySet[MatchReceipt]:
        rows = MatchReceipt.objects.visible_to(self.request.user)
        return rows.select_related("source__programme", "year").order_by("reference")

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Match", reverse("funding:match"))]

    def get_actions(self) -> Sequence[Link]:
        if not may_receive(self.request.user):
            return []
        return [Link("Record a receipt of match", reverse("funding:receive-match"))]

    def get_table(self) -> Table:
        user = self.request.user
        organisation = user.acting.organisation_id if may(user, "match.receive") else None
        return MatchReceiptTable(self.rows(), void_for=organisation)


class ReceiveMatch(ActPage):
    """Record what a funder paid over."""

    action, heading = "match.receive", "Record a receipt of match"
    form_class, button = MatchReceiptForm, "Record the receipt"
    lead = "What a funder paid over to you. What you spend of it is recorded as spend, on its source."

    def allowed(self) -> bool:
        return super().allowed() and may_receive(self.request.user)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Match", reverse("funding:match"))]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def act(self, form: MatchReceiptForm) -> MatchReceipt:
        given = form.cleaned_data
        return receive_match(
            source=given["award"].source,
            year=given["award"].year,
            amount=given["amount"],
            received_on=given["received_on"],
            bank_reference=given["bank_reference"],
            once=given["once"],
            by=self.request.user,
        )

    def get_success_message(self, result: MatchReceipt) -> str:
        return f"{result.reference}: {in_words(result.amount)} of {result.source} received."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("funding:match-receipts")

    def get_back_url(self) -> str:
        return reverse("funding:match")


class VoidMatchReceipt(ConfirmPage):
    """Strike out a receipt of match that was recorded by mistake."""

    action, lookup, section = "match.receive", "reference", "Match"
    form_class, button, danger = ReasonForm, "Make it void", True
    warning = "A void receipt stays on record and counts nowhere. This cannot be undone."

    def get_queryset(self) -> QuerySet[MatchReceipt]:
        rows = MatchReceipt.objects.visible_to(self.request.user).in_force()
        return rows.select_related("source__programme__recipient", "year")

    def allowed(self) -> bool:
        return super().allowed() and is_of_recipient(self.request.user, self.object.source.programme)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Match", reverse("funding:match")), Link("Match received", reverse("funding:match-receipts"))]

    def get_heading(self) -> str:
        return f"Make {self.object.reference} void?"

    def get_facts(self) -> Sequence[Fact]:
        receipt = self.object
        return [
            Fact("Source", f"{receipt.source}, {receipt.year.code}"),
            Fact("Received on", day_in_words(receipt.received_on)),
            Fact("Amount", in_words(receipt.amount)),
        ]

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def get_back_url(self) -> str:
        return reverse("funding:match-receipts")

    def act(self, form: ReasonForm) -> MatchReceipt:
        given = form.cleaned_data
        return void_match_receipt(
            receipt=self.object, reason=given["reason"], by=self.request.user, seen_version=given["version"]
        )

    def get_success_message(self, result: MatchReceipt) -> str:
        return f"{result.reference} is void."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("funding:match-receipts")
