"""Recording many entries on one page: typed or pasted, checked together, written together."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property

from board import carrying, clock
from board.models import Quarter, Year
from board.views import Link, Page
from core.forms import add_problems
from core.money import NOUGHT, in_words
from core.problems import Problem, Refused
from core.tables import Table
from funding.entering import Entered, NewEntry, record_many, rehearse_many, was_recorded
from funding.forms.charges import charge_choices
from funding.forms.grid import (
    COLUMNS,
    FIELDS,
    FIRST_ROWS,
    MORE_ROWS,
    MOST_ROWS,
    PLACES,
    PREFIX,
    Grid,
    Rows,
    WhatForm,
    choices_of,
    pasted,
    words_of_line,
)
from funding.models import BudgetLine
from funding.positions import line_positions
from funding.tables import GridImpactTable
from funding.usual_splits import Part, usual_splits
from funding.views.spend import SPEND, spend_crumb, told_of_held


@dataclass(frozen=True)
class Totals:
    """The rows together, in pounds."""

    rows: int
    net: Decimal
    vat: Decimal
    cost: Decimal


def typed_rows(sent: QueryDict) -> list[dict[str, str]]:
    """The rows as they were typed, without the empty ones at the end."""
    count = sent.get(f"{PREFIX}-TOTAL_FORMS", "")
    number = min(int(count), MOST_ROWS) if count.isdecimal() and len(count) < 6 else 0
    typed = [{field: sent.get(f"{PREFIX}-{i}-{field}", "") for field in FIELDS} for i in range(number)]
    while typed and not any(typed[-1].values()):
        typed.pop()
    return typed


class EnterMany(Page):
    """A grid of entries. Nothing is written until every row is right, and then all of them."""

    action, heading, section = "spending.record", "Record many entries", SPEND
    template_name = "funding/grid.html"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [spend_crumb()]

    @cached_property
    def open(self) -> dict[str, Any]:
        return charge_choices(self.request.user)

    @cached_property
    def choices(self) -> dict[str, Any]:
        return choices_of(self.request.user, self.open["lines"])

    def what(self, data: Any = None, **kwargs: Any) -> WhatForm:
        return WhatForm(data, quarters=self.open["quarters"], several=self.open["several"], **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sent = carrying.kept_for(request)
        if sent is None:
            return self.show(self.what(), self.grid_of([]))
        self.say_what_is_back()
        # What was seen before the sign-in is not on this page, so it is shown again before anything is recorded.
        form = self.what(initial={name: sent[name] for name in sent if name != "seen"})
        return self.show(form, self.grid_of(typed_rows(sent)), paste=sent.get("paste", ""))

    def splits_in(self, year: Year) -> dict[int, list[Part]]:
        """The usual splits that the organisation's contracts have in a year."""
        return usual_splits(self.choices["organisation"], self.choices["lines"], year)

    def grid_of(self, typed: Sequence[dict[str, str]], spare: int = 0) -> Grid:
        """An unjudged grid that begins with what was typed, and has room for more."""
        rows = Rows(prefix=PREFIX, initial=list(typed), form_kwargs=self.choices)
        rows.extra = min(max(len(typed) + spare, FIRST_ROWS), MOST_ROWS)
        return rows

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "fill" in request.POST or "more" in request.POST:
            return self.with_more_rows()
        form = self.what(request.POST)
        is_sound = form.is_valid()
        quarter = form.cleaned_data.get("quarter")
        of_year = {"year": quarter.year, "splits": self.splits_in(quarter.year)} if quarter else {}
        rows = Rows(request.POST, prefix=PREFIX, form_kwargs={**self.choices, **of_year})
        sound = [is_sound, rows.is_valid()]
        if not rows.filled() and rows.is_valid():
            form.add_error(None, "Every row is empty. Type or paste the entries first")
            sound = [False]
        if not all(sound):
            return self.show(form, rows)
        once = form.cleaned_data["once"]
        try:
            if was_recorded(self.entries(form, rows), by=request.user, once=once):
                return self.recorded(record_many(self.entries(form, rows), by=request.user, once=once))
            entered = rehearse_many(self.entries(form, rows), by=request.user)
            if "check" in request.POST or not self.has_seen(form, entered):
                return self.checked(form, rows, entered)
            return self.recorded(record_many(self.entries(form, rows), by=request.user, once=once))
        except Refused as refusal:
            self.put_back(form, rows, refusal.problems)
        return self.show(form, rows)

    def with_more_rows(self) -> HttpResponse:
        """The same page with what was pasted after what was typed, or with empty rows more; nothing is judged yet."""
        sent = self.request.POST
        typed = typed_rows(sent)
        form = self.what(initial={name: sent[name] for name in sent})
        left = ""
        if "fill" in sent:
            found, told = pasted(sent.get("paste", ""))
            if len(typed) + len(found) > MOST_ROWS:
                told = [f"{len(typed) + len(found)} rows are too many for one page: at most {MOST_ROWS}. Paste fewer."]
                found, left = [], sent.get("paste", "")
            typed += found
            for words in told:
                messages.warning(self.request, words)
        return self.show(form, self.grid_of(typed, MORE_ROWS if "more" in sent else 0), paste=left)

    def entries(self, form: WhatForm, rows: Grid) -> list[NewEntry]:
        """The rows as unsaved entries, made anew each time: a rehearsal has marked the ones that it was given."""
        given = form.cleaned_data
        return [row.new_entry(given["kind"], given["quarter"]) for row in rows.filled()]

    def has_seen(self, form: WhatForm, entered: Entered) -> bool:
        """Whether the person was shown exactly these warnings; where there are none there is nothing to see."""
        return not entered.warnings or form.cleaned_data["seen"] == _digest(entered.warnings)

    def checked(self, form: WhatForm, rows: Grid, entered: Entered) -> HttpResponse:
        """Say what would be written, and write nothing."""
        form.warnings = [Problem(one.code, _told(one), False) for one in entered.warnings]
        found = [told_of_held(line) for line in entered.lines if line.state_reason]
        held = [one for at, one in enumerate(found) if one not in found[:at]]
        totals = Totals(
            rows=len(entered.transactions),
            net=sum((one.net for one in entered.transactions), NOUGHT),
            vat=sum((one.vat for one in entered.transactions), NOUGHT),
            cost=sum((one.cost for one in entered.transactions), NOUGHT),
        )
        table = self.impact_of(entered, form.cleaned_data["quarter"])
        form.data = form.data.copy()
        form.data["seen"] = _digest(entered.warnings)
        return self.show(form, rows, checked=True, held=held, totals=totals, impact=table)

    def impact_of(self, entered: Entered, quarter: Quarter) -> Table:
        """What the rows do to each budget line, beside its profile of the quarter and its budget of the year."""
        costs: dict[BudgetLine, Decimal] = {}
        for line in entered.lines:
            costs[line.budget_line] = costs.get(line.budget_line, NOUGHT) + line.cost
        found = []
        for year in {line.year for line in costs}:
            sources = {line.source for line in costs if line.year == year}
            for line, position in line_positions(sources, year, quarter, today=clock.today()).items():
                if line in costs:
                    after = position.actual_quarter + costs[line]
                    found.append(
                        {
                            "line": words_of_line(line),
                            "profile": position.profile_quarter,
                            "before": position.actual_quarter,
                            "rows": costs[line],
                            "after": after,
                            "left": position.remaining - costs[line],
                        }
                    )
        return GridImpactTable(found, prefix="impact-")

    def recorded(self, entered: Entered) -> HttpResponse:
        first, last = entered.transactions[0], entered.transactions[-1]
        total = sum((one.cost for one in entered.transactions), NOUGHT)
        count = len(entered.transactions)
        words = f"{count} entries are recorded" if count > 1 else "One entry is recorded"
        span = f"{first.reference} to {last.reference}" if count > 1 else first.reference
        messages.success(self.request, f"{words}, {in_words(total)}: {span}.")
        return redirect(reverse("funding:spend"))

    def put_back(self, form: WhatForm, rows: Grid, problems: Sequence[Problem]) -> None:
        """Put each problem into the box of the row that it is about; what concerns the page goes on top, once."""
        by_number = {row.number: row for row in rows.forms}
        on_top: dict[str, Problem] = {}
        form.warnings = []
        for problem in problems:
            _, number, where = problem.where.split("-", 2)
            if not problem.blocking:
                form.warnings.append(Problem(problem.code, _told(problem), False))
                continue
            if problem.code == "once" or where == "quarter-1":
                on_top.setdefault(problem.message, Problem(problem.code, problem.message, True, "quarter"))
                continue
            field = PLACES.get(where, where)
            by_number[int(number)].add_error(
                field if field in FIELDS else "description", ValidationError(problem.message, code=problem.code)
            )
        warnings = form.warnings
        add_problems(form, on_top.values())
        form.warnings = warnings

    def show(self, form: WhatForm, rows: Grid, **more: Any) -> HttpResponse:
        return self.render_to_response(
            self.get_context_data(
                form=form,
                formset=rows,
                columns=[heading for _, heading, _ in COLUMNS],
                lines=[words_of_line(line) for line in self.choices["lines"]],
                contracts=[str(contract) for contract in self.choices["contracts"]],
                can_add=len(rows.forms) < MOST_ROWS,
                nothing_open=not self.open["quarters"],
                most=MOST_ROWS,
                **more,
            )
        )


def _told(problem: Problem) -> str:
    """A warning with the row that it is about."""
    return f"Row {problem.where.split('-', 2)[1]}: {problem.message}"


def _digest(warnings: Sequence[Problem]) -> str:
    """What stands for a list of warnings in the page, so that a new one is noticed."""
    said = "\n".join(sorted(_told(problem) for problem in warnings))
    return hashlib.sha256(said.encode()).hexdigest() if said else ""
