"""Options to extend: offered, used as a variation, declined, and nothing else."""

from datetime import date

import pytest

from board.models import Event, Programme, User
from contracts.extending import decline, offer, use
from contracts.models import Contract, ExtensionOption
from core.problems import Refused
from tests import factories
from tests.contracts.scene import TODAY, D, engaged, place

pytestmark = pytest.mark.django_db
END, BY = date(2026, 3, 31), date(2025, 1, 31)


@pytest.fixture
def option(programme: Programme, by: User) -> ExtensionOption:
    factories.programme("DAPF-2025-26", date(2025, 4, 1), END)
    return offer(contract=engaged(programme), use_by=BY, ends_on=END, amount=D("300.00"), by=by)


def following_year() -> tuple:
    return place(Programme.objects.get(code="DAPF-2025-26"), year="2025-26")


def test_an_option_used_is_a_variation_to_its_end_worth_what_it_says(option: ExtensionOption, by: User) -> None:
    changed = use(
        option=option, changes={following_year(): D("300.00")}, approved_on=TODAY, reason="On course",
        decision_reference="021-25", by=by,
    )  # fmt: skip
    contract, option = Contract.objects.get(), ExtensionOption.objects.get()
    assert (contract.ends_on, contract.value()) == (END, D("1300.00"))
    assert (option.state, option.variation, option.decided_on) == ("used", changed.variation, TODAY)
    assert changed.variation.effective_on == date(2025, 4, 1)
    acts = set(Event.objects.filter(subject="C-001").values_list("act", flat=True))
    assert {"contract.option", "contract.vary", "contract.use-option"} <= acts


@pytest.mark.parametrize("amount", ["299.99", "300.01"])
def test_it_is_worth_neither_more_nor_less_than_it_says(option: ExtensionOption, by: User, amount: str) -> None:
    with pytest.raises(Refused, match=r"The option adds £300\.00"):
        use(option=option, changes={following_year(): D(amount)}, approved_on=TODAY, reason="On course", by=by)
    assert ExtensionOption.objects.get().state == "open" and not Contract.objects.get().variations.exists()


def test_after_its_last_day_an_option_is_used_no_more(programme: Programme, by: User) -> None:
    option = offer(
        contract=engaged(programme), use_by=date(2023, 7, 1), ends_on=END, amount=D("0.00"), terms="As before", by=by
    )
    with pytest.raises(Refused, match="could be used until 1 July 2023"):
        use(option=option, changes={}, approved_on=date(2023, 7, 2), reason="Late", by=by)
    use(option=option, changes={}, approved_on=date(2023, 7, 1), reason="In time", by=by)


def test_an_option_is_decided_once(option: ExtensionOption, by: User) -> None:
    with pytest.raises(Refused, match="Say why"):
        decline(option=option, words=" ", by=by)
    decline(option=option, words="A new tender is out", by=by)
    with pytest.raises(Refused, match="is declined already"):
        use(option=option, changes={following_year(): D("300.00")}, approved_on=TODAY, reason="On course", by=by)
    assert ExtensionOption.objects.get().decided_words == "A new tender is out"


def test_an_option_ends_after_the_contract_and_is_used_before_its_end(programme: Programme, by: User) -> None:
    contract = engaged(programme)
    with pytest.raises(Refused) as refused:
        offer(contract=contract, use_by=date(2025, 4, 1), ends_on=date(2025, 3, 31), amount=D("-1.00"), by=by)
    said = str(refused.value)
    for words in (
        "Enter a later end",
        "used before the contract ends",
        "worth less than nothing",
        "comes before the end",
    ):
        assert words in said, words
