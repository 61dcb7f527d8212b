"""Modules that are kept in collections: which one comes out where that is known, some one if not.

A collection's element is one value for all items. Of modules it is what all of them have in common:
`(transformer, h, any, mlp)`. Where such a module is taken out, `any` is given a name of its own, so
that two modules are the same only where they are taken out in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from nnmigrate.program.names import INPUTS
from nnmigrate.program.steps import Loop
from nnmigrate.program.turns import path_at, turned
from nnmigrate.program.values import (
    UNKNOWN,
    Constant,
    Container,
    Envoy,
    Items,
    Selected,
    Value,
)
from nnmigrate.schedule.values import Index, Path

_ANY = Index("any")

# A comprehension with more turns than this is not followed module by module.
_MOST_TURNS = 200


def is_module(value: Value | None) -> bool:
    """Whether a value is a module of a model, not the model itself."""
    return isinstance(value, Envoy) and bool(value.path)


def some_module(values: Sequence[Value]) -> Envoy | None:
    """One of several modules, whichever; None where one of them is something else."""
    modules = [value for value in values if isinstance(value, Envoy) and value.path]
    first = modules[0] if modules else None
    if first is None or len(modules) < len(values) or len({m.model for m in modules}) > 1:
        return None
    proved = all(module.proved for module in modules)
    return replace(first, path=_common([m.path for m in modules]), proved=proved)


def paths_of(values: Sequence[Value]) -> tuple[Path, ...]:
    """The ways to several modules."""
    return tuple(value.path for value in values if isinstance(value, Envoy))


def _common(paths: Sequence[Path]) -> Path:
    """What some ways have in common: up to where they part, and behind an index."""
    heads = [tuple(map(_loosened, path)) for path in paths]
    if len(set(heads)) == 1:
        return heads[0]
    start: Path = ()
    for parts in zip(*heads, strict=False):
        if len(set(parts)) > 1:
            break
        start = (*start, parts[0])
    rests = {head[len(start) + 1 :] for head in heads}
    indexes = all(len(h) > len(start) and isinstance(h[len(start)], Index) for h in heads)
    return (*start, _ANY, *(rests.pop() if indexes and len(rests) == 1 else ()))


def _loosened(part: str | Index) -> str | Index:
    """An index that is no literal may be another one wherever its module is taken out."""
    return _ANY if isinstance(part, Index) and part.value is None else part


def named(value: Value, name: str) -> Value:
    """What is taken out of a collection in a way that has a name."""
    if isinstance(value, Envoy) and _ANY in value.path:
        index = Index(name)
        path = tuple(index if part == _ANY else part for part in value.path)
        return replace(value, path=path)
    if isinstance(value, Items):
        items = tuple(named(item, f"{name} {n}") for n, item in enumerate(value.items))
        return replace(value, items=items)
    return value


def gotten(module: Envoy, way: Value, name: str) -> Value:
    """`lm.get("transformer.h.1.mlp")`; what a way to a value gives (`"h.output"`) is not followed.

    Args:
        module: what is asked.
        way: the text.
        name: names the module that comes out if the text is not known.
    """
    if not isinstance(way, Constant) or not isinstance(way.value, str):
        return replace(module, path=(*module.path, Index(name)))
    parts = way.value.strip(".").split(".")
    if parts[-1] in ("output", *INPUTS):
        return UNKNOWN
    below = tuple(Index(part, int(part)) if part.isdecimal() else part for part in parts)
    return replace(module, path=(*module.path, *below))


def held_module(value: Value) -> Envoy | None:
    """Some module of a collection, where it holds nothing else."""
    if isinstance(value, Items):
        return some_module(value.items)
    if isinstance(value, Container):
        items = [item for _, item in value.known]
        if value.element is not None:
            items.append(value.element)
        return some_module(items)
    return None


def modules_of_turns(node: cst.BaseComp, module: Envoy, loop: Loop) -> Value | None:
    """What a comprehension over one loop makes of modules.

    Args:
        node: a list's, a dictionary's or another one.
        module: what it evaluates at each turn.
        loop: the turns.
    """
    known = loop.numbers or loop.modules
    if not known or len(known) > _MOST_TURNS:
        return _selected(module, loop) if isinstance(node, cst.ListComp) else None
    turns = [turned(loop, turn) for turn in range(len(known))]
    items = tuple(replace(module, path=path_at(module.path, turn)) for turn in turns)
    if isinstance(node, cst.ListComp):
        return Items(kind="list", items=items)
    if isinstance(node, cst.DictComp) and _is_name_of(node.key, node.for_in.target):
        keyed = tuple(zip(loop.numbers or (), items, strict=bool(loop.numbers)))
        return Container(kind="dict", element=some_module(items), known=keyed)
    return None


def _is_name_of(key: cst.BaseExpression, target: cst.BaseExpression) -> bool:
    names = [node.value for node in (key, target) if isinstance(node, cst.Name)]
    return len(names) == 2 and names[0] == names[1]


def _selected(module: Envoy, loop: Loop) -> Value | None:
    """`[layer.mlp for layer in lm.transformer.h]`: a part of each module of a list."""
    for number, part in enumerate(module.path):
        whole = loop.whole and part == Index(f"{loop.key}module", None, (loop.key, 0))
        counted = loop.zero and part == Index(f"{loop.key}+0", None, (loop.key, 0))
        if whole or counted:
            modules = replace(module, path=module.path[:number])
            return Selected(modules=modules, below=module.path[number + 1 :], whole=True)
    return None
