"""One submission: where it stands, what it says, what can be done with it."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from django.urls import reverse

from board.access import may
from board.models import User
from board.views import DetailPage, Fact, Link, Status
from core.forms import day_in_words
from core.templatetags.govuk import moment
from kpis import extending, standing, submitting
from kpis.models import Submission
from kpis.reading import ReadSection, read_sections
from kpis.tables import STATUS_COLOURS
from kpis.views.shared import OfSubmission, title_of

# Who asks, and the reference of a return → its page, which stands on a higher floor; empty where they may not open it.
ReturnUrl = Callable[[User, str], str]


def no_return(user: User, reference: str) -> str:
    """No page of a return is known here."""
    return ""


class SubmissionPage(OfSubmission, DetailPage):
    """One submission: where it stands, what it says, what can be done with it."""

    action = "submissions.read"
    return_url: ReturnUrl = staticmethod(no_return)
    template_name = "kpis/submission.html"

    def get_heading(self) -> str:
        return title_of(self.object)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Results", reverse("kpis:submissions"))]

    def get_status(self) -> Status:
        return Status(self.object.get_status_display(), STATUS_COLOURS[self.object.status])

    def get_lead(self) -> str:
        if not self.may_change:
            return ""
        done = len(self.answers)
        said = [f"{done} of {len(self.slots)} figures are filled. You can save and come back.", self.about_close]
        if self.object.status == Submission.Status.QUERIED:
            changed = self.object.corrections.count()
            if changed:
                said.append(f"{changed} {'figure has' if changed == 1 else 'figures have'} been changed since.")
            said.append("What was submitted counts until you submit again.")
        return " ".join(filter(None, said))

    @cached_property
    def may_change(self) -> bool:
        """Whether this person can fill it now."""
        row = self.object
        return row.may_change and submitting.may_fill(self.request.user, row)

    def get_actions(self) -> Sequence[Link]:
        row, user = self.object, self.request.user
        found = []
        if self.may_change:
            words = "Check answers and submit late" if self.closed else "Check answers and submit"
            found.append(Link(words, reverse("kpis:submit", args=[row.pk])))
            found.append(Link("Fill in a workbook instead", reverse("kpis:workbook", args=[row.pk]), secondary=True))
            if not extending.why_not_ask(row):
                found.append(Link("Ask for more time", reverse("kpis:ask-time", args=[row.pk]), secondary=True))
        if submitting.may_decide(user, row):
            if not standing.why_not_accept(row, user):
                found.append(Link("Accept", reverse("kpis:accept", args=[row.pk])))
            if not standing.why_not_query(row):
                found.append(Link("Query a section", reverse("kpis:query", args=[row.pk]), secondary=True))
        if submitting.may_revise(user, row) and not standing.why_not_withdraw(row):
            words = "Withdraw this revision"
            found.append(Link(words, reverse("kpis:withdraw", args=[row.pk]), secondary=True))
        if may(user, "submissions.fill") and not standing.why_not_revise(row):
            found.append(Link("Revise", reverse("kpis:revise", args=[row.pk]), secondary=True))
        return found

    def get_facts(self) -> Sequence[Fact]:
        row = self.object
        facts = [
            Fact("Reference", row.reference),
            Fact("Project", row.duty.project.name),
            Fact("Quarter", str(row.quarter)),
            Fact("Due", self.due_in_words()),
        ]
        if row.submitted_at:
            facts.append(Fact("Submitted", f"{moment(row.submitted_at)} by {row.submitted_by}"))
        if row.late:
            facts.append(Fact("Why it was late", row.late_reason))
        if row.changed_reason:
            facts.append(Fact("Why figures changed after the close", row.changed_reason))
        if row.accepted_at:
            facts.append(Fact("Accepted", f"{moment(row.accepted_at)} by {row.accepted_by}"))
        if row.superseded_at:
            facts.append(Fact("Superseded", moment(row.superseded_at)))
        if row.withdrawn_at:
            facts.append(Fact("Withdrawn", f"{moment(row.withdrawn_at)} by {row.withdrawn_by}"))
            facts.append(Fact("Why it was withdrawn", row.withdrawn_reason))
        if row.revision_reason:
            facts.append(Fact("Reason for the revision", row.revision_reason))
        if row.first_reported_in:
            facts.append(Fact("First reported in", row.first_reported_in, url=self.first_reported_at()))
        return facts

    def first_reported_at(self) -> str:
        return self.return_url(self.request.user, self.object.first_reported_in)

    def due_in_words(self) -> str:
        row = self.object
        if row.extended_to is None:
            return day_in_words(row.due_on)
        return f"{day_in_words(row.due_on)}, more time granted; {day_in_words(row.quarter.provider_due_on)} before"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        queries = list(self.object.queries.select_related("by", "answered_by"))
        fill = submitting.may_fill(self.request.user, self.object)
        return super().get_context_data(
            extensions=list(self.object.extensions.select_related("by", "decided_by")),
            may_decide_time=submitting.may_decide(self.request.user, self.object) and not self.object.submitted_at,
            sections=self.read(),
            queries=queries,
            may_change=self.may_change,
            may_answer=fill and self.object.status == Submission.Status.QUERIED,
            **kwargs,
        )

    def read(self) -> list[ReadSection]:
        return read_sections(self.slots, self.answers, self.last)
