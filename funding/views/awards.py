"""Awards by source and year, and the page of one of them: its revisions, its budget, and what is said about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import Http404
from django.urls import reverse

from board import clock
from board.access import is_of_recipient, may
from board.models import UNALLOCATED, Quarter, Year
from board.views import ActPage, DetailPage, Fact, Link, ListPage
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.tables import Table
from funding.budget_tables import (
    AwardTable,
    BalanceTable,
    DeclaredTable,
    NoticeTable,
    ProposalTable,
    RevisionTable,
    VersionTable,
    VirementTable,
)
from funding.budgeting import award
from funding.ending import Balance, balance, has_ended, mark_balance
from funding.forms.awards import AwardForm, BalanceForm
from funding.models import (
    Award,
    BudgetVersion,
    Declaration,
    Profile,
    Source,
    UnderspendNotice,
    Virement,
    VirementProposal,
    YearEndBalance,
)
from funding.positions import version_in_force

BUDGET = "Budget"


class OfBudget:
    """A page about one source's budget of a year, named in the address. A source that one does not see is not found."""

    section = BUDGET
    # True for a page that writes: it opens to those who decide this budget alone.
    writes = False

    def allowed(self) -> bool:
        return super().allowed() and self.source is not None and self.year is not None and self.is_open_to_them

    @property
    def is_open_to_them(self) -> bool:
        return self.may_change or not self.writes

    @cached_property
    def source(self) -> Source:
        seen = Source.objects.visible_to(self.request.user).select_related("programme__recipient", "funder", "kept_by")
        try:
            return seen.get(programme__code=self.kwargs["programme"], code=self.kwargs["source"])
        except Source.DoesNotExist:
            raise Http404 from None

    @cached_property
    def year(self) -> Year:
        try:
            return Year.objects.get(programme_id=self.source.programme_id, code=self.kwargs["year"])
        except Year.DoesNotExist:
            raise Http404 from None

    @cached_property
    def may_change(self) -> bool:
        """Whether the person records this award, budget and forecast."""
        user = self.request.user
        return may(user, "budget.change") and Source.objects.budgeted_by(user).filter(pk=self.source.pk).exists()

    @cached_property
    def award(self) -> Award | None:
        found = Award.objects.filter(source=self.source, year=self.year).prefetch_related("revisions")
        return found.first()

    @property
    def address(self) -> list[str]:
        return [self.source.programme.code, self.source.code, self.year.code]

    def url(self, name: str) -> str:
        return reverse(f"funding:{name}", args=self.address)

    def get_breadcrumbs(self) -> Sequence[Link]:
        crumbs = [Link(BUDGET, reverse("funding:budget")), Link("Awards and budgets", reverse("funding:awards"))]
        own = self.url("budget-of")
        return crumbs if self.request.path == own else [*crumbs, Link(f"{self.source}, {self.year.code}", own)]

    def get_back_url(self) -> str:
        return self.url("budget-of")

    def get_success_url(self, result: Any = None) -> str:
        return self.get_back_url()


@dataclass(frozen=True)
class AwardRow:
    """One source and year: the award and the budget in force on a day, in pounds."""

    source: Source
    year: Year
    standing: str
    award: Decimal | None
    budget: Decimal | None
    unallocated: Decimal | None
    url: str


class Awards(ListPage):
    """Every source and year that the person sees, with its award and budget."""

    action, heading, section = "budget.read", "Awards and budgets", BUDGET
    table_class = AwardTable
    lead = "Each source by year. Choose one for its revisions, its budget and its virements."

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link(BUDGET, reverse("funding:budget"))]

    def get_queryset(self) -> list[AwardRow]:
        sources = list(Source.objects.visible_to(self.request.user).select_related("programme"))
        programmes = {source.programme_id for source in sources}
        years: dict[int, list[Year]] = {}
        for year in Year.objects.filter(programme__in=programmes).order_by("starts"):
            years.setdefault(year.programme_id, []).append(year)
        awards = {
            (row.source_id, row.year_id): row
            for row in Award.objects.filter(source__in=sources).prefetch_related("revisions")
        }
        budgets, unallocated = self.budgets(sources)
        return [
            AwardRow(
                source=source,
                year=year,
                standing=standing_of(awards.get((source.pk, year.pk))),
                award=self.amount(awards.get((source.pk, year.pk))),
                budget=budgets.get((source.pk, year.pk)),
                unallocated=unallocated.get((source.pk, year.pk)),
                url=reverse("funding:budget-of", args=[source.programme.code, source.code, year.code]),
            )
            for source in sources
            for year in years.get(source.programme_id, [])
        ]

    def amount(self, row: Award | None) -> Decimal | None:
        return row.amount_on(clock.today()) if row else None

    def budgets(self, sources: list[Source]) -> tuple[dict, dict]:
        """The budget in force of each source and year, and what of it is unallocated."""
        versions = BudgetVersion.objects.filter(source__in=sources, effective_on__lte=clock.today())
        in_force = {(row.source_id, row.year_id): row.pk for row in versions.order_by("effective_on", "number")}
        rows = Profile.objects.filter(budget_version__in=in_force.values()).order_by()
        keys = ("budget_version__source_id", "budget_version__year_id")
        return tuple(
            {(row[keys[0]], row[keys[1]]): row["sum"] for row in some.values(*keys).annotate(sum=Sum("amount"))}
            for some in (rows, rows.filter(line__project__code=UNALLOCATED))
        )


def standing_of(row: Award | None) -> str:
    """Whether there is an award, and whether its letter is held."""
    if row is None:
        return "none"
    return "provisional" if row.provisional else "in-force"


class BudgetOf(OfBudget, DetailPage):
    """One source's award and budget of a year: its revisions, versions, virements, notices and declarations."""

    action = "budget.read"

    def get_queryset(self) -> QuerySet[Source]:
        return Source.objects.filter(pk=self.source.pk)

    @cached_property
    def object(self) -> Source:
        return self.source

    @cached_property
    def version(self) -> BudgetVersion | None:
        return version_in_force(self.source, self.year, clock.today())

    @cached_property
    def ended(self) -> bool:
        return has_ended(self.year)

    @cached_property
    def balance(self) -> Balance:
        return balance(self.source, self.year, today=clock.today())

    def get_heading(self) -> str:
        return f"{self.source}, {self.year.code}"

    def get_lead(self) -> str:
        if self.award is None:
            return "No award is recorded for this year yet. A budget divides an award, so the award comes first."
        if self.version is None:
            return f"{in_words(self.award.amount_on(clock.today()))} is awarded, and no budget is set yet."
        return ""

    @cached_property
    def is_open(self) -> bool:
        """Whether a quarter or the closing period of the year still takes spend, and so a change of its budget."""
        return self.year.quarters.filter(money_closed_at=None).exclude(kind=Quarter.Kind.FOLLOW_UP).exists()

    def get_actions(self) -> Sequence[Link]:
        forecast = Link("Forecast", self.url("forecast"), secondary=not self.is_open)
        if not self.may_change or not self.is_open:
            return [forecast] if self.version else []
        if self.award is None:
            return [Link("Record the award", self.url("set-award"))]
        if not BudgetVersion.objects.filter(source=self.source, year=self.year).exists():
            links = [Link("Set the budget", self.url("set-budget"))]
        else:
            links = [
                forecast,
                Link("Record a virement", self.url("record-virement"), secondary=True),
                Link("Re-profile", self.url("set-budget"), secondary=True),
            ]
        links.append(Link("Revise the award", self.url("set-award"), secondary=True))
        if self.source.is_grant and is_of_recipient(self.request.user, self.source.programme):
            notice = reverse("funding:underspend", args=[self.source.programme.code, self.year.code])
            links.append(Link("Notice of an underspend", f"{notice}?next={self.request.path}", secondary=True))
        return links

    def get_facts(self) -> Sequence[Fact]:
        if self.award is None:
            return []
        now = self.award.amount_on(clock.today())
        facts = [
            Fact("Award" if self.source.is_grant else "Pledge", in_words(now)),
            Fact(
                "Standing", "Provisional, until its letter is held" if self.award.provisional else "Its letter is held"
            ),
            Fact("Secured", "Yes" if self.award.secured else "No"),
        ]
        if self.award.in_kind_rate is not None:
            facts.append(Fact("In-kind rate", f"{in_words(self.award.in_kind_rate)} an hour"))
        facts.append(Fact("Given by", self.source.funder.name))
        facts.append(Fact("Kept by", self.source.kept_by.name))
        query = f"year={self.year.pk}&source={self.source.pk}"
        if self.version:
            words = f"Version {self.version.number}, in force from {day_in_words(self.version.effective_on)}"
            facts.append(Fact("Budget", words, self.version.get_absolute_url()))
            facts.append(Fact("Budget and actual", "See the lines", f"{reverse('funding:budget')}?{query}"))
        if self.ended:
            facts.append(Fact("Left when the year ended", in_words(self.balance.unspent)))
            facts.append(Fact("Not marked yet", in_words(self.balance.unmarked)))
        return facts

    def get_tables(self) -> Sequence[Table]:
        mine = {"source": self.source, "year": self.year}
        revisions = list(self.award.revisions.order_by("effective_on")) if self.award else []
        versions = BudgetVersion.objects.filter(**mine).select_related("source__programme", "year", "created_by")
        virements = (
            Virement.objects.filter(budget_version__source=self.source, budget_version__year=self.year)
            .with_moved()
            .order_by("reference")
        )
        proposals = VirementProposal.objects.filter(**mine).select_related("source", "year", "created_by")
        notices = UnderspendNotice.objects.filter(**mine).order_by("noticed_on")
        declared = Declaration.objects.filter(source=self.source, quarter__year=self.year).select_related(
            "quarter", "created_by", "source"
        )
        tables: list[Table] = [
            RevisionTable(revisions, prefix="award-"),
            VersionTable(list(versions.order_by("number")), prefix="versions-"),
            VirementTable(list(virements), prefix="virements-", exclude=("source",), orderable=False),
        ]
        if waiting := list(proposals.exclude(status=VirementProposal.Status.APPROVED)):
            tables.append(ProposalTable(waiting, prefix="proposals-", exclude=("source",)))
        if self.ended:
            tables.append(BalanceTable(self.balance_rows(), prefix="balance-"))
        if found := list(notices):
            tables.append(NoticeTable(found, prefix="notices-"))
        tables.append(
            DeclaredTable(list(declared), prefix="declared-", empty_text="No quarter of the year is declared yet.")
        )
        return tables

    def balance_rows(self) -> list[dict[str, Any]]:
        """A row a treatment, marked or not, each leading to where it is marked."""
        marked = {row.treatment: row for row in self.balance.marked}
        names = ("reason", "approval_reference", "approved_on")
        return [
            {
                "treatment": label,
                "url": reverse("funding:year-end", args=[*self.address, treatment]) if self.may_change else None,
                **{name: getattr(marked.get(treatment), name, "") for name in names},
                "by": str(marked[treatment].changed_by) if treatment in marked else "",
                "amount": marked[treatment].amount if treatment in marked else NOUGHT,
            }
            for treatment, label in YearEndBalance.Treatment.choices
        ]


class SetAward(OfBudget, ActPage):
    """Record a source's first award of a year, or revise it from a day on."""

    action, form_class, writes = "budget.change", AwardForm, True

    def get_heading(self) -> str:
        return "Revise the award" if self.award else "Record the award"

    @property
    def button(self) -> str:
        return self.get_heading()

    def get_lead(self) -> str:
        words = f"{self.source}, {self.year.code}."
        if self.award and (last := self.award.last_revised_on):
            words += f" It is {in_words(self.award.amount_on(last))} from {day_in_words(last)}."
        if self.award and BudgetVersion.objects.filter(source=self.source, year=self.year).exists():
            words += (
                " The difference is put on the unallocated line of the budget in the same act; move it from there to "
                "the lines by a virement."
            )
        return words

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "source": self.source}

    def get_initial(self) -> dict[str, Any]:
        row = self.award
        if row is None:
            return {"version": 0, "effective_on": self.year.quarters.earliest("first_day").first_day}
        names = ("version", "provisional", "secured", "in_kind_rate")
        return {name: getattr(row, name) for name in names}

    def act(self, form: AwardForm) -> Award:
        given = form.cleaned_data
        names = ("amount", "effective_on", "reason", "decision_reference", "provisional", "secured")
        return award(
            source=self.source,
            year=self.year,
            in_kind_rate=given.get("in_kind_rate"),
            seen_version=given["version"],
            by=self.request.user,
            **{name: given[name] for name in names},
        )

    def get_success_message(self, result: Award) -> str:
        latest = result.revisions.latest("effective_on")
        return f"The award is {in_words(latest.amount)} from {day_in_words(latest.effective_on)}."


class YearEnd(OfBudget, ActPage):
    """Say what becomes of a part of the year's balance."""

    action, form_class, writes, button = "budget.change", BalanceForm, True, "Save"

    @cached_property
    def treatment(self) -> str:
        if self.kwargs["treatment"] not in YearEndBalance.Treatment.values:
            raise Http404
        return self.kwargs["treatment"]

    def allowed(self) -> bool:
        return super().allowed() and bool(self.treatment)

    @cached_property
    def row(self) -> YearEndBalance | None:
        return YearEndBalance.objects.filter(source=self.source, year=self.year, treatment=self.treatment).first()

    def get_heading(self) -> str:
        return f"Balance of {self.year.code}: {YearEndBalance.Treatment(self.treatment).label.lower()}"

    def get_lead(self) -> str:
        found = balance(self.source, self.year, today=clock.today())
        return f"{self.source}: {in_words(found.unspent)} is left, {in_words(found.unmarked)} of it not marked yet."

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "treatment": self.treatment}

    def get_initial(self) -> dict[str, Any]:
        if self.row is None:
            return {"version": 0}
        return {
            name: getattr(self.row, name)
            for name in ("version", "amount", "approval_reference", "approved_on", "reason")
        }

    def act(self, form: BalanceForm) -> YearEndBalance:
        given = form.cleaned_data
        return mark_balance(
            source=self.source,
            year=self.year,
            treatment=self.treatment,
            amount=given["amount"],
            reason=given["reason"],
            approval_reference=given.get("approval_reference", ""),
            approved_on=given.get("approved_on"),
            seen_version=given["version"],
            by=self.request.user,
        )

    def get_success_message(self, result: YearEndBalance) -> str:
        return f"{result.get_treatment_display()}: {in_words(result.amount)}."
