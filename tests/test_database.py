"""Which database the tests run on, and that it behaves as the system counts on."""

import os

import pytest
from django.db import connection

from board.models import Organisation

pytestmark = pytest.mark.django_db


def test_the_suite_is_on_the_database_that_was_asked_for() -> None:
    expected = "postgresql" if os.environ.get("EXPECT_POSTGRESQL") == "1" else "sqlite"
    if "DATABASE_URL" in os.environ and expected == "sqlite":
        expected = (
            os.environ["DATABASE_URL"].split(":")[0].replace("sqlite3", "sqlite").replace("postgres", "postgresql")
        )
    assert connection.vendor == expected


@pytest.mark.skipif(os.environ.get("EXPECT_POSTGRESQL") != "1", reason="SQLite sorts by bytes")
def test_postgresql_sorts_names_as_people_do() -> None:
    for name in ("Zebra", "apple", "Éclair", "Fig"):
        Organisation.objects.create(code=name.lower()[:1], name=name, short_name=name, kind="provider")
    assert list(Organisation.objects.order_by("name").values_list("name", flat=True)) == [
        "apple",
        "Éclair",
        "Fig",
        "Zebra",
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT datcollate FROM pg_database WHERE datname = current_database()")
        assert cursor.fetchone() == ("en_GB.UTF-8",)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a matter of SQLite")
def test_sqlite_writes_ahead_and_holds_foreign_keys() -> None:
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
