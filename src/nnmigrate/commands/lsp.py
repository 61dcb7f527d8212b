"""The command that serves editors."""

from __future__ import annotations

import os
import sys

import click


@click.command("lsp")
@click.option("--stdio", is_flag=True, hidden=True, help="What it does anyway; editors add it.")
def lsp_command(stdio: bool) -> None:
    """Serve an editor over standard input and output (the language server protocol).

    Shows findings while you type, with quick fixes; never runs your code. Needs the extra `lsp`.
    """
    del stdio
    try:
        from nnmigrate.server.server import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        message = "the language server needs pygls: pip install 'nnmigrate[lsp]'"
        raise click.UsageError(message) from error
    code = run()
    sys.stderr.flush()
    # Without waiting for an analysis that is under way: nobody is left to be told.
    os._exit(code)
