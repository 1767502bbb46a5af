"""Writes a return's workbook and PDF: the stored bytes of a certified one, else a draft marked so."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from board import clock
from core.forms import day_in_words
from core.problems import Refused
from returns import certifying, files
from returns.files import File
from returns.kinds import KINDS, content_of, kind_of, require_scope
from returns.kinds.scope import Scope
from returns.kinds.shape import Kind
from returns.management.spans import add_span, programme_of, span_of


class Command(BaseCommand):
    """A draft is made on the fly; nothing is written to the database."""

    help = (
        "Write a return in its formats and print the SHA-256 of each: the stored bytes of a certified return; "
        "otherwise a draft, marked so, with nothing written to the database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS), help="which return")
        add_span(parser, required=True)
        parser.add_argument(
            "--subject",
            default="",
            metavar="REF",
            help="an organisation, contract or request, if one is asked for",
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
        span = span_of(programme_of(options), options)
        if span is None:
            raise CommandError("Give a span: --quarter, --year, or --from and --to.", returncode=2)
        return Scope(*span, options["subject"])

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
