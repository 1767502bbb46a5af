"""The tables of returns."""

from returns.models.copied import CopyOrder, CopyTick
from returns.models.made import Commentary, Document, Download, Return, Risk, Signature, Waiver, kind_choices
from returns.models.sampled import Sample, SampleLine
from returns.models.sent import Dispatch, FunderQuery, QueryFile
from returns.models.templates import FunderTemplate, TemplateMap

__all__ = [
    "Commentary",
    "CopyOrder",
    "CopyTick",
    "Dispatch",
    "Document",
    "Download",
    "FunderQuery",
    "FunderTemplate",
    "QueryFile",
    "Return",
    "Risk",
    "Sample",
    "SampleLine",
    "Signature",
    "TemplateMap",
    "Waiver",
    "kind_choices",
]
