"""Definitions and targets: the catalogue of measures, one measure with its versions, and changing them."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse

from board import clock
from board.access import BOARD, is_of_recipient, may
from board.models import Programme, Project, Quarter, Year
from board.programmes import names_in_use
from board.views import ActPage, DetailPage, Fact, Link, ListPage
from core.anonymity import warnings
from core.forms import day_in_words
from core.tables import Table
from kpis import defining, duties, formulas
from kpis.filters import MeasureFilters
from kpis.forms_defining import MeasureForm, RateForm, TargetForm, VersionForm
from kpis.kinds import ADDS_UP, Kind
from kpis.models import Duty, DutyMeasure, Kpi, KpiVersion, Rating, Target, version_on
from kpis.reading import range_words, target_words
from kpis.scoring import quarters_words, target_so_far
from kpis.tables import MeasureTable, SupplierTable, TargetTable, VersionTable
from kpis.uses import measures_of, uses_of
from kpis.views.figures import latest_quarter


class Measures(ListPage):
    """The catalogue: every measure that the person may see, as it is defined today."""

    action, heading = "results.read", "Measures"
    lead = "What each measure means, how its figures are added up, and since when."
    table_class, filterset_class = MeasureTable, MeasureFilters

    def get_queryset(self) -> Any:
        rows = Kpi.objects.visible_to(self.request.user).select_related("project__programme")
        return rows.prefetch_related("versions__dimensions").order_by("project__programme", "project__position", "code")

    def get_table(self) -> MeasureTable:
        return MeasureTable([self._row(kpi) for kpi in self.rows()])

    def _row(self, kpi: Kpi) -> dict[str, Any]:
        version = _now(kpi)
        return {
            "url": reverse("kpis:measure", args=[kpi.project.programme.code, kpi.code]),
            "measure": f"{kpi.code} {version.name}",
            "project": kpi.project.name,
            "programme": kpi.project.programme.code,
            "kind": version.get_kind_display(),
            "unit": version.unit,
            "direction": version.get_direction_display(),
            "range": range_words(version),
            "dimensions": ", ".join(row.name for row in version.dimensions.all()),
            "entered": "Computed" if version.computed else "Entered",
            "version": version.number,
            "from_date": version.from_date,
        }

    def get_actions(self) -> Sequence[Link]:
        if not may(self.request.user, "submissions.read"):
            return []
        return [Link("Who reports what", reverse("kpis:duties"), secondary=True)]


def _now(kpi: Kpi) -> KpiVersion:
    """The version in force today, else the first that will be."""
    versions = list(kpi.versions.all())
    return version_on(versions, clock.today()) or versions[0]


class OfMeasure:
    """What the pages about one measure share."""

    lookup = "code"
    section = "Measures"

    def get_queryset(self) -> Any:
        kpis = Kpi.objects.visible_to(self.request.user)  # type: ignore[attr-defined]
        found = kpis.filter(project__programme__code=self.kwargs["programme"])  # type: ignore[attr-defined]
        return found.select_related("project__programme").prefetch_related("versions__dimensions")

    @cached_property
    def now(self) -> KpiVersion:
        return _now(self.object)  # type: ignore[attr-defined]

    @property
    def title(self) -> str:
        return f"{self.object.code} {self.now.name}"  # type: ignore[attr-defined]

    @property
    def address(self) -> str:
        row = self.object  # type: ignore[attr-defined]
        return reverse("kpis:measure", args=[row.project.programme.code, row.code])

    def may_define(self) -> bool:
        """Definitions, targets and ratings are the grant holder's."""
        row, user = self.object, self.request.user  # type: ignore[attr-defined]
        return may(user, "measures.define") and is_of_recipient(user, row.project.programme)


class MeasurePage(OfMeasure, DetailPage):
    """One measure: what it means, what became of it, who reports it and what for."""

    action = "results.read"
    template_name = "kpis/measure.html"

    def get_heading(self) -> str:
        return self.title

    def get_section(self) -> str:
        return f"{self.object.project.name}, {self.object.project.programme}"

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Measures", reverse("kpis:measures"))]

    def get_actions(self) -> Sequence[Link]:
        if not self.may_define():
            return []
        args = [self.object.project.programme.code, self.object.code]
        return [
            Link("Give it a new version", reverse("kpis:redefine", args=args), secondary=True),
            Link("Set or revise a target", reverse("kpis:target", args=args), secondary=True),
        ]

    def get_facts(self) -> Sequence[Fact]:
        row = self.now
        facts = [
            Fact("What to count", row.definition),
            Fact("Unit", row.unit),
            Fact("Kind", f"{row.get_kind_display()}: {ADDS_UP[Kind(row.kind)]}"),
            Fact("What is better", row.get_direction_display()),
            Fact("Plausible range", range_words(row) or "None: any figure is taken without a question"),
        ]
        if row.window_months:
            facts.append(Fact("Followed up for", f"{row.window_months} months"))
        names = ", ".join(part.name for part in row.dimensions.all())
        facts.append(Fact("Breakdowns that can be asked for", names or "None"))
        computed = f"Computed: {row.numerator_codes} out of {row.denominator_codes}"
        facts.append(Fact("Entered or computed", computed if row.computed else "Entered by its supplier"))
        facts.append(Fact("Version", f"{row.number}, from {day_in_words(row.from_date)}"))
        return facts

    def get_tables(self) -> Sequence[Table]:
        kpi = self.object
        versions = [
            {"number": row.number, "from_date": row.from_date, "name": row.name, "definition": row.definition,
             "reason": row.reason}
            for row in reversed(kpi.versions.all())
        ]  # fmt: skip
        suppliers = kpi.duty_measures.filter(duty__in=Duty.objects.visible_to(self.request.user))
        asked = [
            {
                "organisation": row.duty.organisation.name,
                "first": row.duty.first_quarter.short_label,
                "last": row.duty.last_quarter.short_label,
                "breakdowns": ", ".join(part.name for part in row.dimensions.all()) or "None",
            }
            for row in suppliers.select_related(
                "duty__organisation", "duty__first_quarter", "duty__last_quarter"
            ).prefetch_related("dimensions")
        ]
        tables: list[Table] = [
            VersionTable(versions, prefix="versions-"),
            TargetTable(self.targets(), prefix="targets-"),
        ]
        if may(self.request.user, "submissions.read"):
            tables.append(SupplierTable(asked, prefix="suppliers-"))
        return tables

    def targets(self) -> list[dict[str, Any]]:
        """Every row, newest first: what it asks of a whole year, and of the quarters that have ended."""
        # What was before, and why a target was chosen, may tell of few people.
        hides = self.now.sensitive and self.request.user.acting.kind == BOARD
        by_year: dict[int, list[Quarter]] = {}
        for quarter in self.due_quarters():
            by_year.setdefault(quarter.year_id, []).append(quarter)
        found, today, newest = [], clock.today(), set()
        for row in sorted(self.object.targets.select_related("year"), key=lambda row: row.from_date, reverse=True):
            due = by_year.get(row.year_id, [])
            ended = [quarter for quarter in due if quarter.last_day <= today]
            # Of a year the latest row in force by today rates the measure.
            stands = row.from_date <= today and row.year_id not in newest
            newest |= {row.year_id} if stands else set()
            found.append(
                {
                    "year": row.year.code,
                    "from_date": row.from_date,
                    "target": target_words(row, self.now),
                    "so_far": self._so_far(row, len(ended), len(due))
                    if stands
                    else "Replaced"
                    if row.from_date <= today
                    else "Not yet",
                    "baseline": "Not shown" if hides else target_words(row, self.now, "baseline"),
                    "reason": "" if hides else row.reason,
                }
            )
        return found

    def _so_far(self, row: Target, ended: int, due: int) -> str:
        if not ended:
            return "Too early"
        if self.now.kind != Kind.FLOW:
            return "The same every quarter"
        share = target_so_far(self.now.kind, row.amount, ended, due).normalize()
        return f"{share:,f} ({quarters_words(ended, due)})"

    def due_quarters(self) -> list[Quarter]:
        """The quarters in which somebody is asked for it, or for the first of what it is computed from."""
        codes = [self.object.code]
        if self.now.computed:
            codes = [code for _, code in formulas.read(self.now.numerator_codes)][:1]
        measures = DutyMeasure.objects.filter(kpi__project=self.object.project_id, kpi__code__in=codes)
        spans = [
            (row.duty.first_quarter.order, row.duty.last_quarter.order)
            for row in measures.select_related("duty__first_quarter", "duty__last_quarter")
        ]
        quarters = self.object.project.programme.quarters.filter(kind=Quarter.Kind.QUARTER).select_related("year")
        return [row for row in quarters if any(first <= row.order <= last for first, last in spans)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        project = self.object.project
        identities = project.identities.all()
        uses = uses_of(self.object, self.now, measures_of(project), identities)
        return super().get_context_data(uses=uses, figures_url=self.figures_url(), **kwargs)

    def figures_url(self) -> str:
        """The measure's figures in the latest quarter; empty where a measure stands in a table of its own."""
        quarter = latest_quarter(list(self.object.project.programme.quarters.filter(kind=Quarter.Kind.QUARTER)))
        if quarter is None or self.now.kind in (Kind.TEXT, Kind.MILESTONE, Kind.COHORT) or not self.due_quarters():
            return ""
        return reverse("kpis:breakdown", args=[self.object.project.programme.code, quarter.code, self.object.code])


class _Defining(OfMeasure, ActPage):
    """Acts of the grant holder upon a measure."""

    action = "measures.define"

    def allowed(self) -> bool:
        return super().allowed() and self.may_define()

    def get_section(self) -> str:
        return self.title

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Measures", reverse("kpis:measures")), Link(self.object.code, self.address)]

    def get_back_url(self) -> str:
        return self.address

    def get_success_url(self, result: Any = None) -> str:
        return self.address


class Redefine(_Defining):
    """A new version of a measure, from a quarter on."""

    heading, button, form_class = "New version of a measure", "Save the new version", VersionForm
    lead = (
        "Figures that were given keep the version that they were given under. A year over two versions shows a break. "
        "The kind of figure never changes: use another code for that."
    )

    @cached_property
    def latest(self) -> KpiVersion:
        return list(self.object.versions.all())[-1]

    def get_initial(self) -> dict[str, Any]:
        row = self.latest
        same = (
            "name",
            "definition",
            "unit",
            "section",
            "direction",
            "numerator_codes",
            "denominator_codes",
            "sensitive",
        )
        return {
            **{name: getattr(row, name) for name in same},
            "low": range_end(row.low),
            "high": range_end(row.high),
            "dimensions": [part.code for part in row.dimensions.all()],
            "version": row.number,
        }

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "quarters": defining.quarters_for_a_version(self.object)}

    def act(self, form: Any) -> KpiVersion:
        seen = form.cleaned_data["version"]
        return defining.redefine(kpi=self.object, by=self.request.user, seen_number=seen, **form.meaning())

    def get_success_message(self, result: KpiVersion) -> str:
        return f"Version {result.number} is saved. It begins on {day_in_words(result.from_date)}."


def range_end(kept: int | None) -> str:
    """An end of a range as a box shows it: 8000 -> "80"."""
    return "" if kept is None else f"{kept / 100:g}"


class Define(ActPage):
    """A new measure of a project."""

    action, heading, button = "measures.define", "Add a measure", "Add the measure"
    lead = "It is asked of nobody until you tick it for a supplier."
    form_class, lookup = MeasureForm, "code"

    def get_queryset(self) -> Any:
        return own_projects(self.request.user, self.kwargs["programme"])

    def get_section(self) -> str:
        return f"{self.object.name}, {self.object.programme}"

    def get_form_kwargs(self) -> dict[str, Any]:
        quarters = self.object.programme.quarters.filter(kind=Quarter.Kind.QUARTER)
        return {**super().get_form_kwargs(), "project": self.object, "quarters": quarters}

    def act(self, form: Any) -> Kpi:
        code = form.cleaned_data["code"]
        return defining.define(project=self.object, code=code, by=self.request.user, **form.meaning())

    def get_success_message(self, result: Kpi) -> str:
        return f"{result.code} is added. Tick it for a supplier to have it reported."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:measure", args=[self.object.programme.code, result.code])

    def get_back_url(self) -> str:
        return reverse("kpis:measures")


def own_projects(user: Any, programme: str) -> Any:
    """The projects of a programme that the person's organisation holds the grant of."""
    programmes = Programme.objects.visible_to(user).filter(code=programme, recipient=user.acting.organisation)
    return Project.objects.filter(programme__in=programmes).select_related("programme__recipient")


class SetTarget(_Defining):
    """Set or revise what a measure shall reach in a year."""

    heading, button, form_class = "Set or revise a target", "Save the target", TargetForm

    def get_lead(self) -> str:
        if self.now.kind == Kind.FLOW:
            return (
                "Enter the target of the whole year. Of a year in which it is not asked for every quarter, it is the "
                "target of the quarters that are; each quarter is held against its share."
            )
        return "Enter the level to reach. It is the same for every quarter of the year."

    def get_form_kwargs(self) -> dict[str, Any]:
        ranged = self.now.direction == KpiVersion.Direction.RANGE
        return {**super().get_form_kwargs(), "kpi": self.object, "ranged": ranged}

    def act(self, form: Any) -> Target:
        return duties.set_target(kpi=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Target) -> str:
        year: Year = result.year
        return f"The target of {year.code} is saved. It is in force from {day_in_words(result.from_date)}."


class Rate(_Defining):
    """Rate a measure in a quarter by hand."""

    heading, button, form_class = "Rate by hand", "Save the rating", RateForm
    lead = "The figures and the target stay. Readers see your rating, your reason and the rating by the figures."

    @cached_property
    def quarter(self) -> Quarter:
        quarters = Quarter.objects.filter(kind=Quarter.Kind.QUARTER, programme=self.object.project.programme_id)
        return get_object_or_404(quarters.select_related("programme"), code=self.kwargs["quarter"])

    def get_section(self) -> str:
        return f"{self.title}, {self.quarter}"

    def get_form_kwargs(self) -> dict[str, Any]:
        stands = self.object.ratings.filter(quarter=self.quarter).last()
        return {**super().get_form_kwargs(), "rated": stands is not None and bool(stands.word)}

    def act(self, form: Any) -> Rating:
        word = form.cleaned_data["word"].replace("figures", "")
        given = {"kpi": self.object, "quarter": self.quarter, "reason": form.cleaned_data["reason"]}
        # It is printed in the return.
        self.warn(warnings(given["reason"], known=names_in_use(self.quarter.programme)))
        return duties.rate(word=word, by=self.request.user, **given)

    def get_success_message(self, result: Rating) -> str:
        return f"Rated {result.word} by hand." if result.word else "Rated by its figures again."

    def get_success_url(self, result: Any = None) -> str:
        return reverse("kpis:breakdown", args=[self.object.project.programme.code, self.quarter.code, self.object.code])

    def get_back_url(self) -> str:
        return self.get_success_url()
