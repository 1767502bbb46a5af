"""What the recipient's officers have to do to bring a quarter to its returns: close, begin, prepare, check, certify."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from board.models import Programme, Quarter, Role, User, Year
from core.due import Due
from funding.models import Claim
from returns.certifying import RELATED
from returns.kinds import KINDS
from returns.kinds.scope import scope_of
from returns.kinds.shape import Kind, Span
from returns.models import Dispatch, FunderQuery, Return, Signature, Waiver
from returns.sending import SENDERS
from returns.waiving import AGREER

# How long a signer is shown that a paper was uploaded as theirs.
SHOWN_FOR = timedelta(days=28)


def due(user: User, *, today: date, moment: datetime) -> Iterator[Due]:
    """Quarters to close and returns that wait for the person, in programmes whose recipient they act for."""
    role = user.acting
    if role is None:
        return
    programmes = Programme.objects.visible_to(user).filter(recipient=role.organisation)
    if role.kind == Role.Kind.COMMISSIONING_OFFICER:
        yield from _closings(programmes, today)
    yield from _beginnings(programmes, role)
    if role.kind in SENDERS:
        yield from _sendings(programmes)
        yield from _queries(programmes)
    if role.kind == AGREER:
        yield from _waivers(programmes, user, today)
    yield from _papers(user, moment)
    waiting = (
        Return.objects.visible_to(user)
        .exclude(status__in=[Return.Status.CERTIFIED, Return.Status.SUPERSEDED])
        .select_related(*RELATED)
        .prefetch_related("signatures")
    )
    for row in waiting:
        step = KINDS[row.kind].next_step(row.status)
        signed_already = any(signature.person_id == user.pk for signature in row.signatures.all())
        if step and step.is_asked_of(role, scope_of(row)) and not signed_already:
            yield Due(
                f"{row.status}/{row.reference}",
                f"{step.verb.capitalize()} the {row.get_kind_display().lower()} for {scope_of(row)}",
                "returns:return",
                (row.pk,),
                # The quarter's day was kept by the first; a revision is due when it is ready.
                row.last_quarter.certify_due_on if row.revision == 1 else max(row.last_quarter.certify_due_on, today),
            )


def _sendings(programmes: QuerySet[Programme]) -> Iterator[Due]:
    """Certified returns that the funder has not been sent: by the quarter's day, a revision when it is certified."""
    sent = Dispatch.objects.standing().filter(the_return=OuterRef("pk"))
    going = [kind.code for kind in KINDS.values() if kind.goes_to_funder]
    rows = Return.objects.filter(programme__in=programmes, status=Return.Status.CERTIFIED, kind__in=going)
    for row in rows.exclude(Exists(sent)).select_related(*RELATED).order_by("certified_at", "reference"):
        by = row.last_quarter.certify_due_on
        if row.revision > 1 and row.certified_at is not None:
            by = max(by, timezone.localdate(row.certified_at))
        words = f"Send the {row.get_kind_display().lower()} for {scope_of(row)} to the funder, and record it"
        yield Due(f"send/{row.reference}", words, "returns:return", (row.pk,), by)


def _queries(programmes: QuerySet[Programme]) -> Iterator[Due]:
    """Questions of the funder that wait for an answer."""
    rows = FunderQuery.objects.open().filter(answered_on=None, dispatch__the_return__programme__in=programmes)
    for row in rows.select_related("dispatch__the_return").order_by("due_on", "reference"):
        the_return = row.dispatch.the_return
        words = f"Answer the funder’s question about {the_return.reference}"
        yield Due(f"query/{row.reference}", words, "returns:query", (the_return.pk, row.reference), row.due_on)


def _waivers(programmes: QuerySet[Programme], user: User, today: date) -> Iterator[Due]:
    """Waivers that somebody else asked for and that wait for the chief finance officer."""
    rows = Waiver.objects.filter(
        agreed_at=None,
        withdrawn_at=None,
        until__gte=today,
        the_return__programme__in=programmes,
        the_return__status=Return.Status.DRAFT,
    ).exclude(asked_by=user)
    for row in rows.select_related("the_return").order_by("until", "reference"):
        words = f"Agree to or turn down a waiver of {row.the_return.reference}"
        yield Due(f"waiver/{row.reference}", words, "returns:return", (row.the_return_id,), row.until)


def _papers(user: User, moment: datetime) -> Iterator[Due]:
    """Papers that somebody uploaded as the person's signature, so that one they never signed comes out."""
    rows = Signature.objects.filter(
        person=user, uploaded_by__isnull=False, signed_at__gt=moment - SHOWN_FOR,
        the_return__in=Return.objects.visible_to(user),
    )  # fmt: skip
    for row in rows.select_related("the_return").order_by("signed_at"):
        words = f"See the paper that was uploaded as your signature on {row.the_return.reference}"
        yield Due(f"paper/{row.pk}", words, "returns:return", (row.the_return_id,))


def _closings(programmes: QuerySet[Programme], today: date) -> Iterator[Due]:
    """Quarters that have ended and stand open; a closing period takes money alone."""
    ended = Quarter.objects.filter(programme__in=programmes, last_day__lt=today).filter(
        Q(money_closed_at=None) | Q(results_closed_at=None, kind=Quarter.Kind.QUARTER)
    )
    for quarter in ended.exclude(kind=Quarter.Kind.FOLLOW_UP).select_related("programme"):
        yield Due(
            f"close/{quarter.programme.code}/{quarter.code}",
            f"See what {quarter} still needs, and close it",
            "returns:quarter",
            (quarter.pk,),
            quarter.check_due_on,
        )


def _beginnings(programmes: QuerySet[Programme], role: Role) -> Iterator[Due]:
    """Returns that nobody has begun though their quarter is closed, for whoever gives the first signature.

    A return of which there is one for each organisation is begun from its quarter's page. A quarter that was
    claimed before this system was in use has its returns on paper.
    """
    claimed = Claim.objects.in_force().filter(quarter=OuterRef("pk"))
    for kind in KINDS.values():
        if role.kind not in kind.steps[0].roles or kind.subjects is not None:
            continue
        begun = Return.objects.filter(kind=kind.code, last_quarter=OuterRef("pk"))
        any_return = Return.objects.filter(kind=Return.CLAIM, last_quarter=OuterRef("pk"))
        rows = Quarter.objects.filter(programme__in=programmes, kind__in=_ends(kind))
        for what in kind.closes:
            rows = rows.exclude(**{f"{what}_closed_at": None})
        rows = rows.exclude(Exists(begun)).exclude(Exists(claimed) & ~Exists(any_return))
        if not kind.of_every_period:
            begun_since = Return.objects.filter(
                kind=kind.code,
                programme=OuterRef("programme"),
                last_quarter__first_day__gt=OuterRef("first_day"),
            )
            rows = rows.exclude(Exists(begun_since))
        if Span.PROGRAMME in kind.spans:
            later = Year.objects.filter(programme=OuterRef("programme"), starts__gt=OuterRef("year__starts"))
            rows = rows.exclude(Exists(later))
        for quarter in rows.select_related("programme", "year"):
            yield Due(
                f"begin/{kind.code}/{quarter.programme.code}/{quarter.code}",
                f"Begin the {kind.title.lower()} for {_span(kind, quarter)}",
                "returns:begin",
                (quarter.pk, kind.code),
                quarter.certify_due_on,
            )


def _ends(kind: Kind) -> tuple[str, ...]:
    """In which kinds of quarter a return of this kind ends."""
    return kind.quarter_kinds if Span.QUARTER in kind.spans else (Quarter.Kind.CLOSING,)


def _span(kind: Kind, quarter: Quarter) -> str:
    if Span.QUARTER in kind.spans:
        return str(quarter)
    return str(quarter.year) if Span.YEAR in kind.spans else quarter.programme.code
