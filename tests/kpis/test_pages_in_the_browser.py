"""A reporter fills a quarter in a browser, and axe finds nothing wrong with any page on the way."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from kpis.models import Submission
from tests.kpis import scene

pytestmark = pytest.mark.django_db(transaction=True)

SECTIONS = ("referrals", "caseload", "delivery", "workforce", "narrative")


def fill(page: Any, boxes: dict[str, str]) -> None:
    for name, text in boxes.items():
        box = page.locator(f'[name="{name}"]')
        if box.count():
            box.fill(text)


def test_a_quarter_is_filled_put_right_and_submitted(
    page: Any, sign_in: Callable[[Any], None], axe: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = scene.draft(scene.change_hub())
    monkeypatch.setattr(settings, "FIXED_DATE", date(2023, 7, 5))
    sign_in(scene.reporter())

    page.goto(reverse("kpis:submissions"))
    axe()
    page.get_by_role("link", name="Q1 2023-24").click()
    axe()
    page.get_by_role("link", name="Fill referrals and starts").click()
    axe()
    fill(page, scene.boxes() | {"CHB-06": "18.5"})
    page.get_by_role("button", name="Save and continue").click()
    assert "“18.5” is not a whole number" in page.inner_text("main")
    assert page.locator('[name="CHB-06"]').input_value() == "18.5"
    axe()
    page.locator('[name="CHB-06"]').fill("18")
    page.get_by_role("button", name="Save and continue").click()

    for section in SECTIONS[1:]:
        assert page.url.endswith(reverse("kpis:fill", args=[row.pk, section]))
        fill(page, scene.boxes())
        page.get_by_role("button", name="Save and continue").click()
    assert page.inner_text("h1") == "Check your answers"
    assert "Before you can submit" not in page.inner_text("main")
    axe()
    page.get_by_role("button", name="Submit").click()
    assert "Submitted. A commissioning officer will accept it" in page.inner_text("main")
    row.refresh_from_db()
    assert row.status == Submission.Status.SUBMITTED

    sign_in(scene.officer())
    page.goto(reverse("kpis:submission", args=[row.pk]))
    page.get_by_role("button", name="Accept").click()
    axe()
    page.get_by_role("button", name="Accept").click()
    assert page.locator(".govuk-tag", has_text="Accepted").count() == 1
    page.goto(reverse("kpis:performance"))
    axe()
    page.get_by_role("link", name="CHB-01 Referrals received").click()
    axe()
