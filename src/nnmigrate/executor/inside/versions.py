"""Which nnsight this environment has, where its releases need different treatment."""

from __future__ import annotations

import nnsight


def is_old() -> bool:
    """Whether it is a 0.4."""
    return str(nnsight.__version__).startswith("0.4")


def is_pipelined() -> bool:
    """Whether it is 0.8 or later, which loads models through pipelines of transformers."""
    return tuple(map(int, nnsight.__version__.split(".")[:2])) >= (0, 8)
