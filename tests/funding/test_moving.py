"""Virements: what they move and refuse, and the second person without whom a large one does not count."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from board import clock
from board.models import Event, Quarter, Threshold, Year
from core.problems import Refused
from funding.budgeting import commit, set_budget
from funding.models import BudgetLine, Virement, VirementProposal
from funding.moving import approve, move, move_or_propose, propose, turn_down
from funding.positions import budget_of, line_positions
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
APRIL = date(2023, 4, 1)


@pytest.fixture
def year(money: Money) -> Year:
    return money.programme.years.get(code="2023-24")


def q(money: Money, number: int = 1) -> Quarter:
    return money.quarter(f"2023-24-Q{number}")


@pytest.fixture
def budgeted(money: Money, year: Year) -> Money:
    profiles = {
        (money.line("CHB"), q(money, 1)): D("300000.00"),
        (money.line("CHB"), q(money, 4)): D("100000.00"),
        (money.line("SIS"), q(money, 4)): D("200000.00"),
    }
    set_budget(
        source=money.grant, year=year, kind="original", profiles=profiles, effective_on=APRIL, reason="As agreed",
        by=money.finance,
    )  # fmt: skip
    return money


def moves(money: Money, amount: str, quarter: int = 4) -> dict[tuple[BudgetLine, Quarter], Decimal]:
    """So many pounds from CHB to SIS."""
    return {
        (money.line("CHB"), q(money, quarter)): -D(amount),
        (money.line("SIS"), q(money, quarter)): D(amount),
    }


class TestVirements:
    def test_it_moves_budget_from_its_day_and_keeps_the_old_version(self, budgeted: Money, year: Year) -> None:
        row = move(
            source=budgeted.grant, year=year, moves=moves(budgeted, "5000.00"), reason="More stalking cases",
            by=budgeted.finance, approved_on=date(2023, 7, 5),
        )  # fmt: skip
        line = budgeted.line("SIS")
        assert budget_of(line, date(2023, 7, 4)) == D("200000.00")
        assert budget_of(line, date(2023, 7, 5)) == D("205000.00")
        assert row.reference == "V-000001"
        assert sum(part.amount for part in row.moves.all()) == 0
        assert row.budget_version.number == 2

    def test_one_that_does_not_net_to_nought_is_refused(self, budgeted: Money, year: Year) -> None:
        uneven = {**moves(budgeted, "5000.00"), (budgeted.line("GDM"), q(budgeted, 4)): D("0.01")}
        with pytest.raises(Refused, match=r"The moves net to £0\.01"):
            move(
                source=budgeted.grant, year=year, moves=uneven, reason="x", by=budgeted.finance,
                approved_on=date(2023, 7, 5),
            )  # fmt: skip
        assert not Virement.objects.exists()

    def test_a_line_does_not_fall_below_what_is_spent_and_committed(self, budgeted: Money, year: Year) -> None:
        line = budgeted.line("CHB")
        contract = factories.contract(budgeted.programme, values={(line.project, line.year): D("399000.00")})
        commit(contract=contract, line=line, amount=D("390000.00"), by=budgeted.finance)
        budgeted.record("2000.00", contract=contract)
        budgeted.record("3000.00", supplier_name="Not of the contract")
        with pytest.raises(Refused, match=r"below the £393,000\.00 that is spent and committed"):
            move(
                source=budgeted.grant, year=year, moves=moves(budgeted, "7000.01"), reason="x", by=budgeted.finance,
                approved_on=date(2023, 7, 5),
            )  # fmt: skip
        move(
            source=budgeted.grant, year=year, moves=moves(budgeted, "7000.00"), reason="x", by=budgeted.finance,
            approved_on=date(2023, 7, 5),
        )  # fmt: skip

    def test_above_the_threshold_nobody_moves_it_alone(self, budgeted: Money, year: Year) -> None:
        with pytest.raises(Refused, match=r"£10,000\.01 is above £10,000\.00: propose it"):
            move(
                source=budgeted.grant, year=year, moves=moves(budgeted, "10000.01"), reason="x",
                by=budgeted.finance, approved_on=date(2023, 7, 5), funder_reference="HO-1",
            )  # fmt: skip

    def test_one_that_is_sent_twice_moves_once(self, budgeted: Money, year: Year) -> None:
        key = uuid4()
        first, second = (
            move(
                source=budgeted.grant, year=year, moves=moves(budgeted, "5.00"), reason="x", by=budgeted.finance,
                approved_on=date(2023, 7, 5), once=key,
            )
            for _ in range(2)
        )  # fmt: skip
        assert first == second and Virement.objects.count() == 1

    def test_one_that_moves_nothing_or_a_closed_quarter_is_refused(self, budgeted: Money, year: Year) -> None:
        Quarter.objects.filter(code="2023-24-Q1").update(money_closed_at=clock.now(), money_closed_by=budgeted.finance)
        with pytest.raises(Refused, match="Nothing moves from one line to another"):
            move(
                source=budgeted.grant, year=year, moves={}, reason="x", by=budgeted.finance,
                approved_on=date(2023, 7, 5),
            )  # fmt: skip
        with pytest.raises(Refused, match=r"2023-24 Q1 .* is closed"):
            move(
                source=budgeted.grant, year=year, moves=moves(budgeted, "5.00", 1), reason="x", by=budgeted.finance,
                approved_on=date(2023, 7, 5),
            )  # fmt: skip

    def test_nothing_moves_between_sources_or_years(self, budgeted: Money, year: Year) -> None:
        other = {
            (budgeted.line("CHB"), q(budgeted, 4)): D("-10.00"),
            (budgeted.line("CHB", year="2024-25"), q(budgeted, 4)): D("10.00"),
        }
        with pytest.raises(Refused, match="is of another source or year"):
            move(
                source=budgeted.grant, year=year, moves=other, reason="x", by=budgeted.finance,
                approved_on=date(2023, 7, 5),
            )  # fmt: skip

    def test_there_must_be_a_budget(self, money: Money, year: Year) -> None:
        with pytest.raises(Refused, match="has no budget for 2023-24 yet"):
            move(
                source=money.grant, year=year, moves=moves(money, "1.00"), reason="x", by=money.finance,
                approved_on=date(2023, 7, 5),
            )  # fmt: skip


class TestProposals:
    @pytest.fixture
    def proposal(self, budgeted: Money, year: Year) -> VirementProposal:
        Threshold.objects.create(
            programme=budgeted.programme, rule="virement-amount", value=500000, from_date=APRIL
        )  # fmt: skip
        return propose(
            source=budgeted.grant, year=year, moves=moves(budgeted, "5000.01"), reason="More stalking cases",
            by=budgeted.finance, funder_reference="HO-1",
        )  # fmt: skip

    def test_it_needs_the_funders_reference(self, budgeted: Money, year: Year) -> None:
        with pytest.raises(Refused, match=r"is above £10,000\.00: give the funder’s reference"):
            propose(
                source=budgeted.grant, year=year, moves=moves(budgeted, "10000.01"), reason="x",
                by=budgeted.finance, funder_reference=" ",
            )  # fmt: skip

    def test_nothing_counts_until_a_second_person_approves_it(
        self, budgeted: Money, proposal: VirementProposal
    ) -> None:
        line = budgeted.line("SIS")
        assert budget_of(line, date(2023, 7, 5)) == D("200000.00") and not Virement.objects.exists()
        second = factories.person("commissioning-officer", "pfcc")
        done = approve(proposal=proposal, by=second)
        assert budget_of(line, date(2023, 7, 5)) == D("205000.01")
        assert (done.second_person, done.funder_reference, done.proposal) == (second, "HO-1", proposal)
        assert {move.line.project.code: move.amount for move in done.moves.all()} == {
            "CHB": D("-5000.01"), "SIS": D("5000.01")
        }  # fmt: skip
        words = Event.objects.get(act="budget.move").words
        assert words == "£5,000.01 from CHB provider to SIS provider: More stalking cases"

    def test_who_proposed_it_does_not_approve_it(self, budgeted: Money, proposal: VirementProposal) -> None:
        with pytest.raises(Refused, match="You proposed this virement"):
            approve(proposal=proposal, by=budgeted.finance)
        approve(proposal=proposal, by=factories.person("cfo", "pfcc"))
        proposal.refresh_from_db()
        proposal.decided_by = budgeted.finance
        with pytest.raises(IntegrityError, match="virement_proposal_approved_by_another"), transaction.atomic():
            proposal.save()

    @pytest.mark.parametrize(
        ("kind", "organisation"), [("finance-officer", "ecc"), ("auditor", "pfcc"), ("cfo", "southend")]
    )
    def test_a_stranger_to_the_budget_approves_nothing(
        self, budgeted: Money, proposal: VirementProposal, kind: str, organisation: str
    ) -> None:
        with pytest.raises(Refused, match="An officer of the organisation that decides the budget"):
            approve(proposal=proposal, by=factories.person(kind, organisation))

    def test_it_is_decided_once(self, budgeted: Money, proposal: VirementProposal) -> None:
        second = factories.person("finance-officer", "pfcc", number=2)
        with pytest.raises(Refused, match="Give the reason"):
            turn_down(proposal=proposal, reason=" ", by=second)
        turn_down(proposal=proposal, reason="Not agreed by the board", by=second)
        with pytest.raises(Refused, match="is turned down already"):
            approve(proposal=proposal, by=second)
        assert not Virement.objects.exists()

    def test_everything_is_checked_anew_when_it_is_approved(
        self, budgeted: Money, year: Year, proposal: VirementProposal
    ) -> None:
        line = budgeted.line("CHB")
        contract = factories.contract(budgeted.programme, values={(line.project, line.year): D("400000.00")})
        commit(contract=contract, line=line, amount=D("400000.00"), by=budgeted.finance)
        with pytest.raises(Refused, match="that is spent and committed"):
            approve(proposal=proposal, by=factories.person("cfo", "pfcc"))

    def test_what_is_typed_is_moved_below_the_threshold_and_proposed_above_it(
        self, budgeted: Money, year: Year
    ) -> None:
        for amount, kind in (("10000.00", Virement), ("10000.01", VirementProposal)):
            cells = {(line.project, line.heading, at): value for (line, at), value in moves(budgeted, amount).items()}
            done = move_or_propose(
                source=budgeted.grant, year=year, cells=cells, reason="x", funder_reference="HO-1",
                by=budgeted.finance,
            )  # fmt: skip
            assert isinstance(done, kind)


def test_positions_of_a_virement_show_original_changes_and_budget(budgeted: Money, year: Year) -> None:
    move(
        source=budgeted.grant, year=year, moves=moves(budgeted, "5000.00"), reason="x", by=budgeted.finance,
        approved_on=date(2023, 7, 5),
    )  # fmt: skip
    position = line_positions([budgeted.grant], year, q(budgeted), today=date(2023, 7, 5))[budgeted.line("SIS")]
    assert (position.original, position.changes, position.budget) == (D("200000.00"), D("5000.00"), D("205000.00"))
