"""What a table shows, and that its totals are the database's work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.test import RequestFactory
from django_tables2 import RequestConfig
from openpyxl import load_workbook

from board.models import Organisation
from core.download import table_as_xlsx
from core.tables import Column, CountColumn, DayColumn, MomentColumn, MoneyColumn, Table, TagColumn


@dataclass
class Row:
    supplier: str
    net: Decimal | None
    people: int
    paid_on: date | None
    seen_at: datetime
    status: str


class RowTable(Table):
    caption = "Spend"
    supplier = Column("Supplier")
    net = MoneyColumn("Net", total=True)
    people = CountColumn("People", total=True)
    paid_on = DayColumn("Paid")
    seen_at = MomentColumn("Seen")
    status = TagColumn("Status", colours={"held": "yellow"}, labels={"held": "Held"})


ROWS = [
    Row("=1+1", Decimal("12400.50"), 1200, date(2023, 4, 3), datetime(2023, 4, 3, 22, 30, tzinfo=UTC), "held"),
    Row("Change <b>", Decimal("-400.25"), 1, None, datetime(2023, 12, 3, 9, 5, tzinfo=UTC), "claimed"),
    Row("None yet", None, 0, None, datetime(2023, 12, 3, 9, 5, tzinfo=UTC), "claimed"),
]


class OrganisationTable(Table):
    caption = "Organisations"
    code = Column("Code")
    name = Column("Name")
    kind = TagColumn("Kind", colours={"council": "blue"})
    size = CountColumn("Number", accessor="pk", total=True)


def html_of(table: Table, query: str = "", per_page: int | None = None) -> str:
    request = RequestFactory().get(f"/?{query}")
    RequestConfig(request, paginate={"per_page": per_page} if per_page else False).configure(table)
    return table.as_html(request)


@pytest.fixture
def councils(db: None) -> None:
    for code in ("c", "a", "b"):
        Organisation.objects.create(code=code, name=f"Council {code}", short_name=code, kind="council")


def test_money_counts_and_dates_are_in_the_houses_words() -> None:
    html = html_of(RowTable(ROWS))
    assert "£12,400.50" in html and "−£400.25" in html
    assert ">1,200<" in html
    assert "3 April 2023" in html
    assert "3 April 2023 at 23:30" in html, "a moment is shown in local time"
    assert '<strong class="govuk-tag govuk-tag--yellow">Held</strong>' in html
    assert "Change &lt;b&gt;" in html


def test_the_foot_holds_the_totals() -> None:
    html = html_of(RowTable(ROWS))
    foot = html[html.index("<tfoot") :]
    assert "£12,000.25" in foot and "1,201" in foot and ">Total<" in foot


def test_a_table_has_a_caption_scopes_and_the_order_said_aloud(councils: None) -> None:
    html = html_of(OrganisationTable(Organisation.objects.all()), "sort=-name")
    assert 'id="caption">Organisations</caption>' in html
    assert html.count('scope="col"') == 4
    assert html.count('scope="row"') == 4
    assert html.count("aria-sort") == 1 and 'aria-sort="descending"' in html
    assert 'tabindex="0"' in html and 'aria-labelledby="caption"' in html
    assert 'href="?sort=name"' in html


def test_numbers_stand_to_the_right() -> None:
    assert html_of(RowTable(ROWS)).count("govuk-table__header--numeric") == 2


def test_totals_are_of_all_rows_and_not_of_the_page(
    councils: None, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(3):  # the count, the page, the total
        html = html_of(OrganisationTable(Organisation.objects.order_by("code")), per_page=1)
    total = sum(Organisation.objects.values_list("pk", flat=True))
    assert f">{total:,}<" in html[html.index("<tfoot") :]
    assert html.count("<tr") == 3


def test_rows_that_tie_are_ordered_the_same_on_every_page(councils: None) -> None:
    seen = []
    for number in (1, 2, 3):
        table = OrganisationTable(Organisation.objects.order_by("kind"))
        html_of(table, f"page={number}&sort=-kind", per_page=1)
        seen += [row.record.code for row in table.page.object_list]
    assert sorted(seen) == ["a", "b", "c"]
    assert table.data.data.query.order_by[-1] == "pk"


def test_pages_keep_the_filters_and_the_order(councils: None) -> None:
    html = html_of(OrganisationTable(Organisation.objects.all()), "sort=name&kind=council&page=2", per_page=1)
    assert 'href="?sort=name&amp;kind=council&amp;page=3"' in html
    assert 'aria-current="page"' in html
    assert "Showing 2 to 2 of 3" in html
    assert 'href="?sort=-name&amp;kind=council"' in html, "a new order begins at the first page"


def test_an_empty_list_says_so() -> None:
    html = html_of(RowTable([], empty_text="No spend yet."))
    assert "No spend yet." in html and "<table" not in html


def test_a_choice_shows_its_label(councils: None) -> None:
    html = html_of(OrganisationTable(Organisation.objects.all()))
    assert '<strong class="govuk-tag govuk-tag--blue">Council</strong>' in html


def test_the_download_holds_true_numbers_and_dates_and_no_formula() -> None:
    sheet = load_workbook(BytesIO(table_as_xlsx(RowTable(ROWS), "Spend lines"))).active
    assert sheet["A1"].value == "Spend lines"
    assert [cell.value for cell in sheet[3]] == ["Supplier", "Net", "People", "Paid", "Seen", "Status"]
    first = sheet[4]
    assert first[0].value == "=1+1" and first[0].data_type == "s"
    assert first[1].value == 12400.5 and "0.00" in first[1].number_format
    assert first[2].value == 1200
    assert first[3].value == datetime(2023, 4, 3) and first[3].number_format == "dd/mm/yyyy"
    assert first[5].value == "Held"
    assert sheet[6][1].value is None, "a missing amount is an empty cell, not a dash and not nought"


def test_the_download_bears_text_that_xml_cannot_hold() -> None:
    row = Row("A\x0b\uffff\ufffeB", Decimal("1.00"), 1, None, ROWS[0].seen_at, "held")
    sheet = load_workbook(BytesIO(table_as_xlsx(RowTable([row]), "Spend: all / [of it]"))).active
    assert sheet["A4"].value == "AB"
