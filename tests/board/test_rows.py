"""How edited rows are kept: version, who and when, history with its reason, references without twins."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from board import clock, rows
from board.models import Counter, Programme
from contracts.models import Contract
from core.problems import Refused
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract(programme: Programme) -> Contract:
    return factories.contract(programme)


def test_a_created_row_says_who_and_when_and_begins_its_history(contract: Contract) -> None:
    officer = factories.person("commissioning-officer", "pfcc")
    assert (contract.version, contract.created_by, contract.changed_by) == (1, officer, officer)
    assert contract.created_at == contract.changed_at
    first = contract.history.get()
    assert (first.history_type, first.history_user) == ("+", officer)


def test_a_change_raises_the_version_and_leaves_the_old_words_in_history(contract: Contract) -> None:
    by = factories.person("commissioning-officer", "pfcc", number=2)
    contract.title = "A better title"
    with clock.at(date(2023, 7, 6)):
        rows.change(contract, by=by, seen_version=1, reason="Typing error")
    row = Contract.objects.get()
    assert (row.version, row.changed_by, row.title) == (2, by, "A better title")
    latest, first = row.history.order_by("-history_id")
    assert (latest.history_change_reason, latest.history_user) == ("Typing error", by)
    assert first.title not in ("", "A better title")
    assert row.created_by == factories.person("commissioning-officer", "pfcc")


def test_a_change_over_somebody_elses_is_refused_and_nothing_saved(contract: Contract) -> None:
    by = factories.person("commissioning-officer", "pfcc")
    seen = Contract.objects.get().version
    first = Contract.objects.get()
    first.title = "Mine"
    rows.change(first, by=by, seen_version=seen)
    second = Contract.objects.get()
    second.title = "Yours"
    with pytest.raises(Refused, match="Somebody else changed this while you had it open"):
        rows.change(second, by=by, seen_version=seen)
    assert Contract.objects.get().title == "Mine"


def test_a_row_that_breaks_a_rule_is_refused_in_the_rules_words(contract: Contract) -> None:
    contract.ends_on = date(2020, 1, 1)
    with pytest.raises(ValidationError, match="A contract cannot end before it starts"), transaction.atomic():
        rows.change(contract, by=factories.person("commissioning-officer", "pfcc"))
    assert Contract.objects.get().version == 1


def test_references_count_up_without_gaps_each_under_its_prefix(programme: Programme) -> None:
    assert [rows.next_reference("X") for _ in range(3)] == ["X-000001", "X-000002", "X-000003"]
    assert rows.next_reference("Y") == "Y-000001"
    assert Counter.objects.get(prefix="X").last == 3


def test_a_reference_of_an_act_that_fails_is_free_again(programme: Programme) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        rows.next_reference("X")
        raise RuntimeError
    assert rows.next_reference("X") == "X-000001"
