"""`manage.py read_ledger`: what it prints, for a program and for a person, and how it ends."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.core.ledger_files import HEADER, ROWS, csv_bytes, workbook_bytes

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "april.csv"
    path.write_bytes(csv_bytes(HEADER, *ROWS, ("29/04/2023", "Elm", "E5", "oops"), ("", "Total", "", "400.00")))
    return path


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("read_ledger", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as ended:
        code = ended.code
    return code, out.getvalue(), err.getvalue()


def test_json_is_one_object_and_the_end_is_0(ledger):
    code, out, err = run(ledger, "--json")
    told = json.loads(out)
    assert (code, err, told["rows"], told["total"], told["control_total"]) == (0, "", 3, "400.00", "400.00")
    assert told["unreadable"] == [{"sheet": "april", "row": 5, "reason": "“oops” is not an amount"}]


def test_a_person_is_told_the_same_in_words(ledger):
    code, out, _ = run(ledger)
    assert code == 0
    assert out.splitlines() == [
        "april.csv: 3 rows, £400.00 in all",
        "Dated 3 April 2023 to 28 April 2023",
        "The file’s own total is £400.00, which agrees",
        "Credits: 0. Exact duplicates: 0. Blank rows: 0. Unreadable rows: 1",
        "Sheet april: 3 rows, £400.00 (header in row 1, ascii)",
        "  amount in D “Amount”, date in A “Date”, supplier in B “Supplier”, document in C “Invoice No”",
        "Not read: april row 5, because “oops” is not an amount",
        "Look at: 1 row could not be read and is not in the total: 5. Row 5: “oops” is not an amount.",
    ]


def test_a_refusal_is_one_object_and_the_end_is_2(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"%PDF-1.7")
    code, out, _ = run(path, "--json")
    assert (code, list(json.loads(out))) == (2, ["refused"])
    code, out, err = run(path)
    assert (code, out) == (2, "")
    assert "“a.csv” is a PDF, not a spreadsheet" in err


def test_a_file_that_is_not_there_or_too_large_is_refused_unread(tmp_path, settings):
    assert run(tmp_path / "none.csv", "--json")[0] == 2
    settings.UPLOAD_LIMIT_BYTES = 1024
    path = tmp_path / "big.csv"
    path.write_bytes(b"x" * 2000)
    code, out, _ = run(path, "--json")
    assert (code, "the most that can be read" in json.loads(out)["refused"]) == (2, True)
    assert run(tmp_path, "--json")[0] == 2


def test_one_sheet_can_be_asked_for(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook_bytes([HEADER, *ROWS], [HEADER, ROWS[0]]))
    _, out, _ = run(path, "--json", "--sheet", "Sheet2")
    assert json.loads(out)["total"] == "100.00"
    code, out, _ = run(path, "--json", "--sheet", "May")
    assert (code, "has no sheet “May”" in json.loads(out)["refused"]) == (2, True)


def test_the_command_itself_ends_with_2_and_no_traceback(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\x03\x04 and no more")
    command = [sys.executable, str(ROOT / "manage.py"), "read_ledger", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, "is damaged" in json.loads(done.stdout)["refused"], done.stderr) == (2, True, "")
