"""Plans: budgets, forecasts, what contracts bind, awards."""

from collections import defaultdict
from decimal import Decimal
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import Q, Sum
from django.urls import reverse

from board.models import Year
from contracts.models import Contract, ExtensionOption, Variation
from core.money import NOUGHT, PenceField
from funding.models import (
    Award,
    BudgetVersion,
    Commitment,
    Forecast,
    Profile,
    Source,
    UnderspendNotice,
    VirementMove,
    VirementProposalMove,
)
from returns.leaves.reading import Leaf, read_cut
from returns.leaves.spent import Spent

PLAN_FIELDS = {
    "original": "the first budget of the year",
    "budget": "the budget in force, for the whole year",
    "profile-quarter": "the budget in force, for the quarter",
    "profile-to-date": "the budget in force, up to the quarter’s end",
}
FORECAST_FIELDS = {
    "quarter": "what is expected in the quarter",
    "rest": "what is expected after it, and while it is open what its forecast has above its actual",
}


class Planned(Spent):
    """Leaves of what is planned."""

    @cached_property
    def _planned(self) -> dict[tuple[str, str], list[tuple[Profile, bool, bool]]]:
        return {}

    def _profiles(self, source: str, year: str) -> list[tuple[Profile, bool, bool]]:
        """Each row of the year's first budget and of the one in force: (row, is of the first, is in force)."""
        key = (source, year)
        if key not in self._planned:
            versions = BudgetVersion.objects.filter(source=self.sources[source], year=self.years[year])
            if self.as_of is not None:
                versions = versions.filter(created_at__lte=self.as_of)
            ordered = sorted(versions, key=lambda row: row.number)
            in_force = [row for row in ordered if row.effective_on <= self.today]
            now = max(in_force, key=lambda row: (row.effective_on, row.number), default=None)
            first = ordered[0] if ordered else None
            rows = Profile.objects.filter(budget_version__in=[row for row in (first, now) if row]).select_related(
                "line__project", "line__heading"
            )
            self._planned[key] = [
                (row, first is not None and row.budget_version_id == first.pk,
                 now is not None and row.budget_version_id == now.pk)
                for row in rows
            ]  # fmt: skip
        return self._planned[key]

    def plan(self, what: str) -> Leaf:
        field, _, path = what.partition(":")
        cut, quarter = read_cut(path), self.quarters[read_cut(path).quarter]
        amount = NOUGHT
        for row, is_first, is_in_force in self._profiles(cut.source, cut.year):
            if not cut.takes(row.line.project.code, row.line.heading.code):
                continue
            of = self._by_key[row.quarter_id]
            wanted = {
                "original": is_first,
                "budget": is_in_force,
                "profile-quarter": is_in_force and of == quarter,
                "profile-to-date": is_in_force and of.order <= quarter.order,
            }
            amount += row.amount if wanted[field] else NOUGHT
        url = self._budget(self.sources[cut.source], self.years[cut.year])
        return Leaf(amount, f"{PLAN_FIELDS[field].capitalize()}: {self._words(cut)}", url)

    def _budget(self, source: Source, year: Year) -> str:
        return f"{reverse('funding:budget')}?{urlencode({'year': year.pk, 'source': source.pk})}"

    def forecast(self, what: str) -> Leaf:
        field, _, path = what.partition(":")
        cut, quarter = read_cut(path), self.quarters[read_cut(path).quarter]
        lines = {
            line.pk: line
            for line in self.sources[cut.source]
            .budget_lines.filter(year=self.years[cut.year])
            .select_related("project", "heading")
            if cut.takes(line.project.code, line.heading.code)
        }
        closed = quarter.money_closed_at is not None and (self.as_of is None or quarter.money_closed_at <= self.as_of)
        amount = NOUGHT
        for row in self._rows(Forecast, line__in=list(lines)):
            of = self._by_key[row.quarter_id]
            if (field == "quarter" and of == quarter) or (field == "rest" and of.order > quarter.order):
                amount += row.amount
            elif field == "rest" and of == quarter and not closed:
                line = lines[row.line_id]
                path = f"{cut.source}/{cut.year}/{line.project.code}/{line.heading.code}@{quarter.code}"
                amount += max(row.amount - self.spend(f"actual-quarter:{path}").amount, NOUGHT)
        return Leaf(amount, f"{FORECAST_FIELDS[field].capitalize()}: {self._words(cut)}")

    def committed(self, what: str) -> Leaf:
        cut = read_cut(what)
        quarter = self.quarters[cut.quarter]
        charged: dict[tuple[int, int], Decimal] = defaultdict(lambda: NOUGHT)
        rows = self._charges("actual-to-date", cut, quarter).filter(transaction__contract__isnull=False)
        keys = ("transaction__contract_id", "budget_line_id")
        for row in rows.values(*keys).annotate(sum=Sum("cost", output_field=PenceField())).order_by():
            charged[row["transaction__contract_id"], row["budget_line_id"]] += row["sum"]
        lines = self.sources[cut.source].budget_lines.filter(year=self.years[cut.year])
        lines = lines.filter(project__code=cut.project) if cut.project else lines
        lines = lines.filter(heading__code=cut.heading) if cut.heading else lines
        amount = sum(
            (max(row.amount - charged[row.contract_id, row.line_id], NOUGHT)
             for row in self._rows(Commitment, line__in=[line.pk for line in lines])),
            NOUGHT,
        )  # fmt: skip
        return Leaf(amount, f"Bound by contracts and not charged yet: {self._words(cut)}")

    def award(self, what: str) -> Leaf:
        source, _, year = what.partition("/")
        row = Award.objects.prefetch_related("revisions").get(source=self.sources[source], year=self.years[year])
        url = self._budget(row.source, row.year)
        return Leaf(row.amount_on(self.today), f"Award or pledge: {row.source.name}, {year}", url)

    def move(self, what: str) -> Leaf:
        virement, _, path = what.partition("#")
        project, _, heading = path.partition("/")
        row = VirementMove.objects.select_related("virement").get(
            virement__reference=virement, line__project__code=project, line__heading__code=heading
        )
        return Leaf(row.amount, f"{virement}: {project}, {heading}", row.virement.get_absolute_url())

    def worth(self, what: str) -> Leaf:
        reference, project, year = what.split("/")
        contract = Contract.objects.get(reference=reference)
        values = contract.values.filter(project__code=project, year=self.years[year])
        if self.as_of is not None:
            values = values.filter(Q(variation=None) | Q(variation__created_at__lte=self.as_of))
        amount = sum((row.amount for row in values), NOUGHT)
        return Leaf(amount, f"Worth of {reference}: {project}, {year}", contract.get_absolute_url())

    def variation(self, what: str) -> Leaf:
        reference, _, number = what.partition("#")
        found = Variation.objects.select_related("contract").get(contract__reference=reference, number=int(number))
        amount = sum((row.amount for row in found.values.all()), NOUGHT)
        return Leaf(amount, f"{found}", found.contract.get_absolute_url())

    def option(self, what: str) -> Leaf:
        reference, _, number = what.partition("#")
        live = ExtensionOption.objects.select_related("contract").get(contract__reference=reference, number=int(number))
        [found] = self._rows(ExtensionOption, id=live.pk)
        return Leaf(found.amount, f"{live}", live.contract.get_absolute_url())

    def version(self, what: str) -> Leaf:
        source, path = what.split("/", 1)
        year, path = path.split("#", 1)
        number, project, heading = path.partition("@")[0].split("/")
        quarter = self.quarters[path.partition("@")[2]]
        found = BudgetVersion.objects.get(source=self.sources[source], year=self.years[year], number=int(number))
        rows = found.profiles.filter(line__project__code=project, line__heading__code=heading, quarter=quarter)
        amount = sum((row.amount for row in rows), NOUGHT)
        words = f"Budget {number} of {source}, {year}: {project}, {heading}, {quarter.short_label}"
        return Leaf(amount, words, found.get_absolute_url())

    def asked(self, what: str) -> Leaf:
        reference, _, path = what.partition("#")
        place, _, at = path.partition("@")
        project, _, heading = place.partition("/")
        row = VirementProposalMove.objects.select_related("proposal").get(
            proposal__reference=reference, line__project__code=project, line__heading__code=heading,
            quarter=self.quarters[at],
        )  # fmt: skip
        words = f"{reference}: {project}, {heading}, {row.quarter.short_label}"
        return Leaf(row.amount, words, row.proposal.get_absolute_url())

    def notice(self, what: str) -> Leaf:
        path, _, number = what.partition("#")
        source, _, year = path.partition("/")
        rows = UnderspendNotice.objects.filter(source=self.sources[source], year=self.years[year])
        found = list(rows.order_by("noticed_on", "pk"))[int(number) - 1]
        return Leaf(found.amount, f"Underspend foreseen on {found.noticed_on:%-d %B %Y}")
