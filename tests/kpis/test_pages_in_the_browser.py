"""A reporter fills a quarter in a browser, and axe finds nothing wrong with any page on the way."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.urls import reverse

from board import clock
from board.quarters import RESULTS, mark_closed
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
    page.locator(".govuk-tag", has_text="Accepted").wait_for()
    page.goto(reverse("kpis:performance"))
    axe()
    page.get_by_role("link", name="CHB-01 Referrals received").click()
    axe()


def test_accepting_and_filling_late_fit_a_phone_and_a_session_that_ends_loses_nothing(
    page: Any, sign_in: Callable[[Any], None], axe: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = scene.submitted(scene.change_hub())
    monkeypatch.setattr(settings, "FIXED_DATE", date(2023, 7, 5))
    page.set_viewport_size({"width": 320, "height": 700})

    def fits() -> None:
        axe()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    sign_in(scene.officer())
    page.goto(reverse("kpis:accept", args=[row.pk]))
    fits()
    tables = page.locator(".app-scroll").evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)")
    assert tables, "a figure lies outside the screen"
    page.goto(reverse("kpis:query", args=[row.pk]))
    fits()
    page.get_by_label("Section").select_option("delivery")
    page.get_by_label("What the supplier should look at").fill("Is a clinic missing?")
    page.get_by_role("button", name="Send the query").click()
    with clock.at(row.quarter.certify_due_on), transaction.atomic():
        mark_closed(row.quarter, RESULTS, by=scene.officer())

    monkeypatch.setattr(settings, "FIXED_DATE", date(2023, 9, 4))
    sign_in(scene.reporter())
    page.goto(reverse("kpis:fill", args=[row.pk, "delivery"]))
    assert "The quarter is closed for results." in page.inner_text("main")
    fits()
    page.locator('[name="CHB-14.numerator"]').fill("131")
    Session.objects.all().delete()
    page.get_by_role("button", name="Save and come back later").click()
    fits()
    page.get_by_label("Email").fill(scene.reporter().email)
    page.get_by_label("Password", exact=True).fill("a long enough secret")
    page.get_by_role("button", name="Sign in").click()
    fits()
    assert page.locator('[name="CHB-14.numerator"]').input_value() == "131"
    page.get_by_role("button", name="Save and come back later").click()
    page.get_by_role("button", name="Check answers and submit late").click()
    assert "Why these figures change now" in page.inner_text("main")
    fits()
