"""The board's own pages: the reports that were issued to it, as they were issued, and nothing else of returns.

They lead nowhere: neither to the lines and results under a figure, nor to drafts, readiness or receipts.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from board.views import DetailPage, Fact, Link, ListPage, Status
from core.forms import moment_in_words
from returns import certifying, files
from returns.document import preview
from returns.filters import BoardReportFilters
from returns.kinds import KINDS
from returns.kinds.shape import stored_content
from returns.models import Return
from returns.tables import STATUS_COLOURS, BoardReportTable
from returns.views.reading import FORMAT_NAMES
from returns.views.shared import AboutReturn


def issued_to(user: Any) -> QuerySet[Return]:
    """The board reports that a person may read."""
    issued = [kind.code for kind in KINDS.values() if kind.issued_to_board]
    rows = Return.objects.visible_to(user).filter(kind__in=issued, status__in=Return.FROZEN)
    return rows.select_related(*certifying.RELATED)


class BoardReportList(ListPage):
    """Every report that was issued to the board."""

    action, heading = "returns.board", "Board reports"
    lead = "Each quarter’s report, as it was issued to the board. Small numbers are hidden."
    table_class, filterset_class = BoardReportTable, BoardReportFilters

    def get_queryset(self) -> QuerySet[Return]:
        return issued_to(self.request.user)


class _AboutReport(AboutReturn):
    """Pages about one report that was issued."""

    def get_queryset(self) -> QuerySet[Return]:
        return issued_to(self.request.user)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Board reports", reverse("returns:board-reports"))]


class BoardReport(_AboutReport, DetailPage):
    """All that a report says."""

    action, template_name = "returns.board", "returns/board_report.html"

    def get_heading(self) -> str:
        return self.kind.title

    def get_status(self) -> Status:
        in_force = self.object.status == Return.Status.CERTIFIED
        return Status("In force" if in_force else "Replaced", STATUS_COLOURS[Return.Status(self.object.status)])

    def get_facts(self) -> Sequence[Fact]:
        the_return = self.object
        signed = the_return.signatures.select_related("organisation", "copy", "uploaded_by").get(act="certify")
        return [
            Fact("Reference", the_return.reference),
            Fact("Issued", moment_in_words(signed.signed_at)),
            Fact("Issued by", f"{signed.person_name}, {signed.capacity}, {signed.organisation.short_name}"),
        ]

    def get_actions(self) -> Sequence[Link]:
        return [
            Link(
                f"Download the {FORMAT_NAMES[format]}",
                reverse("returns:board-file", args=[self.object.pk, format]),
                True,
            )
            for format in reversed(self.kind.formats)
        ]

    @cached_property
    def drawn(self) -> dict[str, Any]:
        """What it says, and no figure with a link to what it rests on."""
        content = stored_content(self.object)
        return preview(content, files.draft_stamp(self.kind, content, self.object))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{**{name: self.drawn[name] for name in ("sections", "legend")}, **kwargs})


class TakeBoardReport(_AboutReport, DetailPage):
    """A file of a report, as it was stored; that somebody took it is on record."""

    action = "returns.board"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if kwargs["format"] not in self.kind.formats:
            raise Http404
        file = files.stored(self.object, kwargs["format"])
        files.take(the_return=self.object, file=file, by=request.user)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return HttpResponse(file.data, content_type=file.content_type, headers=headers)
