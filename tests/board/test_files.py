"""Files are on disk before their row, stand there once, are read back whole, and are swept when nothing needs them."""

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from board import clock, files
from board.models import Event, StoredFile, User
from core.problems import Refused
from tests import factories
from tests.evidence_files import PDF, PNG, upload

pytestmark = pytest.mark.django_db
SHA = hashlib.sha256(PDF).hexdigest()


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.EVIDENCE_FOLDER = tmp_path / "files"
    with clock.at(date(2023, 7, 5)):
        yield settings.EVIDENCE_FOLDER


@pytest.fixture
def officer() -> User:
    return factories.person("finance-officer", "pfcc")


def on_disk(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def kept(folder: Path) -> list[str]:
    return [name for name in on_disk(folder) if name != ".lock"]


def aged(path: Path) -> None:
    old = time.time() - timedelta(days=2).total_seconds()
    os.utime(path, (old, old))


def swept(**at: int) -> files.Swept:
    return files.sweep(clock.now() + timedelta(**at))


def test_a_file_stands_under_its_hash_and_its_row_says_whose_it_is(officer: User, folder: Path) -> None:
    stored = files.store(uploads=[upload("C:\\scans\\invoice.pdf")], by=officer)
    [row] = stored.files
    assert (row.sha256, row.size, row.kind, row.name) == (SHA, len(PDF), "pdf", "invoice.pdf")
    assert (row.uploaded_by, row.organisation.code) == (officer, "pfcc")
    assert kept(folder) == [f"{SHA[:2]}/{SHA}"]
    assert files.content_of(row) == PDF
    event = Event.objects.get(act="file.store")
    assert event.subject == SHA and "invoice" not in event.words


def test_only_the_system_itself_may_open_the_folder_and_its_files(officer: User, folder: Path) -> None:
    files.store(uploads=[upload()], by=officer)
    place = files.place_of(SHA)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, place.parent, place)] == [0o700, 0o700, 0o600]


def test_each_file_of_a_drop_is_taken_or_refused_by_itself(officer: User, folder: Path, settings: Any) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1000
    wrong = [upload("a.pdf", b"MZ\x90\0\0"), upload("b.pdf", PDF + b"\n" * 1000), upload("c.pdf", PNG)]
    stored = files.store(uploads=[*wrong, upload("d.pdf")], by=officer)
    assert [row.name for row in stored.files] == ["d.pdf"]
    words = [problem.message for problem in stored.refused]
    assert "“a.pdf” is a program" in words[0]
    assert "“b.pdf” is 0.0 MB; the most that is taken is 0.0 MB" in words[1]
    assert "“c.pdf” ends in .pdf, but is a picture" in words[2]
    assert kept(folder) == [f"{SHA[:2]}/{SHA}"]


def test_a_drop_that_is_too_large_as_a_whole_is_refused_before_anything_is_written(
    officer: User, folder: Path, settings: Any
) -> None:
    settings.DROP_LIMIT_BYTES = len(PDF) + 1
    with pytest.raises(Refused, match="Send fewer at a time"):
        files.store(uploads=[upload("a.pdf"), upload("b.pdf")], by=officer)
    assert not StoredFile.objects.exists() and not folder.exists()


def test_a_name_is_kept_without_what_does_not_print_and_with_its_ending(officer: User) -> None:
    [row] = files.store(uploads=[upload(f"in\u202evoice{'x' * 230}.pdf")], by=officer).files
    assert len(row.name) == 200 and row.name.startswith("invoicexx") and row.name.endswith("x.pdf")


def test_the_same_file_sent_twice_is_one_row_until_it_is_attached(officer: User) -> None:
    [first] = files.store(uploads=[upload()], by=officer).files
    assert files.store(uploads=[upload(), upload()], by=officer).files == [first]
    [other] = files.store(uploads=[upload("same content.pdf")], by=officer).files
    assert other.sha256 == first.sha256 and StoredFile.objects.count() == 2


def test_each_person_sees_only_what_they_sent_themselves(officer: User) -> None:
    colleague = factories.person("finance-officer", "pfcc", number=2)
    [row] = files.store(uploads=[upload()], by=officer).files
    [same] = files.store(uploads=[upload()], by=colleague).files
    assert list(StoredFile.objects.staged_by(officer)) == [row]
    assert list(StoredFile.objects.staged_by(colleague)) == [same]


def test_who_holds_no_role_stores_nothing() -> None:
    nobody = User.objects.create_user("nobody@example.org", "a long enough secret", name="Nobody")
    with pytest.raises(Refused, match="no role"):
        files.store(uploads=[upload()], by=nobody)


def test_a_crash_between_file_and_row_leaves_no_row_and_a_file_that_the_sweep_takes(
    officer: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(files, "_row", killed)
        with pytest.raises(KeyboardInterrupt):
            files.store(uploads=[upload()], by=officer)
    assert not StoredFile.objects.exists()
    assert kept(folder) == [f"{SHA[:2]}/{SHA}"]
    assert swept().files == 0, "It may still be on its way to its row."
    aged(files.place_of(SHA))
    assert swept().files == 1
    assert kept(folder) == []


def test_a_crash_while_writing_leaves_nothing_that_looks_like_a_file(
    officer: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.store(uploads=[upload()], by=officer)
    assert kept(folder) == [] and not StoredFile.objects.exists()


def test_what_a_cut_off_upload_left_is_swept(officer: User, folder: Path) -> None:
    files.store(uploads=[upload()], by=officer)
    (folder / ".tmpabc").write_bytes(b"half of it")
    aged(folder / ".tmpabc")
    assert swept().files == 1
    assert kept(folder) == [f"{SHA[:2]}/{SHA}"]


def test_an_upload_that_is_attached_to_nothing_for_a_day_is_forgotten_with_its_file(
    officer: User, folder: Path
) -> None:
    files.store(uploads=[upload()], by=officer)
    aged(files.place_of(SHA))
    assert swept(hours=23).uploads == 0
    found = swept(hours=25)
    assert (found.uploads, found.files, found.wrong) == (1, 1, [])
    assert not StoredFile.objects.exists() and kept(folder) == []


def test_what_was_sent_by_mistake_is_discarded_by_its_sender_alone(officer: User) -> None:
    colleague = factories.person("finance-officer", "pfcc", number=2)
    [row] = files.store(uploads=[upload()], by=officer).files
    assert files.discard(uploads=[row], by=colleague) == 0
    assert files.discard(uploads=[row], by=officer) == 1
    assert files.discard(uploads=[row], by=officer) == 0
    assert not StoredFile.objects.exists()
    assert Event.objects.get(act="file.forget").by == officer
    aged(files.place_of(SHA))
    assert swept().files == 1


def test_a_file_that_another_upload_still_needs_stays(officer: User, folder: Path) -> None:
    with clock.at(date(2023, 7, 1)):
        files.store(uploads=[upload("first.pdf")], by=officer)
    files.store(uploads=[upload("second.pdf")], by=officer)
    aged(files.place_of(SHA))
    found = swept()
    assert (found.uploads, found.files) == (1, 0)
    assert StoredFile.objects.get().name == "second.pdf" and kept(folder) == [f"{SHA[:2]}/{SHA}"]


def test_a_file_that_lay_there_is_young_again_for_the_row_to_come(officer: User, folder: Path) -> None:
    files.store(uploads=[upload()], by=officer)
    place = files.place_of(SHA)
    aged(place)
    files.store(uploads=[upload("again.pdf")], by=officer)
    assert place.stat().st_mtime > time.time() - 60


def test_an_altered_file_is_found_not_given_out_and_not_written_over(officer: User, folder: Path) -> None:
    [row] = files.store(uploads=[upload()], by=officer).files
    place = files.place_of(SHA)
    place.write_bytes(PDF.replace(b"1.4", b"1.5"))
    [words] = swept().wrong
    assert SHA in words and "its content is" in words
    with pytest.raises(Refused, match="changed on disk since it was uploaded"):
        files.content_of(row)
    [problem] = files.store(uploads=[upload("again.pdf")], by=officer).refused
    assert "was changed on disk" in problem.message
    assert b"1.5" in place.read_bytes()


def test_a_missing_file_is_found(officer: User) -> None:
    [row] = files.store(uploads=[upload()], by=officer).files
    files.place_of(SHA).unlink()
    assert swept().wrong == [f"{SHA}: the file is missing"]
    with pytest.raises(Refused, match="missing from the folder"):
        files.content_of(row)


def test_the_command_says_what_it_did_and_fails_where_a_file_is_not_what_it_was(officer: User) -> None:
    files.store(uploads=[upload()], by=officer)
    out, wrong = StringIO(), StringIO()
    call_command("sweep_files", stdout=out)
    assert "Every file that is kept is whole" in out.getvalue()
    files.place_of(SHA).write_bytes(b"something else")
    with pytest.raises(SystemExit) as ended:
        call_command("sweep_files", stdout=out, stderr=wrong)
    assert ended.value.code == 1 and SHA in wrong.getvalue()


@pytest.mark.django_db(transaction=True)
def test_two_uploads_of_the_same_content_at_once_make_one_file_and_one_row(officer: User, folder: Path) -> None:
    start = Barrier(2)

    def send() -> list[StoredFile]:
        try:
            start.wait(timeout=20)
            return files.store(uploads=[upload()], by=officer).files
        finally:
            connection.close()

    for _ in range(5):
        with ThreadPoolExecutor(2) as threads:
            waiting = [threads.submit(copy_context().run, send) for _ in range(2)]
            [first], [second] = [one.result(timeout=60) for one in waiting]
        assert first == second
    assert StoredFile.objects.count() == 1
    assert kept(folder) == [f"{SHA[:2]}/{SHA}"]


@pytest.mark.django_db(transaction=True)
def test_a_sweep_and_an_upload_at_once_never_leave_a_row_without_its_file(officer: User, folder: Path) -> None:
    start = Barrier(2)

    def run(act: Any) -> None:
        try:
            start.wait(timeout=20)
            act()
        finally:
            connection.close()

    for number in range(8):
        # An orphan of the same content, old enough to be swept.
        StoredFile.objects.all().delete()
        files.store(uploads=[upload(f"before {number}.pdf")], by=officer)
        StoredFile.objects.all().delete()
        aged(files.place_of(SHA))
        sweep = lambda: files.sweep(clock.now())  # noqa: E731
        send = lambda number=number: files.store(uploads=[upload(f"{number}.pdf")], by=officer)  # noqa: E731
        with ThreadPoolExecutor(2) as threads:
            waiting = [threads.submit(copy_context().run, run, act) for act in (sweep, send)]
            for one in waiting:
                one.result(timeout=60)
        assert files.content_of(StoredFile.objects.get()) == PDF
