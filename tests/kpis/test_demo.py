"""The demonstration's results balance, tell the story they are meant to tell, and come out the same each time."""

import pytest

from board.models import Organisation, Programme, Quarter, User
from config.demo import performance as demo
from config.demo.partnership import load_organisations, load_people, load_programmes
from config.demo.performance_numbers import AREA, CHANGE_HUB, FIRST_TIME, STALKING, Service
from kpis.kinds import Profile
from kpis.models import Duty, Result, Submission
from kpis.results import outstanding, performance

SERVICES = [CHANGE_HUB, STALKING, FIRST_TIME]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.code)
def test_the_invented_services_never_have_fewer_than_no_cases(service: Service) -> None:
    for at in range(8):
        assert service.caseload(at) >= 0
        assert service.accepted(at) >= service.starts[at]
        quarter, year, programme = service.people(at)
        assert quarter <= year <= programme


@pytest.mark.parametrize("total", [0, 1, 7, 38, 655_120])
def test_a_breakdown_is_shared_out_to_the_last_one(total: int) -> None:
    assert sum(demo.share(total, AREA).values()) == total


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return load_people(load_organisations())


@pytest.fixture
def programme(people: dict[str, User]) -> Programme:
    organisations = {row.code: row for row in Organisation.objects.all()}
    programme = load_programmes(organisations, people)[demo.CURRENT]
    demo.set_up(programme, people)
    return programme


def quarter(programme: Programme, code: str) -> Quarter:
    return programme.quarters.select_related("programme", "year").get(code=code)


@pytest.mark.django_db
def test_a_quarter_is_asked_for_handed_in_and_accepted_on_its_days(
    programme: Programme, people: dict[str, User]
) -> None:
    first = quarter(programme, "2023-24-Q1")
    demo.load_quarter(programme, first, people)
    assert outstanding(programme, first) == []
    for row in Submission.objects.all():
        assert row.submitted_at.date() <= first.provider_due_on
        assert row.accepted_at.date() <= first.check_due_on
    assert Duty.objects.count() == 12
    assert Submission.objects.count() == 11


@pytest.mark.django_db
def test_the_board_reads_the_stalking_pilot_with_its_small_numbers_hidden(
    programme: Programme, people: dict[str, User]
) -> None:
    first = quarter(programme, "2023-24-Q1")
    demo.load_quarter(programme, first, people)
    stalking = performance(programme, first, profile=Profile.BOARD, only=["SIS"])[0]
    starts = next(line for line in stalking.measures if line.code == "SIS-06")
    assert starts.quarters[0].state == "c"
    assert all(row.shown.value is None or row.shown.value >= 5 for row in stalking.breakdowns)


@pytest.mark.deep
@pytest.mark.django_db
def test_the_whole_story_of_eight_quarters(programme: Programme, people: dict[str, User]) -> None:
    for code in sorted(programme.quarters.filter(kind=Quarter.Kind.QUARTER).values_list("code", flat=True)):
        demo.load_quarter(programme, quarter(programme, code), people)
    assert {row.duty.project.code for row in Submission.objects.filter(late=True)} == {"GDM", "SIN"}
    assert Submission.objects.get(revision=2).quarter.code == "2024-25-Q1"
    assert Result.objects.filter(state="revised").count() == 4
    assert Result.objects.filter(state="estimated").count() == 1
    assert Result.objects.filter(state="missing").count() == 1
    last = quarter(programme, demo.LAST)
    states = sorted(row.status for row in Submission.objects.filter(quarter=last))
    assert states == ["accepted", *["draft"] * 5, "queried", *["submitted"] * 5]
    half = Submission.objects.get(quarter=last, duty__reference__endswith="CHB-change")
    assert half.results.count() == 8
