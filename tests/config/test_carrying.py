"""A session that ends while somebody types: who signs in again goes on, and nobody else sees anything of it."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from board import clock
from board.middleware import SESSION_KEY as ACTING_ROLE
from board.models import Role, User
from funding.models import Transaction
from kpis.models import Result, Submission
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db
SECRET = "a long enough secret"
SAID = "What you typed is in the boxes below, and nothing of it is saved yet."


@pytest.fixture(autouse=True)
def july() -> Iterator[None]:
    with clock.at(date(2023, 7, 5)):
        yield


@pytest.fixture
def row() -> Submission:
    return scene.draft(scene.change_hub())


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(row: Submission) -> str:
    return reverse("kpis:fill", args=[row.pk, "referrals"])


def typed_on(client: Client, url: str, **boxes: str) -> dict[str, str]:
    """What the browser would send from the page as it stands, with these boxes typed over."""
    answer = client.get(url)
    form = answer.context["form"]
    return {"typed_by": answer.context["typed_by"], "version": str(form["version"].value()), **boxes}


def end_session(client: Client) -> None:
    Session.objects.all().delete()


def sign_in(client: Client, user: User, url: str) -> Any:
    return client.post(url, {"login": user.email, "password": SECRET}, follow=True)


def test_what_was_typed_when_the_session_ended_is_back_after_signing_in(row: Submission) -> None:
    client = browser(scene.reporter())
    data = typed_on(client, address(row), **{"CHB-01": "thirty-eight", "CHB-06": "18", "CHB-06.estimated": "on"})
    end_session(client)
    asked = client.post(address(row), data)
    assert asked.url.startswith("/accounts/login/?next=/results/")
    assert "what you typed is kept for you for an hour" in client.get(asked.url).content.decode()
    shown = sign_in(client, scene.reporter(), asked.url)
    form = shown.context["form"]
    assert SAID in shown.content.decode()
    assert (form["CHB-01"].value(), form["CHB-06"].value()) == ("thirty-eight", "18")
    assert form["CHB-06.estimated"].value()
    assert not Result.objects.exists()

    again = typed_on(client, address(row), **{"CHB-01": "38", "CHB-06": "18"})
    assert client.post(address(row), again).status_code == 302
    assert set(row.results.values_list("count", flat=True)) == {38, 18}
    assert SAID not in client.get(address(row)).content.decode()


def test_two_pages_that_were_open_when_the_session_ended_are_both_back(row: Submission) -> None:
    client, other = browser(scene.reporter()), reverse("kpis:fill", args=[row.pk, "caseload"])
    first = typed_on(client, address(row), **{"CHB-01": "38"})
    second = typed_on(client, other, **{"CHB-08": "25"})
    end_session(client)
    client.post(address(row), first)
    sign_in(client, scene.reporter(), client.post(other, second).url)
    assert client.get(address(row)).context["form"]["CHB-01"].value() == "38"
    assert client.get(other).context["form"]["CHB-08"].value() == "25"


def test_somebody_else_who_signs_in_at_that_browser_sees_nothing_of_it_and_it_is_gone(row: Submission) -> None:
    client = browser(scene.reporter())
    data = typed_on(client, address(row), **{"CHB-01": "38"})
    end_session(client)
    asked = client.post(address(row), data)
    colleague = factories.person("kpi-reporter", "change", number=2)
    shown = sign_in(client, colleague, asked.url)
    assert shown.context["form"]["CHB-01"].value() in (None, "")
    assert SAID not in shown.content.decode()
    assert "typed" not in client.session
    client.logout()
    assert sign_in(client, scene.reporter(), asked.url).context["form"]["CHB-01"].value() in (None, "")


def test_what_waits_is_gone_after_an_hour(row: Submission) -> None:
    client = browser(scene.reporter())
    data = typed_on(client, address(row), **{"CHB-01": "38"})
    end_session(client)
    asked = client.post(address(row), data)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        shown = sign_in(client, scene.reporter(), asked.url)
    assert shown.context["form"]["CHB-01"].value() in (None, "")


@pytest.mark.parametrize("mark", ["", "not-signed", "WzEsMV0:1abcde:0000000000000000000000000000000000000000000"])
def test_nothing_is_kept_of_a_form_without_a_mark_of_ours(row: Submission, mark: str) -> None:
    client = Client()
    answer = client.post(address(row), {"typed_by": mark, "CHB-01": "38"})
    assert answer.status_code == 302
    assert settings.SESSION_COOKIE_NAME not in client.cookies


def test_the_role_that_the_person_acted_in_is_theirs_again(row: Submission) -> None:
    reporter = scene.reporter()
    second = Role.objects.create(
        user=reporter,
        organisation=factories.organisation("ecc"),
        kind=Role.Kind.CFO,
        starts_on=date(2020, 4, 1),
    )
    client = browser(User.objects.get(pk=reporter.pk))
    first = reporter.roles.exclude(pk=second.pk).get()
    session = client.session
    session[ACTING_ROLE] = first.pk
    session.save()
    data = typed_on(client, address(row), **{"CHB-01": "38"})
    end_session(client)
    sign_in(client, reporter, client.post(address(row), data).url)
    assert client.session[ACTING_ROLE] == first.pk


def strict(user: User, row: Submission) -> tuple[Client, dict[str, str]]:
    """A browser whose forms are checked for their token, and what it would send, token and all."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    data = typed_on(client, address(row), **{"CHB-01": "38"})
    return client, data | {"csrfmiddlewaretoken": "x" * 64}


OWN = {"origin": "http://testserver"}


def test_a_sign_in_in_another_window_leads_back_to_the_page_with_what_was_typed(row: Submission) -> None:
    client, data = strict(scene.reporter(), row)
    shown = client.post(address(row), data, headers=OWN, follow=True)
    assert shown.context["form"]["CHB-01"].value() == "38"
    assert SAID in shown.content.decode()
    assert not Result.objects.exists()


def test_a_page_from_before_a_sign_out_elsewhere_is_kept_until_its_person_signs_in(row: Submission) -> None:
    client, data = strict(scene.reporter(), row)
    client.logout()
    asked = client.post(address(row), data, headers=OWN)
    assert asked.url.startswith("/accounts/login/?next=/results/")
    client.force_login(scene.reporter())
    assert client.get(address(row)).context["form"]["CHB-01"].value() == "38"


def test_a_form_that_another_site_sends_is_neither_done_nor_kept(row: Submission) -> None:
    client, data = strict(scene.reporter(), row)
    for headers in ({"origin": "https://elsewhere.example"}, {"origin": "null"}, {}):
        answer = client.post(address(row), data, headers=headers)
        assert answer.status_code == 403
        assert "do not reload it" in answer.content.decode()
    assert "typed" not in client.session


def test_a_page_of_who_signed_out_is_not_kept_for_who_is_signed_in_now(row: Submission) -> None:
    _, data = strict(scene.reporter(), row)
    client, _ = strict(factories.person("kpi-reporter", "change", number=2), row)
    assert client.post(address(row), data, headers=OWN).status_code == 403
    assert "typed" not in client.session


def test_spend_that_was_typed_with_its_split_is_back_and_not_recorded(row: Submission) -> None:
    factories.money(row.quarter.programme)
    officer = factories.person("finance-officer", "pfcc")
    client, url = browser(officer), reverse("funding:record")
    data = {
        "typed_by": client.get(url).context["typed_by"],
        "net": "12.345",
        "supplier_name": "The Change Project",
        "charges-TOTAL_FORMS": "2",
        "charges-INITIAL_FORMS": "0",
        "charges-0-share": "60.00",
        "charges-1-share": "40.00",
    }
    end_session(client)
    shown = sign_in(client, officer, client.post(url, data).url)
    text = shown.content.decode()
    for value in ("12.345", "The Change Project", "60.00", "40.00"):
        assert f'value="{value}"' in text
    assert 'name="charges-TOTAL_FORMS" value="2"' in text
    assert SAID in text
    assert not Transaction.objects.exists()


def test_a_grid_of_entries_is_back_row_by_row_and_not_recorded(row: Submission) -> None:
    factories.money(row.quarter.programme)
    officer = factories.person("finance-officer", "pfcc")
    client, url = browser(officer), "/money/spend/enter-many/"
    data = {
        "typed_by": client.get(url).context["typed_by"],
        "seen": "a digest",
        "rows-TOTAL_FORMS": "12",
        "rows-0-net": "12.345",
        "rows-10-net": "67.00",
    }
    end_session(client)
    shown = sign_in(client, officer, client.post(url, data).url)
    text = shown.content.decode()
    assert 'value="12.345"' in text and 'value="67.00"' in text
    assert SAID in text
    assert "a digest" not in text
    assert not Transaction.objects.exists()
