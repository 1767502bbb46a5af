"""Loads the whole demonstration in the order in which it would have happened, through the acts that people use."""

from datetime import date

from django.db import transaction

from board import clock
from board.models import Programme, Quarter, User
from board.quarters import MONEY, RESULTS
from config.demo import (
    agreements,
    budgets,
    evidence,
    ledger,
    money,
    paid,
    performance,
    reconciled,
    statements,
    templates,
    wording,
)
from config.demo.partnership import CURRENT, EARLIER, load_organisations, load_people, load_programmes
from core.problems import refuse
from funding import claims
from funding.models import Claim
from returns import certifying, closing, queries, sending
from returns.kinds import KINDS
from returns.kinds.scope import of_quarter
from returns.models import Dispatch, FunderQuery, Return

People = dict[str, User]

# The quarter that stands open on the demonstration's date, in mid-work.
OPEN = "2024-25-Q4"
# The quarter whose claim the funder asked about afterwards.
ASKED_ABOUT = "2024-25-Q3"
# Certified and left for an officer to send.
NOT_SENT_YET = ("performance", "2024-25-Q3")
# The quarter in which the closing period of the first year runs.
AFTER_YEAR_END = "2024-25-Q1"
# The closing period of 2023-24: when it was closed, and when its final claim was certified.
CLOSED_ON, FINAL_ON = date(2024, 8, 2), date(2024, 8, 9)


def is_loaded() -> bool:
    """Whether the demonstration is here already."""
    return Programme.objects.filter(code__in=(CURRENT, EARLIER)).exists()


def load() -> None:
    """Everything, or nothing. What it writes depends on nothing but this code.

    Refuses where anybody else's programme or person is: its accounts have a known password.
    """
    if Programme.objects.exists() or User.objects.exists():
        raise refuse("demonstration", "This database is in use. Load the demonstration into an empty one.")
    with transaction.atomic():
        organisations = load_organisations()
        people = load_people(organisations)
        programmes = load_programmes(organisations, people)
        _load_earlier(programmes[EARLIER], people)
        _load_current(programmes, people)


def _load_earlier(programme: Programme, people: People) -> None:
    money.load_earlier(programme, people)
    performance.set_up(programme, people)
    grant = claims.grant_of(programme.pk)
    for quarter in _in_order(programme):
        day = quarter.check_due_on if quarter.kind == Quarter.Kind.QUARTER else quarter.last_day
        with clock.at(day):
            closing.close(quarter=quarter, what=MONEY, by=people["commissioning.1"])
            if quarter.kind == Quarter.Kind.QUARTER:
                closing.close(quarter=quarter, what=RESULTS, by=people["commissioning.1"])
            worked = claims.work_out(grant, _again(quarter), today=day)
            # Claimed before this system was in use: the claim is on record, its return is on paper.
            claim = claims.certify(
                source=grant,
                quarter=_again(quarter),
                reference=f"{programme.code}/claim/{quarter.code}/r1",
                content_hash="",
                expected=worked.amount,
                by=people["cfo"],
            )
            money.pay_in_full(claim, people)


def _load_current(programmes: dict[str, Programme], people: People) -> None:
    programme = programmes[CURRENT]
    budgets.set_up(programme, people)
    performance.set_up(programme, people)
    wording.load_risks(programme, people)
    for quarter in _in_order(programme):
        if quarter.kind == Quarter.Kind.CLOSING:
            continue
        ledger.record_quarter(programme, quarter, people)
        money.adjust(programme, quarter, people)
        evidence.attach_quarter(quarter, people)
        performance.load_quarter(programme, quarter, people)
        if quarter.code == OPEN:
            money.declare_some(programme, quarter, people)
            paid.pay(programme, quarter, people)
            break
        money.declare_quarter(programme, quarter, people)
        with clock.at(quarter.check_due_on):
            money.explain(programme, quarter, people)
            closing.close(quarter=quarter, what=MONEY, by=people["commissioning.1"])
            closing.close(quarter=quarter, what=RESULTS, by=people["commissioning.1"])
        if quarter.code == AFTER_YEAR_END:
            # Dated in this quarter, and so in its ledger, though it is cost of the year before.
            ledger.record_closing(programme, _closing_period(programme), people)
        reconciled.reconcile(programme, quarter, people)
        paid.pay(programme, quarter, people)
        _certify("claim", quarter, quarter.certify_due_on, people)
        _certify("performance", quarter, quarter.certify_due_on, people)
        if quarter.code in wording.FOR_THE_BOARD:
            _certify("board", quarter, quarter.certify_due_on, people)
        if quarter.code == AFTER_YEAR_END:
            _end_first_year(programme, people)
        if quarter.code == ASKED_ABOUT:
            statements.ask_to_sign(quarter, people)
    _answer_the_funder(programme, people)
    agreements.follow(programme, people)
    statements.issue_pack(programme, people)
    statements.ask_for_change(programme, people)
    statements.draw_sample(programme, people)
    templates.register_form(programme, people)


def _end_first_year(programme: Programme, people: People) -> None:
    """The closing period of 2023-24 takes its late invoice and ends in the year's final claim."""
    period = _closing_period(programme)
    evidence.attach_quarter(period, people, day=CLOSED_ON)
    with clock.at(CLOSED_ON):
        reconciled.reconcile_closing(programme, period, people)
        money.explain(programme, period, people)
        closing.close(quarter=period, what=MONEY, by=people["commissioning.1"])
        money.mark_balance(programme, period.year, people)
    statements.sign_match(period, people)
    _certify("claim", period, FINAL_ON, people)
    statements.sign_usage(period, people)
    statements.sign_partner(period, people)


def _closing_period(programme: Programme) -> Quarter:
    return programme.quarters.select_related("programme", "year").get(code="2023-24-closing")


def _answer_the_funder(programme: Programme, people: People) -> None:
    """A claim is sent back for more words: its revision stands checked and waits for its certificate.

    A question about the results of a quarter before still waits for its answer.
    """
    results = Return.objects.get(
        kind="performance", programme=programme, last_quarter__code="2024-25-Q2", status="certified"
    )
    statements.ask(results, date(2025, 4, 3), wording.ASKED_OF_RESULTS, people)
    certified = Return.objects.get(kind="claim", programme=programme, last_quarter__code=ASKED_ABOUT)
    officer = people["finance.pfcc"]
    asked = statements.ask(certified, date(2025, 4, 2), wording.ASKED, people)
    with clock.at(date(2025, 4, 7), 9):
        queries.end(
            query=asked, outcome=FunderQuery.Outcome.REVISION, ended_on=date(2025, 4, 7), words=wording.SAY_MORE,
            by=officer,
        )  # fmt: skip
    with clock.at(date(2025, 4, 7), 10):
        row = certifying.revise(the_return=certified, reason=wording.FUNDER_ASKED, by=officer)
        version = row.commentaries.get(section="progress").version
        certifying.write_commentary(
            the_return=row, section="progress", words=wording.FULLER_PROGRESS, seen_version=version, by=officer
        )
        row = certifying.prepare(the_return=row, by=officer)
    with clock.at(date(2025, 4, 8), 14):
        certifying.check(the_return=row, by=people["commissioning.1"])


def _certify(kind: str, quarter: Quarter, day: date, people: People) -> None:
    """Prepare, check and certify a return by the people whose signatures it asks for."""
    first, then = {
        "claim": ("finance.pfcc", ("commissioning.1", "cfo")),
        "performance": ("commissioning.1", ("commissioning.2",)),
        "board": ("commissioning.1", ("cfo",)),
    }[kind]
    quarter = _again(quarter)
    with clock.at(day, 11):
        row = certifying.open_return(kind=kind, scope=of_quarter(quarter), by=people[first])
        for section, words in wording.commentary(kind, quarter.code):
            certifying.write_commentary(
                the_return=row, section=section, words=words, seen_version=None, by=people[first]
            )
        row = certifying.prepare(the_return=row, by=people[first])
    with clock.at(day, 14):
        for key in then[:-1]:
            row = certifying.check(the_return=row, by=people[key])
    with clock.at(day, 16):
        row = certifying.certify(the_return=row, by=people[then[-1]])
    if KINDS[kind].goes_to_funder and (kind, quarter.code) != NOT_SENT_YET:
        with clock.at(day, 17):
            sending.send(
                the_return=row, sent_on=day, way=Dispatch.Way.PORTAL, funder_reference="", by=people["commissioning.1"]
            )
    for claim in Claim.objects.filter(quarter=quarter, source__programme=quarter.programme):
        if kind == "claim":
            money.pay(claim, people)


def _in_order(programme: Programme) -> list[Quarter]:
    rows = programme.quarters.select_related("programme", "year")
    return sorted(rows, key=lambda quarter: quarter.order)


def _again(quarter: Quarter) -> Quarter:
    return Quarter.objects.select_related("programme__recipient", "year").get(pk=quarter.pk)
