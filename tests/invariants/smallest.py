"""The smallest programs of which something did not hold, each with what that was."""

from __future__ import annotations

SMALLEST = {
    "a list that invokes add to, in a remote trace": """\
for prompt in prompts:
    with model.trace(remote=True) as tracer:
        with tracer.invoke():
            pass
        for layer in range(3):
            with tracer.invoke(prompts[1]):
                box += [resid]
""",
    "a class in a trace, with a trace in it": """\
with torch.no_grad():
    with model.generate(max_new_tokens=steps) as tracer:
        with tracer.invoke(tokens):
            class Inner:
                grad = model.trace('The Eiffel Tower', trace=False)
""",
    "an empty line of Windows in a class": """\
def run():
    with model.trace() as tracer:
        grad = model.transformer.h[0].mlp.output
    class Inner:

        grad: torch.Tensor = model.lm_head.output[:, -1]
""",
}
