"""What finance officers have to do: declare each quarter's spend of what they keep, and deal with its accruals."""

from collections.abc import Iterator
from datetime import date, datetime

from board.models import Organisation, Programme, Quarter, Role, User
from board.quarters import MONEY, open_quarters
from core.due import Due
from funding.accruals import prompts, unresolved
from funding.declaring import standing
from funding.models import Source


def due(user: User, *, today: date, moment: datetime) -> Iterator[Due]:
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
