"""What happens after certifying: sent to the funder, accepted, shown where people look, never changing the return."""

from datetime import date
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from board import clock
from board.models import Event, User
from core.problems import Refused
from funding import claims
from funding.models import ReceiptPart
from returns import certifying
from returns.due import due
from returns.models import Dispatch, Return
from returns.sending import accept, may_accept, may_send, may_take_back, send, standing_with_funder, take_back
from tests.factories import person
from tests.returns.scenes import LATE_JULY, Scene

pytestmark = pytest.mark.usefixtures("quick_pdf")
SENT, ACCEPTED, LATER = date(2023, 7, 28), date(2023, 8, 3), date(2023, 8, 10)
PORTAL = Dispatch.Way.PORTAL


def sent(scene: Scene, the_return: Return, on: date = SENT) -> Dispatch:
    with clock.at(LATER):
        return send(the_return=the_return, sent_on=on, way=PORTAL, funder_reference="HO-77", by=scene.commissioning)


def accepted(scene: Scene, row: Dispatch, on: date = ACCEPTED) -> Dispatch:
    with clock.at(LATER):
        return accept(dispatch=row, accepted_on=on, acceptance_reference="OK-1", by=scene.finance)


def duties(user: User, today: date = LATER) -> list[tuple[str, date | None]]:
    with clock.at(today):
        found = due(user, today=today, moment=clock.now())
        return [(row.words, row.due_on) for row in found if row.words.startswith("Send")]


def page(scene: Scene, client: Client, user: User, name: str, *args: object) -> str:
    client.force_login(user)
    with clock.at(LATER):
        answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_certified_return_is_sent_then_accepted_and_stays_what_was_signed(scene: Scene) -> None:
    the_return = scene.certified()
    before = Return.objects.values().get(pk=the_return.pk)
    assert standing_with_funder(the_return) == "Not sent yet"
    row = sent(scene, the_return)
    assert standing_with_funder(the_return) == "Sent on 28 July 2023"
    accepted(scene, row)
    assert standing_with_funder(the_return) == "Accepted on 3 August 2023"
    assert Return.objects.values().get(pk=the_return.pk) == before
    said = Event.objects.filter(subject=the_return.reference, act__in=["return.send", "return.accept"])
    assert [event.words for event in said.order_by("pk")] == [
        "In the funder’s portal on 28 July 2023, reference HO-77",
        "Accepted on 3 August 2023, reference OK-1",
    ]


def test_a_draft_is_not_sent(scene: Scene) -> None:
    scene.closed()
    the_return = scene.open_return()
    assert standing_with_funder(the_return) == ""
    assert not may_send(the_return, scene.commissioning)
    with pytest.raises(Refused, match="Only a certified return goes to the funder"):
        sent(scene, the_return)


def test_what_does_not_go_to_the_funder_is_not_sent(scene: Scene) -> None:
    the_return = scene.certified()
    Return.objects.filter(pk=the_return.pk).update(kind="board")
    the_return.refresh_from_db()
    assert standing_with_funder(the_return) == ""
    assert not may_send(the_return, scene.commissioning)
    with pytest.raises(Refused, match="A board report does not go to the funder"):
        sent(scene, the_return)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2023, 7, 26), "It was certified on 27 July 2023. Give that day or a later one."),
        (date(2023, 8, 11), "Give today or an earlier day."),
    ],
)
def test_it_was_sent_on_a_day_that_can_be(scene: Scene, day: date, words: str) -> None:
    the_return = scene.certified()
    with pytest.raises(Refused) as refused:
        sent(scene, the_return, day)
    [problem] = refused.value.problems
    assert (problem.message, problem.where) == (words, "sent_on")


@pytest.mark.parametrize("day", [LATE_JULY, LATER])
def test_the_first_and_last_day_that_can_be_are_taken(scene: Scene, day: date) -> None:
    assert sent(scene, scene.certified(), day).sent_on == day


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2023, 7, 27), "It was sent on 28 July 2023. Give that day or a later one."),
        (date(2023, 8, 11), "Give today or an earlier day."),
    ],
)
def test_it_is_accepted_on_a_day_that_can_be(scene: Scene, day: date, words: str) -> None:
    row = sent(scene, scene.certified())
    with pytest.raises(Refused) as refused:
        accepted(scene, row, day)
    assert [problem.message for problem in refused.value.problems] == [words]


def test_it_is_sent_once_and_accepted_once(scene: Scene) -> None:
    the_return = scene.certified()
    row = sent(scene, the_return)
    with pytest.raises(Refused, match="recorded as sent already"):
        sent(scene, the_return)
    accepted(scene, row)
    with pytest.raises(Refused, match="was accepted on 3 August 2023 already"):
        accepted(scene, row)


def test_the_table_itself_keeps_one_and_its_order_of_days(scene: Scene) -> None:
    row = sent(scene, scene.certified())
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispatch.objects.filter(pk=row.pk).update(accepted_on=date(2023, 7, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispatch.objects.filter(pk=row.pk).update(withdrawn_at=clock.now())


def test_what_was_recorded_by_mistake_is_taken_back_and_recorded_anew(scene: Scene, client: Client) -> None:
    the_return = scene.certified()
    row = accepted(scene, sent(scene, the_return))
    with clock.at(LATER), pytest.raises(Refused, match="Give the reason"):
        take_back(dispatch=row, reason=" ", by=scene.finance)
    with clock.at(LATER):
        take_back(dispatch=row, reason="That was the wrong quarter.", by=scene.finance)
    assert standing_with_funder(the_return) == "Not sent yet"
    with pytest.raises(Refused, match="has been taken back since"):
        accepted(scene, row)
    sent(scene, the_return)
    said = page(scene, client, scene.auditor, "returns:return", the_return.pk)
    assert "Taken back on 10 August 2023: That was the wrong quarter." in said
    assert row.history.count() == 3


def test_nobody_writes_over_what_another_recorded_meanwhile(scene: Scene) -> None:
    row = sent(scene, scene.certified())
    accepted(scene, row)
    with clock.at(LATER), pytest.raises(Refused, match="changed"):
        take_back(dispatch=row, reason="Wrong", seen_version=1, by=scene.finance)


def test_only_the_recipients_finance_and_commissioning_officers_record_it(scene: Scene) -> None:
    the_return = scene.certified()
    elsewhere = person("finance-officer", "ecc")
    for user in (scene.cfo, scene.auditor, elsewhere):
        assert not may_send(the_return, user)
        with clock.at(LATER), pytest.raises(Refused, match="may record that this return was sent"):
            send(the_return=the_return, sent_on=SENT, way=PORTAL, by=user)
    row = sent(scene, the_return)
    for user in (scene.cfo, scene.auditor, elsewhere):
        assert not may_accept(the_return, user) and not may_take_back(the_return, user)
        with clock.at(LATER), pytest.raises(Refused, match="may record that the funder accepted"):
            accept(dispatch=row, accepted_on=ACCEPTED, by=user)
        with clock.at(LATER), pytest.raises(Refused, match="may take back"):
            take_back(dispatch=row, reason="No", by=user)
    assert may_accept(the_return, scene.finance) and may_take_back(the_return, scene.finance)


def test_a_certified_return_waits_to_be_sent_until_it_is(scene: Scene) -> None:
    the_return = scene.certified()
    words = f"Send the quarterly financial return and claim for {scene.quarter()} to the funder, and record it"
    for user in (scene.finance, scene.commissioning):
        assert duties(user) == [(words, scene.quarter().certify_due_on)]
    assert duties(scene.cfo) == []
    sent(scene, the_return)
    assert duties(scene.finance) == []


def test_a_revision_is_sent_anew_and_is_due_when_it_is_certified(scene: Scene) -> None:
    first = scene.certified()
    sent(scene, first)
    with clock.at(date(2023, 9, 1)):
        second = certifying.revise(the_return=first, reason="Clearer words", by=scene.finance)
        certifying.prepare(the_return=second, by=scene.finance)
        certifying.check(the_return=second, by=scene.commissioning)
        second = certifying.certify(the_return=second, by=scene.cfo)
    first.refresh_from_db()
    assert standing_with_funder(first) == "Sent on 28 July 2023", "What was sent stays on record."
    assert [day for _, day in duties(scene.finance, date(2023, 9, 2))] == [date(2023, 9, 1)]
    assert standing_with_funder(second) == "Not sent yet"


def test_a_revision_that_was_replaced_unsent_asks_for_nothing(scene: Scene) -> None:
    the_return = scene.certified()
    Return.objects.filter(pk=the_return.pk).update(status=Return.Status.SUPERSEDED)
    the_return.refresh_from_db()
    assert standing_with_funder(the_return) == "" and duties(scene.finance) == []
    assert may_send(the_return, scene.finance), "It may have been sent before it was replaced."


def test_it_is_shown_where_people_look(scene: Scene, client: Client) -> None:
    the_return = scene.certified()
    own, quarter = ("returns:return", the_return.pk), ("returns:quarter", scene.quarter().pk)
    lists = (("returns:returns",), ("returns:statements",))
    for place in (own, quarter, ("returns:statements",)):
        assert "Not sent yet" in page(scene, client, scene.auditor, *place), place
    assert ", not sent yet" in page(scene, client, scene.auditor, "returns:returns")
    row = sent(scene, the_return)
    for place in (own, quarter, *lists):
        assert "ent on 28 July 2023" in page(scene, client, scene.auditor, *place), place
    assert "In the funder’s portal, reference HO-77" in page(scene, client, scene.auditor, *own)
    accepted(scene, row)
    for place in (quarter, *lists):
        assert "ccepted on 3 August 2023" in page(scene, client, scene.auditor, *place), place
    assert "3 August 2023, reference OK-1" in page(scene, client, scene.auditor, *own)


def test_the_list_of_quarters_says_it_in_its_download_too(scene: Scene, client: Client) -> None:
    sent(scene, scene.certified())
    client.force_login(scene.auditor)
    with clock.at(LATER):
        answer = client.get(reverse("returns:returns"), {"download": "xlsx"})
    sheet = load_workbook(BytesIO(answer.content)).active
    texts = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "Certified, revision 1, sent on 28 July 2023" in texts


def test_what_was_paid_stands_beside_it(scene: Scene, client: Client) -> None:
    the_return = scene.certified()
    claim = certifying.standing_claim(the_return)
    whole = f"£{claim.amount:,.2f}"
    own = ("returns:return", the_return.pk)
    assert f"£0.00 of {whole}; {whole} is still owed" in page(scene, client, scene.auditor, *own)
    with clock.at(LATER):
        claims.receive(
            source=scene.money.grant,
            received_on=LATER,
            parts=[ReceiptPart(claim=claim, amount=claim.amount)],
            by=scene.finance,
        )
    said = page(scene, client, scene.auditor, *own)
    assert f"{whole} of {whole}" in said and "still owed" not in said


def test_it_is_recorded_on_its_pages(scene: Scene, client: Client) -> None:
    the_return = scene.certified()
    client.force_login(scene.finance)

    def answer(name: str, **given: str):
        with clock.at(LATER):
            return client.post(reverse(name, args=[the_return.pk]), given)

    refused = answer("returns:send", sent_on="1 July 2023", way="portal", funder_reference="HO-9")
    assert "It was certified on 27 July 2023" in refused.content.decode()
    assert "HO-9" in refused.content.decode(), "Nothing that was typed is lost."
    assert answer("returns:send", sent_on="28 July 2023", way="portal", funder_reference="HO-9").status_code == 302
    assert answer("returns:accept", accepted_on="3 August 2023", version="1").status_code == 302
    row = Dispatch.objects.get()
    assert (row.funder_reference, row.accepted_on, row.version) == ("HO-9", ACCEPTED, 2)
    late = answer("returns:send-withdraw", reason="Wrong", version="1")
    assert "changed" in late.content.decode() and Dispatch.objects.standing().exists()
    assert answer("returns:send-withdraw", reason="Wrong", version="2").status_code == 302
    assert not Dispatch.objects.standing().exists()
