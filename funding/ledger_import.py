"""A ledger file on its way into the record: staged, read again, chosen and coded in bulk, or discarded.

What commits and undoes it stands in ledger_commit.
"""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.db import transaction as database
from django.db.models import Case, F, Q, QuerySet, Value, When

from board import clock, events, rows
from board.models import UNALLOCATED, Organisation, Programme, Quarter, User
from board.quarters import MONEY, open_quarters
from board.rows import locking
from contracts.models import Contract
from core.money import LARGEST, pence
from core.problems import Problem, refuse, refuse_if_blocking
from core.reading import Chosen, LedgerReading, read_ledger
from core.reading import LedgerRow as ReadRow
from funding.accruals import is_open_accrual
from funding.ledger_matching import Coding, Entries, Known, Memory, Occurrences, fingerprint, plain
from funding.models import (
    BudgetLine,
    ColumnMap,
    LedgerFile,
    LedgerImport,
    LedgerRow,
    Source,
    SpendLine,
    SupplierAlias,
    Transaction,
)

# Rows written or changed by one statement: SQLite takes 32,766 values in one.
MANY = 1000
# How much of what was coded before is looked through, the latest first.
REMEMBERED = 5000
SHOWN_PROBLEMS = 200
Decision = LedgerRow.Decision


@dataclass(frozen=True)
class Change:
    """What an officer says of many rows at once; None leaves a field as it is.

    `quarter` None with `by_date` puts each row into the open quarter of its own date. Rows that settle an
    accrual go where it went, where no budget line or contract is said.
    """

    budget_line: BudgetLine | None = None
    quarter: Quarter | None = None
    by_date: bool = False
    relates_to: Quarter | None = None
    contract: Contract | None = None
    without_contract: bool = False
    settles: Transaction | None = None
    settles_nothing: bool = False
    vat_percent: int | None = None
    service_from: date | None = None
    service_to: date | None = None
    reason: str | None = None

    def values(self) -> dict[str, Any]:
        """The fields that change for every row alike."""
        found: dict[str, Any] = {}
        if self.budget_line is not None:
            found["budget_line"] = self.budget_line
        if self.quarter is not None:
            found |= {"quarter": self.quarter, "relates_to": self.relates_to}
        if self.contract is not None or self.without_contract:
            found["contract"] = self.contract
        if self.settles is not None or self.settles_nothing:
            found["settles"] = self.settles
        if self.vat_percent is not None:
            found["vat_percent"] = self.vat_percent
        if self.service_from is not None:
            found |= {"service_from": self.service_from, "service_to": self.service_to or self.service_from}
        if self.reason:
            found["reason"] = self.reason[:200]
        return found


@dataclass(frozen=True)
class Decided:
    """How many rows an act changed, how many of them ask whether they are an entry typed already, how many it left."""

    changed: int
    asking: int
    left: int


def stage(*, data: bytes, file_name: str, by: User, sheet: str = "", once: uuid.UUID | None = None) -> LedgerImport:
    """Read a file and keep its rows, none of them chosen, until it is committed or discarded.

    Refuses what read_ledger refuses. The second of two calls with the same `once` hands back the first's.
    """
    organisation = recording_organisation(by)
    file_name = PurePath(file_name).name[-200:]
    sha256 = hashlib.sha256(data).hexdigest()
    reading, asked = _read_as_before(organisation, data, file_name, sheet)
    with database.atomic():
        if before := rows.written_before(LedgerImport, once, by=by, sha256=sha256, sheet=sheet):
            return before
        staged = LedgerImport(
            organisation=organisation, file_name=file_name, sha256=sha256, size=len(data), sheet=sheet,
            dates_asked=asked, **_figures(reading),
        )  # fmt: skip
        if once:
            staged.once = once
        staged.reference = rows.next_reference("I")
        rows.create(staged, by=by)
        LedgerFile.objects.create(ledger_import=staged, content=data, **_shown(reading))
        _write_rows(staged, reading)
        # A ledger file belongs to its organisation; what of it concerns a programme is said at its commit.
        events.record("ledger.stage", staged.reference, by=by, words=f"{staged.rows_read:,} rows", programme=None)
    return staged


def read_again(
    *,
    ledger_import: LedgerImport,
    columns: Mapping[str, Mapping[str, int | None]],
    order: str,
    by: User,
    undated_on: date | None = None,
    seen_version: int | None = None,
) -> LedgerImport:
    """Read the staged file once more with the columns (by the key of each header) and date order that were chosen.

    Both are remembered for the organisation's next file with the same header. `undated_on` is given to
    rows without a date. What was chosen among the rows before is lost.
    """
    held = LedgerFile.objects.filter(ledger_import=ledger_import).first()
    if held is None:
        raise refuse("status", f"{ledger_import} is no longer in preparation.")
    data = bytes(held.content)
    kept = _maps(ledger_import.organisation)
    chosen = {**{key: found.columns for key, found in kept.items()}, **{_sha(key): v for key, v in columns.items()}}
    reading = _read(data, ledger_import.file_name, ledger_import.sheet, chosen, order)
    with database.atomic():
        locked = lock_staged(ledger_import, by)
        for sheet in reading.sheets:
            ColumnMap.objects.update_or_create(
                organisation=locked.organisation,
                header_sha256=_sha(sheet.key),
                defaults={
                    "columns": chosen.get(_sha(sheet.key), {}),
                    "date_order": order or (kept[_sha(sheet.key)].date_order if _sha(sheet.key) in kept else ""),
                    "changed_at": clock.now(),
                    "changed_by": by,
                },
            )
        for name, value in _figures(reading, undated_on).items():
            setattr(locked, name, value)
        locked.dates_asked = not order and bool(_orders(reading))
        locked.rows.all().delete()
        LedgerFile.objects.filter(ledger_import=locked).update(**_shown(reading))
        _write_rows(locked, reading, undated_on)
        rows.change(locked, by=by, seen_version=seen_version, reason="Read again")
        events.record("ledger.read-again", locked.reference, by=by, programme=None)
    return locked


def decide(
    *, ledger_import: LedgerImport, among: QuerySet[LedgerRow], decision: str, by: User, change: Change | None = None
) -> Decided:
    """Choose rows in bulk and code them; an empty `decision` only codes.

    Rows that are loaded already are passed over. One that equals an entry on record asks whether it is
    that entry, unless a reason says that it is a second one; only such a row can be matched.
    """
    change = change or Change()
    with database.atomic():
        locked = lock_staged(ledger_import, by)
        _refuse_foreign(change, locked.organisation)
        keys = list(among.filter(ledger_import=locked).not_loaded().order_by("position").values_list("pk", flat=True))
        if not keys:
            raise refuse("rows", "Tick the rows that this is about, or choose all rows of the list.", "scope")
        changed = asking = 0
        for start in range(0, len(keys), MANY):
            some = LedgerRow.objects.filter(pk__in=keys[start : start + MANY])
            if decision == Decision.MATCH:
                some = some.filter(equals__isnull=False).exclude(equals__ledger_rows__in_force=True)
                some = LedgerRow.objects.filter(pk__in=list(some.values_list("pk", flat=True)))
            if change.values() or decision:
                changed += some.update(**change.values(), **_decision(decision, change.reason), suggested=False)
            if change.settles is not None:
                _code_as_the_accrual(some, change.settles)
            if change.by_date:
                _into_quarters_of_their_dates(some, locked.organisation)
            asking += some.filter(decision=Decision.ASK).count()
        rows.change(locked, by=by, reason="Rows chosen or coded")
    return Decided(changed, asking, len(keys) - changed)


def discard(*, ledger_import: LedgerImport, by: User) -> LedgerImport:
    """Give up an import in preparation: its rows and its file are deleted, its counts stay."""
    with database.atomic():
        locked = lock_staged(ledger_import, by)
        locked.rows.all().delete()
        LedgerFile.objects.filter(ledger_import=locked).delete()
        locked.status = LedgerImport.Status.DISCARDED
        locked.discarded_at, locked.discarded_by = clock.now(), by
        rows.change(locked, by=by, reason="Discarded")
        events.record("ledger.discard", locked.reference, by=by, programme=None)
    return locked


def recording_organisation(by: User) -> Organisation:
    """The organisation whose ledger the person brings: one that keeps a source of a programme."""
    if not Source.objects.entered_by(by).exists() or by.acting is None:
        raise refuse("role", "Your organisation keeps no source of any programme, so there is nothing to charge.")
    return by.acting.organisation


def lock_staged(ledger_import: LedgerImport, by: User) -> LedgerImport:
    """The import under its lock; refuses another organisation's, and one that is no longer in preparation."""
    locked = locking(LedgerImport.objects).select_related("organisation").get(pk=ledger_import.pk)
    if locked.organisation_id != recording_organisation(by).pk:
        raise refuse("F03", f"{locked} is of the ledger of {locked.organisation}; its officers deal with it.")
    if not locked.is_staged:
        raise refuse("status", f"{locked} is {locked.get_status_display().lower()} already.")
    return locked


def entries_on_record(organisation: Organisation, amounts: Iterable[Decimal] | None = None) -> Entries:
    """What a row may be: the organisation's entries in force, but accruals, their reversals and in-kind."""
    Kind = Transaction.Kind
    found = (
        Transaction.objects.in_force()
        .filter(recorded_by=organisation)
        .exclude(kind__in=[Kind.ACCRUAL, Kind.IN_KIND])
        .exclude(takes_back__kind=Kind.ACCRUAL)
        .order_by("pk")
    )
    wanted = None if amounts is None else set(amounts)
    known = (
        Known(key, supplier, document, day, (net, net + vat, cost))
        for key, supplier, document, day, net, vat, cost in found.values_list(
            "pk", "supplier_name", "document_number", "accounting_on", "net", "vat", "cost"
        ).iterator(MANY)
    )
    return Entries(one for one in known if wanted is None or wanted & set(one.amounts))


def loaded_before(
    organisation: Organisation, first_on: date | None, last_on: date | None
) -> dict[str, tuple[str, int]]:
    """By fingerprint, the import that loaded a row of these dates or of none, and the key of its entry."""
    when = Q(date=None)
    if first_on and last_on:
        when |= Q(date__range=(first_on, last_on))
    found = LedgerRow.objects.filter(when, organisation=organisation, in_force=True)
    values = found.values_list("fingerprint", "ledger_import__reference", "transaction_id")
    return {print_: (reference, entry) for print_, reference, entry in values.iterator(MANY)}


def _decision(decision: str, reason: str | None) -> dict[str, Any]:
    """A row that equals an entry asks about it, until a reason answers."""
    if not decision:
        answered = When(decision=Decision.ASK, then=Value(Decision.ADD))
        return {"decision": Case(answered, default=F("decision"))} if reason else {}
    if decision != Decision.ADD or reason:
        return {"decision": decision}
    asks = When(equals__isnull=False, reason="", then=Value(Decision.ASK))
    return {"decision": Case(asks, default=Value(Decision.ADD))}


def _refuse_foreign(change: Change, organisation: Organisation) -> None:
    problems = []
    line = change.budget_line
    if line is not None and line.source.kept_by_id != organisation.pk:
        problems.append(Problem("F03", f"{line.source} is kept by {line.source.kept_by}.", True, "budget_line"))
    if line is not None and UNALLOCATED in (line.project.code, line.heading.code):
        problems.append(Problem("F03", "Unallocated budget cannot be charged.", True, "budget_line"))
    accrual = change.settles
    if accrual is not None and (accrual.recorded_by_id != organisation.pk or not is_open_accrual(accrual)):
        problems.append(
            Problem(
                "F21", f"{accrual} is not an accrual of {organisation} that waits for its invoice.", True, "settles"
            )
        )
    if change.contract is not None and change.contract.buyer_id != organisation.pk:
        problems.append(Problem("F03", f"{change.contract} was not bought by {organisation}.", True, "contract"))
    if change.service_to and not change.service_from:
        problems.append(Problem("F02", "Enter the first day of the service too.", True, "service_from"))
    if change.service_from and change.service_to and change.service_to < change.service_from:
        problems.append(Problem("F02", "The service cannot end before it starts.", True, "service_to"))
    refuse_if_blocking(problems)


def _code_as_the_accrual(some: QuerySet[LedgerRow], accrual: Transaction) -> None:
    """Its invoice goes where the accrual went: to its first line's budget line, under its contract."""
    line = accrual.lines.order_by("number").first()
    some.filter(budget_line=None).update(budget_line=line.budget_line_id if line else None)
    some.filter(contract=None).update(contract=accrual.contract_id)


# Reading


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _maps(organisation: Organisation) -> dict[str, ColumnMap]:
    return {found.header_sha256: found for found in ColumnMap.objects.filter(organisation=organisation)}


class _ByKey(dict[str, Mapping[str, int | None]]):
    """Column choices stored under the hash of a header's key, looked up by the key."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(_sha(key), default)


def _read(data: bytes, name: str, sheet: str, chosen: Chosen, order: str) -> LedgerReading:
    return read_ledger(
        data, name, sheet=sheet or None, limit=settings.UPLOAD_LIMIT_BYTES, columns=_ByKey(chosen), order=order
    )


def _orders(reading: LedgerReading) -> set[str]:
    """The doubts about day and month that the sheets leave."""
    return {sheet.date_order for sheet in reading.sheets} - {"", "day"}


def _read_as_before(organisation: Organisation, data: bytes, name: str, sheet: str) -> tuple[LedgerReading, bool]:
    """The reading with the columns remembered, and whether the order of day and month must be asked.

    A remembered order answers only what it can: a column that proves another order is asked about again.
    """
    kept = _maps(organisation)
    chosen = {key: found.columns for key, found in kept.items()}
    reading = _read(data, name, sheet, chosen, "")
    doubts = _orders(reading)
    if not doubts:
        return reading, False
    told = {kept[_sha(one.key)].date_order if _sha(one.key) in kept else "" for one in reading.sheets}
    if told == {"day"} and doubts == {"unproven"}:
        return _read(data, name, sheet, chosen, "day"), False
    if told == {"month"} and doubts <= {"unproven", "month"} and "day" not in {s.date_order for s in reading.sheets}:
        return _read(data, name, sheet, chosen, "month"), False
    return reading, True


def _figures(reading: LedgerReading, undated_on: date | None = None) -> dict[str, Any]:
    months: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    days = []
    total = 0
    for row in _rows_of(reading):
        day = row.date or undated_on
        if day:
            days.append(day)
        month = months[f"{day:%Y-%m}" if day else ""]
        month[0] += 1
        month[1] += pence(row.amount)
        total += 1
    return {
        "rows_read": total,
        "rows_unreadable": len(reading.unreadable),
        "credits": reading.credits,
        "total": reading.total,
        "first_on": min(days, default=None),
        "last_on": max(days, default=None),
        "months": dict(sorted(months.items())),
    }


def _shown(reading: LedgerReading) -> dict[str, Any]:
    """What the page of the reading shows, as plain values."""
    sheets = [
        {
            "name": sheet.name,
            "header_row": sheet.header_row,
            "encoding": sheet.encoding,
            "rows": len(sheet.rows),
            "blank_rows": sheet.blank_rows,
            "repeated": len(sheet.repeated),
            "control_total": None if sheet.control_total is None else f"{sheet.control_total:.2f}",
            "total": f"{sheet.total:.2f}",
            "key": sheet.key,
            "headings": list(sheet.headings),
            "places": dict(sheet.places),
        }
        for sheet in reading.sheets
    ]
    wrong = [(f"{row.sheet}!{row.row}", f"Not read: {row.reason}") for row in reading.unreadable]
    # L1 names the first rows that cannot be read; here each has its own line.
    found = [*wrong, *((one.where or "The file", one.message) for one in reading.problems if one.code != "L1")]
    problems = [{"where": where, "message": message} for where, message in found[:SHOWN_PROBLEMS]]
    if len(found) > SHOWN_PROBLEMS:
        problems.append({"where": "The file", "message": f"And {len(found) - SHOWN_PROBLEMS:,} more."})
    return {"sheets": sheets, "problems": problems}


def _rows_of(reading: LedgerReading) -> Iterator[ReadRow]:
    for sheet in reading.sheets:
        yield from sheet.rows


# Writing


def _write_rows(staged: LedgerImport, reading: LedgerReading, undated_on: date | None = None) -> None:
    organisation = staged.organisation
    loaded = loaded_before(organisation, staged.first_on, staged.last_on)
    entries = entries_on_record(organisation, {row.amount for row in _rows_of(reading)})
    suggester = Suggester(organisation)
    seen = Occurrences()
    made = [
        _staged_row(staged, position, row, row.date or undated_on, seen)
        for position, row in enumerate(_rows_of(reading), start=1)
    ]
    # An entry that another row of the file became answers for no row beside it.
    entries.taken |= {loaded[row.fingerprint][1] for row in made if row.fingerprint in loaded}
    for row in made:
        if row.fingerprint in loaded:
            row.decision, row.loaded_as = Decision.LOADED, loaded[row.fingerprint][0]
        else:
            row.equals_id = entries.like(row.supplier, row.document, row.date, row.amount)
            suggester.code(row)
    LedgerRow.objects.bulk_create(made, batch_size=MANY)


def _staged_row(staged: LedgerImport, position: int, row: ReadRow, day: date | None, seen: Occurrences) -> LedgerRow:
    if abs(row.amount) > LARGEST:
        raise refuse("L1", f"{row.where()} holds an amount that is too large to be true.", "file")
    nth = seen.of(row.supplier, row.document, day, row.amount)
    return LedgerRow(
        ledger_import=staged,
        organisation_id=staged.organisation_id,
        position=position,
        sheet=row.sheet[:120],
        row=row.row,
        cell=row.cells.get("amount", str(row.row)),
        date=day,
        amount=row.amount,
        supplier=" ".join(row.supplier.split())[:200],
        document=" ".join(row.document.split())[:60],
        description=" ".join(row.description.split())[:200],
        cost_centre=" ".join(row.cost_centre.split())[:120],
        fingerprint=fingerprint(row.supplier, row.document, day, row.amount, nth),
        occurrence=nth,
        once=uuid.uuid4(),
    )


class Suggester:
    """Codes rows as the same supplier was coded before, for the year and the open quarter of each row's date."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.memory = _memory(organisation)
        lines = BudgetLine.objects.filter(source__kept_by=organisation).select_related("year", "source")
        self.lines: dict[tuple[int, int, int], list[BudgetLine]] = defaultdict(list)
        self.programme_of: dict[int, int] = {}
        for line in lines:
            self.lines[line.source_id, line.project_id, line.heading_id].append(line)
            self.programme_of[line.pk] = line.source.programme_id
        self.quarters = Quarters(organisation)

    def code(self, row: LedgerRow) -> None:
        """Fill in what was coded before for the row's supplier; nothing where nothing fits."""
        coding = self.memory.suggest(row.supplier, row.cost_centre)
        if coding is None or row.date is None:
            return
        for line in self.lines.get((coding.source, coding.project, coding.heading), ()):
            first, last = line.year.bounds
            if first <= row.date <= last:
                row.budget_line, row.suggested = line, True
                row.contract_id, row.vat_percent = coding.contract, coding.vat_percent
                quarter, relates_to = self.quarters.for_date(self.programme_of[line.pk], line.year_id, row.date)
                row.quarter, row.relates_to = quarter, relates_to


class Quarters:
    """Into which open quarter a date goes, and to which earlier one it then relates."""

    def __init__(self, organisation: Organisation) -> None:
        programmes = Programme.objects.filter(sources__kept_by=organisation).distinct()
        self.all: dict[int, list[Quarter]] = {}
        self.open: dict[int, list[Quarter]] = {}
        self.known: dict[tuple[int, int, date], tuple[Quarter | None, Quarter | None]] = {}
        for programme in programmes:
            self.all[programme.pk] = list(programme.quarters.filter(kind=Quarter.Kind.QUARTER))
            self.open[programme.pk] = open_quarters(programme, MONEY, clock.now(), organisation)

    def for_date(self, programme: int, year: int, day: date) -> tuple[Quarter | None, Quarter | None]:
        """The quarter of recording for a line of a year, and the earlier quarter that it relates to, if any."""
        key = (programme, year, day)
        if key not in self.known:
            self.known[key] = self._for_date(*key)
        return self.known[key]

    def _for_date(self, programme: int, year: int, day: date) -> tuple[Quarter | None, Quarter | None]:
        own = next((one for one in self.all.get(programme, ()) if one.first_day <= day <= one.last_day), None)
        found = [one for one in self.open.get(programme, ()) if one.year_id == year]
        if own in found:
            return own, None
        later = [one for one in found if own is None or one.order > own.order]
        if not later:
            return None, None
        return later[0], own


def _memory(organisation: Organisation) -> Memory:
    memory = Memory(
        aliases=dict(SupplierAlias.objects.filter(organisation=organisation).values_list("name", "contract_id"))
    )
    coding = ("budget_line__source_id", "budget_line__project_id", "budget_line__heading_id")
    typed = (
        SpendLine.objects.in_force()
        .filter(transaction__recorded_by=organisation, number=1, transaction__takes_back=None)
        .exclude(transaction__supplier_name="")
        .order_by("-pk")
        .values_list("transaction__supplier_name", *coding, "transaction__contract_id")[:REMEMBERED]
    )
    for supplier, source, project, heading, contract in reversed(typed):
        memory.learn(supplier, Coding(source, project, heading, contract))
    imported = (
        LedgerRow.objects.filter(organisation=organisation, in_force=True, decision=Decision.ADD)
        .order_by("-pk")
        .values_list("supplier", *coding, "contract_id", "vat_percent", "cost_centre")[:REMEMBERED]
    )
    for supplier, source, project, heading, contract, vat, centre in reversed(imported):
        memory.learn(supplier, Coding(source, project, heading, contract, vat), centre)
    return memory


def _into_quarters_of_their_dates(some: QuerySet[LedgerRow], organisation: Organisation) -> None:
    quarters = Quarters(organisation)
    places = some.filter(budget_line__isnull=False, date__isnull=False).order_by()
    wanted = places.values_list("budget_line__source__programme_id", "budget_line__year_id", "date").distinct()
    for programme, year, day in list(wanted):
        quarter, relates_to = quarters.for_date(programme, year, day)
        there = some.filter(date=day, budget_line__year_id=year)
        there.update(quarter=quarter, relates_to=relates_to)


def remember_names(organisation: Organisation, names: Sequence[tuple[str, int]]) -> None:
    """Keep under which contract each supplier's name was paid, for the next file."""
    aliases = {
        plain(name): SupplierAlias(organisation=organisation, name=plain(name), contract_id=contract)
        for name, contract in names
        if plain(name)
    }
    SupplierAlias.objects.bulk_create(
        aliases.values(), update_conflicts=True, unique_fields=["organisation", "name"], update_fields=["contract"]
    )
