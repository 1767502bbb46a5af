"""A finance officer records spend in a browser: refused, put right, checked, recorded."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from funding.budgeting import set_budget
from funding.models import SpendLine
from tests import factories

D = Decimal


@pytest.fixture
def officers_page(settings: Any, transactional_db: None, page: Any, sign_in: Callable[[Any], None]) -> Iterator[Any]:
    settings.FIXED_DATE = date(2023, 7, 5)
    money = factories.money(factories.programme())
    money.line("SIS")
    profiles = {
        (money.line("CHB"), money.quarter()): D("500000.00"),
        (money.line("SIS"), money.quarter()): D("100000.00"),
    }
    set_budget(
        source=money.grant, year=money.line().year, kind="original", profiles=profiles,
        effective_on=date(2023, 4, 1), reason="Original", by=money.finance,
    )  # fmt: skip
    sign_in(money.finance)
    yield page


def fill(page: Any) -> None:
    page.goto("/money/spend/record/")
    page.get_by_label("Description").fill("Sessions delivered")
    page.get_by_label("Accounting date").fill("30 June 2023")
    page.get_by_label("Service from").fill("1/6/2023")
    page.get_by_label("Service to").fill("30/6/2023")
    page.get_by_label("Net amount").fill("12,400.00")
    page.get_by_role("button", name="Add another line").click()
    for number, project, share in ((1, "The Change Hub", "10,000"), (2, "Specialist Intervention Service", "2,399.99")):
        line = page.get_by_role("group", name=f"Line {number}")
        line.get_by_label("Budget line").select_option(
            label=f"Home Office grant: {project} · Provider contract payments · 2023-24"
        )
        line.get_by_label("Recorded in").select_option(label="2023-24 Q1 (April to June 2023)")
        line.get_by_label("Amount or percentage").fill(share)


def test_recording_a_split_entry(officers_page: Any, axe: Callable[[], None]) -> None:
    page = officers_page
    fill(page)
    assert page.get_by_label("Hours", exact=True).is_hidden()
    assert "Still to be split: £0.01" in page.locator("[data-sum]").inner_text()
    page.get_by_label("VAT (optional)", exact=True).fill("2,480.00")
    assert "Cost £12,400.00. Still to be split: £0.01" in page.locator("[data-sum]").inner_text(), "PFCC recovers it"
    page.get_by_label("VAT (optional)", exact=True).fill("")
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    axe()
    page.get_by_role("link", name="£0.01 too little").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("2,400.00")
    assert "The lines make up the cost of £12,400.00." in page.locator("[data-sum]").inner_text()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="If you record this").wait_for()
    assert not SpendLine.objects.exists(), "Enter checks and does not record."
    axe()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("heading", name="Recorded T-000001").wait_for()
    axe()
    row = page.get_by_role("row", name="The Change Hub")
    for figure in ("£10,000.00", "£500,000.00", "£0.00", "£490,000.00"):
        assert figure in row.inner_text()
    assert SpendLine.objects.total() == D("12400.00")
