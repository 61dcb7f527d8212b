"""What ``remote=True`` comes to, on both versions."""

from __future__ import annotations

from pathlib import Path

import pytest

import nnmigrate.executor
from nnmigrate.executor import Conditions, Environment, Executor, Observation, Script

MODEL = "from nnsight import LanguageModel\nlm = LanguageModel('gpt2', device_map='auto')\n"
TRACE = MODEL + "with lm.trace('a b c', remote=True):\n"


def texts(observed: Observation) -> dict[str, str]:
    return {name: value.text for name, value in observed.values.items()}


@pytest.mark.parametrize("remote", [False, True])
def test_saved_names_come_back(executor_04: Executor, executor_05: Executor, remote: bool):
    text = TRACE + "    h = lm.transformer.h[1].mlp.output.save()\n"
    old, new = executor_04.run(text, remote=remote), executor_05.run(text, remote=remote)
    assert old.values["h"].sha256 == new.values["h"].sha256 != ""
    assert [len(run.requests) for run in (old, new)] == [remote, remote]


def test_a_request_is_noted(executor_05: Executor):
    text = TRACE + "    h = lm.lm_head.output.save()\n    lost = h * 2\n"
    (request,) = executor_05.run(text, remote=True).requests
    assert request.names == ("h",)
    assert request.sent > 100
    assert request.received > 100


def test_what_is_outside_is_not_changed_by_the_server(executor_05: Executor):
    text = (
        MODEL
        + """
class Box: pass
results, rows, box = {}, [], Box()
with lm.trace("a b c", remote=True):
    results["h"] = lm.lm_head.output.save()
    rows.append(1)
    box.h = 1
    results.save()
size = len(results), len(rows), hasattr(box, "h")
"""
    )
    local, remote = executor_05.run(text), executor_05.run(text, remote=True)
    assert [item.text for _, item in local.values["size"].items] == ["1", "1", "True"]
    assert [item.text for _, item in remote.values["size"].items] == ["0", "0", "False"]


def test_on_04_what_is_outside_fills_up(executor_04: Executor):
    text = MODEL + (
        "results = {}\n"
        "with lm.trace('a b c', remote=True):\n"
        "    results['h'] = lm.lm_head.output.sum().save()\n"
    )
    local, remote = executor_04.run(text), executor_04.run(text, remote=True)
    assert local.values["results"] == remote.values["results"]
    assert remote.values["results"].computed


def test_an_alias_that_is_saved_comes_back(executor_05: Executor):
    text = MODEL + (
        "import nnsight\n"
        "results = {}\n"
        "with lm.trace('a b c', remote=True):\n"
        "    mine = nnsight.save(results)\n"
        "    results['n'] = 1\n"
        "same = mine is results\n"
    )
    remote = executor_05.run(text, remote=True)
    assert len(remote.values["mine"].items) == 1
    assert texts(remote)["same"] == "False"


def test_a_name_read_before_it_is_assigned_is_unbound_there(executor_05: Executor):
    text = MODEL + "n = 0\nwith lm.trace('a b c', remote=True):\n    n += 1\n"
    assert executor_05.run(text).error is None
    error = executor_05.run(text, remote=True).error
    assert error is not None
    assert error.type == "RemoteException"
    assert error.message.startswith("UnboundLocalError")
    assert error.line == 5


def test_the_server_finds_no_names_but_those_sent(executor_05: Executor):
    text = TRACE + "    seen = sorted(n for n in locals() if not n.startswith('__nn')).save()\n"
    assert executor_05.run(text, remote=True).values["seen"].items == ()


def test_the_server_has_not_the_users_modules(executor_05: Executor, tmp_path: Path):
    (tmp_path / "helpers.py").write_text("def double(x):\n    return x * 2\n")
    script = tmp_path / "program.py"
    script.write_text(
        "from helpers import double\n" + TRACE + "    h = double(lm.lm_head.output).save()\n"
    )
    assert executor_05.run(script).error is None
    error = executor_05.run(script, remote=True).error
    assert error is not None
    assert "ModuleNotFoundError" in error.message


def test_functions_of_the_script_are_sent_along(executor_05: Executor):
    text = (
        "def double(x):\n    return x * 2\n" + TRACE + "    h = double(lm.lm_head.output).save()\n"
    )
    local, remote = executor_05.run(text), executor_05.run(text, remote=True)
    assert local.values["h"].sha256 == remote.values["h"].sha256 != ""


@pytest.mark.parametrize("version", ["04", "05"])
def test_the_server_has_weights_of_its_own(request: pytest.FixtureRequest, version: str):
    executor: Executor = request.getfixturevalue(f"executor_{version}")
    change = "lm.dispatch()\nlm._model.lm_head.weight.data.zero_()\n"
    trace = "with lm.trace('a b c', remote=True):\n    n = lm.lm_head.output.abs().sum().save()\n"
    local = executor.run(MODEL + change + trace)
    remote = executor.run(MODEL + change + trace, remote=True)
    assert local.values["n"].values == ("0.0",)
    assert remote.values["n"].values != ("0.0",)


def test_what_the_server_prints_is_relayed(executor_05: Executor):
    text = TRACE + "    h = lm.lm_head.output\n    print(tuple(h.shape)[:2])\nprint('end')\n"
    assert executor_05.run(text, remote=True).stdout == "(1, 3)\nend\n"


def test_a_session_is_one_request(executor_04: Executor, executor_05: Executor):
    text = MODEL + (
        "with lm.session(remote=True):\n"
        "    with lm.trace('a b c'):\n"
        "        h = lm.transformer.h[1].mlp.output\n"
        "    with lm.trace('d e f'):\n"
        "        lm.transformer.h[1].mlp.output = h\n"
        "        out = lm.lm_head.output.save()\n"
    )
    runs = [executor.run(text, remote=True) for executor in (executor_04, executor_05)]
    assert [len(run.requests) for run in runs] == [1, 1]
    assert runs[0].values["out"].sha256 == runs[1].values["out"].sha256 != ""


def test_a_generation(executor_04: Executor, executor_05: Executor):
    text = MODEL + (
        "with lm.generate('a b c', max_new_tokens=3, remote=True):\n"
        "    out = lm.generator.output.save()\n"
    )
    runs = [executor.run(text, remote=True) for executor in (executor_04, executor_05)]
    assert runs[0].values["out"].shape == (1, 6)
    assert runs[0].values["out"].sha256 == runs[1].values["out"].sha256


def test_a_request_that_is_not_waited_for(executor_05: Executor):
    text = MODEL + (
        "with lm.trace('a b c', remote=True, blocking=False) as tracer:\n"
        "    h = lm.lm_head.output.save()\n"
        "early = 'h' in globals()\n"
        "result = tracer.backend()\n"
    )
    observed = executor_05.run(text, remote=True)
    assert texts(observed)["early"] == "False"
    assert [key for key, _ in observed.values["result"].items] == ["'h'"]


def test_a_deadlock_on_the_server_is_a_hang(executor_05: Executor):
    text = (
        MODEL
        + """
def run():
    with lm.trace("a b c", remote=True):
        h = lm.lm_head.output.save()
        return h
out = run()
"""
    )
    assert executor_05.run(text, remote=True, conditions=Conditions(limit=6)).hung


def test_a_remote_trace_in_a_remote_session_is_not_simulated(executor_05: Executor):
    text = MODEL + (
        "with lm.session(remote=True):\n"
        "    with lm.trace('a b c', remote=True):\n"
        "        h = lm.lm_head.output.save()\n"
    )
    error = executor_05.run(text, remote=True).error
    assert error is not None
    assert error.message.startswith("NotSimulated")


def test_what_is_installed_in_the_projects_folder_is_no_module_of_it(
    executor_05: Executor, environment_05: Environment
) -> None:
    """Neither the environment's packages, nor nnmigrate itself, are missing on the server."""
    text = (TRACE + "    out = lm.lm_head.output.save()\n").encode()
    ours = Path(nnmigrate.executor.__file__).parents[2]
    for folder in (environment_05.python.parents[1], ours):
        observed = executor_05.run(Script(text, folder=folder), remote=True)
        assert observed.error is None
        assert "out" in observed.values
