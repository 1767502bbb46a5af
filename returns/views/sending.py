"""The pages on which a certified return is recorded as sent to the funder, and as accepted there."""

from typing import Any

from django.http import Http404
from django.urls import reverse

from board import clock
from board.models import User
from board.views import ActPage, Fact, Link
from core.forms import day_in_words
from core.money import in_words
from funding.models import Claim
from returns.forms import AcceptanceForm, DispatchForm, TakeBackForm
from returns.models import Dispatch, Return
from returns.sending import (
    NOT_SENT,
    accept,
    dispatch_of,
    may_accept,
    may_send,
    may_take_back,
    send,
    standing_with_funder,
    take_back,
)
from returns.views.shared import AboutReturn


class Send(AboutReturn, ActPage):
    """Record that the return was sent."""

    action, heading, button, form_class = "returns.send", "Record as sent to the funder", "Record as sent", DispatchForm
    lead = "Nothing is sent from here. Send the files in the way that the funder asks for, then say when and how."
    success_message = "The return is recorded as sent."

    def allowed(self) -> bool:
        return super().allowed() and may_send(self.object, self.request.user)

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "sent_on": clock.today()}

    def act(self, form: DispatchForm) -> Dispatch:
        return send(the_return=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_url(self, result: Any = None) -> str:
        return self.object.get_absolute_url()


class AboutDispatch(AboutReturn):
    """An act on what was recorded as sent."""

    action = "returns.send"

    def get_dispatch(self) -> Dispatch:
        row = dispatch_of(self.object)
        if row is None:
            raise Http404
        return row

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "version": self.get_dispatch().version}  # type: ignore[misc]

    def get_success_url(self, result: Any = None) -> str:
        return self.object.get_absolute_url()


class Accept(AboutDispatch, ActPage):
    """Record that the funder accepted it."""

    heading, button, form_class = "Record as accepted by the funder", "Record as accepted", AcceptanceForm
    success_message = "The return is recorded as accepted."

    def allowed(self) -> bool:
        return super().allowed() and may_accept(self.object, self.request.user)

    def get_lead(self) -> str:
        return how_sent(self.get_dispatch())

    def act(self, form: AcceptanceForm) -> Dispatch:
        given = form.cleaned_data
        return accept(
            dispatch=self.get_dispatch(),
            accepted_on=given["accepted_on"],
            acceptance_reference=given["acceptance_reference"],
            seen_version=given["version"],
            by=self.request.user,
        )


class TakeBack(AboutDispatch, ActPage):
    """Take back what was recorded by mistake."""

    heading, button, form_class = "Not sent after all", "Take it back", TakeBackForm
    success_message = "The return counts as not sent. What was recorded stays on record as taken back."

    def allowed(self) -> bool:
        return super().allowed() and may_take_back(self.object, self.request.user)

    def get_lead(self) -> str:
        return how_sent(self.get_dispatch())

    def act(self, form: TakeBackForm) -> Dispatch:
        given = form.cleaned_data
        return take_back(
            dispatch=self.get_dispatch(),
            reason=given["reason"],
            seen_version=given["version"],
            by=self.request.user,
        )


def how_sent(row: Dispatch) -> str:
    """ "Sent on 27 July 2023. In the funder’s portal, reference HO-1."."""
    reference = f", reference {row.funder_reference}" if row.funder_reference else ""
    return f"Sent on {day_in_words(row.sent_on)}. {row.get_way_display()}{reference}."


def sending_facts(the_return: Return, claim: Claim | None) -> list[Fact]:
    """Where a certified return stands with the funder, and what was paid of its claim."""
    standing = standing_with_funder(the_return)
    if not standing:
        return []
    row = dispatch_of(the_return)
    facts = [Fact("Sent to the funder", how_sent(row) if row else NOT_SENT)]
    if row and row.accepted_on is not None:
        reference = f", reference {row.acceptance_reference}" if row.acceptance_reference else ""
        facts.append(Fact("Accepted by the funder", f"{day_in_words(row.accepted_on)}{reference}"))
    elif row:
        said = ("Accepted by the funder", "Not yet") if standing.startswith("Sent on") else ("Since then", standing)
        facts.append(Fact(*said))
    if claim is not None and claim.amount > 0:
        owed = claim.still_owed()
        still = f"; {in_words(owed)} is still owed" if owed else ""
        facts.append(Fact("Paid", f"{in_words(claim.received())} of {in_words(claim.amount)}{still}"))
    for lost in the_return.dispatches.exclude(withdrawn_at=None):
        words = f"{how_sent(lost)} Taken back on {day_in_words(lost.withdrawn_at)}: {lost.withdrawn_reason}"
        facts.append(Fact("Recorded by mistake", words))
    return facts


def sending_links(the_return: Return, user: User) -> list[Link]:
    """What the person may record about its way to the funder."""
    links = []
    if may_send(the_return, user):
        links.append(Link("Record as sent", reverse("returns:send", args=[the_return.pk])))
    if may_accept(the_return, user):
        links.append(Link("Record as accepted", reverse("returns:accept", args=[the_return.pk])))
    if may_take_back(the_return, user):
        links.append(Link("Not sent after all", reverse("returns:send-withdraw", args=[the_return.pk]), secondary=True))
    return links
