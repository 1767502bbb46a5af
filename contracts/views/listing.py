"""The register of contracts, and what falls due under them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from board import clock
from board.access import acting_organisation, may
from board.models import Programme
from board.views import Link, ListPage
from contracts.alerts import LABELS, Alert, alerts
from contracts.filters import ContractFilters
from contracts.models import Contract
from contracts.tables import AlertTable, ContractTable, RegisterTable
from core.money import NOUGHT, PenceField

# How far ahead the page of dates looks; what is told of earlier is marked.
AHEAD = timedelta(days=365)


class ContractList(ListPage):
    """The contracts that the person may see."""

    action, heading = "contracts.read", "Contracts"
    table_class, filterset_class = ContractTable, ContractFilters

    def get_queryset(self) -> QuerySet[Contract]:
        worth = Coalesce(Sum("values__amount"), NOUGHT, output_field=PenceField())
        return Contract.objects.visible_to(self.request.user).select_related("provider", "buyer").annotate(worth=worth)

    def get_table(self) -> ContractTable:
        """On the page as much as fits; the download is the whole register."""
        table = RegisterTable if self.request.GET.get("download") else ContractTable
        return table(self.rows())

    def get_lead(self) -> str:
        return f"What {acting_organisation(self.request.user)} buys, provides or oversees."

    def get_actions(self) -> Sequence[Link]:
        found = [Link("What falls due", reverse("contracts:falls-due"), secondary=True)]
        if may(self.request.user, "contracts.write"):
            newest = Programme.objects.visible_to(self.request.user).order_by("-first_day", "code").first()
            if newest is not None:
                found.insert(0, Link("Engage a provider", reverse("contracts:engage", args=[newest.code])))
        return found


@dataclass(frozen=True)
class AlertRow:
    """A date of a contract as the page shows it."""

    alert: Alert
    day: date
    label: str
    words: str
    standing: str


class FallsDue(ListPage):
    """Every date of the person's contracts that was missed or comes within a year."""

    action, heading, section = "contracts.read", "What falls due", "Contracts"
    table_class = AlertTable

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Contracts", reverse("contracts:contracts"))]

    def get_lead(self) -> str:
        return (
            "Dates of contracts that have passed or come within twelve months. Those marked soon are on the first page "
            "of who has to do with them, and are told once by mail."
        )

    def get_queryset(self) -> list[AlertRow]:
        today = clock.today()
        found = alerts(Contract.objects.visible_to(self.request.user), today=today)
        return [
            AlertRow(alert, alert.day, LABELS[alert.kind], alert.words, _standing(alert, today))
            for alert in found
            if alert.day <= today + AHEAD
        ]

    def get_table(self) -> AlertTable:
        return AlertTable(self.rows(), today=clock.today())


def _standing(alert: Alert, today: date) -> str:
    if alert.is_late(today):
        return "late"
    return "soon" if alert.is_told(today) else "later"
