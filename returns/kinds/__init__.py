"""The kinds of return, by code, and the one way in which the content of a return is made.

Each module of this package that has a `KIND` is a kind of return; nothing else lists them.
"""

import pkgutil
from dataclasses import replace
from datetime import date
from importlib import import_module

from core.forms import day_in_words
from core.problems import refuse
from returns.content import Column, Content, Section, Table, clean, differences, make_row, slug
from returns.kinds.scope import Scope
from returns.kinds.shape import Kind, stored_content
from returns.models import Return, Waiver


def discovered() -> dict[str, Kind]:
    """Every kind that has a module here, by code, each in its place."""
    modules = [import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)]
    kinds: list[Kind] = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.code: kind for kind in sorted(kinds, key=lambda kind: (kind.place, kind.code))}


KINDS: dict[str, Kind] = discovered()


def kind_of(code: str) -> Kind:
    """The kind of that code, refused in words where there is none."""
    if code not in KINDS:
        raise refuse("kind", f"There is no return “{code}”. Choose one of these: {', '.join(KINDS)}.", "kind")
    return KINDS[code]


def content_of(kind: Kind, scope: Scope, *, today: date, the_return: Return | None) -> Content:
    """What a return of this kind says now. Refused where the kind has nothing to say of such a scope.

    A revision says at its head why it was made, and at its end what it changed of the one before.
    """
    require_scope(kind, scope)
    content = kind.build(scope, today=today, the_return=the_return)
    if the_return is not None and (waivers := _waivers(the_return)):
        content = replace(content, sections=(*content.sections, waivers))
    if the_return is None or the_return.revision == 1:
        return content
    return replace(content, sections=(*content.sections, _changes(the_return, content)))


def require_scope(kind: Kind, scope: Scope) -> None:
    """Refuse a span or subject that this kind is not made of, and say what it is made of."""
    found = kind.scopes(scope.last)
    if scope in found:
        return
    asked = f"{scope}, of “{scope.subject}”" if scope.subject else str(scope)
    words = f"There is no {kind.title.lower()} for {asked}. It is made of {kind.spans_in_words}."
    if found and kind.subjects is not None:
        words += f" Choose the subject from these: {', '.join(row.subject for row in found)}."
    raise refuse("kind", words, "quarter")


def _waivers(the_return: Return) -> Section | None:
    """What was signed although it was missing, on whose word and why; the signers sign this too."""
    found = Waiver.objects.of_series(the_return).agreed().select_related("asked_by", "agreed_by").order_by("reference")
    if not found:
        return None
    columns = (
        Column("reference", "Waiver"),
        Column("missing", "What is missing"),
        Column("reason", "Reason"),
        Column("until", "Until"),
        Column("asked", "Asked for by"),
        Column("agreed", "Agreed by"),
    )
    rows = tuple(
        make_row(the_return.kind, "waivers", slug(row.reference), columns, [
            row.reference, clean(row.words), clean(row.reason), day_in_words(row.until), row.asked_by.name,
            f"{row.agreed_by.name}, {row.agreed_capacity}",
        ])
        for row in found
    )  # fmt: skip
    return Section(
        "waivers",
        "Waivers",
        ("These things were missing when the return was signed. Each is due in the next return.",),
        Table("Waivers", columns, rows, ""),
        sheet="Waivers",
    )


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
