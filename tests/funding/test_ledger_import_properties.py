"""Whatever is chosen of a ledger sums to the penny, and no row is ever loaded twice."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from board import clock
from core.money import pounds
from core.problems import Refused
from funding.ledger_commit import commit, undo
from funding.ledger_import import Change, Decision, decide, stage
from funding.ledger_matching import Occurrences, fingerprint
from funding.models import SpendLine, Transaction
from tests import factories
from tests.funding.conftest import JULY
from tests.funding.test_ledger_import import ledger

D = Decimal
# Few names, numbers and days, so that twins and near twins are common.
ROWS = st.lists(
    st.tuples(
        st.integers(0, 80),
        st.sampled_from(["A Ltd", "a  ltd", "B & Sons"]),
        st.sampled_from(["", "1", "2"]),
        st.integers(-500, 100_000).map(pounds),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def file_of(rows: list[tuple]) -> bytes:
    days = [date(2023, 4, 13) + timedelta(days=row[0]) for row in rows]
    lines = [
        (f"{day:%d %B %Y}", "", name, number, "x", f"{amount:.2f}")
        for day, (_, name, number, amount, _) in zip(days, rows, strict=True)
    ]
    return ledger(lines)


class LedgerImportProperties(TestCase):
    """Each example runs in a transaction of its own."""

    def begin(self) -> None:
        with clock.at(JULY):
            self.money = factories.money(factories.programme())
            self.coded = Change(budget_line=self.money.line(), quarter=self.money.quarter(), reason="A real one")

    def load(self, data: bytes, positions: list[int] | None = None) -> Any:
        found = stage(data=data, file_name="ledger.csv", by=self.money.finance)
        rows = found.rows.all() if positions is None else found.rows.filter(position__in=positions)
        decide(
            ledger_import=found, among=rows, decision=Decision.ADD, by=self.money.finance, change=self.coded
        )  # fmt: skip
        return commit(ledger_import=found, by=self.money.finance)

    @settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
    @given(ROWS)
    def test_any_subset_sums_to_the_penny_and_comes_back_to_nought(self, rows: list[tuple]) -> None:
        self.begin()
        chosen = [number for number, row in enumerate(rows, start=1) if row[4]]
        with clock.at(JULY):
            if not chosen:
                with pytest.raises(Refused):
                    self.load(file_of(rows), [])
                return
            done = self.load(file_of(rows), chosen)
            wanted = sum((row[3] for row in rows if row[4]), D("0.00"))
            assert done.total_added == wanted == SpendLine.objects.in_force().total()
            assert Transaction.objects.count() == len(chosen) == done.rows.count()
            undo(ledger_import=done, reason="Again", by=self.money.finance)
            assert SpendLine.objects.in_force().total() == D("0.00")

    @settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
    @given(ROWS, ROWS)
    def test_overlapping_files_load_every_row_once(self, first: list[tuple], more: list[tuple]) -> None:
        self.begin()
        with clock.at(JULY):
            self.load(file_of(first))
            again = stage(data=file_of(first), file_name="again.csv", by=self.money.finance)
            assert set(again.rows.values_list("decision", flat=True)) == {Decision.LOADED}
            # Rows that are in both files count once; the second file may hold more of the same.
            self.load(file_of([*first, *more]))
            wanted = sum((row[3] for row in [*first, *more]), D("0.00"))
            assert SpendLine.objects.in_force().total() == wanted


@given(st.text(), st.text(), st.dates(), st.integers(-(10**11), 10**11).map(pounds), st.integers(1, 9))
def test_a_fingerprint_tells_every_part(supplier: str, document: str, day: date, amount: Decimal, nth: int) -> None:
    one = fingerprint(supplier, document, day, amount, nth)
    assert one == fingerprint(f"  {supplier.upper().lower()} ", document, day, amount, nth) or supplier.casefold() != (
        supplier.upper().lower().casefold()
    )
    others = [
        fingerprint(supplier, document, day, amount + D("0.01"), nth),
        fingerprint(supplier, document, day, amount, nth + 1),
        fingerprint(supplier, document, None, amount, nth),
        fingerprint(supplier, f"{document}x", day, amount, nth),
        fingerprint(f"{supplier}x", document, day, amount, nth),
    ]
    assert one not in others and len(set(others)) == 5


def test_likes_are_counted_by_what_the_fingerprint_sees() -> None:
    seen, day = Occurrences(), date(2023, 4, 3)
    asked = [("A Ltd", "1"), ("a  LTD", "1"), ("A Ltd", "2"), ("A Ltd", "1")]
    assert [seen.of(supplier, document, day, D("1.00")) for supplier, document in asked] == [1, 2, 1, 3]
