"""Objects made outside a remote trace and changed in it, by whatever way."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Applicability, Finding, Severity
from nnmigrate.program import Options

HEAD = 'from nnsight import LanguageModel\n\nlm = LanguageModel("gpt2")\n'


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def found(code: str) -> list[Finding]:
    return [each for each in check(program(code)).findings if each.code == "NNS201"]


REWRITES = {
    "two targets": (
        """
        one, other = {}, {}
        with lm.trace("a", remote=True):
            one["a"], other["b"] = lm.lm_head.input.save(), lm.lm_head.output.save()
        """,
        """
        one, other = {}, {}
        with lm.trace("a", remote=True):
            _one = (lm.lm_head.input.save(), lm.lm_head.output.save()).save()
        one["a"], other["b"] = _one
        """,
    ),
    "a generator": (
        """
        acts = []
        with lm.trace("a", remote=True):
            acts.extend(lm.transformer.h[i].output.save() for i in range(3))
        """,
        """
        acts = []
        with lm.trace("a", remote=True):
            _act = list(lm.transformer.h[i].output.save() for i in range(3)).save()
        acts.extend(_act)
        """,
    ),
    "setattr": (
        """
        with lm.trace("a", remote=True):
            setattr(kept, "h", lm.lm_head.output.save())
        """,
        """
        with lm.trace("a", remote=True):
            _kept = lm.lm_head.output.save()
        setattr(kept, "h", _kept)
        """,
    ),
    "a heap": (
        """
        import heapq
        heap = []
        for prompt in ("a", "b"):
            with lm.trace(prompt, remote=True):
                out = lm.lm_head.output.save()
                heapq.heappush(heap, len(prompt))
        """,
        """
        import heapq
        heap = []
        for prompt in ("a", "b"):
            with lm.trace(prompt, remote=True):
                out = lm.lm_head.output.save()
            heapq.heappush(heap, len(prompt))
        """,
    ),
    "an attribute that is read further down": (
        """
        class Reader:
            def read(self, prompt):
                with lm.trace(prompt, remote=True):
                    self.hidden = lm.lm_head.output.save()
                    self.best = self.hidden.sum().save()
        """,
        """
        class Reader:
            def read(self, prompt):
                with lm.trace(prompt, remote=True):
                    _hidden = lm.lm_head.output.save()
                    _best = _hidden.sum().save()
                self.best = _best
                self.hidden = _hidden
        """,
    ),
    "a part with a name": (
        """
        acts = {"x": []}
        with lm.trace("a", remote=True):
            bucket = acts["x"]
            for i in range(2):
                bucket.append(lm.transformer.h[i].output.save())
        """,
        """
        acts = {"x": []}
        with lm.trace("a", remote=True):
            _acts = acts.save()
            bucket = acts["x"]
            for i in range(2):
                bucket.append(lm.transformer.h[i].output.save())
        if _acts is not acts:
            acts.clear()
            acts.update(_acts)
        """,
    ),
    "several in turn": (
        """
        ones, others = [], []
        with lm.trace("a", remote=True):
            for i, kept in enumerate((ones, others)):
                kept.append(lm.transformer.h[i].output.save())
        """,
        """
        ones, others = [], []
        with lm.trace("a", remote=True):
            _ones = ones.save()
            _others = others.save()
            for i, kept in enumerate((ones, others)):
                kept.append(lm.transformer.h[i].output.save())
        ones[:] = _ones
        others[:] = _others
        """,
    ),
    "one object with two names": (
        """
        ones = others = []
        with lm.trace("a", remote=True):
            for i in range(2):
                ones.append(lm.transformer.h[i].input.save())
                others.append(lm.transformer.h[i].output.save())
        """,
        """
        ones = others = []
        with lm.trace("a", remote=True):
            _ones = ones.save()
            _others = others.save()
            for i in range(2):
                ones.append(lm.transformer.h[i].input.save())
                others.append(lm.transformer.h[i].output.save())
        ones[:] = _ones
        others[:] = _others
        """,
    ),
    "a bound method": (
        """
        acts = []
        keep = acts.append
        with lm.trace("a", remote=True):
            keep(lm.lm_head.output.save())
        """,
        """
        acts = []
        keep = acts.append
        with lm.trace("a", remote=True):
            _acts = acts.save()
            keep(lm.lm_head.output.save())
        acts[:] = _acts
        """,
    ),
    "a function out of view": (
        """
        def read(fill):
            acts = {}
            with lm.trace("a", remote=True):
                fill(acts)
            return acts
        """,
        """
        def read(fill):
            acts = {}
            with lm.trace("a", remote=True):
                _acts = acts.save()
                fill(acts)
            if _acts is not acts:
                acts.clear()
                acts.update(_acts)
            return acts
        """,
    ),
    "what is given for later": (
        """
        from functools import partial
        acts = {}
        keep = partial(put, acts)
        with lm.trace("a", remote=True):
            keep("x", lm.lm_head.output)
        """,
        """
        from functools import partial
        acts = {}
        keep = partial(put, acts)
        with lm.trace("a", remote=True):
            _acts = acts.save()
            keep("x", lm.lm_head.output)
        if _acts is not acts:
            acts.clear()
            acts.update(_acts)
        """,
    ),
    "a set that grows": (
        """
        seen = set()
        with lm.trace("a", remote=True):
            out = lm.lm_head.output.save()
            for word in "a b".split():
                seen |= {word}
        """,
        """
        seen = set()
        with lm.trace("a", remote=True):
            _seen = set().save()
            out = lm.lm_head.output.save()
            for word in "a b".split():
                _seen |= {word}
        seen.update(_seen)
        """,
    ),
    "a dictionary that grows, out of view": (
        """
        def fill(acts):
            with lm.trace("a", remote=True):
                for i in range(2):
                    acts |= {i: lm.transformer.h[i].output.save()}
        """,
        """
        def fill(acts):
            with lm.trace("a", remote=True):
                _acts = dict().save()
                for i in range(2):
                    _acts |= {i: lm.transformer.h[i].output.save()}
            acts.update(_acts)
        """,
    ),
    "one or the other": (
        """
        ones, others = [], []
        with lm.trace("a", remote=True):
            (ones if ones else others).append(lm.lm_head.output.save())
        """,
        """
        ones, others = [], []
        with lm.trace("a", remote=True):
            _ones = ones.save()
            _others = others.save()
            (ones if ones else others).append(lm.lm_head.output.save())
        ones[:] = _ones
        others[:] = _others
        """,
    ),
    "counts": (
        """
        from collections import Counter
        counts = Counter()
        with lm.trace("a", remote=True):
            out = lm.lm_head.output.save()
            for word in "a b".split():
                counts.update([word])
        """,
        """
        from collections import Counter
        counts = Counter()
        with lm.trace("a", remote=True):
            _counts = counts.save()
            out = lm.lm_head.output.save()
            for word in "a b".split():
                counts.update([word])
        if _counts is not counts:
            counts.clear()
            counts.update(_counts)
        """,
    ),
    "a tensor that grows": (
        """
        import torch
        total = torch.zeros(3)
        with lm.trace("a", remote=True):
            total += lm.lm_head.output.sum()
        """,
        """
        import torch
        total = torch.zeros(3)
        with lm.trace("a", remote=True):
            _total = lm.lm_head.output.sum().save()
        total += _total
        """,
    ),
    "parts that grow": (
        """
        ones, others = [], []
        with lm.trace("a", remote=True):
            for i, kept in enumerate((ones, others)):
                kept += [lm.transformer.h[i].output.save()]
        """,
        """
        ones, others = [], []
        with lm.trace("a", remote=True):
            _ones = ones.save()
            _others = others.save()
            for i, kept in enumerate((ones, others)):
                kept += [lm.transformer.h[i].output.save()]
        ones[:] = _ones
        others[:] = _others
        """,
    ),
    "masks": (
        """
        import numpy as np
        means = np.zeros(3)
        mask = np.array([True, False, True])
        with lm.trace("a", remote=True):
            for i in range(2):
                means[mask] = lm.transformer.h[i].output.mean().item()
        """,
        """
        import numpy as np
        means = np.zeros(3)
        mask = np.array([True, False, True])
        with lm.trace("a", remote=True):
            _means = means.save()
            for i in range(2):
                means[mask] = lm.transformer.h[i].output.mean().item()
        means[...] = _means
        """,
    ),
    "own items": (
        """
        with lm.trace("a", remote=True):
            for i in range(2):
                store["x"] = lm.transformer.h[i].output.save()
        """,
        """
        with lm.trace("a", remote=True):
            _store = dict().save()
            for i in range(2):
                _store["x"] = lm.transformer.h[i].output.save()
        for _k, _v in _store.items():
            store[_k] = _v
        """,
    ),
    "what a function reads": (
        """
        acts = []
        def count():
            return len(acts)
        with lm.trace("a", remote=True):
            for i in range(2):
                acts.append(lm.transformer.h[i].output.save())
            last = lm.transformer.h[count()].output.save()
        """,
        """
        acts = []
        def count():
            return len(acts)
        with lm.trace("a", remote=True):
            _acts = acts.save()
            for i in range(2):
                acts.append(lm.transformer.h[i].output.save())
            last = lm.transformer.h[count()].output.save()
        acts[:] = _acts
        """,
    ),
    "the length of what comes back": (
        """
        acts, sizes = [], {}
        with lm.trace("a", remote=True):
            for i in range(2):
                acts.append(lm.transformer.h[i].output.save())
            sizes["n"] = len(acts)
        """,
        """
        acts, sizes = [], {}
        with lm.trace("a", remote=True):
            _acts = acts.save()
            _sizes = dict().save()
            for i in range(2):
                acts.append(lm.transformer.h[i].output.save())
            _sizes["n"] = len(acts)
        acts[:] = _acts
        sizes.update(_sizes)
        """,
    ),
    "what may be None": (
        """
        acts = {}
        with lm.trace("a", remote=True):
            acts["x"] = lm.lm_head.output.save() if wanted else None
        """,
        """
        acts = {}
        with lm.trace("a", remote=True):
            _act = [lm.lm_head.output.save() if wanted else None].save()
        acts["x"] = _act[0]
        """,
    ),
    "an attribute that is bound anew and filled": (
        """
        class Reader:
            def read(self, prompt):
                with lm.trace(prompt, remote=True):
                    self.acts = {}
                    for i in range(2):
                        self.acts[i] = lm.transformer.h[i].output.save()
        """,
        """
        class Reader:
            def read(self, prompt):
                with lm.trace(prompt, remote=True):
                    _acts = {}.save()
                    for i in range(2):
                        _acts[i] = lm.transformer.h[i].output.save()
                self.acts = _acts
        """,
    ),
    "a recorder's list and number": (
        """
        class Recorder:
            def __init__(self):
                self.acts, self.count = [], 0
                self.count = 0

            def record(self, act):
                self.acts.append(act.save())
                self.count += 1

        recorder = Recorder()
        with lm.trace("a", remote=True):
            for i in range(2):
                recorder.record(lm.transformer.h[i].output)
        """,
        """
        class Recorder:
            def __init__(self):
                self.acts, self.count = [], 0
                self.count = 0

            def record(self, act):
                self.acts.append(act.save())
                self.count += 1

        recorder = Recorder()
        with lm.trace("a", remote=True):
            _acts = recorder.acts.save()
            for i in range(2):
                recorder.record(lm.transformer.h[i].output)
            _count = recorder.count.save()
        recorder.acts[:] = _acts
        recorder.count = _count
        """,
    ),
    "by a lambda": (
        """
        acts = []
        keep = lambda act: acts.append(act.save())
        with lm.trace("a", remote=True):
            keep(lm.lm_head.output)
        """,
        """
        acts = []
        keep = lambda act: acts.append(act.save())
        with lm.trace("a", remote=True):
            _acts = acts.save()
            keep(lm.lm_head.output)
        acts[:] = _acts
        """,
    ),
    "by a static and an inherited method": (
        """
        class Base:
            @staticmethod
            def put(acts, act):
                acts.append(act.save())

            def keep(self, acts, act):
                acts.append(act.save())

        class Keeper(Base):
            pass

        ones, others = [], []
        keeper = Keeper()
        with lm.trace("a", remote=True):
            Keeper.put(ones, lm.transformer.h[0].output)
            keeper.keep(others, lm.transformer.h[1].output)
        """,
        """
        class Base:
            @staticmethod
            def put(acts, act):
                acts.append(act.save())

            def keep(self, acts, act):
                acts.append(act.save())

        class Keeper(Base):
            pass

        ones, others = [], []
        keeper = Keeper()
        with lm.trace("a", remote=True):
            _ones = ones.save()
            _others = others.save()
            Keeper.put(ones, lm.transformer.h[0].output)
            keeper.keep(others, lm.transformer.h[1].output)
        ones[:] = _ones
        others[:] = _others
        """,
    ),
    "keywords given with two stars": (
        """
        options = {"remote": True}
        acts = {}
        with lm.trace("a", **options):
            acts["x"] = lm.lm_head.output.save()
        """,
        """
        options = {"remote": True}
        acts = {}
        with lm.trace("a", **options):
            _act = lm.lm_head.output.save()
        acts["x"] = _act
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), REWRITES.values(), ids=REWRITES)
def test_rewrite(before: str, after: str) -> None:
    fixed = fix(program(before))
    assert fixed.code == program(after)
    assert not [each for each in fixed.remaining if each.severity is not Severity.NOTE]
    assert fix(fixed.code).code == fixed.code


# Lost on a server, and no fix is known to be right.
STRANDED = {
    "objects of the file's classes": """
        class Record:
            def __init__(self, h):
                self.h = h
        records = []
        with lm.trace("a", remote=True):
            records.append(Record(lm.lm_head.output.save()))
    """,
    "named tuples": """
        from collections import namedtuple
        Record = namedtuple("Record", "layer h")
        records = []
        with lm.trace("a", remote=True):
            records.append(Record(1, lm.lm_head.output.save()))
    """,
    "a lambda for what is missing": """
        from collections import defaultdict
        acts = defaultdict(lambda: defaultdict(list))
        with lm.trace("a", remote=True):
            for i in range(2):
                acts["x"][i].append(lm.transformer.h[i].output.save())
    """,
    "a method that a caller gives": """
        def read(keep):
            with lm.trace("a", remote=True):
                keep(lm.lm_head.output.save())
        acts = []
        read(acts.append)
    """,
    "an unknown kind, by update": """
        def read(kept):
            with lm.trace("a", remote=True):
                for i in range(2):
                    kept.update(names[i])
    """,
    "attributes by computed names": """
        with lm.trace("a", remote=True):
            for i in range(2):
                setattr(kept, f"h{i}", lm.transformer.h[i].output.save())
    """,
    "a part of what is out of view": """
        def read(kept):
            with lm.trace("a", remote=True):
                bucket = kept["x"]
                bucket.append(lm.lm_head.output.save())
    """,
    "a dictionary with methods of its own": """
        class Cache(dict):
            def put(self, key, act):
                self[key] = act.save()
        cache = Cache()
        with lm.trace("a", remote=True):
            cache.put("x", lm.lm_head.output)
    """,
    "a global of a function": """
        count = 0
        def bump():
            global count
            count += 1
        with lm.trace("a", remote=True):
            bump()
            out = lm.lm_head.output.save()
    """,
    "an iterator": """
        numbers = iter(range(3))
        with lm.trace("a", remote=True):
            out = lm.transformer.h[next(numbers)].output.save()
    """,
}


@pytest.mark.parametrize("code", STRANDED.values(), ids=STRANDED)
def test_what_is_lost_is_said(code: str) -> None:
    (finding,) = found(code)
    assert finding.severity is Severity.SILENT
    assert finding.fix is None
    assert fix(program(code)).code == program(code)


# Nothing outside is changed, remotely or not.
LEFT_ALONE = {
    "a copy of a part": """
        acts = {"x": [1, 2, 3]}
        with lm.trace("a"):
            own = acts["x"][:]
            own.append(3)
            out = lm.transformer.h[own[0]].output.save()
    """,
    "a list made of it": """
        acts = {"x": [1, 2, 3]}
        with lm.trace("a"):
            own = list(acts["x"])
            own.append(3)
            out = lm.transformer.h[own[0]].output.save()
    """,
    "a part that is only read": """
        layers = {"early": [0, 1]}
        with lm.trace("a"):
            early = layers["early"]
            out = lm.transformer.h[early[0]].output.save()
    """,
    "a collection of the trace's own, by its bound method": """
        with lm.trace("a"):
            own = list().save()
            keep = own.append
            keep(lm.lm_head.output)
        print(own)
    """,
    "a function out of view that is given what has items": """
        names = ["x"]
        with lm.trace("a"):
            out = pick(names, lm.lm_head.output).save()
    """,
    "an iterator of the trace's own": """
        with lm.trace("a"):
            numbers = iter(range(3))
            out = lm.transformer.h[next(numbers)].output.save()
    """,
    "keywords that say no": """
        options = {"remote": False, "scan": True}
        with lm.trace("a", **options):
            out = lm.lm_head.output.save()
    """,
}


@pytest.mark.parametrize("code", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(code: str) -> None:
    findings = check(program(code), Options(assume_remote=True)).findings
    assert not [each for each in findings if each.code == "NNS201"]


STALE = {
    "a display of names": """
        one = []
        kept = {"x": one}
        with lm.trace("a", remote=True):
            for i in range(2):
                kept["x"].append(len(kept["x"]))
    """,
    "a loop around the trace": """
        runs = [{"acts": {}}, {"acts": {}}]
        for run in runs:
            with lm.trace("a", remote=True):
                for i in range(2):
                    runs[0]["acts"][i] = lm.transformer.h[i].output.save()
    """,
}


@pytest.mark.parametrize("code", STALE.values(), ids=STALE)
def test_copying_back_items_that_have_names_is_an_assumption(code: str) -> None:
    (finding,) = found(code)
    assert finding.fix is not None
    assert finding.fix.applicability is Applicability.UNSAFE
    assert "names that stand for its items keep the old ones" in finding.message


def test_what_a_session_calls_is_part_of_it() -> None:
    (finding,) = found("""
        def read(prompt, into):
            with lm.trace(prompt):
                into[prompt] = lm.lm_head.output.save()
        kept = {}
        with lm.session(remote=True):
            read("a", kept)
    """)
    assert (finding.severity, finding.fix) == (Severity.SILENT, None)
    assert "outside the session" in finding.message


MADE = "[] {} list() {n:[]for(n)in(names)} defaultdict(list) torch.zeros(2,3)".split()


@pytest.mark.parametrize(("made", "count"), [*((one, 0) for one in MADE), ("others", 1)])
def test_what_a_function_in_a_session_makes_itself_is_there(made: str, count: int) -> None:
    findings = found(f"""
        others, names = {{}}, ["a", "b"]
        def read(prompts):
            kept = {made}
            for number, prompt in enumerate(prompts):
                with lm.trace(prompt):
                    kept[number] = lm.lm_head.output.mean()
            return kept
        with lm.session(remote=True):
            both = [read(["a"]), read(["b"])].save()
    """)
    assert len(findings) == count


@pytest.mark.parametrize("passed", ["", ", remote=True", ", **{}"])
def test_a_function_that_passes_its_keywords_on_may_be_remote(passed: str) -> None:
    code = f"""
        acts = []
        def read(prompt, **options):
            with lm.trace(prompt, **options):
                acts.append(lm.lm_head.output.save())
        read("a"{passed})
    """
    severities = [each.severity for each in found(code)]
    assert severities == ([Severity.WARNING] if "remote" in passed else [])
