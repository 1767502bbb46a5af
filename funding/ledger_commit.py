"""Committing the chosen rows of a ledger all or nothing, and undoing a commit as a unit."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import transaction as database
from django.db.models import F, OuterRef, QuerySet, Subquery

from board import clock, events, rows
from board.models import Organisation, Programme, Quarter, User
from board.quarters import MONEY, is_open, lock_all, lock_open, open_quarters
from board.rows import locking
from contracts.models import Contract
from core.money import NOUGHT, in_words
from core.problems import Problem, Refused, refuse, refuse_if_blocking
from funding.accruals import INVOICES, is_open_accrual
from funding.ledger_import import (
    MANY,
    Decision,
    entries_on_record,
    loaded_before,
    lock_staged,
    recording_organisation,
    remember_names,
)
from funding.ledger_matching import cells_named
from funding.models import (
    BudgetLine,
    ClaimLine,
    Declaration,
    LedgerFile,
    LedgerImport,
    LedgerRow,
    SpendLine,
    Transaction,
)
from funding.positions import Impact, impact
from funding.rules import (
    Charged,
    a_credit_names_its_original,
    accounting_date_is_not_ahead,
    accounting_date_is_of_the_programme,
    charges_what_may_be_charged,
    contract_serves_the_project,
    in_kind_is_match,
    room_under,
    service_is_of_the_lines_year,
    state_of,
    year_and_quarter_agree,
)
from funding.spending import reverse

# So many different sentences are shown at once; each names its cells.
SHOWN_PROBLEMS = 40


class ChangedMeanwhile(Refused):
    """Rows that were chosen have been loaded or recorded by somebody else since."""


@dataclass
class Reviewed:
    """What a commit would write: rows and their sum, problems by cell, and what it does to the budget."""

    added: int = 0
    matched: int = 0
    left: int = 0
    loaded: int = 0
    asking: int = 0
    total: Decimal = NOUGHT
    cost: Decimal = NOUGHT
    matched_total: Decimal = NOUGHT
    kept_out: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    costs: dict[BudgetLine, Decimal] = field(default_factory=dict)

    @property
    def can_be_committed(self) -> bool:
        return bool(self.added or self.matched) and not any(problem.blocking for problem in self.problems)

    def impact(self) -> list[Impact]:
        """Budget and spend of each line charged, before and after."""
        return impact(self.costs, recorded=False, today=clock.today())


def review(*, ledger_import: LedgerImport, by: User) -> Reviewed:
    """What commit() would do and every problem that it would refuse for; nothing is kept."""
    found = _Writer(ledger_import, by).run(write=False)
    stale = _stale(ledger_import)
    found.problems = [*([_changed_meanwhile(stale)] if stale else []), *found.problems]
    return found


def commit(*, ledger_import: LedgerImport, by: User, seen_version: int | None = None) -> LedgerImport:
    """Write an entry for each row that is added, and tie each matched row to its entry: all of them, or none.

    Refuses with every problem, each with its cells. What was recorded or loaded since the rows were
    staged is looked up again under the organisation's lock, marked, and refused once, so that nothing
    is loaded twice. The rows that were not chosen and the file itself are deleted.
    """
    try:
        return _commit(ledger_import, by, seen_version)
    except ChangedMeanwhile:
        # What was found stays marked, so that the officer sees it among the rows.
        _mark_what_changed(ledger_import, by)
        raise


def _commit(ledger_import: LedgerImport, by: User, seen_version: int | None) -> LedgerImport:
    with database.atomic():
        locked = lock_staged(ledger_import, by)
        # Two imports of one ledger come one after the other.
        locking(Organisation.objects).get(pk=locked.organisation_id)
        if stale := _stale(locked):
            raise ChangedMeanwhile([_changed_meanwhile(stale)])
        _lock_quarters(locked)
        done = _Writer(locked, by).run(write=True)
        refuse_if_blocking(done.problems)
        _tie_rows_to_entries(locked)
        remember_names(locked.organisation, list(_names(locked)))
        locked.rows.exclude(pk__in=locked.rows.chosen().values("pk")).delete()
        LedgerFile.objects.filter(ledger_import=locked).delete()
        locked.status = LedgerImport.Status.COMMITTED
        locked.committed_at, locked.committed_by = clock.now(), by
        locked.rows_added, locked.rows_matched, locked.rows_loaded_before = done.added, done.matched, done.loaded
        locked.total_added = done.total
        rows.change(locked, by=by, seen_version=seen_version, reason="Committed")
        words = f"{done.added:,} added, {in_words(done.total)}; {done.matched:,} matched"
        _put_on_record("ledger.commit", locked, words, by)
    return locked


def undo(*, ledger_import: LedgerImport, reason: str, by: User, seen_version: int | None = None) -> LedgerImport:
    """Take a whole import back: its entries become void; those declared or claimed are reversed in an open quarter.

    Nothing is deleted. Matched entries stand, since somebody typed them. Refuses where one was taken
    back in part, or where no quarter is open that could take a reversal.
    """
    with database.atomic():
        locked = locking(LedgerImport.objects).select_related("organisation").get(pk=ledger_import.pk)
        if locked.organisation_id != recording_organisation(by).pk:
            raise refuse("F03", f"{locked} is of the ledger of {locked.organisation}; its officers deal with it.")
        if locked.status != LedgerImport.Status.COMMITTED:
            raise refuse("status", f"{locked} is not committed, so there is nothing to undo.")
        if not reason.strip():
            raise refuse("undo", "Give the reason for undoing it.", "reason")
        locking(Organisation.objects).get(pk=locked.organisation_id)
        ours = locked.rows.filter(decision=Decision.ADD).values("transaction")
        entries = Transaction.objects.filter(pk__in=ours, voided_at=None)
        # Any of a programme's quarters may be the one that takes a reversal.
        charged = SpendLine.objects.filter(transaction__in=ours).values("quarter__programme")
        lock_all(Quarter.objects.filter(programme__in=charged))
        list(locking(entries.order_by("pk")).values_list("pk", flat=True))
        _take_back_all(locked, entries, f"{locked}: {reason.strip()}", by)
        locked.rows.update(in_force=False)
        locked.status = LedgerImport.Status.UNDONE
        locked.undone_at, locked.undone_by, locked.undo_reason = clock.now(), by, reason.strip()
        rows.change(locked, by=by, seen_version=seen_version, reason=reason.strip())
        _put_on_record("ledger.undo", locked, reason.strip(), by)
    return locked


def _put_on_record(act: str, ledger_import: LedgerImport, words: str, by: User) -> None:
    """In the record of the one programme that the file charges; the amounts of a mixed file are its organisation's."""
    charged = Programme.objects.filter(
        sources__budget_lines__spend_lines__transaction__ledger_rows__ledger_import=ledger_import
    ).distinct()
    programme = charged.first() if charged.count() == 1 else None
    events.record(act, ledger_import.reference, by=by, words=words, programme=programme)


# What has changed since staging


def _stale(ledger_import: LedgerImport) -> dict[str, dict[int, object]]:
    """Chosen rows that were loaded meanwhile, or that equal an entry recorded meanwhile and give no reason."""
    chosen = list(
        ledger_import.rows.chosen()
        .order_by("position")
        .values_list("pk", "fingerprint", "decision", "reason", "supplier", "document", "date", "amount", "equals_id")
    )
    if not chosen:
        return {}
    loaded = loaded_before(ledger_import.organisation, ledger_import.first_on, ledger_import.last_on)
    entries = entries_on_record(ledger_import.organisation, {row[7] for row in chosen})
    # What rows were found to equal when they were staged stays theirs.
    entries.taken |= set(ledger_import.rows.filter(equals__isnull=False).values_list("equals_id", flat=True))
    prints = ledger_import.rows.filter(decision=Decision.LOADED).values_list("fingerprint", flat=True)
    entries.taken |= {loaded[print_][1] for print_ in prints if print_ in loaded}
    found: dict[str, dict[int, object]] = {"loaded": {}, "equals": {}}
    matched = [row[8] for row in chosen if row[2] == Decision.MATCH]
    gone = set(Transaction.objects.filter(pk__in=matched, voided_at__isnull=False).values_list("pk", flat=True))
    tied = LedgerRow.objects.filter(transaction__in=matched, in_force=True)
    gone |= set(tied.values_list("transaction_id", flat=True))
    for key, print_, decision, reason, supplier, document, day, amount, equals in chosen:
        if print_ in loaded:
            found["loaded"][key] = loaded[print_][0]
        elif decision == Decision.MATCH and equals in gone:
            found["equals"][key] = None
        elif decision == Decision.ADD and not reason and equals is None:
            if like := entries.like(supplier, document, day, amount):
                found["equals"][key] = like
    return {name: keys for name, keys in found.items() if keys}


def _changed_meanwhile(stale: Mapping[str, Mapping[int, object]]) -> Problem:
    loaded, equal = len(stale.get("loaded", ())), len(stale.get("equals", ()))
    words = []
    if loaded:
        words.append(f"{loaded:,} of the chosen rows were loaded by another import meanwhile and are left out now")
    if equal:
        words.append(f"{equal:,} of them were recorded, matched or made void meanwhile and must be looked at again")
    return Problem("meanwhile", f"{'; '.join(words)}. Nothing was committed. Look at the rows again.", True, "")


def _mark_what_changed(ledger_import: LedgerImport, by: User) -> None:
    """Mark what was loaded or recorded since staging: left out, or asked about."""
    with database.atomic():
        locked = lock_staged(ledger_import, by)
        stale = _stale(locked)
        for key, reference in stale.get("loaded", {}).items():
            LedgerRow.objects.filter(pk=key).update(decision=Decision.LOADED, loaded_as=reference, equals=None)
        for key, entry in stale.get("equals", {}).items():
            decision = Decision.ASK if entry else Decision.LEAVE
            LedgerRow.objects.filter(pk=key).update(decision=decision, equals_id=entry)
        if stale:
            rows.change(locked, by=by, reason="Changed meanwhile")


# Writing


def _lock_quarters(ledger_import: LedgerImport) -> None:
    """Lock the quarters that are written into, in the order of every act; whether they are open is a rule's to say."""
    wanted = ledger_import.rows.filter(decision=Decision.ADD).order_by().values("quarter")
    lock_all(Quarter.objects.filter(pk__in=wanted))


class _Writer:
    """Turns the chosen rows into entries, a batch at a time, by the same rules as an entry that is typed."""

    def __init__(self, ledger_import: LedgerImport, by: User) -> None:
        self.ledger_import, self.by = ledger_import, by
        self.organisation = ledger_import.organisation
        self.today = clock.today()
        chosen = ledger_import.rows.filter(decision=Decision.ADD).order_by()
        lines = (
            BudgetLine.objects.filter(pk__in=chosen.values("budget_line"))
            .select_related("source__programme", "source__kept_by", "project", "heading", "year")
            .prefetch_related("source__programme__thresholds")
        )
        self.lines = {line.pk: line for line in lines}
        wanted = chosen.values("quarter").union(chosen.values("relates_to"))
        keys = [key for key in wanted.values_list("quarter", flat=True) if key]
        self.quarters = {
            one.pk: one
            for one in Quarter.objects.filter(pk__in=keys)
            .select_related("programme", "year")
            .prefetch_related("reopenings")
        }
        contracts = Contract.objects.filter(pk__in=chosen.values("contract")).prefetch_related("values__project")
        self.contracts = {contract.pk: contract for contract in contracts}
        settled = Transaction.objects.filter(pk__in=chosen.exclude(settles=None).values("settles"))
        self.settled = {accrual.pk: accrual for accrual in settled}
        self.waiting = {accrual.pk for accrual in settled if is_open_accrual(accrual)}
        self.cells: dict[Problem, list[str]] = defaultdict(list)
        self.by_place: dict[tuple[int, int, int | None], list[Problem]] = {}
        self.by_contract: dict[tuple[int, int], list[Problem]] = {}
        self.rooms: dict[tuple[int, int, int], Decimal] = {}
        # The budget lines of each accrual that a row settles.
        self.accrued: dict[int, set[int]] = {}
        self.found = Reviewed()

    def run(self, *, write: bool) -> Reviewed:
        """Go through the chosen rows; writes while nothing blocks, and the caller refuses if anything did."""
        found = self.found
        counts = Counter(self.ledger_import.rows.values_list("decision", flat=True))
        found.matched, found.left = counts[Decision.MATCH], counts[Decision.LEAVE]
        found.loaded, found.asking = counts[Decision.LOADED], counts[Decision.ASK]
        found.matched_total = self.ledger_import.rows.filter(decision=Decision.MATCH).total()
        costs: dict[int, Decimal] = defaultdict(lambda: NOUGHT)
        last = 0
        while batch := self._batch(last):
            last = batch[-1].position
            drafts = [self._draft(row) for row in batch]
            for row, draft in zip(batch, drafts, strict=True):
                found.added += 1
                found.total += row.amount
                if draft is not None:
                    found.cost += draft[0].cost
                    costs[row.budget_line_id] += NOUGHT if draft[0].kind == Transaction.Kind.ADVANCE else draft[0].cost
            if write and not any(problem.blocking for problem in self.cells):
                self._write([draft for draft in drafts if draft is not None])
        found.costs = {self.lines[key]: cost for key, cost in costs.items()}
        found.problems = [*self._about_the_whole(), *self._about_rows()]
        return found

    def _batch(self, after: int) -> list[LedgerRow]:
        chosen = self.ledger_import.rows.filter(decision=Decision.ADD, position__gt=after)
        return list(chosen.order_by("position")[:MANY])

    def _draft(self, row: LedgerRow) -> tuple[Transaction, Charged, str, str] | None:
        """The entry of a row with its charge, state and reason; None where the row lacks what an entry needs."""
        if lacking := list(_lacking(row)):
            self._note(lacking, row)
            return None
        line, quarter = self.lines[row.budget_line_id], self.quarters[row.quarter_id]
        contract = self.contracts[row.contract_id] if row.contract_id else None
        vat = row.vat
        recoverable = vat if self.organisation.recovers_vat else NOUGHT
        advance = contract is not None and contract.kind == Contract.Kind.GRANT_AGREEMENT
        entry = Transaction(
            recorded_by=self.organisation,
            kind=Transaction.Kind.ADVANCE if advance else Transaction.Kind.ACTUAL,
            contract=contract,
            supplier_name=row.supplier,
            document_number=row.document,
            description=row.description or row.supplier or row.document or "Ledger row",
            accounting_on=row.date,
            service_from=row.service_from or row.date,
            service_to=row.service_to or row.date,
            net=row.amount - vat,
            vat=vat,
            recoverable_vat=recoverable,
            cost=row.amount - recoverable,
            reason=row.reason,
            settles=self.settled.get(row.settles_id),
            once=row.once,
        )
        relates_to = self.quarters[row.relates_to_id] if row.relates_to_id else None
        part = Charged(line, quarter, entry.cost, relates_to)
        self._note(self._problems(entry, part), row)
        state, reason = self._state(entry, part)
        if reason:
            self.found.kept_out[str(SpendLine.Reason(reason).label)] += 1
        return entry, part, state, reason

    def _problems(self, entry: Transaction, part: Charged) -> Iterator[Problem]:
        yield from accounting_date_is_not_ahead(entry, self.today)
        yield from accounting_date_is_of_the_programme(entry, [part])
        yield from a_credit_names_its_original(entry)
        yield from service_is_of_the_lines_year(entry, [part])
        place = (part.line.pk, part.quarter.pk, part.relates_to.pk if part.relates_to else None)
        if place not in self.by_place:
            self.by_place[place] = [
                *charges_what_may_be_charged([part], self.organisation),
                *year_and_quarter_agree(entry, [part]),
                *in_kind_is_match(entry, [part]),
                *self._not_open(part.quarter),
                *self._declared(part),
            ]
        yield from self.by_place[place]
        yield from self._settles(entry, part)
        if entry.contract is not None:
            pair = (entry.contract.pk, part.line.project_id)
            if pair not in self.by_contract:
                self.by_contract[pair] = list(contract_serves_the_project(entry, [part]))
            yield from self.by_contract[pair]

    def _settles(self, entry: Transaction, part: Charged) -> Iterator[Problem]:
        """F21: an accrual that waits for its invoice, of the same contract or the same budget line."""
        accrual = entry.settles
        if accrual is None:
            return
        if accrual.pk not in self.waiting:
            yield Problem("F21", f"What became of {accrual} is said already. Choose that these rows settle nothing.")
        if entry.kind not in INVOICES:
            yield Problem("F21", f"A payment on account settles no accrual, and so not {accrual}.")
        same_contract = accrual.contract_id is not None and accrual.contract_id == entry.contract_id
        if not same_contract and part.line.pk not in self._lines_of(accrual):
            yield Problem("F21", f"{accrual} is of another contract and other budget lines. Change the coding.")

    def _lines_of(self, accrual: Transaction) -> set[int]:
        if accrual.pk not in self.accrued:
            self.accrued[accrual.pk] = set(accrual.lines.values_list("budget_line_id", flat=True))
        return self.accrued[accrual.pk]

    def _not_open(self, quarter: Quarter) -> Iterator[Problem]:
        if not is_open(quarter, MONEY, clock.now(), self.organisation):
            yield Problem("F02", f"{quarter} is not open for spend. Choose an open quarter.")

    def _declared(self, part: Charged) -> Iterator[Problem]:
        source, quarter = part.line.source, part.quarter
        declared = Declaration.objects.in_force().filter(organisation=self.organisation, source=source, quarter=quarter)
        if declared.exists():
            yield Problem(
                "declared",
                f"{source} is declared for {quarter}. Withdraw the declaration first, or choose a later quarter.",
            )

    def _state(self, entry: Transaction, part: Charged) -> tuple[str, str]:
        if entry.contract is None or not part.line.source.is_grant:
            return state_of(entry, part, today=self.today, room=NOUGHT)
        place = (entry.contract.pk, part.line.project_id, part.line.year_id)
        if place not in self.rooms:
            self.rooms[place] = room_under(entry.contract, part)
        state, reason = state_of(entry, part, today=self.today, room=self.rooms[place])
        if state != SpendLine.State.NOT_CLAIMABLE and entry.kind != Transaction.Kind.ADVANCE:
            self.rooms[place] -= part.cost
        return state, reason

    def _write(self, drafts: Sequence[tuple[Transaction, Charged, str, str]]) -> None:
        entries = [entry for entry, *_ in drafts]
        for entry, reference in zip(entries, rows.next_references("T", len(entries)), strict=True):
            entry.reference = reference
        written = rows.create_many(entries, by=self.by, reason=f"Imported by {self.ledger_import}")
        SpendLine.objects.bulk_create(
            SpendLine(
                transaction=entry,
                number=1,
                budget_line=part.line,
                quarter=part.quarter,
                relates_to=part.relates_to,
                net=entry.net,
                cost=entry.cost,
                state=state,
                state_reason=reason,
            )
            for entry, (_, part, state, reason) in zip(written, drafts, strict=True)
        )

    def _note(self, problems: Sequence[Problem] | Iterator[Problem], row: LedgerRow) -> None:
        for problem in problems:
            self.cells[Problem(problem.code, problem.message, problem.blocking)].append(str(row))

    def _about_the_whole(self) -> Iterator[Problem]:
        if self.ledger_import.dates_asked:
            yield Problem("L4", "Say first whether the dates have the day or the month first.")
        if self.found.asking:
            yield Problem(
                "F17",
                f"{self.found.asking:,} rows equal an entry that is recorded already. Match each with it, or add it "
                "with the reason why it is a second one.",
            )
        if not self.found.added and not self.found.matched:
            yield Problem("rows", "No row is chosen. Choose the rows that belong to the programme.")

    def _about_rows(self) -> list[Problem]:
        told = sorted(self.cells.items(), key=lambda item: (not item[0].blocking, -len(item[1])))
        found = [
            Problem(problem.code, f"{problem.message} ({cells_named(cells)})", problem.blocking)
            for problem, cells in told[:SHOWN_PROBLEMS]
        ]
        if len(told) > SHOWN_PROBLEMS:
            rest = told[SHOWN_PROBLEMS:]
            blocking = any(problem.blocking for problem, _ in rest)
            found.append(Problem("more", f"And {len(rest):,} more.", blocking))
        return found


def _lacking(row: LedgerRow) -> Iterator[Problem]:
    if row.date is None:
        yield Problem("F02", "A row without a date cannot be added. Say under “How it is read” which date it has.")
    if row.budget_line_id is None:
        yield Problem("F03", "Choose the budget line that these rows charge.")
    if row.quarter_id is None:
        yield Problem("F02", "Choose the open quarter in which these rows are recorded.")


def _tie_rows_to_entries(ledger_import: LedgerImport) -> None:
    entry = Transaction.objects.filter(once=OuterRef("once")).values("pk")[:1]
    ledger_import.rows.filter(decision=Decision.ADD).update(transaction=Subquery(entry), in_force=True)
    ledger_import.rows.filter(decision=Decision.MATCH).update(transaction=F("equals"), in_force=True)


def _names(ledger_import: LedgerImport) -> Iterator[tuple[str, int]]:
    coded = ledger_import.rows.filter(decision=Decision.ADD, contract__isnull=False).exclude(supplier="")
    yield from coded.order_by("position").values_list("supplier", "contract_id")


# Undoing


def _take_back_all(ledger_import: LedgerImport, entries: QuerySet[Transaction], reason: str, by: User) -> None:
    """Void what nobody relies on yet, reverse the rest; what was taken back in full already needs neither."""
    organisation = ledger_import.organisation
    lines = SpendLine.objects.filter(transaction__in=entries)
    shut_places = _shut_places(lines, organisation)
    claimed = set(
        ClaimLine.objects.filter(line__in=lines, in_force=True).values_list("line__transaction_id", flat=True)
    )
    back = set(Transaction.objects.in_force().filter(takes_back__in=entries).values_list("takes_back_id", flat=True))
    to_void, to_reverse, problems = [], [], []
    for key, source, quarter in lines.order_by("transaction__reference").values_list(
        "transaction_id", "budget_line__source_id", "quarter_id"
    ):
        if key in back:
            continue
        (to_reverse if key in claimed or (source, quarter) in shut_places else to_void).append(key)
    for entry in Transaction.objects.filter(pk__in=back).order_by("reference"):
        taken = entry.taken_back_by.in_force()
        if sum((row.cost for row in taken), entry.cost):
            problems.append(Problem("undo", f"{entry} is taken back in part. Take back the rest of it first.", True))
    refuse_if_blocking(problems)
    _reverse_each(to_reverse, organisation, reason, by)
    now = clock.now()
    for start in range(0, len(to_void), MANY):
        rows.change_many(
            Transaction.objects.filter(pk__in=to_void[start : start + MANY]),
            by=by,
            reason=reason,
            voided_at=now,
            void_reason=reason,
        )


def _shut_places(lines: QuerySet[SpendLine], organisation: Organisation) -> set[tuple[int, int]]:
    """The sources and quarters of the lines that are closed or declared; the other quarters are locked."""
    found = set(lines.order_by().values_list("budget_line__source_id", "quarter_id").distinct())
    quarters = Quarter.objects.filter(pk__in={quarter for _, quarter in found})
    open_ones = set()
    for quarter in sorted(quarters.select_related("programme"), key=lambda quarter: quarter.code):
        try:
            open_ones.add(lock_open(quarter, MONEY, organisation=organisation).pk)
        except Refused:
            continue
    declared = set(
        Declaration.objects.in_force().filter(organisation=organisation).values_list("source_id", "quarter_id")
    )
    return {place for place in found if place[1] not in open_ones or place in declared}


def _reverse_each(keys: Sequence[int], organisation: Organisation, reason: str, by: User) -> None:
    problems: list[Problem] = []
    open_by_programme: dict[int, list[Quarter]] = {}
    declared = set(
        Declaration.objects.in_force().filter(organisation=organisation).values_list("source_id", "quarter_id")
    )
    found = Transaction.objects.filter(pk__in=keys).order_by("reference")
    for entry in found.prefetch_related("lines__budget_line__source__programme", "lines__quarter"):
        line = entry.lines.all()[0]
        source = line.budget_line.source
        programme: Programme = source.programme
        if programme.pk not in open_by_programme:
            open_by_programme[programme.pk] = open_quarters(programme, MONEY, clock.now(), organisation)
        later = [
            quarter
            for quarter in open_by_programme[programme.pk]
            if quarter.order >= line.quarter.order and (source.pk, quarter.pk) not in declared
        ]
        # The closing period of the line's own year comes before the quarters of the next.
        later.sort(key=lambda quarter: (quarter.year_id != line.budget_line.year_id, quarter.order))
        if not later:
            problems.append(Problem("undo", f"{entry} is declared, and no open quarter can take it back.", True))
            continue
        try:
            reverse(original=entry, quarter=later[0], reason=reason, by=by)
        except Refused as refusal:
            problems += refusal.problems
    refuse_if_blocking(problems)


def budget_after(ledger_import: LedgerImport) -> list[Impact]:
    """What a committed import did to its budget lines: before it and with it."""
    lines = SpendLine.objects.spend().filter(
        transaction__in=ledger_import.rows.filter(decision=Decision.ADD).values("transaction")
    )
    costs: dict[BudgetLine, Decimal] = {}
    for line in BudgetLine.objects.filter(pk__in=lines.values("budget_line")).select_related(
        "source", "project", "heading", "year"
    ):
        costs[line] = lines.filter(budget_line=line).total()
    return impact(costs, recorded=True, today=clock.today())


def months_of(ledger_import: LedgerImport) -> list[tuple[date | None, int, Decimal]]:
    """The months that a file covers: first day (None for rows without a date), rows, and their sum."""
    found = []
    for month, (count, sum_of_pence) in sorted(ledger_import.months.items()):
        first = date.fromisoformat(f"{month}-01") if month else None
        found.append((first, count, Decimal(sum_of_pence).scaleb(-2)))
    return found
