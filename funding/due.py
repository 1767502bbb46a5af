"""What there is to do about money: declare each quarter's spend, and answer a virement that waits."""

from collections.abc import Iterator
from datetime import date, datetime

from board.access import may
from board.models import Programme, Quarter, Role, User
from board.quarters import MONEY, open_quarters
from core.due import Due
from funding.declaring import standing
from funding.models import Source, VirementProposal


def due(user: User, *, today: date, moment: datetime) -> Iterator[Due]:
    """What the acting role has to do about money."""
    yield from _declarations(user, today, moment)
    yield from _virements(user)


def _virements(user: User) -> Iterator[Due]:
    """Virements above the threshold that wait for a second person such as this one."""
    if not may(user, "budget.approve"):
        return
    for proposal in VirementProposal.objects.to_be_approved_by(user).order_by("reference"):
        words = f"Approve or turn down the virement {proposal.reference}"
        key = f"virement/{proposal.reference}"
        yield Due(key, words, "funding:virement-proposal", (proposal.reference,), None)


def _declarations(user: User, today: date, moment: datetime) -> Iterator[Due]:
    """Sources that the acting organisation keeps and has not declared, for open quarters near their end."""
    role = user.acting
    if role is None or role.kind != Role.Kind.FINANCE_OFFICER:
        return
    for programme in Programme.objects.visible_to(user).prefetch_related("thresholds"):
        sources = list(Source.objects.entered_by(user).filter(programme=programme).select_related("kept_by"))
        if not sources:
            continue
        for quarter in open_quarters(programme, MONEY, moment, role.organisation):
            # A closing period is declared by its final claim, and a running quarter only when it has ended.
            if quarter.kind != Quarter.Kind.QUARTER or quarter.last_day >= today:
                continue
            for found in standing(sources, quarter):
                if found.declaration is None:
                    yield Due(
                        f"declare/{programme.code}/{found.source.code}/{quarter.code}",
                        f"Record and declare {found.source} for {quarter}",
                        "funding:declare",
                        (),
                        quarter.check_due_on,
                    )
