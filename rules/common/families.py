"""Decoder layers that gave a tuple, and from some version of transformers on give a tensor.

Read from transformers' own wheels, 4.48.0 to 5.23.0: the last version with a tuple and the first
with a tensor of each class. GPT-J, Bloom, GPT-Neo and Falcon still give a tuple in 5.23.0.
"""

from __future__ import annotations

import re
from functools import lru_cache

from nnmigrate.classes import dataclass
from nnmigrate.project import Project, Requirement
from nnmigrate.schedule.values import Index, Path

# Versions by which a requirement is told apart: some that people have.
_VERSIONS = (
    "4.30.0 4.40.0 4.48.0 4.51.3 4.53.3 4.54.0 4.57.6 5.0.0 5.1.0 5.2.0 5.3.0 5.5.0 5.23.0".split()
)


@dataclass(frozen=True)
class Family:
    """Models whose layers changed in one version.

    Args:
        name: what to call it.
        known_by: what names it in a program: the names of models and of classes.
        way: the way to its list of layers.
        tuple_up_to: the last version of transformers whose layers give a tuple.
        tensor_from: the first one whose layers give a tensor.
    """

    name: str
    known_by: str
    way: tuple[str, ...]
    tuple_up_to: str
    tensor_from: str


FAMILIES = (
    Family("Gemma 2 and 3", r"gemma-?[23]", ("model", "layers"), "4.57.6", "5.0.0"),
    Family("Gemma", r"gemma(?!-?[23])", ("model", "layers"), "4.53.3", "4.54.0"),
    Family("Llama", r"llama|vicuna", ("model", "layers"), "4.53.3", "4.54.0"),
    Family("Mistral", r"mi[sx]tral", ("model", "layers"), "4.53.3", "4.54.0"),
    Family("Qwen", r"qwen-?[23]", ("model", "layers"), "4.53.3", "4.54.0"),
    Family("Phi-3", r"phi-?3", ("model", "layers"), "4.53.3", "4.54.0"),
    Family("OLMo 2", r"olmo-?2", ("model", "layers"), "4.53.3", "4.54.0"),
    Family("BERT", r"bert-(?:base|large)|bertmodel", ("encoder", "layer"), "4.57.6", "5.0.0"),
    Family("GPT-NeoX", r"neox|pythia", ("gpt_neox", "layers"), "5.1.0", "5.2.0"),
    Family("GPT-2", r"gpt-?2", ("transformer", "h"), "5.2.0", "5.3.0"),
    Family("OPT", r"\bopt-|optfor", ("model", "decoder", "layers"), "5.3.0", "5.5.0"),
)


def family_of(code: str, path: Path) -> Family | None:
    """The family of a layer, if the code names one alone that has its layers there.

    Args:
        code: the program.
        path: the way to the module.
    """
    if len(path) < 2 or not isinstance(path[-1], Index):
        return None
    way = tuple(part for part in path[:-1] if isinstance(part, str))
    there = [one for one in FAMILIES if way[-len(one.way) :] == one.way]
    named = [one for one in there if one in _named_in(code)]
    return named[0] if len(named) == 1 else None


@lru_cache(maxsize=2)
def _named_in(code: str) -> tuple[Family, ...]:
    return tuple(one for one in FAMILIES if re.search(one.known_by, code, re.IGNORECASE))


def reaches(project: Project, family: Family) -> bool | None:
    """Whether the project's transformers give a tensor: True, False, or None where both may be."""
    pins = project.of("transformers")
    if not pins:
        return None
    at = _VERSIONS.index(family.tuple_up_to) + 1
    older = any(_all_allow(pins, version) for version in _VERSIONS[:at])
    newer = any(_all_allow(pins, version) for version in _VERSIONS[at:])
    return None if older == newer else newer


def _all_allow(pins: tuple[Requirement, ...], version: str) -> bool:
    return all(pin.allows(version) for pin in pins)
