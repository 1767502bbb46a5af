"""A programme is set up from one file: all of it or nothing, twice the same, and every mistake named at once."""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from board.models import Event, Organisation, Programme, User
from board.thresholds import threshold
from config.setting_up import set_up
from core.problems import Refused
from funding.models import CostHeading, Source
from kpis.models import Duty, Kpi, Target
from tests import factories

pytestmark = pytest.mark.django_db
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "programme.example.toml"


@pytest.fixture
def by() -> User:
    return User.objects.create_superuser("admin@example.org", "a long enough secret", name="Administrator")


@pytest.fixture
def file() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def problems(file: dict[str, Any], by: User) -> list[str]:
    with pytest.raises(Refused) as caught:
        set_up(file, by=by)
    assert not Programme.objects.exists() and not Organisation.objects.exists()
    return [problem.message for problem in caught.value.problems]


def test_the_example_makes_a_whole_programme(file: dict[str, Any], by: User) -> None:
    added = set_up(file, by=by)
    programme = Programme.objects.get(code="DAPF-2025-26")
    assert programme.quarters.count() == 5
    assert Source.objects.get(code="ECC-CASH").kept_by.code == "ecc"
    assert CostHeading.objects.get(code="capital").capital
    contract = programme.contracts.get()
    assert (contract.value(), contract.signed_on) == (Decimal("230000.00"), date(2025, 3, 20))
    assert programme.quarters.get(code="2025-26-Q3").certify_due_on == date(2026, 1, 30)
    assert threshold(programme, "variance-amount", date(2025, 4, 1)) == Decimal("5000.00")
    assert Duty.objects.get().measures.count() == 2
    assert Target.objects.get().kpi.code == "CHB-06"
    assert "contract CHB-2025" in added and "duty DAPF-2025-26/CHB-change" in added
    assert Event.objects.filter(act="set-up.add", by=by, programme=programme).count() >= 8


def test_reading_it_again_adds_nothing(file: dict[str, Any], by: User) -> None:
    set_up(file, by=by)
    before = Kpi.objects.count()
    assert set_up(file, by=by) == []
    assert Kpi.objects.count() == before


def test_what_joined_since_is_added(file: dict[str, Any], by: User) -> None:
    set_up(file, by=by)
    file["organisations"].append({"code": "thurrock", "name": "Thurrock Council", "kind": "council"})
    file["headings"].append({"code": "travel", "name": "Travel"})
    assert set_up(file, by=by) == ["organisation thurrock", "cost heading travel"]


def test_what_differs_from_what_is_here_is_not_changed(file: dict[str, Any], by: User) -> None:
    set_up(file, by=by)
    file["sources"][0]["name"] = "Grant of the Home Office"
    with pytest.raises(Refused, match="name is Home Office grant here and Grant of the Home Office in the file"):
        set_up(file, by=by)
    assert Source.objects.get(code="GRANT").name == "Home Office grant"


def test_every_mistake_is_named_at_once_with_its_place(file: dict[str, Any], by: User) -> None:
    file["projects"][1]["typology"] = "repair"
    file["sources"][1]["kept_by"] = "essex"
    file["contracts"][0]["values"][0]["amount"] = "230,000.005"
    file["contracts"][0]["value"] = 1
    file["thresholds"]["variance"] = {"value": "1"}
    file["due"]["2025-26-Q9"] = {}
    del file["duties"][0]["contract"]
    file["duties"][0]["measures"]["CHB-99"] = []
    file["targets"][0]["year"] = "2024-25"
    file["surprise"] = True
    found = problems(file, by)
    for expected in (
        "projects[2]: typology: Value 'repair' is not a valid choice.",
        "sources[2]: kept_by: no organisation has the code “essex”",
        "contracts[1].values[1]: amount: “230,000.005” has more than two decimal places",
        "thresholds: there is no rule “variance”",
        "due: DAPF-2025-26 has no quarter “2025-26-Q9”",
        "duties[1]: CHB-99 is not a KPI of this project",
        "targets[1]: DAPF-2025-26 has no year “2024-25”, only 2025-26",
        "The file: surprise is not known",
    ):
        assert any(message.startswith(expected) for message in found), (expected, found)


def test_a_name_that_is_misspelt_is_not_passed_over(file: dict[str, Any], by: User) -> None:
    file["sources"][0]["keptby"] = "pfcc"
    assert problems(file, by) == ["sources[1]: keptby is not known. Known: code, funder, kept_by, kind, name."]


def test_an_amount_without_quotation_marks_is_refused(file: dict[str, Any], by: User) -> None:
    """TOML reads it as a binary fraction, which holds no penny exactly."""
    file["contracts"][0]["values"][0]["amount"] = 230000.1
    [message] = problems(file, by)[:1]
    assert "amount must be a figure in quotation marks" in message


def test_the_command_says_what_it_would_add_and_writes_nothing(by: User, capsys: Any) -> None:
    call_command("set_up", EXAMPLE, "--by", by.email, "--check")
    assert "Would add programme DAPF-2025-26." in capsys.readouterr().out
    assert not Programme.objects.exists()
    call_command("set_up", EXAMPLE, "--by", by.email)
    call_command("set_up", EXAMPLE, "--by", by.email)
    assert "All of it is here already." in capsys.readouterr().out


def test_the_command_answers_a_bad_file_in_words(by: User, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("code = ")
    with pytest.raises(CommandError, match="is not TOML"):
        call_command("set_up", bad, "--by", by.email)
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("set_up", tmp_path / "none.toml", "--by", by.email)
    with pytest.raises(CommandError, match=r"Nobody here signs in as x@example\.org"):
        call_command("set_up", EXAMPLE, "--by", "x@example.org")
    bad.write_text("[programme]\ncode = 'X'\n")
    with pytest.raises(CommandError, match=r"Nothing was written(.|\n)*programme needs name"):
        call_command("set_up", bad, "--by", by.email)


def test_people_act_in_a_programme_that_was_set_up(file: dict[str, Any], by: User) -> None:
    set_up(file, by=by)
    officer = factories.person("finance-officer", "pfcc")
    assert [row.code for row in Source.objects.entered_by(officer)] == ["GRANT"]
