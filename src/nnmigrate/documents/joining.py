"""Pieces of code in a host (a notebook's cells, a text's blocks) as one program, and back.

The program is the pieces' lines one after the other, a comment line between two pieces. Lines that
the host writes in another way (IPython's magics) and those comments are *rigid*: no edit may touch
them, so that every change belongs to one piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from nnmigrate.classes import dataclass
from nnmigrate.documents.places import Origin
from nnmigrate.patterns import pattern
from nnmigrate.spans import Edit, Span
from nnmigrate.wording import SEPARATOR

_LONG = 2000
"""From how many lines on the smallest edits would take seconds to find."""

_LINE = pattern(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
_LAST_END = pattern(r"(?:\r\n|\r|\n)\Z")
# In a console such a line goes on with a statement.
_GOES_ON = pattern(r"\s|(?:else|elif|except|finally)\b|[)\]}]")
_NOWHERE = Origin(0, 0)


@dataclass(frozen=True)
class HostLine:
    """A line of a piece.

    Args:
        code: what Python is to read, without a line end.
        host: what the host has there, without its prefix and line end.
        end: its line end; nothing for a last line that has none.
        origin: where it stands.
        prefix: what stands before it in the host: an indentation, a prompt.
        rigid: whether `code` is not what the host has, or may not be changed.
    """

    code: str
    host: str
    end: str
    origin: Origin
    prefix: str = ""
    rigid: bool = False


@dataclass(frozen=True)
class Piece:
    """Code that stands together in its host.

    Args:
        lines: its lines.
        prompts: what stands before a line that begins a statement, and before one that goes on
            with it (`>>> `, `... `), in a console; None elsewhere.
        headed: whether nothing may come before its first line: a magic for the whole cell.
        title: what the host says of it, where that matters to whoever reads the code.
    """

    lines: tuple[HostLine, ...]
    prompts: tuple[str, str] | None = None
    headed: bool = False
    title: str = ""

    @property
    def head(self) -> int:
        """How many of its lines come before the first one that may be changed."""
        return next((n for n, line in enumerate(self.lines) if not line.rigid), len(self.lines))

    @property
    def host(self) -> str:
        """What the host has there."""
        return "".join(line.prefix + line.host + line.end for line in self.lines)


@dataclass(frozen=True)
class _Segment:
    """Lines of a piece of which all are rigid, or none is; the first one of them has a title."""

    piece: int
    lines: tuple[HostLine, ...]
    rigid: bool = False
    begins: bool = False
    title: str = ""

    @property
    def code(self) -> str:
        above = f"{SEPARATOR} {self.title}".rstrip() + "\n" if self.begins else ""
        return above + "".join(line.code + (line.end or "\n") for line in self.lines)


@dataclass(frozen=True)
class Joined:
    """Pieces as one program.

    Args:
        pieces: in the order in which they run.
    """

    pieces: tuple[Piece, ...]

    @cached_property
    def code(self) -> str:
        """The program."""
        return "".join(segment.code for segment in self._segments)

    @cached_property
    def origins(self) -> tuple[Origin, ...]:
        """Where each line of the program stands."""
        found: list[Origin] = []
        for segment in self._segments:
            found += [_NOWHERE] if segment.begins else []
            found += (line.origin for line in segment.lines)
        return (*found, _NOWHERE)

    @cached_property
    def rigid(self) -> tuple[Span, ...]:
        """The places that no edit may touch."""
        spans, at = [], 0
        for segment in self._segments:
            end = at + len(segment.code)
            if segment.rigid:
                spans.append(Span(at, end))
            at = end
        return tuple(spans)

    def hosts(self, new: str, rigid: Sequence[Span]) -> list[str]:
        """What each piece's host is to have.

        Args:
            new: the program after its edits.
            rigid: where the spans of `rigid` are in it.
        """
        rows: list[list[str]] = [[] for _ in self.pieces]
        ends = iter([*(span.start for span in rigid), len(new)])
        spans = iter(rigid)
        at = next(ends)
        for segment in self._segments:
            if segment.rigid:
                at = next(spans).end
                rows[segment.piece] += (
                    line.prefix + line.host + line.end for line in segment.lines
                )
            else:
                end = next(ends)
                piece = self.pieces[segment.piece]
                rows[segment.piece] += _rendered(segment.lines, new[at:end], piece.prompts)
        return [_as_ended(piece, found) for piece, found in zip(self.pieces, rows, strict=True)]

    @cached_property
    def _segments(self) -> tuple[_Segment, ...]:
        """The program in parts: rigid ones, and behind each what may be changed, if it is empty."""
        return tuple(part for n, piece in enumerate(self.pieces) for part in _parts(n, piece))


class OfPieces:
    """What a document has whose code is pieces in a host."""

    joined: Joined

    @property
    def code(self) -> str:
        """The program that its pieces are."""
        return self.joined.code

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Where each line of the code stands."""
        return self.joined.origins

    @property
    def rigid(self) -> tuple[Span, ...]:
        """The places that no edit may touch: where a piece begins, magics, a console's output."""
        return self.joined.rigid


def _parts(number: int, piece: Piece) -> Iterator[_Segment]:
    # What stands before a notebook's magics would come before `%%time` or `!pip install`.
    head = piece.lines[: piece.head]
    yield _Segment(number, head, rigid=True, begins=True, title=piece.title)
    if piece.headed:
        yield _Segment(number, ())
        yield _Segment(number, (), rigid=True)
    free: list[HostLine] = []
    for line in piece.lines[piece.head :]:
        if line.rigid:
            yield _Segment(number, tuple(free))
            yield _Segment(number, (line,), rigid=True)
            free = []
        else:
            free.append(line)
    yield _Segment(number, tuple(free))


def rows_of(text: str) -> list[tuple[str, str]]:
    """The lines of a text, each with its end; those that Python's tokenizer sees."""
    return [(found[1], found[2]) for found in _LINE.finditer(text) if found[0]]


def _rendered(
    lines: Sequence[HostLine], new: str, prompts: tuple[str, str] | None
) -> Iterator[str]:
    """Lines after their edits, as the host writes them."""
    from difflib import SequenceMatcher

    rows = rows_of(new)
    old = [line.code for line in lines]
    matcher = SequenceMatcher(None, old, [row for row, _ in rows], autojunk=False)
    for kind, first, _, start, end in matcher.get_opcodes():
        for number in range(start, end):
            text, line_end = rows[number]
            at = first + number - start
            if kind == "equal":
                line = lines[at]
                yield line.prefix + line.host + (line.end or line_end)
            else:
                prefix = prompts[_goes_on(text)] if prompts else _prefix_near(lines, at)
                yield (prefix if text else prefix.rstrip()) + text + line_end


def _prefix_near(lines: Sequence[HostLine], at: int) -> str:
    """What stands before a line that is new or changed: what its nearest neighbour has there."""
    # An empty line may lack the indentation that the others have.
    written = [number for number, line in enumerate(lines) if line.code.strip()]
    nearest = min(written, key=lambda number: abs(number - at), default=None)
    return "" if nearest is None else lines[nearest].prefix


def _goes_on(text: str) -> bool:
    return not text or _GOES_ON.match(text) is not None


def _as_ended(piece: Piece, rows: Sequence[str]) -> str:
    """A piece's lines put together; its last one ends as the old last one did."""
    whole = [row for row in rows if row]
    ended = [row if row.endswith(("\n", "\r")) else f"{row}\n" for row in whole[:-1]]
    text = "".join([*ended, *whole[-1:]])
    return text if not piece.lines or piece.lines[-1].end else _LAST_END.sub("", text)


def edits_between(old: str, new: str) -> list[Edit]:
    """Small edits (in most texts the smallest), line by line, that make one text of the other."""
    before, after = (["".join(row) for row in rows_of(text)] for text in (old, new))
    starts = [0]
    for row in before:
        starts.append(starts[-1] + len(row))
    edits = []
    # In long texts with its heuristic, which makes larger edits: without it, the empty lines alone
    # of a file of 10,000 lines are compared each with each, again and again.
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, before, after, autojunk=len(before) > _LONG)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            one, other = "".join(before[first:last]), "".join(after[start:end])
            head = _common(one, other)
            tail = min(_common(one[::-1], other[::-1]), len(one) - head, len(other) - head)
            span = Span(starts[first] + head, starts[last] - tail)
            edits.append(Edit(span, other[head : len(other) - tail]))
    return edits


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginnings."""
    pairs = zip(one, other, strict=False)
    return next(
        (number for number, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other))
    )
