"""A plugin of pytest: a project's tests can demand that its programs migrate.

```python
def test_the_examples_migrate(assert_migrates):
    assert_migrates("examples/patching.py")
```

It comes with nnmigrate; nothing is imported or run until a test asks for its fixtures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nnmigrate.executor import Executors
    from nnmigrate.proving import Proof


@pytest.fixture(scope="session")
def nnmigrate_executors() -> Iterator[Executors]:
    """Both versions of nnsight, started once for all tests.

    A project that has environments of its own, or wants other versions, overrides this fixture with
    what `nnmigrate.executor.executors` gives for them.
    """
    from nnmigrate.executor import executors

    with executors() as both:
        yield both


@pytest.fixture
def assert_migrates(nnmigrate_executors: Executors) -> Callable[..., Proof]:
    """Runs a program and its migration, and fails the test unless both compute the same.

    Takes what `nnmigrate.verify` takes, and gives the proof. **Runs the program.**
    """

    def check(program: str | Path, migration: str | Path | None = None, **how: Any) -> Proof:
        __tracebackhide__ = True
        from nnmigrate import verify

        proof = verify(program, migration, executors=nnmigrate_executors, **how)
        if not proof.proved:
            said = proof.verdict or "there is nothing in it that concerns nnsight"
            pytest.fail(f"{proof.path}: {said}", pytrace=False)
        return proof

    return check
