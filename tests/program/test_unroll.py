"""A trace as one run of it does it: loops unrolled, branches chosen."""

from __future__ import annotations

import pytest

from nnmigrate.program import build
from nnmigrate.program.unroll import NotFollowed, Unrolled, unroll
from nnmigrate.schedule.values import Define, Get, Index, Put, Swap, Take, Wait

PRELUDE = "from nnsight import LanguageModel\nlm = LanguageModel('x')\n"


def _unrolled(body: str, before: str = "") -> tuple[Unrolled, ...]:
    rows = "".join(f"    {row}\n" for row in body.splitlines())
    (trace,) = build(f"{PRELUDE}{before}with lm.trace() as t:\n{rows}").traces
    return unroll(trace, ())


def _layers(run: Unrolled) -> list[list[object]]:
    """The indexes of the layers that each invoke reads, as far as they are known."""
    return [
        [
            next(part for part in operation.provider.path if isinstance(part, Index)).value
            for operation in invoke.operations
            if isinstance(operation, Get | Swap)
        ]
        for invoke in run.trace.invokes
    ]


INVOKE = "with t.invoke('p'):\n    {}"


@pytest.mark.parametrize(
    ("loop", "layers"),
    [
        ("for l in range(3):\n        x = lm.h[l].output", [0, 1, 2]),
        ("for l in range(1, 6, 2):\n        x = lm.h[l].output", [1, 3, 5]),
        ("for l in (4, 7):\n        x = lm.h[l].output", [4, 7]),
        ("for l in range(2):\n        x = lm.h[l + 1].output", [1, 2]),
        ("for i, l in enumerate([5, 8]):\n        x = lm.h[i].output", [0, 1]),
        ("xs = [lm.h[l].output for l in range(2)]", [0, 1]),
        ("for l in range(N):\n        x = lm.h[l].output", [0, 1, 2]),
        (
            "for l in range(2):\n        for k in range(2):\n            x = lm.h[k].output",
            [0, 1] * 2,
        ),
    ],
)
def test_known_loops(loop: str, layers: list[int]) -> None:
    (run,) = _unrolled(INVOKE.format(loop), "N = 3\n")
    assert _layers(run) == [layers]
    assert run.complete


@pytest.mark.parametrize(
    ("loop", "layers"),
    [
        ("for l in reversed(range(3)):", [2, 1, 0]),
        ("for l in reversed([4, 7]):", [7, 4]),
        ("for l in sorted(range(3, 0, -1)):", [1, 2, 3]),
        ("for l in list(range(2)):", [0, 1]),
        ("for l in [range(12)[-1], range(12)[0]]:", [11, 0]),
        ("for l in (1 + 2, 4 - 1):", [3, 3]),
    ],
)
def test_what_a_loop_goes_over_is_computed(loop: str, layers: list[int]) -> None:
    (run,) = _unrolled(INVOKE.format(f"{loop}\n        x = lm.h[l].output"))
    assert _layers(run) == [layers]
    assert run.complete


def test_an_index_beyond_the_end_is_not_known() -> None:
    (run,) = _unrolled(INVOKE.format("x = lm.h[range(3)[3]].output"))
    assert _layers(run) == [[None]]


def test_a_counter_behind_the_number_counts_too() -> None:
    (run,) = _unrolled(INVOKE.format("for l in range(2):\n        x = lm.h[2 + l].output"))
    assert _layers(run) == [[2, 3]]


@pytest.mark.parametrize(
    ("condition", "layers"),
    [
        ("l % 2 == 0", [0, 2]),
        ("l // 2", [2, 3]),
        ("l * 2 - 1 > 2", [2, 3]),
        ("l + 1 <= 2", [0, 1]),
        ("l != 1", [0, 2, 3]),
        ("l in (0, 3)", [0, 3]),
        ("l not in [0, 3]", [1, 2]),
        ("not l", [0]),
        ("-l < -1", [2, 3]),
        ("l == 0 or l == 3", [0, 3]),
        ("l > 0 and l < 3", [1, 2]),
        ("l == 9 and unknown", []),
        ("l >= 0 or unknown", [0, 1, 2, 3]),
        ("False", []),
    ],
)
def test_conditions_of_counters_are_decided(condition: str, layers: list[int]) -> None:
    body = f"for l in range(4):\n        if {condition}:\n            x = lm.h[l].output"
    runs = _unrolled(INVOKE.format(body))
    assert {tuple(_layers(run)[0]) for run in runs} == {tuple(layers)}


@pytest.mark.parametrize(
    "condition",
    ["l % 0", "l % n", "l in layers", "l in ()", "n in (0, 1)", "l in (0, n)", "~l", "not n",
     "l and n", "n or m", "l < n", "l / 2", "0 < l < 2", "l is n"],
)  # fmt: skip
def test_conditions_of_what_is_not_known_may_go_either_way(condition: str) -> None:
    body = f"for l in range(1, 3):\n        if {condition}:\n            x = lm.h[l].output"
    runs = _unrolled(INVOKE.format(body))
    assert [_layers(run)[0] for run in runs] == [[1, 2], []]


def test_of_many_conditions_only_the_case_that_all_hold_is_looked_at() -> None:
    rows = "\n".join(f"    if c{n}:\n        x = lm.h[{n}].output" for n in range(4))
    (run,) = _unrolled(f"with t.invoke('p'):\n{rows}")
    assert _layers(run) == [[0, 1, 2, 3]]


@pytest.mark.parametrize(
    ("end", "layers"),
    [
        ("break", [0, 5]),
        ("continue", [0, 1, 2, 7, 5]),
        ("return", [0]),
        ("raise E", [0]),
        ("pass", [0, 8, 1, 8, 2, 8, 7, 5]),
    ],
)
def test_what_leaves_a_loop(end: str, layers: list[int]) -> None:
    body = (
        f"for l in range(3):\n        x = lm.h[l].output\n        {end}\n"
        "        y = lm.h[8].output\n    else:\n        y = lm.h[7].output\n    z = lm.h[5].output"
    )
    (run,) = _unrolled(INVOKE.format(body))
    assert _layers(run) == [layers]


@pytest.mark.parametrize(
    ("end", "layers"),
    [
        ("break", [[0], [5]]),
        ("continue", [[0], [1], [7], [5]]),
        ("return", [[0]]),
        ("pass", [[0], [8], [1], [8], [7], [5]]),
    ],
)
def test_what_leaves_a_loop_of_invokes(end: str, layers: list[list[int]]) -> None:
    invoke = "with t.invoke('p'):\n{0}    x = lm.h[{1}].output\n"
    body = (
        f"for l in range(2):\n    {invoke.format('    ', 'l')}    if True:\n        {end}\n"
        f"    {invoke.format('    ', 8)}else:\n    {invoke.format('    ', 7)}"
        f"{invoke.format('', 5)}"
    )
    (run,) = _unrolled(body)
    assert _layers(run) == layers


@pytest.mark.parametrize("loop", ["for l in layers:", "for l in range(n()):", "while go():"])
def test_unknown_loops_turn_twice(loop: str) -> None:
    (run,) = _unrolled(INVOKE.format(f"{loop}\n        x = lm.h[l].output"))
    assert len(_layers(run)[0]) == 2
    assert not run.complete


def test_layers_that_a_loop_walks_over_are_in_order() -> None:
    (run,) = _unrolled(INVOKE.format("for layer in lm.h:\n        x = layer.output"))
    gets = [each for each in run.trace.invokes[0].operations if isinstance(each, Get)]
    first, second = (get.provider.path[-1] for get in gets)
    assert isinstance(first, Index)
    assert isinstance(second, Index)
    loop, turn = first.sequence or ("", 0)
    assert second.sequence == (loop, turn + 1)


@pytest.mark.parametrize(
    "loop",
    [
        "for layer in reversed(lm.h):\n        x = layer.output",
        "for layer in reversed(lm.h[2:5]):\n        x = layer.output",
        "for l in reversed(range(n())):\n        x = lm.h[l].output",
    ],
)
def test_layers_that_a_loop_walks_over_in_reverse_come_in_the_opposite_order(loop: str) -> None:
    (run,) = _unrolled(INVOKE.format(loop))
    gets = [each for each in run.trace.invokes[0].operations if isinstance(each, Get)]
    parts = [get.provider.path[-1] for get in gets]
    ways = [part.sequence or ("", 0) for part in parts if isinstance(part, Index)]
    assert ways[0][0] == ways[1][0] != ""
    assert [turn for _, turn in ways] == [0, -1]


def test_layers_of_some_are_not_known_by_their_number() -> None:
    (run,) = _unrolled(INVOKE.format("few = lm.h[2:4]\n    x = few[1].output\n    few[1].output"))
    gets = [each for each in run.trace.invokes[0].operations if isinstance(each, Get)]
    one, other = (get.provider.path[-1] for get in gets)
    assert isinstance(one, Index)
    assert one.value is None
    assert one != other


def test_invokes_in_a_loop_are_one_a_turn() -> None:
    (run,) = _unrolled("for l in range(3):\n    with t.invoke('p'):\n        x = lm.h[l].output")
    assert _layers(run) == [[0], [1], [2]]
    assert run.instances == (0, 0, 0)
    captured = [dict(invoke.captured) for invoke in run.trace.invokes]
    assert len({names["l"] for names in captured}) == 3


def test_conditions_that_are_the_same_go_the_same_way() -> None:
    body = (
        "with t.invoke('p'):\n    if c:\n        x = lm.h[1].output\n"
        "with t.invoke('q'):\n    if c:\n        y = lm.h[2].output\n    else:\n"
        "        y = lm.h[3].output"
    )
    assert [_layers(run) for run in _unrolled(body)] == [[[1], [2]], [[], [3]]]


def test_items_are_told_by_the_counters() -> None:
    body = (
        "xs = []\nwith t.invoke('p'):\n    for l in range(2):\n        xs.append(lm.h[l].output)\n"
        "with t.invoke('q'):\n    for l in range(2):\n        lm.h[l].output = xs[l]"
    )
    (run,) = _unrolled(body)
    first, second = (invoke.operations for invoke in run.trace.invokes)
    assert [each.key for each in first if isinstance(each, Put)] == [0, 1]
    assert [each.key for each in second if isinstance(each, Take)] == [0, 1]


def test_lists_of_barriers() -> None:
    body = (
        "bs = [t.barrier(2) for _ in range(2)]\nwith t.invoke('p'):\n    for l in range(2):\n"
        "        bs[l]()\nwith t.invoke('q'):\n    bs[1]()"
    )
    (run,) = _unrolled(body)
    waits = [
        [each.barrier for each in invoke.operations if isinstance(each, Wait)]
        for invoke in run.trace.invokes
    ]
    assert waits == [[waits[0][0], waits[1][0]], [waits[0][1]]]
    assert dict(run.trace.barriers) == dict.fromkeys(waits[0], 2)


def test_none_is_told() -> None:
    (run,) = _unrolled(INVOKE.format("flag = None"))
    defines = [each for each in run.trace.invokes[0].operations if isinstance(each, Define)]
    assert [(each.name, each.nothing) for each in defines] == [("flag", True)]


def test_helpers_access_in_their_own_frame() -> None:
    before = "def get(l):\n    h = 1\n    return lm.h[l].output\n"
    (run,) = _unrolled(INVOKE.format("x = get(2)"), before)
    (access,) = (each for each in run.trace.invokes[0].operations if isinstance(each, Get))
    assert access.foreign is not None
    assert [name for name, _ in access.foreign] == ["l", "h"]


@pytest.mark.parametrize(
    "body",
    [
        INVOKE.format("with t.iter[:3]:\n        x = lm.h[0].output"),
        INVOKE.format("for i in t.iter[:3]:\n        x = lm.h[0].output"),
        INVOKE.format("lm.h[0].next()"),
        INVOKE.format("del x"),
        INVOKE.format("match x:\n        case 1:\n            y = lm.h[0].output"),
        INVOKE.format(
            "for a in range(40):\n        for b in range(40):\n            x = lm.h[b].output"
        ),
        INVOKE.format("for a in range(200):\n        for b in range(200):\n            pass"),
        "b = t.barrier(n)\nwith t.invoke('p'):\n    b()",
        "bs = [t.barrier(2) for _ in range(2)]\nwith t.invoke('p'):\n    bs[-1]()",
        "bs = [t.barrier(2) for _ in range(2)]\nwith t.invoke('p'):\n    bs[n]()",
    ],
)
def test_what_is_not_followed(body: str) -> None:
    with pytest.raises(NotFollowed):
        _unrolled(body)


def test_a_session_has_no_run_of_its_own() -> None:
    session, _ = build(
        f"{PRELUDE}with lm.session():\n    with lm.trace('p'):\n        pass\n"
    ).traces
    with pytest.raises(NotFollowed):
        unroll(session, ())
