"""What pyproject.toml repeats of the tree."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_folder_with_modules_is_a_package_of_the_wheel() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    listed = re.search(r"^packages = \[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    assert listed is not None
    folders = {path.parent.relative_to(ROOT / "src") for path in (ROOT / "src").rglob("*.py")}
    expected = {".".join(folder.parts) for folder in folders}
    rules = {path.parent.relative_to(ROOT) for path in (ROOT / "rules").rglob("*.py")}
    expected |= {f"nnmigrate.{'.'.join(folder.parts)}" for folder in rules}

    assert set(re.findall(r'"(.*?)"', listed[1])) == expected
