"""Editing an entry: the page that records, with what was recorded in its boxes."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property

from board import carrying
from board.views import Link
from core.forms import moment_in_words
from core.problems import Problem
from funding.editing import edit, rehearse_edit, why_not
from funding.forms.charges import ChargeFormSet
from funding.forms.record import EditForm, RecordForm, as_boxes
from funding.models import Transaction
from funding.spending import Charge
from funding.views.record import Record
from funding.views.spend import history_of, impact_table, is_own, spend_crumb, told_of_held


class EditEntry(Record):
    """Change an entry that nothing rests on yet. What is saved takes the place of the old one, which stays as void."""

    button = "Save"

    @cached_property
    def object(self) -> Transaction:
        """The entry, or 404 for a stranger."""
        rows = Transaction.objects.visible_to(self.request.user).select_related("contract", "recorded_by")
        return get_object_or_404(rows, reference=self.kwargs["reference"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.request = request
        if super().allowed():
            self.object  # noqa: B018
        return super().dispatch(request, *args, **kwargs)

    def allowed(self) -> bool:
        return super().allowed() and is_own(self.request.user, self.object)

    def get_heading(self) -> str:
        return f"Edit {self.object.reference}"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb(), Link(self.object.reference, self.object.get_absolute_url())]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if problems := why_not(self.object):
            messages.warning(request, " ".join(problem.message for problem in problems))
            return redirect(self.object)
        if carrying.kept_for(request) is not None:
            return super().get(request, *args, **kwargs)
        lines = self.object.lines.order_by("number")
        typed = [
            {
                "line": str(line.budget_line_id),
                "quarter": str(line.quarter_id),
                "share": f"{line.cost}",
                "relates_to": str(line.relates_to_id or ""),
            }
            for line in lines
        ]
        return self.show(self.form(initial=as_boxes(self.object)), self.rows_with(typed))

    def form(self, data: Any = None, **kwargs: Any) -> RecordForm:
        return EditForm(data, user=self.request.user, **kwargs)

    def recorded_in_parts(self, form: RecordForm, charges: Sequence[Charge]) -> HttpResponse | None:
        """An edit never cuts an entry in two."""
        return None

    def checked(self, form: RecordForm, rows: ChargeFormSet, charges: Sequence[Charge]) -> HttpResponse:
        rehearsed = rehearse_edit(
            entry=self.object,
            changed=form.entry(charges),
            charges=charges,
            seen_version=form.cleaned_data["version"],
            by=self.request.user,
        )
        form.warnings = rehearsed.warnings
        held = [told_of_held(line) for line in rehearsed.lines if line.state_reason]
        table = impact_table(rehearsed.lines, recorded=False)
        return self.show(form, rows, table, held=held, checked=True, about_vat=form.said_about_vat)

    def recorded(self, form: RecordForm, charges: Sequence[Charge]) -> HttpResponse:
        done = edit(
            entry=self.object,
            changed=form.entry(charges),
            charges=charges,
            seen_version=form.cleaned_data["version"],
            by=self.request.user,
            once=form.cleaned_data["once"],
        )
        if done.transaction == self.object:
            messages.info(self.request, "You changed nothing, so nothing was written.")
            return redirect(self.object)
        said = [*(problem.message for problem in done.warnings), form.said_about_vat]
        if words := " ".join(filter(None, said)):
            messages.warning(self.request, words)
        return redirect(reverse("funding:recorded", args=[done.transaction.reference]))

    def put_back(self, form: RecordForm, rows: ChargeFormSet, problems: Sequence[Problem]) -> None:
        super().put_back(form, rows, problems)
        if isinstance(form, EditForm) and any(problem.code == "version" for problem in problems):
            self.object.refresh_from_db()
            form.take_version(self.object.version)
            last = history_of(self.object)[0]
            words = f"{last.by} changed {self.object.reference} on {moment_in_words(last.at)}"
            self.edited_meanwhile = f"{words}: {last.reason}." if last.reason else f"{words}."

    edited_meanwhile = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{
                "button": self.button,
                "verb": "save",
                "back_url": self.object.get_absolute_url(),
                "edited_meanwhile": self.edited_meanwhile,
                **kwargs,
            }
        )
