"""Who reports what, what it shall reach and how it is rated: one supplier a KPI and quarter, dated changes."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from board import clock
from board.models import Event, Year
from board.quarters import RESULTS, mark_closed
from core.problems import Refused
from kpis import duties
from kpis.defining import redefine
from kpis.duties import rate, set_target
from kpis.kinds import Kind, Profile
from kpis.models import Duty, Kpi, KpiVersion, Rating
from kpis.results import MeasureLine, performance
from returns.kinds import performance as performance_return
from returns.kinds.scope import of_quarter
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


def measures_of(duty: Duty) -> dict[str, list[str]]:
    rows = duty.measures.select_related("kpi").prefetch_related("dimensions")
    return {row.kpi.code: [part.code for part in row.dimensions.all()] for row in rows}


def changed(duty: Duty, code: str, measures: dict[str, list[str]], reason: str = "Agreed at the review") -> Duty:
    return duties.change(
        duty=duty, first_quarter=scene.quarter_of(duty, code), measures=measures, reason=reason,
        seen_version=duty.version, by=scene.officer(),
    )  # fmt: skip


def test_what_is_asked_changes_from_a_quarter_on_and_earlier_quarters_keep_what_they_were_asked() -> None:
    duty = scene.change_hub({"CHB-01": ["area"], "CHB-06": []})
    scene.draft(duty)
    made = changed(duty, "2023-24-Q2", {"CHB-01": [], "CHB-10": []})
    duty.refresh_from_db()
    assert (duty.last_quarter.code, made.first_quarter.code) == ("2023-24-Q1", "2023-24-Q2")
    assert made.last_quarter.code == "2024-25-Q4"
    assert measures_of(duty) == {"CHB-01": ["area"], "CHB-06": []}
    assert measures_of(made) == {"CHB-01": [], "CHB-10": []}
    assert Event.objects.get(act="duty.change").words == "From 2023-24-Q2: Agreed at the review"


def test_a_duty_that_nobody_was_asked_for_changes_itself() -> None:
    duty = scene.change_hub({"CHB-01": ["area"]})
    made = changed(duty, "2023-24-Q1", {"CHB-01": [], "CHB-10": []})
    assert made.pk == duty.pk
    assert measures_of(duty) == {"CHB-01": [], "CHB-10": []}


def test_k24_a_quarter_that_was_asked_for_keeps_what_it_asks() -> None:
    duty = scene.change_hub({"CHB-01": []})
    scene.draft(duty, "2023-24-Q2")
    with pytest.raises(Refused, match="has been asked for already"):
        changed(duty, "2023-24-Q2", {"CHB-10": []})
    with pytest.raises(Refused, match="Give the reason"):
        changed(duty, "2023-24-Q3", {"CHB-10": []}, reason=" ")
    assert [row.code for row in duties.quarters_for_a_change(duty)][:1] == ["2023-24-Q3"]


def test_a_change_that_is_refused_leaves_the_duty_whole() -> None:
    duty = scene.change_hub({"CHB-01": []})
    scene.duty_of(duty.project.programme, "CHB", "other", {"CHB-10": []})
    with pytest.raises(Refused, match="CHB-10 is reported by Another provider"):
        changed(duty, "2023-24-Q3", {"CHB-10": []})
    duty.refresh_from_db()
    assert duty.last_quarter.code == "2024-25-Q4"
    assert Duty.objects.count() == 2


def test_nothing_ticked_and_what_is_computed_are_refused() -> None:
    programme = scene.change_hub({"CHB-01": []}).project.programme
    with pytest.raises(Refused, match="Tick at least one measure"):
        scene.duty_of(programme, "CHB", "other", {})
    with pytest.raises(Refused, match="CHB-12 is computed from others"):
        scene.duty_of(programme, "CHB", "other", {"CHB-12": []})


# Targets.


def target(code: str, value: str, day: date = date(2023, 4, 1), **more: object) -> None:
    kpi = Kpi.objects.get(code=code)
    year = more.pop("year", None) or Year.objects.get(code="2023-24", programme=kpi.project.programme)
    upper = Decimal(str(more.pop("upper"))) if "upper" in more else None
    set_target(
        kpi=kpi, year=year, value=Decimal(value), from_date=day, upper=upper, by=scene.officer(),
        reason=str(more.pop("reason", "Agreed")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "value", "more", "words"),
    [
        ("CHB-06", "140", {"day": date(2024, 4, 1)}, "begins within that year"),
        ("CHB-06", "140", {"reason": " "}, "Give the reason"),
        ("CHB-14", "101", {}, "at most 100 per cent"),
        ("CHB-06", "-1", {}, "nought or more"),
        ("CHB-06", "10", {"upper": 20}, "A range, and nothing else, has a top"),
        ("CHB-08", "30", {}, "Nothing says whether higher or lower is better"),
        ("CHB-15", "5", {}, "no figure for a year"),
        ("CHB-33a", "5", {}, "no figure for a year"),
    ],
)
def test_k24_a_target_has_its_day_its_reason_and_a_figure_to_be_held_against(
    code: str, value: str, more: dict[str, object], words: str
) -> None:
    scene.change_hub({"CHB-06": []})
    with pytest.raises(Refused, match=words):
        target(code, value, **more)  # type: ignore[arg-type]


def test_k24_a_revision_begins_later_and_not_in_quarters_that_are_closed() -> None:
    duty = scene.change_hub({"CHB-06": []})
    target("CHB-06", "140")
    with pytest.raises(Refused, match="A target from 1 April 2023 is there already"):
        target("CHB-06", "120")
    quarter = scene.quarter_of(duty)
    with clock.at(quarter.certify_due_on), transaction.atomic():
        mark_closed(quarter, RESULTS, by=scene.officer())
    with pytest.raises(Refused, match="were rated by the target in force"):
        target("CHB-06", "120", date(2023, 6, 1))
    target("CHB-06", "120", date(2023, 7, 1))
    assert Kpi.objects.get(code="CHB-06").targets.count() == 2


def line(duty: Duty, code: str = "2023-24-Q1", profile: Profile = Profile.FUNDER) -> MeasureLine:
    found = performance(duty.project.programme, scene.quarter_of(duty, code), profile=profile)[0]
    return next(row for row in found.measures if row.code == "CHB-06")


def test_a_target_of_a_part_year_is_shared_over_its_quarters() -> None:
    programme = scene.change_hub({"CHB-01": []}).project.programme
    duty = scene.duty_of(programme, "CHB", "other", {"CHB-06": []}, first="2023-24-Q3")
    target("CHB-06", "40")
    scene.accepted(duty, "2023-24-Q3", {"CHB-06": "19"})
    found = line(duty, "2023-24-Q3")
    assert (found.target_so_far, found.rag) == (Decimal(20), "Green")
    address = reverse("kpis:measure", args=["DAPF-2023-25", "CHB-06"])
    with clock.at(date(2023, 10, 3)):
        assert "Too early" in officers().get(address).content.decode()
    with clock.at(date(2024, 1, 3)):
        assert "20 (1 of 2 quarters)" in officers().get(address).content.decode()


# Ratings by hand.


def red_starts() -> Duty:
    duty = scene.change_hub({"CHB-06": []})
    target("CHB-06", "100")
    scene.accepted(duty, figures={"CHB-06": "19", "CHB-06.comment": "Two posts were filled in June."})
    assert line(duty).rag == "Red"
    return duty


def rated(duty: Duty, word: str, reason: str = "Two posts were filled in June.") -> Rating:
    with clock.at(date(2023, 7, 12)):
        kpi = Kpi.objects.get(code="CHB-06")
        return rate(kpi=kpi, quarter=scene.quarter_of(duty), word=word, reason=reason, by=scene.officer())


def test_k13_a_rating_by_hand_needs_its_reason_and_shows_what_the_figures_say() -> None:
    duty = red_starts()
    with pytest.raises(Refused, match="Give the reason"):
        rated(duty, "Amber", " ")
    rated(duty, "Amber")
    found = line(duty)
    assert found.rag == "Amber"
    assert found.by_hand == (
        "Rated Amber by hand by commissioning-officer 1, pfcc; by its figures: red. Two posts were filled in June."
    )
    content = performance_return.build(of_quarter(scene.quarter_of(duty)), today=date(2023, 7, 20))
    assert "Rated Amber by hand" in str(content)
    assert line(duty, profile=Profile.BOARD).by_hand == ""


def test_a_rating_by_hand_is_taken_back_by_another_row() -> None:
    duty = red_starts()
    with pytest.raises(Refused, match="rated by its figures already"):
        rated(duty, "")
    rated(duty, "Amber")
    rated(duty, "", "The recovery did not come.")
    assert (line(duty).rag, line(duty).by_hand, Rating.objects.count()) == ("Red", "", 2)


def test_what_is_hidden_is_not_rated_by_hand_either() -> None:
    duty = scene.change_hub({"CHB-06": []})
    scene.accepted(duty, figures={"CHB-06": "3"})
    rated(duty, "Amber")
    assert line(duty).rag == "Amber"
    assert line(duty, profile=Profile.BOARD).rag == "No target"


def test_a_quarter_that_is_closed_keeps_its_ratings() -> None:
    duty = red_starts()
    quarter = scene.quarter_of(duty)
    with clock.at(quarter.certify_due_on), transaction.atomic():
        mark_closed(quarter, RESULTS, by=scene.officer())
    with pytest.raises(Refused):
        rated(duty, "Amber")


# The pages.


def officers() -> Client:
    client = Client()
    client.force_login(scene.officer())
    return client


def test_an_officer_ticks_what_a_supplier_is_asked_and_is_told_how_much_that_is() -> None:
    duty = scene.change_hub({"CHB-01": []})
    address = reverse("kpis:assign", args=["DAPF-2023-25", "CHB"])
    client = officers()
    assert "at most 25 headline numbers and 6 breakdown tables" in client.get(address).content.decode()
    ticks = {
        "organisation": factories.organisation("other").pk,
        "first_quarter": scene.quarter_of(duty, "2023-24-Q3").pk,
        "last_quarter": scene.quarter_of(duty, "2024-25-Q4").pk,
        "measures": ["CHB-06", "CHB-33a"],
        "breakdowns": ["CHB-06/area", "CHB-10/age"],
    }
    refused = client.post(address, {**ticks, "measures": ["CHB-01", "CHB-06"]}).content.decode()
    assert "CHB-01 is reported by The Change Project" in refused
    assert 'value="CHB-06" checked' in refused
    page = client.post(address, ticks, follow=True).content.decode()
    assert "2 of at most 25 headline numbers and 2 of at most 6 breakdown tables" in page
    made = Duty.objects.get(organisation__code="other")
    assert measures_of(made) == {"CHB-06": ["area"], "CHB-10": ["age"], "CHB-33a": []}


def test_an_officer_changes_what_is_asked_from_its_page() -> None:
    duty = scene.change_hub({"CHB-01": ["area"], "CHB-06": []})
    scene.draft(duty)
    client, address = officers(), reverse("kpis:change-duty", args=[duty.pk])
    initial = client.get(address).context["form"].initial
    assert (initial["measures"], initial["breakdowns"]) == (["CHB-01", "CHB-06"], ["CHB-01/area"])
    change = {
        "version": initial["version"], "first_quarter": scene.quarter_of(duty, "2023-24-Q2").pk, "reason": "Review",
        "measures": ["CHB-01"],
    }  # fmt: skip
    page = client.post(address, change, follow=True).content.decode()
    assert "From Q2 2023-24 on The Change Project is asked for these measures." in page
    assert measures_of(Duty.objects.latest("pk")) == {"CHB-01": []}


def test_an_officer_sets_and_revises_a_target_from_its_page_and_sees_both() -> None:
    duty = scene.change_hub({"CHB-06": []})
    year = duty.project.programme.years.get(code="2023-24")
    client, address = officers(), reverse("kpis:target", args=["DAPF-2023-25", "CHB-06"])
    first = {"year": year.pk, "value": "1,400", "baseline": "120", "from_date": "1 April 2023", "reason": "Agreed"}
    client.post(address, first)
    refused = client.post(address, {**first, "value": "12.345"}).content.decode()
    assert "more than two decimals" in refused
    with clock.at(date(2023, 10, 3)):
        page = client.post(
            address, {**first, "value": "1200", "from_date": "1 July 2023"}, follow=True
        ).content.decode()
    assert "The target of 2023-24 is saved. It is in force from 1 July 2023." in page
    assert "600 (2 of 4 quarters)" in page
    assert "1,400" in page
    assert "Replaced" in page


def test_a_range_has_two_ends_on_its_page() -> None:
    duty = scene.change_hub({"CHB-08": []})
    KpiVersion.objects.filter(kpi__code="CHB-08").update(direction="range")
    year = duty.project.programme.years.get(code="2023-24")
    given = {"year": year.pk, "value": "20", "upper": "30", "from_date": "1 April 2023", "reason": "Agreed"}
    page = officers().post(reverse("kpis:target", args=["DAPF-2023-25", "CHB-08"]), given, follow=True).content.decode()
    assert "20 to 30" in page


def test_an_officer_rates_by_hand_from_the_page_of_the_figures() -> None:
    duty = red_starts()
    client, where = officers(), ["DAPF-2023-25", "2023-24-Q1", "CHB-06"]
    with clock.at(date(2023, 7, 12)):
        assert "Rate by hand" in client.get(reverse("kpis:breakdown", args=where)).content.decode()
        address = reverse("kpis:rate", args=["DAPF-2023-25", "CHB-06", "2023-24-Q1"])
        assert "Give the reason for this rating" in client.post(address, {"word": "Amber"}).content.decode()
        page = client.post(address, {"word": "Amber", "reason": "Posts filled"}, follow=True).content.decode()
    assert "Rated Amber by hand." in page
    assert "by its figures: red. Posts filled" in page
    assert line(duty).rag == "Amber"
