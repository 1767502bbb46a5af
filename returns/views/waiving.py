"""The pages of waivers: asked for, agreed to, taken back."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from board.views import ActPage, ConfirmPage, Fact, Link
from core.forms import day_in_words
from returns.forms import ReasonForm, WaiverForm
from returns.models import Return, Waiver
from returns.readiness import mark_of
from returns.views.shared import AboutReturn
from returns.waiving import agree, ask, may_agree, may_ask, may_withdraw, waivable, withdraw


class Ask(AboutReturn, ActPage):
    """Ask that the return may be signed although something is missing."""

    action, heading, button, form_class = "returns.waive", "Ask for a waiver", "Ask for the waiver", WaiverForm
    lead = (
        "The chief finance officer agrees or turns it down. The return says what was waived, by whom and why, and the "
        "next return waits for it."
    )
    success_message = "The waiver is asked for. The chief finance officer finds it among what there is to do."

    def allowed(self) -> bool:
        return super().allowed() and may_ask(self.object, self.request.user)

    def get_form_kwargs(self) -> dict[str, Any]:
        found = [(mark_of(item.words), item.words) for item in waivable(self.object)]
        return {**super().get_form_kwargs(), "items": found}

    def act(self, form: WaiverForm) -> Waiver:
        return ask(the_return=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_url(self, result: Any = None) -> str:
        return self.object.get_absolute_url()


class AboutWaiver(AboutReturn):
    """An act on one waiver of the return."""

    action = "returns.waive"

    def get_waiver(self) -> Waiver:
        rows: QuerySet[Waiver] = self.object.waivers.select_related("asked_by", "agreed_by")
        row = rows.filter(reference=self.kwargs["reference"]).first()
        if row is None:
            raise Http404
        row.the_return = self.object
        return row

    def get_success_url(self, result: Any = None) -> str:
        return self.object.get_absolute_url()


class Agree(AboutWaiver, ConfirmPage):
    """Agree that the return may be signed without it."""

    heading = button = "Agree to the waiver"

    def allowed(self) -> bool:
        return super().allowed() and may_agree(self.get_waiver(), self.request.user)

    def get_facts(self) -> list[Fact]:
        row = self.get_waiver()
        return [
            Fact("Waiver", row.reference),
            Fact("Return", self.object.reference),
            Fact("What is missing", row.words),
            Fact("Reason", row.reason),
            Fact("Asked for by", row.asked_by),
            Fact("Until", day_in_words(row.until)),
        ]

    def get_warning(self) -> str:
        return "The return may then be signed without it, and says so. The next return waits for it."

    def act(self, form: Any) -> Waiver:
        return agree(waiver=self.get_waiver(), by=self.request.user)

    def get_success_message(self, result: Waiver) -> str:
        return f"{result.reference} is agreed."


class Withdraw(AboutWaiver, ActPage):
    """Take a waiver back, or turn down one that was asked for."""

    form_class, button = ReasonForm, "Take it back"

    def allowed(self) -> bool:
        return super().allowed() and may_withdraw(self.get_waiver(), self.request.user)

    def get_heading(self) -> str:
        return f"Take back {self.get_waiver().reference}"

    def get_lead(self) -> str:
        return self.get_waiver().words

    def act(self, form: ReasonForm) -> Waiver:
        return withdraw(waiver=self.get_waiver(), by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Waiver) -> str:
        return f"{result.reference} is taken back."


def shown_of(the_return: Return, user: Any) -> list[dict[str, Any]]:
    """The waivers of a return for its page, each with what the person may do about it."""
    found = []
    for row in the_return.waivers.select_related("asked_by", "agreed_by").order_by("reference"):
        row.the_return = the_return
        links = []
        if may_agree(row, user):
            links.append(Link("Agree", reverse("returns:waiver-agree", args=[the_return.pk, row.reference])))
        if may_withdraw(row, user):
            words = "Take back" if row.is_agreed or row.asked_by_id == user.pk else "Turn down"
            links.append(Link(words, reverse("returns:waiver-withdraw", args=[the_return.pk, row.reference])))
        found.append({"waiver": row, "links": links})
    return found
