"""Days to payment: how many invoices were paid within 30 days, which were not, and the dates that are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from board import clock
from board.access import acting_organisation, may
from board.views import ActPage, Link, ListPage
from core.money import in_words
from core.tables import Table
from funding.filters import InvoiceFilters, PaymentFilters
from funding.forms.payments import PaymentDatesForm
from funding.models import Transaction
from funding.paying import DAYS_TO_PAY, PaymentDays, Standing, invoices, payment_days, record_payment_dates
from funding.payment_tables import InvoiceTable, PaymentDaysTable
from funding.views.spend import OwnEntry


def visible_invoices(user: Any) -> QuerySet[Transaction]:
    return invoices(Transaction.objects.visible_to(user), today=clock.today())


@dataclass(frozen=True)
class PaymentRow:
    """A row of the table of payment days, with the addresses of the invoices that its counts count."""

    figures: PaymentDays

    def __getattr__(self, name: str) -> Any:
        return getattr(self.figures, name)

    def behind(self, standing: str) -> str:
        """The address of the invoices of one standing."""
        asked = {
            "ledger": self.organisation.pk,
            "contract": self.contract.pk if self.contract else "none",
            "from_day": self.first_day.isoformat(),
            "to_day": self.last_day.isoformat(),
            "standing": standing,
        }
        return f"{reverse('funding:invoices')}?{urlencode(asked)}"


class PaymentDaysPage(ListPage):
    """Paid in time, late, not paid: by recording organisation, quarter and contract."""

    action, heading = "spending.read", "Days to payment"
    table_class, filterset_class = PaymentDaysTable, PaymentFilters
    template_name = "funding/payment_days.html"
    lead = f"Invoices from receipt to payment. The law gives {DAYS_TO_PAY} days from a valid, undisputed invoice."

    def get_queryset(self) -> QuerySet[Transaction]:
        return visible_invoices(self.request.user)

    def get_table(self) -> Table:
        return PaymentDaysTable([PaymentRow(row) for row in payment_days(self.rows())])

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Spend", reverse("funding:spend"))]

    def get_actions(self) -> Sequence[Link]:
        late = f"{reverse('funding:invoices')}?{urlencode({'standing': 'beyond'})}"
        missing = f"{reverse('funding:invoices')}?{urlencode({'standing': Standing.MISSING})}"
        return [
            Link("Late and disputed invoices", late, secondary=True),
            Link("Invoices without a date of receipt", missing, secondary=True),
        ]


class Invoices(ListPage):
    """The invoices themselves, with the way to give their dates for those whose ledger holds them."""

    action, heading = "spending.read", "Invoices and their dates"
    table_class, filterset_class = InvoiceTable, InvoiceFilters

    def get_queryset(self) -> QuerySet[Transaction]:
        return visible_invoices(self.request.user).select_related("recorded_by", "contract")

    def get_table(self) -> Table:
        user = self.request.user
        organisation = acting_organisation(user) if may(user, "spending.record") else None
        return InvoiceTable(self.rows(), dates_for=organisation.pk if organisation else None)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [
            Link("Spend", reverse("funding:spend")),
            Link("Days to payment", reverse("funding:payment-days")),
        ]


class PaymentDates(OwnEntry, ActPage):
    """Give or put right the dates of an invoice, at any time."""

    form_class, button = PaymentDatesForm, "Save the dates"

    def get_heading(self) -> str:
        return f"Payment dates of {self.object.reference}"

    def get_lead(self) -> str:
        entry = self.object
        number = f", document {entry.document_number}" if entry.document_number else ""
        return f"{entry.supplier_name or entry.description}{number}: {in_words(entry.cost)}."

    def get_initial(self) -> dict[str, Any]:
        entry = self.object
        return {
            "version": entry.version,
            "received_on": entry.received_on,
            "paid_on": entry.paid_on,
            "dispute_reason": entry.dispute_reason,
        }

    def act(self, form: PaymentDatesForm) -> Transaction:
        given = form.cleaned_data
        return record_payment_dates(
            entry=self.object,
            received_on=given["received_on"],
            paid_on=given["paid_on"],
            dispute_reason=given["dispute_reason"],
            seen_version=given["version"],
            by=self.request.user,
        )

    def get_success_message(self, result: Transaction) -> str:
        return f"The payment dates of {result.reference} are saved."
