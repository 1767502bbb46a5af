"""What a person typed, carried over a sign-in: a session that ends between opening and saving a page loses nothing.

Every form bears a signed mark of the person for whom it was drawn. Where a form is sent after the session has ended,
or after a sign-in in another window, what was typed waits in the browser's new session for at most an hour. Only the
person of the mark gets it back, into the boxes of the same page, and nothing is done with it until that person sends
the page again. Whoever else signs in at that browser makes it vanish.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.utils import timezone

from board.middleware import SESSION_KEY as ACTING_ROLE

MARK = "typed_by"
_KEPT = "typed"
_SALT = "board.carrying"
# How long a page may have been open, and how long what was typed waits for its person.
_OPEN_FOR, _WAITS_FOR = timedelta(hours=24), timedelta(hours=1)
_MOST_PAGES = 10


KEPT_WORDS = "Your session had ended. Sign in again: what you typed is kept for you for an hour. It is not saved yet."


@dataclass(frozen=True)
class Mark:
    """For whom a form was drawn, and in which of their roles."""

    user: int
    role: int | None


def mark_of(request: HttpRequest) -> str:
    """The signed mark that a form bears."""
    role = request.user.acting
    return signing.dumps([request.user.pk, role.pk if role else None], salt=_SALT)


def _read_mark(request: HttpRequest) -> Mark | None:
    try:
        return Mark(*signing.loads(request.POST.get(MARK, ""), salt=_SALT, max_age=_OPEN_FOR))
    except (signing.BadSignature, TypeError):
        return None


def keep(request: HttpRequest) -> bool:
    """Keep what was sent for the person of its mark; says whether there was such a mark.

    Refuses where somebody else is signed in. Files are not kept.
    """
    mark = _read_mark(request)
    if mark is None or (request.user.is_authenticated and request.user.pk != mark.user):
        return False
    sent = request.POST.copy()
    for name in ("csrfmiddlewaretoken", MARK):
        sent.pop(name, None)
    kept = {
        "user": mark.user,
        "role": mark.role,
        "boxes": sent.urlencode(),
        "until": (timezone.now() + _WAITS_FOR).timestamp(),
    }
    here = request.get_full_path()
    others = {
        page: row for page, row in request.session.get(_KEPT, {}).items() if row["user"] == mark.user and page != here
    }
    # The newest last; of more pages than a person has open, the oldest go.
    request.session[_KEPT] = dict([*others.items(), (here, kept)][-_MOST_PAGES:])
    return True


def kept_for(request: HttpRequest) -> QueryDict | None:
    """What this person typed into this page before they had to sign in; None where nothing waits."""
    kept = request.session.get(_KEPT, {}).get(request.get_full_path())
    return QueryDict(kept["boxes"]) if kept and request.method == "GET" else None


def typed_into(form: forms.BaseForm, sent: QueryDict) -> dict[str, object]:
    """Field -> what its boxes held, as they are to be shown again; a file has to be chosen again."""
    return {
        name: field.widget.value_from_datadict(sent, {}, form.add_prefix(name))
        for name, field in form.fields.items()
        if not isinstance(field, forms.FileField)
    }


def is_from_our_own_page(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this site sent the form, which no other site can make it say."""
    origin = urlsplit(request.headers.get("Origin", ""))
    return (origin.scheme, origin.netloc) == (request.scheme, request.get_host())


class CarryingMiddleware:
    """Drops what waits for somebody else, or too long, or is being sent; gives its person back the role of then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _KEPT in request.session and request.user.is_authenticated:
            self._sort_out(request)
        return self.get_response(request)

    def _sort_out(self, request: HttpRequest) -> None:
        kept, now = request.session[_KEPT], timezone.now().timestamp()
        sent = request.get_full_path() if request.method == "POST" else None
        left = {
            page: row
            for page, row in kept.items()
            if row["user"] == request.user.pk and row["until"] >= now and page != sent
        }
        if left:
            role = list(left.values())[-1]["role"]
            if role is not None and ACTING_ROLE not in request.session:
                request.session[ACTING_ROLE] = role
        if left != kept:
            request.session[_KEPT] = left
        if not left:
            del request.session[_KEPT]


class SignInMiddleware(LoginRequiredMiddleware):
    """Leads whoever is not signed in to the sign-in page, and keeps what they sent."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., object]) -> HttpResponseBase:
        if request.method == "POST" and keep(request):
            messages.warning(request, KEPT_WORDS)
        return super().handle_no_permission(request, view_func)
