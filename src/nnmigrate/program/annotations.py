"""Annotations: which of them say that something is a wrapped model."""

from __future__ import annotations

import libcst as cst

from nnmigrate.program.names import MODEL_CLASSES
from nnmigrate.program.values import UNKNOWN, Envoy, ModelClass, Module, NnsightModule, Value
from nnmigrate.program.walk import Walk

# What may stand around a class without making it another thing.
_TRANSPARENT = frozenset("Optional Union Annotated Final ClassVar".split())


def annotated(walk: Walk, annotation: cst.Annotation | None) -> Value:
    """A wrapped model, if the annotation names a class of them; a list of models is none."""
    if annotation is None or not _wraps(walk, annotation.annotation):
        return UNKNOWN
    return Envoy()


def _wraps(walk: Walk, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.SimpleString):
        return _wraps_in_text(walk, str(node.evaluated_value))
    if isinstance(node, cst.BinaryOperation):
        return _wraps(walk, node.left) or _wraps(walk, node.right)
    if isinstance(node, cst.Subscript):
        name = node.value.attr if isinstance(node.value, cst.Attribute) else node.value
        if not isinstance(name, cst.Name) or name.value not in _TRANSPARENT:
            return False
        parts = [element.slice for element in node.slice]
        return any(isinstance(part, cst.Index) and _wraps(walk, part.value) for part in parts)
    if isinstance(node, cst.Attribute):
        return node.attr.value in MODEL_CLASSES and _is_nnsight(walk, node.value)
    return isinstance(node, cst.Name) and isinstance(walk.lookup(node.value), ModelClass)


def _is_nnsight(walk: Walk, node: cst.BaseExpression) -> bool:
    while isinstance(node, cst.Attribute):
        node = node.value
    value = walk.lookup(node.value) if isinstance(node, cst.Name) else UNKNOWN
    return isinstance(value, NnsightModule) or (
        isinstance(value, Module) and value.name.startswith("nnsight.")
    )


def _wraps_in_text(walk: Walk, text: str) -> bool:
    """An annotation that is put off by being a string."""
    try:
        return _wraps(walk, cst.parse_expression(text.strip()))
    except cst.ParserSyntaxError:
        return False
