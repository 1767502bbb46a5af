"""The pages of the returns: who sees what, what a page offers, and one figure from page to file."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from board import clock
from board.models import Event, Quarter, User
from funding.models import Claim, ClaimLine, SpendLine
from kpis.models import Submission
from returns import certifying, files
from returns.kinds.scope import of_quarter
from returns.models import Download, Return
from tests import factories
from tests.factories import person
from tests.returns.scenes import LATE_JULY, Scene

pytestmark = pytest.mark.usefixtures("quick_pdf")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User, url: str) -> str:
    answer = signed_in(user).get(url)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def quarter_url(scene: Scene, code: str = "2023-24-Q1") -> str:
    return reverse("returns:quarter", args=[scene.quarter(code).pk])


def test_the_list_shows_each_quarter_with_its_returns(scene: Scene) -> None:
    scene.certified()
    shown = page(scene.commissioning, reverse("returns:returns"))
    assert "2023-24 Q1 (April to June 2023)" in shown
    assert "Certified" in shown
    assert "Not begun" in shown


def test_a_claim_from_before_the_system_has_no_draft(scene: Scene) -> None:
    scene.certify_claim(scene.close())
    assert "Certified on paper" in page(scene.commissioning, reverse("returns:returns"))
    shown = page(scene.finance, quarter_url(scene))
    assert "its return is on paper" in shown
    assert "Begin the quarterly financial return" not in shown
    answer = signed_in(scene.finance).post(reverse("returns:begin", args=[scene.quarter().pk, "claim"]))
    assert "its return is on paper" in answer.content.decode()
    assert not Return.objects.exists()


def test_the_whole_return_is_read_on_a_page_of_its_own(scene: Scene) -> None:
    scene.spend()
    the_return = scene.open_return()
    shown = page(scene.finance, reverse("returns:read", args=[the_return.pk]))
    assert "Expenditure by project and cost heading" in shown
    assert 'href="#section-calculation"' in shown
    assert "£58,400.00" in shown


def test_the_list_is_narrowed_by_year_and_by_the_status_of_a_return(scene: Scene) -> None:
    scene.open_return()
    url = reverse("returns:returns")
    assert "2024-25 Q1" not in page(scene.commissioning, f"{url}?year={scene.quarter().year_id}")
    drafts = page(scene.commissioning, f"{url}?status=draft")
    assert "2023-24 Q1" in drafts
    assert "2023-24 Q2" not in drafts


def test_the_list_asks_as_often_for_eight_quarters_as_for_sixteen_with_returns(scene: Scene) -> None:
    client, url = signed_in(scene.commissioning), reverse("returns:returns")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(f"{url}?kind=quarter")
    for quarter in Quarter.objects.filter(kind="quarter"):
        scene.open_return(quarter=quarter)
    other = factories.programme("DAPF-2025-27")
    for quarter in other.quarters.filter(kind="quarter"):
        certifying.open_return(kind="claim", scope=of_quarter(quarter), by=scene.finance)
    with CaptureQueriesContext(connection) as many:
        assert client.get(f"{url}?kind=quarter").content.count(b"govuk-tag--grey") == 16
    assert len(many) == len(few)


def test_the_quarter_says_what_is_missing_and_leads_there(scene: Scene) -> None:
    scene.spend()
    shown = page(scene.finance, quarter_url(scene))
    assert "Must be put right first" in shown
    assert "PFCC for Essex has not declared its spend" in shown
    assert "/declare/DAPF-2023-25/GRANT/2023-24-Q1/" in shown
    assert reverse("returns:close", args=[scene.quarter().pk, "money"]) not in shown
    shown = page(scene.commissioning, quarter_url(scene))
    assert "/declare/DAPF-2023-25/GRANT/2023-24-Q1/" not in shown
    assert reverse("returns:close", args=[scene.quarter().pk, "money"]) in shown


def test_a_quarter_is_closed_on_its_page_after_a_question(scene: Scene) -> None:
    scene.spend()
    client = signed_in(scene.commissioning)
    url = reverse("returns:close", args=[scene.quarter().pk, "money"])
    asked = client.get(url).content.decode()
    assert "Its accruals are reversed into 2023-24 Q2 (July to September 2023)." in asked
    answer = client.post(url, follow=True)
    assert "is closed for spend." in answer.content.decode()
    assert scene.quarter().money_closed_at
    again = client.post(url).content.decode()
    assert "is closed for money already" in again


def test_a_reason_that_is_missing_comes_back_to_its_box_and_nothing_typed_is_lost(scene: Scene) -> None:
    scene.close()
    url = reverse("returns:reopen", args=[scene.quarter().pk, "money"])
    answer = signed_in(scene.commissioning).post(url, {"until": "20 July 2023", "reason": ""})
    shown = answer.content.decode()
    assert "Enter reason" in shown
    assert "20 July 2023" in shown
    done = signed_in(scene.commissioning).post(url, {"until": "20 July 2023", "reason": "Mislaid"}, follow=True)
    assert "is open again for spend" in done.content.decode()


def test_nonsense_in_an_address_is_not_found(scene: Scene) -> None:
    client, quarter = signed_in(scene.commissioning), scene.quarter()
    the_return = scene.open_return()
    for name, *args in (
        ("close", quarter.pk, "everything"),
        ("begin", quarter.pk, "novel"),
        ("write", the_return.pk, "poem"),
        ("sign", the_return.pk, "bless"),
        ("file", the_return.pk, "docx"),
        ("receipt", the_return.pk),
    ):
        assert client.get(reverse(f"returns:{name}", args=args)).status_code == 404, name


def test_strangers_rows_are_not_found_and_forbidden_acts_are_refused(scene: Scene) -> None:
    the_return = scene.open_return()
    council = signed_in(person("finance-officer", "ecc"))
    assert council.get(the_return.get_absolute_url()).status_code == 404
    assert council.get(quarter_url(scene)).status_code == 404
    assert council.get(reverse("returns:file", args=[the_return.pk, "xlsx"])).status_code == 404
    auditor = signed_in(scene.auditor)
    assert auditor.get(the_return.get_absolute_url()).status_code == 200
    assert auditor.post(reverse("returns:sign", args=[the_return.pk, "prepare"])).status_code == 403
    assert auditor.post(reverse("returns:write", args=[the_return.pk, "progress"])).status_code == 403
    assert auditor.post(reverse("returns:close", args=[scene.quarter().pk, "money"])).status_code == 403
    reporter = signed_in(person("kpi-reporter", "change"))
    assert reporter.get(reverse("returns:returns")).status_code == 403


def test_a_return_is_begun_written_and_shown(scene: Scene) -> None:
    client = signed_in(scene.finance)
    client.post(reverse("returns:begin", args=[scene.quarter().pk, "claim"]))
    the_return = Return.objects.get()
    url = reverse("returns:write", args=[the_return.pk, "progress"])
    client.post(url, {"words": "A slow start.", "version": ""})
    assert "A slow start." in page(scene.finance, the_return.get_absolute_url())
    stale = client.post(url, {"words": "Mine instead", "version": ""}).content.decode()
    assert "Somebody else changed this" in stale
    assert "Mine instead" in stale


def test_words_that_may_tell_who_somebody_is_are_taken_with_a_warning(scene: Scene) -> None:
    client = signed_in(scene.finance)
    client.post(reverse("returns:begin", args=[scene.quarter().pk, "claim"]))
    url = reverse("returns:write", args=[Return.objects.get().pk, "progress"])
    told = client.post(url, {"words": "Mr Okonkwo came from CM2 6DA.", "version": ""}, follow=True).content.decode()
    assert "What you wrote seems to hold a name and a postcode." in told
    assert "Your words are saved." in told


def test_last_quarters_words_stand_beside_the_box(scene: Scene) -> None:
    before, now = scene.open_return(), scene.open_return(quarter=scene.quarter("2023-24-Q2"))
    certifying.write_commentary(
        the_return=before, section="progress", words="The first words.", seen_version=None, by=scene.finance
    )
    assert "The first words." in page(scene.finance, reverse("returns:write", args=[now.pk, "progress"]))


def test_only_the_next_signer_is_offered_the_button(scene: Scene) -> None:
    scene.closed()
    the_return = scene.open_return()
    url = the_return.get_absolute_url()
    assert "Prepare and sign" in page(scene.finance, url)
    assert "Prepare and sign" not in page(scene.commissioning, url)
    certifying.prepare(the_return=the_return, by=scene.finance)
    assert "Check and sign" in page(scene.commissioning, url)
    assert "Check and sign" not in page(scene.finance, url)
    assert "Certify</a>" not in page(scene.cfo, url)


def test_a_signature_of_another_role_is_forbidden(scene: Scene) -> None:
    scene.closed()
    the_return = scene.open_return()
    for user, act, status in (
        (scene.finance, "prepare", 200),
        (scene.finance, "certify", 403),
        (scene.commissioning, "prepare", 403),
        (scene.cfo, "certify", 200),
    ):
        answer = signed_in(user).get(reverse("returns:sign", args=[the_return.pk, act]))
        assert answer.status_code == status, (user, act)
    early = signed_in(scene.cfo).post(reverse("returns:sign", args=[the_return.pk, "certify"]))
    assert "only when it is checked can somebody certify it" in early.content.decode()


def test_the_page_warns_when_the_record_has_moved_since_the_signature(scene: Scene) -> None:
    scene.closed()
    the_return = certifying.prepare(the_return=scene.open_return(), by=scene.finance)
    warning = "The record has changed since this return was prepared"
    assert warning not in page(scene.commissioning, the_return.get_absolute_url())
    scene.programme.name = "Another name"
    scene.programme.save()
    assert warning in page(scene.commissioning, the_return.get_absolute_url())


def test_nobody_signs_what_was_signed_anew_behind_the_page_that_they_have_open(scene: Scene) -> None:
    scene.closed()
    the_return = scene.open_return()

    def sign_twice() -> None:
        certifying.prepare(the_return=the_return, by=scene.finance)
        certifying.check(the_return=the_return, by=scene.commissioning)

    sign_twice()
    url, cfo = reverse("returns:sign", args=[the_return.pk, "certify"]), signed_in(scene.cfo)
    open_page = re.search(r'name="version" value="(\d+)"', cfo.get(url).content.decode())
    assert open_page is not None
    certifying.send_back(the_return=the_return, reason="A word", by=scene.finance)
    section = certifying.kind_of("claim").written[0].code
    certifying.write_commentary(
        the_return=the_return, section=section, words="Never shown.", seen_version=None, by=scene.finance
    )
    sign_twice()
    with clock.at(LATE_JULY):
        answer = cfo.post(url, {"version": open_page[1]})
        assert "signed anew since you opened this page" in answer.content.decode()
        the_return.refresh_from_db()
        assert the_return.status == "checked"
        again = re.search(r'name="version" value="(\d+)"', cfo.get(url).content.decode())
        assert again is not None
        assert cfo.post(url, {"version": again[1]}).status_code == 302


def test_certifying_on_the_page_ends_in_a_receipt_with_the_hashes(scene: Scene) -> None:
    scene.closed()
    the_return = scene.open_return()
    for user, act in ((scene.finance, "prepare"), (scene.commissioning, "check")):
        signed_in(user).post(reverse("returns:sign", args=[the_return.pk, act]))
    with clock.at(LATE_JULY):
        answer = signed_in(scene.cfo).post(reverse("returns:sign", args=[the_return.pk, "certify"]), follow=True)
    shown = answer.content.decode()
    the_return.refresh_from_db()
    assert the_return.status == "certified"
    assert the_return.content_hash in shown
    assert files.stored(the_return, "xlsx").sha256 in shown
    assert "£58,400.00" in page(scene.auditor, the_return.get_absolute_url())
    assert Claim.objects.get().amount == 58400


def test_a_signer_sees_the_amount_on_the_page_where_it_is_signed(scene: Scene) -> None:
    scene.closed()
    the_return = scene.open_return()
    assert "£58,400.00" in page(scene.finance, reverse("returns:sign", args=[the_return.pk, "prepare"]))


def test_a_return_leads_to_its_claim_and_the_claim_to_its_return(scene: Scene) -> None:
    the_return = scene.certified()
    claim = Claim.objects.get()
    assert f'href="{claim.get_absolute_url()}"' in page(scene.auditor, the_return.get_absolute_url())
    assert f'href="{the_return.get_absolute_url()}"' in page(scene.auditor, claim.get_absolute_url())


def test_every_file_taken_is_on_record(scene: Scene) -> None:
    the_return = scene.open_return()
    url = reverse("returns:file", args=[the_return.pk, "xlsx"])
    answer = signed_in(scene.finance).get(url)
    assert answer["Content-Disposition"].endswith('r1-draft.xlsx"')
    assert answer.content.startswith(b"PK")
    row = Download.objects.get()
    assert row.by == scene.finance
    assert Event.objects.filter(act="return.download", subject=the_return.reference).count() == 1


def test_a_certified_file_is_the_stored_one(scene: Scene) -> None:
    the_return = scene.certified()
    for kept in ("xlsx", "pdf"):
        answer = signed_in(scene.auditor).get(reverse("returns:file", args=[the_return.pk, kept]))
        assert answer.content == files.stored(the_return, kept).data
    assert Download.objects.count() == 2


def test_a_return_is_sent_back_and_a_certified_one_revised(scene: Scene) -> None:
    scene.closed()
    the_return = certifying.prepare(the_return=scene.open_return(), by=scene.finance)
    client = signed_in(scene.commissioning)
    client.post(reverse("returns:send-back", args=[the_return.pk]), {"reason": "The match is wrong"})
    the_return.refresh_from_db()
    assert the_return.status == "draft"
    certifying.prepare(the_return=the_return, by=scene.finance)
    certifying.check(the_return=the_return, by=scene.commissioning)
    certifying.certify(the_return=the_return, by=scene.cfo)
    client.post(reverse("returns:revise", args=[the_return.pk]), {"reason": "A name was wrong"})
    assert Return.objects.get(revision=2).revision_reason == "A name was wrong"


def test_each_number_of_a_return_opens_what_it_rests_on(scene: Scene) -> None:
    the_return = scene.certified()
    shown = page(scene.finance, reverse("returns:read", args=[the_return.pk]))
    links = re.findall(r'href="(/returns/\d+/figures/[^"]+)"', shown)
    assert len(links) > 100
    for link in links[::9]:
        assert "Worked out again from it" in page(scene.finance, link), link


def test_a_figure_of_cost_lists_its_charges_and_their_sum_is_the_figure(scene: Scene) -> None:
    the_return = scene.certified()
    where = reverse("returns:trace", args=[the_return.pk, "calculation", "claimable", "amount"])
    shown = page(scene.auditor, where)
    assert "£58,400.00" in shown and "The same" in shown
    charges = [row.start() for row in re.finditer(r">T-\d+/1</a>", shown)]
    assert len(charges) == ClaimLine.objects.count()
    assert shown.rindex("£58,400.00") > charges[-1], "The sum stands under the charges."


def test_a_figure_under_which_the_record_has_moved_is_told(scene: Scene) -> None:
    the_return = scene.certified()
    SpendLine.objects.filter(cost__gt=0).update(cost=1)
    where = reverse("returns:trace", args=[the_return.pk, "calculation", "claimable", "amount"])
    shown = page(scene.auditor, where)
    assert "does not come to this figure" in shown and "Something else" in shown


def test_what_is_no_figure_of_the_return_is_not_found(scene: Scene) -> None:
    the_return = scene.certified()
    for place in (["calculation", "claimable", "none"], ["none", "claimable", "amount"]):
        where = reverse("returns:trace", args=[the_return.pk, *place])
        assert signed_in(scene.finance).get(where).status_code == 404


def test_of_very_many_charges_the_page_shows_the_first(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    the_return = scene.certified()
    monkeypatch.setattr("returns.views.tracing.MOST_CHARGES", 2)
    where = reverse("returns:trace", args=[the_return.pk, "calculation", "claimable", "amount"])
    shown = page(scene.finance, where)
    assert f"the first 2 of {ClaimLine.objects.count()}" in shown
    assert len(re.findall(r">T-\d+/1</a>", shown)) == 2


def test_a_charge_and_a_submission_say_which_return_holds_them(scene: Scene) -> None:
    scene.with_results()
    claim = scene.certified()
    line = ClaimLine.objects.select_related("line__transaction").first().line
    entry = page(scene.finance, line.transaction.get_absolute_url())
    assert f">{claim.reference}</a>" in entry
    held = SpendLine.objects.filter(state=SpendLine.State.HELD).first()
    assert "None while it is held" in page(scene.finance, held.transaction.get_absolute_url())
    row = Submission.objects.first()
    Submission.objects.filter(pk=row.pk).update(first_reported_in=claim.reference)
    shown = page(scene.commissioning, reverse("kpis:submission", args=[row.pk]))
    assert f'href="{claim.get_absolute_url()}">{claim.reference}</a>' in shown.replace(' class="govuk-link"', "")
    reporter = row.duty.organisation.roles.filter(kind="kpi-reporter").first().user
    own = page(reporter, reverse("kpis:submission", args=[row.pk]))
    assert claim.reference in own and claim.get_absolute_url() not in own
