"""What is shown of results, as frozen rows: pages and returns lay them out and work nothing out."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Shown:
    """One cell. `unit`: count, scaled, percent (in points) or text. `state` as returns print it: "r", "missing"."""

    value: Decimal | int | str | date | None
    unit: str
    state: str = ""
    numerator: int | None = None
    denominator: int | None = None
    caveat: str = ""
    trace: tuple[str, ...] = ()


@dataclass(frozen=True)
class MeasureLine:
    """One measure over the year and the programme. A target is in the measure's unit, a rate's in per cent."""

    code: str
    name: str
    section: str
    section_name: str
    unit: str
    kind: str
    definition: str
    definition_version: int
    computed: bool
    supplier: str
    target: Decimal | None
    target_so_far: Decimal | None
    quarters: tuple[Shown, Shown, Shown, Shown]
    year_to_date: Shown
    programme_to_date: Shown
    rag: str
    comment: str
    # Where somebody rated it by hand: who, why, and what the figures alone say.
    by_hand: str = ""


@dataclass(frozen=True)
class BreakdownLine:
    """One category of one breakdown, for the quarter asked about."""

    code: str
    name: str
    dimension: str
    dimension_name: str
    category: str
    category_name: str
    shown: Shown


@dataclass(frozen=True)
class CohortLine:
    """People who entered in one quarter, as found when their follow-up ended."""

    code: str
    name: str
    window_months: int
    entry_quarter: str
    due_quarter: str
    shown: Shown


@dataclass(frozen=True)
class MilestoneLine:
    """A milestone with its latest dates."""

    code: str
    name: str
    due_on: date
    forecast_on: date | None
    met_on: date | None
    status: str
    trace: tuple[str, ...]


@dataclass(frozen=True)
class Narrative:
    """What a supplier wrote in the quarter."""

    code: str
    title: str
    text: str
    supplier: str
    trace: tuple[str, ...]


@dataclass(frozen=True)
class QualityLine:
    """A figure or submission to be read with care: late, estimated, revised, queried or missing.

    `words` are a supplier's or officer's own and may state a number; empty wherever small numbers are hidden.
    """

    kpi: str
    quarter: str
    what: str
    words: str
    supplier: str
    reference: str


@dataclass(frozen=True)
class SignOff:
    """Who handed a supplier's results of the quarter in, and who accepted them."""

    organisation: str
    duty: str
    reference: str
    revision: int
    status: str
    submitted_at: datetime | None
    submitted_by: str
    accepted_at: datetime | None
    accepted_by: str


@dataclass(frozen=True)
class ProjectPerformance:
    """All that a project achieved, up to a quarter."""

    code: str
    name: str
    typology: str
    measures: tuple[MeasureLine, ...]
    breakdowns: tuple[BreakdownLine, ...]
    cohorts: tuple[CohortLine, ...]
    milestones: tuple[MilestoneLine, ...]
    narratives: tuple[Narrative, ...]
    quality: tuple[QualityLine, ...]
    sign_offs: tuple[SignOff, ...]


@dataclass(frozen=True)
class Outstanding:
    """A duty whose results of the quarter are not accepted yet, and where to put that right."""

    project: str
    duty: str
    organisation: str
    reference: str
    status: str
    words: str
    url_name: str
    url_args: tuple[object, ...]
