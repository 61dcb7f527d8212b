"""The small faults that can be put into a file.

Each is made in one function's body: what a module binds when it is imported (tables, defaults,
the fields of dataclasses) is left as it is, and so are messages, assertions and annotations.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_CALLS = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True)
class Mutation:
    """One fault.

    Args:
        function: the function that it is in, with the classes and functions around it.
        line: of the function, as `function.__code__` counts it.
        place: the line that is changed.
        change: what stood there and what stands there now.
        number: tells the same change at several places of a function apart.
        tree: the file's, without the fault.
        old: the node of it that is replaced.
        new: what takes its place.
    """

    function: str
    line: int
    place: int
    change: str
    number: int
    tree: ast.Module
    old: ast.expr | ast.stmt
    new: ast.expr | ast.stmt

    @property
    def name(self) -> str:
        """What a list of mutations calls this one; it outlives edits elsewhere in the file."""
        again = f" ({self.number + 1})" if self.number else ""
        return f"{self.function}: {self.change}{again}"

    def module(self) -> ast.Module:
        """The file's tree with the fault in it."""
        for node in ast.walk(self.new):
            if not hasattr(node, "lineno"):
                ast.copy_location(node, self.old)
        return _rebuilt(self.tree, self.old, self.new)


def mutations(source: str) -> Iterator[Mutation]:
    """All faults of a file, from top to bottom."""
    tree = ast.parse(source)
    for name, function in _functions(tree, ""):
        seen: dict[str, int] = {}
        for node in _inside(function):
            for changed in _changed(node):
                change = f"`{_short(node)}` -> `{_short(changed)}`"
                number = seen.setdefault(change, 0)
                seen[change] += 1
                place = (_line(function), node.lineno)
                yield Mutation(name, *place, change, number, tree, node, changed)


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _line(function: _Function) -> int:
    return min(each.lineno for each in (function, *function.decorator_list))


def _functions(node: ast.AST, around: str) -> Iterator[tuple[str, _Function]]:
    """The outermost functions and methods; a function inside another belongs to that."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Function):
            yield around + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{around}{child.name}.")
        elif isinstance(child, ast.If | ast.Try):
            yield from _functions(child, around)


def _inside(function: _Function) -> Iterator[ast.expr | ast.stmt]:
    for statement in function.body:
        yield from _walk(statement)


def _walk(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    if isinstance(node, ast.Assert | ast.Raise | ast.arguments):
        return
    if isinstance(node, ast.expr | ast.stmt):
        yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _pointless(node, child):
                yield from _walk(child)


def _pointless(node: ast.AST, child: ast.AST) -> bool:
    """What need not be changed: prose, types, `strict=True`; the 1 of -1 is changed with its sign.

    A union of types that is none raises wherever it is evaluated.
    """
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("isinstance", "cast") and child is node.args[-1]
    return (
        (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant))
        or (isinstance(node, ast.UnaryOp) and isinstance(child, ast.Constant))
        or (isinstance(node, ast.keyword) and node.arg == "strict")
    )


def _changed(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    """What can stand in the place of a node."""
    for make in (_operators, _operands, _conditions, _constants, _statements):
        yield from make(node)


def _operators(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            if type(operator) in _SWAPS:
                ops = [*node.ops]
                ops[number] = _SWAPS[type(operator)]()  # type: ignore[call-overload]
                yield ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in _SWAPS:
        yield ast.BinOp(node.left, _SWAPS[type(node.op)](), node.right)  # type: ignore[arg-type]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.Name) and node.id in _CALLS and isinstance(node.ctx, ast.Load):
        yield ast.Name(_CALLS[node.id], ast.Load())


def _operands(node: ast.AST) -> Iterator[ast.expr]:
    """`and` and `or` without one operand each: whoever notices that notices them swapped."""
    if isinstance(node, ast.BoolOp):
        for number in range(len(node.values)):
            rest = node.values[:number] + node.values[number + 1 :]
            yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _conditions(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    if isinstance(node, ast.If | ast.IfExp):
        for value in (True, False):
            yield _replaced(node, test=ast.Constant(value))
    elif isinstance(node, ast.While):
        yield _replaced(node, test=ast.Constant(False))
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        for number, loop in enumerate(node.generators):
            for position in range(len(loop.ifs)):
                loops = [*node.generators]
                ifs = loop.ifs[:position] + loop.ifs[position + 1 :]
                loops[number] = ast.comprehension(loop.target, loop.iter, ifs, loop.is_async)
                yield _replaced(node, generators=loops)


def _constants(node: ast.AST) -> Iterator[ast.expr]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and value and " " not in value:
        yield ast.Constant(value + "~")


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    if isinstance(node, ast.Return) and node.value is not None:
        if not _like_nothing(node.value):
            yield ast.Return(None)
    elif isinstance(node, ast.Break | ast.Continue):
        yield ast.Pass()
    elif isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield _without(node)
    elif isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript)
    ):
        yield ast.Pass()


def _like_nothing(value: ast.expr) -> bool:
    """Whether most callers cannot tell a value from None."""
    return (isinstance(value, ast.Constant) and not value.value) or (
        isinstance(value, ast.Tuple) and not value.elts
    )


def _without(node: ast.Expr) -> ast.stmt:
    """Nothing in the place of a statement; a generator stays one."""
    if isinstance(node.value, ast.Yield | ast.YieldFrom):
        return ast.Expr(ast.BoolOp(ast.And(), [ast.Constant(None), node.value]))
    return ast.Pass()


def _replaced(node: ast.AST, **fields: object) -> ast.expr | ast.stmt:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed  # type: ignore[return-value]


def _short(node: ast.AST) -> str:
    """The first line of a node's code; of a compound statement that is its head."""
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).partition("\n")[0]


def _rebuilt(tree: ast.Module, old: ast.AST, new: ast.AST) -> ast.Module:
    """A tree with `new` for `old`; only what is on the way there is copied."""

    def build(node: ast.AST) -> ast.AST:
        if node is old:
            return new
        for name, value in ast.iter_fields(node):
            children = value if isinstance(value, list) else [value]
            for number, child in enumerate(children):
                if isinstance(child, ast.AST) and (other := build(child)) is not child:
                    changed = [*children[:number], other, *children[number + 1 :]]
                    return _replaced(node, **{name: changed if isinstance(value, list) else other})
        return node

    return build(tree)  # type: ignore[return-value]
