"""What the front page shows a person: what there is to do, and the doors that their role opens."""

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from board.access import may
from board.models import User
from contracts.due import due as contracts_due
from core.due import Due, in_order
from funding.due import due as money_due
from kpis.due import due as results_due
from returns.due import due as returns_due


@dataclass(frozen=True)
class Task:
    """One line of the list of things to do."""

    words: str
    url: str
    due_on: date | None
    late: bool


@dataclass(frozen=True)
class Door:
    """A part of the system that the person may enter, and what it is for."""

    title: str
    words: str
    url: str


DOORS = (
    ("Spend", "Record spend, put it right, and see what is held and why.", "funding:spend", "spending.read"),
    (
        "Budget",
        "Budget, actual, remaining and expected outturn, by project and heading.",
        "funding:budget",
        "budget.read",
    ),
    ("Match", "What each funder pledged, what came of it, and what a shortfall risks.", "funding:match", "match.read"),
    ("Declarations", "State that a quarter's spend is complete, or nil.", "funding:declare", "spending.declare"),
    (
        "Days to payment",
        "Invoices paid within 30 days, late ones, and dates that are missing.",
        "funding:payment-days",
        "spending.read",
    ),
    ("Claims", "What the grant owes, what was claimed and what was paid.", "funding:claims", "claims.read"),
    ("Contracts", "Who is engaged to do what, until when and for how much.", "contracts:contracts", "contracts.read"),
    (
        "What falls due",
        "Dates of contracts: notice, options, reviews, checks and actions.",
        "contracts:falls-due",
        "contracts.read",
    ),
    ("Results", "Fill in, check, accept or query a quarter's results.", "kpis:submissions", "submissions.read"),
    ("Performance", "Each measure by quarter against its target.", "kpis:performance", "results.read"),
    (
        "Returns",
        "See what a quarter still needs; prepare, sign and download its returns.",
        "returns:returns",
        "returns.read",
    ),
    ("Board reports", "What was issued to the board, quarter by quarter.", "returns:board-reports", "returns.board"),
    ("Verify a file", "Whether a workbook or PDF is what was certified.", "returns:verify", "files.verify"),
    ("Deputies", "Who may sign for the chief finance officer, and under which authority.", "deputies", "deputies.read"),
    ("Record of acts", "Who did what and when.", "events", "events.read"),
)


def gather(user: User, *, today: date, moment: datetime) -> list[Due]:
    """Everything that is due from the person in their acting role, the earliest first."""
    return in_order(
        [
            *contracts_due(user, today=today, moment=moment),
            *money_due(user, today=today, moment=moment),
            *results_due(user, today=today, moment=moment),
            *returns_due(user, today=today, moment=moment),
        ]
    )


def tasks(user: User, *, today: date, moment: datetime) -> list[Task]:
    """The list of things to do, with its links."""
    return [
        Task(due.words, reverse(due.url_name, args=due.url_args), due.due_on, due.is_late(today))
        for due in gather(user, today=today, moment=moment)
    ]


def doors(user: User) -> list[Door]:
    """The parts of the system that the acting role may enter."""
    return [Door(title, words, reverse(name)) for title, words, name, action in DOORS if may(user, action)]
