"""The three journeys in a real browser, on a copy of the demonstration: axe finds nothing, the console is silent."""

import io
import re
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from board.models import Quarter, User
from config.demo.performance import boxes_of
from core.money import in_words
from core.workbook import defined_name
from funding.models import Claim, Declaration, Source, Transaction
from funding.reconciling import reconciliation
from funding.spend_reports import item_to_propose
from kpis.models import Submission
from returns.models import Return
from tests.pdf_text import text_of

Person = Callable[[str], User]
LAST = "2024-25-Q4"
FIRST_PAGES = ("finance.pfcc", "finance.ecc", "commissioning.1", "cfo", "reporter.change", "board", "auditor", "admin")


@pytest.fixture
def visit(page: Any, axe: Callable[[], None]) -> Callable[[str], None]:
    """Open an address, and look at it with axe."""

    def opened(url: str) -> None:
        page.goto(url)
        axe()

    return opened


def choose(page: Any, label: str, words: str) -> None:
    """Choose an option by a part of what it says."""
    box = page.get_by_label(label, exact=True).first
    value = box.locator("option", has_text=words).first.get_attribute("value")
    box.select_option(value)


def follow(page: Any, words: str) -> None:
    """Follow a link by a part of its words; one that looks like a button calls itself a button."""
    page.locator("main a", has_text=words).first.click()


def reconcile(page: Any, axe: Callable[[], None], quarter: Quarter) -> None:
    """From the declaring page: the ledger's total, what grantees hold of it, and the item that explains £40.00 more."""
    page.goto(f"{reverse('funding:declare')}?quarter={quarter.pk}")
    follow(page, "Reconcile with the ledger")
    axe()
    follow(page, "Record the ledger’s total")
    axe()
    found = reconciliation(quarter.programme.recipient, quarter.programme, quarter)
    total = found.ours + found.explained + item_to_propose(found) + 40
    page.get_by_label("Ledger’s year to date").fill(in_words(total))
    page.get_by_label("Which ledger print shows it?").fill("Cost centre report, run on 9 April 2025")
    page.get_by_role("button", name="Save").click()
    follow(page, "Add the item for money held by grantees")
    assert "is paid on account and not reported as spent on 31 March 2025" in page.get_by_label("Reason").input_value()
    page.get_by_role("button", name="Add the item").click()
    assert "£40.00" in page.inner_text("main") and "Unexplained difference" in page.inner_text("main")
    axe()
    page.set_viewport_size({"width": 320, "height": 900})
    axe()
    page.set_viewport_size({"width": 1280, "height": 900})
    follow(page, "Add a reconciling item")
    axe()
    page.get_by_label("Timing").check()
    page.get_by_label("Amount").fill("£40.00")
    page.get_by_label("Reason").fill("Posted twice; the second is taken back in April")
    page.get_by_role("button", name="Add the item").click()
    assert "every difference is explained" in page.inner_text("main")
    axe()


def end_the_quarter(page: Any, axe: Callable[[], None], quarter: Quarter) -> None:
    """From the declaring page: what became of the reversed accrual; from the contract: the grantee's statement."""
    page.goto(f"{reverse('funding:declare')}?quarter={quarter.pk}")
    follow(page, "Accruals")
    axe()
    follow(page, "Raise accruals")
    axe()
    page.go_back()
    follow(page, "Say what became of it")
    axe()
    page.get_by_label("No invoice has come yet: raise it again").check()
    page.get_by_label("Reason").fill("The evaluator’s invoice is promised for April")
    page.get_by_role("button", name="Save").click()
    assert "is raised again as" in page.inner_text("main")
    page.goto(reverse("funding:held-by-grantees"))
    axe()
    follow(page, "VIC-2023")
    axe()
    page.set_viewport_size({"width": 320, "height": 900})
    axe()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("link", name="Record the statement of Q4 2024-25").click()
    axe()
    page.get_by_label("Signed by").fill("Finance Director")
    page.get_by_label("Signed on").fill("4 April 2025")
    page.get_by_label("Statement reference").fill("STATEMENT-2024-25-Q4")
    page.get_by_label("Grant agreement payments").fill("14,880.25")
    page.get_by_role("button", name="Record the statement").click()
    assert "£14,880.25 for 2024-25 Q4" in page.inner_text("main")
    axe()
    for act in ("Correct it", "Make it void"):
        follow(page, act)
        axe()
        page.go_back()


def fill_invoice(page: Any, *, number: str, net: str) -> None:
    page.get_by_label("Actual: an invoice").check()
    page.get_by_label("Supplier name (optional)").fill("The Change Project")
    page.get_by_label("Document number (optional)").fill(number)
    page.get_by_label("Description").fill("Sessions of March 2025")
    page.get_by_label("Accounting date").fill("31/03/2025")
    page.get_by_label("Service from").fill("1 March 2025")
    page.get_by_label("Service to").fill("31 March 2025")
    page.get_by_label("Net amount").fill(net)


def test_a_finance_officer_records_spend(
    live_demonstration: Person, page: Any, sign_in: Any, axe: Any, visit: Any
) -> None:
    sign_in(live_demonstration("finance.pfcc"))
    visit("/")
    page.get_by_role("link", name="Spend", exact=True).first.click()
    axe()
    follow(page, "Record spend")
    axe()

    # Refused: three decimals. Everything typed stays, and the summary leads to the box.
    fill_invoice(page, number="TCP-2503", net="12400.005")
    choose(page, "Contract (optional)", "CHB-2023")
    choose(page, "Budget line", "Home Office grant: The Change Hub · Provider contract payments · 2024-25")
    choose(page, "Recorded in", "2024-25 Q4")
    page.get_by_role("button", name="Record", exact=True).click()
    summary = page.get_by_role("alert")
    assert "more than two decimal places" in summary.inner_text()
    assert page.get_by_label("Description").input_value() == "Sessions of March 2025"
    axe()
    summary.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.name") == "net"

    # Checked before it is written, then written.
    page.get_by_label("Net amount").fill("£12,400.00")
    page.get_by_role("button", name="Check", exact=True).last.click()
    assert "Nothing is written yet" in page.inner_text("main")
    axe()
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_url(re.compile("/recorded/"))
    axe()
    entry = Transaction.objects.get(document_number="TCP-2503")
    assert in_words(entry.cost) in page.inner_text("main")
    assert "Claimable" in page.inner_text("main")


def test_a_split_that_does_not_add_up_says_by_how_much_and_loses_nothing(
    live_demonstration: Person, page: Any, sign_in: Any, axe: Any, visit: Any
) -> None:
    sign_in(live_demonstration("finance.pfcc"))
    visit(reverse("funding:record"))
    fill_invoice(page, number="SPLIT-1", net="100.01")
    choose(page, "Budget line", "Victim support direct costs · 2024-25")
    choose(page, "Recorded in", "2024-25 Q4")
    page.get_by_role("button", name="Add another line").click()
    second = page.locator("#line-2")
    value = page.locator("#line-2 option", has_text="Programme management").first.get_attribute("value")
    second.get_by_label("Budget line").select_option(value)
    quarter = page.locator("#line-2 option", has_text="2024-25 Q4").first.get_attribute("value")
    second.get_by_label("Recorded in").select_option(quarter)
    page.locator("#line-1").get_by_label("Amount or percentage").fill("60.00")
    second.get_by_label("Amount or percentage").fill("40.00")
    page.get_by_role("button", name="Record", exact=True).click()
    assert "£0.01 too little" in page.get_by_role("alert").inner_text()
    axe()
    # By percentage it adds up by construction.
    page.get_by_label("Percentage", exact=True).check()
    page.locator("#line-1").get_by_label("Amount or percentage").fill("60")
    second.get_by_label("Amount or percentage").fill("40")
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_url(re.compile("/recorded/"))
    lines = Transaction.objects.get(document_number="SPLIT-1").lines.order_by("number")
    assert [str(line.cost) for line in lines] == ["60.01", "40.00"]


def fill_sections(page: Any, axe: Callable[[], None], boxes: dict[str, str]) -> None:
    """Fill each section as its page asks, one after the other."""
    while "/fill/" in page.url:
        axe()
        for box in page.locator("form input[type=text], form textarea").all():
            name = box.get_attribute("name")
            if name in boxes and not box.is_hidden():
                box.fill(boxes[name])
        page.get_by_role("button", name="Save and continue").click()


def test_a_reporter_fills_a_quarter_comes_back_and_submits_and_an_officer_queries_and_accepts(
    live_demonstration: Person, page: Any, sign_in: Any, axe: Any, visit: Any
) -> None:
    submission = Submission.objects.get(quarter__code=LAST, duty__reference="DAPF-2023-25/CHB-change")
    sign_in(live_demonstration("reporter.change"))
    visit("/")
    page.get_by_role("link", name="Submit results: The Change Hub").click()
    axe()
    address = reverse("kpis:submission", args=[submission.pk])

    # Half of it, then home; what was typed is there again.
    page.goto(reverse("kpis:fill", args=[submission.pk, "referrals"]))
    first = page.locator("form input[type=text]").first
    typed = first.input_value()
    page.get_by_role("button", name="Save and come back later").click()
    page.goto(reverse("kpis:fill", args=[submission.pk, "referrals"]))
    assert page.locator("form input[type=text]").first.input_value() == typed

    # Submitting a half-filled quarter says everything that is missing, with links.
    page.goto(reverse("kpis:submit", args=[submission.pk]))
    page.get_by_role("button", name="Submit").first.click()
    # Waited for: a slow server may still be answering.
    page.locator("main .app-warnings a").nth(5).wait_for()
    axe()

    boxes = boxes_of(submission)
    page.goto(reverse("kpis:fill", args=[submission.pk, "referrals"]))
    fill_sections(page, axe, boxes)
    for _ in range(3):
        page.goto(reverse("kpis:submit", args=[submission.pk]))
        axe()
        page.get_by_role("button", name="Submit").first.click()
        submission.refresh_from_db()
        if submission.status == "submitted":
            break
        # What is unusual asks for a comment; the link leads to its box.
        for link in [row.get_attribute("href") for row in page.locator("main .app-warnings a").all()]:
            page.goto(link)
            box = page.locator(f'[id="{link.partition("#")[2]}"]')
            if not box.is_visible():
                page.locator("details", has=box).locator("summary").click()
            box.fill("Checked against the case records: the figure is right.")
            page.get_by_role("button", name="Save and come back later").click()
    submission.refresh_from_db()
    assert submission.status == "submitted"

    sign_in(live_demonstration("commissioning.2"))
    visit(address)
    follow(page, "Query")
    axe()
    page.get_by_label("Section").select_option(index=1)
    page.get_by_label("What the supplier should look at").fill("Is the March group counted?")
    page.get_by_role("button", name="Send the query").click()
    submission.refresh_from_db()
    assert submission.status == "queried"

    sign_in(live_demonstration("reporter.change"))
    visit(address)
    follow(page, "Answer this query")
    axe()
    page.get_by_label("Your answer").fill("Yes, it is.")
    page.get_by_role("button", name="Save the answer").click()
    page.goto(reverse("kpis:submit", args=[submission.pk]))
    page.get_by_role("button", name="Submit").first.click()

    sign_in(live_demonstration("commissioning.2"))
    visit(address)
    follow(page, "Accept")
    axe()
    page.get_by_role("button", name="Accept").click()
    submission.refresh_from_db()
    assert submission.status == "accepted"


def test_a_commissioning_officer_closes_a_quarter_and_downloads_its_claim(
    live_demonstration: Person, page: Any, sign_in: Any, axe: Any, visit: Any
) -> None:
    quarter = Quarter.objects.get(programme__code="DAPF-2023-25", code=LAST)
    here = reverse("returns:quarter", args=[quarter.pk])

    sign_in(live_demonstration("commissioning.1"))
    visit("/")
    page.get_by_role("link", name="See what 2024-25 Q4").click()
    axe()
    missing = page.inner_text("main")
    assert "has not declared its spend of the Home Office grant" in missing

    # The finance officer follows the links to what is missing and puts it right.
    sign_in(live_demonstration("finance.pfcc"))
    for _ in range(12):
        page.goto(here)
        links = page.get_by_role("link", name="Explain ")
        if not links.count():
            break
        links.first.click()
        axe()
        page.get_by_label("Kind of reason").select_option("timing")
        page.get_by_label("Explanation").fill("March invoices were not in when the quarter was declared.")
        page.get_by_role("button", name="Save the explanation").click()
    end_the_quarter(page, axe, quarter)
    grant = Source.objects.get(programme=quarter.programme, kind="grant")
    visit(reverse("funding:declare-source", args=[quarter.programme.code, grant.code, quarter.code]))
    page.get_by_label("Complete").check()
    page.get_by_role("button", name="Declare").click()
    assert Declaration.objects.in_force().filter(source=grant, quarter=quarter).exists()
    reconcile(page, axe, quarter)

    sign_in(live_demonstration("commissioning.1"))
    visit(here)
    follow(page, "Close for spend")
    axe()
    page.get_by_role("button", name="Close").click()

    # Before it is signed, the files are drafts and say so.
    follow(page, "Begin")
    axe()
    page.get_by_role("button", name="Begin the return").click()
    axe()
    the_return = Return.objects.get(kind="claim", last_quarter=quarter)
    draft = download(page, "PDF document (draft")
    assert "DRAFT" in text_of(draft)

    for key, act in (("finance.pfcc", "prepare"), ("commissioning.1", "check"), ("cfo", "certify")):
        sign_in(live_demonstration(key))
        visit(reverse("returns:return", args=[the_return.pk]))
        page.locator(f'a[href$="/sign/{act}/"]').first.click()
        axe()
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_load_state()
    the_return.refresh_from_db()
    assert the_return.status == Return.Status.CERTIFIED

    sign_in(live_demonstration("commissioning.1"))
    visit(reverse("returns:return", args=[the_return.pk]))
    workbook, pdf = download(page, "Excel workbook (final"), download(page, "PDF document (final")
    claim = Claim.objects.get(quarter=quarter)
    text = text_of(pdf)
    assert "DRAFT" not in text
    assert in_words(claim.amount) in text
    book = openpyxl.load_workbook(io.BytesIO(workbook), data_only=True)
    sheet, cell = next(iter(book.defined_names[defined_name("claim/key-figures/this-claim/value")].destinations))
    assert f"{book[sheet][cell].value:.2f}" == f"{claim.amount:.2f}"


def download(page: Any, label: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=label).first.click()
    with open(waiting.value.path(), "rb") as file:
        return file.read()


@pytest.mark.parametrize("width", [320, 1280])
def test_each_roles_first_page_reads_well_at_both_widths(
    live_demonstration: Person, page: Any, sign_in: Any, visit: Any, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for key in (
        "finance.pfcc",
        "finance.ecc",
        "commissioning.1",
        "cfo",
        "reporter.change",
        "board",
        "auditor",
        "admin",
    ):
        sign_in(live_demonstration(key))
        visit("/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, key
