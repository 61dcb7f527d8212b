"""The configuration of a model as the user's own cache has it, made narrow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import huggingface_hub
import transformers

from .architectures import Width, settings
from .repositories import NoTwin, Size

# What would not fit a narrow model, or is no business of its architecture.
_LEFT_OUT = frozenset(
    {
        "_name_or_path",
        "architectures",
        "auto_map",
        "dtype",
        "model_type",
        "quantization_config",
        "rope_scaling",
        "torch_dtype",
        "transformers_version",
    }
)


def cached(repository: str) -> dict[str, Any] | None:
    """Read the ``config.json`` of a repository in the local cache, if it is there."""
    try:
        found = huggingface_hub.try_to_load_from_cache(repository, "config.json")
    except ValueError:  # a name that no repository can have
        return None
    if not isinstance(found, str):
        return None
    try:
        with open(found, encoding="utf-8") as stream:
            config = json.load(stream)
    except (OSError, ValueError):
        return None
    return config if isinstance(config, dict) and "model_type" in config else None


def size_in(config: Mapping[str, Any]) -> Size:
    """Read how large a model is from its configuration.

    Raises:
        NoTwin: It is no language model that can be made narrow.
    """
    family = str(config["model_type"])
    try:
        whole = transformers.AutoConfig.for_model(family, **_architecture(config))
        heads = getattr(whole, "num_attention_heads", 1)
        return Size(
            family=family,
            layers=whole.num_hidden_layers,
            heads=heads,
            kv_heads=_kv_heads(whole, heads),
            hidden=whole.hidden_size,
            vocab=whole.vocab_size,
        )
    except (ValueError, AttributeError, TypeError) as error:
        raise NoTwin(f"no twin for a {family}: {error}") from error


def narrow(config: Mapping[str, Any], size: Size, width: Width) -> dict[str, Any]:
    """Give the arguments of the configuration class for a narrow twin.

    Whatever the user's configuration says beside its widths stays: biases, tied embeddings, norms.

    Args:
        config: The configuration in the cache.
        size: How large the model is.
        width: How wide the twin is made.
    """
    try:
        narrowed = settings(size, width)
    except NoTwin:
        # A family without a recipe of its own: most are built like Llama.
        narrowed = {
            "hidden_size": width.hidden,
            "intermediate_size": 2 * width.hidden,
            "head_dim": width.head,
            "vocab_size": width.vocab,
        }
        narrowed = {key: value for key, value in narrowed.items() if key in config}
    return {**_architecture(config), **narrowed}


def _architecture(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _LEFT_OUT}


def _kv_heads(whole: Any, heads: int) -> int:
    # Falcon says it in two ways (transformers, models/falcon/configuration_falcon.py).
    if getattr(whole, "multi_query", False) and not whole.new_decoder_architecture:
        return 1
    for name in ("num_key_value_heads", "num_kv_heads"):
        found = getattr(whole, name, None)
        if found:
            return int(found)
    return heads
