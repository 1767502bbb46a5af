"""Small files of every kind, made on the spot."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20
TIFF = b"II*\0" + b"\0" * 20
CSV = b"Date,Supplier,Amount\n30/06/2023,Somebody,\xa310.00\n"
TEXT = "Paid on 30 June 2023: £10.00\n".encode()
EML = b"Received: by mail.example.org\r\nFrom: a@example.org\r\nSubject: Invoice\r\n\r\nSee below.\r\n"


def packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def office(main: str, types: bytes = b"<Types/>", **more: bytes) -> bytes:
    """An Office document with its main part; more parts have __ for the slash and _dot_ for the dot."""
    extra = {name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()}
    return packed({"[Content_Types].xml": types, main: b"<x/>", **extra})


XLSX = office("xl/workbook.xml")
DOCX = office("word/document.xml")
ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
ODS = packed({"mimetype": ODS_TYPE, "content.xml": b"<x/>", "META-INF/manifest.xml": b"<m/>"})


def compound(*streams: str) -> bytes:
    return OLE2 + b"\0" * 500 + b"".join(name.encode("utf-16-le") + b"\0" * 40 for name in streams)


MSG = compound("__properties_version1.0", "__substg1.0_0037001F")


def upload(name: str = "invoice.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)
