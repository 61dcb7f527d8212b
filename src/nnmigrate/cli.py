"""The command line: options in, exit codes out.

Exit codes: 0 nothing found, 1 findings, 2 something could not be read, parsed or was asked wrongly,
130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import cast

import click

from nnmigrate import __version__

# Where each command is; a run imports its own alone.
_COMMANDS = {
    "check": "check:check_command",
    "explain": "explain:explain_command",
    "fix": "fix:fix_command",
    "lsp": "lsp:lsp_command",
    "report": "report:report_command",
    "rules": "explain:rules_command",
    "show": "show:show_command",
    "verify": "verifying:verify_command",
}

_OBJECTS_BEFORE_A_LOOK = 100_000


class _Commands(click.Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        return cast(click.Command, getattr(import_module(f"nnmigrate.commands.{module}"), name))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nnmigrate")
@click.pass_context
def cli(context: click.Context) -> None:
    """Takes programs written for nnsight 0.4 to nnsight 0.5.

    What [tool.nnmigrate] in the nearest pyproject.toml above a file gives counts for that file; the
    command line's options go before it.

    Exit codes: 0 nothing found (or notes alone), 1 findings, 2 something could not be read, parsed
    or was asked wrongly.
    """
    if context.invoked_subcommand in ("check", "fix"):
        from pathlib import Path

        from nnmigrate.commands.adoption import defaults

        context.default_map = {context.invoked_subcommand: defaults(Path.cwd())}


def main() -> None:
    """Runs the command line as a program."""
    # Nearly all that is made while modules are imported and code is parsed stays: looking through
    # it for garbage every 700 objects, as Python does, takes a tenth of a run on one file.
    gc.set_threshold(_OBJECTS_BEFORE_A_LOOK, 10, 10)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character must not end the run.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = 130
    except BrokenPipeError:
        # Whoever read has left. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    # Python looks through all there is for garbage once more before it ends, for nothing.
    gc.freeze()
    sys.exit(code)
