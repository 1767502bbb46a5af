"""Which of a person's roles is active in this session."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from board import clock

SESSION_KEY = "acting_role"


class PrivateMiddleware:
    """Pages of somebody who is signed in are theirs alone: no proxy keeps them, and each is asked for anew.

    Files say more strictly that nothing keeps them. A page may be kept by the browser for going back, since what was
    typed into it would be lost otherwise.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated and "Cache-Control" not in response:
            is_file = response.get("Content-Disposition", "").startswith("attachment")
            response["Cache-Control"] = "private, no-store" if is_file else "private, no-cache"
        return response


class ActingRoleMiddleware:
    """Lets the person act in the role that they chose, as long as it is in force."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.session.get(SESSION_KEY)
        if chosen is not None and request.user.is_authenticated:
            role = request.user.roles_on(clock.today()).filter(pk=chosen).first()
            if role is not None:
                request.user.act_as(role)
        return self.get_response(request)
