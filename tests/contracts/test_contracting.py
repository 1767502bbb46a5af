"""Engaging and varying: what is written, and what is refused."""

import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from board import clock
from board.models import Event, Milestone, Programme, User
from contracts.contracting import Above, correct, engage, list_milestones, review, sign, vary
from contracts.models import Contract, ContractValue
from contracts.rules import places_of
from core.problems import Problem, Refused
from tests import factories

pytestmark = pytest.mark.django_db
D = Decimal
OFFICER = "commissioning-officer"


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
    ).variation  # fmt: skip
    row = Contract.objects.get()
    assert (variation.ends_on_before, row.ends_on, row.version) == (date(2025, 3, 31), date(2025, 9, 30), 2)


def test_a_retrospective_variation_needs_its_reason(programme: Programme, by: User) -> None:
    contract = factories.contract(programme)
    dates = {"effective_on": date(2023, 5, 1), "approved_on": date(2023, 7, 1), "targets": "Ten more starts"}
    with pytest.raises(Refused, match="approved after it took effect needs the reason why"):
        vary(contract=contract, changes={}, reason="More", by=by, **dates)
    varied = vary(contract=contract, changes={}, reason="More", by=by, retrospective_reason="Urgent", **dates)
    assert varied.variation.number == 1


def test_every_problem_of_a_variation_is_said_at_once_and_nothing_is_written(programme: Programme, by: User) -> None:
    contract = factories.contract(programme, values={key(programme): D("100.00")})
    with pytest.raises(Refused) as refused:
        vary(
            contract=contract, changes={key(programme): D("-100.01")}, reason=" ", effective_on=date(2023, 5, 1),
            approved_on=date(2023, 7, 6), by=by, ends_on=date(2023, 3, 1), decision_reference="23/113",
        )  # fmt: skip
    wheres = {problem.where for problem in refused.value.problems}
    box = f"value-{key(programme)[0].pk}-{key(programme)[1].pk}"
    assert wheres == {"reason", "ends_on", "decision_reference", "approved_on", "retrospective_reason", box}
    assert not contract.variations.exists() and contract.value() == D("100.00")


def test_a_variation_that_changes_nothing_is_refused(programme: Programme, by: User) -> None:
    contract = factories.contract(programme)
    with pytest.raises(Refused, match="This changes nothing"):
        vary(
            contract=contract, changes={key(programme): D("0.00")}, reason="None", effective_on=date(2023, 8, 1),
            approved_on=date(2023, 7, 1), by=by, ends_on=contract.ends_on,
        )  # fmt: skip


def test_a_contract_is_worth_nothing_in_a_year_in_which_it_does_not_run(programme: Programme, by: User) -> None:
    contract = factories.contract(programme, ends_on=date(2024, 3, 31))
    later = key(programme, year="2024-25")
    dates = {"effective_on": date(2024, 4, 1), "approved_on": date(2023, 7, 1), "reason": "A second year", "by": by}
    with pytest.raises(Refused, match="in which the contract does not run"):
        vary(contract=contract, changes={later: D("500.00")}, **dates)
    vary(contract=contract, changes={later: D("500.00")}, ends_on=date(2025, 3, 31), **dates)
    assert contract.value(year=later[1]) == D("500.00")


def test_it_is_extended_into_a_continuation_year_of_the_later_programme_alone(programme: Programme, by: User) -> None:
    """Targets and caseload follow the contract; money never moves between programmes."""
    contract = factories.contract(programme, values={key(programme): D("100.00")})
    following = factories.programme("DAPF-2025-26", date(2025, 4, 1), date(2026, 3, 31))
    assert {place[1].code for place in places_of(programme)} == {"2023-24", "2024-25", "2025-26"}
    dates = {"effective_on": date(2025, 4, 1), "approved_on": date(2023, 7, 1), "reason": "Continued", "by": by}
    end = date(2026, 3, 31)
    mixed = (programme.projects.get(code="CHB"), following.years.get())
    with pytest.raises(Refused, match="of two programmes"):
        vary(contract=contract, changes={mixed: D("90.00")}, ends_on=end, **dates)
    vary(contract=contract, changes={key(following, year="2025-26"): D("90.00")}, ends_on=end, **dates)
    assert contract.value() == D("190.00")
    assert contract.value(project=mixed[0]) == D("100.00")


def test_of_two_who_vary_the_same_the_second_looks_at_the_firsts(programme: Programme, by: User) -> None:
    contract = factories.contract(programme, values={key(programme): D("100.00")})
    dates = {"effective_on": date(2023, 8, 1), "approved_on": date(2023, 7, 1), "reason": "More", "seen_version": 1}
    vary(contract=contract, changes={key(programme): D("5.00")}, by=by, **dates)
    with pytest.raises(Refused, match="Somebody else changed this contract"):
        vary(
            contract=contract,
            changes={key(programme): D("7.00")},
            by=factories.person(OFFICER, "pfcc", number=2),
            **dates,
        )
    assert contract.value() == D("105.00")


@pytest.mark.parametrize(("kind", "organisation"), [(OFFICER, "ecc"), ("finance-officer", "pfcc"), ("auditor", "pfcc")])
def test_only_who_keeps_the_register_changes_it(programme: Programme, kind: str, organisation: str) -> None:
    contract = factories.contract(programme, signed_on=None)
    with pytest.raises(Refused, match="keep this contract"):
        sign(contract=contract, signed_on=date(2023, 7, 1), by=factories.person(kind, organisation))


def test_a_council_that_buys_keeps_its_own_contract(programme: Programme) -> None:
    contract = factories.contract(programme, signed_on=None, buyer=factories.organisation("ecc"))
    sign(contract=contract, signed_on=date(2023, 7, 1), by=factories.person(OFFICER, "ecc"))
    assert Contract.objects.get().signed_on == date(2023, 7, 1)


def test_a_contract_is_signed_once_and_never_ahead(programme: Programme, by: User) -> None:
    contract = factories.contract(programme, signed_on=None)
    with pytest.raises(Refused, match="in the future"):
        sign(contract=contract, signed_on=date(2023, 7, 6), by=by)
    sign(contract=contract, signed_on=date(2023, 7, 5), by=by)
    with pytest.raises(Refused, match="signed on 5 July 2023 already"):
        sign(contract=contract, signed_on=date(2023, 7, 4), by=by)
    assert Event.objects.filter(act="contract.sign").count() == 1


def test_what_higher_floors_say_is_asked_under_the_lock_and_what_follows_is_done(
    programme: Programme, by: User
) -> None:
    contract = factories.contract(programme, values={key(programme): D("100.00")})
    asked: list[tuple] = []

    def rule(of: Contract, project: object, year: object, left: Decimal) -> list[Problem]:
        asked.append((of.reference, str(project), str(year), left))
        return [Problem("F24", "£60.00 is charged to it.", left < 60)]

    above = Above(rules=(rule,), after=(lambda of, person: [Problem("F03", f"{of.reference} looked at", False)],))
    dates = {"effective_on": date(2023, 8, 1), "approved_on": date(2023, 7, 1), "reason": "Less", "by": by}
    with pytest.raises(Refused, match=r"£60\.00 is charged"):
        vary(contract=contract, changes={key(programme): D("-50.00")}, above=above, **dates)
    changed = vary(
        contract=contract, changes={key(programme): D("-40.00"), key(programme, "SIS"): D("9.00")}, above=above, **dates
    )
    assert asked == [("C-001", "The Change Hub", "2023-24", D(left)) for left in ("50.00", "60.00")]
    assert [problem.message for problem in changed.warnings] == ["£60.00 is charged to it.", "C-001 looked at"]


def test_a_slip_in_the_register_is_put_right_with_its_history(programme: Programme, by: User) -> None:
    contract = factories.contract(programme)
    fixed = {"title": "The Change Hub service", "notice_days": 60}
    correct(contract=contract, changes=fixed, reason="As in the agreement", by=by, seen_version=1)
    row = Contract.objects.get()
    assert (row.title, row.notice_days, row.version) == ("The Change Hub service", 60, 2)
    assert [past.title for past in row.history.order_by("history_id")] == [
        "Behaviour change service",
        "The Change Hub service",
    ]
    assert Event.objects.get(act="contract.correct").words == "title, notice days: As in the agreement"


def test_what_was_agreed_is_not_corrected_but_varied(programme: Programme, by: User) -> None:
    contract = factories.contract(programme)
    with pytest.raises(Refused, match="Change ends_on by a variation"):
        correct(contract=contract, changes={"ends_on": date(2026, 3, 31)}, reason="Wrong", by=by)
    unsigned = factories.contract(programme, reference="C-002", signed_on=None)
    correct(contract=unsigned, changes={"ends_on": date(2024, 3, 31)}, reason="Wrong", by=by)
    assert Contract.objects.get(reference="C-002").ends_on == date(2024, 3, 31)


def test_a_review_says_what_came_of_it_and_when_the_next_is(programme: Programme, by: User) -> None:
    contract = factories.contract(programme, review_on=date(2023, 7, 1))
    given = {"contract": contract, "reviewed_on": date(2023, 7, 3), "by": by}
    with pytest.raises(Refused, match="comes after this one"):
        review(words="On course", next_on=date(2023, 7, 3), **given)
    review(words="On course", next_on=date(2024, 1, 15), **given)
    assert Contract.objects.get().review_on == date(2024, 1, 15)
    assert Event.objects.get(act="contract.review").words == "Reviewed on 3 July 2023: On course"


def test_a_contract_lists_milestones_of_its_own_projects_alone(programme: Programme, by: User) -> None:
    contract = factories.contract(programme, values={key(programme): D("1.00")})
    own, other = (
        Milestone.objects.create(
            project=programme.projects.get(code=code), code="open", name=f"{code} opens", due_on=date(2023, 9, 1)
        )
        for code in ("CHB", "GDM")
    )
    with pytest.raises(Refused, match="does not serve the project"):
        list_milestones(contract=contract, milestones=[own, other], by=by)
    list_milestones(contract=contract, milestones=[own], by=by)
    list_milestones(contract=contract, milestones=[], by=by)
    assert [(row.milestone, row.listed) for row in contract.milestones.all()] == [(own, False)]


def test_two_presses_of_the_button_engage_once(programme: Programme, by: User) -> None:
    once = uuid.uuid4()
    for _ in range(2):
        fields = {
            "title": "A",
            "kind": "contract",
            "owner_title": "Officer",
            "provider": factories.organisation("change"),
        }
        contract = Contract(
            programme=programme, reference="C-009", buyer=programme.recipient, starts_on=date(2023, 4, 1),
            ends_on=date(2024, 3, 31), **fields,
        )  # fmt: skip
        engage(contract=contract, values={key(programme): D("10.00")}, by=by, once=once)
    assert Contract.objects.get().value() == D("10.00")


def test_every_problem_of_a_new_contract_is_said_at_once(programme: Programme, by: User) -> None:
    with pytest.raises(Refused) as refused:
        factories.contract(
            programme, reference="C 1/2", starts_on=date(2024, 4, 1), ends_on=date(2024, 3, 1), owner_title="",
            signed_on=date(2023, 7, 6), values={key(programme): D("-1.00")},
        )  # fmt: skip
    said = " ".join(problem.message for problem in refused.value.problems)
    for words in ("cannot be a reference", "cannot end before it starts", "in the future", "cannot be worth −£1.00"):
        assert words in said, words
    assert "owner_title" in {problem.where for problem in refused.value.problems}
    assert not Contract.objects.exists()


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
