"""Entry of the environment's interpreter: ``python .../inside``.

The folder is loaded as a package under a name of its own and then taken off the path: a script
under test may well import a `tokenizer` or an `observe` that is its own.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

_PACKAGE = "_nnmigrate_inside"


def main() -> None:
    """Load the package and serve jobs until standard input ends."""
    folder = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != folder]
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} cannot be loaded as a package")
    sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[_PACKAGE])
    importlib.import_module(f"{_PACKAGE}.zygote").serve()


main()
