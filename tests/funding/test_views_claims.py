"""The pages of claims: the sentence, the list with what is owed, a certified one, its receipts."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from board import clock
from funding.claim_tables import ClaimTable
from funding.claims import certify, withdraw, work_out
from funding.models import Claim, Disallowance, Receipt, ReceiptPart, SpendLine
from funding.spending import Charge
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
LIST = "/money/claims/"


def claimed(money: Money, code: str = "2023-24-Q1") -> Claim:
    """The claim of a quarter, closed and certified on today's date."""
    quarter = money.quarter(code)
    quarter.money_closed_at, quarter.money_closed_by = clock.now(), money.finance
    quarter.save()
    amount = work_out(money.grant, quarter, today=clock.today()).amount
    return certify(
        source=money.grant, quarter=quarter, reference=f"DAPF-2023-25/claim/{code}/r1", content_hash="a" * 64,
        expected=amount, by=money.finance,
    )  # fmt: skip


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


def test_the_claim_in_preparation_opens_with_its_sentence_and_each_figure_leads_to_what_it_sums(
    money: Money, officer: Client
) -> None:
    money.record("1000.00")
    claimed(money)
    second = money.quarter("2023-24-Q2")
    money.record("200.00", Charge(money.line(), second), on=date(2023, 7, 3))
    money.record("42.10", Charge(money.line(), second, relates_to=money.quarter()), on=date(2023, 7, 4))
    assert "2023-24 Q2" in officer.get(LIST).content.decode()
    text = officer.get(f"{LIST}in-preparation/{money.programme.code}/2023-24-Q2/").content.decode()
    sentence = re.search(r'<p class="govuk-body funding-sentence">(.*?)</p>', text, re.DOTALL)[1]
    assert re.sub(r"<[^>]+>", "", sentence) == (
        "Eligible this year £1,242.10; claimed before £1,000.00; this claim £242.10, "
        "of which £42.10 relates to earlier quarters."
    )
    for figure in ("£1,242.10", "£42.10", "£1,000.00"):
        link = unescape(re.search(rf'href="([^"]+)">{figure}<', sentence)[1])
        assert figure in officer.get(link).content.decode()


def test_a_certified_quarter_is_no_longer_in_preparation(money: Money, officer: Client) -> None:
    claimed(money)
    assert officer.get(f"{LIST}in-preparation/{money.programme.code}/2023-24-Q1/").status_code == 404


def test_the_list_shows_what_is_received_and_still_owed(money: Money, officer: Client) -> None:
    money.record("1000.00")
    claim = claimed(money)
    url = f"{LIST}receive/{claim.reference}/"
    officer.post(url, {"received_on": "5 July 2023", "amount": "400.00", "short_reason": "still-owed"})
    row = Claim.objects.with_payments().get()
    assert (row.paid, row.settled, row.owed) == (D("400.00"), D("0.00"), D("600.00"))
    assert row.owed == row.still_owed()
    text = officer.get(LIST).content.decode()
    assert "£400.00" in text and "£600.00" in text and "Still owed" in text


def test_a_withdrawn_claim_is_owed_nothing_and_counts_in_no_total(money: Money, officer: Client) -> None:
    money.record("1000.00")
    withdraw(claim=claimed(money), reason="Returned by the funder", by=money.finance)
    assert Claim.objects.with_payments().get().owed == D("0.00")
    text = officer.get(LIST).content.decode()
    assert "Withdrawn" in text
    footer = re.search(r"<tfoot.*?</tfoot>", text, re.DOTALL)[0]
    assert "£1,000.00" not in footer


def test_receiving_in_full_needs_no_reason(money: Money, officer: Client) -> None:
    money.record("1000.00")
    claim = claimed(money)
    text = officer.post(
        f"{LIST}receive/{claim.reference}/", {"received_on": "5 July 2023", "amount": "£1,000.00"}, follow=True
    ).content.decode()
    assert "£1,000.00 received" in text and "Settled" in text
    assert ReceiptPart.objects.get().short == D("0.00")
    assert officer.get(f"{LIST}receive/{claim.reference}/").status_code == 403


def test_a_receipt_sent_twice_is_recorded_once(money: Money, officer: Client) -> None:
    money.record("1000.00")
    url = f"{LIST}receive/{claimed(money).reference}/"
    data = {"received_on": "5 July 2023", "amount": "400.00", "short_reason": "still-owed", "once": str(uuid4())}
    for _ in range(2):
        officer.post(url, data)
    assert Receipt.objects.get().amount == D("400.00")


def test_receiving_less_asks_why_by_how_much(money: Money, officer: Client) -> None:
    money.record("1000.00")
    claim = claimed(money)
    url = f"{LIST}receive/{claim.reference}/"
    data = {"received_on": "5 July 2023", "amount": "995.00"}
    text = officer.post(url, data).content.decode()
    assert "£5.00 less than is owed" in text and 'value="995.00"' in text and not Receipt.objects.exists()
    officer.post(url, {**data, "short_reason": "disallowed"})
    assert (ReceiptPart.objects.get().short, Claim.objects.get().still_owed()) == (D("5.00"), D("0.00"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "1000.01"}, "has £1,000.00 outstanding"),
        ({"amount": "0"}, "Enter £0.01 or more"),
        ({"amount": "ten"}, "is not an amount"),
        ({"received_on": "6 July 2023"}, "is in the future"),
        ({"received_on": ""}, "Enter received on"),
    ],
)
def test_a_receipt_that_cannot_be_is_refused(money: Money, officer: Client, fields: dict, words: str) -> None:
    money.record("1000.00")
    claim = claimed(money)
    data = {"received_on": "5 July 2023", "amount": "1000.00", **fields}
    assert words in officer.post(f"{LIST}receive/{claim.reference}/", data).content.decode()
    assert not Receipt.objects.exists()


def test_the_claims_page_shows_parts_lines_and_receipts(money: Money, officer: Client) -> None:
    money.record("1000.00", supplier_name="The Change Project")
    claim = claimed(money)
    officer.post(f"{LIST}receive/{claim.reference}/", {"received_on": "5 July 2023", "amount": "1000.00"})
    text = officer.get(f"{LIST}{claim.reference}/").content.decode()
    for words in ("How it was worked out", "£600,000.00", "The Change Project", "REC-000001", "Settled", "T-000001"):
        assert words in text, words


def test_the_list_runs_the_same_queries_for_one_claim_and_three(money: Money, officer: Client) -> None:
    money.record("10.00")
    claimed(money)
    officer.get(LIST)
    with CaptureQueriesContext(connection) as few:
        officer.get(LIST)
    with clock.at(date(2024, 1, 10)):
        claimed(money, "2023-24-Q2")
        claimed(money, "2023-24-Q3")
    with CaptureQueriesContext(connection) as many:
        officer.get(LIST)
    assert len(many) == len(few)


@pytest.mark.parametrize("column", list(ClaimTable.base_columns))
def test_every_column_sorts(money: Money, officer: Client, column: str) -> None:
    claimed(money)
    assert officer.get(f"{LIST}?sort=-{column}").status_code == 200


@pytest.mark.parametrize("standing", ["owed", "settled", "withdrawn"])
def test_the_standing_filter_agrees_with_the_tag(money: Money, officer: Client, standing: str) -> None:
    money.record("10.00")
    reference = claimed(money).reference
    assert (reference in officer.get(f"{LIST}?standing={standing}").content.decode()) == (standing == "owed")


def test_a_council_sees_no_claim_of_the_grant(money: Money, signed_in: Callable[[Any], Client]) -> None:
    money.record("10.00")
    claim = claimed(money)
    council = signed_in(money.council_finance)
    text = council.get(LIST).content.decode()
    assert claim.reference not in text and "In preparation" not in text
    assert council.get(f"{LIST}{claim.reference}/").status_code == 404
    assert council.get(f"{LIST}in-preparation/{money.programme.code}/2023-24-Q2/").status_code == 404
    assert council.post(f"{LIST}receive/{claim.reference}/").status_code == 404


@pytest.mark.parametrize("kind", ["commissioning-officer", "cfo", "auditor"])
def test_readers_read_claims_and_record_no_receipt(money: Money, signed_in: Callable[[Any], Client], kind: str) -> None:
    money.record("10.00")
    claim = claimed(money)
    client = signed_in(factories.person(kind, "pfcc"))
    text = client.get(f"{LIST}{claim.reference}/").content.decode()
    assert claim.reference in text and "Record a receipt" not in text
    assert client.post(f"{LIST}receive/{claim.reference}/").status_code == 403


class TestWhatTheFunderRefuses:
    @pytest.fixture
    def claim(self, money: Money) -> Claim:
        money.record("1000.00")
        money.record("250.00", supplier_name="Another")
        return claimed(money)

    @pytest.fixture
    def url(self, claim: Claim) -> str:
        return f"{LIST}disallow/{claim.reference}/"

    @pytest.fixture
    def message(self) -> dict[str, str]:
        return {"disallowed_on": "5 July 2023", "funder_reference": "HO-7", "reason": "No evidence"}

    def test_is_entered_line_by_line_and_shown_on_the_claim(
        self, claim: Claim, officer: Client, url: str, message: dict[str, str]
    ) -> None:
        line = SpendLine.objects.get(transaction__supplier_name="Another")
        assert "T-000002/1, CHB: at most £250.00" in officer.get(url).content.decode()
        text = officer.post(url, {**message, f"line-{line.pk}": "£40.00"}, follow=True).content.decode()
        assert "D-000001 is recorded" in text and "HO-7" in text
        assert work_out(claim.source, claim.quarter, today=clock.today()).parts[0].figures.disallowed == D("40.00")
        assert "T-000002/1, CHB: at most £210.00" in officer.get(url).content.decode()

    def test_stands_with_the_entry_that_it_is_about(
        self, claim: Claim, officer: Client, url: str, message: dict[str, str]
    ) -> None:
        line = SpendLine.objects.get(transaction__supplier_name="Another")
        page = f"/money/spend/{line.transaction.reference}/"
        assert "HO-7" not in officer.get(page).content.decode()
        officer.post(url, {**message, f"line-{line.pk}": "40"})
        text = officer.get(page).content.decode()
        assert "HO-7" in text and "No evidence" in text
        assert "Make it void" not in text, "What is claimed is corrected by a credit."

    def test_is_refused_beside_its_line_when_it_is_more_than_remains(
        self, claim: Claim, officer: Client, url: str, message: dict[str, str]
    ) -> None:
        line = SpendLine.objects.get(transaction__supplier_name="Another")
        text = officer.post(url, {**message, f"line-{line.pk}": "250.01"}).content.decode()
        assert "Only £250.00 of T-000002/1 remains" in text and 'value="250.01"' in text
        assert not Disallowance.objects.exists()

    def test_needs_a_line(self, claim: Claim, officer: Client, url: str, message: dict[str, str]) -> None:
        assert "of at least one line" in officer.post(url, message).content.decode()

    def test_is_recorded_once_however_often_it_is_sent(
        self, claim: Claim, officer: Client, url: str, message: dict[str, str]
    ) -> None:
        line = SpendLine.objects.get(transaction__supplier_name="Another")
        for _ in range(2):
            officer.post(url, {**message, f"line-{line.pk}": "40", "once": str(UUID(int=7))})
        assert Disallowance.objects.count() == 1

    def test_a_credit_of_it_is_recorded_against_it(
        self, money: Money, claim: Claim, officer: Client, url: str, message: dict[str, str]
    ) -> None:
        line = SpendLine.objects.get(transaction__supplier_name="Another")
        officer.post(url, {**message, f"line-{line.pk}": "40"})
        correct = f"/money/spend/{line.transaction.reference}/correct/"
        assert "D-000001, £40.00" in officer.get(correct).content.decode()
        given = {
            "quarter": money.quarter("2023-24-Q2").pk,
            "reason": "Credit note",
            "how": "disallowed",
            "amount": "40",
        }
        assert "Choose the disallowance" in officer.post(correct, given).content.decode()
        officer.post(correct, {**given, "against": Disallowance.objects.get().pk})
        assert SpendLine.objects.get(cost=D("-40.00")).state_reason == "against-disallowance"
        assert "D-000001, £" not in officer.get(correct).content.decode()


def test_a_void_receipt_stays_on_record_and_pays_nothing(money: Money, officer: Client) -> None:
    money.record("1000.00")
    claim = claimed(money)
    officer.post(f"{LIST}receive/{claim.reference}/", {"received_on": "5 July 2023", "amount": "1000.00"})
    page = f"{LIST}{claim.reference}/"
    assert "Make void" in officer.get(page).content.decode()
    receipt = Receipt.objects.get()
    url = f"/money/receipts/{receipt.reference}/void/"
    assert "Enter" in officer.post(url, {"version": receipt.version, "reason": ""}).content.decode()
    officer.post(url, {"version": receipt.version, "reason": "Another claim’s money"})
    assert "Void: Another claim’s money" in unescape(officer.get(page).content.decode())
    assert (claim.still_owed(), Claim.objects.with_payments().get().owed) == (D("1000.00"), D("1000.00"))
    assert officer.get(url).status_code == 404


def test_a_receipt_from_before_its_claim_is_refused(money: Money, officer: Client) -> None:
    money.record("1000.00")
    url = f"{LIST}receive/{claimed(money).reference}/"
    text = officer.post(url, {"received_on": "1 January 1990", "amount": "1000.00"}).content.decode()
    assert "was certified on 5 July 2023, so it cannot have been paid before" in text
    assert not Receipt.objects.exists()
