"""Evidence: attached to one's own entries, restricted by rule, taken away with its reason, and what has none."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from board import clock, files
from board.models import Event, Quarter, StoredFile, Threshold, User
from core.problems import Refused
from funding.claims import certify
from funding.declaring import declare
from funding.evidence import Attachment, attach, detach, give_out, is_sensitive, restrict, usual_kind, without_evidence
from funding.models import Evidence, Transaction
from funding.spending import Charge, credit, void
from tests import factories
from tests.evidence_files import PDF, upload
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
JULY = date(2023, 7, 5)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_FOLDER = tmp_path


@pytest.fixture
def entry(money: Money) -> Transaction:
    return money.record("900.00", document_number="A-100")


def sent(by: User, name: str = "A-100.pdf", content: bytes = PDF) -> StoredFile:
    return files.store(uploads=[upload(name, content)], by=by).files[0]


def attached(entry: Transaction, by: User, **more: Any) -> Evidence:
    file = more.pop("file", None) or sent(by)
    one = Attachment(file, [entry], "invoice", **more)
    return attach(attachments=[one], confirmed_no_names=True, by=by)[0]


def messages(refused: Any) -> list[str]:
    return [problem.message for problem in refused.value.problems]


def wanting() -> list[Transaction]:
    return list(without_evidence(Transaction.objects.all(), today=clock.today()).order_by("reference"))


def test_one_file_may_prove_several_entries_and_an_entry_have_several_files(money: Money, entry: Transaction) -> None:
    other = money.record("50.00")
    both = Attachment(sent(money.finance), [entry, other], "statement")
    more = Attachment(sent(money.finance, "more.pdf", PDF + b"\n"), [entry], "invoice")
    found = attach(attachments=[both, more], confirmed_no_names=True, by=money.finance)
    assert [(row.reference, row.transaction, row.what) for row in found] == [
        ("EV-000001", entry, "statement"),
        ("EV-000002", other, "statement"),
        ("EV-000003", entry, "invoice"),
    ]
    assert Event.objects.filter(act="evidence.attach", subject=entry.reference).count() == 2
    assert not StoredFile.objects.unattached().exists()


def test_nothing_is_attached_without_the_tick_on_names(money: Money, entry: Transaction) -> None:
    one = Attachment(sent(money.finance), [entry], "invoice")
    with pytest.raises(Refused, match="names a victim, a client or a refuge"):
        attach(attachments=[one], confirmed_no_names=False, by=money.finance)
    assert not Evidence.objects.exists()


def test_a_second_press_of_the_button_attaches_once(money: Money, entry: Transaction) -> None:
    file = sent(money.finance)
    assert attached(entry, money.finance, file=file) == attached(entry, money.finance, file=file)
    assert Evidence.objects.count() == 1


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_attached(money: Money, entry: Transaction) -> None:
    attached(entry, money.finance)
    theirs = money.record(
        "80.00", Charge(money.line("CHB", source=money.ecc_cash), money.quarter()), by=money.council_finance
    )
    gone = money.record("70.00")
    void(entry=gone, reason="Typed by mistake", by=money.finance)
    fine = money.record("60.00")
    again, none = sent(money.finance, "again.pdf"), sent(money.finance, "none.pdf")
    foreign = sent(money.council_finance, "foreign.pdf")
    asked = [
        Attachment(again, [entry, theirs, gone], "invoice", where="entries-1"),
        Attachment(none, [], "invoice"),
        Attachment(foreign, [fine], "invoice"),
    ]
    with pytest.raises(Refused) as refused:
        attach(attachments=[*asked, Attachment(none, [fine], "invoice")], confirmed_no_names=False, by=money.finance)
    words = messages(refused)
    assert len(words) == 6
    assert "“again.pdf” is attached to T-000001 already, as EV-000001." in words
    assert f"{theirs.reference} is in the ledger of Essex County Council; its officers attach its evidence." in words
    assert f"{gone.reference} is void and needs no evidence." in words
    assert "Say which entry “none.pdf” proves." in words
    assert any("“foreign.pdf” is no longer kept" in one for one in words)
    assert {problem.where for problem in refused.value.problems} == {"confirmed_no_names", "entries-1", ""}
    assert Evidence.objects.count() == 1


def test_a_file_that_was_swept_meanwhile_is_asked_for_again(money: Money, entry: Transaction) -> None:
    file = sent(money.finance)
    StoredFile.objects.all().delete()
    with pytest.raises(Refused, match="waited for more than a day"):
        attached(entry, money.finance, file=file)


def test_evidence_may_follow_after_the_quarter_is_declared(money: Money, entry: Transaction) -> None:
    declare(source=money.grant, quarter=money.quarter(), nil=False, by=money.finance)
    assert attached(entry, money.finance).transaction == entry


def test_pay_is_restricted_by_its_heading_or_its_basis(money: Money, entry: Transaction) -> None:
    money.headings["staff"].payroll = True
    money.headings["staff"].save()
    charge = Charge(money.line(heading="staff"), money.quarter())
    by_heading = money.record("800.00", charge, supplier_name="Payroll")
    by_basis = money.record("700.00", supplier_name="", basis="Programme manager, half a post")
    assert [is_sensitive(row) for row in (entry, by_heading, by_basis)] == [False, True, True]
    rows = [entry, by_heading, by_basis]
    files = [sent(money.finance, f"{number}.pdf", PDF + b"\n" * number) for number in range(3)]
    found = [attached(row, money.finance, file=file).restricted for row, file in zip(rows, files, strict=True)]
    assert found == [False, True, True]


def test_a_cost_for_victims_is_restricted(money: Money, entry: Transaction) -> None:
    money.programme.projects.filter(code="SIS").update(typology="victim-support")
    parts = (
        Charge(money.line("CHB"), money.quarter(), amount=D("10.00")),
        Charge(money.line("SIS"), money.quarter(), amount=D("5.00")),
    )
    assert attached(money.record("15.00", *parts), money.finance).restricted


def test_an_officer_can_restrict_more_and_never_less(money: Money, entry: Transaction) -> None:
    def other(number: int) -> StoredFile:
        return sent(money.finance, f"{number}.pdf", PDF + b"\n" * number)

    pay = money.record("700.00", supplier_name="", basis="Share")
    assert attached(pay, money.finance, file=other(1), restricted=False).restricted
    row = attached(entry, money.finance, file=other(2))
    assert not row.restricted
    assert restrict(evidence=row, by=money.finance).restricted
    assert restrict(evidence=row, by=money.finance).version == 2
    assert attached(money.record("3.00"), money.finance, file=other(3), restricted=True).restricted


def test_a_content_that_shows_pay_in_one_place_is_restricted_in_all(money: Money, entry: Transaction) -> None:
    pay = money.record("700.00", supplier_name="", basis="Half a post")
    plain = attached(entry, money.finance)
    assert not plain.restricted
    assert attached(pay, money.finance, file=sent(money.finance, "The same print.pdf")).restricted
    plain.refresh_from_db()
    assert plain.restricted and plain.version == 2
    detach(evidence=plain, reason="Wrong entry", by=money.finance)
    third = attached(money.record("3.00"), money.finance, file=sent(money.finance, "Once more.pdf"))
    assert third.restricted, "What was restricted once stays so."


def test_restricting_one_restricts_every_use_of_the_file_and_nobody_elses(money: Money, entry: Transaction) -> None:
    line = money.line("CHB", source=money.ecc_cash)
    theirs = money.record("80.00", Charge(line, money.quarter()), by=money.council_finance)
    foreign = attached(theirs, money.council_finance)
    file = sent(money.finance)
    rows = [attached(one, money.finance, file=file) for one in (entry, money.record("3.00"))]
    restrict(evidence=rows[0], by=money.finance)
    states = Evidence.objects.order_by("pk").values_list("pk", "restricted")
    assert dict(states) == {foreign.pk: False, rows[0].pk: True, rows[1].pk: True}


def test_who_sees_what_is_restricted_and_what_is_not(money: Money) -> None:
    line = money.line("CHB", source=money.ecc_cash)
    plain, pay = (
        money.record("80.00", Charge(line, money.quarter()), by=money.council_finance, **fields)
        for fields in ({}, {"supplier_name": "", "basis": "Half a post"})
    )
    kept = [sent(money.council_finance, "1.pdf"), sent(money.council_finance, "2.pdf", PDF + b"\n")]
    rows = [attached(entry, money.council_finance, file=file) for entry, file in zip((plain, pay), kept, strict=True)]
    seen = {
        "finance-officer/ecc": 2,
        "cfo/ecc": 2,
        "auditor/ecc": 2,
        "commissioning-officer/ecc": 1,
        "finance-officer/pfcc": 1,
        "cfo/pfcc": 1,
        "auditor/pfcc": 1,
        "commissioning-officer/pfcc": 1,
        "finance-officer/southend": 0,
        "finance-officer/home-office": 0,
        "kpi-reporter/change": 0,
        "board-member/setdab": 0,
        "administrator/pfcc": 0,
    }
    for who, count in seen.items():
        assert list(Evidence.objects.visible_to(factories.person(*who.split("/")))) == rows[:count], who
    assert list(Evidence.objects.visible_to(factories.person("finance-officer", "pfcc").act_as(None))) == []


def test_an_auditors_role_that_has_ended_opens_nothing(money: Money) -> None:
    pay = money.record("80.00", supplier_name="", basis="Half a post")
    attached(pay, money.finance)
    auditor = factories.person("auditor", "pfcc", ends_on=date(2023, 7, 4))
    assert list(Evidence.objects.visible_to(User.objects.get(pk=auditor.pk))) == []


def test_taken_away_it_stays_on_record_and_proves_nothing(money: Money, entry: Transaction) -> None:
    row = attached(entry, money.finance)
    assert wanting() == []
    with pytest.raises(Refused, match="Give the reason"):
        detach(evidence=row, reason=" ", by=money.finance)
    with pytest.raises(Refused, match="Somebody else changed this"):
        detach(evidence=row, reason="Wrong file", by=money.finance, seen_version=7)
    gone = detach(evidence=row, reason="Wrong file", by=money.finance, seen_version=1)
    assert gone.is_taken_away and gone.taken_away_reason == "Wrong file"
    assert wanting() == [entry]
    assert Event.objects.get(act="evidence.detach").words == "EV-000001: Wrong file"
    with pytest.raises(Refused, match="was taken away already"):
        detach(evidence=row, reason="Again", by=money.finance)
    with pytest.raises(Refused, match="was taken away already"):
        restrict(evidence=row, by=money.finance)
    assert attached(entry, money.finance, file=row.file).reference == "EV-000002"


def test_only_the_officers_of_its_ledger_change_evidence(money: Money, entry: Transaction) -> None:
    row = attached(entry, money.finance)
    with pytest.raises(Refused, match="its officers change it"):
        detach(evidence=row, reason="Not mine", by=money.council_finance)
    with pytest.raises(Refused, match="its officers change it"):
        restrict(evidence=row, by=money.council_finance)


def test_each_giving_out_is_recorded(money: Money, entry: Transaction) -> None:
    row = attached(entry, money.finance)
    assert give_out(evidence=row, by=money.finance) == PDF
    event = Event.objects.get(act="evidence.download")
    assert (event.subject, event.by) == (entry.reference, money.finance)
    assert row.reference in event.words and row.file.sha256 in event.words and row.file.name not in event.words


def test_above_the_threshold_an_entry_wants_evidence(money: Money) -> None:
    money.record("500.00")
    over = money.record("500.01")
    assert wanting() == [over]
    attached(over, money.finance)
    assert wanting() == []


def test_a_programme_sets_its_own_threshold(money: Money) -> None:
    entry = money.record("120.00")
    Threshold.objects.create(programme=money.programme, rule="evidence-amount", value=10000, from_date=JULY)
    assert wanting() == [entry]


def states(entry: Transaction) -> list[tuple[str, str]]:
    return list(entry.lines.order_by("number").values_list("state", "state_reason"))


@pytest.fixture
def holding(money: Money) -> Threshold:
    """The programme holds entries of more than £100 that nothing proves."""
    return Threshold.objects.create(
        programme=money.programme, rule="evidence-hold-amount", value=10000, from_date=date(2023, 4, 1)
    )


def test_a_programme_may_hold_what_has_no_evidence_until_it_has(money: Money, holding: Threshold) -> None:
    under, over = money.record("100.00"), money.record("100.01")
    assert states(under) == [("claimable", "")]
    assert states(over) == [("held", "evidence-missing")]
    assert states(money.record("900.00", kind="accrual")) == [("claimable", "")]
    attached(over, money.finance)
    assert states(over) == [("claimable", "")]


def test_evidence_taken_away_before_the_claim_holds_the_line_again(money: Money, holding: Threshold) -> None:
    entry = money.record("900.00")
    money_back = credit(
        original=entry, quarter=money.quarter(), document_number="CN", reason="Back", amount=D("1.00"), by=money.finance
    )
    row = attached(entry, money.finance)
    assert states(entry) == states(money_back) == [("claimable", "")]
    detach(evidence=row, reason="Wrong file", by=money.finance)
    assert states(entry) == states(money_back) == [("held", "evidence-missing")]


def test_evidence_taken_away_after_the_claim_leaves_the_line_where_it_is(money: Money, holding: Threshold) -> None:
    entry = money.record("900.00")
    row = attached(entry, money.finance)
    Quarter.objects.filter(code="2023-24-Q1").update(money_closed_at=clock.now(), money_closed_by=money.finance)
    certify(
        source=money.grant,
        quarter=money.quarter(),
        reference="P/claim/2023-24-Q1/r1",
        content_hash="a" * 64,
        expected=D("900.00"),
        by=money.finance,
    )
    detach(evidence=row, reason="Wrong file", by=money.finance)
    assert states(entry) == [("claimable", "")]
    assert wanting() == [entry]


def test_where_no_amount_is_set_nothing_is_held_for_evidence(money: Money) -> None:
    row = attached(money.record("90000.00"), money.finance)
    detach(evidence=row, reason="Wrong file", by=money.finance)
    assert states(row.transaction) == [("claimable", "")]


def test_what_is_taken_back_void_or_an_accrual_wants_none(money: Money) -> None:
    entry, wrong = money.record("900.00"), money.record("800.00", document_number="B")
    money.record("700.00", kind="accrual")
    void(entry=wrong, reason="Typed by mistake", by=money.finance)
    assert wanting() == [entry] and wanting()[0].remaining == D("900.00")
    back = {"original": entry, "quarter": money.quarter(), "document_number": "CN", "reason": "Back"}
    credit(**back, amount=D("399.99"), by=money.finance)
    assert wanting()[0].remaining == D("500.01")
    credit(**back, amount=D("0.01"), by=money.finance)
    assert wanting() == []


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "invoice"),
        ({"kind": "summary"}, "ledger-print"),
        ({"kind": "reported-spend"}, "statement"),
        ({"supplier_name": "", "basis": "Half a post"}, "timesheet-summary"),
    ],
)
def test_what_evidence_mostly_is_follows_from_the_entry(money: Money, fields: dict[str, str], kind: str) -> None:
    assert usual_kind(money.entry("1.00", **fields)) == kind


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("evidence_names_nobody", {"confirmed_no_names": False}),
        ("evidence_taken_away_has_a_reason", {"taken_away_reason": "No moment"}),
    ],
)
def test_the_database_holds_the_rule(money: Money, entry: Transaction, name: str, wrong: dict[str, Any]) -> None:
    row = attached(entry, money.finance)
    for field, value in wrong.items():
        setattr(row, field, value)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        row.save()


def test_the_database_holds_that_a_file_is_attached_to_an_entry_once(money: Money, entry: Transaction) -> None:
    row = attached(entry, money.finance)
    row.pk, row.reference, row.once = None, "EV-000900", uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_the_database_holds_that_no_file_is_empty(money: Money) -> None:
    file = sent(money.finance)
    file.size = 0
    with pytest.raises(IntegrityError, match="stored_file_is_not_empty"), transaction.atomic():
        file.save()
