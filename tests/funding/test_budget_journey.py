"""A budget from its award to a virement, in a browser: pasted, added up, re-profiled, moved, approved by another."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from funding.models import BudgetVersion, Virement
from tests import factories
from tests.factories import Money

D = Decimal
GRANT = "/money/budget/DAPF-2023-25/GRANT/2023-24/"
PASTED = (
    "Project\tHeading\tQ1\tQ2\tQ3\tQ4\nCHB\tprovider\t£100,000.00\t100,000\t100,000\t100,000\nSIS\tstaff\t\t\t\t199999"
)


@pytest.fixture
def money(settings: Any, transactional_db: None) -> Money:
    settings.FIXED_DATE = date(2023, 7, 5)
    return factories.money(factories.programme())


@pytest.fixture
def officers_page(money: Money, page: Any, sign_in: Callable[[Any], None]) -> Iterator[Any]:
    sign_in(money.finance)
    yield page


def box(page: Any, name: str) -> Any:
    return page.get_by_role("textbox", name=name, exact=True)


def test_a_budget_from_its_paste_to_an_approved_virement(
    money: Money, officers_page: Any, sign_in: Callable[[Any], None], axe: Callable[[], None]
) -> None:
    page = officers_page
    page.goto("/money/budget/awards/")
    axe()
    page.goto(GRANT)
    axe()
    page.get_by_role("button", name="Set the budget").click()
    axe()
    page.get_by_text("Paste from a spreadsheet").first.click()
    page.get_by_label("Paste from a spreadsheet").fill(PASTED)
    page.get_by_role("button", name="Fill the boxes").click()
    last = "Specialist Intervention Service, Staff salaries, Q4 2023-24"
    assert "The table is £1.00 too low." in page.inner_text("main")
    axe()
    # Enter adds up, and saves nothing; what is typed is added up at once.
    box(page, last).fill("200,000.00")
    assert "The table adds up to it." in page.inner_text("main")
    box(page, last).press("Enter")
    assert not BudgetVersion.objects.exists()
    page.get_by_label("Reason").fill("As agreed")
    page.get_by_role("button", name="Set the budget").click()
    page.get_by_role("heading", name="Budget version 1").wait_for()
    axe()

    # Many cells that are pasted into a box go to the right and down.
    page.goto(f"{GRANT}forecast/")
    axe()
    first = box(page, "The Change Hub, Provider contract payments, Q2 2023-24")
    first.focus()
    first.evaluate(
        """(box, text) => {
            const carried = new DataTransfer();
            carried.setData("text/plain", text);
            box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true }));
        }""",
        "90,000\t£95,000\t(1)\n1\t2\t3\n",
    )
    assert box(page, last).input_value() == "3"
    page.get_by_role("button", name="Save the forecast").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    axe()
    page.get_by_role("link", name="Enter £0.00 or more").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("100000")
    page.get_by_role("button", name="Save the forecast").click()
    page.get_by_text("The forecast is saved.").wait_for()

    page.goto(f"{GRANT}virement/")
    axe()
    box(page, "The Change Hub, Provider contract payments, Q4 2023-24").fill("-10,000.01")
    assert "The table is £10,000.01 too low." in page.inner_text("main")
    box(page, last).fill("10,000.01")
    page.get_by_label("Reason").fill("More cases")
    page.get_by_label("Funder’s reference (optional)").fill("HO-1")
    page.get_by_role("button", name="Record the virement").click()
    page.get_by_text("VP-000001 is proposed").wait_for()
    axe()
    assert not Virement.objects.exists()

    sign_in(factories.person("cfo", "pfcc"))
    page.goto("/")
    page.get_by_role("link", name="Approve or turn down the virement VP-000001").click()
    page.get_by_role("button", name="Approve").click()
    axe()
    page.get_by_role("button", name="Approve the virement").click()
    page.get_by_role("heading", name="V-000001").wait_for()
    axe()
    page.goto("/money/budget/virements/")
    axe()
    assert Virement.objects.get().second_person.email.startswith("cfo.")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_pages_fit_a_narrow_and_a_wide_screen(money: Money, officers_page: Any, width: int) -> None:
    page = officers_page
    page.set_viewport_size({"width": width, "height": 900})
    for address in ("/money/budget/", "/money/budget/awards/", GRANT, f"{GRANT}award/", f"{GRANT}set/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
