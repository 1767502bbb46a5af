"""The addresses of money."""

from collections.abc import Sequence

from django.urls import URLPattern, path

from funding.views import (
    account,
    accruals,
    awards,
    budget,
    claims,
    contract,
    declare,
    edit,
    evidence,
    explain,
    grid,
    imports,
    ledger,
    match,
    payments,
    planning,
    reconcile,
    record,
    spend,
    spend_reports,
    summary,
    tie,
    virements,
)

app_name = "funding"


def addresses(claim_links: Sequence[claims.MoreLink] = ()) -> tuple[list[URLPattern], str]:
    """The patterns, with the links into higher floors that a claim's page may show; for include()."""
    return [
        path("spend/", spend.SpendList.as_view(), name="spend"),
        path("spend/record/", record.Record.as_view(), name="record"),
        path("spend/enter-many/", grid.EnterMany.as_view(), name="enter-many"),
        path("spend/<str:reference>/", spend.EntryPage.as_view(), name="entry"),
        path("spend/<str:reference>/recorded/", spend.RecordedPage.as_view(), name="recorded"),
        path("spend/<str:reference>/edit/", edit.EditEntry.as_view(), name="edit"),
        path("spend/<str:reference>/correct/", spend.Correct.as_view(), name="correct"),
        path("spend/<str:reference>/void/", spend.Void.as_view(), name="void"),
        path("spend/<str:reference>/look-again/", spend.Reconsider.as_view(), name="reconsider"),
        path("spend/<str:reference>/evidence/", evidence.AddEvidence.as_view(), name="entry-evidence"),
        path("evidence/", evidence.SendEvidence.as_view(), name="evidence"),
        path("evidence/match/", evidence.MatchEvidence.as_view(), name="evidence-match"),
        path("evidence/missing/", evidence.Unproven.as_view(), name="evidence-missing"),
        path("evidence/<str:reference>/file/", evidence.EvidenceFile.as_view(), name="evidence-file"),
        path("evidence/<str:reference>/take-away/", evidence.TakeAway.as_view(), name="evidence-take-away"),
        path("evidence/<str:reference>/restrict/", evidence.Restrict.as_view(), name="evidence-restrict"),
        path("spend/<str:reference>/payment-dates/", payments.PaymentDates.as_view(), name="payment-dates"),
        path("payment-days/", payments.PaymentDaysPage.as_view(), name="payment-days"),
        path("payment-days/invoices/", payments.Invoices.as_view(), name="invoices"),
        path("contracts/<str:reference>/", contract.SpendUnderContract.as_view(), name="contract"),
        path(
            "contracts/<str:reference>/statements/<str:quarter>/",
            spend_reports.RecordStatement.as_view(),
            name="record-statement",
        ),
        path("contracts/<str:reference>/money-back/", spend_reports.MoneyBack.as_view(), name="money-back"),
        path("held-by-grantees/", spend_reports.HeldByGrantees.as_view(), name="held-by-grantees"),
        path("statements/<str:reference>/", spend_reports.StatementPage.as_view(), name="statement"),
        path("statements/<str:reference>/correct/", spend_reports.CorrectStatement.as_view(), name="correct-statement"),
        path("statements/<str:reference>/void/", spend_reports.VoidStatement.as_view(), name="void-statement"),
        path("accruals/<str:programme>/<str:quarter>/", accruals.Accruals.as_view(), name="accruals"),
        path("accruals/<str:programme>/<str:quarter>/raise/", accruals.RaiseAccruals.as_view(), name="raise-accruals"),
        path("spend/<str:reference>/outcome/", accruals.Outcome.as_view(), name="accrual-outcome"),
        path("budget/", budget.Budget.as_view(), name="budget"),
        path("budget/awards/", awards.Awards.as_view(), name="awards"),
        path("budget/virements/", virements.Virements.as_view(), name="virements"),
        path("budget/virements/<str:reference>/", virements.VirementPage.as_view(), name="virement"),
        path("budget/proposed-virements/<str:reference>/", virements.ProposalPage.as_view(), name="virement-proposal"),
        path(
            "budget/proposed-virements/<str:reference>/approve/", virements.Approve.as_view(), name="approve-virement"
        ),
        path(
            "budget/proposed-virements/<str:reference>/turn-down/",
            virements.TurnDown.as_view(),
            name="turn-down-virement",
        ),
        path("budget/<str:programme>/<str:source>/<str:year>/", awards.BudgetOf.as_view(), name="budget-of"),
        path("budget/<str:programme>/<str:source>/<str:year>/award/", awards.SetAward.as_view(), name="set-award"),
        path("budget/<str:programme>/<str:source>/<str:year>/set/", planning.SetBudget.as_view(), name="set-budget"),
        path(
            "budget/<str:programme>/<str:source>/<str:year>/forecast/", planning.ForecastPage.as_view(), name="forecast"
        ),
        path(
            "budget/<str:programme>/<str:source>/<str:year>/virement/",
            planning.RecordVirement.as_view(),
            name="record-virement",
        ),
        path(
            "budget/<str:programme>/<str:source>/<str:year>/year-end/<str:treatment>/",
            awards.YearEnd.as_view(),
            name="year-end",
        ),
        path(
            "budget/<str:programme>/<str:source>/<str:year>/versions/<int:number>/",
            planning.VersionPage.as_view(),
            name="budget-version",
        ),
        path("match/", match.Match.as_view(), name="match"),
        path("match/receive/", match.ReceiveMatch.as_view(), name="receive-match"),
        path("match/receipts/", match.MatchReceipts.as_view(), name="match-receipts"),
        path("match/receipts/<str:reference>/void/", match.VoidMatchReceipt.as_view(), name="void-match-receipt"),
        path("declare/", declare.Declarations.as_view(), name="declare"),
        path("declare/<str:programme>/<str:source>/<str:quarter>/", declare.Declare.as_view(), name="declare-source"),
        path(
            "declare/<str:programme>/<str:source>/<str:quarter>/report/",
            summary.ReportSummary.as_view(),
            name="report-summary",
        ),
        path(
            "declare/<str:programme>/<str:source>/<str:quarter>/withdraw/",
            declare.Withdraw.as_view(),
            name="withdraw-declaration",
        ),
        path(
            "reconcile/<str:programme>/<str:organisation>/<str:quarter>/",
            reconcile.ReconciliationPage.as_view(),
            name="reconciliation",
        ),
        path(
            "reconcile/<str:programme>/<str:organisation>/<str:quarter>/ledger-total/",
            reconcile.RecordTotal.as_view(),
            name="ledger-total",
        ),
        path(
            "reconcile/<str:programme>/<str:organisation>/<str:quarter>/add-item/",
            reconcile.AddItem.as_view(),
            name="reconciling-item",
        ),
        path("reconciling-items/<str:reference>/clear/", reconcile.ClearItem.as_view(), name="clear-item"),
        path("claims/", claims.Claims.as_view(), name="claims"),
        path(
            "claims/in-preparation/<str:programme>/<str:quarter>/", claims.WorkingClaim.as_view(), name="working-claim"
        ),
        # A claim's reference holds slashes, so what is done with one comes before it.
        path("claims/receive/<path:reference>/", claims.Receive.as_view(), name="receive"),
        path("claims/disallow/<path:reference>/", claims.Disallow.as_view(), name="disallow"),
        path("account/<str:programme>/", account.FunderAccount.as_view(), name="account"),
        path("account/<str:programme>/repay/", account.Repay.as_view(), name="repay"),
        path("repayments/<str:reference>/void/", account.VoidRepayment.as_view(), name="void-repayment"),
        path("receipts/<str:reference>/void/", claims.VoidReceipt.as_view(), name="void-receipt"),
        path("claims/<path:reference>/", claims.ClaimPage.as_view(more_links=claim_links), name="claim"),
        path("explain/<str:programme>/<str:quarter>/<str:project>/", explain.Explain.as_view(), name="explain"),
        path("underspend/<str:programme>/<str:year>/", explain.Underspend.as_view(), name="underspend"),
        path("tie/<str:programme>/<str:year>/", tie.TiePage.as_view(), name="tie"),
        path("imports/", imports.Imports.as_view(), name="imports"),
        path("imports/new/", imports.ImportLedger.as_view(), name="import-ledger"),
        path("imports/<str:reference>/", imports.ImportPage.as_view(), name="import"),
        path("imports/<str:reference>/reading/", imports.ReadAgain.as_view(), name="import-reading"),
        path("imports/<str:reference>/rows/", imports.ImportRows.as_view(), name="import-rows"),
        path("imports/<str:reference>/commit/", imports.Commit.as_view(), name="import-commit"),
        path("imports/<str:reference>/discard/", imports.Discard.as_view(), name="import-discard"),
        path("imports/<str:reference>/undo/", imports.Undo.as_view(), name="import-undo"),
        path("ledger/", ledger.ReadLedger.as_view(), name="read-ledger"),
    ], app_name
