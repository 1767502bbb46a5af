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
    Repayment,
)
from funding.models.deciding import VirementProposal, VirementProposalMove, YearEndBalance
from funding.models.evidence import Evidence
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
from funding.models.importing import ColumnMap, LedgerFile, LedgerImport, LedgerRow, SupplierAlias
from funding.models.matching import MatchReceipt
from funding.models.reconciling import ControlTotal, ReconcilingItem
from funding.models.reporting import SpendReport
from funding.models.spent import SpendLine, Transaction
from funding.models.usual import UsualSplit

__all__ = [
    "Award",
    "AwardRevision",
    "BudgetLine",
    "BudgetVersion",
    "Claim",
    "ClaimLine",
    "ClaimPart",
    "ColumnMap",
    "Commitment",
    "ControlTotal",
    "CostHeading",
    "Declaration",
    "Disallowance",
    "DisallowancePart",
    "Evidence",
    "Forecast",
    "LedgerFile",
    "LedgerImport",
    "LedgerRow",
    "MatchReceipt",
    "Profile",
    "Receipt",
    "ReceiptPart",
    "ReconcilingItem",
    "Repayment",
    "Source",
    "SpendLine",
    "SpendReport",
    "SupplierAlias",
    "Transaction",
    "UnderspendNotice",
    "UsualSplit",
    "VarianceReason",
    "Virement",
    "VirementMove",
    "VirementProposal",
    "VirementProposalMove",
    "YearEndBalance",
]
