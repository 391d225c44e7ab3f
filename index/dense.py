"""Nearest vectors by inner product, with FAISS. Rows have length 1, so the inner product is the cosine.

Which kind of index is chosen by size, as measured (``tests/benchmarks/bench_search.py``). An index is written as
bytes, never to a path: the folder it lies in is swapped as a whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from index.records import FloatMatrix

# Up to here every vector is compared: exact, nothing to train, and read into memory from float16 at opening.
# At 20,000 vectors of 512 that takes 3 ms a search on one core of the laptop class; beyond, IVF.
FLAT_LIMIT = 20_000

# IVF: about sqrt(n) * 4 cells (the FAISS guide), so many of them searched that 99 % of the exact ten are found.
_CELLS_PER_ROOT = 2
_PROBED_SHARE = 16  # one cell in sixteen, at least 16
_TRAINING_VECTORS_PER_CELL = 40


class DenseIndex:
    """Vectors to search. ``search`` gives rows and cosines, best first."""

    def __init__(self, index: Any, row_count: int) -> None:  # faiss.Index; FAISS ships no types
        self._index = index
        self.row_count = row_count

    def search(self, query: FloatMatrix, k: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Return the rows of the ``k`` nearest vectors to ``query`` ``(1, d)`` and their cosines.

        Ties by row. Fewer than ``k`` where there are fewer vectors.
        """
        if not self.row_count:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        cosines, rows = self._index.search(query, min(k, self.row_count))
        found = rows[0] >= 0
        order = np.lexsort((rows[0][found], -cosines[0][found]))
        return rows[0][found][order].astype(np.int64), cosines[0][found][order].astype(np.float32)


def build_dense(vectors: npt.NDArray[np.float16]) -> bytes:
    """Return the serialized FAISS index of many vectors ``(n, d)``; empty where ``n`` is small enough for flat.

    IVF with 8-bit components: a quarter of the memory, and one cell in sixteen is looked at.
    """
    count, dimension = vectors.shape
    if count <= FLAT_LIMIT:
        return b""
    import faiss

    cells = int(_CELLS_PER_ROOT * count**0.5)
    index: Any = faiss.index_factory(
        dimension, f"IVF{cells},SQ8", faiss.METRIC_INNER_PRODUCT
    )  # an IVF, which the types do not say
    rng = np.random.default_rng(0)
    sample = np.sort(rng.choice(count, min(count, cells * _TRAINING_VECTORS_PER_CELL), replace=False))
    index.train(np.asarray(vectors[sample], np.float32))
    for start in range(0, count, 10_000):
        index.add(np.asarray(vectors[start : start + 10_000], np.float32))
    index.nprobe = max(16, cells // _PROBED_SHARE)
    return bytes(faiss.serialize_index(index))


def open_dense(vectors: npt.NDArray[np.float16], serialized: bytes | npt.NDArray[np.uint8]) -> DenseIndex:
    """Return the index over ``vectors``: the serialized one, or where there is none a flat one made here."""
    import faiss

    if len(serialized):
        return DenseIndex(faiss.deserialize_index(np.frombuffer(serialized, np.uint8)), len(vectors))
    index = faiss.IndexFlatIP(vectors.shape[1])
    if len(vectors):
        index.add(np.asarray(vectors, np.float32))
    return DenseIndex(index, len(vectors))
