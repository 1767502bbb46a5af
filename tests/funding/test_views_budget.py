"""The budget page: its figures are those of positions, by any cut, and each leads to the spend behind it."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from board import clock
from funding.budgeting import commit, forecast, set_budget
from funding.spending import Charge, void
from funding.tables import BudgetTable
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
URL = "/money/budget/"


@pytest.fixture
def budgeted(money: Money) -> Money:
    """£600,000: £1,000 a quarter on CHB's provider line, £500 in Q1 on SIS's, the rest unallocated."""
    quarters = list(money.programme.quarters.filter(kind="quarter", code__startswith="2023-24").order_by("number"))
    profiles = {(money.line("CHB"), quarter): D("1000.00") for quarter in quarters}
    profiles[money.line("SIS"), quarters[0]] = D("500.00")
    profiles[money.line("unallocated", "unallocated"), quarters[3]] = D("595500.00")
    set_budget(
        source=money.grant, year=money.line().year, kind="original", profiles=profiles,
        effective_on=date(2023, 4, 1), reason="Original", by=money.finance,
    )  # fmt: skip
    money.record("800.00")
    money.record("650.00", Charge(money.line("SIS"), quarters[0]))
    forecast(line=money.line("CHB"), quarter=quarters[2], amount=D("1200.00"), by=money.finance)
    return money


@pytest.fixture
def officer(budgeted: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(budgeted.finance)


def row_of(text: str, name: str) -> list[str]:
    """The cells of the row that begins with a name, without their markup."""
    rows = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", text, re.DOTALL)
    ]
    plain = [[re.sub(r"<[^>]+>", "", cell.replace("<br>", " · ")).strip() for cell in row] for row in rows]
    return next(row for row in plain if row and row[0] == name)


def test_a_line_shows_budget_profile_actual_variance_remaining_and_outturn(budgeted: Money, officer: Client) -> None:
    text = officer.get(f"{URL}?year={budgeted.line().year_id}&quarter={budgeted.quarter().pk}").content.decode()
    assert row_of(text, "The Change Hub · Provider contract payments") == [
        "The Change Hub · Provider contract payments",
        "£4,000.00", "£1,000.00", "£800.00", "−£200.00", "−20.0%", "£3,200.00", "£2,000.00", "−£2,000.00",
    ]  # fmt: skip
    assert row_of(text, "Total")[1:6] == ["£600,000.00", "£1,500.00", "£1,450.00", "−£50.00", "−3.3%"]


@pytest.mark.parametrize(
    ("cut", "name", "actual"),
    [
        ("project", "The Change Hub", "£800.00"), ("heading", "Provider contract payments", "£1,450.00"),
        ("source", "Home Office grant", "£1,450.00"), ("quarter", "Q1 2023-24", "£1,450.00"),
    ],
)  # fmt: skip
def test_a_cut_leads_to_the_spend_behind_each_of_its_figures(
    budgeted: Money, officer: Client, cut: str, name: str, actual: str
) -> None:
    text = officer.get(f"{URL}?year={budgeted.line().year_id}&cut={cut}").content.decode()
    row = row_of(text, name)
    assert row[3] == actual
    part = text[text.index(f">{name}<") :]
    link = unescape(re.search(rf'href="(/money/spend/[^"]+)">{actual}<', part)[1])
    assert row_of(officer.get(link).content.decode(), "Total")[-1] == actual


def test_the_quarters_are_in_their_order_and_sum_to_the_year(budgeted: Money, officer: Client) -> None:
    second = budgeted.quarter("2023-24-Q2")
    budgeted.record("33.33", Charge(budgeted.line(), second), on=date(2023, 7, 3))
    year = budgeted.line().year_id
    text = officer.get(f"{URL}?year={year}&cut=quarter&quarter={second.pk}").content.decode()
    names = re.findall(r"(Q\d) 2023-24</th>", text)
    assert names == ["Q1", "Q2", "Q3", "Q4"]
    assert row_of(text, "Q2 2023-24")[1:4] == ["£1,000.00", "£1,000.00", "£33.33"]
    assert row_of(text, "Q4 2023-24")[1:4] == ["£596,500.00", "£0.00", "£0.00"]
    by_line = officer.get(f"{URL}?year={year}&quarter={second.pk}").content.decode()
    assert row_of(text, "Total") == row_of(by_line, "Total")


def test_it_is_cut_by_contract_and_what_is_charged_leads_to_its_spend(budgeted: Money, officer: Client) -> None:
    line = budgeted.line()
    contract = factories.contract(budgeted.programme, values={(line.project, line.year): D("900.00")})
    commit(contract=contract, line=line, amount=D("500.00"), by=budgeted.finance)
    budgeted.record("120.00", contract=contract, supplier_name="B")
    text = officer.get(f"{URL}?year={line.year_id}&cut=contract").content.decode()
    assert row_of(text, "C-001 · Behaviour change service")[1:] == ["The Change Hub", "£500.00", "£120.00", "£380.00"]
    link = unescape(re.search(r'href="(/money/spend/[^"]+)">£120.00<', text)[1])
    assert row_of(officer.get(link).content.decode(), "Total")[-1] == "£120.00"


@pytest.mark.parametrize("cut", ["line", "project", "heading", "source", "quarter", "contract"])
def test_every_cut_downloads_and_stands_as_of_a_moment(budgeted: Money, officer: Client, cut: str) -> None:
    for more in ("", "&as_of=5+July+2023+at+10:00", "&download=xlsx"):
        assert officer.get(f"{URL}?year={budgeted.line().year_id}&cut={cut}{more}").status_code == 200


def test_as_of_a_moment_it_shows_what_the_record_said_then(budgeted: Money, officer: Client) -> None:
    url = f"{URL}?year={budgeted.line().year_id}&cut=project"
    with clock.at(date(2023, 7, 6), 9, 30):
        budgeted.record("11.11", supplier_name="B")
    with clock.at(date(2023, 7, 7)):
        then = officer.get(f"{url}&as_of=5+July+2023").content.decode()
        later = officer.get(f"{url}&as_of=6+July+2023+at+09:30").content.decode()
        now = officer.get(url).content.decode()
    assert row_of(then, "The Change Hub")[3] == "£800.00"
    assert row_of(later, "The Change Hub") == row_of(now, "The Change Hub")
    assert "as the record stood on 5 July 2023 at 23:59." in then
    assert 'href="/money/spend/?' in now


def test_a_figure_of_a_moment_leads_to_the_lines_that_made_it_up(budgeted: Money, officer: Client) -> None:
    struck = budgeted.record("11.11", supplier_name="B")
    with clock.at(date(2023, 7, 7)):
        void(entry=struck, reason="Typed twice", by=budgeted.finance)
        budgeted.record("5.00", supplier_name="C")
        url = f"{URL}?year={budgeted.line().year_id}&cut=project&as_of=5+July+2023"
        text = officer.get(url).content.decode()
        link = unescape(re.search(r'href="(/money/spend/[^"]+)">£811.11<', text)[1])
        lines = officer.get(link).content.decode()
    assert row_of(lines, "Total")[-1] == "£811.11"
    assert struck.reference in lines and "As the record stood on 5 July 2023 at 23:59." in lines


@pytest.mark.parametrize(("moment", "words"), [("8 July 2023", "still to come"), ("soon", "is not a date")])
def test_a_moment_that_cannot_be_is_said(budgeted: Money, officer: Client, moment: str, words: str) -> None:
    text = officer.get(f"{URL}?year={budgeted.line().year_id}&as_of={moment}").content.decode()
    assert words in text and f'value="{moment}"' in text


def test_the_spend_behind_an_actual_sums_to_it(budgeted: Money, officer: Client) -> None:
    second = budgeted.quarter("2023-24-Q2")
    budgeted.record("33.33", Charge(budgeted.line(), second), on=date(2023, 7, 3))
    year = budgeted.line().year_id
    for quarter, figure in ((budgeted.quarter(), "£800.00"), (second, "£833.33")):
        text = officer.get(f"{URL}?year={year}&quarter={quarter.pk}").content.decode()
        link = unescape(re.search(rf'href="(/money/spend/[^"]+)">{figure}<', text)[1])
        assert row_of(officer.get(link).content.decode(), "Total")[-1] == figure


def test_a_choice_that_does_not_fit_says_so(budgeted: Money, officer: Client) -> None:
    other = budgeted.programme.years.get(code="2024-25")
    text = officer.get(f"{URL}?year={other.pk}&quarter={budgeted.quarter().pk}").content.decode()
    assert "is not in 2024-25. Choose a quarter of that year" in text


def test_a_source_narrows_it(budgeted: Money, officer: Client) -> None:
    line = budgeted.line("GDM", "staff", source=budgeted.ecc_cash)
    budgeted.record("5.00", Charge(line, budgeted.quarter()), by=budgeted.council_finance)
    year = budgeted.line().year_id
    text = officer.get(f"{URL}?year={year}&source={budgeted.ecc_cash.pk}").content.decode()
    assert row_of(text, "Total")[3] == "£5.00"


def test_it_opens_on_the_grant_and_for_a_council_on_what_it_keeps(
    budgeted: Money, signed_in: Callable[[Any], Client]
) -> None:
    assert "Home Office grant, 2023-24, to the end of" in signed_in(budgeted.finance).get(URL).content.decode()
    budgeted.line("GDM", "staff", source=budgeted.ecc_cash)
    assert "Essex County Council cash, 2023-24, to" in signed_in(budgeted.council_finance).get(URL).content.decode()


def test_in_kind_match_is_never_added_to_money(budgeted: Money, officer: Client) -> None:
    line = budgeted.line("CHB", source=budgeted.ecc_in_kind)
    set_budget(
        source=budgeted.ecc_in_kind, year=line.year, kind="original", effective_on=date(2023, 4, 1), reason="x",
        profiles={(line, budgeted.quarter()): D("15000.00")}, by=budgeted.council_finance,
    )  # fmt: skip
    text = officer.get(f"{URL}?year={line.year_id}").content.decode()
    assert row_of(text, "Total")[1] == "£600,000.00" and "in-kind match left out" in text
    link = unescape(re.search(r'href="(/money/spend/[^"]+)">£800.00<', text)[1])
    assert "in_kind=without" in link and row_of(officer.get(link).content.decode(), "Total")[-1] == "£800.00"
    text = officer.get(f"{URL}?year={line.year_id}&source={budgeted.ecc_in_kind.pk}").content.decode()
    assert row_of(text, "Total")[1] == "£15,000.00"


def test_a_council_sees_the_budget_of_what_it_funds_alone(budgeted: Money, signed_in: Callable[[Any], Client]) -> None:
    line = budgeted.line("GDM", "staff", source=budgeted.ecc_cash)
    budgeted.record("5.00", Charge(line, budgeted.quarter()), by=budgeted.council_finance)
    text = signed_in(budgeted.council_finance).get(f"{URL}?year={line.year_id}").content.decode()
    assert row_of(text, "Total")[3] == "£5.00" and "The Change Hub" not in text and "Home Office grant" not in text


@pytest.mark.parametrize("more", ["", "&cut=quarter", "&cut=contract", "&as_of=5+July+2023"])
def test_it_runs_the_same_queries_for_few_lines_and_many(budgeted: Money, officer: Client, more: str) -> None:
    url = f"{URL}?year={budgeted.line().year_id}{more}"
    officer.get(url)
    with CaptureQueriesContext(connection) as few:
        officer.get(url)
    for heading in ("staff", "capital", "hospitality"):
        for project in ("CHB", "SIS", "GDM"):
            budgeted.line(project, heading)
    with CaptureQueriesContext(connection) as many:
        officer.get(url)
    assert len(many) == len(few)


@pytest.mark.parametrize("column", list(BudgetTable.base_columns))
def test_every_column_sorts(budgeted: Money, officer: Client, column: str) -> None:
    assert officer.get(f"{URL}?year={budgeted.line().year_id}&sort=-{column}").status_code == 200


def test_the_download_opens(budgeted: Money, officer: Client) -> None:
    response = officer.get(f"{URL}?year={budgeted.line().year_id}&download=xlsx")
    cells = [
        cell for row in load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True) for cell in row
    ]
    assert "The Change Hub · Provider contract payments" in cells and 800 in cells


def test_an_organisation_without_money_sees_an_empty_page(money: Money, signed_in: Callable[[Any], Client]) -> None:
    client = signed_in(factories.person("finance-officer", "thurrock"))
    assert "No budget line matches" in client.get(URL).content.decode()


def test_a_board_member_sees_no_budget(money: Money, signed_in: Callable[[Any], Client]) -> None:
    assert signed_in(factories.person("board-member", "setdab")).get(URL).status_code == 403
