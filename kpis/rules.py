"""What must be true of a submission before it is handed in. Each rule yields Problems.

What cannot be true blocks. What can be true, but seldom is, needs a comment: the warnings whose code
is in NEEDS_COMMENT. `where` names the box.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from core.anonymity import hints, in_words
from core.forms import day_in_words
from core.problems import Problem
from kpis import formulas
from kpis.aggregation import Cell, across_quarters, percent, value
from kpis.answers import Answer
from kpis.asking import Slot
from kpis.kinds import FigureType, Kind, State
from kpis.models import Category, Identity, KpiVersion
from kpis.scoring import RED, Aim, rag, target_so_far

NEEDS_COMMENT = frozenset({"K05", "K06", "K07", "K08", "K09", "K11", "K12", "K13", "K14", "K22"})
# Share of measures that repeat last quarter's figure before it looks copied.
COPIED_SHARE = Decimal("0.8")


@dataclass(frozen=True)
class Context:
    """All that the rules look at. `before`: KPI code -> its cells of earlier quarters, by quarter code."""

    quarter_code: str
    year_code: str
    quarter_last_day: date
    today: date
    slots: Sequence[Slot]
    answers: Mapping[str, Answer]
    before: Mapping[str, Mapping[str, Cell]]
    previous_code: str
    year_quarters: Sequence[str]
    programme_quarters: Sequence[str]
    identities: Sequence[Identity]
    computed: Sequence[tuple[str, KpiVersion]]
    aims: Mapping[str, Aim]
    thresholds: Mapping[str, Decimal]
    quarters_due: tuple[int, int]
    # Names of projects and bodies; texts about no figure, by field; place and mark -> who confirmed it, and when.
    names: Collection[str] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    confirmed: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def previous(self, code: str) -> Cell | None:
        """The measure's cell of the quarter before, if it has a figure."""
        cell = self.before.get(code, {}).get(self.previous_code)
        return None if cell is None or cell.empty else cell

    def amount(self, code: str) -> int | None:
        """The count now given for a code; None where it is not asked or not available."""
        answer = self.answers.get(code)
        if answer is None or answer.cell.empty:
            return None
        return answer.cell.count if answer.cell.count is not None else answer.cell.scaled


def _problem(slot: Slot, code: str, words: str, *, box: str = "", blocking: bool = True) -> Problem:
    where = box or (slot.box(slot.columns[0]) if blocking else f"{slot.key}.comment")
    return Problem(code, f"{slot.name} ({slot.code}): {words}", blocking, where)


def _given(context: Context) -> Iterator[Answer]:
    for slot in context.slots:
        answer = context.answers.get(slot.key)
        if answer is not None and not answer.cell.empty:
            yield answer


_ASKED_FOR = {
    FigureType.TEXT: "write a few sentences",
    FigureType.MILESTONE: "enter when it was met or is expected, or say why there is no date yet",
    FigureType.RATING: "choose a rating, or say why there is none yet",
    FigureType.YES_NO: "choose yes or no, or say why that cannot be said yet",
}


def everything_answered(context: Context) -> Iterator[Problem]:
    """K01: a blank is not nought."""
    for slot in context.slots:
        if slot.key not in context.answers:
            words = _ASKED_FOR.get(
                slot.figure_type, "enter the figure, 0 if there was none, or say why it is not available"
            )
            yield _problem(slot, "K01", f"{words}.")


def breakdowns_add_up(context: Context) -> Iterator[Problem]:
    """K04: each breakdown's rows make the headline, column by column."""
    for answer in _given(context):
        for dimension, categories in answer.slot.dimensions:
            for column in answer.slot.columns:
                headline = getattr(answer.cell, column)
                total = _part_total(answer, categories, column)
                if total != headline:
                    box = answer.slot.part_box(categories[0], column)
                    words = (
                        f"the breakdown by {dimension.name.lower()} adds up to {_said(total, column)}, "
                        f"the headline is {_said(headline, column)}. Make them equal{_rest_goes_to(categories)}."
                    )
                    yield _problem(answer.slot, "K04", words, box=box)


def _rest_goes_to(categories: Iterable[Category]) -> str:
    """Where a breakdown has a row for what is not known, that it may take what is missing."""
    unknown = next((row.name for row in categories if row.unknown), "")
    return f"; “{unknown}” may take the rest" if unknown else ""


def _part_total(answer: Answer, categories: Iterable[Category], column: str) -> int:
    return sum(answer.parts.get(category, {}).get(column, 0) for category in categories)


def _said(number: int, column: str) -> str:
    return f"{number:,}" if column not in ("scaled", "total") else _plain(Decimal(number).scaleb(-2))


def _plain(number: Decimal) -> str:
    """Without noughts that say nothing: 50, 12.5."""
    return f"{number.normalize():,f}"


def not_known_is_rare(context: Context) -> Iterator[Problem]:
    """K05: many unknowns make a breakdown useless."""
    most = context.thresholds["not-known-percent"]
    for answer in _given(context):
        if answer.slot.figure_type != FigureType.COUNT or not answer.cell.count:
            continue
        for dimension, categories in answer.slot.dimensions:
            unknown = _part_total(answer, [row for row in categories if row.unknown], "count")
            if Decimal(100 * unknown) / answer.cell.count > most:
                what = dimension.name.lower()
                words = f"{unknown} of {answer.cell.count} have no known {what}, more than {_plain(most)}%."
                yield _problem(answer.slot, "K05", words, blocking=False)


_IDENTITY_CODES = {"caseload": "K06", "referrals": "K07", "starts": "K08", "attended": "K08", "offered": "K08"}


def identities_hold(context: Context) -> Iterator[Problem]:
    """K06 to K09: caseload, referrals and funnels balance, where all their figures are at hand."""
    by_code = {slot.key: slot for slot in context.slots}
    for identity in context.identities:
        terms = formulas.read(identity.terms)
        asked = [by_code[code] for _, code in terms if code in by_code]
        difference = formulas.work_out(identity.terms, {code: context.amount(code) for _, code in terms})
        if difference is None or len(asked) < len(terms):
            continue
        if (identity.relation == Identity.Relation.EQUALS and difference != 0) or difference > 0:
            code = _IDENTITY_CODES.get(identity.code, "K09")
            written = _written_out(terms, context)
            words = f"{identity.words}: {written}. The difference is {abs(difference)}."
            slot = asked[0]
            where = slot.box() if identity.blocking else f"{slot.key}.comment"
            yield Problem(code, f"{words} Check these figures.", identity.blocking, where)


def _written_out(terms: Sequence[tuple[int, str]], context: Context) -> str:
    plus = " + ".join(f"{context.amount(code)} ({code})" for sign, code in terms if sign > 0)
    minus = " + ".join(f"{context.amount(code)} ({code})" for sign, code in terms if sign < 0)
    return f"{plus} against {minus}"


def closures_are_of_open_cases(context: Context) -> Iterator[Problem]:
    """K08: no more cases close than were open, started or opened again. Whatever the closing figure says."""
    for slot in context.slots:
        project, _, number = slot.code.partition("-")
        if number != "10":
            continue
        closed, came = (
            [context.amount(f"{project}-{nn}") for nn in numbers] for numbers in (("10", "11"), ("34", "06", "35"))
        )
        if None not in (*closed, *came) and sum(closed) > sum(came):  # type: ignore[arg-type]
            words = f"{sum(closed)} cases were closed, but {sum(came)} were open, started or opened again."  # type: ignore[arg-type]
            yield _problem(slot, "K08", f"{words} Check these figures.")


# Suffix of an opening figure -> that of last quarter's closing figure, which it repeats.
OPENINGS = {"34": "08", "36": "09a"}
_OPENING_WORDS = {"34": ("K06", "open caseload"), "36": ("K07", "referrals awaiting a decision")}


def openings_follow_closings(context: Context) -> Iterator[Problem]:
    """K06, K07: the first day's figure is that of the last day before; a difference needs its reason."""
    for answer in _given(context):
        project, _, number = answer.slot.code.partition("-")
        if number not in OPENINGS:
            continue
        code, words = _OPENING_WORDS[number]
        closing = context.previous(f"{project}-{OPENINGS[number]}")
        if closing is not None and closing.count != answer.cell.count:
            yield _problem(
                answer.slot,
                code,
                f"last quarter ended with {closing.count} ({words}), this one begins with {answer.cell.count}. "
                "If last quarter was wrong, ask for it to be revised.",
                blocking=False,
            )


def people_never_fall(context: Context) -> Iterator[Problem]:
    """K10 over quarters: a count of distinct people so far cannot fall, nor pass the sum of its quarters."""
    for answer in _given(context):
        if answer.slot.figure_type != FigureType.PEOPLE:
            continue
        cell, slot = answer.cell, answer.slot
        last = context.previous(slot.code)
        if last is not None and (cell.people_programme or 0) < (last.people_programme or 0):
            words = (
                f"{cell.people_programme} people since the programme began, but {last.people_programme} last quarter. "
                "It cannot fall."
            )
            yield _problem(slot, "K10", words, box=slot.box("people_programme"))
        same_year = context.previous_code in context.year_quarters
        if last is not None and same_year and (cell.people_year or 0) < (last.people_year or 0):
            words = f"{cell.people_year} people in the year, but {last.people_year} up to last quarter. It cannot fall."
            yield _problem(slot, "K10", words, box=slot.box("people_year"))
        yield from _within_sum(context, answer, context.year_quarters, "people_year", "in the year")
        yield from _within_sum(
            context, answer, context.programme_quarters, "people_programme", "since the programme began"
        )


def _within_sum(context: Context, answer: Answer, quarters: Sequence[str], column: str, span: str) -> Iterator[Problem]:
    earlier = [context.before.get(answer.slot.code, {}).get(code) for code in quarters if code != context.quarter_code]
    if any(cell is None or cell.people_quarter is None for cell in earlier):
        return
    most = sum(cell.people_quarter for cell in earlier if cell) + (answer.cell.people_quarter or 0)  # type: ignore[misc]
    given = getattr(answer.cell, column)
    if given > most:
        words = f"{given} people {span} is more than all its quarters together ({most}). Check which is wrong."
        yield _problem(answer.slot, "K10", words, box=answer.slot.box(column))


def change_is_plausible(context: Context) -> Iterator[Problem]:
    """K11: a jump is explained."""
    share, count = context.thresholds["quarter-change-percent"], context.thresholds["quarter-change-count"]
    for answer in _given(context):
        last = context.previous(answer.slot.code)
        if answer.slot.figure_type != FigureType.COUNT or last is None or last.count is None:
            continue
        now = answer.cell.count or 0
        step = abs(now - last.count)
        if step > count and 100 * step > share * last.count:
            words = f"{now:,} this quarter, {last.count:,} last quarter: a change of more than {_plain(share)}%."
            yield _problem(answer.slot, "K11", words, blocking=False)


def within_plausible_range(context: Context) -> Iterator[Problem]:
    """K12: outside the range of the definition, computed rates included."""
    by_code = {slot.key: slot for slot in context.slots}
    for answer in _given(context):
        shown = value(answer.cell, answer.slot.figure_type)
        if isinstance(shown, int | Decimal):
            yield from _range(answer.slot, answer.slot.definition, Decimal(shown), answer.slot.code)
    for code, definition in context.computed:
        part, whole = (
            formulas.work_out(codes, {term: context.amount(term) for _, term in formulas.read(codes)})
            for codes in (definition.numerator_codes, definition.denominator_codes)
        )
        first = by_code.get(formulas.read(definition.numerator_codes)[0][1])
        rate = None if part is None or whole is None else percent(int(part), int(whole))
        if rate is not None and first is not None:
            yield from _range(first, definition, rate, code)


def _range(slot: Slot, definition: KpiVersion, shown: Decimal, code: str) -> Iterator[Problem]:
    low, high = definition.low, definition.high
    if (low is not None and shown * 100 < low) or (high is not None and shown * 100 > high):
        unit = "%" if definition.kind in (Kind.RATIO, Kind.COHORT) else ""
        ends = [f"{_plain(Decimal(end).scaleb(-2))}{unit}" for end in (low, high) if end is not None]
        words = f"{shown}{unit} lies outside what is usual ({' to '.join(ends)})."
        yield Problem("K12", f"{definition.name} ({code}): {words}", False, f"{slot.key}.comment")


def red_has_a_recovery_comment(context: Context) -> Iterator[Problem]:
    """K13: below the Amber threshold the reader wants to know what is being done."""
    for answer in _given(context):
        slot = answer.slot
        aim = context.aims.get(slot.code)
        if aim is None:
            continue
        earlier = context.before.get(slot.code, {})
        cells = [
            earlier.get(code, Cell(State.NOT_DUE)) for code in context.year_quarters if code != context.quarter_code
        ]
        so_far = value(across_quarters(slot.definition.kind, [*cells, answer.cell]), slot.figure_type)
        due = Aim(target_so_far(slot.definition.kind, aim.value, *context.quarters_due), aim.upper)
        word = rag(
            None if so_far is None else Decimal(so_far),
            due,
            slot.definition.direction,
            green=context.thresholds["rag-green-percent"],
            amber=context.thresholds["rag-amber-percent"],
        )
        if word == RED:
            words = f"{so_far} so far this year against {_plain(due.value)}: Red. Say what is being done."
            yield _problem(slot, "K13", words, blocking=False)


def within_scope(context: Context) -> Iterator[Problem]:
    """K14: people from outside the area are not the programme's, unless somebody agreed to it."""
    for answer in _given(context):
        if (
            answer.slot.definition.name.startswith(("Starts", "Started"))
            and answer.slot.figure_type == FigureType.COUNT
        ):
            for category, numbers in answer.parts.items():
                if category.code == "outside" and numbers.get("count"):
                    words = f"{numbers['count']} from outside the programme’s area."
                    yield _problem(answer.slot, "K14", words, blocking=False)


def cohorts_have_ended(context: Context) -> Iterator[Problem]:
    """K15: no follow-up figure before its window is over."""
    for answer in _given(context):
        if answer.slot.entry_quarter and context.today <= context.quarter_last_day:
            words = f"its follow-up ends on {day_in_words(context.quarter_last_day)}. Leave it out until then."
            yield _problem(answer.slot, "K15", words)


def narrative_is_fit(context: Context) -> Iterator[Problem]:
    """K17: long enough to say something, short enough to be read."""
    fewest, most = context.thresholds["narrative-fewest-words"], context.thresholds["narrative-most-words"]
    for answer in _given(context):
        words = len(answer.text.split())
        if answer.slot.figure_type == FigureType.TEXT and not fewest <= words <= most:
            said = f"{words} {'word' if words == 1 else 'words'}. Readers want {_plain(fewest)} to {_plain(most)}."
            yield _problem(answer.slot, "K17", said, box=answer.slot.key, blocking=False)


@dataclass(frozen=True)
class Doubt:
    """A text that may tell who somebody is: where it stands, what it seems to hold, and who said that it does not."""

    place: str
    name: str
    kinds: tuple[str, ...]
    mark: str
    confirmed: str


REASONS = {
    "late_reason": "Why these results are late or change now",
    "revision_reason": "Reason for the revision",
}


def doubts(context: Context) -> Iterator[Doubt]:
    """Every text of the submission that may tell who somebody is: narrative, comments, reasons."""
    for answer in context.answers.values():
        yield from _doubt(answer.slot.key, f"{answer.slot.name} ({answer.slot.code})", text_of(answer), context)
    for place, name in REASONS.items():
        yield from _doubt(place, name, context.reasons.get(place, ""), context)


def text_of(answer: Answer) -> str:
    """All that was written about one figure."""
    return "\n".join(filter(None, (answer.text, answer.comment, answer.absence_reason)))


def mark_of(text: str) -> str:
    """What a confirmation keeps of a text, to know it again."""
    return hashlib.sha256(text.encode()).hexdigest()


def _doubt(place: str, name: str, text: str, context: Context) -> Iterator[Doubt]:
    if kinds := hints(text, known=context.names):
        mark = mark_of(text)
        yield Doubt(place, name, kinds, mark, context.confirmed.get((place, mark), ""))


def texts_name_nobody(context: Context) -> Iterator[Problem]:
    """K17: what may tell who somebody is, is asked about once; with the person's word for it, it passes."""
    for doubt in doubts(context):
        seems = f"{doubt.name}: it seems to hold {in_words(doubt.kinds)}."
        if doubt.confirmed:
            yield Problem("K17", f"{seems} {doubt.confirmed}", False, doubt.place)
        else:
            words = f"{seems} Take out whatever could tell who somebody is, or confirm that it names nobody."
            yield Problem("K17", words, True, doubt.place)


def not_last_quarters_figures(context: Context) -> Iterator[Problem]:
    """K18: most figures are those of last quarter."""
    pairs = [
        (answer.cell.count, last.count)
        for answer in _given(context)
        if answer.slot.figure_type == FigureType.COUNT and (last := context.previous(answer.slot.code)) is not None
    ]
    same = sum(now == last for now, last in pairs)
    if len(pairs) >= 5 and Decimal(same) / len(pairs) > COPIED_SHARE:
        words = f"{same} of {len(pairs)} counts are the same as last quarter. Make sure that they are this quarter’s."
        yield Problem("K18", words, False, "")


def milestones_are_dated(context: Context) -> Iterator[Problem]:
    """K19: met in the past, or expected in the future."""
    for answer in _given(context):
        slot = answer.slot
        if slot.figure_type != FigureType.MILESTONE:
            continue
        if answer.met_on and answer.met_on > context.today:
            words = f"it cannot have been met on {day_in_words(answer.met_on)}, which is still to come."
            yield _problem(slot, "K19", words, box=slot.box("met_on"))
        if not answer.met_on and answer.forecast_on and answer.forecast_on <= context.quarter_last_day:
            words = "the expected date lies in this quarter or before. Enter when it was met, or a later date."
            yield _problem(slot, "K19", words, box=slot.box("forecast_on"))


def live_service_is_not_empty(context: Context) -> Iterator[Problem]:
    """K22: nobody worked with in a service that runs."""
    for answer in _given(context):
        if answer.slot.figure_type == FigureType.PEOPLE and answer.cell.people_quarter == 0:
            yield _problem(answer.slot, "K22", "nobody in a quarter in which the service ran.", blocking=False)


RULES: tuple[Callable[[Context], Iterable[Problem]], ...] = (
    everything_answered,
    breakdowns_add_up,
    identities_hold,
    closures_are_of_open_cases,
    people_never_fall,
    cohorts_have_ended,
    milestones_are_dated,
    openings_follow_closings,
    red_has_a_recovery_comment,
    change_is_plausible,
    within_plausible_range,
    within_scope,
    not_known_is_rare,
    live_service_is_not_empty,
    narrative_is_fit,
    texts_name_nobody,
    not_last_quarters_figures,
)


def find_problems(context: Context) -> list[Problem]:
    """All that the rules find, where a warning without its comment blocks until there is one."""
    found = [problem for rule in RULES for problem in rule(context)]
    return [_until_commented(problem, context) for problem in found]


def _until_commented(problem: Problem, context: Context) -> Problem:
    if problem.blocking or problem.code not in NEEDS_COMMENT:
        return problem
    answer = context.answers.get(problem.where.removesuffix(".comment"))
    if answer is not None and answer.comment:
        return problem
    return Problem(problem.code, f"{problem.message} Correct it, or say why in the comment.", True, problem.where)
