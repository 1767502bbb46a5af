"""A month of forty entries in a browser, by keyboard alone: pasted from a spreadsheet, corrected, recorded."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.pasting import as_copied
from funding.budgeting import set_budget
from funding.models import SpendLine, Transaction
from tests import factories

D = Decimal
URL = "/money/spend/enter-many/"
DATES = ("%d/%m/%Y", "%-d-%b-%y", "%Y-%m-%d", "%-d %B %Y")


def month() -> list[list[str]]:
    """Forty entries of June as a spreadsheet shows them; one has a slip of the pen, and one names no project."""
    rows = []
    for number in range(40):
        day = date(2023, 6, 1) + timedelta(days=number % 30)
        amount, vat, reason = f"£{1_000 + number:,}.{number:02d}", "", ""
        if number % 10 == 4:
            amount, reason = f"({number}.10)", "Its original was paid before the programme"
        if number % 10 == 6:
            amount, reason = f"{number}.20-", "Its original was paid before the programme"
        project = "SIS provider" if number % 3 else "CHB provider"
        rows.append(
            [f"{day:{DATES[number % 4]}}", f"Supplier {number % 7}", f"INV-{number:03d}", "Sessions of June", amount,
             vat, project, "", "", "", "", reason]
        )  # fmt: skip
    rows[11][4] = "1,01l.11"
    rows[22][6] = "Nowhere provider"
    return rows


def wanted() -> Decimal:
    total = sum(
        (
            -D(f"{number}.10") if number % 10 == 4 else -D(f"{number}.20") if number % 10 == 6
            else D(f"{1_000 + number}.{number:02d}")
            for number in range(40)
        ),
        D("0.00"),
    )  # fmt: skip
    return total


@pytest.fixture
def officers_page(settings: Any, transactional_db: None, page: Any, sign_in: Callable[[Any], None]) -> Iterator[Any]:
    settings.FIXED_DATE = date(2023, 7, 5)
    money = factories.money(factories.programme())
    profiles = {(money.line(), money.quarter()): D("300000.00"), (money.line("SIS"), money.quarter()): D("300000.00")}
    set_budget(
        source=money.grant, year=money.line().year, kind="original", profiles=profiles,
        effective_on=date(2023, 4, 1), reason="Original", by=money.finance,
    )  # fmt: skip
    sign_in(money.finance)
    yield page


def tab_to(page: Any, name: str) -> None:
    """Walk by the tab key until what has the focus bears this name."""
    for _ in range(700):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "(() => { const at = document.activeElement;"
            " return at.getAttribute('aria-label') || at.labels?.[0]?.innerText || at.innerText || ''; })()"
        )
        if found.strip() == name:
            return
    raise AssertionError(f"The tab key never reaches “{name}”")


def paste(page: Any, text: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+V")


def fits(page: Any) -> None:
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_month_of_forty_rows_is_pasted_corrected_and_saved_by_keyboard_alone(
    officers_page: Any, axe: Callable[[], None]
) -> None:
    page = officers_page
    page.goto(URL)
    axe()
    fits(page)
    tab_to(page, "Recorded in")
    page.keyboard.type("2023-24 Q1")
    tab_to(page, "Accounting date, row 1")
    paste(page, as_copied(month()))
    page.get_by_text("40 rows: net").wait_for()
    assert "1 amount cannot be read." in page.locator("[data-sum]").inner_text()
    # Enter in a box checks; both mistakes are told at once, and each links to its box.
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="There is a problem").wait_for()
    summary = page.locator(".govuk-error-summary")
    assert summary.get_by_role("link").count() == 2
    assert not Transaction.objects.exists()
    axe()
    tab_to(page, "Row 12: “1,01l.11” is not an amount. Enter pounds and pence, like 1,234.50")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("1,011.11")
    # Down by the arrow: the same column of the row that names no line.
    for _ in range(11):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Net, row 23"
    tab_to(page, "Charged to, row 23")
    page.keyboard.press("Control+A")
    page.keyboard.type("SIS provider")
    page.keyboard.press("Escape")
    tab_to(page, "Record all")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Spend").first.wait_for()
    assert f"40 entries are recorded, £{wanted():,.2f}: T-000001 to T-000040." in page.content()
    assert Transaction.objects.count() == 40
    assert SpendLine.objects.spend().total() == wanted()
    assert set(SpendLine.objects.values_list("budget_line__project__code", flat=True)) == {"CHB", "SIS"}
