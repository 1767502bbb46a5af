"""Giving out a stored file: always as a download, never shown by the browser, kept by no cache."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from board.models import StoredFile
from core.file_kinds import KNOWN, FileKind


def as_download(file: StoredFile, data: bytes) -> HttpResponse:
    """The content of a stored file under the name that it was uploaded with."""
    headers = {
        "Content-Disposition": content_disposition_header(True, file.name),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(data, content_type=KNOWN[FileKind(file.kind)].content_type, headers=headers)
