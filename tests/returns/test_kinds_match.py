"""A match funder's statement: its figures against the lines, its own signer, what stops it, who sees it, and F16."""

from datetime import date
from decimal import Decimal

import pytest

from board import clock
from board.models import User
from core.problems import Refused
from funding.declaring import declare
from funding.models import Source, SpendLine, Transaction
from funding.reconciling import reconciliation, record_total
from funding.spending import Charge
from returns import certifying, readiness
from returns.content import Content, figure_words
from returns.kinds import KINDS, content_of
from returns.kinds.scope import Scope, of_quarter
from returns.models import Return, Signature
from tests import factories
from tests.factories import person
from tests.returns.scenes import Scene
from tests.returns.tracing import unproved

pytestmark = pytest.mark.django_db
D = Decimal
MATCH = KINDS["match"]


class Council:
    """Essex has given £8,000.00 of cash and £250.00 of hours in the first quarter, and its quarter is closed."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.money, self.finance = scene, scene.money, scene.money.council_finance
        self.cash, self.in_kind = self.money.ecc_cash, self.money.ecc_in_kind
        self.quarter = self.money.quarter()
        for amount in ("5000.00", "3000.00"):
            charge = Charge(self.money.line(source=self.cash), self.quarter)
            self.money.record(amount, charge, by=self.finance, document_number=amount)
        hours = {"kind": Transaction.Kind.IN_KIND, "quantity_hundredths": 1000, "basis": "Youth worker"}
        charge = Charge(self.money.line(heading="staff", source=self.in_kind), self.quarter)
        self.money.record("250.00", charge, by=self.finance, **hours)

    def declared(self) -> None:
        for source in (self.cash, self.in_kind):
            declare(source=source, quarter=self.quarter, nil=False, by=self.finance)

    def reconciled(self, more: str = "0.00") -> None:
        ours = reconciliation(self.finance.acting.organisation, self.scene.programme, self.quarter).ours
        record_total(
            programme=self.scene.programme,
            quarter=self.quarter,
            amount=ours + D(more),
            ledger_print="Cost centre",
            by=self.finance,
        )

    @property
    def scope(self) -> Scope:
        return Scope(self.money.quarter(), self.money.quarter(), "ecc")

    def content(self) -> Content:
        return content_of(MATCH, self.scope, today=clock.today(), the_return=None)

    def firm(self) -> Return:
        the_return = certifying.open_return(kind="match", scope=self.scope, by=self.scene.finance)
        return certifying.prepare(the_return=the_return, by=self.scene.finance)

    def ready(self) -> None:
        self.declared()
        self.reconciled()
        self.scene.closed()

    def signed(self) -> Return:
        self.ready()
        return certifying.certify(the_return=self.firm(), by=self.finance)


@pytest.fixture
def council(scene: Scene) -> Council:
    return Council(scene)


def value(made: Content, key: str) -> object:
    return made.figure(f"match/{key}").value


def told(council: Council) -> dict[str, str]:
    return {item.code: item.weight for item in readiness.readiness("match", council.scope, clock.today())}


def test_each_figure_is_the_sum_of_the_funders_own_lines(council: Council) -> None:
    made = council.content()
    for source, code in ((council.cash, "ecc-cash"), (council.in_kind, "ecc-kind")):
        # Summed here from the rows one by one, not by what the statement sums with.
        lines = sum((row.cost for row in SpendLine.objects.filter(budget_line__source=source)), D(0))
        assert value(made, f"sources/{code}/quarter") == value(made, f"sources/{code}/to-date") == lines
        assert value(made, f"quarters/{code}-2023-24-q1/applied") == lines
    assert value(made, "sources/ecc-cash/outstanding") == D("27000.00")
    assert value(made, "entries-in-kind-match/total/quantity") == D("10")


def test_cash_and_in_kind_are_in_no_sum_together(council: Council) -> None:
    together = D("8250.00")
    assert not [figure.key for figure in council.content().figures() if figure.value == together]


def test_only_the_funders_sources_are_in_it(council: Council, scene: Scene) -> None:
    scene.spend()
    text = [str(figure.value) for figure in council.content().figures()]
    assert not any("Home Office" in words or "Supplier of" in words for words in text)
    with pytest.raises(Refused, match="Choose the subject from these: ecc"):
        content_of(MATCH, Scope(council.quarter, council.quarter, "thurrock"), today=clock.today(), the_return=None)


def test_every_number_is_what_it_rests_on(council: Council) -> None:
    assert unproved(council.content(), council.scene.money.programme) == []


def test_what_is_not_declared_is_said_and_does_not_stop_it(council: Council, scene: Scene) -> None:
    council.reconciled()
    scene.closed()
    assert told(council) == {"declared": "warning"}
    made = council.content()
    assert figure_words(made.figure("match/sources/ecc-cash/declaration")) == "Not declared"
    assert figure_words(made.figure("match/sources/ecc-cash/to-date")) == "£8,000.00 [p]"
    assert council.firm().status == "prepared"


@pytest.mark.parametrize("more", [None, "12.34"])
def test_a_ledger_that_is_not_reconciled_stops_it_and_not_the_claim(
    council: Council, scene: Scene, more: str | None
) -> None:
    council.declared()
    if more:
        council.reconciled(more)
    scene.closed()
    assert told(council) == {"ledger": "blocking"}
    with pytest.raises(Refused, match="is not reconciled"):
        council.firm()
    the_return = certifying.prepare(the_return=scene.open_return(), by=scene.finance)
    assert the_return.status == "prepared"


def test_it_waits_for_its_quarter_to_be_closed(council: Council) -> None:
    assert told(council)["closed"] == "blocking"


def test_making_it_firm_is_no_signature_and_the_funders_officer_signs_alone(council: Council, scene: Scene) -> None:
    council.ready()
    the_return = council.firm()
    assert not Signature.objects.filter(the_return=the_return).exists()
    others = (scene.finance, scene.cfo, person("finance-officer", "southend"), person("kpi-reporter", "change"))
    for other in others:
        with pytest.raises(Refused, match="A finance officer or chief finance officer of Essex County Council may"):
            certifying.certify(the_return=the_return, by=other)
    signed = certifying.certify(the_return=the_return, by=council.finance)
    [signature] = Signature.objects.filter(the_return=signed)
    assert (signature.person, signature.content_hash) == (council.finance, signed.content_hash)


def test_a_funder_that_does_not_agree_sends_it_back(council: Council) -> None:
    council.ready()
    sent = certifying.send_back(the_return=council.firm(), reason="An invoice is missing", by=council.finance)
    assert sent.status == "draft"


def test_what_moved_since_is_not_signed(council: Council, scene: Scene) -> None:
    council.ready()
    the_return = council.firm()
    SpendLine.objects.filter(budget_line__source=council.cash).first().transaction.lines.update(cost=D("1.00"))
    with pytest.raises(Refused):
        certifying.certify(the_return=the_return, by=council.finance)


def test_a_funder_sees_its_own_once_firm_and_nobody_elses(council: Council, scene: Scene) -> None:
    council.ready()

    def seen(user: User) -> bool:
        return Return.objects.visible_to(user).filter(kind="match").exists()

    draft = certifying.open_return(kind="match", scope=council.scope, by=scene.finance)
    assert seen(scene.finance) and not seen(council.finance)
    certifying.prepare(the_return=draft, by=scene.finance)
    assert seen(council.finance) and seen(person("cfo", "ecc")) and seen(scene.auditor)
    strangers = [("finance-officer", "southend"), ("cfo", "thurrock"), ("commissioning-officer", "ecc")]
    strangers += [("kpi-reporter", "change"), ("board-member", "setdab"), ("finance-officer", "change")]
    assert not [one for one in strangers if seen(person(*one))]


def test_the_same_record_gives_the_same_content(council: Council) -> None:
    before = council.content()
    with clock.at(date(2023, 9, 1)):
        assert council.content() == before


def test_a_year_runs_to_its_closing_period(council: Council) -> None:
    scope = Scope(council.money.quarter(), council.money.quarter("2023-24-closing"), "ecc")
    made = content_of(MATCH, scope, today=clock.today(), the_return=None)
    assert made.period == "2023-24 (April 2023 to March 2024)"
    assert made.reference == "DAPF-2023-25/match/2023-24/ecc/r1"
    assert value(made, "sources/ecc-cash/to-date") == D("8000.00")
    with pytest.raises(Refused, match="It is made of a quarter or a whole year"):
        closing = council.money.quarter("2023-24-closing")
        content_of(MATCH, Scope(closing, closing, "ecc"), today=clock.today(), the_return=None)


def test_what_was_recorded_after_the_year_and_is_of_it_is_in_the_years_statement(council: Council) -> None:
    line = SpendLine.objects.get(transaction__document_number="3000.00")
    SpendLine.objects.filter(pk=line.pk).update(quarter=council.money.quarter("2024-25-Q1"))
    scope = Scope(council.money.quarter(), council.money.quarter("2023-24-closing"), "ecc")
    made = content_of(MATCH, scope, today=clock.today(), the_return=None)
    assert value(made, "sources/ecc-cash/to-date") == value(made, "entries-cash-match/total/cost") == D("8000.00")
    assert value(made, "quarters/ecc-cash-2024-25-q1/applied") == D("3000.00")
    assert value(made, "quarters/ecc-cash-all/applied") == D("8000.00")


def f16(scene: Scene) -> list[str]:
    found = readiness.readiness("claim", of_quarter(scene.quarter()), clock.today())
    return [item.words for item in found if item.code == "F16"]


@pytest.mark.usefixtures("quick_pdf")
def test_match_that_differs_from_what_its_funder_signed_is_said_in_the_claim(council: Council, scene: Scene) -> None:
    council.signed()
    assert f16(scene) == []
    line = SpendLine.objects.filter(budget_line__source=council.cash).first()
    SpendLine.objects.filter(pk=line.pk).update(cost=line.cost + D("1.00"))
    [words] = f16(scene)
    assert "£8,001.00" in words and "Essex County Council signed £8,000.00" in words


@pytest.mark.usefixtures("quick_pdf")
def test_a_revision_says_what_it_changed_and_is_the_funders_again(council: Council, scene: Scene) -> None:
    signed = council.signed()
    again = certifying.revise(the_return=signed, reason="The notes were wrong", by=scene.finance)
    assert (again.subject, again.revision, again.status) == ("ecc", 2, "draft")
    certifying.prepare(the_return=again, by=scene.finance)
    certifying.certify(the_return=again, by=council.finance)
    signed.refresh_from_db()
    assert signed.status == "superseded"


def test_a_giver_of_two_kinds_is_one_funder(scene: Scene) -> None:
    found = [row.reference for row in MATCH.subjects(scene.money.quarter())]  # type: ignore[misc]
    assert found == ["ecc"]
    Source.objects.create(
        programme=scene.programme, code="T", name="Thurrock cash", funder=factories.organisation("thurrock"),
        kind=Source.Kind.CASH_MATCH, kept_by=factories.organisation("thurrock"), position=9,
    )  # fmt: skip
    assert [row.reference for row in MATCH.subjects(scene.money.quarter())] == ["ecc", "thurrock"]  # type: ignore[misc]
