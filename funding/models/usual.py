"""How the cost of a contract is usually split, as the officers of one ledger last confirmed it."""

from decimal import Decimal
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from board.models import Organisation
from board.rows import Kept
from contracts.models import Contract
from funding.models.given import BudgetLine

# The whole of a split: hundredths of a per cent.
WHOLE = 10000


class UsualSplitQuerySet(models.QuerySet["UsualSplit"]):
    def of_ledger(self, organisation: Organisation) -> Self:
        """The parts in use in one organisation's ledger."""
        return self.filter(organisation=organisation, hundredths__gt=0)


class UsualSplit(Kept):
    """One row is a budget line's part of the usual split of a contract, in hundredths of a per cent.

    The parts in use of one contract and ledger make up 100 per cent, which the act that remembers them
    sees to. A line that left the split stays with nought, so that its history stays.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="usual_splits")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="usual_splits")
    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="usual_splits")
    hundredths = models.PositiveIntegerField(help_text="Hundredths of a per cent.")

    objects = UsualSplitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["contract", "organisation", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "contract", "line"], name="usual_split_line_once"),
            models.CheckConstraint(
                condition=Q(hundredths__gte=0, hundredths__lte=WHOLE),
                name="usual_split_within_the_whole",
                violation_error_message="A part of the usual split lies between 0 and 100 per cent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference}: {self.percent.normalize():f}%"

    @property
    def percent(self) -> Decimal:
        """The part as a percentage with two places."""
        return Decimal(self.hundredths).scaleb(-2)
