"""Invented results as they came in: two suppliers, late and revised, with a report issued after each quarter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import ClassVar

from board.models import Organisation, Quarter
from kpis.hiding import hidden_of
from kpis.kinds import Profile
from kpis.models import Duty, DutyMeasure, Publication, Result, Submission
from kpis.reported import Reported, _in_force
from tests.kpis.invented import Invention

# Days: when a quarter's results come in, when its report is issued, and when the next quarter's come in.
_IN, _ISSUED, _NEXT = 10, 20, 91


# What can be another supplier's: figures that balance are one supplier's, or they would give a late one away.
_APART = (("CHB-07",), ("CHB-14",), ("CHB-17", "CHB-18a", "CHB-18b"), ("CHB-23",))


class Issued(Invention):
    """The measures are shared between two suppliers, each of which may be late."""

    BEGAN: ClassVar = datetime(2023, 7, 1, tzinfo=UTC)

    def __init__(self, seed: int, *, in_order: bool = False) -> None:
        super().__init__(seed)
        self.chance = Random(seed)  # noqa: S311
        # Whether all comes in before its report is issued, revisions too.
        self.in_order = in_order
        self.other = Duty(
            pk=2,
            reference="E",
            project=self.project,
            organisation=Organisation(pk=2, short_name="Other"),
            first_quarter=self.quarters[0],
            last_quarter=self.quarters[-1],
        )
        self.others = {code for group in _APART if self.chance.random() < 0.5 for code in group}
        self._share_out()

    def _share_out(self) -> None:
        given: dict[tuple[int, int, int], Submission] = {}
        for place, row in [*self.results.items(), *((at, row) for at, rows in self.superseded.items() for row in rows)]:
            self._hand_in(place[1], row, given)
        self._date(list(given.values()))

    def _hand_in(self, code: str, row: Result, given: dict[tuple[int, int, int], Submission]) -> None:
        was, duty = row.submission, self.other if code in self.others else self.duty
        key = (duty.pk, was.quarter_id, was.revision)
        if key not in given:
            made = Submission(
                pk=len(given) + 1, reference=f"S{key}", duty=duty, quarter=was.quarter, status=was.status,
                revision=was.revision,
            )  # fmt: skip
            made._prefetched_objects_cache = {"queries": []}
            given[key] = made
        row.submission = given[key]

    def _date(self, given: list[Submission]) -> None:
        before: dict[tuple[int, int], datetime] = {}
        for row in sorted(given, key=lambda row: (row.quarter.order, row.revision, row.duty_id)):
            at = before.get((row.duty_id, row.quarter_id))
            if at is None:
                at = self._day(row.quarter, _IN) + timedelta(days=self._later((0, 0, 0, 20, 100, 200)))
            else:
                at += timedelta(days=self._later((5, 15, 60, 150)))
            row.accepted_at = before[row.duty_id, row.quarter_id] = at

    def _later(self, days: tuple[int, ...]) -> int:
        return days[0] if self.in_order else self.chance.choice(days)

    def _day(self, quarter: Quarter, days: int) -> datetime:
        return self.BEGAN + timedelta(days=days + _NEXT * self.quarters.index(quarter))

    def reported(self, quarter: Quarter) -> Reported:
        found = super().reported(quarter)
        found.measured = {
            1: {
                code: [DutyMeasure(duty=self.other if code in self.others else self.duty, kpi=self.versions[code].kpi)]
                for code in self.codes
            }
        }
        found.submissions = {(row.submission.duty_id, row.submission.quarter_id): row.submission
                             for row in found.results.values()}  # fmt: skip
        return found

    def stages(self) -> list[list[Reported]]:
        """What stood when each report was issued, between them with each revision, and now; up to each quarter."""
        full = self.reported(self.quarters[-1])
        issues: list[Publication] = []
        for quarter in self.quarters:
            at = self._day(quarter, _ISSUED)
            then = full._up_to(_in_force(full._given_rows(), at), issues)
            hidden = hidden_of(self.project, then, Profile.BOARD).keys
            issues = [
                *issues,
                Publication(programme=self.programme, quarter=quarter, at=at, reference=f"R{quarter.code}",
                            hidden={self.project.code: [list(key) for key in hidden]}),
            ]  # fmt: skip
        full = replace(full, publications=issues)
        return [[self._until(stage, quarter) for quarter in self.quarters] for stage in full.stages()]

    def _until(self, stage: Reported, quarter: Quarter) -> Reported:
        upto = {row.code for row in self.quarters if row.order <= quarter.order}
        return replace(
            stage,
            quarter=quarter,
            results={place: row for place, row in stage.results.items() if place[2] in upto},
            superseded={place: rows for place, rows in stage.superseded.items() if place[2] in upto},
        )
