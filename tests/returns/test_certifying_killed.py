"""Certifying that is killed on its way, wherever that is: the whole certified return is there, or none of it.

What is certified here is a revision whose claim was withdrawn, since it has every effect that there is: files,
signature, claim with parts and lines, history, events, and the revision before it superseded.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from board import clock
from board.models import Event
from funding.models import Claim, ClaimLine, ClaimPart
from returns import certifying, files
from returns.auditing import self_audit
from returns.models import Document, Return, Signature
from tests.returns.scenes import LATE_JULY, Scene

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("quick_pdf"),
    # What dies while it reads leaves its cursor on the server open.
    pytest.mark.filterwarnings("ignore:.*ServerCursorMixin:pytest.PytestUnraisableExceptionWarning"),
]
ROOT = Path(__file__).resolve().parents[2]
WRITES = ("INSERT", "UPDATE", "DELETE")


class Killed(BaseException):
    """No error that anything catches."""


@pytest.fixture
def checked(scene: Scene) -> Iterator[Scene]:
    """A revision, prepared and checked, whose claim the funder sent back unpaid."""
    first = scene.certified()
    with clock.at(LATE_JULY):
        row = certifying.revise(the_return=first, reason="A result was wrong", withdraw_claim=True, by=scene.finance)
        certifying.prepare(the_return=row, by=scene.finance)
        certifying.check(the_return=row, by=scene.commissioning)
        yield scene


def record() -> dict[str, set[Any]]:
    """Every row of every table."""
    return {
        model._meta.db_table: {tuple(map(_plain, row)) for row in model._base_manager.values_list()}
        for model in apps.get_models(include_auto_created=True)
    }


def _plain(value: Any) -> str:
    return repr(bytes(value) if isinstance(value, memoryview) else value)


def assert_wholly_certified() -> None:
    first, second = Return.objects.order_by("revision")
    assert (first.status, second.status) == (Return.Status.SUPERSEDED, Return.Status.CERTIFIED)
    assert second.certified_at is not None
    documents = Document.objects.filter(the_return=second)
    assert {row.format for row in documents} == {"json", "xlsx", "pdf"}
    assert {row.act for row in Signature.objects.filter(the_return=second)} == {"prepare", "check", "certify"}
    claim = Claim.objects.in_force().get()
    assert (claim.reference, claim.content_hash) == (second.reference, second.content_hash)
    assert ClaimPart.objects.filter(claim=claim).count() == 1
    assert ClaimLine.objects.filter(part__claim=claim, in_force=True).count() == 4
    for row, act in ((second, "return.certify"), (first, "return.supersede"), (claim, "claim.certify")):
        assert Event.objects.filter(act=act, subject=row.reference).count() == 1
    assert second.history.filter(status="certified").count() == first.history.filter(status="superseded").count() == 1
    assert self_audit().differences == ()


def _dies_in_turn(checked: Scene, monkeypatch: pytest.MonkeyPatch, *, reads: bool) -> list[str]:
    """Die before each statement in turn, until certifying passes; the first words of those statements.

    Without `reads` only before what is no SELECT, and before the first one after each such.
    """
    the_return = Return.objects.get(status=Return.Status.CHECKED)
    # The clock stands, so that the files are the same each time.
    monkeypatch.setattr(files, "render", cache(files.render))
    before = record()
    died_at: list[str] = []
    assert self_audit().differences == ()
    number = passed = 0
    last = word = ""

    def dies(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        nonlocal passed, last, word
        last, word = word, sql.split(None, 1)[0]
        passed += reads or "SELECT" not in (word, last) or word != last
        if passed == number:
            # The statements that undo it go through.
            passed += 1
            died_at.append(word)
            raise Killed
        return execute(sql, *rest)

    while not the_return.is_frozen:
        passed, last, word = 0, "", ""
        number += 1
        try:
            with connection.execute_wrapper(dies):
                the_return = certifying.certify(the_return=the_return, by=checked.cfo)
        except Killed:
            the_return.refresh_from_db()
            assert the_return.is_frozen or record() == before, died_at
    assert_wholly_certified()
    return died_at


def test_certifying_that_dies_at_a_write_leaves_the_whole_return_or_nothing(
    checked: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    died_at = _dies_in_turn(checked, monkeypatch, reads=False)
    # Signature, three files, claim with part and lines, two returns with their history, and three events.
    assert sum(word in WRITES for word in died_at) >= 14, died_at


@pytest.mark.deep
def test_certifying_that_dies_at_any_statement_leaves_the_whole_return_or_nothing(
    checked: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(_dies_in_turn(checked, monkeypatch, reads=True)) > 200


class Child:
    """The process that is killed; see tests/returns/killing.py."""

    def __init__(self) -> None:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": "for tests alone" * 4}
        connection.close()
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-m", "tests.returns.killing", str(connection.settings_dict["NAME"])],
            cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def dies_at(self, number: int, sort: str) -> tuple[str, list[str]]:
        """How it ended, and what had come by before: the first word of each statement, `file` for each file."""
        # A process that is killed holds nothing of ours.
        connection.close()
        self.process.stdin.write(f"{number} {sort}\n")
        self.process.stdin.flush()
        end, *said = self.process.stdout.readline().split()
        return end, said


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child()
    yield made
    made.process.stdin.close()
    made.process.wait(timeout=60)
    made.process.stdout.close()


def _dies_at_each(child: Child, *, everywhere: bool) -> None:
    """Not `everywhere`: before each write, and before the first, a middle and the last of the rest and of the files."""
    before = record()
    assert self_audit().differences == ()
    end, came_by = child.dies_at(1, "before commit")
    assert end == "killed" and record() == before
    statements = [word for word in came_by if word != "file"]
    writes = [number for number, word in enumerate(statements, 1) if word in WRITES]
    assert len(writes) >= 14, statements
    places = []
    # The workbook is made by way of files of the machine.
    for sort, most, always in (("statement", len(statements), writes), ("file", came_by.count("file"), [])):
        some = {1, most // 2, most, *always} - {0}
        places += [(number, sort) for number in (range(1, most + 1) if everywhere else sorted(some)) if number <= most]
    for number, sort in places:
        end, _ = child.dies_at(number, sort)
        assert (end, record() == before) == ("killed", True), (number, sort)
    # What was committed stays, though nobody was told.
    end, _ = child.dies_at(1, "after commit")
    assert end == "killed"
    assert_wholly_certified()


def test_a_process_that_is_killed_leaves_the_whole_return_or_nothing(checked: Scene, child: Child) -> None:
    _dies_at_each(child, everywhere=False)


@pytest.mark.deep
def test_a_process_that_is_killed_anywhere_leaves_the_whole_return_or_nothing(checked: Scene, child: Child) -> None:
    _dies_at_each(child, everywhere=True)
