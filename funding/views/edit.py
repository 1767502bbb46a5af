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
from funding.editing import differences, edit, places, rehearse_edit, why_not
from funding.forms.charges import ChargeFormSet
from funding.forms.record import EditForm, RecordForm, as_boxes
from funding.models import Transaction
from funding.spending import Charge
from funding.tables import ChangedTable
from funding.views.record import Record
from funding.views.spend import SHOWN_WITH_A_LINE, history_of, impact_table, is_own, spend_crumb, told_of_held


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
        lines = list(self.object.lines.order_by("number"))
        typed = [
            {
                "line": str(line.budget_line_id),
                "quarter": str(line.quarter_id),
                # A single line takes the whole cost, so that another amount is typed once.
                "share": f"{line.cost}" if len(lines) > 1 else "",
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
            entry=self.seen,
            changed=form.entry(charges),
            charges=charges,
            seen_version=form.cleaned_data["version"],
            by=self.request.user,
        )
        form.warnings = rehearsed.warnings
        held = [told_of_held(line) for line in rehearsed.lines if line.state_reason]
        table = impact_table(
            rehearsed.lines,
            recorded=False,
            instead_of=self.seen.lines.select_related(*SHOWN_WITH_A_LINE),
        )
        return self.show(form, rows, table, held=held, checked=True, about_vat=form.said_about_vat)

    def recorded(self, form: RecordForm, charges: Sequence[Charge]) -> HttpResponse:
        done = edit(
            entry=self.seen,
            changed=form.entry(charges),
            charges=charges,
            seen_version=form.cleaned_data["version"],
            by=self.request.user,
            once=form.cleaned_data["once"],
        )
        if done.transaction == self.seen:
            messages.info(self.request, "You changed nothing, so nothing was written.")
            return redirect(self.seen)
        said = [*(problem.message for problem in done.warnings), form.said_about_vat]
        if words := " ".join(filter(None, said)):
            messages.warning(self.request, words)
        return redirect(reverse("funding:recorded", args=[done.transaction.reference]))

    @cached_property
    def seen(self) -> Transaction:
        """The entry that the officer has read: the one of the address, or one that has taken its place since."""
        sent = self.request.POST.get("seen", "")
        return next((row for row in places(self.object) if row.reference == sent), self.object)

    def put_back(self, form: RecordForm, rows: ChargeFormSet, problems: Sequence[Problem]) -> None:
        """Beside the problems, what somebody else changed meanwhile; what was typed can then be sent in its place."""
        super().put_back(form, rows, problems)
        version = form.cleaned_data["version"]
        *_, latest = places(Transaction.objects.get(pk=self.seen.pk))
        opened = self.seen.history.filter(version=version).first()
        if isinstance(form, EditForm) and opened and (latest.pk, latest.version) != (self.seen.pk, version):
            form.take(latest)
            self.changed = ChangedTable(differences(opened, latest, lines_before=self.seen), prefix="changed-")
            last = history_of(latest)[0]
            words = f"{last.by} changed {self.seen.reference} on {moment_in_words(last.at)}"
            words += f"; it is now {latest.reference}." if latest != self.seen else "."
            self.edited_meanwhile = words if latest.is_void else f"{words} Read what is new, then save yours over it."

    changed: ChangedTable | None = None
    edited_meanwhile = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{
                "button": self.button,
                "verb": "save",
                "back_url": self.object.get_absolute_url(),
                "edited_meanwhile": self.edited_meanwhile,
                "changed": self.changed,
                **kwargs,
            }
        )
