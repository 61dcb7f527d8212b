"""What nnsight 0.8 needs besides the twins themselves: pipelines that load them.

0.8.1 loads every model through a pipeline of transformers (`modeling/transformers.py`), and asks
the pipeline's class what there is to load beside the model.

By itself it loads no language model on transformers 4.51.3. But both sides of a comparison have
the same one, and on 4.57.6, where it does, layers no longer give what programs for 0.4 take apart.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import transformers
from torch._subclasses.fake_tensor import FakeTensor
from transformers.modeling_attn_mask_utils import AttentionMaskConverter

from .versions import is_pipelined

# What 0.8 imports when it is first needed: here it is there before the process of a run forks off.
_LATE = (
    "nnsight.intervention.backends.remote",
    "nnsight.modeling.language",
    "torch._dynamo",
    "transformers.pipelines",
)


if is_pipelined():
    for _name in _LATE:
        importlib.import_module(_name)


def install(size_of: Callable[[str], Any]) -> None:
    """Let the pipelines of this process load twins, for good.

    Args:
        size_of: Fails for a repository that has no twin.
    """
    pipelines: Any = importlib.import_module("transformers.pipelines")
    if transformers.Pipeline._load_feature_extractor:
        _read_text_with_tokenizers(pipelines.SUPPORTED_TASKS)
    pipelines.get_task = lambda model, *args, **kwargs: _task_of(model, size_of)
    _scan_masks()


def _read_text_with_tokenizers(tasks: dict[str, dict[str, Any]]) -> None:
    """Have the pipelines of texts load a tokenizer alone, as they do on transformers 4.57.6.

    On 4.51.3 every pipeline claims to load a feature extractor and an image processor as well
    (`pipelines/base.py`) and leaves out what a checkpoint has not; nnsight 0.8.1 takes it at its
    word, and fails.
    """
    for task in tasks.values():
        if task["type"] == "text":
            task["impl"]._load_feature_extractor = False
            task["impl"]._load_image_processor = False


def _task_of(model: str, size_of: Callable[[str], Any]) -> str:
    """The task that the hub would name: every twin is a language model."""
    size_of(model)
    return "text-generation"


def _scan_masks() -> None:
    """Have transformers look into no mask that has no values, as from 5 on.

    A scan of 0.8.1 hands the model fake tensors (`intervention/tracer.py`); transformers 4 reads
    them all the same (`modeling_attn_mask_utils.py` on 4.51.3, `masking_utils.py` on 4.57.6).
    """
    places: list[Any] = [AttentionMaskConverter]
    if importlib.util.find_spec("transformers.masking_utils"):
        places.append(importlib.import_module("transformers.masking_utils"))
    for place in places:
        place._ignore_causal_mask_sdpa = staticmethod(_unless_fake(place._ignore_causal_mask_sdpa))


def _unless_fake(original: Callable[..., bool]) -> Callable[..., bool]:
    def ignores(*args: Any, **kwargs: Any) -> bool:
        if any(isinstance(value, FakeTensor) for value in (*args, *kwargs.values())):
            return False
        return original(*args, **kwargs)

    return ignores
