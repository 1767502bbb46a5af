"""The arithmetic of a claim, by the worked examples that the board settled it with."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.money import NOUGHT
from funding.claim_arithmetic import YearFigures, lapsing, work_out

AWARD = Decimal("600000.00")


def pounds(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.01"))


def part(claimable: str, certified: str = "0", disallowed: str = "0", *, final: bool = False, award: Decimal = AWARD):
    figures = YearFigures(award, pounds(claimable), pounds(disallowed), pounds(certified))
    return work_out(figures, may_be_negative=final)


def test_a_disallowed_amount_is_deducted_once_and_new_lines_are_claimed_in_full() -> None:
    """Q1 certified 50,000, 2,000 of it disallowed; 52,000 of new lines in Q2."""
    found = part("102000", certified="50000", disallowed="2000")
    assert found.eligible_to_date == pounds("100000")
    assert found.claimed_before == pounds("48000")
    assert found.amount == pounds("52000")


def test_an_accrual_trued_up_by_a_dearer_invoice_is_claimed_in_the_final_claim() -> None:
    assert part("592000", certified="590000", final=True).amount == pounds("2000")


def test_an_accrual_trued_up_by_a_cheaper_invoice_is_a_repayment_due() -> None:
    found = part("587000", certified="590000", final=True)
    assert found.amount == pounds("-3000")
    assert found.repayment_due == pounds("3000")


def test_a_quarter_below_nought_is_certified_at_nought_and_its_credit_carried() -> None:
    """Certified 450,000; Q4 lines −20,000 + 15,000."""
    found = part("445000", certified="450000")
    assert (found.amount, found.credit_carried) == (NOUGHT, pounds("5000"))


def test_the_next_part_nets_the_carried_credit_by_itself() -> None:
    """The closing period adds 1,000 to the 445,000: the final claim is −4,000."""
    assert part("446000", certified="450000", final=True).amount == pounds("-4000")


def test_spend_beyond_the_award_is_a_row_of_its_own() -> None:
    found = part("610000")
    assert (found.amount, found.beyond_award) == (AWARD, pounds("10000"))


def test_the_next_year_starts_from_nought() -> None:
    assert part("5000").amount == pounds("5000")


def test_other_spend_may_take_a_disallowed_amounts_place_only_where_it_is_replaceable() -> None:
    figures = YearFigures(AWARD, pounds("610000"), pounds("2000"), pounds("600000"))
    assert work_out(figures, may_be_negative=True).amount == pounds("2000")
    assert work_out(figures, may_be_negative=True, replaceable=False).amount == NOUGHT


def test_the_balance_that_nobody_will_be_paid_lapses() -> None:
    assert lapsing(AWARD, pounds("590000")) == pounds("10000")
    assert lapsing(AWARD, AWARD) == NOUGHT


pence_amounts = st.integers(-5_000_000, 9_000_000).map(lambda value: Decimal(value).scaleb(-2))


@given(quarters=st.lists(pence_amounts, min_size=5, max_size=5), award=st.integers(0, 20_000_000))
def test_all_parts_of_a_year_sum_to_what_is_eligible_in_the_end(quarters: list[Decimal], award: int) -> None:
    """Whatever happens on the way, four quarterly parts and the final one sum to the eligible total."""
    ceiling, certified, recorded = Decimal(award).scaleb(-2), NOUGHT, NOUGHT
    for number, spend in enumerate(quarters, start=1):
        recorded += spend
        found = work_out(YearFigures(ceiling, recorded, NOUGHT, certified), may_be_negative=number == 5)
        if number < 5:
            assert found.amount >= 0
        assert found.amount == found.eligible_to_date - found.claimed_before + found.credit_carried
        certified += found.amount
    assert certified == min(ceiling, recorded)


@given(
    claimable=pence_amounts.map(abs),
    disallowed=st.integers(0, 100_000).map(lambda value: Decimal(value).scaleb(-2)),
    award=st.integers(1, 20_000_000),
)
def test_no_part_ever_lifts_a_year_above_its_award(claimable: Decimal, disallowed: Decimal, award: int) -> None:
    ceiling = Decimal(award).scaleb(-2)
    found = work_out(YearFigures(ceiling, claimable, min(disallowed, claimable)), may_be_negative=True)
    assert found.eligible_to_date <= ceiling
    assert found.eligible_to_date + found.beyond_award == claimable - min(disallowed, claimable)
