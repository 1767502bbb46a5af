"""What a shown figure rests on: numbers of results, each by submission, measure and column, and what is done with them.

`result:SUBMISSION#KPI.COLUMN` is one number; `@DIMENSION.CATEGORY` after it makes it a breakdown's and `~QUARTER` that
of the people who entered in a quarter. A minus before it takes it away. They add up to the figure, unless `by:share` or
`by:mean` stands before them: then those before `over` are divided by those after it.
"""

from collections.abc import Sequence

from board.models import Project, Quarter
from kpis import formulas
from kpis.aggregation import PROGRAMME, YEAR, rests_on
from kpis.kinds import FigureType
from kpis.models import Breakdown, KpiVersion, Result
from kpis.reported import Reported

OVER = "over"
_PEOPLE = {YEAR: "people_year", PROGRAMME: "people_programme"}
_PLAIN = {FigureType.COUNT: "count", FigureType.SCALED: "scaled", FigureType.MEDIAN: "median"}
_DIVIDED = {
    FigureType.RATIO: ("by:share", "numerator", "denominator"),
    FigureType.COHORT: ("by:share", "numerator", "denominator"),
    FigureType.MEAN: ("by:mean", "total", "n"),
}


def of_measure(
    reported: Reported, project: Project, code: str, quarters: Sequence[Quarter], span: str = ""
) -> tuple[str, ...]:
    """Of a measure over quarters: one quarter's figure, or the year's or programme's (`span`)."""
    kind = reported.definition(project, code).kind
    cells = [reported.cell(project, code, quarter) for quarter in quarters]
    used = [quarters[at] for at in (rests_on(kind, cells) if span else range(len(cells))) if not cells[at].empty]
    definition = reported.definition(project, code)
    if definition.computed:
        parts = [leaf for row in used for leaf in _terms(reported, project, code, row, "numerator_codes")]
        wholes = [leaf for row in used for leaf in _terms(reported, project, code, row, "denominator_codes")]
        return ("by:share", *parts, OVER, *wholes) if used else ()
    results = [found for row in used if (found := reported.result(project, code, row)) is not None]
    return _joined(definition, [(f"result:{row.submission.reference}#{code}", "") for row in results], span)


def of_category(definition: KpiVersion, result: Result, part: Breakdown) -> tuple[str, ...]:
    """Of one category of a result."""
    place = f"@{part.category.dimension.code}.{part.category.code}"
    return _joined(definition, [(f"result:{result.submission.reference}#{definition.kpi.code}", place)], "")


def of_cohort(definition: KpiVersion, result: Result, entry: Quarter) -> tuple[str, ...]:
    """Of the people who entered in one quarter."""
    where = [(f"result:{result.submission.reference}#{definition.kpi.code}", f"~{entry.code}")]
    return _joined(definition, where, "")


def parts_of(trace: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a rate is made of: the trace of its numerator, and that of its denominator."""
    if OVER not in trace:
        return (), ()
    at = list(trace).index(OVER)
    return tuple(trace[1:at]), tuple(trace[at + 1 :])


def _joined(definition: KpiVersion, where: Sequence[tuple[str, str]], span: str) -> tuple[str, ...]:
    """The columns that a type of figure is made of, at each place."""
    type_of = FigureType(definition.figure_type)
    if type_of in _DIVIDED:
        rule, part, whole = _DIVIDED[type_of]
        parts, wholes = ([f"{head}.{name}{tail}" for head, tail in where] for name in (part, whole))
        return (rule, *parts, OVER, *wholes) if where else ()
    column = _PEOPLE.get(span, "people_quarter") if type_of == FigureType.PEOPLE else _PLAIN.get(type_of)
    return tuple(f"{head}.{column}{tail}" for head, tail in where) if column else ()


def _terms(reported: Reported, project: Project, code: str, quarter: Quarter, column: str) -> list[str]:
    """The counts that a rate is worked out from, in one quarter, with their signs."""
    codes: str = getattr(reported.definition(project, code, quarter), column)
    found = []
    for sign, term in formulas.read(codes):
        row = reported.submission_for(project, term, quarter)
        if row is not None:
            found.append(f"{'-' if sign < 0 else ''}result:{row.reference}#{term}.count")
    return found
