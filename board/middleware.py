"""Which of a person's roles is active in this session."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from board import clock

SESSION_KEY = "acting_role"


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
