"""Handing in a quarter's results: opening, saving, submitting, querying, accepting, revising."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from django.db import transaction

from board import clock, events, rows
from board.access import COMMISSIONING, REPORTER, is_of_recipient
from board.models import Quarter, User
from board.quarters import RESULTS, closed_at, is_open, lock_open
from board.rows import locking
from core.problems import Problem, Refused, refuse, refuse_if_blocking
from kpis.answers import Answer, Numbers, answers_at_work, boxes_of, read_answers, result_of, stored_answers
from kpis.asking import Slot, slots_of
from kpis.gathering import confirmed_of, context_of
from kpis.kinds import FigureType, Section, State
from kpis.models import Breakdown, Category, Confirmation, Correction, Duty, Result, Submission, SubmissionQuery
from kpis.models.visibility import is_kept_from
from kpis.rules import Context, doubts, find_problems
from kpis.standing import (
    why_not_accept,
    why_not_answer,
    why_not_fill,
    why_not_query,
    why_not_revise,
    why_not_withdraw,
)

Status = Submission.Status


def may_fill(user: User, submission: Submission) -> bool:
    """Reporters and commissioning officers fill what their own organisation reports.

    Of a contract that a provider keeps to named people, only those (K21).
    """
    role = user.acting
    return (
        role is not None
        and role.kind in (REPORTER, COMMISSIONING)
        and role.organisation_id == submission.duty.organisation_id
        and not is_kept_from(user, submission.duty.contract_id)
    )


def may_decide(user: User, submission: Submission) -> bool:
    """A commissioning officer of the recipient accepts and queries."""
    role = user.acting
    programme = submission.duty.project.programme
    return role is not None and role.kind == COMMISSIONING and is_of_recipient(user, programme)


def may_revise(user: User, submission: Submission) -> bool:
    """Who fills or decides begins a revision, and takes it back."""
    return may_fill(user, submission) or may_decide(user, submission)


def open_quarter(*, quarter: Quarter, by: User) -> list[Submission]:
    """Make the drafts of a quarter for every duty that runs in it; those that are there already stay."""
    with transaction.atomic():
        locked = lock_open(quarter, RESULTS)
        if not is_of_recipient(by, locked.programme):
            raise refuse("K21", "Only the organisation that holds the grant asks for results.")
        there = set(Submission.objects.filter(quarter=locked).values_list("duty", flat=True))
        made = []
        for duty in Duty.objects.in_force(locked).select_related("project__programme", "organisation"):
            if duty.pk not in there:
                reference = _reference(duty, locked, 1)
                made.append(rows.create(Submission(reference=reference, duty=duty, quarter=locked), by=by))
        if made:
            words = f"{len(made)} submissions asked for"
            events.record("submissions.open", locked.code, by=by, words=words, programme=locked.programme)
    return made


def save_draft(*, submission: Submission, figures: Mapping[str, str], seen_version: int, by: User) -> Submission:
    """Keep what was typed into some or all boxes (see `kpis/asking.py` for their names).

    Refuses, and saves nothing, where a box cannot be read, or where the same section was saved with something else
    after `seen_version` was on screen; the other sections do not matter. Slots of which no box was handed in stay.
    Of a queried submission what is typed is kept apart: what was handed in counts until it is handed in again.
    """
    return _save(submission, figures, seen_version, by, closed=False)


def save_late(*, submission: Submission, figures: Mapping[str, str], seen_version: int, by: User) -> Submission:
    """Keep what is typed after results have closed, as `save_draft` does; `submit_late` hands it in."""
    return _save(submission, figures, seen_version, by, closed=True)


def _save(
    submission: Submission, figures: Mapping[str, str], seen_version: int, by: User, *, closed: bool
) -> Submission:
    with transaction.atomic():
        locked = _lock_to_fill(submission, by, closed=closed)
        _write(locked, slots_of(locked), figures, seen_version)
        rows.change(locked, by=by)
        events.record("submission.save", locked.reference, by=by, programme=locked.quarter.programme)
    return locked


def submit(
    *, submission: Submission, seen_version: int, by: User, late_reason: str = "", names_nobody: Collection[str] = ()
) -> list[Problem]:
    """Hand the figures in; gives the warnings that were let through with their comments.

    `names_nobody`: the places of texts of which the person says that they name nobody (see `kpis/rules.py: doubts`).
    """
    with transaction.atomic():
        locked = _lock_to_fill(submission, by, closed=False)
        return _hand_in(locked, seen_version, by, late_reason, names_nobody, closed=False)


def submit_late(
    *, submission: Submission, seen_version: int, reason: str, by: User, names_nobody: Collection[str] = ()
) -> list[Problem]:
    """Hand in after results have closed, into the quarter that the figures describe.

    The reason is needed for what comes for the first time, and for figures that change what was handed in.
    """
    with transaction.atomic():
        locked = _lock_to_fill(submission, by, closed=True)
        return _hand_in(locked, seen_version, by, reason, names_nobody, closed=True)


def query(*, submission: Submission, section: str, reason: str, seen_version: int, by: User) -> SubmissionQuery:
    """Send it back to the supplier with a question about a section."""
    with transaction.atomic():
        locked = lock(submission)
        _require_decider(locked, by)
        _refuse_for("K21", why_not_query(locked))
        _require_seen(locked, seen_version)
        row = SubmissionQuery(submission=locked, section=section, reason=reason.strip(), by=by, at=clock.now())
        row.full_clean()
        row.save(force_insert=True)
        locked.status = Status.QUERIED
        rows.change(locked, by=by, reason="Queried")
        words = f"{Section(section).label}: {row.reason}"
        _record("submission.query", locked, by, words)
    return row


def answer(*, query: SubmissionQuery, words: str, by: User) -> SubmissionQuery:
    """Answer a question; the submission goes back when it is submitted again."""
    with transaction.atomic():
        locked = lock(query.submission)
        _require_filler(locked, by)
        _refuse_for("K21", why_not_answer(locked))
        row = locking(SubmissionQuery.objects).get(pk=query.pk)
        if not words.strip():
            raise refuse("K21", "Write your answer.", "words")
        row.answer, row.answered_by, row.answered_at = words.strip(), by, clock.now()
        row.full_clean()
        row.save(force_update=True)
        _record("submission.answer", locked, by, f"{row.get_section_display()}: {row.answer}")
    return row


def accept(*, submission: Submission, seen_version: int, by: User) -> Submission:
    """Take the figures as reported, which are those that the officer saw; an earlier revision is superseded."""
    with transaction.atomic():
        locked = lock(submission)
        _require_decider(locked, by)
        _refuse_for("K21", why_not_accept(locked, by))
        _require_seen(locked, seen_version)
        for earlier in Submission.objects.filter(
            duty=locked.duty_id, quarter=locked.quarter_id, status=Status.ACCEPTED
        ):
            earlier.status, earlier.superseded_at = Status.SUPERSEDED, clock.now()
            rows.change(earlier, by=by, reason=f"Superseded by {locked.reference}"[:100])
        locked.status, locked.accepted_at, locked.accepted_by = Status.ACCEPTED, clock.now(), by
        rows.change(locked, by=by, reason="Accepted")
        _record("submission.accept", locked, by)
    return locked


def revise(*, submission: Submission, reason: str, by: User) -> Submission:
    """Begin a new revision of accepted results, with their figures; they count until it is accepted."""
    with transaction.atomic():
        locked = lock(submission)
        if not may_revise(by, locked):
            raise refuse("K21", "Only the supplier or a commissioning officer can revise results.")
        _refuse_for("K16", why_not_revise(locked))
        if not reason.strip():
            raise refuse("K16", "Give the reason for the revision.", "reason")
        # A number that a withdrawn revision had is not given again.
        of_quarter = Submission.objects.filter(duty=locked.duty_id, quarter=locked.quarter_id)
        revision = max(of_quarter.values_list("revision", flat=True)) + 1
        made = Submission(
            reference=_reference(locked.duty, locked.quarter, revision),
            duty=locked.duty,
            quarter=locked.quarter,
            revision=revision,
            revision_reason=reason.strip(),
        )
        rows.create(made, by=by, reason=reason)
        _insert(made, stored_answers(locked, slots_of(locked)).values())
        _record("submission.revise", made, by, made.revision_reason)
    return made


def withdraw(*, submission: Submission, reason: str, seen_version: int, by: User) -> Submission:
    """Take back a revision that was begun by mistake; its row stays, and the accepted figures stand."""
    with transaction.atomic():
        locked = lock(submission)
        if not may_revise(by, locked):
            raise refuse("K21", "Only the supplier or a commissioning officer can withdraw a revision.")
        _refuse_for("K16", why_not_withdraw(locked))
        _require_seen(locked, seen_version)
        if not reason.strip():
            raise refuse("K16", "Say why the revision is withdrawn.", "reason")
        locked.status, locked.withdrawn_reason = Status.WITHDRAWN, reason.strip()
        locked.withdrawn_at, locked.withdrawn_by = clock.now(), by
        rows.change(locked, by=by, reason="Withdrawn")
        _record("submission.withdraw", locked, by, locked.withdrawn_reason)
    return locked


def mark_reported(*, quarter: Quarter, reference: str, by: User) -> int:
    """Note, on submissions up to a quarter that no return has carried yet, the return that first does."""
    with transaction.atomic():
        carried = Submission.objects.in_force().filter(
            quarter__programme=quarter.programme_id, quarter__first_day__lte=quarter.first_day, first_reported_in=""
        )
        ids = list(carried.values_list("pk", flat=True))
        for row in locking(Submission.objects).filter(pk__in=ids).order_by("reference"):
            row.first_reported_in = reference
            rows.change(row, by=by, reason=f"First reported in {reference}"[:100])
    return len(ids)


def _reference(duty: Duty, quarter: Quarter, revision: int) -> str:
    programme, _, name = duty.reference.partition("/")
    return f"{programme}/results/{name}/{quarter.code}/r{revision}"


def _record(act: str, submission: Submission, by: User, words: str = "") -> None:
    events.record(act, submission.reference, by=by, words=words, programme=submission.quarter.programme)


def lock(submission: Submission) -> Submission:
    """The row, locked for an act, with what its rules look at."""
    return (
        locking(Submission.objects)
        .select_related("duty__project__programme", "duty__organisation", "quarter__programme", "quarter__year")
        .get(pk=submission.pk)
    )


def _require_filler(submission: Submission, by: User) -> None:
    if not may_fill(by, submission):
        raise refuse("K21", f"Only {submission.duty.organisation} can fill and submit these results.")


def _require_decider(submission: Submission, by: User) -> None:
    if not may_decide(by, submission):
        raise refuse(
            "K21", "Only a commissioning officer of the organisation that holds the grant can decide on results."
        )


def _require_seen(submission: Submission, seen_version: int) -> None:
    """What is handed in or decided on is what the person had on screen."""
    if submission.version != seen_version:
        raise refuse(
            "version",
            "These results changed after you opened this page. What is saved now is shown below: look through it, "
            "then go on.",
        )


def _refuse_for(code: str, words: str) -> None:
    if words:
        raise refuse(code, words)


def _lock_to_fill(submission: Submission, by: User, *, closed: bool) -> Submission:
    """The row, locked, for its supplier to work on, in a quarter that stands as the act says."""
    locked = lock(submission)
    _require_filler(locked, by)
    _refuse_for("K16", why_not_fill(locked))
    if not closed:
        _require_open(locked)
    elif not is_closed_for(locked):
        raise refuse("K20", f"{locked.quarter} is open for results. Submit in the ordinary way.")
    return locked


def is_closed_for(submission: Submission) -> bool:
    """Whether its figures come after results have closed. A revision belongs to its quarter, open or not."""
    quarter = submission.quarter
    return (
        submission.revision == 1
        and closed_at(quarter, RESULTS) is not None
        and not is_open(quarter, RESULTS, clock.now(), submission.duty.organisation)
    )


def _require_open(submission: Submission) -> None:
    """Ordinary results need an open quarter; a revision goes into the quarter that it describes, open or not."""
    if submission.revision == 1:
        lock_open(submission.quarter, RESULTS, organisation=submission.duty.organisation)


def _write(submission: Submission, slots: Sequence[Slot], figures: Mapping[str, str], seen_version: int) -> None:
    """Replace the answers of the slots that were typed; refuses what cannot be read."""
    given, problems = read_answers(slots, figures)
    refuse_if_blocking(problems)
    known = {name for slot in slots for name in figures if name == slot.key or name.startswith(f"{slot.key}.")}
    if strange := sorted(set(figures) - known):
        raise Refused([Problem("K21", f"These results do not ask for {name}.", True, name) for name in strange])
    _require_sections_seen(submission, slots, given, seen_version)
    if submission.status == Status.QUERIED:
        _write_beside(submission, slots, given)
        return
    replaced = _rows_of(submission, [slot for slot in slots if slot.key in given])
    Breakdown.objects.filter(result__in=replaced).delete()
    submission.results.filter(pk__in=replaced).delete()
    _insert(submission, [answer for answer in given.values() if answer is not None])


def _require_sections_seen(
    submission: Submission, slots: Sequence[Slot], given: Mapping[str, Answer | None], seen_version: int
) -> None:
    """Sections are filled side by side; only one that was saved otherwise meanwhile is not written over unseen."""
    touched = [slot for slot in slots if slot.key in given]
    stored = answers_at_work(submission, touched)
    newer = {slot.section for slot in touched if submission.section_versions.get(slot.section, 0) > seen_version}
    differ = {slot.section for slot in touched if _boxes(given[slot.key]) != _boxes(stored.get(slot.key))}
    if both := newer & differ:
        raise Refused(
            [
                Problem(
                    "version",
                    f"{section.label}: this was saved in another window or by a colleague after you opened it. Beside "
                    "each box that differs you see what is saved now. Save again to put yours in its place.",
                )
                for section in Section
                if section in both
            ]
        )
    for section in {slot.section for slot in touched}:
        submission.section_versions[section] = submission.version + 1


def _write_beside(submission: Submission, slots: Sequence[Slot], given: Mapping[str, Answer | None]) -> None:
    """Keep as corrections what differs from what was handed in."""
    handed_in = stored_answers(submission, slots)
    submission.corrections.filter(slot__in=given).delete()
    Correction.objects.bulk_create(
        [
            Correction(submission=submission, slot=key, boxes=_boxes(answer))
            for key, answer in given.items()
            if _boxes(answer) != _boxes(handed_in.get(key))
        ]
    )


def _boxes(answer: Answer | None) -> dict[str, str]:
    """What the boxes hold for an answer; none for a blank one."""
    return boxes_of(answer) if answer else {}


def _rows_of(submission: Submission, slots: Sequence[Slot]) -> list[int]:
    places = {
        (slot.definition.pk, getattr(slot.entry_quarter, "pk", None), getattr(slot.milestone, "pk", None))
        for slot in slots
    }
    stored = submission.results.values_list("pk", "definition", "entry_quarter", "milestone")
    return [pk for pk, *place in stored if tuple(place) in places]


def _insert(submission: Submission, answers: Sequence[Answer]) -> None:
    """Write rows that have passed the rules of reading; the database checks them once more."""
    pairs = [result_of(submission, answer) for answer in answers]
    Result.objects.bulk_create([result for result, _ in pairs])
    Breakdown.objects.bulk_create([part for _, parts in pairs for part in parts])


def _hand_in(
    submission: Submission, seen_version: int, by: User, reason: str, names_nobody: Collection[str], *, closed: bool
) -> list[Problem]:
    """Run every rule, mark what is revised or late, and let the figures count. `reason`: why so late."""
    _require_seen(submission, seen_version)
    slots = slots_of(submission)
    answers = {key: completed(answer) for key, answer in answers_at_work(submission, slots).items()}
    context = context_of(submission, slots, answers, today=clock.today(), reason=reason.strip())
    context = _confirmed(submission, context, names_nobody, by)
    problems = find_problems(context)
    if unanswered := submission.queries.filter(answer=""):
        words = [f"Answer the question about {row.get_section_display().lower()}." for row in unanswered]
        problems += [Problem("K21", said, True, "") for said in words]
    again = submission.status == Status.QUERIED
    handed_in = stored_answers(submission, slots) if again else {}
    problems += _explain_lateness(submission, reason.strip(), closed=closed, changed=_differ(answers, handed_in))
    warnings = refuse_if_blocking(problems)
    before = _as_last_reported(submission, slots) or handed_in
    _replace_all(submission, [_marked(answer, submission, before, closed=closed) for answer in answers.values()])
    submission.corrections.all().delete()
    submission.status, submission.submitted_at, submission.submitted_by = Status.SUBMITTED, clock.now(), by
    rows.change(submission, by=by, reason="Submitted again" if again else "Submitted")
    _record("submission.submit", submission, by, _summary(context, warnings, again))
    return warnings


def _confirmed(submission: Submission, context: Context, names_nobody: Collection[str], by: User) -> Context:
    """Keep who says of which text that it names nobody, and when; never what it seemed to hold."""
    given = [row for row in doubts(context) if row.place in names_nobody and not row.confirmed]
    if not given:
        return context
    moment = clock.now()
    Confirmation.objects.bulk_create(
        [Confirmation(submission=submission, place=row.place, mark=row.mark, by=by, at=moment) for row in given]
    )
    places = ", ".join(row.place for row in given)
    _record("submission.names-nobody", submission, by, f"Confirmed that these texts name nobody: {places}")
    return replace(context, confirmed=confirmed_of(submission))


def asks_why(submission: Submission, *, closed: bool, changed: bool) -> bool:
    """Whether handing in needs a reason: it comes first after its day, or changes figures after the close.

    A revision has its own reason, whenever it comes.
    """
    if submission.revision > 1:
        return False
    if submission.submitted_at is None:
        return closed or clock.today() > submission.due_on
    return closed and changed


def changes_figures(submission: Submission, slots: Sequence[Slot]) -> bool:
    """Whether what the supplier now has differs from what was handed in last."""
    return _differ(answers_at_work(submission, slots), stored_answers(submission, slots))


def _differ(answers: Mapping[str, Answer], handed_in: Mapping[str, Answer]) -> bool:
    return answers.keys() != handed_in.keys() or any(
        not completed(answer).says_the_same(handed_in[key]) for key, answer in answers.items()
    )


def _explain_lateness(submission: Submission, reason: str, *, closed: bool, changed: bool) -> list[Problem]:
    """Note the reason on the row where one is needed; a problem where it is not given."""
    if not asks_why(submission, closed=closed, changed=changed):
        return []
    first = submission.submitted_at is None
    if not reason:
        due = f"{submission.due_on:%-d %B %Y}"
        words = (
            f"These results were due on {due}. Say why they are late."
            if first
            else "The quarter is closed for results. Say why these figures change now."
        )
        return [Problem("K20", words, True, "late_reason")]
    if first:
        submission.late, submission.late_reason = True, reason
    else:
        submission.changed_reason = reason
    submission.after_close = submission.after_close or closed
    return []


def completed(answer: Answer) -> Answer:
    """Blank rows of a breakdown whose others make the headline already can only be nought."""
    parts: dict[Category, Numbers] = dict(answer.parts)
    for _, categories in answer.slot.dimensions:
        filled = [row for row in categories if row in parts]
        if not filled and not any(getattr(answer.cell, column) == 0 for column in answer.slot.columns):
            continue
        for column in answer.slot.columns:
            if sum(parts[row][column] for row in filled) != getattr(answer.cell, column):
                break
        else:
            for row in categories:
                parts.setdefault(row, dict.fromkeys(answer.slot.columns, 0))
    return replace(answer, parts=parts) if parts else answer


def _as_last_reported(submission: Submission, slots: Sequence[Slot]) -> dict[str, Answer]:
    """The answers of the accepted submission that this one would supersede."""
    accepted = Submission.objects.filter(
        duty=submission.duty_id, quarter=submission.quarter_id, status=Status.ACCEPTED
    ).first()
    return stored_answers(accepted, slots) if accepted else {}


def _marked(answer: Answer, submission: Submission, before: Mapping[str, Answer], *, closed: bool) -> Answer:
    """A figure that differs from the one that counted is marked revised, one that came after the close late.

    `before`: what counts until now, accepted or handed in. A figure that stays as it was keeps its mark.
    """
    if answer.cell.empty or answer.slot.figure_type == FigureType.TEXT or answer.state == State.ESTIMATED:
        return answer
    stood, mark = before.get(answer.slot.key), ""
    if stood is not None and answer.says_the_same(stood):
        mark = stood.state if stood.state in (State.LATE, State.REVISED) else ""
    elif submission.revision > 1:
        mark = State.REVISED if stood is not None else ""
    elif stood is not None and stood.state == State.LATE:
        mark = State.LATE
    elif closed:
        mark = State.REVISED if stood is not None and not stood.cell.empty else State.LATE
    return replace(answer, cell=replace(answer.cell, state=mark)) if mark else answer


def _replace_all(submission: Submission, answers: Sequence[Answer]) -> None:
    Breakdown.objects.filter(result__submission=submission).delete()
    submission.results.all().delete()
    _insert(submission, answers)


def _summary(context: Context, warnings: Sequence[Problem], again: bool) -> str:
    """What the record keeps of the figures as they were handed in: the counts, code by code."""
    counts = [f"{code} {amount}" for code in sorted(context.answers) if (amount := context.amount(code)) is not None]
    said = "Submitted again" if again else "Submitted"
    return f"{said} with {len(warnings)} warnings. {', '.join(counts)}"
