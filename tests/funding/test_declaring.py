"""Declaring complete or nil, by whom, over what, and until when it can be taken back."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from board import clock
from core.problems import Refused
from funding.declaring import declare, standing, withdraw
from funding.models import Claim, Declaration
from funding.spending import Charge, credit, reverse, void
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


def close(money: Money, code: str = "2023-24-Q1") -> None:
    quarter = money.quarter(code)
    quarter.money_closed_at, quarter.money_closed_by = clock.now(), money.finance
    quarter.save()


def test_complete_keeps_the_spend_as_it_stood(money: Money) -> None:
    money.record("12.34")
    row = declare(source=money.grant, quarter=money.quarter(), nil=False, by=money.finance)
    assert (row.says, row.total, row.organisation) == ("complete", D("12.34"), money.grant.kept_by)


def test_nil_and_complete_are_not_taken_for_each_other(money: Money) -> None:
    with pytest.raises(Refused, match=r"Nothing is recorded .* Declare it nil"):
        declare(source=money.grant, quarter=money.quarter(), nil=False, by=money.finance)
    money.record("12.34")
    with pytest.raises(Refused, match="so it is not nil"):
        declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)


def test_spend_that_nets_to_nought_is_complete_and_not_nil(money: Money) -> None:
    entry = money.record("5.00")
    reverse(original=entry, quarter=money.quarter(), reason="Paid twice", by=money.finance)
    with pytest.raises(Refused, match="so it is not nil"):
        declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)


def test_missing_is_neither(money: Money) -> None:
    declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)
    found = standing([money.grant, money.ecc_cash], money.quarter())
    assert [one.declaration and one.declaration.says for one in found] == ["nil", None]


def test_a_source_is_declared_by_who_keeps_it(money: Money) -> None:
    with pytest.raises(Refused, match="is kept by PFCC for Essex; its officers declare it"):
        declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.council_finance)


def test_one_declaration_is_in_force(money: Money) -> None:
    declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)
    with pytest.raises(ValidationError, match="declared already"), transaction.atomic():
        declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)


def test_nothing_declared_is_added_to_voided_or_corrected_in_its_quarter(money: Money) -> None:
    entry = money.record("12.34")
    declare(source=money.grant, quarter=money.quarter(), nil=False, by=money.finance)
    with pytest.raises(Refused, match="Withdraw the declaration first"):
        money.record("1.00")
    with pytest.raises(Refused, match="Withdraw the declaration first"):
        void(entry=entry, reason="Twice", by=money.finance)
    with pytest.raises(Refused, match="Withdraw the declaration first"):
        reverse(original=entry, quarter=money.quarter(), reason="Twice", by=money.finance)
    with pytest.raises(Refused, match="Withdraw the declaration first"):
        credit(
            original=entry, quarter=money.quarter(), amount=D("1.00"), document_number="", reason="x", by=money.finance
        )
    assert reverse(original=entry, quarter=money.quarter("2023-24-Q2"), reason="Twice", by=money.finance).pk


def test_a_withdrawn_declaration_stays_with_its_reason_and_frees_the_quarter(money: Money) -> None:
    row = declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)
    with pytest.raises(Refused, match="Give the reason"):
        withdraw(declaration=row, reason=" ", by=money.finance)
    withdraw(declaration=row, reason="An invoice came", by=money.finance)
    assert Declaration.objects.get().withdrawn_reason == "An invoice came"
    money.record("1.00")
    assert declare(source=money.grant, quarter=money.quarter(), nil=False, by=money.finance).total == D("1.00")


def test_a_declaration_is_withdrawn_once_and_by_its_own_officers(money: Money) -> None:
    row = declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)
    with pytest.raises(Refused, match="its officers withdraw it"):
        withdraw(declaration=row, reason="x", by=money.council_finance)
    withdraw(declaration=row, reason="x", by=money.finance)
    with pytest.raises(Refused, match="withdrawn already"):
        withdraw(declaration=row, reason="x", by=money.finance)


def test_once_the_claim_is_certified_its_declarations_stand(money: Money) -> None:
    row = declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)
    Claim.objects.create(
        reference="C", content_hash="a", programme=money.programme, source=money.grant, quarter=money.quarter(),
        amount=D("0.00"), certified_at=clock.now(), certified_by=money.finance,
    )  # fmt: skip
    with pytest.raises(Refused, match="is certified, so its declarations stand"):
        withdraw(declaration=row, reason="x", by=money.finance)


def test_match_may_be_declared_after_the_close_and_the_grant_may_not(money: Money) -> None:
    charge = Charge(money.line(source=money.ecc_cash), money.quarter())
    money.record("7.00", charge, by=money.council_finance)
    close(money)
    row = declare(source=money.ecc_cash, quarter=money.quarter(), nil=False, by=money.council_finance)
    assert row.total == D("7.00")
    with pytest.raises(Refused, match="was closed for spend"):
        declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)


def test_a_quarter_that_has_not_begun_is_not_declared(money: Money) -> None:
    for source, by in ((money.grant, money.finance), (money.ecc_cash, money.council_finance)):
        with pytest.raises(Refused, match="has not begun"):
            declare(source=source, quarter=money.quarter("2023-24-Q3"), nil=True, by=by)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"total": D("1.00")}, "declaration_nil_is_nought"),
        ({"withdrawn_at": clock.now}, "declaration_withdrawn_has_a_reason"),
    ],
)
def test_the_database_refuses_what_cannot_be(money: Money, fields: dict, constraint: str) -> None:
    row = declare(source=money.grant, quarter=money.quarter(), nil=True, by=money.finance)
    for name, value in fields.items():
        setattr(row, name, value() if callable(value) else value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()
