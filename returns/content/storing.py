"""A content as bytes, its hash, and what one content says otherwise than another."""

import dataclasses
import hashlib
import json
import types
import typing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from returns.content.figures import FORMAT, TYPES, Figure, Value, slug
from returns.content.shape import Content
from returns.content.words import figure_words


def canonical_json(content: Content) -> bytes:
    """The content as bytes that are the same wherever and whenever they are made; store these, not a JSON column."""
    return json.dumps(
        _to_plain(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def from_json(data: bytes) -> Content:
    """The content that canonical_json wrote; refuses another format."""
    plain = json.loads(data)
    if plain.get("format") != FORMAT:
        raise ValueError(f"This content is written in format {plain.get('format')}; this system reads {FORMAT}")
    return _from_plain(Content, plain)  # type: ignore[no-any-return]


def content_hash(content: Content) -> str:
    """SHA-256 over all that the return says; status, signatures, times and watermark are no part of it.

    Worked out once for a content, which never changes.
    """
    kept = content.__dict__
    if "_hash" not in kept:
        kept["_hash"] = hashlib.sha256(canonical_json(content)).hexdigest()
    return str(kept["_hash"])


def short_hash(full: str) -> str:
    """The first sixteen characters in fours, to be compared by eye: "9f86 d081 884c 7d65"."""
    return " ".join(full[i : i + 4] for i in range(0, 16, 4))


def _to_plain(value: typing.Any) -> typing.Any:
    if dataclasses.is_dataclass(value):
        return {part.name: _to_plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_to_plain(part) for part in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def _from_plain(wanted: typing.Any, plain: typing.Any) -> typing.Any:
    if isinstance(wanted, types.UnionType):
        return None if plain is None else _from_plain(typing.get_args(wanted)[0], plain)
    if typing.get_origin(wanted) is tuple:
        return tuple(_from_plain(typing.get_args(wanted)[0], part) for part in plain)
    if wanted is Figure:
        return Figure(plain["key"], _read_value(plain), plain["unit"], plain["state"], tuple(plain["trace"]))
    if dataclasses.is_dataclass(wanted):
        hints = typing.get_type_hints(wanted)
        return wanted(**{name: _from_plain(hints[name], part) for name, part in plain.items()})  # type: ignore[operator]
    return plain


def _read_value(plain: dict[str, typing.Any]) -> Value:
    value = plain["value"]
    if value is None:
        return None
    made = TYPES[plain["unit"]]
    return date.fromisoformat(value) if made is date else made(value)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Difference:
    """What one revision changed: `change` is changed, added, removed or sources (same value, other trace)."""

    key: str
    where: str
    change: str
    before: str
    after: str


def differences(old: Content, new: Content) -> list[Difference]:
    """What `new` says otherwise than `old`, by stable key: new order first, then what was removed."""
    before, after = stated(old), stated(new)
    found = []
    for key, (where, words, trace) in after.items():
        if key not in before:
            found.append(Difference(key, where, "added", "", words))
        elif before[key][1] != words:
            found.append(Difference(key, where, "changed", before[key][1], words))
        elif before[key][2] != trace:
            found.append(Difference(key, where, "sources", words, words))
    for key, (where, words, _) in before.items():
        if key not in after:
            found.append(Difference(key, where, "removed", words, ""))
    return found


def stated(content: Content) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Key → where it stands in words, what it says, what it rests on."""
    stated: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    for section in content.sections:
        for fact in section.facts:
            stated[fact.figure.key] = (f"{section.title}: {fact.label}", figure_words(fact.figure), fact.figure.trace)
        for item in section.narrative:
            key = f"{content.kind}/{section.code}/{item.code}/text"
            stated[key] = (f"{section.title}: {item.title}", item.text, ())
        for at, text in enumerate(section.paragraphs, start=1):
            stated[f"{content.kind}/{section.code}/paragraph-{at}/words"] = (section.title, text, ())
        for row in section.table.rows if section.table else ():
            name = ", ".join(figure_words(cell) for cell in row.cells[: section.table.headings])  # type: ignore[union-attr]
            for column, cell in zip(section.table.columns, row.cells, strict=True):  # type: ignore[union-attr]
                stated[cell.key] = (f"{section.title}: {name}: {column.title}", figure_words(cell), cell.trace)
    for definition in content.definitions:
        words = f"{definition.words} (version {definition.version})" if definition.version else definition.words
        stated[f"{content.kind}/definitions/{slug(definition.term)}/words"] = (definition.term, words, ())
    for at, text in enumerate(content.notes, start=1):
        stated[f"{content.kind}/notes/note-{at}/words"] = ("Notes", text, ())
    for used in content.thresholds:
        stated[f"{content.kind}/thresholds/{slug(used.name)}/value"] = (used.name, used.value, ())
    return stated
