"""Does it tie? What a ledger bears is claimed, waits for a claim, is match, or is kept out, to the penny.

All of it comes from the rows alone, by other sums than those that made the claims, so that the two prove each other.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Sum

from board.models import Organisation, Project, Year
from core.money import NOUGHT, PenceField
from funding.claims import place_of
from funding.models import ClaimLine, ClaimPart, DisallowancePart, Source, SpendLine, Transaction

# What stands beside the tie: hours given are no money, and a payment on account is no cost yet.
BESIDE = (Transaction.Kind.IN_KIND, Transaction.Kind.ADVANCE)


@dataclass(frozen=True)
class Tie:
    """Where the cost of one organisation, award year and project stands, in pounds.

    `claimed` is what is in claims in force, `disallowed` the part of it that the funder refused. `difference`
    is nought where every pound of `cost` has its place.
    """

    organisation: Organisation
    year: Year
    project: Project
    cost: Decimal
    claimed: Decimal
    disallowed: Decimal
    unclaimed: Decimal
    match: Decimal
    held: Decimal
    not_claimable: Decimal

    @property
    def claimed_and_kept(self) -> Decimal:
        """In claims, less what was disallowed of it."""
        return self.claimed - self.disallowed

    @property
    def difference(self) -> Decimal:
        placed = self.claimed_and_kept + self.disallowed + self.unclaimed + self.match + self.held + self.not_claimable
        return self.cost - placed


@dataclass(frozen=True)
class AwardTie:
    """What the certified claims of a grant's year asked for, against the lines that they took up, in pounds.

    `beyond` and `credit` are the award's own rows, of no project: spend over the ceiling, which no claim asks
    for, and credit that a quarter could not show below nought. Both are those of the last claim.
    """

    source: Source
    year: Year
    certified: Decimal
    lines: Decimal
    beyond: Decimal
    credit: Decimal
    disallowed: Decimal

    @property
    def difference(self) -> Decimal:
        return self.certified - (self.lines - self.beyond + self.credit)

    @property
    def outturn(self) -> Decimal:
        """What the funder bears of the year so far: certified, less disallowed."""
        return self.certified - self.disallowed


def ties(sources: Iterable[Source], year: Year) -> list[Tie]:
    """One row for each organisation and project that bore cost of a year on these sources."""
    lines = (
        SpendLine.objects.in_force()
        .filter(budget_line__source__in=list(sources), budget_line__year=year)
        .exclude(transaction__kind__in=BESIDE)
        # A credit of a payment on account is as little cost as the payment.
        .exclude(transaction__takes_back__kind__in=BESIDE)
    )
    key = ("transaction__recorded_by", "budget_line__project")
    in_claim = Exists(ClaimLine.objects.filter(line=OuterRef("pk"), in_force=True))
    summed = (
        lines.annotate(in_claim=in_claim)
        .order_by()
        .values_list(*key, "state", "in_claim")
        .annotate(total=Sum("cost", output_field=PenceField()))
    )
    found: dict[tuple[int, int], dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: NOUGHT))
    for organisation, project, state, claimed, total in summed:
        cells = found[organisation, project]
        cells["cost"] += total
        # A claimed line is claimable; any other state would be a fault, and shows as a difference.
        if claimed:
            continue
        cells[_PLACES[state]] += total
    taken = ClaimLine.objects.filter(in_force=True, line__in=lines).order_by()
    for organisation, project, total in taken.values_list(*(f"line__{name}" for name in key)).annotate(
        total=Sum("cost", output_field=PenceField())
    ):
        found[organisation, project]["claimed"] += total
    refused = DisallowancePart.objects.filter(line__in=lines).order_by()
    for organisation, project, total in refused.values_list(*(f"line__{name}" for name in key)).annotate(
        total=Sum("amount", output_field=PenceField())
    ):
        found[organisation, project]["disallowed"] += total
    organisations = Organisation.objects.in_bulk({organisation for organisation, _ in found})
    projects = Project.objects.in_bulk({project for _, project in found})
    names = ("cost", "claimed", "disallowed", "unclaimed", "match", "held", "not_claimable")
    rows = [
        Tie(organisations[organisation], year, projects[project], **{name: cells[name] for name in names})
        for (organisation, project), cells in found.items()
    ]
    return sorted(rows, key=lambda row: (row.organisation.name, row.project.position, row.project.code))


_PLACES = {
    SpendLine.State.CLAIMABLE: "unclaimed",
    SpendLine.State.MATCH: "match",
    SpendLine.State.HELD: "held",
    SpendLine.State.NOT_CLAIMABLE: "not_claimable",
}


def award_tie(source: Source, year: Year) -> AwardTie:
    """The claims of a grant's year against the lines in them."""
    parts = list(
        ClaimPart.objects.filter(claim__source=source, claim__withdrawn_at=None, year=year).select_related(
            "claim__quarter"
        )
    )
    last = max(parts, key=lambda part: place_of(part.claim.quarter), default=None)
    lines = ClaimLine.objects.filter(part__in=parts, in_force=True).aggregate(total=Sum("cost"))["total"]
    refused = DisallowancePart.objects.filter(line__budget_line__source=source, line__budget_line__year=year)
    return AwardTie(
        source=source,
        year=year,
        certified=sum((part.amount for part in parts), NOUGHT),
        lines=lines or NOUGHT,
        beyond=last.beyond_award if last else NOUGHT,
        credit=last.credit_carried if last else NOUGHT,
        disallowed=refused.aggregate(total=Sum("amount"))["total"] or NOUGHT,
    )


def split_wrongly(sources: Iterable[Source]) -> list[Transaction]:
    """Entries whose lines do not add up to their cost or net: there should be none."""
    entries = (
        Transaction.objects.in_force()
        .filter(lines__budget_line__source__in=list(sources))
        .distinct()
        .prefetch_related("lines")
        .order_by("reference")
    )
    return [
        entry
        for entry in entries
        if sum((line.cost for line in entry.lines.all()), NOUGHT) != entry.cost
        or sum((line.net for line in entry.lines.all()), NOUGHT) != entry.net
    ]
