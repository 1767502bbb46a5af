"""Whatever officers do in whatever order, every pound has its place, and what is certified never changes.

A machine draws acts at random, the same that the pages call: entries of all kinds with splits, credits,
reversals, voids, contracts signed late, payments on account with the statements that spend them, invoices cut at
the year's end, declarations, closings with their accruals and what became of those, claims certified, paid,
disallowed, returned, awards raised and cut, budget moved. What an act refuses is no step.

After each step everything ties.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from board import clock
from board.models import Quarter
from board.quarters import MONEY
from core.money import NOUGHT
from core.problems import Refused
from funding import accruals, budgeting, claims, declaring, editing, moving, prepayments, spend_reports, spending, tying
from funding.claim_arithmetic import total as total_of
from funding.models import (
    Award,
    BudgetVersion,
    Claim,
    ClaimLine,
    Declaration,
    Disallowance,
    Receipt,
    ReceiptPart,
    SpendLine,
    SpendReport,
    VirementProposal,
)
from funding.models import Transaction as Entry
from funding.positions import version_in_force
from funding.spending import Charge
from returns import closing
from tests import factories

pytestmark = pytest.mark.django_db
D = Decimal

pence = st.integers(1, 30_000_000).map(lambda value: D(value).scaleb(-2))
pick = st.integers(0, 10_000)
KINDS = (Entry.Kind.ACTUAL, Entry.Kind.ACCRUAL, Entry.Kind.SUMMARY, Entry.Kind.ADVANCE)
HEADINGS = ("provider", "staff", "capital", "hospitality")
PROJECTS = ("CHB", "SIS", "GDM")


class Machine(RuleBasedStateMachine):
    """Two years of a programme, its grant and a council's match. Each run is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.day = date(2023, 4, 3)
        self.certified: dict[int, Any] = {}
        self.number = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        with clock.at(self.day):
            self.money = factories.money(factories.programme())
            self.officer = factories.person("commissioning-officer", "pfcc")
            line = self.money.line()
            later = self.money.line(year="2024-25")
            values = {(line.project, line.year): D("90000.00"), (later.project, later.year): D("90000.00")}
            self.signed = factories.contract(self.money.programme, values=values)
            self.unsigned = factories.contract(self.money.programme, reference="C-002", signed_on=None, values=values)
            self.agreement = factories.contract(
                self.money.programme, reference="G-001", kind="grant-agreement", values=values
            )
            for year in self.money.programme.years.all():
                self.set_the_budget(year)
        self.quarters = [
            row
            for row in self.money.programme.quarters.select_related("programme", "year").order_by("first_day", "number")
            if row.kind != Quarter.Kind.FOLLOW_UP
        ]

    def set_the_budget(self, year: Any) -> None:
        """£600,000 over three projects, a quarter of it in each quarter."""
        quarters = year.quarters.filter(kind=Quarter.Kind.QUARTER)
        parts = {"CHB": D("75000.00"), "SIS": D("50000.00"), "GDM": D("25000.00")}
        budgeting.set_budget(
            source=self.money.grant, year=year, kind=BudgetVersion.Kind.ORIGINAL, effective_on=date(2023, 4, 1),
            profiles={
                (self.money.line(project, year=year.code), quarter): part
                for project, part in parts.items()
                for quarter in quarters
            },
            reason="Original", by=self.money.finance,
        )  # fmt: skip

    # What the acts are drawn from

    def quarter(self, at: int) -> Quarter:
        return factories.quarter(self.money.programme, self.quarters[at % len(self.quarters)].code)

    def open_quarters(self) -> list[Quarter]:
        """The quarters that are not closed, in the order in which they close."""
        rows = [factories.quarter(self.money.programme, row.code) for row in self.quarters]
        return sorted((row for row in rows if row.money_closed_at is None), key=lambda row: row.order)

    def open_quarter(self) -> Quarter | None:
        """The earliest that is not closed; where a closing period runs beside it, now the one, now the other."""
        rows = self.open_quarters()
        if len(rows) > 1 and rows[1].kind == Quarter.Kind.CLOSING and self.number % 2:
            return rows[1]
        return rows[0] if rows else None

    def any(self, rows: Any, at: int) -> Any:
        found = list(rows)
        return found[at % len(found)] if found else None

    def tried(self, act: Any, **given: Any) -> Any:
        """Do it as a page would: what is refused changes nothing."""
        try:
            with clock.at(self.day), transaction.atomic():
                return act(**given)
        except (Refused, ValidationError):
            return None

    # What officers do

    @rule(
        cost=pence, kind=st.sampled_from(KINDS), grant=st.booleans(), cut=st.integers(1, 9_999), two=st.booleans(),
        at=pick, negative=st.integers(0, 9), heading=st.sampled_from(HEADINGS), contract=st.integers(0, 3),
        vat=st.integers(0, 20), kept=st.booleans(), back=st.integers(0, 2),
    )  # fmt: skip
    def record(self, cost: Decimal, kind: str, grant: bool, cut: int, two: bool, at: int, negative: int,
               heading: str, contract: int, vat: int, kept: bool, back: int) -> None:  # fmt: skip
        quarter = self.open_quarter()
        if quarter is None:
            return
        self.number += 1
        year = quarter.year.code
        if back == 2 and year == "2024-25":
            year = "2023-24"
        source = self.money.grant if grant else self.money.ecc_cash
        lines = [
            self.money.line(project, heading, year, source) for project in (PROJECTS[at % 3], PROJECTS[(at + 1) % 3])
        ]
        bound = {1: self.signed, 2: self.unsigned}.get(contract)
        if two and bound is None:
            percent = D(cut).scaleb(-2)
            charges = [Charge(lines[0], quarter, percent=percent), Charge(lines[1], quarter, percent=100 - percent)]
        else:
            charges = [Charge(self.money.line("CHB", heading, year, source) if bound else lines[0], quarter)]
        if kind == Entry.Kind.ACCRUAL or negative:
            sign = 1
        else:
            sign = -1
        tax = (cost * vat / 100).quantize(D("0.01"))
        first_day, last_day = charges[0].line.year.bounds
        served = min(max(self.day, first_day), last_day)
        entry = self.money.entry(
            str(sign * cost), on=self.day, kind=kind, service_from=served, service_to=served, contract=bound,
            supplier_name=f"Supplier {self.number}", vat=sign * tax, recoverable_vat=sign * tax if kept else NOUGHT,
            reason="Its original is not here" if sign < 0 else "",
        )  # fmt: skip
        by = self.money.finance if grant else self.money.council_finance
        self.tried(spending.record, entry=entry, charges=charges, by=by)

    @rule(at=pick)
    def reverse(self, at: int) -> None:
        entry, quarter = self.any(Entry.objects.in_force(), at), self.open_quarter()
        if entry and quarter:
            self.tried(spending.reverse, original=entry, quarter=quarter, reason="Wrong", by=self.keeper(entry))

    @rule(at=pick, share=st.integers(1, 100), refused=st.booleans())
    def credit(self, at: int, share: int, refused: bool) -> None:
        entry, quarter = self.any(Entry.objects.in_force().filter(cost__gt=0), at), self.open_quarter()
        if not entry or not quarter:
            return
        against = self.any(Disallowance.objects.filter(parts__line__transaction=entry), at) if refused else None
        amount = max((entry.cost * share / 100).quantize(D("0.01")), D("0.01"))
        self.tried(
            spending.credit, original=entry, quarter=quarter, amount=amount, document_number="CN", reason="Short",
            by=self.keeper(entry), against=against,
        )  # fmt: skip

    @rule(at=pick)
    def void(self, at: int) -> None:
        if entry := self.any(Entry.objects.in_force(), at):
            self.tried(spending.void, entry=entry, reason="Typed by mistake", by=self.keeper(entry))

    @rule(at=pick, cost=pence, where=st.integers(0, 2), vat=st.integers(0, 20))
    def edit(self, at: int, cost: Decimal, where: int, vat: int) -> None:
        entry, quarter = self.any(Entry.objects.in_force(), at), self.open_quarter()
        if not entry or not quarter:
            return
        line = entry.lines.first().budget_line
        tax = (cost * vat / 100).quantize(D("0.01"))
        same = {
            name: getattr(entry, name)
            for name in ("accounting_on", "service_from", "service_to", "supplier_name", "document_number", "reason")
        }
        changed = self.money.entry(str(cost), kind=entry.kind, vat=tax, recoverable_vat=tax, **same)
        charge = Charge(self.money.line(PROJECTS[where], "provider", line.year.code, line.source), quarter)
        self.tried(
            editing.edit, entry=entry, changed=changed, charges=[charge], seen_version=entry.version,
            by=self.keeper(entry),
        )  # fmt: skip

    @rule(at=pick)
    def sign_the_contract_and_look_again(self, at: int) -> None:
        self.unsigned.signed_on = self.day
        self.unsigned.save()
        if entry := self.any(Entry.objects.in_force().filter(lines__state="held").distinct(), at):
            self.tried(spending.reconsider, entry=entry, by=self.keeper(entry))

    def keeper(self, entry: Entry) -> Any:
        council = self.money.council_finance
        return council if entry.recorded_by_id == council.acting.organisation_id else self.money.finance

    @rule(cost=pence, back=st.booleans(), share=st.integers(1, 120))
    def pay_on_account_or_take_it_back(self, cost: Decimal, back: bool, share: int) -> None:
        quarter = self.open_quarter()
        if quarter is None:
            return
        [held] = spend_reports.held_by_grantees(self.money.finance.acting.organisation, [self.agreement]) or [None]
        if back and held and held.unspent > 0:
            self.tried(
                spend_reports.take_back_advances, contract=self.agreement, quarter=quarter, document_number="R",
                amount=max((held.unspent * share / 100).quantize(D("0.01")), D("0.01")), reason="Returned",
                came_on=self.day, by=self.money.finance,
            )  # fmt: skip
            return
        self.number += 1
        entry = self.money.entry(
            str(cost), on=self.day, kind=Entry.Kind.ADVANCE, contract=self.agreement, document_number=f"A{self.number}"
        )
        charges = [Charge(self.money.line(year=quarter.year.code), quarter)]
        entry.service_from = entry.service_to = min(max(self.day, quarter.first_day), quarter.last_day)
        self.tried(spending.record, entry=entry, charges=charges, by=self.money.finance)

    @rule(provider=st.integers(-9_999, 3_000_000), staff=st.integers(0, 1_000_000), at=pick)
    def record_a_statement(self, provider: int, staff: int, at: int) -> None:
        begun = [row for row in self.quarters if row.kind == Quarter.Kind.QUARTER and row.first_day <= self.day]
        quarter = self.any(begun, at)
        if quarter is None:
            return
        lines = [self.money.line("CHB", heading, quarter.year.code) for heading in ("provider", "staff")]
        self.tried(
            spend_reports.record_report, contract=self.agreement, quarter=quarter, signed_by_title="Treasurer",
            signed_on=self.day, document_reference="S", is_nil=not (provider or staff), by=self.money.finance,
            amounts={line: D(amount).scaleb(-2) for line, amount in zip(lines, (provider, staff), strict=True)},
        )  # fmt: skip

    @rule(at=pick)
    def void_a_statement(self, at: int) -> None:
        if report := self.any(SpendReport.objects.in_force(), at):
            self.tried(spend_reports.void_report, report=report, reason="Misread", by=self.money.finance)

    @rule(at=pick, what=st.integers(0, 3), cost=pence, all_of_them=st.booleans())
    def say_what_became_of_accruals(self, at: int, what: int, cost: Decimal, all_of_them: bool) -> None:
        waiting = [
            row
            for keeper in (self.money.finance, self.money.council_finance)
            for row in accruals.open_accruals(keeper.acting.organisation)
        ]
        chosen = waiting if all_of_them else [self.any(waiting, at)]
        for accrual in filter(None, chosen):
            self.say_what_became_of(accrual, what, at, cost)

    def say_what_became_of(self, accrual: Entry, what: int, at: int, cost: Decimal) -> None:
        by, quarter = self.keeper(accrual), self.open_quarter()
        if what == 0 or quarter is None:
            self.tried(accruals.write_back, accrual=accrual, reason="No invoice comes", by=by)
        elif invoice := what == 1 and self.any(accruals.invoices_for(accrual), at):
            self.tried(accruals.settle, accrual=accrual, invoice=invoice, by=by)
        else:
            amount = accrual.net if what == 2 else cost
            self.tried(
                accruals.raise_again, accrual=accrual, quarter=quarter, amount=amount, reason="No invoice yet", by=by
            )

    @rule(cost=pence, sign=st.sampled_from([1, 1, 1, -1]), length=st.integers(20, 500), at=pick, vat=st.integers(0, 20))
    def cut_an_invoice_at_the_years_end(self, cost: Decimal, sign: int, length: int, at: int, vat: int) -> None:
        quarter = self.open_quarter()
        if quarter is None:
            return
        self.number += 1
        year, grant = quarter.year.code, at % 2 == 0
        source = self.money.grant if grant else self.money.ecc_cash
        for later in ("2023-24", "2024-25"):
            self.money.line("CHB", "provider", later, source)
        first = quarter.year.bounds[1] - timedelta(days=at % 300)
        entry = self.money.entry(
            str(sign * cost), on=self.day, service_from=first, service_to=first + timedelta(days=length),
            vat=sign * (cost * vat / 100).quantize(D("0.01")), supplier_name=f"Supplier {self.number}",
            reason="Its original is not here" if sign < 0 else "",
        )  # fmt: skip
        charges = [Charge(self.money.line("CHB", "provider", year, source), quarter)]
        by = self.money.finance if grant else self.money.council_finance
        self.tried(prepayments.record_cut, entry=entry, charges=charges, amounts=None, by=by)

    @rule(grant=st.booleans(), what=st.integers(0, 4), cost=pence)
    def declare(self, grant: bool, what: int, cost: Decimal) -> None:
        if what < 4:
            self.say_what_became_of_accruals(0, what, cost, True)
        quarter, source = self.open_quarter(), self.money.grant if grant else self.money.ecc_cash
        if quarter is None:
            return
        nil = not SpendLine.objects.spend().charged_to(source).in_quarter(quarter).exists()
        by = self.money.finance if grant else self.money.council_finance
        self.tried(declaring.declare, source=source, quarter=quarter, nil=nil, by=by)

    @rule(at=pick)
    def withdraw_a_declaration(self, at: int) -> None:
        if row := self.any(Declaration.objects.in_force(), at):
            council = self.money.council_finance
            by = council if row.organisation_id == council.acting.organisation_id else self.money.finance
            self.tried(declaring.withdraw, declaration=row, reason="Not complete", by=by)

    @rule()
    def close_the_quarter(self) -> None:
        """Time passes to the quarter's end, its accruals go into the next."""
        quarter = next(iter(self.open_quarters()), None)
        if quarter is None:
            return
        if quarter.kind != Quarter.Kind.CLOSING:
            self.day = max(self.day, quarter.last_day + timedelta(days=9))
        for entry in closing._standing_accruals(quarter):
            if quarter.kind == Quarter.Kind.CLOSING and not entry.reason:
                entry.reason = "It stands"
                entry.save()
        self.tried(closing.close, quarter=quarter, what=MONEY, by=self.officer)

    @rule()
    def certify(self) -> None:
        done = set(Claim.objects.in_force().values_list("quarter_id", flat=True))
        rows = sorted(self.quarters, key=lambda row: (row.year.starts, row.number))
        quarter = next((row for row in rows if row.pk not in done), None)
        if quarter is None:
            return
        quarter = factories.quarter(self.money.programme, quarter.code)
        amount = claims.work_out(self.money.grant, quarter, today=self.day).amount
        self.number += 1
        claim = self.tried(
            claims.certify, source=self.money.grant, quarter=quarter, content_hash="a" * 64, expected=amount,
            reference=f"P/claim/{quarter.code}/r{self.number}", by=self.money.finance,
        )  # fmt: skip
        if claim:
            self.certified[claim.pk] = stands(claim)

    @rule(at=pick, share=st.integers(1, 100))
    def disallow(self, at: int, share: int) -> None:
        line = self.any(
            ClaimLine.objects.filter(in_force=True, line__cost__gt=0).select_related("line__transaction"), at
        )
        if line is None:
            return
        amount = max((line.cost * share / 100).quantize(D("0.01")), D("0.01"))
        self.tried(
            claims.disallow, source=self.money.grant, amounts={line.line: amount}, disallowed_on=self.day,
            funder_reference="HO", reason="No evidence", by=self.money.finance,
        )  # fmt: skip

    @rule(at=pick)
    def return_a_claim(self, at: int) -> None:
        if claim := self.any(Claim.objects.in_force(), at):
            self.tried(claims.withdraw, claim=claim, reason="Returned by the funder", by=self.money.finance)

    @rule(at=pick, share=st.integers(1, 100))
    def receive(self, at: int, share: int) -> None:
        claim = self.any(Claim.objects.in_force(), at)
        if claim is None or claim.still_owed() <= 0:
            return
        amount = max((claim.still_owed() * share / 100).quantize(D("0.01")), D("0.01"))
        part = ReceiptPart(claim=claim, amount=amount)
        self.tried(claims.receive, source=claim.source, received_on=self.day, parts=[part], by=self.money.finance)

    @rule(at=pick)
    def void_a_receipt(self, at: int) -> None:
        if receipt := self.any(Receipt.objects.filter(voided_at=None), at):
            self.tried(claims.void_receipt, receipt=receipt, reason="Another claim's", by=self.money.finance)

    @rule(amount=st.integers(10_000_000, 80_000_000), first=st.booleans())
    def change_the_award(self, amount: int, first: bool) -> None:
        """The funder raises or cuts a year's award."""
        year = self.money.programme.years.get(code="2023-24" if first else "2024-25")
        self.tried(
            budgeting.award, source=self.money.grant, year=year, amount=D(amount).scaleb(-2), effective_on=self.day,
            reason="Letter", by=self.money.finance,
        )  # fmt: skip

    @rule(at=pick, to=pick, cost=pence, first=st.booleans())
    def move_budget(self, at: int, to: int, cost: Decimal, first: bool) -> None:
        """One officer moves a little, a second person lets the rest take effect."""
        quarter, year = self.open_quarter(), self.money.programme.years.get(code="2023-24" if first else "2024-25")
        lines = [self.money.line(project, year=year.code) for project in PROJECTS]
        out_of, into = lines[at % 3], lines[to % 3]
        if quarter is None or out_of == into:
            return
        where = quarter if quarter.year == year else year.quarters.get(kind=Quarter.Kind.QUARTER, number=4)
        cells = {(out_of.project, out_of.heading, where): -cost, (into.project, into.heading, where): cost}
        done = self.tried(
            moving.move_or_propose, source=self.money.grant, year=year, cells=cells, reason="More cases",
            funder_reference="HO-1", by=self.money.finance,
        )  # fmt: skip
        if isinstance(done, VirementProposal):
            self.tried(moving.approve, proposal=done, by=self.officer)

    # What must hold

    @invariant()
    def a_budget_sums_to_its_award_by_project_and_by_heading(self) -> None:
        """F28, whatever was moved and however the award was changed."""
        if not hasattr(self, "money"):
            return
        for year in self.money.programme.years.all():
            version = version_in_force(self.money.grant, year, self.day)
            award = Award.objects.get(source=self.money.grant, year=year)
            assert sum(budgeting.profiles_of(version).values(), NOUGHT) == award.amount_on(self.day)

    @invariant()
    def everything_ties(self) -> None:
        if not hasattr(self, "money"):
            return
        sources = [self.money.grant, self.money.ecc_cash, self.money.ecc_in_kind]
        assert tying.split_wrongly(sources) == []
        placed = NOUGHT
        for year in self.money.programme.years.all():
            rows = tying.ties(sources, year)
            assert [row for row in rows if row.difference] == []
            placed += sum((row.cost for row in rows), NOUGHT)
            assert tying.award_tie(self.money.grant, year).difference == NOUGHT
        entries = Entry.objects.in_force().exclude(kind=Entry.Kind.ADVANCE).exclude(takes_back__kind=Entry.Kind.ADVANCE)
        assert placed == sum((entry.cost for entry in entries), NOUGHT)

    @invariant()
    def a_statement_is_its_entries(self) -> None:
        for report in SpendReport.objects.in_force():
            assert report.total == sum((entry.cost for entry in report.entries.in_force()), NOUGHT)
        assert not Entry.objects.in_force().filter(report__voided_at__isnull=False).exists()

    @invariant()
    def nothing_is_claimed_before_its_year_receives_it(self) -> None:
        claimed = ClaimLine.objects.filter(in_force=True, line__transaction__kind=Entry.Kind.PREPAYMENT)
        for row in claimed.select_related("line__transaction", "part__claim__quarter__year"):
            assert row.line.transaction.service_from <= row.part.claim.quarter.year.bounds[1]

    @invariant()
    def nothing_certified_changes(self) -> None:
        for claim in Claim.objects.all():
            assert stands(claim) == self.certified[claim.pk]

    @invariant()
    def no_year_pays_for_another(self) -> None:
        assert not ClaimLine.objects.exclude(line__budget_line__year=models_year()).exists()

    @invariant()
    def a_year_that_is_over_ends_at_its_outturn(self) -> None:
        """Quarterly claims and the final claim, less disallowed, are what the year was allowed."""
        for claim in Claim.objects.in_force().filter(quarter__kind=Quarter.Kind.CLOSING):
            tie = tying.award_tie(claim.source, claim.quarter.year)
            part = claim.parts.get(year=claim.quarter.year)
            later = claim.source.claims.in_force().filter(
                parts__year=part.year, quarter__year__starts__gt=part.year.starts
            )
            if not later.exists() and tie.disallowed == part.disallowed:
                assert tie.outturn == part.eligible_to_date

    @invariant()
    def no_line_gives_more_than_it_has(self) -> None:
        positive = list(SpendLine.objects.in_force().filter(cost__gt=0, transaction__takes_back=None))
        assert all(left >= 0 for left in spending.remaining_of(positive).values())


def models_year() -> Any:
    from django.db.models import F

    return F("part__year")


def stands(claim: Claim) -> Any:
    """Everything that a certified claim says of itself, whether it is in force or not."""
    parts = [
        (part.year_id, part.amount, part.eligible_to_date, part.claimed_before, part.credit_carried, part.beyond_award)
        for part in claim.parts.order_by("year_id")
    ]
    lines = list(ClaimLine.objects.filter(part__claim=claim).order_by("pk").values_list("line_id", "cost"))
    assert claim.amount == sum((part[1] for part in parts), NOUGHT)
    return claim.reference, claim.amount, claim.content_hash, parts, lines


COMMON = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate, Phase.shrink),
    "database": None,
}


def test_it_ties_after_every_step() -> None:
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=6, stateful_step_count=30, derandomize=True, **COMMON)
    )


@pytest.mark.deep
def test_it_ties_after_every_step_of_many_long_years() -> None:
    run_state_machine_as_test(Machine, settings=settings(max_examples=150, stateful_step_count=120, **COMMON))


def test_a_claimed_line_that_changes_its_state_is_seen() -> None:
    """The tie can fail: a line whose place is lost shows as a difference."""
    with clock.at(date(2023, 7, 5)):
        money = factories.money(factories.programme())
        entry = money.record("100.00")
        SpendLine.objects.filter(transaction=entry).update(cost=D("90.00"))
        assert tying.split_wrongly([money.grant]) == [entry]
        quarter = money.quarter()
        quarter.money_closed_at, quarter.money_closed_by = clock.now(), money.finance
        quarter.save()
        amount = total_of(worked.part for worked in claims.work_out(money.grant, quarter, today=clock.today()).parts)
        claims.certify(
            source=money.grant, quarter=quarter, reference="P/claim/1", content_hash="a" * 64, expected=amount,
            by=money.finance,
        )  # fmt: skip
        SpendLine.objects.filter(transaction=entry).update(cost=D("95.00"))
        [row] = tying.ties([money.grant], money.line().year)
        assert row.difference == D("5.00")
