"""A finance officer imports a quarter in a browser, by keyboard where it matters, and declares it."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from board.models import Programme
from core.reading import read_ledger
from funding.budgeting import set_budget
from funding.models import Claim, ClaimLine, Declaration, LedgerImport, SpendLine
from returns.models import Return
from tests import factories
from tests.funding.test_ledger_import import APRIL, ledger
from tests.test_story import browse, sent

D = Decimal
FOLDER = Path(os.environ.get("REAL_FILES", "none")) / "ledgers"
QUARTER = ["hyndburn_2023-04.csv", "hyndburn_2023-05.csv", "hyndburn_2023-06.csv"]
needs_files = pytest.mark.skipif(
    not (FOLDER / QUARTER[0]).exists(), reason="REAL_FILES names no folder of published ledgers"
)
LINE = "Home Office grant: The Change Hub · Provider contract payments · 2023-24"


@pytest.fixture
def officers_page(settings: Any, transactional_db: None, page: Any, sign_in: Callable[[Any], None]) -> Iterator[Any]:
    settings.FIXED_DATE = date(2023, 7, 5)
    money = factories.money(factories.programme())
    set_budget(
        source=money.grant, year=money.line().year, kind="original",
        profiles={(money.line(), money.quarter()): D("600000.00")},
        effective_on=date(2023, 4, 1), reason="Original", by=money.finance,
    )  # fmt: skip
    sign_in(money.finance)
    yield page


def upload(page: Any, path: Path) -> None:
    page.goto("/money/imports/new/")
    page.get_by_label("Ledger file").set_input_files(path)
    page.get_by_role("button", name="Read the file").click()


def fits(page: Any) -> None:
    """No sideways scrolling of the page on a narrow screen."""
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_ledger_is_imported_and_undone(officers_page: Any, axe: Callable[[], None], tmp_path: Path) -> None:
    page, file = officers_page, tmp_path / "april.csv"
    file.write_bytes(ledger([*APRIL, ("19/04/2023", "", "Odd", "X", "No amount", "see note")]))
    page.goto("/money/imports/new/")
    axe()
    upload(page, file)
    page.get_by_role("heading", name="Import I-000001").wait_for()
    assert "april!7" in page.content()
    axe()
    fits(page)
    page.get_by_role("button", name="How it is read").click()
    page.get_by_role("heading", name="How it is read").wait_for()
    axe()
    fits(page)
    page.go_back()
    page.get_by_role("button", name="Choose rows").click()
    page.get_by_role("heading", name="Choose rows").wait_for()
    axe()
    fits(page)
    # By keyboard alone: tick two rows, choose the line, send.
    for cell in ("april!F2", "april!F3"):
        page.get_by_label(cell).focus()
        page.keyboard.press("Space")
    page.get_by_label("Budget line").select_option(label=LINE)
    page.get_by_role("button", name="Do this").focus()
    page.keyboard.press("Enter")
    page.get_by_text("2 rows changed.").wait_for()
    axe()
    page.get_by_role("button", name="Look at it and commit").click()
    page.get_by_role("heading", name="Commit I-000001?").wait_for()
    assert "£3,234.50" in page.content() and "£596,765.50" in page.content()
    axe()
    fits(page)
    page.get_by_role("button", name="Commit all of it").click()
    page.get_by_text("2 rows were added, £3,234.50.").wait_for()
    axe()
    fits(page)
    page.get_by_role("button", name="Undo the import").click()
    page.get_by_label("Reason").fill("The wrong file")
    axe()
    page.get_by_role("button", name="Undo the import").click()
    page.get_by_text("The import was undone.").wait_for()
    assert SpendLine.objects.in_force().total() == D("0.00")
    page.goto("/money/imports/")
    axe()
    fits(page)


@needs_files
def test_a_published_quarter_is_imported_coded_declared_and_claimed(officers_page: Any, settings: Any) -> None:
    page, supplier, wanted = officers_page, "Vivid Resourcing", D("0.00")
    for name in QUARTER:
        reading = read_ledger((FOLDER / name).read_bytes(), name)
        chosen = [
            row for row in reading.rows if supplier.lower() in row.supplier.lower() and row.date >= date(2023, 4, 1)
        ]
        upload(page, FOLDER / name)
        page.get_by_role("heading", name="Import I-").wait_for()
        found = LedgerImport.objects.latest("reference")
        assert (found.rows_read, found.total) == (len(reading.rows), reading.total)
        if not chosen:
            continue
        wanted += sum((row.amount for row in chosen), D("0.00"))
        page.goto(f"/money/imports/{found.reference}/rows/?supplier={supplier}")
        page.get_by_label("rows of this list").check()
        page.get_by_label("Budget line").select_option(label=LINE)
        page.get_by_label("Reason").fill("Its original was paid before the programme")
        page.get_by_role("button", name="Do this").click()
        page.get_by_text("changed.").wait_for()
        page.goto(f"/money/imports/{found.reference}/commit/")
        page.get_by_role("button", name="Commit all of it").click()
        page.get_by_text(f"{len(chosen)} rows were added").wait_for()
    assert wanted and SpendLine.objects.in_force().total() == wanted
    page.goto("/money/declare/DAPF-2023-25/GRANT/2023-24-Q1/")
    page.get_by_label("Complete").check()
    page.get_by_role("button", name="Declare").click()
    page.wait_for_load_state()
    assert Declaration.objects.in_force().exists()
    claim_it(settings, wanted)


def claim_it(settings: Any, wanted: Decimal) -> None:
    """From the declared quarter to the certified claim, each through the pages of the person whose work it is."""
    programme = Programme.objects.get()
    quarter = factories.quarter(programme, "2023-24-Q1")
    finance, checker, cfo = (
        browse(factories.person(kind, "pfcc")) for kind in ("finance-officer", "commissioning-officer", "cfo")
    )
    explain = reverse("funding:explain", args=[programme.code, quarter.code, "CHB"])
    sent(finance, explain, code="late-start", words="The award letter came in May, so work began late.")
    ledger = reverse("funding:ledger-total", args=[programme.code, "pfcc", quarter.code])
    sent(finance, ledger, amount=str(wanted), ledger_print="The published ledger, April to June 2023")
    sent(checker, reverse("returns:close", args=[quarter.pk, "money"]))
    sent(finance, reverse("returns:begin", args=[quarter.pk, "claim"]))
    settings.FIXED_DATE = date(2023, 7, 28)
    for client, act in ((finance, "prepare"), (checker, "check"), (cfo, "certify")):
        sent(client, reverse("returns:sign", args=[Return.objects.get().pk, act]))
    claim = Claim.objects.in_force().get()
    assert claim.amount == wanted
    lines = ClaimLine.objects.filter(part__claim=claim)
    assert lines.count() == SpendLine.objects.in_force().count()
    assert set(lines.values_list("line__transaction__ledger_rows__in_force", flat=True)) == {True}
