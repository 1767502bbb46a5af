"""The frozen content of a return: what it says, before any file is made of it.

A kind of return builds one Content; workbook, PDF and web preview are pure functions of it, and its
hash is what a signer signs. No tables and no clock here: whether it is a draft, who signed and when
stands in the Stamp, which the hash leaves out.
"""

from returns.content.building import Cell, make_fact, make_row, make_total
from returns.content.figures import (
    FORMAT,
    HIDING,
    LONDON,
    MARKERS,
    NUMERIC,
    ROW_KINDS,
    STATES,
    TYPES,
    UNITS,
    WORDS,
    Figure,
    Value,
    clean,
    slug,
)
from returns.content.shape import (
    Chart,
    Column,
    Content,
    Definition,
    Fact,
    Narrative,
    Row,
    Section,
    SignatureAsked,
    Table,
    ThresholdUsed,
)
from returns.content.stamps import SignatureGiven, Stamp, check_stamp, file_name
from returns.content.storing import Difference, canonical_json, content_hash, differences, from_json, short_hash, stated
from returns.content.words import chart_data, date_words, figure_words, moment_words, state_words, value_words

__all__ = [
    "FORMAT",
    "HIDING",
    "LONDON",
    "MARKERS",
    "NUMERIC",
    "ROW_KINDS",
    "STATES",
    "TYPES",
    "UNITS",
    "WORDS",
    "Cell",
    "Chart",
    "Column",
    "Content",
    "Definition",
    "Difference",
    "Fact",
    "Figure",
    "Narrative",
    "Row",
    "Section",
    "SignatureAsked",
    "SignatureGiven",
    "Stamp",
    "Table",
    "ThresholdUsed",
    "Value",
    "canonical_json",
    "chart_data",
    "check_stamp",
    "clean",
    "content_hash",
    "date_words",
    "differences",
    "figure_words",
    "file_name",
    "from_json",
    "make_fact",
    "make_row",
    "make_total",
    "moment_words",
    "short_hash",
    "slug",
    "state_words",
    "stated",
    "value_words",
]
