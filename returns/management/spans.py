"""The span that a command is asked for: a quarter, a year, or from one quarter to another."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from board.models import Programme, Quarter


def add_span(parser: ArgumentParser, *, required: bool) -> None:
    """Let a command take one span, and --programme where more than one has it."""
    parser.add_argument("--programme", metavar="CODE", help="for example DAPF-2023-25, where the span is in several")
    span = parser.add_mutually_exclusive_group(required=required)
    span.add_argument("--quarter", metavar="CODE", help="one quarter: 2023-24-Q1, or 2023-24-closing")
    span.add_argument("--year", metavar="YEAR", help="a whole year with its closing period: 2023-24")
    span.add_argument("--from", dest="first", metavar="CODE", help="from this quarter, with --to")
    parser.add_argument("--to", dest="last", metavar="CODE", help="to this quarter or closing period")


def programme_of(options: dict[str, Any]) -> Programme:
    """The programme that is asked for, or the only one that has the span; CommandError with those there are."""
    if options["programme"] is None:
        return _only_programme_with(options)
    programme = Programme.objects.select_related("recipient").filter(code=options["programme"]).first()
    if programme is None:
        known = ", ".join(Programme.objects.order_by("code").values_list("code", flat=True)) or "none"
        raise CommandError(f"There is no programme “{options['programme']}”. Those here: {known}.", returncode=2)
    return programme


def _only_programme_with(options: dict[str, Any]) -> Programme:
    found = Programme.objects.select_related("recipient").order_by("code")
    for code in filter(None, (options["quarter"], options["first"], options["last"])):
        found = found.filter(quarters__code=code)
    if options["year"]:
        found = found.filter(years__code=options["year"])
    match list(found):
        case [programme]:
            return programme
        case []:
            found = Programme.objects.order_by("code")
    known = ", ".join(row.code for row in found) or "none"
    raise CommandError(f"Which programme is meant? Give --programme with one of these: {known}.", returncode=2)


def span_of(programme: Programme, options: dict[str, Any]) -> tuple[Quarter, Quarter] | None:
    """The first and the last quarter that are asked for; None where no span was given."""
    if (options["first"] is None) != (options["last"] is None):
        raise CommandError("Give --from and --to together: the first and the last quarter.", returncode=2)
    if options["year"]:
        return _year(programme, options["year"])
    if not (options["quarter"] or options["first"]):
        return None
    first = _quarter(programme, options["quarter"] or options["first"])
    return first, _quarter(programme, options["last"]) if options["last"] else first


def _year(programme: Programme, code: str) -> tuple[Quarter, Quarter]:
    year = programme.years.filter(code=code).first()
    if year is None:
        known = ", ".join(row.code for row in programme.years.order_by("starts"))
        raise CommandError(f"{programme.code} has no year “{code}”. Those there: {known}.", returncode=2)
    return _quarter(programme, f"{code}-Q1"), _quarter(programme, f"{code}-closing")


def _quarter(programme: Programme, code: str) -> Quarter:
    rows = programme.quarters.select_related("programme__recipient", "year")
    quarter = rows.filter(code=code).first()
    if quarter is None:
        known = ", ".join(row.code for row in rows.order_by("first_day", "number"))
        words = f"{programme.code} has no quarter “{code}”. Those there: {known}."
        raise CommandError(words, returncode=2)
    return quarter
