from __future__ import annotations

import pytest

from nnmigrate.schedule import compare
from nnmigrate.schedule.values import Index, Order, Path, Point, Provider

from .builders import HEAD, entry, index, layer, output

# One forward pass each: outputs in the order of their hooks, a part of the record.
RECORDED = [
    """
    transformer.wte transformer.wpe transformer.drop transformer.h.0.ln_1
    transformer.h.0.attn.c_attn transformer.h.0.attn.c_proj transformer.h.0.attn
    transformer.h.0.ln_2 transformer.h.0.mlp.c_fc transformer.h.0.mlp.act
    transformer.h.0.mlp.c_proj transformer.h.0.mlp transformer.h.0 transformer.h.1.ln_1
    transformer.h.1 transformer.ln_f transformer lm_head
    """,
    """
    model.embed_tokens model.rotary_emb model.layers.0.input_layernorm
    model.layers.0.self_attn.q_proj model.layers.0.self_attn.v_proj
    model.layers.0.self_attn.o_proj model.layers.0.self_attn
    model.layers.0.post_attention_layernorm model.layers.0.mlp.gate_proj
    model.layers.0.mlp.act_fn model.layers.0.mlp.up_proj model.layers.0.mlp.down_proj
    model.layers.0.mlp model.layers.0 model.layers.1.mlp model.layers.1 model.norm model lm_head
    """,
    """
    gpt_neox.embed_in gpt_neox.layers.0.attention.query_key_value
    gpt_neox.layers.0.attention.dense gpt_neox.layers.0.attention
    gpt_neox.layers.0.mlp.dense_h_to_4h gpt_neox.layers.0.mlp gpt_neox.layers.0
    gpt_neox.final_layer_norm gpt_neox embed_out
    """,
    """
    backbone.embeddings backbone.layers.0.norm backbone.layers.0.mixer.in_proj
    backbone.layers.0.mixer.out_proj backbone.layers.0.mixer backbone.layers.0 backbone.norm_f
    backbone lm_head
    """,
]


def path(text: str) -> Path:
    return tuple(index(int(part)) if part.isdigit() else part for part in text.split("."))


@pytest.mark.parametrize("record", RECORDED)
def test_recorded_orders(record: str) -> None:
    order = [Provider(path(name), Point.OUTPUT) for name in record.split()]
    for place, one in enumerate(order):
        for later in order[place + 1 :]:
            assert compare(one, later) is Order.BEFORE
            assert compare(later, one) is Order.AFTER


def test_a_module_encloses_what_is_in_it() -> None:
    order = [entry(1), entry(1, "mlp"), layer(1, "mlp"), layer(1)]
    for place, one in enumerate(order):
        assert [compare(one, other) for other in order] == (
            [Order.AFTER] * place + [Order.SAME] + [Order.BEFORE] * (3 - place)
        )


@pytest.mark.parametrize(
    ("a", "b", "order"),
    [
        (Index("3", 3), Index("5", 5), Order.BEFORE),
        (Index("-1", -1), Index("-2", -2), Order.AFTER),
        (Index("-1", -1), Index("3", 3), Order.UNKNOWN),
        (Index("i"), Index("i"), Order.SAME),
        (Index("i"), Index("j"), Order.UNKNOWN),
        (Index("k", 2), Index("2", 2), Order.SAME),
        (Index("l 0", None, ("l", 0)), Index("l 1", None, ("l", 1)), Order.BEFORE),
        (Index("l 0", None, ("l", 0)), Index("m 1", None, ("m", 1)), Order.UNKNOWN),
        (Index("l 0", None, ("l", 0)), Index("i"), Order.UNKNOWN),
        (Index("i"), Index("l 0", None, ("l", 0)), Order.UNKNOWN),
    ],
)
def test_indexes(a: Index, b: Index, order: Order) -> None:
    assert compare(output("model", "layers", a), output("model", "layers", b)) is order


def test_indexes_of_unlisted_containers_are_not_known_to_run_in_order() -> None:
    assert compare(output("blocks", index(0)), output("blocks", index(1))) is Order.UNKNOWN
    assert compare(output("blocks", index(0)), output("blocks", index(0))) is Order.SAME


def test_items_of_a_model_that_is_a_list_itself_are_unknown() -> None:
    assert compare(output(index(0)), output(index(1))) is Order.UNKNOWN


@pytest.mark.parametrize("around", [("blocks", index(0)), (index(0),)])
def test_names_as_in_a_layer_tell_nothing_outside_of_a_list_of_layers(around: Path) -> None:
    assert compare(output(*around, "ln_1"), output(*around, "attn")) is Order.UNKNOWN


def test_the_generator_has_one_value_whichever_step_asks_for_it() -> None:
    later = Provider(("generator",), Point.OUTPUT, iteration=2)
    assert compare(output("generator"), later) is Order.SAME


def test_plain_modules_are_unknown() -> None:
    assert compare(output("layer1"), output("layer2")) is Order.UNKNOWN
    assert compare(output("fc1"), output("fc2")) is Order.UNKNOWN
    assert compare(output("net", "fc1"), output("net")) is Order.BEFORE


def test_a_module_of_ones_own_in_a_layer_may_run_its_parts_in_any_order() -> None:
    inside = ("transformer", "h", index(0), "adapter")
    assert compare(output(*inside, "c_fc"), output(*inside, "c_proj")) is Order.UNKNOWN


def test_an_item_and_a_named_child_of_one_module_are_unknown() -> None:
    assert compare(output("net", index(0)), output("net", "norm")) is Order.UNKNOWN
    assert compare(output("net", "norm"), output("net", index(0))) is Order.UNKNOWN


@pytest.mark.parametrize(
    ("a", "b"), [("q_norm", "k_proj"), ("q_norm", "v_proj"), ("k_norm", "v_proj")]
)
def test_what_was_recorded_in_both_orders_is_unknown(a: str, b: str) -> None:
    inside = ("model", "layers", index(0), "self_attn")
    assert compare(output(*inside, a), output(*inside, b)) is Order.UNKNOWN


def test_the_root_comes_last_in_a_pass_and_the_generator_after_all() -> None:
    assert compare(HEAD, output()) is Order.BEFORE
    later = Provider(HEAD.path, Point.OUTPUT, iteration=4)
    assert compare(later, output("generator")) is Order.BEFORE
    assert compare(output("generator"), output()) is Order.AFTER


def test_iterations_follow_each_other() -> None:
    assert compare(HEAD, Provider(layer(0).path, Point.INPUT, iteration=1)) is Order.BEFORE


def test_the_streamer_has_the_prompt_before_the_first_pass() -> None:
    streamed = [Provider(("generator", "streamer"), Point.OUTPUT, n) for n in (0, 1)]
    assert compare(streamed[0], entry(0)) is Order.BEFORE
    assert compare(streamed[1], HEAD) is Order.AFTER
    assert compare(streamed[1], output("generator")) is Order.BEFORE
