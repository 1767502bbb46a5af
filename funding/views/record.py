"""Recording spend: one page, with its split, that says what it will do before it does it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction as database
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property

from board import carrying, clock
from board.access import acting_organisation
from board.models import Quarter
from board.views import Link, Page
from core.forms import add_problems, add_validation_error, number_in
from core.money import NOUGHT
from core.problems import Problem, Refused
from core.tables import Table
from funding.forms.charges import MOST_LINES, ChargeFormSet, ChargeRows, charge_choices
from funding.forms.record import RecordForm, contracts_to_record
from funding.positions import impact
from funding.spending import Charge, record, rehearse
from funding.tables import ImpactTable
from funding.usual_splits import remember, usual_splits
from funding.views.prepayments import OffersCut
from funding.views.spend import SPEND, impact_rows, impact_table, spend_crumb, told_of_held

# What a usual split is told by.
WITH_NAMES = ("budget_line__project", "budget_line__heading")
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
        return self.show(self.form(), self.rows())

    def form(self, data: Any = None, **kwargs: Any) -> RecordForm:
        return RecordForm(data, user=self.request.user, **kwargs)

    def rows(self, data: Any = None, **kwargs: Any) -> ChargeFormSet:
        return ChargeRows(data, prefix=PREFIX, form_kwargs=self.choices, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "more" in request.POST:
            return self.show(*self.as_typed(request.POST, more=1))
        if "usual" in request.POST:
            return self.with_usual_split()
        form, rows = self.form(request.POST), self.rows(request.POST)
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
        form = self.form(initial={name: sent[name] for name in sent})
        sent_rows = sent.get(f"{PREFIX}-TOTAL_FORMS", "")
        count = min(number_in(sent_rows) or 1, MOST_LINES)
        typed = [
            {name: sent.get(f"{PREFIX}-{i}-{name}", "") for name in ("line", "quarter", "share", "relates_to")}
            for i in range(count)
        ]
        rows = self.rows(initial=typed)
        # One row is always there.
        rows.extra = max(count, 1) - 1 + more
        return form, rows

    def with_usual_split(self) -> HttpResponse:
        """The same page with the lines of the contract's usual split, and everything else as it was typed."""
        sent = {name: self.request.POST[name] for name in self.request.POST}
        contract = contracts_to_record(self.request.user).filter(pk=number_in(sent.get("contract", ""))).first()
        quarter = self.chosen_quarter()
        told = ""
        if contract is None:
            told = "Choose a contract first: it is the contract that has a usual split."
        elif quarter is None:
            told = "Choose the quarter in Line 1 first: the lines are those of its year."
        else:
            organisation = acting_organisation(self.request.user)
            parts = usual_splits(organisation, self.choices["lines"], quarter.year).get(contract.pk)
            if parts:
                rows = self.rows_with(
                    [
                        {"line": str(part.line.pk), "quarter": str(quarter.pk), "share": f"{part.percent}"}
                        for part in parts
                    ]
                )
                return self.show(self.form(initial={**sent, "split_by": "percent"}), rows)
            told = (
                f"{contract.reference} has no usual split in {quarter.year} yet. Tick “Remember this” when you record "
                "the next one."
            )
        form, rows = self.as_typed(self.request.POST)
        return self.show(form, rows, told=told)

    def chosen_quarter(self) -> Quarter | None:
        """The quarter of the first line as it was sent; the only open one where none is chosen."""
        quarters = self.choices["quarters"]
        sent = self.request.POST.get(f"{PREFIX}-0-quarter", "")
        chosen = [quarter for quarter in quarters if str(quarter.pk) == sent]
        return next(iter(chosen or (quarters if len(quarters) == 1 else [])), None)

    def rows_with(self, typed: Sequence[dict[str, str]]) -> ChargeFormSet:
        """The lines of a split with these words in their boxes, nothing judged yet."""
        rows = self.rows(initial=list(typed))
        rows.extra = len(typed) - rows.min_num
        return rows

    def checked(self, form: RecordForm, rows: ChargeFormSet, charges: Sequence[Charge]) -> HttpResponse:
        """Say what would be written, and write nothing."""
        rehearsed = rehearse(entry=form.entry(charges), charges=charges, by=self.request.user)
        form.warnings = rehearsed.warnings
        held = [told_of_held(line) for line in rehearsed.lines if line.state_reason]
        table = impact_table(rehearsed.lines, recorded=False)
        return self.show(form, rows, table, held=held, checked=True, about_vat=form.said_about_vat)

    def recorded(self, form: RecordForm, charges: Sequence[Charge]) -> HttpResponse:
        """Write it, with the usual split where the officer ticked that, and show what came of it."""
        with database.atomic():
            done = record(
                entry=form.entry(charges), charges=charges, by=self.request.user, once=form.cleaned_data["once"]
            )  # fmt: skip
            if form.cleaned_data["remember"]:
                costs = [(line.budget_line, line.cost) for line in done.transaction.lines.select_related(*WITH_NAMES)]
                remember(contract=form.cleaned_data["contract"], costs=costs, by=self.request.user)
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
            elif problem.blocking and 0 < number_in(number) <= len(filled):
                filled[number_in(number) - 1].add_error(name, problem.message)
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
