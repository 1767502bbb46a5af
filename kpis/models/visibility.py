"""Whose rows a person sees, as far as it follows from their role, and from who is named for a contract."""

from django.db.models import Q

from board.access import AUDITOR, CFO, COMMISSIONING, FINANCE, REPORTER
from board.models import User
from contracts.models import Contract


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
        return own_duties(user)
    return None


def own_duties(user: User, duty: str = "") -> Q:
    """K21: what a reporter's organisation reports, less what is under a contract that it keeps to other people.

    A filter on duties, or with `duty` ("duty__", say) on what leads to them.
    """
    mine = Q(**{f"{duty}organisation": user.acting.organisation})  # type: ignore[union-attr]
    open_to_them = Q(**{f"{duty}contract": None}) | Q(**{f"{duty}contract__in": Contract.objects.open_to(user)})
    return mine & open_to_them


def is_kept_from(user: User, contract_id: int | None) -> bool:
    """K21: whether the person reports for a provider that keeps this contract to other people."""
    role = user.acting
    if contract_id is None or role is None or role.kind != REPORTER:
        return False
    return not Contract.objects.open_to(user).filter(pk=contract_id).exists()
