"""`python -m nnmigrate`."""

from __future__ import annotations

from nnmigrate.cli import main

if __name__ == "__main__":
    main()
