"""Whether migrations are told from what only looks like one."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from nnmigrate.executor import Conditions, Executors, Outcome, Verdict, verify

Compare = Callable[..., Verdict]

HEAD = """
from nnsight import LanguageModel

lm = LanguageModel("meta-llama/Llama-3.2-1B", device_map="auto")
clean = "The mother of Anna is called Maria"
corrupt = "The father of Anna is called Peter"
"""

# A patching program as it was on 0.4: no barriers, the last statement beside the invokes, and a
# dictionary that is made outside.
BEFORE = """
effects = {}
with lm.trace(remote=True) as tracer:
    with tracer.invoke(clean):
        source = lm.model.layers[3].mlp.output
        clean_gap = lm.lm_head.output[0, -1, 41] - lm.lm_head.output[0, -1, 42]
    with tracer.invoke(corrupt):
        target = lm.model.layers[3].mlp.output
        for i, position in enumerate([2, 5]):
            target[:, position, :] = source[:, position, :]
        gap = lm.lm_head.output[0, -1, 41] - lm.lm_head.output[0, -1, 42]
        top = lm.lm_head.output.argmax(dim=-1).save()
    effects[3] = (gap / clean_gap).item().save()
print(effects)
"""

AFTER = """
with lm.trace(remote=True) as tracer:
    effects = dict().save()
    at_mlp = tracer.barrier(2)
    at_head = tracer.barrier(2)
    with tracer.invoke(clean):
        source = lm.model.layers[3].mlp.output
        at_mlp()
        clean_gap = lm.lm_head.output[0, -1, 41] - lm.lm_head.output[0, -1, 42]
        at_head()
    with tracer.invoke(corrupt):
        target = lm.model.layers[3].mlp.output
        at_mlp()
        for i, position in enumerate([2, 5]):
            target[:, position, :] = source[:, position, :]
        at_head()
        gap = lm.lm_head.output[0, -1, 41] - lm.lm_head.output[0, -1, 42]
        top = lm.lm_head.output.argmax(dim=-1).save()
        effects[3] = (gap / clean_gap).item()
print(effects)
"""

OUTSIDE = AFTER.replace("    effects = dict().save()\n", "    effects.save()\n").replace(
    "with lm.trace", "effects = {}\nwith lm.trace", 1
)


@pytest.fixture
def compared(executors: Executors, tmp_path: Path) -> Compare:
    def compared(before: str, after: str, limit: float = 30) -> Verdict:
        paths = [tmp_path / "before.py", tmp_path / "after.py"]
        for path, text in zip(paths, (before, after), strict=True):
            path.write_text(HEAD + textwrap.dedent(text))
        return verify(*paths, executors=executors, conditions=Conditions(limit=limit))

    return compared


def test_a_right_rewrite(compared: Compare):
    verdict = compared(BEFORE, AFTER)
    assert verdict.outcome is Outcome.SAME
    assert verdict.notes == (
        "`i` does not outlive the trace",
        "`position` does not outlive the trace",
    )


def test_a_wrong_rewrite(compared: Compare):
    verdict = compared(
        BEFORE, AFTER.replace("source[:, position, :]", "source[:, position - 1, :]")
    )
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("`effects`[3]: ")


def test_no_rewrite_at_all(compared: Compare):
    verdict = compared(BEFORE, BEFORE)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("fails: UnboundLocalError")
    assert verdict.reason.endswith("(line 19)")


def test_an_outer_dictionary_lost_remotely(compared: Compare):
    """Locally it is right: only the server does not send it back, saved or not."""
    verdict = compared(BEFORE, OUTSIDE)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("remotely, `effects`[3]: was ")
    assert verdict.reason.endswith("is missing")
    local = compared(BEFORE.replace("remote=True", ""), OUTSIDE.replace("remote=True", ""))
    assert local.outcome is Outcome.SAME


def test_a_hang(compared: Compare):
    """`return` in a trace: 0.5 waits for ever for the end of the body."""
    program = """
        def run(prompt):
            with lm.trace(prompt):
                h = lm.lm_head.output.save()
                return h
        out = run(clean)
    """
    verdict = compared(program, program, limit=8)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason == "hangs: not finished after 8 s"


def test_a_silently_stale_value(compared: Compare):
    """0.5 gives the second invoke the `h` from outside, in spite of the barrier."""
    program = """
        h = 0.0
        with lm.trace() as tracer:
            {made}
            with tracer.invoke(clean):
                h = lm.model.layers[2].mlp.output
                {met}
            with tracer.invoke(corrupt):
                {met}
                lm.model.layers[2].mlp.output = lm.model.layers[2].mlp.output + h
                out = lm.lm_head.output.save()
    """
    before = program.format(made="pass", met="pass")
    after = program.format(made="barrier = tracer.barrier(2)", met="barrier()")
    verdict = compared(before, after)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("`out`: ")
    renamed = after.replace("h = lm.model", "mine = lm.model").replace("+ h\n", "+ mine\n")
    assert compared(before, renamed).outcome is Outcome.SAME


def test_a_counter_that_stays_behind(compared: Compare):
    program = """
        n = 0
        outs = {}
        for prompt in (clean, corrupt):
            with lm.trace(prompt):
                outs[n] = lm.lm_head.output.save()
                n += 1
    """
    verdict = compared(program, program)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("`n`: 2 became 0")


def test_a_value_that_is_not_saved_any_more(compared: Compare):
    program = "with lm.trace(clean):\n    out = lm.lm_head.output{}\n"
    verdict = compared(program.format(".save()"), program.format(""))
    assert verdict.reason.startswith("`out`: was a float32 tensor")
    assert verdict.reason.endswith("is missing")


def test_what_is_printed(compared: Compare):
    program = "with lm.trace(clean):\n    out = lm.lm_head.output.save()\nprint({})\n"
    verdict = compared(program.format("out.shape[1]"), program.format("out.shape[0]"))
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("printed line 1: ")


def test_positions_of_the_real_tokenizer(compared: Compare):
    """Token 20 of a prompt that is 8 tokens long here: prompts are stretched until it fits."""
    program = """
        with lm.trace(clean):
            row = lm.model.layers[3].mlp.output[0, 20].save()
        length = row.shape[0]
    """
    assert compared(program, program).outcome is Outcome.SAME
    verdict = compared(program.replace("20", "99"), program.replace("20", "99"))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "out of bounds" in verdict.reason


def test_a_program_that_does_not_repeat_itself(compared: Compare):
    program = "import time\nwith lm.trace(clean):\n    pass\nnow = time.time_ns()\n"
    verdict = compared(program, program)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "something else in every run" in verdict.reason


def test_a_program_that_does_not_work_on_04(compared: Compare):
    verdict = compared("x = lm.nothing_of_the_kind\n", "x = 1\n")
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason.startswith("the original itself fails: AttributeError")


def test_an_original_that_only_runs_locally(compared: Compare):
    """It does not serialise on 0.4, so the migration is not blamed for failing remotely."""
    before = """
        import torch
        table = torch.zeros(2)
        with lm.trace(clean, remote=True):
            table[0] = lm.lm_head.output.sum()
            out = lm.lm_head.output.save()
    """
    verdict = compared(before, before)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason.startswith("the original fails under the simulated server")


def test_checking_needs_nothing_of_this():
    """The command line must start fast, and on systems that cannot fork."""
    code = "import sys, nnmigrate.cli; print([m for m in sys.modules if 'nnmigrate.executor' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_a_function_saves_and_forgets(compared: Compare):
    """No name at the end shows it: only what was saved does."""
    program = """
        def run(prompt):
            with lm.trace(prompt):
                h = lm.model.layers[{}].mlp.output.save()
        run(clean)
    """
    assert compared(program.format(3), program.format(3)).outcome is Outcome.SAME
    verdict = compared(program.format(3), program.format(4))
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("saved value 1, a float32 tensor")


def test_what_is_written_to_a_file(compared: Compare):
    program = """
        import json, torch
        def run(prompt):
            with lm.trace(prompt):
                h = lm.lm_head.output.save()
            torch.save({{"h": h, "n": 1}}, "h.pt")
            with open("sums.json", "w") as file:
                json.dump({{"sum": {}}}, file)
        run(clean)
    """
    before = program.format("h.sum().item()")
    assert compared(before, before).outcome is Outcome.SAME
    verdict = compared(before, program.format("h.mean().item()"))
    assert verdict.reason.startswith("the file `sums.json`, line 1: ")
    verdict = compared(before, before.replace('"n": 1', '"n": 2'))
    assert verdict.reason == "the file `h.pt`['n']: 1 became 2"


def test_another_order_of_additions(compared: Compare):
    program = """
        with lm.trace(clean):
            h = lm.model.layers[3].mlp.output
            total = {}.save()
    """
    before = program.format("(h[0, 0] + h[0, 1] + h[0, 2])")
    verdict = compared(before, program.format("(h[0, 0] + (h[0, 1] + h[0, 2]))"))
    assert verdict.outcome is Outcome.CLOSE
    assert verdict.reason.startswith("`total`: differs by at most ")


def test_a_rewrite_that_does_not_serialise(compared: Compare):
    """A lock cannot be pickled; 0.4 sent a graph, in which it is not."""
    program = """
        import threading
        lock = threading.Lock()
        with lm.trace(clean, remote=True):
            {}
            out = lm.lm_head.output.save()
    """
    verdict = compared(program.format("pass"), program.format("lock.locked()"))
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("remotely, fails: TypeError: cannot pickle '_thread.lock'")


def test_a_rewrite_that_needs_a_module_of_the_clients(executors: Executors, tmp_path: Path):
    (tmp_path / "mine.py").write_text("def double(x):\n    return x * 2\n")
    script = tmp_path / "program.py"
    script.write_text(
        HEAD + "import mine\nwith lm.trace(clean, remote=True):\n"
        "    out = mine.double(lm.lm_head.output).save()\n"
    )
    verdict = verify(script, script, executors=executors)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("remotely, fails: ")
    assert "No module named 'mine'" in verdict.reason


def test_what_was_sent_and_came_back(compared: Compare):
    program = "with lm.trace(clean, remote=True):\n    out = lm.lm_head.output.save()\n"
    (request,) = compared(program, program).requests
    assert request.names == ("out",)
    assert request.sent > 100
    assert request.received > 1_000
