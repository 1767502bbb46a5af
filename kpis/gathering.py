"""Gathering from the tables what the rules of a submission look at."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from board.models import Programme, Quarter
from board.programmes import names_in_use
from board.thresholds import threshold
from core.forms import day_in_words
from kpis.aggregation import Cell, cell_of
from kpis.answers import Answer
from kpis.asking import Slot
from kpis.models import Confirmation, Identity, KpiVersion, Result, Submission, Target, version_on
from kpis.rules import Context
from kpis.scoring import Aim

RULES = (
    "not-known-percent",
    "quarter-change-percent",
    "quarter-change-count",
    "narrative-fewest-words",
    "narrative-most-words",
    "rag-green-percent",
    "rag-amber-percent",
)


def context_of(
    submission: Submission, slots: Sequence[Slot], answers: Mapping[str, Answer], *, today: date, reason: str = ""
) -> Context:
    """What the rules need to know of a submission, its quarter and the quarters before.

    `reason`: why it is late or changes now, as it is handed in; else what the submission keeps.
    """
    quarter, project = submission.quarter, submission.duty.project
    quarters = list(Quarter.objects.filter(programme=quarter.programme_id, kind=Quarter.Kind.QUARTER))
    so_far = [row for row in quarters if row.first_day <= quarter.first_day]
    codes = [slot.code for slot in slots]
    return Context(
        quarter_code=quarter.code,
        year_code=quarter.year.code,
        quarter_last_day=quarter.last_day,
        today=today,
        slots=slots,
        answers=answers,
        before=cells_before(submission, codes),
        previous_code=so_far[-2].code if len(so_far) > 1 else "",
        year_quarters=[row.code for row in so_far if row.year_id == quarter.year_id],
        programme_quarters=[row.code for row in so_far],
        identities=list(Identity.objects.filter(project=project)),
        computed=_computed(submission),
        aims=aims_of(quarter.programme, quarter).get(project.pk, {}),
        thresholds=thresholds_of(quarter.programme, quarter.last_day),
        quarters_due=_quarters_due(submission, quarters),
        names=names_in_use(quarter.programme),
        reasons={
            "late_reason": reason or submission.late_reason or submission.changed_reason,
            "revision_reason": submission.revision_reason,
        },
        confirmed=confirmed_of(submission),
    )


def confirmed_of(submission: Submission) -> dict[tuple[str, str], str]:
    """Texts that somebody has said name nobody, in any revision: place and mark -> who said so, and when."""
    given = Confirmation.objects.filter(submission__duty=submission.duty_id, submission__quarter=submission.quarter_id)
    return {
        (row.place, row.mark): f"{row.by} confirmed on {day_in_words(row.at)} that it names nobody."
        for row in given.select_related("by").order_by("at")
    }


def _quarters_due(submission: Submission, quarters: Sequence[Quarter]) -> tuple[int, int]:
    """In how many quarters of the year the duty has been due so far, and will be in all."""
    duty, quarter = submission.duty, submission.quarter
    by_pk = {row.pk: row for row in quarters}
    first, last = by_pk[duty.first_quarter_id], by_pk[duty.last_quarter_id]
    year = [row for row in quarters if row.year_id == quarter.year_id and first.order <= row.order <= last.order]
    return len([row for row in year if row.order <= quarter.order]), len(year)


def thresholds_of(programme: Programme, day: date) -> dict[str, Decimal]:
    """The rules' thresholds in force on a day."""
    return {rule: threshold(programme, rule, day) for rule in RULES}


def cells_before(submission: Submission, codes: Sequence[str]) -> dict[str, dict[str, Cell]]:
    """KPI code -> quarter code -> cell, of the figures that count in earlier quarters."""
    found: dict[str, dict[str, Cell]] = defaultdict(dict)
    rows = Result.objects.filter(
        submission__in=Submission.objects.in_force(),
        submission__quarter__first_day__lt=submission.quarter.first_day,
        submission__quarter__programme=submission.quarter.programme_id,
        definition__kpi__project=submission.duty.project_id,
        entry_quarter=None,
        milestone=None,
    ).select_related("definition__kpi", "submission__quarter")
    for row in rows:
        found[row.definition.kpi.code][row.submission.quarter.code] = cell_of(row, row.state)
    return {code: found[code] for code in (*codes, *found) if code in found}


def aims_of(programme: Programme, quarter: Quarter) -> dict[int, dict[str, Aim]]:
    """Project -> KPI code -> the aim in force at the end of the quarter: the year's latest dated row."""
    aims: dict[int, dict[str, Aim]] = defaultdict(dict)
    rows = Target.objects.filter(
        year=quarter.year_id, kpi__project__programme=programme, from_date__lte=quarter.last_day
    ).select_related("kpi")
    for row in sorted(rows, key=lambda row: row.from_date):
        upper = None if row.upper is None else Decimal(row.upper).scaleb(-2)
        aims[row.kpi.project_id][row.kpi.code] = Aim(row.amount, upper)
    return aims


def _computed(submission: Submission) -> list[tuple[str, KpiVersion]]:
    """The rates that are worked out from other measures of the project."""
    found = []
    for kpi in submission.duty.project.kpis.prefetch_related("versions"):
        definition = version_on(list(kpi.versions.all()), submission.quarter.first_day)
        if definition is not None and definition.computed:
            found.append((kpi.code, definition))
    return found
