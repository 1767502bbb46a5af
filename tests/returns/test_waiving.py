"""Waivers: asked for by one officer, agreed by another, printed and signed, and due in the next return."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from board import clock
from board.models import Event, User
from board.quarters import RESULTS
from core.problems import Refused
from funding.models import VarianceReason
from kpis import submitting
from returns import certifying, due
from returns.kinds import stored_content
from returns.kinds.scope import of_quarter, scope_of
from returns.models import Return, Waiver
from returns.readiness import mark_of, readiness
from returns.waiving import agree, ask, may_agree, may_ask, waivable, withdraw
from tests.factories import person
from tests.kpis import scene as results
from tests.returns.scenes import LATE_JULY, Scene

pytestmark = pytest.mark.usefixtures("quick_pdf")
UNTIL = date(2023, 8, 31)


@pytest.fixture
def draft(scene: Scene) -> Return:
    """A claim with everything in place but the words on one project's variance."""
    scene.spend()
    scene.explain()
    VarianceReason.objects.filter(project__code="SIS").delete()
    scene.declare()
    scene.reconcile()
    scene.close()
    return scene.open_return()


def asked(scene: Scene, the_return: Return, **changes: object) -> Waiver:
    [item] = waivable(the_return)
    given = {"item": mark_of(item.words), "reason": "Its manager is away until August.", "until": UNTIL} | changes
    return ask(the_return=the_return, by=scene.commissioning, **given)


def agreed(scene: Scene, the_return: Return) -> Waiver:
    return agree(waiver=asked(scene, the_return), by=scene.cfo)


def certified(scene: Scene, the_return: Return) -> Return:
    certifying.prepare(the_return=the_return, by=scene.finance)
    certifying.check(the_return=the_return, by=scene.second_commissioning)
    return certifying.certify(the_return=the_return, by=person("cfo", "pfcc", number=2))


def weights(the_return: Return) -> list[str]:
    return [
        item.weight for item in readiness(the_return.kind, scope_of(the_return), clock.today()) if item.code == "F10"
    ]


def messages(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.message for problem in refused.value.problems]


def test_what_two_officers_waive_blocks_no_more_and_the_return_says_so(scene: Scene, draft: Return) -> None:
    assert weights(draft) == ["blocking"]
    row = asked(scene, draft)
    assert weights(draft) == ["blocking"], "Asking alone changes nothing."
    agree(waiver=row, by=scene.cfo)
    assert weights(draft) == ["waived"]
    done = certified(scene, draft)
    section = next(part for part in stored_content(done).sections if part.code == "waivers")
    [line] = section.table.rows
    said = [figure.value for figure in line.cells]
    assert said[0] == "W-000001"
    assert said[1].startswith("Specialist Intervention Service is £20,000.00 under its profile")
    assert said[2:] == [
        "Its manager is away until August.",
        "31 August 2023",
        scene.commissioning.name,
        f"{scene.cfo.name}, Chief finance officer",
    ]


def test_a_return_without_waivers_has_no_such_part(scene: Scene) -> None:
    assert "waivers" not in {part.code for part in stored_content(scene.certified()).sections}


def test_what_was_waived_is_due_in_the_next_return_until_it_is_put_right(scene: Scene) -> None:
    duty = scene.asked_for_results()
    scene.close(RESULTS)
    the_return = scene.open_return(kind="performance", by=scene.commissioning)
    agreed(scene, the_return)
    certifying.prepare(the_return=the_return, by=scene.commissioning)
    certifying.certify(the_return=the_return, by=scene.second_commissioning)
    second = of_quarter(scene.quarter("2023-24-Q2"))

    def left() -> list[str]:
        return [item.words for item in readiness("performance", second, clock.today()) if "and due now" in item.words]

    [words] = left()
    assert words.startswith(f"Waived in {the_return.reference}, and due now: ")
    reporter = results.reporter()
    row = duty.submissions.get(quarter=scene.quarter())
    row = submitting.save_late(submission=row, figures=results.boxes(), seen_version=row.version, by=reporter)
    submitting.submit_late(submission=row, seen_version=row.version, reason="Staff were away", by=reporter)
    submitting.accept(submission=row, seen_version=results.seen(row), by=scene.commissioning)
    assert left() == []


def test_an_explanation_that_was_waived_is_asked_for_anew_and_not_of_a_certified_claim(
    scene: Scene, draft: Return
) -> None:
    agreed(scene, draft)
    certified(scene, draft)
    found = readiness("claim", of_quarter(scene.quarter("2023-24-Q2")), clock.today())
    assert not [item for item in found if "and due now" in item.words]


def test_a_waiver_ends_with_its_last_day(scene: Scene, draft: Return) -> None:
    agreed(scene, draft)
    with clock.at(UNTIL):
        assert weights(draft) == ["waived"]
    with clock.at(UNTIL + timedelta(days=1)):
        assert weights(draft) == ["blocking"]


def test_a_waiver_is_of_the_words_and_not_of_another_amount(scene: Scene, draft: Return) -> None:
    row = agreed(scene, draft)
    Waiver.objects.filter(pk=row.pk).update(item=mark_of(row.words.replace("£", "£1")))
    assert weights(draft) == ["blocking"]


def test_what_cannot_be_signed_away_is_not_offered(scene: Scene) -> None:
    scene.spend()
    the_return = scene.open_return()
    codes = {item.code for item in readiness("claim", scope_of(the_return), clock.today()) if item.blocking}
    assert codes == {"closed", "declared", "ledger", "F10"}
    assert {item.code for item in waivable(the_return)} == {"declared", "F10"}


def test_one_person_never_waives_alone(scene: Scene, draft: Return) -> None:
    row = asked(scene, draft)
    with pytest.raises(Refused, match="may agree to a waiver"):
        agree(waiver=row, by=scene.commissioning)
    both = person("cfo", "pfcc", number=5)
    Waiver.objects.filter(pk=row.pk).update(asked_by=both)
    with pytest.raises(Refused, match="Somebody else agrees"):
        agree(waiver=row, by=both)


@pytest.mark.parametrize("who", ["finance-officer/pfcc", "cfo/pfcc", "commissioning-officer/ecc", "auditor/pfcc"])
def test_only_a_commissioning_officer_of_the_recipient_asks(scene: Scene, draft: Return, who: str) -> None:
    other = person(*who.split("/"), number=9)
    assert not may_ask(draft, other)
    with pytest.raises(Refused, match="may ask for a waiver"):
        ask(the_return=draft, item="", reason="x", until=UNTIL, by=other)


def test_everything_that_is_wrong_is_said_at_once(scene: Scene, draft: Return) -> None:
    with pytest.raises(Refused) as refused:
        asked(scene, draft, item="unknown", reason=" ", until=date(2023, 7, 4))
    assert messages(refused) == [
        "Give the reason.",
        "Choose today or a later day.",
        "This is not missing any more, is asked for already, or cannot be waived. Choose another.",
    ]
    assert not Waiver.objects.exists()


def test_the_same_is_not_asked_for_twice(scene: Scene, draft: Return) -> None:
    row = asked(scene, draft)
    assert waivable(draft) == []
    with pytest.raises(Refused, match="is asked for already"):
        ask(the_return=draft, item=row.item, reason="Again", until=UNTIL, by=scene.commissioning)
    withdraw(waiver=row, reason="Not needed", by=scene.commissioning)
    assert asked(scene, draft).reference == "W-000002"


def test_what_is_signed_has_its_waivers_fixed(scene: Scene, draft: Return) -> None:
    row = agreed(scene, draft)
    certifying.prepare(the_return=draft, by=scene.finance)
    draft.refresh_from_db()
    with pytest.raises(Refused, match="what is waived is part of what is signed"):
        withdraw(waiver=row, reason="Changed my mind", by=scene.cfo)
    assert not may_ask(draft, scene.commissioning)


def test_a_waiver_that_is_turned_down_waives_nothing(scene: Scene, draft: Return) -> None:
    row = asked(scene, draft)
    withdraw(waiver=row, reason="The words can be had today", by=scene.cfo)
    row.refresh_from_db()
    assert row.standing == "Withdrawn" and not may_agree(row, scene.cfo)
    with pytest.raises(Refused, match="is withdrawn already"):
        agree(waiver=row, by=scene.cfo)
    with pytest.raises(Refused, match="nobody has said why"):
        certifying.prepare(the_return=draft, by=scene.finance)
    acts = Event.objects.filter(act__startswith="return.waiver").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["return.waiver-ask", "return.waiver-withdraw"]


def test_the_chief_finance_officer_is_told_that_one_waits(scene: Scene, draft: Return) -> None:
    row = asked(scene, draft)
    dues = {user: [one.words for one in due.due(user, today=clock.today(), moment=clock.now())] for user in
            (scene.cfo, scene.finance)}  # fmt: skip
    words = f"Agree to or turn down a waiver of {draft.reference}"
    assert words in dues[scene.cfo] and words not in dues[scene.finance]
    agree(waiver=row, by=scene.cfo)
    assert words not in [one.words for one in due.due(scene.cfo, today=clock.today(), moment=clock.now())]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_from_the_page_of_the_return_it_is_asked_for_and_agreed(scene: Scene, draft: Return) -> None:
    page, form = draft.get_absolute_url(), reverse("returns:waiver-ask", args=[draft.pk])
    commissioning, cfo = signed_in(scene.commissioning), signed_in(scene.cfo)
    assert form in commissioning.get(page).content.decode()
    assert form not in cfo.get(page).content.decode()
    [item] = waivable(draft)
    assert item.words in commissioning.get(form).content.decode()
    wrong = commissioning.post(form, {"item": mark_of(item.words), "reason": "Away", "until": "1/7/2023"})
    assert "Choose today or a later day" in wrong.content.decode() and "Away</textarea>" in wrong.content.decode()
    commissioning.post(form, {"item": mark_of(item.words), "reason": "Away", "until": "31/8/2023"})
    row = Waiver.objects.get()
    agreeing = reverse("returns:waiver-agree", args=[draft.pk, row.reference])
    assert agreeing in cfo.get(page).content.decode()
    assert commissioning.get(agreeing).status_code == 403
    cfo.post(agreeing)
    row.refresh_from_db()
    assert row.is_agreed and "Waived until 31 August 2023" in cfo.get(page).content.decode()
    taking_back = reverse("returns:waiver-withdraw", args=[draft.pk, row.reference])
    commissioning.post(taking_back, {"reason": "Explained"})
    row.refresh_from_db()
    assert row.standing == "Withdrawn"


def test_the_waiver_of_another_return_is_not_found(scene: Scene, draft: Return) -> None:
    row = asked(scene, draft)
    with clock.at(LATE_JULY):
        other = scene.open_return(kind="performance", by=scene.commissioning)
    assert signed_in(scene.cfo).get(reverse("returns:waiver-agree", args=[other.pk, row.reference])).status_code == 404
