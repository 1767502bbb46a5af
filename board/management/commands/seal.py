"""`manage.py seal`: seal the events that have no seal yet; for a timer, and before each backup."""

from typing import Any

from django.core.management.base import BaseCommand

from board.models import Seal
from board.sealing import last_hash, seal


class Command(BaseCommand):
    """Thin caller of board.sealing."""

    help = "Seal the record of acts, and print the last hash: keep it where the database's keeper cannot change it."

    def handle(self, *args: Any, **options: Any) -> None:
        made = seal()
        self.stdout.write(f"{made:,} events sealed, {Seal.objects.count():,} in all. The last seal is {last_hash()}.")
