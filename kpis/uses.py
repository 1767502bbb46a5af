"""What each figure is for, in words: who reports it should know where it goes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from board.models import Project
from kpis import formulas
from kpis.kinds import Kind
from kpis.models import Identity, Kpi, KpiVersion, Submission, version_on


@dataclass(frozen=True)
class Use:
    """One use of a measure: the sentence, and the returns that carried it so far where it is one of those."""

    words: str
    returns: Sequence[str] = field(default=())


def uses_of(kpi: Kpi, version: KpiVersion, measures: Iterable[Kpi], identities: Iterable[Identity]) -> list[Use]:
    """Every use of a measure. `measures` and `identities` are those of its project, the former with their versions."""
    found = [Use("The quarterly performance return to the funder", returns_with(kpi))]
    if version.kind == Kind.TEXT:
        found.append(
            Use("Nothing else: narrative is printed as it is written, is shown to the funder alone and is never rated")
        )
    elif version.balancing:
        found.append(Use("It makes the other figures balance, and is shown to nobody but the funder and the officers"))
    else:
        found.append(Use("The pages of the board, with small numbers hidden"))
    for other in sorted(measures, key=lambda row: row.code):
        newest = version_on(list(other.versions.all()), version.from_date) or other.versions.all()[0]
        if newest.computed and kpi.code in _codes(newest.numerator_codes, newest.denominator_codes):
            found.append(Use(f"{newest.name} ({other.code}), which is worked out from it"))
    found += [Use(_check_words(row)) for row in identities if kpi.code in _codes(row.terms)]
    return found


def measures_of(project: Project) -> list[Kpi]:
    """The measures of a project with their versions, for `uses_of`."""
    return list(project.kpis.prefetch_related("versions"))


def returns_with(kpi: Kpi) -> list[str]:
    """References of the returns that first reported figures of the measure, in the order of their quarters."""
    rows = Submission.objects.filter(results__definition__kpi=kpi).exclude(first_reported_in="")
    return list(dict.fromkeys(rows.order_by("quarter__first_day").values_list("first_reported_in", flat=True)))


def _codes(*terms: str) -> set[str]:
    return {code for part in terms if part for _, code in formulas.read(part)}


def _check_words(identity: Identity) -> str:
    """The words of an identity are those for figures that do not agree; one that only asks says where it does."""
    if identity.relation == Identity.Relation.AT_MOST and not identity.blocking:
        return f"A question that is asked where {identity.words[:1].lower()}{identity.words[1:]}"
    return f"A check of each quarter: {identity.words[:1].lower()}{identity.words[1:]}"
