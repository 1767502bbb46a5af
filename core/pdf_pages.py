"""The text of a PDF's pages, read by a process of its own with little time and memory: a hostile file harms nothing.

Run as a script it reads the file from its input and writes the pages as JSON.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path

SECONDS = 20
MEMORY = 768 * 1024 * 1024
MOST_PAGES = 400
LONGEST_PAGE = 200_000


def pages_of(data: bytes) -> list[str] | None:
    """The text of each page, words parted by single spaces; None where the file cannot be read within the limits."""
    command = [sys.executable, "-I", str(Path(__file__).resolve())]
    try:
        read = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return None
    if read.returncode:
        return None
    pages: list[str] = json.loads(read.stdout)
    return pages


def _read() -> None:
    import io

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    data = sys.stdin.buffer.read()
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if len(reader.pages) > MOST_PAGES:
        raise SystemExit(f"More than {MOST_PAGES} pages")
    json.dump([" ".join(page.extract_text().split())[:LONGEST_PAGE] for page in reader.pages], sys.stdout)


if __name__ == "__main__":
    _read()
