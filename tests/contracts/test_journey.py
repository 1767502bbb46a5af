"""A commissioning officer engages, signs and varies by keyboard alone and finds the alert; axe looks at every page."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from board import files
from board.models import Milestone, Programme, User
from contracts.assigning import assign
from contracts.checking import record_check
from contracts.extending import offer
from contracts.filing import attach
from contracts.following import add_action, open_issue
from contracts.models import Contract
from tests import factories
from tests.contracts import scene
from tests.contracts.scene import D, engaged
from tests.evidence_files import upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def live(settings: Any, tmp_path: Any) -> Programme:
    settings.FIXED_DATE, settings.EVIDENCE_FOLDER = scene.TODAY, tmp_path
    factories.organisation("change")
    return factories.programme()


def tab_to(page: Any, box: Any) -> None:
    """Move the focus with the Tab key until it is there, as one who has no mouse."""
    wanted = box.element_handle()
    for _ in range(150):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"The focus never came to {box}")


def write(page: Any, label: str, words: str) -> None:
    tab_to(page, page.get_by_label(label, exact=True))
    page.keyboard.type(words)


def choose(page: Any, label: str, words: str) -> None:
    """Choose in a list by typing what it says."""
    tab_to(page, page.get_by_label(label, exact=True))
    page.keyboard.type(words)


def press(page: Any, role: str, name: str) -> None:
    tab_to(page, page.get_by_role(role, name=name, exact=True).first)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_contract_is_engaged_signed_varied_and_its_alert_found_by_keyboard(
    live: Programme, page: Any, sign_in: Callable[[Any], None], axe: Callable[[], None]
) -> None:
    sign_in(scene.officer())
    page.goto(reverse("contracts:contracts"))
    press(page, "button", "Engage a provider")
    axe()
    write(page, "Reference", "CHB-2023")
    write(page, "Title", "The Change Hub service")
    tab_to(page, page.get_by_label("Contract", exact=True))
    page.keyboard.press("Space")
    choose(page, "Provider", "The Change")
    write(page, "Contract owner", "Commissioning officer")
    write(page, "Starts on", "1/7/2023")
    write(page, "Ends on", "31/10/2023")
    write(page, "The Change Hub, 2023-24, pounds", "£1,000.005")
    press(page, "button", "Engage")
    assert "£1,000.005” has more than two decimal places" in page.inner_text("main")
    axe()
    box = page.get_by_label("The Change Hub, 2023-24, pounds", exact=True)
    assert box.input_value() == "£1,000.005" and page.get_by_label("Ends on").input_value() == "31/10/2023"
    tab_to(page, box)
    page.keyboard.press("Control+A")
    page.keyboard.type("£1,000.50")
    press(page, "button", "Engage")
    assert "Not signed" in page.inner_text("h1") and "£1,000.50" in page.inner_text("main")
    axe()

    press(page, "button", "Record the signature")
    write(page, "Signed on", "3 July 2023")
    press(page, "button", "Record the signature")
    assert "on record as signed on 3 July 2023" in page.inner_text("main")

    press(page, "button", "Vary")
    axe()
    write(page, "The Change Hub, 2023-24, pounds", "−250.50")
    write(page, "Reason for the variation", "Fewer sessions")
    write(page, "Takes effect on", "1 August 2023")
    write(page, "Approved on", "4 July 2023")
    press(page, "button", "Record the variation")
    assert "£750.00" in page.inner_text("main") and "Fewer sessions" in page.inner_text("main")
    assert Contract.objects.get().value() == D("750.00")

    page.goto("/")
    press(page, "link", "Last day to give notice of the end of CHB-2023")
    assert page.url.endswith("/contracts/CHB-2023/")
    page.goto(reverse("contracts:falls-due"))
    assert "In 28 days" in page.inner_text("main")


def test_axe_finds_nothing_on_any_page_of_contracts_at_either_width(
    live: Programme, page: Any, sign_in: Callable[[Any], None], axe: Callable[[], None]
) -> None:
    officer = scene.officer()
    sign_in(officer)
    everything(live, officer)
    one = "/contracts/C-001/"
    pages = [
        "/contracts/", "/contracts/falls-due/", f"/contracts/engage/{live.code}/", one, "/contracts/C-002/sign/",
        *(f"{one}{act}/" for act in ("vary", "extend", "correct", "review", "milestones", "options/add", "issues/add")),
        *(f"{one}{act}/" for act in ("actions/add", "checks/add", "files/add", "assignments/add")),
        *(f"{one}{act}/" for act in ("options/1/use", "options/1/decline", "issues/1/close", "actions/1/complete")),
        *(f"{one}{act}/" for act in ("checks/1/renew", "files/CF-000001/take-away", "assignments/1/end")),
    ]  # fmt: skip
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for url in pages:
            url = url.replace("assignments/1", f"assignments/{Contract.objects.first().assignments.get().pk}")
            assert page.goto(url).status == 200, url
            axe()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (url, width)


def everything(programme: Programme, by: User) -> None:
    """A contract with one of all that is followed under it, and one that is not signed."""
    contract = engaged(programme)
    engaged(programme, 2, signed_on=None)
    due = {"code": "open", "name": "The hub opens", "due_on": date(2023, 9, 1)}
    Milestone.objects.create(project=programme.projects.get(code="CHB"), **due)
    opened = {"words": "Late", "owner_title": "Officer", "opened_on": scene.TODAY, "due_on": date(2023, 7, 20)}
    offer(contract=contract, use_by=date(2025, 1, 31), ends_on=date(2026, 3, 31), amount=D("300.00"), by=by)
    open_issue(contract=contract, by=by, **opened)
    add_action(contract=contract, by=by, **opened)
    held = {"what": "insurance", "words": "", "reference": "PL-1"}
    record_check(contract=contract, checked_on=scene.TODAY, expires_on=date(2023, 8, 1), by=by, **held)
    [file] = files.store(uploads=[upload()], by=by).files
    attach(contract=contract, file=file, what="agreement", shared=False, confirmed_no_names=True, by=by)
    assign(contract=contract, person=scene.reporter(), by=by)
