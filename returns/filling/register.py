"""The register of the funder's templates and their maps, and the filling of one from a return."""

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from board import clock, events, rows
from board import files as stored_files
from board.models import Programme, Role, User
from board.rows import locking
from core.forms import day_in_words
from core.problems import Problem, Refused, refuse, refuse_if_blocking
from returns.content import Content
from returns.files import File
from returns.filling.book import Book
from returns.filling.fill import Filled, fill
from returns.filling.mapping import CODE, Entry, check_places, map_json, problem, read_map, targets
from returns.models import FunderTemplate, Return, TemplateMap

MAPPERS = (Role.Kind.FINANCE_OFFICER, Role.Kind.COMMISSIONING_OFFICER)


def register(
    *,
    programme: Programme,
    kind: str,
    title: str,
    edition: str,
    valid_from: date,
    valid_to: date | None,
    upload: UploadedFile,
    by: User,
    once: UUID | None = None,
) -> FunderTemplate:
    """Keep a funder's workbook as the template of a kind of return. Refused where it could not be filled."""
    _require(by, programme)
    try:
        Book.open(upload.read(), upload.name or "")
    except Refused as refusal:
        raise Refused([Problem(one.code, one.message, True, "upload") for one in refusal.problems]) from None
    same = {"programme": programme, "title": title, "edition": edition}
    if before := rows.written_before(FunderTemplate, once, by=by, **same):
        return before
    # On disk before the transaction, which stays short; an upload without its row is swept.
    kept = stored_files.store(uploads=[upload], by=by)
    if kept.refused:
        raise Refused([Problem(one.code, one.message, True, "upload") for one in kept.refused])
    with transaction.atomic():
        row = FunderTemplate(kind=kind, file=kept.files[0], valid_from=valid_from, valid_to=valid_to, **same)
        if once is not None:
            row.once = once
        rows.create(row, by=by)
        words = f"{row}, for the {row.get_kind_display().lower()}, SHA-256 {row.file.sha256}"
        events.record("template.register", f"template {row.pk}", by=by, words=words, programme=programme)
    return row


def save_map(*, template: FunderTemplate, entries: Sequence[Entry], seen: int, by: User) -> TemplateMap:
    """Make the next version of a template's map. `seen` is the number of the version on screen, 0 for none.

    Refused with every cell that the template does not let us fill. A map that is what it was makes no new version.
    """
    _require(by, template.programme)
    wanted = list(targets(entries, None))
    problems = check_places(book_of(template), wanted)
    for target in wanted:
        if target.key.split("/")[0] != template.kind:
            words = f"“{target.key}” is a figure of another return. This template is filled from the {template.kind}."
            problems.append(problem(target.where, words))
    refuse_if_blocking(problems)
    text = map_json(entries)
    with transaction.atomic():
        locking(FunderTemplate.objects).get(pk=template.pk)
        last = latest_map(template)
        number = last.number if last else 0
        if seen != number:
            raise refuse(
                "version",
                f"Somebody else made map {number} while you had map {seen or 'none'} open. Nothing of yours was saved. "
                "Look at theirs, then enter yours again.",
            )
        if last is not None and last.entries == text:
            return last
        row = TemplateMap(
            the_template=template,
            number=number + 1,
            entries=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            made_by=by,
            made_at=clock.now(),
        )
        row.full_clean()
        row.save(force_insert=True)
        words = f"{row}: {len(wanted):,} cells, SHA-256 {row.sha256}"
        events.record("template.map", f"template {template.pk}", by=by, words=words, programme=template.programme)
    return row


def book_of(template: FunderTemplate) -> Book:
    """The template's workbook, its file compared with its hash."""
    return Book.open(stored_files.content_of(template.file), template.file.name)


def latest_map(template: FunderTemplate) -> TemplateMap | None:
    """The version of the map that counts."""
    return template.maps.order_by("-number").first()


def entries_of(template_map: TemplateMap | None) -> list[Entry]:
    return read_map(template_map.entries) if template_map else []


def fits(template: FunderTemplate, the_return: Return) -> bool:
    """Whether the template is for this return: its programme, its kind, and a day of its quarter."""
    quarter = the_return.last_quarter
    return (
        template.kind == the_return.kind
        and template.programme_id == the_return.programme_id
        and template.valid_from <= quarter.last_day
        and (template.valid_to is None or template.valid_to >= quarter.first_day)
    )


def fill_from(template: FunderTemplate, template_map: TemplateMap, the_return: Return, content: Content) -> Filled:
    """The template filled with what a return says. Refused where it is for others, or a cell cannot be filled."""
    if not fits(template, the_return):
        until = f" to {day_in_words(template.valid_to)}" if template.valid_to else ""
        raise refuse(
            CODE,
            f"{template} is for the {template.get_kind_display().lower()} "
            f"from {day_in_words(template.valid_from)}{until}, and {the_return.reference} is another. "
            "Register the edition that is for it.",
        )
    return fill(book_of(template), entries_of(template_map), content)


def filled_file(template: FunderTemplate, template_map: TemplateMap, the_return: Return, filled: Filled) -> File:
    """A filled template as a file of its return: named by the return, the template and the map's version."""
    called = re.sub(r"[^A-Za-z0-9.]+", "-", f"{template.title}-{template.edition}").strip("-.")[:50].strip("-.")
    name = f"{the_return.file_stem[:50]}-{called}-map{template_map.number}.xlsx"
    return File("xlsx", name, filled.data)


def _require(by: User, programme: Programme) -> None:
    role = by.acting
    if role is None or role.kind not in MAPPERS or role.organisation_id != programme.recipient_id:
        raise refuse("role", "Only finance and commissioning officers of the grant’s recipient map its templates.")
