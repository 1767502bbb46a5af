"""`manage.py sweep_files`: remove what was uploaded and never attached, and check every file that is kept."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from board import clock
from board.files import sweep


class Command(BaseCommand):
    """Thin caller of board.files.sweep; exits with 1 where a kept file is missing or altered."""

    help = "Remove files that nothing points at for a day, and check the others against their SHA-256."

    def handle(self, *args: Any, **options: Any) -> None:
        swept = sweep(clock.now())
        self.stdout.write(f"Removed: {swept.uploads:,} uploads attached to nothing, {swept.files:,} files without one.")
        for words in swept.wrong:
            self.stderr.write(f"Wrong: {words}. Bring it back from a backup.")
        if swept.wrong:
            sys.exit(1)
        self.stdout.write("Every file that is kept is whole.")
