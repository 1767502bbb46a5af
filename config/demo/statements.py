"""The demonstration's statements of 2023-24: what each match funder signed, and the use of the year's grant."""

from datetime import date

from board import clock
from board.models import Quarter
from config.demo.budgets import KEEPERS, People
from returns import certifying, sending
from returns.kinds import KINDS
from returns.models import Dispatch, Return

# After the closing period is closed, and before the year's final claim rests on them.
MADE_ON, SIGNED_ON = date(2024, 8, 5), date(2024, 8, 7)
# When the final claim is paid.
USED_ON = date(2024, 9, 20)
# When Southend is asked for its statement of the third quarter of 2024-25.
ASKED_ON = date(2025, 1, 30)
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


USE = {
    "use": "All nine projects ran through the year. The late award slowed the first quarter; the rest ran on plan.",
    "balance": "What the late start left unspent lapses. Nothing is carried and nothing is repaid.",
    "assets": "No asset and no equipment was bought with the grant.",
}


def sign_usage(period: Quarter, people: People) -> None:
    """The year-end statement of the use of the grant, signed as a claim is."""
    quarter = Quarter.objects.select_related("programme__recipient", "year").get(pk=period.pk)
    [scope] = KINDS[Return.Kind.USAGE].scopes(quarter)
    officer = people["finance.pfcc"]
    with clock.at(USED_ON, 10):
        row = certifying.open_return(kind=Return.Kind.USAGE, scope=scope, by=officer)
        for section, words in USE.items():
            certifying.write_commentary(the_return=row, section=section, words=words, seen_version=None, by=officer)
        row = certifying.prepare(the_return=row, by=officer)
    with clock.at(USED_ON, 14):
        row = certifying.check(the_return=row, by=people["commissioning.1"])
    with clock.at(USED_ON, 16):
        row = certifying.certify(the_return=row, by=people["cfo"])
    with clock.at(USED_ON, 17):
        sending.send(the_return=row, sent_on=USED_ON, way=Dispatch.Way.EMAIL, funder_reference="", by=officer)


def ask_to_sign(quarter: Quarter, people: People) -> None:
    """A quarterly statement that waits for its funder's officer."""
    found = KINDS[Return.Kind.MATCH].scopes(
        Quarter.objects.select_related("programme__recipient", "year").get(pk=quarter.pk)
    )
    [scope] = [row for row in found if row.subject == "southend"]
    with clock.at(ASKED_ON, 9):
        row = certifying.open_return(kind=Return.Kind.MATCH, scope=scope, by=people["finance.pfcc"])
        certifying.prepare(the_return=row, by=people["finance.pfcc"])


def sign_partner(period: Quarter, people: People) -> None:
    """Essex County Council's annual statement of expenditure; the other partners have still to be asked."""
    quarter = Quarter.objects.select_related("programme__recipient", "year").get(pk=period.pk)
    [scope] = [row for row in KINDS[Return.Kind.PARTNER].scopes(quarter) if row.subject == "ecc"]
    with clock.at(USED_ON, 11):
        row = certifying.open_return(kind=Return.Kind.PARTNER, scope=scope, by=people["finance.pfcc"])
        row = certifying.prepare(the_return=row, by=people["finance.pfcc"])
    with clock.at(USED_ON, 15):
        certifying.certify(the_return=row, by=people["cfo.ecc"])
