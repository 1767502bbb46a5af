"""What the pages of one return share: the row, its content, its tables."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from board import clock
from board.access import AUDITOR, is_of_recipient, may
from board.models import User
from board.views import Fact, Link
from core.problems import Refused
from funding.models import Claim
from returns import certifying, files
from returns.content import Content, Figure, figure_words
from returns.document import preview
from returns.filling.register import fits
from returns.kinds import content_of, kind_of
from returns.kinds.scope import Scope, scope_of
from returns.kinds.shape import Kind, Step, stored_content
from returns.models import FunderTemplate, Return

BUTTONS = {"prepare": "Prepare and sign", "check": "Check and sign", "make firm": "Make the figures firm"}


class AboutReturn:
    """Pages about one return."""

    # True on the page that the other pages of the return lead back to.
    is_its_page = False
    object: Return
    request: HttpRequest
    kwargs: dict[str, Any]

    def get_queryset(self) -> QuerySet[Return]:
        rows = Return.objects.visible_to(self.request.user)
        return rows.select_related(*certifying.RELATED)

    def get_section(self) -> str:
        return str(self.scope)

    def get_breadcrumbs(self) -> Sequence[Link]:
        quarter = self.object.last_quarter
        links = [Link("Returns", reverse("returns:returns"))]
        if is_of_recipient(self.request.user, self.object.programme) or self.request.user.acting.kind == AUDITOR:
            links.append(Link(str(quarter), reverse("returns:quarter", args=[quarter.pk])))
        else:
            links.append(Link("Statements", reverse("returns:statements")))
        return links if self.is_its_page else [*links, Link(self.object.reference, self.get_back_url())]

    def get_back_url(self) -> str:
        return self.object.get_absolute_url()

    @cached_property
    def kind(self) -> Kind:
        return kind_of(self.object.kind)

    @cached_property
    def scope(self) -> Scope:
        return scope_of(self.object)


class SavesOver:
    """A form whose row somebody else may change meanwhile: it shows what stands now, and may then be sent over it.

    `reread` names what the page keeps of the row; the form has its version as `version`.
    """

    reread: tuple[str, ...] = ("object",)

    def form_invalid(self, form: Any) -> HttpResponse:
        if form.has_error(NON_FIELD_ERRORS, "version"):
            for kept in self.reread:
                self.__dict__.pop(kept, None)
            form.data = form.data.copy()
            form.data[form.add_prefix("version")] = str(self.get_initial()["version"])  # type: ignore[attr-defined]
        return super().form_invalid(form)  # type: ignore[misc]


class Reading:
    """Pages that show what a return says."""

    object: Return
    kind: Kind
    scope: Scope

    @cached_property
    def content(self) -> Content | None:
        """What was certified, or what the record says now; none where it cannot be made, which readiness explains."""
        the_return = self.object
        if the_return.is_frozen:
            return stored_content(the_return)
        try:
            return content_of(self.kind, self.scope, today=clock.today(), the_return=the_return)
        except Refused:
            return None

    @property
    def key_facts(self) -> list[Fact]:
        """What a signer should see of it at a glance: its sentence, and its first figures."""
        section = self.content.sections[0] if self.content else None
        if section is None:
            return []
        said = [Fact("It says", section.paragraphs[0])] if section.paragraphs else []
        return [*said, *(Fact(fact.label, figure_words(fact.figure)) for fact in section.facts[:3])]

    @cached_property
    def drawn(self) -> dict[str, Any]:
        """The context of what it says; empty where there is no content."""
        content = self.content
        if content is None:
            return {}
        stamp = files.draft_stamp(self.kind, content, self.object)
        return preview(content, stamp, link=lambda figure: figure_url(self.object, figure))


def figure_url(the_return: Return, figure: Figure) -> str:
    """The page of what a number of a return rests on; empty for what rests on nothing."""
    if not figure.is_number or not figure.trace:
        return ""
    return reverse("returns:trace", args=[the_return.pk, *figure.key.split("/")[1:]])


def return_link(user: Any, claim: Claim) -> Link | None:
    """From a claim's page to the return that asks for it, for those who may read returns."""
    if not may(user, "returns.read"):
        return None
    series = Return.objects.visible_to(user).filter(kind=Return.CLAIM, last_quarter=claim.quarter_id)
    found = series.filter(reference=claim.reference).first()
    return Link("See its return", found.get_absolute_url(), secondary=True) if found else None


def return_url(user: User, reference: str) -> str:
    """The page of a return for those who may open it; empty for everybody else."""
    found = Return.objects.visible_to(user).filter(reference=reference).first() if may(user, "returns.read") else None
    return found.get_absolute_url() if found else ""


def template_links(the_return: Return, user: Any) -> list[Link]:
    """From a return to each of the funder's workbooks that is mapped and for it, for those who may read them."""
    if not may(user, "templates.read"):
        return []
    rows = FunderTemplate.objects.visible_to(user).filter(programme_id=the_return.programme_id, kind=the_return.kind)
    return [
        Link(f"In the funder’s workbook: {row}", reverse("returns:template-try", args=[row.pk, the_return.pk]), True)
        for row in rows.filter(maps__isnull=False).distinct()
        if fits(row, the_return)
    ]


def button_words(step: Step) -> str:
    """What the button of a signature says."""
    return BUTTONS.get(step.verb, step.verb.capitalize())
