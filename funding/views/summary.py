"""A quarter's match as one figure a heading, for a council that keeps it in its own books."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from board import clock
from board.models import UNALLOCATED
from board.quarters import MONEY, is_open
from board.views import ActPage
from core.money import NOUGHT, in_words
from core.problems import Problem, Refused
from funding.entering import Entered
from funding.forms.summary import SummaryForm
from funding.models import BudgetLine, Source
from funding.positions import Position, line_positions
from funding.summarising import ordered_lines, report
from funding.views.declare import OfSourceAndQuarter


class ReportSummary(OfSourceAndQuarter, ActPage):
    """Report what a source spent in a quarter, one figure a budget line, with the ledger's print."""

    action = "spending.record"
    form_class, button = SummaryForm, "Record"

    def allowed(self) -> bool:
        return super().allowed() and self.source.kind != Source.Kind.IN_KIND_MATCH and self.is_open

    @property
    def is_open(self) -> bool:
        return is_open(self.quarter, MONEY, clock.now(), self.source.kept_by)

    def get_heading(self) -> str:
        return f"Report {self.source}"

    def get_lead(self) -> str:
        return (
            f"{self.quarter}. Enter what your ledger shows for the quarter under each heading, with the VAT that you "
            "do not recover. A heading without spend stays empty."
        )

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "standing": self.standing()}

    def get_initial(self) -> dict[str, Any]:
        return {"read_on": min(self.quarter.last_day, clock.today())}

    def standing(self) -> dict[BudgetLine, Position]:
        """The source's lines of the quarter's year, unallocated apart, with what is recorded of each."""
        found = line_positions([self.source], self.quarter.year, self.quarter, today=clock.today())
        return {
            line: position
            for line, position in found.items()
            if UNALLOCATED not in (line.project.code, line.heading.code)
        }

    def act(self, form: SummaryForm) -> Entered:
        given = form.cleaned_data
        try:
            entered = report(
                source=self.source,
                quarter=self.quarter,
                amounts=form.amounts,
                ledger_print=given["ledger_print"],
                read_on=given["read_on"],
                all_of_it=given["all_of_it"],
                by=self.request.user,
                once=given["once"],
            )
        except Refused as refusal:
            raise Refused(placed(refusal.problems, ordered_lines(form.amounts))) from refusal
        self.warn(entered.warnings)
        return entered

    def get_success_message(self, result: Entered) -> str:
        total = in_words(sum((one.cost for one in result.transactions), NOUGHT))
        return f"{self.source}, {self.quarter}: {total} recorded under {len(result.transactions)} headings."


def placed(problems: Sequence[Problem], lines: Sequence[BudgetLine]) -> list[Problem]:
    """The problems of rows, each at the box of its budget line or at the box that all rows share."""
    found = []
    for problem in problems:
        if not problem.where.startswith("row-"):
            found.append(problem)
            continue
        _, number, where = problem.where.split("-", 2)
        place = "read_on" if where == "accounting_on" else f"line-{lines[int(number) - 1].pk}"
        moved = replace(problem, where=place)
        if moved not in found:
            found.append(moved)
    return found
