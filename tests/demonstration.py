"""The demonstration as a database of its own: loaded once a session, then copied or rolled back for each test."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from pytest_django import fixtures

from board.models import User
from config.demo import runner
from config.demo.partnership import ACCOUNTS

DATE = date(2025, 4, 9)


def pytest_configure(config: pytest.Config) -> None:
    """Make the test database even where only tests of the demonstration run, which bear no mark of their own.

    Without it those tests would copy the database that people work with.
    """
    asked = fixtures._get_databases_for_setup

    def with_default(items: Sequence[pytest.Item]) -> tuple[set[str], set[str]]:
        aliases, serialized = asked(items)
        return aliases | {"default"}, serialized

    fixtures._get_databases_for_setup = with_default


def _use(name: str) -> None:
    """Let this and every later connection open another database."""
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


def _copied(name: str, copy: str) -> None:
    """Copy a database that nobody has open."""
    connection.close()
    if connection.vendor == "sqlite":
        for ending in ("", "-wal", "-shm"):
            Path(f"{copy}{ending}").unlink(missing_ok=True)
            if Path(f"{name}{ending}").exists():
                shutil.copyfile(f"{name}{ending}", f"{copy}{ending}")
        return
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{copy}"')
        cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')


@contextmanager
def _settings(database: str) -> Iterator[None]:
    """The demonstration's settings, with its files in a folder beside its database."""
    before = settings.FIXED_DATE, settings.DEMONSTRATION, settings.EVIDENCE_FOLDER
    settings.FIXED_DATE, settings.DEMONSTRATION = DATE, True
    settings.EVIDENCE_FOLDER = _files(database)
    try:
        yield
    finally:
        settings.FIXED_DATE, settings.DEMONSTRATION, settings.EVIDENCE_FOLDER = before


def _files(database: str) -> Path:
    beside = Path(database) if connection.vendor == "sqlite" else Path(tempfile.gettempdir()) / database
    return beside.with_name(f"{beside.name}-files")


@pytest.fixture(scope="session")
def demonstration_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The name of the loaded demonstration.

    KEPT_DEMONSTRATION=file keeps it between runs of SQLite, for the one who writes tests; delete the file
    when the demonstration or a table has changed.
    """
    empty = settings.DATABASES["default"]["NAME"]
    kept = os.environ.get("KEPT_DEMONSTRATION", "")
    loaded = kept or f"{empty}-demonstration"
    with django_db_blocker.unblock(), _settings(loaded):
        if not (kept and Path(kept).exists()):
            _copied(empty, loaded)
            _use(loaded)
            runner.load()
            _use(empty)
    yield loaded
    if not kept:
        with django_db_blocker.unblock():
            _dropped(loaded)
            shutil.rmtree(_files(loaded), ignore_errors=True)


def _dropped(name: str) -> None:
    connection.close()
    if connection.vendor == "sqlite":
        for ending in ("", "-wal", "-shm"):
            Path(f"{name}{ending}").unlink(missing_ok=True)
        return
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


@pytest.fixture
def demonstration(demonstration_database: str, django_db_blocker: Any) -> Iterator[Callable[[str], User]]:
    """The demonstration on its date, rolled back after the test. Call it with an account's key for the person."""
    empty = settings.DATABASES["default"]["NAME"]
    with django_db_blocker.unblock(), _settings(demonstration_database):
        _use(demonstration_database)
        try:
            with transaction.atomic():
                yield person
                transaction.set_rollback(True)
        finally:
            _use(empty)


@pytest.fixture
def live_demonstration(transactional_db: None, demonstration_database: str) -> Iterator[Callable[[str], User]]:
    """A copy of the demonstration that a live server may change."""
    empty = settings.DATABASES["default"]["NAME"]
    copy = f"{demonstration_database}-live-{os.getpid()}"
    _copied(demonstration_database, copy)
    with _settings(demonstration_database):
        _use(copy)
        try:
            yield person
        finally:
            _use(empty)
            _dropped(copy)


def person(key: str) -> User:
    """The person of an account's key, in their first role."""
    email = next(account.email for account in ACCOUNTS if account.key == key)
    return User.objects.get(email=email)
