"""Asking for more time, and deciding on it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.shortcuts import get_object_or_404

from board.views import ActPage, Fact
from core.forms import day_in_words
from core.templatetags.govuk import moment
from kpis import extending, submitting
from kpis.forms import AskTimeForm, DecideTimeForm
from kpis.models import Extension
from kpis.views.shared import OfSubmission


class AskTime(OfSubmission, ActPage):
    """Ask to submit later."""

    action, heading, button = "submissions.fill", "Ask for more time", "Ask for more time"
    form_class = AskTimeForm
    success_message = "Asked. A commissioning officer will grant or refuse it; until then the day stays as it is."

    def allowed(self) -> bool:
        return super().allowed() and submitting.may_fill(self.request.user, self.object)

    def why_not(self) -> str:
        return extending.why_not_ask(self.object)

    def get_lead(self) -> str:
        return f"These results are due on {day_in_words(self.object.due_on)}."

    def act(self, form: Any) -> Extension:
        return extending.ask(submission=self.object, by=self.request.user, **form.cleaned_data)


class DecideTime(OfSubmission, ActPage):
    """Grant more time, or refuse it."""

    action, heading, button = "submissions.decide", "Decide on more time", "Save the decision"
    form_class = DecideTimeForm

    def allowed(self) -> bool:
        return super().allowed() and submitting.may_decide(self.request.user, self.object)

    @cached_property
    def extension(self) -> Extension:
        asked = self.object.extensions.select_related("submission", "by", "decided_by")
        return get_object_or_404(asked, pk=self.kwargs["extension"])

    def why_not(self) -> str:
        return extending.why_not_decide(self.extension, self.request.user)

    def get_facts(self) -> Sequence[Fact]:
        row = self.object
        return [
            Fact("Supplier", row.duty.organisation.name),
            Fact("Due now", day_in_words(row.due_on)),
            Fact("Asked for", day_in_words(self.extension.until)),
            Fact("Reason", self.extension.reason),
            Fact("Asked by", f"{self.extension.by}, {moment(self.extension.at)}"),
            Fact("Results are checked by", day_in_words(row.quarter.check_due_on)),
        ]

    def act(self, form: Any) -> Extension:
        return extending.decide(
            extension=self.extension,
            granted=form.cleaned_data["decision"] == "grant",
            words=form.cleaned_data["words"],
            by=self.request.user,
        )

    def get_success_message(self, result: Extension) -> str:
        return "More time is granted." if result.status == Extension.Status.GRANTED else "More time is refused."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(rows=self.get_facts(), **kwargs)
