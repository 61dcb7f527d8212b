"""Steps come in the order in which Python evaluates an expression."""

from __future__ import annotations

import pytest

from nnmigrate.program import (
    Access,
    Bind,
    Compute,
    Item,
    Mutation,
    Read,
    Save,
    Step,
    Told,
    Write,
    build,
    flat,
)

PRELUDE = "from nnsight import LanguageModel\nm = LanguageModel('x')\n"


def _shown(code: str) -> list[str]:
    """The steps of a trace's body, each as a word or two; names of models are left out."""
    body = "".join(f"    {row}\n" for row in code.splitlines())
    program = build(f"{PRELUDE}with m.trace('p') as tracer:\n{body}")
    (trace,) = program.traces
    steps = flat(step for s in trace.body.statements for step in s.all_steps)
    return [shown for step in steps if (shown := _show(step))]


def _show(step: Step) -> str:
    if isinstance(step, Access):
        path = ".".join(str(getattr(part, "key", part)) for part in step.provider.path)
        return f"{'set' if step.swap else 'get'} {path} {step.provider.point.name.lower()}"
    if isinstance(step, Read):
        return "" if step.name == "m" else f"read {step.name}"
    if isinstance(step, Bind):
        return f"{step.how} {step.name}"
    if isinstance(step, Mutation):
        return f"{step.how} {step.path} {step.method or step.key}"
    if isinstance(step, Item):
        return f"item {step.path} {step.key}"
    if isinstance(step, Told):
        return step.what
    return {Compute: "compute", Write: "write", Save: "save"}.get(type(step), "")


@pytest.mark.parametrize(
    ("code", "steps"),
    [
        ("m.a.output = h", ["read h", "set a output"]),
        ("m.a.output[:] = h", ["read h", "get a output", "write"]),
        ("m.a.output[0][:, 1] = h", ["read h", "get a output", "compute", "write"]),
        ("x = m.a.output\nx[:] = h", ["get a output", "assign x", "read h", "read x", "write"]),
        ("y = m.a.output + h", ["get a output", "read h", "compute", "assign y"]),
        ("y = h + m.a.output", ["read h", "get a output", "compute", "assign y"]),
        ("m.a.output += h", ["get a output", "read h", "compute", "set a output"]),
        ("m.a.output[:] += h", ["get a output", "compute", "read h", "compute", "write"]),
        ("x = y = m.a.input", ["get a input", "assign x", "assign y"]),
        ("x = m.a.inputs[0]", ["get a input", "compute", "assign x"]),
        ("f(x := m.a.output, x)", ["read f", "get a output", "walrus x", "read x", "compute"]),
        ("d[k] = m.a.output", ["get a output", "read d", "read k", "setitem d None"]),
        ("d['k'] = 1", ["read d", "setitem d k"]),
        ("xs.append(m.a.output)", ["read xs", "get a output", "method xs append"]),
        ("s.h = m.a.output", ["get a output", "read s", "setattr s h"]),
        ("y = d['k']", ["read d", "item d k", "assign y"]),
        ("a, b = m.a.output", ["get a output", "unpack a", "unpack b"]),
        ("x = m.h[0].output.save()", ["get h.0 output", "save", "assign x"]),
        ("x = m.h[-1].mlp.output", ["get h.-1.mlp output", "assign x"]),
        ("f'{h} {m.a.output}'", ["read h", "get a output", "compute"]),
        ("y = h if c else g", ["read c", "read h", "read g", "assign y"]),
        ("del x", ["delete x"]),
        ("del (x, [y])", ["delete x", "delete y"]),
        ("del d['k']", ["read d", "delitem d k"]),
        ("del d[k], s.h", ["read d", "read k", "delitem d None", "read s", "delattr s h"]),
        ("del m.h[0]", []),
        ("m.h[0] = net", ["read net"]),
        ("a, *b = m.a.output", ["get a output", "unpack a", "unpack b"]),
        ("for a, *b in xs:\n    pass", ["read xs", "for a", "for b"]),
        ("y = d[f(0)][:, 1]", ["read d", "read f", "item d None", "assign y"]),
        ("y = d[a, b][0]", ["read d", "read a", "read b", "item d None", "assign y"]),
        ("f = lambda x=h: x", ["read h", "assign f"]),
        ("for d[0] in m.a.output:\n    pass", ["get a output", "read d", "item d 0"]),
        ("xs = [*m.a.output, h]", ["get a output", "read h", "assign xs"]),
        ("x = m.a.output\nx.label = h", ["get a output", "assign x", "read h", "read x", "write"]),
        (
            "y = m.a.output if c else m.b.output",
            ["read c", "either", "get a output", "get b output", "assign y"],
        ),
        (
            "match m.a.output:\n    case [x, *y] if c:\n        z = 1\n"
            "    case {'k': v, **w} as u:\n        pass",
            [
                "get a output",
                "match x",
                "match y",
                "read c",
                "match v",
                "match w",
                "match u",
                "assign z",
            ],
        ),
        ("try:\n    x = 1\nexcept:\n    y = 2", ["assign x", "assign y"]),
        ("x.add_(1)", ["read x", "method x add_"]),
        ("m.a.output.mul_(2)", ["get a output", "write"]),
        ("y = m.head(m.a.output)", ["get a output", "compute", "assign y"]),
        ("g = m.a.output.grad", ["get a output", "grad", "assign g"]),
        ("m.a.output.sum().backward()", ["get a output", "compute", "backward"]),
        ("m.a.output.stop()", ["get a output", "stop", "compute"]),
    ],
)
def test_order(code: str, steps: list[str]) -> None:
    assert _shown(code) == steps


def test_comprehension_is_a_frame_of_its_own() -> None:
    program = build(f"{PRELUDE}with m.trace('p'):\n    xs = [m.h[i].output for i in range(3)]\n")
    (statement,) = program.traces[0].body.statements
    steps = {type(step): step for step in statement.all_steps}
    access = steps[Access]
    assert isinstance(access, Access)
    assert access.foreign
    assert program.scopes[0].bindings.keys() == {"LanguageModel", "m", "xs"}


def test_lambda_reads_later() -> None:
    program = build(f"{PRELUDE}with m.trace('p'):\n    f = lambda x: x + h\n")
    (statement,) = program.traces[0].body.statements
    reads = [step for step in statement.all_steps if isinstance(step, Read)]
    assert [(read.name, read.nested) for read in reads] == [("h", True)]


def test_spans_cover_what_they_name() -> None:
    code = f"{PRELUDE}with m.trace('p'):\n\tx = (m.a.output # why\n\t  + 1).save()  # note\n"
    program = build(code)
    (statement,) = program.traces[0].body.statements
    texts = {type(step): program.text(step.span) for step in statement.all_steps}
    assert texts[Access] == "m.a.output"
    assert texts[Bind] == "x"
    assert texts[Save] == "(m.a.output # why\n\t  + 1).save()"
    assert program.text(statement.line) == "\tx = (m.a.output # why\n\t  + 1).save()  # note\n"
    assert statement.indent == "\t"


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_lines_end_as_the_document_does(end: str) -> None:
    newline = end or "\n"
    code = newline.join(["import nnsight", "a = 1; b = 2", "c = 3"]) + end
    _, first, second, last = build(code).scopes[0].body.statements
    assert (first.shared, second.shared, last.shared) == (True, True, False)
    assert code[last.line.start : last.line.end] == f"c = 3{end}"


@pytest.mark.parametrize("blanks", ["", " ", "\t  "])
def test_blanks_that_the_parser_forgets_move_no_place(blanks: str) -> None:
    code = f"import nnsight\ntry:\n    a = 1\nexcept E{blanks}:\n    b = 2\nc = 3\n"
    program = build(code)
    *_, tried, last = program.scopes[0].body.statements
    assert program.text(last.span) == "c = 3"
    assert [program.text(s.span) for block in tried.blocks for s in block.statements] == [
        "a = 1",
        "b = 2",
    ]
