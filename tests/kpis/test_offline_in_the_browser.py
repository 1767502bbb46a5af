"""A reporter takes the quarter's workbook, fills it in, mends what is wrong and submits; axe finds nothing."""

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from openpyxl import load_workbook

from tests.kpis import scene
from tests.kpis.test_offline import at, fill

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_quarter_is_filled_in_away_from_the_network_and_submitted(
    page: Any, sign_in: Callable[[Any], None], axe: Callable[[], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = scene.draft(scene.change_hub())
    monkeypatch.setattr(settings, "FIXED_DATE", date(2023, 7, 5))
    sign_in(scene.reporter())
    page.goto(reverse("kpis:submission", args=[row.pk]))
    page.get_by_role("button", name="Fill in a workbook instead").click()
    axe()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download the workbook").click()
    book = load_workbook(BytesIO(Path(taken.value.path()).read_bytes()))
    filled = tmp_path / "results.xlsx"
    fill(book, row, {**scene.boxes(), "CHB-06": "eighteen"}).save(filled)
    page.set_input_files("[name=file]", filled)
    page.get_by_role("button", name="Upload the workbook").click()
    assert f"{at(row, 'CHB-06')}: Starts (CHB-06): “eighteen” is not a whole number" in page.inner_text("main")
    axe()
    fill(book, row, {"CHB-06": "18"}).save(filled)
    page.set_input_files("[name=file]", filled)
    page.get_by_role("button", name="Upload the workbook").click()
    assert "The workbook’s figures are saved" in page.inner_text("main")
    axe()
    page.get_by_role("button", name="Submit").click()
    row.refresh_from_db()
    assert row.status == "submitted" and row.results.get(definition__kpi__code="CHB-06").count == 18
    page.set_viewport_size({"width": 320, "height": 900})
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
