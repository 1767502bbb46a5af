"""A contract's review pack: what it is worth and cost, what its own supplier reported, and what is open about it."""

from datetime import date
from decimal import Decimal

import pytest

from board import clock
from board.models import User
from board.quarters import RESULTS
from contracts import checking, following
from contracts.contracting import vary
from contracts.models import Check, Contract, Issue
from core.problems import Refused
from funding.models import Transaction
from funding.spend_reports import record_report
from funding.spending import Charge
from returns import certifying, readiness
from returns.content import Content
from returns.kinds import KINDS, content_of
from returns.kinds.scope import Scope
from returns.models import Return
from tests import factories
from tests.factories import person
from tests.kpis import scene as results
from tests.returns.scenes import Scene
from tests.returns.tracing import unproved

pytestmark = pytest.mark.django_db
D = Decimal
PACK = KINDS["contract"]


def scope(scene: Scene, reference: str = "C-001") -> Scope:
    return Scope(scene.quarter(), scene.quarter(), reference)


def content(scene: Scene, reference: str = "C-001") -> Content:
    return content_of(PACK, scope(scene, reference), today=clock.today(), the_return=None)


def value(made: Content, key: str) -> object:
    return made.figure(f"contract/{key}").value


def row_codes(made: Content, section: str) -> list[str]:
    [found] = [row for row in made.sections if row.code == section]
    return [row.cells[0].key.split("/")[2] for row in found.table.rows]  # type: ignore[union-attr]


def test_there_is_one_for_each_contract_that_ran_in_the_quarter(scene: Scene) -> None:
    factories.contract(scene.programme, reference="ENDED", starts_on=date(2023, 4, 1), ends_on=date(2023, 6, 30))
    factories.contract(scene.programme, reference="LATER", starts_on=date(2023, 7, 1), ends_on=date(2024, 3, 31))
    assert [row.reference for row in PACK.subjects(scene.quarter())] == ["C-001", "ENDED"]  # type: ignore[misc]
    assert [row.subject for row in PACK.scopes(scene.quarter("2023-24-Q2"))] == ["C-001", "LATER"]
    assert PACK.scopes(scene.quarter("2023-24-closing")) == []
    assert PACK.named(scope(scene)) == "Contract review pack: C-001, Behaviour change service"


def test_it_says_what_the_contract_is_worth_and_what_the_grant_bore_under_it(scene: Scene) -> None:
    scene.spend()
    made = content(scene)
    row = [value(made, f"money/2023-24-chb/{code}") for code in ("worth", "quarter", "to-date", "left", "used")]
    assert row == [D("210000.00"), D("12400.00"), D("12400.00"), D("197600.00"), D("5.9")]
    assert value(made, "key-figures/to-date/value") == value(made, "money/total/to-date") == D("12400.00")


def test_match_that_pays_for_the_same_work_uses_up_none_of_its_worth(scene: Scene) -> None:
    charge = Charge(scene.money.line(source=scene.money.ecc_cash), scene.quarter())
    scene.money.record("900.00", charge, by=scene.money.council_finance, contract=scene.contract)
    assert value(content(scene), "money/2023-24-chb/to-date") == D("0.00")


def test_what_is_charged_in_a_later_quarter_is_no_part_of_it(scene: Scene) -> None:
    scene.spend()
    later = Charge(scene.money.line(), scene.quarter("2023-24-Q2"))
    with clock.at(date(2023, 7, 20)):
        scene.money.record("500.00", later, on=date(2023, 7, 12), contract=scene.contract)
    assert value(content(scene), "money/2023-24-chb/to-date") == D("12400.00")


def test_a_variation_is_in_its_worth_and_stands_by_itself(scene: Scene) -> None:
    project, year = scene.programme.projects.get(code="CHB"), scene.programme.years.get(code="2023-24")
    vary(
        contract=scene.contract, changes={(project, year): D("5000.00")}, effective_on=date(2023, 8, 1),
        approved_on=date(2023, 7, 1), reason="More groups", by=scene.commissioning,
    )  # fmt: skip
    made = content(scene)
    assert value(made, "contract/variation-1/amount") == value(made, "contract/total/amount") == D("5000.00")
    assert value(made, "money/2023-24-chb/worth") == D("215000.00")
    assert unproved(made, scene.programme) == []


def test_an_invoice_paid_in_time_and_one_that_was_not_say_so(scene: Scene) -> None:
    for number, paid_on in (("INV-1", date(2023, 6, 20)), ("INV-2", date(2023, 7, 3))):
        scene.money.record(
            "100.00", document_number=number, contract=scene.contract, received_on=date(2023, 6, 1),
            paid_on=paid_on, on=date(2023, 6, 1),
        )  # fmt: skip
    [section] = [row for row in content(scene).sections if row.code == "payments"]
    said = [row.cells[4].value for row in section.table.rows if row.kind == "row"]  # type: ignore[union-attr]
    assert said == ["Paid within 30 days", "Paid after more than 30 days"]


def test_under_a_grant_agreement_its_statements_stand_in_place_of_invoices(scene: Scene) -> None:
    line = scene.money.line("GDM")
    agreement = factories.contract(
        scene.programme, provider="other", reference="GA-1", kind=Contract.Kind.GRANT_AGREEMENT,
        values={(line.project, line.year): D("60000.00")},
    )  # fmt: skip
    advance = Transaction.Kind.ADVANCE
    scene.money.record("5000.00", Charge(line, scene.quarter()), on=date(2023, 4, 10), kind=advance, contract=agreement)
    record_report(
        contract=agreement, quarter=scene.quarter(), amounts={line: D("1200.00")}, is_nil=False,
        signed_by_title="Director of Finance", signed_on=clock.today(), document_reference="S-1", by=scene.finance,
    )  # fmt: skip
    made = content(scene, "GA-1")
    assert value(made, "statements/total/total") == value(made, "money/2023-24-gdm/to-date") == D("1200.00")
    assert "payments" not in [section.code for section in made.sections]
    assert unproved(made, scene.programme) == []


def test_only_the_results_of_its_own_supplier_are_in_it(scene: Scene) -> None:
    scene.with_results()
    factories.contract(scene.programme, provider="other", reference="OTHER", values={})
    assert "chb-chb-06" in row_codes(content(scene), "kpis")
    other = content(scene, "OTHER")
    assert row_codes(other, "kpis") == row_codes(other, "sign-offs") == []


def test_results_that_can_still_change_stop_it_and_missing_ones_are_told(scene: Scene) -> None:
    def told() -> list[tuple[str, str]]:
        found = readiness.readiness("contract", scope(scene), clock.today())
        return [(item.code, item.weight) for item in found if item.code != "closed"]

    duty = scene.asked_for_results()
    assert told() == [("X01", "warning")]
    results.submitted(duty)
    assert told() == [("X01", "blocking")]


def follow(scene: Scene) -> None:
    """An issue closed in the quarter, one still open and overdue; an action about it; one opened later."""
    by = scene.commissioning
    closed = _issue(scene, "Safeguarding lead has left", date(2023, 4, 20))
    following.close_issue(issue=closed, closed_on=date(2023, 5, 10), words="A new one is named", by=by)
    late = _issue(scene, "Groups start late", date(2023, 6, 1))
    following.add_action(
        contract=scene.contract, issue=late, words="Send the plan of groups", owner_title="Service manager",
        opened_on=date(2023, 5, 2), due_on=date(2023, 7, 31), by=by,
    )  # fmt: skip
    _issue(scene, "Of the next quarter", date(2023, 8, 1), opened_on=date(2023, 7, 3))


def _issue(scene: Scene, words: str, due_on: date, opened_on: date = date(2023, 4, 5)) -> Issue:
    return following.open_issue(
        contract=scene.contract, words=words, owner_title="Contract owner", opened_on=opened_on, due_on=due_on,
        by=scene.commissioning,
    )  # fmt: skip


def test_issues_and_actions_are_those_of_the_quarter_as_they_stood_on_its_last_day(scene: Scene) -> None:
    follow(scene)
    made = content(scene)
    assert row_codes(made, "issues") == ["number-1", "number-2"]
    assert [value(made, f"issues/number-{at}/state") for at in (1, 2)] == ["Closed", "Overdue"]
    assert value(made, "actions/number-1/issue") == "Issue 2"
    assert [value(made, f"key-figures/{code}/value") for code in ("issues", "actions")] == [1, 1]
    assert unproved(made, scene.programme) == []


def test_a_check_that_was_renewed_after_the_quarter_still_stands_in_it(scene: Scene) -> None:
    given = {"contract": scene.contract, "what": Check.What.INSURANCE, "words": "", "by": scene.commissioning}
    first = checking.record_check(reference="P-1", checked_on=date(2023, 4, 1), expires_on=date(2023, 7, 10), **given)
    checking.record_check(
        reference="P-2", checked_on=date(2023, 7, 3), expires_on=date(2024, 6, 20), renews=first, **given
    )
    made = content(scene)
    assert row_codes(made, "checks") == ["number-1"]
    assert value(made, "checks/number-1/state") == "In force"


def issued(scene: Scene, by: User) -> Return:
    row = certifying.open_return(kind="contract", scope=scope(scene), by=scene.commissioning)
    row = certifying.prepare(the_return=row, by=scene.commissioning)
    return certifying.certify(the_return=row, by=by)


@pytest.mark.usefixtures("quick_pdf")
def test_one_person_makes_and_issues_it_and_a_finance_officer_cannot(scene: Scene) -> None:
    scene.closed()
    scene.close(RESULTS)
    with pytest.raises(Refused, match="commissioning officer"):
        issued(scene, scene.finance)
    row = Return.objects.get(kind="contract")
    row = certifying.certify(the_return=row, by=scene.commissioning)
    assert (row.status, row.reference) == ("certified", "DAPF-2023-25/contract/2023-24-Q1/C-001/r1")


@pytest.mark.usefixtures("quick_pdf")
def test_recipients_officers_and_auditors_see_it_and_its_supplier_and_councils_do_not(scene: Scene) -> None:
    scene.closed()
    scene.close(RESULTS)
    issued(scene, scene.commissioning)

    def sees(user: User) -> bool:
        return Return.objects.visible_to(user).filter(kind="contract").exists()

    assert all(sees(user) for user in (scene.finance, scene.commissioning, scene.cfo, scene.auditor))
    others = (person("kpi-reporter", "change"), scene.money.council_finance, person("board-member", "setdab"))
    assert not any(sees(user) for user in others)
