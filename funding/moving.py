"""Virements: budget moved between the lines of one source and year, above a threshold only with a second person."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from board import clock, events, rows
from board.models import Quarter, Role, User, Year
from board.quarters import lock_all
from board.rows import locking
from board.thresholds import threshold
from core.money import NOUGHT, in_words
from core.problems import Problem, refuse, refuse_if_blocking
from funding.budgeting import Cells, Profiles, by_line, line_for, profiles_of, set_budget
from funding.models import (
    Award,
    BudgetLine,
    BudgetVersion,
    Source,
    Virement,
    VirementMove,
    VirementProposal,
    VirementProposalMove,
)
from funding.positions import line_positions, version_in_force

# Who may be the second person, if they act for an organisation that decides the budget (this board's choice).
SECOND_PERSONS = (Role.Kind.FINANCE_OFFICER, Role.Kind.COMMISSIONING_OFFICER, Role.Kind.CFO)


def move_or_propose(
    *,
    source: Source,
    year: Year,
    cells: Cells,
    reason: str,
    by: User,
    funder_reference: str = "",
    decision_reference: str = "",
    once: UUID | None = None,
) -> Virement | VirementProposal:
    """Move budget as typed, from today; above the threshold it is proposed, and waits for a second person."""
    with transaction.atomic():
        moves = {
            (line_for(source, year, project, heading), quarter): amount
            for (project, heading, quarter), amount in cells.items()
            if amount
        }
        same = {"source": source, "year": year, "moves": moves, "reason": reason, "by": by, "once": once}
        references = {"funder_reference": funder_reference, "decision_reference": decision_reference}
        if size_of(moves) > limit_of(source, clock.today()):
            return propose(**same, **references)
        return move(**same, **references, approved_on=clock.today())


def move(
    *,
    source: Source,
    year: Year,
    moves: Profiles,
    reason: str,
    by: User,
    approved_on: date,
    funder_reference: str = "",
    decision_reference: str = "",
    once: UUID | None = None,
) -> Virement:
    """Move budget between lines of one source and year, up to the programme's threshold.

    F27: the moves net to nought, no line falls below what is spent and committed on it, and no closed quarter
    changes. Above the threshold it is refused: `propose` it (grant term; the amount is this board's choice).
    """
    with transaction.atomic():
        _lock(source, year)
        if done := rows.written_before(Virement, once, by=by, approved_on=approved_on):
            return done
        problems = _problems(source, year, moves, approved_on)
        size, limit = size_of(moves), limit_of(source, approved_on)
        if size > limit:
            words = f"{in_words(size)} is above {in_words(limit)}: propose it, and let a second person approve it."
            problems.append(Problem("F27", words, True, "moves"))
        refuse_if_blocking(problems)
        fields = {"approved_on": approved_on, "funder_reference": funder_reference}
        if once:
            fields["once"] = once
        return _write(Virement(**fields), source, year, moves, reason, decision_reference, by)


def propose(
    *,
    source: Source,
    year: Year,
    moves: Profiles,
    reason: str,
    by: User,
    funder_reference: str,
    decision_reference: str = "",
    once: UUID | None = None,
) -> VirementProposal:
    """Put a virement to a second person. The budget stays as it is until they approve it."""
    with transaction.atomic():
        _lock(source, year)
        if done := rows.written_before(VirementProposal, once, by=by, source=source, year=year):
            return done
        problems = _problems(source, year, moves, clock.today())
        if not funder_reference.strip():
            words = (
                f"{in_words(size_of(moves))} is above {in_words(limit_of(source, clock.today()))}: "
                "give the funder’s reference. A second person then approves it."
            )
            problems.append(Problem("F27", words, True, "funder_reference"))
        refuse_if_blocking(problems)
        proposal = VirementProposal(
            reference=rows.next_reference("VP"),
            source=source,
            year=year,
            reason=reason,
            funder_reference=funder_reference.strip(),
            decision_reference=decision_reference,
        )
        if once:
            proposal.once = once
        rows.create(proposal, by=by, reason=reason)
        for (line, quarter), amount in moves.items():
            row = VirementProposalMove(proposal=proposal, line=line, quarter=quarter, amount=amount)
            row.full_clean()
            row.save(force_insert=True)
        words = f"{told(moves)}: {reason}"
        events.record("budget.propose-virement", proposal.reference, by=by, words=words, programme=source.programme)
    return proposal


def approve(*, proposal: VirementProposal, by: User) -> Virement:
    """Let a proposed virement take effect, from today, as its second person. Everything is checked anew."""
    with transaction.atomic():
        # The quarters and the award come first, as in every act of a budget.
        _lock(proposal.source, proposal.year)
        locked = _locked(proposal)
        if locked.created_by_id == by.pk:
            raise refuse("F27", "You proposed this virement. Another person approves it.")
        _require_second_person(locked.source, by)
        moves = moves_of(locked)
        refuse_if_blocking(_problems(locked.source, locked.year, moves, clock.today()))
        new = Virement(approved_on=clock.today(), second_person=by, funder_reference=locked.funder_reference)
        virement = _write(new, locked.source, locked.year, moves, locked.reason, locked.decision_reference, by)
        locked.virement = virement
        _decide(locked, VirementProposal.Status.APPROVED, by)
        events.record(
            "budget.approve-virement",
            locked.reference,
            by=by,
            words=f"As {virement.reference}, proposed by {locked.created_by}",
            programme=locked.source.programme,
        )
    return virement


def turn_down(*, proposal: VirementProposal, reason: str, by: User) -> VirementProposal:
    """Refuse a proposed virement, with the reason; who proposed it takes it back the same way."""
    with transaction.atomic():
        locked = _locked(proposal)
        _require_second_person(locked.source, by)
        if not reason.strip():
            raise refuse("F27", "Give the reason.", "reason")
        locked.decided_reason = reason.strip()
        _decide(locked, VirementProposal.Status.TURNED_DOWN, by, reason)
        programme = locked.source.programme
        events.record("budget.turn-down-virement", locked.reference, by=by, words=reason, programme=programme)
    return locked


def size_of(moves: Profiles) -> Decimal:
    """How much a virement moves: what is put on lines, in pounds."""
    return sum((amount for amount in by_line(moves).values() if amount > 0), NOUGHT)


def limit_of(source: Source, day: date) -> Decimal:
    """Up to how many pounds one officer moves alone."""
    return threshold(source.programme, "virement-amount", day)


def moves_of(proposal: VirementProposal) -> dict[tuple[BudgetLine, Quarter], Decimal]:
    """What a proposal would move, by line and quarter."""
    found = proposal.moves.select_related("line__source", "line__project", "line__heading", "line__year", "quarter")
    return {(row.line, row.quarter): row.amount for row in found}


def told(moves: Profiles) -> str:
    """ "£8,000.00 from PIP provider to SIS provider", by codes, for the record of acts."""
    lines = by_line(moves)
    names = [
        ", ".join(f"{line.project.code} {line.heading.code}" for line, amount in lines.items() if amount * sign > 0)
        for sign in (-1, 1)
    ]
    return f"{in_words(size_of(moves))} from {names[0]} to {names[1]}"


def _lock(source: Source, year: Year) -> None:
    lock_all(year.quarters.all())
    if not list(locking(Award.objects).filter(source=source, year=year)):
        raise refuse("F28", f"{source} has no award for {year} yet. Record the award first.")


def _locked(proposal: VirementProposal) -> VirementProposal:
    """The proposal under its lock, if nobody has decided it yet."""
    found = locking(VirementProposal.objects).select_related("source__programme", "year", "created_by")
    locked = found.get(pk=proposal.pk)
    if locked.status != VirementProposal.Status.PROPOSED:
        raise refuse("F27", f"{locked} is {locked.get_status_display().lower()} already.")
    return locked


def _require_second_person(source: Source, by: User) -> None:
    role = by.acting
    decides = role is not None and Source.objects.budgeted_for(role.organisation).filter(pk=source.pk).exists()
    if not decides or role.kind not in SECOND_PERSONS:
        raise refuse("F27", f"An officer of the organisation that decides the budget of {source} decides this.")


def _decide(locked: VirementProposal, status: str, by: User, reason: str = "") -> None:
    locked.status, locked.decided_at, locked.decided_by = status, clock.now(), by
    rows.change(locked, by=by, reason=reason)


def _write(
    new: Virement, source: Source, year: Year, moves: Profiles, reason: str, decision_reference: str, by: User
) -> Virement:
    before = version_in_force(source, year, new.approved_on)
    profiles = profiles_of(before) if before else {}
    for key, amount in moves.items():
        profiles[key] = profiles.get(key, NOUGHT) + amount
    new.reference = rows.next_reference("V")
    new.budget_version = set_budget(
        source=source,
        year=year,
        kind=BudgetVersion.Kind.VIREMENT,
        profiles=profiles,
        effective_on=new.approved_on,
        reason=reason,
        by=by,
        decision_reference=decision_reference,
    )
    rows.create(new, by=by, reason=reason)
    for line, amount in by_line(moves).items():
        if amount:
            row = VirementMove(virement=new, line=line, amount=amount)
            row.full_clean()
            row.save(force_insert=True)
    words = f"{told(moves)}: {reason}"
    events.record("budget.move", new.reference, by=by, words=words, programme=source.programme)
    return new


def _problems(source: Source, year: Year, moves: Profiles, day: date) -> list[Problem]:
    if version_in_force(source, year, day) is None:
        raise refuse("F27", f"{source} has no budget for {year} yet.", "moves")
    if day > clock.today():
        raise refuse("F27", "A virement is approved before it is recorded. Give a day up to today.", "approved_on")
    per_line = by_line(moves)
    own = {line: amount for line, amount in per_line.items() if (line.source_id, line.year_id) == (source.pk, year.pk)}
    found = list(_nets_to_nought(per_line))
    found += [
        Problem("F27", f"{line} is of another source or year.", True, "moves") for line in per_line if line not in own
    ]
    found += list(_stays_above_what_is_bound(source, year, own, day))
    closed = {quarter for (_, quarter), amount in moves.items() if amount and quarter.money_closed_at}
    found += [
        Problem("F12", f"{quarter} is closed; its profile stays as it was.", True, "moves")
        for quarter in sorted(closed, key=lambda quarter: quarter.order)
    ]
    return found


def _nets_to_nought(per_line: Mapping[BudgetLine, Decimal]) -> list[Problem]:
    net = sum(per_line.values(), NOUGHT)
    if net:
        return [Problem("F27", f"The moves net to {in_words(net)}. A virement nets to nought.", True, "moves")]
    if not any(per_line.values()):
        words = "Nothing moves from one line to another. Enter what a line loses with a minus, and what another gets."
        return [Problem("F27", words, True, "moves")]
    return []


def _stays_above_what_is_bound(
    source: Source, year: Year, per_line: Mapping[BudgetLine, Decimal], day: date
) -> list[Problem]:
    """No line falls below what is spent on it, whenever recorded, and what contracts bind of it."""
    last = Quarter.objects.filter(programme_id=year.programme_id).order_by("first_day", "number").last()
    positions = line_positions([source], year, last, today=day)
    found = []
    for line, amount in per_line.items():
        left = positions[line].budget + amount
        bound = positions[line].actual_to_date + positions[line].committed
        if amount < 0 and left < bound:
            words = f"{line} would have {in_words(left)}, below the {in_words(bound)} that is spent and committed."
            found.append(Problem("F27", words, True, "moves"))
    return found
