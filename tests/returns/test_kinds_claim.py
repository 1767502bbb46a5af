"""The content of the quarterly claim: what it adds up, what it keeps apart, what it never says."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from board import clock
from board.models import User
from core.problems import Refused
from funding import claims
from funding.declaring import declare
from funding.models import Claim, ReceiptPart
from funding.spending import Charge, credit
from returns import certifying, files
from returns.content import Content, Section, figure_words
from returns.kinds import KINDS, content_of
from returns.kinds.scope import of_quarter, scope_of
from returns.leaves import Record
from returns.models import Return, Risk
from tests.pdf_text import text_of
from tests.returns.scenes import Scene
from tests.returns.tracing import unproved

D = Decimal


def content(scene: Scene, quarter: str = "2023-24-Q1", the_return: Return | None = None) -> Content:
    """What the claim says, each of its numbers proved by its trace."""
    scope = of_quarter(scene.quarter(quarter))
    made = content_of(KINDS["claim"], scope, today=clock.today(), the_return=the_return)
    assert unproved(made, scope.programme) == []
    return made


def value(made: Content, key: str) -> object:
    return made.figure(f"claim/{key}").value


def section(made: Content, code: str) -> Section:
    return next(part for part in made.sections if part.code == code)


def words(made: Content, code: str) -> str:
    part = section(made, code)
    cells = [figure_words(figure) for figure in part.figures()]
    return " ".join([*part.paragraphs, *cells])


def test_the_claim_is_what_can_be_claimed_and_held_lines_stand_apart(scene: Scene) -> None:
    scene.spend()
    made = content(scene)
    assert value(made, "key-figures/this-claim/value") == D("58400.00")
    assert value(made, "key-figures/actual-to-date/value") == D("59300.00")
    assert value(made, "key-figures/held/value") == D("900.00")
    assert "the funder's written agreement to capital" in words(made, "excluded").lower()


def test_one_sentence_says_what_is_claimed(scene: Scene) -> None:
    scene.spend()
    [sentence] = section(content(scene), "key-figures").paragraphs
    assert sentence.startswith(
        "Eligible this year £58,400.00; claimed before £0.00; this claim £58,400.00, of which £0.00 relates"
    )


def test_every_step_of_the_calculation_follows_from_those_above(scene: Scene) -> None:
    scene.spend()
    made = content(scene)
    at = {row.code: row.cells[2].value for row in section(made, "calculation").table.rows}
    assert at["claimable"] + at["disallowed"] + at["beyond-award"] == at["eligible"]
    assert at["certified"] + at["certified-disallowed"] == at["claimed-before"]
    assert at["eligible"] - at["claimed-before"] + at["carried-forward"] == at["this-part"]
    assert at["left"] == D("600000.00") - at["eligible"]


@pytest.mark.usefixtures("quick_pdf")
def test_the_second_claim_nets_the_first_and_its_disallowance(scene: Scene) -> None:
    scene.certified()
    claim = Claim.objects.get()
    line = claim.parts.get().lines.order_by("line__transaction__reference").first().line
    with clock.at(date(2023, 9, 1)):
        claims.disallow(
            source=scene.money.grant,
            amounts={line: D("2000.00")},
            disallowed_on=date(2023, 8, 30),
            funder_reference="HO-1",
            reason="No receipt",
            by=scene.finance,
        )
        charge = Charge(scene.money.line(), scene.quarter("2023-24-Q2"))
        scene.money.record("52000.00", charge, on=date(2023, 8, 31))
        made = content(scene, "2023-24-Q2")
    # 58,400 − 4,000 reversed + 52,000 − 2,000 disallowed; 56,400 of it claimed before.
    assert value(made, "calculation/eligible/amount") == D("104400.00")
    assert value(made, "calculation/claimed-before/amount") == D("56400.00")
    assert value(made, "calculation/this-part/amount") == D("48000.00")
    assert value(made, "calculation/earlier-quarters/amount") == D("-4000.00")
    assert made.figure("claim/calculation/claimed-before/amount").value == D("56400.00")
    assert made.figure("claim/calculation/certified/amount").trace == (f"claim-part:{claim.reference}#2023-24",)


@pytest.mark.usefixtures("quick_pdf")
def test_earlier_claims_show_what_was_paid_short_and_is_still_owed(scene: Scene) -> None:
    scene.certified()
    claim = Claim.objects.get()
    with clock.at(date(2023, 8, 29)):
        claims.receive(
            source=scene.money.grant,
            received_on=date(2023, 8, 29),
            parts=[
                ReceiptPart(
                    claim=claim,
                    amount=D("50000.00"),
                    short=D("8400.00"),
                    short_reason=ReceiptPart.ShortReason.STILL_OWED,
                )
            ],
            by=scene.finance,
        )
        made = content(scene, "2023-24-Q2")
    assert value(made, "payments/2023-24-q1/received") == D("50000.00")
    assert value(made, "payments/2023-24-q1/owed") == D("8400.00")
    assert value(made, "key-figures/still-owed/value") == D("8400.00")


def test_budget_and_spend_foot_over_every_project(scene: Scene) -> None:
    scene.spend()
    made = content(scene)
    assert value(made, "expenditure/total/budget") == D("600000.00")
    assert value(made, "expenditure/total/actual-quarter") == D("59300.00")
    assert value(made, "summary/total/actual-to-date") == D("59300.00")
    assert value(made, "profile/total/q1-actual") == D("59300.00")
    assert value(made, "expenditure/chb-provider/variance-to-date") == D("-43600.00")
    assert made.figure("claim/expenditure/chb-provider/accrued-quarter").state == "e"
    assert made.figure("claim/profile/chb/q2-actual").state == "f"


def test_a_figure_leads_to_the_lines_under_it(scene: Scene) -> None:
    scene.spend()
    made = content(scene)
    lines = {row.cells[0].value for row in section(made, "transactions").table.rows if row.kind == "row"}
    [claimable] = made.figure("claim/calculation/claimable/amount").trace
    under = Record(scene.money.programme, today=clock.today()).leaf(claimable).lines
    assert under is not None and {line.reference for line in under} == lines
    assert sum(row.cells[-1].value for row in section(made, "transactions").table.rows if row.kind == "row") == D(
        "58400.00"
    )


def test_the_vat_that_is_recovered_is_told_as_no_cost(scene: Scene) -> None:
    scene.spend()
    made = content(scene)
    assert value(made, "excluded/vat-gdm/amount") == D("2400.00")
    assert value(made, "expenditure/gdm-provider/actual-quarter") == D("12000.00")


def test_match_stands_beside_the_claim_with_cash_and_in_kind_apart(scene: Scene) -> None:
    scene.spend()
    line = scene.money.line("GDM", "staff", source=scene.money.ecc_cash)
    before = value(content(scene), "key-figures/this-claim/value")
    scene.money.record("8000.00", Charge(line, scene.quarter()), by=scene.money.council_finance)
    made = content(scene)
    assert value(made, "key-figures/this-claim/value") == before
    assert value(made, "match/cash-match/to-date") == D("8000.00")
    assert value(made, "match/in-kind-match/to-date") == D("0.00")
    assert made.figure("claim/match/ecc-cash/declaration").state == "not declared"
    assert made.figure("claim/match/ecc-cash/quarter").state == "p"
    declare(source=scene.money.ecc_cash, quarter=scene.quarter(), nil=False, by=scene.money.council_finance)
    made = content(scene)
    assert value(made, "match/ecc-cash/declaration") == "Complete"
    assert made.figure("claim/match/ecc-cash/quarter").state == ""


def test_a_variance_that_nobody_explained_is_missing_in_words(scene: Scene) -> None:
    scene.spend()
    assert content(scene).figure("claim/variances/sis/words").state == "missing"
    scene.explain()
    made = content(scene)
    assert "The award letter came in May" in str(value(made, "variances/sis/words"))
    assert value(made, "variances/sis/direction") == "Underspend"


def test_a_project_is_rated_by_its_variance_and_its_expected_end(scene: Scene) -> None:
    scene.spend()
    made = content(scene)
    assert value(made, "summary/chb/rating") == "Red"
    assert value(made, "summary/sis/rating") == "Amber"


def test_an_accrual_names_where_it_is_reversed(scene: Scene) -> None:
    scene.closed()
    made = content(scene)
    [row] = [row for row in section(made, "accruals").table.rows if row.kind == "row"]
    assert [figure_words(cell) for cell in row.cells][5:8] == ["£4,000.00 [e]", "0", "Q2 2023-24"]


def test_payroll_names_a_post_and_nobody(scene: Scene) -> None:
    scene.spend()
    assert "Practitioner, 0.8 of a post" in words(content(scene), "transactions")


def test_risks_are_those_open_in_the_quarter(scene: Scene) -> None:
    moment = clock.now()
    for number, opened, closed in ((1, "2023-24-Q1", None), (2, "2023-24-Q1", "2023-24-Q2"), (3, "2023-24-Q3", None)):
        Risk.objects.create(
            programme=scene.programme, number=number, title=f"Risk {number}", likelihood=3, impact=4,
            mitigation="Watch it", owner_title="Commissioning officer", opened_in=scene.quarter(opened),
            closed_in=scene.quarter(closed) if closed else None, created_at=moment, created_by=scene.finance,
            changed_at=moment, changed_by=scene.finance,
        )  # fmt: skip
    assert [row.code for row in section(content(scene), "risks").table.rows] == ["risk-1", "risk-2"]
    third = section(content(scene, "2023-24-Q3"), "risks").table.rows
    assert [row.code for row in third] == ["risk-1", "risk-3"]


def test_a_long_list_of_transactions_is_for_the_workbook(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.spend()
    assert section(content(scene), "transactions").in_document
    monkeypatch.setattr("returns.kinds.claim_tables.LONGEST_IN_DOCUMENT", 2)
    made = content(scene)
    assert not section(made, "transactions").in_document
    assert section(made, "transactions").in_workbook
    assert "listed in the workbook" in section(made, "calculation").paragraphs[-1]


def close_year(scene: Scene) -> None:
    for number in (1, 2, 3, 4):
        quarter = scene.quarter(f"2023-24-Q{number}")
        with clock.at(quarter.last_day + timedelta(days=4)):
            scene.certify_claim(scene.close(quarter=quarter))


def test_the_closing_period_has_the_final_claim_and_may_end_in_a_repayment(scene: Scene) -> None:
    entry = scene.money.record("30000.00", document_number="INV-9")
    close_year(scene)
    with clock.at(date(2024, 5, 1)):
        credit(
            original=entry,
            quarter=scene.quarter("2023-24-closing"),
            amount=D("3000.00"),
            document_number="CN-1",
            reason="Charged twice",
            by=scene.finance,
        )
        made = content(scene, "2023-24-closing")
    assert made.title == "Final financial return and claim of the year"
    assert value(made, "calculation/this-part/amount") == D("-3000.00")
    assert value(made, "calculation/repayment-due/amount") == D("3000.00")
    assert value(made, "calculation/left/step") == "Award that lapses"


def test_the_fourth_quarter_lapses_provisionally_and_carries_a_credit_forward(scene: Scene) -> None:
    entry = scene.money.record("30000.00", document_number="INV-9")
    scene.certify_claim(scene.close())
    with clock.at(date(2024, 4, 4)):
        credit(
            original=entry,
            quarter=scene.quarter("2023-24-Q4"),
            amount=D("5000.00"),
            document_number="CN-1",
            reason="Charged twice",
            by=scene.finance,
        )
        made = content(scene, "2023-24-Q4")
    assert value(made, "calculation/this-part/amount") == D("0.00")
    assert value(made, "calculation/carried-forward/amount") == D("5000.00")
    assert made.figure("claim/calculation/left/amount").state == "p"


def test_an_invented_programme_is_marked_and_no_form_is_claimed_to_be_the_home_offices(scene: Scene) -> None:
    made = content(scene)
    assert made.illustrative
    assert made.template_note == "Local layout; not a Home Office form"


def test_a_programme_without_a_grant_says_what_to_do(scene: Scene) -> None:
    scene.money.grant.awards.get(year=scene.quarter().year).revisions.all().delete()
    scene.money.grant.awards.filter(year=scene.quarter().year).delete()
    with pytest.raises(Refused, match="Record the award first"):
        content(scene)


def test_there_is_no_claim_of_a_follow_up(scene: Scene) -> None:
    quarter = scene.quarter()
    quarter.kind = "follow-up"
    with pytest.raises(Refused, match="There is no quarterly financial return and claim for"):
        content_of(KINDS["claim"], of_quarter(quarter), today=clock.today(), the_return=None)


def test_one_figure_stands_in_claim_row_excel_cell_and_pdf(scene: Scene) -> None:
    the_return = scene.certified()
    [claim] = Claim.objects.all()
    assert claim.amount == D("58400.00")
    book = load_workbook(BytesIO(files.stored(the_return, "xlsx").data), data_only=True)
    sheet = book["Key figures"]
    cells = {row[0].value: row[1].value for row in sheet.iter_rows(max_col=2)}
    assert D(str(cells["This claim"])).quantize(D("0.01")) == claim.amount
    text = text_of(files.stored(the_return, "pdf").data)
    assert "£58,400.00" in text
    assert the_return.content_hash in text.replace("\n", "")
    assert certifying.in_force(certifying.series_of("claim", of_quarter(scene.quarter()))) == the_return


def test_the_claim_of_a_full_quarter_asks_at_most_forty_times(demonstration: Callable[[str], User]) -> None:
    """However many lines there are: none is asked for by itself."""
    row = Return.objects.select_related(*certifying.RELATED).get(reference="DAPF-2023-25/claim/2023-24-Q4/r1")
    scope = scope_of(row)
    with CaptureQueriesContext(connection) as asked:
        content_of(KINDS["claim"], scope, today=clock.today(), the_return=None)
    assert len(asked) <= 40


def test_more_lines_than_a_return_lists_are_refused_in_words(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.spend()
    monkeypatch.setattr("returns.kinds.claim_record.MOST_LISTED", 2)
    with pytest.raises(Refused, match="a return lists at most 2"):
        content(scene)
