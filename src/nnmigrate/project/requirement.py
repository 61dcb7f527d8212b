"""One requirement, and what it allows."""

from __future__ import annotations

import operator
import re
from pathlib import Path

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern

# The releases that matter: the last ones before 0.5, every 0.5, the last of each later series.
_OLD = ("0.2.21", "0.3.7", "0.4.0", "0.4.6", "0.4.11")
_NEW = (*(f"0.5.{patch}" for patch in range(16)), "0.6.3", "0.7.0", "0.8.0")

# What nearly all requirements look like. The rest is left to `packaging`, which takes as long to
# import as a small file to check.
_CLAUSE = r"(?:[=!<>]=|[<>])\s*[0-9]+(?:\.[0-9]+)*"
_PLAIN_SPECIFIER = pattern(rf"{_CLAUSE}(?:,{_CLAUSE})*")
# What is read without it, though it takes `packaging` to say what that allows.
_KNOWN_CLAUSE = (
    rf"(?:{_CLAUSE}(?:(?:a|b|rc|\.post|\.dev)[0-9]+)?"
    r"|[=!]=\s*[0-9]+(?:\.[0-9]+)*\.\*|~=\s*[0-9]+(?:\.[0-9]+)+)"
)
_MARKER = (
    r"(?:python_version|python_full_version|sys_platform|platform_system|platform_machine|os_name"
    r"|extra)\s*(?:[=!<>]=|[<>])\s*(?:'[\w.-]+'|\"[\w.-]+\")"
)
_PLAIN = pattern(
    r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*"
    r"(?:\[\s*[A-Za-z0-9]\w*(?:\s*,\s*[A-Za-z0-9]\w*)*\s*\])?\s*"
    rf"(?:@\s*[\w+.-]+://[\w./@:%~#=&+-]+|(?P<specifier>(?:{_KNOWN_CLAUSE}(?:\s*,\s*{_KNOWN_CLAUSE})*)?)"
    rf"\s*(?:;\s*{_MARKER}(?:\s+(?:and|or)\s+{_MARKER})*\s*)?)",
    re.ASCII,
)

# No requirement begins so: options and paths, addresses without a name, `pip:` in an environment's
# file, what conda says of a build (`blas==1.0=mkl`).
_OTHER = pattern(r"[-.]|[\w.-]*[:+/\\]|[\w.-]+==[\w.]+=[^=]", re.ASCII)
_SIGNS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}

_FROM_GIT = pattern(r"(?P<name>[\w-]+)(?:\.git)?@v?(?P<version>\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class Requirement:
    """A package that a project asks for.

    Args:
        name: the package's normalized name.
        specifier: the versions that it allows, such as `<0.5`; empty for all.
        path: the file that says so.
        start: where it stands in that file, in characters.
        text: its characters.
    """

    name: str
    specifier: str
    path: Path
    start: int
    text: str

    def allows(self, version: str) -> bool:
        """Whether a version may be installed."""
        if not self.specifier:
            return True
        if _PLAIN_SPECIFIER.fullmatch(self.specifier):
            return all(_fits(clause, version) for clause in self.specifier.split(","))
        from packaging.specifiers import SpecifierSet
        from packaging.version import InvalidVersion

        try:
            return SpecifierSet(self.specifier).contains(version)
        except InvalidVersion:  # `===` takes any text, of which packaging 22 makes a version
            return False

    @property
    def is_old(self) -> bool:
        """Whether it allows no nnsight from 0.5 on."""
        return not any(map(self.allows, self._new))

    @property
    def floor(self) -> tuple[int, ...] | None:
        """The oldest nnsight that it allows, if that is 0.5 or later."""
        if any(map(self.allows, _OLD)):
            return None
        allowed = [version for version in self._new if self.allows(version)]
        return min(map(_release, allowed), key=_without_zeros, default=None)

    @property
    def _new(self) -> tuple[str, ...]:
        """The releases that matter, and those that it names itself (`==0.6.1`)."""
        return (*_NEW, *(version for version in self._named if _release(version) >= (0, 5)))

    @property
    def _named(self) -> list[str]:
        if not self.specifier or _PLAIN_SPECIFIER.fullmatch(self.specifier):
            return re.findall(r"[0-9.]+", self.specifier)
        from packaging.specifiers import SpecifierSet

        return [one.version.removesuffix(".*") for one in SpecifierSet(self.specifier)]


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version; none of what is no version, since `===` takes any text."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)*", version):
        return tuple(map(int, version.split(".")))
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version).release
    except InvalidVersion:
        return ()


def _fits(clause: str, version: str) -> bool:
    """Whether a release is what a clause such as `>=0.4` asks for."""
    sign = clause.rstrip("0123456789.")
    asked, given = _release(clause[len(sign) :]), _release(version)
    return bool(_SIGNS[sign](_without_zeros(given), _without_zeros(asked)))


def _without_zeros(release: tuple[int, ...]) -> list[int]:
    """The numbers of a release that count: zeros at its end say nothing."""
    numbers = [*release]
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


def _normalized(name: str) -> str:
    """A package's name as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parsed(text: str, path: Path, start: int) -> Requirement | None:
    """The requirement that a line of a requirements file, or a string like it, is.

    Returns:
        It; None where it is none, or one that cannot be understood.
    """
    line = text.split(" #")[0].split(" --hash")[0].strip()
    git = _FROM_GIT.search(line) if "git+" in line else None
    if git is not None:
        return Requirement(_normalized(git["name"]), f"=={git['version']}", path, start, line)
    asked = line.split(" \\")[0]
    if _OTHER.match(asked):
        return None
    plain = _PLAIN.fullmatch(asked)
    if plain is not None:
        clauses = {"".join(one.split()) for one in (plain["specifier"] or "").split(",")}
        return Requirement(_normalized(plain["name"]), ",".join(sorted(clauses)), path, start, line)
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    try:
        found = Parsed(asked)
    except InvalidRequirement:
        return None
    return Requirement(_normalized(found.name), str(found.specifier), path, start, line)


def of_poetry(name: str, version: object, path: Path, start: int) -> Requirement | None:
    """The requirement of one key of Poetry's table: `^0.4`, `~0.4.1`, `{version = "0.4.*"}`."""
    if isinstance(version, dict):
        version = version.get("version", "")
    if not isinstance(version, str):
        return None
    parts = ("".join(part.split()) for part in version.split(",") if part.strip())
    specifier = ",".join(map(_as_specifier, parts))
    if not specifier or _PLAIN_SPECIFIER.fullmatch(specifier) or _is_specifier(specifier):
        return Requirement(_normalized(name), specifier, path, start, name)
    return None


def _is_specifier(text: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _as_specifier(part: str) -> str:
    """Poetry's own operators in those of Python's packages."""
    if part == "*":
        return ""
    found = re.fullmatch(r"([\^~]?)(\d+(?:\.\d+)*)", part)
    if found is None:
        return f"=={part}" if part[0].isdigit() else part
    sign, numbers = found[1], [int(number) for number in found[2].split(".")]
    if not sign:
        return f"=={part}"
    kept = _caret(numbers) if sign == "^" else min(2, len(numbers))
    upper = [*numbers[: kept - 1], numbers[kept - 1] + 1]
    return f">={found[2]},<{'.'.join(map(str, upper))}"


def _caret(numbers: list[int]) -> int:
    """How many numbers `^` keeps: up to the first that is not zero."""
    for place, number in enumerate(numbers, 1):
        if number:
            return place
    return len(numbers)
