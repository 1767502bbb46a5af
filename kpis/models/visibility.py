"""Whose rows a person sees, as far as it follows from their role alone."""

from django.db.models import Q

from board.access import AUDITOR, CFO, COMMISSIONING, FINANCE, REPORTER
from board.models import User


def whole_view(user: User) -> Q | None:
    """None for nothing, Q() for all of the programmes that the person sees, or a filter on `organisation`."""
    role = user.acting
    if role is None:
        return None
    if role.kind == AUDITOR:
        return Q()
    if role.kind in (COMMISSIONING, CFO, FINANCE):
        return Q(project__programme__recipient=role.organisation)
    if role.kind == REPORTER:
        return Q(organisation=role.organisation)
    return None
