"""The committed bundle is what its sources make, and they are what their types say."""

import subprocess
from pathlib import Path
from shutil import which

import pytest
from editor_core import BUNDLE, ROOT, SOURCES
from machine import missing


@pytest.fixture(scope="module")
def node() -> str:
    found = which("node")
    if found is None or not (SOURCES / "node_modules").exists():
        missing("npm's packages for the editor", "`make verifiers` installs them (it needs Node.js and npm).")
    return found


def test_the_bundle_is_what_the_sources_make(node: str, tmp_path: Path) -> None:
    subprocess.run([node, "build.mjs", str(tmp_path)], cwd=SOURCES, check=True, capture_output=True)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    committed = {file.name: file.read_bytes() for file in BUNDLE.iterdir()}
    assert made.keys() == committed.keys(), "run `make editor` and commit what it makes"
    assert made == committed, "run `make editor` and commit what it makes"


def test_the_types_hold(node: str) -> None:
    checked = subprocess.run(
        ["npm", "run", "--silent", "check"], cwd=SOURCES, check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout


def test_no_file_says_where_its_packages_came_from() -> None:
    lock = (SOURCES / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert '"integrity"' in lock


def test_nothing_is_executed_from_text() -> None:
    """The policy forbids it; so must every library in the bundle do without."""
    for file in BUNDLE.glob("*.js"):
        text = file.read_text("utf-8")
        assert "new Function(" not in text, file.name
        assert "eval(" not in text.replace(".eval(", ""), file.name
    assert not list((ROOT / "courseletter" / "web" / "static").glob("**/*.map"))
