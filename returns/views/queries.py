"""The pages of the funder's questions: recorded, answered, ended, with their files."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from board import clock
from board.downloads import as_download
from board.models import User
from board.uploads import TakesUpload
from board.views import ActPage, DetailPage, Fact, Link, Page
from core.forms import day_in_words
from core.problems import Refused
from core.tables import Table
from returns import certifying, queries
from returns.forms import QueryAnswerForm, QueryEndForm, QueryFileForm, QueryForm, TakeBackForm
from returns.models import FunderQuery, QueryFile, Return
from returns.sending import dispatch_of
from returns.tables import QueryFileTable, QueryTable
from returns.views.shared import AboutReturn, SavesOver


class Record(AboutReturn, ActPage):
    """Record what the funder asks about the return."""

    action, heading, button, form_class = "returns.send", "Record a question of the funder", "Record it", QueryForm
    lead = "The return stays as it was signed. The answer is due among what there is to do."
    success_message = "The question is recorded."

    def allowed(self) -> bool:
        return super().allowed() and queries.may_record(self.object, self.request.user)

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "asked_on": clock.today()}

    def act(self, form: QueryForm) -> FunderQuery:
        dispatch = dispatch_of(self.object)
        if dispatch is None:
            raise Http404
        return queries.record(dispatch=dispatch, by=self.request.user, **form.cleaned_data)


class AboutQuery(AboutReturn):
    """Pages about one question."""

    is_query_page = False

    @cached_property
    def query(self) -> FunderQuery:
        rows = FunderQuery.objects.filter(dispatch__the_return=self.object, reference=self.kwargs["reference"])
        row = rows.select_related("dispatch").first()
        if row is None:
            raise Http404
        row.dispatch.the_return = self.object
        return row

    def get_breadcrumbs(self) -> Sequence[Link]:
        links = [*super().get_breadcrumbs()]
        return links if self.is_query_page else [*links, Link(self.query.reference, self.query.get_absolute_url())]


class QueryPage(AboutQuery, DetailPage):
    """One question, its answer and its end."""

    action, is_query_page = "returns.read", True

    def get_heading(self) -> str:
        return f"Question of the funder {self.query.reference}"

    def get_facts(self) -> Sequence[Fact]:
        row = self.query
        facts = [
            Fact("Return", self.object.reference, url=self.object.get_absolute_url()),
            Fact("Standing", row.standing_words),
            Fact("Asked", f"{day_in_words(row.asked_on)}, by {row.asked_by_title}"),
            Fact("Question", row.question),
            Fact("Answer due", day_in_words(row.due_on)),
        ]
        if row.answered_on:
            facts.append(Fact(f"Answer of {day_in_words(row.answered_on)}", row.answer))
        if row.ended_on:
            facts.append(Fact("Ended", f"{day_in_words(row.ended_on)}: {row.get_outcome_display()}"))
        if row.disallowance:
            claim = certifying.standing_claim(self.object)
            facts.append(Fact("Disallowed", row.disallowance, url=claim.get_absolute_url() if claim else ""))
        if row.outcome_words:
            facts.append(Fact("What the funder said", row.outcome_words))
        if row.withdrawn_at:
            facts.append(Fact("Taken back", f"{day_in_words(row.withdrawn_at)}: {row.withdrawn_reason}"))
        return facts

    def get_actions(self) -> Sequence[Link]:
        row = self.query
        if not queries.may_change(row, self.request.user):
            return []
        at = [self.object.pk, row.reference]
        again = "Change the answer" if row.answered_on else "Record the answer"
        return [
            Link(again, reverse("returns:query-answer", args=at), secondary=row.answered_on is not None),
            Link("Record how it ended", reverse("returns:query-end", args=at), secondary=row.answered_on is None),
            Link("Attach a file", reverse("returns:query-attach", args=at), secondary=True),
            Link("Not asked after all", reverse("returns:query-withdraw", args=at), secondary=True),
        ]

    def get_tables(self) -> Sequence[Table]:
        found = self.query.files.select_related("file", "query__dispatch", "created_by").order_by("pk")
        return [QueryFileTable(list(found))]


class ChangesQuery(SavesOver, AboutQuery):
    """An act on a question that is open."""

    action, reread = "returns.send", ("object", "query")

    def allowed(self) -> bool:
        return super().allowed() and queries.may_change(self.query, self.request.user)  # type: ignore[misc]

    def get_lead(self) -> str:
        return self.query.question

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "version": self.query.version}  # type: ignore[misc]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.query
        told = [Fact(f"Answer of {day_in_words(row.answered_on)}", row.answer)] if row.answered_on else []
        return super().get_context_data(**{"rows": told, **kwargs})  # type: ignore[misc]

    def get_back_url(self) -> str:
        return self.query.get_absolute_url()

    def get_success_url(self, result: Any = None) -> str:
        return self.query.get_absolute_url()


class Answer(ChangesQuery, ActPage):
    """Record what was answered."""

    heading, button, form_class = "Record the answer", "Record the answer", QueryAnswerForm
    success_message = "The answer is recorded."

    def get_initial(self) -> dict[str, Any]:
        row = self.query
        return {**super().get_initial(), "answered_on": row.answered_on or clock.today(), "words": row.answer}

    def act(self, form: QueryAnswerForm) -> FunderQuery:
        given = form.cleaned_data
        return queries.answer(
            query=self.query,
            answered_on=given["answered_on"],
            words=given["words"],
            seen_version=given["version"],
            by=self.request.user,
        )


class End(ChangesQuery, ActPage):
    """Record how it ended."""

    heading, button, form_class = "How the question ended", "Record it", QueryEndForm

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "ended_on": clock.today()}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "disallowances": queries.disallowances_of(self.object)}

    def act(self, form: QueryEndForm) -> FunderQuery:
        given = form.cleaned_data
        return queries.end(
            query=self.query,
            outcome=given["outcome"],
            ended_on=given["ended_on"],
            words=given["words"],
            disallowance=given.get("disallowance", ""),
            seen_version=given["version"],
            by=self.request.user,
        )

    def get_success_message(self, result: FunderQuery) -> str:
        if result.outcome == FunderQuery.Outcome.REVISION:
            return "The return was sent back. Begin its revision on the page of the return."
        return f"{result.reference} is closed: {result.get_outcome_display().lower()}."


class TakeQueryBack(ChangesQuery, ActPage):
    """Take back a question that was recorded by mistake."""

    heading, button, form_class = "Not asked after all", "Take it back", TakeBackForm
    success_message = "The question counts as not asked. What was recorded stays on record as taken back."

    def act(self, form: TakeBackForm) -> FunderQuery:
        given = form.cleaned_data
        return queries.take_back(
            query=self.query, reason=given["reason"], seen_version=given["version"], by=self.request.user
        )


class AttachToQuery(ChangesQuery, TakesUpload):
    """Keep a file with the question or its answer."""

    heading, button, form_class = "Attach a file", "Attach", QueryFileForm
    success_message = "The file is attached."

    def get_initial(self) -> dict[str, Any]:
        return {}

    def act(self, form: QueryFileForm) -> QueryFile:
        return queries.attach(
            query=self.query,
            file=self.keep(form.cleaned_data["file"]),
            confirmed_no_names=form.cleaned_data["confirmed_no_names"],
            by=self.request.user,
        )


class TakeQueryFile(AboutQuery, Page):
    """A file of a question, always to be saved; that it was taken is on record."""

    action = "returns.download"

    @cached_property
    def object(self) -> Return:  # type: ignore[override]
        row = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise Http404
        return row

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        attached = self.query.files.select_related("file").filter(pk=kwargs["file"]).first()
        if attached is None:
            raise Http404
        attached.query = self.query
        try:
            data = queries.give_out(attached=attached, by=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(self.query)
        return as_download(attached.file, data)


def query_tables(the_return: Return) -> list[Table]:
    """The funder's questions about a return, for its page; nothing where none was recorded."""
    found = FunderQuery.objects.filter(dispatch__the_return=the_return).select_related("dispatch")
    rows = list(found.order_by("asked_on", "reference"))
    return [QueryTable(rows, prefix="queries-")] if rows else []


def query_links(the_return: Return, user: User) -> list[Link]:
    """Where a question is recorded, for those who may."""
    if not queries.may_record(the_return, user):
        return []
    url = reverse("returns:query-record", args=[the_return.pk])
    return [Link("Record a question of the funder", url, secondary=True)]
