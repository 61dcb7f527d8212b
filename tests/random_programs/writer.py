"""Writes random programs as people wrote them for nnsight 0.4: patching between invokes.

Each program is written in two forms. One is for 0.4: several invokes in one trace. The other says
what is meant: each invoke is a trace of its own, one after the other, and every value that one may
need from another is saved, so that no order of execution can come between. All prompts have the
same number of tokens, so the two see the same activations.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

HEAD = """import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
PROMPTS = ["The Eiffel Tower", "My Louvre Museum", "A Berlin Wall", "One Big Ben"]
SWITCH = {switch}
LAYERS = range({first}, {last})


class State:
    pass


def read(layer):
    return lm.transformer.h[layer].output[0]


def double(value):
    scaled = value * 2
    return scaled


def patch(layer, value):
    lm.transformer.h[layer].mlp.output[:] = value


state = State()
"""

# Where a program may look, in the order in which the model gets there.
_CHILDREN = (
    "lm.transformer.h[{}].input",
    "lm.transformer.h[{}].attn.output[0]",
    "lm.transformer.h[{}].mlp.output",
    "lm.transformer.h[{}].output[0]",
)
_NAMES = ("clean", "hidden", "resid")
_MOST_LAYERS = 6


@dataclass(frozen=True)
class Written:
    """A program in both forms.

    Args:
        seed: what it was made from.
        old: for 0.4, with several invokes in a trace.
        meant: for 0.5, with a trace for each invoke.
    """

    seed: int
    old: str
    meant: str


class Writer:
    """Writes one program.

    Args:
        seed: what all its choices come from.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        # Names and items that hold a hidden state when the text comes to them.
        self.values: list[str] = []
        self.boxes: set[str] = set()
        self.fresh = 0
        self.printed: list[str] = []
        # The layers that loops go over, and the layer that the invoke has come to.
        self.first = self.random.randrange(3)
        self.last = self.first + self.random.randint(2, 3)
        self.at = -1
        # Whether the invoke has changed something.
        self.changed = False

    def written(self) -> Written:
        head = HEAD.format(switch=self.random.random() < 0.7, first=self.first, last=self.last)
        shapes: tuple[Callable[[], Iterator[str]], ...] = (
            self._one_trace,
            self._one_trace,
            self._one_trace,
            self._loop_of_invokes,
            self._loop_of_pairs,
            self._loop_of_traces,
            self._traces_in_turn,
            self._beside,
        )
        lines = list(self._in_function(list(self.random.choice(shapes)())))
        return Written(self.seed, head + _old(lines), head + _meant(lines))

    def _chance(self, of: float) -> bool:
        return self.random.random() < of

    def _in_function(self, lines: Sequence[str]) -> Iterator[str]:
        if self._chance(0.75) or not self.printed:
            yield from lines
            yield from (f"print({name})" for name in self.printed)
            return
        names = ", ".join(self.printed)
        yield "def run():"
        yield from _indented(lines)
        yield f"    return [{names}]"
        yield "print(*run())"

    def _before(self) -> Iterator[str]:
        """What stands before the trace: names that the trace will bind, collections."""
        if self._chance(0.15):
            yield f"{self.random.choice(_NAMES)} = None"
        if self._chance(0.1):
            yield f"{self.random.choice(_NAMES)} = torch.zeros(1)"
        if self._chance(0.25):
            self.boxes.add("box")
            yield "box = {}"

    def _trace(self) -> Iterator[str]:
        yield "<trace>"
        if "box" not in self.boxes and self._chance(0.2):
            self.boxes.add("box")
            yield "    box = {}"

    def _one_trace(self) -> Iterator[str]:
        yield from self._before()
        yield from self._trace()
        for number in range(self.random.choice((2, 2, 2, 3, 3, 4))):
            yield from _indented(self._invoke(f"PROMPTS[{number}]"))

    def _loop_of_invokes(self) -> Iterator[str]:
        yield "outs = []"
        self.printed.append("*outs")
        yield from self._before()
        yield from self._trace()
        yield from _indented(self._invoke("PROMPTS[0]"))
        yield "    for number, prompt in enumerate(PROMPTS[1:3]):"
        yield from _indented(self._invoke("prompt", looped=True), 2)

    def _loop_of_pairs(self) -> Iterator[str]:
        yield "outs = []"
        self.printed.append("*outs")
        yield from self._before()
        yield from self._trace()
        yield "    for number in range(2):"
        yield from _indented(self._invoke("PROMPTS[number]", looped=True), 2)
        yield from _indented(self._invoke("PROMPTS[number + 1]", looped=True), 2)

    def _loop_of_traces(self) -> Iterator[str]:
        yield "outs = []"
        self.printed.append("*outs")
        yield from self._before()
        yield "for prompt in PROMPTS[:2]:"
        yield from _indented(self._trace())
        yield from _indented(self._invoke("prompt", looped=True), 2)
        for number in range(2, self.random.choice((3, 3, 4))):
            yield from _indented(self._invoke(f"PROMPTS[{number}]", looped=True), 2)

    def _traces_in_turn(self) -> Iterator[str]:
        """Two cells of a notebook: the second uses the names of the first anew."""
        yield from self._one_trace()
        # What the first trace has made and not saved is gone on 0.4 as well.
        self.values, self.boxes = [], self.boxes & {"box"}
        yield from self._one_trace()

    def _beside(self) -> Iterator[str]:
        """Statements beside the invokes, which use what these make."""
        yield from self._before()
        yield from self._trace()
        yield from _indented(self._invoke("PROMPTS[0]"))
        if self.values:
            self.fresh += 1
            yield f"    level{self.fresh} = ({self._value()} * 0.5)"
            if self._chance(0.5):
                self.values.append(f"level{self.fresh}")
        yield from _indented(self._invoke("PROMPTS[1]"))
        if self.values and self._chance(0.7):
            self.fresh += 1
            yield f"    beside{self.fresh} = {self._value()}.sum()<kept>"
            self.printed.append(f"beside{self.fresh}")

    def _invoke(self, prompt: str, *, looped: bool = False) -> Iterator[str]:
        yield f"<invoke {prompt}>"
        places, self.at, self.changed = self._places(), -1, False
        for _ in range(self.random.choice((1, 2, 2, 3, 3, 4))):
            yield from _indented(self._statement(places))
        if self._chance(0.15) and self.values:
            yield from _indented(self._kept(looped))
        # Without it nobody could see what the invoke has patched.
        yield from _indented(self._output(looped))

    def _kept(self, looped: bool) -> Iterator[str]:
        value = self.random.choice(self.values)
        if looped:
            yield f"outs.append({value}.sum().save())"
            return
        self.fresh += 1
        yield f"kept{self.fresh} = {value}.sum().save()"
        self.printed.append(f"kept{self.fresh}")

    def _output(self, looped: bool) -> Iterator[str]:
        if looped:
            yield "outs.append(lm.lm_head.output.sum().save())"
            return
        self.fresh += 1
        yield f"out{self.fresh} = lm.lm_head.output.sum().save()"
        self.printed.append(f"out{self.fresh}")

    def _places(self) -> list[tuple[int, int]]:
        """Layers and what to look at in them; the next one last, mostly as the model runs."""
        every = [(layer, child) for layer in range(_MOST_LAYERS) for child in range(4)]
        # None twice: what a second write covers up would make no difference.
        chosen = sorted(self.random.sample(range(len(every)), k=8), reverse=True)
        if self._chance(0.1):
            self.random.shuffle(chosen)
        return [every[each] for each in chosen]

    def _statement(self, places: list[tuple[int, int]]) -> Iterator[str]:
        if not self.values:
            return self.random.choice((self._read, self._read, self._collect))(places)
        if self._chance(0.08):
            return self._conditional(places)
        return self.random.choice(
            (
                self._read,
                self._read,
                self._compute,
                self._patch,
                self._patch,
                self._patch_handle_first,
                self._patch_handle_first,
                self._swap,
                self._constant,
                self._collect,
                self._use_collected,
                self._store,
                self._helped,
                self._accumulate,
            )
        )(places)

    def _conditional(self, places: list[tuple[int, int]]) -> Iterator[str]:
        yield self.random.choice(("if SWITCH:", "if len(PROMPTS) > 2:"))
        known = list(self.values)
        yield from _indented(self.random.choice((self._read, self._patch, self._swap))(places))
        # What only one branch binds may be unbound later.
        self.values = known

    def _place(self, places: list[tuple[int, int]]) -> tuple[int, int]:
        layer, child = places.pop() if places else (_MOST_LAYERS - 1, 3)
        self.at = layer
        return layer, child

    def _access(self, places: list[tuple[int, int]]) -> str:
        layer, child = self._place(places)
        return _CHILDREN[child].format(layer)

    def _value(self) -> str:
        return self.random.choice(self.values)

    def _bound(self, name: str) -> str:
        if name not in self.values:
            self.values.append(name)
        return name

    def _read(self, places: list[tuple[int, int]]) -> Iterator[str]:
        access = self._access(places)
        scale = self.random.choice(("", "", "", " * 0.5", " + 1"))
        text = f"({access}{scale})" if scale else access
        yield f"{self._bound(self.random.choice(_NAMES))} = {text}{self._save()}"

    def _save(self) -> str:
        """What is saved, though only the trace uses it, is there when the next trace starts."""
        return ".save()" if self._chance(0.2) else "<save>"

    def _compute(self, places: list[tuple[int, int]]) -> Iterator[str]:
        value, other = self._value(), self._value()
        text = self.random.choice((f"{value} * 0.5", f"{value} + {other}", f"double({value})"))
        yield f"{self._bound(self.random.choice(_NAMES))} = ({text}){self._save()}"

    def _accumulate(self, places: list[tuple[int, int]]) -> Iterator[str]:
        if not self._loop_fits(places):
            yield from self._read(places)
            return
        value = self._value()
        name = self._bound("total")
        yield f"{name} = {value} * 1"
        yield "for layer in LAYERS:"
        yield f"    {name} = ({name} + lm.transformer.h[layer].output[0])<save>"

    def _right(self) -> tuple[str, str]:
        """Where to write and what, both of one position or of all.

        What is written over a whole layer covers up what was changed before it: nobody could see
        whether that was carried out.
        """
        value = self._value()
        scale = self.random.choice(("", "", " * 0.5"))
        covers, self.changed = self.changed, True
        if covers or self._chance(0.5):
            position = self.random.randrange(3)
            return f"[:, {position}]", f"{value}[:, {position}]{scale}"
        return "[:]", f"{value}{scale}"

    def _patch(self, places: list[tuple[int, int]]) -> Iterator[str]:
        where, what = self._right()
        sign = self.random.choice(("=", "=", "=", "+="))
        yield f"{self._access(places)}{where} {sign} {what}"

    def _patch_handle_first(self, places: list[tuple[int, int]]) -> Iterator[str]:
        where, what = self._right()
        yield f"target = {self._access(places)}"
        yield f"target{where} = {what}"

    def _swap(self, places: list[tuple[int, int]]) -> Iterator[str]:
        layer, _ = self._place(places)
        # Among several prompts nnsight copies what is set; one prompt's module has the very object.
        yield f"lm.transformer.h[{layer}].mlp.output = {self._value()}<own>"

    def _constant(self, places: list[tuple[int, int]]) -> Iterator[str]:
        yield f"{self._access(places)}[:, {self.random.randrange(3)}] = 0"

    def _loop_fits(self, places: list[tuple[int, int]]) -> bool:
        """Whether a loop over the layers comes in the model's order, as it mostly should."""
        past = self.at >= self.first
        if past and not self._chance(0.1):
            return False
        self.at = self.last
        places[:] = [place for place in places if place[0] >= self.last]
        return True

    def _collect(self, places: list[tuple[int, int]]) -> Iterator[str]:
        if not self._loop_fits(places):
            yield from self._read(places)
            return
        way = self.random.randrange(3)
        module = self.random.choice(("h[layer].output[0]", "h[layer].mlp.output"))
        access = f"lm.transformer.{module}"
        self.fresh += 1
        name = f"states{self.fresh}"
        if way == 0:
            yield f"{name} = [{access}<save> for layer in LAYERS]<save>"
        elif way == 1:
            yield f"{name} = []"
            yield "for layer in LAYERS:"
            yield f"    {name}.append({access}<save>)"
            yield f"<meant>{name}.save()"
        else:
            yield f"{name} = {{layer: {access}<save> for layer in LAYERS}}<save>"
        keys = ("LAYERS[0]", "LAYERS[-1]") if way == 2 else ("0", "-1", "1")
        self.values.append(f"{name}[{self.random.choice(keys)}]")

    def _use_collected(self, places: list[tuple[int, int]]) -> Iterator[str]:
        """The batched patching loop: every layer gets its own collected value."""
        dicts = [value for value in self.values if "LAYERS" in value]
        if not dicts or not self._loop_fits(places):
            yield from self._read(places)
            return
        name = self.random.choice(dicts).partition("[")[0]
        yield "for layer in LAYERS:"
        if self._chance(0.5):
            yield f"    lm.transformer.h[layer].output[0][:] = {name}[layer]"
        else:
            yield "    target = lm.transformer.h[layer].output[0]"
            yield f"    target[:, 0] = {name}[layer][:, 0]"

    def _store(self, places: list[tuple[int, int]]) -> Iterator[str]:
        target = "state.held" if "box" not in self.boxes or self._chance(0.3) else "box['held']"
        what = self._access(places) if self._chance(0.5) else self._value()
        yield f"{target} = {what}<save>"
        self._bound(target)

    def _helped(self, places: list[tuple[int, int]]) -> Iterator[str]:
        layer, _ = self._place(places)
        if self._chance(0.5):
            yield f"{self._bound(self.random.choice(_NAMES))} = read({layer})<save>"
        else:
            yield f"patch({layer}, {self._value()})"


def _indented(lines: Sequence[str] | Iterator[str], times: int = 1) -> Iterator[str]:
    yield from ("    " * times + line for line in lines)


def _old(lines: Sequence[str]) -> str:
    """The form for 0.4."""
    kept = [line for line in lines if "<meant>" not in line]
    marks = {"save": "", "trace": "with lm.trace() as tracer:", "invoke": "tracer.invoke"}
    return _formed(kept, {**marks, "kept": ".save()", "own": ""})


def _meant(lines: Sequence[str]) -> str:
    """The form with a trace for each invoke."""
    marks = {"save": ".save()", "trace": "if True:", "invoke": "lm.trace", "meant": "", "kept": ""}
    return _formed(lines, {**marks, "own": ".clone()"})


_INVOKE = re.compile(r"<invoke (.*)>")


def _formed(lines: Sequence[str], marks: Mapping[str, str]) -> str:
    text = "\n".join([*lines, ""])
    text = _INVOKE.sub(rf"with {marks['invoke']}(\1):", text)
    for mark, meaning in marks.items():
        text = text.replace(f"<{mark}>", meaning)
    return text
