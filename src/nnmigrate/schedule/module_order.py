"""In which order the children of a module run, as recorded from real models.

The tables were made by running one forward pass of a tiny, randomly initialised model of each of 21
architectures (gpt2, gpt_neo, gptj, gpt_neox, opt, bloom, falcon, llama, mistral, mixtral, gemma,
gemma2, gemma3_text, qwen2, qwen3, phi, phi3, mamba, olmo, olmo2, deepseek_v3) with a forward
pre-hook and a forward hook on every module, on transformers 4.51.3, 4.57.6 and 5.23.0, and grouping
the modules by their parent. Every row is the children of one module in the order of their outputs;
a module that is called twice in one pass (phi's `resid_dropout`, mamba's `act`) stands where its
first call was, which is the call that iteration 0 means. Two children that ran in both orders (the
norms and projections of qwen3's and gemma3's attention) appear in rows that contradict each other:
nothing is known about such a pair.
"""

from __future__ import annotations

LAYER_CONTAINERS = frozenset({"h", "layers"})
"""Names of the recorded module lists whose items run one after the other."""

OUTSIDE_LAYERS: tuple[tuple[str, ...], ...] = (
    ("transformer", "lm_head"),
    ("model", "lm_head"),
    ("backbone", "lm_head"),
    ("gpt_neox", "lm_head"),
    ("gpt_neox", "embed_out"),
    ("wte", "wpe", "drop", "h", "ln_f"),
    ("word_embeddings", "word_embeddings_layernorm", "h", "ln_f"),
    ("word_embeddings", "rotary_emb", "h", "ln_f"),
    ("embed_in", "emb_dropout", "rotary_emb", "layers", "final_layer_norm"),
    ("embed_tokens", "embed_positions", "layers", "final_layer_norm"),
    ("embed_tokens", "rotary_emb", "rotary_emb_local", "layers", "norm"),
    ("embed_tokens", "embed_dropout", "rotary_emb", "layers", "final_layernorm"),
    ("embeddings", "layers", "norm_f"),
)
"""Children of the modules around the layers: the whole model and the inner model."""

LAYER_CHILDREN: tuple[tuple[str, ...], ...] = (
    ("ln_1", "attn", "ln_2", "mlp"),
    (
        "input_layernorm",
        "attention",
        "post_attention_dropout",
        "post_attention_layernorm",
        "mlp",
        "post_mlp_dropout",
    ),
    ("self_attn_layer_norm", "self_attn", "final_layer_norm", "fc1", "activation_fn", "fc2"),
    ("input_layernorm", "self_attention", "post_attention_layernorm", "mlp"),
    ("input_layernorm", "self_attn", "post_attention_layernorm", "mlp"),
    ("input_layernorm", "self_attn", "post_attention_layernorm", "block_sparse_moe"),
    (
        "input_layernorm",
        "self_attn",
        "post_attention_layernorm",
        "pre_feedforward_layernorm",
        "mlp",
        "post_feedforward_layernorm",
    ),
    ("input_layernorm", "self_attn", "resid_dropout", "mlp"),
    (
        "input_layernorm",
        "self_attn",
        "resid_attn_dropout",
        "post_attention_layernorm",
        "mlp",
        "resid_mlp_dropout",
    ),
    ("norm", "mixer"),
)
"""Children of one layer."""

INSIDE_LAYERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "attn": (
        ("c_attn", "c_proj", "resid_dropout"),
        ("q_proj", "k_proj", "v_proj", "attn_dropout", "out_proj", "resid_dropout"),
    ),
    "attention": (
        ("q_proj", "k_proj", "v_proj", "attn_dropout", "out_proj", "resid_dropout"),
        ("query_key_value", "dense"),
    ),
    "self_attention": (("query_key_value", "attention_dropout", "dense"),),
    "self_attn": (
        ("q_proj", "k_proj", "v_proj", "out_proj"),
        ("q_proj", "k_proj", "v_proj", "o_proj"),
        ("q_proj", "k_proj", "v_proj", "dense"),
        ("q_proj", "k_proj", "v_proj", "q_norm", "k_norm", "o_proj"),
        ("q_proj", "q_norm", "k_proj", "k_norm", "v_proj", "o_proj"),
        ("qkv_proj", "o_proj"),
        (
            "q_a_proj",
            "q_a_layernorm",
            "q_b_proj",
            "kv_a_proj_with_mqa",
            "kv_a_layernorm",
            "kv_b_proj",
            "o_proj",
        ),
    ),
    "mlp": (
        ("c_fc", "act", "c_proj", "dropout"),
        ("fc_in", "act", "fc_out", "dropout"),
        ("dense_h_to_4h", "act", "dense_4h_to_h"),
        ("dense_h_to_4h", "gelu_impl", "dense_4h_to_h"),
        ("gate_proj", "act_fn", "up_proj", "down_proj"),
        ("fc1", "activation_fn", "fc2"),
        ("gate_up_proj", "activation_fn", "down_proj"),
        ("gate", "experts"),
    ),
    "block_sparse_moe": (("gate", "experts"),),
    "mixer": (("in_proj", "conv1d", "act", "x_proj", "dt_proj", "out_proj"),),
}
"""Children of the modules inside a layer, by the parent's name."""
