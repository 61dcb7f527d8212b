"""Branches that a program keeps for one nnsight or the other."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.program import build

HEAD = """import importlib.metadata
import nnsight
from importlib.metadata import version
from nnsight import LanguageModel
from packaging.version import Version

lm = LanguageModel("gpt2")
"""
OLD = 'with lm.trace("a", scan=True):\n{0}    y = lm.lm_head.output.save()\n'
NEW = 'with lm.trace("a"):\n{0}    y = lm.lm_head.output.save()\n'

TESTS_OF_OLD = [
    'nnsight.__version__ < "0.5"',
    'nnsight.__version__ <= "0.4.11"',
    'nnsight.__version__.startswith("0.4")',
    'Version(nnsight.__version__) < Version("0.5")',
    'Version(nnsight.__version__) < Version("0.5.0")',
    'version("nnsight") < "0.5"',
    'importlib.metadata.version("nnsight") < "0.5"',
    'tuple(map(int, nnsight.__version__.split(".")[:2])) < (0, 5)',
    'not hasattr(nnsight, "save")',
    'nnsight.__version__ == "0.4.11"',
    "IS_OLD",
    "not IS_NEW",
    "V < Version('0.5')",
    '(nnsight.__version__)  <  "0.5"',
    '"0.4" < nnsight.__version__ < "0.5"',
    '"0.4.0" <= version("nnsight") < "0.5"',
    "Version('0.5') > V",
    '"0.5" > nnsight.__version__',
    'not "0.5" <= nnsight.__version__',
    'nnsight.__version__ < "0.5" and not hasattr(nnsight, "save")',
    'nnsight.__version__ < "0.5" or IS_OLD',
]
PARTS_OF_OLD = [
    'nnsight.__version__ < "0.5" and remote',
    "remote and IS_OLD and layers > 2",
    "not IS_NEW and (remote or quick)",
]
NAMES = """V = Version(nnsight.__version__)
IS_OLD = V < Version("0.5")
IS_NEW = nnsight.__version__ >= "0.5"
"""


def found(code: str) -> list[str]:
    return [finding.code for finding in check(HEAD + NAMES + code).findings]


@pytest.mark.parametrize("test", TESTS_OF_OLD)
def test_the_old_branch_is_left_alone(test: str) -> None:
    code = f"if {test}:\n    {OLD.format('    ')}else:\n    {NEW.format('    ')}"
    assert found(code) == []
    assert fix(HEAD + NAMES + code).code == HEAD + NAMES + code


@pytest.mark.parametrize("test", TESTS_OF_OLD)
def test_the_other_branch_is_not_the_old_one(test: str) -> None:
    code = f"if {test}:\n    {NEW.format('    ')}\n{OLD.format('')}"
    assert found(code) == ["NNS420"]


@pytest.mark.parametrize("test", PARTS_OF_OLD)
def test_where_more_must_be_true_the_other_branch_is_of_both(test: str) -> None:
    assert found(f"if {test}:\n    {OLD.format('    ')}") == []
    assert found(f"if {test}:\n    pass\nelse:\n    {OLD.format('    ')}") == ["NNS420"]
    lost = 'with lm.trace("a"):\n        y = lm.lm_head.output\n    print(y)\n'
    assert "NNS203" in found(f"if {test}:\n    pass\nelse:\n    {lost}")


@pytest.mark.parametrize(
    "head",
    ['if nnsight.__version__ < "0.5":  # 0.4: as it was', 'if(nnsight.__version__ < "0.5") :'],
)
def test_the_layout_of_a_condition_does_not_matter(head: str) -> None:
    assert found(f"{head}\n    {OLD.format('    ')}") == []


def test_behind_a_return_is_the_other_branch() -> None:
    code = (
        'def f():\n    if nnsight.__version__ >= "0.5":\n        return 1\n'
        f"    {OLD.format('    ')}    return y\n"
    )
    assert found(code) == []


IMPORTS = [
    "try:\n    from nnsight.tracing.graph import Proxy\nexcept ImportError:\n    Proxy = object\n",
    "try:\n    from nnsight import save\nexcept ImportError:\n"
    "    from nnsight.intervention import Envoy as save\n",
    "try:\n    from nnsight.intervention.contexts import Invoker\n"
    "except (ImportError, AttributeError):\n    Invoker = None\n",
]


@pytest.mark.parametrize("code", IMPORTS)
def test_tried_imports_are_left_alone(code: str) -> None:
    assert found(code) == []


OTHERS = [
    'if torch.__version__ < "0.5":',
    'if nnsight.__version__ > "0.3":',
    'if nnsight.__version__ != "0.4.3":',
    "if wanted:",
    'if "dev" in nnsight.__version__:',
    "if oldest < nnsight.__version__:",
    'if "0.5" < torch.__version__:',
    'if nnsight.__version__ < "0.5" or wanted:',
    'if nnsight.__version__ < "0.5" and nnsight.__version__ >= "0.5":',
    'if hasattr(config, "save"):',
    'if nnsight.__version__ < "0.7":',
    'if not nnsight.__version__.startswith("0"):',
    'if (nnsight.__version__ < "0.5") is old:',
    "if first <= nnsight.__version__ <= last:",
    "if nnsight.__version__ < oldest:",
    'if nnsight.__version__.split(".")[1] == 4:',
    "if f(nnsight.__version__)[0:1]:",
    "if tuple(nnsight.__version__) < (0, five):",
    "if (await_ := nnsight.__version__):",
]


@pytest.mark.parametrize("test", OTHERS)
def test_other_conditions_say_nothing(test: str) -> None:
    assert found(f"{test}\n    {OLD.format('    ')}") == ["NNS420"]


def test_a_condition_that_python_does_not_read_says_nothing() -> None:
    deep = f"{'(' * 300}nnsight.__version__ < '0.5'{')' * 300}"
    plain, nested = (build(f"{HEAD}if {test}:\n    pass\n") for test in (deep[300:-300], deep))
    assert len(plain.branches.old) == 1
    assert nested.branches.old == ()


def test_invokes_are_looked_at_in_the_new_branch() -> None:
    code = """if IS_NEW:
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            h = lm.lm_head.output
        with tracer.invoke("b"):
            lm.lm_head.output = h
"""
    assert "NNS101" in found(code)
