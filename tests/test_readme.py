"""What the README shows is what the tool does."""

from __future__ import annotations

import re
from pathlib import Path

from nnmigrate.engine import fix
from nnmigrate.program import Options

README = Path(__file__).parent.parent / "README.md"
PRELUDE = """\
from nnsight import LanguageModel

model = LanguageModel("openai-community/gpt2")
clean_prompt, corrupt_prompt = "a b c", "a b d"
"""


def _picture() -> tuple[str, str]:
    """The program before and after, from the README's diff."""
    block = re.search(r"```diff\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert block is not None
    rows = block[1].splitlines()
    before = "\n".join(row[2:] for row in rows if not row.startswith("+"))
    after = "\n".join(row[2:] for row in rows if not row.startswith("-"))
    return f"{PRELUDE}{before}\n", f"{PRELUDE}{after}\n"


def test_picture_is_what_fix_does() -> None:
    before, after = _picture()
    assert fix(before, Options()).code == after
