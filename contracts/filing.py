"""Files of a contract: attached, taken away, given out."""

from django.db import transaction

from board import clock, files, rows
from board.models import StoredFile, User
from board.rows import locking
from contracts.contracting import lock_to_write, put_on_record
from contracts.models import Contract, ContractFile
from contracts.rules import given
from core.problems import Problem, refuse, refuse_if_blocking


def attach(
    *, contract: Contract, file: StoredFile, what: str, shared: bool, confirmed_no_names: bool, by: User
) -> ContractFile:
    """Attach an uploaded file. One that is attached already is handed back as it stands.

    Unless it is shared, the provider does not see it.
    """
    with transaction.atomic():
        locked = lock_to_write(contract, by)
        problems = []
        kept = StoredFile.objects.select_for_update().filter(pk=file.pk).first()
        if kept is None or kept.organisation_id != by.acting.organisation_id:
            words = f"“{file.name}” is no longer kept: it waited for more than a day. Send it again."
            problems.append(Problem("F22", words, True, "file"))
        if not confirmed_no_names:
            words = (
                "Confirm that the file names no victim, client or refuge. If it does, take the name out of it first."
            )
            problems.append(Problem("F22", words, True, "confirmed_no_names"))
        refuse_if_blocking(problems)
        if before := locked.files.in_force().filter(file=kept).first():
            return before
        row = ContractFile(
            reference=rows.next_reference("CF"), contract=locked, file=kept, what=what, shared=shared,
            confirmed_no_names=True,
        )  # fmt: skip
        rows.create(row, by=by)
        seen = "shared with the provider" if shared else "not shared"
        put_on_record(
            "contract.attach", locked, by, f"{row.reference}: {row.get_what_display()}, {seen}, {kept.sha256}"
        )
    return row


def take_away(*, contract_file: ContractFile, reason: str, by: User, seen_version: int | None = None) -> ContractFile:
    """Take a file away: the row stays with its reason, and the file is given out no more."""
    with transaction.atomic():
        contract = lock_to_write(contract_file.contract, by)
        locked = locking(ContractFile.objects).get(pk=contract_file.pk)
        if locked.taken_away_at is not None:
            raise refuse("F22", f"{locked.reference} was taken away already.")
        refuse_if_blocking(given(reason, "Give the reason for taking it away.", "reason"))
        locked.taken_away_at, locked.taken_away_reason = clock.now(), reason.strip()
        rows.change(locked, by=by, seen_version=seen_version, reason=reason)
        put_on_record("contract.take-away", contract, by, f"{locked.reference}: {reason.strip()}")
    return locked


def give_out(*, contract_file: ContractFile, by: User) -> bytes:
    """The content of a file for a person who may see it, which is recorded. Refuses an altered file."""
    data = files.content_of(contract_file.file)
    words = f"{contract_file.reference}, SHA-256 {contract_file.file.sha256}"
    put_on_record("contract.download", contract_file.contract, by, words)
    return data
