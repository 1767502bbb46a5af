"""Writes the pack of a quarter, a year or the whole programme: everything certified in one file."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from returns import packing
from returns.kinds.scope import Scope
from returns.management.spans import add_span, programme_of, span_of


class Command(BaseCommand):
    """Stored files alone go into a pack, so nothing is written to the database."""

    help = (
        "Write the pack of a quarter, a year or (without either) the whole programme, print its SHA-256 and say what "
        "is missing in it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_span(parser, required=False)
        parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="made if it is not there")

    def handle(self, *args: Any, **options: Any) -> None:
        programme = programme_of(options)
        span = span_of(programme, options)
        if span is None:
            every = packing.spans_of(list(programme.quarters.select_related("programme__recipient", "year")))
            if not every:
                raise CommandError(f"{programme.code} has no quarters yet.", returncode=2)
            span = every[0].first, every[0].last
        scope = Scope(*span)
        made, path = packing.pack(scope), options["out"]
        try:
            path.mkdir(parents=True, exist_ok=True)
            with made.content, (path / made.name).open("wb") as file:
                shutil.copyfileobj(made.content, file)
        except OSError as error:
            words = f"“{path}” cannot be written: {error.strerror}. Choose another directory."
            raise CommandError(words, returncode=2) from None
        self.stdout.write(f"{made.sha256}  {path / made.name}")
        self.stdout.write(f"{len(made.returns)} certified returns.")
        for row in packing.missing_in(scope):
            self.stdout.write(f"Missing: {row.kind}, {row.about}: {row.standing.lower()}.")
