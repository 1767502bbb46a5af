"""The pages of quarters and their returns: what is missing, closing, writing, signing, files."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from board import access, clock, quarters
from board.models import Programme, Quarter, Role
from board.quarters import MONEY, RESULTS
from board.views import ActPage, ConfirmPage, DetailPage, Fact, Link, ListPage, Status
from core.problems import Refused
from core.tables import Table
from funding.models import Claim
from returns import certifying, closing, files
from returns.content import Content, short_hash
from returns.document import preview
from returns.filters import QuarterFilters
from returns.forms import CommentaryForm, ReasonForm, ReopeningForm, RevisionForm
from returns.kinds import KINDS, content_of, kind_of, stored_content
from returns.kinds.shape import Kind, Step
from returns.models import Commentary, Return
from returns.readiness import Item, readiness
from returns.tables import STATUS_COLOURS, DownloadTable, QuarterTable, RevisionTable, SignatureTable

WHAT = {MONEY: "spend", RESULTS: "results"}


def quarters_of(user: Any) -> QuerySet[Quarter]:
    """The quarters whose returns a person may look into: of the recipient's programmes, or all for an auditor."""
    role = user.acting
    rows = Quarter.objects.filter(programme__in=Programme.objects.visible_to(user))
    if role.kind != Role.Kind.AUDITOR:
        rows = rows.filter(programme__recipient=role.organisation)
    return rows.select_related("programme__recipient", "year")


class QuarterList(ListPage):
    """All quarters with the returns that were made of them."""

    action, heading = "returns.read", "Returns"
    lead = "Each quarter is closed, then its returns are prepared, checked and certified."
    table_class, filterset_class = QuarterTable, QuarterFilters

    def get_queryset(self) -> QuerySet[Quarter]:
        shown = Return.objects.visible_to(self.request.user)
        claimed = Claim.objects.visible_to(self.request.user).in_force()
        return quarters_of(self.request.user).prefetch_related(
            Prefetch("returns_to", queryset=shown, to_attr="shown_returns"),
            Prefetch("claims", queryset=claimed, to_attr="shown_claims"),
        )


class QuarterPage(DetailPage):
    """One quarter: what is closed, what is missing for each return, and what can be done."""

    action, template_name = "returns.read", "returns/quarter.html"

    def get_queryset(self) -> QuerySet[Quarter]:
        return quarters_of(self.request.user)

    def get_section(self) -> str:
        return self.object.programme.name

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Returns", reverse("returns:returns"))]

    def get_facts(self) -> Sequence[Fact]:
        quarter = self.object
        facts = [
            Fact("Programme", quarter.programme.code),
            Fact("Results due from suppliers", f"{quarter.provider_due_on:%-d %B %Y}"),
            Fact("To be checked by", f"{quarter.check_due_on:%-d %B %Y}"),
            Fact("To be certified by", f"{quarter.certify_due_on:%-d %B %Y}"),
        ]
        for what, name in WHAT.items():
            if _takes(quarter, what):
                facts.append(Fact(name.capitalize(), _standing(quarter, what), tag=_colour(quarter, what)))
        return facts

    def get_actions(self) -> Sequence[Link]:
        quarter, user, links = self.object, self.request.user, []
        if not access.may(user, "quarters.close") or not access.is_of_recipient(user, quarter.programme):
            return []
        for what, name in WHAT.items():
            if not _takes(quarter, what):
                continue
            closed = quarters.closed_at(quarter, what) is not None
            if not closed or closing.needs_closing_again(quarter, what):
                again = " again" if closed else ""
                links.append(Link(f"Close for {name}{again}", reverse("returns:close", args=[quarter.pk, what])))
            else:
                url = reverse("returns:reopen", args=[quarter.pk, what])
                links.append(Link(f"Reopen for {name}", url, secondary=True))
        return links

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"returns": [self._return(kind) for kind in self._kinds()], **kwargs})

    def _kinds(self) -> list[Kind]:
        return [kind for kind in KINDS.values() if self.object.kind in kind.quarter_kinds]

    def _return(self, kind: Kind) -> dict[str, Any]:
        """One return of the quarter: its latest revision, what it waits for, and where it is begun."""
        quarter, user = self.object, self.request.user
        series = certifying.series_of(kind.code, quarter.programme, quarter)
        latest = series[-1] if series else None
        paper = certifying.claimed_on_paper(quarter) if kind.code == "claim" else None
        begin = ""
        if latest is None and paper is None and certifying.may_begin(quarter.programme, user):
            begin = reverse("returns:begin", args=[quarter.pk, kind.code])
        return {
            "kind": kind,
            "latest": latest,
            "colour": STATUS_COLOURS[Return.Status(latest.status)] if latest else "",
            "paper": paper,
            "groups": [] if paper or (latest and latest.is_frozen) else groups(items_of(quarter, kind), user),
            "begin": begin,
        }


def items_of(quarter: Quarter, kind: Kind) -> list[Item]:
    """What a return waits for; where the record cannot even be read for it, that."""
    try:
        return readiness(quarter.programme, quarter, kind.code, clock.today())
    except Refused as refusal:
        return [Item(problem.code, problem.message, "blocking") for problem in refusal.problems]


def groups(items: Sequence[Item], user: Any) -> list[tuple[str, list[Item]]]:
    """The items under their headings, empty ones left out; a link only where the person may go there and act."""
    items = [item if not item.action or access.may(user, item.action) else replace(item, url_name="") for item in items]
    titles = (("blocking", "Must be put right first"), ("warning", "Worth a look"), ("information", "For information"))
    found = [(title, [item for item in items if item.weight == weight]) for weight, title in titles]
    return [(title, rows) for title, rows in found if rows]


def _takes(quarter: Quarter, what: str) -> bool:
    never = Quarter.Kind.FOLLOW_UP if what == MONEY else Quarter.Kind.CLOSING
    return quarter.kind != never


def _standing(quarter: Quarter, what: str) -> str:
    closed = quarters.closed_at(quarter, what)
    if quarters.is_open(quarter, what, clock.now()):
        return "Reopened" if closed else "Open"
    return f"Closed on {closed:%-d %B %Y}" if closed else "Not begun"


def _colour(quarter: Quarter, what: str) -> str:
    if quarters.closed_at(quarter, what) is None:
        return "light-blue"
    return "yellow" if quarters.is_open(quarter, what, clock.now()) else "grey"


class AboutQuarter:
    """Pages that act on a quarter and lead back to it."""

    object: Quarter
    request: HttpRequest
    kwargs: dict[str, Any]

    def get_queryset(self) -> QuerySet[Quarter]:
        return quarters_of(self.request.user)

    def allowed(self) -> bool:
        return super().allowed()  # type: ignore[misc]

    def get_section(self) -> str:
        return str(self.object)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Returns", reverse("returns:returns")), Link(str(self.object), self.get_back_url())]

    def get_back_url(self) -> str:
        return reverse("returns:quarter", args=[self.object.pk])

    def get_success_url(self, result: Any = None) -> str:
        return self.get_back_url()

    @cached_property
    def what(self) -> str:
        """Money or results, as the address says; 404 for anything else, or what the quarter never takes."""
        what = self.kwargs["what"]
        if what not in WHAT or not _takes(self.object, what):
            raise Http404
        return what


class Close(AboutQuarter, ConfirmPage):
    """Close a quarter for spend or for results."""

    action, button, danger = "quarters.close", "Close", True
    template_name = "returns/close.html"

    def get_heading(self) -> str:
        return f"Close for {WHAT[self.what]}"

    def get_warning(self) -> str:
        if self.what == RESULTS:
            return "After this, suppliers can no longer fill in or change results. Late ones are taken with a reason."
        into = closing.into_which(self.object)
        if into is None:
            return (
                "After this, nothing more of the year can be recorded for the claim; what follows is its final claim."
            )
        return f"After this, nothing is recorded in the quarter. Its accruals are reversed into {into}."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kind = next(row for row in KINDS.values() if row.closes == self.what)
        waiting = [item for item in items_of(self.object, kind) if item.code != "closed"]
        return super().get_context_data(**{"groups": groups(waiting, self.request.user), **kwargs})

    def act(self, form: Any) -> Quarter:
        return closing.close(quarter=self.object, what=self.what, by=self.request.user)

    def get_success_message(self, result: Quarter) -> str:
        return f"{result} is closed for {WHAT[self.what]}."


class Reopen(AboutQuarter, ActPage):
    """Open a closed quarter again until a day."""

    action, button, form_class = "quarters.reopen", "Reopen", ReopeningForm

    def get_heading(self) -> str:
        return f"Reopen for {WHAT[self.what]}"

    def act(self, form: ReopeningForm) -> Any:
        return closing.reopen(quarter=self.object, what=self.what, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Any) -> str:
        return f"{self.object} is open again for {WHAT[self.what]}. It shuts by itself."


class Begin(AboutQuarter, ConfirmPage):
    """Begin a return of a quarter."""

    action, button = "returns.write", "Begin the return"

    @cached_property
    def kind(self) -> Kind:
        kind = KINDS.get(self.kwargs["kind"])
        if kind is None or self.object.kind not in kind.quarter_kinds:
            raise Http404
        return kind

    def get_heading(self) -> str:
        return self.kind.title

    def get_warning(self) -> str:
        return "The draft shows the record as it stands; its figures follow the record until the return is certified."

    def act(self, form: Any) -> Return:
        quarter = self.object
        return certifying.open_return(
            kind=self.kind.code, programme=quarter.programme, quarter=quarter, by=self.request.user
        )

    def get_success_url(self, result: Any = None) -> str:
        return result.get_absolute_url() if result else self.get_back_url()


class AboutReturn:
    """Pages about one return."""

    object: Return
    request: HttpRequest
    kwargs: dict[str, Any]

    def get_queryset(self) -> QuerySet[Return]:
        rows = Return.objects.visible_to(self.request.user)
        return rows.select_related("programme__recipient", "last_quarter__programme", "last_quarter__year")

    def get_section(self) -> str:
        return str(self.object.last_quarter)

    def get_breadcrumbs(self) -> Sequence[Link]:
        quarter = self.object.last_quarter
        links = [
            Link("Returns", reverse("returns:returns")),
            Link(str(quarter), reverse("returns:quarter", args=[quarter.pk])),
        ]
        return links if type(self) is ReturnPage else [*links, Link(self.object.reference, self.get_back_url())]

    def get_back_url(self) -> str:
        return self.object.get_absolute_url()

    @cached_property
    def kind(self) -> Kind:
        return kind_of(self.object.kind)


class Reading:
    """Pages that show what a return says."""

    object: Return
    kind: Kind

    @cached_property
    def content(self) -> Content | None:
        """What was certified, or what the record says now; none where it cannot be made, which readiness explains."""
        the_return = self.object
        if the_return.is_frozen:
            return stored_content(the_return)
        try:
            return content_of(
                self.kind, the_return.programme, the_return.last_quarter, today=clock.today(), the_return=the_return
            )
        except Refused:
            return None

    @cached_property
    def drawn(self) -> dict[str, Any]:
        """The context of what it says; empty where there is no content."""
        content = self.content
        return {} if content is None else preview(content, files.draft_stamp(self.kind, content, self.object))


class ReturnPage(Reading, AboutReturn, DetailPage):
    """One return: status, what it waits for, its words, its files and its key figures."""

    action, template_name = "returns.read", "returns/return.html"

    def get_heading(self) -> str:
        return self.kind.title

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
        step = self.kind.next_step(the_return.status)
        if step:
            facts.append(Fact("Waits for", step.asked(the_return.programme).asked_of))
        return facts

    def get_actions(self) -> Sequence[Link]:
        the_return, user, links = self.object, self.request.user, []
        step = self.kind.next_step(the_return.status)
        if step and not certifying.signing_problems(the_return, step.act, user):
            links.append(Link(_button(step), reverse("returns:sign", args=[the_return.pk, step.act])))
        if certifying.may_send_back(the_return, user):
            links.append(Link("Send back", reverse("returns:send-back", args=[the_return.pk]), secondary=True))
        if certifying.may_revise(the_return, user) and self._is_latest():
            links.append(Link("Revise", reverse("returns:revise", args=[the_return.pk]), secondary=True))
        return links

    def _is_latest(self) -> bool:
        return self._series()[-1].pk == self.object.pk

    def _series(self) -> list[Return]:
        return certifying.series_of(self.object.kind, self.object.programme, self.object.last_quarter)

    def get_tables(self) -> Sequence[Table]:
        found = self.object.signatures.select_related("organisation").order_by("signed_at")
        signed = [files.given(self.kind, row) for row in found]
        series = self._series()
        taken = self.object.downloads.select_related("by")[:20]
        tables: list[Table] = [SignatureTable(signed, prefix="signatures-")]
        if len(series) > 1:
            tables.append(RevisionTable(series, prefix="revisions-"))
        return [*tables, DownloadTable(list(taken), prefix="files-")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        the_return = self.object
        shown: dict[str, Any] = {"groups": []}
        if not the_return.is_frozen:
            shown["groups"] = groups(items_of(the_return.last_quarter, self.kind), self.request.user)
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
            for format, name in (("xlsx", "Excel workbook"), ("pdf", "PDF document"))
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


def _button(step: Step) -> str:
    return {"prepare": "Prepare and sign", "check": "Check and sign", "certify": "Certify", "sign": "Sign"}[step.verb]


class Write(AboutReturn, ActPage):
    """Write one part of a return, with last quarter's words beside it."""

    action, template_name, form_class = "returns.write", "returns/write.html", CommentaryForm
    success_message = "Your words are saved."

    @cached_property
    def part(self) -> Any:
        """The part of the return, or 404."""
        for part in self.kind.written:
            if part.code == self.kwargs["section"]:
                return part
        raise Http404

    def get_heading(self) -> str:
        return self.part.title

    def get_lead(self) -> str:
        return self.part.hint

    def get_initial(self) -> dict[str, Any]:
        row = self.object.commentaries.filter(section=self.part.code).first()
        return {"words": row.words, "version": row.version} if row else {}

    def act(self, form: CommentaryForm) -> Commentary:
        return certifying.write_commentary(
            the_return=self.object,
            section=self.part.code,
            words=form.cleaned_data["words"],
            seen_version=form.cleaned_data["version"],
            by=self.request.user,
        )

    def get_success_url(self, result: Any = None) -> str:
        return self.object.get_absolute_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        before = certifying.words_before(self.object, self.part.code)
        return super().get_context_data(**{"before": before, **kwargs})


class Sign(AboutReturn, ConfirmPage):
    """Give a signature: prepare, check or certify."""

    action = "returns.sign"

    def allowed(self) -> bool:
        """Each signature is asked of one role."""
        return super().allowed() and self.request.user.acting.kind == self.step.role

    @cached_property
    def step(self) -> Step:
        try:
            return self.kind.step(self.kwargs["act"])
        except KeyError:
            raise Http404 from None

    def get_heading(self) -> str:
        return _button(self.step)

    @property
    def button(self) -> str:
        return _button(self.step)

    def get_warning(self) -> str:
        return self.step.statement

    def get_facts(self) -> Sequence[Fact]:
        the_return = self.object
        facts = [Fact("Return", the_return.reference)]
        if the_return.content_hash:
            facts.append(Fact("Content that you sign", short_hash(the_return.content_hash)))
        facts.append(Fact("You sign as", f"{self.request.user.name}, {self.request.user.acting}"))
        return facts

    def act(self, form: Any) -> Return:
        signing = {"prepare": certifying.prepare, "check": certifying.check, "certify": certifying.certify}
        return signing[self.step.act](the_return=self.object, by=self.request.user)

    def get_success_message(self, result: Return) -> str:
        return "" if result.is_frozen else f"{result.reference} is {result.get_status_display().lower()}."

    def get_success_url(self, result: Any = None) -> str:
        if result is not None and result.is_frozen:
            return reverse("returns:receipt", args=[result.pk])
        return self.object.get_absolute_url()


class SendBack(AboutReturn, ActPage):
    """Send a signed return back to its writers."""

    action, heading, button, form_class = "returns.sign", "Send back", "Send back", ReasonForm
    lead = "The return becomes a draft again and its signatures fall. The record keeps that they were given."

    def act(self, form: ReasonForm) -> Return:
        return certifying.send_back(the_return=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Return) -> str:
        return f"{result.reference} is a draft again."


class Revise(AboutReturn, ActPage):
    """Begin the next revision of a certified return."""

    action, heading, button, form_class = "returns.write", "Revise", "Begin the revision", RevisionForm
    lead = (
        "A certified return is never changed. A revision takes its place once it is signed, and lists what it changed. "
        "It is for wording, results or presentation; money is put right in the open quarter."
    )

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "of_claim": self.object.kind == "claim"}

    def act(self, form: RevisionForm) -> Return:
        return certifying.revise(the_return=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Return) -> str:
        return f"{result.reference} is begun."


class Receipt(AboutReturn, DetailPage):
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
            Fact("Period", str(the_return.last_quarter)),
            Fact("Content hash (SHA-256)", the_return.content_hash),
        ]
        for row in the_return.documents.exclude(format="json").only("file_name", "sha256", "size", "the_return"):
            facts.append(Fact(row.file_name, f"SHA-256 {row.sha256}\n{row.size:,} bytes"))
        return facts

    def get_actions(self) -> Sequence[Link]:
        if not access.may(self.request.user, "returns.download"):
            return []
        return [
            Link("Download the workbook", reverse("returns:file", args=[self.object.pk, "xlsx"])),
            Link("Download the PDF", reverse("returns:file", args=[self.object.pk, "pdf"])),
            Link("See the return", self.object.get_absolute_url(), secondary=True),
        ]


class Take(AboutReturn, DetailPage):
    """A file of a return: the stored bytes of a certified one, else a draft made now and marked so."""

    action = "returns.download"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        the_return, format = self.object, kwargs["format"]
        if format not in ("xlsx", "pdf"):
            raise Http404
        file = files.stored(the_return, format) if the_return.is_frozen else self._draft(format)
        files.take(the_return=the_return, file=file, by=request.user)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return HttpResponse(file.data, content_type=file.content_type, headers=headers)

    def _draft(self, format: str) -> files.File:
        the_return = self.object
        try:
            content = content_of(
                self.kind, the_return.programme, the_return.last_quarter, today=clock.today(), the_return=the_return
            )
        except Refused as refusal:
            raise Http404(str(refusal)) from None
        return files.render(content, files.draft_stamp(self.kind, content, the_return), (format,))[0]
