"""Isolated environments that hold one nnsight version each, made on demand and kept.

Both sides of a comparison use the same transformers by default, because the type of a decoder
layer's output changed with transformers, not with nnsight: a tuple on 4.51.3, a plain tensor for
most architectures on 4.57.6 and later. 4.51.3 is what nnsight 0.4 code was written against.
"""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

TRANSFORMERS = "4.51.3"
# Here decoder layers give tensors, for programs that take them for such.
NEWER_TRANSFORMERS = "5.23.0"
TORCH = "2.13.0"
# Every fact this package relies on was established on it; the running interpreter is second best.
PREFERRED_PYTHON = "3.11"

# nnsight 0.4.11 imports PIL and 0.5.0 imports dill, neither declares it.
_UNDECLARED = ("numpy", "pillow", "dill", "einops")
# cloudpickle 3.1.3 sends code objects without their file's name, by which nnsight 0.5.15
# (intervention/tracing/base.py) knows on the server which frame is the user's.
_LIMITED = ("cloudpickle<3.1.3",)
# transformers imports a torchvision that is present, and one that does not match torch breaks it.
_OVERRIDES = 'torchvision; sys_platform == "never"\n'

# Without the working directory, where a repository's own `json.py` may lie.
_QUERY = """
import sys
sys.path[:] = [place for place in sys.path if place]
import json, platform
from importlib.metadata import version
names = ("nnsight", "transformers", "torch")
print(json.dumps({**{name: version(name) for name in names}, "python": platform.python_version()}))
"""


class EnvironmentFailure(RuntimeError):
    """An environment could not be made, or is not what it should be."""


@dataclass(frozen=True)
class Environment:
    """A Python interpreter that can import nnsight.

    Args:
        python: The interpreter of the environment.
        nnsight: The version of nnsight it holds.
        transformers: The version of transformers it holds.
    """

    python: Path
    nnsight: str
    transformers: str


@dataclass(frozen=True)
class _Recipe:
    """What an environment is made of: its key among the kept ones, and what is installed."""

    nnsight: str
    transformers: str
    torch: str
    python: str

    @property
    def name(self) -> str:
        return (
            f"nnsight-{self.nnsight}-transformers-{self.transformers}"
            f"-torch-{self.torch}-python-{self.python}"
        )

    @property
    def requirements(self) -> tuple[str, ...]:
        return (
            f"nnsight=={self.nnsight}",
            f"transformers=={self.transformers}",
            f"torch=={self.torch}",
            *_UNDECLARED,
            *_LIMITED,
        )


def ensure(
    nnsight: str,
    *,
    transformers: str = TRANSFORMERS,
    torch: str = TORCH,
    cache: Path | None = None,
    python: str | None = None,
    options: Sequence[str] = (),
) -> Environment:
    """Give the kept environment for these versions, making it first where there is none.

    Two processes may ask at once: one makes it, the other waits. An environment counts as made
    only once its marker is written, and while the marker names what would be installed today: what
    an interrupted run or an older release left behind is made anew.

    Args:
        nnsight: The version of nnsight, as ``"0.4.11"``.
        transformers: The version of transformers.
        torch: The version of torch.
        cache: Where environments are kept; by default under ``$NNMIGRATE_CACHE``, else
            ``$XDG_CACHE_HOME/nnmigrate``, else ``~/.cache/nnmigrate``.
        python: A version (``"3.11"``) or a path of the interpreter to build on.
        options: For the installer, as ``("--find-links", "wheels")``; uv and pip know most alike.

    Raises:
        EnvironmentFailure: The installer failed; its last lines are in the message.
    """
    interpreter = _find_python(python)
    recipe = _Recipe(nnsight, transformers, torch, _version_of(interpreter))
    parent = (cache or _default_cache()) / "environments"
    parent.mkdir(parents=True, exist_ok=True)
    directory = parent / recipe.name
    with _locked(parent / f"{recipe.name}.lock"):
        marker = directory / ".ready"
        made_of = json.dumps({**asdict(recipe), "requirements": recipe.requirements})
        if not marker.is_file() or marker.read_text(encoding="utf-8") != made_of:
            _make(directory, recipe, interpreter, options)
            marker.write_text(made_of, encoding="utf-8")
    return Environment(directory / "bin" / "python", nnsight, transformers)


def given(python: Path) -> Environment:
    """Describe an environment that the user already has.

    Args:
        python: Its interpreter, or the directory of the environment.

    Raises:
        EnvironmentFailure: The interpreter does not run, or lacks nnsight, transformers or torch.
    """
    # Not resolved: the interpreter of a virtual environment is known by where its link stands.
    interpreter = (python / "bin" / "python" if python.is_dir() else python).absolute()
    try:
        output = _run([str(interpreter), "-c", _QUERY])
    except FileNotFoundError:
        raise EnvironmentFailure(f"{interpreter} is not an interpreter") from None
    versions = json.loads(output)
    return Environment(interpreter, versions["nnsight"], versions["transformers"])


def _default_cache() -> Path:
    own = os.environ.get("NNMIGRATE_CACHE")
    if own:
        return Path(own).expanduser().absolute()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "nnmigrate"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file lock, which the system releases even if this process is killed."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make(directory: Path, recipe: _Recipe, interpreter: str, options: Sequence[str]) -> None:
    if directory.exists():
        shutil.rmtree(directory)
    try:
        uv = _find_uv()
        if uv is None:
            _make_with_pip(directory, recipe, interpreter, options)
        else:
            _make_with_uv(uv, directory, recipe, interpreter, options)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def _make_with_uv(
    uv: str, directory: Path, recipe: _Recipe, interpreter: str, options: Sequence[str]
) -> None:
    _run([uv, "venv", "--quiet", "--python", interpreter, str(directory)])
    with tempfile.TemporaryDirectory() as scratch:
        overrides = Path(scratch) / "overrides.txt"
        overrides.write_text(_OVERRIDES, encoding="utf-8")
        command = [uv, "pip", "install", "--quiet", "--python", str(directory / "bin" / "python")]
        command += ["--override", str(overrides), *options]
        _install_with_uv(command, recipe)


def _install_with_uv(command: list[str], recipe: _Recipe) -> None:
    links = [option for link in _find_links() for option in ("--find-links", link)]
    if not links:
        # The twins are tiny: a torch without CUDA spares gigabytes wherever it can be had.
        try:
            _run([*command, "--torch-backend", "cpu", *recipe.requirements])
        except EnvironmentFailure:
            pass
        else:
            return
    _run([*command, *links, *recipe.requirements])


def _make_with_pip(
    directory: Path, recipe: _Recipe, interpreter: str, options: Sequence[str]
) -> None:
    _run([interpreter, "-I", "-m", "venv", str(directory)])
    # -I: with -m alone, a `pip.py` in the working directory would be run.
    pip = [str(directory / "bin" / "python"), "-I", "-m", "pip", "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", *options, *recipe.requirements])
    # A constraint cannot keep pip from installing what nnsight asks for.
    _run([*pip, "uninstall", "--quiet", "--yes", "torchvision"])


def _find_uv() -> str | None:
    """Look for uv on the path, then in the environment of the running interpreter."""
    found = shutil.which("uv")
    if found:
        return found
    try:
        return str(importlib.import_module("uv").find_uv_bin())
    except (ImportError, FileNotFoundError):
        return None


def _find_links() -> list[str]:
    """Collect pip's places for local wheels: uv reads neither pip's files nor its variables."""
    pip = [sys.executable, "-I", "-m", "pip", "config", "get", "global.find-links"]
    configured = subprocess.run(pip, capture_output=True, text=True, check=False)
    texts = [os.environ.get("PIP_FIND_LINKS", ""), os.environ.get("UV_FIND_LINKS", "")]
    texts += [configured.stdout] if configured.returncode == 0 else []
    links = [link for text in texts for link in re.split(r"[\s,]+", text) if link]
    return list(dict.fromkeys(links))


def _find_python(wanted: str | None) -> str:
    """Turn a version or a path into an interpreter that was seen to run."""
    if wanted is not None and not re.fullmatch(r"\d+(\.\d+)*", wanted):
        return wanted
    version = wanted or PREFERRED_PYTHON
    for candidate in _candidates(version):
        if candidate and _is_version(candidate, version):
            return candidate
    if wanted is not None:
        raise EnvironmentFailure(f"no Python {wanted} found on this machine")
    return sys.executable


def _candidates(version: str) -> Iterator[str | None]:
    yield sys.executable
    yield shutil.which(f"python{version}")
    yield _python_of_uv(version)


def _python_of_uv(version: str) -> str | None:
    uv = _find_uv()
    if uv is None:
        return None
    command = [uv, "python", "find", "--system", version]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def _is_version(python: str, version: str) -> bool:
    # A shim may be on the path without the interpreter that it stands for.
    try:
        return f"{_version_of(python)}.".startswith(f"{version}.")
    except EnvironmentFailure:
        return False


def _version_of(python: str) -> str:
    if python == sys.executable:
        return ".".join(map(str, sys.version_info[:3]))
    try:
        query = "import platform; print(platform.python_version())"
        return _run([python, "-I", "-c", query]).strip()
    except FileNotFoundError:
        raise EnvironmentFailure(f"{python} is not an interpreter") from None


def _run(command: Sequence[str]) -> str:
    """Run a command.

    Raises:
        EnvironmentFailure: It exited with another code than 0.
    """
    # What the caller has activated must not leak into the environment that is being made.
    clean = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run(command, capture_output=True, text=True, env=clean, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise EnvironmentFailure(f"`{' '.join(command)}` failed:\n{tail}")
    return done.stdout
