from __future__ import annotations

from pathlib import Path

import pytest

from nnmigrate.beside import modules_beside


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "helper.py": "from other import x\n",
        "other.py": "import helper\n",
        "unused.py": "",
        "broken.py": "def (",
        "package/__init__.py": "from . import inner\n",
        "package/inner.py": "",
        "package/deep/more.py": "",
        "no_package/thing.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import os", []),
        ("import helper", ["helper.py", "other.py"]),
        ("def f():\n    from other import x as y", ["helper.py", "other.py"]),
        ("import broken", ["broken.py"]),
        (
            "import package.inner",
            ["package/__init__.py", "package/deep/more.py", "package/inner.py"],
        ),
        ("import no_package.thing", []),
        ("from . import helper", []),
        ("'import helper'", []),
        ("import (", []),
    ],
)
def test_modules(folder: Path, code: str, names: list[str]) -> None:
    found = modules_beside(code.encode(), folder)
    assert sorted(found) == names
    assert all(found[name] == (folder / name).read_bytes() for name in names)
