"""The reader as torch sees it: a small Qwen3 (RMSNorm, QK norm, rotary positions, SwiGLU, tied embeddings).

The same computation as llama.cpp's ``qwen3``; ``reader_export`` writes it as GGUF. It starts from a static
embedder (mean of token embeddings, trained on question -> article in minutes), which gives it words with meanings,
and from attention whose keys equal its queries, so that a word attends to words of like meaning from the start.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class ReaderShape:
    vocabulary: int
    dimensions: int = 320
    layers: int = 4
    heads: int = 5
    head_dimensions: int = 64
    feed_forward: int = 832
    rope_base: float = 100_000.0
    epsilon: float = 1e-6
    context: int = 8192


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn the halves of ``x`` (batch, length, heads, head dimensions) by their position's angles."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


class Norm(nn.Module):
    """RMSNorm in the type of its input (torch's own falls back to a slow path for bfloat16 beside float32)."""

    def __init__(self, dimensions: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dimensions))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.epsilon)


class Attention(nn.Module):
    def __init__(self, shape: ReaderShape) -> None:
        super().__init__()
        inner = shape.heads * shape.head_dimensions
        self.heads, self.head_dimensions = shape.heads, shape.head_dimensions
        self.query = nn.Linear(shape.dimensions, inner, bias=False)
        self.key = nn.Linear(shape.dimensions, inner, bias=False)
        self.value = nn.Linear(shape.dimensions, inner, bias=False)
        self.output = nn.Linear(inner, shape.dimensions, bias=False)
        self.query_norm = Norm(shape.head_dimensions, shape.epsilon)
        self.key_norm = Norm(shape.head_dimensions, shape.epsilon)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        batch, length, _ = x.shape

        def split(y: Tensor) -> Tensor:
            return y.view(batch, length, self.heads, self.head_dimensions)

        query = rotate(self.query_norm(split(self.query(x))), cosine, sine).transpose(1, 2)
        key = rotate(self.key_norm(split(self.key(x))), cosine, sine).transpose(1, 2)
        value = split(self.value(x)).transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(
            query.to(value.dtype), key.to(value.dtype), value, is_causal=True
        )
        output: Tensor = self.output(mixed.transpose(1, 2).reshape(batch, length, -1))
        return output


class Layer(nn.Module):
    def __init__(self, shape: ReaderShape) -> None:
        super().__init__()
        self.attention_norm = Norm(shape.dimensions, shape.epsilon)
        self.attention = Attention(shape)
        self.feed_forward_norm = Norm(shape.dimensions, shape.epsilon)
        self.gate = nn.Linear(shape.dimensions, shape.feed_forward, bias=False)
        self.up = nn.Linear(shape.dimensions, shape.feed_forward, bias=False)
        self.down = nn.Linear(shape.feed_forward, shape.dimensions, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cosine, sine)
        y = self.feed_forward_norm(x)
        out: Tensor = x + self.down(functional.silu(self.gate(y)) * self.up(y))
        return out


class Reader(nn.Module):
    def __init__(self, shape: ReaderShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.dimensions)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.dimensions, shape.epsilon)
        half = shape.head_dimensions // 2
        frequency = shape.rope_base ** (-torch.arange(half, dtype=torch.float32) / half)
        angle = torch.arange(shape.context, dtype=torch.float32)[:, None] * frequency
        self.register_buffer("cosine", angle.cos(), persistent=False)
        self.register_buffer("sine", angle.sin(), persistent=False)
        self.cosine: Tensor
        self.sine: Tensor
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=module.in_features**-0.5)
        nn.init.normal_(self.embedding.weight, std=0.1)
        for layer in self.layers:
            assert isinstance(layer, Layer)
            with torch.no_grad():
                layer.attention.key.weight.copy_(layer.attention.query.weight)
                layer.attention.output.weight.mul_(0.3)
                layer.down.weight.mul_(0.3)
        nn.init.constant_(self.norm.weight, 0.5)

    def start_from(self, embeddings: Tensor) -> None:
        """Take the token embeddings of a static embedder, scaled to this model's."""
        with torch.no_grad():
            self.embedding.weight.copy_(embeddings * (0.1 / embeddings.square().mean().sqrt()))

    def forward(self, ids: Tensor) -> Tensor:
        """Return the last hidden states, normalised: (batch, length, dimensions)."""
        x = self.embedding(ids)
        if torch.is_autocast_enabled("cpu"):
            x = x.to(torch.get_autocast_dtype("cpu"))
        length = ids.shape[1]
        cosine = self.cosine[:length, None].to(x.dtype)
        sine = self.sine[:length, None].to(x.dtype)
        for layer in self.layers:
            x = layer(x, cosine, sine)
        out: Tensor = self.norm(x)
        return out

    def logits(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """Return the logits of ``tokens`` only; the embeddings are tied."""
        return functional.linear(hidden.float(), self.embedding.weight[tokens].float())


class StaticEmbedder(nn.Module):
    """Mean of token embeddings, length 1."""

    def __init__(self, vocabulary: int, dimensions: int) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(vocabulary, dimensions, mode="mean")
        nn.init.normal_(self.bag.weight, std=0.1)

    def forward(self, texts: list[Tensor]) -> Tensor:
        starts = torch.tensor([0] + [len(text) for text in texts[:-1]]).cumsum(0)
        return functional.normalize(self.bag(torch.cat(texts), starts), dim=1)
