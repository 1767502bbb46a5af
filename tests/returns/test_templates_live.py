"""A template registered, mapped and tried in a real browser: axe finds nothing, and nothing is wider than a phone."""

import re
from collections.abc import Callable
from typing import Any

from django.urls import reverse

from board.models import User
from returns.models import Return, TemplateMap
from tests.returns.template_files import template

Person = Callable[[str], User]


def look(page: Any, axe: Callable[[], None]) -> None:
    """Axe at both widths, and no page that scrolls sideways."""
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        axe()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{page.url} is {wide} px wide at {width}"


def test_a_template_is_registered_mapped_tried_and_taken(
    live_demonstration: Person, page: Any, sign_in: Any, axe: Any
) -> None:
    certified = Return.objects.get(kind="claim", last_quarter__code="2023-24-Q1")
    sign_in(live_demonstration("finance.pfcc"))
    page.goto(reverse("returns:returns"))
    page.get_by_role("button", name="Templates of the funder").click()
    look(page, axe)
    page.get_by_role("button", name="Register a template").click()
    look(page, axe)
    page.get_by_label("What the funder calls it").fill("Quarterly form")
    page.get_by_label("Which edition").fill("v1")
    page.get_by_label("For quarters from").fill("1 April 2023")
    page.get_by_label("The workbook").set_input_files(
        {"name": "form.xlsx", "mimeType": "application/octet-stream", "buffer": template()}
    )
    page.get_by_role("button", name="Register", exact=True).click()
    page.wait_for_url(re.compile(r"/templates/\d+/$"))
    look(page, axe)
    page.get_by_role("link", name="Return", exact=True).click()
    look(page, axe)
    # What is no figure comes back beside its box.
    page.get_by_label("B14, What happened / Actual", exact=True).fill("the reference")
    page.get_by_role("button", name="Save", exact=True).click()
    assert "“the reference” is no key" in page.get_by_role("alert").inner_text()
    look(page, axe)
    page.get_by_label("B14, What happened / Actual", exact=True).fill("claim/return/reference/value")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Map 1 is saved.").wait_for()
    assert TemplateMap.objects.get(the_template__title="Quarterly form").number == 1
    page.get_by_role("link", name="Quarterly form, v1").click()
    page.get_by_role("link", name=certified.reference, exact=True).click()
    look(page, axe)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download the filled workbook").click()
    assert taken.value.suggested_filename.endswith("-Quarterly-form-v1-map1.xlsx")
