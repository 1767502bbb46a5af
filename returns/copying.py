"""Figures to copy, for a funder's portal that takes no file: in the portal's order, each ticked once it is copied.

The order is arranged once for a kind of return of a programme, and serves every later one. Where none is arranged, the
key figures stand in the return's own order. A tick is of one figure of one revision with the value that was copied.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from board import clock, events, rows
from board.models import Programme, User
from board.rows import locking
from core.problems import Problem, refuse, refuse_if_blocking
from returns.content import Content, Figure, figure_words, stated
from returns.models import CopyOrder, CopyTick, Return
from returns.sending import is_sender, require_sender

# A portal asks for dozens; more is a mistake, or a workbook's work.
MOST = 300
LONGEST_LABEL = 120


@dataclass(frozen=True)
class Entry:
    """One line of an order: a figure by its key, and what the portal calls it, empty where as the return does."""

    key: str
    label: str = ""


@dataclass(frozen=True)
class Line:
    """One figure to copy: what the portal calls it, what it is and where the return says it, and whether it is done.

    `plain` is what goes into the portal's box, empty where the return states no value; `shown` as the return prints it.
    `before` is what was copied where the return says something else by now.
    """

    key: str
    label: str
    where: str
    plain: str
    shown: str
    stated: bool
    done: bool = False
    by: str = ""
    at: datetime | None = None
    before: str = ""


def is_offered(the_return: Return) -> bool:
    """Whether its figures stand: prepared or further. Those of a draft still follow the record."""
    return the_return.status != Return.Status.DRAFT


def may_tick(the_return: Return, by: User) -> bool:
    """Whether the person may tick what was copied."""
    return is_offered(the_return) and is_sender(by, the_return)


def latest_order(programme: Programme, kind: str) -> CopyOrder | None:
    """The version of the order that counts."""
    return CopyOrder.objects.filter(programme=programme, kind=kind).order_by("-number").first()


def entries_of(order: CopyOrder | None) -> list[Entry]:
    """The lines of an order; none where none is arranged."""
    return [Entry(row["key"], row["label"]) for row in json.loads(order.entries)] if order else []


def plain(figure: Figure) -> str:
    """A value as a portal's box takes it: "52000.00", "-1200.50", "12", "5.9", "31/03/2025", words as they are."""
    value = figure.value
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if figure.unit == "money" and isinstance(value, Decimal):
        return f"{value:.2f}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def places_of(content: Content) -> dict[str, str]:
    """By key, where each figure that has a value stands, and what it says: "Key figures: Award: £600,000.00"."""
    where = stated(content)
    return {
        figure.key: f"{where[figure.key][0]}: {figure_words(figure)}"
        for figure in content.figures()
        if figure.value is not None and figure.key in where
    }


def lines_of(the_return: Return, content: Content) -> list[Line]:
    """The figures to copy, in their order, with what was ticked."""
    order = entries_of(latest_order(the_return.programme, the_return.kind))
    if not order:
        order = [Entry(fact.figure.key) for fact in content.sections[0].facts]
    figures = {figure.key: figure for figure in content.figures()}
    where = {key: words for key, (words, _, _) in stated(content).items()}
    ticks = {row.key: row for row in the_return.copy_ticks.filter(done=True).select_related("changed_by")}
    return [_line(entry, figures.get(entry.key), where.get(entry.key, ""), ticks.get(entry.key)) for entry in order]


def _line(entry: Entry, figure: Figure | None, where: str, tick: CopyTick | None) -> Line:
    if figure is None:
        return Line(entry.key, entry.label or entry.key, "This return does not say it.", "", "", False)
    value = plain(figure)
    label = entry.label or where
    line = Line(entry.key, label, where if entry.label else "", value, figure_words(figure), True)
    if tick is None:
        return line
    if tick.value != value:
        return replace(line, before=tick.value)
    return replace(line, done=True, by=tick.changed_by.name if tick.changed_by else "", at=tick.changed_at)


def tick(*, the_return: Return, content: Content, done: Collection[str], shown_done: Collection[str], by: User) -> int:
    """Record which figures were copied; how many were changed.

    `done` are the keys that are ticked on screen, `shown_done` those that were when it was opened: only what the person
    changed is recorded, so that two colleagues do not undo each other's ticks.
    """
    with transaction.atomic():
        locked = locking(Return.objects).select_related("programme__recipient").get(pk=the_return.pk)
        require_sender(by, locked, "tick what was copied")
        if not is_offered(locked):
            raise refuse(
                "status", f"{locked.reference} is a draft, and its figures can still change. Prepare it first."
            )
        lines = {line.key: line for line in lines_of(locked, content) if line.stated}
        changed = [key for key in lines if (key in done) != (key in shown_done)]
        kept = {row.key: row for row in locking(CopyTick.objects).filter(the_return=locked, key__in=changed)}
        for key in changed:
            row = kept.get(key)
            if row is None:
                row = CopyTick(the_return=locked, key=key, value=lines[key].plain, done=key in done)
                rows.create(row, by=by)
            else:
                row.value, row.done = lines[key].plain, key in done
                rows.change(row, by=by)
        if changed:
            words = "; ".join(f"{key} {'copied' if key in done else 'not copied'}" for key in changed)
            events.record("return.copy", locked.reference, by=by, words=words, programme=locked.programme)
    return len(changed)


def arrange(*, the_return: Return, content: Content, entries: Sequence[Entry], seen: int, by: User) -> CopyOrder:
    """Make the next version of the order for a return's kind. `seen` is the number of that on screen, 0 for none.

    Refused with every line that is wrong. An order that is what it was makes no new version.
    """
    with transaction.atomic():
        programme = locking(Programme.objects).get(pk=the_return.programme_id)
        require_sender(by, the_return, "arrange the figures to copy")
        last = latest_order(programme, the_return.kind)
        number = last.number if last else 0
        if seen != number:
            raise refuse(
                "version",
                f"Somebody else arranged order {number} while you had order {seen or 'none'} open. Nothing of yours "
                "was saved. Look at theirs, then enter yours again.",
            )
        refuse_if_blocking(_wrong(entries, content, known={entry.key for entry in entries_of(last)}))
        text = json.dumps([{"key": row.key, "label": row.label} for row in entries], ensure_ascii=False)
        if last is not None and last.entries == text:
            return last
        made = CopyOrder(
            programme=programme, kind=the_return.kind, number=number + 1, entries=text, made_by=by, made_at=clock.now()
        )
        made.full_clean()
        made.save(force_insert=True)
        words = f"Order {made.number}: {len(entries)} figures"
        events.record("return.copy-order", f"{programme.code}/{made.kind}", by=by, words=words, programme=programme)
    return made


def _wrong(entries: Sequence[Entry], content: Content, known: Collection[str]) -> list[Problem]:
    """A key that neither this return nor the order before has, a figure named twice, too many of them."""
    figures: Mapping[str, Figure] = {figure.key: figure for figure in content.figures()}
    found, seen = [], set()
    for entry in entries:
        if entry.key not in figures and entry.key not in known:
            found.append(Problem("key", f"This return has no figure “{entry.key}”. Choose one that it has."))
        if entry.key in seen:
            found.append(Problem("key", f"“{entry.key}” stands in the order twice. Leave one of them out."))
        if len(entry.label) > LONGEST_LABEL:
            found.append(Problem("label", f"“{entry.label[:40]}…” is longer than {LONGEST_LABEL} signs. Shorten it."))
        seen.add(entry.key)
    if len(entries) > MOST:
        found.append(Problem("many", f"{len(entries)} figures are more than the {MOST} that an order takes."))
    return found
