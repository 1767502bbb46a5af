"""The pages of deputies: who may sign for a chief finance officer, until when, and under which authority."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from board import clock, events, files
from board.delegating import candidates, delegate, may_delegate, withdraw
from board.downloads import as_download
from board.models import Delegation, User
from board.uploads import TakesUpload
from board.views import ActPage, DetailPage, Fact, Link, ListPage, Page, Status
from config.tables import DelegationTable
from core.forms import ActForm, DayField, UploadField, day_in_words, moment_in_words
from core.problems import Refused

CRUMB = "Deputies"
COLOURS = {"In force": "green", "Not begun": "blue", "Ended": "grey", "Withdrawn": "orange"}
# The letter of authority as a scan or as it was written; what it holds is looked at when it is stored.
LETTERS = (".pdf", ".jpg", ".jpeg", ".png", ".docx")


def visible(user: User) -> QuerySet[Delegation]:
    return Delegation.objects.visible_to(user).select_related(
        "role__user", "role__organisation", "role__programme", "given_by", "withdrawn_by", "authority"
    )


class DeputyForm(ActForm):
    """Whom, from when to when, and the paper that says so."""

    deputy = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label="Who signs for you",
        empty_label="Choose a colleague",
        help_text="Somebody of your organisation who has an account. They keep their own roles.",
    )
    starts_on = DayField(label="First day")
    ends_on = DayField(label="Last day")
    file = UploadField(
        kinds=LETTERS,
        label="Written authority",
        help_text="The letter that you signed, as a PDF, a scan or a document.",
    )

    def __init__(self, *args: Any, by: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if by is not None:
            self.fields["deputy"].queryset = candidates(by)


class WithdrawForm(ActForm):
    """Why it ends before its last day."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), label="Reason")


class DeputyList(ListPage):
    """Those of the person's organisation, and for auditors of whom they audit."""

    action, heading = "deputies.read", "Deputies"
    lead = "Who may sign for a chief finance officer, from when to when, and under which written authority."
    table_class = DelegationTable

    def get_queryset(self) -> QuerySet[Delegation]:
        return visible(self.request.user)

    def get_actions(self) -> Sequence[Link]:
        return [Link("Name a deputy", reverse("name-deputy"))] if may_delegate(self.request.user) else []


class DeputyPage(DetailPage):
    """One delegation, with its paper."""

    action, lookup, section = "deputies.read", "reference", CRUMB

    def get_queryset(self) -> QuerySet[Delegation]:
        return visible(self.request.user)

    def get_heading(self) -> str:
        return self.object.role.user.name

    def get_lead(self) -> str:
        return f"{self.object.reference}: signs as “{self.object.role.capacity}”."

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link(CRUMB, reverse("deputies"))]

    def get_status(self) -> Status:
        standing = self.object.standing_on(clock.today())
        return Status(standing, COLOURS[standing])

    def get_actions(self) -> Sequence[Link]:
        links = [
            Link("Download the written authority", reverse("deputy-authority", args=[self.object.reference]), True)
        ]
        if may_withdraw(self.request.user, self.object, clock.today()):
            links.append(Link("Withdraw it now", reverse("withdraw-deputy", args=[self.object.reference])))
        return links

    def get_facts(self) -> Sequence[Fact]:
        row, role = self.object, self.object.role
        facts = [
            Fact("For", f"Chief finance officer, {role.organisation}"),
            Fact("Programme", role.programme or "Every programme"),
            Fact("First day", day_in_words(role.starts_on)),
            Fact("Last day", day_in_words(role.ends_on)),
            Fact("Named by", row.given_by),
            Fact("Named", moment_in_words(row.given_at)),
            Fact("Written authority", row.authority.name),
            Fact("SHA-256", row.authority.sha256),
        ]
        if role.withdrawn_at is not None:
            facts += [
                Fact("Withdrawn", f"{moment_in_words(role.withdrawn_at)} by {row.withdrawn_by}"),
                Fact("Reason", row.withdrawn_reason),
            ]
        return facts


def may_withdraw(user: User, delegation: Delegation, day: date) -> bool:
    """Whether there is still something to withdraw, and the person may do it."""
    own = user.acting is not None and delegation.role.organisation_id == user.acting.organisation_id
    return own and may_delegate(user) and delegation.standing_on(day) in ("In force", "Not begun")


class OfChiefFinanceOfficers:
    """An act of a chief finance officer in their own right."""

    action = "deputies.name"

    def allowed(self) -> bool:
        return super().allowed() and may_delegate(self.request.user)


class NameDeputy(OfChiefFinanceOfficers, TakesUpload):
    """Whom, when, and the paper, on one page."""

    heading, section, button = "Name a deputy", CRUMB, "Name the deputy"
    lead = (
        "The deputy signs in your place between the two days, and every certificate says so. Nobody signs a return "
        "twice: who prepared or checked one cannot certify it for you."
    )
    form_class = DeputyForm
    too_large = "The file is too large: the most that is taken is {limit} MB. Send a smaller scan of it"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link(CRUMB, reverse("deputies"))]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.request.user}

    def get_back_url(self) -> str:
        return reverse("deputies")

    def act(self, form: DeputyForm) -> Delegation:
        given = form.cleaned_data
        return delegate(
            deputy=given["deputy"],
            starts_on=given["starts_on"],
            ends_on=given["ends_on"],
            authority=self.keep(given["file"]),
            by=self.request.user,
        )

    def get_success_message(self, result: Delegation) -> str:
        return f"{result.role.user} may sign for you from {day_in_words(result.role.starts_on)}."


class WithdrawDeputy(OfChiefFinanceOfficers, ActPage):
    """End it before its last day."""

    lookup, section, button = "reference", CRUMB, "Withdraw it now"
    form_class = WithdrawForm

    def get_queryset(self) -> QuerySet[Delegation]:
        return visible(self.request.user)

    def allowed(self) -> bool:
        return super().allowed() and may_withdraw(self.request.user, self.object, clock.today())

    def get_heading(self) -> str:
        return f"Withdraw {self.object.reference}"

    def get_lead(self) -> str:
        return f"{self.object.role.user} can sign nothing for you from now on. What they signed stands."

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link(CRUMB, reverse("deputies")), Link(self.object.reference, self.object.get_absolute_url())]

    def act(self, form: WithdrawForm) -> Delegation:
        return withdraw(delegation=self.object, reason=form.cleaned_data["reason"], by=self.request.user)

    def get_success_message(self, result: Delegation) -> str:
        return f"{result.reference} is withdrawn."


class Authority(Page):
    """The written authority itself, as it was uploaded; each download is on record."""

    action = "deputies.read"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        row = get_object_or_404(visible(request.user), reference=kwargs["reference"])
        try:
            data = files.content_of(row.authority)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(row)
        words = f"SHA-256 {row.authority.sha256}"
        events.record("deputy.download", row.reference, by=request.user, words=words, programme=row.role.programme)
        return as_download(row.authority, data)
