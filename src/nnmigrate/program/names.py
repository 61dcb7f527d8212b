"""The names of nnsight and of Python that the walk knows by heart."""

from __future__ import annotations

# nnsight 0.4.11 and 0.5.15, modeling/__init__.py: the classes that wrap a model.
MODEL_CLASSES = frozenset(
    "NNsight LanguageModel DiffusionModel VisionLanguageModel VLLM MetaMixin Envoy".split()
)

# nnsight 0.4.11, __init__.py: what it exports besides, functions that are Python's own in a trace.
REMOVED_FUNCTIONS = frozenset("apply log local cond iter stop trace".split())
REMOVED_BUILTINS = frozenset(
    "bool bytes int float str complex bytearray tuple list set dict".split()
)

# What a with statement enters on a model.
OPENERS = frozenset("trace generate scan session edit".split())

# What a model's module hands out besides `output`; one and the same event on 0.5.
INPUTS = frozenset("input inputs".split())

# What hands out a module's parameters: the names that torch's own layers give them, and the ways.
PARAMETERS = frozenset("weight bias parameters named_parameters get_parameter".split())

# Methods of strings that no module is called like.
STRING_METHODS = frozenset(
    """
    format split rsplit splitlines strip lstrip rstrip startswith endswith replace removeprefix
    removesuffix join lower upper title partition rpartition
    """.split()
)

# Attributes of an envoy that are no modules of the wrapped model (nnsight 0.4.11 and 0.5.15,
# intervention/envoy.py and modeling/): methods, and what torch.nn.Module brings along.
_ENVOY_NAMES = frozenset(
    """
    trace generate scan session edit next all iter save source skip stop to cpu cuda device dtype
    dispatch dispatched clear_edits export_edits import_edits interleave inputs input output path
    parameters named_parameters buffers modules named_modules children named_children state_dict
    load_state_dict train eval training requires_grad_ zero_grad half float double bfloat16 apply
    get config tokenizer processor weight bias data named_buffers register_forward_hook add_module
    get_submodule get_parameter forward remoteable_model_key to_model_key from_model_key batcher
    automodel repo_id revision hook update result
    """.split()
)

# Methods of Python's collections, and of objects alike, that change the object.
MUTATORS = frozenset(
    """
    append extend insert add update setdefault pop popitem remove clear sort reverse discard
    appendleft extendleft popleft write writelines put put_nowait difference_update
    intersection_update symmetric_difference_update subtract
    """.split()
)

# Functions that change what they are given first.
CHANGING_FUNCTIONS = frozenset(
    """
    heapq.heappush heapq.heappop heapq.heapify heapq.heappushpop heapq.heapreplace bisect.insort
    bisect.insort_left bisect.insort_right random.shuffle operator.setitem operator.delitem
    builtins.setattr builtins.delattr builtins.next
    """.split()
)

# Python's and the standard library's makers of collections.
COLLECTIONS = frozenset(
    "list dict set tuple frozenset defaultdict OrderedDict Counter deque bytearray".split()
)


def is_module_name(name: str) -> bool:
    """Whether an attribute of an envoy may be a module of the wrapped model."""
    return not name.startswith("_") and name not in _ENVOY_NAMES


def is_in_place(method: str) -> bool:
    """Whether a tensor's method changes the tensor (`add_`), by torch's naming."""
    return method.endswith("_") and not method.endswith("__") and method != "requires_grad_"
