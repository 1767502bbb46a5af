"""The page classes with this board's permissions: a page declares its action and may() decides."""

from typing import Any

from django import forms
from django.contrib import messages

from board import carrying, events
from board.access import may
from core import views as core_views
from core.views import Fact, Link, Status

__all__ = ["ActPage", "ConfirmPage", "DetailPage", "Fact", "Link", "ListPage", "Page", "Status"]


class Permitted:
    """Asks the one table of actions, and records the download of a list."""

    permission = staticmethod(may)

    def downloaded(self, name: str) -> None:
        """Each list that leaves the system is on record."""
        events.record("list.download", name[:120], by=self.request.user, programme=None)


class Typed:
    """A page with a form: what was typed before the person had to sign in again is back in its boxes."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"typed_by": carrying.mark_of(self.request), **kwargs})

    def say_what_is_back(self, *, files: bool = False) -> None:
        words = (
            "You had to sign in again before this was saved. What you typed is in the boxes below, and nothing of it "
            "is saved yet."
        )
        messages.warning(self.request, f"{words} Choose the file again." if files else words)


class Page(Typed, Permitted, core_views.Page):
    """A page of its own shape."""


class ListPage(Permitted, core_views.ListPage):
    """A filtered, sorted list with its totals and its download."""


class DetailPage(Permitted, core_views.DetailPage):
    """One row with its facts and tables."""


class ActPage(Typed, Permitted, core_views.ActPage):
    """A form whose answers go to one act."""

    def get_form(self, form_class: type[forms.BaseForm] | None = None) -> forms.BaseForm:
        form = super().get_form(form_class)
        if (sent := carrying.kept_for(self.request)) is not None:
            form.initial = {**form.initial, **carrying.typed_into(form, sent)}
            self.say_what_is_back(files=form.is_multipart())
        return form


class ConfirmPage(Typed, Permitted, core_views.ConfirmPage):
    """A question before an act that cannot easily be undone."""
