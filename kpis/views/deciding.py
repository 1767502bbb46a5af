"""The commissioning officers’ pages: accepting and querying."""

from collections.abc import Sequence
from typing import Any

from board.views import ActPage, ConfirmPage, Fact
from kpis import submitting
from kpis.forms import QueryForm
from kpis.models import Submission, SubmissionQuery
from kpis.views.shared import OfSubmission


class _Deciding(OfSubmission):
    """Pages for the commissioning officers of the recipient."""

    def allowed(self) -> bool:
        return super().allowed() and submitting.may_decide(self.request.user, self.object)  # type: ignore[misc,attr-defined]


class Accept(_Deciding, ConfirmPage):
    """Take the figures as reported."""

    action, heading, button = "submissions.decide", "Accept these results", "Accept"
    warning = "The figures count as reported and go into the return. After this they change only by a revision."
    danger = False
    success_message = "Accepted."

    def act(self, form: Any) -> Submission:
        return submitting.accept(submission=self.object, by=self.request.user)

    def get_facts(self) -> Sequence[Fact]:
        row = self.object
        return [
            Fact("Supplier", row.duty.organisation.name),
            Fact("Project", row.duty.project.name),
            Fact("Quarter", str(row.quarter)),
        ]


class Query(_Deciding, ActPage):
    """Ask the supplier about a section."""

    action, heading, button = "submissions.decide", "Query a section", "Send the query"
    form_class = QueryForm
    success_message = "Sent back to the supplier with your question."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "sections": self.sections}

    def act(self, form: Any) -> SubmissionQuery:
        return submitting.query(submission=self.object, by=self.request.user, **form.cleaned_data)
