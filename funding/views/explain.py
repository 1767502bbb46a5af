"""What the recipient tells the funder about its budget: why spend varies, and that an underspend is foreseen."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from board import clock
from board.models import Programme, Project, Quarter, Year
from board.views import ActPage, Fact, Link
from core.forms import day_in_words
from core.money import in_words
from funding.budgeting import amend_notice, explain_variance, notice_underspend
from funding.forms.explain import ExplainForm, NoticeForm, UnderspendForm
from funding.models import Source, UnderspendNotice, VarianceReason
from funding.positions import Position, grouped, line_positions


class OfGrant(ActPage):
    """An act about the grant of a programme that the officer's organisation holds; another's is not found."""

    action, section = "budget.change", "Budget"

    @cached_property
    def programme(self) -> Programme:
        mine = Programme.objects.visible_to(self.request.user).filter(recipient=self.request.user.acting.organisation)
        return get_object_or_404(mine, code=self.kwargs["programme"])

    @cached_property
    def grant(self) -> Source:
        return get_object_or_404(
            Source.objects.select_related("programme"), programme=self.programme, kind=Source.Kind.GRANT
        )

    def allowed(self) -> bool:
        return super().allowed() and self.grant is not None

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Budget", reverse("funding:budget"))]

    def get_back_url(self) -> str:
        return reverse("funding:budget")

    def get_success_url(self, result: Any = None) -> str:
        """Back to where the officer came from, such as the quarter whose return asks for this."""
        asked = self.request.GET.get("next", "")
        own = url_has_allowed_host_and_scheme(asked, {self.request.get_host()}, require_https=self.request.is_secure())
        return asked if asked and own else self.get_back_url()


class Explain(OfGrant):
    """Say why a project's spend to date is over or under its profile at a quarter."""

    form_class, button, success_message = ExplainForm, "Save the explanation", "The explanation is saved."

    @cached_property
    def quarter(self) -> Quarter:
        return get_object_or_404(
            Quarter.objects.select_related("year"), programme=self.programme, code=self.kwargs["quarter"]
        )

    @cached_property
    def project(self) -> Project:
        return get_object_or_404(Project.objects.all(), programme=self.programme, code=self.kwargs["project"])

    @cached_property
    def position(self) -> Position:
        found = line_positions([self.grant], self.quarter.year, self.quarter, today=clock.today())
        return grouped(found, lambda line: line.project_id).get(self.project.pk, Position())

    def allowed(self) -> bool:
        return super().allowed() and self.quarter is not None and self.project is not None

    def get_heading(self) -> str:
        return f"Explain the variance of {self.project}"

    def get_lead(self) -> str:
        figures = self.position
        direction = "over" if figures.variance_to_date > 0 else "under"
        percent = f" ({abs(figures.variance_percent)}%)" if figures.variance_percent is not None else ""
        return (
            f"{self.quarter}: {in_words(figures.actual_to_date)} spent to date against a profile of "
            f"{in_words(figures.profile_to_date)}, {in_words(abs(figures.variance_to_date))}{percent} {direction}."
        )

    def get_initial(self) -> dict[str, Any]:
        found = VarianceReason.objects.filter(source=self.grant, project=self.project, quarter=self.quarter).first()
        return {"code": found.code, "words": found.words, "version": found.version} if found else {"version": 0}

    def act(self, form: ExplainForm) -> VarianceReason:
        return explain_variance(
            source=self.grant,
            project=self.project,
            quarter=self.quarter,
            code=form.cleaned_data["code"],
            words=form.cleaned_data["words"],
            variance=self.position.variance_to_date,
            by=self.request.user,
            seen_version=form.cleaned_data["version"],
        )


class Underspend(OfGrant):
    """Record that an underspend of a year is foreseen, and when the funder was told."""

    form_class, button, success_message = UnderspendForm, "Record the notice", "The notice is recorded."

    @cached_property
    def year(self) -> Year:
        return get_object_or_404(Year.objects.all(), programme=self.programme, code=self.kwargs["year"])

    def allowed(self) -> bool:
        return super().allowed() and self.year is not None

    def get_heading(self) -> str:
        return f"Notice of an underspend in {self.year}"

    def get_lead(self) -> str:
        return "The funder is to be told of an expected underspend as soon as is practicable; the return lists it."

    @cached_property
    def notices(self) -> list[UnderspendNotice]:
        return list(UnderspendNotice.objects.filter(source=self.grant, year=self.year))

    @cached_property
    def untold(self) -> UnderspendNotice | None:
        """The notice that the funder is still to be told of, which is then what the page asks about."""
        return next((row for row in self.notices if row.told_on is None), None)

    def get_form_class(self) -> type[UnderspendForm]:
        return NoticeForm if self.untold else UnderspendForm

    def get_initial(self) -> dict[str, Any]:
        if self.untold is None:
            return {}
        asked = ("version", "amount", "noticed_on", "words", "funder_reference")
        return {name: getattr(self.untold, name) for name in asked}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        facts = [
            Fact(
                f"Noticed on {day_in_words(row.noticed_on)}",
                f"{in_words(row.amount)}; "
                + (f"funder told on {day_in_words(row.told_on)}" if row.told_on else "funder not told yet"),
            )
            for row in self.notices
        ]
        return super().get_context_data(**{"rows": facts, **kwargs})

    def act(self, form: Any) -> UnderspendNotice:
        given = form.cleaned_data
        said = {name: given[name] for name in ("amount", "noticed_on", "told_on", "words", "funder_reference")}
        if self.untold:
            return amend_notice(notice=self.untold, by=self.request.user, seen_version=given["version"], **said)
        return notice_underspend(source=self.grant, year=self.year, by=self.request.user, once=given["once"], **said)
