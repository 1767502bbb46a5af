"""Performance reported: what is measured, who reports it, and what they reported.

How figures are added is never a column: it follows from a measure's kind, in `kpis/aggregation.py`.
"""

from kpis.models.definitions import Category, Dimension, Identity, Kpi, KpiVersion, Rating, Target, version_on
from kpis.models.duties import Duty, DutyMeasure
from kpis.models.publications import Publication
from kpis.models.results import Breakdown, Result
from kpis.models.submissions import Confirmation, Correction, Extension, Submission, SubmissionQuery

__all__ = [
    "Breakdown",
    "Category",
    "Confirmation",
    "Correction",
    "Dimension",
    "Duty",
    "DutyMeasure",
    "Extension",
    "Identity",
    "Kpi",
    "KpiVersion",
    "Publication",
    "Rating",
    "Result",
    "Submission",
    "SubmissionQuery",
    "Target",
    "version_on",
]
