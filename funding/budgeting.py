"""Awards and the budgets that divide them, what is committed and forecast of them, and what the funder is told."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from board import clock, events, rows
from board.models import UNALLOCATED, Project, Quarter, User, Year
from board.quarters import MONEY, is_open, lock_all
from board.rows import locking
from board.thresholds import threshold
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.problems import Problem, refuse, refuse_if_blocking
from funding.models import (
    Award,
    AwardRevision,
    BudgetLine,
    BudgetVersion,
    Claim,
    Commitment,
    CostHeading,
    Forecast,
    Profile,
    Source,
    UnderspendNotice,
    VarianceReason,
)
from funding.positions import Position, is_over, version_in_force

Profiles = Mapping[tuple[BudgetLine, Quarter], Decimal]
# What was typed, before its lines are known to exist.
Cells = Mapping[tuple[Project, CostHeading, Quarter], Decimal]


def award(
    *,
    source: Source,
    year: Year,
    amount: Decimal,
    effective_on: date,
    reason: str,
    by: User,
    decision_reference: str = "",
    provisional: bool = False,
    secured: bool = True,
    in_kind_rate: Decimal | None = None,
    seen_version: int | None = None,
) -> Award:
    """Record a source's ceiling for a year, or revise it from a day on.

    Where a budget stands on that day, the same act writes its next version with the difference on unallocated, so
    that F28 holds from the day of the revision; from there it goes to the lines by virement. `in_kind_rate` is
    pounds an hour; a revision without one keeps the rate that was. `seen_version` is 0 where none was on screen.
    """
    with transaction.atomic():
        lock_all(year.quarters.all())
        row = locking(Award.objects).filter(source=source, year=year).first()
        if row is None:
            row = rows.create(
                Award(source=source, year=year, provisional=provisional, secured=secured, in_kind_rate=in_kind_rate),
                by=by,
                reason=reason,
            )
        else:
            _refuse_before(row.last_revised_on, effective_on, f"{row} was last set from")
            row.provisional, row.secured = provisional, secured
            row.in_kind_rate = in_kind_rate or row.in_kind_rate
            rows.change(row, by=by, reason=reason, seen_version=seen_version)
        revision = AwardRevision(
            award=row, effective_on=effective_on, amount=amount, reason=reason, decision_reference=decision_reference
        )
        revision.full_clean()
        revision.save(force_insert=True)
        _put_the_difference_on_unallocated(row, amount, effective_on, reason, decision_reference, by)
        words = f"{in_words(amount)} from {day_in_words(effective_on)}: {reason}"
        events.record("budget.award", str(row), by=by, words=words, programme=source.programme)
    return row


def _refuse_before(last: date | None, day: date, words: str) -> None:
    """What holds from a day is never slipped in before what was set later: figures already given would change."""
    if last is not None and day <= last:
        raise refuse("F28", f"{words} {day_in_words(last)}. Choose a later day.", "effective_on")


def _put_the_difference_on_unallocated(
    ceiling: Award, amount: Decimal, day: date, reason: str, decision_reference: str, by: User
) -> None:
    before = version_in_force(ceiling.source, ceiling.year, day)
    if before is None:
        return
    profiles = profiles_of(before)
    difference = amount - sum(profiles.values(), NOUGHT)
    if not difference:
        return
    quarter = _last_open_quarter(ceiling.year)
    if quarter is None:
        raise refuse("F12", f"{ceiling.year} is closed, so its award and budget stand.", "effective_on")
    key = (unallocated_line(ceiling.source, ceiling.year), quarter)
    profiles[key] = profiles.get(key, NOUGHT) + difference
    set_budget(
        source=ceiling.source,
        year=ceiling.year,
        kind=BudgetVersion.Kind.AWARD_REVISION,
        profiles=profiles,
        effective_on=day,
        reason=reason,
        decision_reference=decision_reference,
        by=by,
    )


def _last_open_quarter(year: Year) -> Quarter | None:
    """The last quarter of a year that is not closed for money; its closing period once all four are."""
    left = year.quarters.filter(money_closed_at=None).exclude(kind=Quarter.Kind.FOLLOW_UP)
    return left.order_by("-kind", "-number").first()


def unallocated_line(source: Source, year: Year) -> BudgetLine:
    """The line that holds what no project has yet, made where it is missing."""
    project = Project.objects.get(programme_id=source.programme_id, code=UNALLOCATED)
    heading, _ = CostHeading.objects.get_or_create(
        programme_id=source.programme_id, code=UNALLOCATED, defaults={"name": "Unallocated", "position": 999}
    )
    return line_for(source, year, project, heading)


def line_for(source: Source, year: Year, project: Project, heading: CostHeading) -> BudgetLine:
    """The budget line of a project and heading, made where it is missing."""
    return BudgetLine.objects.get_or_create(source=source, year=year, project=project, heading=heading)[0]


def profiles_of(version: BudgetVersion) -> dict[tuple[BudgetLine, Quarter], Decimal]:
    """What a version plans, by line and quarter."""
    found = version.profiles.select_related(
        "line__source", "line__project", "line__heading", "line__year", "quarter__year"
    )
    return {(row.line, row.quarter): row.amount for row in found}


def latest_version(source: Source, year: Year) -> BudgetVersion | None:
    """The version that was written last, in force already or not yet."""
    return BudgetVersion.objects.filter(source=source, year=year).order_by("number").last()


def plan(
    *,
    source: Source,
    year: Year,
    cells: Cells,
    effective_on: date,
    reason: str,
    by: User,
    decision_reference: str = "",
    seen_number: int,
    once: UUID | None = None,
) -> BudgetVersion:
    """Set the original budget from what was typed, or re-profile the one that stands; new lines are made.

    `seen_number` is the number of the version that the person had on screen, 0 where there was none.
    """
    with transaction.atomic():
        profiles = {
            (line_for(source, year, project, heading), quarter): amount
            for (project, heading, quarter), amount in cells.items()
            if amount
        }
        return set_budget(
            source=source,
            year=year,
            kind=BudgetVersion.Kind.REPROFILE if seen_number else BudgetVersion.Kind.ORIGINAL,
            profiles=profiles,
            effective_on=effective_on,
            reason=reason,
            decision_reference=decision_reference,
            by=by,
            seen_number=seen_number,
            once=once,
        )


def set_budget(
    *,
    source: Source,
    year: Year,
    kind: str,
    profiles: Profiles,
    effective_on: date,
    reason: str,
    by: User,
    decision_reference: str = "",
    seen_number: int | None = None,
    once: UUID | None = None,
) -> BudgetVersion:
    """Write a whole new budget of a source and year. F28: its lines sum to the award in force.

    `seen_number` is the number of the version that the person had on screen, None where the act itself read it
    under its lock. The second of two calls with the same `once` hands back what the first wrote.
    """
    with transaction.atomic():
        # Quarters before what hangs on them, so that none closes between the check and the writing.
        lock_all(year.quarters.all())
        ceiling = locking(Award.objects).filter(source=source, year=year).first()
        if ceiling is None:
            raise refuse("F28", f"{source} has no award for {year} yet. Record the award first.")
        if done := rows.written_before(BudgetVersion, once, by=by, reason=reason, effective_on=effective_on):
            return done
        before = latest_version(source, year)
        number = before.number if before else 0
        if seen_number is not None and seen_number != number:
            raise refuse(
                "version",
                "Somebody else changed this budget while you had it open. Nothing of yours was saved. "
                "Open the budget again to see what they entered, then enter yours.",
            )
        if before is not None and effective_on < before.effective_on:
            words = f"The budget was last set from {day_in_words(before.effective_on)}. Choose that day or a later one."
            raise refuse("F28", words, "effective_on")
        problems = list(_sums_to_the_award(ceiling, profiles, effective_on))
        problems += list(_closed_quarters_keep_their_profile(source, year, profiles, effective_on))
        if kind == BudgetVersion.Kind.REPROFILE and before is not None:
            problems += list(_lines_keep_their_budget(profiles_of(before), profiles))
        refuse_if_blocking(problems)
        version = BudgetVersion(
            source=source,
            year=year,
            number=number + 1,
            kind=kind,
            effective_on=effective_on,
            reason=reason,
            decision_reference=decision_reference,
        )
        if once:
            version.once = once
        rows.create(version, by=by, reason=reason)
        _write_profiles(version, profiles)
        words = f"{version.get_kind_display()} from {day_in_words(effective_on)}: {reason}"
        events.record("budget.set", str(version), by=by, words=words, programme=source.programme)
    return version


def _write_profiles(version: BudgetVersion, profiles: Profiles) -> None:
    new = [
        Profile(budget_version=version, line=line, quarter=quarter, amount=amount)
        for (line, quarter), amount in profiles.items()
    ]
    for row in new:
        row.clean_fields(exclude=["budget_version", "line", "quarter"])
    Profile.objects.bulk_create(new)


def _sums_to_the_award(ceiling: Award, profiles: Profiles, day: date) -> list[Problem]:
    """F28: budget lines, unallocated included, sum to the award for the year."""
    planned, amount = sum(profiles.values(), NOUGHT), ceiling.amount_on(day)
    if planned == amount:
        return []
    return [
        Problem(
            "F28",
            f"The budget adds up to {in_words(planned)}, but {ceiling} is {in_words(amount)}. "
            f"Put the difference of {in_words(amount - planned)} on a line or on unallocated.",
            True,
            "profiles",
        )
    ]


def _closed_quarters_keep_their_profile(source: Source, year: Year, profiles: Profiles, day: date) -> list[Problem]:
    before = version_in_force(source, year, day)
    if before is None:
        return []
    old = {(row.line_id, row.quarter_id): row.amount for row in before.profiles.all()}
    found = []
    for quarter in Quarter.objects.filter(year=year, money_closed_at__isnull=False).order_by("code"):
        now = {line.pk: amount for (line, other), amount in profiles.items() if other.pk == quarter.pk}
        lines = {line for line, other in old if other == quarter.pk} | set(now)
        if any(old.get((line, quarter.pk), NOUGHT) != now.get(line, NOUGHT) for line in lines):
            found.append(Problem("F12", f"{quarter} is closed; its profile stays as it was.", True, "profiles"))
    return found


def _lines_keep_their_budget(before: Profiles, after: Profiles) -> list[Problem]:
    """A re-profile moves a line's budget between quarters; to another line it goes by virement, with its rules."""
    was, is_now = by_line(before), by_line(after)
    return [
        Problem(
            "F27",
            f"{line} would have {in_words(is_now.get(line, NOUGHT))}, and has {in_words(was.get(line, NOUGHT))}. "
            "A re-profile moves a line’s budget between its quarters. Move it to another line by a virement.",
            True,
            "profiles",
        )
        for line in {**was, **is_now}
        if was.get(line, NOUGHT) != is_now.get(line, NOUGHT)
    ]


def by_line(profiles: Profiles) -> dict[BudgetLine, Decimal]:
    """The amounts of a profile, or of moves, by line."""
    found: dict[BudgetLine, Decimal] = {}
    for (line, _), amount in profiles.items():
        found[line] = found.get(line, NOUGHT) + amount
    return found


def commit(*, contract: object, line: BudgetLine, amount: Decimal, by: User) -> Commitment:
    """Bind budget to a contract, within its value of that project and year."""
    with transaction.atomic():
        row = Commitment(contract=contract, line=line, amount=amount)
        others = sum(
            (
                other.amount
                for other in Commitment.objects.filter(
                    contract=contract, line__project_id=line.project_id, line__year_id=line.year_id
                )
            ),
            NOUGHT,
        )
        worth = contract.value(project=line.project, year=line.year)
        if others + amount > worth:
            raise refuse(
                "F24",
                f"{contract.reference} is worth {in_words(worth)} for {line.project} in {line.year}; "
                f"{in_words(others + amount)} cannot be committed.",
                "amount",
            )
        rows.create(row, by=by)
        events.record(
            "budget.commit", f"{contract}/{line}"[:120], by=by, words=in_words(amount), programme=line.source.programme
        )
    return row


def forecast(*, line: BudgetLine, quarter: Quarter, amount: Decimal, by: User) -> Forecast:
    """Say what is expected to be spent on a line in a quarter that is still open or ahead."""
    with transaction.atomic():
        row = locking(Forecast.objects).filter(line=line, quarter=quarter).first()
        if quarter.money_closed_at is not None and not is_open(quarter, MONEY, clock.now(), line.source.kept_by):
            raise refuse("F12", f"{quarter} is closed. Forecast the quarters ahead.", "quarter")
        return _write_forecast(row, line, quarter, amount, by)


def _write_forecast(row: Forecast | None, line: BudgetLine, quarter: Quarter, amount: Decimal, by: User) -> Forecast:
    if row is None:
        return rows.create(Forecast(line=line, quarter=quarter, amount=amount), by=by)
    row.amount = amount
    return rows.change(row, by=by)


def forecasts_version(source: Source, year: Year) -> int:
    """A number that rises with every change of a source's forecasts of a year."""
    return Forecast.objects.filter(line__source=source, line__year=year).aggregate(sum=Sum("version"))["sum"] or 0


def reforecast(*, source: Source, year: Year, amounts: Profiles, by: User, seen_version: int) -> int:
    """Write the forecasts of a source and year that differ from what stands; how many did.

    F12: a closed quarter is not forecast. F11 holds by construction: the outturn is worked out as actual to date and
    forecast ahead, and is nowhere typed. `seen_version` is what `forecasts_version` said when the page was drawn.
    """
    with transaction.atomic():
        lock_all(year.quarters.all())
        locking(Source.objects).get(pk=source.pk)
        if forecasts_version(source, year) != seen_version:
            raise refuse(
                "version",
                "Somebody else changed these forecasts while you had them open. Nothing of yours was saved. "
                "Look at what they entered, then enter yours again.",
            )
        standing = {
            (row.line_id, row.quarter_id): row
            for row in locking(Forecast.objects).filter(line__source=source, line__year=year)
        }
        closed = set(year.quarters.filter(money_closed_at__isnull=False).values_list("pk", flat=True))
        changed = {
            key: amount
            for key, amount in amounts.items()
            if amount != getattr(standing.get((key[0].pk, key[1].pk)), "amount", NOUGHT)
        }
        shut = {quarter for _, quarter in changed if quarter.pk in closed}
        refuse_if_blocking(
            Problem("F12", f"{quarter} is closed. Forecast the quarters ahead.", True, "profiles")
            for quarter in sorted(shut, key=lambda quarter: quarter.order)
        )
        for (line, quarter), amount in changed.items():
            _write_forecast(standing.get((line.pk, quarter.pk)), line, quarter, amount, by)
        if changed:
            about, words = f"{source.code}/{year.code}", f"{len(changed)} forecast{'s' if len(changed) > 1 else ''} set"
            events.record("budget.forecast", about, by=by, words=words, programme=source.programme)
    return len(changed)


def explain_variance(
    *,
    source: Source,
    project: Project,
    quarter: Quarter,
    code: str,
    words: str,
    variance: Decimal,
    by: User,
    seen_version: int | None = None,
) -> VarianceReason:
    """Give the reason of a project's variance at a quarter, in code and at least 20 characters of words (F10).

    Refused once the quarter's claim is certified: what was sent stands. `seen_version` is that of the
    reason on screen, 0 where there was none.
    """
    if len(words.strip()) < 20:
        raise refuse("F10", "Explain the variance in at least 20 characters.", "words")
    with transaction.atomic():
        locking(Source.objects).get(pk=source.pk)
        if Claim.objects.in_force().filter(source=source, quarter=quarter).exists():
            raise refuse("F10", f"The claim for {quarter} is certified, so its explanations stand.", "words")
        row = locking(VarianceReason.objects).filter(source=source, project=project, quarter=quarter).first()
        if row is None:
            row = VarianceReason(source=source, project=project, quarter=quarter)
            row.code, row.words, row.variance = code, words.strip(), variance
            rows.create(row, by=by)
        else:
            row.code, row.words, row.variance = code, words.strip(), variance
            rows.change(row, by=by, seen_version=seen_version)
        about = f"{source.code}/{project.code}/{quarter.code}"
        events.record(
            "budget.explain", about, by=by, words=f"{in_words(variance)}: {words.strip()}", programme=source.programme
        )
    return row


def variance_needs_a_reason(position: Position, *, source: Source, today: date) -> bool:
    """F10: whether a variance to date is over both thresholds, per cent and pounds (this board's choice)."""
    return is_over(
        position.variance_to_date,
        position.profile_to_date,
        percent=threshold(source.programme, "variance-percent", today),
        amount=threshold(source.programme, "variance-amount", today),
    )


def notice_underspend(
    *,
    source: Source,
    year: Year,
    amount: Decimal,
    noticed_on: date,
    told_on: date | None,
    words: str,
    by: User,
    funder_reference: str = "",
    once: UUID | None = None,
) -> UnderspendNotice:
    """Record a foreseen underspend and when the funder was told (grant term: as soon as is practicable).

    The second of two calls with the same `once` hands back what the first wrote.
    """
    with transaction.atomic():
        locking(Source.objects).get(pk=source.pk)
        if before := rows.written_before(UnderspendNotice, once, by=by, amount=amount, noticed_on=noticed_on):
            return before
        refuse_if_blocking(
            [
                *_within_the_award(source, year, amount),
                *_not_yet(noticed_on, "noticed_on"),
                *_told_problems(noticed_on, told_on),
            ]
        )
        notice = UnderspendNotice(
            source=source,
            year=year,
            amount=amount,
            noticed_on=noticed_on,
            told_on=told_on,
            words=words,
            funder_reference=funder_reference,
        )
        if once:
            notice.once = once
        rows.create(notice, by=by)
        _noticed(notice, by)
    return notice


def amend_notice(
    *,
    notice: UnderspendNotice,
    amount: Decimal,
    noticed_on: date,
    told_on: date | None,
    words: str,
    funder_reference: str,
    by: User,
    seen_version: int,
) -> UnderspendNotice:
    """Put a notice right, or record when the funder was told. Once the funder is told of it, it stands."""
    with transaction.atomic():
        locked = locking(UnderspendNotice.objects).select_related("source", "year").get(pk=notice.pk)
        if locked.told_on is not None:
            raise refuse("F13", f"The funder was told on {day_in_words(locked.told_on)} already.", "told_on")
        refuse_if_blocking(
            [
                *_within_the_award(locked.source, locked.year, amount),
                *_not_yet(noticed_on, "noticed_on"),
                *_told_problems(noticed_on, told_on),
            ]
        )
        locked.amount, locked.noticed_on, locked.told_on = amount, noticed_on, told_on
        locked.words, locked.funder_reference = words, funder_reference
        rows.change(locked, by=by, seen_version=seen_version)
        _noticed(locked, by)
    return locked


def _noticed(notice: UnderspendNotice, by: User) -> None:
    told = f"funder told on {day_in_words(notice.told_on)}" if notice.told_on else "funder not told yet"
    about = f"{notice.source.code}/{notice.year.code}"
    words = f"{in_words(notice.amount)}, {told}"
    events.record("budget.notice-underspend", about, by=by, words=words, programme=notice.source.programme)


def _within_the_award(source: Source, year: Year, amount: Decimal) -> list[Problem]:
    ceiling = Award.objects.prefetch_related("revisions").filter(source=source, year=year).first()
    most = ceiling.amount_on(clock.today()) if ceiling else NOUGHT
    if amount <= most:
        return []
    words = f"The award of {year} is {in_words(most)}, so no more than that can be left. Enter the underspend."
    return [Problem("F13", words, True, "amount")]


def _told_problems(noticed_on: date, told_on: date | None) -> list[Problem]:
    if told_on is None:
        return []
    if told_on < noticed_on:
        return [Problem("F13", "The funder cannot be told before the underspend was noticed.", True, "told_on")]
    return _not_yet(told_on, "told_on")


def _not_yet(day: date, where: str) -> list[Problem]:
    if day > clock.today():
        return [Problem("F13", f"{day_in_words(day)} is still to come. Give a day up to today.", True, where)]
    return []
