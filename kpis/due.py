"""What reporters and commissioning officers have to do about a quarter's results."""

from collections.abc import Iterator
from datetime import date, datetime

from board.models import Role, User
from board.quarters import RESULTS, is_open
from core.due import Due
from kpis.models import Extension, Submission

_SHOWN = ("quarter__programme", "quarter__year", "duty__project", "duty__organisation")


def due(user: User, *, today: date, moment: datetime) -> Iterator[Due]:
    """A reporter's drafts and queries; a commissioning officer's decisions, and what is theirs to fill."""
    role = user.acting
    if role is None or role.kind not in (Role.Kind.KPI_REPORTER, Role.Kind.COMMISSIONING_OFFICER):
        return
    rows = (
        Submission.objects.visible_to(user)
        .filter(status__in=["draft", "submitted", "queried"], quarter__first_day__lte=today)
        .select_related(*_SHOWN)
        .prefetch_related("quarter__reopenings")
    )
    if role.kind == Role.Kind.COMMISSIONING_OFFICER:
        yield from _more_time(user, role, today)
    for row in rows:
        own = row.duty.organisation_id == role.organisation_id
        # What is not done when results close does not go away: it is done late.
        closed = not is_open(row.quarter, RESULTS, moment, row.duty.organisation)
        where = ("kpis:submission", (row.pk,))
        subject = f"{row.duty.project}, {row.quarter}"
        # The quarter's days were kept by the first; a revision is due when it is there.
        fill_by, check_by = (
            (row.due_on, row.quarter.check_due_on)
            if row.revision == 1
            else (max(row.quarter.provider_due_on, today), max(row.quarter.check_due_on, today))
        )
        after = ". The quarter is closed for results" if closed else ""
        if row.status == "submitted" and role.kind == Role.Kind.COMMISSIONING_OFFICER:
            words = f"Accept or query the results of {row.duty.organisation}: {subject}{after}"
            yield Due(f"accept/{row.reference}", words, *where, check_by)
        elif row.status == "queried" and own:
            words = f"Answer the query and submit again: {subject}{after}"
            yield Due(f"answer/{row.reference}", words, *where, check_by)
        elif row.status == "draft" and own and row.revision > 1:
            words = f"Submit or withdraw revision {row.revision}: {subject}"
            yield Due(f"submit/{row.reference}", words, *where, fill_by)
        elif row.status == "draft" and own:
            words = f"{'Submit late results' if closed else 'Submit results'}: {subject}{after}"
            yield Due(f"submit/{row.reference}", words, *where, fill_by)


def _more_time(user: User, role: Role, today: date) -> Iterator[Due]:
    """What suppliers asked for and the grant's holder has not decided, to be settled before the day runs out."""
    asked = Extension.objects.filter(
        status=Extension.Status.ASKED,
        submission__in=Submission.objects.visible_to(user),
        submission__submitted_at=None,
        submission__duty__project__programme__recipient=role.organisation_id,
    ).exclude(by=user)
    for row in asked.select_related(*(f"submission__{name}" for name in _SHOWN)):
        of = row.submission
        words = f"Grant or refuse more time for {of.duty.organisation}: {of.duty.project}, {of.quarter}"
        yield Due(f"more-time/{of.reference}", words, "kpis:decide-time", (of.pk, row.pk), max(of.due_on, today))
