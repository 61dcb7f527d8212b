"""Functions of the file that only make or enter contexts, put in where they are used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.findings import Fix
from nnmigrate.program import Context, Made, Program, Read, Scope, Statement, flat
from nnmigrate.program.lambdas import all_parameters
from nnmigrate.program.model import code_only
from nnmigrate.program.values import Module
from nnmigrate.spans import Edit, Span

from .editing import code_of, expression_of, fresh_name

_ATOMS = (cst.Name, cst.Integer, cst.Float, cst.SimpleString)


@dataclass(frozen=True, eq=False)
class Helper:
    """A function that only makes a context, or only enters some and yields.

    Args:
        scope: the function.
        statements: those that make or enter them, outermost first.
        contexts: what is entered.
        last: the `return` or `yield`.
        given: the name that it yields; None if it yields nothing, or returns the context.
        manager: it is a `contextmanager`.
    """

    scope: Scope
    statements: tuple[Statement, ...]
    contexts: tuple[Context, ...]
    last: Statement
    given: str | None = None
    manager: bool = False

    @property
    def definition(self) -> Statement:
        """The `def`."""
        assert self.scope.statement is not None
        return self.scope.statement


@dataclass(frozen=True, eq=False)
class Use:
    """A with statement that enters what a helper gives.

    Args:
        scope: where it stands.
        statement: the with statement.
        context: the call.
        text: what takes the call's place, `as` included; None if nothing can.
    """

    scope: Scope
    statement: Statement
    context: Context
    text: str | None


def is_manager(program: Program, scope: Scope) -> bool:
    """Whether a function is decorated with `contextlib.contextmanager`."""
    node = scope.statement.node if scope.statement is not None else None
    decorators = node.decorators if isinstance(node, cst.FunctionDef) else ()
    names = [code_of(each.decorator) for each in decorators]
    return any(_imported(program, name) == "contextlib.contextmanager" for name in names)


def _imported(program: Program, name: str) -> str:
    """What a name, or an attribute of one, was imported as."""
    first, dot, rest = name.partition(".")
    bindings = program.scopes[0].bindings.get(first, ())
    value = bindings[0].value if len(bindings) == 1 else None
    return value.name + dot + rest if isinstance(value, Module) else ""


def helpers(program: Program) -> Iterator[Helper]:
    """The functions of the module that only make or enter contexts."""
    for scope in program.scopes:
        outer, definition = scope.parent, scope.statement
        if scope.kind == "function" and outer is not None and outer.kind == "module":
            node = definition.node if definition is not None else None
            if isinstance(node, cst.FunctionDef) and len(outer.bindings.get(scope.name, ())) == 1:
                found = _helper(program, scope, node)
                if found is not None:
                    yield found


def _helper(program: Program, scope: Scope, node: cst.FunctionDef) -> Helper | None:
    body = scope.body.statements
    if _is_docstring(body[0]):
        body = body[1:]
    if len(body) != 1 or node.asynchronous is not None:
        return None
    if not node.decorators and isinstance(body[0].node, cst.Return) and body[0].node.value:
        end = body[0].span.end
        value = Span(end - len(code_of(body[0].node.value)), end)
        if not any(isinstance(s, Made) and s.span == value for s in body[0].steps):
            return None
        return Helper(scope, (body[0],), (Context(value, value),), body[0])
    if len(node.decorators) == 1 and is_manager(program, scope):
        return _manager(scope, body[0])
    return None


def _manager(scope: Scope, statement: Statement) -> Helper | None:
    statements: list[Statement] = []
    while isinstance(statement.node, cst.With) and statement.node.asynchronous is None:
        statements.append(statement)
        if len(statement.blocks[0].statements) != 1:
            return None
        statement = statement.blocks[0].statements[0]
    contexts = tuple(context for each in statements for context in each.contexts)
    opened = [each.opens for each in statements if each.opens is not None]
    value = statement.node.value if isinstance(statement.node, cst.Expr) else None
    if not isinstance(value, cst.Yield) or not opened:
        return None
    if any(context.bound and context.name is None for context in contexts):
        return None
    given = value.value
    if given is not None and not isinstance(given, cst.Name):
        return None
    name = given.value if isinstance(given, cst.Name) else None
    if name is not None and name not in [context.name for context in contexts]:
        return None
    return Helper(scope, tuple(statements), contexts, statement, name, manager=True)


def _is_docstring(statement: Statement) -> bool:
    node = statement.node
    return isinstance(node, cst.Expr) and isinstance(node.value, cst.BaseString)


# --- uses -----------------------------------------------------------------------------------------


def uses(program: Program, helper: Helper) -> list[Use]:
    """The with statements of the file that call a helper in their headers."""
    found = []
    for scope in program.scopes:
        for statement in scope.body.walk():
            for context in statement.contexts:
                if context.function == helper.scope.name and _means(scope, helper):
                    text = _inlined(program, helper, scope, statement, context)
                    found.append(Use(scope, statement, context, text))
    return found


def only_used(program: Program, helper: Helper, found: Sequence[Use]) -> bool:
    """Whether nothing else in the file names the helper, so that it can go."""
    name = helper.scope.name
    named = re.findall(rf"(?<!\w){name}\b", program.bare)
    quoted = re.search(rf"""["']{name}["']""", program.code)
    return len(named) == len(found) + 1 and not quoted


def gone(program: Program, helper: Helper) -> Edit:
    """Removes a helper with the blank lines behind it."""
    line = helper.definition.line
    blank = re.compile(r"(?:[ \t]*\r?\n)*").match(program.code, line.end)
    assert blank is not None
    return Edit(Span(line.start, blank.end()), "")


def _means(scope: Scope, helper: Helper) -> bool:
    return not _binds(scope, helper, helper.scope.name)


def _binds(scope: Scope, helper: Helper, name: str) -> bool:
    """Whether a name read in a scope is another one than the helper's module has."""
    current: Scope | None = scope
    while current is not None and current is not helper.scope.parent:
        if name in current.bindings:
            return True
        current = current.parent
    return False


def _inlined(
    program: Program, helper: Helper, scope: Scope, statement: Statement, context: Context
) -> str | None:
    """The contexts of a helper as they are written in the place of its call."""
    if context.bound and (context.name is None or (helper.manager and helper.given is None)):
        return None
    arguments = _arguments(program, helper, context)
    if arguments is None or not _can_stand(program, helper, scope, arguments):
        return None
    names = {each.name: each.name for each in helper.contexts if each.name}
    names = {name: fresh_name(program, f"_{name}") for name in names}
    if helper.given is not None and context.name is not None:
        names[helper.given] = context.name
    parts = []
    for each in helper.contexts:
        text = _replaced(program, helper, each.call, {**arguments, **names})
        wanted = each.name is not None and (
            (each.name == helper.given and context.bound) or _is_read(helper, each.name)
        )
        parts.append(f"{text} as {names[each.name]}" if wanted and each.name else text)
    if not helper.manager and context.name is not None:
        parts[-1] += f" as {context.name}"
    return ", ".join(parts) if _parses(parts) else None


def _parses(parts: Sequence[str]) -> bool:
    if any("\n" in part and re.search("'''|\"\"\"", part) for part in parts):
        return False
    try:
        cst.parse_module(f"with {', '.join(parts)}: pass\n")
    except cst.ParserSyntaxError:
        return False
    return True


def _reads(helper: Helper) -> list[Read]:
    """The names that are read where the contexts are made."""
    steps = [step for each in helper.statements for step in flat(each.steps)]
    calls = [context.call for context in helper.contexts]
    found = {
        step.span: step
        for step in steps
        if isinstance(step, Read) and any(call.holds(step.span) for call in calls)
    }
    return [found[span] for span in sorted(found)]


def _is_read(helper: Helper, name: str) -> bool:
    return any(read.name == name for read in _reads(helper))


def _arguments(program: Program, helper: Helper, context: Context) -> dict[str, str] | None:
    """What a call passes for each parameter, in the order in which it is evaluated."""
    call = expression_of(program.text(context.call))
    node = helper.definition.node
    assert isinstance(call, cst.Call)
    assert isinstance(node, cst.FunctionDef)
    stars = any(argument.star for argument in call.args)
    if stars or not isinstance(node.params.star_arg, (cst.MaybeSentinel, cst.ParamStar)):
        return None
    if node.params.star_kwarg is not None:
        return None
    positional = [each.name.value for each in (*node.params.posonly_params, *node.params.params)]
    given: dict[str, str] = {}
    for number, argument in enumerate(call.args):
        if argument.keyword is None and number >= len(positional):
            return None
        name = argument.keyword.value if argument.keyword else positional[number]
        given[name] = code_of(argument.value)
    for parameter in all_parameters(node.params):
        name, default = parameter.name.value, parameter.default
        if name not in given:
            if default is None or not _is_constant(code_of(default)):
                return None
            given[name] = code_of(default)
    return (
        given if set(given) == {each.name.value for each in all_parameters(node.params)} else None
    )


def _is_constant(text: str) -> bool:
    node = expression_of(text)
    constants = ("True", "False", "None")
    return isinstance(node, _ATOMS) and (not isinstance(node, cst.Name) or text in constants)


def _can_stand(
    program: Program, helper: Helper, scope: Scope, arguments: Mapping[str, str]
) -> bool:
    """Whether the helper's contexts mean the same where the call stands."""
    reads = _reads(helper)
    own = {each.name for each in helper.contexts}
    if any(
        read.nested or (read.name not in {*arguments, *own} and _binds(scope, helper, read.name))
        for read in reads
    ):
        return False
    text = " ".join(program.text(each.call) for each in helper.contexts)
    seen = re.findall(r"(?<![\w.])[^\W\d]\w*\b(?!\s*=(?!=))", code_only(text))
    spelled = [name for name in seen if name in {*arguments, *own}]
    order = [read.name for read in reads if read.name in {*arguments, *own}]
    if sorted(spelled) != sorted(order) or _has_strange_strings(text):
        return False
    computed = [name for name, given in arguments.items() if not _is_plain(given)]
    if [name for name in order if name in computed] != computed:
        return False
    # The first context is made before any is entered, as the argument was.
    first = helper.contexts[0].call
    early = {read.name for read in reads if first.holds(read.span)}
    return all(name in early or _only_reads(arguments[name]) for name in computed)


def _is_plain(text: str) -> bool:
    return isinstance(expression_of(text), _ATOMS)


def _only_reads(text: str) -> bool:
    """Whether an expression only takes items and attributes: `prompts[0]`."""
    return _reading(expression_of(text))


def _reading(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Attribute):
        return _reading(node.value)
    if isinstance(node, cst.Subscript):
        slices = [element.slice for element in node.slice]
        indexes = [part.value for part in slices if isinstance(part, cst.Index)]
        return len(indexes) == len(slices) and all(map(_reading, (node.value, *indexes)))
    return isinstance(node, _ATOMS)


def _has_strange_strings(text: str) -> bool:
    """Whether an f-string may hold names."""
    return re.search(r"""(?i)\b(?:f|rf|fr)["']""", text) is not None


def _replaced(program: Program, helper: Helper, span: Span, instead: Mapping[str, str]) -> str:
    """An expression of the helper with other expressions for its names."""
    pieces, done = [], span.start
    for read in _reads(helper):
        if span.holds(read.span) and read.name in instead:
            pieces += [program.code[done : read.span.start]]
            pieces += [_put(program, read.span, instead[read.name])]
            done = read.span.end
    return "".join((*pieces, program.code[done : span.end]))


def _put(program: Program, span: Span, text: str) -> str:
    """An argument, in parentheses where its place asks for them."""
    node = expression_of(text)
    alone = re.search(r"[(,=]\s*\Z", program.code[: span.start]) and re.match(
        r"\s*[,)]", program.code[span.end :]
    )
    bare = isinstance(node, _ATOMS) or node.lpar
    loose = isinstance(node, (cst.GeneratorExp, cst.NamedExpr, cst.Yield))
    return text if bare or (alone and not loose) else f"({text})"


# --- fixes ----------------------------------------------------------------------------------------


def fix_of(program: Program, helper: Helper, found: Sequence[Use], use: Use) -> Fix | None:
    """Puts a helper's contexts in the place of its call; with its last use the helper goes."""
    if use.text is None:
        return None
    message = f"Write out what `{helper.scope.name}` enters"
    if not vanishes(program, helper, found):
        return Fix(message, (Edit(use.context.span, use.text),))
    edits = [Edit(each.context.span, each.text) for each in found if each.text is not None]
    return Fix(message, tuple(sorted([*edits, gone(program, helper)])))


def vanishes(program: Program, helper: Helper, found: Sequence[Use]) -> bool:
    """Whether a helper can be written out wherever it is named."""
    written = all(use.text is not None for use in found)
    return bool(found) and written and only_used(program, helper, found)


def written_out(program: Program) -> set[Statement]:
    """The last statements of the helpers that can be written out wherever they are named."""
    return {
        helper.last
        for helper in helpers(program)
        if vanishes(program, helper, uses(program, helper))
    }
