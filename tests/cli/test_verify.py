"""`nnmigrate verify` and `fix --verify`, on the real nnsight 0.4.11 and 0.5.15."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

import nnmigrate.executor
from nnmigrate.executor import Environment, EnvironmentFailure, Executors

from .runner import run

FIXTURES = Path(__file__).parents[2] / "fixtures"
HEAD = """import nnsight
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""
TRACED = HEAD + "with lm.trace('a b', scan=False):\n    out = (lm.lm_head.output{}).save()\n"
SAFE = TRACED.format("")
# Only an unsafe fix names the steps.
UNSAFE = f"""{HEAD}with lm.generate('a b', max_new_tokens=2):
    a = lm.lm_head.output.save()
    b = lm.lm_head.next().output.save()
    c = lm.transformer.ln_f.next().output.save()
"""
# No fix moves it: `g` is None on 0.5.
DIFFERS = f"""{HEAD}wanted = True
with lm.trace('a b', scan=False):
    h = lm.transformer.h[1].mlp.output
    if wanted:
        g = h.grad.save()
    lm.lm_head.output.sum().backward()
"""
FAILS = f"{HEAD}import nothing_of_the_kind\nwith lm.trace('a', scan=False):\n    pass\n"


@pytest.fixture(autouse=True)
def both(executors: Executors, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two versions are started once for all tests."""

    @contextmanager
    def started(*environments: object) -> Iterator[Executors]:
        yield executors

    monkeypatch.setattr(nnmigrate.executor, "executors", started)


def put(**programs: str) -> dict[str, bytes]:
    for name, text in programs.items():
        Path(f"{name}.py").write_text(text)
    return contents()


def contents() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path().glob("*.py")}


def test_each_program_is_migrated_in_memory_and_run() -> None:
    before = put(a=SAFE, b=UNSAFE, c=DIFFERS, d="print('no model here')\n")
    done = run("verify", ".")
    assert done.stdout.splitlines()[0] == "a.py: proved"
    assert done.stdout.splitlines()[1] == "b.py: proved (with unsafe fixes)"
    assert "c.py: differs: " in done.stdout
    assert "d.py" not in done.stdout
    assert done.stdout.splitlines()[-1] == "2 proved, 1 differs."
    assert done.exit_code == 1
    assert contents() == before


def test_what_cannot_be_judged() -> None:
    before = put(a=FAILS, b="with lm.trace(:\n")
    done = run("verify", "a.py", "b.py", "missing.py")
    assert done.exit_code == 2
    assert done.stdout.startswith(
        "a.py: inconclusive: the original itself fails: ModuleNotFoundError"
    )
    assert "(line 5)" in done.stdout
    assert "b.py:1:" in done.stderr
    assert "missing.py:1:1: cannot read" in done.stderr
    assert contents() == before


@pytest.mark.parametrize(
    ("other", "words", "code"),
    [
        ("", "b.py: proved", 0),
        (" + 1", "b.py: differs: `out`: ", 1),
        ("", "b.py: inconclusive: ", 2),
    ],
    ids=["same", "different", "inconclusive"],
)
def test_two_files_are_compared(other: str, words: str, code: int) -> None:
    put(a=FAILS if code == 2 else SAFE, b=TRACED.format(other).replace(", scan=False", ""))
    done = run("verify", "a.py", "b.py")
    assert done.stdout.startswith(words)
    assert done.exit_code == code


def test_two_files_may_be_two_programs() -> None:
    put(a=SAFE, b=TRACED.format(" + 1"))
    done = run("verify", "--each", "a.py", "b.py")
    assert done.stdout.splitlines() == ["a.py: proved", "b.py: proved", "2 proved."]
    assert done.exit_code == 0


def test_fix_writes_only_what_is_proved() -> None:
    before = put(a=SAFE, b=UNSAFE, c=DIFFERS)
    done = run("fix", "--verify", "--unsafe-fixes", ".")
    after = contents()
    assert b"scan" not in after["a.py"]
    assert b"tracer.iter[1]" in after["b.py"]
    assert after["c.py"] == before["c.py"]
    assert "c.py: differs: " in done.stderr
    assert "NNS501" in done.stdout
    assert done.exit_code == 1


def test_fix_tries_the_safe_fixes_where_the_unsafe_ones_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(b=UNSAFE.replace("'a b', max", "'a b', validate=False, max"))
    judged = []

    def judge(baseline: object, after: nnmigrate.executor.Script, *_: object) -> object:
        judged.append(after.source)
        unsafe = b"tracer.iter" in after.source
        outcome = (
            nnmigrate.executor.Outcome.DIFFERENT if unsafe else nnmigrate.executor.Outcome.SAME
        )
        return nnmigrate.executor.Verdict(outcome, "made up" if unsafe else "")

    monkeypatch.setattr("nnmigrate.proving.judge", judge)
    assert run("fix", "--verify", "--unsafe-fixes", "b.py").exit_code == 1
    assert len(judged) == 2
    assert contents()["b.py"] == judged[1]
    assert b"validate" not in judged[1]
    assert b".next()" in judged[1]


def test_fix_leaves_what_cannot_be_judged() -> None:
    before = put(a=FAILS)
    done = run("fix", "--verify", "a.py")
    assert done.exit_code == 2
    assert "a.py: inconclusive: " in done.stderr
    assert contents() == before


def test_fix_runs_nothing_where_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    put(a=SAFE.replace(", scan=False", ""))
    monkeypatch.setattr("nnmigrate.proving.judge", None)
    assert run("fix", "--verify", "a.py").exit_code == 0


@pytest.mark.parametrize("arguments", [("--diff", "."), ("-",)])
def test_fix_verifies_only_what_it_writes(arguments: tuple[str, ...]) -> None:
    done = run("fix", "--verify", *arguments)
    assert done.exit_code == 2
    assert "--verify is about what is written" in done.stderr


@pytest.fixture
def asked(
    environment_05: Environment, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, dict[str, object]]]:
    """What environments are asked for, by version and options; none is made."""
    calls: list[tuple[str, dict[str, object]]] = []

    def ensure(version: str, **how: object) -> Environment:
        calls.append((version, how))
        return environment_05

    monkeypatch.setattr(nnmigrate.executor, "ensure", ensure)
    return calls


@pytest.mark.parametrize(
    ("target", "release"),
    [("0.6", "0.6.3"), ("0.7", "0.7.0"), ("0.8", "0.8.1"), ("0.8.0", "0.8.0")],
)
def test_a_line_stands_for_its_last_release(
    asked: list[tuple[str, dict[str, object]]], target: str, release: str
) -> None:
    put(a=SAFE)
    run("verify", "a.py", "--target-version", target)
    assert [version for version, _ in asked] == ["0.4.11", release]


def test_versions_and_options_reach_the_environments(
    asked: list[tuple[str, dict[str, object]]],
) -> None:
    put(a=SAFE)
    run("verify", "a.py", "--target-version", "0.6", "--transformers", "4.50.0", "--python", "3.11")
    run("verify", "a.py", "--nnsight", "0.4.5,0.5.3", "--find-links", "w", "--installer-option=-q")
    (old, how), (new, _), *pinned = asked
    assert (old, new) == ("0.4.11", "0.6.3")
    assert how == {"transformers": "4.50.0", "python": "3.11", "options": []}
    assert [version for version, _ in pinned] == ["0.4.5", "0.5.3"]
    assert pinned[0][1]["options"] == ["-q", "--find-links", "w"]


def test_no_environment_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def ensure(version: str, **_: object) -> Environment:
        raise EnvironmentFailure("no network")

    monkeypatch.setattr(nnmigrate.executor, "ensure", ensure)
    put(a=SAFE)
    done = run("verify", "a.py")
    assert done.exit_code == 2
    assert "no environment with nnsight 0.4.11" in done.stderr
    assert "--before-python" in done.stderr
    assert "no network" in done.stderr


@pytest.mark.parametrize("pair", ["0.4.11", "0.4.11,", ",0.5.15"])
def test_versions_are_a_pair(pair: str) -> None:
    put(a=SAFE)
    done = run("verify", "a.py", "--nnsight", pair)
    assert done.exit_code == 2
    assert "is no pair" in done.stderr


def test_in_a_process_of_its_own() -> None:
    """With a program for a newer transformers, where GPT-2's layers give no tuples any more."""
    tensors = f"{HEAD}with lm.trace('a b', scan=False):\n"
    tensors += "    h = lm.transformer.h[1].output.sum().save()\n"
    put(a=tensors, b=SAFE)
    command = [sys.executable, "-m", "nnmigrate", "verify", "."]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "a.py: proved",
        "  note: ran with transformers 5.23.0: its layers give tensors",
        "b.py: proved",
        "2 proved.",
    ]
    assert done.returncode == 0


@pytest.mark.usefixtures("alone")
def test_a_matrix_of_versions(asked: list[tuple[str, dict[str, object]]]) -> None:
    put(a=SAFE, c=DIFFERS, d="print('no model here')\n")
    done = run("verify", "--matrix", "0.5.15, 0.6.3", ".")
    head, first, second, *reasons, stays = done.stdout.splitlines()
    assert head.split() == ["program", "0.5.15", "0.6.3"]
    assert first.split() == ["a.py", "proved", "proved"]
    assert second.split() == ["c.py", "differs", "differs"]
    assert [reason.split(": ")[0] for reason in reasons] == ["c.py on 0.5.15", "c.py on 0.6.3"]
    assert stays.startswith("c.py, line 9 of its rewrite, on 0.5.15, 0.6.3: NNS501 ")
    assert done.exit_code == 1
    assert [version for version, _ in asked] == ["0.4.11", "0.5.15", "0.6.3"]


@pytest.mark.usefixtures("alone", "asked")
def test_a_matrix_says_which_lines_a_later_version_does_not_take() -> None:
    put(
        a=f"{HEAD}with lm.generate('a b', max_new_tokens=2):\n"
        "    with lm.lm_head.all():\n"
        "        out = lm.lm_head.output.save()\n"
        "    last = lm.generator.output.save()\n"
    )
    lines = run("verify", "--matrix", "0.5.15,0.8.1", "a.py").stdout.splitlines()
    assert lines[-1].startswith("a.py, line 6 of its rewrite, on 0.8.1: NNS603 ")
    assert not any("on 0.5.15: NNS" in line for line in lines)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--matrix", "0.5.15,0.9.1"),
        ("--nnsight", "0.4.11,0.9.0"),
        ("--target-version", "0.9"),
    ],
)
def test_0_9_cannot_be_run_yet(arguments: tuple[str, ...]) -> None:
    put(a=SAFE)
    done = run("verify", "a.py", *arguments)
    assert done.exit_code == 2
    assert "0.8 is the newest" in done.stderr


def test_a_matrix_of_what_are_no_versions() -> None:
    put(a=SAFE)
    done = run("verify", "a.py", "--matrix", "0.5.15,new")
    assert done.exit_code == 2
    assert "'new' is no version" in done.stderr


def test_the_projects_own_settings_count(asked: list[tuple[str, dict[str, object]]]) -> None:
    table = '[tool.nnmigrate]\ntarget-version = "0.6"\nignore = ["NNS501"]\n'
    Path("pyproject.toml").write_text(table)
    put(a=DIFFERS.replace("    if wanted:\n    ", ""))
    # Without that rule the gradient stays above the pass that makes it.
    done = run("verify", "a.py")
    assert [version for version, _ in asked] == ["0.4.11", "0.6.3"]
    assert done.stdout.startswith("a.py: differs: ")
    assert run("verify", "a.py", "--ignore", "NNS101").stdout.startswith("a.py: proved")


def test_notebooks_are_programs() -> None:
    cells = [HEAD, "%matplotlib inline\nwith lm.trace('a b', scan=False):\n", "x = 1\ny = z\n"]
    cells[1] += "    out = lm.lm_head.output.save()\n"
    for name, last in (("good", "display(out.shape)"), ("bad", "x = 1\ny = z\n")):
        sources = [{"cell_type": "code", "source": text} for text in (*cells[:2], last)]
        Path(f"{name}.ipynb").write_text(json.dumps({"cells": sources}))
    Path("none.ipynb").write_text("nothing with nnsight")
    before = {path.name: path.read_bytes() for path in Path().glob("*.ipynb")}
    done = run("verify", ".")
    bad, good, _ = done.stdout.splitlines()
    assert bad == (
        "bad.ipynb: inconclusive: the original itself fails: "
        "NameError: name 'z' is not defined (cell 3, line 2)"
    )
    assert good == "good.ipynb: proved"
    assert "none.ipynb:1:1: cannot read: not a notebook" in done.stderr
    assert done.exit_code == 2
    assert {path.name: path.read_bytes() for path in Path().glob("*.ipynb")} == before


def test_a_notebook_against_its_migration() -> None:
    for name, code in (("old", SAFE), ("new", TRACED.format(" + 1").replace(", scan=False", ""))):
        cells = [{"cell_type": "code", "source": code.splitlines(keepends=True)}]
        Path(f"{name}.ipynb").write_text(json.dumps({"cells": cells}))
    done = run("verify", "old.ipynb", "new.ipynb")
    assert done.stdout.startswith("new.ipynb: differs: `out`: ")
    assert done.exit_code == 1


MODULE = """def run(lm):
    rows = []
    with lm.trace('a b', scan=False):
        rows.append(lm.lm_head.output.save())
    return rows[0].value
"""
IMPORTER = f"import helper\n{HEAD}rows = helper.run(lm)\n"


def test_modules_are_migrated_with_what_imports_them() -> None:
    before = put(helper=MODULE, main=IMPORTER)
    done = run("verify", ".")
    assert done.stdout.splitlines() == [
        "helper.py: is proved with the programs that import it",
        "main.py: proved",
        "1 proved.",
    ]
    assert done.exit_code == 0
    assert contents() == before


def test_fix_writes_a_module_that_is_proved_by_what_imports_it() -> None:
    before = put(helper=MODULE, main=IMPORTER)
    assert run("fix", "--verify", ".").exit_code == 0
    after = contents()
    assert after["main.py"] == before["main.py"]
    assert b"scan" not in after["helper.py"]


def test_fix_takes_a_module_as_it_will_be() -> None:
    """Only the program is fixed: with its old module it does not run on 0.5."""
    before = put(helper=MODULE, main=IMPORTER.replace("import helper", "import helper, nnsight"))
    put(main=before["main.py"].decode() + "with lm.trace('a', scan=False):\n    pass\n")
    before = contents()
    done = run("fix", "--verify", "main.py")
    assert "main.py: differs: fails: " in done.stderr
    assert contents() == before


def test_what_a_remote_trace_sent() -> None:
    put(a=SAFE.replace("scan=False", "scan=False, remote=True"))
    lines = run("verify", "a.py", "--requests").stdout.splitlines()
    assert lines[0] == "a.py: proved"
    assert re.fullmatch(r"  request 1: [\d,]+ bytes sent, [\d,]+ received: out", lines[1])
    assert len(run("verify", "a.py").stdout.splitlines()) == 2


def test_rounding_is_said(executors: Executors) -> None:
    before = put(old=TRACED.format(""), new=TRACED.format(".mul(1 + 1e-7)"))
    put(new=before["new.py"].decode().replace(", scan=False", ""))
    done = run("verify", "old.py", "new.py")
    assert done.stdout.startswith("new.py: proved but for rounding: `out`: differs by at most ")
    assert done.exit_code == 0


@pytest.fixture
def alone(executors: Executors, monkeypatch: pytest.MonkeyPatch) -> None:
    """The side that runs alone is one of the two that run already."""

    @contextmanager
    def started(find: partial[Environment]) -> Iterator[object]:
        old = find.func.__name__ == "old_environment"
        find()
        yield executors.baseline if old else executors.migrated

    for module in ("commands.verifying", "commands.proofs"):
        monkeypatch.setattr(f"nnmigrate.{module}.side", started)


@pytest.mark.usefixtures("alone")
def test_a_baseline_is_kept_and_stands_in_for_0_4() -> None:
    put(a=SAFE, c=DIFFERS, e=FAILS, d="print('no model here')\n")
    done = run("verify", "--record", "kept.json", ".")
    assert done.stdout.splitlines() == [
        "a.py: recorded",
        "c.py: recorded",
        "e.py: fails: ModuleNotFoundError: No module named 'nothing_of_the_kind' (line 5)",
        "3 recorded in kept.json.",
    ]
    assert done.exit_code == 0
    # By hand, and wrongly.
    put(a=TRACED.format(" * 2").replace(", scan=False", ""), new=SAFE)
    done = run("verify", "--against", "kept.json", ".")
    a, c, e, new, _ = done.stdout.splitlines()
    assert a.startswith("a.py: differs: `out`: ")
    assert c.startswith("c.py: differs: ")
    assert e.startswith("e.py: inconclusive: the original itself fails: ModuleNotFoundError")
    assert new == "new.py: inconclusive: there is no recording of it"
    put(a=SAFE)
    done = run("verify", "--against", "kept.json", "a.py")
    assert (done.stdout, done.exit_code) == ("a.py: proved\n1 proved.\n", 0)


@pytest.mark.usefixtures("alone")
def test_baselines_that_cannot_be_used() -> None:
    put(a=SAFE)
    Path("bad.json").write_text("{}")
    done = run("verify", "--against", "bad.json", "a.py")
    assert done.exit_code == 2
    assert "bad.json is no recording" in done.stderr
    Path("kept.json").write_text(
        '{"format": 1, "nnsight": "0.4.11", "transformers": "4.40.0", "programs": {}}'
    )
    with zipfile.ZipFile("kept.npz", "w"):
        pass
    done = run("verify", "--against", "kept.json", "a.py")
    assert done.exit_code == 2
    assert "--transformers 4.40.0" in done.stderr
    done = run("verify", "--record", "no/folder.json", "a.py")
    assert done.exit_code == 2
    assert "cannot write no/folder.json" in done.stderr.replace("\\", "/")


def test_one_way_at_a_time() -> None:
    put(a=SAFE, kept="")
    done = run("verify", "--matrix", "0.6.3", "--against", "kept.py", "a.py")
    assert done.exit_code == 2
    assert "exclude one another" in done.stderr


def test_limits_are_options() -> None:
    put(a=SAFE + "import time\ntime.sleep(30)\n", b=SAFE + "x = bytearray(2**31)\n")
    done = run("verify", "--each", "a.py", "b.py", "--limit", "3", "--memory", "1.5")
    a, b, _ = done.stdout.splitlines()
    assert a == "a.py: inconclusive: the original was not finished after 3 s"
    assert b.startswith("b.py: inconclusive: the original itself fails: MemoryError")


def test_a_program_that_is_half_migrated() -> None:
    """0.4 runs it without its barriers, which it has not; they stand too late for 0.5."""
    put(
        a=f"""{HEAD}with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke('a b'):
        h = lm.transformer.h[1].mlp.output
        first = lm.lm_head.output.save()
        barrier()
    with tracer.invoke('c d'):
        barrier()
        lm.transformer.h[1].mlp.output = h
        out = lm.lm_head.output.save()
"""
    )
    lines = run("verify", "a.py").stdout.splitlines()
    assert lines[:2] == [
        "a.py: proved",
        "  note: 0.4 has no barriers: the original ran without them",
    ]


def test_what_0_4_ignored_is_said_of_a_difference() -> None:
    """0.4 never ran the block behind the first one; 0.5 does."""
    put(a=Path(FIXTURES / "ignored_by_0_4" / "before.py").read_text())
    lines = run("verify", "a.py").stdout.splitlines()
    assert lines[0].startswith("a.py: differs: ")
    assert any(re.match(r"  note: line \d+: NNS105 nnsight 0.4 silently", line) for line in lines)


@pytest.mark.parametrize("arguments", [("verify", "a.py"), ("fix", "--verify", "a.py")])
def test_systems_that_cannot_fork(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = put(a=SAFE)
    monkeypatch.delattr("os.fork")
    done = run(*arguments)
    assert done.exit_code == 2
    assert "Linux and macOS only" in done.stderr
    assert contents() == before


def test_a_report_says_what_was_proved() -> None:
    before = put(a=SAFE, b=UNSAFE, c=DIFFERS, d="print('no model here')\n")
    done = run("report", "--verify", "--unsafe-fixes", ".")
    page = done.stdout
    assert "**This code was run:** each old program on nnsight 0.4.11" in page
    assert "and its migration on nnsight 0.5.15" in page
    assert "| `a.py` | **proved** |" in page
    assert "| `b.py` | **proved** |" in page
    assert "| `c.py` | **differs** | `g`: " in page
    assert "| Proved by running | 1 differs, 2 proved |" in page
    assert "d.py" not in page
    assert done.exit_code == 1
    assert contents() == before
