"""A programme's money by project: each role its own sources, money and in-kind match apart."""

from datetime import date
from decimal import Decimal

import pytest

from board import clock
from board.models import User
from config.overview import ProjectMoney, years_of
from funding.models import Transaction
from funding.spending import Charge
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
JULY = date(2023, 7, 5)


@pytest.fixture
def money() -> Money:
    """The grant pays £100.00 for The Change Hub, the council £7.00 and two hours at £25.00."""
    with clock.at(JULY):
        found = factories.money(factories.programme())
        found.record("100.00")
        council = found.council_finance
        found.record("7.00", Charge(found.line(source=found.ecc_cash), found.quarter()), by=council)
        charge = Charge(found.line("SIS", "staff", source=found.ecc_in_kind), found.quarter())
        found.record("50.00", charge, by=council, kind=Transaction.Kind.IN_KIND, quantity_hundredths=200)
    return found


def shown(money: Money, user: User, today: date = JULY) -> dict[str, list[ProjectMoney]]:
    return {caption: rows for _, caption, rows in years_of(money.programme, user, today=today)}


def spent(project: str, actual: str) -> ProjectMoney:
    return ProjectMoney(project, D("0.00"), D(actual), -D(actual), D(actual))


def test_a_board_member_sees_all_money_by_project_and_in_kind_match_apart(money: Money) -> None:
    assert shown(money, factories.person("board-member", "setdab")) == {
        "2023-24, up to Q2 2023-24: all money": [spent("The Change Hub", "107.00")],
        "2023-24, up to Q2 2023-24: Essex in-kind": [spent("Specialist Intervention Service", "50.00")],
    }


def test_a_council_sees_its_own_match_alone(money: Money) -> None:
    assert shown(money, money.council_finance) == {
        "2023-24, up to Q2 2023-24: Essex County Council cash": [spent("The Change Hub", "7.00")],
        "2023-24, up to Q2 2023-24: Essex in-kind": [spent("Specialist Intervention Service", "50.00")],
    }
    assert shown(money, factories.person("finance-officer", "thurrock")) == {}


def test_a_year_that_has_not_begun_is_not_shown(money: Money) -> None:
    officer = money.finance
    assert {caption[:7] for caption in shown(money, officer)} == {"2023-24"}
    assert {caption[:7] for caption in shown(money, officer, date(2024, 4, 1))} == {"2023-24", "2024-25"}
    assert shown(money, officer, date(2023, 3, 31)) == {}
