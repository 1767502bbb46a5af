"""What tests stand on: settings that are for tests alone, the long runs, the browser. The cast is in factories."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings

pytest_plugins = ["tests.demonstration"]

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# Nothing that calls out, and no sandbox, which a container's root does not have.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="run the long tests too")


def pytest_configure(config: pytest.Config) -> None:
    """Settings that differ in tests. This runs after they are read and before Django starts."""
    settings.SECRET_KEY = "for tests alone" * 4
    settings.ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SECURE_HSTS_SECONDS = 0
    settings.FIXED_DATE = None
    settings.EVIDENCE_FOLDER = Path(tempfile.mkdtemp(prefix="evidence-of-tests-"))
    # Tests of the limits switch them on again.
    settings.ACCOUNT_RATE_LIMITS = False
    # A page that asks the database once a row fails its test.
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "zeal"]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "zeal.middleware.zeal_middleware"]
    if name := os.environ.get("TEST_DB_NAME"):
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = name
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        Path(settings.DATABASES["default"]["TEST"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        # The test database outlives no power cut, so the disk is spared.
        options = settings.DATABASES["default"]["OPTIONS"]
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    _lift_the_events_trigger_while_tables_are_emptied()


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(settings.EVIDENCE_FOLDER, ignore_errors=True)


def _lift_the_events_trigger_while_tables_are_emptied() -> None:
    """SQLite empties tables by DELETE after a test with real commits, which the triggers on the record refuse."""
    from django.db import connection
    from django.test import TransactionTestCase

    names = ("0002_events_append_only", "0008_seals")
    triggers = [import_module(f"board.migrations.{name}") for name in names]
    empty_the_tables = TransactionTestCase._fixture_teardown

    def execute(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    editor = SimpleNamespace(connection=connection, execute=execute)

    def emptied(self: TransactionTestCase) -> None:
        if connection.vendor != "sqlite":
            return empty_the_tables(self)
        for row in triggers:
            row.lift_triggers(None, editor)
        try:
            empty_the_tables(self)
        finally:
            for row in triggers:
                row.raise_triggers(None, editor)

    TransactionTestCase._fixture_teardown = emptied


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = pytest.mark.skip(reason="a long run: give --deep")
    for item in items:
        if "page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if "deep" in item.keywords and not config.getoption("--deep"):
            item.add_marker(left_out)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """A test database that a killed run left behind is written over, not asked about."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        name = settings.DATABASES["default"]["TEST"]["NAME"]
        for ending in ("", "-wal", "-shm"):
            Path(f"{name}{ending}").unlink(missing_ok=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, started once."""
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop of its own in this thread, which Django would take for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Any, live_server: Any) -> Iterator[Any]:
    """A page of the running system. The test fails on any error or warning in the console, CSP's included."""
    context = browser.new_context(base_url=live_server.url, locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    opened = context.new_page()
    said: list[str] = []
    # GOV.UK Frontend reports a component that it cannot start as a plain log line.
    heard = ("error", "warning", "log")
    opened.on("console", lambda line: said.append(line.text) if line.type in heard else None)
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    assert not said, "The console said: " + "; ".join(said)


@pytest.fixture
def sign_in(page: Any, client: Any, live_server: Any) -> Callable[[Any], None]:
    """Sign a person in on the page, without the sign-in form."""

    def signed_in(user: Any) -> None:
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])

    return signed_in


@pytest.fixture
def axe(page: Any) -> Callable[[], None]:
    """A call that fails the test where axe finds anything wrong with the page as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    def check() -> None:
        found = Axe().run(page).response["violations"]
        report = [
            f"{rule['id']}: {node['html']} ({node['failureSummary']})" for rule in found for node in rule["nodes"]
        ]
        assert not found, f"{page.url}\n" + "\n".join(report)

    return check
