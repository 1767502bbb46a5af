"""Defining measures: a new one, and a new version of one that is there.

A version is never edited. What fixes how figures are kept and added up (the kind, whether it has decimals, the
window of a cohort, whether it is entered or computed) never changes; a measure that needs another one gets a new code.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from board import events
from board.models import Project, Quarter, User
from board.rows import locking
from core.problems import Problem, refuse_if_blocking
from kpis import formulas
from kpis.kinds import BROKEN_DOWN, FigureType, Kind, figure_type
from kpis.models import Dimension, Kpi, KpiVersion, Result, Submission, version_on

# What every version of a measure shares with its first: field -> how to say it.
FIXED = {
    "kind": "A measure’s kind fixes how it is added up",
    "scaled": "Whether a measure has decimals fixes how its figures are kept",
    "window_months": "The follow-up of a cohort fixes when its figures are due",
}
_CODE = re.compile(r"[A-Z]{3}-\d{2}[a-z]?")
_WITH_DECIMALS = (Kind.FLOW, Kind.SNAPSHOT, Kind.OPENING)
# What a computed rate can be worked out from: kinds whose figure is one whole number.
_COUNTED = (Kind.FLOW, Kind.SNAPSHOT, Kind.OPENING)


def define(
    *,
    project: Project,
    code: str,
    from_date: date,
    reason: str,
    by: User,
    dimensions: Iterable[str] = (),
    **fields: Any,
) -> Kpi:
    """Add a measure to a project, with its first version. `fields` are those of `KpiVersion`."""
    with transaction.atomic():
        locked = locking(Project.objects).select_related("programme").get(pk=project.pk)
        given, wanted = code.strip(), list(dimensions)
        refuse_if_blocking(
            [
                *_fit_code(locked, given),
                *_with_a_quarter(locked, from_date),
                *_makes_sense(locked, given, fields, wanted, from_date),
                *_reasoned(reason),
            ]
        )
        kpi = Kpi(project=locked, code=given)
        kpi.full_clean()
        kpi.save(force_insert=True)
        row = KpiVersion(kpi=kpi, number=1, from_date=from_date, reason=reason.strip(), **fields)
        _insert(row, wanted)
        words = f"{row.name}, from {from_date:%-d %B %Y}: {row.reason}"
        events.record("kpi.define", kpi.code, by=by, words=words, programme=locked.programme)
    return kpi


def redefine(
    *,
    kpi: Kpi,
    from_date: date,
    reason: str,
    by: User,
    dimensions: Iterable[str] | None = None,
    seen_number: int | None = None,
    **changes: Any,
) -> KpiVersion:
    """Give a measure a new definition from the first day of a quarter on; earlier results keep theirs.

    `dimensions`: codes of the breakdowns that it offers; None leaves them. `seen_number` is the version that the
    person had on screen.
    """
    with transaction.atomic():
        locked = locking(Kpi.objects).select_related("project__programme").get(pk=kpi.pk)
        _hold_what_is_being_filled(locked, from_date)
        latest = locked.versions.order_by("-number").first()
        offered = [row.code for row in latest.dimensions.all()] if latest else []
        wanted = offered if dimensions is None else list(dimensions)
        fields = {**_fields_of(latest), **changes}
        refuse_if_blocking(
            [
                *_after_the_last(latest, from_date),
                *_with_a_quarter(locked.project, from_date),
                *_not_under_figures(locked, from_date),
                *_unchanged_for_good(latest, changes),
                *_makes_sense(locked.project, locked.code, fields, wanted, from_date),
                *_still_asked(locked, offered, wanted, from_date),
                *_seen(latest, seen_number),
                *_reasoned(reason),
            ]
        )
        row = KpiVersion(
            kpi=locked, number=latest.number + 1, from_date=from_date, reason=reason.strip(), **fields  # type: ignore[union-attr]
        )  # fmt: skip
        _insert(row, wanted)
        words = f"Version {row.number} from {from_date:%-d %B %Y}: {row.reason}"
        events.record("kpi.redefine", locked.code, by=by, words=words, programme=locked.project.programme)
    return row


def _hold_what_is_being_filled(kpi: Kpi, from_date: date) -> None:
    """Lock the submissions that ask for it from that day on, so that nobody saves a figure under the old version."""
    asking = Submission.objects.filter(
        pk__in=Submission.objects.filter(duty__measures__kpi=kpi, quarter__first_day__gte=from_date).values("pk")
    )
    list(locking(asking.order_by("reference")).values_list("pk", flat=True))


def quarters_for_a_version(kpi: Kpi) -> QuerySet[Quarter]:
    """The quarters with which a new version can begin: after the one in force, before any that has figures."""
    latest = kpi.versions.order_by("-number").first()
    quarters = Quarter.objects.filter(programme=kpi.project.programme_id, kind=Quarter.Kind.QUARTER)
    if latest is not None:
        quarters = quarters.filter(first_day__gt=latest.from_date)
    if last := _last_with_figures(kpi):
        quarters = quarters.filter(first_day__gt=last.first_day)
    return quarters.select_related("programme")


_OWN = frozenset({"id", "kpi", "number", "from_date", "reason", "dimensions"})


def _fields_of(version: KpiVersion | None) -> dict[str, Any]:
    if version is None:
        return {}
    return {
        field.name: getattr(version, field.name) for field in KpiVersion._meta.get_fields()
        if field.concrete and field.name not in _OWN
    }  # fmt: skip


def _insert(row: KpiVersion, dimensions: Collection[str]) -> None:
    row.full_clean()
    row.save(force_insert=True)
    row.dimensions.set(Dimension.objects.filter(code__in=dimensions))


def _reasoned(reason: str) -> Iterator[Problem]:
    if not reason.strip():
        yield Problem("K24", "Give the reason for this version.", True, "reason")


def _fit_code(project: Project, code: str) -> Iterator[Problem]:
    if not _CODE.fullmatch(code) or not code.startswith(f"{project.code}-"):
        words = f"Write the code as {project.code}-50 or {project.code}-50a, with the project’s own letters."
        yield Problem("K23", words, True, "code")
    elif Kpi.objects.filter(project=project, code=code).exists():
        yield Problem("K23", f"{code} is a measure of {project} already. Choose another code.", True, "code")


def _with_a_quarter(project: Project, from_date: date) -> Iterator[Problem]:
    """K24: figures of one quarter never mix two definitions."""
    quarters = project.programme.quarters.filter(first_day=from_date, kind=Quarter.Kind.QUARTER)
    if not quarters.exists():
        words = "A definition changes with a quarter. Choose the first day of one."
        yield Problem("K24", words, True, "from_date")


def _after_the_last(latest: KpiVersion | None, from_date: date) -> Iterator[Problem]:
    if latest is None or from_date <= latest.from_date:
        words = "A new definition must begin after the one in force. Choose a later day."
        yield Problem("K24", words, True, "from_date")


def _not_under_figures(kpi: Kpi, from_date: date) -> Iterator[Problem]:
    """K24: a figure keeps the definition under which it was given, so a version begins after the last of them."""
    last = _last_with_figures(kpi)
    if last is not None and from_date <= last.first_day:
        words = f"Figures for {last} have been given under the present definition. Begin with a later quarter."
        yield Problem("K24", words, True, "from_date")


def _last_with_figures(kpi: Kpi) -> Quarter | None:
    rows = Result.objects.filter(definition__kpi=kpi).select_related("submission__quarter__programme")
    row = rows.order_by("-submission__quarter__first_day").first()
    return row.submission.quarter if row else None


def _unchanged_for_good(latest: KpiVersion | None, changes: Mapping[str, Any]) -> Iterator[Problem]:
    """K23: a change that would add up unlike figures is another measure."""
    for name, words in FIXED.items():
        if latest is not None and name in changes and changes[name] != getattr(latest, name):
            yield Problem("K23", f"{words} and never changes. Use another code.", True, name)
    if latest is not None and bool(changes.get("numerator_codes", latest.numerator_codes)) != latest.computed:
        words = "Whether a measure is entered or computed never changes. Use another code."
        yield Problem("K23", words, True, "numerator_codes")


def _seen(latest: KpiVersion | None, seen_number: int | None) -> Iterator[Problem]:
    if latest is not None and seen_number is not None and latest.number != seen_number:
        words = "Somebody else gave this measure a new version while you had it open. Look at theirs first."
        yield Problem("version", words, True, "")


def _still_asked(kpi: Kpi, offered: Collection[str], wanted: Collection[str], from_date: date) -> Iterator[Problem]:
    """A breakdown that a duty asks for from that day on cannot be taken away under it."""
    gone = set(offered) - set(wanted)
    asked = kpi.duty_measures.filter(duty__last_quarter__first_day__gte=from_date, dimensions__code__in=gone)
    for row in asked.select_related("duty__organisation").distinct():
        words = f"{row.duty.organisation} is asked for a breakdown that you leave out. Change what it reports first."
        yield Problem("K04", words, True, "dimensions")


def _makes_sense(
    project: Project, code: str, fields: Mapping[str, Any], dimensions: Collection[str], from_date: date
) -> Iterator[Problem]:
    """K23: what a measure cannot be, in words; the database refuses the same."""
    kind = Kind(fields["kind"])
    scaled, window = fields.get("scaled", False), fields.get("window_months")
    numerator, denominator = fields.get("numerator_codes", ""), fields.get("denominator_codes", "")
    low, high = fields.get("low"), fields.get("high")
    if scaled and kind not in _WITH_DECIMALS:
        words = "Only a sum or a position can have decimals; the other kinds have their own."
        yield Problem("K23", words, True, "scaled")
    if (kind == Kind.COHORT) != (window is not None):
        words = "A cohort, and nothing else, names how many months it is followed up."
        yield Problem("K23", words, True, "window_months")
    elif window is not None and (window < 3 or window % 3):
        words = "A follow-up ends with a quarter: give 3, 6, 9 or 12 months, or another multiple of three."
        yield Problem("K23", words, True, "window_months")
    if low is not None and high is not None and low > high:
        yield Problem("K23", "The lowest plausible figure is above the highest.", True, "low")
    if kind in (Kind.RATIO, Kind.COHORT) and any(end is not None and end > 10000 for end in (low, high)):
        yield Problem("K23", "A rate lies between 0 and 100 per cent.", True, "high")
    if dimensions and figure_type(kind, bool(scaled)) not in BROKEN_DOWN:
        words = f"“{kind.label}” cannot be broken down. Untick the breakdowns."
        yield Problem("K23", words, True, "dimensions")
    if dimensions and numerator:
        yield Problem("K23", "A computed rate has no breakdown. Untick them.", True, "dimensions")
    yield from _computed_of_counts(project, code, kind, numerator, denominator, from_date)


def _computed_of_counts(
    project: Project, code: str, kind: Kind, numerator: str, denominator: str, from_date: date
) -> Iterator[Problem]:
    """A rate is worked out from counts of its own project that are there: distinct people and rates are never added."""
    if not numerator and not denominator:
        return
    if kind != Kind.RATIO or not numerator or not denominator:
        words = "Only a rate is computed, from a numerator and a denominator of other codes."
        yield Problem(
            "K23", words, True, "numerator_codes" if kind != Kind.RATIO or not numerator else "denominator_codes"
        )
        return
    known = {
        kpi.code: version_on(list(kpi.versions.all()), from_date)
        for kpi in project.kpis.prefetch_related("versions").exclude(code=code)
    }
    for box, terms in (("numerator_codes", numerator), ("denominator_codes", denominator)):
        try:
            codes = [term for _, term in formulas.read(terms)]
        except ValueError as error:
            yield Problem("K23", f"{error}.", True, box)
            continue
        for term in codes:
            version = known.get(term)
            if version is None:
                yield Problem("K23", f"{term} is no other measure of {project}.", True, box)
            elif version.kind not in _COUNTED or version.figure_type != FigureType.COUNT:
                words = f"{term} is “{version.get_kind_display()}”, which cannot be added to others. Use counts alone."
                yield Problem("K23", words, True, box)


def hundredths(value: Decimal | None) -> int | None:
    """A figure in a measure's unit as the tables keep it."""
    return None if value is None else int(value.scaleb(2).to_integral_value())
