"""A finance officer drops files on the page in a browser, confirms their entries, and finds them on an entry's page."""

import base64
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from funding.models import Evidence
from tests import factories
from tests.evidence_files import PDF

# What a browser hands over when files are dragged onto an element.
DROP = """([selector, files]) => {
  const given = new DataTransfer();
  for (const [name, content] of files) given.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
  document.querySelector(selector).dispatchEvent(new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true }));
}"""  # noqa: E501


@pytest.fixture
def officers_page(
    settings: Any, tmp_path: Path, transactional_db: None, page: Any, sign_in: Callable[[Any], None]
) -> Iterator[Any]:
    settings.FIXED_DATE, settings.EVIDENCE_FOLDER = date(2023, 7, 5), tmp_path
    money = factories.money(factories.programme())
    money.record("12400.00", document_number="TCP-2306", supplier_name="The Change Project")
    money.record("900.00", supplier_name="", basis="Half a post", description="Payroll journal")
    for supplier in ("One Limited", "Two Limited"):
        money.record("700.00", document_number="A-100", supplier_name=supplier)
    sign_in(money.finance)
    yield page


def drop(page: Any, *files: tuple[str, bytes]) -> None:
    page.evaluate(DROP, ["[data-drop]", [[name, base64.b64encode(content).decode()] for name, content in files]])


def looked_at(page: Any, axe: Callable[[], None]) -> None:
    """The page as it stands is fit for all, on a desk and on a telephone."""
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        axe()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_files_are_dropped_matched_confirmed_and_found(officers_page: Any, axe: Callable[[], None]) -> None:
    page = officers_page
    page.goto("/money/evidence/")
    looked_at(page, axe)
    drop(page, ("tcp 2306.pdf", PDF), ("A-100.pdf", PDF + b"\n"))
    drop(page, ("program.pdf", b"MZ\x90\0"))
    assert "3 files, 0.0 MB: tcp 2306.pdf, A-100.pdf, program.pdf" in page.locator("[data-dropped]").inner_text()
    page.get_by_role("button", name="Send the files").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    assert "2 files are kept and wait to be matched" in page.inner_text("main")
    looked_at(page, axe)

    page.get_by_role("button", name="Match 2 files to entries").click()
    first, second = page.get_by_role("group", name="tcp 2306.pdf"), page.get_by_role("group", name="A-100.pdf")
    assert first.get_by_label("Entry").input_value() == "T-000001"
    assert "Its name matches 2 entries" in second.inner_text()
    looked_at(page, axe)
    second.get_by_label("Entry").fill("A-100")
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    looked_at(page, axe)
    page.get_by_role("group", name="A-100.pdf").get_by_label("Entry").fill("4, 2")
    page.get_by_label("I have looked").check()
    page.get_by_role("button", name="Attach").click()
    page.get_by_text("2 files attached to 3 entries.").wait_for()
    # The file shows pay for one of its two entries, and so is restricted for both.
    assert Evidence.objects.filter(restricted=True, file__name="A-100.pdf").count() == 2

    page.goto("/money/spend/T-000002/")
    assert "Restricted" in page.get_by_role("row", name="A-100.pdf").inner_text()
    looked_at(page, axe)
    with page.expect_download() as taken:
        page.get_by_role("link", name="A-100.pdf").click()
    assert taken.value.suggested_filename == "A-100.pdf"
    page.get_by_role("link", name="Take away EV-").click()
    looked_at(page, axe)
    page.goto("/money/evidence/missing/")
    assert "T-000003" in page.inner_text("main") and "T-000004" not in page.inner_text("main")
    looked_at(page, axe)
    page.get_by_role("link", name="Add evidence to T-000003").click()
    looked_at(page, axe)


def test_what_is_too_large_is_said_before_it_is_sent(officers_page: Any, settings: Any) -> None:
    page = officers_page
    settings.UPLOAD_LIMIT_BYTES = 1000
    page.goto("/money/evidence/")
    drop(page, ("large.pdf", PDF + b"\n" * 2000))
    page.get_by_role("button", name="Send the files").click()
    assert page.locator("[data-dropped]").inner_text() == "Too large: large.pdf."
    assert not Evidence.objects.exists()
