"""`manage.py foot_workbook FILE`: which totals of a workbook do not add up."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.problems import Refused
from returns.filling.book import Book
from returns.filling.footing import unfooted


class Command(BaseCommand):
    """Thin caller of returns.filling.footing."""

    help = (
        "List the cells of a workbook whose total is not the sum of what it covers, by the values that the file keeps. "
        "Exit codes: 0 all add up, 1 some do not, 2 the file cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="an .xlsx workbook")
        parser.add_argument("--json", action="store_true", help="the list as JSON, amounts as texts")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            found = unfooted(Book.open(path.read_bytes(), path.name))
        except OSError as error:
            raise CommandError(f"“{path}” cannot be read: {error.strerror}.", returncode=2) from None
        except Refused as refusal:
            raise CommandError("\n".join(problem.message for problem in refusal.problems), returncode=2) from None
        if options["json"]:
            listed = [one.plain() for one in found]
            self.stdout.write(json.dumps(listed, ensure_ascii=False, indent=2))
        else:
            for one in found:
                self.stdout.write(str(one))
            if not found:
                self.stdout.write("Every total adds up.")
        if found:
            count = len(found)
            raise CommandError(f"{count:,} {'total does' if count == 1 else 'totals do'} not add up.", returncode=1)
