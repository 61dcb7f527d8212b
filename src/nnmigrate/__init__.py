"""Takes programs written for nnsight 0.4 to nnsight 0.5, and proves that they compute the same."""

from __future__ import annotations

__version__ = "0.1.0"
