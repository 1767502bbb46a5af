"""Evidence: many files sent at once and matched to entries, an entry's own files, and what is still without."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from board import clock
from board.access import acting_organisation, may
from board.downloads import as_download
from board.files import Stored, discard, store
from board.models import StoredFile
from board.uploads import TakesUpload
from board.views import ActPage, ConfirmPage, Fact, Link, ListPage, Page
from core.problems import Refused
from core.tables import Table
from funding.evidence import attach, detach, give_out, restrict, without_evidence
from funding.evidence_matching import Match, match
from funding.evidence_tables import UnprovenTable
from funding.filters import UnprovenFilters
from funding.forms.evidence import DropForm, EntryEvidenceForm, MatchForm
from funding.forms.spend import ReasonForm
from funding.models import Evidence, SpendLine, Transaction
from funding.views.spend import SPEND, OwnEntry, is_own, spend_crumb


class TakesEvidence(TakesUpload):
    """A page that takes several files."""

    field = "files"
    too_large = "These files are too large: the most that is taken at one go is {limit} MB. Send fewer at a time"

    def most_bytes(self) -> int:
        return settings.DROP_LIMIT_BYTES

    def staged(self) -> list[StoredFile]:
        """What the person sent and attached to nothing yet."""
        return list(StoredFile.objects.staged_by(self.request.user))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        limits = {
            "most": settings.DATA_UPLOAD_MAX_NUMBER_FILES,
            "each": settings.UPLOAD_LIMIT_BYTES,
            "together": settings.DROP_LIMIT_BYTES,
        }
        return super().get_context_data(**{"limits": limits, **kwargs})


def files_in_words(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


class SendEvidence(TakesEvidence):
    """Send many files; what is taken waits to be matched, what is refused is said of each."""

    action, heading, section = "spending.record", "Evidence", SPEND
    template_name = "funding/evidence.html"
    form_class, button = DropForm, "Send the files"
    lead = (
        "Send invoices, ledger prints and statements, many at once. "
        "A file that is named by its document number finds its entry."
    )

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb()]

    def get_actions(self) -> Sequence[Link]:
        waiting = len(self.staged())
        found = [Link("Entries without evidence", reverse("funding:evidence-missing"), secondary=True)]
        if waiting:
            words = f"Match {files_in_words(waiting)} to entries"
            found.insert(0, Link(words, reverse("funding:evidence-match"), secondary=True))
        return found

    def get_back_url(self) -> str:
        return reverse("funding:spend")

    def act(self, form: DropForm) -> Stored:
        stored = store(uploads=form.cleaned_data["files"], by=self.request.user)
        if stored.refused:
            raise Refused(stored.refused)
        return stored

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = super().get_context_data(**kwargs)
        return {**shown, "kept": len(self.staged()) if shown["form"].errors else 0}

    def get_success_url(self, result: Any = None) -> str:
        return reverse("funding:evidence-match")


class MatchEvidence(ActPage):
    """Confirm or choose for each file that waits which entries it proves."""

    action, heading, section = "spending.record", "Match files to entries", SPEND
    template_name = "funding/evidence_match.html"
    form_class, button = MatchForm, "Attach"
    lead = (
        "Enter for each file its entry or document number; several with commas. "
        "A file that is left without one waits, and is removed after a day."
    )

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb(), Link("Evidence", reverse("funding:evidence"))]

    def get_back_url(self) -> str:
        return reverse("funding:evidence")

    @cached_property
    def matched(self) -> dict[StoredFile, Match]:
        """The files that wait, each with what its name says."""
        waiting = list(StoredFile.objects.staged_by(self.request.user))
        found = match([file.name for file in waiting], acting_organisation(self.request.user))
        return dict(zip(waiting, found, strict=True))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.request = request
        if self.allowed() and not self.matched:
            messages.info(request, "No file waits to be matched.")
            return redirect("funding:evidence")
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        organisation = acting_organisation(self.request.user)
        return {**super().get_form_kwargs(), "staged": self.matched, "organisation": organisation}

    def act(self, form: MatchForm) -> list[Evidence]:
        found: list[Evidence] = []
        if asked := form.attachments():
            confirmed = form.cleaned_data["confirmed_no_names"]
            found = attach(attachments=asked, confirmed_no_names=confirmed, by=self.request.user)
        self.discarded = discard(uploads=form.discarded, by=self.request.user)
        return found

    def get_success_message(self, result: list[Evidence]) -> str:
        words = []
        if entries := len({row.transaction_id for row in result}):
            attached = files_in_words(len({row.file_id for row in result}))
            words.append(f"{attached} attached to {entries} entr{'y' if entries == 1 else 'ies'}.")
        if self.discarded:
            words.append(f"{files_in_words(self.discarded)} discarded.")
        return " ".join(words)

    def get_success_url(self, result: Any = None) -> str:
        waiting = StoredFile.objects.staged_by(self.request.user).exists()
        return reverse("funding:evidence-match" if waiting else "funding:evidence")


class AddEvidence(OwnEntry, TakesEvidence):
    """Attach files to one entry. What was sent is kept even where something else is refused."""

    form_class, button = EntryEvidenceForm, "Attach"
    template_name = "funding/evidence.html"

    def get_heading(self) -> str:
        return f"Add evidence to {self.object.reference}"

    def get_lead(self) -> str:
        return " · ".join(
            filter(None, (self.object.supplier_name, self.object.document_number, self.object.description))
        )

    def allowed(self) -> bool:
        return super().allowed() and not self.object.is_void

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.sent = self._store(request)
        return super().post(request, *args, **kwargs)

    def _store(self, request: HttpRequest) -> Stored:
        try:
            return store(uploads=request.FILES.getlist("files"), by=request.user)
        except Refused as refusal:
            return Stored([], refusal.problems)

    def get_form_kwargs(self) -> dict[str, Any]:
        sent = getattr(self, "sent", None)
        return {**super().get_form_kwargs(), "entry": self.object, "staged": self.staged(), "sent": sent}

    def empty_form(self) -> BaseForm:
        return self.form_class({}, entry=self.object, staged=[])

    def act(self, form: EntryEvidenceForm) -> list[Evidence]:
        return attach(
            attachments=form.attachments(self.object),
            confirmed_no_names=form.cleaned_data["confirmed_no_names"],
            by=self.request.user,
        )

    def get_success_message(self, result: list[Evidence]) -> str:
        return f"{files_in_words(len(result))} attached to {self.object.reference}."

    def get_success_url(self, result: Any = None) -> str:
        return self.object.get_absolute_url()


class EvidenceFile(Page):
    """The file itself, for those who may see it: always to be saved, never shown by the browser."""

    action = "spending.read"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seen = Evidence.objects.visible_to(request.user).in_force().select_related("file", "transaction")
        evidence = get_object_or_404(seen, reference=kwargs["reference"])
        try:
            data = give_out(evidence=evidence, by=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(evidence)
        return as_download(evidence.file, data)


class OwnEvidence:
    """An act on evidence in force of the person's own ledger."""

    action, lookup, section = "spending.record", "reference", SPEND

    def get_queryset(self) -> QuerySet[Evidence]:
        return (
            Evidence.objects.visible_to(self.request.user).in_force().select_related("file", "transaction__recorded_by")
        )

    def allowed(self) -> bool:
        return super().allowed() and is_own(self.request.user, self.object.transaction)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb(), Link(self.object.transaction.reference, self.object.get_absolute_url())]

    def get_facts(self) -> Sequence[Fact]:
        return [Fact("File", self.object.file.name), Fact("What it is", self.object.get_what_display())]

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}


class TakeAway(OwnEvidence, ConfirmPage):
    """Take evidence away that proves nothing, or names somebody."""

    form_class, button, danger = ReasonForm, "Take it away", True
    warning = "It stays on record with your reason, and nobody can open the file any more. This cannot be undone."

    def get_heading(self) -> str:
        return f"Take {self.object.reference} away from {self.object.transaction.reference}?"

    def act(self, form: ReasonForm) -> Evidence:
        given = form.cleaned_data
        return detach(evidence=self.object, reason=given["reason"], by=self.request.user, seen_version=given["version"])

    def get_success_message(self, result: Evidence) -> str:
        return f"{result.reference} is taken away."


class Restrict(OwnEvidence, ConfirmPage):
    """Keep evidence within the own organisation and its auditors."""

    button = "Restrict it"
    warning = (
        "Only your organisation’s finance officers, chief finance officer and auditors can open it then, for good."
    )

    def get_queryset(self) -> QuerySet[Evidence]:
        return super().get_queryset().filter(restricted=False)

    def get_heading(self) -> str:
        return f"Restrict {self.object.reference}?"

    def act(self, form: BaseForm) -> Evidence:
        return restrict(evidence=self.object, by=self.request.user)

    def get_success_message(self, result: Evidence) -> str:
        return f"{result.reference} is restricted."


class Unproven(ListPage):
    """Entries above the threshold that nothing proves."""

    action, heading, section = "spending.read", "Entries without evidence", SPEND
    table_class, filterset_class = UnprovenTable, UnprovenFilters
    lead = (
        "Entries above their programme’s threshold to which no file is attached. It is a warning in a quarter; "
        "the year’s final claim is not certified while one of the grant’s is left."
    )

    def get_queryset(self) -> QuerySet[Transaction]:
        lines = SpendLine.objects.select_related("quarter").order_by("number")
        first = lines.filter(transaction=OuterRef("pk")).values("quarter__first_day")[:1]
        return (
            without_evidence(Transaction.objects.visible_to(self.request.user), today=clock.today())
            .select_related("recorded_by")
            .prefetch_related(Prefetch("lines", lines))
            .annotate(in_quarter=Subquery(first))
        )

    def get_table(self) -> Table:
        own = acting_organisation(self.request.user) if may(self.request.user, "spending.record") else None
        return UnprovenTable(self.rows(), adds_for=own)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb()]

    def get_actions(self) -> Sequence[Link]:
        if not may(self.request.user, "spending.record"):
            return []
        return [Link("Send files", reverse("funding:evidence"))]
