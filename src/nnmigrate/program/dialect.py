"""Tells for which nnsight a document is written, from what only one of them has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from nnmigrate.demonstrated import Demonstrated
from nnmigrate.patterns import pattern
from nnmigrate.program.model import Dialect, Scope
from nnmigrate.program.steps import (
    Access,
    BarrierMade,
    Bind,
    Exported,
    Item,
    Made,
    Read,
    Save,
    Step,
    Told,
)
from nnmigrate.program.values import (
    Constant,
    Container,
    Envoy,
    Items,
    Module,
    NnsightName,
    Opener,
    Traced,
    Tracer,
    Value,
)
from nnmigrate.project import Project

# nnsight 0.5.15, intervention/tracing: tracer.barrier, tracer.iter[...], tracer.all(),
# tracer.result, tracer.cache; envoy.source, envoy.skip; nnsight.save since 0.5.13. None of them is
# in 0.4.11, nor can an invoke there be made of nothing.
_NEW_TOLD = frozenset("tracer.cache tracer.all tracer.iter[] skip".split())

# Gone or changed in 0.5.0: nnsight 0.4.11, nnsight/__init__.py, tracing/contexts and
# intervention/envoy.py (a module's `next`, `all` and `iter` are deprecated since). `tracer.local()`
# says nothing: the tracers of remote traces have it on 0.5 as well.
_OLD_TOLD = frozenset(
    """
    tracer.cond tracer.apply tracer.log nnsight.apply nnsight.log nnsight.local
    nnsight.cond nnsight.iter nnsight.stop next all iter[] value node
    """.split()
)

# What is imported, from nnsight or from nnterp (whose StandardizedTransformer needs 0.5).
_NEW_NAMES = frozenset(
    """
    save session ndif ndif_status is_model_running VisionLanguageModel DiffusionModel
    TransformersModel
    """.split()
)
# Modules, classes, settings and an argument that none of 0.4's files has (0.5.15, 0.6.3 to 0.8.1).
_NEW_WORDS = {
    "nnsight.": pattern(
        r"\bnnsight\.(?:ndif|intervention\.(?:tracing|batching|serialization|hooks|source|inject"
        r"|errors|backends\.(?:execution|local\w*))|modeling\.(?:base|huggingface|transformers|vlm))\b"
    ),
    "CONFIG.APP.": pattern(r"\bCONFIG\.APP\.(?:PYMOUNT|CROSS_INVOKER|TRACE_CACHING)\b"),
    "envoys=": pattern(r"[(,]\s*envoys="),
    "from nnsight import": pattern(
        r"from nnsight import\s*(?:\([^)]*|[^\n]*)"
        r"\b(?:VisionLanguageModel|TransformersModel|DiffusionModel)\b"
    ),
}
_NEW_CLASS = "StandardizedTransformer"
# A collection of Python's own, which has a `save` since 0.5 alone: `list().save()`, `[h].save()`.
_COLLECTION = pattern(r"\[|\{|(?:list|dict|set|tuple)\(")
_FROM_NNSIGHT = pattern(r"from\s+nnsight\s+import[^\n]*\b(?:list|dict|set|tuple)\b|import\s+\*")


def dialect_of(
    scopes: Sequence[Scope], project: Project, code: str, wrong: Demonstrated | None = None
) -> Dialect:
    """The dialect of a document.

    Where nothing in it speaks a pin of the project does; an old one first. That somebody asks a
    value whether it is a tuple counts as little: a proxy of 0.4 never was one.

    Args:
        scopes: the scopes of its code.
        project: what the project asks for.
        code: its code.
        wrong: what a text shows to be wrong: a guide to 0.5 has 0.4's ways there.
    """
    old = hint = False
    new = _has_new_words(code) or any(_enters_backward(one) for one in scopes)
    before: Step | None = None
    asked = ""
    for step in _steps(scopes, wrong):
        if isinstance(step, Read):
            if step.name in ("isinstance", "type", "tuple"):
                is_tuple = step.name == "tuple" and asked == "isinstance"
                hint = hint or (is_tuple and _is_value(before))
                asked = step.name
        elif type(step) in _TELLING:
            new = new or _is_new(before, step, code)
            old = old or _is_old(step)
        before = step
    if old != new:
        return Dialect.OLD if old else Dialect.NEW
    if old:
        return Dialect.MIXED
    if project.old_pins:
        return Dialect.OLD
    return Dialect.NEW if hint or project.target is not None else Dialect.UNKNOWN


# So many marks of 0.5 at least, for so many traces to each of them and for each mark of 0.4.
_MARKS, _TRACES, _AGAINST = 2, 4, 5


def is_guide(
    scopes: Sequence[Scope], traces: int, code: str, wrong: Demonstrated | None = None
) -> bool:
    """Whether a text is a guide to 0.5: it shows throughout what only 0.5 has.

    One that is being migrated may have some of that, too, barriers above all, which do not count.

    Args:
        scopes: the scopes of its code.
        traces: how many traces there are.
        code: its code.
        wrong: what it shows to be wrong.
    """
    new = sum(len(words.findall(code)) for words in _NEW_WORDS.values())
    new += sum(_enters_backward(one) for one in scopes)
    old = 0
    before: Step | None = None
    for step in _steps(scopes, wrong):
        if type(step) in _TELLING and not isinstance(step, BarrierMade):
            new += _is_new(before, step, code)
            old += _is_old(step)
        before = step
    return new >= max(_MARKS, traces / _TRACES, old * _AGAINST)


def _has_new_words(code: str) -> bool:
    return any(said in code and words.search(code) for said, words in _NEW_WORDS.items())


def _enters_backward(scope: Scope) -> bool:
    """Whether a scope has a `with loss.backward():` of its own."""
    opened = (statement.opens for statement in scope.body.walk())
    return any(opener is not None and opener.kind == "backward" for opener in opened)


# The steps that may be of one version alone: most are none of these.
_TELLING = frozenset({Told, Save, Exported, Made, Bind, Item, BarrierMade})


def _is_new(before: Step | None, step: Step, code: str) -> bool:
    """Whether a step is one that 0.4 does not know."""
    if isinstance(step, Told):
        return step.what in _NEW_TOLD
    if isinstance(step, Save):  # the function `nnsight.save` is there since 0.5.13
        return step.function or _saves_collection(step, code)
    if isinstance(step, Exported):
        return step.name in _NEW_NAMES
    if isinstance(step, Made):
        return ("remote", Constant(value="local")) in step.opener.keywords or _is_empty(step.opener)
    if isinstance(step, Bind) and step.how == "import":
        by_star = code.startswith("from", step.span.start)
        return _is_new_name(step.value) and not by_star
    if isinstance(step, Item) and isinstance(before, Read):
        of_tracer = isinstance(before.value, Tracer) and step.key == "result"
        return of_tracer or (isinstance(before.value, Envoy) and ".source." in f"{step.path}.")
    return isinstance(step, BarrierMade)


def _is_empty(opener: Opener) -> bool:
    """`tracer.invoke()`, which sees what the others are given."""
    given = opener.positional or opener.keywords or opener.spread
    return opener.kind == "invoke" and isinstance(opener.receiver, Tracer) and not given


def _is_new_name(value: Value) -> bool:
    if isinstance(value, NnsightName):
        return value.name in _NEW_NAMES
    return isinstance(value, Module) and value.name.rpartition(".")[2] == _NEW_CLASS


def _saves_collection(save: Save, code: str) -> bool:
    """`list().save()`, where `list` is not the one that 0.4 exported."""
    if not isinstance(save.value, (Container, Items)):
        return False
    return _COLLECTION.match(code, save.argument.start) is not None and _has_pythons_lists(code)


@lru_cache(maxsize=1)
def _has_pythons_lists(code: str) -> bool:
    return _FROM_NNSIGHT.search(code) is None


def _is_value(step: Step | None) -> bool:
    if isinstance(step, Read):
        return isinstance(step.value, Traced)
    return isinstance(step, Access) and not step.swap


# What 0.5 no longer knows (nnsight 0.4.11, intervention/contexts).
_OLD_KEYWORDS = frozenset({"scan", "validate", "invoker_kwargs", "invoker_args"})


def _is_old(step: Step) -> bool:
    """Whether a step is one that only 0.4 knows."""
    if isinstance(step, Told):
        return step.what in _OLD_TOLD and _speaks(step)
    return isinstance(step, Made) and _has_old_keywords(step.opener)


def _has_old_keywords(opener: Opener) -> bool:
    """A call with arguments that only 0.4 knows."""
    known = isinstance(opener.receiver, (Envoy, Tracer))
    return known and not _OLD_KEYWORDS.isdisjoint(keyword for keyword, _ in opener.keywords)


def _speaks(step: Told) -> bool:
    """`.value`, `.next` and `.all` are common names: they count only on the model's.

    A key of a dictionary of values may have a `value` of its own, as enumerations do.
    """
    if step.what in ("value", "node"):
        return step.receiver.saved
    return "." in step.what or isinstance(step.receiver, (Traced, Envoy))


def _steps(scopes: Sequence[Scope], wrong: Demonstrated | None) -> Iterator[Step]:
    for scope in scopes:
        for statement in scope.body.statements:
            for step in statement.all_steps:
                if wrong is None or not wrong.holds(step.span):
                    yield step
