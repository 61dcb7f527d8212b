"""How programs are run: the options of `verify` and `fix --verify`, and both sides.

What runs programs is imported when it is asked for: everything else works without it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nnmigrate.classes import dataclass
from nnmigrate.commands.console import Failed

if TYPE_CHECKING:
    from nnmigrate.executor import Conditions, Environment, Executor, Executors
    from nnmigrate.executor.verification import Environments

# Every line so far had its own ways to a model and to a server: a new one has to be tried first.
_TOO_NEW = "0.9"

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = click.Path(exists=True, path_type=Path)


def running(command: _Command) -> _Command:
    """The options that say how programs are run."""
    decorators = (
        click.option("--before-python", type=_FILE, help="An interpreter that has nnsight 0.4."),
        click.option("--after-python", type=_FILE, help="An interpreter that has the target."),
        click.option(
            "--nnsight",
            metavar="OLD,NEW",
            default=None,
            help="The versions to run on. [default: 0.4.11 and the last one of the target]",
        ),
        click.option("--transformers", metavar="VERSION", help="The transformers of both sides."),
        click.option("--python", metavar="VERSION", help="The Python of both sides."),
        click.option("--find-links", multiple=True, metavar="PLACE", help="For the installer."),
        click.option(
            "--installer-option", multiple=True, metavar="OPTION", help="For the installer."
        ),
        click.option("--limit", type=float, default=60.0, show_default=True, help="Seconds a run."),
        click.option("--memory", type=float, default=8.0, show_default=True, help="GiB a run."),
        click.option(
            "--no-twin",
            is_flag=True,
            help="Run the real checkpoints, from the user's own cache; nothing is downloaded.",
        ),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


@dataclass(frozen=True)
class Where:
    """How programs are run.

    Args:
        before_python: an interpreter that has nnsight 0.4; None to make an environment.
        after_python: one that has the target.
        nnsight: both versions, with a comma between them.
        transformers: the version of both sides.
        python: the Python of both sides.
        find_links: where the installer finds more.
        installer_option: other options of the installer.
        limit: seconds for each run.
        memory: GiB for each run.
        no_twin: whether the real checkpoints are loaded.
    """

    before_python: Path | None
    after_python: Path | None
    nnsight: str | None
    transformers: str | None
    python: str | None
    find_links: tuple[str, ...]
    installer_option: tuple[str, ...]
    limit: float
    memory: float
    no_twin: bool

    @property
    def conditions(self) -> Conditions:
        """What a run may take, and what its models are."""
        from nnmigrate.executor import Conditions

        return Conditions(self.limit, self.memory, twins=not self.no_twin)

    @classmethod
    def among(cls, options: dict[str, Any]) -> Where:
        """Takes what concerns it out of a command's options."""
        return cls(**{one.name: options.pop(one.name) for one in fields(cls)})


def need_forks() -> None:
    """Refuses systems on which processes cannot fork.

    Raises:
        click.ClickException: this is one.
    """
    if not hasattr(os, "fork"):
        raise Failed("programs can be run on Linux and macOS only: this system cannot fork")


@contextmanager
def sides(target: tuple[int, ...] | None, where: Where) -> Iterator[Executors]:
    """Both sides, their environments made where none is given.

    Raises:
        click.ClickException: one cannot be had, or died.
    """
    from nnmigrate.executor import executors

    with _failing():
        baseline, migrated = old_environment(where), new_environment(where, target)
        with executors(baseline, migrated, _newer(where, target)) as both:
            yield both


def _newer(where: Where, target: tuple[int, ...] | None) -> Environments | None:
    """What makes both environments with a newer transformers, where the user has named none."""
    from nnmigrate.executor.environments import NEWER_TRANSFORMERS

    if where.before_python or where.after_python or where.transformers:
        return None
    other = replace(where, transformers=NEWER_TRANSFORMERS)
    return lambda: (old_environment(other), new_environment(other, target))


@contextmanager
def side(find: Callable[[], Environment]) -> Iterator[Executor]:
    """One side alone.

    Raises:
        click.ClickException: it cannot be had, or died.
    """
    from nnmigrate.executor import Executor

    with _failing(), Executor(find()) as executor:
        yield executor


@contextmanager
def _failing() -> Iterator[None]:
    """Turns what makes it impossible to run anything into a message."""
    from nnmigrate.executor import EnvironmentFailure, ExecutorFailure

    try:
        yield
    except (EnvironmentFailure, ExecutorFailure) as error:
        raise Failed(str(error)) from error


def old_environment(where: Where) -> Environment:
    """The environment of the originals.

    Raises:
        EnvironmentFailure: it cannot be had.
    """
    from nnmigrate.executor import given

    if where.before_python:
        return given(where.before_python)
    return _made(_versions(where.nnsight, None)[0], "--before-python", where)


def new_environment(where: Where, target: tuple[int, ...] | None) -> Environment:
    """The environment of the target.

    Raises:
        EnvironmentFailure: it cannot be had.
        click.ClickException: programs cannot be run on it.
    """
    from nnmigrate.executor import given

    if where.after_python:
        environment = given(where.after_python)
        _refuse_too_new(environment.nnsight)
        return environment
    return environment_of(_versions(where.nnsight, target)[1], where)


def environment_of(version: str, where: Where) -> Environment:
    """An environment with a version of nnsight that a rewrite is to run on; see above."""
    refuse(version)
    return _made(version, "--after-python", where)


def refuse(version: str) -> None:
    """Refuses what is no version, and what programs cannot be run on.

    Raises:
        click.ClickException: it is one of these.
    """
    _refuse_no_version(version)
    _refuse_too_new(version)


def _refuse_no_version(text: str) -> None:
    if not re.fullmatch(r"\d+(\.\d+)*", text):
        raise click.BadParameter(f"{text!r} is no version such as 0.5.15")


def _refuse_too_new(nnsight: str) -> None:
    from packaging.version import Version

    if Version(nnsight) >= Version(_TOO_NEW):
        raise Failed(f"programs cannot be run on nnsight {nnsight} yet: 0.8 is the newest")


def _versions(nnsight: str | None, target: tuple[int, ...] | None) -> tuple[str, str]:
    from nnmigrate.executor.verification import BASELINE, release_of

    if nnsight is not None:
        old, _, new = (part.strip() for part in nnsight.partition(","))
        if not old or not new:
            raise click.BadParameter(f"{nnsight!r} is no pair such as 0.4.11,0.5.15")
        for version in (old, new):
            _refuse_no_version(version)
        return old, new
    return BASELINE, release_of(target)


def _made(nnsight: str, option: str, where: Where) -> Environment:
    from nnmigrate.executor import EnvironmentFailure, ensure
    from nnmigrate.executor.environments import TRANSFORMERS

    options = [*where.installer_option]
    for place in where.find_links:
        options += ["--find-links", place]
    transformers = where.transformers or TRANSFORMERS
    try:
        return ensure(nnsight, transformers=transformers, python=where.python, options=options)
    except EnvironmentFailure as error:
        raise EnvironmentFailure(
            f"there is no environment with nnsight {nnsight}, and none can be made; "
            f"name an interpreter that has it with {option}. The installer said:\n{error}"
        ) from error
