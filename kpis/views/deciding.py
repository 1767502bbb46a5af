"""The commissioning officers’ pages: accepting and querying, with the figures that they decide on."""

from collections.abc import Sequence
from typing import Any

from board.views import ActPage, Fact
from kpis import standing, submitting
from kpis.forms import AcceptForm, QueryForm
from kpis.models import Submission, SubmissionQuery
from kpis.reading import read_sections
from kpis.views.shared import OfSubmission


class _Deciding(OfSubmission, ActPage):
    """Pages for the commissioning officers of the recipient."""

    action = "submissions.decide"

    def allowed(self) -> bool:
        return super().allowed() and submitting.may_decide(self.request.user, self.object)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def get_facts(self) -> Sequence[Fact]:
        row = self.object
        return [
            Fact("Supplier", row.duty.organisation.name),
            Fact("Project", row.duty.project.name),
            Fact("Quarter", str(row.quarter)),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            object=self.object,
            rows=self.get_facts(),
            worth_a_look=self.found(),
            queries=list(self.object.queries.select_related("by", "answered_by")),
            sections=read_sections(self.slots, self.answers, self.last),
            may_change=False,
            may_answer=False,
            **kwargs,
        )


class Accept(_Deciding):
    """Take the figures as reported."""

    heading, button = "Accept these results", "Accept"
    template_name = "kpis/accept.html"
    form_class = AcceptForm
    success_message = "Accepted."

    def why_not(self) -> str:
        return standing.why_not_accept(self.object, self.request.user)

    def act(self, form: Any) -> Submission:
        seen = form.cleaned_data["version"]
        return submitting.accept(submission=self.object, seen_version=seen, by=self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "The figures count as reported and go into the return. After this they change only by a revision."
        return super().get_context_data(warning=words, **kwargs)


class Query(_Deciding):
    """Ask the supplier about a section."""

    heading, button = "Query a section", "Send the query"
    template_name = "kpis/query.html"
    form_class = QueryForm
    success_message = "Sent back to the supplier with your question."

    def why_not(self) -> str:
        return standing.why_not_query(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "sections": self.sections}

    def act(self, form: Any) -> SubmissionQuery:
        given = {name: form.cleaned_data[name] for name in ("section", "reason")}
        seen = form.cleaned_data["version"]
        self.warn_of_names(given["reason"])
        return submitting.query(submission=self.object, seen_version=seen, by=self.request.user, **given)
