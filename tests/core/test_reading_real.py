"""Ledgers that public bodies published, against totals worked out by other programs.

The files are not part of this project: REAL_FILES names a folder with `truth.json`, `ledgers/` and `odd/`.
"""

import json
import os
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.problems import Refused
from core.reading import read_ledger
from tests.core.ledger_files import refusal

FOLDER = Path(os.environ.get("REAL_FILES", ""))
TRUTH: dict[str, Any] = {}
if os.environ.get("REAL_FILES"):
    TRUTH = json.loads((FOLDER / "truth.json").read_text())
LEDGERS: dict[str, Any] = TRUTH.get("ledgers", {})
ODD = {
    "1900DateWindowing.xls": "No payments were found",
    "DataValidations-49244.xlsx": "No payments were found",
    "SampleSS.ods": "No payments were found",
    "SimpleMacro.xlsm": "is a macro workbook",
    "TwoSheetsOneHidden.xlsx": "hidden sheets were not looked at: Sheet1",
    "fuzz-XLSX2CSVFuzzer-5636439151607808.xlsx": "is damaged",
    "poc-xmlbomb.xlsx": "holds XML entities",
    "protected_passtika.xlsx": "is password-protected",
    "xlsx-corrupted.xlsx": "is damaged",
}
needs_files = pytest.mark.skipif(not TRUTH, reason="REAL_FILES names no folder of published ledgers")


def stated(truth: dict[str, Any], key: str) -> int | None:
    """A count of the whole file, given for it or for each of its sheets; None where neither is."""
    counts = [truth.get(key)] if key in truth else [sheet.get(key) for sheet in truth.get("sheets", [])]
    return sum(counts) if counts and None not in counts else None


@needs_files
@pytest.mark.parametrize("name", sorted(LEDGERS) or ["none"])
def test_a_published_ledger_has_the_rows_and_total_of_the_truth(name):
    truth = LEDGERS[name]
    reading = read_ledger((FOLDER / "ledgers" / name).read_bytes(), name)
    told = reading.as_json()
    assert (told["rows"], Decimal(told["total"])) == (truth["data_rows"], Decimal(truth["total"]))
    assert told["unreadable"] == []
    expected = {
        "first_date": truth.get("min_date"),
        "last_date": truth.get("max_date"),
        "credits": stated(truth, "negative_rows"),
        "exact_duplicates": stated(truth, "exact_duplicate_rows"),
        "blank_rows": truth.get("blank_records"),
        "control_total": truth.get("control_total_row"),
    }
    known = {key: value for key, value in expected.items() if value is not None}
    assert {key: told[key] for key in known} == known


@needs_files
@pytest.mark.parametrize("name", sorted(LEDGERS) or ["none"])
def test_each_sheet_of_a_published_ledger_agrees_with_the_truth(name):
    truth = LEDGERS[name]
    sheets = read_ledger((FOLDER / "ledgers" / name).read_bytes(), name).as_json()["sheets"]
    for sheet in truth.get("sheets", []):
        found = sheets[sheet["sheet"]]
        assert (found["rows"], found["total"]) == (sheet["data_rows"], sheet["total"])
    if "encoding" in truth:
        (found,) = sheets.values()
        assert (found["header_row"], found["encoding"]) == (truth["header_record"], truth["encoding"])


@needs_files
@pytest.mark.parametrize(("name", "said"), sorted(ODD.items()))
def test_an_odd_file_is_refused_in_one_sentence(name, said):
    begun = time.monotonic()
    assert said in refusal((FOLDER / "odd" / name).read_bytes(), name)
    assert time.monotonic() - begun < 20


@needs_files
def test_every_other_file_at_hand_is_read_or_refused_and_nothing_breaks():
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.parent.name != "ledgers" and path.stat().st_size < 300_000:
            try:
                assert read_ledger(path.read_bytes(), path.name).rows
            except Refused as refused:
                assert str(refused)
