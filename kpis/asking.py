"""What a submission asks for: one slot for each figure, with the names of its boxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from board.models import Milestone, Quarter
from kpis.kinds import COLUMNS, FigureType, Kind, Section
from kpis.models import Category, Dimension, DutyMeasure, KpiVersion, Result, Submission, version_on


@dataclass(frozen=True)
class Slot:
    """One figure that is asked for. `key` names its boxes: "CHB-06", "CHB-31a@2023-24-Q1", "EVL-01@interim"."""

    key: str
    code: str
    definition: KpiVersion
    dimensions: tuple[tuple[Dimension, tuple[Category, ...]], ...] = ()
    entry_quarter: Quarter | None = None
    milestone: Milestone | None = None

    @property
    def figure_type(self) -> FigureType:
        return self.definition.figure_type

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS[self.figure_type]

    @property
    def section(self) -> Section:
        return Section(self.definition.section)

    @property
    def name(self) -> str:
        """The measure's name, and of which cohort or milestone."""
        if self.entry_quarter:
            return f"{self.definition.name}: people who entered in {self.entry_quarter.short_label}"
        return f"{self.definition.name}: {self.milestone.name}" if self.milestone else self.definition.name

    def box(self, column: str = "") -> str:
        """The name of the box of a column; a slot of one column has one box, named by the key."""
        return f"{self.key}.{column}" if column and len(self.columns) > 1 else self.key

    def part_box(self, category: Category, column: str = "") -> str:
        """The name of a breakdown's box. `category.dimension` must be at hand."""
        name = f"{self.key}.{category.dimension.code}.{category.code}"
        return f"{name}.{column}" if column and len(self.columns) > 1 else name


def months_after(day: date, months: int) -> date:
    """The first day of the month that comes `months` after that of `day`."""
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)


def cohort_entry(quarter: Quarter, window_months: int, quarters: Sequence[Quarter]) -> Quarter | None:
    """The entry quarter whose follow-up window ends with this quarter, if the programme had begun."""
    return next(
        (
            row
            for row in quarters
            if row.kind == Quarter.Kind.QUARTER and months_after(row.first_day, window_months) == quarter.first_day
        ),
        None,
    )


def slots_of(submission: Submission) -> list[Slot]:
    """Every figure that the submission asks for, in the order of sections and codes."""
    quarter = submission.quarter
    measures = (
        DutyMeasure.objects.filter(duty=submission.duty_id)
        .select_related("kpi")
        .prefetch_related("kpi__versions", "dimensions__categories__dimension")
    )
    quarters = list(Quarter.objects.filter(programme=quarter.programme_id))
    open_milestones = _open_milestones(submission)
    slots: list[Slot] = []
    for measure in measures:
        definition = version_on(list(measure.kpi.versions.all()), quarter.first_day)
        if definition is not None and not definition.computed:
            slots += _slots_of_measure(measure, definition, quarter, quarters, open_milestones)
    return sorted(slots, key=_place)


def _place(slot: Slot) -> tuple[int, bool, str]:
    """By section; what stood on the first day comes before what came after."""
    return (list(Section).index(slot.section), slot.definition.kind != Kind.OPENING, slot.key)


def _slots_of_measure(
    measure: DutyMeasure,
    definition: KpiVersion,
    quarter: Quarter,
    quarters: Sequence[Quarter],
    milestones: Sequence[Milestone],
) -> list[Slot]:
    code = measure.kpi.code
    if definition.kind == Kind.COHORT:
        entry = cohort_entry(quarter, definition.window_months or 0, quarters)
        return [Slot(f"{code}@{entry.code}", code, definition, entry_quarter=entry)] if entry else []
    if definition.kind == Kind.MILESTONE:
        return [Slot(f"{code}@{row.code}", code, definition, milestone=row) for row in milestones]
    dimensions = tuple(
        (row, tuple(sorted(row.categories.all(), key=lambda category: category.position)))
        for row in sorted(measure.dimensions.all(), key=lambda row: row.code)
    )
    return [Slot(code, code, definition, dimensions)]


def _open_milestones(submission: Submission) -> list[Milestone]:
    """The project's milestones that no earlier quarter has reported as met."""
    met = Result.objects.filter(
        submission__in=Submission.objects.in_force().filter(
            duty__project=submission.duty.project_id, quarter__first_day__lt=submission.quarter.first_day
        ),
        met_on__isnull=False,
    ).values("milestone")
    return list(submission.duty.project.milestones.exclude(pk__in=met))
