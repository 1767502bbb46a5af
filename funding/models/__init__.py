"""Money given, spent and claimed; a file a subject."""

from funding.models.claiming import (
    Claim,
    ClaimLine,
    ClaimPart,
    Declaration,
    Disallowance,
    DisallowancePart,
    Receipt,
    ReceiptPart,
)
from funding.models.given import (
    Award,
    AwardRevision,
    BudgetLine,
    BudgetVersion,
    Commitment,
    CostHeading,
    Forecast,
    Profile,
    Source,
    UnderspendNotice,
    VarianceReason,
    Virement,
    VirementMove,
)
from funding.models.spent import SpendLine, Transaction

__all__ = [
    "Award",
    "AwardRevision",
    "BudgetLine",
    "BudgetVersion",
    "Claim",
    "ClaimLine",
    "ClaimPart",
    "Commitment",
    "CostHeading",
    "Declaration",
    "Disallowance",
    "DisallowancePart",
    "Forecast",
    "Profile",
    "Receipt",
    "ReceiptPart",
    "Source",
    "SpendLine",
    "Transaction",
    "UnderspendNotice",
    "VarianceReason",
    "Virement",
    "VirementMove",
]
