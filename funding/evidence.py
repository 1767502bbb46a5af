"""Evidence of entries: attached, restricted, taken away, given out, and what is still without any."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction as database
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from board import clock, events, files, rows
from board.models import Organisation, Programme, Project, StoredFile, User
from board.rows import locking
from board.thresholds import threshold
from core.money import NOUGHT, PenceField
from core.problems import Problem, refuse, refuse_if_blocking
from funding.models import Evidence, SpendLine, Transaction
from funding.rules import PROVEN_BY_A_DOCUMENT
from funding.spending import reconsider


@dataclass(frozen=True)
class Attachment:
    """What an officer says of one file: the entries that it proves, what it is, and whether it is restricted.

    A problem with it names `where`.
    """

    file: StoredFile
    entries: Sequence[Transaction]
    what: str
    restricted: bool = False
    where: str = ""


def attach(*, attachments: Sequence[Attachment], confirmed_no_names: bool, by: User) -> list[Evidence]:
    """Attach files to entries of the person's own ledger, all or none.

    Payroll and victim-cost evidence is restricted, whatever was said; an officer can only restrict more. What was
    held for want of evidence is released. A file
    that proves an entry already is handed back as it stands, so that a second press of the button does nothing.
    """
    with database.atomic():
        organisation = _lock_organisation(by)
        locked = _lock(Transaction, [entry for one in attachments for entry in one.entries])
        kept = _lock(StoredFile, [one.file for one in attachments])
        problems = [] if confirmed_no_names else [_unconfirmed()]
        before = _in_force(locked)
        for one in attachments:
            problems += _problems(one, locked, kept, before, organisation)
        refuse_if_blocking(problems)
        found = []
        for one in attachments:
            for asked in dict.fromkeys(one.entries):
                entry = locked[asked.pk]
                row = before.get((entry.pk, one.file.pk))
                found.append(row or _write(entry, kept[one.file.pk], one, by))
        _restrict_together({one.file.sha256 for one in attachments}, organisation, by)
        for entry in sorted({row.transaction for row in found}, key=lambda entry: entry.reference):
            reconsider(entry=entry, by=by)
        return list(Evidence.objects.filter(pk__in=[row.pk for row in found]).order_by("pk"))


def detach(*, evidence: Evidence, reason: str, by: User, seen_version: int | None = None) -> Evidence:
    """Take evidence away from an entry: the row stays with its reason, and its file is given out no more.

    A line that is not claimed yet is held again, where the programme holds what has no evidence.
    """
    with database.atomic():
        locked = _lock_own(evidence, by)
        if not reason.strip():
            raise refuse("F22", "Give the reason for taking it away.", "reason")
        locked.taken_away_at, locked.taken_away_reason = clock.now(), reason.strip()
        rows.change(locked, by=by, seen_version=seen_version, reason=reason.strip())
        _put_on_record("evidence.detach", locked.transaction, f"{locked.reference}: {reason.strip()}", by)
        reconsider(entry=locked.transaction, by=by, evidence_gone=True)
    return locked


def restrict(*, evidence: Evidence, by: User) -> Evidence:
    """Keep evidence within the recording organisation and its auditors, for good, whatever else the file proves."""
    with database.atomic():
        organisation = _lock_organisation(by)
        locked = _lock_own(evidence, by)
        if not locked.restricted:
            _restrict(locked, by)
        _restrict_together({locked.file.sha256}, organisation, by)
    return locked


def follow(*, entry: Transaction, to: Transaction, by: User) -> int:
    """Let the evidence of an entry prove the one that takes its place; how many pieces there were.

    Part of the act that edits it. What is sensitive of the new one becomes restricted, and nothing less so.
    """
    moved = list(locking(Evidence.objects.in_force().filter(transaction=entry)).order_by("pk"))
    sensitive = bool(moved) and is_sensitive(to)
    for row in moved:
        row.transaction = to
        rows.change(row, by=by, reason=f"{entry.reference} was edited")
        if sensitive and not row.restricted:
            _restrict(row, by)
    return len(moved)


def give_out(*, evidence: Evidence, by: User) -> bytes:
    """The content of a piece of evidence for a person who may see it, which is recorded. Refuses an altered file."""
    data = files.content_of(evidence.file)
    words = f"{evidence.reference}, SHA-256 {evidence.file.sha256}"
    _put_on_record("evidence.download", evidence.transaction, words, by)
    return data


def is_sensitive(entry: Transaction) -> bool:
    """Whether evidence of an entry is restricted by rule: it shows somebody's pay, or a cost for victims.

    Pay is what bears a heading of payroll, or a basis (post, share, rate) in a supplier's place.
    """
    if not entry.supplier_name and entry.basis:
        return True
    pay_or_victims = Q(budget_line__heading__payroll=True) | Q(
        budget_line__project__typology=Project.Typology.VICTIM_SUPPORT
    )
    return entry.lines.filter(pay_or_victims).exists()


def usual_kind(entry: Transaction) -> str:
    """What the evidence of such an entry mostly is."""
    if entry.kind == Transaction.Kind.SUMMARY:
        return Evidence.What.LEDGER_PRINT
    if entry.kind == Transaction.Kind.REPORTED_SPEND:
        return Evidence.What.STATEMENT
    if not entry.supplier_name and entry.basis:
        return Evidence.What.TIMESHEET_SUMMARY
    return Evidence.What.INVOICE


def without_evidence(entries: QuerySet[Transaction], *, today: date) -> QuerySet[Transaction]:
    """F22: of these entries, those above their programme's threshold that nothing proves.

    Each has `remaining`: its cost less what was taken back of it, which is what the threshold is compared with.
    """
    back = (
        Transaction.objects.in_force()
        .filter(takes_back=OuterRef("pk"))
        .order_by()
        .values("takes_back")
        .annotate(total=Sum("cost"))
        .values("total")
    )
    taken = Coalesce(Subquery(back, output_field=PenceField()), Value(NOUGHT, output_field=PenceField()))
    above = Q(pk__in=[])
    for programme in Programme.objects.prefetch_related("thresholds"):
        charged = SpendLine.objects.filter(transaction=OuterRef("pk"), budget_line__source__programme=programme)
        above |= Q(Exists(charged), remaining__gt=threshold(programme, "evidence-amount", today))
    proven = Evidence.objects.in_force().filter(transaction=OuterRef("pk"))
    return (
        entries.in_force()
        .filter(~Exists(proven), kind__in=PROVEN_BY_A_DOCUMENT)
        .annotate(remaining=ExpressionWrapper(F("cost") + taken, output_field=PenceField()))
        .filter(above)
    )


def _own(by: User) -> Organisation:
    if by.acting is None:
        raise refuse("role", "You hold no role that attaches evidence.")
    return by.acting.organisation


def _lock_organisation(by: User) -> Organisation:
    """The person's organisation, whose evidence is attached and restricted by one person at a time.

    Without its key, so that entries which name it are recorded meanwhile.
    """
    return locking(Organisation.objects).get(pk=_own(by).pk)


def _restrict(evidence: Evidence, by: User) -> None:
    evidence.restricted = True
    rows.change(evidence, by=by, reason="Restricted")
    _put_on_record("evidence.restrict", evidence.transaction, evidence.reference, by)


def _put_on_record(act: str, entry: Transaction, words: str, by: User) -> None:
    events.record(act, entry.reference, by=by, words=words, programme=entry.programme)


def _restrict_together(contents: set[str], organisation: Organisation, by: User) -> None:
    """What shows pay or victims in one place shows it in all: a content restricted once is restricted throughout."""
    of_contents = Evidence.objects.filter(file__sha256__in=contents, transaction__recorded_by=organisation)
    restricted = set(of_contents.filter(restricted=True).values_list("file__sha256", flat=True))
    plain = of_contents.in_force().filter(restricted=False, file__sha256__in=restricted)
    for row in locking(plain).select_related("transaction").order_by("pk"):
        _restrict(row, by)


def _lock(model: type, asked: Sequence[Transaction | StoredFile]) -> dict[int, Transaction | StoredFile]:
    # In order of key, so that two officers who attach the same cannot lock each other out.
    keys = {row.pk for row in asked}
    return {row.pk: row for row in model.objects.select_for_update().filter(pk__in=keys).order_by("pk")}


def _in_force(entries: dict[int, Transaction]) -> dict[tuple[int, int], Evidence]:
    """What proves these entries now, by the keys of entry and file."""
    found = Evidence.objects.in_force().filter(transaction__in=entries).select_related("file")
    return {(row.transaction_id, row.file_id): row for row in found}


def _unconfirmed() -> Problem:
    words = "Confirm that no file names a victim, a client or a refuge. If one does, take the name out of it first."
    return Problem("F22", words, True, "confirmed_no_names")


def _problems(
    one: Attachment,
    locked: dict[int, Transaction],
    kept: dict[int, StoredFile],
    before: dict[tuple[int, int], Evidence],
    organisation: Organisation,
) -> Iterator[Problem]:
    name = one.file.name
    file = kept.get(one.file.pk)
    if file is None or file.organisation_id != organisation.pk:
        yield Problem(
            "F22", f"“{name}” is no longer kept: it waited for more than a day. Send it again.", True, one.where
        )
        return
    if not one.entries:
        yield Problem("F22", f"Say which entry “{name}” proves.", True, one.where)
    for asked in dict.fromkeys(one.entries):
        entry = locked[asked.pk]
        if entry.recorded_by_id != organisation.pk:
            words = f"{entry.reference} is in the ledger of {entry.recorded_by}; its officers attach its evidence."
            yield Problem("F03", words, True, one.where)
        elif entry.is_void:
            yield Problem("F22", f"{entry.reference} is void and needs no evidence.", True, one.where)
        for (of_entry, of_file), row in before.items():
            if of_entry == entry.pk and of_file != file.pk and row.file.sha256 == file.sha256:
                words = f"“{name}” is attached to {entry.reference} already, as {row.reference}."
                yield Problem("F22", words, True, one.where)


def _write(entry: Transaction, file: StoredFile, one: Attachment, by: User) -> Evidence:
    row = Evidence(
        reference=rows.next_reference("EV"),
        file=file,
        transaction=entry,
        what=one.what,
        confirmed_no_names=True,
        restricted=one.restricted or is_sensitive(entry),
    )
    rows.create(row, by=by)
    words = f"{row.reference}: {row.get_what_display()}, {file.sha256}"
    _put_on_record("evidence.attach", entry, words, by)
    return row


def _lock_own(evidence: Evidence, by: User) -> Evidence:
    organisation = _own(by)
    locked = locking(Evidence.objects).select_related("transaction__recorded_by").get(
        pk=evidence.pk
    )  # fmt: skip
    owner = locked.transaction.recorded_by
    if owner != organisation:
        raise refuse("F03", f"{locked.reference} is evidence of {owner}; its officers change it.")
    if locked.is_taken_away:
        raise refuse("F22", f"{locked.reference} was taken away already.")
    return locked
