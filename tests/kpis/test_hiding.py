"""Nobody works a hidden number out: every page is attacked, those of invented results and of the demonstration."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from board.models import Programme
from kpis import hiding
from kpis.aggregation import YEAR, Cell, across_quarters
from kpis.hiding import Hidden, hidden_of
from kpis.kinds import Kind, Profile, State
from kpis.lines import MeasureLine, Shown
from kpis.models import Duty
from kpis.reported import Reported, read_reported
from kpis.results import performance
from tests import factories
from tests.kpis import scene
from tests.kpis.attack import given_away, published, reports_of
from tests.kpis.invented import Invention

BELOW = 5
BOTH = (Profile.BOARD, Profile.PUBLIC)


def found_out(seed: int, profile: Profile) -> list[str]:
    return given_away(published(Invention(seed).stages(), profile))


@pytest.mark.parametrize(
    "seeds",
    [
        range(100),
        range(100, 200),
        *(pytest.param(range(at, at + 500), marks=pytest.mark.deep) for at in range(200, 5200, 500)),
    ],
    ids=str,
)
def test_no_hidden_number_has_a_single_solution(seeds: range) -> None:
    found = {seed: leaks for seed in seeds if (leaks := found_out(seed, BOTH[seed % 2]))}
    assert found == {}


_to_date = Hidden._to_date


def _stands_still(hidden: Hidden, code: str, span: str) -> bool:
    """As it once was: a total that stands still over a missing quarter was shown."""
    last = hidden._reported.cell(hidden._project, code, hidden._reported.quarter)
    return last.state != State.MISSING and _to_date(hidden, code, span)


def _rates_alone(hidden: Hidden, code: str, span: str) -> bool:
    """As it once was: a rate's total was hidden where it was small itself."""
    cell, kind = _whole(hidden, code, span)
    return hidden.rate(cell.numerator, cell.denominator) if kind == Kind.RATIO else _to_date(hidden, code, span)


def _people_alone(hidden: Hidden, code: str, span: str) -> bool:
    """As it once was: people so far were hidden where they were few, or were those of one quarter."""
    cell, kind = _whole(hidden, code, span)
    alone = len(hidden._reported.year_so_far) == 1 or (cell.people_quarter or 0) < BELOW
    return alone and _to_date(hidden, code, span) if kind == Kind.PEOPLE else _to_date(hidden, code, span)


def _whole(hidden: Hidden, code: str, span: str) -> tuple[Cell, str]:
    reported, project = hidden._reported, hidden._project
    kind = reported.definition(project, code).kind
    quarters = reported.year_so_far if span == YEAR else reported.so_far
    return across_quarters(kind, [reported.cell(project, code, row) for row in quarters], span), kind


@pytest.mark.parametrize(
    ("where", "name", "mistake"),
    [
        (Hidden, "_to_date", _stands_still),
        (Hidden, "_to_date", _rates_alone),
        (Hidden, "_to_date", _people_alone),
        (hiding._Pattern, "_balances_of", lambda *_: []),
        (Reported, "stages", lambda reported: [reported]),
    ],
    ids=["missing-quarter", "rate-totals", "people-so-far", "identities", "revisions"],
)
def test_the_attack_finds_each_leak_that_there_once_was(
    where: Any, name: str, mistake: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(60):
        stages = Invention(seed).stages()
        with monkeypatch.context() as patched:
            patched.setattr(where, name, mistake)
            pages = list(published(stages, Profile.BOARD))
        if given_away(pages):
            return
    pytest.fail("The attack found nothing")


def test_what_a_quarter_hides_stays_the_same_in_every_later_report() -> None:
    for seed in range(40):
        invention = Invention(seed)
        reports = [invention.reported(quarter) for quarter in invention.quarters]
        patterns = [hidden_of(invention.project, reported, Profile.BOARD).keys for reported in reports]
        for reported, pattern in zip(reports, patterns, strict=True):
            codes = {quarter.code for quarter in reported.so_far}
            assert pattern == {key for key in patterns[-1] if key[-1] in codes}


def test_the_public_is_shown_nothing_that_the_board_is_not() -> None:
    for seed in range(40):
        pages = [list(published(Invention(seed).stages(), profile)) for profile in BOTH]
        for board, public in zip(*pages, strict=True):
            for shown, rounded in zip(_cells(board.shown), _cells(public.shown), strict=True):
                assert rounded.state == "c" or shown.state != "c"


def _cells(shown: Any) -> Iterator[Shown]:
    for line in shown.measures:
        yield from (*line.quarters, line.year_to_date, line.programme_to_date)
    yield from (line.shown for line in (*shown.breakdowns, *shown.cohorts))


def test_the_demonstration_gives_nothing_away_and_still_shows_what_is_large(demonstration: object) -> None:
    programme = Programme.objects.get(code="DAPF-2023-25")
    stages = reports_of(programme, read_reported)
    for profile in BOTH:
        assert given_away(published(stages, profile)) == []
    open_to_board, large = Counter[str](), Counter[str]()
    full, board = (list(published(stages[-1:], profile)) for profile in (Profile.FUNDER, Profile.BOARD))
    for one, other in zip(full, board, strict=True):
        seen = {line.code: line for line in other.shown.measures}
        for line in one.shown.measures:
            if line.code not in seen:
                continue
            for place, cell in _places(line):
                if cell.unit == "count" and (cell.value or 0) >= 20:  # type: ignore[operator]
                    large[place] += 1
                    open_to_board[place] += dict(_places(seen[line.code]))[place].state != "c"
    assert open_to_board["quarter"] >= 0.95 * large["quarter"] > 100
    assert open_to_board["year"] >= 0.9 * large["year"] > 100
    assert open_to_board["programme"] >= 0.7 * large["programme"] > 100


def _places(line: MeasureLine) -> Iterator[tuple[str, Shown]]:
    asked = [cell for cell in line.quarters if cell.state != "not due"]
    if asked:
        yield "quarter", asked[-1]
    yield "year", line.year_to_date
    yield "programme", line.programme_to_date


def line(duty: Duty, code: str, quarter: str) -> MeasureLine:
    programme = Programme.objects.get(pk=duty.project.programme_id)
    shown = performance(programme, factories.quarter(programme, quarter), profile=Profile.BOARD)[0]
    return next(row for row in shown.measures if row.code == code)


@pytest.mark.django_db
def test_a_missing_quarter_does_not_print_the_hidden_one_before_it() -> None:
    duty = scene.change_hub({"CHB-06": []})
    scene.accepted(duty, "2023-24-Q1", {"CHB-06": "19"})
    scene.accepted(duty, "2023-24-Q2", {"CHB-06": "4", "CHB-06.comment": "Two practitioners were away."})
    scene.draft(duty, "2023-24-Q3")
    found = line(duty, "CHB-06", "2023-24-Q3")
    assert [cell.state for cell in found.quarters[:3]] == ["", "c", "missing"]
    assert (found.year_to_date.state, found.programme_to_date.state) == ("c", "c")


@pytest.mark.django_db
def test_people_so_far_are_not_shown_over_a_missing_quarter_that_they_would_bound() -> None:
    duty = scene.change_hub({"CHB-07": []})
    for quarter, people in (("2023-24-Q1", "20"), ("2023-24-Q3", "12")):
        columns = {"people_quarter": people, "people_year": "20", "people_programme": "20"}
        scene.accepted(duty, quarter, {f"CHB-07.{name}": number for name, number in columns.items()})
    found = line(duty, "CHB-07", "2023-24-Q3")
    assert [cell.value for cell in found.quarters[:3]] == [20, None, 12]
    assert found.year_to_date.state == "c"


@pytest.mark.django_db
def test_a_position_that_is_no_longer_asked_for_stays_hidden_in_its_year() -> None:
    programme = scene.change_hub({"CHB-06": []}).project.programme
    former = scene.duty_of(programme, "CHB", "police", {"CHB-21": []}, last="2023-24-Q1")
    scene.accepted(former, "2023-24-Q1", {"CHB-21": "3"})
    assert line(former, "CHB-21", "2023-24-Q2").year_to_date.state == "c"
