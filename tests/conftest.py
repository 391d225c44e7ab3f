"""What several rooms' tests share. Nothing here reads a model or the network."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest


class HashingEmbedder:
    """An embedder without a model: every pair of neighbouring characters adds to one of 256 dimensions.

    Same text, same unit vector; texts that share words are near. A text without characters gives zeros.
    """

    name = "hashing"
    sha256 = hashlib.sha256(b"hashing").hexdigest()
    dimension = 256

    def __init__(self, name: str = "hashing") -> None:
        self.name = name
        self.encoded: list[str] = []  # every passage ever asked for, to see what was embedded again

    def encode_queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.encoded += texts
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            for start in range(max(0, len(text) - 1)):
                digest = hashlib.blake2b(text[start : start + 2].encode("utf-8", "surrogatepass"), digest_size=2)
                vectors[row, int.from_bytes(digest.digest(), "little") % self.dimension] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        return vectors


@pytest.fixture(scope="session")
def hashing_embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def counting_embedder() -> HashingEmbedder:
    """The hashing embedder with an empty ``encoded``: what it is asked to embed from now on."""
    return HashingEmbedder()


@pytest.fixture(scope="session")
def other_embedder() -> HashingEmbedder:
    """An embedder that an index of ``hashing_embedder`` was not built with."""
    return HashingEmbedder("other")
