"""All kinds of the demonstration, side by side: they tie to each other, and each workbook passes every check."""

import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import ironcalc
import openpyxl
import pytest

from board import clock
from board.models import Programme, Quarter, User
from core.money import NOUGHT
from funding import tying
from funding.models import Source
from kpis.kinds import Profile
from kpis.results import performance
from returns.content import Content, canonical_json, from_json
from returns.kinds import KINDS, content_of
from returns.kinds.scope import Scope
from returns.kinds.shape import stored_content
from returns.leaves import Record
from returns.models import Return
from returns.tracing import Traces
from returns.workbook import workbook
from tests.returns import test_workbook as checks
from tests.returns.sample import draft
from tests.returns.tracing import unproved

Person = Callable[[str], User]
NEW = ("match", "usage", "outturn", "partner", "contract", "board", "change")
# Of the many packs those of one quarter stand for the rest where each is written out.
PACKS_OF = "2024-25-Q3"


def programme() -> Programme:
    return Programme.objects.select_related("recipient").get(code="DAPF-2023-25")


def scopes(kind: str) -> Iterator[Scope]:
    rows = Quarter.objects.filter(programme=programme()).select_related("programme__recipient", "year")
    for quarter in sorted(rows, key=lambda row: row.order):
        yield from KINDS[kind].scopes(quarter)


def made_of(kind: str, packs_of: str = "") -> list[Content]:
    wanted = [one for one in scopes(kind) if kind != "contract" or packs_of in ("", one.last.code)]
    return [content_of(KINDS[kind], one, today=clock.today(), the_return=None) for one in wanted]


def certified(kind: str) -> list[Return]:
    return list(Return.objects.filter(kind=kind, status="certified").select_related("last_quarter"))


def test_all_claims_are_the_outturn_and_what_was_disallowed(demonstration: Person) -> None:
    [outturn] = made_of("outturn")
    claimed = [stored_content(row).figure("claim/key-figures/this-claim/value").value for row in certified("claim")]
    assert outturn.figure("outturn/key-figures/certified/value").value == sum(claimed, NOUGHT)  # type: ignore[arg-type]
    said = outturn.figure("outturn/key-figures/outturn/value").value
    assert said == sum(claimed, NOUGHT) - Decimal("420.00")  # type: ignore[arg-type]


def test_the_years_of_the_year_end_statements_are_those_of_the_outturn(demonstration: Person) -> None:
    [outturn] = made_of("outturn")
    for usage, year in zip(made_of("usage"), ("2023-24", "2024-25"), strict=True):
        of_year = usage.figure("usage/account/outturn/amount").value
        assert outturn.figure(f"outturn/years/{year}/outturn").value == of_year
        claims = [row for row in certified("claim") if row.last_quarter.code.startswith(year)]
        said = [stored_content(row).figure("claim/key-figures/this-claim/value").value for row in claims]
        assert usage.figure("usage/claims/total/amount").value == sum(said, NOUGHT)  # type: ignore[arg-type]


def test_cash_that_funders_sign_is_the_match_of_the_tie_and_of_the_claim(demonstration: Person) -> None:
    year = programme().years.get(code="2023-24")
    cash = Source.objects.filter(programme=programme(), kind=Source.Kind.CASH_MATCH)
    tied = sum((row.match for row in tying.ties(cash, year)), NOUGHT)
    signed = certified("match")
    assert len(signed) == 4
    keys = "match/key-figures/cash-match-applied/value"
    assert sum((stored_content(row).figure(keys).value for row in signed), NOUGHT) == tied  # type: ignore[misc]
    [final] = [row for row in certified("claim") if row.last_quarter.code == "2023-24-closing"]
    assert stored_content(final).figure("claim/key-figures/match-cash/value").value == tied


@pytest.mark.parametrize("kind", NEW)
def test_every_number_of_every_period_is_what_it_rests_on(demonstration: Person, kind: str) -> None:
    for content in made_of(kind):
        assert unproved(content, programme()) == [], content.reference


@pytest.mark.parametrize("kind", NEW)
def test_a_content_is_read_back_whole_and_is_the_same_bytes_each_time(demonstration: Person, kind: str) -> None:
    first, second = made_of(kind, PACKS_OF), made_of(kind, PACKS_OF)
    assert [canonical_json(row) for row in first] == [canonical_json(row) for row in second]
    assert [from_json(canonical_json(row)) for row in first] == first


@pytest.mark.parametrize("kind", NEW)
def test_the_workbooks_of_every_period_pass_every_check(demonstration: Person, kind: str, tmp_path: Path) -> None:
    for content in made_of(kind, PACKS_OF):
        made = workbook(content, draft(content))
        opened = openpyxl.load_workbook(io.BytesIO(made), data_only=True)
        checks.test_the_same_content_and_stamp_give_the_same_bytes(content, made)
        checks.test_every_figure_stands_in_the_cell_of_its_name(content, opened)
        checks.test_every_sheet_has_a_title_one_table_and_no_blank_in_it(opened)
        checks.test_the_sheets_stand_in_the_order_of_the_content(content, opened)
        checks.test_a_draft_says_so_on_every_sheet_in_print_and_in_its_title(opened)
        totals_calculate(made, tmp_path / "return.xlsx")


def totals_calculate(made: bytes, path: Path) -> None:
    """A calculator finds what the file keeps beside each formula."""
    path.write_bytes(made)
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    formulas, kept = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    for number, sheet in enumerate(formulas):
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            calculated = model.get_cell_value(number, cell.row, cell.column)
            assert calculated == pytest.approx(kept[sheet.title][cell.coordinate].value, abs=1e-6)


def test_what_the_board_was_sent_is_proved_and_is_what_its_pages_show(demonstration: Person) -> None:
    hidden = 0
    for report in Return.objects.filter(kind="board").select_related("programme__recipient", "last_quarter__year"):
        made, quarter = stored_content(report), report.last_quarter
        record = Record(report.programme, today=clock.today(), as_of=report.certified_at)
        assert list(Traces(made, record).failures()) == []
        pages = performance(report.programme, quarter, profile=Profile.BOARD)
        for project, line in ((one.code, line) for one in pages for line in one.measures if line.target is not None):
            for column, cell in (("quarter", line.quarters[quarter.number - 1]), ("year", line.year_to_date)):
                printed = made.figure(f"board/kpis/{project.lower()}-{line.code.lower()}/{column}")
                assert (printed.value, printed.state) == (cell.value, cell.state), printed.key
                hidden += printed.state == "c"
    assert hidden
