"""The files of two returns beside the bare libraries writing the same: workbook and PDF apart.

    python -m benchmarks.returns               # from the project's folder; LINES=1000 MEASURES=30 for a quick look

A claim with 10,000 lines and a performance return of 300 measures. The bare workbook has the same cells, styles, number
formats, widths and charts, written with openpyxl alone; the bare PDF is WeasyPrint's `write_pdf` of the same HTML with
the same fonts, tags and variant. Each is made in a process of its own, in turn, and the median of the times counts.
"""

import io
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

LINES = int(os.environ.get("LINES", "10000"))
MEASURES = int(os.environ.get("MEASURES", "300"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def contents() -> list[Any]:
    """The claim and the performance return, as large as asked for."""
    from returns.content import Cell, Column, Section, Table, make_row, make_total, slug
    from tests.returns import sample

    columns = (
        Column("reference", "Reference"),
        Column("project", "Project"),
        Column("heading", "Cost heading"),
        Column("supplier", "Supplier or basis"),
        Column("document", "Document number"),
        Column("accounting", "Accounting date", "date"),
        Column("note", "Note"),
        Column("net", "Net", "money", total=True),
        Column("cost", "Cost", "money", total=True),
    )
    rows = []
    for at in range(LINES):
        name, amount = f"T-{at:06d}/1", Decimal(at * 7919 % 1_000_000).scaleb(-2)
        trace = (f"line:{name}",)
        rows.append(
            make_row("claim", "transactions", slug(name), columns, [
                name, "CHB", "Provider contract payments", f"Supplier {at % 811:03d} Limited", f"INV-{at:06d}",
                date(2024, 10, 1) + timedelta(days=at % 90), None, Cell(amount, trace=trace), Cell(amount, trace=trace),
            ])
        )  # fmt: skip
    total = make_total("claim", "transactions", "total", columns, rows, "All lines of this claim")
    listed = Section(
        "transactions", "Transactions in this claim", table=Table("Lines", columns, (*rows, total)), in_document=False
    )
    claim = sample.claim()
    performance = sample.performance()
    measures = performance.sections[0]
    given = measures.table.rows  # type: ignore[union-attr]
    many = tuple(
        make_row("performance", "kpis", f"m-{at}", measures.table.columns, [  # type: ignore[union-attr]
            Cell(cell.value, cell.state, cell.trace, cell.unit) for cell in given[at % len(given)].cells
        ])
        for at in range(MEASURES)
    )  # fmt: skip
    table = replace(measures.table, rows=many)  # type: ignore[type-var]
    return [
        replace(claim, sections=(*claim.sections, listed)),
        replace(performance, sections=(replace(measures, table=table),)),
    ]


def our_workbooks(made: list[Any]) -> float:
    from returns.workbook import workbook
    from tests.returns.sample import draft

    stamps = [draft(content) for content in made]
    begun = time.perf_counter()
    for content, stamp in zip(made, stamps, strict=True):
        workbook(content, stamp)
    return time.perf_counter() - begun


def bare_workbooks(made: list[Any]) -> float:
    """The same cells, styles, formats, widths and charts by openpyxl alone; what they are is read beforehand."""
    from openpyxl import Workbook, load_workbook
    from openpyxl.chart import BarChart, LineChart, Reference

    from returns.workbook import workbook
    from tests.returns.sample import draft

    given = []
    for content in made:
        book = load_workbook(io.BytesIO(workbook(content, draft(content))))
        sheets = []
        for sheet in book.worksheets:
            cells = [
                (cell.row, cell.column, cell.value, cell.font.b, cell.number_format, cell.alignment.horizontal,
                 cell.alignment.wrap_text, cell.border.bottom.style)
                for row in sheet.iter_rows() for cell in row if cell.value is not None
            ]  # fmt: skip
            widths = {letter: column.width for letter, column in sheet.column_dimensions.items()}
            charts = [(type(chart) is LineChart, len(chart.series)) for chart in sheet._charts]
            sheets.append((sheet.title, cells, widths, charts, sheet.max_row))
        given.append(sheets)
    begun = time.perf_counter()
    for sheets in given:
        book, styles = Workbook(), Styles()
        book.remove(book.active)
        for title, cells, widths, charts, last in sheets:
            sheet = book.create_sheet(title)
            for row, column, value, bold, code, side, wrap, rule in cells:
                cell = sheet.cell(row, column, value)
                cell.font = styles.bold if bold else styles.plain
                cell.number_format = code
                cell.alignment = styles.alignment(side, wrap)
                cell.border = styles.border(rule)
            for letter, width in widths.items():
                sheet.column_dimensions[letter].width = width
            for is_line, count in charts:
                chart = LineChart() if is_line else BarChart()
                for at in range(count):
                    chart.add_data(Reference(sheet, min_col=at + 2, min_row=1, max_row=last))
                sheet.add_chart(chart, f"A{last + 2}")
        book.save(io.BytesIO())
    return time.perf_counter() - begun


class Styles:
    """Style objects made once and shared, as who knows openpyxl writes it."""

    def __init__(self) -> None:
        from openpyxl.styles import Font

        self.plain, self.bold = Font(name="Arial", size=10), Font(name="Arial", size=10, bold=True)
        self._alignments: dict[Any, Any] = {}
        self._borders: dict[Any, Any] = {}

    def alignment(self, side: str | None, wrap: bool | None) -> Any:
        from openpyxl.styles import Alignment

        if (side, wrap) not in self._alignments:
            self._alignments[side, wrap] = Alignment(horizontal=side, wrap_text=wrap, vertical="top")
        return self._alignments[side, wrap]

    def border(self, rule: str | None) -> Any:
        from openpyxl.styles import Border, Side

        if rule not in self._borders:
            self._borders[rule] = Border(bottom=Side(style=rule) if rule else None)
        return self._borders[rule]


def our_pdfs(made: list[Any]) -> float:
    import weasyprint  # noqa: F401 - loaded beforehand here as there

    from returns.document import document
    from tests.returns.sample import draft

    stamps = [draft(content) for content in made]
    begun = time.perf_counter()
    for content, stamp in zip(made, stamps, strict=True):
        document(content, stamp, b"")
    return time.perf_counter() - begun


def bare_pdfs(made: list[Any]) -> float:
    import weasyprint
    from django.template.loader import render_to_string

    from core import pdf
    from returns.document import _context
    from tests.returns.sample import draft

    pages = [
        render_to_string("documents/return.html", _context(content, draft(content), printed=True)) for content in made
    ]
    begun = time.perf_counter()
    for page in pages:
        weasyprint.HTML(string=page, url_fetcher=pdf._closed_fetcher()).write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True)
    return time.perf_counter() - begun


WAYS: dict[str, Callable[[list[Any]], float]] = {
    "workbook, ours": our_workbooks,
    "workbook, bare openpyxl": bare_workbooks,
    "PDF, ours": our_pdfs,
    "PDF, bare WeasyPrint": bare_pdfs,
}


def measure(way: str) -> None:
    """In a process of its own: seconds and peak MB."""
    import django

    django.setup()
    seconds = WAYS[way](contents())
    print(f"{seconds:.3f}\t{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")


def run(way: str) -> tuple[float, int]:
    environment = {
        **os.environ,
        "DATABASE_URL": "sqlite://:memory:",
        "SECRET_KEY": "for the benchmark alone" * 4,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "-m", "benchmarks.returns", way]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if said.returncode:
        raise SystemExit(said.stderr)
    seconds, peak = said.stdout.strip().splitlines()[-1].split("\t")
    return float(seconds), int(peak)


def main() -> None:
    print(f"A claim with {LINES:,} lines and a performance return of {MEASURES} measures, {ROUNDS} rounds in turn")
    found: dict[str, list[tuple[float, int]]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way in WAYS:
            found[way].append(run(way))
    medians = {way: statistics.median(seconds for seconds, _ in rows) for way, rows in found.items()}
    for way, rows in found.items():
        print(f"{way}: {medians[way]:.2f} s, peak {max(peak for _, peak in rows)} MB")
    for what, bare in (("workbook", "bare openpyxl"), ("PDF", "bare WeasyPrint")):
        print(f"{what}: {medians[f'{what}, ours'] / medians[f'{what}, {bare}']:.2f} times {bare}")


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()
