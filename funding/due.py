"""What there is to do about money: declare each quarter, deal with its accruals, answer a virement that waits."""

from collections.abc import Iterator
from datetime import date, datetime

from board.access import may
from board.models import Organisation, Programme, Quarter, Role, User
from board.quarters import MONEY, open_quarters
from core.due import Due
from funding.accruals import prompts, unresolved
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
    """Sources that the acting organisation keeps and has not declared, for quarters that have ended and are open.

    And what such a quarter's accruals want: service without an invoice, reversed accruals without an outcome.
    """
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
            yield from _accruals_due(role.organisation, quarter, sources)


def _accruals_due(organisation: Organisation, quarter: Quarter, sources: list[Source]) -> Iterator[Due]:
    waiting = {problem.message for source in sources for problem in unresolved(source, quarter)}
    wanted = prompts(organisation, quarter)
    words = []
    if waiting:
        words.append(f"say what became of {len(waiting)} reversed")
    if wanted:
        lines = "1 budget line" if len(wanted) == 1 else f"{len(wanted)} budget lines"
        words.append(f"look at {lines} with service and no invoice")
    if words:
        yield Due(
            f"accruals/{quarter.programme.code}/{quarter.code}",
            f"Accruals of {quarter}: {', '.join(words)}",
            "funding:accruals",
            (quarter.programme.code, quarter.code),
            quarter.check_due_on,
        )
