"""What the recipient's officers have to do to bring a quarter to its returns: close, prepare, check, certify."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Q, QuerySet

from board.models import Programme, Quarter, Role, User
from core.due import Due
from returns.models import Return

# Who gives the next signature, by the kind of return and its status.
NEXT_SIGNER: dict[tuple[str, str], tuple[str, str]] = {
    ("claim", "draft"): (Role.Kind.FINANCE_OFFICER, "Prepare"),
    ("claim", "prepared"): (Role.Kind.COMMISSIONING_OFFICER, "Check"),
    ("claim", "checked"): (Role.Kind.CFO, "Certify"),
    ("performance", "draft"): (Role.Kind.COMMISSIONING_OFFICER, "Prepare"),
    ("performance", "prepared"): (Role.Kind.COMMISSIONING_OFFICER, "Sign"),
}


def due(user: User, *, today: date, moment: datetime) -> Iterator[Due]:
    """Quarters to close and returns that wait for the person, in programmes whose recipient they act for."""
    role = user.acting
    if role is None:
        return
    programmes = Programme.objects.visible_to(user).filter(recipient=role.organisation)
    if role.kind == Role.Kind.COMMISSIONING_OFFICER:
        yield from _closings(programmes, today)
    waiting = (
        Return.objects.visible_to(user)
        .filter(programme__in=programmes, status__in=["draft", "prepared", "checked"])
        .select_related("last_quarter")
        .prefetch_related("signatures")
    )
    for row in waiting:
        kind, verb = NEXT_SIGNER.get((row.kind, row.status), ("", ""))
        signed_already = any(signature.person_id == user.pk for signature in row.signatures.all())
        if kind == role.kind and not signed_already:
            yield Due(
                f"{row.status}/{row.reference}",
                f"{verb} the {row.get_kind_display().lower()} for {row.last_quarter}",
                "returns:return",
                (row.pk,),
                row.last_quarter.certify_due_on,
            )


def _closings(programmes: QuerySet[Programme], today: date) -> Iterator[Due]:
    ended = Quarter.objects.filter(programme__in=programmes, kind=Quarter.Kind.QUARTER, last_day__lt=today)
    for quarter in ended.filter(Q(money_closed_at=None) | Q(results_closed_at=None)).select_related("programme"):
        yield Due(
            f"close/{quarter.programme.code}/{quarter.code}",
            f"See what {quarter} still needs, and close it",
            "returns:quarter",
            (quarter.pk,),
            quarter.check_due_on,
        )
