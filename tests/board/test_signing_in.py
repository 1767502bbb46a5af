"""Sign-ins on record: who came in, what failed, who changed a password; and no address of a stranger."""

import pytest
from django.core import mail
from django.test import Client

from board.models import Event, User
from tests import factories

pytestmark = pytest.mark.django_db
SECRET = "a long enough secret"


@pytest.fixture
def officer() -> User:
    return factories.person("finance-officer", "pfcc")


def signs_in(email: str, password: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": email, "password": password})
    return client


def acts() -> list[tuple[str, str]]:
    return list(Event.objects.order_by("pk").values_list("act", "subject"))


def test_who_signs_in_is_on_record(officer: User) -> None:
    signs_in(officer.email, SECRET)
    assert acts() == [("sign-in", f"user {officer.pk}")]
    assert Event.objects.get().by == officer


def test_a_wrong_password_is_on_record_and_an_unknown_address_is_not_kept(officer: User) -> None:
    signs_in(officer.email.upper(), "something else")
    signs_in("my-password-in-the-wrong-box@example.org", "something else")
    assert acts() == [("sign-in.failed", f"user {officer.pk}")]


def test_a_changed_password_is_on_record(officer: User) -> None:
    client = signs_in(officer.email, SECRET)
    new = "quite another long secret"
    client.post("/accounts/password/change/", {"oldpassword": SECRET, "password1": new, "password2": new})
    assert acts()[-1] == ("sign-in.password-change", f"user {officer.pk}")


def test_nobody_changes_the_address_that_they_sign_in_with(officer: User) -> None:
    client = signs_in(officer.email, SECRET)
    assert client.get("/accounts/email/").status_code == 404
    sent = client.post("/accounts/email/", {"email": "cfo@example.org", "action_add": ""})
    assert sent.status_code == 404 and not mail.outbox
