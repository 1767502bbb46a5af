"""A sample as a workbook: what it was drawn from and found, and its lines."""

from collections.abc import Iterator, Sequence

from core.workbook import Book, Cell, build
from returns import sampling
from returns.kinds.claim_record import payee
from returns.lists import listed
from returns.models import Sample, SampleLine


def workbook(sample: Sample, lines: Sequence[SampleLine]) -> bytes:
    """The bytes of the .xlsx file; the same for the same state of the sample."""
    title = f"Sample {sample.reference}: {sample.purpose}"
    finished = "Finished." if sample.finished_at else "In work: results can still change."
    about = sampling.told(sample, sampling.coverage_of(sample))
    sheets = (
        listed("Sample", title, (finished,), ("Item", "Detail"), about, "Nothing is recorded."),
        listed("Lines", "Lines of the sample", (), HEADER, _rows(lines), "No line was drawn."),
    )
    programme = sample.programme
    return build(
        Book(
            title=title, author=programme.recipient.name, subject=programme.name, moment=sample.changed_at,
            sheets=sheets, head=programme.marking,
        )
    )  # fmt: skip


HEADER = ("No.", "Line", "Supplier or basis", "Claim", "Drawn", "Claimed", "Result", "Wrong by", "What was found")


def _rows(lines: Sequence[SampleLine]) -> Iterator[Sequence[object]]:
    for row in lines:
        wrong = Cell(row.exception, "money") if row.exception is not None else ""
        yield (
            Cell(row.number, "count"), row.line.reference, payee(row.line.transaction),
            row.claim_line.part.claim.reference, row.get_why_display(), Cell(row.cost, "money"),
            row.get_result_display() or "None yet", wrong, row.words,
        )  # fmt: skip
