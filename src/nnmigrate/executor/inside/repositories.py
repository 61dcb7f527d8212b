"""Which model stands behind a repository's name.

The sizes are those of the published ``config.json`` files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


class NoTwin(RuntimeError):
    """There is no twin for what the script asks for."""


@dataclass(frozen=True)
class Size:
    """How large a model really is.

    Args:
        family: transformers' ``model_type``.
        layers: Number of decoder layers.
        heads: Number of attention heads.
        kv_heads: Number of key-value heads.
        hidden: Width of the residual stream.
        vocab: Number of rows of the embedding.
    """

    family: str
    layers: int
    heads: int
    kv_heads: int
    hidden: int
    vocab: int


# Patterns are matched against the last part of the name, in lower case; the first that matches
# wins. (pattern, family, vocab, {size in the name: (layers, heads, kv heads, hidden)})
_SIZES = tuple[int, int, int, int]
_Row = tuple[str, str, int, dict[str, _SIZES]]
_LLAMA3 = {
    "1b": (16, 32, 8, 2048),
    "3b": (28, 24, 8, 3072),
    "8b": (32, 32, 8, 4096),
    "70b": (80, 64, 8, 8192),
    "405b": (126, 128, 8, 16384),
}
_LLAMA2 = {
    "7b": (32, 32, 32, 4096),
    "13b": (40, 40, 40, 5120),
    "30b": (60, 52, 52, 6656),
    "34b": (48, 64, 8, 8192),
    "65b": (80, 64, 64, 8192),
    "70b": (80, 64, 8, 8192),
}
_QWEN2 = {
    "0.5b": (24, 14, 2, 896),
    "1.5b": (28, 12, 2, 1536),
    "3b": (36, 16, 2, 2048),
    "7b": (28, 28, 4, 3584),
    "14b": (48, 40, 8, 5120),
    "32b": (64, 40, 8, 5120),
    "72b": (80, 64, 8, 8192),
}
_ROWS: tuple[_Row, ...] = (
    (r"distilgpt2|distil-gpt2", "gpt2", 50257, {"": (6, 12, 12, 768)}),
    (r"tiny-gpt2", "gpt2", 50257, {"": (2, 2, 2, 2)}),
    (
        r"gpt2|dialogpt",
        "gpt2",
        50257,
        {
            "": (12, 12, 12, 768),
            "medium": (24, 16, 16, 1024),
            "large": (36, 20, 20, 1280),
            "xl": (48, 25, 25, 1600),
        },
    ),
    (
        r"tinystories",
        "gpt_neo",
        50257,
        {
            "1m": (8, 16, 16, 64),
            "3m": (8, 16, 16, 128),
            "8m": (8, 16, 16, 256),
            "28m": (8, 16, 16, 512),
            "33m": (4, 16, 16, 768),
            "21m": (1, 16, 16, 1024),
        },
    ),
    (
        r"gpt-neo-",
        "gpt_neo",
        50257,
        {"125m": (12, 12, 12, 768), "1.3b": (24, 16, 16, 2048), "2.7b": (32, 20, 20, 2560)},
    ),
    (r"gpt-?neox", "gpt_neox", 50432, {"20b": (44, 64, 64, 6144)}),
    (r"gpt-?j", "gptj", 50400, {"": (28, 16, 16, 4096)}),
    (
        r"pythia",
        "gpt_neox",
        50304,
        {
            "14m": (6, 4, 4, 128),
            "31m": (6, 8, 8, 256),
            "70m": (6, 8, 8, 512),
            "160m": (12, 12, 12, 768),
            "410m": (24, 16, 16, 1024),
            "1b": (16, 8, 8, 2048),
            "1.4b": (24, 16, 16, 2048),
            "2.8b": (32, 32, 32, 2560),
            "6.9b": (32, 32, 32, 4096),
            "12b": (36, 40, 40, 5120),
        },
    ),
    (
        r"^opt-",
        "opt",
        50272,
        {
            "125m": (12, 12, 12, 768),
            "350m": (24, 16, 16, 1024),
            "1.3b": (24, 32, 32, 2048),
            "2.7b": (32, 32, 32, 2560),
            "6.7b": (32, 32, 32, 4096),
            "13b": (40, 40, 40, 5120),
            "30b": (48, 56, 56, 7168),
            "66b": (64, 72, 72, 9216),
        },
    ),
    (
        r"^bloomz?",
        "bloom",
        250880,
        {
            "560m": (24, 16, 16, 1024),
            "1b1": (24, 16, 16, 1536),
            "1b7": (24, 16, 16, 2048),
            "3b": (30, 32, 32, 2560),
            "7b1": (30, 32, 32, 4096),
            "": (70, 112, 112, 14336),
        },
    ),
    (r"falcon-rw", "falcon", 50304, {"1b": (24, 32, 32, 2048)}),
    (r"falcon-[47]", "falcon", 65024, {"7b": (32, 71, 1, 4544), "40b": (60, 128, 8, 8192)}),
    (r"deepseek-(v3|r1)(?!-distill)", "deepseek_v3", 129280, {"": (61, 128, 128, 7168)}),
    (r"distill-llama", "llama", 128256, _LLAMA3),
    (r"distill-qwen", "qwen2", 151936, _QWEN2),
    (r"tinyllama", "llama", 32000, {"": (22, 32, 4, 2048)}),
    (r"llama-?3", "llama", 128256, _LLAMA3),
    (r"llama|vicuna|alpaca", "llama", 32000, _LLAMA2),
    (
        r"mixtral",
        "mixtral",
        32000,
        {"8x7b": (32, 32, 8, 4096), "8x22b": (56, 48, 8, 6144)},
    ),
    (r"mistral-(nemo|small-24b)", "mistral", 131072, {"": (40, 32, 8, 5120)}),
    (r"ministral", "mistral", 131072, {"8b": (36, 32, 8, 4096)}),
    (r"mistral|zephyr", "mistral", 32000, {"7b": (32, 32, 8, 4096)}),
    (r"gemma-3", "gemma3_text", 262144, {"270m": (18, 4, 1, 640), "1b": (26, 4, 1, 1152)}),
    (
        r"gemma-2-",
        "gemma2",
        256000,
        {"2b": (26, 8, 4, 2304), "9b": (42, 16, 8, 3584), "27b": (46, 32, 16, 4608)},
    ),
    (r"gemma", "gemma", 256000, {"2b": (18, 8, 1, 2048), "7b": (28, 16, 16, 3072)}),
    (
        r"qwen3",
        "qwen3",
        151936,
        {
            "0.6b": (28, 16, 8, 1024),
            "1.7b": (28, 16, 8, 2048),
            "4b": (36, 32, 8, 2560),
            "8b": (36, 32, 8, 4096),
            "14b": (40, 40, 8, 5120),
            "32b": (64, 64, 8, 5120),
        },
    ),
    (
        r"qwen1\.5",
        "qwen2",
        151936,
        {
            "0.5b": (24, 16, 16, 1024),
            "1.8b": (24, 16, 16, 2048),
            "4b": (40, 20, 20, 2560),
            "7b": (32, 32, 32, 4096),
            "14b": (40, 40, 40, 5120),
        },
    ),
    (r"qwen2|qwq", "qwen2", 151936, _QWEN2),
    (r"phi-4-mini", "phi3", 200064, {"": (32, 24, 8, 3072)}),
    (r"phi-4", "phi3", 100352, {"": (40, 40, 10, 5120)}),
    (
        r"phi-3(\.5)?-",
        "phi3",
        32064,
        {"mini": (32, 32, 32, 3072), "medium": (40, 40, 10, 5120)},
    ),
    (r"phi-(1|2)", "phi", 51200, {"1": (24, 32, 32, 2048), "2": (32, 32, 32, 2560)}),
    (
        r"^mamba-",
        "mamba",
        50280,
        {
            "130m": (24, 1, 1, 768),
            "370m": (48, 1, 1, 1024),
            "790m": (48, 1, 1, 1536),
            "1.4b": (48, 1, 1, 2048),
            "2.8b": (64, 1, 1, 2560),
        },
    ),
    (
        r"olmo-2",
        "olmo2",
        100352,
        {
            "1b": (16, 16, 16, 2048),
            "7b": (32, 32, 32, 4096),
            "13b": (40, 40, 40, 5120),
            "32b": (64, 40, 8, 5120),
        },
    ),
    (r"olmo", "olmo", 50304, {"1b": (16, 16, 16, 2048), "7b": (32, 32, 32, 4096)}),
)


def size_of(repository: str) -> Size:
    """Find how large the model of a repository is.

    Args:
        repository: A name as ``"meta-llama/Llama-3.1-8B"``, or a path's last part.

    Raises:
        NoTwin: The name is not known.
    """
    name = repository.rstrip("/").rsplit("/", 1)[-1].lower()
    rows = () if "tiny-random" in name else _ROWS
    for pattern, family, vocab, sizes in rows:
        if re.search(pattern, name):
            chosen = _pick(name, sizes)
            if chosen is not None:
                return Size(family, *chosen, vocab)
    raise NoTwin(f"no twin for {repository!r}: its architecture is not known")


def _pick(name: str, sizes: dict[str, _SIZES]) -> _SIZES | None:
    for mark, size in sizes.items():
        if mark and re.search(rf"(?<![\d.x]){re.escape(mark)}(?![a-z0-9])", name):
            return size
    return sizes.get("")
