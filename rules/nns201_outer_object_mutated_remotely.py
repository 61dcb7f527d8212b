"""An object made outside a trace is changed inside it, and the trace runs remotely.

## What it does

Finds dictionaries, lists, sets, attributes and other objects that are made outside a trace and
changed inside it: `results[k] = v`, `acts.append(v)`, `self.h = v`, `counts["n"] += 1`, also by
another name (`bucket = results[k]`, `keep = acts.append`), and the same in a function, a method or
a lambda that the trace calls.

## Why is this bad?

On 0.4 the trace's body ran in the caller's own frame, so what it did to the caller's objects stayed
there, remote or not. Since 0.5 the body of a remote trace runs on the server, with a copy of every
object that it mentions, and only names that are assigned in the trace and saved come back. The
change is lost without a word. Saving the object itself (`results.save()`) does not help: nobody
assigns it in the trace.

In a trace that runs locally nothing is lost; there the finding is a note, where the code is known
to be written for 0.4, and `nnmigrate fix --assume-remote` prepares the code for the day when it
runs remotely.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

results = {}
for prompt in ("The Eiffel Tower is in", "The Colosseum is in"):
    with lm.trace(prompt, remote=True):
        results[prompt] = lm.lm_head.output.save()
print(results)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

results = {}
for prompt in ("The Eiffel Tower is in", "The Colosseum is in"):
    with lm.trace(prompt, remote=True):
        _result = lm.lm_head.output.save()
    results[prompt] = _result
print(results)
```

## Left alone

A collection that the trace itself makes and saves.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in", remote=True):
    acts = list().save()
    for layer in range(2):
        acts.append(lm.transformer.h[layer].output)
print(acts)
```

## Fix safety

The fix is safe. Where the changes are statements that happen exactly once, they move behind the
trace and their values are saved in it. Where they stand in a loop and only add something, the
trace fills a collection of its own, which is merged into the caller's object behind it. Otherwise
the object is saved under a second name, and copied back if it came back as another object; that is
unsafe where items of it have other names, which keep the old ones. There is no fix where the kind
of the object, and so the way to copy it, is not in view, and where what it holds cannot be sent
back: objects of the file's own classes, lambdas.

## References

- nnsight 0.5.15, `nnsight/intervention/backends/remote.py` and `nnsight/schema/request.py`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.program import Dialect, Program, Remote, Trace
from nnmigrate.program.bodies import roots

from .common.helpers import remote_session
from .common.kinds import made_there
from .common.leaving import is_left
from .common.outer import Outer, outer_objects
from .common.returning import decide, fix_of

RULE = Rule("NNS201", "outer-object-mutated-remotely", since="0.5.0", fixable=Applicability.SAFE)


_STALE = (
    "; what comes back are other objects, so names that stand for its items keep the old ones: "
    "the fix assumes that nobody uses those any more"
)


def check(program: Program) -> Iterator[Finding]:
    """Outer objects that a trace changes."""
    for trace in roots(program):
        outers = outer_objects(program, trace)
        session = remote_session(program, trace) if outers else None
        if session is not None:
            # The function runs on the server, and with it what it makes itself.
            outers = tuple(one for one in outers if not made_there(program, trace, one.path))
            yield from _lost_in_session(session, outers)
        elif outers and trace.remote is Remote.NO:
            yield from _noted(program, outers)
        elif outers and not _is_meant(program, trace):
            yield from _lost(program, trace, outers)


def _is_meant(program: Program, trace: Trace) -> bool:
    """Code born on 0.5 that a caller may run remotely: its author knows where it runs."""
    return program.dialect is Dialect.NEW and trace.remote is Remote.MAYBE


def _noted(program: Program, outers: Sequence[Outer]) -> Iterator[Finding]:
    # Code born on 0.5 does this on purpose, and a note is for code that is known to be older.
    outers = [outer for outer in outers if any(c.mutation.how != "given" for c in outer.changes)]
    if program.dialect is not Dialect.OLD or not outers:
        return
    names = ", ".join(f"`{outer.path}`" for outer in outers)
    yield RULE.finding(
        Severity.NOTE,
        outers[0].changes[0].mutation.span,
        f"made outside the trace and changed in it: {names} (see --assume-remote)",
        "nothing changes here; with `remote=True` the change would silently be lost",
    )


def _lost_in_session(session: Trace, outers: Sequence[Outer]) -> Iterator[Finding]:
    """The trace is part of what the session sends: nothing behind it is done by the caller."""
    for outer in outers:
        yield RULE.finding(
            Severity.SILENT if session.remote is Remote.YES else Severity.WARNING,
            outer.changes[0].mutation.span,
            f"`{outer.path}` is made outside the session that calls this function remotely; "
            "return the values, and change it behind the session",
            _consequence(outer),
        )


def _lost(program: Program, trace: Trace, outers: Sequence[Outer]) -> Iterator[Finding]:
    decided = decide(program, trace, outers)
    fix = fix_of(program, trace, decided)
    stale = "" if fix is None or fix.applicability is Applicability.SAFE else _STALE
    for outer in outers:
        stranded = outer in decided.stranded
        yield RULE.finding(
            _severity(trace, outer),
            outer.changes[0].mutation.span,
            _message(trace, outer) + (_reason(program, trace, outer) if stranded else stale),
            _consequence(outer),
            None if stranded else fix,
        )


def _severity(trace: Trace, outer: Outer) -> Severity:
    if trace.remote is Remote.MAYBE:
        return Severity.WARNING
    return Severity.ERROR if _grows(outer) else Severity.SILENT


def _grows(outer: Outer) -> bool:
    """Whether `xs += [...]` assigns it: the server then looks among the body's own names."""
    return any(
        c.mutation.how == "augment" and c.mutation.path == c.mutation.base and c.mutation.depth == 0
        for c in outer.changes
    )


def _message(trace: Trace, outer: Outer) -> str:
    where = "runs remotely" if trace.remote is Remote.YES else "may run remotely"
    first = outer.changes[0].mutation
    by = " by a function that it calls" if first.aliased or first.by else ""
    return f"`{outer.path}` is made outside the trace and changed in it{by}, and the trace {where}"


def _reason(program: Program, trace: Trace, outer: Outer) -> str:
    if trace.body.inline:
        return "; the trace's body has no line of its own"
    if is_left(program, trace.statement):
        return "; a statement leaves the trace's body"
    if outer.homeless:
        return (
            "; what goes into it cannot be sent back: save the values and fill it behind the trace"
        )
    if outer.stuck:
        return "; its default factory is a lambda, which cannot be sent: fill a plain dictionary"
    if _grows(outer):
        return (
            "; `+=` makes it a name of the body's own, so collect the values in the trace by hand"
        )
    return "; what kind of object it is cannot be seen, so collect the values in the trace by hand"


def _consequence(outer: Outer) -> str:
    if _grows(outer):
        return f"UnboundLocalError: cannot access local variable '{outer.path}', on the server"
    return f"silently the change is lost: the server changes a copy of `{outer.path}`"
