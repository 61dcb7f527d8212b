"""Which objects names stand for while a trace is unrolled, and what is known of their items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nnmigrate.program.model import Trace
from nnmigrate.program.steps import Bind, Collect, Item, Mutation, Read, Step
from nnmigrate.program.turns import may_be
from nnmigrate.program.values import Container, Items
from nnmigrate.spans import Span

Key = str | int | None

# An item's key, the counter that it is of a loop, and what its value takes.
_Collected = tuple[Key, str, tuple[int, ...]]


def refilled(trace: Trace) -> frozenset[str]:
    """The names of collections that a trace itself gives items, or that it makes.

    The items of all others are there when it starts: reaching one waits for nothing.
    """
    steps = (step for top in trace.body.statements for step in top.all_steps)
    return frozenset(s.base for s in steps if isinstance(s, Mutation) and not s.depth)


def names_bound(trace: Trace) -> Iterator[str]:
    """The names that the invokes of a trace bind in their own frames."""
    for invoke in trace.invokes:
        for statement in invoke.body.statements:
            for step in statement.all_steps:
                if isinstance(step, Bind) and not step.foreign:
                    yield step.name


def keeps_object(step: Bind) -> bool:
    """Whether a name stays at the collection that it had: `xs += [...]` fills that."""
    collection = isinstance(step.value, (Container, Items)) and step.value.kind != "tuple"
    return step.how == "augment" and collection


class Holdings:
    """The collections of one run of a trace.

    Args:
        empty: the names of collections that have no items when the trace starts.
    """

    def __init__(self, empty: Iterable[str]) -> None:
        # A name bound to a new collection means another object than before.
        self._objects: dict[str, str] = {}
        # How many items each has, where that is known.
        self._counts: dict[str, int | None] = dict.fromkeys(empty, 0)
        # The keys under which items were put into each, and the counters of loops that may turn
        # more often than they are followed.
        self._keys: dict[str, set[Key]] = {}
        self._open: dict[str, set[str]] = {}
        # Which of them are items of others.
        self._inner: dict[tuple[str, Key], str] = {}
        # What displays and comprehensions have evaluated, until they are bound to a name.
        self._collected: dict[Span, list[_Collected]] = {}

    def container(self, base: str, path: str) -> str:
        """The object that is reached by a name and the way from it."""
        return self._objects.get(base, base) + path[len(base) :]

    def bound(self, step: Bind, site: int, before: Step | None) -> None:
        """A name is bound, perhaps to a new collection, or to what another name stands for.

        Args:
            step: binds the name.
            site: the operation that it is.
            before: the step before it.
        """
        if isinstance(before, Read) and before.span == step.expression and step.how == "assign":
            self._objects[step.name] = self.container(before.name, before.name)
        elif isinstance(step.value, (Container, Items)) and step.how != "augment":
            self._objects[step.name] = f"{step.name}#{site}"
            self._counts[f"{step.name}#{site}"] = self._count(step)

    def _count(self, step: Bind) -> int | None:
        return 0 if isinstance(step.value, Container) and step.value.empty else None

    def append(self, container: str) -> int | None:
        """Counts an item that is appended; the result is its place, where that is known."""
        count = self._counts.get(container)
        self._counts[container] = None if count is None else count + 1
        return count

    def hold(self, container: str, key: Key, read: Read | None) -> None:
        """A collection that has a name is put into another one."""
        if read is not None and key is not None:
            self._inner[container, key] = self.container(read.name, read.name)

    def put(self, container: str, key: Key, counter: str | None) -> None:
        """An item is put into an object.

        Args:
            container: the object.
            key: the item's key.
            counter: where its loop may turn more often than is known, the step's.
        """
        self._keys.setdefault(container, set()).add(key)
        if counter is not None:
            self._open.setdefault(container, set()).add(counter)

    def among(self, container: str, key: Key) -> Key:
        """The key of an item that is there; None where it may be one of a loop's further items."""
        if key is None or key in self._keys.get(container, ()):
            return key
        return None if any(may_be(each, key) for each in self._open.get(container, ())) else key

    def put_in(self, container: str, key: Key) -> str | None:
        """The collection that is an item of another one, if it was put there by its name."""
        return self._inner.get((container, key))

    def read(self, step: Item, key: Key) -> tuple[str, Key] | None:
        """The object that an item is read of, and its key; None where that object is not known."""
        container = self.container(step.base, step.path)
        if step.within is not None:
            inner = self.put_in(container, step.within)
            if inner is None:
                return None
            container = inner
        return container, self.among(container, self.from_start(container, key))

    def lose_count(self, container: str) -> None:
        """Something changes an object in a way that is not counted."""
        self._counts[container] = None

    def from_start(self, container: str, key: Key) -> Key:
        """`xs[-1]` is the last of the items that are known to be there."""
        if not isinstance(key, int) or key >= 0:
            return key
        count = self._counts.get(container)
        return count + key if count and count + key >= 0 else None

    def collect(self, step: Collect, key: Key, needs: tuple[int, ...]) -> None:
        """A display or comprehension has evaluated an item."""
        items = self._collected.setdefault(step.collection, [])
        items.append((len(items) if step.counted else key, step.counter, needs))

    def collected(self, step: Bind, *, complete: bool) -> Iterator[_Collected]:
        """The items that a collection has from the start, or is extended by.

        Args:
            step: binds the collection.
            complete: how often every loop turns is known.
        """
        items = self._taken(step.expression)
        container = self.container(step.name, step.name)
        if step.how == "augment":
            yield from ((self.append(container), "", needs) for _, _, needs in items)
            return
        yield from items
        if items and complete and [key for key, *_ in items] == list(range(len(items))):
            self._counts[container] = len(items)

    def _taken(self, expression: Span | None) -> list[_Collected]:
        """The items of the collection that an expression is, `.save()` behind it left aside."""
        inside = [span for span in self._collected if expression and expression.holds(span)]
        whole = max(inside, key=lambda span: span.end - span.start, default=None)
        items = (
            self._collected[whole]
            if whole and expression and whole.start == expression.start
            else []
        )
        for span in inside:
            del self._collected[span]
        return items
