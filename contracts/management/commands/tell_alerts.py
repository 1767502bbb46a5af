"""`manage.py tell_alerts`: mail each person once about dates of contracts that fall due; for a nightly timer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from board import clock
from contracts.telling import tell


class Command(BaseCommand):
    """Thin caller of contracts.telling; exits with 1 where a mail did not go, which the next run sends again."""

    help = "Mail each person once about the dates of their contracts that fall due."

    def handle(self, *args: Any, **options: Any) -> None:
        told = tell(today=clock.today(), moment=clock.now())
        if told.failed:
            raise CommandError(f"{told.failed} mails did not go; the next run sends them again.", returncode=1)
        self.stdout.write(f"{told.people:,} people told of {told.notices:,} dates.")
