"""Issues and actions, checks, files and named people: written by who keeps the register, and never twice."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from board import files
from board.models import Programme, User
from contracts.assigning import assign, end
from contracts.checking import record_check
from contracts.filing import attach, give_out, take_away
from contracts.following import add_action, close_issue, complete_action, open_issue
from contracts.models import Action, Assignment, Check, Contract, ContractFile, Issue
from core.problems import Refused
from tests import factories
from tests.contracts import scene
from tests.contracts.scene import TODAY, engaged
from tests.evidence_files import PDF, upload

pytestmark = pytest.mark.django_db
OPENED: dict[str, Any] = {
    "words": "Referrals come late",
    "owner_title": "Commissioning officer",
    "opened_on": date(2023, 7, 1),
    "due_on": date(2023, 8, 1),
}
HELD: dict[str, Any] = {
    "what": "insurance",
    "words": "Public liability",
    "reference": "PL-1",
    "checked_on": date(2023, 7, 1),
    "expires_on": date(2024, 6, 30),
}


@pytest.fixture
def contract(programme: Programme) -> Contract:
    return engaged(programme)


def test_an_issue_closes_with_words_once_its_actions_are_complete(contract: Contract, by: User) -> None:
    issue = open_issue(contract=contract, by=by, **OPENED)
    action = add_action(contract=contract, issue=issue, by=by, **{**OPENED, "words": "One form"})
    with pytest.raises(Refused, match="1 action of it is open"):
        close_issue(issue=issue, closed_on=TODAY, words="Done", by=by)
    with pytest.raises(Refused, match="Say how it was closed"):
        complete_action(action=action, closed_on=TODAY, words="", by=by)
    complete_action(action=action, closed_on=TODAY, words="Agreed", by=by)
    close_issue(issue=issue, closed_on=TODAY, words="In time since July", by=by)
    assert Issue.objects.get().closed_words == "In time since July"
    with pytest.raises(Refused, match="is closed already"):
        close_issue(issue=issue, closed_on=TODAY, words="Again", by=by)


def test_an_action_belongs_to_an_open_issue_of_its_own_contract(contract: Contract, by: User) -> None:
    other = open_issue(contract=engaged(contract.programme, 2), by=by, **OPENED)
    with pytest.raises(Refused, match="or of another contract"):
        add_action(contract=contract, issue=other, by=by, **OPENED)
    assert not Action.objects.exists()


def test_dates_of_an_issue_run_forward(contract: Contract, by: User) -> None:
    with pytest.raises(Refused, match="cannot be due before it is opened"):
        open_issue(contract=contract, by=by, **{**OPENED, "due_on": date(2023, 6, 30)})
    with pytest.raises(Refused, match="in the future"):
        open_issue(contract=contract, by=by, **{**OPENED, "opened_on": TODAY + timedelta(days=1)})
    issue = open_issue(contract=contract, by=by, **OPENED)
    with pytest.raises(Refused, match="before it was opened"):
        close_issue(issue=issue, closed_on=date(2023, 6, 30), words="Done", by=by)


def test_a_second_press_of_the_button_writes_nothing_more(contract: Contract, by: User) -> None:
    once = uuid.uuid4()
    for _ in range(2):
        open_issue(contract=contract, by=by, once=once, **OPENED)
        record_check(contract=contract, by=by, once=uuid.UUID(int=once.int ^ 1), **HELD)
    assert (Issue.objects.count(), Check.objects.count()) == (1, 1)


def test_a_check_is_renewed_once_by_a_new_row_that_holds_longer(contract: Contract, by: User) -> None:
    first = record_check(contract=contract, by=by, **HELD)
    with pytest.raises(Refused, match="holds to 30 June 2024 without it"):
        record_check(contract=contract, renews=first, by=by, **HELD)
    later = {**HELD, "expires_on": date(2025, 6, 30), "reference": "PL-2"}
    second = record_check(contract=contract, renews=first, by=by, **later)
    assert [row.reference for row in Check.objects.in_force()] == ["PL-2"]
    assert Check.objects.get(number=1).expires_on == date(2024, 6, 30)
    with pytest.raises(Refused, match="renewed already"):
        record_check(contract=contract, renews=first, by=by, **{**later, "expires_on": date(2026, 6, 30)})
    assert second.number == 2


def test_any_other_check_says_what_it_is(contract: Contract, by: User) -> None:
    with pytest.raises(Refused, match="Say what was checked"):
        record_check(contract=contract, by=by, **{**HELD, "what": "other", "words": ""})


@pytest.mark.parametrize(
    ("model", "fields", "constraint"),
    [
        (Issue, {"due_on": date(2023, 1, 1)}, "issue_due_after_it_opens"),
        (Issue, {"closed_on": date(2023, 7, 2)}, "issue_closed_with_words"),
        (Action, {"due_on": date(2023, 1, 1)}, "action_due_after_it_opens"),
        (Action, {"closed_words": "Done"}, "action_closed_with_words"),
        (Check, {"expires_on": date(2023, 1, 1)}, "check_holds_when_checked"),
        (Check, {"what": "other", "words": ""}, "check_other_says_what"),
    ],
)
def test_the_database_refuses_what_cannot_be(
    contract: Contract, by: User, model: Any, fields: dict, constraint: str
) -> None:
    if model is Check:
        row: Any = record_check(contract=contract, by=by, **HELD)
    else:
        row = (open_issue if model is Issue else add_action)(contract=contract, by=by, **OPENED)
    for name, value in fields.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()


def attached(contract: Contract, by: User, *, shared: bool = False, name: str = "a.pdf") -> ContractFile:
    [file] = files.store(uploads=[upload(name)], by=by).files
    return attach(contract=contract, file=file, what="agreement", shared=shared, confirmed_no_names=True, by=by)


def test_a_provider_sees_only_files_that_are_shared_with_it(files_apart: Any, contract: Contract, by: User) -> None:
    plain, shared = attached(contract, by), attached(contract, by, shared=True, name="b.pdf")
    seen = {
        (kind, organisation): set(ContractFile.objects.visible_to(factories.person(kind, organisation)))
        for kind, organisation in [
            ("kpi-reporter", "change"), ("kpi-reporter", "other"), ("auditor", "pfcc"), ("finance-officer", "pfcc"),
        ]
    }  # fmt: skip
    assert list(seen.values()) == [{shared}, set(), {plain, shared}, {plain, shared}]


def test_a_file_is_given_out_on_record_until_it_is_taken_away(
    files_apart: Any, contract: Contract, by: User, client: Any
) -> None:
    row = attached(contract, by)
    assert give_out(contract_file=row, by=by) == PDF
    client.force_login(by)
    url = f"/contracts/{contract.reference}/files/{row.reference}/"
    response = client.get(url)
    assert response.content == PDF and "attachment" in response["Content-Disposition"]
    with pytest.raises(Refused, match="Give the reason"):
        take_away(contract_file=row, reason="", by=by)
    client.post(f"{url}take-away/", {"version": "1", "reason": "It named a client"})
    assert ContractFile.objects.get().taken_away_reason == "It named a client"
    assert client.get(url).status_code == 404


def test_a_file_is_sent_on_its_page_and_refused_with_what_was_chosen(
    files_apart: Any, contract: Contract, by: User, client: Any
) -> None:
    client.force_login(by)
    url = f"/contracts/{contract.reference}/files/add/"
    page = client.post(url, {"what": "agreement", "shared": "on"}).content.decode()
    assert "Choose file" in page and "Confirm that the file names no victim" in page
    sent = {"what": "agreement", "shared": "on", "confirmed_no_names": "on", "file": upload("a.exe", b"MZ\x90\0")}
    refused = client.post(url, sent).content.decode()
    assert "There is a problem" in refused and 'href="#id_file"' in refused
    client.post(url, {**sent, "file": upload("a.pdf")})
    assert ContractFile.objects.get().shared


def test_a_contract_is_kept_to_reporters_of_its_provider_alone(contract: Contract, by: User) -> None:
    one, two = scene.reporter(number=1), scene.reporter(number=2)
    with pytest.raises(Refused, match="is no reporter of The Change Project"):
        assign(contract=contract, person=scene.reporter("other"), by=by)
    row = assign(contract=contract, person=one, by=by)
    with pytest.raises(Refused, match="named for C-001 already"):
        assign(contract=contract, person=one, by=by)
    sees = [list(Contract.objects.visible_to(person)) for person in (one, two, by, factories.person("auditor", "pfcc"))]
    assert sees == [[contract], [], [contract], [contract]]
    end(assignment=row, reason="Left", by=by)
    assert list(Contract.objects.visible_to(two)) == [contract]
    assert Assignment.objects.get().ended_reason == "Left"


def test_people_are_named_and_named_no_more_on_the_contracts_page(contract: Contract, by: User, client: Any) -> None:
    person = scene.reporter()
    client.force_login(by)
    client.post(f"/contracts/{contract.reference}/assignments/add/", {"person": person.pk})
    assert str(person) in client.get("/contracts/C-001/").content.decode()
    url = f"/contracts/C-001/assignments/{Assignment.objects.get().pk}/end/"
    client.post(url, {"words": "Left"})
    assert Assignment.objects.get().ended_at is not None and client.get(url).status_code == 404
