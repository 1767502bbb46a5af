"""What reporters and commissioning officers have to do about a quarter's results."""

from collections.abc import Iterator
from datetime import date, datetime

from board.models import Role, User
from board.quarters import RESULTS, is_open
from core.due import Due
from kpis.models import Submission


def due(user: User, *, today: date, moment: datetime) -> Iterator[Due]:
    """A reporter's drafts and queries; a commissioning officer's decisions, and what is theirs to fill."""
    role = user.acting
    if role is None or role.kind not in (Role.Kind.KPI_REPORTER, Role.Kind.COMMISSIONING_OFFICER):
        return
    rows = (
        Submission.objects.visible_to(user)
        .filter(status__in=["draft", "submitted", "queried"], quarter__first_day__lte=today)
        .select_related("quarter__programme", "quarter__year", "duty__project", "duty__organisation")
        .prefetch_related("quarter__reopenings")
    )
    for row in rows:
        own = row.duty.organisation_id == role.organisation_id
        where = ("kpis:submission", (row.pk,))
        subject = f"{row.duty.project}, {row.quarter}"
        if not is_open(row.quarter, RESULTS, moment, row.duty.organisation):
            continue
        if row.status == "submitted" and role.kind == Role.Kind.COMMISSIONING_OFFICER:
            words = f"Accept or query the results of {row.duty.organisation}: {subject}"
            yield Due(f"accept/{row.reference}", words, *where, row.quarter.check_due_on)
        elif row.status == "queried" and own:
            yield Due(f"answer/{row.reference}", f"Answer the query: {subject}", *where, row.quarter.check_due_on)
        elif row.status == "draft" and own:
            yield Due(f"submit/{row.reference}", f"Submit results: {subject}", *where, row.quarter.provider_due_on)
