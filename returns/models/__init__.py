"""The tables of returns."""

from returns.models.made import Commentary, Document, Download, Return, Risk, Signature, Waiver
from returns.models.sent import Dispatch, FunderQuery, QueryFile
from returns.models.templates import FunderTemplate, TemplateMap

__all__ = [
    "Commentary",
    "Dispatch",
    "Document",
    "Download",
    "FunderQuery",
    "FunderTemplate",
    "QueryFile",
    "Return",
    "Risk",
    "Signature",
    "TemplateMap",
    "Waiver",
]
