"""The pages of deputies: named on one page with the paper, seen by those who check, withdrawn at once."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from board import clock
from board.models import Delegation, Event, User
from tests import factories
from tests.evidence_files import PDF, upload

pytestmark = pytest.mark.django_db
TODAY = date(2023, 7, 5)


@pytest.fixture(autouse=True)
def day(settings: Any, tmp_path: Path) -> Any:
    settings.EVIDENCE_FOLDER = tmp_path
    with clock.at(TODAY):
        yield


@pytest.fixture
def cfo() -> User:
    return factories.person("cfo", "pfcc")


@pytest.fixture
def colleague() -> User:
    return factories.person("finance-officer", "pfcc")


@pytest.fixture
def browser_of(client: Client) -> Any:
    def sign_in(user: User) -> Client:
        client.force_login(user)
        return client

    return sign_in


def typed(deputy: User, **changes: Any) -> dict[str, Any]:
    dates = {"starts_on_0": "5", "starts_on_1": "7", "starts_on_2": "2023"}
    return {
        "deputy": deputy.pk,
        "starts_on": "5/7/2023",
        "ends_on": "7/7/2023",
        "file": upload("authority.pdf", PDF),
        **dates,
        **changes,
    }


@pytest.fixture
def named(browser_of: Any, cfo: User, colleague: User) -> Delegation:
    answer = browser_of(cfo).post(reverse("name-deputy"), typed(colleague))
    assert answer.status_code == 302, answer.context["form"].errors
    return Delegation.objects.get()


def test_a_deputy_is_named_on_one_page(named: Delegation, client: Client) -> None:
    page = client.get(named.get_absolute_url()).content.decode()
    assert "signs as “Deputy, for the Chief Finance Officer, under delegation of 5 July 2023”" in page
    assert "In force" in page and "authority.pdf" in page
    assert named.reference in client.get(reverse("deputies")).content.decode()


def test_what_was_typed_stays_when_it_is_refused(browser_of: Any, cfo: User, colleague: User) -> None:
    answer = browser_of(cfo).post(reverse("name-deputy"), typed(colleague, ends_on="1/7/2023"))
    assert answer.status_code == 200
    assert "The last day is before the first" in answer.content.decode()
    assert 'value="1/7/2023"' in answer.content.decode()
    assert not Delegation.objects.exists()


def test_a_file_that_is_not_what_it_says_is_refused(browser_of: Any, cfo: User, colleague: User) -> None:
    answer = browser_of(cfo).post(reverse("name-deputy"), typed(colleague, file=upload("authority.pdf", b"MZ\x90\x00")))
    assert answer.status_code == 200 and answer.context["form"].errors["file"]
    assert not Delegation.objects.exists()


def test_the_authority_is_given_out_to_those_who_check_and_the_download_is_on_record(
    named: Delegation, browser_of: Any
) -> None:
    auditor = factories.person("auditor", "pfcc")
    answer = browser_of(auditor).get(reverse("deputy-authority", args=[named.reference]))
    assert answer.content == PDF and "attachment" in answer["Content-Disposition"]
    assert Event.objects.get(act="deputy.download").by == auditor
    other = browser_of(factories.person("cfo", "ecc"))
    assert other.get(reverse("deputy-authority", args=[named.reference])).status_code == 404


def test_it_is_withdrawn_with_a_reason_and_the_deputy_acts_no_more(
    named: Delegation, browser_of: Any, cfo: User, colleague: User
) -> None:
    client = browser_of(cfo)
    url = reverse("withdraw-deputy", args=[named.reference])
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": "Back early"}).status_code == 302
    assert "Withdrawn" in client.get(named.get_absolute_url()).content.decode()
    assert [str(role) for role in colleague.roles_on(TODAY)] == ["Finance officer, PFCC for Essex"]
    assert client.get(url).status_code == 403


def test_the_deputy_may_switch_to_the_role_and_names_nobody(
    named: Delegation, browser_of: Any, colleague: User
) -> None:
    client = browser_of(colleague)
    client.post(reverse("switch-role"), {"role": named.role_id})
    page = client.get(reverse("deputies"))
    assert "Deputy for the chief finance officer" in page.content.decode()
    assert "Name a deputy" not in page.content.decode()
    assert client.get(reverse("name-deputy")).status_code == 403
