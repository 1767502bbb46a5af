"""The front door: health, and the two error pages that are drawn with nothing but themselves."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

from config.context import OWNER, SERVICE


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answers "ok" when the database answers; for the script that starts the system and for a monitor."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return HttpResponse("ok", content_type="text/plain")


def _bare_page(name: str, status: int) -> HttpResponse:
    """A page without the request: the database or the session may be what failed."""
    page = get_template(name).render({"frame": {"service": SERVICE, "owner": OWNER}})
    return HttpResponse(page, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what was sent cannot be read."""
    return _bare_page("400.html", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: the fault is ours."""
    return _bare_page("500.html", 500)
