"""What a row of a ledger is to the record: its fingerprint, the entry that it may be, the coding it had before.

Pure: nothing here asks the database.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from core.money import pence

# How far apart the dates of one payment lie, typed and in the ledger, where no document number ties them.
NEAR_DAYS = 10
# The cells that a sentence about many rows names.
NAMED_CELLS = 5


def plain(text: str) -> str:
    """A name or number as it is compared: small letters, single spaces."""
    return " ".join(text.split()).casefold()


def fingerprint(supplier: str, document: str, day: date | None, amount: Decimal, occurrence: int) -> str:
    """What makes a row the same in two files; the nth of its likes in one file is another row."""
    parts = (plain(supplier), plain(document), day.isoformat() if day else "", str(pence(amount)), str(occurrence))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class Occurrences:
    """Counts the likes of each row of a file as they come."""

    def __init__(self) -> None:
        self.seen: Counter[Hashable] = Counter()

    def of(self, supplier: str, document: str, day: date | None, amount: Decimal) -> int:
        key = (plain(supplier), plain(document), day, amount)
        self.seen[key] += 1
        return self.seen[key]


@dataclass(frozen=True)
class Known:
    """An entry on record, as far as a row of a ledger can be compared with it. `amounts` are net, gross and cost."""

    key: int
    supplier: str
    document: str
    day: date
    amounts: tuple[Decimal, ...]


class Entries:
    """The entries on record, to find the one that a row is; each answers for one row alone."""

    def __init__(self, known: Iterable[Known]) -> None:
        self.by_amount: dict[Decimal, list[Known]] = defaultdict(list)
        self.taken: set[int] = set()
        for entry in known:
            for amount in set(entry.amounts):
                self.by_amount[amount].append(entry)

    def like(self, supplier: str, document: str, day: date | None, amount: Decimal) -> int | None:
        """The key of an entry of the same pence with the same document, or the same supplier and a date near."""
        found = [entry for entry in self.by_amount.get(amount, ()) if entry.key not in self.taken]
        same = [entry for entry in found if document and plain(entry.document) == plain(document)]
        same += [
            entry
            for entry in found
            if supplier
            and plain(entry.supplier) == plain(supplier)
            and day
            and abs((entry.day - day).days) <= NEAR_DAYS
            and not (document and entry.document)
        ]
        if not same:
            return None
        self.taken.add(same[0].key)
        return same[0].key


@dataclass(frozen=True)
class Coding:
    """Where a cost went before: source, project and heading by their keys, the contract, and the VAT inside."""

    source: int
    project: int
    heading: int
    contract: int | None = None
    vat_percent: int = 0


@dataclass
class Memory:
    """What the organisation coded before; what is told later replaces what was told before."""

    by_centre: dict[tuple[str, str], Coding] = field(default_factory=dict)
    by_supplier: dict[str, Coding] = field(default_factory=dict)
    by_contract: dict[int, Coding] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)

    def learn(self, supplier: str, coding: Coding, cost_centre: str = "") -> None:
        if name := plain(supplier):
            self.by_supplier[name] = coding
            if cost_centre:
                self.by_centre[name, plain(cost_centre)] = coding
        if coding.contract is not None:
            self.by_contract[coding.contract] = coding

    def suggest(self, supplier: str, cost_centre: str) -> Coding | None:
        """By supplier and cost centre, then by supplier, then by the contract that the name stands for."""
        name = plain(supplier)
        if not name:
            return None
        found = self.by_centre.get((name, plain(cost_centre))) or self.by_supplier.get(name)
        return found or self.by_contract.get(self.aliases.get(name, 0))


def cells_named(cells: Sequence[str]) -> str:
    """ "ledger!C4, ledger!C9 and 12 more"."""
    named = ", ".join(cells[:NAMED_CELLS])
    return f"{named} and {len(cells) - NAMED_CELLS:,} more" if len(cells) > NAMED_CELLS else named
