"""What every page's frame shows: the service's name, the demonstration's banner, the person's role and menu."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from board import clock
from board.access import may

SERVICE = "Domestic abuse perpetrator fund: grant and returns"
OWNER = "Southend, Essex and Thurrock Domestic Abuse Board"

# The menu, in its order: label, name of the address, action. A person sees what their acting role may do.
NAVIGATION: tuple[tuple[str, str, str], ...] = (
    ("Spend", "funding:spend", "spending.read"),
    ("Budget", "funding:budget", "budget.read"),
    ("Claims", "funding:claims", "claims.read"),
    ("Contracts", "contracts:contracts", "contracts.read"),
    ("Results", "kpis:submissions", "submissions.read"),
    ("Performance", "kpis:performance", "results.read"),
    ("Returns", "returns:returns", "returns.read"),
    ("Board reports", "returns:board-reports", "returns.board"),
)


def menu_of(request: HttpRequest) -> list[dict[str, Any]]:
    """The entries of the menu for this person; `current` is the one whose address the page lies closest under."""
    shown = [(label, reverse(name)) for label, name, action in NAVIGATION if may(request.user, action)]
    here = max((url for _, url in shown if request.path.startswith(url)), key=len, default="")
    return [{"label": label, "url": url, "current": url == here} for label, url in shown]


def site(request: HttpRequest) -> dict[str, Any]:
    """`frame` in every template. A page drawn before the person is known has no role and no menu.

    It is not called `site`, since allauth puts a `site` of its own into its pages.
    """
    shown: dict[str, Any] = {
        "service": SERVICE,
        "owner": OWNER,
        "demonstration": settings.DEMONSTRATION,
        "fixed_date": settings.FIXED_DATE,
    }
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        shown |= {
            "role": user.acting,
            "roles": user.roles_on(clock.today()),
            "navigation": menu_of(request),
            "switch_url": reverse("switch-role"),
        }
    return {"frame": shown}
