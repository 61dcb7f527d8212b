from __future__ import annotations

import random
from math import log2

import pytest

from nnmigrate.schedule import TooManyOrders, compare, orders, rankings
from nnmigrate.schedule.modules import compare_children
from nnmigrate.schedule.orders import Part
from nnmigrate.schedule.values import Index, Order, Path

from .builders import HEAD, entry, index, layer, output

ALL = [entry("i"), layer("i", "mlp"), layer("i"), layer("j"), layer(2), HEAD]


def test_comparable_providers_have_one_ranking() -> None:
    (rank,) = rankings([layer(2), entry(1), layer(0), layer(0), HEAD])
    assert rank == {layer(0): 0, entry(1): 1, layer(2): 2, HEAD: 3}


def test_no_provider_has_one_ranking() -> None:
    assert rankings([]) == ({},)


def test_two_spellings_of_one_module_share_a_rank() -> None:
    (rank,) = rankings([layer(2), output("transformer", "h", Index("k", 2)), layer(0)])
    assert sorted(rank.values()) == [0, 1, 1]


def test_an_unknown_index_can_be_before_at_or_after_another() -> None:
    ranks = {(rank[layer("i")], rank[layer(2)]) for rank in rankings([layer("i"), layer(2)])}
    assert ranks == {(0, 1), (0, 0), (1, 0)}


def test_layers_do_not_interleave() -> None:
    wanted = [entry("i"), layer("i"), entry("j"), layer("j")]
    assert {tuple(rank[each] for each in wanted) for rank in rankings(wanted)} == {
        (0, 1, 2, 3),
        (2, 3, 0, 1),
        (0, 1, 0, 1),
    }


def test_inside_layers_that_coincide_the_order_is_known() -> None:
    for rank in rankings([layer("i", "mlp"), layer("j", "attn"), layer("j", "mlp")]):
        assert rank[layer("j", "attn")] < rank[layer("j", "mlp")]
        if rank[layer("i", "mlp")] != rank[layer("j", "mlp")]:
            assert not (
                rank[layer("j", "attn")] < rank[layer("i", "mlp")] < rank[layer("j", "mlp")]
            )


def test_different_modules_never_coincide() -> None:
    assert {tuple(rank.values()) for rank in rankings([output("a"), output("b")])} == {
        (0, 1),
        (1, 0),
    }


@pytest.mark.parametrize("number", range(2, len(ALL) + 1))
def test_every_ranking_agrees_with_compare(number: int) -> None:
    signs = {Order.BEFORE: -1, Order.SAME: 0, Order.AFTER: 1}
    found = rankings(ALL[:number])
    assert len({tuple(rank.items()) for rank in found}) == len(found)
    for rank in found:
        for a in rank:
            for b in rank:
                sign = signs.get(compare(a, b))
                assert sign is None or sign == (rank[a] > rank[b]) - (rank[a] < rank[b])


def test_too_many_orders() -> None:
    assert len(rankings([layer(name) for name in "abcd"])) == 75
    with pytest.raises(TooManyOrders):
        rankings([layer(name) for name in "abcde"])


def test_a_thousand_known_providers_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are compared as often as sorting them asks for, and each with its neighbour."""
    compared: list[tuple[object, object]] = []

    def counted(parent: Path, one: Part, other: Part) -> Order:
        compared.append((one, other))
        return compare_children(parent, one, other)

    monkeypatch.setattr(orders, "compare_children", counted)
    wanted = [layer(number, "mlp") for number in range(1000)]
    random.Random(0).shuffle(wanted)
    assert len(rankings(wanted)) == 1
    assert len(compared) < 1000 * (log2(1000) + 3)


def test_turns_of_a_loop_are_in_order() -> None:
    turns = [output("model", "layers", Index(f"l {n}", None, ("l", n))) for n in range(5)]
    (rank,) = rankings(reversed(turns))
    assert [rank[turn] for turn in turns] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("unknown_at", range(3))
def test_two_spellings_of_one_index_stay_together_beside_one_of_which_nothing_is_known(
    unknown_at: int,
) -> None:
    twins = [output("h", Index("k", 2)), output("h", Index("l", 2))]
    unknown = output("h", Index("i"))
    asked = [*twins[:unknown_at], unknown, *twins[unknown_at:]]
    found = sorted(tuple(rank[each] for each in (*twins, unknown)) for rank in rankings(asked))
    assert found == [(0, 0, 0), (0, 0, 1), (1, 1, 0)]


def test_of_an_unlisted_container_known_items_differ_in_either_order() -> None:
    wanted = [output("blocks", Index("i")), output("blocks", index(0)), output("blocks", index(1))]
    found = [tuple(rank[each] for each in wanted) for rank in rankings(wanted)]
    assert len(found) == len(set(found)) == 10
    assert all(first != second for _, first, second in found)


def test_an_item_and_a_named_child_never_coincide() -> None:
    wanted = [output("net", Index("i")), output("net", "norm")]
    for asked in (wanted, wanted[::-1]):
        found = sorted(tuple(rank[each] for each in wanted) for rank in rankings(asked))
        assert found == [(0, 1), (1, 0)]


def test_parts_of_layers_that_coincide_are_parts_of_one_layer() -> None:
    wanted = [layer("i", "mlp"), layer("j", "attn"), layer("j", "mlp")]
    assert sorted(tuple(rank[each] for each in wanted) for rank in rankings(wanted)) == [
        (0, 1, 2),
        (1, 0, 1),
        (2, 0, 1),
    ]
