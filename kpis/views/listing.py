"""The lists of submissions, and asking for a quarter’s results."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from board import clock
from board.access import may
from board.views import ActPage, Link, ListPage
from kpis import submitting
from kpis.filters import SubmissionFilters
from kpis.forms import OpenForm
from kpis.models import Submission
from kpis.tables import SubmissionTable
from kpis.views.shared import SUBMISSION_ROWS


class SubmissionList(ListPage):
    """Every submission that the person may see."""

    action, heading = "submissions.read", "Results"
    lead = "What each supplier reports for each quarter. Choose a quarter to fill, read or decide on it."
    table_class, filterset_class = SubmissionTable, SubmissionFilters

    def get_queryset(self) -> Any:
        return Submission.objects.visible_to(self.request.user).select_related(*SUBMISSION_ROWS)

    def get_actions(self) -> Sequence[Link]:
        found = [Link("Who reports what", reverse("kpis:duties"), secondary=True)]
        if may(self.request.user, "submissions.decide"):
            found.insert(0, Link("Ask for a quarter’s results", reverse("kpis:open"), secondary=True))
        return found


class OpenQuarter(ActPage):
    """Ask every supplier for a quarter's results."""

    action, heading, button = "submissions.decide", "Ask for a quarter’s results", "Ask for results"
    lead = "Each supplier with a duty in the quarter gets its draft. Doing it again adds only what is missing."
    form_class = OpenForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user, "moment": clock.now()}

    def act(self, form: Any) -> list[Submission]:
        return submitting.open_quarter(by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Any) -> str:
        return f"Asked for {len(result)} submissions." if result else "All suppliers had been asked already."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:submissions")

    def get_back_url(self) -> str:
        return reverse("kpis:submissions")
