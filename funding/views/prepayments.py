"""The offer, on the page that records, to charge each year what it receives of an invoice."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from board.access import acting_organisation
from core.forms import add_problems
from core.money import in_words
from core.problems import Problem, Refused
from funding.forms.prepayments import CutForm
from funding.forms.record import RecordForm
from funding.prepayments import cut_of, record_cut
from funding.spending import Charge


class OffersCut:
    """For a page that records spend: where the service runs past the year, it asks first what each year receives.

    "Record each year's part" records them, "Record it whole" what was typed.
    """

    cut: CutForm | None = None

    def recorded_in_parts(self, form: RecordForm, charges: Sequence[Charge]) -> HttpResponse | None:
        """The answer once each year's part is recorded; None where there is nothing to cut, or it is to be asked."""
        if "whole" in self.request.POST:
            return None
        entry = form.entry(charges)
        try:
            parts = cut_of(entry, charges, acting_organisation(self.request.user))
        except Refused:
            # A later year without the budget line cannot be charged; the whole is recorded, with its warning.
            return None
        if not parts:
            return None
        chosen = "cut" in self.request.POST
        self.cut = CutForm(self.request.POST if chosen else None, parts=parts)
        if not chosen or not self.cut.is_valid():
            return None
        try:
            done = record_cut(
                entry=entry,
                charges=charges,
                amounts=self.cut.amounts(),
                by=self.request.user,
                once=form.cleaned_data["once"],
            )
        except Refused as refusal:
            # What is about a year's amount is said beside it, the rest where the page says it.
            own = [problem for problem in refusal.problems if problem.where in self.cut.fields]
            add_problems(self.cut, own)
            if rest := [problem for problem in refusal.problems if problem not in own]:
                raise Refused(rest) from None
            return None
        self._tell([problem for one in done for problem in one.warnings])
        words = [f"{one.transaction} ({in_words(one.transaction.cost)})" for one in done]
        messages.success(self.request, f"Each year’s part is recorded: {', '.join(words)}.")
        return redirect(reverse("funding:recorded", args=[done[0].transaction.reference]))

    def _tell(self, problems: Sequence[Problem]) -> None:
        # The parts bear one document on purpose, so that is no news.
        if words := " ".join(dict.fromkeys(one.message for one in problems if one.code != "F17")):
            messages.warning(self.request, words)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"cut": self.cut, **kwargs})
