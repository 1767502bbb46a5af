"""The files that are attached to things: written once under their SHA-256, read back with it checked, swept.

A file is on disk, synced, before its row is written, so that a row never stands without its file; what a
crash leaves behind is a file without a row, which the sweep removes. Nothing on disk is ever overwritten.
"""

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePath

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction as database

from board import clock, events
from board.models import StoredFile, User
from core.file_kinds import FileKind, kind_of
from core.problems import Problem, Refused, refuse

# For how long a file may wait for its row, and an upload to be attached to something.
WAITING = timedelta(days=1)
_PART = 1024 * 1024


@dataclass(frozen=True)
class Stored:
    """What became of a drop of files: those that are kept, and a problem for each that is not."""

    files: list[StoredFile]
    refused: list[Problem]


@dataclass
class Swept:
    """What a sweep removed, and what it found wrong with what is kept."""

    files: int = 0
    uploads: int = 0
    wrong: list[str] = field(default_factory=list)


def store(*, uploads: Sequence[UploadedFile], by: User) -> Stored:
    """Keep what was uploaded, each file by itself; refuses nothing but a drop that is too large as a whole.

    The second of two uploads of the same name and content, while the first is attached to nothing yet,
    is the first. Call it outside any transaction that must be short: it writes to disk.
    """
    if by.acting is None:
        raise refuse("role", "You hold no role that uploads files.")
    total, most = sum(upload.size for upload in uploads), settings.DROP_LIMIT_BYTES
    if total > most:
        raise refuse(
            "F22",
            f"These files are {_megabytes(total)} together; the most that is taken at one go is {_megabytes(most)}. "
            "Send fewer at a time.",
            "files",
        )
    kept, refused = [], []
    for upload in uploads:
        try:
            kept.append(_store(upload, by))
        except Refused as refusal:
            refused += [Problem(one.code, one.message, True, "files") for one in refusal.problems]
    return Stored(list(dict.fromkeys(kept)), refused)


def content_of(file: StoredFile) -> bytes:
    """The content, as it was uploaded. Refuses where it is gone or is no longer what its SHA-256 says."""
    try:
        data = place_of(file.sha256).read_bytes()
    except OSError:
        raise refuse("file", f"“{file.name}” is missing from the folder of files. Tell the administrator.") from None
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise refuse(
            "file", f"“{file.name}” was changed on disk since it was uploaded, so it is not given out. "
            "Tell the administrator.",
        )  # fmt: skip
    return data


def discard(*, uploads: Sequence[StoredFile], by: User) -> int:
    """Forget what a person sent by mistake and attached to nothing; how many. The sweep takes the content."""
    own = StoredFile.objects.staged_by(by).filter(pk__in=[file.pk for file in uploads])
    return sum(_forget(file, by, "Discarded") for file in own)


def sweep(moment: datetime) -> Swept:
    """Remove what has waited for more than a day, and check everything that stays against its SHA-256."""
    swept, before = Swept(), moment - WAITING
    # The disk knows nothing of a system date that is fixed for a demonstration.
    young = time.time() - WAITING.total_seconds()
    for file in StoredFile.objects.unattached().filter(uploaded_at__lt=before):
        swept.uploads += _forget(file, None, "Attached to nothing for a day")
    for path in _on_disk():
        with _folder(exclusive=True):
            try:
                changed = path.stat().st_mtime
            except FileNotFoundError:
                continue
            if changed < young and not StoredFile.objects.filter(sha256=path.name).exists():
                path.unlink()
                swept.files += 1
    for sha256 in StoredFile.objects.order_by("sha256").values_list("sha256", flat=True).distinct():
        found = _hash_on_disk(place_of(sha256))
        if found != sha256:
            swept.wrong.append(f"{sha256}: {'the file is missing' if found is None else f'its content is {found}'}")
    return swept


def place_of(sha256: str) -> Path:
    """Where a content lies: <first two signs>/<all of them>."""
    return settings.EVIDENCE_FOLDER / sha256[:2] / sha256


def _store(upload: UploadedFile, by: User) -> StoredFile:
    name = _clean(upload.name)
    if upload.size > settings.UPLOAD_LIMIT_BYTES:
        raise refuse(
            "F22",
            f"“{name}” is {_megabytes(upload.size)}; the most that is taken is "
            f"{_megabytes(settings.UPLOAD_LIMIT_BYTES)}. Send a smaller scan of it.",
        )
    kind = kind_of(upload.file, name)
    with _folder():
        sha256, size = _place(upload)
    return _row(sha256, size, kind, name, by)


def _row(sha256: str, size: int, kind: FileKind, name: str, by: User) -> StoredFile:
    with database.atomic():
        # One person's uploads wait for each other, so that a second press of the button finds the first's row.
        User.objects.select_for_update().get(pk=by.pk)
        if before := StoredFile.objects.staged_by(by).filter(sha256=sha256, name=name).first():
            return before
        row = StoredFile(
            sha256=sha256, size=size, kind=kind, name=name, organisation=by.acting.organisation,
            uploaded_by=by, uploaded_at=clock.now(),
        )  # fmt: skip
        row.full_clean()
        row.save(force_insert=True)
        # A file's name may name a person, and the record of acts must not.
        events.record("file.store", sha256, by=by, words=f"{row.get_kind_display()}, {size:,} bytes", programme=None)
    return row


def _place(upload: UploadedFile) -> tuple[str, int]:
    """Write an upload to disk under its SHA-256 and sync it; hands back the hash and the size in bytes."""
    digest, size = hashlib.sha256(), 0
    # In the folder itself: a link to another file system could not be made in one step.
    handle, temporary = tempfile.mkstemp(dir=settings.EVIDENCE_FOLDER, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            for part in upload.chunks(_PART):
                digest.update(part)
                size += len(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        sha256 = digest.hexdigest()
        place = place_of(sha256)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            # A link, unlike a rename, never takes the place of what is there.
            os.link(temporary, place)
        except FileExistsError:
            if _hash_on_disk(place) != sha256:
                raise refuse(
                    "file",
                    f"An earlier copy of “{_clean(upload.name)}” was changed on disk, so this one cannot be "
                    "kept beside it. Tell the administrator.",
                ) from None
            # Young again, so that no sweep takes it before the new row stands.
            os.utime(place)
    finally:
        os.unlink(temporary)
    _sync(place.parent)
    _sync(settings.EVIDENCE_FOLDER)
    return sha256, size


def _forget(file: StoredFile, by: User | None, words: str) -> bool:
    """Delete the row of an upload that is attached to nothing; whether it still was."""
    with database.atomic():
        locked = StoredFile.objects.select_for_update().filter(pk=file.pk).first()
        if locked is None or not StoredFile.objects.unattached().filter(pk=file.pk).exists():
            return False
        locked.delete()
        events.record("file.forget", file.sha256, by=by, words=words, programme=None)
    return True


def _on_disk() -> Iterator[Path]:
    """Every content in the folder, and what an upload that was cut off left behind."""
    folder = settings.EVIDENCE_FOLDER
    if folder.exists():
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != _LOCK)


_LOCK = ".lock"


@contextmanager
def _folder(*, exclusive: bool = False) -> Iterator[None]:
    """The folder, shared by those who write and alone for one who removes, among all processes."""
    folder = settings.EVIDENCE_FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _hash_on_disk(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _clean(name: str) -> str:
    """A file's own name without folders and signs that do not print, cut to its column, with its ending."""
    bare = "".join(sign for sign in PurePath(name.replace("\\", "/")).name if sign.isprintable())
    suffix = PurePath(bare).suffix
    return bare if len(bare) <= 200 else bare[: 200 - len(suffix)] + suffix


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:,.1f} MB"
