"""Where the documentation stands on the web, for whatever prints a link to it.

Imports nothing: reports and editors ask here, and so does what must start fast.
"""

from __future__ import annotations

SITE = "https://nnmigrate.readthedocs.io/en/latest/"
"""The address of the site, with a slash at its end: the one place that names it."""


def docs_url(code: str) -> str:
    """The address of a rule's page.

    Args:
        code: the rule's code, as in `NNS101`. Rules that went keep their address.
    """
    return f"{SITE}rules/{code}.html"


def guide_url(name: str) -> str:
    """The address of a guide's page.

    Args:
        name: the guide's name, as `nnmigrate explain` takes it: `migrating`.
    """
    return f"{SITE}{name}.html"
