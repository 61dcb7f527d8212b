"""Random traces, and the Python that they stand for, to run on real nnsight."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nnmigrate.schedule.values import (
    Define,
    Get,
    Index,
    Invoke,
    Operation,
    Point,
    Provider,
    Put,
    Swap,
    Take,
    Trace,
    Use,
    Wait,
)

LAYERS = 3
NAMES = ("h", "g")
PROMPTS = ("a b c", "d e f", "c c a", "b a d")

PREAMBLE = """
import json, os, warnings
warnings.simplefilter("ignore")
import torch
from nnsight import LanguageModel
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
words = {word: number for number, word in enumerate(["<pad>", *"abcdefg"])}
backend = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
backend.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>")
torch.manual_seed(0)
network = GPT2LMHeadModel(GPT2Config(
    vocab_size=8, n_positions=16, n_embd=4, n_layer=3, n_head=1, bos_token_id=0, eos_token_id=0
)).eval()
ENTERED = {}
for number, block in enumerate(network.transformer.h):
    block.mlp.register_forward_pre_hook(
        lambda _, args, number=number: ENTERED.update({number: args[0].detach().clone()})
    )
lm = LanguageModel(network, tokenizer=tokenizer)
ZERO = torch.zeros(1, 3, 4)
PROGRAMS = []
"""

RUNNER = """
def run(program):
    log, error = [], None
    try:
        program(log)
    except BaseException as exception:
        error = str(exception)
    return {"log": log, "error": error}

for program in PROGRAMS:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writing, "w") as stream:
            stream.write(json.dumps(run(program)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        print(stream.read())
    os.waitpid(child, 0)
"""


@dataclass(frozen=True)
class Ran:
    """What a program did: pairs of a site and what was seen there, and the error that ended it."""

    log: list[list[object]]
    error: str | None


def run_all(python: Path, folder: Path, sources: Sequence[str]) -> list[Ran]:
    """Run programs under an interpreter that has nnsight, each in a process of its own.

    Each source defines a function `program` of a log.
    """
    script = folder / "programs.py"
    kept = (
        f"{source.replace('help_', f'help_{number}_')}\nPROGRAMS.append(program)\n"
        for number, source in enumerate(sources)
    )
    script.write_text("\n".join([PREAMBLE, *kept, RUNNER]))
    # The operating system's threads do not survive a fork: one is enough for these tensors.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [python, script], capture_output=True, text=True, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return [Ran(**json.loads(line)) for line in done.stdout.splitlines() if line[:1] == "{"]


def expression(wanted: Provider) -> str:
    """The source that asks for a provider."""
    parts = [f"[{part.key}]" if isinstance(part, Index) else f".{part}" for part in wanted.path]
    return "lm" + "".join(parts) + f".{wanted.point.name.lower()}"


def source(trace: Trace) -> str:
    """The program that a trace stands for; a definition's value is its site, so is an item's.

    Its helpers stand beside it: names that they have are not the program's.
    """
    helpers = [line for invoke in trace.invokes for line in _helpers(invoke)]
    boxes = dict.fromkeys(
        _word(operation.container)
        for invoke in trace.invokes
        for operation in invoke.operations
        if isinstance(operation, Put | Take)
    )
    lines = [f"    {name} = 'outer'" for name in sorted(trace.outer)]
    lines += [f"    {box} = {{}}" for box in boxes]
    lines += ["    with lm.trace() as tracer:"]
    lines += [f"        {_word(n)} = tracer.barrier({size})" for n, size in trace.barriers]
    return "\n".join([*helpers, "def program(log):", *lines, *_invokes(trace)])


def _invokes(trace: Trace) -> Iterator[str]:
    bound: set[tuple[str, int]] = set()
    for number, invoke in enumerate(trace.invokes):
        for name, site in invoke.captured:
            if (name, site) not in bound:
                bound.add((name, site))
                yield f"        {name} = {site}"
        yield f"        with tracer.invoke({PROMPTS[number]!r}):"
        # nnsight 0.5.15 cannot capture a body that begins with `try`.
        yield "            log"
        for operation in invoke.operations:
            yield from (f"            {line}" for line in _code(operation))


def _helpers(invoke: Invoke) -> Iterator[str]:
    for operation in invoke.operations:
        if isinstance(operation, Get) and operation.foreign is not None:
            yield f"def help_{operation.site}():"
            yield from (f"    {name} = {site}" for name, site in operation.foreign)
            yield f"    {expression(operation.provider)}"


def _word(name: str) -> str:
    return name.replace(" ", "_")


def _code(operation: Operation) -> list[str]:
    site = operation.site
    if isinstance(operation, Get):
        return [expression(operation.provider) if operation.foreign is None else f"help_{site}()"]
    if isinstance(operation, Swap):
        return [f"{expression(operation.provider)} = ZERO"]
    if isinstance(operation, Define):
        return [f"{operation.name} = {None if operation.nothing else site}"]
    if isinstance(operation, Use):
        seen, unseen = (
            f"log.append([{site}, {operation.name}])",
            f"log.append([{site}, 'undefined'])",
        )
        return ["try:", f"    {seen}", "except NameError:", f"    {unseen}"]
    if isinstance(operation, Put):
        return [f"{_word(operation.container)}[{operation.key}] = {site}"]
    if isinstance(operation, Take):
        return [f"log.append([{site}, {_word(operation.container)}.get({operation.key})])"]
    assert isinstance(operation, Wait)
    return [f"{_word(operation.barrier)}()"]


@dataclass
class Writer:
    """Makes one random trace.

    Args:
        wild: whether it has barriers of its own, most of them wrong, helpers, and accesses out of
            order, so that much of it fails.
    """

    seed: int
    wild: bool = True
    site: int = 1000
    calls: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def trace(self) -> Trace:
        outer = frozenset(name for name in NAMES if self.random.random() < 0.15)
        captured: dict[str, int] = {}
        invokes = []
        for _ in range(self.random.choice((2, 2, 3, 4))):
            if self.random.random() < 0.1:
                captured[self.random.choice(NAMES)] = self.fresh()
            invokes.append(Invoke(tuple(self.steps()), tuple(captured.items())))
        off = (0,) * 8 + (-1, 1)
        sizes = {n: max(1, size + self.random.choice(off)) for n, size in self.calls.items()}
        return Trace(tuple(invokes), outer, tuple(sizes.items()))

    def fresh(self) -> int:
        self.site += 1
        return self.site

    def steps(self) -> Iterator[Operation]:
        accesses = self.accesses()
        kinds: list[Callable[[int, list[Provider]], Operation]]
        kinds = [
            self.get,
            self.get,
            self.define,
            self.use,
            self.use,
            self.swap,
            self.put,
            self.take,
        ]
        if self.wild:
            kinds += [self.get, self.help, self.wait]
        for statement in range(self.random.randint(2, 6)):
            yield self.random.choice(kinds)(statement, accesses)

    def accesses(self) -> list[Provider]:
        """Providers for one invoke, the next one last, mostly in the order in which they run."""
        places = [Provider(("lm_head",), Point.OUTPUT)]
        for number in reversed(range(LAYERS)):
            path = ("transformer", "h", Index(str(number), number))
            places += [Provider(path, Point.OUTPUT), Provider((*path, "mlp"), Point.OUTPUT)]
            places += [Provider((*path, "attn"), Point.OUTPUT), Provider(path, Point.INPUT)]
        chosen = sorted(self.random.choices(range(len(places)), k=6))
        if self.wild and self.random.random() < 0.15:
            self.random.shuffle(chosen)
        return [places[each] for each in chosen]

    def get(self, at: int, rest: list[Provider]) -> Operation:
        return Get(self.fresh(), at, rest.pop())

    def swap(self, at: int, rest: list[Provider]) -> Operation:
        """A swap where the output is a tensor of the shape of `ZERO` in every transformers."""
        wanted = rest.pop()
        return (Swap if wanted.path[-1] == "mlp" else Get)(self.fresh(), at, wanted)

    def define(self, at: int, rest: list[Provider]) -> Operation:
        nothing = self.random.random() < 0.1
        return Define(self.fresh(), at, self.random.choice(NAMES), nothing)

    def use(self, at: int, rest: list[Provider]) -> Operation:
        return Use(self.fresh(), at, self.random.choice(NAMES))

    def put(self, at: int, rest: list[Provider]) -> Operation:
        return Put(self.fresh(), at, "box", self.random.randrange(2))

    def take(self, at: int, rest: list[Provider]) -> Operation:
        return Take(self.fresh(), at, "box", self.random.randrange(2))

    def wait(self, at: int, rest: list[Provider]) -> Operation:
        name = f"barrier {self.random.randrange(2)}"
        self.calls[name] = self.calls.get(name, 0) + 1
        return Wait(self.fresh(), at, name)

    def help(self, at: int, rest: list[Provider]) -> Operation:
        """An access in a helper that has a local name of its own."""
        foreign = ((self.random.choice(NAMES), self.fresh()),)
        return Get(self.fresh(), at, rest.pop(), foreign)
