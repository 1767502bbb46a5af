"""Every constraint of performance, by name: what the database itself refuses."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from board import clock
from board.models import Milestone
from kpis.kinds import FigureType, Kind, State
from kpis.models import Breakdown, Category, Identity, Kpi, KpiVersion, Result, Submission, SubmissionQuery, Target
from tests.kpis import scene


@pytest.fixture
def row(db: None) -> Submission:
    return scene.draft(scene.change_hub())


def version(code: str) -> KpiVersion:
    return KpiVersion.objects.get(kpi__code=code, number=1)


def result(row: Submission, code: str = "CHB-06", **fields: object) -> Result:
    given = {"figure_type": "count", "state": "reported", **fields}
    return Result(submission=row, definition=version(code), **given)


def refused(name: str, *rows: object) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        for made in rows:
            made.save(force_insert=made.pk is None)


WRONG_COLUMNS = [
    {"figure_type": "count", "numerator": 1, "denominator": 2},
    {"figure_type": "count", "count": 1, "people_year": 2},
    {"figure_type": "ratio", "numerator": 1},
    {"figure_type": "ratio", "count": 1},
    {"figure_type": "people", "people_quarter": 3},
    {"figure_type": "people", "count": 3},
    {"figure_type": "scaled", "count": 3},
    {"figure_type": "median", "median": 300},
    {"figure_type": "median", "median": 300, "n": 0},
    {"figure_type": "mean", "total": 300},
    {"figure_type": "text"},
    {"figure_type": "text", "text": "Words", "count": 2},
    {"figure_type": "rating"},
    {"figure_type": "yes-no"},
    {"figure_type": "count"},
    {"figure_type": "count", "count": 3, "text": "Words"},
    {"figure_type": "count", "state": "not-due", "count": 3},
]


def test_a_result_fills_the_columns_of_its_type_and_no_others(row: Submission) -> None:
    for figures in WRONG_COLUMNS:
        refused("result_figures_of_its_type", result(row, **figures))


RIGHT_COLUMNS = [
    {"figure_type": "count", "count": 3},
    {"figure_type": "scaled", "scaled": 250},
    {"figure_type": "ratio", "numerator": 1, "denominator": 2},
    {"figure_type": "people", "people_quarter": 1, "people_year": 2, "people_programme": 3},
    {"figure_type": "mean", "total": 300, "n": 2},
    {"figure_type": "median", "median": 300, "n": 2},
    {"figure_type": "median", "n": 0},
    {"figure_type": "text", "text": "Words"},
    {"figure_type": "rating", "rating": "amber"},
    {"figure_type": "yes-no", "yes_no": False},
    {"figure_type": "count", "state": "missing", "absence_reason": "Not in yet", "expected_on": date(2023, 8, 1)},
]


def test_a_result_that_fits_its_type_is_stored(row: Submission) -> None:
    for figures in RIGHT_COLUMNS:
        stored = result(row, **figures)
        stored.save()
        assert row.results.count() == 1, figures
        stored.delete()


def test_no_column_says_how_figures_are_added_so_that_nobody_can_choose_it(db: None) -> None:
    columns = {field.name for model in (Kpi, KpiVersion, Result) for field in model._meta.get_fields()}
    assert not [name for name in columns if "aggregat" in name or "sum" in name]


def test_a_distinct_people_measure_cannot_be_stored_as_a_count_of_events(row: Submission) -> None:
    assert version("CHB-07").figure_type == FigureType.PEOPLE
    refused("kpi_version_kind_known", _changed(version("CHB-07"), kind="sum-of-people"))


def _changed(made: object, **fields: object) -> object:
    for name, value in fields.items():
        setattr(made, name, value)
    return made


SENSELESS = [
    (
        "kpi_version_only_a_rate_is_computed",
        "CHB-06",
        {"numerator_codes": "+CHB-01", "denominator_codes": "+CHB-03"},
    ),
    ("kpi_version_only_a_rate_is_computed", "CHB-12", {"denominator_codes": ""}),
    ("kpi_version_only_amounts_are_scaled", "CHB-14", {"scaled": True}),
    ("kpi_version_cohort_has_a_window", "CHB-31a", {"window_months": None}),
    ("kpi_version_cohort_has_a_window", "CHB-06", {"window_months": 6}),
    ("kpi_version_range_in_order", "CHB-06", {"low": 5, "high": 4}),
    ("kpi_version_has_a_reason", "CHB-06", {"reason": ""}),
]


def test_a_definition_makes_sense(row: Submission) -> None:
    for name, code, fields in SENSELESS:
        refused(name, _changed(version(code), **fields))


UNTRUE = [
    ("result_not_negative", {"count": -1}),
    ("result_state_known", {"count": 1, "state": "guessed"}),
    ("result_nil_is_nought", {"count": 1, "state": "nil"}),
    ("result_numerator_within_denominator", {"figure_type": "ratio", "numerator": 3, "denominator": 2}),
    (
        "result_people_in_order",
        {"figure_type": "people", "people_quarter": 3, "people_year": 2, "people_programme": 9},
    ),
    ("result_missing_has_a_reason_and_a_date", {"state": "missing"}),
    ("result_missing_has_a_reason_and_a_date", {"count": 1, "absence_reason": "Not in yet"}),
    ("result_milestone_names_it", {"figure_type": "milestone", "met_on": date(2023, 5, 1)}),
]


def test_a_result_can_be_true(row: Submission) -> None:
    for name, fields in UNTRUE:
        refused(name, result(row, **fields))


def test_a_cohort_names_its_entry_quarter_and_nothing_else_does(row: Submission) -> None:
    rate = {"numerator": 1, "denominator": 2}
    refused("result_cohort_names_its_entry", result(row, "CHB-31a", figure_type="cohort", **rate))
    refused("result_cohort_names_its_entry", result(row, count=1, entry_quarter=row.quarter, window_months=6))


def test_a_milestones_dates_stand_on_its_milestone(row: Submission) -> None:
    milestone = Milestone.objects.create(project=row.duty.project, code="start", name="Start", due_on=date(2023, 5, 1))
    result(row, figure_type="milestone", milestone=milestone, met_on=date(2023, 5, 1)).save()
    refused("result_figures_of_its_type", result(row, "CHB-08", figure_type="milestone", milestone=milestone))


def test_a_measure_is_answered_once(row: Submission) -> None:
    refused("UNIQUE|result_once_a_measure", result(row, count=1), result(row, count=2))


def test_a_breakdown_has_the_columns_of_its_type(row: Submission) -> None:
    headline = result(row, count=3)
    headline.save()
    essex, southend = Category.objects.filter(dimension__code="area").order_by("position")[:2]
    Breakdown(result=headline, category=essex, figure_type="count", count=3).save()
    refused(
        "breakdown_figures_of_its_type",
        Breakdown(result=headline, category=southend, figure_type="count", numerator=1, denominator=2),
    )
    refused("breakdown_not_negative", Breakdown(result=headline, category=southend, figure_type="count", count=-1))
    refused(
        "breakdown_in_order",
        Breakdown(result=headline, category=southend, figure_type="ratio", numerator=2, denominator=1),
    )
    refused("UNIQUE|breakdown_once", Breakdown(result=headline, category=essex, figure_type="count", count=1))


IMPOSSIBLE_STATES = [
    ("submission_(status_known|accepted_by_someone)", {"status": "lost"}),
    ("submission_submitted_by_someone", {"status": "submitted"}),
    ("submission_submitted_by_someone", {"status": "draft", "by": True}),
    ("submission_accepted_by_someone", {"status": "accepted", "by": True}),
    ("submission_superseded_at_a_time", {"status": "superseded", "by": True, "accepted": True}),
    ("submission_not_accepted_by_its_submitter", {"status": "accepted", "by": True, "accepted": "same"}),
    ("submission_revision_has_a_reason", {"revision": 2}),
    ("submission_late_has_a_reason", {"late": True}),
]


def test_a_submissions_state_goes_with_its_times_and_people(row: Submission) -> None:
    for name, fields in IMPOSSIBLE_STATES:
        state = {key: value for key, value in fields.items() if key not in ("by", "accepted")}
        if "by" in fields:
            state |= {"submitted_at": clock.now(), "submitted_by": scene.reporter()}
        if who := fields.get("accepted"):
            state |= {"accepted_at": clock.now(), "accepted_by": scene.reporter() if who == "same" else scene.officer()}
        refused(name, _changed(Submission.objects.get(pk=row.pk), **state))


def test_a_duty_has_one_open_submission_a_quarter(row: Submission) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.create(
            reference="another", duty=row.duty, quarter=row.quarter, revision=2, revision_reason="Again",
            created_at=clock.now(), changed_at=clock.now(), created_by=scene.officer(), changed_by=scene.officer(),
        )  # fmt: skip


def test_a_query_has_a_reason_and_an_answer_has_its_giver(row: Submission) -> None:
    asked = {"submission": row, "section": "referrals", "by": scene.officer(), "at": clock.now()}
    refused("submission_query_has_a_reason", SubmissionQuery(**asked, reason=""))
    refused("submission_query_answered_by_someone", SubmissionQuery(**asked, reason="Why?", answer="Because"))


def test_a_target_is_a_range_in_order_with_a_reason(row: Submission) -> None:
    given = {"kpi": version("CHB-06").kpi, "year": row.quarter.year, "from_date": date(2023, 4, 1)}
    refused("target_range_in_order", Target(**given, value=500, upper=400, reason="Agreed"))
    refused("target_has_a_reason", Target(**given, value=500, reason=""))


def test_an_identity_is_written_as_signed_codes(row: Submission) -> None:
    given = {"project": row.duty.project, "code": "own", "words": "Words", "blocking": True}
    refused("identity_terms_shape", Identity(**given, terms="CHB-01 = CHB-02"))


def test_a_kpi_code_has_its_shape(row: Submission) -> None:
    refused("kpi_code_shape", Kpi(project=row.duty.project, code="Starts"))


def test_kinds_and_states_are_what_the_tables_know() -> None:
    assert {Kind.FLOW.value, Kind.SNAPSHOT.value, Kind.PEOPLE.value} == {"flow-sum", "snapshot", "unique-people"}
    assert set(State.values) == {
        "reported", "nil", "not-applicable", "not-due", "missing", "estimated", "late", "revised",
    }  # fmt: skip
