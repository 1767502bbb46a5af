"""Claims: those certified with what was paid of them, and the one that the record gives now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.http import Http404
from django.urls import reverse

from board import clock
from board.access import is_of_recipient, may
from board.models import Programme, Quarter, Role
from board.views import ActPage, ConfirmPage, DetailPage, Fact, Link, ListPage, Page, Status
from core.forms import day_in_words
from core.money import in_words
from core.tables import Table
from funding.claim_tables import (
    ClaimLineTable,
    ClaimPartTable,
    ClaimTable,
    ReceiptTable,
    RefusedTable,
    WorkingLineTable,
)
from funding.claims import Worked, WorkedPart, disallow, receive, void_receipt, work_out
from funding.filters import ClaimFilters
from funding.forms.claims import DisallowForm, ReceiptForm
from funding.forms.spend import ReasonForm
from funding.models import (
    Claim,
    ClaimLine,
    Disallowance,
    DisallowancePart,
    Receipt,
    ReceiptPart,
    Source,
    SpendLine,
)
from funding.spending import remaining_of
from funding.views.spend import SHOWN_WITH_A_LINE


def sees_claims_of(user: Any, programme: Programme) -> bool:
    """Claims are the recipient's and its auditors'; a match funder sees none."""
    return is_of_recipient(user, programme) or user.acting.kind == Role.Kind.AUDITOR


def uncertified(user: Any) -> list[tuple[Source, Quarter]]:
    """Each grant's quarters that have begun and have no certified claim: the earliest first."""
    today = clock.today()
    grants = Source.objects.visible_to(user).filter(kind=Source.Kind.GRANT).select_related("programme__recipient")
    found = []
    for grant in grants:
        if not sees_claims_of(user, grant.programme):
            continue
        certified = Claim.objects.in_force().filter(source=grant).values_list("quarter_id", flat=True)
        quarters = (
            Quarter.objects.filter(programme=grant.programme, first_day__lte=today)
            .exclude(kind=Quarter.Kind.FOLLOW_UP)
            .exclude(pk__in=certified)
            .select_related("programme", "year")
            .order_by("first_day", "number")
        )
        found += [(grant, quarter) for quarter in quarters if _has_begun(quarter)]
    return found


def _has_begun(quarter: Quarter) -> bool:
    """A closing period begins when its year's Q4 closes for money."""
    if quarter.kind != Quarter.Kind.CLOSING:
        return True
    return Quarter.objects.filter(year=quarter.year_id, number=4, money_closed_at__isnull=False).exists()


class Claims(ListPage):
    """Claims with what was received and what is still owed."""

    action, heading = "claims.read", "Claims"
    table_class, filterset_class = ClaimTable, ClaimFilters
    template_name = "funding/claims.html"

    def get_queryset(self) -> QuerySet[Claim]:
        standing = Case(
            When(withdrawn_at__isnull=False, then=Value("withdrawn")),
            When(owed__gt=0, then=Value("owed")),
            default=Value("settled"),
            output_field=CharField(),
        )
        return (
            Claim.objects.visible_to(self.request.user)
            .with_payments()
            .annotate(standing=standing)
            .select_related("programme", "quarter__year")
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        working = [
            {
                "label": f"{quarter.programme.code}, {quarter}",
                "url": reverse("funding:working-claim", args=[quarter.programme.code, quarter.code]),
                "closed": quarter.money_closed_at is not None,
            }
            for _, quarter in uncertified(self.request.user)
        ]
        return super().get_context_data(**{"working": working, "accounts": self.accounts(), **kwargs})

    def accounts(self) -> list[Link]:
        """The account between funder and recipient of each programme whose claims the person sees."""
        user = self.request.user
        grants = Source.objects.visible_to(user).filter(kind=Source.Kind.GRANT).select_related("programme__recipient")
        return [
            Link(
                f"{grant.programme.code}: money with the funder",
                reverse("funding:account", args=[grant.programme.code]),
            )
            for grant in grants
            if sees_claims_of(user, grant.programme)
        ]


@dataclass(frozen=True)
class Piece:
    """A piece of a sentence: text, and where it leads if it is a figure with a trace."""

    text: str
    url: str = ""


def sentence_of(part: WorkedPart, worked: Worked, several: bool) -> list[Piece]:
    """One award year in a sentence, each figure with the address of what it sums."""
    source, year = worked.source, part.year
    spend, claims = reverse("funding:spend"), reverse("funding:claims")
    behind = {"source": source.pk, "year": year.pk, "state": SpendLine.State.CLAIMABLE, "until": worked.quarter.pk}
    word = "final claim" if part.final else "claim"
    pieces = [
        Piece(f"Eligible in {year.code} " if several else "Eligible this year "),
        Piece(in_words(part.part.eligible_to_date), f"{spend}?{urlencode(behind)}"),
        Piece("; claimed before "),
        Piece(
            in_words(part.part.claimed_before),
            f"{claims}?{urlencode({'programme': source.programme_id, 'year': year.pk})}",
        ),
        Piece(f"; this {word} "),
        Piece(in_words(part.part.amount), "#lines" if part.lines.exists() else ""),
    ]
    if part.from_earlier_quarters:
        late = {**behind, "late": "yes", "quarter": worked.quarter.pk}
        pieces += [
            Piece(", of which "),
            Piece(in_words(part.from_earlier_quarters), f"{spend}?{urlencode(late)}"),
            Piece(" relates to earlier quarters"),
        ]
    return [*pieces, Piece(".")]


class WorkingClaim(Page):
    """The claim of a quarter as the record gives it now. It is certified with its return, never here."""

    action, section = "claims.read", "Claim in preparation"
    template_name = "funding/working_claim.html"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Claims", reverse("funding:claims"))]

    def allowed(self) -> bool:
        return super().allowed() and self.worked is not None

    @cached_property
    def worked(self) -> Worked:
        for grant, quarter in uncertified(self.request.user):
            if (quarter.programme.code, quarter.code) == (self.kwargs["programme"], self.kwargs["quarter"]):
                return work_out(grant, quarter, today=clock.today())
        raise Http404

    def get_heading(self) -> str:
        return str(self.worked.quarter)

    def get_status(self) -> Status:
        closed = self.worked.quarter.money_closed_at is not None
        return Status("Closed for spend", "grey") if closed else Status("Open for spend", "green")

    def lines_table(self) -> Table:
        parts = (part.lines.select_related(None).order_by().values("pk") for part in self.worked.parts)
        lines = SpendLine.objects.filter(reduce(or_, (Q(pk__in=keys) for keys in parts)))
        lines = lines.select_related(*SHOWN_WITH_A_LINE)
        return WorkingLineTable(list(lines.order_by("transaction__reference", "number")), orderable=False)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        worked = self.worked
        parts = [
            {
                "sentence": sentence_of(part, worked, several=len(worked.parts) > 1),
                "facts": facts_of_part(part, worked.quarter),
                "year": part.year,
            }
            for part in worked.parts
        ]
        return super().get_context_data(**{"parts": parts, "table": self.lines_table(), "worked": worked, **kwargs})


def facts_of_part(part: WorkedPart, quarter: Quarter) -> list[Fact]:
    """How a part was worked out, row by row."""
    facts = [
        Fact("Award in force", in_words(part.figures.award)),
        Fact("Claimable to date", in_words(part.figures.claimable)),
        Fact("Less disallowed", in_words(part.figures.disallowed)) if part.figures.disallowed else None,
        Fact("Beyond the award", in_words(part.part.beyond_award)) if part.part.beyond_award else None,
        Fact("Eligible to date", in_words(part.part.eligible_to_date)),
        Fact("Claimed before", in_words(part.part.claimed_before)),
        Fact("Credit carried forward", in_words(part.part.credit_carried)) if part.part.credit_carried else None,
        Fact("This part", in_words(part.part.amount)),
        Fact("Repayment due", in_words(part.part.repayment_due)) if part.part.repayment_due else None,
        _lapsing(part, quarter),
    ]
    return [fact for fact in facts if fact is not None]


def _lapsing(part: WorkedPart, quarter: Quarter) -> Fact | None:
    """The balance that lapses shows from Q4 on; until the final claim it is provisional."""
    if quarter.number < 4 or part.year.pk != quarter.year_id:
        return None
    return Fact("Lapsing" if part.final else "Lapsing, provisionally", in_words(part.lapsing))


MoreLink = Callable[[Any, Claim], Link | None]


class ClaimPage(DetailPage):
    """A certified claim: its parts, its lines, what was received. `more_links` may lead to a higher floor."""

    action, lookup, section = "claims.read", "reference", "Claims"
    more_links: Sequence[MoreLink] = ()

    def get_queryset(self) -> QuerySet[Claim]:
        rows = Claim.objects.visible_to(self.request.user).with_payments()
        return rows.select_related("quarter", "certified_by", "programme__recipient", "source")

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Claims", reverse("funding:claims"))]

    def get_status(self) -> Status:
        if self.object.withdrawn_at:
            return Status("Withdrawn", "grey")
        return Status("Still owed", "orange") if self.object.owed else Status("Settled", "green")

    def get_lead(self) -> str:
        return f"{in_words(self.object.amount)} for {self.object.quarter}."

    def get_actions(self) -> Sequence[Link]:
        user, claim = self.request.user, self.object
        wanted = [
            (can_receive(user, claim), Link("Record a receipt", reverse("funding:receive", args=[claim.reference]))),
            (
                keeps_claim(user, claim),
                Link("Record a disallowance", reverse("funding:disallow", args=[claim.reference]), secondary=True),
            ),
        ]
        more = [found for link in self.more_links if (found := link(user, claim))]
        return [*(link for may_act, link in wanted if may_act), *more]

    def get_facts(self) -> Sequence[Fact]:
        claim = self.object
        facts = [
            Fact("Certified", f"{day_in_words(claim.certified_at)}, by {claim.certified_by}"),
            Fact("Claimed", in_words(claim.amount)),
            Fact("Received", in_words(claim.paid)),
            Fact("Short for good", in_words(claim.settled)) if claim.settled else None,
            Fact("Still owed", in_words(claim.owed)),
            Fact("Repayment due", in_words(-claim.amount)) if claim.amount < 0 else None,
            Fact("Hash of the content certified", claim.content_hash),
            Fact("Withdrawn", f"{day_in_words(claim.withdrawn_at)}: {claim.withdrawn_reason}")
            if claim.withdrawn_at
            else None,
        ]
        return [fact for fact in facts if fact is not None]

    def get_tables(self) -> Sequence[Table]:
        parts = self.object.parts.select_related("year").order_by("year__starts")
        lines = ClaimLine.objects.filter(part__claim=self.object).select_related(
            *(f"line__{name}" for name in SHOWN_WITH_A_LINE)
        )
        receipts = self.object.receipt_parts.select_related("receipt").order_by("receipt__reference")
        refused = DisallowancePart.objects.filter(line__claim_lines__part__claim=self.object).select_related(
            "disallowance", "line__transaction"
        )
        may_void = keeps_claim(self.request.user, self.object)
        tables: list[Table] = [
            ClaimPartTable(list(parts), prefix="parts-"),
            ReceiptTable(list(receipts), prefix="receipts-", may_void=may_void),
        ]
        if found := list(refused.order_by("disallowance__reference", "line__transaction__reference")):
            tables.append(RefusedTable(found, prefix="refused-"))
        return [
            *tables,
            ClaimLineTable(lines.order_by(F("line__transaction__reference"), "line__number"), prefix="lines-"),
        ]


def keeps_claim(user: Any, claim: Claim) -> bool:
    """Whether the person records what the funder does with this claim: the recipient's officer, while it stands."""
    return may(user, "claims.receive") and is_of_recipient(user, claim.programme) and claim.withdrawn_at is None


def can_receive(user: Any, claim: Claim) -> bool:
    """Whether the person may record a payment of this claim: one who keeps it, while any is owed."""
    return keeps_claim(user, claim) and claim.still_owed() > 0


class Receive(ActPage):
    """Record what the funder paid of a claim."""

    action, lookup, section = "claims.receive", "reference", "Claims"
    form_class, button = ReceiptForm, "Record the receipt"

    def get_queryset(self) -> QuerySet[Claim]:
        rows = Claim.objects.visible_to(self.request.user).in_force()
        return rows.select_related("quarter", "source", "programme__recipient")

    def allowed(self) -> bool:
        return super().allowed() and can_receive(self.request.user, self.object)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Claims", reverse("funding:claims")), Link(self.object.reference, self.object.get_absolute_url())]

    def get_heading(self) -> str:
        return "Record a receipt"

    def get_lead(self) -> str:
        return (
            f"{self.object.reference}: {in_words(self.object.still_owed())} is owed of {in_words(self.object.amount)}."
        )

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "owed": self.object.still_owed()}

    def act(self, form: ReceiptForm) -> Any:
        given = form.cleaned_data
        part = ReceiptPart(
            claim=self.object,
            amount=given["amount"],
            short=form.short,
            short_reason=given["short_reason"] if form.short else "",
        )
        return receive(
            source=self.object.source,
            received_on=given["received_on"],
            parts=[part],
            bank_reference=given["bank_reference"],
            by=self.request.user,
            once=given["once"],
        )

    def get_success_message(self, result: Any) -> str:
        return f"{result.reference}: {in_words(result.amount)} received."

    def get_success_url(self, result: Any = None) -> str:
        return self.object.get_absolute_url()


class Disallow(ActPage):
    """Record what the funder refuses of a claim."""

    action, lookup, section = "claims.receive", "reference", "Claims"
    form_class, button, heading = DisallowForm, "Record the disallowance", "Record a disallowance"
    lead = (
        "Enter what the funder refuses beside each line. It is paid short, or paid back; later claims leave it out, "
        "and the lines stay on record."
    )

    def get_queryset(self) -> QuerySet[Claim]:
        rows = Claim.objects.visible_to(self.request.user).in_force()
        return rows.select_related("quarter", "source", "programme__recipient")

    def allowed(self) -> bool:
        return super().allowed() and keeps_claim(self.request.user, self.object)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Claims", reverse("funding:claims")), Link(self.object.reference, self.object.get_absolute_url())]

    def get_form_kwargs(self) -> dict[str, Any]:
        lines = list(
            SpendLine.objects.filter(claim_lines__part__claim=self.object, claim_lines__in_force=True, cost__gt=0)
            .select_related("transaction", "budget_line__project")
            .order_by("transaction__reference", "number")
        )
        left = remaining_of(lines)
        return {**super().get_form_kwargs(), "remaining": {line: left[line.pk] for line in lines if left[line.pk] > 0}}

    def act(self, form: DisallowForm) -> Disallowance:
        given = form.cleaned_data
        return disallow(
            source=self.object.source,
            amounts=form.amounts,
            disallowed_on=given["disallowed_on"],
            funder_reference=given["funder_reference"],
            reason=given["reason"],
            by=self.request.user,
            once=given["once"],
        )

    def get_success_message(self, result: Disallowance) -> str:
        return f"{result.reference} is recorded. A receipt that is short by it gives “Disallowed” as its reason."

    def get_success_url(self, result: Any = None) -> str:
        return self.object.get_absolute_url()


class VoidReceipt(ConfirmPage):
    """Strike out a receipt that was recorded by mistake."""

    action, lookup, section = "claims.receive", "reference", "Claims"
    form_class, button, danger = ReasonForm, "Make it void", True
    warning = "A void receipt stays on record and pays nothing: what it paid is owed again."

    def get_queryset(self) -> QuerySet[Receipt]:
        grants = Source.objects.visible_to(self.request.user)
        return Receipt.objects.filter(source__in=grants, voided_at=None).select_related("source__programme__recipient")

    def allowed(self) -> bool:
        return super().allowed() and is_of_recipient(self.request.user, self.object.source.programme)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Claims", reverse("funding:claims"))]

    def get_heading(self) -> str:
        return f"Make {self.object.reference} void?"

    def get_facts(self) -> Sequence[Fact]:
        receipt = self.object
        return [
            Fact("Received on", day_in_words(receipt.received_on)),
            Fact("Amount", in_words(receipt.amount)),
            Fact("Bank reference", receipt.bank_reference),
        ]

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def get_back_url(self) -> str:
        return reverse("funding:claims")

    def act(self, form: ReasonForm) -> Receipt:
        given = form.cleaned_data
        return void_receipt(
            receipt=self.object, reason=given["reason"], by=self.request.user, seen_version=given["version"]
        )

    def get_success_message(self, result: Receipt) -> str:
        return f"{result.reference} is void."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("funding:claims")
