"""The demonstration's statements of 2023-24: each match funder's own officer signs what its match was."""

from datetime import date

from board import clock
from board.models import Quarter
from config.demo.budgets import KEEPERS, People
from returns import certifying
from returns.kinds import KINDS
from returns.models import Return

# After the closing period is closed, and before the year's final claim rests on them.
MADE_ON, SIGNED_ON = date(2024, 8, 5), date(2024, 8, 7)
NOTES = "All cash was secured and applied in the year. In-kind is mentoring by the council's own staff."


def sign_match(period: Quarter, people: People) -> None:
    """The annual statement of each match funder, made firm by the recipient and signed by the funder."""
    quarter = Quarter.objects.select_related("programme__recipient", "year").get(pk=period.pk)
    maker = people["finance.pfcc"]
    for scope in KINDS[Return.Kind.MATCH].scopes(quarter):
        with clock.at(MADE_ON, 11):
            row = certifying.open_return(kind=Return.Kind.MATCH, scope=scope, by=maker)
            if scope.subject == "ecc":
                certifying.write_commentary(the_return=row, section="notes", words=NOTES, seen_version=None, by=maker)
            row = certifying.prepare(the_return=row, by=maker)
        with clock.at(SIGNED_ON, 15):
            certifying.certify(the_return=row, by=people[KEEPERS[scope.subject]])
