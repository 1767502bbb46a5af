"""Invented results that are in no database: small, with missing quarters, late figures and revisions."""

from collections import defaultdict
from datetime import date, timedelta
from random import Random
from typing import Any

from board.models import Organisation, Programme, Project, Quarter, Year
from kpis.kinds import Kind, State
from kpis.models import Breakdown, Category, Dimension, Duty, DutyMeasure, Identity, Kpi, KpiVersion, Result, Submission
from kpis.reported import Reported

_DAY = date(2023, 4, 1)
_IDENTITIES = (
    ("caseload", "+CHB-34+CHB-06+CHB-35-CHB-10-CHB-11-CHB-08", "equals"),
    ("levels", "+CHB-40-CHB-06", "equals"),
    ("attempted", "+CHB-18a-CHB-17", "at-most"),
    ("contacted", "+CHB-18b-CHB-18a", "at-most"),
    ("starts", "+CHB-06-CHB-03", "at-most"),
)
_KINDS = {
    "CHB-03": Kind.FLOW, "CHB-06": Kind.FLOW, "CHB-07": Kind.PEOPLE, "CHB-08": Kind.SNAPSHOT, "CHB-10": Kind.FLOW,
    "CHB-11": Kind.FLOW, "CHB-14": Kind.RATIO, "CHB-17": Kind.FLOW, "CHB-18a": Kind.FLOW, "CHB-18b": Kind.FLOW,
    "CHB-23": Kind.MEAN, "CHB-34": Kind.OPENING, "CHB-35": Kind.FLOW, "CHB-40": Kind.FLOW,
}  # fmt: skip
_COMPUTED = {"CHB-12": ("+CHB-10", "+CHB-10+CHB-11"), "CHB-13": ("+CHB-06", "+CHB-03")}
# Two programmes in three are of these, which hang together; the others are of the rest.
_CASELOAD = ["CHB-03", "CHB-06", "CHB-08", "CHB-10", "CHB-11", "CHB-34", "CHB-35", "CHB-40"]
# Starts and completions by as many, so that the caseload still balances.
_REVISED = ("CHB-03", "CHB-06", "CHB-10", "CHB-17", "CHB-40")
_TABLES = {
    "CHB-06": (2, 4),
    "CHB-07": (3,),
    "CHB-08": (3,),
    "CHB-10": (2,),
    "CHB-14": (3,),
    "CHB-18a": (3,),
    "CHB-40": (5,),
}


def _given(row: Any, **lists: list[Any]) -> Any:
    """The row with its related rows at hand, so that no database is asked."""
    row.pk = row.pk or 1
    row._prefetched_objects_cache = lists
    return row


class Invention:
    """One project's results over a few quarters, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311
        self.count = self.random.choice((2, 3, 5))
        self.typical = self.random.choice((4, 8, 15, 40))
        self.programme = _given(Programme(pk=1, code="P"), thresholds=[])
        self.quarters = [self._quarter(at) for at in range(self.count)]
        self.project = _given(
            Project(pk=1, code="CHB", name="Hub", position=1, programme=self.programme), milestones=[]
        )
        self.duty = Duty(
            pk=1,
            reference="D",
            project=self.project,
            organisation=Organisation(pk=1, short_name="Hub"),
            first_quarter=self.quarters[0],
            last_quarter=self.quarters[-1],
        )
        self.codes = _CASELOAD if seed % 3 else sorted(_KINDS.keys() - set(_CASELOAD))
        self.versions = {code: self._version(code, _KINDS[code]) for code in self.codes}
        for code, (part, whole) in _COMPUTED.items() if seed % 3 else ():
            self.versions[code] = self._version(code, Kind.RATIO, numerator_codes=part, denominator_codes=whole)
        self.results: dict[tuple[int, str, str], Result] = {}
        self.superseded: dict[tuple[int, str, str], list[Result]] = defaultdict(list)
        self._fill()

    def _quarter(self, at: int) -> Quarter:
        first = _DAY + timedelta(days=91 * at)
        year = 2023 + at // 4
        return Quarter(
            pk=at + 1,
            programme=self.programme,
            year=Year(pk=year, code=str(year)),
            kind="quarter",
            number=at % 4 + 1,
            code=f"{year}-Q{at % 4 + 1}",
            first_day=first,
            last_day=first + timedelta(days=90),
            provider_due_on=first + timedelta(days=100),
        )

    def _version(self, code: str, kind: Kind, **more: str) -> KpiVersion:
        balancing = code in ("CHB-34", "CHB-35")
        kpi = Kpi(pk=len(code), code=code, project=self.project)
        return KpiVersion(
            kpi=kpi, number=1, name=code, kind=kind, section="caseload", from_date=_DAY, balancing=balancing, **more
        )

    def _fill(self) -> None:
        random = self.random
        opening, year, programme = random.randint(0, self.typical), 0, 0
        for at, quarter in enumerate(self.quarters):
            numbers, opening = self._numbers(opening)
            people = numbers["CHB-07"]
            year = people if at % 4 == 0 else random.randint(max(year, people), year + people)
            programme = year if at < 4 else random.randint(max(programme, year), programme + people)
            if random.random() < 0.15:
                continue
            revised = random.random() < 0.2
            more = random.choice((1, 3, 12))
            submission = Submission(
                pk=at + 1, reference=f"S{at}", duty=self.duty, quarter=quarter, status="accepted", revision=1 + revised
            )
            _given(submission, queries=[])
            late = {code for code in self.codes if random.random() < 0.06}
            for code in self.codes:
                figures = self._figures(code, numbers, year, programme)
                tables = self._tables(code, figures)
                if code in late and not revised:
                    continue
                place = (self.project.pk, code, quarter.code)
                self.results[place] = self._result(code, submission, figures, tables)
                if revised and code not in late:
                    earlier = self._earlier(code, figures, tables, more)
                    first = Submission(pk=100 + at, duty=self.duty, quarter=quarter, status="superseded", revision=1)
                    self.superseded[place].append(self._result(code, first, *earlier))
                    if earlier != (figures, tables):
                        self.results[place].state = State.REVISED

    def _small(self) -> int:
        return self.random.choice((0, 1, self.random.randint(0, 6), self.random.randint(0, self.typical)))

    def _numbers(self, opening: int) -> tuple[dict[str, int], int]:
        """A quarter's headlines, which balance, and the caseload at its end."""
        starts, again = self._small() + self.random.randint(0, 5), self.random.choice((0, 0, 1))
        completed = min(self._small(), opening + starts + again)
        closed = min(self._small(), opening + starts + again - completed)
        left = opening + starts + again - completed - closed
        found = {
            "CHB-34": opening, "CHB-06": starts, "CHB-35": again, "CHB-10": completed, "CHB-11": closed, "CHB-08": left,
            "CHB-03": starts + self._small(), "CHB-40": starts, "CHB-07": self._small(),
        }  # fmt: skip
        found["CHB-17"] = self._small() + self._small()
        found["CHB-18a"] = self.random.randint(found["CHB-17"] // 2, found["CHB-17"])
        found["CHB-18b"] = self.random.randint(found["CHB-18a"] // 2, found["CHB-18a"])
        return found, left

    def _figures(self, code: str, numbers: dict[str, int], year: int, programme: int) -> dict[str, int]:
        if code == "CHB-07":
            return {"people_quarter": numbers[code], "people_year": year, "people_programme": programme}
        if code == "CHB-14":
            whole = self._small() + self._small()
            return {"numerator": self.random.randint(0, whole), "denominator": whole}
        if code == "CHB-23":
            number = self._small()
            return {"total": number * self.random.randint(100, 900), "n": number}
        return {"count": numbers[code]}

    def _tables(self, code: str, figures: dict[str, int]) -> list[list[dict[str, int]]]:
        return [self._shared(figures, size) for size in _TABLES.get(code, ())]

    def _shared(self, figures: dict[str, int], size: int) -> list[dict[str, int]]:
        parts = [dict.fromkeys(figures, 0) for _ in range(size)]
        if "denominator" in figures:
            for case in range(figures["denominator"]):
                part = self.random.choice(parts[: self.random.randint(1, size)])
                part["denominator"] += 1
                part["numerator"] += case < figures["numerator"]
            return parts
        for name, number in figures.items():
            for _ in range(number):
                self.random.choice(parts[: self.random.randint(1, size)])[name] += 1
        return parts

    def _earlier(
        self, code: str, figures: dict[str, int], tables: list[list[dict[str, int]]], more: int
    ) -> tuple[dict[str, int], list[list[dict[str, int]]]]:
        """What was handed in at first: the same, or some more in a row of each table; what balances still does."""
        if code not in _REVISED or not more:
            return figures, tables
        parts = [[dict(part) for part in table] for table in tables]
        for table in parts:
            self.random.choice(table)["count"] += more
        return {"count": figures["count"] + more}, parts

    def _result(
        self, code: str, submission: Submission, figures: dict[str, int], tables: list[list[dict[str, int]]]
    ) -> Result:
        result = Result(submission=submission, definition=self.versions[code], state=State.REPORTED, **figures)
        parts = []
        for number, table in enumerate(tables):
            dimension = Dimension(pk=number + 1, code=f"d{number}", name=f"d{number}")
            for place, part in enumerate(table):
                category = Category(dimension=dimension, code=f"c{place}", name=f"c{place}", position=place)
                parts.append(Breakdown(result=result, category=category, **part))
        return _given(result, breakdowns=parts)

    def reported(self, quarter: Quarter) -> Reported:
        """What stands in the tables up to a quarter."""
        upto = {row.code for row in self.quarters if row.order <= quarter.order}
        results = {place: row for place, row in self.results.items() if place[2] in upto}
        return Reported(
            programme=self.programme,
            quarter=quarter,
            quarters=self.quarters,
            projects=[self.project],
            kpis={1: {code: [version] for code, version in self.versions.items()}},
            measured={1: {code: [DutyMeasure(duty=self.duty, kpi=self.versions[code].kpi)] for code in self.codes}},
            submissions={(1, row.submission.quarter.pk): row.submission for row in results.values()},
            results=results,
            superseded={place: rows for place, rows in self.superseded.items() if place[2] in upto},
            cohorts={},
            dated={},
            by_submission=defaultdict(list),
            identities={
                1: [
                    Identity(project=self.project, code=code, terms=terms, relation=relation)
                    for code, terms, relation in _IDENTITIES
                ]
            },
            aims={},
        )

    def stages(self) -> list[list[Reported]]:
        """Of each stage of revision, what is reported up to each quarter."""
        found = [self.reported(quarter).stages() for quarter in self.quarters]
        most = max(len(rows) for rows in found)
        return [[rows[min(place, len(rows) - 1)] for rows in found] for place in range(most)]
