"""The administration: reference data for administrators, nothing that an act writes, nothing deleted."""

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from board import events
from board.models import Event, Organisation, Programme, Role, User
from tests import factories

pytestmark = pytest.mark.django_db

READ_ONLY = ["quarter", "year", "reopening", "threshold", "event"]
CHANGED_HERE = ["organisation", "project", "milestone", "user"]


@pytest.fixture
def administrator(programme: Programme, client: Client) -> Client:
    client.force_login(factories.person("administrator", "pfcc"))
    return client


@pytest.mark.parametrize("model", READ_ONLY)
def test_what_acts_write_is_read_and_not_added(administrator: Client, model: str) -> None:
    assert administrator.get(f"/admin/board/{model}/").status_code == 200
    assert administrator.get(f"/admin/board/{model}/add/").status_code == 403


@pytest.mark.parametrize("model", CHANGED_HERE)
def test_reference_data_is_added_here(administrator: Client, model: str) -> None:
    assert administrator.get(f"/admin/board/{model}/").status_code == 200
    assert administrator.get(f"/admin/board/{model}/add/").status_code == 200


def test_an_administrator_reads_what_was_done_and_no_amount(administrator: Client, programme: Programme) -> None:
    row = events.record("budget.award", "grant", by=None, words="£600,000.00", programme=programme)
    page = administrator.get(f"/admin/board/event/{row.pk}/change/").content.decode()
    assert "budget.award" in page
    assert "600,000" not in page + administrator.get("/admin/board/event/").content.decode()


@pytest.mark.parametrize("question", ["words__icontains=600,000", "words__startswith=%C2%A36", "words=x"])
def test_the_list_of_acts_answers_no_question_about_its_hidden_words(
    administrator: Client, programme: Programme, question: str
) -> None:
    events.record("budget.award", "grant", by=None, words="£600,000.00", programme=programme)
    assert administrator.get(f"/admin/board/event/?{question}").status_code == 400
    for offered in ("act=budget.award", "act__exact=budget.award", "at__year=2023"):
        assert administrator.get(f"/admin/board/event/?{offered}").status_code == 200


@pytest.mark.parametrize("offered", ["is_active__exact=1", "roles__kind=cfo", "roles__organisation__id__exact=1"])
def test_people_are_filtered_by_what_the_list_offers(administrator: Client, offered: str) -> None:
    assert administrator.get(f"/admin/board/user/?{offered}").status_code == 200
    assert administrator.get("/admin/board/user/?password__startswith=a").status_code == 400


def test_a_closing_cannot_be_posted(administrator: Client, programme: Programme) -> None:
    row = programme.quarters.get(code="2023-24-Q1")
    page = administrator.get(f"/admin/board/quarter/{row.pk}/change/").content.decode()
    assert 'name="_save"' not in page
    assert administrator.post(f"/admin/board/quarter/{row.pk}/change/", {"code": "x"}).status_code == 403


def test_nothing_registered_can_be_deleted_by_anyone(programme: Programme) -> None:
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True)
    ours = [
        row for model, row in admin.site._registry.items() if model.__module__.split(".")[0] in ("board", "funding")
    ]
    assert len(ours) > 10
    assert not any(row.has_delete_permission(request) for row in ours)
    assert not any("delete_selected" in row.get_actions(request) for row in ours)


def test_no_table_that_an_act_of_money_or_contracts_writes_is_here() -> None:
    names = {model.__name__ for model in admin.site._registry}
    acted = {
        "Transaction", "SpendLine", "Claim", "ClaimLine", "Declaration", "Receipt", "Award", "BudgetVersion",
        "Contract", "Variation", "ContractValue",
    }  # fmt: skip
    assert not names & acted


def test_a_change_is_put_on_record(administrator: Client) -> None:
    row = Organisation.objects.get(code="pfcc")
    data = {"name": "PFCC for Essex", "short_name": "The PFCC", "kind": "pfcc", "recovers_vat": "on"}
    administrator.post(f"/admin/board/organisation/{row.pk}/change/", data)
    row.refresh_from_db()
    assert row.short_name == "The PFCC" and row.code == "pfcc"
    event = Event.objects.filter(act="admin.change").first()
    assert event is not None and event.words == "short_name"


def test_a_person_is_made_and_given_a_role(administrator: Client) -> None:
    secret = "a long enough secret"
    data = {
        "email": "New.Officer@example.org",
        "name": "Finance officer, PFCC",
        "password1": secret,
        "password2": secret,
    }
    roles = {"roles-TOTAL_FORMS": "0", "roles-INITIAL_FORMS": "0"}
    assert administrator.post("/admin/board/user/add/", {**data, **roles}).status_code == 302
    user = User.objects.get(email="new.officer@example.org")
    assert not user.is_superuser
    given = {
        "email": user.email, "name": user.name, "is_active": "on", "is_superuser": "on",
        "roles-TOTAL_FORMS": "1", "roles-INITIAL_FORMS": "0", "roles-0-user": str(user.pk),
        "roles-0-organisation": str(Organisation.objects.get(code="pfcc").pk), "roles-0-kind": "finance-officer",
        "roles-0-starts_on": "2023-04-01",
    }  # fmt: skip
    assert administrator.post(f"/admin/board/user/{user.pk}/change/", given).status_code == 302
    user.refresh_from_db()
    assert not user.is_superuser, "Nobody is made a superuser here."
    assert Role.objects.get(user=user).kind == "finance-officer"
    assert "Finance officer, PFCC for Essex" in Event.objects.filter(act="admin.role").get().words


def test_a_superuser_is_not_changed_by_an_administrator(administrator: Client) -> None:
    root = User.objects.create_superuser("root@example.org", "a long enough secret", name="System")
    assert administrator.post(f"/admin/board/user/{root.pk}/change/", {"name": "Mine"}).status_code == 403
    assert administrator.get(f"/admin/board/user/{root.pk}/password/").status_code == 403


def test_a_password_that_an_administrator_sets_is_put_on_record(administrator: Client) -> None:
    cfo, secret = factories.person("cfo", "pfcc"), "a long enough secret"
    url = f"/admin/board/user/{cfo.pk}/password/"
    administrator.post(url, {"password1": secret, "password2": "another one", "usable_password": "true"})
    assert not Event.objects.filter(subject=f"user {cfo.pk}").exists()
    administrator.post(url, {"password1": secret, "password2": secret, "usable_password": "true"})
    event = Event.objects.get(subject=f"user {cfo.pk}")
    assert (event.act, event.words) == ("admin.change", "password")


def test_an_administrator_gives_themselves_no_role(administrator: Client) -> None:
    own = Role.objects.get(kind="administrator").user
    page = administrator.get(f"/admin/board/user/{own.pk}/change/").content.decode()
    assert "roles-TOTAL_FORMS" not in page
    given = {
        "email": own.email, "name": own.name, "is_active": "on", "roles-TOTAL_FORMS": "1", "roles-INITIAL_FORMS": "0",
        "roles-0-organisation": str(Organisation.objects.get(code="pfcc").pk), "roles-0-kind": "cfo",
        "roles-0-starts_on": "2023-04-01",
    }  # fmt: skip
    administrator.post(f"/admin/board/user/{own.pk}/change/", given)
    assert list(own.roles.values_list("kind", flat=True)) == ["administrator"]


@pytest.mark.parametrize("kind", ["finance-officer", "cfo", "auditor", "commissioning-officer"])
def test_others_do_not_enter(programme: Programme, client: Client, kind: str) -> None:
    client.force_login(factories.person(kind, "pfcc"))
    assert client.get("/admin/board/user/").status_code in (302, 403)
