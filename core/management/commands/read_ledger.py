"""`manage.py read_ledger FILE`: what a ledger holds, and what in it needs a look, before anyone relies on it."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from core.money import in_words
from core.problems import Refused, refuse
from core.reading import LedgerReading, dates, read_ledger, require_size


class Command(BaseCommand):
    help = "Read a ledger of payments (CSV, XLSX, XLS or ODS) and say what it holds. Nothing is stored."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--sheet", help="read this sheet alone")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            reading = self._reading(options["file"], options["sheet"])
        except Refused as refusal:
            if options["as_json"]:
                self.stdout.write(json.dumps({"refused": str(refusal)}, ensure_ascii=False))
            else:
                self.stderr.write(str(refusal))
            sys.exit(2)
        if options["as_json"]:
            self.stdout.write(json.dumps(reading.as_json(), ensure_ascii=False, indent=1))
        else:
            self.stdout.write("\n".join(told(reading)))

    def _reading(self, path: Path, sheet: str | None) -> LedgerReading:
        limit = settings.UPLOAD_LIMIT_BYTES
        try:
            require_size(path.stat().st_size, path.name, limit)
            data = path.read_bytes()
        except OSError as error:
            raise refuse("R1", f"“{path}” cannot be opened: {(error.strerror or 'unknown reason').lower()}.") from None
        return read_ledger(data, path.name, sheet=sheet, limit=limit)


def told(reading: LedgerReading) -> list[str]:
    """The reading in plain words, a line each."""
    lines = [f"{reading.filename}: {len(reading.rows):,} rows, {in_words(reading.total)} in all"]
    if reading.first_date and reading.last_date:
        lines.append(f"Dated {dates.in_words(reading.first_date)} to {dates.in_words(reading.last_date)}")
    else:
        lines.append("No dates")
    if reading.control_total is not None:
        agrees = "agrees" if reading.control_total == reading.total else "does not agree"
        lines.append(f"The file’s own total is {in_words(reading.control_total)}, which {agrees}")
    lines.append(
        f"Credits: {reading.credits:,}. Exact duplicates: {reading.exact_duplicates:,}. "
        f"Blank rows: {reading.blank_rows:,}. Unreadable rows: {len(reading.unreadable):,}"
    )
    for sheet in reading.sheets:
        header = f"header in row {sheet.header_row}" if sheet.header_row else "no header"
        encoding = f", {sheet.encoding}" if sheet.encoding else ""
        lines.append(f"Sheet {sheet.name}: {len(sheet.rows):,} rows, {in_words(sheet.total)} ({header}{encoding})")
        lines.append("  " + ", ".join(f"{part} in {column}" for part, column in sheet.columns.items()))
    lines += [f"Not read: {row.sheet} row {row.row}, because {row.reason}" for row in reading.unreadable]
    lines += [f"Look at: {problem.message}" for problem in reading.problems]
    return lines
