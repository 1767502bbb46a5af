"""What the pages about one submission share."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from board import clock
from board.models import Quarter
from board.programmes import names_in_use
from board.views import Link
from core.anonymity import warnings
from core.problems import Problem
from kpis import submitting
from kpis.answers import Answer, answers_at_work, stored_answers
from kpis.asking import Slot, slots_of
from kpis.forms import words_of_last
from kpis.gathering import cells_before, context_of
from kpis.kinds import Section
from kpis.models import Submission
from kpis.rules import OPENINGS, Context, find_problems

SUBMISSION_ROWS = "duty__project__programme", "duty__organisation", "quarter__programme", "quarter__year"


class OfSubmission:
    """What the pages about one submission share.

    A page whose form bears a version shows, after a refusal, what is saved now, and can be sent over it.
    """

    section = "Results"

    def get_queryset(self) -> Any:
        rows = Submission.objects.visible_to(self.request.user)  # type: ignore[attr-defined]
        return rows.select_related(*SUBMISSION_ROWS, "submitted_by", "accepted_by")

    def get_section(self) -> str:
        row = self.object  # type: ignore[attr-defined]
        return f"{row.duty.project.name}, {row.quarter}"

    def get_breadcrumbs(self) -> Sequence[Link]:
        row = self.object  # type: ignore[attr-defined]
        return [
            Link("Results", reverse("kpis:submissions")),
            Link(title_of(row), reverse("kpis:submission", args=[row.pk])),
        ]

    def get_back_url(self) -> str:
        return reverse("kpis:submission", args=[self.object.pk])  # type: ignore[attr-defined]

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:submission", args=[self.object.pk])  # type: ignore[attr-defined]

    def why_not(self) -> str:
        """Why the page is of no use as the submission stands now; empty where it is."""
        return ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if words := self.why_not():
            messages.warning(request, words)
            return redirect("kpis:submission", self.object.pk)  # type: ignore[attr-defined]
        return super().get(request, *args, **kwargs)  # type: ignore[misc]

    def form_invalid(self, form: Any) -> HttpResponse:
        if form.has_error(NON_FIELD_ERRORS, "version"):
            for shown in ("object", "slots", "answers", "before", "last", "context"):
                self.__dict__.pop(shown, None)
            form.take_version(self.object.version)  # type: ignore[attr-defined]
            self.show_anew(form)
        return super().form_invalid(form)  # type: ignore[misc]

    @cached_property
    def closed(self) -> bool:
        """Whether what is filled now comes after results have closed."""
        return submitting.is_closed_for(self.object)  # type: ignore[attr-defined]

    @property
    def about_close(self) -> str:
        """What becomes of figures that come after the close; empty before it."""
        row = self.object  # type: ignore[attr-defined]
        if not self.closed:
            return ""
        if row.submitted_at is None:
            return "The quarter is closed for results. These go into it as late, and the next return says so."
        return "The quarter is closed for results. Figures that you change now are marked, and the next return says so."

    def show_anew(self, form: Any) -> None:
        """Put what is saved now beside what was typed, where the page has boxes for it."""

    def warn_of_names(self, words: str) -> None:
        """Say on the next page that what was written may tell who somebody is; it is taken as it is."""
        known = names_in_use(self.object.quarter.programme)  # type: ignore[attr-defined]
        self.warn(warnings(words, known=known))  # type: ignore[attr-defined]

    def found(self) -> list[Problem]:
        """What the rules find in the figures that are shown."""
        return find_problems(self.context)

    @cached_property
    def context(self) -> Context:
        """What the rules look at, with the reason that is being handed in."""
        row, request = self.object, self.request  # type: ignore[attr-defined]
        answers = {key: submitting.completed(answer) for key, answer in self.answers.items()}
        reason = request.POST.get("late_reason", "").strip()
        return context_of(row, self.slots, answers, today=clock.today(), reason=reason)

    @cached_property
    def slots(self) -> list[Slot]:
        return slots_of(self.object)  # type: ignore[attr-defined]

    @cached_property
    def answers(self) -> dict[str, Answer]:
        """What the person is shown: the supplier its work, everybody else what was handed in."""
        row, user = self.object, self.request.user  # type: ignore[attr-defined]
        found = answers_at_work if submitting.may_fill(user, row) else stored_answers
        return found(row, self.slots)

    @cached_property
    def sections(self) -> list[Section]:
        """The sections that this submission has, in order."""
        return list(dict.fromkeys(slot.section for slot in self.slots))

    @cached_property
    def last(self) -> dict[str, str]:
        """Slot key -> last quarter's figure in words."""
        before = self.before
        return {slot.key: words_of_last(slot, before.get(slot.code)) for slot in self.slots if not slot.entry_quarter}

    @cached_property
    def before(self) -> Mapping[str, Any]:
        """KPI code -> the cell of the quarter before."""
        row = self.object  # type: ignore[attr-defined]
        codes = sorted(
            quarter.code
            for quarter in Quarter.objects.filter(programme=row.quarter.programme_id, kind=Quarter.Kind.QUARTER)
            if quarter.order < row.quarter.order
        )
        if not codes:
            return {}
        found = cells_before(row, [slot.code for slot in self.slots])
        return {code: cells[codes[-1]] for code, cells in found.items() if codes[-1] in cells}

    def carried_forward(self, slot: Slot) -> dict[str, str]:
        """An opening figure is last quarter's closing one; nothing else is copied."""
        project, _, number = slot.code.partition("-")
        closing = self.before.get(f"{project}-{OPENINGS[number]}") if number in OPENINGS else None
        return {} if closing is None or closing.count is None else {slot.key: str(closing.count)}


def title_of(row: Submission) -> str:
    revision = f", revision {row.revision}" if row.revision > 1 else ""
    return f"{row.duty.organisation.short_name}, {row.quarter.short_label}{revision}"
