"""The frame that every page has: sign-in, errors in plain words, health."""

from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from tests.factories import person


def too_big(request: HttpRequest) -> HttpResponse:
    raise RequestDataTooBig


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken")


urlpatterns = [path("", include("config.urls")), path("too-big", too_big), path("broken", broken)]
handler400 = "config.views.bad_request"
handler500 = "config.views.server_error"
pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> Any:
    return person("finance-officer", "pfcc")


def test_health_answers_without_signing_in(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")


def test_nobody_is_offered_an_account(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert "<title>Sign in – Domestic abuse perpetrator fund" in page
    assert "sign up" not in page.lower()


def test_a_wrong_password_is_said_and_the_address_is_kept(client: Client, officer: Any) -> None:
    page = client.post("/accounts/login/", {"login": officer.email, "password": "wrong"}).content.decode()
    assert "<title>Error: " in page and "There is a problem" in page
    assert f'value="{officer.email}"' in page


def test_a_person_signs_in_and_sees_who_they_are(client: Client, officer: Any) -> None:
    client.post("/accounts/login/", {"login": officer.email, "password": "a long enough secret"})
    page = client.get("/accounts/logout/").content.decode()
    assert f"Signed in as <strong>{officer.name}</strong>, acting as Finance officer, PFCC for Essex" in page


def test_the_administration_pages_are_entered_through_the_one_sign_in_page(client: Client) -> None:
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nowhere", 404, "Page not found"),
        ("/too-big", 400, "too large"),
        ("/broken", 500, "Sorry, something went wrong"),
    ],
)
def test_errors_are_pages_in_plain_words(client: Client, officer: Any, address: str, status: int, words: str) -> None:
    client.force_login(officer)
    client.raise_request_exception = False
    response = client.get(address)
    assert response.status_code == status
    page = response.content.decode()
    assert words in page
    assert "Domestic abuse perpetrator fund: grant and returns</a>" in page


@pytest.mark.urls(__name__)
def test_what_failed_is_said_even_where_no_page_can_be_drawn(client: Client, officer: Any, monkeypatch: Any) -> None:
    """The style of every page is looked up in a list of files, which may be what is missing."""
    client.force_login(officer)
    client.raise_request_exception = False
    monkeypatch.setattr("config.views.get_template", lambda name: 1 / 0)
    response = client.get("/broken")
    assert (response.status_code, response["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert response.content.decode().startswith("Sorry, something went wrong.")


def test_a_form_of_another_session_is_refused_in_plain_words(officer: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer)
    response = client.post("/accounts/logout/")
    assert response.status_code == 403
    assert "This form could not be sent" in response.content.decode()


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/password/reset/"])
def test_the_entrance_is_accessible_and_quiet(page: Any, axe: Any, address: str) -> None:
    page.goto(address)
    axe()


def test_signing_in_by_keyboard_works_and_errors_are_accessible(officer: Any, page: Any, axe: Any) -> None:
    page.goto("/accounts/login/?next=/accounts/logout/")
    page.get_by_label("Email").focus()
    page.keyboard.type(officer.email)
    page.keyboard.press("Enter")
    page.wait_for_selector(".govuk-error-summary")
    axe()
    page.get_by_label("Password", exact=True).fill("a long enough secret")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/logout/")
    axe()


def test_ones_own_account_pages_are_accessible_and_quiet(officer: Any, page: Any, axe: Any) -> None:
    page.goto("/accounts/login/?next=/accounts/2fa/")
    page.get_by_label("Email").fill(officer.email)
    page.get_by_label("Password", exact=True).fill("a long enough secret")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/accounts/2fa/")
    axe()
    page.get_by_role("button", name="Activate").click()
    # A second factor is asked for once more with the password.
    page.wait_for_url("**/accounts/reauthenticate/**")
    axe()
    page.get_by_label("Password", exact=True).fill("a long enough secret")
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/accounts/2fa/totp/activate/")
    axe()
    page.goto("/accounts/password/change/")
    axe()
