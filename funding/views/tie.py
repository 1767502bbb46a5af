"""Does it tie? Where the cost of a year stands, organisation by organisation and project by project."""

from collections.abc import Sequence
from functools import cached_property
from urllib.parse import urlencode

from django.shortcuts import get_object_or_404
from django.urls import reverse

from board.models import Programme, Year
from board.views import DetailPage, Link, Status
from core.tables import Table
from funding import tying
from funding.ledger_tables import AwardTieTable, TieTable
from funding.models import Source
from funding.views.claims import sees_claims_of


class TiePage(DetailPage):
    """A year's cost by its place: claimed, waiting, match, kept out. The recipient and auditors see the award too."""

    action, section, template_name = "budget.read", "Does it tie?", "funding/tie.html"

    @cached_property
    def object(self) -> Year:
        programmes = Programme.objects.visible_to(self.request.user).filter(sources__in=self.visible)
        years = Year.objects.filter(programme__in=programmes).select_related("programme").distinct()
        return get_object_or_404(years, programme__code=self.kwargs["programme"], code=self.kwargs["year"])

    @cached_property
    def visible(self) -> list[Source]:
        return list(
            Source.objects.visible_to(self.request.user)
            .filter(programme__code=self.kwargs["programme"])
            .select_related("programme__recipient")
            .order_by("position")
        )

    @cached_property
    def rows(self) -> list[tying.Tie]:
        return tying.ties(self.visible, self.object)

    @cached_property
    def awards(self) -> list[tying.AwardTie]:
        if not sees_claims_of(self.request.user, self.object.programme):
            return []
        return [tying.award_tie(source, self.object) for source in self.visible if source.is_grant]

    def get_heading(self) -> str:
        return f"{self.object.programme.code}, {self.object}"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Budget", reverse("funding:budget"))]

    def get_lead(self) -> str:
        return (
            "Every pound that a ledger bears is claimed, waits to be claimed, is match, or is kept out with a reason."
        )

    def get_status(self) -> Status:
        sound = not any(row.difference for row in [*self.rows, *self.awards]) and not tying.split_wrongly(self.visible)
        return Status("Ties to the penny", "green") if sound else Status("Does not tie", "red")

    def get_tables(self) -> Sequence[Table]:
        tables: list[Table] = [TieTable(self.rows, prefix="ties-", link=self.spend_behind)]
        if self.awards:
            tables.append(AwardTieTable(self.awards, prefix="awards-"))
        return tables

    def spend_behind(self, row: tying.Tie, **query: str) -> str:
        """The lines under a figure, as the spend list shows them."""
        wanted = {"year": row.year.pk, "project": row.project.pk, **query}
        return f"{reverse('funding:spend')}?{urlencode(wanted)}"
