"""The pages of results: lists, one submission, filling it, deciding on it, and performance by KPI."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from board import clock
from board.access import BOARD, may
from board.models import Quarter
from board.quarters import RESULTS, is_open
from board.views import ActPage, ConfirmPage, DetailPage, Fact, Link, ListPage, Status
from core.forms import day_in_words
from core.problems import Problem, Refused
from core.templatetags.govuk import moment
from kpis import submitting
from kpis.answers import Answer, boxes_of, stored_answers
from kpis.asking import Slot, slots_of
from kpis.filters import KpiFilters, SubmissionFilters
from kpis.forms import AnswerForm, LateForm, OpenForm, QueryForm, ReviseForm, SectionForm, SubmitForm, words_of_last
from kpis.gathering import cells_before, context_of
from kpis.kinds import Profile, Section
from kpis.models import Kpi, Submission, SubmissionQuery
from kpis.reading import ReadSection, figure_words, read_sections
from kpis.results import MeasureLine, performance
from kpis.rules import OPENINGS, find_problems
from kpis.tables import STATUS_COLOURS, BreakdownTable, PerformanceTable, SubmissionTable

_SUBMISSIONS = "duty__project__programme", "duty__organisation", "quarter__programme", "quarter__year"


class SubmissionList(ListPage):
    """Every submission that the person may see."""

    action, heading = "submissions.read", "Results"
    lead = "What each supplier reports for each quarter. Choose a quarter to fill, read or decide on it."
    table_class, filterset_class = SubmissionTable, SubmissionFilters

    def get_queryset(self) -> Any:
        return Submission.objects.visible_to(self.request.user).select_related(*_SUBMISSIONS)

    def get_actions(self) -> Sequence[Link]:
        if may(self.request.user, "submissions.decide"):
            return [Link("Ask for a quarter’s results", reverse("kpis:open"), secondary=True)]
        return []


class _OfSubmission:
    """What the pages about one submission share."""

    section = "Results"

    def get_queryset(self) -> Any:
        rows = Submission.objects.visible_to(self.request.user)  # type: ignore[attr-defined]
        return rows.select_related(*_SUBMISSIONS, "submitted_by", "accepted_by")

    def get_section(self) -> str:
        row = self.object  # type: ignore[attr-defined]
        return f"{row.duty.project.name}, {row.quarter}"

    def get_breadcrumbs(self) -> Sequence[Link]:
        row = self.object  # type: ignore[attr-defined]
        return [
            Link("Results", reverse("kpis:submissions")),
            Link(_title(row), reverse("kpis:submission", args=[row.pk])),
        ]

    def get_back_url(self) -> str:
        return reverse("kpis:submission", args=[self.object.pk])  # type: ignore[attr-defined]

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:submission", args=[self.object.pk])  # type: ignore[attr-defined]

    @cached_property
    def slots(self) -> list[Slot]:
        return slots_of(self.object)  # type: ignore[attr-defined]

    @cached_property
    def answers(self) -> dict[str, Answer]:
        return stored_answers(self.object, self.slots)  # type: ignore[attr-defined]

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


def _title(row: Submission) -> str:
    revision = f", revision {row.revision}" if row.revision > 1 else ""
    return f"{row.duty.organisation.short_name}, {row.quarter.short_label}{revision}"


class SubmissionPage(_OfSubmission, DetailPage):
    """One submission: where it stands, what it says, what can be done with it."""

    action = "submissions.read"
    template_name = "kpis/submission.html"

    def get_heading(self) -> str:
        return _title(self.object)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Results", reverse("kpis:submissions"))]

    def get_status(self) -> Status:
        return Status(self.object.get_status_display(), STATUS_COLOURS[self.object.status])

    def get_lead(self) -> str:
        if not self.may_change:
            return ""
        done = len(self.answers)
        return f"{done} of {len(self.slots)} figures are filled. You can save and come back."

    @cached_property
    def may_change(self) -> bool:
        """Whether this person can fill it now."""
        row = self.object
        return row.may_change and submitting.may_fill(self.request.user, row) and self.takes_results

    @cached_property
    def takes_results(self) -> bool:
        row = self.object
        return row.revision > 1 or row.after_close or is_open(row.quarter, RESULTS, clock.now(), row.duty.organisation)

    def get_actions(self) -> Sequence[Link]:
        row, user = self.object, self.request.user
        found = []
        if self.may_change:
            found.append(Link("Check answers and submit", reverse("kpis:submit", args=[row.pk])))
        elif row.may_change and submitting.may_fill(user, row):
            found.append(Link("Submit late", reverse("kpis:submit_late", args=[row.pk])))
        if submitting.may_decide(user, row):
            if row.status == Submission.Status.SUBMITTED and row.submitted_by_id != user.pk:
                found.append(Link("Accept", reverse("kpis:accept", args=[row.pk])))
            if row.status in (Submission.Status.SUBMITTED, Submission.Status.QUERIED):
                found.append(Link("Query a section", reverse("kpis:query", args=[row.pk]), secondary=True))
        if row.status == Submission.Status.ACCEPTED and may(user, "submissions.fill") and not self.being_revised:
            found.append(Link("Revise", reverse("kpis:revise", args=[row.pk]), secondary=True))
        return found

    @cached_property
    def being_revised(self) -> bool:
        row = self.object
        return Submission.objects.filter(duty=row.duty_id, quarter=row.quarter_id, revision__gt=row.revision).exists()

    def get_facts(self) -> Sequence[Fact]:
        row = self.object
        facts = [
            Fact("Reference", row.reference),
            Fact("Project", row.duty.project.name),
            Fact("Quarter", str(row.quarter)),
            Fact("Due", day_in_words(row.quarter.provider_due_on)),
        ]
        if row.submitted_at:
            facts.append(Fact("Submitted", f"{moment(row.submitted_at)} by {row.submitted_by}"))
        if row.late:
            facts.append(Fact("Why it was late", row.late_reason))
        if row.accepted_at:
            facts.append(Fact("Accepted", f"{moment(row.accepted_at)} by {row.accepted_by}"))
        if row.superseded_at:
            facts.append(Fact("Superseded", moment(row.superseded_at)))
        if row.revision_reason:
            facts.append(Fact("Reason for the revision", row.revision_reason))
        if row.first_reported_in:
            facts.append(Fact("First reported in", row.first_reported_in))
        return facts

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        queries = list(self.object.queries.select_related("by", "answered_by"))
        fill = submitting.may_fill(self.request.user, self.object)
        return super().get_context_data(
            sections=self.read(),
            queries=queries,
            may_change=self.may_change,
            may_answer=fill and self.object.status == Submission.Status.QUERIED,
            **kwargs,
        )

    def read(self) -> list[ReadSection]:
        return read_sections(self.slots, self.answers, self.last)


class Fill(_OfSubmission, ActPage):
    """The boxes of one section."""

    action = "submissions.fill"
    form_class = SectionForm
    template_name = "kpis/section.html"
    button = "Save and continue"

    def allowed(self) -> bool:
        fills = super().allowed() and submitting.may_fill(self.request.user, self.object)
        return fills and self.object.may_change

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
        return f"Section {self.sections.index(self.part) + 1} of {len(self.sections)}"

    def get_initial(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"version": self.object.version}
        for slot in self.asked:
            if slot.key in self.answers:
                shown |= boxes_of(self.answers[slot.key])
            else:
                shown |= self._carried_forward(slot)
        return shown

    def _carried_forward(self, slot: Slot) -> dict[str, str]:
        """An opening figure is last quarter's closing one; nothing else is copied."""
        project, _, number = slot.code.partition("-")
        closing = self.before.get(f"{project}-{OPENINGS[number]}") if number in OPENINGS else None
        return {} if closing is None or closing.count is None else {slot.key: str(closing.count)}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "slots": self.asked, "last": self.last}

    def act(self, form: Any) -> Submission:
        return submitting.save_draft(
            submission=self.object,
            figures=form.figures(),
            seen_version=form.cleaned_data["version"],
            by=self.request.user,
        )

    def get_success_url(self, result: Any = None) -> str:
        if "leave" in self.request.POST:
            return reverse("kpis:submission", args=[self.object.pk])
        later = self.sections[self.sections.index(self.part) + 1 :]
        if later:
            return reverse("kpis:fill", args=[self.object.pk, later[0].value])
        return reverse("kpis:submit", args=[self.object.pk])

    def get_success_message(self, result: Any) -> str:
        return f"{self.part.label}: saved."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        questions = self.object.queries.filter(section=self.part, answer="") if "section" in self.kwargs else ()
        return super().get_context_data(questions=questions, **kwargs)


class SubmitLate(Fill):
    """All boxes at once, for results that come after the quarter closed."""

    form_class = LateForm
    button = "Submit late"

    @cached_property
    def asked(self) -> list[Slot]:
        return self.slots

    def get_heading(self) -> str:
        return "Submit late"

    def get_lead(self) -> str:
        return "The quarter is closed for results. These go into it as late, and the next return says so."

    def act(self, form: Any) -> list[Problem]:
        return submitting.submit_late(
            submission=self.object,
            figures=form.figures(),
            seen_version=form.cleaned_data["version"],
            reason=form.cleaned_data["late_reason"],
            by=self.request.user,
        )

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:submission", args=[self.object.pk])

    def get_success_message(self, result: Any) -> str:
        return "Submitted late. A commissioning officer will look at it."


class Submit(_OfSubmission, ActPage):
    """Check answers, and hand them in."""

    action = "submissions.fill"
    heading = "Check your answers"
    form_class = SubmitForm
    template_name = "kpis/submit.html"
    button = "Submit"
    success_message = "Submitted. A commissioning officer will accept it or come back with a question."

    def allowed(self) -> bool:
        fills = super().allowed() and submitting.may_fill(self.request.user, self.object)
        return fills and self.object.may_change

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def get_form_kwargs(self) -> dict[str, Any]:
        row = self.object
        late = row.submitted_at is None and row.revision == 1 and clock.today() > row.quarter.provider_due_on
        return {**super().get_form_kwargs(), "late": late}

    def act(self, form: Any) -> list[Problem]:
        try:
            return submitting.submit(
                submission=self.object,
                seen_version=form.cleaned_data["version"],
                late_reason=form.cleaned_data.get("late_reason", ""),
                by=self.request.user,
            )
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
        answers = {key: submitting.completed(answer) for key, answer in self.answers.items()}
        context = context_of(self.object, self.slots, answers, today=clock.today())
        found = [(problem, self._address(problem)) for problem in find_problems(context)]
        return super().get_context_data(
            sections=read_sections(self.slots, self.answers, self.last),
            may_change=True,
            blocking=[pair for pair in found if pair[0].blocking],
            worth_a_look=[pair for pair in found if not pair[0].blocking],
            **kwargs,
        )


class _Deciding(_OfSubmission):
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


class AnswerQuery(_OfSubmission, ActPage):
    """Answer a question."""

    action, heading, button = "submissions.fill", "Answer the query", "Save the answer"
    form_class = AnswerForm
    success_message = "Answer saved. Put the figures right where needed, then submit again."

    def allowed(self) -> bool:
        return super().allowed() and submitting.may_fill(self.request.user, self.object)

    @cached_property
    def question(self) -> SubmissionQuery:
        return get_object_or_404(self.object.queries, pk=self.kwargs["query"])

    def get_lead(self) -> str:
        return f"{self.question.get_section_display()}: {self.question.reason}"

    def get_initial(self) -> dict[str, Any]:
        return {"words": self.question.answer}

    def act(self, form: Any) -> SubmissionQuery:
        return submitting.answer(query=self.question, by=self.request.user, **form.cleaned_data)


class Revise(_OfSubmission, ActPage):
    """Begin a revision of accepted results."""

    action, heading, button = "submissions.fill", "Revise these results", "Begin the revision"
    lead = "The accepted figures count until the revision is accepted. Those that change are marked [r]."
    form_class = ReviseForm
    success_message = "The revision is open with the accepted figures in it. Change what is wrong, then submit."

    def act(self, form: Any) -> Submission:
        return submitting.revise(submission=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:submission", args=[(result or self.object).pk])


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


class _Figures:
    """What the pages of figures share: which quarter, and how much the reader sees."""

    @property
    def profile(self) -> Profile:
        """Board members read figures with the small numbers hidden."""
        return Profile.BOARD if self.request.user.acting.kind == BOARD else Profile.FUNDER  # type: ignore[attr-defined]


def latest_quarter(quarters: Sequence[Quarter]) -> Quarter | None:
    """The last quarter whose results are closed, else the last that has ended, else the first of all."""
    ordered = sorted(quarters, key=lambda row: row.order)
    closed = [row for row in ordered if row.results_closed_at]
    ended = [row for row in ordered if row.last_day < clock.today()]
    return (closed or ended or ordered[:1] or [None])[-1]


class Performance(_Figures, ListPage):
    """Performance by KPI, over the year and the programme."""

    action, heading = "results.read", "Performance by KPI"
    template_name = "kpis/performance.html"
    table_class, filterset_class = PerformanceTable, KpiFilters

    def get_queryset(self) -> Any:
        return Kpi.objects.visible_to(self.request.user).select_related("project")

    @cached_property
    def quarter(self) -> Quarter | None:
        form = self.filterset.form  # type: ignore[union-attr]
        chosen = form.cleaned_data.get("quarter") if form.is_bound and form.is_valid() else None
        return chosen or latest_quarter(list(self.filterset.form.fields["quarter"].queryset))  # type: ignore[union-attr]

    def get_lead(self) -> str:
        return f"Up to the end of {self.quarter}." if self.quarter else "No quarter has begun."

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        if self.quarter is None:
            return []
        wanted = {
            (kpi.project.code, kpi.code)
            for kpi in super().rows()
            if kpi.project.programme_id == self.quarter.programme_id
        }
        projects = {project for project, _ in wanted}
        if not wanted:
            return []
        found = performance(self.quarter.programme, self.quarter, profile=self.profile, only=projects)
        return [
            self._line(line) for project in found for line in project.measures if (project.code, line.code) in wanted
        ]

    def rows(self) -> list[dict[str, Any]]:
        return self.lines

    def _line(self, line: MeasureLine) -> dict[str, Any]:
        quarter = self.quarter
        return {
            "url": reverse("kpis:breakdown", args=[quarter.programme.code, quarter.code, line.code]),  # type: ignore[union-attr]
            "measure": f"{line.code} {line.name}",
            **{f"q{place}": figure_words(shown) for place, shown in enumerate(line.quarters, start=1)},
            "year": figure_words(line.year_to_date),
            "target": "" if line.target_so_far is None else _target(line),
            "rag": line.rag,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(suppressed=self.profile != Profile.FUNDER, **kwargs)


def _target(line: MeasureLine) -> str:
    number = line.target_so_far.normalize()  # type: ignore[union-attr]
    return f"{number:f}%" if line.year_to_date.unit == "percent" else f"{number:,f}"


class KpiPage(_Figures, DetailPage):
    """One KPI in one quarter: its definition, its figures and its breakdowns."""

    action = "results.read"
    section = "Performance by KPI"
    template_name = "kpis/breakdown.html"
    lookup = "code"

    def get_queryset(self) -> Any:
        kpis = Kpi.objects.visible_to(self.request.user)
        return kpis.filter(project__programme__code=self.kwargs["programme"]).select_related("project__programme")

    @cached_property
    def quarter(self) -> Quarter:
        quarters = Quarter.objects.filter(kind=Quarter.Kind.QUARTER).select_related("programme", "year")
        return get_object_or_404(quarters, programme=self.object.project.programme_id, code=self.kwargs["quarter"])

    @cached_property
    def project(self) -> Any:
        project = self.object.project
        found = performance(project.programme, self.quarter, profile=self.profile, only=[project.code])
        if not found:
            raise Http404("Nobody reports this")
        return found[0]

    @cached_property
    def line(self) -> MeasureLine:
        line = next((row for row in self.project.measures if row.code == self.object.code), None)
        if line is None:
            raise Http404("Nobody reports this")
        return line

    def get_heading(self) -> str:
        return f"{self.line.code} {self.line.name}"

    def get_section(self) -> str:
        return f"{self.project.name}, {self.quarter}"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Performance by KPI", f"{reverse('kpis:performance')}?quarter={self.quarter.pk}")]

    def get_facts(self) -> Sequence[Fact]:
        line = self.line
        facts = [
            Fact("Definition", f"{line.definition} (version {line.definition_version})"),
            Fact("Unit", line.unit),
            Fact("Supplier", line.supplier),
        ]
        facts += [Fact(f"Q{place}", figure_words(shown)) for place, shown in enumerate(line.quarters, start=1)]
        facts.append(Fact("Year to date", _with_caveat(line.year_to_date)))
        facts.append(Fact("Programme to date", _with_caveat(line.programme_to_date)))
        if line.target is not None:
            facts.append(Fact("Target to date", _target(line)))
        facts.append(Fact("Rating", line.rag))
        if line.comment:
            facts.append(Fact("Comment", line.comment))
        return facts

    def get_tables(self) -> Sequence[BreakdownTable]:
        tables: dict[str, list[dict[str, str]]] = {}
        names = {}
        for row in self.project.breakdowns:
            if row.code == self.object.code:
                names[row.dimension] = row.dimension_name
                cells = {"category": row.category_name, "figure": figure_words(row.shown)}
                tables.setdefault(row.dimension, []).append(cells)
        return [
            BreakdownTable(rows, caption=f"By {names[code].lower()}, this quarter", prefix=f"{code}-")
            for code, rows in tables.items()
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(suppressed=self.profile != Profile.FUNDER, **kwargs)


def _with_caveat(shown: Any) -> str:
    return f"{figure_words(shown)} ({shown.caveat})" if shown.caveat else figure_words(shown)
