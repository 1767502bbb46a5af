"""`manage.py fill_template TEMPLATE --map MAP.json --return REF --out FILE`: the funder's workbook, filled."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.problems import Refused
from returns.filling.book import Book
from returns.filling.fill import Filled, fill
from returns.filling.mapping import read_map
from returns.kinds.shape import stored_content
from returns.models import Return


class Command(BaseCommand):
    """Nothing is written to the database, and no file where anything is wrong."""

    help = (
        "Fill a funder's workbook from a certified return by a map: a JSON list of {sheet, cell, key} and "
        "{sheet, first_cell, down_by, keys}. Only those cells change, and the file is compared with its template "
        "before it is written. Exit code 2, and no file, where anything is wrong."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("template", type=Path, metavar="TEMPLATE", help="the funder's .xlsx")
        parser.add_argument("--map", required=True, type=Path, metavar="MAP.json")
        parser.add_argument("--return", required=True, dest="reference", metavar="REF", help="of a certified return")
        parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="overwritten if it is there")

    def handle(self, *args: Any, **options: Any) -> None:
        content = stored_content(self._certified(options["reference"]))
        template, drawn = self._bytes(options["template"]), self._bytes(options["map"])
        try:
            filled = fill(Book.open(template, options["template"].name), read_map(drawn), content)
        except Refused as refusal:
            raise CommandError("\n".join(problem.message for problem in refusal.problems), returncode=2) from None
        try:
            options["out"].write_bytes(filled.data)
        except OSError as error:
            raise CommandError(f"“{options['out']}” cannot be written: {error.strerror}.", returncode=2) from None
        self._say(filled)
        self.stdout.write(f"{hashlib.sha256(filled.data).hexdigest()}  {options['out']}")

    def _certified(self, reference: str) -> Return:
        the_return = Return.objects.filter(reference=reference).first()
        if the_return is None:
            raise CommandError(f"There is no return “{reference}”.", returncode=2)
        if not the_return.is_frozen:
            words = f"{reference} is not certified. A funder’s workbook is filled from what was certified."
            raise CommandError(words, returncode=2)
        return the_return

    def _bytes(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise CommandError(f"“{path}” cannot be read: {error.strerror}.", returncode=2) from None

    def _say(self, filled: Filled) -> None:
        for cell in filled.cells:
            note = f" ({cell.note})" if cell.note else ""
            self.stdout.write(f"{cell.sheet}!{cell.cell}: {cell.after or 'empty'}{note}")
        for warning in filled.warnings:
            self.stdout.write(f"Note: {warning.message}")
        for formula in filled.formulas:
            if formula.after is None:
                self.stdout.write(f"Unchecked: {formula.sheet}!{formula.cell} is worked out when the file is opened.")
        for part, words in filled.report.parts:
            self.stdout.write(f"{part}: {words}")
