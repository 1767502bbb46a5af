"""A pasted budget: what finds its box, and what is told of every row that does not."""

from decimal import Decimal

import pytest

from funding.budget_paste import Pasted, Table, place
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def table(money: Money) -> Table:
    """CHB's provider and staff lines and SIS's provider line, over four quarters of which the first is closed."""
    lines = [money.line("CHB"), money.line("CHB", "staff"), money.line("SIS")]
    quarters = [money.quarter(f"2023-24-Q{number}") for number in (1, 2, 3, 4)]
    first = lines[0]
    return Table(
        pairs=[(line.project, line.heading) for line in lines],
        quarters=quarters,
        closed={(first.project, first.heading, quarters[0]): D("1000.00")},
        shut=frozenset({quarters[0].pk}),
        projects=list(money.programme.projects.all()),
        headings=list(money.programme.cost_headings.all()),
        may_add=False,
    )


def told(found: Pasted) -> list[str]:
    return [problem.message for problem in found.problems]


def typed(found: Pasted) -> dict[tuple[str, str, int], str]:
    return {
        (project.code, heading.code, quarter.number): text for (project, heading, quarter), text in found.typed.items()
    }


def test_lines_are_known_by_code_or_name_however_written(table: Table) -> None:
    found = place(
        "the change hub\tPROVIDER\t£1,000.00\t(2.50)\t3.00-\t\nsis\tProvider  contract payments\t0\t-\t5\t6", table
    )
    assert typed(found) == {
        ("CHB", "provider", 2): "-2.50", ("CHB", "provider", 3): "-3.00",
        ("SIS", "provider", 2): "0.00", ("SIS", "provider", 3): "5.00", ("SIS", "provider", 4): "6.00",
    }  # fmt: skip
    assert not told(found)


def test_every_row_that_finds_no_box_is_told_at_once_and_the_others_are_filled(table: Table) -> None:
    found = place(
        "Chnge Hub\tprovider\t1\nCHB\tprovder\t1\nGDM\tstaff\t1\nCHB\tstaff\t0\tten\t3\t\nCHB\tstaff\t0\t1", table
    )
    assert told(found) == [
        "Row 1: “Chnge Hub” is no project here. Give its code or its name as on this page.",
        "Row 2: “provder” is no cost heading here. Give its code or its name as on this page.",
        "Row 3: Goodman · Staff salaries is no line of this budget.",
        "Row 4: Q2 2023-24: “ten” is not an amount. Enter pounds and pence, like 1,234.50.",
        "Row 5: The Change Hub · Staff salaries stands in row 4 already. Put them together.",
    ]
    assert typed(found) == {("CHB", "staff", 3): "3.00"}


def test_a_header_says_which_column_is_which_and_a_total_row_is_no_line(table: Table) -> None:
    found = place("Project\tHeading\tTotal\tQ4\tQ2\nCHB\tstaff\t9\t5\t4\nTotal\t\t9\t5\t4", table)
    assert typed(found) == {("CHB", "staff", 4): "5.00", ("CHB", "staff", 2): "4.00"} and not told(found)


def test_a_total_at_the_end_of_a_row_is_compared(table: Table) -> None:
    assert not told(place("CHB\tstaff\t0\t1\t2\t3\t6", table))
    found = place("CHB\tstaff\t0\t1\t2\t3\t7", table)
    assert told(found) == ["Row 1: its total is £7.00, and its quarters make £6.00."]


def test_a_merged_project_holds_for_the_rows_under_it(table: Table) -> None:
    assert set(typed(place("CHB\tprovider\t1000\t1\n\tstaff\t0\t2", table))) == {
        ("CHB", "provider", 2), ("CHB", "staff", 2)
    }  # fmt: skip


def test_a_closed_quarter_stays_and_says_so(table: Table) -> None:
    found = place("CHB\tprovider\t999\t1", table)
    assert told(found) == ["Row 1: Q1 2023-24 is closed and stays £1,000.00, not £999.00."]


def test_amounts_without_names_fill_the_table_row_by_row(table: Table) -> None:
    found = place("1\t2\t3\n4\t5\t6\n7\t8\t9\n", table)
    assert typed(found)["SIS", "provider", 4] == "9.00" and len(found.typed) == 9
    assert told(place("1\t2\t3\n", table)) == [
        "You pasted 1 row of amounts without names, and the table has 3. "
        "Paste the project and the cost heading of each row too."
    ]


def test_more_amounts_than_quarters_are_not_guessed_at(table: Table) -> None:
    assert told(place("CHB\tstaff\t1\t2\t3\t4\t5\t6", table)) == [
        "Row 1: it has 6 amounts, and the table has 4 quarters."
    ]


def test_nothing_pasted_says_so(table: Table) -> None:
    assert told(place(" \n\t\n", table)) == ["Nothing with an amount was pasted. Copy the rows of the table too."]


def test_a_new_line_is_put_to_the_table_where_it_may_be(table: Table) -> None:
    wider = Table(**{**vars(table), "may_add": True})
    assert typed(place("GDM\tstaff\t0\t1", wider)) == {("GDM", "staff", 2): "1.00"}
