"""F22: what has no evidence is a warning in a quarter and stops the year's final claim."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from board import clock, files
from funding.evidence import Attachment, attach
from funding.models import Transaction
from funding.spending import Charge
from returns import readiness
from returns.items import Item
from returns.kinds.scope import of_quarter
from tests.evidence_files import upload
from tests.returns.scenes import Scene

AFTER_YEAR_END = date(2024, 6, 14)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_FOLDER = tmp_path


@pytest.fixture
def scene(db: None) -> Iterator[Scene]:
    with clock.at(AFTER_YEAR_END):
        yield Scene()


def found(scene: Scene, quarter: str) -> list[Item]:
    items = readiness.readiness("claim", of_quarter(scene.quarter(quarter)), clock.today())
    return [item for item in items if item.code == "F22"]


def prove(entry: Transaction, scene: Scene) -> None:
    file = files.store(uploads=[upload(f"{entry}.pdf")], by=scene.finance).files[0]
    attach(attachments=[Attachment(file, [entry], "invoice")], confirmed_no_names=True, by=scene.finance)


def test_in_a_quarter_it_is_a_warning_that_leads_to_the_entries(scene: Scene, client: Client) -> None:
    entry = scene.money.record("900.00")
    scene.money.record("500.00", document_number="Small")
    [item] = found(scene, "2023-24-Q1")
    assert item.weight == "warning"
    assert item.words == (
        "No evidence is attached to T-000001 of 2023-24 Q1 (April to June 2023), above £500.00. "
        "Its finance officer attaches the invoice or the ledger print."
    )
    client.force_login(scene.finance)
    shown = client.get(item.places[0].url).context["table"].data.data
    assert list(shown) == [entry]
    assert found(scene, "2023-24-Q2") == []
    prove(entry, scene)
    assert found(scene, "2023-24-Q1") == []


def test_it_stops_the_final_claim_for_every_quarter_of_the_year(scene: Scene, client: Client) -> None:
    entries = [
        scene.money.record("900.00", Charge(scene.money.line(), scene.quarter(code)), document_number=code)
        for code in ("2023-24-Q1", "2023-24-Q3")
    ]
    later = Charge(scene.money.line(year="2024-25"), scene.quarter("2024-25-Q1"))
    scene.money.record("900.00", later, on=date(2024, 5, 2))
    [item] = found(scene, "2023-24-closing")
    assert item.blocking and "T-000001, T-000002 of 2023-24" in item.words and "T-000003" not in item.words
    client.force_login(scene.finance)
    assert set(client.get(item.places[0].url).context["table"].data.data) == set(entries)
    for entry in entries:
        prove(entry, scene)
    assert found(scene, "2023-24-closing") == []


def test_what_match_funders_record_does_not_hold_up_the_grants_claim(scene: Scene) -> None:
    line = scene.money.line("CHB", source=scene.money.ecc_cash)
    scene.money.record("900.00", Charge(line, scene.quarter("2023-24-Q1")), by=scene.money.council_finance)
    assert found(scene, "2023-24-closing") == found(scene, "2023-24-Q1") == []


def test_of_many_entries_some_are_named(scene: Scene) -> None:
    for number in range(7):
        scene.money.record("900.00", document_number=f"N-{number}")
    [item] = found(scene, "2023-24-Q1")
    assert "T-000005 and more of" in item.words and "T-000006" not in item.words
