"""The house itself: floors, foreign keys, actions, templates, and words that do not belong here."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from simple_history.models import HistoricalChanges

from board.access import ACTIONS

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {"core": 1, "board": 2, "contracts": 3, "funding": 4, "kpis": 4, "returns": 5, "config": 6}
OURS = [path for floor in FLOORS for path in (ROOT / floor).rglob("*.py") if "migrations" not in path.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def imported(path: Path) -> Iterator[str]:
    """The top-level names of our own floors that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


def floor_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def may_import(floor: str, other: str) -> bool:
    return other == floor or FLOORS[other] < FLOORS[floor]


def test_a_floor_imports_only_from_floors_below_it() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {other}"
        for path in OURS
        for other in imported(path)
        if other in FLOORS and not may_import(floor_of(path), other)
    ]
    assert not wrong


def test_the_floor_test_sees_an_upward_import(tmp_path: Path) -> None:
    """The test above can fail: an import inside a function counts too."""
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from returns.models import Return\n")
    assert list(imported(bad)) == ["returns"]
    assert not may_import("funding", "returns")
    assert not may_import("funding", "kpis")


def test_foreign_keys_point_down() -> None:
    wrong = []
    for model in apps.get_models():
        floor = model._meta.app_label
        if floor not in FLOORS:
            continue
        for field in model._meta.get_fields():
            other = getattr(field, "related_model", None)
            if field.concrete and other is not None and other._meta.app_label in FLOORS:
                if not may_import(floor, other._meta.app_label):
                    wrong.append(f"{model.__name__}.{field.name} points to {other.__name__}")
    assert not wrong


def test_no_lower_floor_names_what_a_higher_one_hung_on_it() -> None:
    """A reverse accessor made above, used below, would be an upward import in disguise."""
    accessors: dict[str, set[str]] = {}
    for model in apps.get_models():
        floor = model._meta.app_label
        if floor not in FLOORS:
            continue
        for relation in model._meta.related_objects:
            other = relation.related_model._meta.app_label
            name = relation.get_accessor_name()
            if other in FLOORS and FLOORS[other] > FLOORS[floor] and name:
                accessors.setdefault(floor, set()).add(name)
    # A floor's own fields and accessors may bear the same name by right.
    own = {
        floor: {
            field.name
            for model in apps.get_models()
            if model._meta.app_label == floor
            for field in model._meta.get_fields()
            if not (
                field.auto_created
                and not field.concrete
                and FLOORS.get(field.related_model._meta.app_label, 0) > FLOORS[floor]
            )
        }
        for floor in FLOORS
    }
    wrong = []
    for path in OURS:
        floor = floor_of(path)
        names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        for owner, made_above in accessors.items():
            if FLOORS[floor] <= FLOORS[owner]:
                wrong += [f"{path.relative_to(ROOT)} uses .{name}" for name in (made_above - own[floor]) & names]
    assert not wrong


def views() -> Iterator[tuple[str, type]]:
    def walk(patterns: list, prefix: str = "") -> Iterator[tuple[str, object]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            elif isinstance(pattern, URLPattern):
                yield prefix + str(pattern.pattern), pattern.callback

    for route, callback in walk(get_resolver().url_patterns):
        view = getattr(callback, "view_class", None)
        if view is not None and view.__module__.split(".")[0] in FLOORS:
            yield route, view


def test_every_view_declares_an_action_that_the_table_knows() -> None:
    found = list(views())
    assert found
    wrong = [f"{route}: {view.__name__}" for route, view in found if getattr(view, "action", None) not in ACTIONS]
    assert not wrong


def test_every_action_is_used() -> None:
    text = "\n".join(path.read_text() for path in [*OURS, *TEMPLATES] if path.name != "access.py")
    unused = [action for action in ACTIONS if f'"{action}"' not in text and f"'{action}'" not in text]
    assert not unused


def test_every_template_is_used() -> None:
    text = "\n".join(path.read_text() for path in [*OURS, *TEMPLATES])
    # These are named by Django, allauth and the form renderer.
    named_elsewhere = ("django/forms", "allauth", "account", "mfa", "django_tables2", "admin", "usersessions")
    unused = []
    for path in TEMPLATES:
        name = path.relative_to(ROOT / "templates").as_posix()
        if name.startswith(named_elsewhere) or re.fullmatch(r"\d{3}(_csrf)?\.html", name):
            continue
        if name not in text:
            unused.append(name)
    assert not unused


def test_no_decimal_or_float_column_is_stored() -> None:
    """SQLite keeps them as binary reals; money is pence, other decimals are scaled integers."""
    wrong = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in FLOORS
        for field in model._meta.get_fields()
        if isinstance(field, models.DecimalField | models.FloatField)
    ]
    assert not wrong


def kept_models() -> set[str]:
    return {
        model.__name__
        for model in apps.get_models()
        if hasattr(model, "history") and not issubclass(model, HistoricalChanges)
    }


def test_rows_with_history_are_never_changed_in_bulk() -> None:
    """update() and bare bulk calls leave no history."""
    kept, wrong = kept_models(), []
    assert "Transaction" in kept
    for path in OURS:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in ("update", "bulk_create", "bulk_update", "delete"):
                source = ast.unparse(node.func)
                if any(f"{name}.objects" in source for name in kept):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {source}")
    assert not wrong


def test_every_foreign_key_protects() -> None:
    wrong = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in FLOORS and not model.__name__.startswith("Historical")
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is not models.PROTECT
    ]
    assert not wrong


def test_every_check_constraint_speaks() -> None:
    wrong = [
        f"{model.__name__}: {constraint.name}"
        for model in apps.get_models()
        if model._meta.app_label in FLOORS
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
        and constraint.violation_error_message == constraint.default_violation_error_message
    ]
    assert not wrong


def test_no_template_has_inline_script_or_style() -> None:
    wrong = [
        path.relative_to(ROOT).as_posix()
        for path in TEMPLATES
        # The PDF's own templates carry their style sheet; no browser ever loads them.
        if "documents" not in path.parts
        and re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)", path.read_text())
    ]
    assert not wrong


@pytest.mark.parametrize("word", ["utils", "helpers", "manager", "service"])
def test_no_module_has_a_name_that_says_nothing(word: str) -> None:
    assert not [path for path in OURS if path.stem == word]


def test_nothing_names_the_place_where_it_was_written() -> None:
    """The project speaks of the product alone."""
    places = re.compile(r"/" + r"work/|\.\./" + r"shared|pypi\.org|registry\.npmjs", re.IGNORECASE)
    texts = [
        *OURS,
        *TEMPLATES,
        *(path for path in (ROOT / "docs").rglob("*") if path.suffix in (".md", ".py", ".sh")),
        *(path for path in (ROOT / "tests").rglob("*.py")),
        *(
            ROOT / name
            for name in ("README.md", "THIRD_PARTY.md", "run", "test", "bootstrap.sh")
            if (ROOT / name).exists()
        ),
    ]
    wrong = [path.relative_to(ROOT).as_posix() for path in texts if places.search(path.read_text())]
    assert not wrong


def test_signals_and_logic_in_save_are_not_used() -> None:
    wrong = []
    for path in OURS:
        tree = ast.parse(path.read_text())
        if "django.db.models.signals" in path.read_text() or "@receiver" in path.read_text():
            wrong.append(f"{path.relative_to(ROOT)} uses a signal")
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any(
                "Model" in ast.unparse(base) or "Kept" in ast.unparse(base) for base in node.bases
            ):
                if "Form" not in ast.unparse(node.bases[0]) and any(
                    isinstance(item, ast.FunctionDef) and item.name == "save" for item in node.body
                ):
                    wrong.append(f"{path.relative_to(ROOT)}: {node.name}.save")
    assert not wrong
