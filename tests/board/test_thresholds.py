"""A programme's own values of rules, from their day on."""

from datetime import date
from decimal import Decimal

import pytest

from board.models import Programme, Threshold
from board.thresholds import DEFAULTS, threshold
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rule", sorted(DEFAULTS))
def test_every_rule_has_a_value_from_the_start(programme: Programme, rule: str) -> None:
    assert threshold(programme, rule, date(2023, 4, 1)) == DEFAULTS[rule]


def test_a_programmes_own_value_holds_from_its_day_and_the_latest_wins(programme: Programme) -> None:
    for day, value in ((date(2023, 6, 30), 100000), (date(2024, 4, 1), 250050)):
        Threshold.objects.create(programme=programme, rule="virement-amount", value=value, from_date=day)
    assert threshold(programme, "virement-amount", date(2023, 6, 29)) == Decimal("10000.00")
    assert threshold(programme, "virement-amount", date(2023, 6, 30)) == Decimal("1000.00")
    assert threshold(programme, "virement-amount", date(2024, 3, 31)) == Decimal("1000.00")
    assert threshold(programme, "virement-amount", date(2024, 4, 1)) == Decimal("2500.50")


def test_another_programmes_value_is_not_ours(programme: Programme) -> None:
    other = factories.programme("DAPF-2020-23", date(2020, 4, 1), date(2023, 3, 31))
    Threshold.objects.create(programme=other, rule="virement-amount", value=1, from_date=date(2020, 4, 1))
    assert threshold(programme, "virement-amount", date(2023, 7, 1)) == DEFAULTS["virement-amount"]


def test_a_rule_that_there_is_not_is_an_error(programme: Programme) -> None:
    with pytest.raises(KeyError):
        threshold(programme, "no-such-rule", date(2023, 7, 1))
