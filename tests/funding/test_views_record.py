"""The record page: what it writes, what it says beforehand, and that nothing typed is lost."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from board import clock
from funding.budgeting import set_budget
from funding.models import BudgetLine, SpendLine, Transaction
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
URL = "/money/spend/record/"


def sent(*charges: tuple[BudgetLine, Any, str], **fields: str) -> dict[str, str]:
    """What a browser sends: an invoice of £100.00 of June 2023, unless said otherwise."""
    data = {
        "kind": "actual",
        "supplier_name": "Supplier Limited",
        "document_number": "INV-7",
        "description": "Sessions delivered",
        "accounting_on": "30 June 2023",
        "service_from": "1/6/2023",
        "service_to": "2023-06-30",
        "net": "100.00",
        "split_by": "amount",
        "once": str(uuid4()),
        "charges-TOTAL_FORMS": str(len(charges)),
        "charges-INITIAL_FORMS": "0",
        **fields,
    }
    for number, (line, quarter, share) in enumerate(charges):
        data |= {
            f"charges-{number}-line": str(line.pk),
            f"charges-{number}-quarter": str(quarter.pk),
            f"charges-{number}-share": share,
        }
    return data


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


def test_one_line_takes_the_whole_cost_and_the_next_page_shows_before_and_after(money: Money, officer: Client) -> None:
    line = money.line()
    quarters = list(money.programme.quarters.filter(kind="quarter", year=line.year))
    spare = money.line("unallocated", "unallocated")
    profiles = {(line, quarters[0]): D("1000.00"), (spare, quarters[0]): D("599000.00")}
    set_budget(
        source=money.grant, year=line.year, kind="original", profiles=profiles, effective_on=date(2023, 4, 1),
        reason="Original", by=money.finance,
    )  # fmt: skip
    money.record("200.00", supplier_name="Earlier")
    response = officer.post(URL, sent((line, money.quarter(), "")), follow=True)
    entry = Transaction.objects.get(document_number="INV-7")
    assert response.redirect_chain[-1][0] == reverse("funding:recorded", args=[entry.reference])
    assert entry.lines.get().cost == D("100.00")
    text = response.content.decode()
    for figure in ("£1,000.00", "£200.00", "£300.00", "£800.00", "£700.00"):
        assert figure in text, figure
    assert "Claimable" in text


def test_a_check_says_what_would_be_written_and_writes_nothing(money: Money, officer: Client) -> None:
    line = money.line(heading="capital")
    response = officer.post(URL, {**sent((line, money.quarter(), "")), "check": "1"})
    text = response.content.decode()
    assert not Transaction.objects.exists()
    assert "If you record this" in text
    assert "Capital on a revenue grant" in text and "written agreement to capital" in text
    assert 'value="INV-7"' in text
    # The numbers that a check used are free again.
    officer.post(URL, sent((line, money.quarter(), "")))
    assert Transaction.objects.get().reference == "T-000001"


def test_a_held_line_is_recorded_and_says_what_releases_it(money: Money, officer: Client) -> None:
    line = money.line()
    contract = factories.contract(money.programme, values={(line.project, line.year): D("500.00")}, signed_on=None)
    response = officer.post(URL, sent((line, money.quarter(), ""), contract=str(contract.pk)), follow=True)
    assert SpendLine.objects.get().state == "held"
    assert "The contract is not signed. What releases it: signing the contract" in response.content.decode()


def test_a_split_by_percentage_is_recorded_to_the_penny(money: Money, officer: Client) -> None:
    quarter = money.quarter()
    rows = [(money.line(project), quarter, share) for project, share in (("CHB", "33.34%"), ("SIS", "66.66"))]
    officer.post(URL, sent(*rows, net="100.01", split_by="percent"))
    assert [line.cost for line in SpendLine.objects.order_by("number")] == [D("33.34"), D("66.67")]


def test_a_split_that_does_not_add_up_says_by_how_much_and_keeps_everything(money: Money, officer: Client) -> None:
    quarter = money.quarter()
    rows = [(money.line("CHB"), quarter, "60.00"), (money.line("SIS"), quarter, "39.99")]
    response = officer.post(URL, sent(*rows))
    text = response.content.decode()
    assert not Transaction.objects.exists()
    assert "£0.01 too little" in text
    assert 'href="#id_charges-1-share"' in text
    assert 'value="60.00"' in text and 'value="39.99"' in text and 'value="INV-7"' in text
    assert "The lines that you chose, as they stand" in text


def test_everything_wrong_is_said_at_once_and_links_to_its_box(money: Money, officer: Client) -> None:
    response = officer.post(
        URL,
        sent(
            (money.line(), money.quarter(), "x"),
            net="12.345",
            vat="twenty",
            accounting_on="31/6/2023",
            description="",
        ),
    )
    text = response.content.decode()
    for words, box in (
        ("“12.345” has more than two decimal places", "id_net"),
        ("“twenty” is not an amount", "id_vat"),
        ("is not a day of the calendar", "id_accounting_on"),
        ("Enter description", "id_description"),
    ):
        assert words in text
        assert f'href="#{box}"' in text
    assert 'value="12.345"' in text and 'value="twenty"' in text
    assert not Transaction.objects.exists()


def test_the_acts_problems_and_the_rows_problems_come_together(money: Money, officer: Client) -> None:
    quarter = money.quarter()
    rows = [(money.line("CHB"), quarter, "60.00"), (money.line("SIS"), quarter, "30.00")]
    response = officer.post(URL, sent(*rows, net="-100.00", accounting_on="6 July 2023"))
    text = response.content.decode()
    assert "is in the future" in text and "too little" not in text and "too much" in text
    assert "This is a credit" in text


@pytest.mark.parametrize("share", ["abc", "12.345", "40%"])
def test_a_share_that_cannot_be_read_is_named(money: Money, officer: Client, share: str) -> None:
    quarter = money.quarter()
    rows = [(money.line("CHB"), quarter, share), (money.line("SIS"), quarter, "30.00")]
    text = officer.post(URL, sent(*rows)).content.decode()
    assert f"“{share}”" in text and 'href="#id_charges-0-share"' in text


def test_a_closed_quarter_is_refused_with_what_to_do(money: Money, officer: Client) -> None:
    quarter = money.quarter()
    quarter.money_closed_at, quarter.money_closed_by = clock.now(), money.finance
    quarter.save()
    text = officer.post(URL, sent((money.line(), quarter, ""))).content.decode()
    assert "That quarter is not open for spend. Choose an open one" in text
    assert 'href="#id_charges-0-quarter"' in text
    assert not Transaction.objects.exists()


def test_another_organisations_source_cannot_be_charged(money: Money, officer: Client) -> None:
    theirs = money.line(source=money.ecc_cash)
    text = officer.post(URL, sent((theirs, money.quarter(), ""))).content.decode()
    assert "is not one that your organisation keeps" in text
    assert not Transaction.objects.exists()


def test_another_line_keeps_what_was_typed_and_judges_nothing(money: Money, officer: Client) -> None:
    data = {**sent((money.line(), money.quarter(), "60.00"), net="12.345"), "more": "1"}
    response = officer.post(URL, data)
    text = response.content.decode()
    assert "There is a problem" not in text
    assert 'value="12.345"' in text and 'value="60.00"' in text and data["once"] in text
    assert "Line 2" in text and 'name="charges-TOTAL_FORMS" value="2"' in text
    assert f'<option value="{money.line().pk}" selected>' in text


def test_an_added_line_left_empty_is_not_there(money: Money, officer: Client) -> None:
    data = sent((money.line(), money.quarter(), ""))
    data |= {"charges-TOTAL_FORMS": "2", "charges-1-line": "", "charges-1-quarter": "", "charges-1-share": ""}
    officer.post(URL, data)
    assert Transaction.objects.get().lines.count() == 1


def test_a_double_click_makes_one_entry(money: Money, officer: Client) -> None:
    data = sent((money.line(), money.quarter(), ""))
    first, second = officer.post(URL, data), officer.post(URL, data)
    assert first.url == second.url
    assert Transaction.objects.count() == 1


def test_going_back_and_typing_another_invoice_loses_neither(money: Money, officer: Client) -> None:
    """The page that the browser kept has the `once` of what it recorded; sent again as shown, it is another entry."""
    charge = (money.line(), money.quarter(), "")
    first = sent(charge, document_number="INV-3", net="33.00")
    officer.post(URL, first)
    second = {**first, "document_number": "INV-4", "net": "44.44"}
    response = officer.post(URL, second)
    text = response.content.decode()
    assert "This page has recorded T-000001 already, with other figures" in text and 'value="44.44"' in text
    officer.post(URL, {**second, "once": response.context["form"]["once"].value()})
    assert sorted(Transaction.objects.values_list("document_number", flat=True)) == ["INV-3", "INV-4"]


def test_recoverable_vat_left_empty_is_all_of_it_and_said(money: Money, officer: Client) -> None:
    response = officer.post(URL, sent((money.line(), money.quarter(), ""), vat="20.00"), follow=True)
    entry = Transaction.objects.get()
    assert (entry.recoverable_vat, entry.cost) == (D("20.00"), D("100.00"))
    assert "All of the VAT, £20.00, was taken as recoverable." in response.content.decode()


def test_recoverable_vat_typed_is_taken_as_typed(money: Money, officer: Client) -> None:
    officer.post(URL, sent((money.line(), money.quarter(), ""), vat="20.00", recoverable_vat="0"))
    assert Transaction.objects.get().cost == D("120.00")


def test_hours_in_kind_are_valued_at_the_awards_rate(money: Money, signed_in: Callable[[Any], Client]) -> None:
    council = signed_in(money.council_finance)
    line = money.line("GDM", "staff", source=money.ecc_in_kind)
    data = sent((line, money.quarter(), ""), kind="in-kind", hours="40.5", net="", basis="Youth worker, grade 6")
    council.post(URL, data)
    entry = Transaction.objects.get()
    assert (entry.quantity_hundredths, entry.cost) == (4050, D("1012.50"))
    assert entry.lines.get().state == "match"


def test_hours_without_an_in_kind_award_are_refused(money: Money, officer: Client) -> None:
    data = sent((money.line(), money.quarter(), ""), kind="in-kind", hours="4", net="")
    assert "hours are valued at that" in officer.post(URL, data).content.decode()


def test_a_grant_agreement_takes_payments_on_account_and_no_invoice(money: Money, officer: Client) -> None:
    line = money.line()
    agreement = factories.contract(
        money.programme, kind="grant-agreement", values={(line.project, line.year): D("500.00")}
    )
    text = officer.post(URL, sent((line, money.quarter(), ""), contract=str(agreement.pk))).content.decode()
    assert "is a grant agreement: what counts is what its grantee reports" in text
    officer.post(URL, sent((line, money.quarter(), ""), contract=str(agreement.pk), kind="advance"))
    assert Transaction.objects.get().kind == "advance"


def test_a_declared_quarter_is_refused_beside_its_box(money: Money, officer: Client) -> None:
    from funding.declaring import declare

    declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)
    text = officer.post(URL, sent((money.line(), money.quarter(), ""))).content.decode()
    assert "is declared for 2023-24 Q1" in text and 'href="#id_charges-0-quarter"' in text


@pytest.mark.parametrize(
    ("kind", "organisation"),
    [("kpi-reporter", "change"), ("board-member", "setdab"), ("commissioning-officer", "pfcc"), ("auditor", "pfcc")],
)
def test_others_do_not_record(money: Money, signed_in: Callable[[Any], Client], kind: str, organisation: str) -> None:
    client = signed_in(factories.person(kind, organisation))
    assert client.get(URL).status_code == 403
    assert client.post(URL, sent((money.line(), money.quarter(), ""))).status_code == 403
    assert not Transaction.objects.exists()
