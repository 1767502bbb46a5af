"""The outturn statement: claims less what was disallowed, to the penny, however it is cut; results and their cost."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from board import clock
from core.problems import Refused
from funding.models import ClaimLine, ClaimPart, DisallowancePart, SpendLine
from kpis.lines import MeasureLine, Shown
from kpis.models import Result
from returns import readiness
from returns.content import Content, figure_words
from returns.kinds import KINDS, content_of, outturn
from returns.kinds.scope import Scope, of_quarter
from tests.returns.scenes import Scene
from tests.returns.tracing import unproved
from tests.returns.years import AFTER, Year

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def year(scene: Scene) -> Iterator[Year]:
    scene.with_results()
    made = Year(scene)
    with clock.at(AFTER):
        yield made


def scope(year: Year) -> Scope:
    return Scope(year.scene.quarter(), year.scene.quarter("2024-25-closing"))


def content(year: Year) -> Content:
    return content_of(KINDS["outturn"], scope(year), today=clock.today(), the_return=None)


def value(made: Content, key: str) -> object:
    return made.figure(f"outturn/{key}").value


def test_the_claims_less_what_was_disallowed_are_the_outturn(year: Year) -> None:
    made = content(year)
    certified = sum((part.amount for part in ClaimPart.objects.all()), D(0))
    refused = sum((part.amount for part in DisallowancePart.objects.all()), D(0))
    assert value(made, "key-figures/outturn/value") == certified - refused == D("58950.00")
    row = [value(made, f"years/2023-24/{code}") for code in ("quarterly", "final", "after", "disallowed")]
    assert sum(row) == value(made, "years/2023-24/outturn")  # type: ignore[arg-type]
    assert value(made, "years/total/outturn") == value(made, "projects/total/accepted") == certified - refused
    assert value(made, "headings/total/accepted") == value(made, "key-figures/outturn/value")


def test_each_project_is_the_sum_of_its_claimed_lines_less_what_was_refused_of_them(year: Year) -> None:
    made = content(year)
    for code in ("CHB", "SIS", "GDM"):
        claimed = [row.cost for row in ClaimLine.objects.all() if row.line.budget_line.project.code == code]
        refused = [row.amount for row in DisallowancePart.objects.all() if row.line.budget_line.project.code == code]
        assert value(made, f"projects/{code.lower()}/accepted") == sum(claimed, D(0)) - sum(refused, D(0)), code


def test_claims_and_lines_that_do_not_agree_are_not_stated(year: Year) -> None:
    ClaimLine.objects.filter(pk=ClaimLine.objects.first().pk).update(cost=D("1.00"))
    with pytest.raises(Refused, match="Nothing is stated until the two agree"):
        content(year)


def test_match_of_a_source_and_year_is_the_sum_of_its_lines(year: Year) -> None:
    made = content(year)
    lines = SpendLine.objects.filter(budget_line__source__code="ECC-CASH", budget_line__year__code="2023-24")
    assert value(made, "match/ecc-cash-2023-24/applied") == sum((line.cost for line in lines), D(0))
    assert value(made, "match/ecc-cash-2023-24/pledged") == D("35000.00")


def test_results_are_the_programmes_to_date(year: Year) -> None:
    # One quarter was asked for, and so the programme's figure is the one that the supplier gave.
    [given] = Result.objects.filter(definition__kpi__code="CHB-06")
    assert value(content(year), "measures/chb-chb-06/programme") == given.count


def test_a_cost_is_the_outturn_divided_by_the_count_and_rounded_once(year: Year) -> None:
    made = content(year)
    count = value(made, "unit-costs/chb/starts")
    expected = (value(made, "projects/chb/accepted") / count).quantize(D("0.01"))  # type: ignore[operator]
    assert value(made, "unit-costs/chb/grant-per-start") == expected


def measure(shown: Shown) -> MeasureLine:
    parts = dict.fromkeys(MeasureLine.__dataclass_fields__, "")
    return MeasureLine(**{**parts, "code": "CHB-06", "programme_to_date": shown})  # type: ignore[arg-type]


@pytest.mark.parametrize("state", ["c", "missing"])
def test_where_a_count_is_hidden_its_cost_is_too(state: str) -> None:
    made = outturn._per(measure(Shown(None, "count", state)), D("1000.00"), D(0), "chb", "starts")
    assert [(cell.value, cell.state) for cell in made] == [(None, state)] * 3


def test_a_count_of_nought_has_no_cost() -> None:
    made = outturn._per(measure(Shown(0, "count")), D("1000.00"), D(0), "chb", "starts")
    assert [(cell.value, cell.state) for cell in made[1:]] == [(None, "z")] * 2


def test_every_number_is_what_it_rests_on(year: Year) -> None:
    assert unproved(content(year), year.scene.programme) == []


def test_a_year_without_its_final_claim_is_provisional_and_stops_it(year: Year) -> None:
    made = content(year)
    assert figure_words(made.figure("outturn/years/2024-25/final")) == "Missing"
    assert figure_words(made.figure("outturn/key-figures/outturn/value")) == "£58,950.00 [p]"
    found = {item.code: item.weight for item in readiness.readiness("outturn", scope(year), clock.today())}
    assert {"closed", "F29", "F14"} <= set(found)
    assert found["F29"] == "blocking"


def test_it_is_made_of_the_whole_programme_alone(year: Year) -> None:
    for other in (of_quarter(year.scene.quarter()), year.scope):
        with pytest.raises(Refused, match="It is made of the whole programme"):
            content_of(KINDS["outturn"], other, today=clock.today(), the_return=None)
