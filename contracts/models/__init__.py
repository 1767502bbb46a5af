"""Agreements with those who deliver: what is agreed, and what is followed while they run."""

from contracts.models.agreed import (
    Assignment,
    Contract,
    ContractMilestone,
    ContractValue,
    ExtensionOption,
    Variation,
)
from contracts.models.followed import Action, Check, ContractFile, Issue

__all__ = [
    "Action",
    "Assignment",
    "Check",
    "Contract",
    "ContractFile",
    "ContractMilestone",
    "ContractValue",
    "ExtensionOption",
    "Issue",
    "Variation",
]
