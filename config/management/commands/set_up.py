"""`manage.py set_up FILE --by E-MAIL`: set a programme up from a file, or add to it what has joined."""

import tomllib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from board.models import User
from config.setting_up import set_up
from core.problems import Refused


class Command(BaseCommand):
    """Thin caller of config.setting_up."""

    help = "Set a programme up from a TOML file (see docs/programme.example.toml), or add what has joined since."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="E-MAIL", help="who sets it up, for the record of acts")
        parser.add_argument("--check", action="store_true", help="say what would be added, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        by = User.objects.filter(email=options["by"].lower(), is_active=True).first()
        if by is None:
            raise CommandError(f"Nobody here signs in as {options['by']}. Make an account: manage.py createsuperuser.")
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"“{path}” cannot be read: {error.strerror}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CommandError(f"“{path}” is not TOML: {error}") from None
        try:
            with transaction.atomic():
                added = set_up(values, by=by)
                transaction.set_rollback(options["check"])
        except Refused as refusal:
            listed = "\n".join(f"  {problem.message}" for problem in refusal.problems)
            raise CommandError(f"Nothing was written. In “{path}”:\n{listed}") from None
        said = "Would add" if options["check"] else "Added"
        for one in added:
            self.stdout.write(f"{said} {one}.")
        if not added:
            self.stdout.write("All of it is here already.")
