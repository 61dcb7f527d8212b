"""Regular expressions that are compiled when they are first used.

Compiling one takes as long as importing a small module. There are some hundred in this package, of
which a run needs a few: on most code most rules have nothing to look for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Type checkers know what that gives.
    pattern = re.compile
else:

    class pattern:
        """A regular expression with the methods and attributes of a compiled one.

        What takes nothing else (`re.split(pattern, ...)`) does not take it: use its own methods.

        Args:
            text: the expression.
            flags: as for `re.compile`.
        """

        def __init__(self, text: str | bytes, flags: int = 0) -> None:
            self._asked = (text, flags)

        def __getattr__(self, name: str) -> Any:
            found = getattr(re.compile(*self._asked), name)
            self.__dict__[name] = found  # asked for no second time
            return found
