"""The front door: first pages by role, a programme's page, the record of acts, health and error pages."""

import logging
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import connection
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import get_template
from django.views import View

from board import carrying, clock, events
from board.access import may
from board.middleware import SESSION_KEY
from board.models import Event, Programme
from board.views import DetailPage, Fact, ListPage, Page, Permitted
from config import front, overview
from config.context import OWNER, SERVICE
from config.filters import EventFilters
from config.tables import EventTable, ProjectMoneyTable
from core.forms import number_in
from core.tables import Table

logger = logging.getLogger(__name__)


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answers "ok" when the database answers; for the script that starts the system and for a monitor."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return HttpResponse("ok", content_type="text/plain")


def _bare_page(name: str, status: int) -> HttpResponse:
    """A page without the request: the database or the session may be what failed."""
    try:
        page = get_template(name).render({"frame": {"service": SERVICE, "owner": OWNER}})
    except Exception:
        # What failed may be the list of collected files, which every page of ours asks for its style.
        logger.exception("%s cannot be drawn", name)
        page = "Sorry, something went wrong. The fault is ours. Try again in a few minutes."
        return HttpResponse(page, status=status, content_type="text/plain; charset=utf-8")
    return HttpResponse(page, status=status)


def not_here(request: HttpRequest) -> HttpResponse:
    """A page of a library that this system does not offer."""
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what was sent cannot be read."""
    return _bare_page("400.html", 400)


def not_from_this_session(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """403 of a form without this session's mark: after a sign-in in another window nothing that was typed is lost."""
    if carrying.is_from_our_own_page(request) and carrying.keep(request):
        if request.user.is_authenticated:
            return redirect(request.get_full_path())
        messages.warning(request, carrying.KEPT_WORDS)
        return redirect_to_login(request.get_full_path())
    return render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: the fault is ours."""
    return _bare_page("500.html", 500)


class Front(Page):
    """The first page: what there is to do in the acting role, and where one can go."""

    action = "front"
    template_name = "front.html"
    heading = "What there is to do"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        return super().get_context_data(
            tasks=front.tasks(user, today=clock.today(), moment=clock.now()),
            doors=front.doors(user),
            programmes=Programme.objects.visible_to(user).select_related("recipient", "funder")
            if may(user, "programme.read")
            else [],
            **kwargs,
        )


class SwitchRole(Permitted, View):
    """Act in another of one's roles for the rest of the session."""

    action = "role.switch"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = request.POST.get("role", "")
        roles = request.user.roles_on(clock.today())
        role = get_object_or_404(roles, pk=number_in(chosen))
        request.session[SESSION_KEY] = role.pk
        request.user.act_as(role)
        events.record("role.switch", str(role)[:120], by=request.user, programme=role.programme)
        return redirect("front")


class EventList(ListPage):
    """The record of acts, for those who check."""

    action = "events.read"
    heading = "Record of acts"
    lead = "What was done, by whom and in which role. Nothing here is ever changed."
    table_class = EventTable
    filterset_class = EventFilters

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.visible_to(self.request.user).select_related("by", "programme")


class ProgrammePage(DetailPage):
    """A programme: its terms, its money by project where the role may see money, and its quarters."""

    action = "programme.read"
    lookup = "code"

    def get_queryset(self) -> QuerySet[Programme]:
        return Programme.objects.visible_to(self.request.user).select_related("recipient", "funder")

    def get_heading(self) -> str:
        return self.object.name

    def get_section(self) -> str:
        return self.object.code

    def get_facts(self) -> list[Fact]:
        row = self.object
        return [
            Fact("Funder", str(row.funder.name)),
            Fact("Recipient", str(row.recipient.name)),
            Fact("Funding period", f"{row.first_day:%-d %B %Y} to {row.last_day:%-d %B %Y}"),
            Fact("Legal power", row.legal_power),
            Fact("Figures", "Illustrative, not the real award" if row.illustrative else "As in the grant agreement"),
        ]

    def get_tables(self) -> list[Table]:
        if not may(self.request.user, "programme.money"):
            return []
        years = overview.years_of(self.object, self.request.user, today=clock.today())
        return [ProjectMoneyTable(rows, caption=caption, prefix=f"{year}-") for year, caption, rows in years]
