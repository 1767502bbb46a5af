"""A file's name finds its entry by the document number in it."""

from datetime import date

import pytest

from core.money import NOUGHT
from funding.evidence_matching import Match, match, named, runs
from funding.spending import Charge, credit, void
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db


def found(money: Money, name: str) -> list[str]:
    [one] = match([name], money.finance.acting.organisation)
    return [entry.document_number for entry in one.entries]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("TCP-2403", "TCP-2403.pdf"),
        ("TCP-2403", "tcp 2403 invoice.pdf"),
        ("TCP/2403", "2024-04-01 TCP_2403 signed (2).pdf"),
        ("INV00123", "inv-123.pdf"),
        ("INV-123", "INV 000123.pdf"),
        ("0045678", "Scan 45678.pdf"),
        ("PAYROLL-GRANT-2024-25-Q1", "payroll grant 2024-25 q1.csv"),
    ],
)
def test_case_spaces_signs_and_leading_noughts_do_not_count(money: Money, number: str, name: str) -> None:
    money.record("100.00", document_number=number)
    assert found(money, name) == [number]


@pytest.mark.parametrize("name", ["TCP-24031.pdf", "12403.pdf", "XTCP-2403.pdf", "invoice.pdf", "2403.tcp.pdf"])
def test_a_number_within_another_is_no_match(money: Money, name: str) -> None:
    money.record("100.00", document_number="TCP-2403")
    assert found(money, name) == []


def test_a_number_too_short_to_mean_anything_is_not_looked_for(money: Money) -> None:
    money.record("100.00", document_number="06")
    assert found(money, "2023-06-30 invoice.pdf") == []


def test_the_longest_number_wins(money: Money) -> None:
    for number in ("TCP-2403", "TCP-2403-M", "2403"):
        money.record("100.00", document_number=number)
    assert found(money, "TCP-2403-M.pdf") == ["TCP-2403-M"]
    assert found(money, "TCP-2403.pdf") == ["TCP-2403"]


def test_a_number_on_two_entries_is_asked_about(money: Money) -> None:
    entries = [money.record("100.00", document_number="A-100", supplier_name=name) for name in ("One", "Two")]
    [one] = match(["A-100.pdf"], money.finance.acting.organisation)
    assert one == Match(tuple(entries)) and one.entry is None


def test_void_entries_credits_and_other_ledgers_are_not_proposed(money: Money) -> None:
    entry = money.record("100.00", document_number="A-100")
    wrong = money.record("90.00", document_number="B-200")
    void(entry=wrong, reason="Typed by mistake", by=money.finance)
    credit(
        original=entry, quarter=money.quarter(), amount=entry.cost, document_number="", reason="Back", by=money.finance
    )
    line = money.line("CHB", source=money.ecc_cash)
    money.record("80.00", Charge(line, money.quarter()), by=money.council_finance, document_number="C-300")
    assert [found(money, name) for name in ("A-100.pdf", "B-200.pdf", "C-300.pdf")] == [["A-100"], [], []]
    assert entry.cost > NOUGHT


def test_any_number_of_names_asks_the_database_twice(money: Money, django_assert_num_queries: object) -> None:
    for number in range(5):
        money.record("100.00", document_number=f"A-10{number}")
    with django_assert_num_queries(2):
        match([f"A-10{number}.pdf" for number in range(5)] * 4, money.finance.acting.organisation)


def test_runs_of_noughts_alone_stay() -> None:
    assert runs("INV/000123-a") == runs("inv 123A") == ("inv", "123", "a")
    assert runs("000") == ("0",)


def test_what_is_typed_names_an_entry_or_a_document(money: Money) -> None:
    entry = money.record("100.00", document_number="A-100")
    twin = [money.record(cost, document_number="300", on=date(2023, 6, 20)) for cost in ("5.00", "6.00")]
    organisation = money.finance.acting.organisation
    assert named(["t-000001", "1", "a-100", "300", "T-000999"], organisation) == {
        "t-000001": [entry],
        "1": [entry],
        "a-100": [entry],
        "300": twin,
        "T-000999": [],
    }
    assert named([], organisation) == {}
    assert named([entry.reference], factories.organisation("ecc")) == {entry.reference: []}
