"""The text of a PDF's pages, read apart from the server: what cannot be read within the limits is not read."""

import io

import pikepdf
import pytest

from core import pdf_pages
from core.pdf import render_pdf
from core.pdf_pages import pages_of

PAGE = (
    '<html lang="en-GB"><head><title>T</title></head><body style="font-family: sans-serif">'
    '<p>One £1.00</p><p style="break-before: page">second − and “third”</p></body></html>'
)


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return render_pdf(PAGE, identifier="0" * 64)


def test_the_words_of_each_page_are_read(pdf: bytes) -> None:
    assert pages_of(pdf) == ["One £1.00", "second − and “third”"]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 and no more", b"PK\x03\x04"])
def test_what_is_no_pdf_is_not_read(data: bytes) -> None:
    assert pages_of(data) is None


def test_a_file_of_very_many_pages_is_not_read(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as book:
        for _ in range(pdf_pages.MOST_PAGES):
            book.pages.append(book.pages[0])
        raw = io.BytesIO()
        book.save(raw)
    assert pages_of(raw.getvalue()) is None


def test_a_page_that_unpacks_to_gigabytes_is_given_up(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as book:
        book.pages[0].Contents = book.make_stream(b"q " * (pdf_pages.MEMORY // 4))
        raw = io.BytesIO()
        book.save(raw, recompress_flate=True, compress_streams=True)
    assert len(raw.getvalue()) < 4 * 1024 * 1024
    assert pages_of(raw.getvalue()) is None


def test_a_reader_that_does_not_end_is_stopped(pdf: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_pages, "SECONDS", 0.01)
    assert pages_of(pdf) is None
