"""Giving duties and targets: who reports what from when to when, what it shall reach, and how it is rated."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction

from board import clock, events, rows
from board.models import Organisation, Project, Quarter, User, Year
from board.quarters import RESULTS, lock_open
from board.rows import locking
from contracts.models import Contract
from core.forms import day_in_words
from core.problems import Problem, refuse, refuse_if_blocking
from kpis.defining import hundredths
from kpis.kinds import Kind
from kpis.models import Dimension, Duty, DutyMeasure, Kpi, KpiVersion, Rating, Submission, Target, version_on

# Kinds that no year's figure is made of, or that are no figure: there is nothing to hold against a target.
_WITHOUT_TARGET = frozenset({Kind.MEDIAN, Kind.COHORT, Kind.MILESTONE, Kind.TEXT, Kind.RATING, Kind.YES_NO})
# What a charity's manager can fill in half an hour a quarter.
MOST_NUMBERS, MOST_BREAKDOWNS = 25, 6


def assign(
    *,
    project: Project,
    organisation: Organisation,
    first_quarter: Quarter,
    last_quarter: Quarter,
    measures: Mapping[str, Iterable[str]],
    by: User,
    contract: Contract | None = None,
) -> Duty:
    """Make an organisation report measures of a project. `measures`: KPI code -> codes of breakdowns ticked."""
    with transaction.atomic():
        locked = locking(Project.objects).select_related("programme").get(pk=project.pk)
        wanted = {code: list(ticked) for code, ticked in measures.items()}
        kpis = _kpis_of(locked, wanted)
        refuse_if_blocking(
            [
                *_quarters_of_one_programme(locked, first_quarter, last_quarter),
                *_known(wanted, kpis, first_quarter),
                *_one_supplier(locked, wanted, first_quarter, last_quarter),
                *_not_too_many(organisation, wanted, kpis),
            ]
        )
        earlier = Duty.objects.filter(project=locked, organisation=organisation).count()
        name = f"{locked.programme.code}/{locked.code}-{organisation.code}"
        duty = Duty(
            project=locked,
            organisation=organisation,
            contract=contract,
            reference=f"{name}-{earlier + 1}" if earlier else name,
            first_quarter=first_quarter,
            last_quarter=last_quarter,
        )
        rows.create(duty, by=by)
        _ask(duty, kpis, wanted)
        words = f"{organisation} reports {len(wanted)} measures of {locked}"
        events.record("duty.assign", duty.reference, by=by, words=words, programme=locked.programme)
    return duty


def change(
    *,
    duty: Duty,
    first_quarter: Quarter,
    measures: Mapping[str, Iterable[str]],
    reason: str,
    seen_version: int,
    by: User,
) -> Duty:
    """Ask other measures of a supplier from a quarter on; what was asked before stays with its quarters.

    The duty ends with the quarter before, and another one goes on to the same end. Where the duty has not been asked
    for yet and the change is from its beginning, it is the duty itself that changes.
    """
    with transaction.atomic():
        project = locking(Project.objects).select_related("programme").get(pk=duty.project_id)
        locked = locking(Duty.objects).select_related("organisation", "contract", "first_quarter", "last_quarter").get(
            pk=duty.pk
        )  # fmt: skip
        refuse_if_blocking(
            [*_within(locked, first_quarter), *_not_asked_for(locked, first_quarter), *_reasoned(reason)]
        )
        if first_quarter == locked.first_quarter:
            made = _change_from_its_beginning(locked, project, measures, reason, seen_version, by)
        else:
            before = max(
                (
                    row for row in project.programme.quarters.filter(kind=Quarter.Kind.QUARTER)
                    if row.order < first_quarter.order
                ),
                key=lambda row: row.order,
            )  # fmt: skip
            last, locked.last_quarter = locked.last_quarter, before
            rows.change(locked, by=by, seen_version=seen_version, reason=reason[:100])
            made = assign(
                project=project,
                organisation=locked.organisation,
                contract=locked.contract,
                first_quarter=first_quarter,
                last_quarter=last,
                measures=measures,
                by=by,
            )
        words = f"From {first_quarter.code}: {reason.strip()}"
        events.record("duty.change", locked.reference, by=by, words=words, programme=project.programme)
    return made


def _change_from_its_beginning(
    duty: Duty, project: Project, measures: Mapping[str, Iterable[str]], reason: str, seen_version: int, by: User
) -> Duty:
    wanted = {code: list(ticked) for code, ticked in measures.items()}
    kpis = _kpis_of(project, wanted)
    refuse_if_blocking(
        [
            *_known(wanted, kpis, duty.first_quarter),
            *_one_supplier(project, wanted, duty.first_quarter, duty.last_quarter, apart_from=duty),
            *_not_too_many(duty.organisation, wanted, kpis),
        ]
    )
    rows.change(duty, by=by, seen_version=seen_version, reason=reason[:100])
    DutyMeasure.objects.filter(duty=duty).delete()
    _ask(duty, kpis, wanted)
    return duty


def quarters_for_a_change(duty: Duty) -> list[Quarter]:
    """The quarters of a duty from which other measures can be asked: those that nobody has been asked for yet."""
    asked = set(duty.submissions.values_list("quarter__first_day", flat=True))
    latest = max(asked, default=None)
    return [
        row
        for row in duty.project.programme.quarters.filter(
            kind=Quarter.Kind.QUARTER,
            first_day__gte=duty.first_quarter.first_day,
            first_day__lte=duty.last_quarter.first_day,
        ).select_related("programme")
        if latest is None or row.first_day > latest
    ]


def _kpis_of(project: Project, codes: Iterable[str]) -> dict[str, Kpi]:
    return {kpi.code: kpi for kpi in project.kpis.filter(code__in=codes).prefetch_related("versions__dimensions")}


def _ask(duty: Duty, kpis: Mapping[str, Kpi], wanted: Mapping[str, list[str]]) -> None:
    dimensions = {row.code: row for row in Dimension.objects.all()}
    for code in sorted(wanted):
        measure = DutyMeasure.objects.create(duty=duty, kpi=kpis[code])
        measure.dimensions.set([dimensions[ticked] for ticked in wanted[code]])


def _within(duty: Duty, first: Quarter) -> Iterator[Problem]:
    inside = duty.first_quarter.first_day <= first.first_day <= duty.last_quarter.first_day
    if first.programme_id != duty.project.programme_id or first.kind != Quarter.Kind.QUARTER or not inside:
        words = f"Choose a quarter from {duty.first_quarter.short_label} to {duty.last_quarter.short_label}."
        yield Problem("K24", words, True, "first_quarter")


def _not_asked_for(duty: Duty, first: Quarter) -> Iterator[Problem]:
    """K24: what a quarter was asked for stays, filled or not."""
    asked = Submission.objects.filter(duty=duty, quarter__first_day__gte=first.first_day).select_related("quarter")
    if row := asked.order_by("-quarter__first_day").first():
        words = f"{row.quarter} has been asked for already. Choose a later quarter."
        yield Problem("K24", words, True, "first_quarter")


def _reasoned(reason: str) -> Iterator[Problem]:
    if not reason.strip():
        yield Problem("K24", "Give the reason.", True, "reason")


def _quarters_of_one_programme(project: Project, first: Quarter, last: Quarter) -> Iterable[Problem]:
    if {first.programme_id, last.programme_id} != {project.programme_id}:
        yield Problem("K21", f"Choose quarters of {project.programme}.", True, "first_quarter")
    elif {first.kind, last.kind} != {Quarter.Kind.QUARTER}:
        yield Problem("K21", "Results are reported by quarters; a closing period takes none.", True, "first_quarter")
    elif last.order < first.order:
        yield Problem("K21", "The last quarter comes before the first. Choose a later one.", True, "last_quarter")


def _known(wanted: Mapping[str, list[str]], kpis: Mapping[str, Kpi], first: Quarter) -> Iterable[Problem]:
    """Measures of the project, with the breakdowns that they offer in the first quarter."""
    if not wanted:
        yield Problem("K21", "Tick at least one measure.", True, "measures")
    for code, ticked in sorted(wanted.items()):
        if code not in kpis:
            yield Problem("K21", f"{code} is not a KPI of this project. Choose one of its own.", True, "measures")
            continue
        versions = list(kpis[code].versions.all())
        version = version_on(versions, first.first_day)
        if version is None:
            words = f"{code} begins on {day_in_words(versions[0].from_date)}. Leave it out, or begin then."
            yield Problem("K24", words, True, "measures")
            continue
        if version.computed:
            yield Problem("K23", f"{code} is computed from others and asked of nobody. Untick it.", True, "measures")
        offered = {dimension.code for dimension in version.dimensions.all()}
        for extra in sorted(set(ticked) - offered):
            yield Problem("K04", f"{code} is not broken down by {extra}. Untick it.", True, "measures")


def _one_supplier(
    project: Project,
    wanted: Mapping[str, list[str]],
    first: Quarter,
    last: Quarter,
    apart_from: Duty | None = None,
) -> Iterable[Problem]:
    """Each KPI of a project has one supplier a quarter: two suppliers are two KPIs."""
    taken = DutyMeasure.objects.filter(
        duty__project=project,
        kpi__code__in=wanted,
        duty__first_quarter__first_day__lte=last.first_day,
        duty__last_quarter__first_day__gte=first.first_day,
    ).select_related("kpi", "duty__organisation")
    if apart_from is not None:
        taken = taken.exclude(duty=apart_from)
    for row in taken:
        yield Problem(
            "K21",
            f"{row.kpi.code} is reported by {row.duty.organisation} in these quarters. "
            "A KPI has one supplier a quarter: end that duty first, or use another KPI.",
            True,
            "measures",
        )


def _not_too_many(
    organisation: Organisation, wanted: Mapping[str, list[str]], kpis: Mapping[str, Kpi]
) -> Iterable[Problem]:
    """The burden on a provider is bounded."""
    if organisation.kind != Organisation.Kind.PROVIDER:
        return
    numbers, tables = burden(wanted, kpis)
    if numbers > MOST_NUMBERS:
        yield Problem(
            "K21", f"{numbers} numbers are too many for a provider; ask at most {MOST_NUMBERS}.", True, "measures"
        )
    if tables > MOST_BREAKDOWNS:
        words = f"{tables} breakdowns are too many for a provider; tick at most {MOST_BREAKDOWNS}."
        yield Problem("K21", words, True, "measures")


def burden(wanted: Mapping[str, list[str]], kpis: Mapping[str, Kpi]) -> tuple[int, int]:
    """How many headline numbers and breakdown tables a supplier would fill; narrative is no number."""
    numbers = sum(1 for code in wanted if code in kpis and not _is_words(kpis[code]))
    return numbers, sum(len(ticked) for ticked in wanted.values())


def _is_words(kpi: Kpi) -> bool:
    """Whether nobody types a figure for it: narrative, or worked out from others."""
    versions = kpi.versions.all()
    return any(version.kind == Kind.TEXT or version.computed for version in versions)


def set_target(
    *,
    kpi: Kpi,
    year: Year,
    value: Decimal,
    from_date: date,
    reason: str,
    by: User,
    upper: Decimal | None = None,
    baseline: Decimal | None = None,
) -> Target:
    """Set or revise what a measure shall reach in a year, in its unit. Earlier rows stay."""
    with transaction.atomic():
        locked = locking(Kpi.objects).select_related("project__programme").get(pk=kpi.pk)
        earlier = list(locked.targets.filter(year=year))
        version = version_on(list(locked.versions.all()), from_date) or locked.versions.first()
        refuse_if_blocking(
            [
                *_of_its_year(locked, year, from_date),
                *_after_the_last(earlier, from_date),
                *_not_into_the_past(earlier, year, from_date),
                *_may_have_a_target(version, value, upper, baseline),
                *_reasoned(reason),
            ]
        )
        row = Target(
            kpi=locked,
            year=year,
            value=hundredths(value),
            upper=hundredths(upper),
            baseline=hundredths(baseline),
            from_date=from_date,
            reason=reason.strip(),
        )
        row.full_clean()
        row.save(force_insert=True)
        words = f"{value} in {year.code} from {from_date:%-d %B %Y}: {row.reason}"
        events.record("target.set", kpi.code, by=by, words=words, programme=year.programme)
    return row


def _of_its_year(kpi: Kpi, year: Year, from_date: date) -> Iterator[Problem]:
    if year.programme_id != kpi.project.programme_id:
        yield Problem("K24", f"Choose a year of {kpi.project.programme}.", True, "year")
    elif not date(year.starts, 4, 1) <= from_date <= date(year.starts + 1, 3, 31):
        words = f"The target of {year.code} begins within that year. Choose a day from 1 April to 31 March."
        yield Problem("K24", words, True, "from_date")


def _after_the_last(earlier: Iterable[Target], from_date: date) -> Iterator[Problem]:
    """K24: a revision has its own day, and the row before it stays."""
    last = max((row.from_date for row in earlier), default=None)
    if last is not None and from_date <= last:
        words = f"A target from {day_in_words(last)} is there already. A revision begins on a later day."
        yield Problem("K24", words, True, "from_date")


def _not_into_the_past(earlier: list[Target], year: Year, from_date: date) -> Iterator[Problem]:
    """K24: quarters whose results are closed keep the target that they were rated by."""
    closed = [row for row in year.quarters.all() if row.results_closed_at and row.last_day >= from_date]
    if earlier and closed:
        last = max(closed, key=lambda row: row.last_day)
        words = f"The results of {last} are closed and were rated by the target in force. Choose a later day."
        yield Problem("K24", words, True, "from_date")


def _may_have_a_target(
    version: KpiVersion | None, value: Decimal, upper: Decimal | None, baseline: Decimal | None
) -> Iterator[Problem]:
    if version is None:
        return
    if version.kind in _WITHOUT_TARGET:
        words = f"“{version.get_kind_display()}” has no figure for a year that could be held against a target."
        yield Problem("K24", words, True, "value")
    elif version.direction == KpiVersion.Direction.NONE:
        words = "Nothing says whether higher or lower is better here. Say so in a new version of the measure first."
        yield Problem("K24", words, True, "value")
    if (version.direction == KpiVersion.Direction.RANGE) != (upper is not None):
        words = "A range, and nothing else, has a top. Enter both ends where within a range is better."
        yield Problem("K24", words, True, "upper")
    given = [number for number in (value, upper, baseline) if number is not None]
    if version.kind == Kind.RATIO and any(number > 100 for number in given):
        yield Problem("K24", "A rate is at most 100 per cent.", True, "value")
    elif any(number < 0 for number in given):
        yield Problem("K24", "A target and a baseline are nought or more.", True, "value")


def rate(*, kpi: Kpi, quarter: Quarter, word: str, reason: str, by: User) -> Rating:
    """Rate a measure in a quarter by hand, or with an empty word go back to the rating by its figures.

    The figures, the target and the rating by the figures stay as they are beside it.
    """
    with transaction.atomic():
        locked = lock_open(quarter, RESULTS)
        measure = locking(Kpi.objects).select_related("project").get(pk=kpi.pk)
        if measure.project.programme_id != locked.programme_id:
            raise refuse("K13", f"Choose a measure of {locked.programme}.")
        if not reason.strip():
            raise refuse("K13", "Give the reason: a rating by hand stands beside it in every return.", "reason")
        stands = measure.ratings.filter(quarter=locked).last()
        if not word and (stands is None or not stands.word):
            raise refuse("K13", "This measure is rated by its figures already.", "word")
        row = Rating(kpi=measure, quarter=locked, word=word, reason=reason.strip(), by=by, at=clock.now())
        row.full_clean()
        row.save(force_insert=True)
        words = f"{locked.code}: {word or 'by its figures'}. {row.reason}"
        events.record("kpi.rate", measure.code, by=by, words=words, programme=locked.programme)
    return row
