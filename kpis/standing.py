"""Where a submission stands: why it cannot be filled, decided on or revised now, in words; empty where it can.

Acts refuse with these words, and pages that are no longer of use lead away with them. Who may do what is asked
elsewhere.
"""

from datetime import datetime

from django.utils import timezone

from board.models import User
from core.forms import day_in_words
from kpis.models import Submission

Status = Submission.Status


def why_not_fill(row: Submission) -> str:
    """Drafts and what was queried are filled and submitted."""
    if row.may_change:
        return ""
    if row.status == Status.SUBMITTED:
        return (
            f"These results were submitted on {_day(row.submitted_at)} by {row.submitted_by} and wait for a decision. "
            "To change them, ask the commissioning officer to send them back with a query."
        )
    return f"{_decided(row)} To change figures, begin a revision of those that are accepted."


def why_not_accept(row: Submission, by: User) -> str:
    """What is submitted is accepted, by somebody else."""
    if row.status == Status.SUBMITTED:
        own = "You submitted these results. Ask another commissioning officer to accept them."
        return own if row.submitted_by_id == by.pk else ""
    if row.status == Status.DRAFT:
        return "These results are a draft. They can be accepted when the supplier has submitted them."
    if row.status == Status.QUERIED:
        return "These results were sent back with a query. They can be accepted when they are submitted again."
    return f"{_decided(row)} There is nothing left to accept."


def why_not_query(row: Submission) -> str:
    """A question is asked about what is submitted and not accepted."""
    if row.status in (Status.SUBMITTED, Status.QUERIED):
        return ""
    if row.status == Status.DRAFT:
        return "These results are a draft. They can be queried when the supplier has submitted them."
    return f"{_decided(row)} If a figure is wrong, begin a revision."


def why_not_answer(row: Submission) -> str:
    """Answers belong to what is queried."""
    if row.status == Status.QUERIED:
        return ""
    return "These results are no longer queried, so there is no question to answer. See below where they stand."


def why_not_revise(row: Submission) -> str:
    """What is accepted is revised, one revision at a time."""
    if row.status == Status.ACCEPTED:
        begun = open_revision(row)
        if begun is None:
            return ""
        return (
            f"Revision {begun.revision} of these results was begun on {_day(begun.created_at)} by {begun.created_by} "
            "and is not accepted yet. Go on with that one."
        )
    if row.status in (Status.SUPERSEDED, Status.WITHDRAWN):
        return f"{_decided(row)} Revise those that are accepted."
    return "Only accepted results are revised. Change a draft, or query what was submitted."


def why_not_withdraw(row: Submission) -> str:
    """A revision is withdrawn before it is handed in, or when it was sent back; the first results never are."""
    if row.revision == 1:
        return "The first results of a quarter cannot be withdrawn. Submit them, or say of a figure why there is none."
    if row.may_change:
        return ""
    if row.status == Status.SUBMITTED:
        return "This revision is submitted. Ask the commissioning officer to send it back with a query first."
    return _decided(row)


def open_revision(row: Submission) -> Submission | None:
    """The revision of these accepted results that is not decided yet."""
    return (
        Submission.objects.filter(duty=row.duty_id, quarter=row.quarter_id, status__in=Submission.OPEN_STATUSES)
        .exclude(pk=row.pk)
        .select_related("created_by")
        .first()
    )


def _decided(row: Submission) -> str:
    if row.status == Status.WITHDRAWN:
        return f"This revision was withdrawn on {_day(row.withdrawn_at)} by {row.withdrawn_by}: {row.withdrawn_reason}"
    if row.status == Status.SUPERSEDED:
        return f"These results were superseded by a revision on {_day(row.superseded_at)}."
    return f"These results were accepted on {_day(row.accepted_at)} by {row.accepted_by}."


def _day(moment: datetime | None) -> str:
    return day_in_words(timezone.localtime(moment)) if moment else ""
