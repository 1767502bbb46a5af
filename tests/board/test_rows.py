"""How edited rows are kept: version, who and when, history with its reason, references without twins."""

from datetime import date
from uuid import uuid4

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


def recorded(row: Contract) -> list[dict[str, object]]:
    """The history of a row without what is a row's own: every tracked value, when, why, by whom."""
    return [
        {name: value for name, value in change.items() if name not in OWN}
        for change in row.history.order_by("history_id").values()
    ]


OWN = ("id", "history_id", "reference", "once")


def test_many_rows_at_once_have_the_history_that_each_alone_would_have(contract: Contract) -> None:
    by = factories.person("finance-officer", "pfcc")

    def another(reference: str) -> Contract:
        fields = [field for field in Contract._meta.concrete_fields if not field.primary_key]
        same = {field.name: getattr(contract, field.name) for field in fields}
        return Contract(**{**same, "reference": reference, "once": uuid4(), "version": 1})

    reason = "Because " * 20
    with clock.at(date(2023, 7, 5)):
        alone = rows.create(another("C-ALONE"), by=by, reason=reason)
        written = rows.create_many([another("C-1"), another("C-2")], by=by, reason=reason)
        assert [recorded(row) for row in written] == [recorded(alone)] * 2
        assert {row.history.get().reference for row in written} == {"C-1", "C-2"}
    with clock.at(date(2023, 7, 6)):
        alone.title = "Renamed"
        rows.change(alone, by=by, reason="A slip")
        keys = [row.pk for row in written]
        assert rows.change_many(Contract.objects.filter(pk__in=keys), by=by, reason="A slip", title="Renamed") == 2
    assert [recorded(row) for row in written] == [recorded(alone)] * 2
    assert [change["history_type"] for change in recorded(alone)] == ["+", "~"]


def test_many_without_a_reason_have_none_in_their_history(contract: Contract) -> None:
    by = factories.person("finance-officer", "pfcc")
    rows.change_many(Contract.objects.filter(pk=contract.pk), by=by, title="Renamed")
    assert contract.history.latest("history_id").history_change_reason is None
    assert rows.create_many([], by=by) == []
