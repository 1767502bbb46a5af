"""A whole award year for the tests of the year-end and the outturn statement, from first quarter to final claim."""

from datetime import date
from decimal import Decimal

from board import clock, rows
from board.models import Quarter
from board.quarters import MONEY
from funding import claims, ending
from funding.models import SpendLine, YearEndBalance
from funding.spending import Charge
from returns import closing
from returns.content import Content
from returns.kinds import KINDS, content_of
from returns.kinds.scope import Scope
from tests.returns.scenes import Scene

D = Decimal
AFTER = date(2024, 10, 7)
# When each quarter is closed. A closing period runs beside the next year's first quarters.
DAYS = {
    "2023-24-Q2": date(2023, 10, 9),
    "2023-24-Q3": date(2024, 1, 9),
    "2023-24-Q4": date(2024, 4, 9),
    "2024-25-Q1": date(2024, 7, 9),
    "2023-24-closing": date(2024, 10, 2),
}


class Year:
    """2023-24 from its first quarter to its final claim: an accrual, a late invoice, £100.00 disallowed."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.money = scene, scene.money
        scene.spend()
        scene.reconcile()
        scene.close()
        scene.certify_claim(scene.quarter())
        with clock.at(date(2023, 8, 20)):
            self.money.record_late("3900.00")
        refused = SpendLine.objects.get(transaction__document_number="INV-2")
        claims.disallow(
            source=self.money.grant,
            disallowed_on=date(2023, 9, 1),
            funder_reference="HO-1",
            reason="No receipt",
            amounts={refused: D("100.00")},
            by=scene.finance,
        )
        for code, day in DAYS.items():
            quarter = scene.quarter(code)
            with clock.at(day):
                if quarter.number == 4:
                    scene.reconcile(quarter)
                if code == "2023-24-closing":
                    self.late_invoice(quarter)
                closing.close(quarter=quarter, what=MONEY, by=scene.commissioning)
                if code.startswith("2023"):
                    scene.certify_claim(scene.quarter(code))

    def late_invoice(self, period: Quarter) -> None:
        """£750.00 of March 2024, recorded in the closing period."""
        charge = Charge(self.money.line("SIS"), period, relates_to=self.scene.quarter("2023-24-Q4"))
        of_march = {"service_from": date(2024, 3, 1), "service_to": date(2024, 3, 31)}
        self.money.record("750.00", charge, on=date(2024, 5, 3), document_number="INV-9", **of_march)

    @property
    def scope(self) -> Scope:
        return Scope(self.scene.quarter(), self.scene.quarter("2023-24-closing"))

    @property
    def lines(self) -> list[SpendLine]:
        rows = SpendLine.objects.select_related("transaction", "budget_line__project")
        return [row for row in rows if row.budget_line.source_id == self.money.grant.pk]

    def marked(self) -> None:
        """As if it had been marked before the final claim, which `scene.certify_claim` puts on record unasked."""
        grant, year = self.money.grant, self.scope.last.year
        left = ending.balance(grant, year, today=clock.today()).unspent
        row = YearEndBalance(source=grant, year=year, treatment=YearEndBalance.Treatment.LAPSING, amount=left)
        row.reason = "A late start"
        rows.create(row, by=self.scene.finance)

    def content(self, kind: str = "usage") -> Content:
        return content_of(KINDS[kind], self.scope, today=clock.today(), the_return=None)
