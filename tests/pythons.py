"""`python tests/pythons.py [--python 3.10]... [--oldest] [-- PYTEST OPTIONS]`.

Runs every test that runs no nnsight on each Python from 3.10 up that is at hand (pyenv's, and
`python3.x` on the path), in an environment of its own that is thrown away; with `--oldest` with the
oldest releases that pyproject.toml allows. The executor is left out: torch is not had for every
Python. Exit code 1 if a test fails on one of them, 2 if no Python is found.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MINORS = range(10, 15)


def pythons(wanted: list[str]) -> Iterator[tuple[str, Path]]:
    """The versions that are there, each once, the oldest first."""
    for minor in MINORS:
        version = f"3.{minor}"
        found = _found(version)
        if found is not None and (not wanted or version in wanted):
            yield version, found


def _found(version: str) -> Path | None:
    places = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    named = shutil.which(f"python{version}")
    for each in [*places, *([Path(named)] if named else [])]:
        asked = [each, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        if told == version:
            return each
    return None


def prepared(python: Path, folder: Path, oldest: bool) -> Path:
    """An environment with nnmigrate and what its tests need.

    Only what nnmigrate itself asks for is taken at its oldest: tools of the tests have their own
    needs, and are nothing that a user installs.
    """
    subprocess.run([python, "-m", "venv", folder], check=True)
    inside = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = [inside, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--upgrade", "pip"], check=True)
    group = ["--editable", str(ROOT), "--group", f"{ROOT / 'pyproject.toml'}:dev"]
    subprocess.run([*pip, *group, *(_oldest() if oldest else ())], check=True)
    return inside


def _oldest() -> list[str]:
    """The lower bounds of what is declared, as requirements."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    declared = text[text.index("\ndependencies = [") : text.index("[project.scripts]")]
    found = re.findall(r'"([\w.-]+)>=([\d.]+)((?:;[^"]*)?)"', declared)
    return [f"{name}=={version}{marker}" for name, version, marker in found]


def main() -> int:
    """Run the tests."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--python", action="append", default=[], help="3.10, 3.11, ...")
    parser.add_argument("--oldest", action="store_true", help="the oldest allowed releases")
    parser.add_argument("options", nargs="*", help="for pytest, behind --")
    asked = parser.parse_args()
    failed, seen = [], []
    for version, python in pythons(asked.python):
        seen.append(version)
        with tempfile.TemporaryDirectory() as folder:
            inside = prepared(python, Path(folder) / "env", asked.oldest)
            tests = [inside, "-m", "pytest", "-q", "--without-nnsight", *asked.options]
            if subprocess.run(tests, cwd=ROOT, check=False).returncode:
                failed.append(version)
    print(f"ran on {', '.join(seen) or 'none'}; failed on {', '.join(failed) or 'none'}")
    return 2 if not seen else int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
