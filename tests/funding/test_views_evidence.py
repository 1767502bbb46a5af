"""The pages of evidence: a drop of many files, matching, one entry's files, who may open what."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from board import files
from board.models import Event, StoredFile
from funding.evidence import Attachment, attach
from funding.models import Evidence, Transaction
from funding.spending import Charge
from tests import factories
from tests.evidence_files import PDF, upload
from tests.factories import Money

pytestmark = pytest.mark.django_db
DROP, MATCH, MISSING = "/money/evidence/", "/money/evidence/match/", "/money/evidence/missing/"
SignIn = Callable[[Any], Client]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_FOLDER = tmp_path


@pytest.fixture
def officer(money: Money, signed_in: SignIn) -> Client:
    return signed_in(money.finance)


def pdf(name: str, number: int = 0) -> Any:
    return upload(name, PDF + b"\n" * number)


def attached(entry: Transaction, by: Any, *, name: str = "A-100.pdf", number: int = 0) -> Evidence:
    file = files.store(uploads=[pdf(name, number)], by=by).files[0]
    return attach(attachments=[Attachment(file, [entry], "invoice")], confirmed_no_names=True, by=by)[0]


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_from_the_spend_list_to_many_files_attached(money: Money, officer: Client) -> None:
    first = money.record("900.00", document_number="TCP-2306")
    second = money.record("700.00", document_number="SIS-0042")
    assert f'href="{DROP}"' in text(officer.get("/money/spend/"))
    page = officer.post(DROP, {"files": [pdf("tcp 2306.pdf"), pdf("SIS-42.pdf", 1), pdf("scan.pdf", 2)]}, follow=True)
    assert page.redirect_chain == [(MATCH, 302)]
    words = text(page)
    assert "Its name matches T-000001 · TCP-2306 · Supplier Limited · £900.00 · 15 June 2023" in words
    assert "Its name holds no document number of your entries." in words
    rows = list(StoredFile.objects.all())
    form = page.context["form"]
    boxes = {f"{name}-{row.pk}": form[f"{name}-{row.pk}"].value() for row in rows for name in ("entries", "what")}
    assert boxes[f"entries-{rows[2].pk}"] == ""
    page = officer.post(MATCH, {**boxes, "confirmed_no_names": "on"}, follow=True)
    assert "2 files attached to 2 entries." in text(page)
    assert page.redirect_chain == [(MATCH, 302)], "One file still waits."
    assert {(row.transaction, row.file) for row in Evidence.objects.all()} == {(first, rows[0]), (second, rows[1])}
    boxes = {
        f"entries-{rows[2].pk}": "2, t-000001",
        f"what-{rows[2].pk}": "statement",
        f"restricted-{rows[2].pk}": "on",
    }
    page = officer.post(MATCH, {**boxes, "confirmed_no_names": "on"}, follow=True)
    assert "1 file attached to 2 entries." in text(page) and page.redirect_chain == [(DROP, 302)]
    found = Evidence.objects.filter(file=rows[2])
    assert {(row.transaction, row.what, row.restricted) for row in found} == {
        (first, "statement", True),
        (second, "statement", True),
    }


def test_what_is_refused_is_said_of_each_file_and_the_others_are_kept(money: Money, officer: Client) -> None:
    page = officer.post(DROP, {"files": [pdf("a.pdf"), upload("b.pdf", b"MZ\x90\0"), upload("c.exe", b"MZ\x90\0")]})
    words = text(page)
    assert page.status_code == 200
    assert "“b.pdf” is a program" in words and "“c.exe” is a program" in words
    assert "Nothing is lost: 1 file is kept and waits to be matched" in words
    assert "Match 1 file to entries" in words
    assert StoredFile.objects.get().name == "a.pdf"


def test_nothing_typed_is_lost_where_something_is_wrong(money: Money, officer: Client) -> None:
    for supplier in ("One", "Two"):
        money.record("900.00", document_number="A-100", supplier_name=supplier)
    page = officer.post(DROP, {"files": [pdf("A-100.pdf"), pdf("b.pdf", 1)]}, follow=True)
    assert "Its name matches 2 entries. Enter the one that is meant." in text(page)
    one, two = StoredFile.objects.all()
    typed = {f"entries-{one.pk}": "A-100", f"what-{one.pk}": "receipt", f"entries-{two.pk}": "nonsense"}
    page = officer.post(MATCH, {**typed, f"what-{two.pk}": "invoice"})
    words = text(page)
    assert "“A-100” is on T-000001, T-000002. Enter the one that is meant" in words
    assert "Your ledger has no entry or document “nonsense”" in words
    assert "Confirm that no file names a victim, a client or a refuge" in words
    assert 'value="A-100"' in words and 'value="nonsense"' in words and '<option value="receipt" selected>' in words
    assert not Evidence.objects.exists()
    page = officer.post(MATCH, {f"what-{one.pk}": "invoice", f"what-{two.pk}": "invoice", "confirmed_no_names": "on"})
    assert "Nothing is attached yet. Enter the entry of at least one file." in text(page)


def test_a_file_sent_by_mistake_is_discarded_beside_one_that_is_attached(money: Money, officer: Client) -> None:
    entry = money.record("900.00")
    officer.post(DROP, {"files": [pdf("a.pdf"), pdf("b.pdf", 1), pdf("c.pdf", 2)]})
    one, two, three = StoredFile.objects.all()
    sent = {f"what-{one.pk}": "invoice", f"what-{two.pk}": "discard", f"what-{three.pk}": "invoice"}
    page = officer.post(MATCH, {**sent, f"entries-{one.pk}": entry, "confirmed_no_names": "on"}, follow=True)
    assert "1 file attached to 1 entry. 1 file discarded." in text(page)
    assert list(StoredFile.objects.all()) == [one, three]
    page = officer.post(MATCH, {f"what-{three.pk}": "discard"}, follow=True)
    assert "1 file discarded." in text(page) and page.redirect_chain == [(DROP, 302)]


def test_without_files_the_matching_page_leads_back(money: Money, officer: Client) -> None:
    page = officer.get(MATCH, follow=True)
    assert page.redirect_chain == [(DROP, 302)] and "No file waits to be matched" in text(page)
    assert "Choose files" in text(officer.post(DROP, {}))


def test_a_drop_that_is_too_large_is_refused_unread(money: Money, officer: Client, settings: Any) -> None:
    settings.DROP_LIMIT_BYTES = 1024 * 1024
    for address in (DROP, f"/money/spend/{money.record('900.00')}/evidence/"):
        large = [upload(f"{number}.pdf", PDF + b"\n" * 700_000) for number in range(2)]
        page = officer.post(address, {"files": large})
        assert page.status_code == 413
        assert "These files are too large: the most that is taken at one go is 1 MB" in text(page)
    assert not StoredFile.objects.exists()


def test_an_entry_takes_files_and_keeps_them_where_something_else_is_refused(money: Money, officer: Client) -> None:
    entry = money.record("900.00")
    address = f"/money/spend/{entry}/evidence/"
    assert f'href="{address}"' in text(officer.get(f"/money/spend/{entry}/"))
    page = officer.post(address, {"files": [pdf("a.pdf"), upload("b.pdf", b"MZ\x90\0")], "what": "receipt"})
    words = text(page)
    assert "“b.pdf” is a program" in words and "Confirm that no file names a victim" in words
    file = StoredFile.objects.get()
    assert re.search(rf'value="{file.pk}"[^>]*checked', words), "What was taken stays chosen."
    assert '<option value="receipt" selected>' in words
    page = officer.post(address, {"staged": [file.pk], "what": "receipt", "confirmed_no_names": "on"}, follow=True)
    assert f"1 file attached to {entry}." in text(page)
    assert [(row.file, row.what, row.transaction) for row in Evidence.objects.all()] == [(file, "receipt", entry)]
    assert "Choose at least one file" in text(officer.post(address, {"what": "receipt", "confirmed_no_names": "on"}))


def test_a_file_sent_and_ticked_at_once_is_attached_in_one_step(money: Money, officer: Client) -> None:
    entry = money.record("900.00")
    sent = {"files": [pdf("a.pdf"), pdf("b.pdf", 1)], "what": "invoice", "confirmed_no_names": "on"}
    page = officer.post(f"/money/spend/{entry}/evidence/", sent, follow=True)
    assert f"2 files attached to {entry}." in text(page)
    assert page.redirect_chain == [(f"/money/spend/{entry}/", 302)]


def test_evidence_of_pay_does_not_ask_whether_to_restrict_it(money: Money, officer: Client) -> None:
    pay = money.record("900.00", supplier_name="", basis="Half a post")
    assert "Restrict them" in text(officer.get(f"/money/spend/{money.record('5.00')}/evidence/"))
    assert "Restrict them" not in text(officer.get(f"/money/spend/{pay}/evidence/"))


def test_the_file_is_given_out_to_be_saved_and_its_taking_is_recorded(money: Money, officer: Client) -> None:
    row = attached(money.record("900.00"), money.finance, name="Rechnung “5”; x.pdf")
    response = officer.get(f"/money/evidence/{row}/file/")
    assert response.content == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''Rechnung%20")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert Event.objects.get(act="evidence.download").by == money.finance


def test_an_altered_file_is_not_given_out_and_the_page_says_so(money: Money, officer: Client) -> None:
    row = attached(money.record("900.00"), money.finance)
    files.place_of(row.file.sha256).write_bytes(b"something else")
    page = officer.get(f"/money/evidence/{row}/file/", follow=True)
    assert page.redirect_chain == [(f"/money/spend/{row.transaction}/", 302)]
    assert "was changed on disk since it was uploaded" in text(page)
    assert not Event.objects.filter(act="evidence.download").exists()


def test_taking_away_asks_for_the_reason_and_shuts_the_file(money: Money, officer: Client) -> None:
    row = attached(money.record("900.00"), money.finance)
    address = f"/money/evidence/{row}/take-away/"
    assert "Enter reason" in text(officer.post(address, {"version": 1, "reason": ""}))
    page = officer.post(address, {"version": 1, "reason": "It names somebody"}, follow=True)
    assert "Taken away" in text(page) and "It names somebody" in text(page)
    assert f"/money/evidence/{row}/file/" not in text(page)
    for then in ("file/", "take-away/", "restrict/"):
        assert officer.get(f"/money/evidence/{row}/{then}").status_code == 404


def test_restricting_is_asked_and_done_once(money: Money, officer: Client) -> None:
    row = attached(money.record("900.00"), money.finance)
    page = officer.post(f"/money/evidence/{row}/restrict/", {}, follow=True)
    assert f"{row} is restricted." in text(page) and ">Restricted<" in text(page)
    assert officer.get(f"/money/evidence/{row}/restrict/").status_code == 404


def test_who_may_open_and_who_may_change(money: Money, signed_in: SignIn) -> None:
    plain = attached(money.record("900.00"), money.finance)
    pay = attached(money.record("800.00", supplier_name="", basis="Half a post"), money.finance, number=1)
    for who, opens, opens_pay, changes in (
        ("finance-officer/pfcc", 200, 200, 200),
        ("cfo/pfcc", 200, 200, 403),
        ("auditor/pfcc", 200, 200, 403),
        ("auditor/home-office", 200, 404, 403),
        ("commissioning-officer/pfcc", 200, 404, 403),
        ("finance-officer/ecc", 404, 404, 404),
        ("finance-officer/southend", 404, 404, 404),
        ("kpi-reporter/change", 403, 403, 403),
        ("board-member/setdab", 403, 403, 403),
        ("administrator/pfcc", 403, 403, 403),
    ):
        client = signed_in(factories.person(*who.split("/")))
        assert client.get(f"/money/evidence/{plain}/file/").status_code == opens, who
        assert client.get(f"/money/evidence/{pay}/file/").status_code == opens_pay, who
        for then in ("take-away/", "restrict/"):
            assert client.get(f"/money/evidence/{plain}/{then}").status_code == changes, who
        assert client.get(f"/money/spend/{plain.transaction}/evidence/").status_code == changes, who
        posted = client.post(f"/money/spend/{plain.transaction}/evidence/", {"files": [pdf("x.pdf", 9)]})
        assert posted.status_code == changes, who
    # The PFCC's own officer alone could send a file.
    assert StoredFile.objects.filter(name="x.pdf").count() == 1


def test_what_is_restricted_is_counted_and_not_named(money: Money, signed_in: SignIn) -> None:
    pay = money.record("800.00", supplier_name="", basis="Half a post")
    attached(pay, money.finance, name="Payslips.pdf")
    words = text(signed_in(factories.person("commissioning-officer", "pfcc")).get(f"/money/spend/{pay}/"))
    assert "Evidence (and 1 restricted, which you may not open)" in words and "Payslips" not in words
    assert "Take away" not in words and "Add evidence" not in words


def test_a_council_attaches_to_its_own_entries_and_the_recipient_reads_them(money: Money, signed_in: SignIn) -> None:
    line = money.line("CHB", source=money.ecc_cash)
    entry = money.record("800.00", Charge(line, money.quarter()), by=money.council_finance, document_number="E-500")
    council = signed_in(money.council_finance)
    page = council.post(DROP, {"files": [pdf("E-500.pdf")]}, follow=True)
    assert "Its name matches T-000001" in text(page)
    file = StoredFile.objects.get()
    council.post(MATCH, {f"entries-{file.pk}": entry, f"what-{file.pk}": "invoice", "confirmed_no_names": "on"})
    recipient = signed_in(money.finance)
    words = text(recipient.get(f"/money/spend/{entry}/"))
    assert "E-500.pdf" in words and "Take away" not in words
    assert recipient.get(f"/money/evidence/{Evidence.objects.get()}/file/").status_code == 200


def test_entries_above_the_threshold_are_listed_by_quarter_until_they_have_evidence(
    money: Money, officer: Client
) -> None:
    entry = money.record("900.00")
    money.record("400.00")
    first, second = money.quarter(), money.quarter("2023-24-Q2")
    page = officer.get(MISSING, {"quarter": first.pk})
    assert list(page.context["table"].data.data) == [entry] and page.context["table"].totals["remaining"] == 900
    assert f'href="/money/spend/{entry}/evidence/"' in text(page)
    assert len(officer.get(MISSING, {"quarter": second.pk}).context["table"].rows) == 0
    assert len(officer.get(MISSING, {"source": money.ecc_cash.pk}).context["table"].rows) == 0
    assert len(officer.get(MISSING, {"year": first.year_id, "source": money.grant.pk}).context["table"].rows) == 1
    attached(entry, money.finance)
    assert "Every entry above the threshold has its evidence." in text(officer.get(MISSING))


def test_the_declaring_page_warns_and_leads_to_the_entries(money: Money, officer: Client) -> None:
    address = f"{MISSING}?quarter={money.quarter().pk}&amp;ledger={factories.organisation('pfcc').pk}"
    assert address not in text(officer.get("/money/declare/"))
    entry = money.record("900.00")
    words = text(officer.get("/money/declare/"))
    assert "1 entry above the threshold has no evidence yet." in words and f'href="{address}"' in words
    attached(entry, money.finance)
    assert "no evidence yet" not in text(officer.get("/money/declare/"))


def test_others_may_read_the_list_and_are_offered_nothing_to_do(money: Money, signed_in: SignIn) -> None:
    money.record("900.00")
    words = text(signed_in(factories.person("cfo", "pfcc")).get(MISSING))
    assert "T-000001" in words and "Add evidence" not in words and "Send files" not in words
    assert "T-000001" not in text(signed_in(factories.person("finance-officer", "southend")).get(MISSING))


def test_the_pages_ask_the_same_for_one_file_and_for_twenty(money: Money, officer: Client) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert officer.get(address).status_code == 200
        return len(asked)

    entry = money.record("900.00", document_number="A-100")
    counted: dict[str, set[int]] = {}
    for upto in (1, 20):
        for number in range(Evidence.objects.count(), upto):
            attached(entry, money.finance, number=number)
            money.record("600.00", document_number=f"B-{number + 100}")
            files.store(uploads=[pdf(f"B-{number + 100}.pdf", number + 100)], by=money.finance)
        for address in (f"/money/spend/{entry}/", MATCH, MISSING, DROP):
            counted.setdefault(address, set()).add(queries(address))
    assert all(len(found) == 1 for found in counted.values()), counted
