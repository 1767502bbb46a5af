"""Awards and the budgets that divide them: original, re-profiled, moved by virement, revised."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from board import clock, events, rows
from board.models import Project, Quarter, User, Year
from board.quarters import MONEY, is_open
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
    Forecast,
    Profile,
    Source,
    UnderspendNotice,
    VarianceReason,
    Virement,
    VirementMove,
)
from funding.positions import Position, budget_of, is_over, line_positions, spent_on, version_in_force

Profiles = Mapping[tuple[BudgetLine, Quarter], Decimal]


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
) -> Award:
    """Record a source's ceiling for a year, or revise it from a day on."""
    with transaction.atomic():
        row = Award.objects.select_for_update(of=("self",)).filter(source=source, year=year).first()
        if row is None:
            row = rows.create(
                Award(source=source, year=year, provisional=provisional, secured=secured, in_kind_rate=in_kind_rate),
                by=by,
                reason=reason,
            )
        else:
            row.provisional, row.secured = provisional, secured
            rows.change(row, by=by, reason=reason)
        revision = AwardRevision(
            award=row, effective_on=effective_on, amount=amount, reason=reason, decision_reference=decision_reference
        )
        revision.full_clean()
        revision.save(force_insert=True)
        events.record("budget.award", str(row), by=by, words=in_words(amount), programme=source.programme)
    return row


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
) -> BudgetVersion:
    """Write a whole new budget of a source and year. F28: its lines sum to the award in force."""
    with transaction.atomic():
        ceiling = Award.objects.select_for_update(of=("self",)).get(source=source, year=year)
        problems = list(_sums_to_the_award(ceiling, profiles, effective_on))
        problems += list(_closed_quarters_keep_their_profile(source, year, profiles, effective_on))
        refuse_if_blocking(problems)
        version = BudgetVersion(
            source=source,
            year=year,
            number=BudgetVersion.objects.filter(source=source, year=year).count() + 1,
            kind=kind,
            effective_on=effective_on,
            reason=reason,
            decision_reference=decision_reference,
        )
        rows.create(version, by=by, reason=reason)
        for (line, quarter), amount in profiles.items():
            row = Profile(budget_version=version, line=line, quarter=quarter, amount=amount)
            row.full_clean()
            row.save(force_insert=True)
        events.record("budget.set", str(version), by=by, words=reason, programme=source.programme)
    return version


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


def move(
    *,
    source: Source,
    year: Year,
    moves: Mapping[tuple[BudgetLine, Quarter], Decimal],
    reason: str,
    by: User,
    approved_on: date,
    second_person: User | None = None,
    funder_reference: str = "",
    decision_reference: str = "",
) -> Virement:
    """Move budget between lines of one source and year.

    F27: the moves net to nought, no line falls below what is spent and committed on it, and above the
    programme's threshold a second person and the funder's reference are needed (grant term; the
    amount is this board's choice).
    """
    with transaction.atomic():
        Award.objects.select_for_update(of=("self",)).get(source=source, year=year)
        before = version_in_force(source, year, approved_on)
        if before is None:
            raise refuse("F27", f"{source} has no budget for {year} yet.", "moves")
        per_line: dict[BudgetLine, Decimal] = {}
        for (line, _), amount in moves.items():
            per_line[line] = per_line.get(line, NOUGHT) + amount
        refuse_if_blocking(_virement_problems(source, year, per_line, approved_on, by, second_person, funder_reference))
        profiles = {(row.line, row.quarter): row.amount for row in before.profiles.select_related("line", "quarter")}
        for key, amount in moves.items():
            profiles[key] = profiles.get(key, NOUGHT) + amount
        version = set_budget(
            source=source,
            year=year,
            kind=BudgetVersion.Kind.VIREMENT,
            profiles=profiles,
            effective_on=approved_on,
            reason=reason,
            by=by,
            decision_reference=decision_reference,
        )
        virement = Virement(
            reference=rows.next_reference("V"),
            budget_version=version,
            approved_on=approved_on,
            second_person=second_person,
            funder_reference=funder_reference,
        )
        rows.create(virement, by=by, reason=reason)
        for line, amount in per_line.items():
            if amount:
                row = VirementMove(virement=virement, line=line, amount=amount)
                row.full_clean()
                row.save(force_insert=True)
        events.record("budget.move", virement.reference, by=by, words=reason, programme=source.programme)
    return virement


def _virement_problems(
    source: Source,
    year: Year,
    per_line: Mapping[BudgetLine, Decimal],
    approved_on: date,
    by: User,
    second_person: User | None,
    funder_reference: str,
) -> list[Problem]:
    found = []
    net = sum(per_line.values(), NOUGHT)
    if net:
        found.append(Problem("F27", f"The moves net to {in_words(net)}. A virement nets to nought.", True, "moves"))
    for line, amount in per_line.items():
        if line.source_id != source.pk or line.year_id != year.pk:
            found.append(Problem("F27", f"{line} is of another source or year.", True, "moves"))
            continue
        left = budget_of(line, approved_on) + amount
        committed = committed_on(line)
        if amount < 0 and left < spent_on(line) + committed:
            found.append(
                Problem(
                    "F27",
                    f"{line} would have {in_words(left)}, below the {in_words(spent_on(line) + committed)} that is "
                    "spent and committed.",
                    True,
                    "moves",
                )
            )
    size = sum((amount for amount in per_line.values() if amount > 0), NOUGHT)
    limit = threshold(source.programme, "virement-amount", approved_on)
    if size > limit and (second_person is None or second_person == by or not funder_reference):
        found.append(
            Problem(
                "F27",
                f"{in_words(size)} is above {in_words(limit)}: name a second person who approved it, and the "
                "funder's reference.",
                True,
                "funder_reference",
            )
        )
    return found


def committed_on(line: BudgetLine) -> Decimal:
    """What contracts bind of a line and have not charged to it yet."""
    quarter = Quarter.objects.filter(year_id=line.year_id).order_by("first_day", "number").last()
    return line_positions([line.source], line.year, quarter, today=clock.today())[line].committed


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
        row = Forecast.objects.select_for_update(of=("self",)).filter(line=line, quarter=quarter).first()
        if quarter.money_closed_at is not None and not is_open(quarter, MONEY, clock.now(), line.source.kept_by):
            raise refuse("F12", f"{quarter} is closed for spend. Forecast the quarters ahead.", "quarter")
        if row is None:
            row = rows.create(Forecast(line=line, quarter=quarter, amount=amount), by=by)
        else:
            row.amount = amount
            rows.change(row, by=by)
    return row


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
        Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
        if Claim.objects.in_force().filter(source=source, quarter=quarter).exists():
            raise refuse("F10", f"The claim for {quarter} is certified, so its explanations stand.", "words")
        row = (
            VarianceReason.objects.select_for_update(of=("self",))
            .filter(source=source, project=project, quarter=quarter)
            .first()
        )
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
        Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
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
        locked = (
            UnderspendNotice.objects.select_for_update(of=("self",)).select_related("source", "year").get(pk=notice.pk)
        )
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
