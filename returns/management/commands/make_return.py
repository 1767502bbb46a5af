"""Writes a return's workbook and PDF: the stored bytes of a certified one, else a draft marked so."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from board import clock
from board.models import Programme, Quarter
from core.forms import day_in_words
from core.problems import Refused
from returns import certifying, files
from returns.files import File
from returns.kinds import KINDS, content_of, kind_of, require_scope
from returns.kinds.scope import Scope
from returns.kinds.shape import Kind


class Command(BaseCommand):
    """A draft is made on the fly; nothing is written to the database."""

    help = (
        "Write a return in its formats and print the SHA-256 of each: the stored bytes of a certified return; "
        "otherwise a draft, marked so, with nothing written to the database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS), help="which return")
        parser.add_argument("--programme", required=True, metavar="CODE", help="for example DAPF-2023-25")
        span = parser.add_mutually_exclusive_group(required=True)
        span.add_argument("--quarter", metavar="CODE", help="one quarter: 2023-24-Q1, or 2023-24-closing")
        span.add_argument("--year", metavar="YEAR", help="a whole year with its closing period: 2023-24")
        span.add_argument("--from", dest="first", metavar="CODE", help="from this quarter, with --to")
        parser.add_argument("--to", dest="last", metavar="CODE", help="to this quarter or closing period")
        parser.add_argument(
            "--subject", default="", metavar="REF", help="an organisation’s code, where one is asked for"
        )
        parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="made if it is not there")

    def handle(self, *args: Any, **options: Any) -> None:
        scope = self._scope(options)
        try:
            made, status = self._files(kind_of(options["kind"]), scope)
        except Refused as refusal:
            raise CommandError("\n".join(problem.message for problem in refusal.problems), returncode=2) from None
        self._write(options["out"], made)
        self.stdout.write(status)
        for file in made:
            self.stdout.write(f"{file.sha256}  {options['out'] / file.name}")

    def _scope(self, options: dict[str, Any]) -> Scope:
        """The quarters that are asked for, and the subject."""
        programme = Programme.objects.select_related("recipient").filter(code=options["programme"]).first()
        if programme is None:
            known = ", ".join(Programme.objects.order_by("code").values_list("code", flat=True)) or "none"
            raise CommandError(f"There is no programme “{options['programme']}”. Those here: {known}.", returncode=2)
        if (options["first"] is None) != (options["last"] is None):
            raise CommandError("Give --from and --to together: the first and the last quarter.", returncode=2)
        if options["year"]:
            first, last = self._year(programme, options["year"])
        else:
            first = self._quarter(programme, options["quarter"] or options["first"])
            last = self._quarter(programme, options["last"]) if options["last"] else first
        return Scope(first, last, options["subject"])

    def _year(self, programme: Programme, code: str) -> tuple[Quarter, Quarter]:
        year = programme.years.filter(code=code).first()
        if year is None:
            known = ", ".join(row.code for row in programme.years.order_by("starts"))
            raise CommandError(f"{programme.code} has no year “{code}”. Those there: {known}.", returncode=2)
        return self._quarter(programme, f"{code}-Q1"), self._quarter(programme, f"{code}-closing")

    def _quarter(self, programme: Programme, code: str) -> Quarter:
        rows = programme.quarters.select_related("programme__recipient", "year")
        quarter = rows.filter(code=code).first()
        if quarter is None:
            known = ", ".join(row.code for row in rows.order_by("first_day", "number"))
            words = f"{programme.code} has no quarter “{code}”. Those there: {known}."
            raise CommandError(words, returncode=2)
        return quarter

    def _files(self, kind: Kind, scope: Scope) -> tuple[list[File], str]:
        require_scope(kind, scope)
        series = certifying.series_of(kind.code, scope)
        certified = certifying.in_force(series)
        if certified is not None:
            when = day_in_words(certified.certified_at)
            return [files.stored(certified, kept) for kept in kind.formats], (
                f"{certified.reference}, certified on {when}, content {certified.content_hash}"
            )
        the_return = series[-1] if series else None
        content = content_of(kind, scope, today=clock.today(), the_return=the_return)
        stamp = files.draft_stamp(kind, content, the_return)
        return files.render(
            content, stamp, kind.formats
        ), f"{content.reference}, {stamp.status}, content {stamp.content_hash}"

    def _write(self, out: Path, made: list[File]) -> None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            for file in made:
                (out / file.name).write_bytes(file.data)
        except OSError as error:
            words = f"“{out}” cannot be written: {error.strerror}. Choose another directory."
            raise CommandError(words, returncode=2) from None
