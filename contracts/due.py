"""What commissioning officers and providers have to do under contracts, as far ahead as each programme says."""

from collections.abc import Iterator
from datetime import date, datetime

from board.models import Role, User
from contracts.alerts import Kind, alerts
from contracts.models import Contract
from core.due import Due

# What is the provider's to do or to know by a day; the rest is the buyer's to decide.
_OF_PROVIDER = frozenset({Kind.CHECK, Kind.ISSUE, Kind.ACTION, Kind.END})


def due(user: User, *, today: date, moment: datetime) -> Iterator[Due]:
    """The dates of the contracts that a commissioning officer keeps, or that a reporter's organisation provides."""
    role = user.acting
    if role is None or role.kind not in (Role.Kind.COMMISSIONING_OFFICER, Role.Kind.KPI_REPORTER):
        return
    mine = Contract.objects.visible_to(user)
    for alert in alerts(mine, today=today):
        if not alert.is_told(today) or (role.kind == Role.Kind.KPI_REPORTER and alert.kind not in _OF_PROVIDER):
            continue
        yield Due(alert.key, alert.words, "contracts:contract", (alert.contract.reference,), alert.day)
