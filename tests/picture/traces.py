"""Traces whose behaviour on nnsight 0.5.15 was observed, and short words for what is drawn."""

from __future__ import annotations

from textwrap import indent

from nnmigrate.picture import Document, Picture, Shown
from nnmigrate.picture.model import Crossing, RowKind

HEAD = """\
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""


def trace_of(*invokes: str, body: str = "", before: str = "") -> str:
    """A program with one trace; each text is the suite of an invoke."""
    lines = [HEAD, before, "with lm.trace() as tracer:\n", indent(body, " " * 4)]
    for number, suite in enumerate(invokes):
        lines += [f"    with tracer.invoke({f'prompt {number + 1}'!r}):\n", indent(suite, " " * 8)]
    return "".join(lines)


def shown(code: str, unsafe: bool = False) -> Shown:
    """The first trace of a program before and after the fix."""
    document = Document(code, unsafe=unsafe, name="experiment.py")
    return document.shown(document.traces()[0])


def marks(picture: Picture) -> list[tuple[str, str, str]]:
    """The marks in the order in which they happen: lane, statement, state."""
    return [(picture.lanes[m.lane].title, m.text, m.state.value) for m in picture.marks]


def arrows(picture: Picture) -> list[tuple[str, str, str, Crossing]]:
    """Name, lane of the source, lane of the target, and how the value fares."""
    lane = [picture.lanes[mark.lane].title for mark in picture.marks]
    return [(a.name, lane[a.source], lane[a.target], a.crossing) for a in picture.arrows]


def moments(picture: Picture) -> list[str]:
    """The modules on the axis, from the first to the last."""
    return [row.label for row in picture.rows if row.label]


def stop(picture: Picture) -> str | None:
    """With what 0.5 ends the trace."""
    return next((row.text for row in picture.rows if row.kind is RowKind.STOP), None)


SWAP = trace_of(
    "clean = lm.transformer.h[1].output\n",
    "lm.transformer.h[1].output = clean\nout = lm.lm_head.output.save()\n",
)
"""p01 of the semantics: NameError on 0.5.15; equal to 0.4 with the barrier."""

LATE_BARRIER = trace_of(
    "clean = lm.transformer.h[1].output\nlogits = lm.lm_head.output.save()\nbarrier()\n",
    "barrier()\nlm.transformer.h[1].output = clean\nout = lm.lm_head.output.save()\n",
    body="barrier = tracer.barrier(2)\n",
)
"""3b: `h.1.output` was not provided."""

RIGHT_BARRIER = trace_of(
    "clean = lm.transformer.h[1].output\nbarrier()\n",
    "barrier()\nlm.transformer.h[1].output = clean\nout = lm.lm_head.output.save()\n",
    body="barrier = tracer.barrier(2)\n",
)
"""3a: equal to 0.4."""

PARKED = RIGHT_BARRIER.replace("barrier(2)", "barrier(3)")
"""3f: TypeError."""

HANDLE_FIRST = trace_of(
    "clean = lm.transformer.h[1].output\n",
    "x = lm.transformer.h[1].output\nx[:] = clean\nout = lm.lm_head.output.save()\n",
)
"""p03: equal to 0.4 as it stands."""

STALE = HANDLE_FIRST.replace("with lm.trace()", "clean = 0.0\nwith lm.trace()")
"""2d: the module's own value is used, and nothing raised."""

BACKWARD = trace_of(
    "late = lm.transformer.h[5].output\n",
    "lm.transformer.h[1].output[:] = late\nout = lm.lm_head.output.save()\n",
)
"""5i: no single run can do it."""

OUT_OF_ORDER = f"""{HEAD}
with lm.trace("a b c"):
    late = lm.transformer.h[9].output.save()
    early = lm.transformer.h[2].output.save()
"""
"""p42: OutOfOrderError."""

BESIDE = trace_of("logits = lm.lm_head.output\n") + "    total = logits.sum().save()\n"
"""p35: UnboundLocalError, before the model runs."""
