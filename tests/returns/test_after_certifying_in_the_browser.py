"""What follows a certified return, in a real browser: figures copied, a question answered, a sample looked at."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

from django.urls import reverse

from board.models import User
from returns.models import CopyTick, FunderQuery, Return, Sample
from tests.returns.test_templates_live import look

Person = Callable[[str], User]
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def press(page: Any, words: str) -> None:
    """Follow what looks like a button, or send the form."""
    page.get_by_role("button", name=words, exact=True).first.click()
    page.wait_for_load_state()


def test_figures_are_arranged_once_then_copied_and_ticked(
    live_demonstration: Person, page: Any, sign_in: Any, axe: Any
) -> None:
    the_return = Return.objects.get(kind="claim", last_quarter__code="2024-25-Q2")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(live_demonstration("commissioning.1"))
    page.goto(the_return.get_absolute_url())
    press(page, "Figures to copy")
    look(page, axe)
    press(page, "Arrange the order")
    look(page, axe)
    page.get_by_label("What the portal calls it: Key figures: This claim").fill("1.1 Amount claimed")
    page.get_by_label("Place: Key figures: Award for 2024-25").fill("0.5")
    press(page, "Save the order")
    page.goto(reverse("returns:copy", args=[the_return.pk]))
    rows = page.locator("table[data-copy] tbody tr")
    assert rows.nth(1).inner_text().startswith("2. 1.1 Amount claimed")
    rows.nth(1).get_by_role("button", name="Copy").click()
    page.locator("[data-copied]:not(:empty)").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == rows.nth(1).locator("input[readonly]").input_value()
    press(page, "Save the ticks")
    page.get_by_text("1 of 13 copied.").wait_for()
    assert CopyTick.objects.get().the_return == the_return


def test_a_question_of_the_funder_is_answered_and_ended(
    live_demonstration: Person, page: Any, sign_in: Any, axe: Any
) -> None:
    query = FunderQuery.objects.get(outcome="")
    sign_in(live_demonstration("finance.pfcc"))
    page.goto("/")
    page.get_by_role("link", name="Answer the funder’s question").click()
    look(page, axe)
    press(page, "Attach a file")
    look(page, axe)
    page.get_by_label("File").set_input_files({"name": "answer.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_label("It names no victim").check()
    press(page, "Attach")
    page.get_by_role("link", name="answer.pdf").wait_for()
    press(page, "Record the answer")
    look(page, axe)
    page.get_by_label("Answer", exact=True).fill("The groups of the summer were full.")
    press(page, "Record the answer")
    page.get_by_text("The answer is recorded.").wait_for()
    press(page, "Record how it ended")
    look(page, axe)
    page.get_by_label("Answered: the figures stand").check()
    press(page, "Record it")
    page.get_by_text("is closed: answered").wait_for()
    query.refresh_from_db()
    assert (query.outcome, query.answer) == ("stands", "The groups of the summer were full.")


def test_an_auditor_draws_looks_records_and_takes_the_pack(
    live_demonstration: Person, page: Any, sign_in: Any, axe: Any
) -> None:
    sign_in(live_demonstration("auditor"))
    page.goto(reverse("returns:returns"))
    press(page, "Samples of an audit")
    look(page, axe)
    press(page, "Draw a sample")
    look(page, axe)
    page.get_by_label("Drawn from the claims of").select_option("DAPF-2023-25/2023-24-Q1")
    page.get_by_label("What it is for").fill("First quarter")
    page.get_by_label("How many of the other lines at random").fill("2")
    press(page, "Draw it")
    look(page, axe)
    sample = Sample.objects.get(purpose="First quarter")
    page.get_by_role("link", name="Record").first.click()
    look(page, axe)
    page.get_by_label("Agreed", exact=True).check()
    press(page, "Record the result")
    page.get_by_role("heading", name="Line 2").wait_for()
    page.get_by_label("Exception").check()
    page.get_by_label("By how much the claim is wrong").fill("10")
    page.get_by_label("What was found").fill("The invoice shows £10.00 less.")
    press(page, "Record the result")
    press(page, "Finish the sample")
    look(page, axe)
    page.get_by_label("Conclusion").fill("One line is wrong by £10.00.")
    press(page, "Finish it")
    page.get_by_text("The sample is finished.").wait_for()
    sample.refresh_from_db()
    assert sample.finished_at is not None
    page.goto(reverse("returns:packs"))
    look(page, axe)
    with page.expect_download() as waiting:
        page.get_by_role("row", name="2023-24 Q1").get_by_role("link").click()
    with open(waiting.value.path(), "rb") as file:
        assert zipfile.ZipFile(io.BytesIO(file.read())).testzip() is None


def test_a_signed_copy_and_the_packs_of_contracts_read_well_at_both_widths(
    live_demonstration: Person, page: Any, sign_in: Any, axe: Any
) -> None:
    asked = Return.objects.get(kind="match", last_quarter__code="2024-25-Q3")
    pack = Return.objects.get(kind="contract")
    sign_in(live_demonstration("commissioning.1"))
    page.goto(asked.get_absolute_url())
    press(page, "Upload a signed copy")
    look(page, axe)
    for url in (
        pack.get_absolute_url(),
        reverse("returns:read", args=[pack.pk]),
        Return.objects.get(kind="change").get_absolute_url(),
        reverse("returns:quarter", args=[pack.last_quarter_id]),
    ):
        page.goto(url)
        look(page, axe)
