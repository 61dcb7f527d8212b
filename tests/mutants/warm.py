"""Tries mutations in a warm process: all is imported, the tests are collected, each try is a fork.

A fault is put into the code of the functions that exist already, wherever they were imported to.
"""

from __future__ import annotations

import functools
import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from _pytest.runner import runtestprotocol

from .mutations import Mutation

_MEMORY = 6 << 30


class Verdict(IntEnum):
    """What became of a mutation; the value is the exit code of its process."""

    SURVIVED = 0
    KILLED = 1
    NOT_APPLIED = 2
    TIMED_OUT = 3
    UNTESTED = 4


def try_out(
    path: Path, mutation: Mutation, notice: Callable[[], int | None], seconds: int
) -> tuple[Verdict, int]:
    """See in a process of its own whether a mutation is noticed.

    Args:
        path: the file that it is in.
        mutation: the fault.
        notice: looks for it; gives the number of the test that noticed, or None.
        seconds: of CPU time, after which the process is stopped.

    Returns:
        What became of it, and the number of the test.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os._exit(_forked(path, mutation, notice, seconds, writer))
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        number = int(said.read() or b"0")
    _, status = os.waitpid(child, 0)
    stopped = os.WIFSIGNALED(status)
    return (Verdict.TIMED_OUT if stopped else Verdict(os.WEXITSTATUS(status))), number


def run_tests(items: Sequence[pytest.Item], seconds: int) -> int | None:
    """Run tests until one fails; none is begun after `seconds` of CPU time."""
    until = time.process_time() + seconds
    for number, item in enumerate(items):
        following = items[number + 1] if number + 1 < len(items) else None
        reports = runtestprotocol(item, log=False, nextitem=following)
        if any(report.failed for report in reports):
            return number
        if time.process_time() > until:
            return None
    return None


def _forked(
    path: Path, mutation: Mutation, notice: Callable[[], int | None], seconds: int, writer: int
) -> int:
    """The life of the process that has the fault; its exit code."""
    try:
        _limited(seconds)
        if not _applied(path, mutation):
            return Verdict.NOT_APPLIED
        number = notice()
    except BaseException:
        number = 0
    os.write(writer, str(number or 0).encode())
    return Verdict.SURVIVED if number is None else Verdict.KILLED


def _limited(seconds: int) -> None:
    """Bound the process's time and memory, and let it say nothing."""
    import resource  # which Windows has not

    until = int(time.process_time()) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, until))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)


def _applied(path: Path, mutation: Mutation) -> bool:
    """Put the fault into every function that was made from the code; forget what was computed."""
    compiled = compile(mutation.module(), str(path), "exec")
    wanted = mutation.function.rpartition(".")[2], mutation.line
    code = next(each for each in _codes(compiled) if _known_as(each) == wanted)
    made = [each for each in gc.get_objects() if _made_from(each, str(path), wanted)]
    for function in made:
        function.__code__ = code
    # What a decorator has made was made before the fault was there.
    for inner in _codes(code):
        for each in gc.get_objects():
            if _made_from(each, str(path), _known_as(inner)) and _sees_as_much(each, inner):
                each.__code__ = inner
    for each in gc.get_objects():
        if isinstance(each, functools._lru_cache_wrapper):
            each.cache_clear()
    return bool(made)


def _made_from(value: object, path: str, known_as: tuple[str, int]) -> bool:
    if not isinstance(value, FunctionType) or value.__code__.co_filename != path:
        return False
    return _known_as(value.__code__) == known_as


def _sees_as_much(function: FunctionType, code: CodeType) -> bool:
    return function.__code__.co_freevars == code.co_freevars


def _known_as(code: CodeType) -> tuple[str, int]:
    return code.co_name, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
