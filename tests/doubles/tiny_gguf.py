"""A chat model of a few kilobytes with random weights, written to order: what a pulled model looks like to the code.

Byte-level vocabulary (every UTF-8 byte, the pairs of capital letters, ChatML's tokens), one layer of 32 numbers.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from string import ascii_uppercase

import gguf
import numpy as np

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def byte_characters() -> list[str]:
    """GPT-2's printable character for each byte value."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = iter(range(256, 512))
    return [chr(value) if value in kept else chr(next(other)) for value in range(256)]


def write_tiny_gguf(
    path: Path,
    *,
    architecture: str = "llama",
    chat_template: str | None = CHATML,
    context_tokens: int = 4096,
    pooling: int | None = None,
    with_vocabulary: bool = True,
    seed: int = 0,
) -> Path:
    """Write ``path`` and return it."""
    size, heads, inner = 32, 2, 64
    pairs = [*product(ascii_uppercase, repeat=2)]
    tokens = [*SPECIAL, *byte_characters(), *(first + second for first, second in pairs)]
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny")
    writer.add_context_length(context_tokens)
    writer.add_embedding_length(size)
    writer.add_block_count(1)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(size // heads)
    writer.add_vocab_size(len(tokens))
    if pooling is not None:
        writer.add_pooling_type(gguf.PoolingType(pooling))
    if with_vocabulary:
        kinds = [gguf.TokenType.CONTROL] * len(SPECIAL) + [gguf.TokenType.NORMAL] * (len(tokens) - len(SPECIAL))
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("qwen2")
        writer.add_token_list(tokens)
        writer.add_token_types(kinds)
        writer.add_token_merges([f"{first} {second}" for first, second in pairs])
        writer.add_eos_token_id(2)
        writer.add_add_bos_token(False)
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    random = np.random.default_rng(seed)

    def matrix(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return (random.standard_normal(shape) * 0.2).astype(np.float32)

    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(size, dtype=np.float32))
    writer.add_tensor("token_embd.weight", matrix(len(tokens), size))
    writer.add_tensor("output.weight", matrix(len(tokens), size))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"blk.0.{name}.weight", matrix(size, size))
    writer.add_tensor("blk.0.ffn_gate.weight", matrix(inner, size))
    writer.add_tensor("blk.0.ffn_up.weight", matrix(inner, size))
    writer.add_tensor("blk.0.ffn_down.weight", matrix(size, inner))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
