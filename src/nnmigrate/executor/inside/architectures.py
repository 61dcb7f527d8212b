"""How the small twin of a model is configured.

A twin has the layers, attention heads, key-value heads and module names of the real model; only
its width, and for mixtures the number of experts, is small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .repositories import NoTwin, Size


@dataclass(frozen=True)
class Width:
    """How wide the twin is made.

    Args:
        hidden: Width of the residual stream.
        head: Width of one attention head.
        vocab: Number of rows of the embedding.
    """

    hidden: int
    head: int
    vocab: int


def settings(size: Size, width: Width) -> dict[str, Any]:
    """Give the arguments of the configuration class for a twin of this size and width."""
    if size.family not in _FAMILIES:
        raise NoTwin(f"no twin for the architecture {size.family!r}")
    return _FAMILIES[size.family](size, width)


def _gpt2(size: Size, width: Width) -> dict[str, Any]:
    no_dropout = dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), 0.0)
    return {
        "n_layer": size.layers,
        "n_head": size.heads,
        "n_embd": width.hidden,
        "vocab_size": width.vocab,
        "n_positions": 1024,
        **no_dropout,
    }


def _gptj(size: Size, width: Width) -> dict[str, Any]:
    return {**_gpt2(size, width), "n_positions": 2048, "rotary_dim": width.head // 2}


def _gpt_neo(size: Size, width: Width) -> dict[str, Any]:
    pairs, odd = divmod(size.layers, 2)
    # `attention_types` must expand to as many kinds as there are layers.
    kinds: list[Any] = [[["global", "local"], pairs]] if pairs else []
    return {
        "num_layers": size.layers,
        "num_heads": size.heads,
        "hidden_size": width.hidden,
        "vocab_size": width.vocab,
        "max_position_embeddings": 2048,
        "attention_types": kinds + ([[["global"], 1]] if odd else []),
        "resid_dropout": 0.0,
        "embed_dropout": 0.0,
        "attention_dropout": 0.0,
    }


def _plain(size: Size, width: Width) -> dict[str, Any]:
    return {
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "hidden_size": width.hidden,
        "intermediate_size": 2 * width.hidden,
        "vocab_size": width.vocab,
        "max_position_embeddings": 4096,
    }


def _grouped(size: Size, width: Width) -> dict[str, Any]:
    return {**_plain(size, width), "num_key_value_heads": size.kv_heads}


def _own_head(size: Size, width: Width) -> dict[str, Any]:
    return {**_grouped(size, width), "head_dim": width.head}


def _gpt_neox(size: Size, width: Width) -> dict[str, Any]:
    return {**_plain(size, width), "rotary_pct": 0.5, "hidden_dropout": 0.0}


def _opt(size: Size, width: Width) -> dict[str, Any]:
    plain = _plain(size, width)
    # The smaller width inside OPT-350M is the one place where its modules differ from the rest.
    inner = width.hidden // 2 if (size.layers, size.hidden) == (24, 1024) else width.hidden
    return {
        **plain,
        "ffn_dim": plain.pop("intermediate_size"),
        "word_embed_proj_dim": inner,
        "do_layer_norm_before": inner == width.hidden,
        "dropout": 0.0,
    }


def _bloom(size: Size, width: Width) -> dict[str, Any]:
    return {
        "n_layer": size.layers,
        "n_head": size.heads,
        "hidden_size": width.hidden,
        "vocab_size": width.vocab,
        "hidden_dropout": 0.0,
        "attention_dropout": 0.0,
    }


def _falcon(size: Size, width: Width) -> dict[str, Any]:
    many = size.kv_heads == size.heads
    return {
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_kv_heads": size.kv_heads,
        "hidden_size": width.hidden,
        "vocab_size": width.vocab,
        "max_position_embeddings": 2048,
        "new_decoder_architecture": 1 < size.kv_heads < size.heads,
        "multi_query": not many,
        "parallel_attn": not many,
        "alibi": many,
        "bias": many,
    }


def _mixtral(size: Size, width: Width) -> dict[str, Any]:
    return {**_grouped(size, width), "num_local_experts": 8, "num_experts_per_tok": 2}


def _gemma3(size: Size, width: Width) -> dict[str, Any]:
    return {**_own_head(size, width), "sliding_window": 512, "query_pre_attn_scalar": width.head}


def _gemma2(size: Size, width: Width) -> dict[str, Any]:
    return {**_own_head(size, width), "query_pre_attn_scalar": width.head}


def _qwen2(size: Size, width: Width) -> dict[str, Any]:
    return {**_grouped(size, width), "use_sliding_window": False}


def _qwen3(size: Size, width: Width) -> dict[str, Any]:
    return {**_own_head(size, width), "use_sliding_window": False}


def _phi(size: Size, width: Width) -> dict[str, Any]:
    no_dropout = {"resid_pdrop": 0.0, "embd_pdrop": 0.0}
    return {**_grouped(size, width), "partial_rotary_factor": 0.5, **no_dropout}


def _phi3(size: Size, width: Width) -> dict[str, Any]:
    return {**_grouped(size, width), "original_max_position_embeddings": 4096, "pad_token_id": 0}


def _mamba(size: Size, width: Width) -> dict[str, Any]:
    return {
        "num_hidden_layers": size.layers,
        "hidden_size": width.hidden,
        "vocab_size": width.vocab,
        "state_size": 4,
        "time_step_rank": 2,
    }


def _deepseek_v3(size: Size, width: Width) -> dict[str, Any]:
    return {
        **_grouped(size, width),
        "moe_intermediate_size": width.hidden // 4,
        "n_routed_experts": 8,
        "num_experts_per_tok": 2,
        "n_group": 2,
        "topk_group": 1,
        "first_k_dense_replace": 3,
        "q_lora_rank": 16,
        "kv_lora_rank": 16,
        "qk_rope_head_dim": width.head,
        "qk_nope_head_dim": width.head,
        "v_head_dim": width.head,
    }


_FAMILIES: dict[str, Callable[[Size, Width], dict[str, Any]]] = {
    "gpt2": _gpt2,
    "gpt_neo": _gpt_neo,
    "gptj": _gptj,
    "gpt_neox": _gpt_neox,
    "opt": _opt,
    "bloom": _bloom,
    "falcon": _falcon,
    "llama": _grouped,
    "mistral": _own_head,
    "mixtral": _mixtral,
    "gemma": _own_head,
    "gemma2": _gemma2,
    "gemma3_text": _gemma3,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "phi": _phi,
    "phi3": _phi3,
    "mamba": _mamba,
    "olmo": _grouped,
    "olmo2": _grouped,
    "deepseek_v3": _deepseek_v3,
}
