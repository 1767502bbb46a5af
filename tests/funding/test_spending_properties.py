"""Whatever is split, reversed or credited, on either database, sums to the whole and ends at nought."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.control import assume

from board import clock
from core.money import NOUGHT
from funding.models import SpendLine, Transaction
from funding.spending import Charge, credit, remaining_by_line, reverse
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
PROJECTS = ("CHB", "SIS", "GDM")

pence = st.integers(1, 5_000_000).map(lambda value: Decimal(value).scaleb(-2))
# Three shares in hundredths of a per cent that make up 100.
shares = st.tuples(st.integers(1, 9_998), st.integers(1, 9_998)).map(
    lambda pair: tuple(Decimal(part).scaleb(-2) for part in (*sorted(pair), 10_000))
)
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Undo(Exception):
    """Ends one example, so that the next starts from the same rows."""


@pytest.fixture
def money() -> Iterator[Money]:
    with clock.at(date(2023, 7, 5)):
        yield factories.money(factories.programme())


def charges(money: Money, cuts: tuple[Decimal, ...]) -> list[Charge]:
    first, second, whole = cuts
    assume(first < second)
    percents = (first, second - first, whole - second)
    return [
        Charge(money.line(project), money.quarter(), percent=percent)
        for project, percent in zip(PROJECTS, percents, strict=True)
    ]


def each_example(body: object) -> None:
    try:
        with transaction.atomic():
            body()
            raise Undo
    except Undo:
        pass


@quick
@given(net=pence, vat_percent=st.integers(0, 20), kept=st.integers(0, 100), cuts=shares)
def test_a_split_sums_to_net_and_to_cost(money: Money, net: Decimal, vat_percent: int, kept: int, cuts: tuple) -> None:
    def body() -> None:
        vat = (net * vat_percent / 100).quantize(Decimal("0.01"))
        recovered = (vat * kept / 100).quantize(Decimal("0.01"))
        entry = money.record(str(net), *charges(money, cuts), vat=vat, recoverable_vat=recovered)
        lines = list(entry.lines.all())
        assert entry.cost == net + vat - recovered
        assert sum(line.cost for line in lines) == entry.cost
        assert sum(line.net for line in lines) == entry.net
        assert SpendLine.objects.in_force().total() == entry.cost

    each_example(body)


@quick
@given(cost=pence, cuts=shares)
def test_a_reversal_leaves_nothing_on_any_line(money: Money, cost: Decimal, cuts: tuple) -> None:
    def body() -> None:
        entry = money.record(str(cost), *charges(money, cuts))
        reverse(original=entry, quarter=money.quarter(), reason="Paid twice", by=money.finance)
        assert remaining_by_line(entry) == [NOUGHT] * 3
        assert SpendLine.objects.in_force().total() == NOUGHT
        assert sum(row.net for row in Transaction.objects.all()) == NOUGHT

    each_example(body)


@quick
@given(
    net=pence,
    vat_percent=st.integers(0, 20),
    kept=st.integers(0, 100),
    cuts=shares,
    steps=st.lists(st.integers(1, 100), min_size=1, max_size=5),
)
def test_partial_credits_never_pass_a_line_and_end_at_exactly_nought(
    money: Money, net: Decimal, vat_percent: int, kept: int, cuts: tuple, steps: list[int]
) -> None:
    def body() -> None:
        vat = (net * vat_percent / 100).quantize(Decimal("0.01"))
        recovered = (vat * kept / 100).quantize(Decimal("0.01"))
        entry = money.record(str(net), *charges(money, cuts), vat=vat, recoverable_vat=recovered)
        left = entry.cost
        for step in steps:
            amount = (left * step / 100).quantize(Decimal("0.01"))
            if not 0 < amount <= left:
                continue
            mirror = credit(
                original=entry,
                quarter=money.quarter(),
                amount=amount,
                document_number="CN",
                reason="Returned",
                by=money.finance,
            )
            assert sum(line.cost for line in mirror.lines.all()) == -amount
            assert sum(line.net for line in mirror.lines.all()) == mirror.net
            left -= amount
            assert all(remaining >= 0 for remaining in remaining_by_line(entry))
        if left:
            credit(
                original=entry,
                quarter=money.quarter(),
                amount=left,
                document_number="CN",
                reason="Returned",
                by=money.finance,
            )
        assert remaining_by_line(entry) == [NOUGHT] * 3
        # Net, VAT and what is recovered of it come to nought too, over all and on each line.
        for figure in ("net", "vat", "recoverable_vat"):
            assert sum(getattr(row, figure) for row in Transaction.objects.all()) == NOUGHT
        for line in entry.lines.all():
            assert sum(row.net for row in SpendLine.objects.filter(number=line.number)) == NOUGHT

    each_example(body)
