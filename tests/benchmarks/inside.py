"""Times parts of nnmigrate in this process; prints JSON. Run with an installed nnmigrate.

python inside.py parse FILE...   # seconds for LibCST's parse of all, and for the whole check
python inside.py grow KIND FILE...   # seconds for `check` or `fix` of each
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

TURNS = 3


def seconds(work: Callable[[], object]) -> float:
    """The processor's time for some work."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def parse(codes: list[str]) -> list[float]:
    """The time of LibCST's parse, and that of the whole check, of all pieces of code."""
    import libcst

    from nnmigrate.engine import check
    from nnmigrate.program import NotPython
    from nnmigrate.program.pieces import forget

    def checking(code: str) -> None:
        forget()  # what an earlier turn has parsed
        with suppress(NotPython):  # LibCST takes more than Python does
            check(code)

    parsed = checked = 0.0
    for code in codes:
        try:
            libcst.parse_module(code)
        except libcst.ParserSyntaxError:
            continue
        parsed += min(seconds(lambda code=code: libcst.parse_module(code)) for _ in range(TURNS))
        checked += min(seconds(lambda code=code: checking(code)) for _ in range(TURNS))
    return [parsed, checked]


def grow(kind: str, codes: list[str]) -> list[float]:
    """The time for each piece of code."""
    from nnmigrate import engine
    from nnmigrate.program.pieces import forget

    def work(code: str) -> None:
        forget()
        getattr(engine, kind)(code)

    work(codes[0])  # so that everything is imported
    return [min(seconds(lambda code=code: work(code)) for _ in range(TURNS)) for code in codes]


def main() -> None:
    """Times what the arguments say."""
    kind, *names = sys.argv[1:]
    if kind == "grow":
        found = grow(names[0], [Path(name).read_text(encoding="utf-8") for name in names[1:]])
    else:
        found = parse([Path(name).read_text(encoding="utf-8") for name in names])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
