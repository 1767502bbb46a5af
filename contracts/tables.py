"""The tables of contracts, their value and their variations."""

from django_tables2 import A

from contracts.models import Contract
from core.tables import Column, CountColumn, DayColumn, MoneyColumn, Table


class ContractTable(Table):
    caption = "Contracts"
    empty_text = "No contract matches. Clear the filters to see all."
    reference = Column("Reference", linkify=("contracts:contract", [A("reference")]))
    title = Column("Title")
    kind = Column("Kind")
    provider = Column("Provider", accessor="provider__short_name")
    signed_on = DayColumn("Signed", default="Not signed")
    starts_on = DayColumn("Starts")
    ends_on = DayColumn("Ends")
    value = MoneyColumn("Value, with variations", accessor="worth", total=True)

    class Meta:
        order_by = ("reference",)

    def value_kind(self, record: Contract) -> str:
        return record.get_kind_display()

    def work_out_totals(self) -> dict[str, object]:
        """Summed from each row's own sum, which the database cannot sum again over one join."""
        values = self.data.data.order_by().values_list("worth", flat=True)
        return {"value": sum(value for value in values if value is not None)}


class ValueTable(Table):
    """A contract's value by project and year: as first agreed, as varied, as in force."""

    caption = "Value by project and year"
    empty_text = "No value is agreed: nothing is paid under it."
    project = Column("Project")
    year = Column("Year")
    first = MoneyColumn("As first agreed", total=True)
    varied = MoneyColumn("Variations", total=True)
    in_force = MoneyColumn("In force", total=True)

    class Meta:
        orderable = False


class VariationTable(Table):
    caption = "Variations"
    empty_text = "The contract is as it was first agreed."
    number = CountColumn("Number")
    effective_on = DayColumn("Effective")
    approved_on = DayColumn("Approved")
    decision_reference = Column("Decision")
    reason = Column("Reason")
    retrospective_reason = Column("Why approved afterwards")
    ends_on_after = DayColumn("New end")
    change = MoneyColumn("Change of value", accessor="worth", total=True)

    class Meta:
        orderable = False
