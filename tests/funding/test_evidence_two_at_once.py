"""Two who attach, restrict or sweep at the same moment: nothing twice, nothing open that is restricted, none alone."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from board import clock, files
from board.models import StoredFile
from core.problems import Refused
from funding.evidence import Attachment, attach
from funding.models import Evidence, Transaction
from tests.evidence_files import PDF, upload
from tests.factories import Money
from tests.funding.test_two_at_once import TIMES, at_once, done, money

__all__ = ["money"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_FOLDER = tmp_path


def sent(money: Money, number: int, name: str = "a.pdf") -> StoredFile:
    return files.store(uploads=[upload(name, PDF + b"\n" * number)], by=money.finance).files[0]


def attached(file: StoredFile, entry: Transaction, money: Money) -> list[Evidence]:
    one = Attachment(file, [entry], "invoice")
    return attach(attachments=[one], confirmed_no_names=True, by=money.finance)


def test_one_file_is_attached_to_an_entry_once(money: Money) -> None:
    for number in range(TIMES):
        entry, file = money.record("900.00", document_number=str(number)), sent(money, number)
        act = lambda file=file, entry=entry: attached(file, entry, money)  # noqa: E731
        assert len(done(at_once(act, act))) == 2
        assert Evidence.objects.filter(transaction=entry).count() == 1


def test_one_content_sent_twice_is_attached_once_and_the_other_is_told(money: Money) -> None:
    for number in range(TIMES):
        entry = money.record("900.00", document_number=str(number))
        acts = [
            lambda file=file, entry=entry: attached(file, entry, money)
            for file in (sent(money, number, "one.pdf"), sent(money, number, "two.pdf"))
        ]
        results = at_once(*acts)
        assert len(done(results)) == 1
        [refused] = [one for one in results if isinstance(one, Refused)]
        assert "is attached to" in str(refused)


def test_a_content_attached_to_pay_and_elsewhere_at_once_is_restricted_in_both(money: Money) -> None:
    for number in range(TIMES):
        plain = money.record("900.00", document_number=str(number))
        pay = money.record("700.00", supplier_name="", basis="Half a post", document_number=f"P{number}")
        acts = [
            lambda file=file, entry=entry: attached(file, entry, money)
            for file, entry in ((sent(money, number, "one.pdf"), plain), (sent(money, number, "two.pdf"), pay))
        ]
        assert len(done(at_once(*acts))) == 2
        assert set(Evidence.objects.filter(transaction__in=[plain, pay]).values_list("restricted", flat=True)) == {True}


def test_a_sweep_never_takes_what_is_being_attached(money: Money) -> None:
    for number in range(TIMES):
        entry, file = money.record("900.00", document_number=str(number)), sent(money, number)
        later = clock.now() + timedelta(days=2)
        at_once(lambda later=later: files.sweep(later), lambda file=file, entry=entry: attached(file, entry, money))
        kept = Evidence.objects.filter(transaction=entry).first()
        assert StoredFile.objects.filter(pk=file.pk).exists() == (kept is not None)
        if kept is not None:
            assert files.content_of(kept.file)
