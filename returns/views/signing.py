"""What changes a return: writing in it, signing, sending back, revising."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from board.downloads import as_download
from board.models import Role
from board.programmes import names_in_use
from board.uploads import TakesUpload
from board.views import ActPage, ConfirmPage, DetailPage, Fact
from core.anonymity import warnings
from core.problems import Refused
from returns import certifying
from returns.content import short_hash
from returns.forms import CommentaryForm, PaperForm, ReasonForm, RevisionForm, SignatureForm
from returns.kinds.shape import CERTIFY, CHECK, PREPARE, Step
from returns.models import Commentary, Return
from returns.paper import OnPaper, give_out, signers_for
from returns.views.shared import AboutReturn, Reading, button_words


class Write(AboutReturn, ActPage):
    """Write one part of a return, with last quarter's words beside it."""

    action, template_name, form_class = "returns.write", "returns/write.html", CommentaryForm
    success_message = "Your words are saved."

    @cached_property
    def part(self) -> Any:
        """The part of the return, or 404."""
        for part in self.kind.written:
            if part.code == self.kwargs["section"]:
                return part
        raise Http404

    def get_heading(self) -> str:
        return self.part.title

    def get_lead(self) -> str:
        return self.part.hint

    def get_initial(self) -> dict[str, Any]:
        row = self.object.commentaries.filter(section=self.part.code).first()
        return {"words": row.words, "version": row.version} if row else {}

    def act(self, form: CommentaryForm) -> Commentary:
        known = names_in_use(self.object.programme)
        self.warn(warnings(form.cleaned_data["words"], known=known))
        return certifying.write_commentary(
            the_return=self.object,
            section=self.part.code,
            words=form.cleaned_data["words"],
            seen_version=form.cleaned_data["version"],
            by=self.request.user,
        )

    def get_success_url(self, result: Any = None) -> str:
        return self.object.get_absolute_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        before = certifying.words_before(self.object, self.part.code)
        return super().get_context_data(**{"before": before, **kwargs})


class Sign(Reading, AboutReturn, ConfirmPage):
    """Give a signature: prepare, check or certify."""

    action, form_class = "returns.sign", SignatureForm

    def allowed(self) -> bool:
        """Each signature is asked of people of one organisation."""
        return super().allowed() and self.step.is_asked_of(self.request.user.acting, self.scope)

    @cached_property
    def step(self) -> Step:
        try:
            return self.kind.step(self.kwargs["act"])
        except KeyError:
            raise Http404 from None

    def get_heading(self) -> str:
        return button_words(self.step)

    @property
    def button(self) -> str:
        return button_words(self.step)

    def get_warning(self) -> str:
        return self.step.statement

    def get_facts(self) -> Sequence[Fact]:
        the_return = self.object
        facts = [Fact("Return", the_return.reference), *self.key_facts]
        if the_return.content_hash:
            facts.append(Fact("Content that you sign", short_hash(the_return.content_hash)))
        facts.append(Fact("You sign as", f"{self.request.user.name}, {self.request.user.acting}"))
        return facts

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def act(self, form: SignatureForm) -> Return:
        by = self.request.user
        if self.step.act == PREPARE:
            return certifying.prepare(the_return=self.object, by=by)
        signing = {CHECK: certifying.check, CERTIFY: certifying.certify}[self.step.act]
        return signing(the_return=self.object, by=by, seen_version=form.cleaned_data["version"])

    def get_success_message(self, result: Return) -> str:
        return "" if result.is_frozen else f"{result.reference} is {result.get_status_display().lower()}."

    def get_success_url(self, result: Any = None) -> str:
        if result is not None and result.is_frozen:
            return reverse("returns:receipt", args=[result.pk])
        return self.object.get_absolute_url()


class SignOnPaper(AboutReturn, TakesUpload):
    """Upload the signed copy of a signature that somebody gave on paper."""

    action, heading, form_class, button = "returns.write", "Upload a signed copy", PaperForm, "Record the signature"

    def allowed(self) -> bool:
        return super().allowed() and certifying.may_upload(self.object, self.request.user)

    @cached_property
    def step(self) -> Step:
        """The signature that is next, if it is the one of the address; 404 for any other."""
        step = self.kind.next_step(self.object.status)
        if step is None or step.act != self.kwargs["act"]:
            raise Http404
        return step

    def get_lead(self) -> str:
        return (
            f"For “{self.step.capacity}”, where it was signed in ink. Print the return’s PDF, have it signed, and "
            "upload a scan of it. It counts as that signature, and the person on the paper as its signer."
        )

    @cached_property
    def signers(self) -> list[Role]:
        return signers_for(self.object, self.step, self.request.user)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "signers": self.signers}

    def empty_form(self) -> BaseForm:
        return PaperForm({}, signers=self.signers)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.object.version}

    def act(self, form: PaperForm) -> Return:
        given, by = form.cleaned_data, self.request.user
        role: Role = given["signer"]
        paper = OnPaper(role.user.act_as(role), given["signed_on"], self.keep(given["file"]), given["hash_read"])
        if self.step.act == PREPARE:
            return certifying.prepare(the_return=self.object, by=by, paper=paper)
        signing = {CHECK: certifying.check, CERTIFY: certifying.certify}[self.step.act]
        return signing(the_return=self.object, by=by, seen_version=given["version"], paper=paper)

    def get_success_message(self, result: Return) -> str:
        return f"The signature is recorded. {result.reference} is {result.get_status_display().lower()}."


class TakeCopy(AboutReturn, DetailPage):
    """The signed copy of a signature that was given on paper."""

    action = "returns.download"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        signature = self.object.signatures.filter(act=kwargs["act"], copy__isnull=False).select_related("copy").first()
        if signature is None or signature.copy is None:
            raise Http404
        signature.the_return = self.object
        try:
            data = give_out(signature=signature, by=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(self.object)
        return as_download(signature.copy, data)


class SendBack(AboutReturn, ActPage):
    """Send a signed return back to its writers."""

    action, heading, button, form_class = "returns.sign", "Send back", "Send back", ReasonForm
    lead = "The return becomes a draft again and its signatures fall. The record keeps that they were given."

    def act(self, form: ReasonForm) -> Return:
        return certifying.send_back(the_return=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Return) -> str:
        return f"{result.reference} is a draft again."


class Revise(AboutReturn, ActPage):
    """Begin the next revision of a certified return."""

    action, heading, button, form_class = "returns.write", "Revise", "Begin the revision", RevisionForm
    lead = (
        "A certified return is never changed. A revision takes its place once it is signed, and lists what it changed. "
        "It is for wording, results or presentation; money is put right in the open quarter."
    )

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "of_claim": self.object.kind == Return.CLAIM}

    def act(self, form: RevisionForm) -> Return:
        return certifying.revise(the_return=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Return) -> str:
        return f"{result.reference} is begun."
