"""A return as it is read: its page, its preview, its receipt, its files."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from board import access, clock
from board.views import DetailPage, Fact, Link, Status
from core.problems import Refused
from core.tables import Table
from returns import certifying, files
from returns.content import short_hash
from returns.kinds import content_of
from returns.models import Return
from returns.tables import STATUS_COLOURS, DownloadTable, RevisionTable, SignatureTable, SignedCopyTable
from returns.views.copying import copy_links
from returns.views.quarter import groups, items_of
from returns.views.queries import query_links, query_tables
from returns.views.sending import sending_facts, sending_links
from returns.views.shared import AboutReturn, Reading, button_words, template_links
from returns.views.waiving import shown_of
from returns.waiving import may_ask, waivable

FORMAT_NAMES = {"xlsx": "Excel workbook", "pdf": "PDF document"}


class ReturnPage(Reading, AboutReturn, DetailPage):
    """One return: status, what it waits for, its words, its files and its key figures."""

    action, template_name, is_its_page = "returns.read", "returns/return.html", True

    def get_heading(self) -> str:
        return self.kind.named(self.scope)

    def get_status(self) -> Status:
        status = Return.Status(self.object.status)
        return Status(status.label, STATUS_COLOURS[status])

    def get_facts(self) -> Sequence[Fact]:
        the_return = self.object
        facts = [
            Fact("Reference", the_return.reference),
            Fact("Due", f"{the_return.last_quarter.certify_due_on:%-d %B %Y}"),
        ]
        if the_return.revision_reason:
            facts.append(Fact("Reason for the revision", the_return.revision_reason))
        if the_return.content_hash:
            facts.append(Fact("Content signed", f"{short_hash(the_return.content_hash)} (SHA-256, first 16 of 64)"))
        claim = certifying.standing_claim(the_return) if the_return.kind == Return.CLAIM else None
        if claim:
            facts.append(Fact("Claim, its lines and payments", claim.reference, url=claim.get_absolute_url()))
        facts += sending_facts(the_return, claim)
        step = self.kind.next_step(the_return.status)
        if step:
            facts.append(Fact("Waits for", step.asked(self.scope).asked_of))
        return facts

    def get_actions(self) -> Sequence[Link]:
        the_return, user, links = self.object, self.request.user, []
        step = self.kind.next_step(the_return.status)
        if step and not certifying.signing_problems(the_return, step.act, user):
            links.append(Link(button_words(step), reverse("returns:sign", args=[the_return.pk, step.act])))
        if step and certifying.may_upload(the_return, user):
            url = reverse("returns:sign-paper", args=[the_return.pk, step.act])
            links.append(Link("Upload a signed copy", url, secondary=True))
        if certifying.may_send_back(the_return, user):
            links.append(Link("Send back", reverse("returns:send-back", args=[the_return.pk]), secondary=True))
        links += [*copy_links(the_return, user), *sending_links(the_return, user), *query_links(the_return, user)]
        if certifying.may_revise(the_return, user) and self._is_latest():
            links.append(Link("Revise", reverse("returns:revise", args=[the_return.pk]), secondary=True))
        if the_return.is_frozen:
            links += template_links(the_return, user)
        return links

    def _is_latest(self) -> bool:
        return self._series()[-1].pk == self.object.pk

    def _series(self) -> list[Return]:
        return certifying.series_of(self.object.kind, self.scope)

    def get_tables(self) -> Sequence[Table]:
        found = self.object.signatures.select_related("organisation", "copy", "uploaded_by").order_by("signed_at")
        signed = [files.given(self.kind, row) for row in found]
        series = self._series()
        taken = self.object.downloads.select_related("by")[:20]
        tables: list[Table] = [SignatureTable(signed, prefix="signatures-")]
        copies = [row for row in found if row.copy is not None]
        if copies and access.may(self.request.user, "returns.download"):
            tables.append(SignedCopyTable(copies, prefix="copies-"))
        if len(series) > 1:
            tables.append(RevisionTable(series, prefix="revisions-"))
        return [*query_tables(self.object), *tables, DownloadTable(list(taken), prefix="files-")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        the_return = self.object
        shown: dict[str, Any] = {"groups": []}
        if not the_return.is_frozen:
            shown["groups"] = groups(items_of(self.kind, self.scope), self.request.user)
            shown["waivers"] = shown_of(the_return, self.request.user)
            shown["ask_waiver"] = self._ask_waiver()
        return super().get_context_data(
            **{
                **shown,
                # The key figures come first in every kind; the whole is a page of its own.
                "sections": self.drawn.get("sections", [])[:2],
                "changed": self._changed(self.drawn),
                "written": self._written(),
                "may_write": certifying.may_write(the_return, self.request.user),
                "downloads": self._downloads(),
                **kwargs,
            }
        )

    def _ask_waiver(self) -> str:
        """Where a waiver is asked for, by those who may and where there is something to waive."""
        the_return, user = self.object, self.request.user
        if not may_ask(the_return, user) or self.content is None or not waivable(the_return):
            return ""
        return reverse("returns:waiver-ask", args=[the_return.pk])

    def _changed(self, drawn: dict[str, Any]) -> bool:
        """Whether the record has moved away from what was signed."""
        the_return = self.object
        if the_return.is_frozen or not the_return.content_hash or not drawn:
            return False
        return drawn["stamp"].content_hash != the_return.content_hash

    def _written(self) -> list[dict[str, Any]]:
        words = {row.section: row.words for row in self.object.commentaries.all()}
        return [
            {
                "title": part.title,
                "hint": part.hint,
                "words": words.get(part.code, ""),
                "url": reverse("returns:write", args=[self.object.pk, part.code]),
            }
            for part in self.kind.written
        ]

    def _downloads(self) -> list[dict[str, str]]:
        state = "final" if self.object.is_frozen else "draft, not certified"
        if not access.may(self.request.user, "returns.download"):
            return []
        return [
            {"label": f"{name} ({state})", "url": reverse("returns:file", args=[self.object.pk, format])}
            for format, name in FORMAT_NAMES.items()
            if format in self.kind.formats
        ]


class Read(Reading, AboutReturn, DetailPage):
    """All that a return says, as its files say it."""

    action, template_name = "returns.read", "returns/read.html"

    def get_heading(self) -> str:
        return "What the return says"

    def get_status(self) -> Status:
        status = Return.Status(self.object.status)
        return Status(status.label, STATUS_COLOURS[status])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not self.drawn:
            raise Http404
        return super().get_context_data(**{"sections": self.drawn["sections"], "stamp": self.drawn["stamp"], **kwargs})


class Receipt(Reading, AboutReturn, DetailPage):
    """What was certified, and by which hash its files are known."""

    action, template_name = "returns.read", "returns/receipt.html"

    def get_queryset(self) -> QuerySet[Return]:
        return super().get_queryset().filter(status__in=[Return.Status.CERTIFIED, Return.Status.SUPERSEDED])

    def get_heading(self) -> str:
        return f"{self.kind.title} certified"

    def get_facts(self) -> Sequence[Fact]:
        the_return = self.object
        facts = [
            Fact("Reference", the_return.reference),
            Fact("Period", str(self.scope)),
            *self.key_facts,
            Fact("Content hash (SHA-256)", the_return.content_hash),
        ]
        for row in the_return.documents.exclude(format="json").only("file_name", "sha256", "size", "the_return"):
            facts.append(Fact(row.file_name, f"SHA-256 {row.sha256}\n{row.size:,} bytes"))
        return facts

    def get_actions(self) -> Sequence[Link]:
        if not access.may(self.request.user, "returns.download"):
            return []
        files_of = [
            Link(f"Download the {name}", reverse("returns:file", args=[self.object.pk, format]))
            for format, name in (("xlsx", "workbook"), ("pdf", "PDF"))
            if format in self.kind.formats
        ]
        return [*files_of, Link("See the return", self.object.get_absolute_url(), secondary=True)]


class Take(AboutReturn, DetailPage):
    """A file of a return: the stored bytes of a certified one, else a draft made now and marked so."""

    action = "returns.download"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        the_return, format = self.object, kwargs["format"]
        if format not in self.kind.formats:
            raise Http404
        file = files.stored(the_return, format) if the_return.is_frozen else self._draft(format)
        files.take(the_return=the_return, file=file, by=request.user)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return HttpResponse(file.data, content_type=file.content_type, headers=headers)

    def _draft(self, format: str) -> files.File:
        the_return = self.object
        try:
            content = content_of(self.kind, self.scope, today=clock.today(), the_return=the_return)
        except Refused as refusal:
            raise Http404(str(refusal)) from None
        return files.render(content, files.draft_stamp(self.kind, content, the_return), (format,))[0]
