"""The page of packs, and a pack itself: everything certified of a quarter, a year or the whole programme."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.urls import reverse

from board.models import Programme, Quarter, User
from board.views import DetailPage, Link, Page
from core.tables import Table
from returns import packing
from returns.kinds.scope import Scope
from returns.tables import PackTable
from returns.views.quarter import quarters_of


def spans_of(user: User) -> dict[Programme, list[Scope]]:
    """The spans that a person may take a pack of, by programme."""
    by_programme: dict[Programme, list[Quarter]] = defaultdict(list)
    for row in quarters_of(user).order_by("-programme__first_day", "first_day"):
        by_programme[row.programme].append(row)
    return {programme: packing.spans_of(rows) for programme, rows in by_programme.items()}


class Packs(DetailPage):
    """The spans of which a pack can be taken, each with how much of it is certified."""

    action, heading = "packs.download", "Packs for an audit"
    lead = (
        "Everything certified of a quarter, a year or the whole programme in one file: the returns as they were "
        "signed, with lists of signatures and evidence, what is missing, and how each file is checked."
    )
    object = None

    def allowed(self) -> bool:
        return super().allowed() and quarters_of(self.request.user).exists()

    def get_queryset(self) -> QuerySet[Quarter]:
        return quarters_of(self.request.user)

    def get_section(self) -> str:
        return "Returns"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Returns", reverse("returns:returns"))]

    def get_tables(self) -> Sequence[Table]:
        tables = []
        for programme, scopes in spans_of(self.request.user).items():
            frozen = packing.certified_in(scopes[0]) if scopes else []
            rows = [
                {
                    "span": "The whole programme" if at == 0 else str(scope),
                    "certified": sum(packing.is_within(row, scope) for row in frozen),
                    "url": reverse("returns:pack", args=[scope.first.pk, scope.last.pk]),
                }
                for at, scope in enumerate(scopes)
            ]
            tables.append(PackTable(rows, prefix=f"{programme.code}-", caption=f"{programme.name} ({programme.code})"))
        return tables


class TakePack(Page):
    """A pack, made now from what is stored; that it was taken is on record."""

    action = "packs.download"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> FileResponse:
        asked = (kwargs["first"], kwargs["last"])
        every = [scope for scopes in spans_of(request.user).values() for scope in scopes]
        scope = next((one for one in every if (one.first.pk, one.last.pk) == asked), None)
        if scope is None:
            raise Http404
        made = packing.take(scope=scope, by=request.user)
        answer = FileResponse(made.content, as_attachment=True, filename=made.name, content_type="application/zip")
        answer["Content-Length"] = str(made.size)
        answer["Cache-Control"] = "private, no-store"
        return answer
