"""The life of a return: opened, written, prepared, checked, certified; sent back, or revised.

Who may do what is data of each kind (`kinds/shape.py: Step`). What is signed is a hash of the content;
certifying makes the files first, then compares the content once more and stores all in one short
transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.db import transaction

from board import clock, events, quarters, rows, sealing
from board.models import Organisation, Programme, Quarter, Role, User
from board.rows import locking
from core.forms import day_in_words
from core.money import in_words
from core.problems import Problem, Refused, refuse, refuse_if_blocking
from funding import claims
from funding.models import Claim
from returns import files
from returns.content import Content, SignatureGiven, content_hash
from returns.items import blocking
from returns.kinds import content_of, kind_of, require_scope
from returns.kinds.scope import Scope, scope_of
from returns.kinds.shape import CERTIFY, CHECK, PREPARE, Kind, Step, reference_of
from returns.models import Commentary, Return, Signature
from returns.paper import OnPaper, paper_problems, tell_signer
from returns.readiness import readiness

# What the scope of a return is read from.
RELATED = ("programme__recipient", "first_quarter__year", "last_quarter__programme__recipient", "last_quarter__year")
WRITERS = (Role.Kind.FINANCE_OFFICER, Role.Kind.COMMISSIONING_OFFICER)
SENDERS_BACK = (*WRITERS, Role.Kind.CFO)


def open_return(*, kind: str, scope: Scope, by: User) -> Return:
    """Begin the return of a scope, or hand back the revision that is open.

    Refused once one is certified: that is revised, with a reason.
    """
    wanted = kind_of(kind)
    _require(by, scope.programme, WRITERS, f"open the {wanted.title.lower()}")
    require_scope(wanted, scope)
    with transaction.atomic():
        # The quarter's row stands for the series, which has no row of its own before its first revision.
        quarters.lock(scope.last)
        series = series_of(kind, scope)
        if series and not series[-1].is_frozen:
            return series[-1]
        if kind == Return.CLAIM and (paper := claimed_on_paper(scope.last)):
            words = f"{paper.reference} was certified before this system was in use; its return is on paper."
            raise refuse("certified", words)
        if series:
            raise refuse("certified", f"{series[-1].reference} is certified. Revise it, with the reason.")
        return _begin(wanted, scope, 1, "", by)


def series_of(kind: str, scope: Scope) -> list[Return]:
    """All revisions of the return of a scope, first to last."""
    found = Return.objects.filter(
        kind=kind, programme=scope.programme, first_quarter=scope.first, last_quarter=scope.last, subject=scope.subject
    )
    return list(found.select_related(*RELATED).order_by("revision"))


def claimed_on_paper(quarter: Quarter) -> Claim | None:
    """The quarter's claim of the time before this system: it has a claim on record and no return."""
    claim = Claim.objects.in_force().filter(quarter=quarter).first()
    return claim if claim and not Return.objects.filter(kind=Return.CLAIM, last_quarter=quarter).exists() else None


def in_force(series: list[Return]) -> Return | None:
    """The certified revision that holds, if there is one."""
    return next((row for row in reversed(series) if row.status == Return.Status.CERTIFIED), None)


def write_commentary(*, the_return: Return, section: str, words: str, seen_version: int | None, by: User) -> Commentary:
    """Write one part of the return. `seen_version` is that of the words on screen, None where there were none."""
    with transaction.atomic():
        locked = _lock(the_return)
        kind = kind_of(locked.kind)
        _require(by, locked.programme, WRITERS, "write in this return")
        if section not in {part.code for part in kind.written}:
            raise refuse("section", f"This return has no part “{section}”.", "section")
        if locked.status != Return.Status.DRAFT:
            raise refuse(
                "status",
                f"{locked.reference} is {locked.get_status_display().lower()}, so its words stand. "
                "Send it back first, if they must change.",
                "words",
            )
        row = locking(Commentary.objects).filter(the_return=locked, section=section).first()
        if row is None:
            row = rows.create(Commentary(the_return=locked, section=section, words=words.strip()), by=by)
        else:
            row.words = words.strip()
            # Words that were not there when the person began count as seen in no version.
            rows.change(row, by=by, seen_version=seen_version or 0)
        events.record("return.write", locked.reference, by=by, words=section, programme=locked.programme)
    return row


def prepare(*, the_return: Return, by: User, paper: OnPaper | None = None) -> Return:
    """Build the content, keep its hash and sign it first: `by` here, or somebody else on paper."""
    with _refusals_kept("return.prepare-refused", the_return, by), transaction.atomic():
        locked = _lock(the_return)
        kind, step = _step(locked, PREPARE)
        content = content_of(kind, scope_of(locked), today=clock.today(), the_return=locked)
        new_hash = content_hash(content)
        refuse_if_blocking([*_unsignable(locked, kind, step, by, paper, new_hash), *_waiting_for(locked)])
        locked.content_hash = new_hash
        if step.signs:
            _sign(locked, step, by, paper)
        _move(locked, step.leads_to, step.act, by, said=_on_paper(paper))
    return locked


def check(*, the_return: Return, by: User, seen_version: int | None = None, paper: OnPaper | None = None) -> Return:
    """Sign second: what was prepared still is what the record says, and is what the person had on screen."""
    with _refusals_kept("return.check-refused", the_return, by), transaction.atomic():
        locked = _lock(the_return)
        kind, step = _step(locked, CHECK)
        against = _unsignable(locked, kind, step, by, paper, locked.content_hash)
        refuse_if_blocking([*against, *_same_as_seen(locked, seen_version)])
        content = content_of(kind, scope_of(locked), today=clock.today(), the_return=locked)
        refuse_if_blocking([*_same_as_signed(locked, content), *_waiting_for(locked)])
        _sign(locked, step, by, paper)
        _move(locked, step.leads_to, step.act, by, said=_on_paper(paper))
    return locked


def certify(*, the_return: Return, by: User, seen_version: int | None = None, paper: OnPaper | None = None) -> Return:
    """Sign last and freeze: files are made first, then compared, stored and claimed together or not at all.

    `seen_version` is that of the return on the person's screen: what was sent back and signed anew since is refused.
    """
    with _refusals_kept("return.certify-refused", the_return, by):
        seen = _read(the_return)
        kind, step = _step(seen, CERTIFY)
        against = _unsignable(seen, kind, step, by, paper, seen.content_hash)
        refuse_if_blocking([*against, *_same_as_seen(seen, seen_version)])
        content = content_of(kind, scope_of(seen), today=clock.today(), the_return=seen)
        refuse_if_blocking([*_same_as_signed(seen, content), *_waiting_for(seen)])
        mine = _signature(seen, step, by, paper)
        stamp = files.stamp_of(content, final=True, signatures=_signatures(kind, seen, mine))
        made = files.render(content, stamp, kind.formats)
        with transaction.atomic():
            locked = _lock(the_return)
            # The files name who signed what: they are of no use if it was signed anew while they were made.
            against = _unsignable(locked, kind, step, by, paper, locked.content_hash)
            refuse_if_blocking([*against, *_same_as_seen(locked, seen.version)])
            again = content_of(kind, scope_of(locked), today=clock.today(), the_return=locked)
            refuse_if_blocking([*_same_as_signed(locked, again), *_waiting_for(locked)])
            _sign(locked, step, by, paper, mine)
            files.store(locked, again, made)
            locked.certified_at = mine.signed_at
            _move(locked, step.leads_to, step.act, by, said=_on_paper(paper))
            _supersede_earlier(locked, by)
            kind.take_effect(locked, again, by)
        sealing.seal()
    return locked


def send_back(*, the_return: Return, reason: str, by: User) -> Return:
    """Make a signed return a draft again, with a reason. Its signatures fall; the events keep them."""
    with transaction.atomic():
        locked = _lock(the_return)
        kind = kind_of(locked.kind)
        problems = []
        if not _sends_back(locked, kind, by):
            problems.append(_not_theirs(by, locked.programme.recipient, SENDERS_BACK, "send this return back"))
        if locked.status not in kind.signed_statuses():
            words = f"{locked.reference} is {locked.get_status_display().lower()}; there is nothing to send back."
            if locked.is_frozen:
                words = f"{locked.reference} is certified and never changes. Revise it, with the reason."
            problems.append(Problem("status", words))
        if not reason.strip():
            problems.append(Problem("reason", "Give the reason for sending it back.", True, "reason"))
        refuse_if_blocking(problems)
        for signature in locked.signatures.all():
            words = f"{signature.get_act_display()} {signature.person_name}, content {signature.content_hash}"
            events.record("return.signature-dropped", locked.reference, by=by, words=words, programme=locked.programme)
            signature.delete()
        locked.content_hash = ""
        _move(locked, Return.Status.DRAFT, "send-back", by, reason.strip())
    return locked


def revise(*, the_return: Return, reason: str, by: User, withdraw_claim: bool = False) -> Return:
    """Begin the next revision of a certified return, with its words; it takes over when it is certified.

    For wording, results or presentation. Figures of a claim change only if the funder returned it
    unpaid: `withdraw_claim` takes that claim back first, which is refused once it is paid or followed.
    """
    with transaction.atomic():
        locked = _lock(the_return)
        kind = kind_of(locked.kind)
        _require(by, locked.programme, WRITERS, "revise this return")
        problems = []
        if locked.status != Return.Status.CERTIFIED:
            problems.append(Problem("status", f"{locked.reference} is not certified, so it is changed as it is."))
        if not reason.strip():
            problems.append(Problem("reason", "Give the reason for the revision.", True, "reason"))
        series = series_of(locked.kind, scope_of(locked))
        if not series[-1].is_frozen:
            problems.append(Problem("open", f"{series[-1].reference} is open already."))
        refuse_if_blocking(problems)
        if withdraw_claim:
            _withdraw_claim(locked, reason, by)
        made = _begin(kind, scope_of(locked), series[-1].revision + 1, reason.strip(), by)
        for row in locked.commentaries.order_by("section"):
            rows.create(Commentary(the_return=made, section=row.section, words=row.words), by=by)
    return made


def signing_problems(the_return: Return, act: str, by: User) -> list[Problem]:
    """Why a person may not give a signature now; empty where they may. For showing buttons, and for refusals."""
    kind = kind_of(the_return.kind)
    steps = [step for step in kind.steps if step.act == act]
    if not steps:
        return [Problem("act", "This kind of return asks for no such signature.")]
    return list(_signing_problems(the_return, kind, steps[0], by))


def may_begin(programme: Programme, by: User) -> bool:
    """Whether a person may begin a return of a programme."""
    return _is(by, programme, WRITERS)


def words_before(the_return: Return, section: str) -> str:
    """What the same section said in the quarter before; empty where there was none."""
    found = (
        Commentary.objects.filter(
            the_return__kind=the_return.kind,
            the_return__programme=the_return.programme,
            the_return__subject=the_return.subject,
            section=section,
        )
        .exclude(the_return__last_quarter=the_return.last_quarter)
        .select_related("the_return__last_quarter")
    )
    here = the_return.last_quarter.order
    earlier = [row for row in found if row.the_return.last_quarter.order < here]
    last = max(earlier, key=lambda row: (row.the_return.last_quarter.order, row.the_return.revision), default=None)
    return last.words if last else ""


def may_write(the_return: Return, by: User) -> bool:
    """Whether a person may write in the return as it stands."""
    return the_return.status == Return.Status.DRAFT and _is(by, the_return.programme, WRITERS)


def may_upload(the_return: Return, by: User) -> bool:
    """Whether a person may upload a signed copy of the signature that is next: an officer who has not signed."""
    step = kind_of(the_return.kind).next_step(the_return.status)
    officer = step is not None and step.signs and _is(by, the_return.programme, WRITERS)
    return officer and not the_return.signatures.filter(person=by).exists()


def may_send_back(the_return: Return, by: User) -> bool:
    """Whether a person may make it a draft again."""
    kind = kind_of(the_return.kind)
    return the_return.status in kind.signed_statuses() and _sends_back(the_return, kind, by)


def may_revise(the_return: Return, by: User) -> bool:
    """Whether a person may begin the next revision."""
    return the_return.status == Return.Status.CERTIFIED and _is(by, the_return.programme, WRITERS)


def _sends_back(the_return: Return, kind: Kind, by: User) -> bool:
    """The recipient's officers, and whoever is asked for the next signature: they may not agree with what it says."""
    step = kind.next_step(the_return.status)
    return _is(by, the_return.programme, SENDERS_BACK) or (
        step is not None and step.is_asked_of(by.acting, scope_of(the_return))
    )


def _is(by: User, programme: Programme, roles: tuple[str, ...]) -> bool:
    role = by.acting
    return role is not None and role.kind in roles and role.organisation_id == programme.recipient_id


def _require(by: User, programme: Programme, roles: tuple[str, ...], what: str) -> None:
    if not _is(by, programme, roles):
        raise Refused([_not_theirs(by, programme.recipient, roles, what)])


def _not_theirs(by: User, organisation: Organisation, roles: tuple[str, ...], what: str) -> Problem:
    names = " or ".join(Role.Kind(role).label.lower() for role in roles)
    acting = f"You act as {by.acting}." if by.acting else "You hold no role now."
    return Problem("role", f"A {names} of {organisation.short_name} may {what}. {acting}")


def _signing_problems(the_return: Return, kind: Kind, step: Step, by: User) -> Iterator[Problem]:
    """Role, status, and that no person signs twice."""
    scope = scope_of(the_return)
    if not step.is_asked_of(by.acting, scope):
        yield _not_theirs(by, step.organisation(scope), step.roles, f"{step.verb} this return")
    if the_return.status != step.starts_from:
        before = Return.Status(step.starts_from).label.lower()
        yield Problem(
            "status",
            f"{the_return.reference} is {the_return.get_status_display().lower()}; only when it is {before} can "
            f"somebody {step.verb} it.",
        )
    for signature in the_return.signatures.all():
        if signature.person_id == by.pk:
            given = kind.step(signature.act).capacity.lower()
            yield Problem("F30", f"This return was {given} you. Each signature is another person’s.")


def _waiting_for(the_return: Return) -> list[Problem]:
    return blocking(readiness(the_return.kind, scope_of(the_return), clock.today())) + _claim_stands(the_return)


def _claim_stands(the_return: Return) -> list[Problem]:
    """A revision may not change the amount of a claim that was sent, unless that claim is withdrawn first."""
    standing = standing_claim(the_return) if the_return.revision > 1 and the_return.kind == Return.CLAIM else None
    if standing is None:
        return []
    amount = claims.work_out(standing.source, the_return.last_quarter, today=clock.today()).amount
    if amount == standing.amount:
        return []
    return [
        Problem(
            "claim",
            f"{standing.reference} claims {in_words(standing.amount)}, and the record now gives {in_words(amount)}. "
            "A revision does not change a claim that was sent: the difference goes to the next one, unless the funder "
            "returns this one unpaid and it is withdrawn.",
        )
    ]


def standing_claim(the_return: Return) -> Claim | None:
    """The claim in force of the return's quarter, whichever revision made it."""
    found = Claim.objects.in_force().select_related("source")
    return found.filter(quarter=the_return.last_quarter, source__programme=the_return.programme).first()


def _same_as_seen(the_return: Return, seen_version: int | None) -> list[Problem]:
    if seen_version in (None, the_return.version):
        return []
    return [
        Problem(
            "X07",
            f"{the_return.reference} was sent back and signed anew since you opened this page. "
            "Open it again, and read what it says now before you sign.",
        )
    ]


def _same_as_signed(the_return: Return, content: Content) -> list[Problem]:
    found = content_hash(content)
    if found == the_return.content_hash:
        return []
    return [
        Problem(
            "X07",
            f"What {the_return.reference} says has changed since it was prepared (content {found[:8]}, "
            f"{the_return.content_hash[:8]} was signed). Send it back, and prepare it again.",
        )
    ]


def _step(the_return: Return, act: str) -> tuple[Kind, Step]:
    kind = kind_of(the_return.kind)
    try:
        return kind, kind.step(act)
    except KeyError:
        raise refuse("act", f"A {kind.title.lower()} asks for no such signature.") from None


def _read(the_return: Return) -> Return:
    return Return.objects.select_related(*RELATED).get(pk=the_return.pk)


def _lock(the_return: Return) -> Return:
    return locking(Return.objects).select_related(*RELATED).get(pk=the_return.pk)


def _begin(kind: Kind, scope: Scope, revision: int, reason: str, by: User) -> Return:
    made = Return(
        reference=reference_of(kind.code, scope, revision),
        kind=kind.code,
        programme=scope.programme,
        first_quarter=scope.first,
        last_quarter=scope.last,
        subject=scope.subject,
        revision=revision,
        revision_reason=reason,
    )
    rows.create(made, by=by, reason=reason)
    events.record("return.open", made.reference, by=by, words=reason, programme=scope.programme)
    return made


def _unsignable(
    the_return: Return, kind: Kind, step: Step, by: User, paper: OnPaper | None, content_hash: str
) -> Iterator[Problem]:
    """Why a signature cannot be given, here or on paper."""
    yield from _signing_problems(the_return, kind, step, paper.person if paper else by)
    if paper and not step.signs:
        yield Problem("act", f"A {kind.title.lower()} asks for no signature here: its figures are the system’s.")
    elif paper:
        if not _is(by, the_return.programme, WRITERS):
            yield _not_theirs(by, the_return.programme.recipient, WRITERS, "upload a signed copy")
        yield from paper_problems(the_return, paper, content_hash, by)


def _signature(the_return: Return, step: Step, by: User, paper: OnPaper | None) -> Signature:
    """The signature of `by`, or of whoever signed the paper that `by` uploads."""
    signer = paper.person if paper else by
    return Signature(
        the_return=the_return,
        act=step.act,
        capacity=signer.acting.capacity,
        person=signer,
        person_name=signer.name,
        organisation=signer.acting.organisation,
        signed_at=clock.now(),
        statement=step.statement,
        content_hash=the_return.content_hash,
        signed_on=paper.signed_on if paper else None,
        copy=paper.copy if paper else None,
        uploaded_by=by if paper else None,
    )


def _sign(the_return: Return, step: Step, by: User, paper: OnPaper | None, made: Signature | None = None) -> None:
    signature = made or _signature(the_return, step, by, paper)
    signature.the_return = the_return
    signature.full_clean()
    signature.save(force_insert=True)
    if paper is not None:
        transaction.on_commit(partial(tell_signer, signature))


def _on_paper(paper: OnPaper | None) -> str:
    """What the record of acts says of a signature on paper; empty for one that was given here."""
    if paper is None:
        return ""
    day = day_in_words(paper.signed_on)
    return f"signed on paper by {paper.person.name} on {day}, copy {paper.copy.sha256}"


def _signatures(kind: Kind, the_return: Return, mine: Signature) -> list[SignatureGiven]:
    earlier = the_return.signatures.select_related("organisation", "copy", "uploaded_by").order_by("signed_at")
    return [files.given(kind, row) for row in (*earlier, mine)]


def _move(the_return: Return, status: str, act: str, by: User, reason: str = "", *, said: str = "") -> None:
    the_return.status = status
    rows.change(the_return, by=by, reason=reason or act)
    words = reason or (f"content {the_return.content_hash}" if the_return.content_hash else "")
    words = f"{words}, {said}" if said else words
    events.record(f"return.{act}", the_return.reference, by=by, words=words, programme=the_return.programme)


def _supersede_earlier(the_return: Return, by: User) -> None:
    for row in series_of(the_return.kind, scope_of(the_return)):
        if row.pk != the_return.pk and row.status == Return.Status.CERTIFIED:
            _move(row, Return.Status.SUPERSEDED, "supersede", by, f"Superseded by {the_return.reference}")


def _withdraw_claim(the_return: Return, reason: str, by: User) -> None:
    standing = standing_claim(the_return)
    if standing is None:
        raise refuse("claim", f"{the_return.reference} has no claim in force to withdraw.", "withdraw_claim")
    claims.withdraw(claim=standing, reason=reason, by=by)


@contextmanager
def _refusals_kept(act: str, the_return: Return, by: User) -> Iterator[None]:
    """A refused signature is on record too, written after what it undid."""
    try:
        yield
    except Refused as refusal:
        events.record(act, the_return.reference, by=by, words=str(refusal), programme=the_return.programme)
        raise
