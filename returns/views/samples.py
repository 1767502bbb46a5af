"""The pages of an auditor's samples: drawn, looked at line by line, finished, taken as a workbook."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from board import events
from board.views import ActPage, DetailPage, Fact, Link, ListPage, Status
from core.forms import day_in_words, moment_in_words
from core.money import in_words
from core.tables import Table
from core.workbook import MEDIA_TYPE
from funding.models import Declaration, Evidence
from returns import sampling
from returns.forms import ConclusionForm, SampleForm, SampleLineForm
from returns.kinds.claim_record import payee
from returns.kinds.scope import Scope
from returns.models import Return, Sample, SampleLine, Signature
from returns.sample_workbook import workbook
from returns.tables import ProofTable, SampleLineTable, SampleTable
from returns.views.packs import spans_of
from returns.views.shared import SavesOver, return_url

RELATED = ("programme__recipient", "first_quarter__year", "last_quarter__programme__recipient", "last_quarter__year",
           "created_by")  # fmt: skip
OF_A_LINE = ("changed_by", "line__transaction__recorded_by", "line__transaction__created_by", "line__quarter",
             "line__budget_line__project", "line__budget_line__heading", "line__budget_line__source",
             "claim_line__part__claim")  # fmt: skip


class SampleList(ListPage):
    """The samples that the person may see."""

    action, heading, table_class = "samples.read", "Samples of an audit", SampleTable
    lead = "Drawn from the lines of certified claims. What officers see of them is what auditors have finished."

    def get_queryset(self) -> QuerySet[Sample]:
        rows = Sample.objects.visible_to(self.request.user).select_related(*RELATED)
        return rows.annotate(drawn=Count("lines"), left=Count("lines", filter=Q(lines__result="")))

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Returns", reverse("returns:returns"))]

    def get_actions(self) -> Sequence[Link]:
        if self.request.user.acting.kind != sampling.DRAWER:
            return []
        return [Link("Draw a sample", reverse("returns:sample-draw"))]


class Draw(ActPage):
    """Draw a sample by a rule and a seed."""

    action, heading, button, form_class = "samples.draw", "Draw a sample", "Draw it", SampleForm
    lead = "From the lines of certified claims. What it is drawn from, the rule and the seed are recorded with it."

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Returns", reverse("returns:returns")), Link("Samples", reverse("returns:samples"))]

    @cached_property
    def spans(self) -> dict[str, Scope]:
        """The spans to draw from, by a code of their own."""
        return {
            f"{programme.code}/{scope.code}": scope
            for programme, scopes in spans_of(self.request.user).items()
            for scope in scopes
        }

    def get_form_kwargs(self) -> dict[str, Any]:
        shown = [(code, f"{scope.programme.code}: {scope}") for code, scope in self.spans.items()]
        return {**super().get_form_kwargs(), "spans": shown}

    def act(self, form: SampleForm) -> Sample:
        given = dict(form.cleaned_data)
        given["at_random"] = given["at_random"] or 0
        return sampling.draw(scope=self.spans[given.pop("span")], by=self.request.user, **given)

    def get_success_message(self, result: Sample) -> str:
        return f"{result.reference} is drawn."

    def get_back_url(self) -> str:
        return reverse("returns:samples")


class AboutSample:
    """Pages about one sample."""

    lookup = "reference"
    request: HttpRequest
    object: Sample

    def get_queryset(self) -> QuerySet[Sample]:
        return Sample.objects.visible_to(self.request.user).select_related(*RELATED)

    def get_section(self) -> str:
        return self.object.programme.code

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Returns", reverse("returns:returns")), Link("Samples", reverse("returns:samples"))]


class SamplePage(AboutSample, DetailPage):
    """One sample: what it was drawn from, what it covers, what was found, line by line."""

    action = "samples.read"

    def get_heading(self) -> str:
        return f"{self.object.reference}: {self.object.purpose}"

    def get_status(self) -> Status:
        return Status("Finished", "green") if self.object.finished_at else Status("In work", "light-blue")

    def get_facts(self) -> Sequence[Fact]:
        sample, found = self.object, sampling.coverage_of(self.object)
        facts = [Fact(label, words) for label, words in sampling.told(sample, found)]
        if sample.finished_at is None and not sampling.stands(sample):
            words = "A claim of the span was certified or withdrawn since. The sample stays as it was drawn."
            facts.append(Fact("The claims have changed", words))
        return facts

    def get_actions(self) -> Sequence[Link]:
        sample, links = self.object, []
        if sampling.may_record(sample, self.request.user):
            links.append(Link("Finish the sample", reverse("returns:sample-finish", args=[sample.reference])))
        url = reverse("returns:sample-file", args=[sample.reference])
        return [*links, Link("Download as an Excel workbook", url, secondary=True)]

    def get_tables(self) -> Sequence[Table]:
        rows = self.object.lines.select_related(*OF_A_LINE).order_by("number")
        for row in rows:
            row.sample = self.object
        return [SampleLineTable(list(rows), records=sampling.may_record(self.object, self.request.user))]


class RecordResult(SavesOver, AboutSample, ActPage):
    """A line of the sample with its evidence and approvals, and what it turned out to be."""

    action, form_class, button, reread = "samples.draw", SampleLineForm, "Record the result", ("object", "line")
    template_name = "returns/sample_line.html"

    def allowed(self) -> bool:
        return super().allowed() and sampling.may_record(self.object, self.request.user)

    @cached_property
    def line(self) -> SampleLine:
        row = self.object.lines.select_related(*OF_A_LINE).filter(number=self.kwargs["number"]).first()
        if row is None:
            raise Http404
        row.sample = self.object
        return row

    def get_heading(self) -> str:
        return f"Line {self.line.number}: {self.line.line.reference}"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [*super().get_breadcrumbs(), Link(self.object.reference, self.object.get_absolute_url())]

    def get_initial(self) -> dict[str, Any]:
        row = self.line
        return {"result": row.result, "words": row.words, "exception": row.exception, "version": row.version}

    def get_facts(self) -> list[Fact]:
        """What the line is, and who approved it."""
        row, user = self.line, self.request.user
        line, entry, claim = row.line, row.line.transaction, row.claim_line.part.claim
        return [
            Fact("Entry", entry.reference, url=entry.get_absolute_url()),
            Fact("Supplier or basis", payee(entry)),
            Fact("What it was for", entry.description),
            Fact("Document", entry.document_number or "None"),
            Fact("Accounting date", day_in_words(entry.accounting_on)),
            Fact("Charged to", f"{line.budget_line.project.name}, {line.budget_line.heading.name}"),
            Fact("Claimed", in_words(row.cost)),
            Fact("Claim", claim.reference, url=claim.get_absolute_url()),
            Fact("Return", claim.reference, url=return_url(user, claim.reference)),
            *self._approvals(),
            *self._recorded(),
        ]

    def _recorded(self) -> list[Fact]:
        """The result that stands now, which the form takes the place of."""
        row = self.line
        if not row.result:
            return []
        wrong = f", {in_words(row.exception)}" if row.exception is not None else ""
        words = f"{row.get_result_display()}{wrong}. {row.words}".strip()
        return [Fact("Result so far", f"{words} ({row.changed_by}, {moment_in_words(row.changed_at)})")]

    def _approvals(self) -> list[Fact]:
        row = self.line
        line, entry, claim = row.line, row.line.transaction, row.claim_line.part.claim
        facts = [Fact("Entered by", f"{entry.created_by}, {moment_in_words(entry.created_at)}")]
        declared = Declaration.objects.in_force().filter(
            organisation=entry.recorded_by, source=line.budget_line.source, quarter=line.quarter
        )
        for one in declared.select_related("created_by"):
            facts.append(Fact("Declared by", f"{one.created_by}, {moment_in_words(one.created_at)}"))
        if not facts[1:]:
            facts.append(Fact("Declared by", "No declaration of the quarter is on record."))
        signed = Signature.objects.filter(the_return__kind=Return.CLAIM, the_return__reference=claim.reference)
        for one in signed.order_by("signed_at"):
            facts.append(Fact(one.get_act_display(), f"{one.person_name}, {moment_in_words(one.signed_at)}"))
        return facts

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        seen = Evidence.objects.visible_to(self.request.user).in_force().filter(transaction=self.line.line.transaction)
        proofs = ProofTable(list(seen.select_related("file").order_by("reference")), prefix="proofs-")
        return super().get_context_data(**{"rows": self.get_facts(), "proofs": proofs, **kwargs})

    def act(self, form: SampleLineForm) -> SampleLine:
        given = form.cleaned_data
        return sampling.record(
            sample_line=self.line,
            result=given["result"],
            words=given["words"],
            exception=given["exception"],
            seen_version=given["version"],
            by=self.request.user,
        )

    def get_success_message(self, result: SampleLine) -> str:
        return f"Line {result.number}: {result.get_result_display().lower()}."

    def get_success_url(self, result: Any = None) -> str:
        """The next line without a result, or the sample when none is left."""
        left = self.object.lines.filter(result="").exclude(pk=self.line.pk)
        following = (
            left.filter(number__gt=self.line.number).order_by("number").first() or left.order_by("number").first()
        )
        if following is None:
            return self.object.get_absolute_url()
        return reverse("returns:sample-line", args=[self.object.reference, following.number])


class Finish(SavesOver, AboutSample, ActPage):
    """Close the sample with its conclusion."""

    action, heading, form_class, button = "samples.draw", "Finish the sample", ConclusionForm, "Finish it"
    lead = "It changes no more after this. The officers of the grant's holder see it from now on."
    success_message = "The sample is finished."

    def allowed(self) -> bool:
        return super().allowed() and sampling.may_record(self.object, self.request.user)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def act(self, form: ConclusionForm) -> Sample:
        given = form.cleaned_data
        return sampling.finish(
            sample=self.object, conclusion=given["conclusion"], seen_version=given["version"], by=self.request.user
        )


class TakeSample(AboutSample, DetailPage):
    """The sample as a workbook; that it was taken is on record."""

    action = "samples.read"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sample, name = self.object, f"{self.object.programme.code}-{self.object.reference}.xlsx"
        data = workbook(sample, list(sample.lines.select_related(*OF_A_LINE).order_by("number")))
        events.record("sample.download", sample.reference, by=request.user, words=name, programme=sample.programme)
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
        return HttpResponse(data, content_type=MEDIA_TYPE, headers=headers)
