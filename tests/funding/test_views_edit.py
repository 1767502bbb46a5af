"""The page that edits an entry: its boxes are filled, and nothing that is typed is lost."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from funding.declaring import declare
from funding.models import Transaction
from funding.spending import Charge
from tests import factories
from tests.factories import Money
from tests.funding.test_views_record import sent

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


@pytest.fixture
def entry(money: Money) -> Transaction:
    parts = (
        Charge(money.line("CHB"), money.quarter(), amount=D("70.00")),
        Charge(money.line("SIS"), money.quarter(), amount=D("30.00")),
    )
    return money.record("100.00", *parts, document_number="INV-1", vat=D("20.00"), recoverable_vat=D("20.00"))


def address(entry: Transaction) -> str:
    return reverse("funding:edit", args=[entry.reference])


def changed(money: Money, entry: Transaction, **fields: str) -> dict[str, str]:
    """What a browser sends of the same entry with one line and another net amount."""
    given = {"document_number": "INV-1", "net": "90.00", "version": str(entry.version), **fields}
    return sent((money.line(), money.quarter(), ""), **given)


def test_the_boxes_hold_what_was_recorded_and_saving_them_changes_nothing(entry: Transaction, officer: Client) -> None:
    page = officer.get(address(entry))
    form, rows = page.context["form"], page.context["formset"]
    boxes = {name: form[name].value() for name in form.fields if name != "once"}
    assert (boxes["net"], boxes["vat"], boxes["document_number"]) == ("100.00", "20.00", "INV-1")
    assert [row["share"].value() for row in rows] == ["70.00", "30.00"]
    data = {name: "" if value is None else str(value) for name, value in boxes.items()}
    data |= {"charges-TOTAL_FORMS": "2", "charges-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        data |= {f"charges-{number}-{name}": row[name].value() for name in ("line", "quarter", "share", "relates_to")}
    answer = officer.post(address(entry), data, follow=True)
    assert "You changed nothing" in answer.content.decode()
    assert Transaction.objects.count() == 1


def test_saved_it_takes_the_place_of_the_old_one(money: Money, entry: Transaction, officer: Client) -> None:
    answer = officer.post(address(entry), changed(money, entry), follow=True)
    later = Transaction.objects.get(replaces=entry)
    assert answer.redirect_chain[-1][0] == reverse("funding:recorded", args=[later.reference])
    new, old = (officer.get(row.get_absolute_url()).content.decode() for row in (later, entry))
    assert "In place of" in new and entry.reference in new
    assert "Edited into" in old and later.reference in old and "Void" in old


def test_a_check_says_what_would_come_of_it(money: Money, entry: Transaction, officer: Client) -> None:
    answer = officer.post(address(entry), {**changed(money, entry), "check": "1"})
    assert "If you save this" in answer.content.decode() and "£90.00" in answer.content.decode()
    assert Transaction.objects.in_force().get() == entry


def test_what_was_typed_can_be_saved_over_what_a_colleague_changed(
    money: Money, entry: Transaction, officer: Client, signed_in: Callable[[Any], Client]
) -> None:
    data = changed(money, entry)
    colleague = signed_in(factories.person("finance-officer", "pfcc", number=2))
    dates = {"received_on": "1/7/2023", "paid_on": "", "dispute_reason": "", "version": str(entry.version)}
    assert colleague.post(reverse("funding:payment-dates", args=[entry.reference]), dates).status_code == 302
    answer = officer.post(address(entry), data)
    text = answer.content.decode()
    assert "Somebody else changed this" in text and "finance-officer 2, pfcc changed" in text
    assert 'value="90.00"' in text
    again = {**data, "version": answer.context["form"].data["version"]}
    assert officer.post(address(entry), again).status_code == 302
    assert Transaction.objects.in_force().get().net == D("90.00")


def test_what_cannot_be_edited_says_why_on_its_own_page(money: Money, entry: Transaction, officer: Client) -> None:
    assert "Edit it" in officer.get(entry.get_absolute_url()).content.decode()
    declare(source=money.grant, quarter=money.quarter(), nil=False, by=money.finance)
    assert "Edit it" not in officer.get(entry.get_absolute_url()).content.decode()
    answer = officer.get(address(entry), follow=True)
    assert answer.redirect_chain[-1][0] == entry.get_absolute_url()
    assert "Withdraw the declaration first" in answer.content.decode()


def test_another_organisations_entry_is_not_opened(
    money: Money, entry: Transaction, signed_in: Callable[[Any], Client]
) -> None:
    assert signed_in(money.council_finance).get(address(entry)).status_code == 404
