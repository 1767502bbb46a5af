"""How milestones stand: what was last reported of each, for the page of a contract that is about them."""

from collections.abc import Sequence

from board import clock
from board.models import Milestone, User
from core.forms import day_in_words
from kpis.models import Result, Submission
from kpis.results import milestone_status


def standing_of(user: User, milestones: Sequence[Milestone]) -> dict[int, str]:
    """By the key of each milestone, its last reported date in words, of the results that the person may see.

    Nothing where none is reported or may be seen. What is not accepted yet says so; drafts never count.
    """
    found = (
        Result.objects.visible_to(user)
        .filter(milestone__in=milestones, submission__in=Submission.objects.in_force())
        .select_related("milestone", "submission__quarter")
    )
    in_order = sorted(found, key=lambda row: row.submission.quarter.order)
    return {row.milestone_id: _in_words(row) for row in in_order if row.met_on or row.forecast_on}


def _in_words(result: Result) -> str:
    status = milestone_status(result.milestone.due_on, result.forecast_on, result.met_on, clock.today())
    day = f" on {day_in_words(result.met_on)}" if result.met_on else f", forecast {day_in_words(result.forecast_on)}"
    pending = "" if result.submission.status == Submission.Status.ACCEPTED else " (not accepted yet)"
    return f"{status}{day}{pending}"
