"""A partner's annual statement: its own money and what it was given; who signs it, and who sees it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from board import clock
from board.models import User
from contracts.models import Contract
from core.problems import Refused
from funding.models import SpendLine, Transaction
from funding.spend_reports import record_report
from funding.spending import Charge
from returns import certifying, files, readiness
from returns.content import Content
from returns.kinds import KINDS, content_of
from returns.kinds.scope import Scope
from returns.models import Document, Return
from tests import factories
from tests.factories import person
from tests.returns.scenes import Scene
from tests.returns.tracing import unproved

pytestmark = pytest.mark.django_db
D = Decimal
PARTNER = KINDS["partner"]


class Partners:
    """Essex spends £900.00 of its own; a grantee is paid £5,000.00 and reports £1,200.00 of it spent."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.money = scene, scene.money
        self.council = self.money.council_finance
        charge = Charge(self.money.line(source=self.money.ecc_cash), self.money.quarter())
        self.money.record("900.00", charge, by=self.council, document_number="E-1")
        line = self.money.line("GDM")
        self.agreement = factories.contract(
            scene.programme, provider="other", reference="GA-1", kind=Contract.Kind.GRANT_AGREEMENT,
            values={(line.project, line.year): D("60000.00")},
        )  # fmt: skip
        charge = Charge(line, self.money.quarter())
        self.money.record(
            "5000.00", charge, on=date(2023, 4, 10), kind=Transaction.Kind.ADVANCE, contract=self.agreement
        )
        record_report(
            contract=self.agreement, quarter=self.money.quarter(), amounts={line: D("1200.00")}, is_nil=False,
            signed_by_title="Director of Finance", signed_on=clock.today(), document_reference="S-1",
            by=self.money.finance,
        )  # fmt: skip

    def scope(self, subject: str = "ecc") -> Scope:
        return Scope(self.money.quarter(), self.money.quarter("2023-24-closing"), subject)

    def content(self, subject: str = "ecc") -> Content:
        return content_of(PARTNER, self.scope(subject), today=clock.today(), the_return=None)


@pytest.fixture
def partners(scene: Scene) -> Iterator[Partners]:
    yield Partners(scene)


def value(made: Content, key: str) -> object:
    return made.figure(f"partner/{key}").value


def test_a_keeper_of_match_and_a_grantee_are_partners_and_the_recipient_is_none(partners: Partners) -> None:
    assert [row.reference for row in PARTNER.subjects(partners.money.quarter())] == ["ecc", "other"]  # type: ignore[misc]


def test_what_a_partner_spent_is_the_sum_of_its_own_lines(partners: Partners) -> None:
    own = SpendLine.objects.filter(transaction__recorded_by__code="ecc")
    said = value(partners.content(), "key-figures/cash/value")
    assert said == sum((line.cost for line in own), D(0)) == D("900.00")
    assert value(partners.content(), "expenditure/cash/year") == said


def test_a_payment_on_account_is_no_expenditure(partners: Partners) -> None:
    made = partners.content("other")
    assert value(made, "key-figures/agreements/value") == value(made, "statements/total/total") == D("1200.00")
    row = [value(made, f"agreements/ga-1/{code}") for code in ("paid", "spent", "difference")]
    assert row == [D("5000.00"), D("1200.00"), D("3800.00")]


def test_no_other_partner_is_in_it(partners: Partners) -> None:
    assert not any("GA-1" in str(figure.value) for figure in partners.content().figures())
    assert not any("900.00" in str(figure.value) for figure in partners.content("other").figures())


def test_it_says_until_when_records_are_kept(partners: Partners) -> None:
    assert value(partners.content(), "key-figures/keep-until/value") == date(2031, 3, 31)


def test_every_number_is_what_it_rests_on(partners: Partners) -> None:
    for content in (partners.content(), partners.content("other")):
        assert unproved(content, partners.scene.programme) == []


def test_a_ledger_that_is_not_reconciled_stops_it_and_a_missing_statement_is_told(partners: Partners) -> None:
    def told(subject: str) -> list[tuple[str, str]]:
        found = readiness.readiness("partner", partners.scope(subject), clock.today())
        return [(item.code, item.weight) for item in found if item.code != "closed"]

    assert told("ecc") == [("ledger", "blocking")]
    assert told("other") == [("statement", "warning")] * 3


def firm(partners: Partners, monkeypatch: pytest.MonkeyPatch) -> Return:
    """The council's statement where nothing stands in its way."""
    monkeypatch.setattr(certifying, "readiness", lambda kind, scope, today: [])
    the_return = certifying.open_return(kind="partner", scope=partners.scope(), by=partners.scene.finance)
    return certifying.prepare(the_return=the_return, by=partners.scene.finance)


@pytest.mark.usefixtures("quick_pdf")
def test_the_partners_chief_finance_officer_signs_and_nobody_else(
    partners: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_return = firm(partners, monkeypatch)
    for other in (partners.council, partners.scene.cfo, person("cfo", "southend")):
        with pytest.raises(Refused, match="A chief finance officer of Essex County Council may sign"):
            certifying.certify(the_return=the_return, by=other)
    signed = certifying.certify(the_return=the_return, by=person("cfo", "ecc"))
    assert signed.status == "certified"
    # A paper: the workbook lies in the PDF and is no file of its own.
    assert set(Document.objects.values_list("format", flat=True)) == {"json", "pdf"}
    assert files.stored(signed, "pdf").name == "DAPF-2023-25-partner-2023-24-ecc-r1.pdf"


def test_a_partner_sees_its_own_and_no_others(partners: Partners, monkeypatch: pytest.MonkeyPatch) -> None:
    firm(partners, monkeypatch)

    def seen(user: User) -> bool:
        return Return.objects.visible_to(user).filter(kind="partner").exists()

    assert seen(partners.council) and seen(person("cfo", "ecc")) and seen(partners.scene.auditor)
    strangers = [("cfo", "other"), ("finance-officer", "southend"), ("kpi-reporter", "other")]
    assert not [one for one in strangers if seen(person(*one))]
