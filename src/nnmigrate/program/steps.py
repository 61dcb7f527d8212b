"""What evaluating a statement does, step by step, in the order in which Python does it."""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.classes import dataclass
from nnmigrate.program.values import Opener, Value
from nnmigrate.schedule.values import Path, Provider
from nnmigrate.spans import Span


@dataclass(frozen=True)
class Step:
    """One thing that evaluating a statement does.

    Args:
        site: the step's number in the program, in evaluation order.
        span: the characters that stand for it.
    """

    site: int
    span: Span


@dataclass(frozen=True)
class Access(Step):
    """Reads or sets a module's input or output: an event, for which 0.5 waits.

    Args:
        provider: what is accessed.
        swap: whether it is set (`X.output = v`).
        foreign: another frame than the statement's own does it: a helper's, a comprehension's.
        model: the expression by which the model is reached.
        comprehension: that other frame is a comprehension's.
        maybe: a helper does it under a condition, or behind a place where it may have returned.
        inlined: since Python 3.12 it is the statement's own after all.
    """

    provider: Provider
    swap: bool = False
    foreign: bool = False
    model: str = ""
    comprehension: bool = False
    maybe: bool = False
    inlined: bool = False


@dataclass(frozen=True)
class Read(Step):
    """Reads a name.

    Args:
        name: the name.
        nested: in a lambda or a nested function: not evaluated here and now.
        partial: only to reach an item or attribute of it, which the following step tells.
        value: what the name stood for.
        foreign: it is a name of another frame: a helper's own, a comprehension's variable.
    """

    name: str
    nested: bool = False
    partial: bool = False
    value: Value | None = None
    foreign: bool = False


@dataclass(frozen=True)
class Bind(Step):
    """Binds a name; `span` is the name's own.

    Args:
        name: the name.
        how: `assign`, `augment`, `unpack`, `walrus`, `for`, `with`, `import`, `def`, `class`,
            `except`,
            `param`, `delete` or `declare` (an annotation without a value).
        value: what it is bound to.
        expression: the value's characters, its own parentheses included, where it has an
            expression of
            its own.
        foreign: bound in a helper's frame.
    """

    name: str
    how: str
    value: Value
    expression: Span | None = None
    foreign: bool = False


@dataclass(frozen=True)
class Item(Step):
    """Reads an item or attribute of an object reached by a name: `xs[0]`, `self.h`.

    Args:
        base: the name that the way to the object starts from.
        path: that way without subscripts.
        key: the item's key or attribute where it is a literal.
        counter: the key of the loop whose counter is the item's key.
        within: of an item of an item (`shared["hs"][0]`), the literal key of the outer one.
        reached: only to change that item in its place (`acts[kind].append(h)`).
        whole: all items are read at once (`sum(xs)`); the step's characters are the collection's.
    """

    base: str
    path: str
    key: str | int | None
    counter: str = ""
    within: str | int | None = None
    reached: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Mutation(Step):
    """Changes an object that is reached by a name and is no value of the model.

    Args:
        base: the name that the way to the object starts from (`self` of `self.acc[0].append(h)`).
        path: that way without subscripts, such as `self.acc`.
        how: `setitem`, `delitem`, `setattr`, `delattr`, `augment` or `method`; `given` where a
            function out of view is given an empty collection, which it most likely fills.
        method: the method's name, for `method`.
        key: the item's key or attribute where it is a literal.
        counter: the key of the loop whose counter is the item's key.
        depth: how many subscripts lie between `path` and the changed object (`acc[i].append`: 1).
        target: the characters of the object that is changed.
        key_span: the characters of the key.
        value_span: the characters of the value put in.
        value: the value put in.
        aliased: a method does it that has a name of its own (`add = acts.append`).
        by: a function that is called does it: to an object that the `caller` can reach, by `base`
            and `path`, or to one of its `own`; empty where the statement itself does it.
    """

    base: str
    path: str
    how: str
    method: str = ""
    key: str | int | None = None
    counter: str = ""
    depth: int = 0
    target: Span | None = None
    key_span: Span | None = None
    value_span: Span | None = None
    value: Value | None = None
    foreign: bool = False
    aliased: bool = False
    by: str = ""


@dataclass(frozen=True)
class Collect(Step):
    """A display or comprehension has evaluated an item with values of the model in it.

    Args:
        collection: the characters of the display or comprehension.
        key: the item's place or key, where it is a literal.
        counter: the key of the loop whose counter is the item's key.
        counted: the item's place is the number of items before it.
    """

    collection: Span
    key: str | int | None = None
    counter: str = ""
    counted: bool = False


@dataclass(frozen=True)
class Write(Step):
    """Changes a value of the model in place (`x[:] = v`).

    Args:
        got: the site of the access that the value came from, where that is known.
    """

    got: int | None


@dataclass(frozen=True)
class Compute(Step):
    """Computes with values of the model: a node of the graph on 0.4."""


@dataclass(frozen=True)
class Weights(Step):
    """Computes with a module's parameters, or hands one out.

    Args:
        path: the module's way from the model's root.
        parameter: the parameter read; empty where the module is called.
    """

    path: Path
    parameter: str = ""


@dataclass(frozen=True)
class Save(Step):
    """`x.save()` or `nnsight.save(x)`.

    Args:
        name: the name that is saved, where the argument is a bare name.
        argument: the characters of what is saved.
        value: what is saved.
        function: `nnsight.save(...)` rather than the method.
    """

    name: str | None
    argument: Span
    value: Value
    function: bool = False


@dataclass(frozen=True)
class BarrierCall(Step):
    """Calls a barrier.

    Args:
        made: the site of its creation.
        text: the expression called.
        key: its index in a list of barriers where that is a literal.
        counter: the key of the loop whose counter is that index.
        foreign: a helper calls it.
    """

    made: int
    text: str
    key: str | int | None = None
    counter: str = ""
    foreign: bool = False


@dataclass(frozen=True)
class BarrierMade(Step):
    """`tracer.barrier(n)`.

    Args:
        count: the number of participants, where it is a literal.
        count_span: the argument's characters.
    """

    count: int | None
    count_span: Span | None


@dataclass(frozen=True)
class Told(Step):
    """A call or attribute that matters by its name: `stop`, `backward`, `grad`, `exit`, `next`."""

    what: str
    receiver: Value


@dataclass(frozen=True)
class Exported(Step):
    """Reads what nnsight exports as an attribute of the package: `nnsight.list`.

    Args:
        name: the attribute's name.
    """

    name: str


@dataclass(frozen=True)
class Made(Step):
    """Makes a context of nnsight's, whether or not a with statement enters it.

    Args:
        opener: what it is.
    """

    opener: Opener


@dataclass(frozen=True)
class Loop:
    """A loop: how often it turns.

    Args:
        key: names the loop; `Index.sequence` and `Index.key` of what depends on its variable hold
            it.
        turns: how often, where it is known.
        numbers: the number that its variable counts, turn by turn, where known.
        parts: of a loop over several things at once (`zip`, `enumerate`) the loop over each.
        proxy: whether it goes over the rows of a value of the model.
        whole: whether it goes over a whole list of modules, from its first one on.
        zero: whether its variable counts from 0 by 1, where it is not known how far.
        modules: the ways to the modules that its variable stands for, turn by turn, where known.
        spelled: how many parts the way has that stands for all of them.
        returns: whether a call in the file lets its variable go back to a smaller number.
    """

    key: str
    turns: int | None = None
    numbers: tuple[int, ...] | None = None
    parts: tuple[Loop, ...] = ()
    proxy: bool = False
    whole: bool = False
    zero: bool = False
    modules: tuple[Path, ...] = ()
    spelled: int = 0
    returns: bool = False


@dataclass(frozen=True)
class Repeat(Step):
    """The steps of a comprehension's turns."""

    loop: Loop
    steps: tuple[Step, ...]


def flat(steps: Iterator[Step] | tuple[Step, ...]) -> Iterator[Step]:
    """The steps with those of comprehensions in their places."""
    for step in steps:
        if isinstance(step, Repeat):
            yield from flat(step.steps)
        else:
            yield step
