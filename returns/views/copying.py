"""The pages of the figures to copy: one by one into a portal, and the order in which it asks for them."""

from functools import cached_property
from typing import Any

from django.http import Http404
from django.urls import reverse

from board.models import User
from board.views import ActPage, Link
from returns import copying
from returns.content import Content
from returns.copying import Entry, Line
from returns.forms import CopyOrderForm, CopyTickForm
from returns.models import CopyOrder, Return
from returns.sending import is_sender
from returns.views.shared import AboutReturn, Reading


class AboutFigures(Reading, AboutReturn):
    """Pages that copy what a return says."""

    def said(self) -> Content:
        """What it says, or 404 where it is a draft or can say nothing."""
        if not copying.is_offered(self.object) or self.content is None:
            raise Http404
        return self.content

    @cached_property
    def lines(self) -> list[Line]:
        return copying.lines_of(self.object, self.said())


class Copy(AboutFigures, ActPage):
    """The figures in the portal's order, each to be copied and ticked."""

    action, heading, form_class, button = "returns.send", "Figures to copy", CopyTickForm, "Save the ticks"
    template_name = "returns/copy.html"

    def allowed(self) -> bool:
        return super().allowed() and copying.may_tick(self.object, self.request.user)

    def get_lead(self) -> str:
        if copying.latest_order(self.object.programme, self.object.kind) is None:
            return (
                "For a portal that takes no file. No order is arranged for this kind of return yet, so its key figures "
                "stand here as the return has them."
            )
        return "For a portal that takes no file. The figures stand in the order in which the portal asks for them."

    def get_actions(self) -> list[Link]:
        return [Link("Arrange the order", reverse("returns:copy-arrange", args=[self.object.pk]), secondary=True)]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "keys": [line.key for line in self.lines if line.stated]}

    def get_initial(self) -> dict[str, Any]:
        return {"shown": " ".join(line.key for line in self.lines if line.done)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form")
        typed = set(form.data.getlist("done")) if form is not None and form.is_bound else None
        rows = [{"line": line, "ticked": line.done if typed is None else line.key in typed} for line in self.lines]
        done = sum(line.done for line in self.lines)
        return super().get_context_data(**{"lines": rows, "done": done, **kwargs})

    def act(self, form: CopyTickForm) -> int:
        given = form.cleaned_data
        return copying.tick(
            the_return=self.object,
            content=self.said(),
            done=given["done"],
            shown_done=given["shown"].split(),
            by=self.request.user,
        )

    def get_success_message(self, result: int) -> str:
        return "The ticks are saved." if result else "No tick was changed."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("returns:copy", args=[self.object.pk])


class Arrange(AboutFigures, ActPage):
    """Which figures a portal asks for, in which order, and what it calls them."""

    action, heading, form_class, button = "returns.send", "Arrange the figures to copy", CopyOrderForm, "Save the order"
    template_name = "returns/copy_arrange.html"
    lead = (
        "The order serves every return of this kind. Number the figures as the portal asks for them; without a number "
        "a figure is left out. Add more from a part of this return."
    )

    def allowed(self) -> bool:
        return super().allowed() and is_sender(self.request.user, self.object)

    @cached_property
    def order(self) -> CopyOrder | None:
        return copying.latest_order(self.object.programme, self.object.kind)

    @cached_property
    def chosen(self) -> list[Entry]:
        """The lines of the order, or where there is none what is offered in its place."""
        return copying.entries_of(self.order) or [Entry(line.key) for line in self.lines]

    @cached_property
    def part(self) -> str:
        """The part of the return from which figures are added."""
        codes = [code for code, _ in self.parts]
        asked = self.request.GET.get("part", "")
        return asked if asked in codes else codes[0]

    @cached_property
    def parts(self) -> list[tuple[str, str]]:
        return [(row.code, row.title) for row in self.said().sections if row.facts or row.table]

    def get_form_kwargs(self) -> dict[str, Any]:
        found = {**super().get_form_kwargs(), "entries": self.chosen, "where": self.where}
        taken = {entry.key for entry in self.chosen}
        offered = [key for key in self.where if key.split("/")[1] == self.part and key not in taken]
        return {**found, "offered": offered}

    @cached_property
    def where(self) -> dict[str, str]:
        """By key, where each figure of the return stands in words, with what it says."""
        return copying.places_of(self.said())

    def get_initial(self) -> dict[str, Any]:
        return {"seen": self.order.number if self.order else 0}

    def get_back_url(self) -> str:
        return reverse("returns:copy", args=[self.object.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"parts": self.parts, "part": self.part, **kwargs})

    def act(self, form: CopyOrderForm) -> CopyOrder:
        given = form.cleaned_data
        return copying.arrange(
            the_return=self.object,
            content=self.said(),
            entries=given["entries"],
            seen=given["seen"],
            by=self.request.user,
        )

    def get_success_message(self, result: CopyOrder) -> str:
        return f"Order {result.number} is saved."

    def get_success_url(self, result: Any = None) -> str:
        return self.request.get_full_path()


def copy_links(the_return: Return, user: User) -> list[Link]:
    """Where the figures are copied from, for those who deal with a portal."""
    if not copying.may_tick(the_return, user):
        return []
    return [Link("Figures to copy", reverse("returns:copy", args=[the_return.pk]), secondary=True)]
