"""The trained reader and its tokenizer -> one GGUF that llama.cpp runs: ``qwen3``, Q8_0, chat template inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

from assistant.reader_format import ANSWER_END, SPECIAL_TOKENS
from assistant.training.reader_network import Layer, Reader

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def export_reader(model: Reader, tokenizer: Any, path: Path) -> None:  # tokenizers.Tokenizer
    """Write ``path``: matrices as Q8_0 (blocks of 32, one half-precision scale each), norms as float32."""
    shape = model.shape
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_name("faju reader")
    writer.add_description("Chooses whole sentences of numbered passages that answer a question of Chinese law.")
    writer.add_license("MIT")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.dimensions)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_key_length(shape.head_dimensions)
    writer.add_value_length(shape.head_dimensions)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    _add_tokenizer(writer, tokenizer)
    for name, values in _tensors(model):
        if values.ndim == 1:
            writer.add_tensor(name, values)
        else:
            packed = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Any) -> None:
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    special = set(SPECIAL_TOKENS)
    kinds = [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]])
    writer.add_eos_token_id(tokenizer.token_to_id(ANSWER_END))
    writer.add_pad_token_id(tokenizer.token_to_id("<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _tensors(model: Reader) -> list[tuple[str, npt.NDArray[np.float32]]]:
    def values(tensor: Any) -> npt.NDArray[np.float32]:  # torch.Tensor
        array: npt.NDArray[np.float32] = tensor.detach().float().numpy()
        return array

    tensors = [("token_embd.weight", values(model.embedding.weight)), ("output_norm.weight", values(model.norm.weight))]
    for number, layer in enumerate(model.layers):
        assert isinstance(layer, Layer)
        parts: dict[str, Any] = {
            "attn_norm": layer.attention_norm,
            "attn_q": layer.attention.query,
            "attn_k": layer.attention.key,
            "attn_v": layer.attention.value,
            "attn_output": layer.attention.output,
            "attn_q_norm": layer.attention.query_norm,
            "attn_k_norm": layer.attention.key_norm,
            "ffn_norm": layer.feed_forward_norm,
            "ffn_gate": layer.gate,
            "ffn_up": layer.up,
            "ffn_down": layer.down,
        }
        tensors += [(f"blk.{number}.{name}.weight", values(module.weight)) for name, module in parts.items()]
    return tensors
