"""The demonstration: the same rows and totals every time, on either database, and the story that it tells."""

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pikepdf
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import Count, Sum
from django.test import Client
from openpyxl import load_workbook

from board import clock
from board.files import content_of
from board.models import Programme, Quarter, StoredFile, User
from config.demo.partnership import ACCOUNTS
from contracts.models import Contract
from core.money import NOUGHT, PenceField
from funding import accruals, claims, spend_reports
from funding.evidence import without_evidence
from funding.models import (
    Claim,
    ControlTotal,
    Declaration,
    Evidence,
    ReconcilingItem,
    Source,
    SpendLine,
    Transaction,
)
from funding.reconciling import reconciliation
from kpis.models import Submission
from returns.certifying import signing_problems
from returns.kinds import KINDS
from returns.models import Document, Return
from tests import factories

D = Decimal
Person = Callable[[str], User]
OURS = ("board", "contracts", "kpis", "funding", "returns")

# Rows that only say when and how often something was done; all others are pinned by count.
ROWS = {
    "board.Programme": 2,
    "board.Organisation": 13,
    "board.Quarter": 25,
    "board.User": 18,
}


def fingerprint() -> dict[str, tuple[int, str]]:
    """For each of our tables its number of rows, and the sum of all money in it."""
    found = {}
    for model in apps.get_models():
        if model._meta.app_label not in OURS:
            continue
        money = [field.name for field in model._meta.fields if isinstance(field, PenceField)]
        sums = model._default_manager.aggregate(**{name: Sum(name) for name in money}) if money else {}
        total = sum((value or NOUGHT for value in sums.values()), NOUGHT)
        found[model._meta.label] = (model._default_manager.count(), str(total))
    return found


def test_the_rows_are_these(demonstration: Person) -> None:
    found = fingerprint()
    assert {label: found[label][0] for label in ROWS} == ROWS


def test_loading_again_changes_nothing(demonstration: Person) -> None:
    before = fingerprint()
    call_command("demo")
    assert fingerprint() == before


def test_it_refuses_where_it_is_no_demonstration(settings: object) -> None:
    settings.DEMONSTRATION = False
    with pytest.raises(CommandError, match="not a demonstration"):
        call_command("demo")


@pytest.mark.django_db
def test_it_refuses_a_database_that_is_in_use(settings: object) -> None:
    """Its accounts have a known password, so it never comes into a database with people of its own."""
    settings.DEMONSTRATION = True
    factories.person("administrator", "pfcc")
    with pytest.raises(CommandError, match="This database is in use"):
        call_command("demo")
    assert not Programme.objects.exists()


def test_claims_of_a_year_sum_to_what_the_ledgers_say(demonstration: Person) -> None:
    """Σ quarterly claims + final claim = claimable spend of the year, less what was disallowed and claimed since."""
    grant = claims.grant_of(Programme.objects.get(code="DAPF-2023-25").pk)
    year = grant.programme.years.get(code="2023-24")
    certified = sum((part.amount for claim in grant.claims.all() for part in claim.parts.filter(year=year)), NOUGHT)
    claimable = SpendLine.objects.claimable().charged_to(grant).filter(budget_line__year=year).total()
    disallowed = D("420.00")
    assert claimable == D("586039.25")
    # The 420.00 was claimed before it was disallowed; the next claim took it off, so the certified sum is whole.
    assert certified - disallowed == claimable - disallowed


def test_every_line_of_the_grant_is_in_one_claim_or_listed_with_its_reason(demonstration: Person) -> None:
    for programme in Programme.objects.all():
        grant = claims.grant_of(programme.pk)
        for year in programme.years.all():
            lines = SpendLine.objects.in_force().charged_to(grant).filter(budget_line__year=year)
            claimed = lines.filter(claim_lines__in_force=True)
            listed = claims.unclaimed(grant, year)
            assert claimed.count() + len(listed) == lines.count()
            assert claimed.total() + sum((line.cost for line, _ in listed), NOUGHT) == lines.total()
            assert all(reason for _, reason in listed)


def test_no_spend_is_above_its_award(demonstration: Person) -> None:
    for claim in Claim.objects.all():
        for part in claim.parts.all():
            assert part.eligible_to_date <= part.award
            assert part.beyond_award == NOUGHT


def test_the_earlier_fund_is_closed_and_worth_what_it_was(demonstration: Person) -> None:
    programme = Programme.objects.get(code="DAPF-2020-23")
    assert not programme.quarters.filter(money_closed_at=None).exists()
    awards = [award.amount_on(clock.today()) for award in claims.grant_of(programme.pk).awards.all()]
    assert sum(awards) == D("450000.00")


def test_every_quarter_but_the_last_is_certified(demonstration: Person) -> None:
    programme = Programme.objects.get(code="DAPF-2023-25")
    ended = programme.quarters.filter(kind=Quarter.Kind.QUARTER).exclude(code="2024-25-Q4")
    for kind in ("claim", "performance"):
        certified = Return.objects.filter(kind=kind, status="certified", last_quarter__in=ended)
        assert certified.count() == 7
    assert Return.objects.filter(kind="claim", last_quarter__code="2023-24-closing", status="certified").exists()
    frozen = Return.objects.filter(status__in=["certified", "superseded"])
    # The content, and each format of the kind.
    assert Document.objects.count() == sum(1 + len(KINDS[row.kind].formats) for row in frozen)
    statements = frozen.exclude(kind__in=["claim", "performance"]).order_by("kind", "subject")
    assert [(row.kind, row.subject) for row in statements] == [
        ("board", ""), ("board", ""), ("change", "VP-000001"), ("contract", "CHB-2023"), ("match", "ecc"),
        ("match", "pfcc"), ("match", "southend"), ("match", "thurrock"),
        ("partner", "ecc"), ("usage", ""),
    ]  # fmt: skip


def test_every_claim_certified_here_was_reconciled_and_still_is(demonstration: Person) -> None:
    programme = Programme.objects.get(code="DAPF-2023-25")
    for claim in Claim.objects.in_force().filter(programme=programme).select_related("quarter"):
        found = reconciliation(programme.recipient, programme, claim.quarter)
        assert (claim.quarter.code, found.unexplained) == (claim.quarter.code, NOUGHT)
    assert ControlTotal.objects.filter(organisation=programme.recipient).count() == 8


def test_the_two_differences_of_the_ledger_came_right_and_thurrocks_first_quarter_is_not_reconciled(
    demonstration: Person,
) -> None:
    items = ReconcilingItem.objects.exclude(kind=ReconcilingItem.Kind.ADVANCE).order_by("reference")
    assert [(row.kind, row.amount, row.cleared_on) for row in items] == [
        ("miscoded", D("312.40"), date(2024, 1, 22)),
        ("timing", D("-1480.00"), date(2024, 10, 4)),
    ]
    ControlTotal.objects.get(organisation__code="thurrock", quarter__code="2023-24-Q2")
    assert not ControlTotal.objects.filter(organisation__code="thurrock", quarter__code="2023-24-Q1").exists()


def test_the_last_quarter_is_in_mid_work(demonstration: Person) -> None:
    quarter = Quarter.objects.get(programme__code="DAPF-2023-25", code="2024-25-Q4")
    assert quarter.money_closed_at is None
    assert quarter.results_closed_at is None
    assert Declaration.objects.in_force().filter(quarter=quarter).count() == 1
    statuses = set(Submission.objects.filter(quarter=quarter).values_list("status", flat=True))
    assert {"draft", "submitted", "queried", "accepted"} <= statuses


def test_the_claim_that_the_funder_asked_about_waits_for_its_certificate(demonstration: Person) -> None:
    revised = Return.objects.get(kind="claim", last_quarter__code="2024-25-Q3", revision=2)
    assert revised.status == "checked"
    assert signing_problems(revised, "certify", demonstration("cfo")) == []


def test_every_role_that_acts_finds_work_waiting(demonstration: Person) -> None:
    busy = set()
    for account in ACCOUNTS:
        client = Client()
        client.force_login(demonstration(account.key))
        if "Nothing waits for you" not in client.get("/").content.decode():
            busy.add(account.roles[0][0])
    assert busy == {"finance-officer", "kpi-reporter", "commissioning-officer", "cfo"}


def test_the_evaluators_accrual_is_raised_again_in_three_quarters_and_reversed_each_time(demonstration: Person) -> None:
    raised = Transaction.objects.filter(kind="accrual", description__startswith="Interim report").order_by("reference")
    assert [row.lines.get().quarter.code for row in raised] == ["2024-25-Q1", "2024-25-Q2", "2024-25-Q3"]
    assert [row.re_raises for row in raised] == [None, raised[0], raised[1]]
    assert [row.taken_back_by.get().lines.get().quarter.code for row in raised] == [
        "2024-25-Q2",
        "2024-25-Q3",
        "2024-25-Q4",
    ]
    assert raised[2].reason


def test_what_was_claimed_in_the_first_year_has_its_evidence_and_the_last_quarter_waits_for_some(
    demonstration: Person,
) -> None:
    grant = claims.grant_of(Programme.objects.get(code="DAPF-2023-25").pk)
    charged = Transaction.objects.filter(lines__budget_line__source=grant).distinct()
    wanting = without_evidence(charged, today=clock.today())
    assert not wanting.filter(lines__budget_line__year__code="2023-24").exists()
    assert {entry.lines.get().quarter.code for entry in wanting} == {"2024-25-Q3", "2024-25-Q4"}
    assert Evidence.objects.filter(restricted=True).exists()
    shared = Evidence.objects.values("file").annotate(entries=Count("pk")).filter(entries__gt=1)
    assert shared.exists(), "One print of a ledger proves several entries."


def test_each_file_of_the_evidence_is_whole_and_says_that_it_is_illustrative(demonstration: Person) -> None:
    [form] = StoredFile.objects.filter(kind="xlsx")
    assert load_workbook(io.BytesIO(content_of(form))).active["A1"].value == "Illustrative claim form"
    rows = list(StoredFile.objects.exclude(pk=form.pk))
    assert {row.kind for row in rows} == {"pdf", "csv"}
    for row in rows[::10]:
        assert b"Illustrative" in content_of(row)
        if row.kind == "pdf":
            with pikepdf.open(io.BytesIO(content_of(row))) as opened:
                assert not opened.check_pdf_syntax()
    assert not StoredFile.objects.unattached().exists()


def test_the_evaluators_last_accrual_waits_for_what_became_of_it(demonstration: Person) -> None:
    programme = Programme.objects.get(code="DAPF-2023-25")
    [waiting] = accruals.open_accruals(programme.recipient, programme)
    assert (waiting.description, waiting.lines.get().quarter.code) == (
        "Interim report delivered, invoice awaited",
        "2024-25-Q3",
    )
    march = Transaction.objects.get(kind="accrual", description__startswith="Sessions of March")
    assert march.settled_by.get().document_number == "TCP-2403"


def test_the_grantee_holds_what_it_was_paid_and_has_not_reported(demonstration: Person) -> None:
    """Eight payments of £15,000.00, and statements of seven quarters; the last is not in yet."""
    contract = Contract.objects.get(reference="VIC-2023")
    statements = spend_reports.statements_of(contract)
    assert [row.report is None for row in statements] == [False] * 7 + [True]
    assert statements[-1].unspent == D("15274.60")
    items = ReconcilingItem.objects.filter(kind=ReconcilingItem.Kind.ADVANCE)
    assert sum((row.amount for row in items), NOUGHT) == statements[6].unspent == D("274.60")


def test_recovered_vat_is_recorded_and_is_no_cost(demonstration: Person) -> None:
    row = Transaction.objects.get(document_number="CMA-2023-24-Q2")
    assert (row.net, row.vat, row.recoverable_vat, row.cost) == (D("8450.00"), D("1690.00"), D("1690.00"), D("8450.00"))


def test_match_is_in_no_claim(demonstration: Person) -> None:
    lines = SpendLine.objects.exclude(budget_line__source__kind=Source.Kind.GRANT)
    assert lines.exists()
    assert not lines.filter(claim_lines__isnull=False).exists()


def test_each_role_has_something_to_do(demonstration: Person) -> None:
    from config.front import gather

    today = date(2025, 4, 9)
    for key in ("finance.pfcc", "finance.ecc", "finance.thurrock", "commissioning.1", "reporter.change"):
        assert gather(demonstration(key), today=today, moment=clock.now()), key
