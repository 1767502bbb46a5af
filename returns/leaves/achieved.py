"""Results, targets and risks."""

from decimal import Decimal
from functools import cached_property

from django.urls import reverse

from kpis.gathering import aims_of
from kpis.models import Breakdown, Kpi, Result, Submission, version_on
from kpis.scoring import Aim
from returns.leaves.reading import Leaf, Reading, Unknown
from returns.models import Risk

_HUNDREDTHS = ("scaled", "total", "median")
_NUMBERS = (
    "count", "numerator", "denominator", "people_quarter", "people_year", "people_programme", "n", *_HUNDREDTHS,
)  # fmt: skip


class Achieved(Reading):
    """Leaves of what was achieved."""

    def project(self, what: str) -> Leaf:
        found = self.programme.projects.get(code=what)
        return Leaf(Decimal(1), f"Project {found}")

    def risk(self, what: str) -> Leaf:
        number, _, field = what.partition("#")
        found = Risk.objects.get(programme=self.programme, number=int(number))
        if field not in ("number", "likelihood", "impact"):
            raise Unknown(f"risk:{what}: there is no field “{field}”")
        return Leaf(Decimal(getattr(found, field)), f"Risk {number}: {field}")

    @cached_property
    def _results(self) -> dict[str, dict[tuple[str, str, str], Result | Breakdown]]:
        return {}

    def _of_submission(self, reference: str) -> dict[tuple[str, str, str], Result | Breakdown]:
        """By code, category and entry quarter, the rows of a submission."""
        if reference not in self._results:
            found: dict[tuple[str, str, str], Result | Breakdown] = {}
            rows = Result.objects.filter(
                submission__reference=reference, submission__quarter__programme=self.programme
            ).select_related("definition__kpi", "entry_quarter")
            for row in rows.prefetch_related("breakdowns__category__dimension"):
                entry = row.entry_quarter.code if row.entry_quarter else ""
                if row.milestone_id is None:
                    found[row.definition.kpi.code, "", entry] = row
                for part in row.breakdowns.all():
                    name = f"{part.category.dimension.code}.{part.category.code}"
                    found[row.definition.kpi.code, name, entry] = part
            self._results[reference] = found
        return self._results[reference]

    def result(self, what: str) -> Leaf:
        reference, _, place = what.partition("#")
        place, _, entry = place.partition("~")
        place, _, category = place.partition("@")
        code, _, column = place.rpartition(".")
        row = self._of_submission(reference)[code, category, entry]
        found = getattr(row, column) if column in _NUMBERS else None
        if found is None:
            raise Unknown(f"result:{what}: holds no such number")
        words = f"{code} in {reference}" + (f", {category}" if category else "")
        return Leaf(
            Decimal(found).scaleb(-2) if column in _HUNDREDTHS else Decimal(found), words, self._page(reference)
        )

    def _page(self, reference: str) -> str:
        return reverse("kpis:submission", args=[Submission.objects.get(reference=reference).pk])

    def submission(self, what: str) -> Leaf:
        found = Submission.objects.get(reference=what)
        return Leaf(Decimal(found.revision), f"Revision of {what}", self._page(what))

    def target(self, what: str) -> Leaf:
        measure, _, at = what.rpartition("@")
        quarter, kpi = self.quarters[at], self._kpi(measure)
        if at not in self._aims:
            self._aims[at] = aims_of(self.programme, quarter)
        return Leaf(Decimal(self._aims[at][kpi.project_id][kpi.code].value), f"Target of {kpi.code} in {quarter.year}")

    @cached_property
    def _aims(self) -> dict[str, dict[int, dict[str, Aim]]]:
        return {}

    def window(self, what: str) -> Leaf:
        measure, _, at = what.rpartition("@")
        versions = list(self._kpi(measure).versions.all())
        found = version_on(versions, self.quarters[at].first_day) or versions[0]
        return Leaf(Decimal(found.window_months or 0), f"Months of follow-up of {measure}")

    def _kpi(self, measure: str) -> Kpi:
        project, _, code = measure.partition("/")
        return Kpi.objects.get(project__programme=self.programme, project__code=project, code=code)
