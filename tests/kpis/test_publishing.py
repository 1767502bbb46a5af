"""Reports that were issued are kept by their readers: beside all later pages and reports they give nothing away."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from kpis.hiding import hidden_of
from kpis.kinds import Profile
from kpis.models import Publication
from kpis.reported import Reported
from tests.kpis.attack import given_away, published
from tests.kpis.invented import Invention
from tests.kpis.issued import Issued

# In this one a quarter that comes in after a report, and changes what its page hides, gave numbers away.
LATE = 61
# In these a quarter comes in after the report on the one after it, which opened with nought.
OPENED_WITH_NOUGHT = (1121, 1594)
# In this one a hidden headline is at least eight by what it balances with, over two hidden cells below five.
MET_BY_ITS_CELLS = 2161


def found_out(stages: list[list[Reported]]) -> list[str]:
    return given_away(published(stages, Profile.BOARD))


@pytest.mark.parametrize(
    "seeds",
    [
        range(100),
        (*OPENED_WITH_NOUGHT, MET_BY_ITS_CELLS),
        *(pytest.param(range(at, at + 500), marks=pytest.mark.deep) for at in range(100, 2100, 500)),
    ],
    ids=str,
)
def test_issued_reports_and_later_pages_together_give_no_hidden_number_away(seeds: Iterable[int]) -> None:
    found = {seed: leaks for seed in seeds if (leaks := found_out(Issued(seed).stages()))}
    assert found == {}


def test_they_would_if_nobody_kept_what_the_reports_hid() -> None:
    forgotten = [[replace(page, publications=[], published=None) for page in pages] for pages in Issued(LATE).stages()]
    assert found_out(forgotten)
    assert found_out(Issued(LATE).stages()) == []


def test_a_late_closing_figure_takes_the_place_of_the_nought_that_a_report_opened_with() -> None:
    """Beside that nought it would follow whatever is hidden, so all that balances with it would be hidden in vain."""
    made = Issued(OPENED_WITH_NOUGHT[0])
    hidden = hidden_of(made.project, made.stages()[-1][-1], Profile.BOARD).keys
    assert ("head", "CHB-08", "2023-Q4") in hidden
    assert ("head", "CHB-03", "2023-Q4") not in hidden


def test_what_balances_with_a_hidden_headline_gives_way_where_its_cells_would_meet_it() -> None:
    made = Issued(MET_BY_ITS_CELLS)
    quarter = {code: ("head", code, "2023-Q2") for code in ("CHB-06", "CHB-08", "CHB-34")}
    reported = made.stages()[-1][-1]
    figures = {code: reported.cell(made.project, code, made.quarters[1]).count for code in quarter}
    assert figures == {"CHB-06": 8, "CHB-08": 17, "CHB-34": 9}
    # Nine were there and seventeen are: eight or more began. At most four of each of two ages makes them eight.
    hidden = hidden_of(made.project, reported, Profile.BOARD).keys
    assert {quarter["CHB-06"], quarter["CHB-08"]} <= hidden


def test_results_that_come_in_order_are_hidden_as_if_no_report_had_been_issued() -> None:
    for seed in range(40):
        made = Issued(seed, in_order=True)
        reported = made.stages()[-1][-1]
        assert len(reported.publications) == made.count
        without = replace(reported, publications=[])
        patterns = [hidden_of(made.project, one, Profile.BOARD).keys for one in (reported, without)]
        assert patterns[0] == patterns[1], seed


def test_what_a_report_hid_and_showed_holds_whatever_is_found_now() -> None:
    """As after a threshold was changed for a quarter that is past."""
    made = Invention(4)
    reported = made.reported(made.quarters[0])
    hidden = hidden_of(made.project, reported, Profile.BOARD).keys
    codes = [code for code in made.codes if ("head", code, made.quarters[0].code) not in hidden]
    for row in reported.results.values():
        row.submission.accepted_at = Issued.BEGAN
    kept = [list(key) for key in hidden if key[:2] != ("head", "CHB-06")] + [["head", codes[0], made.quarters[0].code]]
    issue = Publication(at=Issued.BEGAN, reference="R", hidden={made.project.code: kept})
    now = hidden_of(made.project, replace(reported, publications=[issue]), Profile.BOARD).keys
    assert now == {tuple(key) for key in kept}


def test_the_public_is_shown_nothing_more_for_a_report_to_the_board() -> None:
    for seed in range(20):
        for pages in Issued(seed).stages():
            keys = [
                hidden_of(pages[-1].projects[0], pages[-1], profile).keys for profile in Profile if profile != "funder"
            ]
            assert keys[0] <= keys[1]
