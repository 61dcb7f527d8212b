from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from nnmigrate.executor import (
    Conditions,
    Environment,
    Executor,
    ExecutorFailure,
    Executors,
    Observation,
)

MODEL = "from nnsight import LanguageModel\nlm = LanguageModel('gpt2', dispatch=True)\n"


def test_what_a_script_leaves_behind(executor_05: Executor):
    observed = executor_05.run("""
import torch
from collections import OrderedDict
class Holder:
    def __init__(self):
        self.kept = {"a": [1, (2.5, None)]}
def function(): ...
t = torch.tensor([[1.0, 2.0]])[:, 1]
large = torch.ones(100)
half = torch.ones(2, dtype=torch.bfloat16)
array = t.numpy()
number, truth, text, nothing = 0.1 + 0.2, True, "x", None
holder = Holder()
circle = []
circle.append(circle)
members = {3, 1}
layer = torch.nn.Linear(1, 1)
print("done")
""")
    assert observed.completed
    values = observed.values
    assert observed.stdout == "done\n"
    assert values["t"].shape == (1,)
    assert values["t"].values == ("2.0",)
    assert values["large"].total == "100.0"
    assert not values["large"].values
    assert (values["half"].dtype, values["array"].dtype) == ("bfloat16", "numpy.float32")
    assert values["number"].text == "0.30000000000000004"
    assert [values[name].kind for name in ("truth", "text", "nothing")] == ["bool", "str", "none"]
    assert dict(values["holder"].items)["kept"].items[0][0] == "'a'"
    assert values["circle"].items[0][1].kind == "opaque"
    assert values["members"].values == ("1", "3")
    assert [name for name, _ in values["layer"].items] == ["weight", "bias"]
    assert not {"torch", "Holder", "function"} & set(values)


def test_equal_tensors_have_equal_sums_and_others_not(executor_05: Executor):
    values = executor_05.run("""
import torch
base = torch.arange(6.0).reshape(2, 3)
row, copy, other = base[1], base[1].clone(), base[0]
""").values
    assert values["row"].sha256 == values["copy"].sha256 != values["other"].sha256


def test_proxies_of_04_are_values_or_unset(executor_04: Executor):
    observed = executor_04.run(
        MODEL
        + """
rows = []
with lm.trace("a b"):
    saved = lm.transformer.h[1].mlp.output.save()
    lost = lm.transformer.h[2].mlp.output
    rows.append(lm.lm_head.output.save())
    rows.append(lm.lm_head.input)
    i = 3
"""
    )
    values = observed.values
    assert observed.traces == 1
    assert (values["saved"].kind, values["saved"].traced) == ("tensor", True)
    assert values["lost"].kind == "unset"
    assert [item.kind for _, item in values["rows"].items] == ["tensor", "unset"]
    assert values["rows"].computed
    assert not values["i"].computed
    assert "i" in observed.leftovers


def test_a_file_runs_as_itself(executor_05: Executor, tmp_path: Path):
    (tmp_path / "tokenizer.py").write_text("mine = 7\n")
    script = tmp_path / "program.py"
    script.write_text(
        "import os, sys\n"
        "from tokenizer import mine\n"
        "name, main = os.path.basename(__file__), __name__\n"
        "argument = os.path.basename(sys.argv[0])\n"
        "open('left behind', 'w').close()\n"
        "here = os.getcwd()\n"
        "print(here)\n"
    )
    observed = executor_05.run(script)
    texts = {name: value.text for name, value in observed.values.items()}
    assert texts["mine"] == "7"
    assert texts["name"] == texts["argument"] == "'program.py'"
    assert texts["main"] == "'__main__'"
    assert (texts["here"], observed.stdout) == ("'.'", ".\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["program.py", "tokenizer.py"]


def test_an_error_names_the_line(executor_05: Executor):
    observed = executor_05.run("x = 1\ndef f():\n    return {}['k']\nf()\n")
    assert str(observed.error) == "KeyError: 'k' (line 3)"
    assert observed.values["x"].text == "1"


def test_an_error_inside_a_trace_names_type_and_line(executor_05: Executor):
    text = MODEL + "with lm.trace('a'):\n    h = lm.lm_head.output\n    h.nothing\n"
    error = executor_05.run(text).error
    assert error is not None
    assert (error.type, error.line) == ("AttributeError", 5)
    assert "nothing" in error.message


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("import sys\nsys.exit()\n", None),
        ("raise SystemExit(3)\n", "SystemExit: 3 (line 1)"),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt:  (line 1)"),
        ("import os\nos._exit(4)\n", "Crash: the process died without a word"),
        ("def (\n", "SyntaxError"),
    ],
)
def test_ways_to_end(executor_05: Executor, text: str, error: str | None):
    observed = executor_05.run(text)
    if error is None:
        assert observed.error is None
    else:
        assert str(observed.error).startswith(error)


def test_every_end_leaves_the_executor_usable(executor_05: Executor):
    executor_05.run("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    assert executor_05.run("x = 1\n").values["x"].text == "1"


def test_a_run_is_ended_at_its_limit_with_all_it_started(executor_05: Executor):
    start = time.monotonic()
    observed = executor_05.run(
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '61'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n",
        conditions=Conditions(limit=2),
    )
    assert observed.hung
    assert not observed.completed
    assert time.monotonic() - start < 30
    status = Path(f"/proc/{observed.stdout.strip()}/stat")
    # Gone, or dead and waiting to be collected.
    assert not status.exists() or status.read_text().split()[2] == "Z"


def test_runs_share_nothing(executor_05: Executor):
    executor_05.run("import torch, builtins\nbuiltins.left = 1\ntorch.manual_seed(5)\n")
    observed = executor_05.run("import builtins\nleft = getattr(builtins, 'left', 0)\n")
    assert observed.values["left"].text == "0"


def test_random_numbers_repeat(executors: Executors):
    text = "import random, torch, numpy\nx = [random.random(), torch.rand(1), numpy.random.rand()]"
    first, second = executors.baseline.run(text), executors.migrated.run(text)
    assert first.values["x"] == second.values["x"]


def test_the_network_is_refused(executor_05: Executor):
    observed = executor_05.run(
        "import socket\nsocket.create_connection(('127.0.0.1', 9), timeout=1)\n"
    )
    assert observed.error is not None
    assert observed.error.type == "NetworkRefused"


def test_the_environment_itself_cannot_be_changed(executor_05: Executor):
    package = (
        "import nnsight, pathlib\nfile = pathlib.Path(nnsight.__file__).parent / 'config.yaml'\n"
    )
    observed = executor_05.run(
        package
        + "nnsight.CONFIG.set_default_api_key('mine')\nwritten = 'mine' in file.read_text()\n"
    )
    assert observed.values["written"].text == "False"


def test_the_users_own_variables_are_not_handed_on(executor_05: Executor):
    observed = executor_05.run(
        "import os\n"
        "token, key = os.environ['HF_TOKEN'], os.environ['NDIF_API_KEY']\n"
        "others = sorted(k for k in os.environ if 'PYTEST' in k or 'PIP' in k)\n"
    )
    assert observed.values["token"].text == observed.values["key"].text == "'offline'"
    assert observed.values["others"].items == ()


def test_what_cannot_be_described_is_said(executor_05: Executor):
    observed = executor_05.run(
        "class Bad(dict):\n    def items(self):\n        raise ValueError('no')\nx = Bad()\n"
    )
    assert (observed.values["x"].kind, observed.values["x"].type) == ("unknown", "ValueError: no")


def test_cuda_is_the_cpu(executor_05: Executor):
    observed = executor_05.run(
        MODEL + "import torch\nx = torch.ones(1).cuda().to('cuda:0', torch.float64)\n"
        "m = torch.nn.Linear(1, 1).to(device='cuda')\nd = str(x.device)\n"
    )
    assert observed.error is None
    assert observed.values["d"].text == "'cpu'"
    assert observed.values["x"].dtype == "float64"


def test_saved_marks_do_not_fall_on_others(executor_05: Executor):
    """Without holding what was saved, an address that is used again saves what nobody saved."""
    observed = executor_05.run(
        MODEL
        + """
survived = 0
for k in range(40):
    with lm.trace("a b c"):
        a = lm.transformer.h[1].mlp.output.save()
        c = (lm.transformer.h[2].mlp.output * 3).save()
        d = [c * n for n in range(9)].save()
    for name in ("a", "c", "d"):
        globals().pop(name, None)
    with lm.trace("a b c"):
        b = lm.transformer.h[1].mlp.output * 2
        e = [b * n for n in range(9)]
        e1, e2, e3 = e[1:4]
    for name in ("b", "e", "e1", "e2", "e3"):
        survived += globals().pop(name, None) is not None
"""
    )
    assert observed.values["survived"].text == "0"


def test_an_executor_that_is_not_running(environment_05: Environment):
    with pytest.raises(ExecutorFailure, match="not running"):
        Executor(environment_05).run("x = 1\n")


def test_an_environment_without_nnsight(tmp_path: Path):
    environment = Environment(Path(sys.executable), "0.5.15", "4.51.3")
    with Executor(environment) as executor, pytest.raises(ExecutorFailure, match="No module named"):
        executor.run("x = 1\n")


def test_a_run_that_takes_the_process_with_it(environment_05: Environment):
    """It counts as crashed, and the next one runs in another process."""
    with Executor(environment_05) as executor:
        executor.run("x = 1\n")
        seen: list[Observation] = []

        def run() -> None:
            text = "import time\ntime.sleep(50)\n"
            seen.append(executor.run(text, conditions=Conditions(limit=55)))

        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(1)
        channel = executor._channel
        assert channel is not None
        os.kill(channel._process.pid, 15)
        thread.join(20)
        assert seen[0].error is not None
        assert (seen[0].error.type, seen[0].hung) == ("Crash", False)
        assert executor.run("x = 1\n").values["x"].text == "1"
    with pytest.raises(ExecutorFailure, match="not running"):
        executor.run("x = 1\n")


def test_what_nnsight_prints_of_an_error_is_not_the_scripts(executor_04: Executor):
    observed = executor_04.run(
        MODEL + "try:\n    with lm.trace('a'):\n        lm.lm_head.output[99].save()\n"
        "except Exception as error:\n    print(type(error).__name__)\n"
    )
    assert observed.stdout == "NNsightError\n"


def test_what_is_nnsights_own_is_no_value(executors: Executors):
    text = """
from nnsight import *
class Mine(NNsight):
    extra = 1
import torch
mine = Mine(torch.nn.Linear(2, 2))
x = 1
"""
    for side in (executors.baseline, executors.migrated):
        values = side.run(text).values
        assert {name: value.kind for name, value in values.items()} == {
            "mine": "opaque",
            "x": "int",
        }
