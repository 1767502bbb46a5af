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
from returns.kinds import KINDS, Kind, content_of, kind_of


class Command(BaseCommand):
    """A draft is made on the fly; nothing is written to the database."""

    help = (
        "Write a return as xlsx and PDF and print the SHA-256 of each: the stored bytes of a certified return; "
        "otherwise a draft, marked so, with nothing written to the database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS), help="which return")
        parser.add_argument("--programme", required=True, metavar="CODE", help="for example DAPF-2023-25")
        parser.add_argument("--quarter", required=True, metavar="CODE", help="2023-24-Q1, or 2023-24-closing")
        parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="made if it is not there")

    def handle(self, *args: Any, **options: Any) -> None:
        quarter = self._quarter(options["programme"], options["quarter"])
        try:
            made, status = self._files(kind_of(options["kind"]), quarter)
        except Refused as refusal:
            raise CommandError("\n".join(problem.message for problem in refusal.problems), returncode=2) from None
        self._write(options["out"], made)
        self.stdout.write(status)
        for file in made:
            self.stdout.write(f"{file.sha256}  {options['out'] / file.name}")

    def _quarter(self, programme_code: str, code: str) -> Quarter:
        programme = Programme.objects.select_related("recipient").filter(code=programme_code).first()
        if programme is None:
            known = ", ".join(Programme.objects.order_by("code").values_list("code", flat=True)) or "none"
            raise CommandError(f"There is no programme “{programme_code}”. Those here: {known}.", returncode=2)
        rows = programme.quarters.select_related("programme__recipient", "year")
        quarter = rows.filter(code=code).first()
        if quarter is None:
            known = ", ".join(row.code for row in rows.order_by("first_day", "number"))
            words = f"{programme.code} has no quarter “{code}”. Those there: {known}."
            raise CommandError(words, returncode=2)
        return quarter

    def _files(self, kind: Kind, quarter: Quarter) -> tuple[list[File], str]:
        series = certifying.series_of(kind.code, quarter.programme, quarter)
        certified = certifying.in_force(series)
        if certified is not None:
            when = day_in_words(certified.certified_at)
            return [files.stored(certified, kept) for kept in ("xlsx", "pdf")], (
                f"{certified.reference}, certified on {when}, content {certified.content_hash}"
            )
        the_return = series[-1] if series else None
        content = content_of(kind, quarter.programme, quarter, today=clock.today(), the_return=the_return)
        stamp = files.draft_stamp(kind, content, the_return)
        return files.render(content, stamp), f"{content.reference}, {stamp.status}, content {stamp.content_hash}"

    def _write(self, out: Path, made: list[File]) -> None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            for file in made:
                (out / file.name).write_bytes(file.data)
        except OSError as error:
            words = f"“{out}” cannot be written: {error.strerror}. Choose another directory."
            raise CommandError(words, returncode=2) from None
