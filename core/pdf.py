"""HTML into a tagged PDF, with nothing fetched but the two fonts carried here; the same input gives the same bytes.

The finishing leans on the inside of WeasyPrint 70: the version is pinned, and a test reads every tag.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.problems import refuse

FONTS = Path(__file__).parent / "fonts"
FONT_ADDRESSES = {f"font:{name}": name for name in ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf")}
NEEDED = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
MEDIA_TYPE = "application/pdf"


class ForbiddenAddress(Exception):
    """The page asked for something from outside: a file, the network, another font."""


@dataclass(frozen=True)
class Attached:
    """A file that travels inside the PDF."""

    name: str
    data: bytes
    description: str
    moment: datetime


def render_pdf(html: str, *, identifier: str, attachments: Sequence[Attached] = ()) -> bytes:
    """The PDF of a whole HTML page with lang and title; `identifier` (hex) becomes its file identifier.

    Dates are those of the page's dcterms metas. The fonts are at `font:LiberationSans-Regular.ttf` and
    `…-Bold.ttf`; any other address but an SVG given as data raises ForbiddenAddress. Refused where the
    system lacks Pango.
    """
    weasyprint = _weasyprint()
    from weasyprint.urls import FatalURLFetchingError

    fetcher = _closed_fetcher()
    try:
        with _errors() as errors:
            made: bytes = weasyprint.HTML(string=html, url_fetcher=fetcher).write_pdf(
                finisher=_finish,
                pdf_variant="pdf/ua-1",
                pdf_tags=True,
                pdf_identifier=bytes.fromhex(identifier)[:16].hex().encode(),
                attachments=[_attachment(weasyprint, attached) for attached in attachments],
            )
    except FatalURLFetchingError as error:
        raise ForbiddenAddress(str(error)) from None
    # A drawing swallows even fatal errors and is left out: a return with a chart missing is no return.
    if fetcher.refused:
        raise ForbiddenAddress(fetcher.refused[0])
    if errors:
        raise RuntimeError(f"The PDF could not be drawn whole: {'; '.join(errors)}")
    return made


@contextmanager
def _errors() -> Iterator[list[str]]:
    """What WeasyPrint logs as errors in this thread, which it does instead of raising."""
    found: list[str] = []
    thread = threading.get_ident()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                found.append(record.getMessage())

    logger, collector = logging.getLogger("weasyprint"), Collector(logging.ERROR)
    logger.addHandler(collector)
    try:
        yield found
    finally:
        logger.removeHandler(collector)


def _weasyprint() -> Any:
    """WeasyPrint, imported only when a PDF is made, so that the rest runs where Pango is missing."""
    try:
        import weasyprint
    except OSError as error:
        raise refuse("PDF", f"PDF needs: apt-get install {NEEDED}. Until then, download the workbook.") from error
    return weasyprint


def _closed_fetcher() -> Any:
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class ClosedFetcher(URLFetcher):
        """Hands out the two fonts and inline drawings; stops the rendering at anything else."""

        refused: list[str]

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url in FONT_ADDRESSES:
                data = (FONTS / FONT_ADDRESSES[url]).read_bytes()
                return URLFetcherResponse(url, data, {"Content-Type": "font/ttf"})
            if url.startswith("data:image/svg+xml;base64,"):
                return super().fetch(url, headers)
            self.refused.append(f"A PDF fetches nothing from outside, but was asked for {url[:200]}")
            raise FatalURLFetchingError(self.refused[-1])

    fetcher = ClosedFetcher(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)
    fetcher.refused = []
    return fetcher


def _attachment(weasyprint: Any, attached: Attached) -> Any:
    moment = attached.moment.astimezone(UTC)
    return weasyprint.Attachment(
        string=attached.data,
        name=attached.name,
        description=attached.description,
        created=moment,
        modified=moment,
        relationship="Source",
        url_fetcher=_closed_fetcher(),
    )


# Finishing: what WeasyPrint 70 leaves out of its tags


def _finish(document: Any, pdf: Any) -> None:
    """Header cells get their scope, links their print flag; page headers and footers become artifacts."""
    by_number = {item.number: item for item in pdf.objects if isinstance(item, dict)}
    elements = {number: item for number, item in by_number.items() if item.get("Type") == "/StructElem"}
    for element in elements.values():
        if element["S"] == "/TH":
            element["A"]["Scope"] = "/Column" if _is_under(element, "/THead", elements) else "/Row"
    for item in by_number.values():
        if item.get("Type") == "/Annot":
            item["F"] = 4
    _make_artifacts(pdf, by_number, elements)


def _number(reference: bytes) -> int:
    return int(reference.split()[0])


def _is_under(element: Any, kind: str, elements: dict[int, Any]) -> bool:
    while (above := elements.get(_number(element["P"]))) is not None:
        if above["S"] == kind:
            return True
        element = above
    return False


def _make_artifacts(pdf: Any, by_number: dict[int, Any], elements: dict[int, Any]) -> None:
    """Content of margin boxes, which no element of the tree holds, is marked as pagination instead of as text."""
    root = by_number[_number(pdf.catalog["StructTreeRoot"])]
    held = set(_below(_number(root["K"][0]), elements))
    orphans = {number for number in elements if number not in held}
    parents = by_number[_number(root["ParentTree"])]["Nums"]
    streams = {item.number: item for item in pdf.objects if hasattr(item, "stream")}
    pages = [by_number[_number(reference)] for reference in pdf.page_references]
    for page in pages:
        owners = parents[parents.index(page["StructParents"]) + 1]
        gone = {mcid for mcid, owner in enumerate(owners) if _number(owner) in orphans}
        for mcid in gone:
            owners[mcid] = "null"
        tokens = streams[_number(page["Contents"])].stream
        for at in range(len(tokens) - 2):
            marked = tokens[at + 1]
            if tokens[at + 2] == b"BDC" and isinstance(marked, dict) and marked.get("MCID") in gone:
                tokens[at] = "/Artifact"
                del marked["MCID"]
                marked["Type"] = "/Pagination"
    for number in orphans:
        # An object cannot be taken out any more, but an empty one is no element.
        elements[number].clear()


def _below(number: int, elements: dict[int, Any]) -> Iterator[int]:
    yield number
    for kid in elements[number]["K"]:
        if isinstance(kid, bytes) and _number(kid) in elements:
            yield from _below(_number(kid), elements)
