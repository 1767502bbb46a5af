"""The demonstration's words: what the officers wrote in each return, and the risks that they carry."""

from collections.abc import Iterator

from board import clock, rows
from board.models import Programme, User
from returns.models import Risk

PROGRESS = {
    "2023-24-Q1": "The award was confirmed five days before the start. Providers recruited through the quarter and "
    "first sessions began in June. Spend is well below the profile for that reason alone.",
    "2023-24-Q2": "All projects are in delivery. Referrals to The Change Hub doubled after the first campaign burst.",
    "2023-24-Q3": "Demand is above plan and the late start is being caught up. The funder was told on 5 January 2024 "
    "of a likely underspend.",
    "2023-24-Q4": "The year ends with all projects at full strength. March sessions of The Change Hub are accrued.",
    "2023-24-closing": "The March invoice of The Change Hub came in above its accrual. The year is final.",
    "2024-25-Q1": "Delivery is on plan. The evaluator delivered its interim report; the invoice is awaited.",
    "2024-25-Q2": "Fewer workshop places were booked than planned and stalking referrals rose: £8,000 moves between "
    "the two by virement 097-24.",
    "2024-25-Q3": "Delivery is on plan in all projects. The evaluator's invoice is still awaited.",
}
# What the funder asked about the claim of 2024-25 Q3, and the account that answers it.
ASKED = "Why is the evaluation accrued a third time, and which invoice will take its place?"
SAY_MORE = "Please say so in the account of the quarter."
ASKED_OF_RESULTS = "Referrals fell from the first quarter to the second. What was done about it?"
FUNDER_ASKED = "The funder asked why the evaluation is accrued a third time. No figure changes."
FULLER_PROGRESS = (
    "Delivery is on plan in all projects. The interim evaluation report was accepted in June 2024 and its invoice of "
    "£6,000 has not come, so the cost is accrued in each quarter and the accrual before it is reversed: it is counted "
    "once. The evaluator has promised the invoice for April."
)
LEARNING = {
    "2023-24-Q1": "Recruiting before the award is confirmed is a risk that small providers cannot carry.",
    "2023-24-Q2": "People who refer themselves start sooner than those referred by professionals.",
    "2023-24-Q3": "Text reminders before the first session halve missed first appointments.",
    "2023-24-Q4": "Joint meetings of the stalking pilot and the police shorten the time to a first contact.",
    "2024-25-Q1": "Schools ask for mentoring earlier in the year than the programme's quarters allow.",
    "2024-25-Q2": "Workshops in the evening are fuller than those in working hours.",
    "2024-25-Q3": "Linked victims prefer one named worker for the whole of the support.",
}

# What the officers wrote for the board, by quarter and part of its report.
FOR_THE_BOARD = {
    "2024-25-Q2": {
        "headline": "All projects deliver. Money moved from workshops, where places stayed empty, to stalking work, "
        "where referrals rose.",
        "went-well": "Evening workshops are fuller than those in working hours. The police refer earlier than before.",
        "worries": "No funding is confirmed beyond March 2025, and staff with stalking training are few.",
        "decisions": "The board is asked to note the virement between workshops and stalking work, which the funder "
        "agreed.",
    },
    "2024-25-Q3": {
        "headline": "Delivery is on plan in all projects. The last quarter of the programme begins.",
        "went-well": "Linked victims say that one named worker for the whole of their support suits them best.",
        "worries": "Cases that are open in March need somebody to close them or take them over. The evaluator’s "
        "invoice has still not come.",
        "decisions": "The board is asked to agree by the end of February 2025 how open cases are passed on.",
    },
}


def commentary(kind: str, quarter_code: str) -> Iterator[tuple[str, str]]:
    """The sections of a quarter's return and what was written in each."""
    if kind == "board":
        yield from FOR_THE_BOARD[quarter_code].items()
        return
    if quarter_code in PROGRESS:
        yield "progress", PROGRESS[quarter_code]
    if kind == "performance" and quarter_code in LEARNING:
        yield "learning", LEARNING[quarter_code]


def load_risks(programme: Programme, people: dict[str, User]) -> None:
    """Three risks, carried forward from the first quarter."""
    first = programme.quarters.get(code="2023-24-Q1")
    for number, (project, title, likelihood, impact, mitigation) in enumerate(
        [
            (
                "SIS",
                "Too few practitioners with stalking training",
                3,
                4,
                "Train two more; share cover with the police.",
            ),
            ("CHB", "Waiting list grows beyond six weeks", 4, 3, "Offer groups first; review the list each month."),
            (None, "No funding confirmed after March 2025", 4, 5, "Plan closures with providers by January 2025."),
        ],
        start=1,
    ):
        row = Risk(
            programme=programme,
            project=programme.projects.get(code=project) if project else None,
            number=number,
            title=title,
            likelihood=likelihood,
            impact=impact,
            mitigation=mitigation,
            owner_title="Commissioning officer, PFCC",
            opened_in=first,
        )
        with clock.at(first.first_day):
            rows.create(row, by=people["commissioning.1"])
