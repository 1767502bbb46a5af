"""The usual split of a contract: remembered from what an officer confirmed, and offered the next time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction as database

from board import events, rows
from board.models import Organisation, User, Year
from board.rows import locking
from contracts.models import Contract
from core.money import NOUGHT, apportion
from core.problems import refuse
from funding.models import BudgetLine, UsualSplit

HUNDRED = Decimal("100.00")


@dataclass(frozen=True)
class Part:
    """A budget line's part of a split, in per cent with two places."""

    line: BudgetLine
    percent: Decimal


def remember(*, contract: Contract, costs: Sequence[tuple[BudgetLine, Decimal]], by: User) -> list[Part]:
    """Keep the proportions of an entry's costs as the usual split of its contract in the officer's ledger.

    The parts are rounded to hundredths of a per cent so that they make up 100; a line whose part is less
    than that is left out.
    """
    if by.acting is None:
        raise refuse("role", "You hold no role that records spend.")
    organisation = by.acting.organisation
    weights: dict[BudgetLine, Decimal] = defaultdict(lambda: NOUGHT)
    for line, cost in costs:
        weights[line] += abs(cost)
    if not any(weights.values()):
        raise refuse("usual", "An entry of £0.00 has no proportions to remember.", "remember")
    shares = dict(zip(weights, apportion(HUNDRED, list(weights.values())), strict=True))
    with database.atomic():
        # The contract's row stands for its split, so that two officers do not mix theirs.
        locking(Contract.objects).get(pk=contract.pk)
        kept = {row.line_id: row for row in UsualSplit.objects.filter(organisation=organisation, contract=contract)}
        for line, percent in shares.items():
            _keep(kept.pop(line.pk, None), organisation, contract, line, int(percent.scaleb(2)), by)
        for row in kept.values():
            _keep(row, organisation, contract, row.line, 0, by)
        found = [Part(line, percent) for line, percent in shares.items() if percent]
        words = in_words(found)
        events.record("spending.usual-split", contract.reference, by=by, words=words, programme=contract.programme)
    return found


def _keep(
    row: UsualSplit | None, organisation: Organisation, contract: Contract, line: BudgetLine, hundredths: int, by: User
) -> None:
    if row is None:
        rows.create(UsualSplit(organisation=organisation, contract=contract, line=line, hundredths=hundredths), by=by)
    elif row.hundredths != hundredths:
        row.hundredths = hundredths
        rows.change(row, by=by)


def usual_splits(organisation: Organisation, lines: Iterable[BudgetLine], year: Year) -> dict[int, list[Part]]:
    """By the key of each contract, its usual split in a ledger, on the lines of a year; one query.

    Lines change with the year and the proportions do not: each part goes to the line of the same source,
    project and heading. A split is left out where the year lacks one of them.
    """
    of_year: Mapping[tuple[int, int, int], BudgetLine] = {
        (line.source_id, line.project_id, line.heading_id): line for line in lines if line.year_id == year.pk
    }
    found: dict[int, list[UsualSplit]] = defaultdict(list)
    for row in UsualSplit.objects.of_ledger(organisation).select_related("line"):
        found[row.contract_id].append(row)
    carried = {}
    for contract, parts in found.items():
        at = [of_year.get((row.line.source_id, row.line.project_id, row.line.heading_id)) for row in parts]
        if None not in at and len(set(at)) == len(at):
            carried[contract] = [
                Part(line, row.percent) for line, row in zip(at, parts, strict=True) if line is not None
            ]
    return carried


def in_words(parts: Sequence[Part]) -> str:
    """A split as one reads it: "60% The Change Hub · Staff; 40% …"."""
    return "; ".join(f"{part.percent.normalize():f}% {part.line.project} · {part.line.heading}" for part in parts)
