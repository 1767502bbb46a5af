"""A filled workbook's formulas worked out in a child process, and trusted only where it proves itself.

What it gives for a formula counts only if it gives, on the untouched template, what Excel had left there, and
if the same is true of every formula that this one rests on.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from returns.filling.book import Book
from returns.filling.cells import Cached, Written
from returns.filling.formulas import Graph, Place

SECONDS = 120
_CHILD = Path(__file__).with_name("calculator_child.py")
# The parser of strangers' files gets no secret of ours, and does not spell out its own crash.
_ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "RUST_BACKTRACE": "0"}
_CLOSE = 1e-9


@dataclass(frozen=True)
class Worked:
    """New cached values of formula cells, and those that nobody could check; both in the workbook's order."""

    values: Mapping[Place, Cached]
    unchecked: Sequence[Place]


def work_out(book: Book, graph: Graph, filled: Mapping[Place, Written]) -> Worked:
    """The cached values of every formula that rests on a filled cell."""
    affected = _in_order(book, graph.dependants(filled))
    if not affected:
        return Worked({}, [])
    everything = _in_order(book, graph.rests)
    answer = _ask(book, everything, filled, affected)
    if answer is None:
        return Worked({}, affected)
    before, after = answer
    doubtful = {
        place
        for place, given in zip(everything, before, strict=True)
        if graph.rests[place].volatile or not _same(book, place, given)
    }
    doubtful |= graph.dependants(doubtful)
    values, unchecked = {}, []
    for place, given in zip(affected, after, strict=True):
        if place in doubtful or given[0] == "":
            unchecked.append(place)
        else:
            values[place] = _cached(given)
    return Worked(values, unchecked)


def _in_order(book: Book, places: Iterable[Place]) -> list[Place]:
    order = {sheet.name: at for at, sheet in enumerate(book.sheets)}
    return sorted(places, key=lambda place: (order[place[0]], place[1]))


Answer = list[tuple[str, float | str | bool]]


def _ask(
    book: Book, formulas: Sequence[Place], filled: Mapping[Place, Written], wanted: Sequence[Place]
) -> tuple[Answer, Answer] | None:
    """What the calculator gives before and after; None where it cannot read the workbook or takes too long."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        path.write_bytes(book.package.data)
        asked = {
            "path": str(path),
            "formulas": [[sheet, *address] for sheet, address in formulas],
            "filled": [[sheet, *address, what.kind, what.value] for (sheet, address), what in filled.items()],
            "wanted": [[sheet, *address] for sheet, address in wanted],
        }
        try:
            # No part of the command comes from outside; the file is ours and its place is handed over as data.
            child = subprocess.run(  # noqa: S603
                [sys.executable, "-I", str(_CHILD)],
                input=json.dumps(asked).encode(),
                capture_output=True,
                timeout=SECONDS,
                check=False,
                env=_ENVIRONMENT,
            )
        except subprocess.TimeoutExpired:
            return None
    if child.returncode:
        return None
    answer = json.loads(child.stdout)
    return answer["before"], answer["after"]


def _same(book: Book, place: Place, given: tuple[str, float | str | bool]) -> bool:
    """Whether the calculator gives for an untouched formula what the template holds for it."""
    kept = book.value_at(*place)
    kind, value = given
    if kept is None or kind == "":
        return False
    if isinstance(kept, bool) or kind == "b":
        return kind == "b" and kept is value
    if isinstance(kept, Decimal):
        return kind == "n" and math.isclose(float(kept), float(value), rel_tol=_CLOSE, abs_tol=_CLOSE)
    return kind in ("str", "e") and kept == value


def _cached(given: tuple[str, float | str | bool]) -> Cached:
    kind, value = given
    if kind == "n":
        return Cached("n", plain_number(float(value)))
    return Cached(kind, ("1" if value else "0") if kind == "b" else str(value))


def plain_number(value: float) -> str:
    """A number as a workbook stores it: 1.0 -> "1"."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
