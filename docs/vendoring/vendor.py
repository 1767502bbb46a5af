"""Bring GOV.UK Frontend into core/static/vendor: for developers, once per version; needs npm.

    python docs/vendoring/vendor.py

The code is MIT, but GDS Transport, the crown and the royal arms may be used on GOV.UK alone, so
they are cut out here and the script stops if a reference to any file is left.
"""

import base64
import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE, VERSION = "govuk-frontend", "6.6.0"
HOME = Path(__file__).resolve().parents[2] / "core" / "static" / "vendor" / PACKAGE
SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=.*$", re.MULTILINE)


def stylesheet(css: str) -> str:
    """The compiled CSS without the fonts and the arms that belong to GOV.UK."""
    css = re.sub(r"/\*! Copyright \(c\) 2011 by Margaret Calvert.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(r"@supports \([^{]*\{\.govuk-footer__copyright-logo:before\{[^}]*\}\}", "", css)
    css = re.sub(r"\.govuk-footer__copyright-logo:before\{[^}]*\}", "", css)
    css = css.replace("GDS Transport,arial", "arial")
    css = SOURCE_MAP.sub("", css).rstrip() + "\n"
    for forbidden in ("url(", "GDS Transport", "crest", "sourceMappingURL"):
        if forbidden in css:
            raise SystemExit(f"{forbidden} is still in the stylesheet: mend this script before vendoring")
    return css


def script(js: str) -> str:
    """The compiled module without its source map, which is not carried."""
    return SOURCE_MAP.sub("", js).rstrip() + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent"], cwd=folder, check=True)
        archive = Path(folder) / f"{PACKAGE}-{VERSION}.tgz"
        digest = hashlib.sha512(archive.read_bytes()).digest()
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        compiled = Path(folder) / "package" / "dist" / "govuk"
        made = {
            "govuk-frontend.min.css": stylesheet((compiled / "govuk-frontend.min.css").read_text()),
            "govuk-frontend.min.js": script((compiled / "govuk-frontend.min.js").read_text()),
        }
    HOME.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (HOME / name).write_text(text)
    record = {
        "package": PACKAGE,
        "version": VERSION,
        "archive_sha512": base64.b64encode(digest).decode(),
        "files_sha256": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in made.items()},
    }
    (HOME / "VENDOR.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
