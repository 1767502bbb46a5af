"""Money: splits that always sum, credits that reach exactly nought, amounts as people type them, stored pence."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db.models import F, Sum
from hypothesis import given
from hypothesis import strategies as st

from core.money import (
    LARGEST,
    NOUGHT,
    MoneyFormField,
    PenceField,
    apportion,
    apportion_over_remaining,
    in_words,
    is_over_percent,
    pence,
    percent,
    pounds,
    read_amount,
    round_to_penny,
)
from tests import factories

D = Decimal
amounts = st.integers(-(10**11), 10**11).map(pounds)
credits = st.integers(0, 10**9).map(pounds)
weights = st.lists(st.decimals(0, 1000, places=4), min_size=1, max_size=8).filter(any)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [("0.25", "100.00", "0.3"), ("-0.25", "100.00", "-0.3"), ("1.00", "3.00", "33.3"), ("0.00", "3.00", "0.0")],
)
def test_a_percentage_is_rounded_to_one_decimal_with_halves_away_from_nought(part: str, whole: str, shown: str) -> None:
    assert percent(D(part), D(whole)) == D(shown)


def test_there_is_no_percentage_of_nothing() -> None:
    assert percent(D("5.00"), NOUGHT) is None
    assert is_over_percent(D("0.01"), NOUGHT, D(10)) and not is_over_percent(NOUGHT, NOUGHT, D(10))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_limit_in_per_cent_is_compared_to_the_penny(sign: int) -> None:
    """10,000.01 of 100,000 reads as 10.0%, and is over 10%."""
    assert is_over_percent(sign * D("10000.01"), D("100000.00"), D(10))
    assert not is_over_percent(sign * D("10000.00"), D("100000.00"), D(10))


@given(amounts, weights)
def test_the_parts_sum_to_the_whole(amount: Decimal, by: list[Decimal]) -> None:
    assert sum(apportion(amount, by), NOUGHT) == amount


@given(amounts, weights)
def test_a_negative_amount_splits_as_the_mirror_of_the_positive(amount: Decimal, by: list[Decimal]) -> None:
    assert apportion(-amount, by) == [-part for part in apportion(amount, by)]


@given(amounts, weights)
def test_each_part_is_within_a_penny_of_its_share(amount: Decimal, by: list[Decimal]) -> None:
    for part, weight in zip(apportion(amount, by), by, strict=True):
        assert abs(part * sum(by) - amount * weight) < D("0.01") * sum(by)


@given(amounts, weights)
def test_what_weighs_nothing_gets_nothing(amount: Decimal, by: list[Decimal]) -> None:
    assert all(part == 0 for part, weight in zip(apportion(amount, by), by, strict=True) if weight == 0)


def test_the_larger_remainder_takes_the_penny_and_the_earlier_part_where_they_tie() -> None:
    assert apportion(D("1.00"), [1, 1, 1]) == [D("0.34"), D("0.33"), D("0.33")]
    assert apportion(D("0.02"), [1, 1, 1]) == [D("0.01"), D("0.01"), D("0.00")]
    assert apportion(D("100.01"), [D(80), D(10), D(5), D(5)]) == [D("80.01"), D("10.00"), D("5.00"), D("5.00")]


@pytest.mark.parametrize("by", [[], [D(0)], [D(1), D(-1)]])
def test_weights_that_cannot_split_are_refused(by: list[Decimal]) -> None:
    with pytest.raises(ValueError, match="Weights"):
        apportion(D("1.00"), by)


def test_an_amount_finer_than_a_penny_is_not_split() -> None:
    with pytest.raises(ValueError, match="more than two decimal places"):
        apportion(D("1.001"), [1])


@given(st.lists(credits, min_size=1, max_size=6).filter(any), st.data())
def test_partial_credits_reach_exactly_nought_and_never_pass_it(lines: list[Decimal], data: st.DataObject) -> None:
    remaining = list(lines)
    while sum(remaining):
        left = sum(remaining, NOUGHT)
        # A few random credits, and then the rest.
        amount = pounds(data.draw(st.integers(1, pence(left)))) if data.draw(st.booleans()) else left
        parts = apportion_over_remaining(-amount, remaining)
        assert sum(parts, NOUGHT) == -amount
        remaining = [line + part for line, part in zip(remaining, parts, strict=True)]
        assert all(line >= 0 for line in remaining)
    assert remaining == [NOUGHT] * len(lines)


def test_a_credit_larger_than_what_remains_is_refused() -> None:
    with pytest.raises(ValueError, match="larger than what remains"):
        apportion_over_remaining(D("-3.01"), [D("1.00"), D("2.00")])


@given(amounts)
def test_pence_and_pounds_are_each_others_inverse(amount: Decimal) -> None:
    assert pounds(pence(amount)) == amount


@given(amounts)
def test_what_is_shown_can_be_typed_back(amount: Decimal) -> None:
    if abs(amount) <= LARGEST:
        assert read_amount(in_words(amount)) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.50"), ("£1,234.50", "1234.50"), (" 12 ", "12.00"), (".5", "0.50"), ("5.", "5.00"),
        ("(12.00)", "-12.00"), ("(£12.00)", "-12.00"), ("12.00-", "-12.00"), ("-12", "-12.00"), ("−3", "-3.00"),
        ("-£3", "-3.00"), ("£-3", "-3.00"), ("+3", "3.00"), ("0", "0.00"), ("1,000,000.00", "1000000.00"),
        ("999999999.99", "999999999.99"), ("12.340", "12.34"),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_type_them(text: str, amount: str) -> None:
    assert read_amount(text) == D(amount)
    assert str(read_amount(text)) == amount


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not an amount"), ("ten", "is not an amount"), ("1,23.00", "is not an amount"),
        ("12,34", "is not an amount"), ("1.2.3", "is not an amount"), ("--5", "more than one sign"),
        ("£", "is not an amount"), (".", "is not an amount"), ("1e5", "is not an amount"), ("€5", "is not an amount"),
        ("12.345", "more than two decimal places"), ("0.001", "more than two decimal places"),
        ("1000000000", "too large"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_amount(text)


@pytest.mark.parametrize(
    ("amount", "words"),
    [("1234.5", "£1,234.50"), ("-0.01", "−£0.01"), ("0", "£0.00"), (None, "")],
)
def test_amounts_are_shown_with_a_pound_commas_and_a_true_minus(amount: str | None, words: str) -> None:
    assert in_words(D(amount) if amount is not None else None) == words


@pytest.mark.parametrize(("value", "penny"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("0.0049", "0.00")])
def test_rates_round_halves_away_from_nought(value: str, penny: str) -> None:
    assert round_to_penny(D(value)) == D(penny)


class TestMoneyFormField:
    def test_it_reads_pounds_and_leaves_an_empty_box_empty(self) -> None:
        assert MoneyFormField().clean("£1,000") == D("1000.00")
        assert MoneyFormField(required=False).clean("  ") is None

    @pytest.mark.parametrize(("text", "words"), [("12.345", "two decimal places"), ("0.99", "£1.00 or more")])
    def test_it_refuses_in_words(self, text: str, words: str) -> None:
        with pytest.raises(ValidationError, match=words):
            MoneyFormField(min_value=D("1.00")).clean(text)


class TestPenceField:
    def test_it_refuses_floats_and_fractions_of_a_penny(self) -> None:
        field = PenceField()
        with pytest.raises(ValidationError):
            field.to_python(1.1)
        with pytest.raises(ValidationError, match="Enter whole pence"):
            field.validate(D("1.001"), None)
        with pytest.raises(ValidationError):
            field.validate(LARGEST + D("0.01"), None)

    @pytest.mark.django_db
    def test_the_database_sums_and_compares_exactly(self) -> None:
        from contracts.models import ContractValue

        programme = factories.programme()
        contract = factories.contract(programme)
        years = list(programme.years.all())
        projects = list(programme.projects.exclude(code="unallocated"))
        for year, project, amount in (
            (years[0], projects[0], "1.61"), (years[0], projects[1], "0.32"), (years[1], projects[0], "0.10"),
        ):  # fmt: skip
            ContractValue.objects.create(contract=contract, project=project, year=year, amount=D(amount))
        rows = ContractValue.objects.all()
        assert rows.aggregate(total=Sum("amount"))["total"] == D("2.03")
        assert rows.filter(amount__gt=D("0.31")).count() == 2
        assert rows.filter(amount=D("0.10")).count() == 1
        assert str(rows.get(amount=D("0.10")).amount) == "0.10"

    @pytest.mark.django_db
    def test_arithmetic_that_names_no_unit_is_refused_not_wrong(self) -> None:
        from contracts.models import ContractValue

        doubled = F("amount") + F("amount")
        with pytest.raises(FieldError):
            ContractValue.objects.aggregate(total=Sum(doubled))

    @pytest.mark.django_db
    def test_history_keeps_the_same_pence(self) -> None:
        from tests.factories import Money

        money = Money(factories.programme())
        from board import clock

        with clock.at(date(2023, 7, 5)):
            entry = money.record("12345.67")
        assert entry.history.get().net == D("12345.67")
