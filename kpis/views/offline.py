"""The quarter's workbook: taken to be filled in away from the network, and handed back."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from board import clock, events
from board.uploads import TakesUpload
from board.views import DetailPage
from core.forms import ActForm, UploadField
from core.problems import Problem, Refused
from core.workbook import MEDIA_TYPE
from kpis import standing, submitting
from kpis.answers import boxes_of, read_answers
from kpis.gathering import aims_of, context_of
from kpis.models import Submission
from kpis.offline.making import workbook_of
from kpis.offline.reading import Taken, read_workbook, valid_part
from kpis.rules import find_problems
from kpis.views.shared import OfSubmission

SALT = "kpis.offline"


class Offline(OfSubmission):
    """A page about filling a submission in by a workbook."""

    action = "submissions.fill"

    def allowed(self) -> bool:
        return super().allowed() and submitting.may_fill(self.request.user, self.object)  # type: ignore[misc]

    def why_not(self) -> str:
        return standing.why_not_fill(self.object)  # type: ignore[attr-defined]


class TakeWorkbook(Offline, DetailPage):
    """The workbook itself, with what is saved so far in it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        row = self.object
        if words := self.why_not():
            messages.warning(request, words)
            return redirect("kpis:submission", row.pk)
        boxes: dict[str, str] = {}
        for slot in self.slots:
            boxes |= boxes_of(self.answers[slot.key]) if slot.key in self.answers else self.carried_forward(slot)
        aims = aims_of(row.quarter.programme, row.quarter).get(row.duty.project_id, {})
        data = workbook_of(
            row,
            self.slots,
            boxes=boxes,
            last=self.last,
            targets={code: f"{aim.value.normalize():,f}" for code, aim in aims.items()},
            identities=row.duty.project.identities.all(),
        )
        events.record("submission.workbook", row.reference, by=request.user, programme=row.quarter.programme)
        name = f"{row.duty.project.code}-{row.quarter.code}.xlsx"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
        return HttpResponse(data, content_type=MEDIA_TYPE, headers=headers)


class WorkbookForm(ActForm):
    """The file, as it was filled in."""

    file = UploadField(kinds=(".xlsx",), label="The workbook, filled in", required=False)

    marks_optional = False

    def clean_file(self) -> Any:
        if not self.cleaned_data["file"] and "keep" not in self.data:
            raise forms.ValidationError("Choose the workbook that you filled in", code="required")
        return self.cleaned_data["file"]


class UploadWorkbook(Offline, TakesUpload):
    """Hand the workbook back: everything that is wrong is listed by cell, and nothing is saved until it is right.

    What is right may be kept as a draft: the answers then travel in the page, signed, so that the file is not asked
    for a second time.
    """

    heading, button, form_class = "Fill in a workbook", "Upload the workbook", WorkbookForm
    template_name = "kpis/workbook.html"
    taken: Taken | None = None
    conflict = False

    def act(self, form: WorkbookForm) -> Submission:
        if "keep" in self.request.POST:
            return self.save(*self.kept())
        file = form.cleaned_data["file"]
        self.taken = read_workbook(file.read(), file.name, self.object, self.slots)
        self.taken.problems += self.found_by_the_rules(self.taken)
        self.taken.problems.sort(key=lambda problem: not problem.blocking)
        wrong = [problem for problem in self.taken.problems if problem.blocking]
        if wrong:
            words = f"Nothing is saved yet: {len(wrong)} {'thing is' if len(wrong) == 1 else 'things are'} wrong."
            raise Refused([Problem("file", f"{words} They are listed below, each with its cell.", True, "file")])
        return self.save(self.taken.figures, self.taken.version)

    def save(self, figures: dict[str, str], version: int) -> Submission:
        """Save as the pages do; where a colleague saved something else meanwhile, say so and ask."""
        act = submitting.save_late if self.closed else submitting.save_draft
        try:
            return act(submission=self.object, figures=figures, seen_version=version, by=self.request.user)
        except Refused as refusal:
            self.conflict = any(problem.code == "version" for problem in refusal.problems)
            if not self.conflict:
                raise
            self.taken = self.taken or Taken(figures=figures)
            sections = "; ".join(problem.message.split(":")[0] for problem in refusal.problems)
            words = (
                f"{sections}: this was saved by a colleague, or in the browser, after the workbook was taken. Look at "
                "what is saved now. Save the workbook’s figures over it only if they are the right ones."
            )
            raise Refused([Problem("changed", words, True, "")]) from refusal

    def found_by_the_rules(self, taken: Taken) -> list[Problem]:
        """What the rules of submitting say of the figures, as they will be checked in the browser."""
        answers, unread = read_answers(self.slots, taken.figures)
        if unread:
            return []
        given = {key: submitting.completed(answer) for key, answer in answers.items() if answer is not None}
        context = context_of(self.object, self.slots, given, today=clock.today())
        # Whether a text names somebody is asked when the results are handed in; saving does not wait for it.
        return [
            taken.placed(replace(problem, blocking=problem.blocking and problem.code != "K17"))
            for problem in find_problems(context)
        ]

    def kept(self) -> tuple[dict[str, str], int]:
        """The answers that the page carried, and the version over which they are to be saved."""
        try:
            sent = signing.loads(self.request.POST["keep"], salt=f"{SALT}/{self.object.reference}")
        except signing.BadSignature:
            raise Refused([Problem("file", "Upload the workbook again.", True, "file")]) from None
        return sent["figures"], sent["version"]

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:submit", args=[self.object.pk])

    def get_success_message(self, result: Any) -> str:
        return "The workbook’s figures are saved. Check your answers, then submit."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        if self.taken is not None:
            valid = self.taken.figures if self.conflict else valid_part(self.taken, self.slots)
            self.__dict__.pop("object", None)
            version = self.object.version if self.conflict else self.taken.version
            filled = sum(bool(typed) for typed in valid.values())
            kept = {"figures": valid, "version": version}
            shown = {
                "blocking": [problem for problem in self.taken.problems if problem.blocking],
                "worth_a_look": [problem for problem in self.taken.problems if not problem.blocking],
                "keep": signing.dumps(kept, salt=f"{SALT}/{self.object.reference}", compress=True) if filled else "",
                "filled": filled,
                "conflict": self.conflict,
            }
        return super().get_context_data(**{**shown, **kwargs})
