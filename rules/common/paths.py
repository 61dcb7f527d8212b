"""Where nnsight 0.4 had its names, and where they are since 0.5: a table.

Both columns were looked up in the packages of 0.4.11 and 0.5.15.
"""

from __future__ import annotations

from nnmigrate.classes import dataclass

_TRACING = "nnsight.intervention.tracing"

# Old full name: the new one.
MOVED = {
    "nnsight.intervention.NNsight": "nnsight.NNsight",
    "nnsight.intervention.base.NNsight": "nnsight.NNsight",
    "nnsight.intervention.Envoy": "nnsight.Envoy",
    "nnsight.intervention.contexts.InterleavingTracer": f"{_TRACING}.tracer.InterleavingTracer",
    "nnsight.intervention.contexts.InterventionTracer": f"{_TRACING}.tracer.InterleavingTracer",
    "nnsight.intervention.contexts.Invoker": f"{_TRACING}.invoker.Invoker",
    "nnsight.intervention.contexts.EditingTracer": f"{_TRACING}.editing.EditingTracer",
    "nnsight.intervention.contexts.Session": f"{_TRACING}.base.Tracer",
    "nnsight.tracing.contexts.Tracer": f"{_TRACING}.base.Tracer",
    # 0.3, gone in 0.4 already
    "nnsight.models.LanguageModel.LanguageModel": "nnsight.LanguageModel",
    "nnsight.models.NNsightModel.NNsight": "nnsight.NNsight",
    "nnsight.models.DiffusionModel.DiffusionModel": "nnsight.modeling.diffusion.DiffusionModel",
    "nnsight.envoy.Envoy": "nnsight.Envoy",
    "nnsight.contexts.Invoker.Invoker": f"{_TRACING}.invoker.Invoker",
    "nnsight.contexts.Tracer.Tracer": f"{_TRACING}.base.Tracer",
    "nnsight.patching.Patch": "nnsight.util.Patch",
    "nnsight.patching.Patcher": "nnsight.util.Patcher",
}

# Packages and modules that are gone, with all that they had and the table above does not name.
GONE = (
    "nnsight.tracing",
    "nnsight.intervention.base",
    "nnsight.intervention.contexts",
    "nnsight.intervention.graph",
    "nnsight.intervention.protocols",
    "nnsight.intervention.backends.noop",
    "nnsight.intervention.InterventionProxy",
    "nnsight.intervention.envoy.IterationEnvoy",
    "nnsight.logger",
    "nnsight.schema.format",
    "nnsight.schema.result",
    "nnsight.models",
    "nnsight.envoy",
    "nnsight.contexts",
    "nnsight.patching",
    "nnsight.module",
    "nnsight.toolbox",
)

# What stood for a value of the model in annotations: since 0.5 it is a tensor.
PROXIES = frozenset({"Proxy", "InterventionProxy"})

_ADVICE = {
    "StopProtocol": "a stopped run raises `EarlyStopException` of nnsight.intervention.interleaver",
    "Backend": "a backend is called with a tracer instead of a graph: see nnsight.intervention."
    "backends",
    "ExecutionBackend": "see nnsight.intervention.backends",
    "UnifiedTransformer": "wrap a HookedTransformer with NNsight",
}


@dataclass(frozen=True)
class Moved:
    """A name that is somewhere else, or nowhere.

    Args:
        old: the full name on 0.4.
        new: the full name on 0.5; None where there is none.
    """

    old: str
    new: str | None

    @property
    def advice(self) -> str:
        """What a person can do where the name is gone."""
        name = self.old.rpartition(".")[2]
        if name in PROXIES:
            return "values are tensors: annotate `torch.Tensor`"
        return _ADVICE.get(name, "0.5 keeps no graph, so nothing stands in its place")


def looked_up(name: str) -> Moved | None:
    """What became of a full name; None where it is as it was."""
    if name in MOVED:
        return Moved(name, MOVED[name])
    if any(name == gone or name.startswith(f"{gone}.") for gone in GONE):
        return Moved(name, None)
    return None
