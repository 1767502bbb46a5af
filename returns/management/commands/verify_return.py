"""`manage.py verify_return FILE…`: whether each file is what was certified."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from returns.verifying import verify


class Command(BaseCommand):
    """Thin caller of returns.verifying."""

    help = "Say of each file whether it is that of a certified return; exit 1 if one is not, 2 if one cannot be read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        unread = [f"{path}: {error.strerror}" for path in files if (error := _unreadable(path))]
        if unread:
            raise CommandError("\n".join(unread), returncode=2)
        verdicts = [verify(path.read_bytes(), path.name) for path in files]
        for verdict in verdicts:
            self.stdout.write(f"{verdict.name}: {verdict.said}")
            for line in verdict.details:
                self.stdout.write(f"  {line}")
        if not all(verdict.matches for verdict in verdicts):
            raise CommandError("Not every file is what was certified.", returncode=1)


def _unreadable(path: Path) -> OSError | None:
    try:
        with path.open("rb"):
            return None
    except OSError as error:
        return error
