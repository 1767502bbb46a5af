"""Recording spend: one page, with its split, that says what it will do before it does it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property

from board import carrying, clock
from board.views import Link, Page
from core.forms import add_problems, add_validation_error
from core.money import NOUGHT
from core.problems import Problem, Refused
from core.tables import Table
from funding.forms.charges import MOST_LINES, ChargeFormSet, ChargeRows, charge_choices
from funding.forms.record import RecordForm
from funding.positions import impact
from funding.spending import Charge, record, rehearse
from funding.tables import ImpactTable
from funding.views.prepayments import OffersCut
from funding.views.spend import SPEND, impact_rows, impact_table, spend_crumb, told_of_held

PREFIX = "charges"


class Record(OffersCut, Page):
    """Record what the ledger shows. "Check" says what would be written; "Add another line" keeps what was typed."""

    action, heading, section = "spending.record", "Record spend", SPEND
    template_name = "funding/record.html"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb()]

    @cached_property
    def choices(self) -> dict[str, Any]:
        return charge_choices(self.request.user)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if (sent := carrying.kept_for(request)) is not None:
            self.say_what_is_back()
            return self.show(*self.as_typed(sent))
        return self.show(RecordForm(user=request.user), self.rows())

    def rows(self, data: Any = None, **kwargs: Any) -> ChargeFormSet:
        return ChargeRows(data, prefix=PREFIX, form_kwargs=self.choices, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "more" in request.POST:
            return self.show(*self.as_typed(request.POST, more=1))
        form, rows = RecordForm(request.POST, user=request.user), self.rows(request.POST)
        # Both are asked, so that everything wrong is said at once.
        sound = [form.is_valid(), rows.is_valid()]
        if not all(sound):
            return self.show(form, rows, self.standing_of(rows))
        try:
            charges = rows.charges(form.cleaned_data["split_by"] == "percent")
            if in_parts := self.recorded_in_parts(form, charges):
                return in_parts
            if "check" in request.POST or self.cut:
                return self.checked(form, rows, charges)
            return self.recorded(form, charges)
        except Refused as refusal:
            self.put_back(form, rows, refusal.problems)
        except ValidationError as error:
            if not any(rows.errors):
                add_validation_error(form, error)
        return self.show(form, rows, self.standing_of(rows))

    def as_typed(self, sent: QueryDict, more: int = 0) -> tuple[RecordForm, ChargeFormSet]:
        """The same page with everything as it was typed, nothing judged yet, and perhaps one line more."""
        form = RecordForm(user=self.request.user, initial={name: sent[name] for name in sent})
        sent_rows = sent.get(f"{PREFIX}-TOTAL_FORMS", "")
        count = min(int(sent_rows), MOST_LINES) if sent_rows.isdecimal() else 1
        typed = [
            {name: sent.get(f"{PREFIX}-{i}-{name}", "") for name in ("line", "quarter", "share", "relates_to")}
            for i in range(count)
        ]
        rows = self.rows(initial=typed)
        # One row is always there.
        rows.extra = max(count, 1) - 1 + more
        return form, rows

    def checked(self, form: RecordForm, rows: ChargeFormSet, charges: Sequence[Charge]) -> HttpResponse:
        """Say what would be written, and write nothing."""
        rehearsed = rehearse(entry=form.entry(charges), charges=charges, by=self.request.user)
        form.warnings = rehearsed.warnings
        held = [told_of_held(line) for line in rehearsed.lines if line.state_reason]
        table = impact_table(rehearsed.lines, recorded=False)
        return self.show(form, rows, table, held=held, checked=True, about_vat=form.said_about_vat)

    def recorded(self, form: RecordForm, charges: Sequence[Charge]) -> HttpResponse:
        done = record(
            entry=form.entry(charges), charges=charges, by=self.request.user, once=form.cleaned_data["once"]
        )  # fmt: skip
        said = [*(problem.message for problem in done.warnings), form.said_about_vat]
        # One message: a page has one region of a name.
        if words := " ".join(filter(None, said)):
            messages.warning(self.request, words)
        return redirect(reverse("funding:recorded", args=[done.transaction.reference]))

    def put_back(self, form: RecordForm, rows: ChargeFormSet, problems: Sequence[Problem]) -> None:
        """Put each problem beside the box that it is about: of the entry, or of the line of the split it names."""
        filled, others = rows.filled(), []
        for problem in problems:
            name, _, number = problem.where.partition("-")
            if problem.blocking and problem.where == "lines":
                filled[-1].add_error("share", problem.message)
            elif problem.blocking and number.isdecimal() and int(number) <= len(filled):
                filled[int(number) - 1].add_error(name, problem.message)
            else:
                others.append(problem)
        add_problems(form, others)

    def standing_of(self, rows: ChargeFormSet) -> Table | None:
        """Budget, actual and remaining of the lines chosen so far; None before any is."""
        chosen = dict.fromkeys(rows.chosen_lines(), NOUGHT)
        if not chosen:
            return None
        return ImpactTable(
            impact_rows(impact(chosen, recorded=True, today=clock.today()), {}),
            caption="The lines that you chose, as they stand",
            exclude=("cost", "after", "remaining_after"),
            prefix="impact-",
        )

    def show(self, form: RecordForm, rows: ChargeFormSet, table: Table | None = None, **more: Any) -> HttpResponse:
        return self.render_to_response(
            self.get_context_data(
                form=form,
                formset=rows,
                impact=table,
                can_add=len(rows.forms) < MOST_LINES,
                next_line=len(rows.forms) + 1,
                nothing_open=not self.choices["quarters"],
                **more,
            )
        )
