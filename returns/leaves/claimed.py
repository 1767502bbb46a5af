"""Claims and what became of them; match that was paid over; ledgers."""

from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from board.models import Quarter
from core.financial_year import year_bounds, year_starting
from core.money import NOUGHT
from funding.claims import place_of
from funding.models import (
    Claim,
    ClaimLine,
    ClaimPart,
    ControlTotal,
    DisallowancePart,
    MatchReceipt,
    ReceiptPart,
    ReconcilingItem,
    Repayment,
    SpendLine,
    SpendReport,
    Transaction,
    YearEndBalance,
)
from funding.reconciling import counted
from returns.leaves.reading import Leaf, Unknown, read_cut
from returns.leaves.spent import Spent

PART_FIELDS = {
    "amount": "The part",
    "eligible_to_date": "Eligible to date",
    "claimed_before": "Claimed before",
    "beyond_award": "Beyond the award",
    "credit_carried": "Credit carried",
}


class Claimed(Spent):
    """Leaves of what was claimed, paid, refused and reconciled."""

    def _claimable(self, source: str, year: str, quarter: Quarter) -> QuerySet[SpendLine]:
        upto = [row for row in self._by_key.values() if place_of(row) <= place_of(quarter)]
        return self.lines_of(source, year).filter(state_then=SpendLine.State.CLAIMABLE, quarter__in=upto)

    def claimable(self, what: str) -> Leaf:
        cut = read_cut(what)
        lines = self._claimable(cut.source, cut.year, self.quarters[cut.quarter])
        return Leaf(lines.total(), f"Cost that may be claimed by then: {self._words(cut)}", "", lines)

    def unclaimed(self, what: str) -> Leaf:
        field, _, path = what.partition(":")
        cut = read_cut(path)
        quarter = self.quarters[cut.quarter]
        taken = ClaimLine.objects.filter(
            in_force=True, part__claim__source=self.sources[cut.source], part__year=self.years[cut.year]
        ).exclude(part__claim__quarter=quarter)
        if self.as_of is not None:
            taken = taken.filter(part__claim__certified_at__lte=self.as_of)
        lines = self._claimable(cut.source, cut.year, quarter).exclude(pk__in=taken.values("line_id"))
        if field == "late":
            lines = lines.filter(relates_to__isnull=False)
        elif field != "cost":
            raise Unknown(f"unclaimed:{what}: there is no field “{field}”")
        words = "Not in another claim" + (", and of an earlier quarter" if field == "late" else "")
        return Leaf(lines.total(), f"{words}: {self._words(cut)}", "", lines)

    def claim(self, what: str) -> Leaf:
        found = Claim.objects.get(reference=what)
        return Leaf(found.amount, f"Claim {what}", found.get_absolute_url())

    def claim_part(self, what: str) -> Leaf:
        place, _, field = what.partition(".")
        reference, _, year = place.partition("#")
        found = ClaimPart.objects.select_related("claim").get(claim__reference=reference, year=self.years[year])
        words = PART_FIELDS[field or "amount"]
        amount: Decimal = getattr(found, field or "amount")
        return Leaf(amount, f"{words} of {reference}, {year}", found.claim.get_absolute_url())

    def claim_lines(self, what: str) -> Leaf:
        reference, _, year = what.partition("#")
        found = ClaimPart.objects.select_related("claim").get(claim__reference=reference, year=self.years[year])
        words = f"Lines in {reference}, {year}"
        return Leaf(Decimal(found.lines.filter(in_force=True).count()), words, found.claim.get_absolute_url())

    def claimed(self, what: str) -> Leaf:
        cut, rows = self._cut_of_year(what), ClaimLine.objects.filter(in_force=True)
        if self.as_of is not None:
            stands = Q(part__claim__withdrawn_at=None) | Q(part__claim__withdrawn_at__gt=self.as_of)
            rows = ClaimLine.objects.filter(stands, part__claim__certified_at__lte=self.as_of)
        rows = rows.filter(**self._of_cut(cut, "line__"))
        amount = rows.aggregate(total=Sum("cost"))["total"] or NOUGHT
        return Leaf(amount, f"In certified claims: {self._words(cut)}")

    def paid(self, what: str) -> Leaf:
        found = _receipt_part(what)
        return Leaf(found.amount, f"Received: {found.receipt.reference}", found.claim.get_absolute_url())

    def short(self, what: str) -> Leaf:
        found = _receipt_part(what)
        words = f"Not paid: {found.receipt.reference}, {found.get_short_reason_display().lower()}"
        return Leaf(found.short, words, found.claim.get_absolute_url())

    def disallowed(self, what: str) -> Leaf:
        cut = self._cut_of_year(what)
        rows = DisallowancePart.objects.filter(**self._of_cut(cut, "line__"))
        if self.as_of is not None:
            rows = rows.filter(disallowance__created_at__lte=self.as_of)
        amount = rows.aggregate(total=Sum("amount"))["total"] or NOUGHT
        return Leaf(amount, f"Disallowed: {self._words(cut)}")

    def repayment(self, what: str) -> Leaf:
        found = Repayment.objects.get(reference=what)
        return Leaf(found.amount, f"Repaid on {found.repaid_on:%-d %B %Y}: {what}")

    def balance(self, what: str) -> Leaf:
        path, _, treatment = what.partition("#")
        source, _, year = path.partition("/")
        which = {"source": self.sources[source].pk, "year": self.years[year].pk, "treatment": treatment}
        [found] = self._rows(YearEndBalance, **which)
        return Leaf(found.amount, f"Balance of {year}: {found.get_treatment_display().lower()}")

    def disallowance(self, what: str) -> Leaf:
        reference, _, line = what.partition("#")
        entry, _, number = line.rpartition("/")
        found = DisallowancePart.objects.select_related("line__transaction").get(
            disallowance__reference=reference, line__transaction__reference=entry, line__number=int(number)
        )
        return Leaf(found.amount, f"{reference}: of {line}", found.line.transaction.get_absolute_url())

    def match_receipt(self, what: str) -> Leaf:
        found = MatchReceipt.objects.get(reference=what)
        return Leaf(found.amount, f"Match received on {found.received_on:%-d %B %Y}: {what}")

    def statement(self, what: str) -> Leaf:
        found = SpendReport.objects.get(reference=what)
        return Leaf(found.total, f"Statement of spend {what}", found.get_absolute_url())

    def control(self, what: str) -> Leaf:
        organisation, _, at = what.partition("/")
        which = {"organisation__code": organisation, "programme": self.programme, "quarter": self.quarters[at]}
        [found] = self._rows(ControlTotal, **which)
        return Leaf(found.amount, f"Ledger of {organisation}, {found.ledger_print}")

    def in_ledger(self, what: str) -> Leaf:
        organisation, _, at = what.partition("@")
        day = date.fromisoformat(at)
        no_cost = (Transaction.Kind.IN_KIND, Transaction.Kind.ADVANCE)
        lines = (
            SpendLine.objects.in_force(self.as_of)
            .of_programme(self.programme)
            .filter(transaction__recorded_by__code=organisation)
            .filter(transaction__accounting_on__range=(year_bounds(year_starting(day))[0], day))
            .exclude(transaction__kind__in=no_cost)
            .exclude(transaction__takes_back__kind__in=no_cost)
        )
        return Leaf(lines.total(), f"Record of the ledger of {organisation} to {day:%-d %B %Y}", "", lines)

    def item(self, what: str) -> Leaf:
        reference, _, at = what.partition("@")
        day = date.fromisoformat(at)
        live = ReconcilingItem.objects.get(reference=reference)
        [found] = self._rows(ReconcilingItem, id=live.pk)
        amount = sum((one.amount for one in counted([found], day)), NOUGHT)
        return Leaf(amount, f"Known difference {reference}", live.get_absolute_url())


def _receipt_part(what: str) -> ReceiptPart:
    receipt, _, claim = what.partition("#")
    return ReceiptPart.objects.select_related("receipt", "claim").get(
        receipt__reference=receipt, claim__reference=claim
    )
