from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .editor import Editor, capabilities


@pytest.fixture(scope="session")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """One server for all tests that need nothing special of it; they open files of their own."""
    editor = Editor(tmp_path_factory.mktemp("open"))
    yield editor
    assert editor.leave() == 0


@pytest.fixture(scope="session")
def simple(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """A server of an editor that can little, and wants no unsafe fixes."""
    can = capabilities("utf-8", lazy=False, versioned=False)
    editor = Editor(tmp_path_factory.mktemp("simple"), can, {"unsafeFixes": False})
    yield editor
    assert editor.leave() == 0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Editor]]:
    """Starts a server of one's own."""
    started: list[Editor] = []

    def start(*arguments: Any, **named: Any) -> Editor:
        started.append(Editor(tmp_path, *arguments, **named))
        return started[-1]

    yield start
    for one in started:
        server = one.client._server
        if server is not None and server.returncode is None:
            one.leave()
