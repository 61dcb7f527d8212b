"""`NNsightError` is gone."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix

HEAD = "import nnsight\nfrom nnsight import NNsight\n"
TRACE = (
    "model = NNsight(net)\ntry:\n    with model.trace(x):\n        y = model.a.output[9].save()\n"
)
OLD = "from nnsight.util import NNsightError\n"
NEW = "from nnsight.intervention.tracing.util import ExceptionWrapper as NNsightError\n"
WAY = "nnsight.intervention.tracing.util.ExceptionWrapper"

REWRITES = [
    (OLD + TRACE + "except NNsightError:\n    y = None\n",) * 2,
    (OLD + TRACE + "except (OSError, NNsightError):\n    y = None\n",) * 2,
    (OLD + "from contextlib import suppress\nwith suppress(NNsightError):\n    f()\n",) * 2,
    (OLD + "assert isinstance(error, NNsightError)\n",) * 2,
    (
        OLD
        + TRACE
        + "except NNsightError as e:\n    print('no', e)\n    raise ValueError from e\n",
        OLD
        + TRACE
        + "except NNsightError as e:\n    print('no', e.original)\n    raise ValueError from e\n",
    ),
    (
        OLD + TRACE + "except NNsightError as e:\n    log(f'{e}', str(e), e.message, type(e))\n",
        OLD
        + TRACE
        + "except NNsightError as e:\n"
        + "    log(f'{e.original}', str(e.original), str(e.original), type(e))\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), REWRITES)
def test_rewritten(before: str, after: str) -> None:
    wanted = (HEAD + after).replace(OLD, NEW)
    assert fix(HEAD + before, unsafe=True).code == wanted
    assert fix(HEAD + before).code == HEAD + before
    assert not [one for one in check(wanted).findings if one.code == "NNS402"]


def test_other_names_stay_in_the_import() -> None:
    before = (
        "def f():\n    from nnsight.util import apply, NNsightError as E\n    return apply, E\n"
    )
    after = (
        "def f():\n    from nnsight.util import apply\n"
        f"    {NEW.strip().replace('as NNsightError', 'as E')}\n    return apply, E\n"
    )
    assert fix(HEAD + before, unsafe=True).code == HEAD + after


def test_reached_by_the_package() -> None:
    before = TRACE + "except nnsight.util.NNsightError as e:\n    print(e)\n"
    after = TRACE + f"except {WAY} as e:\n    print(e.original)\n"
    assert fix(HEAD + before, unsafe=True).code == HEAD + after


ONLY_REPORTED = [
    OLD + TRACE + "except IndexError:\n    pass\nexcept NNsightError:\n    y = None\n",
    OLD + TRACE + "except NNsightError as e:\n    print(e.node_id)\n",
    OLD + TRACE + "except NNsightError as e:\n    print(e.traceback_content)\n",
    OLD + TRACE + "except NNsightError as e:\n    errors.append(e)\n",
    OLD + TRACE + "except NNsightError as e:\n    print(repr(e))\n",
    OLD + TRACE.replace("(x)", "(x, remote=True)") + "except NNsightError:\n    pass\n",
    OLD + "raise NNsightError('no', 1)\n",
    OLD + "class Mine(NNsightError):\n    pass\n",
    OLD
    + "try:\n    try:\n        f()\n    except IndexError:\n        pass\n"
    + "except NNsightError:\n    pass\n",
]


@pytest.mark.parametrize("code", ONLY_REPORTED)
def test_only_reported(code: str) -> None:
    found = [one for one in check(HEAD + code).findings if one.code == "NNS402"]
    assert [one.fix for one in found] == [None]


LEFT_ALONE = [
    f"try:\n    {OLD}except ImportError:\n    NNsightError = OSError\n",
    f"try:\n    {OLD}except Exception:\n    NNsightError = OSError\n",
    "class NNsightError(Exception):\n    pass\n",
    "from mine.util import NNsightError\ntry:\n    f()\nexcept NNsightError as e:\n    print(e)\n",
    "from .nnsight.util import NNsightError\n",
    "from nnsight.util import apply\n",
    "print('nnsight.util.NNsightError')\n",
    "import other\nprint(other.util.NNsightError)\n",
    TRACE + "except IndexError as e:\n    print(e)\n",
    NEW + TRACE + "except NNsightError as e:\n    print(e)\n",
]


@pytest.mark.parametrize("code", LEFT_ALONE)
def test_left_alone(code: str) -> None:
    assert not [one for one in check(HEAD + code).findings if one.code == "NNS402"]
