"""What a with statement enters, and whether that is nnsight's."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

import libcst as cst

from nnmigrate.patterns import pattern
from nnmigrate.program.model import Context, Entered, Remote, code_only
from nnmigrate.program.values import (
    UNKNOWN,
    Constant,
    Container,
    Envoy,
    Instance,
    Keywords,
    Module,
    NnsightModule,
    Opener,
    Tracer,
    Unknown,
    Value,
)
from nnmigrate.program.walk import Walk
from nnmigrate.spans import Span

# Keywords that are no input (nnsight 0.4.11, contexts and intervention/base.py).
_OPTIONS = frozenset(
    """
    remote scan validate backend blocking trace invoker_args method max_new_tokens min_new_tokens
    do_sample temperature top_k top_p pad_token_id num_return_sequences
    """.split()
)


def enter(walk: Walk, node: cst.With) -> tuple[Entered | None, tuple[Context, ...]]:
    """Walks the items of a with statement.

    Returns:
        What it enters, if one of them is nnsight's; and all of them.
    """
    found: list[Entered] = []
    contexts: list[Context] = []
    for item in node.items:
        value = walk.evaluate(item.item)
        target = item.asname.name if item.asname is not None else None
        entered: Entered | None = None
        bound: Value = UNKNOWN
        if isinstance(value, Opener):
            entered = _entered(walk, node, item.item, value, target)
            bound = _bound(walk, node, value, target) if entered is not None else UNKNOWN
        if isinstance(target, cst.Name):
            walk.bind(target, "with", bound)
        elif target is not None:
            walk.evaluate(target)
        if entered is not None:
            found.append(entered)
        contexts.append(_context(walk, item, entered))
    if not found:
        return None, tuple(contexts)
    # `with lm.session(), lm.trace(...)`: what the body does is the trace's.
    first, remote = found[0], found[0].remote
    inner = next((each for each in found if each.kind != "session"), first)
    if first.kind == "session" and remote is not Remote.NO:
        inner = replace(inner, remote=remote)
    return replace(inner, items=len(contexts)), tuple(contexts)


def _context(walk: Walk, item: cst.WithItem, entered: Entered | None) -> Context:
    target = item.asname.name if item.asname is not None else None
    call = walk.positions.whole(item.item)
    span = Span(call.start, walk.positions.whole(target).end) if target is not None else call
    name = target.value if isinstance(target, cst.Name) else None
    called = item.item.func if isinstance(item.item, cst.Call) else None
    function = called.value if isinstance(called, cst.Name) else ""
    kind = entered.kind if entered else ""
    return Context(span, call, kind, name, target is not None, function)


def _bound(walk: Walk, node: cst.With, value: Opener, target: cst.BaseExpression | None) -> Value:
    """What `as` binds."""
    if value.kind == "iterate" and isinstance(value.receiver, Envoy):
        # The module on 0.4; since 0.5 the number of the step, which has no attributes.
        name = re.escape(target.value) if isinstance(target, cst.Name) else "(?!)"
        module = re.search(rf"(?<![\w.]){name}\s*[.\[]", code_only(walk.text(node.body)))
        return value.receiver if module else UNKNOWN
    if value.kind == "edit" and isinstance(target, cst.Name):
        receiver = value.receiver
        return replace(receiver, model=target.value) if isinstance(receiver, Envoy) else UNKNOWN
    return Tracer(kind=value.kind)


def _entered(
    walk: Walk,
    node: cst.With,
    item: cst.BaseExpression,
    value: Opener,
    target: cst.BaseExpression | None,
) -> Entered | None:
    name = target.value if isinstance(target, cst.Name) else None
    if not _is_nnsight(walk, node, value, name):
        return None
    return Entered(
        kind=value.kind,
        call=walk.span(item),
        name=name,
        model=value.text,
        remote=_remote(walk, value),
        arguments=value.positional > 0 or any(key not in _OPTIONS for key, _ in value.keywords),
    )


def _is_nnsight(walk: Walk, node: cst.With, opener: Opener, name: str | None) -> bool:
    """Whether a binding, or a shape that nothing else has, proves that a trace is entered."""
    receiver = opener.receiver
    if isinstance(receiver, (Envoy, Tracer, NnsightModule)):
        return True
    if opener.kind in ("iterate", "backward"):
        return walk.tracing > 0
    if opener.kind == "invoke":
        return isinstance(receiver, Unknown) and (walk.tracing > 0 or _uses_modules(walk, node))
    if isinstance(receiver, Module) and receiver.package:
        return False
    if _shape(walk, node, opener.text, name):
        _assume_model(walk, opener)
        return True
    return False


def _shape(walk: Walk, node: cst.With, model: str, name: str | None) -> bool:
    """`with X.trace(...) as t:` with `t.invoke(` in it, or `X. ... .output` in it."""
    body = code_only(walk.text(node.body))
    if name is not None and re.search(rf"\b{re.escape(name)}\s*\.\s*invoke\s*\(", body):
        return True
    way = rf"(?<![\w.]){re.escape(model)}(\.\w+|\[[^\]\n]*\])*\.(output|inputs?)\b"
    return re.search(way, body) is not None


def _uses_modules(walk: Walk, node: cst.With) -> bool:
    """Whether a body reads or sets a module's output or input: an invoke in a helper does."""
    return re.search(r"\.(output|inputs?)\b", code_only(walk.text(node.body))) is not None


def _assume_model(walk: Walk, opener: Opener) -> None:
    """From here on the receiver of the trace counts as a wrapped model."""
    value = Envoy(model=opener.text)
    way = opener.text.split(".")
    owner = walk.frame.owner(way[0])
    if len(way) == 1:
        (owner or walk.frame).values[way[0]] = value
    elif len(way) == 2 and owner is not None:
        instance = owner.values[way[0]]
        if isinstance(instance, Instance):
            walk.facts.attributes[instance.name, way[1]] = value


_ENTERED = pattern(
    r"\bwith\s+(?P<model>\w+(?:\.\w+)?)\.(?P<kind>trace|generate|session)\s*\("
    r"[^\n]*\)\s*as\s+(?P<name>\w+)\s*:"
)


def assume_models(walk: Walk, function: cst.FunctionDef) -> None:
    """Lets what a function traces count as a wrapped model from the function's first line on.

    A parameter, or an attribute of `self`, may be given other names before its trace is entered
    (`layers = lm.transformer.h`).
    """
    text = code_only(walk.text(function))
    for found in _ENTERED.finditer(text):
        opener = Opener(kind=found["kind"], text=found["model"])
        invoked = re.search(rf"\b{re.escape(found['name'])}\s*\.\s*invoke\s*\(", text)
        if invoked is not None and _is_unknown(walk, found["model"]):
            _assume_model(walk, opener)


def _is_unknown(walk: Walk, model: str) -> bool:
    """Whether nothing is known of a parameter, or of an attribute of a class of this file."""
    name, _, attribute = model.partition(".")
    value = walk.lookup(name)
    if attribute:
        return isinstance(value, Instance) and isinstance(
            walk.facts.attribute(value.name, attribute), Unknown
        )
    return isinstance(value, Unknown) and name in walk.frame.parameters


@lru_cache(maxsize=4)
def _speaks_of_remote(code: str) -> bool:
    return re.search(r"\bremote\s*=", code_only(code)) is not None


def _remote(walk: Walk, opener: Opener) -> Remote:
    value = dict(opener.keywords).get("remote")
    for spread in opener.spread:
        if isinstance(spread, Container):
            value = dict(spread.known).get("remote", value)
        elif isinstance(spread, Keywords) and _speaks_of_remote(walk.positions.code):
            return Remote.MAYBE  # a caller in the file may pass it
    if value is None:
        return Remote.NO
    if isinstance(value, Constant):
        # `remote="local"` runs here what would run there (nnsight 0.6, backends/local_simulation).
        return Remote.YES if value.value and value.value != "local" else Remote.NO
    return Remote.MAYBE
