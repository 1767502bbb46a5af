"""The same ledger committed by two officers in the same moment: on SQLite and on PostgreSQL no penny twice."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from core.problems import Refused
from funding.ledger_commit import commit, undo
from funding.models import LedgerImport, LedgerRow, SpendLine, Transaction
from tests import factories
from tests.factories import Money
from tests.funding.test_ledger_import import add, loaded, staged

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture
def ready(transactional_db: None, settings: Any) -> Money:
    # A thread does not inherit the moment of clock.at, so the setting dates this test.
    settings.FIXED_DATE = date(2023, 7, 5)
    return factories.money(factories.programme())


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """What each act said: "done", or why it was refused."""
    together, said = Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        together.wait()
        try:
            act()
            said.append("done")
        except Refused as refusal:
            said.append(str(refusal))
        except Exception as error:  # A test that swallows an error proves nothing.
            said.append(f"broke: {error!r}")
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


@pytest.mark.parametrize("turn", range(3))
def test_two_imports_of_one_file_load_it_once(ready: Money, turn: int) -> None:
    first, second = staged(ready), staged(ready)
    for found in (first, second):
        add(ready, found)
    said = at_once(*(lambda found=found: commit(ledger_import=found, by=ready.finance) for found in (first, second)))
    assert sorted(word == "done" for word in said) == [False, True], said
    assert not [word for word in said if word.startswith("broke")], said
    assert SpendLine.objects.in_force().total() == D("3399.98")
    assert Transaction.objects.count() == LedgerRow.objects.filter(in_force=True).count() == 5


def test_one_import_committed_twice_is_written_once(ready: Money) -> None:
    found = staged(ready)
    add(ready, found)
    said = at_once(*[lambda: commit(ledger_import=found, by=ready.finance)] * 2)
    assert sorted(said, reverse=True)[0] == "done" and "is committed already" in "".join(said), said
    assert SpendLine.objects.in_force().total() == D("3399.98")


def test_one_import_undone_twice_is_undone_once(ready: Money) -> None:
    done = loaded(ready)
    said = at_once(*[lambda: undo(ledger_import=done, reason="Wrong", by=ready.finance)] * 2)
    assert "done" in said and "there is nothing to undo" in "".join(said), said
    assert SpendLine.objects.in_force().total() == D("0.00")
    assert LedgerImport.objects.get().status == "undone"
