"""Every address in every role: what opens, what is forbidden (403) and what is not there for a stranger (404).

The whole matrix stands in access_matrix.txt. A change of rights shows there as a changed line; write it
anew with WRITE_ACCESS_MATRIX=1 and read the difference before committing it.
"""

import os
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from board import clock
from board import rows as kept_rows
from board.access import ACTIONS, may
from board.delegating import delegate
from board.files import store
from board.models import Delegation, Organisation, Programme, Quarter, Role, StoredFile, User
from config.views import not_here
from contracts.models import Assignment, Contract
from funding.accruals import open_accruals
from funding.ledger_commit import commit
from funding.ledger_import import Change, decide, stage
from funding.models import (
    BudgetLine,
    Claim,
    Evidence,
    MatchReceipt,
    Receipt,
    ReconcilingItem,
    Repayment,
    Source,
    SpendReport,
    Transaction,
    Virement,
    VirementProposal,
)
from kpis.models import Extension, Submission, SubmissionQuery
from returns.certifying import open_return
from returns.filling import register
from returns.filling.mapping import Entry
from returns.kinds.scope import of_quarter
from returns.models import FunderQuery, FunderTemplate, QueryFile, Return, Sample, Waiver
from tests.evidence_files import PDF, upload
from tests.returns.template_files import template

MATRIX = Path(__file__).with_name("access_matrix.txt")
CAST = (
    "finance.pfcc",
    "finance.ecc",
    "finance.southend",
    "commissioning.1",
    "cfo",
    "reporter.change",
    "reporter.police",
    "board",
    "auditor",
    "admin",
    "stranger",
    "roleless",
)
Person = Callable[[str], User]


def addresses() -> Iterator[tuple[str, object]]:
    """Every named address of ours, with its view; the sign-in pages and the administration are their makers'."""

    def walk(patterns: list, namespace: str = "") -> Iterator[tuple[str, object]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if "allauth" in str(getattr(pattern.urlconf_name, "__name__", "")) or pattern.namespace == "admin":
                    continue
                yield from walk(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else namespace)
            elif isinstance(pattern, URLPattern):
                if pattern.callback is not not_here:
                    yield f"{namespace}{pattern.name}", pattern.callback

    return walk(get_resolver().url_patterns)


def open_item(quarter: Quarter) -> ReconcilingItem:
    """A difference of the recipient's ledger that stands; the demonstration's own have all come right."""
    by = Role.objects.filter(kind="finance-officer", organisation=quarter.programme.recipient).first().user
    return kept_rows.create(
        ReconcilingItem(
            reference="RI-000900",
            organisation=quarter.programme.recipient,
            programme=quarter.programme,
            quarter=quarter,
            stands_from=quarter.last_day,
            kind=ReconcilingItem.Kind.TIMING,
            amount=Decimal("1.00"),
            reason="Posted in April",
        ),
        by=by,
    )


def repaid(programme: Programme) -> Repayment:
    """A payment back to the funder; the demonstration owes it nothing."""
    grant = programme.sources.get(code="GRANT")
    by = Role.objects.filter(kind="finance-officer", organisation=programme.recipient).first().user
    row = Repayment(reference="REP-000900", source=grant, year=programme.years.first(), amount=Decimal("1.00"))
    row.repaid_on, row.why, row.reason = date(2025, 4, 1), Repayment.Why.OVERPAID, "Refused after it was paid"
    return kept_rows.create(row, by=by)


def more_time(submission: Submission) -> Extension:
    """A request that waits for a decision, of which the demonstration has none."""
    by = Role.objects.filter(kind="kpi-reporter", organisation=submission.duty.organisation).first().user
    given = {"until": submission.quarter.certify_due_on, "reason": "The register is being put right."}
    return Extension.objects.create(submission=submission, by=by, at=clock.now(), **given)


def deputy(programme: Programme) -> Delegation:
    """A deputy of the recipient's chief finance officer; the demonstration has none."""
    cfo = Role.objects.get(kind="cfo", organisation=programme.recipient).user
    colleague = Role.objects.filter(kind="commissioning-officer", organisation=programme.recipient).last().user
    authority = store(uploads=[upload("authority.pdf", PDF)], by=cfo).files[0]
    day = clock.today()
    return delegate(deputy=colleague, starts_on=day, ends_on=day, authority=authority, by=cfo)


def board_draft(programme: Programme) -> Return:
    """A report that is not issued; the demonstration has none."""
    quarter = Quarter.objects.select_related("programme__recipient", "year").get(programme=programme, code="2024-25-Q1")
    officer = Role.objects.filter(kind="commissioning-officer", organisation=programme.recipient).first().user
    return open_return(kind="board", scope=of_quarter(quarter), by=officer)


def waived(quarter: Quarter) -> Waiver:
    """A waiver that waits to be agreed to; the demonstration has none."""
    officer = {
        kind: Role.objects.filter(kind=kind, organisation=quarter.programme.recipient).first().user
        for kind in ("finance-officer", "commissioning-officer")
    }
    the_return = open_return(kind="claim", scope=of_quarter(quarter), by=officer["finance-officer"])
    row = Waiver(reference="W-000900", the_return=the_return, code="F10", words="Nobody has said why.", item="0" * 64)
    row.reason, row.until, row.asked_by = "Away", date(2025, 6, 30), officer["commissioning-officer"]
    return kept_rows.create(row, by=officer["commissioning-officer"])


def waiting_virement(quarter: Quarter) -> VirementProposal:
    """A virement of the grant that waits for a second person; the demonstration's own is below the threshold."""
    by = Role.objects.filter(kind="finance-officer", organisation=quarter.programme.recipient).first().user
    return kept_rows.create(
        VirementProposal(
            reference="VP-000900",
            source=Source.objects.get(programme=quarter.programme, kind="grant"),
            year=quarter.year,
            reason="More cases",
            funder_reference="HO-1",
        ),
        by=by,
    )


def contract_rows(programme: str) -> dict[str, list[tuple]]:
    """The pages that write the register of one contract; those of its rows on one that is open, where it has one."""
    chb, officer = Contract.objects.get(reference="CHB-2023"), Role.objects.filter(kind="commissioning-officer").first()
    reporter = Role.objects.get(kind="kpi-reporter", organisation=chb.provider).user
    named = kept_rows.create(Assignment(contract=chb, person=reporter), by=officer.user)
    files = [(chb.reference, row.reference) for row in chb.files.order_by("reference")]
    acts = ("sign", "vary", "extend", "correct", "review", "milestones")
    adds = ("add-option", "add-issue", "add-action", "add-check", "add-file", "assign")
    return {
        "contracts:engage": [(programme,)],
        **{f"contracts:{name}": [(chb.reference,)] for name in (*acts, *adds)},
        "contracts:use-option": [("SIS-2023", 1)],
        "contracts:decline-option": [("SIS-2023", 1)],
        "contracts:close-issue": [(chb.reference, 1)],
        "contracts:complete-action": [(chb.reference, 1)],
        "contracts:renew-check": [(chb.reference, 3)],
        "contracts:file": files,
        "contracts:take-file-away": files[:1],
        "contracts:end-assignment": [(chb.reference, named.pk)],
    }


def funder_template(programme: Programme) -> FunderTemplate:
    """A workbook of the funder's with one cell mapped; the demonstration has none."""
    by = Role.objects.filter(kind="finance-officer", organisation=programme.recipient).first().user
    row = register.register(
        programme=programme,
        kind="claim",
        title="Quarterly form",
        edition="v1",
        valid_from=date(2023, 4, 1),
        valid_to=None,
        upload=SimpleUploadedFile("form.xlsx", template()),
        by=by,
    )
    entry = Entry("Return", "B14", ("claim/return/reference/value",))
    register.save_map(template=row, entries=[entry], seen=0, by=by)
    return row


def rows() -> dict[str, list[tuple]]:
    """For each address with arguments, the rows that it is tried on."""
    programme = Programme.objects.get(code="DAPF-2023-25")
    code = programme.code
    quarter = Quarter.objects.get(programme=programme, code="2024-25-Q4")
    entry = Transaction.objects.filter(lines__quarter=quarter, lines__budget_line__source__code="GRANT").first()
    council = Transaction.objects.filter(lines__quarter=quarter, lines__budget_line__source__code="ECC-CASH").first()
    both = [(entry.reference,), (council.reference,)]
    claim = (Claim.objects.get(quarter__code="2023-24-Q1", programme=programme).reference,)
    change = Submission.objects.filter(quarter=quarter, duty__organisation__code="change").order_by("reference").first()
    police = Submission.objects.filter(quarter=quarter, duty__organisation__code="police").order_by("reference").first()
    query = SubmissionQuery.objects.filter(answered_at=None).latest("at")
    results = [(change.pk,), (police.pk,)]
    budgets = [(code, "GRANT", "2024-25"), (code, "ECC-CASH", "2024-25")]
    proposal = (waiting_virement(quarter).reference,)
    certified = Return.objects.get(kind="claim", last_quarter__code="2023-24-Q1")
    of_ecc = Return.objects.get(kind="match", subject="ecc")
    of_southend = Return.objects.get(kind="match", last_quarter__code="2024-25-Q3")
    usage = Return.objects.get(kind="usage")
    unsent = Return.objects.get(kind="performance", last_quarter__code="2024-25-Q3")
    issued = Return.objects.get(kind="board", last_quarter__code="2024-25-Q3")
    drafted = board_draft(programme)
    statement = (SpendReport.objects.get(quarter__code="2024-25-Q3").reference,)
    [waiting] = open_accruals(programme.recipient)
    named = (deputy(programme).reference,)
    waiver = waived(quarter)
    form = funder_template(programme).pk
    asked = [(row.dispatch.the_return_id, row.reference) for row in FunderQuery.objects.order_by("reference")]
    checked = Return.objects.get(kind="claim", status="checked")
    # One that is finished, and one in work.
    samples = [(row.reference,) for row in Sample.objects.order_by("reference")]
    return {
        "programme": [(code,)],
        "funding:entry": both,
        "funding:recorded": both,
        "funding:correct": both,
        "funding:edit": both,
        "funding:void": both,
        "funding:payment-dates": both,
        "funding:reconsider": both,
        "funding:entry-evidence": both,
        "funding:contract": [("CHB-2023",)],
        "funding:record-statement": [("VIC-2023", quarter.code)],
        "funding:money-back": [("VIC-2023",)],
        "funding:statement": [statement],
        "funding:correct-statement": [statement],
        "funding:void-statement": [statement],
        "funding:accruals": [(code, quarter.code)],
        "funding:raise-accruals": [(code, quarter.code)],
        "funding:accrual-outcome": [(waiting.reference,)],
        "funding:declare-source": [(code, "GRANT", quarter.code), (code, "ECC-CASH", quarter.code)],
        "funding:report-summary": [(code, "ECC-CASH", quarter.code)],
        "funding:withdraw-declaration": [(code, "SOUTHEND-CASH", quarter.code)],
        "funding:reconciliation": [(code, "pfcc", quarter.code), (code, "ecc", quarter.code)],
        "funding:ledger-total": [(code, "pfcc", quarter.code), (code, "ecc", quarter.code)],
        "funding:reconciling-item": [(code, "pfcc", quarter.code), (code, "ecc", quarter.code)],
        "funding:clear-item": [(open_item(quarter).reference,)],
        "funding:working-claim": [(code, quarter.code)],
        "funding:receive": [claim],
        "funding:claim": [claim],
        "funding:disallow": [claim],
        "funding:account": [(code,)],
        "funding:repay": [(code,)],
        "funding:void-repayment": [(repaid(programme).reference,)],
        "funding:void-receipt": [(Receipt.objects.order_by("reference").first().reference,)],
        "funding:void-match-receipt": [
            (
                MatchReceipt.objects.in_force()
                .filter(source__programme=programme)
                .order_by("reference")
                .first()
                .reference,
            )
        ],
        "funding:explain": [(code, quarter.code, "CHB")],
        "funding:budget-of": budgets,
        "funding:set-award": budgets,
        "funding:set-budget": budgets,
        "funding:forecast": budgets,
        "funding:record-virement": budgets,
        "funding:year-end": [(code, "GRANT", "2023-24", "lapsing")],
        "funding:budget-version": [(code, "GRANT", "2024-25", 2), (code, "ECC-CASH", "2024-25", 1)],
        "funding:virement": [(Virement.objects.get().reference,)],
        "funding:virement-proposal": [proposal],
        "funding:approve-virement": [proposal],
        "funding:turn-down-virement": [proposal],
        "funding:tie": [(code, "2024-25")],
        "funding:underspend": [(code, "2024-25")],
        "deputy": [named],
        "deputy-authority": [named],
        "withdraw-deputy": [named],
        "contracts:contract": [("CHB-2023",), ("POL-2023",)],
        **contract_rows(code),
        "kpis:breakdown": [(code, "2024-25-Q3", "CHB-01")],
        "kpis:measure": [(code, "CHB-01")],
        "kpis:redefine": [(code, "CHB-01")],
        "kpis:target": [(code, "CHB-06")],
        "kpis:rate": [(code, "CHB-06", quarter.code)],
        "kpis:define": [(code, "CHB")],
        "kpis:assign": [(code, "CHB")],
        "kpis:duty": [(change.duty_id,), (police.duty_id,)],
        "kpis:change-duty": [(change.duty_id,), (police.duty_id,)],
        "kpis:submission": results,
        "kpis:fill": [(change.pk, "referrals")],
        "kpis:submit": results,
        "kpis:workbook": results,
        "kpis:take-workbook": results,
        "kpis:accept": results,
        "kpis:query": results,
        "kpis:answer": [(query.submission_id, query.pk)],
        "kpis:revise": results,
        "kpis:withdraw": results,
        "kpis:ask-time": results,
        "kpis:decide-time": [(change.pk, more_time(change).pk)],
        "returns:quarter": [(quarter.pk,)],
        "returns:close": [(quarter.pk, "money"), (quarter.pk, "results")],
        "returns:reopen": [(quarter.pk, "money")],
        "returns:begin": [(quarter.pk, "claim")],
        # An issued report; another return, which is none; and a draft.
        "returns:board-report": [(issued.pk,), (certified.pk,), (drafted.pk,)],
        "returns:board-file": [(issued.pk, "pdf"), (certified.pk, "pdf"), (drafted.pk, "pdf")],
        "returns:return": [(certified.pk,), (of_ecc.pk,), (of_southend.pk,), (usage.pk,), (issued.pk,)],
        "returns:read": [(certified.pk,), (of_ecc.pk,), (of_southend.pk,), (usage.pk,), (issued.pk,)],
        "returns:trace": [
            (certified.pk, "key-figures", "this-claim", "value"),
            (issued.pk, "key-figures", "spent", "value"),
        ],
        "returns:write": [(certified.pk, "progress")],
        "returns:sign": [(certified.pk, "certify"), (of_southend.pk, "certify")],
        "returns:send-back": [(certified.pk,), (of_southend.pk,)],
        "returns:revise": [(certified.pk,)],
        "returns:receipt": [(certified.pk,), (of_ecc.pk,), (usage.pk,), (issued.pk,)],
        "returns:file": [
            (certified.pk, "xlsx"),
            (certified.pk, "pdf"),
            (of_ecc.pk, "pdf"),
            (usage.pk, "pdf"),
            (issued.pk, "pdf"),
        ],
        "returns:send": [(certified.pk,), (unsent.pk,)],
        "returns:accept": [(certified.pk,), (unsent.pk,)],
        "returns:send-withdraw": [(certified.pk,), (unsent.pk,)],
        "returns:query-record": [(certified.pk,), (unsent.pk,)],
        **{f"returns:query{act}": asked for act in ("", "-answer", "-end", "-withdraw", "-attach")},
        "returns:query-file": [(*asked[0], attached_to(asked[0][1]))],
        "returns:copy": [(certified.pk,), (of_ecc.pk,)],
        "returns:copy-arrange": [(certified.pk,), (of_ecc.pk,)],
        "returns:sign-paper": [(checked.pk, "certify"), (of_southend.pk, "certify")],
        "returns:signed-copy": [(on_paper(usage), "certify")],
        "returns:pack": [(quarter.pk, quarter.pk), (certified.last_quarter_id, certified.last_quarter_id)],
        "returns:sample": samples,
        "returns:sample-finish": samples,
        "returns:sample-file": samples,
        "returns:sample-line": [(*one, 1) for one in samples],
        "returns:waiver-ask": [(certified.pk,), (waiver.the_return_id,)],
        "returns:waiver-agree": [(waiver.the_return_id, waiver.reference)],
        "returns:waiver-withdraw": [(waiver.the_return_id, waiver.reference)],
        "returns:template": [(form,)],
        "returns:template-file": [(form,)],
        "returns:template-sheet": [(form, 1)],
        "returns:template-map-file": [(form,)],
        "returns:template-map": [(form, 1)],
        "returns:template-try": [(form, certified.pk)],
        "returns:template-fill": [(form, certified.pk)],
    }


def attached_to(reference: str) -> int:
    """A file of a question of the funder."""
    query = FunderQuery.objects.get(reference=reference)
    officer = User.objects.get(pk=query.created_by_id)
    return kept_rows.create(QueryFile(query=query, file=StoredFile.objects.earliest("pk")), by=officer).pk


def on_paper(the_return: Return) -> int:
    """A return whose last signature was given on paper."""
    copy = {"copy": StoredFile.objects.earliest("pk"), "signed_on": date(2024, 9, 20)}
    by = the_return.signatures.get(act="prepare").person
    the_return.signatures.filter(act="certify").update(uploaded_by=by, **copy)
    return the_return.pk


def people(demonstration: Person) -> dict[str, User]:
    cast = {key: demonstration(key) for key in CAST if key not in ("stranger", "roleless")}
    stranger = User.objects.create_user("stranger@example.org", "a long enough secret", name="Stranger")
    # A finance officer, but of a body that neither records nor funds anything here.
    Role.objects.create(
        user=stranger,
        organisation=Organisation.objects.get(code="prison"),
        kind=Role.Kind.FINANCE_OFFICER,
        starts_on=date(2023, 4, 1),
    )
    roleless = User.objects.create_user("roleless@example.org", "a long enough secret", name="Without a role")
    return {**cast, "stranger": stranger, "roleless": roleless}


def imports(officer: User) -> dict[str, list[tuple]]:
    """A ledger in preparation and one that is committed, of which the demonstration has none."""
    line = BudgetLine.objects.filter(source__code="GRANT", year__code="2024-25", project__code="CHB").first()
    ledger = b"Date,Supplier,Invoice,Amount\n14/03/2025,Somebody,X-1,10.00\n"
    done = stage(data=ledger, file_name="march.csv", by=officer)
    coded = Change(budget_line=line, by_date=True)
    decide(ledger_import=done, among=done.rows.all(), decision="add", by=officer, change=coded)
    commit(ledger_import=done, by=officer)
    open_one = (stage(data=ledger, file_name="march.csv", by=officer).reference,)
    return {
        "funding:import": [open_one, (done.reference,)],
        "funding:import-reading": [open_one],
        "funding:import-rows": [open_one],
        "funding:import-commit": [open_one],
        "funding:import-discard": [open_one],
        "funding:import-undo": [(done.reference,)],
    }


def evidence_rows() -> dict[str, list[tuple]]:
    """A plain and a restricted piece of the recipient's, and a restricted one of a council's."""
    quarter = {"transaction__lines__quarter__code": "2024-25-Q3"}
    rows = Evidence.objects.filter(**quarter).order_by("reference")
    pfcc = rows.filter(transaction__recorded_by__code="pfcc")
    plain, pay = pfcc.filter(restricted=False).first(), pfcc.filter(restricted=True).first()
    council = rows.filter(transaction__recorded_by__code="ecc", restricted=True).first()
    three = [(row.reference,) for row in (plain, pay, council)]
    return {
        "funding:evidence-file": three,
        "funding:evidence-take-away": three,
        "funding:evidence-restrict": three[:1],
    }


@pytest.fixture
def tried(demonstration: Person) -> dict[str, list[tuple]]:
    return {**rows(), **evidence_rows(), **imports(demonstration("finance.pfcc"))}


def test_every_address_is_known_here(tried: dict[str, list[tuple]]) -> None:
    """A new address with arguments fails this test until somebody says on which rows it is tried."""
    for name, _ in addresses():
        if name in tried:
            continue
        reverse(name)


def test_who_may_open_what(demonstration: Person, tried: dict[str, list[tuple]]) -> None:
    cast = people(demonstration)
    clients = {}
    for key, user in cast.items():
        clients[key] = Client()
        clients[key].force_login(user)
    lines = []
    for name, _ in addresses():
        if name == "healthz":
            continue
        for number, arguments in enumerate(tried.get(name, [()]), start=1):
            url = reverse(name, args=arguments)
            found: dict[int, list[str]] = {}
            for key, client in clients.items():
                response = client.get(url)
                if response.streaming:
                    # It holds its file until it has been read.
                    response.getvalue()
                found.setdefault(response.status_code, []).append(key)
            row = f"{name}/{number}" if name in tried else name
            statuses = "; ".join(f"{status}: {' '.join(keys)}" for status, keys in sorted(found.items()))
            lines.append(f"{row} -> {statuses}")
    text = "\n".join(lines) + "\n"
    if os.environ.get("WRITE_ACCESS_MATRIX"):
        MATRIX.write_text(text)
    assert text == MATRIX.read_text()


def test_what_one_may_not_read_one_may_not_post(demonstration: Person, tried: dict[str, list[tuple]]) -> None:
    """A role without the action is forbidden to send as well, whatever it sends."""
    for key, user in people(demonstration).items():
        client = Client()
        client.force_login(user)
        for name, callback in addresses():
            view = getattr(callback, "view_class", None)
            if view is None or may(user, view.action):
                continue
            for arguments in tried.get(name, [()]):
                status = client.post(reverse(name, args=arguments), {"reason": "x"}).status_code
                # 405 where the page takes no posts at all.
                assert status in (403, 404, 405), (key, name, status)


def test_nobody_reads_anything_without_signing_in(demonstration: Person, tried: dict[str, list[tuple]]) -> None:
    client = Client()
    for name, _ in addresses():
        if name == "healthz":
            continue
        for arguments in tried.get(name, [()]):
            response = client.get(reverse(name, args=arguments))
            assert response.status_code == 302, name
            assert response.url.startswith("/accounts/login/"), name


def test_a_role_that_has_ended_opens_nothing(demonstration: Person) -> None:
    auditor = demonstration("auditor")
    auditor.roles.update(ends_on=date(2025, 4, 8))
    client = Client()
    client.force_login(User.objects.get(pk=auditor.pk))
    assert client.get(reverse("returns:returns")).status_code == 403


def test_the_table_names_only_roles_that_exist() -> None:
    assert {role for roles in ACTIONS.values() for role in roles} <= set(Role.Kind.values)


def test_no_provider_may_see_money_but_its_contracts() -> None:
    money = [
        action for action in ACTIONS if action.split(".")[0] in ("spending", "budget", "claims", "returns", "ledger")
    ]
    assert money
    assert not [action for action in money if Role.Kind.KPI_REPORTER in ACTIONS[action]]


def test_a_board_member_reads_no_raw_result_and_no_ledger() -> None:
    allowed = {action for action, roles in ACTIONS.items() if Role.Kind.BOARD_MEMBER in roles}
    assert allowed == {
        "front", "role.switch", "programme.read", "programme.money", "results.read", "files.verify", "returns.board",
    }  # fmt: skip
