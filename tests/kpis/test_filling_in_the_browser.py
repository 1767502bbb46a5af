"""The Change Hub's default set by keyboard alone, the whole catalogue, and what the page says as one types."""

import re
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from board import clock
from board.models import Milestone, Project
from config.demo import performance as demonstration
from kpis.answers import boxes_of, stored_answers
from kpis.asking import Slot, slots_of
from kpis.catalogue import load_catalogue
from kpis.kinds import FigureType, Kind
from kpis.models import KpiVersion, Submission
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db(transaction=True)


class Keys:
    """A person at a keyboard without a mouse: Tab, letters, Enter and Space, each counted."""

    def __init__(self, page: Any) -> None:
        self.page, self.pressed, self.pages = page, 0, 1

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.pressed += 1

    def here(self) -> str:
        """The name of the box that has the cursor, or the words of the link or button."""
        return self.page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()")

    def to(self, wanted: str) -> None:
        """Tab on until the cursor is at a box of this name, or at a link or button that begins with these words."""
        for _ in range(400):
            self.press("Tab")
            if (here := self.here()) == wanted or (" " in wanted and here.startswith(wanted)):
                return
        raise AssertionError(f"{wanted} is not reached by Tab on {self.page.url}")

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.pressed += len(text)

    def go(self, key: str = "Enter") -> None:
        """Press, and wait for the next page."""
        with self.page.expect_navigation():
            self.press(key)
        self.pages += 1


def filled_boxes(page: Any) -> dict[str, str]:
    """Each box of the form, in the order of Tab, with what it holds."""
    return page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('form[data-filling] input:not([type=hidden]),"
        " form[data-filling] textarea')].map((box) => [box.name, box.value]))"
    )


def test_the_change_hubs_default_set_is_handed_in_by_keyboard_alone(
    page: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, _, _, default = demonstration.DUTIES[0]
    row = scene.draft(scene.change_hub({f"CHB-{code}": ticked for code, ticked in default.items()}))
    figures = demonstration.boxes_of(row)
    monkeypatch.setattr(settings, "FIXED_DATE", date(2023, 7, 5))
    by, keys, began = scene.reporter(), Keys(page), time.monotonic()

    page.goto("/")
    keys.to("login")
    keys.write(by.email)
    keys.to("password")
    keys.write("a long enough secret")
    keys.go()
    keys.to("Submit results: The Change Hub")
    keys.go()
    keys.to("Fill referrals and starts")
    keys.go()
    while page.locator("form[data-filling]").count():
        boxes = filled_boxes(page)
        last = ""
        for name, shown in boxes.items():
            # An opening figure stands there already; rows of nought may stay blank.
            if (text := figures.get(name, "")) and text != shown and not (text == "0" and name.count(".") == 2):
                keys.to(name)
                keys.write(text)
                last = name
        if not last or page.evaluate("document.activeElement.tagName") == "TEXTAREA":
            keys.to("Save and continue")
        keys.go()
    assert page.inner_text("h1") == "Check your answers"
    keys.to("Submit")
    keys.go("Space")
    assert "Submitted. A commissioning officer will accept it" in page.inner_text("main")
    took = time.monotonic() - began

    row.refresh_from_db()
    assert row.status == Submission.Status.SUBMITTED
    assert_rows_are(row, figures)
    with capsys.disabled():
        print(f"\nBy keyboard: {len(figures)} figures, {keys.pages} pages, {keys.pressed} key presses, {took:.0f} s")


def assert_rows_are(row: Submission, figures: dict[str, str]) -> None:
    """What is stored is what was typed, box by box, and blank rows of breakdowns are nought."""
    slots = slots_of(row)
    answers = stored_answers(row, slots)
    assert set(answers) == {slot.key for slot in slots}
    stored = {name: plain(text) for answer in answers.values() for name, text in boxes_of(answer).items() if text}
    typed = {name: plain(text) for name, text in figures.items() if text}
    assert {name: stored.get(name) for name in typed} == typed
    assert {stored[name] for name in stored.keys() - typed.keys()} <= {"0"}


def plain(text: str) -> str:
    """4.50 as 4.5: decimals are shown with two places."""
    return text.rstrip("0") if re.fullmatch(r"\d+\.\d\d", text) else text


# Figures that hang together by an identity; all others are 7.
# Caseload: 20 + 10 + 0 = 4 + 3 + 23. Referrals: 5 + 30 = 12 + 8 + 2 + 13.
TOGETHER = {
    "34": 20, "06": 10, "35": 0, "10": 4, "11": 3, "08": 23, "36": 5, "01": 30, "01a": 30, "01b": 30, "03": 12, "04": 8,
    "37": 2, "09a": 13, "02": 5, "17": 9, "18a": 8, "18b": 7, "19a": 6, "19b": 5, "40": 10, "44": 10, "42c": 4,
}  # fmt: skip
OF_PROJECT = {
    "GDM": {"02": 10, "09a": 4, "09b": 6}, "SIN": {"02": 10, "09a": 4, "09b": 6}, "PIP": {"40a": 20, "40b": 15},
    "SIS": {"40": 7},
}  # fmt: skip
MORE_PROJECTS = ("PIP", "SIN", "RFL", "VIC", "EVL", "PGM")


def figures_of(slot: Slot, project: str) -> dict[str, str]:
    """What to type for a slot; all of a breakdown falls into its first row."""
    number = slot.code.partition("-")[2]
    count = OF_PROJECT.get(project, {}).get(number, TOGETHER.get(number, 7))
    columns = {
        FigureType.COUNT: {"count": str(count)},
        FigureType.SCALED: {"scaled": "2.5"},
        FigureType.RATIO: {"numerator": "30", "denominator": "40"},
        FigureType.COHORT: {"numerator": "3", "denominator": "40"},
        FigureType.PEOPLE: {"people_quarter": "7", "people_year": "7", "people_programme": "7"},
        FigureType.MEDIAN: {"median": "5", "n": "4"},
        FigureType.TEXT: {"text": scene.WORDS},
        FigureType.MILESTONE: {"forecast_on": "3 April 2025", "met_on": ""},
    }[slot.figure_type]
    given = {slot.box(column): text for column, text in columns.items() if text}
    for _, categories in slot.dimensions:
        given |= {slot.part_box(categories[0], column): text for column, text in columns.items()}
    return given


def every_measure(project: Project) -> dict[str, list[str]]:
    versions = [(kpi.code, kpi.versions.get()) for kpi in project.kpis.all()]
    return {code: [row.code for row in version.dimensions.all()] for code, version in versions if not version.computed}


def test_the_whole_catalogue_is_handed_in_through_the_browser(
    page: Any,
    sign_in: Callable[[Any], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    programme = factories.programme()
    for place, code in enumerate(MORE_PROJECTS, start=5):
        Project.objects.create(
            programme=programme, code=code, name=f"Project {code}", typology="prevention", position=place
        )
    load_catalogue(programme, scene.officer())
    for project in programme.projects.filter(code__in=("RFL", "EVL")):
        Milestone.objects.create(project=project, code="interim", name="Interim", due_on=date(2025, 4, 3))
    monkeypatch.setattr(settings, "FIXED_DATE", date(2024, 7, 4))
    began, boxes = time.monotonic(), 0
    handed_in: list[tuple[Submission, dict[str, str]]] = []
    projects = list(programme.projects.filter(kpis__isnull=False).distinct())
    assert len(projects) == 9
    for project in projects:
        duty = scene.duty_of(programme, project.code, "police", every_measure(project), first="2024-25-Q1")
        row = scene.draft(duty, "2024-25-Q1")
        slots = slots_of(row)
        figures = {name: text for slot in slots for name, text in figures_of(slot, project.code).items()}
        sign_in(scene.reporter("police"))
        page.goto(reverse("kpis:fill", args=[row.pk, slots[0].section.value]))
        while page.locator("form[data-filling]").count():
            for name in filled_boxes(page):
                if text := figures.get(name):
                    page.locator(f'[name="{name}"]').fill(text)
            page.get_by_role("button", name="Save and continue").click()
        assert page.inner_text("h1") == "Check your answers"
        assert "Before you can submit" not in page.inner_text("main"), page.inner_text("main")
        page.get_by_role("button", name="Submit").click()
        assert "Submitted. A commissioning officer will accept it" in page.inner_text("main")
        boxes += len(figures)
        handed_in.append((row, figures))
    asked = 0
    for row, figures in handed_in:
        with clock.at(date(2024, 7, 4)):
            assert_rows_are(row, figures)
        asked += row.results.count()
    measures = sum(len(every_measure(project)) for project in projects)
    # Every measure of the catalogue that is typed has its row; milestones and cohorts one each.
    assert asked == measures
    used = set(KpiVersion.objects.values_list("kind", flat=True))
    assert set(Kind.values) - used == {Kind.MEAN, Kind.RATING, Kind.YES_NO}
    with capsys.disabled():
        print(f"\nThe whole catalogue: {measures} measures, {boxes} boxes, {time.monotonic() - began:.0f} s")


def opened(page: Any, sign_in: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch, section: str) -> Submission:
    row = scene.draft(scene.change_hub({**scene.MEASURES, "CHB-06": ["area"], "CHB-02": []}))
    monkeypatch.setattr(settings, "FIXED_DATE", date(2023, 7, 5))
    sign_in(scene.reporter())
    page.goto(reverse("kpis:fill", args=[row.pk, section]))
    return row


def test_figures_that_do_not_balance_are_said_as_one_types(
    page: Any, sign_in: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch, axe: Callable[[], None]
) -> None:
    opened(page, sign_in, monkeypatch, "referrals")
    says = page.locator("[data-terms]", has_text="not more than").locator("[data-says]")
    assert says.inner_text() == "Not all of these figures are filled yet."
    page.locator('[name="CHB-02"]').fill("40")
    page.locator('[name="CHB-01"]').fill("1,038")
    assert says.inner_text() == "These agree: 40 against 1,038."
    page.locator('[name="CHB-01"]').fill("38")
    assert says.inner_text() == "These do not agree: 40 against 38. The difference is 2."
    axe()
    page.locator('[name="CHB-02"]').fill("4")
    page.locator('[name="CHB-06"]').fill("18")
    page.get_by_role("button", name="Save and come back later").click()
    # The starts are of another section: the caseload takes them as they are saved.
    page.get_by_role("link", name="Fill caseload and closures").click()
    for code, figure in (("34", "20"), ("35", "0"), ("10", "6"), ("11", "7"), ("08", "26")):
        page.locator(f'[name="CHB-{code}"]').fill(figure)
    caseload = page.locator("[data-terms]", has_text="CHB-08").locator("[data-says]")
    assert caseload.inner_text() == "These do not agree: 20 + 18 + 0 against 6 + 7 + 26. The difference is 1."
    page.locator('[name="CHB-08"]').fill("25")
    assert caseload.inner_text() == "These agree: 20 + 18 + 0 against 6 + 7 + 25."


def paste(page: Any, box: str, text: str) -> None:
    """Paste into a box as Ctrl and V do."""
    page.locator(f'[name="{box}"]').evaluate(
        "(box, text) => { const data = new DataTransfer(); data.setData('text/plain', text); box.focus();"
        " box.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }",
        text,
    )


AREAS = ("essex", "southend", "thurrock", "outside", "not-known")


def areas(page: Any) -> list[str]:
    return [page.locator(f'[name="CHB-01.area.{area}"]').input_value() for area in AREAS]


@pytest.mark.parametrize(
    "text",
    [
        "20\n8\n6\n0\n4\n",
        "Area\tNumber\r\nEssex\t20\r\nSouthend\t8\r\nThurrock\t6\r\nOutside\t0\r\nNot known\t4\r\n",
        "Thurrock\t6\nEssex\t20\nNot known\t4\nSouthend\t8\nOutside\t0",
    ],
)
def test_a_breakdown_takes_a_paste_from_a_spreadsheet_and_says_whether_it_makes_its_headline(
    page: Any, sign_in: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    opened(page, sign_in, monkeypatch, "referrals")
    page.locator('[name="CHB-01"]').fill("40")
    paste(page, "CHB-01.area.essex", text)
    assert areas(page) == ["20", "8", "6", "0", "4"]
    total = page.locator('[data-total-of="CHB-01"]')
    assert total.inner_text() == "The rows make 38, the headline is 40: 2 too few."
    page.locator('[name="CHB-01"]').fill("38")
    assert total.inner_text() == "The rows make 38, as the headline."


def test_a_paste_of_one_cell_goes_into_its_box_and_nowhere_else(
    page: Any, sign_in: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(page, sign_in, monkeypatch, "referrals")
    paste(page, "CHB-01.area.southend", "8")
    assert areas(page) == [""] * 5
