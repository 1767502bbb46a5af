"""The catalogue is data: complete, consistent, and written once however often it is loaded."""

import pytest

from board.models import Programme, Project
from kpis import formulas
from kpis.catalogue import CATALOGUE, DIMENSIONS, LEGACY, load_catalogue, of_project
from kpis.kinds import Kind, Section
from kpis.models import Category, Identity, Kpi, KpiVersion
from tests import factories
from tests.kpis import scene


@pytest.fixture
def programme(db: None) -> Programme:
    return factories.programme()


@pytest.mark.parametrize("project", sorted(CATALOGUE))
def test_every_code_of_a_formula_is_a_measure_of_the_project(project: str) -> None:
    measures, identities = of_project("DAPF-2023-25", project)
    codes = {f"{project}-{measure.nn}" for measure in measures}
    assert len(codes) == len(measures)
    formulas_used = [m.numerator for m in measures if m.numerator] + [m.denominator for m in measures if m.denominator]
    for terms in [*formulas_used, *(identity[2] for identity in identities)]:
        assert {code for _, code in formulas.read(terms)} <= codes, terms


@pytest.mark.parametrize("project", sorted(CATALOGUE))
def test_every_breakdown_is_one_of_the_dimensions(project: str) -> None:
    measures, _ = of_project("DAPF-2023-25", project)
    assert {dimension for measure in measures for dimension in measure.by} <= set(DIMENSIONS)


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("CHB-18", 2),
        ("CHB-25", 4),
        ("CHB-09", 2),
        ("CHB-31", 2),
        ("PIP-42", 3),
        ("VIC-04", 3),
        ("RFL-03", 3),
        ("GDM-09", 2),
    ],
)
def test_a_measure_of_several_things_is_several_measures(code: str, parts: int) -> None:
    measures, _ = of_project("DAPF-2023-25", code[:3])
    assert len([measure for measure in measures if measure.nn.startswith(code[4:])]) == parts


def test_figures_made_of_money_are_not_measures_here() -> None:
    assert "06" not in {measure.nn for measure in CATALOGUE["RFL"][0]}
    assert "03" not in {measure.nn for measure in CATALOGUE["PGM"][0]}


def test_loading_twice_writes_once(programme: Programme) -> None:
    assert load_catalogue(programme, scene.officer()) > 100
    counted = [model.objects.count() for model in (Kpi, KpiVersion, Category, Identity)]
    assert load_catalogue(programme, scene.officer()) == 0
    assert [model.objects.count() for model in (Kpi, KpiVersion, Category, Identity)] == counted


def test_the_three_services_share_the_common_core(programme: Programme) -> None:
    load_catalogue(programme, scene.officer())
    names = {
        project: dict(KpiVersion.objects.filter(kpi__project__code=project).values_list("kpi__code", "name"))
        for project in ("CHB", "SIS")
    }
    assert names["CHB"]["CHB-08"] == names["SIS"]["SIS-08"] == "Open caseload at quarter end"


def test_the_earlier_fund_has_its_own_few_measures(db: None) -> None:
    earlier = factories.programme(
        "DAPF-2020-23", first_day=factories.date(2020, 4, 1), last_day=factories.date(2023, 3, 31)
    )
    for code in LEGACY:
        Project.objects.create(programme=earlier, code=code, name=code, typology="prevention")
    load_catalogue(earlier, scene.officer())
    assert set(Kpi.objects.values_list("code", flat=True)) == {
        "SPA-01", "OUT-01", "PRI-01a", "PRI-01b", "BYS-01", "SUP-01a", "SUP-01b", "VIC-01", "MEN-01",
    }  # fmt: skip


def test_every_version_passes_its_own_constraints(programme: Programme) -> None:
    load_catalogue(programme, scene.officer())
    for version in KpiVersion.objects.select_related("kpi"):
        version.full_clean()
    assert KpiVersion.objects.filter(kind=Kind.COHORT, window_months=None).count() == 0


def test_k14_ages_outside_a_services_scope_have_no_row_to_enter() -> None:
    ages = {code: [slug for slug, _ in DIMENSIONS[code][1]] for code in ("age", "age-youth")}
    assert (ages["age"][0], ages["age-youth"][-2]) == ("16-17", "16-18")
    used = {project: {by for measure in CATALOGUE[project][0] for by in measure.by} for project in CATALOGUE}
    assert all("age-youth" not in used[project] for project in ("CHB", "SIS", "PIP", "VIC"))
    assert all("age" not in used[project] for project in ("GDM", "SIN"))


def test_mentoring_has_completions_of_its_own_and_no_completion_rate_or_caseload_of_behaviour_change() -> None:
    for project in ("GDM", "SIN"):
        measures = {measure.nn: measure for measure in CATALOGUE[project][0]}
        assert measures["03"].name == "Completed the five-week programme"
        assert not any(measure.section == Section.CASELOAD for measure in measures.values())
        assert "12" not in measures
        assert not any("03" in measure.numerator for measure in measures.values())


def test_narrative_has_its_boxes_and_one_case_study() -> None:
    texts = {measure.nn: measure.name for measure in CATALOGUE["CHB"][0] if measure.kind == Kind.TEXT}
    assert list(texts.values()) == ["Progress", "Barriers", "Learning", "Case study", "What is not working"]
