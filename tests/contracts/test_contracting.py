"""Engaging and varying: what is written, and what is refused."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from board import clock
from board.models import Event, Programme, User
from contracts.contracting import vary
from contracts.models import Contract, ContractValue
from core.problems import Refused
from tests import factories

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def programme() -> Iterator[Programme]:
    with clock.at(date(2023, 7, 5)):
        yield factories.programme()


@pytest.fixture
def by(programme: Programme) -> User:
    return factories.person("commissioning-officer", "pfcc")


def key(programme: Programme, project: str = "CHB", year: str = "2023-24") -> tuple:
    return programme.projects.get(code=project), programme.years.get(code=year)


def test_a_contracts_value_is_its_first_value_and_its_variations(programme: Programme, by: User) -> None:
    chb, sis = key(programme), key(programme, "SIS", "2024-25")
    contract = factories.contract(programme, values={chb: D("1000.00"), sis: D("500.00")})
    vary(
        contract=contract, changes={chb: D("-250.50")}, reason="Fewer sessions", effective_on=date(2023, 8, 1),
        approved_on=date(2023, 7, 1), by=by,
    )  # fmt: skip
    assert contract.value() == D("1249.50")
    assert contract.value(project=chb[0]) == D("749.50")
    assert contract.value(year=sis[1]) == D("500.00")
    assert contract.value(project=sis[0], year=chb[1]) == D("0.00")
    assert [event.act for event in Event.objects.filter(subject=contract.reference)] == [
        "contract.vary",
        "contract.engage",
    ]


def test_a_variation_that_would_leave_less_than_nothing_is_refused_whole(programme: Programme, by: User) -> None:
    contract = factories.contract(programme, values={key(programme): D("100.00")})
    with pytest.raises(Refused, match=r"would be worth −£0\.01\. Lower it by less"):
        vary(
            contract=contract, changes={key(programme): D("-100.01")}, reason="Less", effective_on=date(2023, 8, 1),
            approved_on=date(2023, 7, 1), by=by, ends_on=date(2026, 1, 1),
        )  # fmt: skip
    assert contract.value() == D("100.00") and not contract.variations.exists()


def test_a_variation_of_the_end_moves_it_and_keeps_the_old_one(programme: Programme, by: User) -> None:
    contract = factories.contract(programme)
    variation = vary(
        contract=contract, changes={}, reason="Extended", effective_on=date(2023, 8, 1), approved_on=date(2023, 7, 1),
        by=by, ends_on=date(2025, 9, 30),
    )  # fmt: skip
    row = Contract.objects.get()
    assert (variation.ends_on_before, row.ends_on, row.version) == (date(2025, 3, 31), date(2025, 9, 30), 2)


def test_a_retrospective_variation_needs_its_reason(programme: Programme, by: User) -> None:
    contract = factories.contract(programme)
    dates = {"effective_on": date(2023, 5, 1), "approved_on": date(2023, 7, 1)}
    with pytest.raises(ValidationError, match="approved after it took effect needs the reason why"):
        vary(contract=contract, changes={}, reason="More", by=by, **dates)
    assert vary(contract=contract, changes={}, reason="More", by=by, retrospective_reason="Urgent", **dates).number == 1


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"ends_on": date(2022, 1, 1)}, "contract_ends_after_it_starts"),
        ({"decision_reference": "23/113"}, "contract_decision_reference_shape"),
    ],
)
def test_the_database_refuses_a_contract_that_cannot_be(programme: Programme, fields: dict, constraint: str) -> None:
    contract = factories.contract(programme)
    for name, value in fields.items():
        setattr(contract, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        contract.save()


def test_the_database_refuses_a_negative_first_value(programme: Programme) -> None:
    project, year = key(programme)
    row = ContractValue(contract=factories.contract(programme), project=project, year=year, amount=D("-1.00"))
    with pytest.raises(IntegrityError, match="contract_value_not_negative"), transaction.atomic():
        row.save()


def test_a_first_value_stands_once_a_project_and_year(programme: Programme) -> None:
    project, year = key(programme)
    contract = factories.contract(programme, values={(project, year): D("1.00")})
    row = ContractValue(contract=contract, project=project, year=year, amount=D("1.00"))
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    with pytest.raises(ValidationError, match="has a first value for this project and year"):
        row.full_clean()


@pytest.mark.parametrize(
    ("kind", "organisation", "sees"),
    [
        ("commissioning-officer", "pfcc", ["C-001", "C-002"]),
        ("auditor", "pfcc", ["C-001", "C-002"]),
        ("finance-officer", "ecc", ["C-002"]),
        ("kpi-reporter", "change", ["C-001"]),
        ("kpi-reporter", "police", []),
        ("finance-officer", "thurrock", []),
        ("board-member", "setdab", []),
        ("administrator", "pfcc", []),
    ],
)
def test_each_sees_the_contracts_that_concern_it(
    programme: Programme, kind: str, organisation: str, sees: list[str]
) -> None:
    factories.contract(programme, reference="C-001")
    factories.contract(programme, reference="C-002", provider="other", buyer=factories.organisation("ecc"))
    found = Contract.objects.visible_to(factories.person(kind, organisation))
    assert sorted(found.values_list("reference", flat=True)) == sees


def test_a_role_for_one_programme_sees_no_contract_of_another(programme: Programme) -> None:
    other = factories.programme("DAPF-2020-23", date(2020, 4, 1), date(2023, 3, 31))
    factories.contract(programme, reference="C-001")
    factories.contract(other, reference="C-002")
    auditor = factories.person("auditor", "pfcc", programme=other)
    assert [row.reference for row in Contract.objects.visible_to(auditor)] == ["C-002"]
