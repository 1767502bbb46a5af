"""`manage.py self_audit`: recompute every certified figure and every stored hash; for a nightly timer."""

from typing import Any

from django.core.mail import mail_admins
from django.core.management.base import BaseCommand, CommandError

from board import events
from returns.auditing import self_audit


class Command(BaseCommand):
    """Thin caller of returns.auditing."""

    help = "Recompute what was certified from its stored rows; exit 1 and mail the administrators on any difference."

    def handle(self, *args: Any, **options: Any) -> None:
        audit = self_audit()
        said = (
            f"{audit.returns:,} certified returns with {audit.documents:,} files, and {audit.claims:,} claims with "
            f"{audit.lines:,} lines recomputed; {audit.events:,} sealed events read, the last seal {audit.last_seal}"
        )
        # The record says that it was asked, and how often it differed; what differs may hold amounts.
        words = f"{said}; {len(audit.differences):,} differences"
        events.record("audit.self", "", by=None, words=words, programme=None)
        if audit.differences:
            listed = "\n".join(str(difference) for difference in audit.differences)
            mail_admins("What was certified has changed", f"{words}.\n\n{listed}\n")
            raise CommandError(f"{words}:\n{listed}", returncode=1)
        self.stdout.write(f"{said}. Nothing differs.")
