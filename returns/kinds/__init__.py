"""The kinds of return, by code, and the one way in which the content of a return is made."""

from dataclasses import replace
from datetime import date

from board.models import Programme, Quarter
from core.problems import refuse
from returns.content import Column, Content, Section, Table, differences, from_json, make_row, slug
from returns.kinds import claim, performance
from returns.kinds.shape import Kind
from returns.models import Document, Return

KINDS: dict[str, Kind] = {kind.code: kind for kind in (claim.KIND, performance.KIND)}


def kind_of(code: str) -> Kind:
    """The kind of that code, refused in words where there is none."""
    if code not in KINDS:
        raise refuse("kind", f"There is no return “{code}”. Choose one of these: {', '.join(KINDS)}.", "kind")
    return KINDS[code]


def content_of(
    kind: Kind, programme: Programme, quarter: Quarter, *, today: date, the_return: Return | None
) -> Content:
    """What a return of this kind says now. Refused where the kind has nothing to say of such a quarter.

    A revision says at its head why it was made, and at its end what it changed of the one before.
    """
    if quarter.kind not in kind.quarter_kinds:
        raise refuse("kind", f"There is no {kind.title.lower()} for {quarter}. Choose a quarter.", "quarter")
    content = kind.build(programme, quarter, today=today, the_return=the_return)
    if the_return is None or the_return.revision == 1:
        return content
    return replace(content, sections=(*content.sections, _changes(the_return, content)))


def stored_content(the_return: Return) -> Content:
    """The content that was certified, as it was stored."""
    return from_json(bytes(the_return.documents.get(format=Document.Format.CONTENT).data))


def _changes(the_return: Return, content: Content) -> Section:
    """What a revision says otherwise than the one before, by stable key."""
    code = "revision"
    before = Return.objects.get(
        kind=the_return.kind,
        programme_id=the_return.programme_id,
        first_quarter_id=the_return.first_quarter_id,
        last_quarter_id=the_return.last_quarter_id,
        subject=the_return.subject,
        revision=the_return.revision - 1,
    )
    old = stored_content(before)
    # What the last revision said of its own changes is no part of what is compared.
    old = replace(old, sections=tuple(section for section in old.sections if section.code != code))
    columns = (
        Column("where", "Where"),
        Column("change", "What happened"),
        Column("before", "Before"),
        Column("after", "Now"),
        Column("key", "Key"),
    )
    words = {"changed": "Changed", "added": "Added", "removed": "Removed", "sources": "Same figure, other sources"}
    rows = tuple(
        make_row(the_return.kind, code, slug(found.key), columns, [
            found.where, words[found.change], found.before or None, found.after or None, found.key,
        ])
        for found in differences(old, content)
    )  # fmt: skip
    return Section(
        code,
        "What this revision changed",
        (f"Revision {the_return.revision} replaces revision {before.revision}. {the_return.revision_reason}",),
        Table(f"Changes since {before.reference}", columns, rows, "Nothing that the return states has changed."),
        sheet="Changes",
    )
