"""The change request: a larger virement, or a re-profile, of the grant's budget, as it is put to the funder.

The grant's terms of this family ask the recipient to have larger moves between budget lines agreed, and to tell of a
changed profile. The request shows each line before and after, and that the year's budget stays what was awarded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from board.models import Quarter, Year
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from funding.budgeting import profiles_of
from funding.models import BudgetLine, BudgetVersion, Source, VirementProposal
from funding.moving import limit_of, moves_of, size_of
from funding.positions import version_in_force
from returns.content import (
    Cell,
    Column,
    Content,
    Definition,
    Section,
    Table,
    ThresholdUsed,
    clean,
    make_fact,
    make_row,
    make_total,
    slug,
)
from returns.items import Item, Place
from returns.kinds import tracing
from returns.kinds.scope import Scope, Subject
from returns.kinds.shape import (
    CERTIFY,
    PREPARE,
    ROLE,
    STATUS,
    Kind,
    Span,
    Step,
    Written,
    commentary,
    identity,
    words_of,
)
from returns.models import Return

K = "change"
Profiles = Mapping[tuple[BudgetLine, Quarter], Decimal]

STEPS = (
    Step(
        PREPARE, (ROLE.FINANCE_OFFICER, ROLE.COMMISSIONING_OFFICER), STATUS.DRAFT, STATUS.PREPARED, "Made by",
        "The figures are those of the budget and of the change as it was recorded.", "make firm", signs=False,
    ),
    Step(
        CERTIFY, (ROLE.COMMISSIONING_OFFICER,), STATUS.PREPARED, STATUS.CERTIFIED, "Issued by",
        "I put this change to the funder. It moves nothing between years and leaves the award as it is.", "issue",
    ),
)  # fmt: skip
WRITTEN = (
    Written("case", "Why the change is asked for", "What has turned out otherwise than planned."),
    Written(
        "effect", "What it changes for delivery", "Which work grows, shrinks or moves, and what that does to results."
    ),
)


@dataclass(frozen=True)
class Change:
    """One change of a budget: what it moves, in pounds by line and quarter, and how it stands.

    `version` is the budget that has it in it, None while nobody has approved it; `base` the one that it starts from.
    """

    reference: str
    what: str
    source: Source
    year: Year
    reason: str
    made_on: date
    funder_reference: str
    decision_reference: str
    standing: str
    version: BudgetVersion | None
    base: BudgetVersion | None
    asked: Profiles | None = None

    @cached_property
    def _version(self) -> Profiles:
        return profiles_of(self.version) if self.version else {}

    @cached_property
    def _base(self) -> Profiles:
        return profiles_of(self.base) if self.base else {}

    @cached_property
    def moves(self) -> Profiles:
        """What is put on each line and quarter; below nought what is taken off."""
        if self.asked is not None:
            return self.asked
        keys = dict.fromkeys((*self._base, *self._version))
        return {key: moved for key in keys if (moved := self._version.get(key, NOUGHT) - self._base.get(key, NOUGHT))}

    def before(self, key: tuple[BudgetLine, Quarter]) -> Decimal:
        if self.version is not None and self.asked is not None:
            return self._version.get(key, NOUGHT) - self.asked[key]
        return self._base.get(key, NOUGHT)

    def traces(self, key: tuple[BudgetLine, Quarter], here: str) -> tuple[tuple[str, ...], ...]:
        """What before, change and after rest on: two of them on the record, the third on these."""
        line, quarter = key
        place = f"{line.project.code}/{line.heading.code}@{quarter.code}"
        asked = (f"asked:{self.reference}#{place}",)
        of_base, of_version = (
            (f"version:{self.source.code}/{self.year.code}#{row.number}/{place}",) if row else tracing.NOTHING
            for row in (self.base, self.version)
        )
        if self.asked is None:
            return of_base, tracing.figures(f"{here}/after", f"-{here}/before"), of_version
        if self.version is not None:
            return tracing.figures(f"{here}/after", f"-{here}/change"), asked, of_version
        return of_base, asked, tracing.figures(f"{here}/before", f"{here}/change")


def requests_of(quarter: Quarter) -> list[Subject]:
    """The changes of the grant's budgets that were made in a quarter; none that was turned down is put forward."""
    return [Subject(row.reference, f"{row.reference}, {row.what.lower()}") for row in _changes(quarter)]


def _changes(quarter: Quarter) -> Iterator[Change]:
    begins, ends = (
        timezone.make_aware(datetime.combine(day, time))
        for day, time in ((quarter.first_day, time.min), (quarter.last_day, time.max))
    )
    which = Q(source__programme=quarter.programme, source__kind=Source.Kind.GRANT, created_at__range=(begins, ends))
    begun = Return.objects.filter(kind=K, last_quarter=quarter).values("subject")
    refused = Q(status=VirementProposal.Status.TURNED_DOWN) & ~Q(reference__in=begun)
    related = ("source__programme", "source__funder", "year")
    for proposal in VirementProposal.objects.filter(which).exclude(refused).select_related(*related, "virement"):
        yield of_proposal(proposal)
    kept = BudgetVersion.objects.filter(which, kind=BudgetVersion.Kind.REPROFILE)
    for version in kept.select_related(*related).order_by("source__position", "year__starts", "number"):
        yield of_version(version)


def of_proposal(proposal: VirementProposal) -> Change:
    """A virement that needs a second person, as it was asked for."""
    decided = timezone.localdate(proposal.decided_at) if proposal.decided_at else None
    standing = proposal.get_status_display() + (f" on {day_in_words(decided)}" if decided else "")
    version = proposal.virement.budget_version if proposal.virement else None
    made_on = timezone.localdate(proposal.created_at)
    return Change(
        reference=proposal.reference,
        what="Virement",
        source=proposal.source,
        year=proposal.year,
        reason=proposal.reason,
        made_on=made_on,
        funder_reference=proposal.funder_reference,
        decision_reference=proposal.decision_reference,
        standing=standing,
        version=version,
        base=version_in_force(proposal.source, proposal.year, decided or made_on),
        asked=moves_of(proposal),
    )


def of_version(version: BudgetVersion) -> Change:
    """A re-profile: what one version of a budget plans otherwise than the one before it."""
    before = BudgetVersion.objects.filter(source=version.source, year=version.year, number=version.number - 1)
    return Change(
        reference=f"{version.source.code}-{version.year.code}-v{version.number}",
        what="Re-profile",
        source=version.source,
        year=version.year,
        reason=version.reason,
        made_on=timezone.localdate(version.created_at),
        funder_reference="",
        decision_reference=version.decision_reference,
        standing=f"In force from {day_in_words(version.effective_on)}",
        version=version,
        base=before.first(),
    )


def read(scope: Scope) -> Change:
    """The change that a request is about."""
    return next(change for change in _changes(scope.last) if change.reference == scope.subject)


def build(scope: Scope, *, today: date, the_return: Return | None = None) -> Content:
    """What a change request says, from the record as it stands."""
    change = read(scope)
    return Content(
        **identity(KIND, scope, the_return, f"{KIND.title}: {change.what.lower()} {change.reference}"),  # type: ignore[arg-type]
        sections=(key_figures(change), commentary(KIND, words_of(the_return)), tracing.traced(lines(change))),
        definitions=DEFINITIONS,
        notes=NOTES,
        thresholds=(
            ThresholdUsed(
                "Virement above which the funder is asked and a second person approves",
                in_words(limit_of(change.source, change.made_on)),
            ),
        ),
    )


def key_figures(change: Change) -> Section:
    """What is asked for, of whom, and how it stands."""
    put_on = [key for key, amount in _by_line(change).items() if amount > 0]
    trace = tracing.figures(*(f"{K}/lines/{_code(line)}/change" for line in put_on)) or tracing.NOTHING

    def said(code: str, label: str, words: str) -> object:
        return make_fact(K, "key-figures", code, label, clean(words) or None, "text", "" if words else "z")

    facts = (
        said("what", "What is asked for", change.what),
        said("source", "Grant and year", f"{change.source.name}, {change.year}"),
        make_fact(K, "key-figures", "moved", "Moved between lines", size_of(change.moves), "money", "", trace),
        make_fact(K, "key-figures", "made", "Recorded on", change.made_on, "date"),
        said("funder-reference", "Reference of the funder", change.funder_reference),
        said("decision", "Decision", change.decision_reference),
        said("standing", "How it stands", change.standing),
    )
    return Section("key-figures", "Key figures", (clean(change.reason),), facts=facts, sheet="Key figures")  # type: ignore[arg-type]


def _by_line(change: Change) -> dict[BudgetLine, Decimal]:
    found: dict[BudgetLine, Decimal] = {}
    for (line, _), amount in change.moves.items():
        found[line] = found.get(line, NOUGHT) + amount
    return found


def _code(line: BudgetLine) -> str:
    return slug(f"{line.project.code}-{line.heading.code}")


def lines(change: Change) -> Section:
    """Each line that changes, quarter by quarter: before, what is put on or taken off, after."""
    columns = (
        Column("line", "Project and cost heading"),
        Column("quarter", "Quarter"),
        Column("before", "Before", "money", total=True),
        Column("change", "Change", "money", total=True),
        Column("after", "After", "money", total=True),
    )
    made, every = [], []
    order = sorted(_by_line(change), key=lambda line: (line.project.position, line.heading.position, line.pk))
    for line in order:
        name = f"{line.project.name}, {line.heading.name.lower()}"
        rows = []
        for key in sorted((key for key in change.moves if key[0] == line), key=lambda key: key[1].order):
            code = f"{_code(line)}-{slug(key[1].code)}"
            traces = change.traces(key, f"{K}/lines/{code}")
            before, moved = change.before(key), change.moves[key]
            cells = [
                Cell(value, trace=trace) for value, trace in zip((before, moved, before + moved), traces, strict=True)
            ]
            rows.append(make_row(K, "lines", code, columns, [name, key[1].short_label, *cells]))
        made += [*rows, make_total(K, "lines", _code(line), columns, rows, name, "subtotal")]
        every += rows
    total = make_total(K, "lines", "total", columns, every, "All lines that change")
    return Section(
        "lines",
        "What changes",
        ("Amounts of the quarters that change; all else stays as it is. The changes add up to nought.",),
        Table(f"Budget before and after, {change.year}", columns, (*made, total), headings=2),
        sheet="What changes",
    )


def waits_for(scope: Scope, today: date) -> Iterator[Item]:
    """A request that was turned down here is not put to the funder."""
    turned = VirementProposal.objects.filter(
        reference=scope.subject, source__programme=scope.programme, status=VirementProposal.Status.TURNED_DOWN
    ).first()
    if turned is not None:
        place = Place("See the virement", "budget.read", "funding:virement-proposal", (turned.reference,))
        yield Item("turned-down", f"{turned.reference} was turned down: {turned.decided_reason}", "blocking", (place,))


NOTES = (
    "A virement moves money between budget lines of one year; a re-profile between the quarters of a year.",
    "Nothing is moved between years, and no quarter that is closed is changed.",
)
DEFINITIONS = (
    Definition("Before", "What the budget planned for the line in the quarter before this change."),
    Definition("Change", "What is put on the line; below nought what is taken off."),
)

KIND = Kind(
    code=K,
    title="Change request",
    place=9,
    closes=(),
    spans=(Span.QUARTER,),
    quarter_kinds=(Quarter.Kind.QUARTER,),
    steps=STEPS,
    written=WRITTEN,
    build=build,
    waits_for=waits_for,
    subjects=requests_of,
    of_every_period=False,
    several="Change requests",
    goes_to_funder=True,
)
