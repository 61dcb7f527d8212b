"""Takes programs written for nnsight 0.4 to nnsight 0.5, and proves that they compute the same."""

from __future__ import annotations

# First: it says where everything else is looked for.
from nnmigrate import alone as _alone  # noqa: F401
from nnmigrate.library import verify

__all__ = ["__version__", "verify"]
__version__ = "0.1.0"
