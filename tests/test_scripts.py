"""The scripts of the two commands: plain POSIX shell, executable, and quick when there is nothing to do."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["bootstrap.sh", "run", "test"])
def test_a_script_is_posix_shell_and_executable(name: str) -> None:
    script = ROOT / name
    assert script.read_text().startswith("#!/bin/sh\n")
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", script], check=True)


def test_the_check_of_a_change_is_executable_and_parses() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


@pytest.fixture
def bare_machine(tmp_path: Path) -> Path:
    """A folder of commands in which apt-get and sudo refuse and no library or new Python is found."""
    for name, body in {
        "ldconfig": "exit 0",
        "sudo": "exit 1",
        "id": "echo 1000",
        "apt-get": "echo must not be called; exit 9",
        **dict.fromkeys(("python3", "python3.11", "python3.12", "python3.13"), "exit 1"),
    }.items():
        command = tmp_path / name
        command.write_text(f"#!/bin/sh\n{body}\n")
        command.chmod(0o755)
    return tmp_path


def test_without_root_the_exact_packages_are_named_and_nothing_else_happens(bare_machine: Path) -> None:
    # The script is read from a copy, beside which no .venv stands.
    copy = bare_machine / "checkout"
    copy.mkdir()
    script = copy / "bootstrap.sh"
    script.write_text((ROOT / "bootstrap.sh").read_text().replace("/usr/bin/python3", "/nowhere/python3"))
    environment = {"PATH": f"{bare_machine}:/usr/bin:/bin", "CHROMIUM": "/nowhere/chromium"}
    done = subprocess.run(
        ["sh", script, "--browser"], env=environment, capture_output=True, text=True, check=False, cwd=copy
    )
    assert done.returncode == 1
    assert (
        "apt-get install -y --no-install-recommends python3 python3-venv libpango-1.0-0 libpangoft2-1.0-0 "
        "libharfbuzz-subset0 chromium libatomic1"
    ) in done.stderr
    assert "must not be called" not in done.stdout
    assert not (copy / ".venv").exists()


def test_the_vendored_files_are_those_that_the_record_names() -> None:
    import hashlib
    import json

    folder = ROOT / "core" / "static" / "vendor" / "govuk-frontend"
    record = json.loads((folder / "VENDOR.json").read_text())
    for name, digest in record["files_sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_nothing_that_belongs_to_govuk_alone_is_carried() -> None:
    for path in (ROOT / "core" / "static").rglob("*"):
        assert path.suffix not in {".woff", ".woff2"}, path
        if path.suffix == ".css":
            css = path.read_text()
            assert "url(" not in css and "GDS Transport" not in css and "crest" not in css, path
