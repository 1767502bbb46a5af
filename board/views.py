"""The page classes with this board's permissions: a page declares its action and may() decides."""

from board import events
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


class Page(Permitted, core_views.Page):
    """A page of its own shape."""


class ListPage(Permitted, core_views.ListPage):
    """A filtered, sorted list with its totals and its download."""


class DetailPage(Permitted, core_views.DetailPage):
    """One row with its facts and tables."""


class ActPage(Permitted, core_views.ActPage):
    """A form whose answers go to one act."""


class ConfirmPage(Permitted, core_views.ConfirmPage):
    """A question before an act that cannot easily be undone."""
