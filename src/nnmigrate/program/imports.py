"""Walks imports: which names reach nnsight."""

from __future__ import annotations

import libcst as cst

from nnmigrate.program.names import MODEL_CLASSES, REMOVED_BUILTINS, REMOVED_FUNCTIONS
from nnmigrate.program.values import ModelClass, Module, NnsightModule, NnsightName, Value
from nnmigrate.program.walk import Walk


def import_modules(walk: Walk, node: cst.Import) -> None:
    """`import a, b.c as d`."""
    for alias in node.names:
        name = _dotted(alias.name)
        top = name.split(".")[0]
        target = alias.asname.name if alias.asname else _leftmost(alias.name)
        assert isinstance(target, cst.Name)
        meant = name if alias.asname else top
        value: Value = NnsightModule()
        if meant != "nnsight":
            value = Module(name=meant, package=True)
        walk.bind(target, "import", value)
        if meant == "nnsight" and walk.frame.kind == "module":
            walk.nnsight = target.value


def import_names(walk: Walk, node: cst.ImportFrom) -> None:
    """`from a import b as c`."""
    module = "" if node.module is None or node.relative else _dotted(node.module)
    if isinstance(node.names, cst.ImportStar):
        _import_star(walk, node, module)
        return
    for alias in node.names:
        target = alias.asname.name if alias.asname else alias.name
        assert isinstance(target, cst.Name)
        walk.bind(target, "import", _exported(module, _dotted(alias.name)))


def _import_star(walk: Walk, node: cst.ImportFrom, module: str) -> None:
    if module == "nnsight":
        span = walk.span(node)
        exported = MODEL_CLASSES | REMOVED_BUILTINS | REMOVED_FUNCTIONS
        for name in sorted(exported | {"save", "session", "CONFIG", "util"}):
            walk.bind_name(name, span, "import", _exported(module, name))


def _exported(module: str, name: str) -> Value:
    if module == "nnsight" or module.startswith("nnsight."):
        return ModelClass(name=name) if name in MODEL_CLASSES else NnsightName(name=name)
    return Module(name=f"{module}.{name}")


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _leftmost(node: cst.BaseExpression) -> cst.BaseExpression:
    while isinstance(node, cst.Attribute):
        node = node.value
    return node
