"""Giving duties, targets and definitions: who reports what, what it shall reach, and what it means from when."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction

from board import events, rows
from board.models import Organisation, Project, Quarter, User, Year
from board.rows import locking
from contracts.models import Contract
from core.problems import Problem, refuse, refuse_if_blocking
from kpis.kinds import Kind
from kpis.models import Dimension, Duty, DutyMeasure, Kpi, KpiVersion, Target

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
        kpis = {kpi.code: kpi for kpi in locked.kpis.filter(code__in=measures).prefetch_related("versions__dimensions")}
        wanted = {code: list(ticked) for code, ticked in measures.items()}
        refuse_if_blocking(
            [
                *_quarters_of_one_programme(locked, first_quarter, last_quarter),
                *_known(wanted, kpis),
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
        dimensions = {row.code: row for row in Dimension.objects.all()}
        for code in sorted(wanted):
            measure = DutyMeasure.objects.create(duty=duty, kpi=kpis[code])
            measure.dimensions.set([dimensions[ticked] for ticked in wanted[code]])
        words = f"{organisation} reports {len(wanted)} measures of {locked}"
        events.record("duty.assign", duty.reference, by=by, words=words, programme=locked.programme)
    return duty


def _quarters_of_one_programme(project: Project, first: Quarter, last: Quarter) -> Iterable[Problem]:
    if {first.programme_id, last.programme_id} != {project.programme_id}:
        yield Problem("K21", f"Choose quarters of {project.programme}.", True, "first_quarter")
    elif {first.kind, last.kind} != {Quarter.Kind.QUARTER}:
        yield Problem("K21", "Results are reported by quarters; a closing period takes none.", True, "first_quarter")
    elif last.order < first.order:
        yield Problem("K21", "The last quarter comes before the first. Choose a later one.", True, "last_quarter")


def _known(wanted: Mapping[str, list[str]], kpis: Mapping[str, Kpi]) -> Iterable[Problem]:
    for code, ticked in sorted(wanted.items()):
        if code not in kpis:
            yield Problem("K21", f"{code} is not a KPI of this project. Choose one of its own.", True, "measures")
            continue
        version = kpis[code].versions.all()[len(kpis[code].versions.all()) - 1]
        offered = {dimension.code for dimension in version.dimensions.all()}
        for extra in sorted(set(ticked) - offered):
            yield Problem("K04", f"{code} is not broken down by {extra}. Untick it.", True, "measures")


def _one_supplier(
    project: Project, wanted: Mapping[str, list[str]], first: Quarter, last: Quarter
) -> Iterable[Problem]:
    """Each KPI of a project has one supplier a quarter: two suppliers are two KPIs."""
    taken = DutyMeasure.objects.filter(
        duty__project=project,
        kpi__code__in=wanted,
        duty__first_quarter__first_day__lte=last.first_day,
        duty__last_quarter__first_day__gte=first.first_day,
    ).select_related("kpi", "duty__organisation")
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
    numbers = sum(1 for code in wanted if code in kpis and not _is_words(kpis[code]))
    tables = sum(len(ticked) for ticked in wanted.values())
    if numbers > MOST_NUMBERS:
        yield Problem(
            "K21", f"{numbers} numbers are too many for a provider; ask at most {MOST_NUMBERS}.", True, "measures"
        )
    if tables > MOST_BREAKDOWNS:
        words = f"{tables} breakdowns are too many for a provider; tick at most {MOST_BREAKDOWNS}."
        yield Problem("K21", words, True, "measures")


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
        row = Target(
            kpi=kpi,
            year=year,
            value=_hundredths(value),
            upper=None if upper is None else _hundredths(upper),
            baseline=None if baseline is None else _hundredths(baseline),
            from_date=from_date,
            reason=reason.strip(),
        )
        row.full_clean()
        row.save(force_insert=True)
        words = f"{value} in {year.code} from {from_date:%-d %B %Y}: {row.reason}"
        events.record("target.set", kpi.code, by=by, words=words, programme=year.programme)
    return row


def _hundredths(value: Decimal) -> int:
    return int(value.scaleb(2).to_integral_value())


def redefine(*, kpi: Kpi, from_date: date, reason: str, by: User, **changes: object) -> KpiVersion:
    """Give a measure a new definition from the first day of a quarter on; earlier results keep theirs."""
    with transaction.atomic():
        locked = locking(Kpi.objects).select_related("project__programme").get(pk=kpi.pk)
        latest = locked.versions.order_by("-number").first()
        if latest is None or from_date <= latest.from_date:
            raise refuse("K24", "A new definition must begin after the one in force. Choose a later day.", "from_date")
        if not locked.project.programme.quarters.filter(first_day=from_date, kind=Quarter.Kind.QUARTER).exists():
            raise refuse("K24", "A definition changes with a quarter. Choose the first day of one.", "from_date")
        if Kind(str(changes.get("kind", latest.kind))) != latest.kind:
            raise refuse(
                "K23", "A measure's kind fixes how it is added up and never changes. Use another code.", "kind"
            )
        dimensions = list(latest.dimensions.all())
        row = KpiVersion.objects.get(pk=latest.pk)
        row.pk, row._state.adding = None, True
        row.number, row.from_date, row.reason = latest.number + 1, from_date, reason.strip()
        for name, value in changes.items():
            setattr(row, name, value)
        row.full_clean()
        row.save(force_insert=True)
        row.dimensions.set(dimensions)
        words = f"Version {row.number} from {from_date:%-d %B %Y}: {row.reason}"
        events.record("kpi.redefine", locked.code, by=by, words=words, programme=locked.project.programme)
    return row
