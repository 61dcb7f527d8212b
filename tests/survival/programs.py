"""Programs as they were written for 0.4, by the rows of the table of what survives a trace.

Each row is one way in which a value, a name or an object outlives the trace on 0.4 and does not on
0.5. `CONTROLS` do so on both.
"""

HEAD = """from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

"""

ROWS = {
    "outer dictionary": """
        kept = {}
        for prompt in ("a b", "c"):
            with lm.trace(prompt, remote=True):
                kept[prompt] = lm.lm_head.output.save()
    """,
    "outer list in a loop of layers": """
        kept = []
        for prompt in ("a b", "c"):
            with lm.trace(prompt, remote=True):
                for i in range(2):
                    kept.append(lm.transformer.h[i].output[0].save())
    """,
    "outer defaultdict of lists": """
        from collections import defaultdict
        kept = defaultdict(list)
        for prompt in ("a b", "c"):
            with lm.trace(prompt, remote=True):
                for i in range(2):
                    kept[i].append(lm.transformer.h[i].output[0].save())
    """,
    "setdefault of nested dictionaries": """
        kept = {}
        with lm.trace("a b", remote=True):
            for i in range(2):
                kept.setdefault("x", {})[i] = lm.transformer.h[i].output[0].save()
    """,
    "slots of an outer list": """
        kept = [None] * 3
        with lm.trace("a b", remote=True):
            for i in range(3):
                kept[i] = lm.transformer.h[i].output[0].save()
    """,
    "an index taken from the collection": """
        kept = {}
        for prompt in ("a b", "c"):
            with lm.trace(prompt, remote=True):
                kept[len(kept)] = lm.lm_head.output.save()
    """,
    "a collection that the body asks": """
        kept = {}
        for prompt in ("a b", "c", "a b"):
            with lm.trace(prompt, remote=True):
                if prompt not in kept:
                    kept[prompt] = lm.transformer.h[0].output[0].save()
                last = lm.lm_head.output.save()
    """,
    "a set": """
        names = set()
        for prompt in ("a b", "c"):
            with lm.trace(prompt, remote=True):
                names.add(prompt)
                out = lm.lm_head.output.save()
    """,
    "a list made in the trace": """
        with lm.trace("a b", remote=True):
            kept = []
            for i in range(2):
                kept.append(lm.transformer.h[i].output[0].save())
        count = len(kept)
    """,
    "displays and comprehensions": """
        with lm.trace("a b", remote=True):
            some = [lm.transformer.h[i].output[0].save() for i in range(2)]
            named = {i: lm.transformer.h[i].mlp.output.save() for i in (2, 3)}
            pair = (lm.transformer.ln_f.output.save(), lm.lm_head.output.save())
        count = len(some) + len(named) + len(pair)
    """,
    "a collection of what was not saved": """
        with lm.trace("a b", remote=True):
            acts = [layer.output[0] for layer in lm.transformer.h]
            last = acts[-1].save()
        count = len(acts)
    """,
    "a list extended by +=": """
        kept = []
        other = kept
        for prompt in ("a b", "c"):
            with lm.trace(prompt, remote=True):
                kept += [lm.lm_head.output.save()]
        count = len(other)
    """,
    "a list made anew by +": """
        kept = []
        for prompt in ("a b", "c"):
            with lm.trace(prompt, remote=True):
                kept = kept + [lm.lm_head.output.save()]
        count = len(kept)
    """,
    "a sum": """
        total = 0
        with lm.trace("a b", remote=True):
            for i in range(3):
                total = total + lm.transformer.h[i].output[0].sum()
            total = total.save()
        result = float(total)
    """,
    "a counter over traces": """
        kept, index = {}, 0
        for prompt in ("a b", "c"):
            with lm.trace(prompt, remote=True):
                kept[index] = lm.lm_head.output.save()
                index += 1
        result = index
    """,
    "a counter over invokes": """
        kept, index = {}, 0
        with lm.trace(remote=True) as tracer:
            for prompt in ("a b", "c d"):
                with tracer.invoke(prompt):
                    kept[index] = lm.lm_head.output.save()
                    index += 1
        result = index
    """,
    "a counter beside invokes": """
        kept, index = {}, 0
        with lm.trace(remote=True) as tracer:
            for prompt in ("a b", "c d"):
                with tracer.invoke(prompt):
                    kept[index] = lm.lm_head.output.save()
                index += 1
        result = index
    """,
    "a flag": """
        seen = False
        for prompt in ("a b", "c"):
            with lm.trace(prompt, remote=True):
                if not seen:
                    seen = True
                    first = lm.transformer.h[0].output[0].save()
                out = lm.lm_head.output.save()
        result = seen
    """,
    "plain names": """
        with lm.trace("a b", remote=True):
            layer, scale = 1, 2.0
            import math
            out = (lm.transformer.h[layer].output[0] * scale * math.pi).save()
        result = layer, scale, math.pi
    """,
    "loop variables": """
        i = 100
        with lm.trace("a b", remote=True):
            for i in range(3):
                out = lm.transformer.h[i].output[0].save()
        result = i
    """,
    "a walrus": """
        n = 1
        with lm.trace("a b", remote=True):
            out = lm.lm_head.output[0, 0, (n := 2)].save()
        result = n
    """,
    "a deleted name": """
        n = 5
        with lm.trace("a b", remote=True):
            out = lm.lm_head.output[0, 0, n].save()
            del n
        try:
            result = n
        except NameError:
            result = "gone"
    """,
    "None": """
        best = 3
        with lm.trace("a b", remote=True):
            best = None
            out = lm.lm_head.output.save()
        result = best
    """,
    "a value that is bound anew": """
        with lm.trace("a b", remote=True):
            hidden = lm.transformer.h[0].output[0]
            hidden = (hidden * 2).save()
        result = float(hidden.sum())
    """,
    "unpacked": """
        with lm.trace("a b", remote=True):
            first, *rest = [lm.transformer.h[i].output[0].save() for i in range(3)]
        result = len(rest)
    """,
    "items that 0.4 reads by .value": """
        kept = {}
        with lm.trace("a b", remote=True):
            for i in range(2):
                kept[i] = lm.transformer.h[i].output[0].save()
        values = {i: act.value for i, act in kept.items()}
    """,
    "an attribute": """
        class Reader:
            def read(self, prompt):
                with lm.trace(prompt, remote=True):
                    self.hidden = lm.transformer.h[0].output[0].save()
                return self.hidden.value
        result = Reader().read("a b")
    """,
    "an attribute that is read in the body": """
        class Reader:
            def read(self, prompt):
                with lm.trace(prompt, remote=True):
                    self.hidden = lm.transformer.h[0].output[0].save()
                    self.best = self.hidden.sum().save()
                return self.hidden.value, self.best.value
        result = Reader().read("a b")
    """,
    "a collection in an attribute": """
        class Reader:
            def __init__(self):
                self.acts, self.count = {}, 0
            def read(self, prompt):
                with lm.trace(prompt, remote=True):
                    self.acts[prompt] = lm.transformer.h[0].output[0].save()
                    self.count += 1
        reader = Reader()
        reader.read("a b")
        reader.read("c")
        result = {prompt: act.value for prompt, act in reader.acts.items()}
        count = reader.count
    """,
    "an object that cannot be sent": """
        import threading
        class Reader:
            def __init__(self, model, layer):
                self.model, self.layer, self.lock = model, layer, threading.Lock()
            def read(self, prompt):
                with self.model.trace(prompt, remote=True):
                    hidden = self.model.transformer.h[self.layer].output[0].save()
                return hidden
        result = Reader(lm, 1).read("a b")
    """,
    "a class's attribute": """
        class Cache:
            acts = {}
        with lm.trace("a b", remote=True):
            Cache.acts["x"] = lm.transformer.h[0].output[0].save()
        result = Cache.acts["x"].value
    """,
    "a function's argument": """
        def read(prompt, into):
            with lm.trace(prompt, remote=True):
                for i in range(2):
                    into.append(lm.transformer.h[i].output[0].save())
        kept = []
        read("a b", kept)
        read("c", kept)
    """,
    "a helper that appends": """
        kept = []
        def keep(hidden):
            kept.append(hidden.save())
        with lm.trace("a b", remote=True):
            for i in range(2):
                keep(lm.transformer.h[i].output[0])
    """,
    "a global": """
        best = None
        def read():
            global best
            with lm.trace("a b", remote=True):
                best = lm.transformer.h[0].output[0].save()
        read()
        result = best.value if hasattr(best, "value") else best
    """,
    "a closure's counter": """
        def read():
            count = 0
            def one():
                nonlocal count
                with lm.trace("a b", remote=True):
                    count += 1
                    out = lm.lm_head.output.save()
                return out
            one()
            one()
            return count
        result = read()
    """,
    "returned": """
        def read():
            with lm.trace("a b", remote=True):
                return lm.lm_head.output.save()
        result = read()
    """,
    "left": """
        kept = []
        for prompt in ("a b", "", "c"):
            with lm.trace(prompt or "x", remote=True):
                if not prompt:
                    continue
                kept.append(lm.lm_head.output.save())
    """,
    "on one line": """
        with lm.trace("a b", remote=True): out = lm.lm_head.output.save()
    """,
    "tried first": """
        with lm.trace("a b", remote=True):
            try:
                out = lm.lm_head.output.save()
            except ValueError:
                out = None
    """,
    "used beside the invokes": """
        with lm.trace(remote=True) as tracer:
            with tracer.invoke("a b"):
                one = lm.lm_head.output.mean()
            with tracer.invoke("c d"):
                other = lm.lm_head.output.mean()
            distance = (one - other).abs().save()
        result = float(distance)
    """,
    "one name in two invokes": """
        with lm.trace(remote=True) as tracer:
            with tracer.invoke("a b"):
                hidden = lm.transformer.h[2].output[0].save()
            with tracer.invoke("c d"):
                hidden = lm.transformer.h[0].output[0].save()
        result = float(hidden.sum())
    """,
    "a list beside the invokes": """
        with lm.trace(remote=True) as tracer:
            kept = []
            for prompt in ("a b", "c d"):
                with tracer.invoke(prompt):
                    kept.append(lm.lm_head.output.save())
        count = len(kept)
    """,
    "a session's list and counter": """
        with lm.session(remote=True) as session:
            kept, count = [], 0
            for prompt in ("a b", "c"):
                with lm.trace(prompt):
                    kept.append(lm.lm_head.output.save())
                count += 1
        result = len(kept), count
    """,
    "an outer object in a session": """
        kept = {}
        with lm.session(remote=True) as session:
            for prompt in ("a b", "c"):
                with lm.trace(prompt):
                    kept[prompt] = lm.lm_head.output.save()
    """,
    "what a scan finds": """
        with lm.scan("a b"):
            width = lm.transformer.h[0].output[0].shape[-1]
        with lm.trace("a b"):
            out = lm.transformer.h[0].output[0][:, : width // 2].save()
        result = width
    """,
    "under several keys at once": """
        one, other = {}, {}
        with lm.trace("a b", remote=True):
            one["a"], other["b"] = lm.transformer.h[0].output[0].save(), lm.lm_head.output.save()
    """,
    "a part with a name": """
        def read():
            kept = {"x": [], "y": []}
            with lm.trace("a b", remote=True):
                for i, name in enumerate(kept):
                    bucket = kept[name]
                    bucket.append(lm.transformer.h[i].output[0].save())
            return kept
        result = read()
    """,
    "two names for one list": """
        one = other = []
        with lm.trace("a b", remote=True):
            for i in range(2):
                one.append(lm.transformer.h[i].output[0].save())
                other.append(lm.transformer.h[i].output[0].sum().save())
        count = len(one)
    """,
    "a bound method": """
        kept = []
        keep = kept.append
        with lm.trace("a b", remote=True):
            for i in range(2):
                keep(lm.transformer.h[i].output[0].save())
    """,
    "what may be None": """
        kept = {}
        def read(wanted):
            with lm.trace("a b", remote=True):
                mask = lm.transformer.h[0].output[0].save() if wanted else None
                kept[wanted] = lm.lm_head.output.save() if wanted else None
            return mask
        one, other = read(True), read(False)
        result = other is None
    """,
    "None on one way": """
        def read(wanted):
            with lm.trace("a b", remote=True):
                if wanted:
                    mask = lm.transformer.h[0].output[0].save()
                else:
                    mask = None
                out = lm.lm_head.output.save()
            return mask, out
        one, other = read(True), read(False)
        result = other[0] is None
    """,
    "the length of what comes back": """
        kept, sizes = [], {}
        with lm.trace("a b", remote=True):
            for i in range(2):
                kept.append(lm.transformer.h[i].output[0].save())
            sizes["n"] = len(kept)
    """,
    "an attribute that is bound anew and filled": """
        class Reader:
            def read(self, prompt):
                with lm.trace(prompt, remote=True):
                    self.acts = {}
                    for i in range(2):
                        self.acts[i] = lm.transformer.h[i].output[0].save()
                return self.acts
        result = {i: act.value for i, act in Reader().read("a b").items()}
    """,
    "a recorder": """
        class Recorder:
            def __init__(self):
                self.acts = []
                self.count = 0
            def record(self, act):
                self.acts.append(act.save())
                self.count += 1
        recorder = Recorder()
        with lm.trace("a b", remote=True):
            for i in range(2):
                recorder.record(lm.transformer.h[i].output[0])
        result = [act.value for act in recorder.acts]
        count = recorder.count
    """,
    "a prompt over several lines": """
        def read():
            with lm.trace(remote=True) as tracer:
                with tracer.invoke('''a
                    b'''):
                    note = '''c
                        d'''
                    out = (lm.lm_head.output * len(note)).save()
            return out
        result = read()
    """,
    "keywords with two stars": """
        options = dict(remote=True)
        kept = []
        with lm.trace("a b", **options):
            for i in range(2):
                kept.append(lm.transformer.h[i].output[0].save())
    """,
}

# What survives on both versions, remotely or not: nothing is to be changed.
CONTROLS = {
    "saved names": """
        with lm.trace("a b", remote=True):
            hidden = lm.transformer.h[0].output[0].save()
            out = lm.lm_head.output.save()
        result = float(hidden.sum() + out.sum())
    """,
    "changed behind the trace": """
        kept, index = {}, 0
        for prompt in ("a b", "c"):
            with lm.trace(prompt, remote=True):
                out = lm.lm_head.output.save()
            kept[index] = out
            index += 1
    """,
    "names that nobody reads": """
        with lm.trace("a b", remote=True):
            layer = 1
            hidden = lm.transformer.h[layer].output[0]
            out = (hidden * 2).save()
        result = float(out.sum())
    """,
    "what a later trace of a session uses": """
        with lm.session(remote=True) as session:
            with lm.trace("a b"):
                hidden = lm.transformer.h[0].output[0]
            with lm.trace("c d"):
                lm.transformer.h[0].output[0][:] = hidden
                out = lm.lm_head.output.save()
        result = float(out.sum())
    """,
    "a name declared nonlocal": """
        def read():
            out = None
            def one():
                nonlocal out
                with lm.trace("a b", remote=True):
                    out = lm.lm_head.output.sum().save()
            one()
            return out
        result = float(read())
    """,
    "an alias that is saved": """
        with lm.trace("a b", remote=True):
            hidden = lm.transformer.h[0].output[0]
            same = hidden
            same.save()
        result = float(hidden.sum())
    """,
    "helpers that return": """
        def last(hidden):
            return hidden[-1]
        with lm.trace("a b", remote=True):
            out = last(lm.transformer.h[0].output[0]).save()
        result = float(out.sum())
    """,
    "outer values that are only read": """
        layers, scale = [0, 1], {"x": 2.0}
        with lm.trace("a b", remote=True):
            out = (lm.transformer.h[layers[1]].output[0] * scale["x"]).save()
        result = float(out.sum())
    """,
}
