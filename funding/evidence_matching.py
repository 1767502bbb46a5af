"""Which entry a file belongs to, by the document number in its name. A proposal, which a person confirms."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from django.db.models import Q

from board.models import Organisation
from core.forms import number_in
from funding.models import Transaction

# Shorter numbers are found in every date and page count.
SHORTEST = 3
_RUNS = re.compile(r"[a-z]+|\d+")


@dataclass(frozen=True)
class Match:
    """What a file's name says: the entries that bear the longest document number in it; none, one or several."""

    entries: tuple[Transaction, ...] = ()

    @property
    def entry(self) -> Transaction | None:
        """The entry, where only one bears the number."""
        return self.entries[0] if len(self.entries) == 1 else None


def runs(text: str) -> tuple[str, ...]:
    """The letters and the digits of a text, run by run.

    Case, what stands between the runs, and leading noughts do not count: "INV/000123-a" is "inv 123A".
    """
    return tuple((run.lstrip("0") or "0") if run.isdigit() else run for run in _RUNS.findall(text.casefold()))


def match(names: Iterable[str], organisation: Organisation) -> list[Match]:
    """For each file name the entries of an organisation's ledger whose document number stands in it.

    The longest number wins: TCP-2403-M before TCP-2403. What takes another entry back bears its number too,
    and is not proposed.
    """
    numbers: dict[tuple[str, ...], list[int]] = defaultdict(list)
    known = (
        Transaction.objects.in_force()
        .filter(recorded_by=organisation, takes_back=None)
        .exclude(document_number="")
        .order_by("reference")
        .values_list("pk", "document_number")
    )
    for key, number in known:
        numbers[runs(number)].append(key)
    found = [_longest(name, numbers) for name in names]
    rows = Transaction.objects.in_bulk({key for keys in found for key in keys})
    return [Match(tuple(rows[key] for key in keys)) for keys in found]


def _longest(name: str, numbers: dict[tuple[str, ...], list[int]]) -> list[int]:
    parts = runs(PurePath(name).stem)
    spans = (parts[start:end] for start in range(len(parts)) for end in range(start + 1, len(parts) + 1))
    hits = [span for span in spans if span in numbers and len("".join(span)) >= SHORTEST]
    return numbers[max(hits, key=lambda span: (len("".join(span)), len(span)))] if hits else []


def named(typed: Iterable[str], organisation: Organisation) -> dict[str, list[Transaction]]:
    """For each number that an officer typed, the entries of the organisation in force that it names.

    An entry's own reference comes before a document number; "12" is T-000012 where no document bears it.
    """
    asked = list(typed)
    references = {words: words.upper() for words in asked}
    references |= {words: f"T-{int(words):06d}" for words in asked if number_in(words)}
    documents = Q()
    for words in asked:
        documents |= Q(document_number__iexact=words, takes_back=None)
    found = (
        Transaction.objects.in_force()
        .filter(documents | Q(reference__in=references.values()), recorded_by=organisation)
        .order_by("reference")
    )
    own = {entry.reference: entry for entry in found}
    by_document: dict[str, list[Transaction]] = defaultdict(list)
    for entry in found:
        if entry.takes_back_id is None:
            by_document[entry.document_number.casefold()].append(entry)
    answer = {}
    for words in asked:
        same, exact = own.get(references[words]), by_document.get(words.casefold(), [])
        answer[words] = [same] if same and not (exact and words.isdigit()) else exact
    return answer
