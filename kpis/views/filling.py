"""The supplier’s pages: filling, checking and submitting, answering, revising."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from board.programmes import names_in_use
from board.views import ActPage
from core.anonymity import hints, in_words
from core.problems import Problem, Refused
from kpis import formulas, standing, submitting
from kpis.answers import boxes_of, read_answers
from kpis.asking import Slot
from kpis.forms import AnswerForm, ReviseForm, SectionForm, SubmitForm, WithdrawForm
from kpis.gathering import thresholds_of
from kpis.kinds import Section
from kpis.models import Identity, Submission, SubmissionQuery
from kpis.reading import read_sections
from kpis.rules import doubts, text_of
from kpis.views.shared import OfSubmission


class Fill(OfSubmission, ActPage):
    """The boxes of one section."""

    action = "submissions.fill"
    form_class = SectionForm
    template_name = "kpis/section.html"
    button = "Save and continue"

    def allowed(self) -> bool:
        return super().allowed() and submitting.may_fill(self.request.user, self.object)

    def why_not(self) -> str:
        return standing.why_not_fill(self.object)

    @cached_property
    def part(self) -> Section:
        """The section named in the address."""
        if self.kwargs["section"] not in [row.value for row in self.sections]:
            raise Http404("These results have no such section")
        return Section(self.kwargs["section"])

    @cached_property
    def asked(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.section == self.part]

    def get_heading(self) -> str:
        return self.part.label

    def get_lead(self) -> str:
        place = f"Section {self.sections.index(self.part) + 1} of {len(self.sections)}"
        return f"{place}. {self.about_close}" if self.closed else place

    def get_initial(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"version": self.object.version, **self.stored_boxes()}
        for slot in self.asked:
            if slot.key not in self.answers:
                shown |= self.carried_forward(slot)
        return shown

    def stored_boxes(self) -> dict[str, str]:
        """What the boxes show of what is saved."""
        found: dict[str, str] = {}
        for slot in self.asked:
            if slot.key in self.answers:
                found |= boxes_of(self.answers[slot.key])
        return found

    def show_anew(self, form: Any) -> None:
        form.set_beside(self.stored_boxes())

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "slots": self.asked, "last": self.last, "lengths": self.lengths()}

    def lengths(self) -> str:
        """What a box of narrative takes."""
        row = self.object.quarter
        found = thresholds_of(row.programme, row.last_day)
        fewest, most = (int(found[f"narrative-{end}-words"]) for end in ("fewest", "most"))
        return f"{fewest} to {most} words. Leave out names, dates of birth, addresses and numbers of cases."

    def act(self, form: Any) -> Submission:
        save = submitting.save_late if self.closed else submitting.save_draft
        saved = save(
            submission=self.object,
            figures=form.figures(),
            seen_version=form.cleaned_data["version"],
            by=self.request.user,
        )
        self.warn(self.hinted(form.figures()))
        return saved

    def hinted(self, figures: Mapping[str, str]) -> list[Problem]:
        """What was written that may tell who somebody is: said at once, and asked about before it is handed in."""
        given, _ = read_answers(self.asked, figures)
        texts = {answer.slot: text_of(answer) for answer in given.values() if answer is not None}
        known = names_in_use(self.object.quarter.programme) if any(texts.values()) else ()
        return [
            Problem("K17", f"{slot.name} ({slot.code}): it seems to hold {in_words(kinds)}. Read it again.", False)
            for slot, text in texts.items()
            if (kinds := hints(text, known=known))
        ]

    def get_success_url(self, result: Any = None) -> str:
        if "leave" in self.request.POST:
            return reverse("kpis:submission", args=[self.object.pk])
        later = self.sections[self.sections.index(self.part) + 1 :]
        if later:
            return reverse("kpis:fill", args=[self.object.pk, later[0].value])
        return reverse("kpis:submit", args=[self.object.pk])

    def get_success_message(self, result: Any) -> str:
        return f"{self.part.label}: saved. {self.about_close}".strip()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        questions = self.object.queries.filter(section=self.part, answer="")
        programme = self.object.duty.project.programme.code
        return super().get_context_data(
            questions=questions, balances=self.balances(), programme=programme, **kwargs
        )  # fmt: skip

    def balances(self) -> list[dict[str, str]]:
        """The identities in which figures of this section stand, with what other sections have for them."""
        asked, own = {slot.key for slot in self.slots}, {slot.key for slot in self.asked}
        found = []
        for identity in self.object.duty.project.identities.all():
            codes = {code for _, code in formulas.read(identity.terms)}
            if not codes <= asked or not codes & own:
                continue
            given = {code: self.answers[code].cell.count for code in sorted(codes - own) if code in self.answers}
            found.append(
                {
                    "words": _balance_words(identity, self.slots),
                    "terms": identity.terms,
                    "relation": identity.relation,
                    "known": json.dumps({code: count for code, count in given.items() if count is not None}),
                }
            )
        return found


def _balance_words(identity: Identity, slots: Sequence[Slot]) -> str:
    """An identity with the names of its measures: "Opening caseload + starts = completions + …"."""
    names = {slot.key: f"{slot.name} ({slot.code})" for slot in slots}
    terms = formulas.read(identity.terms)
    left, right = (" + ".join(names[code] for sign, code in terms if sign == side) for side in (1, -1))
    return f"{left} = {right}" if identity.relation == Identity.Relation.EQUALS else f"{left}: not more than {right}"


class Submit(OfSubmission, ActPage):
    """Check answers, and hand them in."""

    action = "submissions.fill"
    heading = "Check your answers"
    form_class = SubmitForm
    template_name = "kpis/submit.html"
    success_message = "Submitted. A commissioning officer will accept it or come back with a question."

    def allowed(self) -> bool:
        return super().allowed() and submitting.may_fill(self.request.user, self.object)

    def why_not(self) -> str:
        return standing.why_not_fill(self.object)

    def get_lead(self) -> str:
        return self.about_close

    @property
    def button(self) -> str:
        return "Submit late" if self.closed else "Submit"

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def get_form_kwargs(self) -> dict[str, Any]:
        row = self.object
        changed = self.closed and submitting.changes_figures(row, self.slots)
        late = submitting.asks_why(row, closed=self.closed, changed=changed)
        asked = [(doubt.place, doubt.name) for doubt in doubts(self.context) if not doubt.confirmed]
        return {**super().get_form_kwargs(), "late": late, "again": row.submitted_at is not None, "asked": asked}

    def act(self, form: Any) -> list[Problem]:
        given = {"submission": self.object, "seen_version": form.cleaned_data["version"], "by": self.request.user}
        given["names_nobody"] = form.cleaned_data.get("names_nobody", ())
        reason = form.cleaned_data.get("late_reason", "")
        try:
            if self.closed:
                return submitting.submit_late(**given, reason=reason)
            return submitting.submit(**given, late_reason=reason)
        except Refused as refusal:
            # What is about a figure is listed with a link to its box; the form keeps what is about itself.
            own = [row for row in refusal.problems if not self._address(row)]
            put_right = Problem("", "Put right what is listed below, then submit again.", True, "")
            raise Refused(own or [put_right]) from refusal

    def _address(self, problem: Problem) -> str:
        """Where the box of a problem is; empty for one that is about no box."""
        slot = next(
            (row for row in self.slots if problem.where == row.key or problem.where.startswith(f"{row.key}.")), None
        )
        if slot is None:
            return ""
        return reverse("kpis:fill", args=[self.object.pk, slot.section.value]) + f"#id_{problem.where}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = [(problem, self._address(problem)) for problem in self.found()]
        return super().get_context_data(
            sections=read_sections(self.slots, self.answers, self.last),
            may_change=True,
            blocking=[pair for pair in found if pair[0].blocking],
            worth_a_look=[pair for pair in found if not pair[0].blocking],
            **kwargs,
        )


class AnswerQuery(OfSubmission, ActPage):
    """Answer a question."""

    action, heading, button = "submissions.fill", "Answer the query", "Save the answer"
    form_class = AnswerForm
    success_message = "Answer saved. Put the figures right where needed, then submit again."

    def allowed(self) -> bool:
        return super().allowed() and submitting.may_fill(self.request.user, self.object)

    def why_not(self) -> str:
        return standing.why_not_answer(self.object)

    @cached_property
    def question(self) -> SubmissionQuery:
        return get_object_or_404(self.object.queries, pk=self.kwargs["query"])

    def get_lead(self) -> str:
        return f"{self.question.get_section_display()}: {self.question.reason}"

    def get_initial(self) -> dict[str, Any]:
        return {"words": self.question.answer}

    def act(self, form: Any) -> SubmissionQuery:
        self.warn_of_names(form.cleaned_data["words"])
        return submitting.answer(query=self.question, by=self.request.user, **form.cleaned_data)


class Revise(OfSubmission, ActPage):
    """Begin a revision of accepted results."""

    action, heading, button = "submissions.fill", "Revise these results", "Begin the revision"
    lead = "The accepted figures count until the revision is accepted. Those that change are marked [r]."
    form_class = ReviseForm
    success_message = "The revision is open with the accepted figures in it. Change what is wrong, then submit."

    def why_not(self) -> str:
        return standing.why_not_revise(self.object)

    def act(self, form: Any) -> Submission:
        self.warn_of_names(form.cleaned_data["reason"])
        return submitting.revise(submission=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:submission", args=[(result or self.object).pk])


class Withdraw(OfSubmission, ActPage):
    """Take back a revision that was begun by mistake."""

    action, heading, button = "submissions.fill", "Withdraw this revision", "Withdraw the revision"
    lead = "The accepted figures stand. What was changed in the revision is of no effect, and stays on record."
    form_class = WithdrawForm
    success_message = "The revision is withdrawn. The accepted figures stand."

    def allowed(self) -> bool:
        return super().allowed() and submitting.may_revise(self.request.user, self.object)

    def why_not(self) -> str:
        return standing.why_not_withdraw(self.object)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def act(self, form: Any) -> Submission:
        given = {"reason": form.cleaned_data["reason"], "seen_version": form.cleaned_data["version"]}
        return submitting.withdraw(submission=self.object, by=self.request.user, **given)
