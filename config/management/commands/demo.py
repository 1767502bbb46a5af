"""`manage.py demo`: load the demonstration if it is not here, and say who can sign in."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo import runner
from config.demo.partnership import ACCOUNTS, PASSWORD
from core.problems import Refused


class Command(BaseCommand):
    """Thin caller of config.demo.runner."""

    help = "Load the demonstration: both programmes with illustrative figures, as on 9 April 2025."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--accounts", action="store_true", help="print the demonstration's accounts and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError("This is not a demonstration: its accounts have a known password. Set DEMONSTRATION=1.")
        if options["accounts"]:
            width = max(len(account.email) for account in ACCOUNTS)
            for account in ACCOUNTS:
                self.stdout.write(f"  {account.email:<{width}}  {account.title}")
            self.stdout.write(f"Password for each: {PASSWORD}")
        elif runner.is_loaded():
            self.stdout.write("The demonstration is loaded already.")
        else:
            self.stdout.write("Loading the demonstration; this takes a minute or two.")
            try:
                runner.load()
            except Refused as refusal:
                raise CommandError(str(refusal)) from refusal
            self.stdout.write("The demonstration is loaded.")
