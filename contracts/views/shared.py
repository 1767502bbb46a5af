"""What the pages that write a contract's register share."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpResponse
from django.urls import reverse

from board.views import ActPage, Fact, Link
from contracts.contracting import NOTHING_ABOVE, Above
from contracts.models import Contract
from core.forms import day_in_words
from core.money import in_words


class WritesContract(ActPage):
    """An act on a contract whose register the person keeps.

    A page whose form bears a version shows, after a refusal, what stands now, and can be sent over it.
    """

    action, lookup, section = "contracts.write", "reference", "Contracts"
    above: Above = NOTHING_ABOVE

    def get_queryset(self) -> QuerySet[Contract]:
        return Contract.objects.kept_by(self.request.user).select_related("programme__recipient", "provider", "buyer")

    def get_section(self) -> str:
        return f"{self.object.reference}, {self.object.title}"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [
            Link("Contracts", reverse("contracts:contracts")),
            Link(self.object.reference, self.object.get_absolute_url()),
        ]

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        if form.has_error(NON_FIELD_ERRORS, "version"):
            self.__dict__.pop("object", None)
            form.take_version(self.object.version)
        if form.has_error(NON_FIELD_ERRORS, "once"):
            form.take_a_new_once()
        return super().form_invalid(form)

    def get_success_url(self, result: Any = None) -> str:
        return self.object.get_absolute_url()


def terms_of(contract: Contract) -> list[Fact]:
    """The terms as they stand, above a form that changes them."""
    return [
        Fact("Signed", day_in_words(contract.signed_on) if contract.signed_on else "Not signed"),
        Fact("Runs", f"{day_in_words(contract.starts_on)} to {day_in_words(contract.ends_on)}"),
        Fact("Value, with variations", in_words(contract.value())),
    ]
