"""Scenes that the tests of the returns begin from: a small programme with money, people and a quarter to claim."""

from datetime import date
from decimal import Decimal

from board import clock
from board.models import Quarter, User
from board.quarters import MONEY
from funding import claims
from funding.budgeting import commit, explain_variance, forecast, set_budget
from funding.declaring import declare
from funding.models import BudgetVersion, Claim, Transaction, VarianceReason
from funding.reconciling import reconciliation, record_total
from funding.spending import Charge
from kpis.catalogue import load_catalogue
from kpis.duties import set_target
from kpis.models import Duty, Kpi
from returns import certifying, closing
from returns.kinds.scope import of_quarter
from returns.models import Return
from tests import factories
from tests.factories import Money, person
from tests.kpis import scene as results

D = Decimal
JULY = date(2023, 7, 5)
LATE_JULY = date(2023, 7, 27)


class Scene:
    """A programme with a grant, its budget for 2023-24, and the people who make its returns."""

    def __init__(self) -> None:
        self.programme = factories.programme()
        self.money = Money(self.programme)
        self.finance = self.money.finance
        self.commissioning = person("commissioning-officer", "pfcc")
        self.second_commissioning = person("commissioning-officer", "pfcc", number=2)
        self.cfo = person("cfo", "pfcc")
        self.auditor = person("auditor", "home-office")
        self.contract = factories.contract(
            self.programme, values={(self._project("CHB"), self._year("2023-24")): D("210000.00")}
        )
        self._set_budget()

    def _project(self, code: str):
        return self.programme.projects.get(code=code)

    def _year(self, code: str):
        return self.programme.years.get(code=code)

    def _set_budget(self) -> None:
        lines = {"CHB": "60000.00", "SIS": "50000.00", "GDM": "40000.00"}
        profiles = {
            (self.money.line(project), self.quarter(f"2023-24-Q{number}")): D(amount)
            for project, amount in lines.items()
            for number in (1, 2, 3, 4)
        }
        set_budget(
            source=self.money.grant,
            year=self._year("2023-24"),
            kind=BudgetVersion.Kind.ORIGINAL,
            profiles=profiles,
            effective_on=date(2023, 4, 1),
            reason="Award letter",
            by=self.finance,
        )
        commit(contract=self.contract, line=self.money.line(), amount=D("200000.00"), by=self.finance)
        for (line, quarter), amount in profiles.items():
            if quarter.number > 1:
                forecast(line=line, quarter=quarter, amount=amount, by=self.finance)

    def quarter(self, code: str = "2023-24-Q1") -> Quarter:
        return self.money.quarter(code)

    def spend(self) -> None:
        """£58,400 on three projects in the first quarter, £4,000 of it accrued."""
        first = self.quarter()
        self.money.record("12400.00", document_number="INV-1", contract=self.contract)
        self.money.record("30000.00", Charge(self.money.line("SIS"), first), document_number="INV-2")
        self.money.record(
            "12000.00",
            Charge(self.money.line("GDM"), first),
            supplier_name="",
            basis="Practitioner, 0.8 of a post",
            vat=D("2400.00"),
            recoverable_vat=D("2400.00"),
        )
        self.money.record(
            "4000.00", on=date(2023, 6, 30), kind=Transaction.Kind.ACCRUAL, description="June sessions, not invoiced"
        )
        self.money.record("900.00", Charge(self.money.line("CHB", "capital"), first), description="Laptop")

    def explain(self, quarter: Quarter | None = None) -> None:
        for project, variance in (("CHB", "-42700.00"), ("SIS", "-20000.00"), ("GDM", "-28000.00")):
            explain_variance(
                source=self.money.grant,
                project=self._project(project),
                quarter=quarter or self.quarter(),
                code=VarianceReason.Code.LATE_START,
                words="The award letter came in May, so work began late.",
                variance=D(variance),
                by=self.finance,
            )

    def declare(self, quarter: Quarter | None = None, *, nil: bool = False) -> None:
        declare(source=self.money.grant, quarter=quarter or self.quarter(), nil=nil, by=self.finance)

    def reconcile(self, quarter: Quarter | None = None) -> None:
        """The grant keeper's ledger shows what our record shows."""
        quarter = quarter or self.quarter()
        found = reconciliation(self.finance.acting.organisation, self.programme, quarter)
        record_total(
            programme=self.programme,
            quarter=quarter,
            amount=found.ours,
            ledger_print="Cost centre 4711",
            by=self.finance,
        )

    def close(self, what: str = MONEY, quarter: Quarter | None = None) -> Quarter:
        return closing.close(quarter=quarter or self.quarter(), what=what, by=self.commissioning)

    def closed(self) -> None:
        """The first quarter recorded, explained, declared, reconciled and closed."""
        self.spend()
        self.explain()
        self.declare()
        self.reconcile()
        self.close()

    def open_return(self, kind: str = "claim", quarter: Quarter | None = None, by: User | None = None) -> Return:
        return certifying.open_return(kind=kind, scope=of_quarter(quarter or self.quarter()), by=by or self.finance)

    def asked_for_results(self) -> Duty:
        """The Change Project is asked for its first quarter on The Change Hub."""
        load_catalogue(self.programme, self.commissioning)
        duty = results.duty_of(self.programme, "CHB", "change", results.MEASURES)
        kpi = Kpi.objects.get(project__programme=self.programme, code="CHB-06")
        set_target(
            kpi=kpi,
            year=self._year("2023-24"),
            value=D("80"),
            from_date=date(2023, 4, 1),
            reason="Agreed with the supplier",
            by=self.commissioning,
        )
        results.draft(duty)
        return duty

    def with_results(self) -> Duty:
        """The same, handed in and accepted."""
        duty = self.asked_for_results()
        results.accepted(duty)
        return duty

    def certified(self) -> Return:
        """The first quarter's claim, certified on 27 July 2023."""
        self.closed()
        the_return = self.open_return()
        certifying.prepare(the_return=the_return, by=self.finance)
        certifying.check(the_return=the_return, by=self.commissioning)
        with clock.at(LATE_JULY):
            return certifying.certify(the_return=the_return, by=self.cfo)

    def certify_claim(self, quarter: Quarter) -> Claim:
        """Certify a closed quarter's claim on record, without the return, where a test is about the next one."""
        worked = claims.work_out(self.money.grant, quarter, today=clock.today())
        return claims.certify(
            source=self.money.grant,
            quarter=quarter,
            reference=f"{self.programme.code}/claim/{quarter.code}/r1",
            content_hash="",
            expected=worked.amount,
            by=self.cfo,
        )
