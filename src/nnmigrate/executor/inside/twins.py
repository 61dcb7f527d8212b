"""Every checkpoint that a script asks for, replaced by a small random model of its architecture.

Only transformers is changed, nothing of nnsight: on 0.4.11 and 0.5.15 (`modeling/language.py`,
`modeling/transformers.py`) nnsight reaches the hub through the ``from_pretrained`` methods and
``HfApi.model_info`` alone.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import torch
import transformers
from transformers.models.auto import modeling_auto

from . import configs, twins08
from .architectures import Width, settings
from .repositories import NoTwin, Size, size_of
from .tokenizer import HashTokenizer, known_pieces, specials_of
from .versions import is_pipelined

_VOCAB = 2048
# Models at most this wide may be made as wide as they really are.
_WIDEST = 1024


@dataclass(frozen=True)
class Hints:
    """What the script under test says about the model it expects.

    Args:
        integers: The integer literals of the script: token ids, widths.
        texts: Its string literals, see `HashTokenizer`.
        stretch: Into how many tokens a word is split.
        configs: Configurations to build on, by repository; None for one that has none. Others are
            looked for in the user's cache.
    """

    integers: frozenset[int] = frozenset()
    texts: tuple[str, ...] = ()
    stretch: int = 1
    configs: Mapping[str, dict[str, Any] | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Twins:
    """Makes configurations, models and tokenizers by repository name.

    Args:
        hints: What the script says about its models.
        used: The configurations of the user's that were looked for so far.
    """

    hints: Hints
    used: dict[str, dict[str, Any] | None]

    def config(self, repository: str) -> Any:
        """Make the configuration of a repository's twin.

        Raises:
            NoTwin: The repository's architecture is not known.
        """
        size = self.size(repository)
        width = self._width(size)
        own = self._own(repository)
        narrow = configs.narrow(own, size, width) if own is not None else settings(size, width)
        specials = specials_of(size.family, size.vocab)
        # The ids that the tokenizer gives them: in the order eos, bos, pad.
        tokens = list(dict.fromkeys(filter(None, (specials.eos, specials.bos, specials.pad))))
        ids = {
            "eos_token_id": tokens.index(specials.eos),
            "bos_token_id": tokens.index(specials.bos),
            "pad_token_id": tokens.index(specials.pad) if specials.pad else None,
        }
        config = transformers.AutoConfig.for_model(size.family, **{**narrow, **ids})
        config._name_or_path = repository
        return config

    def tokenizer(self, repository: str, **kwargs: Any) -> HashTokenizer:
        """Make the tokenizer of a repository's twin."""
        size = self.size(repository)
        specials = specials_of(size.family, size.vocab)
        vocab = self._width(size).vocab
        wanted = {key: value for key, value in kwargs.items() if key in _TOKENIZER_OPTIONS}
        return HashTokenizer(
            vocab,
            specials,
            self.hints.texts,
            self.hints.stretch,
            name_or_path=repository,
            **wanted,
        )

    def _own(self, repository: str) -> dict[str, Any] | None:
        if repository not in self.used:
            given = self.hints.configs
            self.used[repository] = (
                given[repository] if repository in given else configs.cached(repository)
            )
        return self.used[repository]

    def size(self, repository: str) -> Size:
        """Find how large the model of a repository is.

        Raises:
            NoTwin: The name is not known.
        """
        own = self._own(repository)
        return configs.size_in(own) if own is not None else size_of(repository)

    def _width(self, size: Size) -> Width:
        named = self.hints.integers
        true_head = max(1, size.hidden // size.heads)
        if size.hidden <= _WIDEST and named & {size.hidden, true_head}:
            hidden, head = size.hidden, true_head
        else:
            # Below four wide, rotary embeddings have nothing to rotate.
            head = 8 if size.heads <= 4 else 4
            hidden = 32 if size.family == "mamba" else head * size.heads
        needed = max((n for n in named if 0 <= n < size.vocab), default=0) + 1
        # Room for every piece of text, and few collisions.
        pieces = 3 * self.hints.stretch * len(known_pieces(self.hints.texts))
        return Width(hidden, head, max(pieces, min(size.vocab, max(_VOCAB, needed))))


_TOKENIZER_OPTIONS = ("padding_side", "truncation_side", "model_max_length", "pad_token")
_DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def install(hints: Hints) -> dict[str, dict[str, Any] | None]:
    """Replace the ways to a checkpoint in this process, for good.

    Returns:
        The configurations of the user's that were looked for, kept up to date.
    """
    twins = Twins(hints, {})
    # Each of them has a copy of the method. nnsight 0.8 does not import them before it loads one.
    for auto in modeling_auto._BaseAutoModelClass.__subclasses__():
        _replace(auto, lambda cls, *a, **k: _auto_model(twins, cls, *a, **k))
    _replace(transformers.PreTrainedModel, lambda cls, *a, **k: _model(twins, cls, *a, **k))
    _replace(transformers.AutoConfig, lambda cls, name, *a, **k: _config(twins, name, k))
    _replace(transformers.PretrainedConfig, lambda cls, name, *a, **k: _config(twins, name, k))
    _replace(transformers.AutoTokenizer, lambda cls, name, *a, **k: twins.tokenizer(name, **k))
    _replace(
        transformers.PreTrainedTokenizerBase,
        lambda cls, name, *a, **k: twins.tokenizer(name, **k),
    )
    _replace(
        transformers.GenerationConfig,
        lambda cls, name, *a, **k: cls.from_model_config(twins.config(name)),
    )
    if is_pipelined():
        twins08.install(twins.size)
    return twins.used


def answer_for_the_hub() -> None:
    """Answer the one question that nnsight itself asks the hub.

    A remote model key of 0.5 asks for the repository's full name.
    """
    huggingface_hub.HfApi.model_info = lambda self, repo_id, **k: SimpleNamespace(id=repo_id)


def _replace(owner: Any, replacement: Callable[..., Any]) -> None:
    original = owner.from_pretrained.__func__

    def from_pretrained(cls: Any, name: Any, *args: Any, **kwargs: Any) -> Any:
        # What the script itself saved is read as it is.
        if os.path.isdir(str(name)):
            return original(cls, name, *args, **kwargs)
        return replacement(cls, str(name), *args, **kwargs)

    owner.from_pretrained = classmethod(from_pretrained)


def _config(twins: Twins, name: str, kwargs: dict[str, Any]) -> Any:
    config = twins.config(name)
    unused = {}
    for key, value in kwargs.items():
        if hasattr(config, key) and key not in ("torch_dtype", "dtype"):
            setattr(config, key, value)
        else:
            unused[key] = value
    return (config, unused) if kwargs.get("return_unused_kwargs") else config


def _auto_model(twins: Twins, cls: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    config = kwargs.get("config") or twins.config(name)
    return _build(lambda: cls.from_config(config), config, kwargs)


def _model(twins: Twins, cls: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    config = kwargs.get("config") or twins.config(name)
    if cls.config_class is not None and not isinstance(config, cls.config_class):
        raise NoTwin(f"{name!r} is a {config.model_type}, which {cls.__name__} does not load")
    return _build(lambda: cls(config), config, kwargs)


def _build(make: Callable[[], Any], config: Any, kwargs: dict[str, Any]) -> Any:
    """Make a model without touching the random state that the script goes on to use."""
    state = torch.random.get_rng_state()
    attention = kwargs.get("attn_implementation")
    if attention in ("eager", "sdpa"):
        config._attn_implementation = attention
    try:
        model = make()
    finally:
        torch.random.set_rng_state(state)
    prefix = getattr(model, "base_model_prefix", "")
    fill(model.named_parameters(), prefix)
    dtype = kwargs.get("torch_dtype", kwargs.get("dtype"))
    dtype = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    model = model.to(dtype) if dtype in _DTYPES else model
    return model.eval()


def fill(parameters: Iterable[tuple[str, torch.nn.Parameter]], prefix: str = "") -> None:
    """Set parameters to values that depend on their name and shape only.

    So they depend neither on the order of initialisation nor on nnsight, nor on whether the model
    has a head (whose name for the same parameter begins with ``prefix``).
    """
    for name, parameter in parameters:
        generator = torch.Generator().manual_seed(
            zlib.crc32(name.removeprefix(f"{prefix}.").encode())
        )
        noise = torch.randn(parameter.shape, generator=generator)
        with torch.no_grad():
            parameter.copy_(_scaled(name, noise))


def _scaled(name: str, noise: torch.Tensor) -> torch.Tensor:
    """Give noise the size it needs for an intervention anywhere to be felt at the head."""
    if noise.ndim >= 2:
        return noise * (1.5 / noise.shape[-1] ** 0.5)
    if "norm" in name or ".ln_" in name or name.endswith(".D"):
        return (0.0 if name.endswith("bias") else 1.0) + 0.2 * noise
    return 0.2 * noise
