"""What nnsight 0.8 needs besides the twins themselves: pipelines that ask for what there is.

0.8.1 loads every model through a pipeline of transformers (`modeling/transformers.py`), and asks
the pipeline's class what to load beside the model.
"""

from __future__ import annotations

import importlib
from typing import Any

import nnsight

from .repositories import size_of


def is_pipelined() -> bool:
    """Whether this environment's nnsight is 0.8 or later."""
    return tuple(map(int, nnsight.__version__.split(".")[:2])) >= (0, 8)


def install() -> None:
    """Let the pipelines of this process load twins, for good."""
    pipelines: Any = importlib.import_module("transformers.pipelines")
    _read_text_with_tokenizers(pipelines.SUPPORTED_TASKS)
    pipelines.get_task = _task_of


def _read_text_with_tokenizers(tasks: dict[str, dict[str, Any]]) -> None:
    """Have the pipelines of texts load a tokenizer alone, as on transformers 4.57.6.

    On 4.51.3 they still claim to load a feature extractor and an image processor as well
    (`pipelines/base.py`), leave them out where a checkpoint has none, and so break nnsight 0.8.1,
    which insists on what they claim.
    """
    for task in tasks.values():
        if task["type"] == "text":
            task["impl"]._load_feature_extractor = False
            task["impl"]._load_image_processor = False


def _task_of(model: str, *args: Any, **kwargs: Any) -> str:
    """The task that the hub would name: every twin is a language model."""
    size_of(model)
    return "text-generation"
