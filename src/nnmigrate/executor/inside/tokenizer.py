"""A tokenizer that needs no download: pieces of text are numbered by their hash.

A word with the blank before it is one token, so prompts that differ in one word have the same
length, as the programs under test usually assume of their real tokenizer. It remembers what it
has seen, so that decoding gives the text back.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizer

_SPECIAL = r"<\|[^|>]*\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>|<(?:bos|eos|pad)>"
_PIECES = re.compile(rf"{_SPECIAL}| ?[^\W\d_]+|\d{{1,3}}|\n+| ?[^\w\s]| ?_+|\s")
# As in GPT-2's vocabulary, where the blank belongs to the number; later ones keep them apart.
_SPACED_NUMBERS = re.compile(_PIECES.pattern.replace(r"\d{1,3}", r" ?\d{1,3}"))
_SPECIAL_ONLY = re.compile(_SPECIAL)
# Marks the second and later tokens of a stretched piece; no text contains it.
_REST = "\x00"

_CHAT = (
    "{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


@dataclass(frozen=True)
class Specials:
    """The special tokens of a family.

    Args:
        eos: The token that ends a text.
        bos: The token that begins one.
        pad: The padding token, if the family has one.
        adds_bos: Whether the tokenizer puts ``bos`` before every text.
        spaced_numbers: Whether a blank belongs to the number after it.
    """

    eos: str
    bos: str
    pad: str | None
    adds_bos: bool
    spaced_numbers: bool = False

    @property
    def pieces(self) -> re.Pattern[str]:
        """What the family's texts are taken apart with."""
        return _SPACED_NUMBERS if self.spaced_numbers else _PIECES


_GPT2 = Specials("<|endoftext|>", "<|endoftext|>", None, False, True)
_LLAMA = Specials("</s>", "<s>", None, True)
_QWEN = Specials("<|im_end|>", "<|endoftext|>", "<|endoftext|>", False)
_GEMMA = Specials("<eos>", "<bos>", "<pad>", True)
_SPECIALS = {
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "mixtral": _LLAMA,
    "gemma": _GEMMA,
    "gemma2": _GEMMA,
    "gemma3_text": _GEMMA,
    "qwen2": _QWEN,
    "qwen3": _QWEN,
    "opt": Specials("</s>", "</s>", "<pad>", True, True),
    "bloom": Specials("</s>", "<s>", "<pad>", False),
    "phi3": Specials("<|endoftext|>", "<s>", "<|endoftext|>", False),
    "deepseek_v3": Specials("</s>", "<s>", "</s>", True),
    "olmo": Specials("<|endoftext|>", "<|endoftext|>", "<|padding|>", False, True),
}


def specials_of(family: str, vocab: int) -> Specials:
    """Give the special tokens of transformers' ``model_type`` with a vocabulary of this size."""
    if family == "llama" and vocab > 100_000:
        return Specials("<|eot_id|>", "<|begin_of_text|>", None, True)
    return _SPECIALS.get(family, _GPT2)


def known_pieces(texts: Iterable[str]) -> set[str]:
    """Take texts apart, with and without the blank that joining or splitting them may change."""
    pieces = {piece for text in texts for piece in _SPACED_NUMBERS.findall(text)}
    bare = {piece.lstrip(" ") for piece in pieces} - {""}
    return pieces | bare | {f" {piece}" for piece in bare}


class HashTokenizer(PreTrainedTokenizer):  # type: ignore[misc]  # transformers is not typed here
    """The tokenizer of every twin.

    Args:
        size: Number of ids.
        specials: The special tokens; they get the first ids.
        known: Texts whose pieces are numbered at once, in sorted order: two runs that are given
            the same texts number alike, in whatever order they come to use them.
        stretch: Into how many tokens a word is split.
    """

    # GPT-2 would add an embedding for token types, which the two nnsight versions batch
    # differently.
    model_input_names = ["input_ids", "attention_mask"]  # noqa: RUF012  # transformers' own shape

    def __init__(
        self,
        size: int,
        specials: Specials,
        known: Iterable[str] = (),
        stretch: int = 1,
        **kwargs: Any,
    ) -> None:
        self._size = size
        self._stretch = stretch
        self._specials = specials
        self._ids: dict[str, int] = {}
        self._pieces: dict[int, str] = {}
        names = {"eos_token": specials.eos, "bos_token": specials.bos, "pad_token": specials.pad}
        for token in filter(None, names.values()):
            self._register(token, len(self._ids))
        super().__init__(**{"chat_template": _CHAT, **names, **kwargs})
        for piece in sorted(
            {token for one in known_pieces(known) for token in self._tokenize(one)}
        ):
            self._convert_token_to_id(piece)

    @property
    def vocab_size(self) -> int:
        """How many ids there are."""
        return self._size

    def get_vocab(self) -> dict[str, int]:
        """Give the pieces seen so far with their ids."""
        return dict(self._ids)

    def _register(self, token: str, index: int) -> None:
        if token not in self._ids:
            self._ids[token] = index
            self._pieces[index] = token

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        pieces = self._specials.pieces.findall(text)
        if self._stretch == 1:
            return pieces
        return [token for piece in pieces for token in self._stretched(piece)]

    def _stretched(self, piece: str) -> list[str]:
        if _SPECIAL_ONLY.fullmatch(piece):
            return [piece]
        return [piece, *(f"{piece}{_REST}{n}" for n in range(1, self._stretch))]

    def _convert_token_to_id(self, token: str) -> int:
        if token not in self._ids:
            self._register(token, self._free(zlib.crc32(token.encode())))
        return self._ids[token]

    def _free(self, start: int) -> int:
        for step in range(self._size):
            index = (start + step) % self._size
            if index not in self._pieces:
                return index
        raise RuntimeError("the twin's vocabulary is full")

    def _convert_id_to_token(self, index: int) -> str:
        return self._pieces.get(index, f" tok{index}")

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Join tokens into the text they were made from."""
        return "".join(token for token in tokens if _REST not in token)

    def build_inputs_with_special_tokens(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None
    ) -> list[int]:
        """Put the beginning of a text before it, where the family does."""
        ids = token_ids_0 + (token_ids_1 or [])
        return [self.bos_token_id, *ids] if self._specials.adds_bos else ids

    def num_special_tokens_to_add(self, pair: bool = False) -> int:
        """How many tokens are put around a text."""
        return int(self._specials.adds_bos)

    def save_vocabulary(
        self, save_directory: str, filename_prefix: str | None = None
    ) -> tuple[str, ...]:
        """Write nothing: there is no vocabulary file."""
        return ()
