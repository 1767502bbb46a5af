"""An auditor's samples: drawn from the lines of certified claims by a rule and a seed, each line with its result.

Every line above an amount is taken, and so many of the others at random. At random means: in the order of the SHA-256
of the seed and the line's reference, which is the same on every machine, so that anybody can draw the sample again.
What it was drawn from is recorded: how many lines, their cost, a hash over them. A finished sample changes no more.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from django.db import transaction
from django.db.models import CharField as Text
from django.db.models import Value
from django.db.models.functions import Cast, Concat

from board import clock, events, rows
from board.models import Programme, Role, User
from board.rows import locking
from core.forms import moment_in_words
from core.money import NOUGHT, in_words, percent
from core.problems import Problem, refuse, refuse_if_blocking
from funding.models import ClaimLine
from returns.kinds.scope import Scope
from returns.models import Sample, SampleLine

DRAWER = Role.Kind.AUDITOR
# More than anybody looks at; a larger draw is a mistake in the amount.
MOST = 1000
Result, Why = SampleLine.Result, SampleLine.Why


@dataclass(frozen=True)
class Drawn:
    """One line that a draw takes: the key of its claim line, its reference, what it was claimed at, and why."""

    claim_line: int
    reference: str
    cost: Decimal
    why: str


@dataclass(frozen=True)
class Population:
    """The claimed lines of a span, by reference: the key of the claim line, the reference, what it was claimed at."""

    lines: tuple[tuple[int, str, Decimal], ...]

    @cached_property
    def total(self) -> Decimal:
        """The sum of their cost, in pounds."""
        return sum((cost for _, _, cost in self.lines), NOUGHT)

    @cached_property
    def sha256(self) -> str:
        """Over references and costs, a line each: "T-000001/1 1200.00"."""
        text = "".join(f"{reference} {cost:.2f}\n" for _, reference, cost in self.lines)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Coverage:
    """What a sample covers and found: lines and pounds of those drawn, results so far.

    `wrong` is in pounds what was claimed too much less what was claimed too little.
    """

    lines: int
    total: Decimal
    done: int
    exceptions: int
    wrong: Decimal
    population_total: Decimal

    @property
    def share(self) -> Decimal | None:
        """What of the population's cost was looked at, in per cent."""
        return percent(self.total, self.population_total)

    @property
    def rate(self) -> Decimal | None:
        """What is wrong, as a share of the cost that was drawn, in per cent."""
        return percent(self.wrong, self.total)


def may_draw(programme: Programme, by: User) -> bool:
    """Whether the person draws samples of a programme."""
    role = by.acting
    return (
        role is not None and role.kind == DRAWER and Programme.objects.visible_to(by).filter(pk=programme.pk).exists()
    )


def may_record(sample: Sample, by: User) -> bool:
    """Whether the person records results: any auditor of the programme, until it is finished."""
    return sample.finished_at is None and may_draw(sample.programme, by)


def population_of(scope: Scope) -> Population:
    """The lines of the certified claims of a span, read without loading a row, in the order of their references."""
    quarters = [row.pk for row in scope.quarters]
    found = ClaimLine.objects.filter(
        in_force=True, part__claim__source__programme=scope.programme, part__claim__quarter__in=quarters
    ).annotate(
        reference=Concat("line__transaction__reference", Value("/"), Cast("line__number", Text()), output_field=Text())
    )
    lines = found.order_by().values_list("pk", "reference", "cost")
    return Population(tuple(sorted(lines, key=lambda row: row[1])))


def choose(population: Population, *, over: Decimal | None, at_random: int, seed: str) -> list[Drawn]:
    """The lines that a rule and a seed draw: those above the amount by reference, then the others in drawn order.

    A credit counts by its size. The same population, rule and seed give the same lines.
    """
    above, others = [], []
    for key, reference, cost in population.lines:
        if over is not None and abs(cost) > over:
            above.append(Drawn(key, reference, cost, Why.OVER))
        else:
            others.append(Drawn(key, reference, cost, Why.RANDOM))
    others.sort(key=lambda row: hashlib.sha256(f"{seed}\n{row.reference}".encode()).hexdigest())
    return above + others[:at_random]


def draw(
    *,
    scope: Scope,
    purpose: str,
    over: Decimal | None,
    at_random: int,
    seed: str = "",
    by: User,
    once: UUID | None = None,
) -> Sample:
    """Draw a sample from the certified claims of a span. Without a seed one is made, and recorded either way."""
    if not may_draw(scope.programme, by):
        raise refuse("role", "An auditor of the programme draws samples.")
    same = {"programme": scope.programme, "purpose": purpose.strip()}
    population, seed = population_of(scope), seed.strip() or secrets.token_hex(8)
    drawn = choose(population, over=over, at_random=at_random, seed=seed)
    with transaction.atomic():
        if before := rows.written_before(Sample, once, by=by, **same):
            return before
        refuse_if_blocking(_wrong_draw(population, drawn, over, at_random))
        sample = Sample(
            reference=rows.next_reference("AS"),
            first_quarter=scope.first,
            last_quarter=scope.last,
            over=over,
            at_random=at_random,
            seed=seed,
            population_lines=len(population.lines),
            population_total=population.total,
            population_hash=population.sha256,
            **same,
        )
        if once:
            sample.once = once
        rows.create(sample, by=by)
        lines = dict(ClaimLine.objects.filter(pk__in=[row.claim_line for row in drawn]).values_list("pk", "line"))
        rows.create_many(
            [
                SampleLine(
                    sample=sample, number=number, line_id=lines[row.claim_line], claim_line_id=row.claim_line,
                    cost=row.cost, why=row.why,
                )
                for number, row in enumerate(drawn, start=1)
            ],
            by=by,
        )  # fmt: skip
        words = f"{len(drawn)} of {len(population.lines)} lines of {scope}, seed {seed}, of {population.sha256}"
        events.record("sample.draw", sample.reference, by=by, words=words, programme=scope.programme)
    return sample


def _wrong_draw(population: Population, drawn: Sequence[Drawn], over: Decimal | None, at_random: int) -> list[Problem]:
    found = []
    if over is None and not at_random:
        words = "Say above which amount every line is taken, how many are taken at random, or both."
        found.append(Problem("draw", words, True, "over"))
    elif not population.lines:
        found.append(Problem("draw", "No line of this span is in a certified claim. Choose another.", True, "span"))
    elif not drawn:
        words = f"No line is above {in_words(over or NOUGHT)}. Give a lower amount, or how many to take at random."
        found.append(Problem("draw", words, True, "over"))
    if len(drawn) > MOST:
        words = f"This draws {len(drawn):,} lines; the most is {MOST:,}. Give a higher amount, or fewer at random."
        found.append(Problem("draw", words, True, "over"))
    return found


def record(
    *,
    sample_line: SampleLine,
    result: str,
    words: str = "",
    exception: Decimal | None = None,
    seen_version: int | None = None,
    by: User,
) -> SampleLine:
    """Record what a line turned out to be, or something else in its place until the sample is finished."""
    with transaction.atomic():
        sample = _lock(sample_line.sample, by)
        row = locking(SampleLine.objects).get(pk=sample_line.pk, sample=sample)
        problems = []
        if result != Result.AGREED and not words.strip():
            problems.append(Problem("words", "Say what was found.", True, "words"))
        if result == Result.EXCEPTION and not exception:
            words_of = "Give the amount by which the claim is wrong: above £0.00 where too much was claimed."
            problems.append(Problem("exception", words_of, True, "exception"))
        if result == Result.EXCEPTION and exception and _is_beyond(exception, row.cost):
            words_of = f"The line claims {in_words(row.cost)} and cannot be wrong by more."
            problems.append(Problem("exception", words_of, True, "exception"))
        if result != Result.EXCEPTION and exception:
            words_of = "Only an exception has an amount. Choose it, or leave the amount empty."
            problems.append(Problem("exception", words_of, True, "exception"))
        refuse_if_blocking(problems)
        row.result, row.words = result, words.strip()
        row.exception = exception if result == Result.EXCEPTION else None
        row.sample = sample
        rows.change(row, by=by, seen_version=seen_version, reason=row.get_result_display())
        said = f"Line {row.number}: {row.get_result_display()}" + (f", {in_words(exception)}" if row.exception else "")
        events.record("sample.record", sample.reference, by=by, words=said, programme=sample.programme)
    return row


def _is_beyond(exception: Decimal, cost: Decimal) -> bool:
    return exception > cost if cost >= 0 else exception < cost


def finish(*, sample: Sample, conclusion: str, seen_version: int | None = None, by: User) -> Sample:
    """Close a sample with its conclusion, once each line has its result. From then on it changes no more."""
    with transaction.atomic():
        locked = _lock(sample, by)
        problems = []
        if left := locked.lines.filter(result="").count():
            words = f"{left} line{' has' if left == 1 else 's have'} no result yet. Record each before you finish."
            problems.append(Problem("result", words))
        if not conclusion.strip():
            problems.append(Problem("conclusion", "Write the conclusion.", True, "conclusion"))
        refuse_if_blocking(problems)
        locked.conclusion, locked.finished_at = conclusion.strip(), clock.now()
        rows.change(locked, by=by, seen_version=seen_version, reason="Finished")
        events.record("sample.finish", locked.reference, by=by, words=locked.conclusion, programme=locked.programme)
    return locked


def coverage_of(sample: Sample) -> Coverage:
    """What a sample covers, and what was found so far."""
    found = list(sample.lines.values_list("cost", "result", "exception"))
    return Coverage(
        lines=len(found),
        total=sum((cost for cost, _, _ in found), NOUGHT),
        done=sum(1 for _, result, _ in found if result),
        exceptions=sum(1 for _, result, _ in found if result == Result.EXCEPTION),
        wrong=sum((wrong for _, _, wrong in found if wrong is not None), NOUGHT),
        population_total=sample.population_total,
    )


def told(sample: Sample, found: Coverage) -> list[tuple[str, str]]:
    """What a sample was drawn from, by what rule, and what was found: labels and words for its page and workbook."""
    rule = [f"every line above {in_words(sample.over)}"] if sample.over is not None else []
    rule += [f"{sample.at_random} of the other lines at random"] if sample.at_random else []
    said = " and ".join(rule)
    share, rate = (f"{value}%" if value is not None else "none" for value in (found.share, found.rate))
    facts = [
        ("Drawn from", f"Certified claims of {Scope(sample.first_quarter, sample.last_quarter)}"),
        ("Population", f"{sample.population_lines:,} lines, {in_words(sample.population_total)}"),
        ("Rule", f"{said[0].upper()}{said[1:]}"),
        ("Seed", sample.seed),
        ("Hash of the population (SHA-256)", sample.population_hash),
        ("Drawn by", f"{sample.created_by}, {moment_in_words(sample.created_at)}"),
        ("Covers", f"{found.lines:,} lines, {in_words(found.total)}: {share} of the cost"),
        ("Results", f"{found.done} of {found.lines}, {found.exceptions} of them exceptions"),
        ("Wrong, too much less too little", f"{in_words(found.wrong)}: {rate} of the cost that was looked at"),
    ]
    if sample.finished_at is not None:
        facts += [("Finished", moment_in_words(sample.finished_at)), ("Conclusion", sample.conclusion)]
    return facts


def stands(sample: Sample) -> bool:
    """Whether the population is still the same: no claim of the span was certified or withdrawn since."""
    scope = Scope(sample.first_quarter, sample.last_quarter)
    return population_of(scope).sha256 == sample.population_hash


def _lock(sample: Sample, by: User) -> Sample:
    locked = locking(Sample.objects).select_related("programme").get(pk=sample.pk)
    if not may_draw(locked.programme, by):
        raise refuse("role", "An auditor of the programme records results.")
    if locked.finished_at is not None:
        raise refuse("finished", f"{locked.reference} is finished and changes no more.")
    return locked
