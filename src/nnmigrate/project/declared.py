"""The requirements that each kind of file declares."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nnmigrate.patterns import pattern
from nnmigrate.project.requirement import Requirement, of_poetry, parsed

_CONDA = pattern(r"^[ \t]*-[ \t]*[\"']?(?P<text>[\w.-]+[^\n\"'#]*)", re.MULTILINE)


def requirements_in(path: Path) -> Iterator[Requirement]:
    """What a file declares; nothing where it cannot be read or understood.

    What is wrong with such a file its own tools will tell.
    """
    try:
        text = path.read_text(encoding="utf-8")
        yield from list(_reader(path)(path, text))
    except (OSError, ValueError, SyntaxError, RecursionError):
        return


def _reader(path: Path) -> Callable[[Path, str], Iterator[Requirement]]:
    if path.name == "pyproject.toml":
        return of_pyproject
    if path.name == "setup.cfg":
        return _of_setup_cfg
    if path.name == "setup.py":
        return _of_setup_py
    return _of_conda if path.suffix in (".yml", ".yaml") else _of_lines


def _of_lines(path: Path, text: str) -> Iterator[Requirement]:
    """A requirements file; what it includes is read along."""
    at = 0
    for row in text.splitlines(keepends=True):
        line = row.strip()
        included = re.match(r"(?:-r|--requirement)[ =]\s*(\S+)", line)
        if included is not None and (path.parent / included[1]).resolve() != path.resolve():
            yield from requirements_in(path.parent / included[1])
        elif line and not line.startswith(("#", "-c", "--")):
            found = parsed(line.removeprefix("-e "), path, at + row.index(line[0]))
            if found is not None:
                yield found
        at += len(row)


def _strings(path: Path, text: str, values: Any) -> Iterator[Requirement]:
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str):
            found = parsed(value, path, max(text.find(value), 0))
            if found is not None:
                yield found


def of_pyproject(path: Path, text: str) -> Iterator[Requirement]:
    """The lists of a `pyproject.toml`, and Poetry's, PDM's, uv's and Hatch's own tables."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    content = tomllib.loads(text)
    project, tool = content.get("project", {}), content.get("tool", {})
    lists = [project.get("dependencies"), *project.get("optional-dependencies", {}).values()]
    lists += content.get("dependency-groups", {}).values()
    lists += tool.get("pdm", {}).get("dev-dependencies", {}).values()
    lists.append(tool.get("uv", {}).get("dev-dependencies"))
    lists += [
        environment.get("dependencies")
        for environment in tool.get("hatch", {}).get("envs", {}).values()
    ]
    for values in lists:
        yield from _strings(path, text, values)
    poetry = tool.get("poetry", {})
    tables = [poetry.get("dependencies"), poetry.get("dev-dependencies")]
    tables += [group.get("dependencies") for group in poetry.get("group", {}).values()]
    for table in tables:
        for name, version in (table or {}).items():
            at = re.search(rf"^\s*[\"']?({re.escape(name)})[\"']?\s*=", text, re.MULTILINE)
            found = of_poetry(name, version, path, at.start(1) if at else 0)
            if found is not None:
                yield found


def _of_setup_cfg(path: Path, text: str) -> Iterator[Requirement]:
    import configparser

    content = configparser.ConfigParser(interpolation=None)
    try:
        content.read_string(text)
    except configparser.Error:
        return
    values = []
    if content.has_section("options"):
        values.append(content.get("options", "install_requires", fallback=""))
    if content.has_section("options.extras_require"):
        values += [value for _, value in content.items("options.extras_require")]
    for value in values:
        rows = [row.strip() for row in re.split(r"[\n;](?![^\n]*==)", value)]
        yield from _strings(path, text, [row for row in rows if row])


def _of_setup_py(path: Path, text: str) -> Iterator[Requirement]:
    """The literals of `install_requires` and `extras_require`; the file is not run."""
    import ast

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.keyword) and node.arg in ("install_requires", "extras_require"):
            strings = [
                each.value
                for each in ast.walk(node.value)
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            ]
            yield from _strings(path, text, strings)


def _of_conda(path: Path, text: str) -> Iterator[Requirement]:
    """The items of lists, pip's among them: no more of YAML is needed for that."""
    for item in _CONDA.finditer(text):
        line = re.sub(r"^([\w.-]+)\s*=(?!=)\s*", r"\1==", item["text"].strip())
        found = parsed(line, path, item.start("text"))
        if found is not None:
            yield found
