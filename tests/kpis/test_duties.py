"""Who reports what: one supplier a KPI and quarter, no more than a charity can fill, kinds that never change."""

from datetime import date
from decimal import Decimal

import pytest

from board.models import Event
from core.problems import Refused
from kpis.duties import redefine, set_target
from kpis.kinds import Kind
from kpis.models import Duty, Kpi
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db


def test_a_kpi_has_one_supplier_a_quarter() -> None:
    duty = scene.change_hub({"CHB-01": []})
    with pytest.raises(Refused, match="CHB-01 is reported by The Change Project in these quarters"):
        scene.duty_of(duty.project.programme, "CHB", "other", {"CHB-01": [], "CHB-06": []})
    assert Duty.objects.count() == 1


def test_another_supplier_may_follow_when_the_first_duty_has_ended() -> None:
    programme = scene.change_hub({"CHB-03": []}).project.programme
    scene.duty_of(programme, "CHB", "change", {"CHB-01": []}, last="2023-24-Q4")
    duty = scene.duty_of(programme, "CHB", "other", {"CHB-01": []}, first="2024-25-Q1")
    assert duty.reference == "DAPF-2023-25/CHB-other"


def test_a_second_duty_of_the_same_organisation_has_its_own_reference() -> None:
    programme = scene.change_hub({"CHB-01": []}).project.programme
    assert scene.duty_of(programme, "CHB", "change", {"CHB-06": []}).reference == "DAPF-2023-25/CHB-change-2"


def test_a_provider_is_asked_at_most_25_numbers_and_six_breakdowns() -> None:
    codes = [f"CHB-{number:02d}" for number in range(1, 42)] + ["CHB-09a", "CHB-09b", "CHB-18a", "CHB-18b"]
    known = Kpi.objects.filter(code__in=codes)
    programme = scene.change_hub({"CHB-40": []}).project.programme
    wanted = {kpi.code: [] for kpi in known.exclude(code="CHB-40")}
    wanted |= {"CHB-01": ["area", "gender", "age", "source"], "CHB-06": ["area", "gender", "age"]}
    with pytest.raises(Refused) as refusal:
        scene.duty_of(programme, "CHB", "other", wanted)
    words = str(refusal.value)
    assert "numbers are too many for a provider; ask at most 25" in words
    assert "7 breakdowns are too many for a provider; tick at most 6" in words


def test_only_the_projects_own_measures_and_their_own_breakdowns_can_be_asked() -> None:
    programme = scene.change_hub({"CHB-01": []}).project.programme
    with pytest.raises(Refused, match="SIS-01 is not a KPI of this project"):
        scene.duty_of(programme, "CHB", "other", {"SIS-01": []})
    with pytest.raises(Refused, match="CHB-06 is not broken down by source"):
        scene.duty_of(programme, "CHB", "other", {"CHB-06": ["source"]})


def test_a_duty_ends_after_it_begins() -> None:
    programme = scene.change_hub({"CHB-01": []}).project.programme
    with pytest.raises(Refused, match="comes before the first"):
        scene.duty_of(programme, "CHB", "other", {"CHB-06": []}, first="2024-25-Q1", last="2023-24-Q1")


def test_a_closing_period_takes_no_results() -> None:
    programme = scene.change_hub({"CHB-01": []}).project.programme
    with pytest.raises(Refused, match="a closing period takes none"):
        scene.duty_of(programme, "CHB", "other", {"CHB-06": []}, last="2024-25-closing")


def test_giving_a_duty_is_on_record() -> None:
    scene.change_hub({"CHB-01": []})
    assert Event.objects.get(act="duty.assign").words == "The Change Project reports 1 measures of The Change Hub"


def test_a_target_is_revised_by_a_new_row_and_the_earlier_one_stays() -> None:
    duty = scene.change_hub({"CHB-06": []})
    kpi, year = Kpi.objects.get(code="CHB-06"), duty.project.programme.years.first()
    for value, day in (("140", date(2023, 4, 1)), ("120.5", date(2023, 7, 1))):
        set_target(kpi=kpi, year=year, value=Decimal(value), from_date=day, reason="Agreed", by=scene.officer())
    assert [row.amount for row in kpi.targets.all()] == [Decimal("140.00"), Decimal("120.50")]


def test_a_definition_changes_with_a_quarter_and_never_its_kind() -> None:
    scene.change_hub({"CHB-06": []})
    kpi = Kpi.objects.get(code="CHB-06")
    with pytest.raises(Refused, match="Choose the first day of one"):
        redefine(kpi=kpi, from_date=date(2024, 4, 2), reason="Clearer", by=scene.officer())
    with pytest.raises(Refused, match="Choose a later day"):
        redefine(kpi=kpi, from_date=date(2023, 4, 1), reason="Clearer", by=scene.officer())
    with pytest.raises(Refused, match="kind fixes how it is added up"):
        redefine(kpi=kpi, from_date=date(2024, 4, 1), reason="Clearer", by=scene.officer(), kind=Kind.SNAPSHOT)
    made = redefine(kpi=kpi, from_date=date(2024, 4, 1), reason="Clearer", by=scene.officer(), definition="New words.")
    assert (made.number, made.dimensions.count()) == (2, kpi.versions.get(number=1).dimensions.count())
    assert kpi.versions.get(number=1).definition != "New words."


@pytest.mark.parametrize(
    ("kind", "organisation", "seen"),
    [
        ("kpi-reporter", "change", 1),
        ("kpi-reporter", "other", 0),
        ("commissioning-officer", "pfcc", 1),
        ("cfo", "pfcc", 1),
        ("finance-officer", "pfcc", 1),
        ("finance-officer", "ecc", 0),
        ("auditor", "pfcc", 1),
        ("board-member", "setdab", 0),
        ("administrator", "pfcc", 0),
    ],
)
def test_duties_are_seen_by_their_own_and_by_those_who_answer_for_the_grant(
    kind: str, organisation: str, seen: int
) -> None:
    scene.change_hub({"CHB-01": []})
    assert Duty.objects.visible_to(factories.person(kind, organisation)).count() == seen


def test_a_role_in_another_programme_sees_nothing_of_this_one() -> None:
    scene.change_hub({"CHB-01": []})
    elsewhere = factories.programme("DAPF-2020-23", date(2020, 4, 1), date(2023, 3, 31))
    assert not Duty.objects.visible_to(factories.person("auditor", "ecc", programme=elsewhere)).exists()
