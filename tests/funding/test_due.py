"""What a finance officer has to do: declare what their organisation keeps, of quarters that have ended."""

from datetime import date

import pytest

from board import clock
from board.models import User
from core.due import Due
from funding.declaring import declare
from funding.due import due
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
JULY = date(2023, 7, 5)


@pytest.fixture
def money() -> Money:
    with clock.at(JULY):
        return factories.money(factories.programme())


def asked(user: User, day: date = JULY) -> list[Due]:
    with clock.at(day):
        return list(due(user, today=day, moment=clock.now()))


def test_each_source_that_the_organisation_keeps_is_asked_for_when_the_quarter_has_ended(money: Money) -> None:
    [grant] = asked(money.finance)
    assert grant.words == f"Record and declare Home Office grant for {money.quarter()}"
    assert grant.due_on == money.quarter().check_due_on
    assert [row.words.split(" for ")[0] for row in asked(money.council_finance)] == [
        "Record and declare Essex County Council cash",
        "Record and declare Essex in-kind",
    ]


def test_nothing_is_asked_while_the_quarter_runs_nor_of_others(money: Money) -> None:
    assert asked(money.finance, date(2023, 6, 30)) == []
    for kind, organisation in (("finance-officer", "thurrock"), ("commissioning-officer", "pfcc"), ("cfo", "ecc")):
        assert asked(factories.person(kind, organisation)) == []


def test_what_is_declared_is_done_and_each_quarter_is_asked_for_by_itself(money: Money) -> None:
    with clock.at(JULY):
        declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)
    assert asked(money.finance) == []
    assert [row.key for row in asked(money.finance, date(2023, 10, 2))] == [
        f"declare/{money.programme.code}/GRANT/2023-24-Q2"
    ]
