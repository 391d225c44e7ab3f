"""Texts -> unit vectors. The built-in model needs no torch; any sentence-transformers model can be named instead.

Nothing here downloads: a model is a folder or already in the local model cache, else EmbeddingModelMissing says
what to do. It knows nothing of chunks; ``passage_text`` only says which words of one are embedded.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from index.errors import EmbeddingModelMissing
from index.records import FloatMatrix

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BUILTIN = "builtin"
BUILTIN_FOLDER = Path(__file__).parent / "models" / "zh-legal-static"

# Of a passage, name and headings included. The built-in model was trained with this cut, and an article of law
# says what it is about in its first sentences.
MAX_PASSAGE_CHARS = 600

# Texts embedded at once: above this the whole table is turned to float32 first (64 MB for the built-in model).
_SMALL_BATCH = 64

# What a model wants before a query and before a passage, where its own settings do not say (model cards, 2025).
_INSTRUCTIONS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"bge-(small|base|large)-zh", re.IGNORECASE), "为这个句子生成表示以用于检索相关文章：", ""),
    (
        re.compile(r"qwen3-embedding", re.IGNORECASE),
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:",
        "",
    ),
    (
        re.compile(r"e5-.*instruct", re.IGNORECASE),
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ",
        "",
    ),
    (re.compile(r"(^|[-_/])e5-", re.IGNORECASE), "query: ", "passage: "),
)


class Embedder(Protocol):
    """Turns texts into float32 ``(n, dimension)`` with rows of length 1 (a text without any token: zeros).

    ``name`` and ``sha256`` say which model it is: an index opens only with the embedder it was built with.
    """

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix: ...

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix: ...


def passage_text(name: str, headings: Sequence[str], text: str) -> str:
    """What of a passage is searched: its name (民法典第一千零三十三条, or a title), where it stands, its text.

    Callers embed the first ``MAX_PASSAGE_CHARS`` of it.
    """
    return " ".join(part for part in (name, *headings, text) if part)


def load_embedder(setting: str = BUILTIN) -> Embedder:
    """Return the embedder that the setting names: ``builtin``, a model folder, or the name of a cached model.

    Raises EmbeddingModelMissing where there is no such model on this machine or it cannot be read.
    """
    if setting == BUILTIN:
        return StaticEmbedder(BUILTIN_FOLDER, BUILTIN_FOLDER.name)
    folder = Path(setting).expanduser()
    if not folder.is_dir():
        folder = _cached_folder(setting)
    if _is_static(folder):
        return StaticEmbedder(folder, setting)
    return SentenceTransformerEmbedder(folder, setting)


class StaticEmbedder:
    """One vector a piece of text, their mean, length 1; the same vectors as ``SentenceTransformer(folder)``.

    The table stays on disk, memory-mapped: a question touches some twenty of its rows.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder / _static_module(folder)
        self._name = name
        self._table = _map_table(self._folder / "model.safetensors")
        self._tokenizer = _load_tokenizer(self._folder / "tokenizer.json")

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return int(self._table.shape[1])

    @cached_property
    def sha256(self) -> str:
        """Hash of tokenizer and weights, from ``identity.json`` beside them where it was written at training."""
        written = self._folder / "identity.json"
        if written.is_file():
            return str(json.loads(written.read_text(encoding="utf-8"))["sha256"])
        return static_model_sha256(self._folder)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> FloatMatrix:
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        table = self._table if len(encodings) <= _SMALL_BATCH else np.asarray(self._table, np.float32)
        vectors = np.zeros((len(encodings), self.dimension), np.float32)
        for row, encoding in enumerate(encodings):
            if encoding.ids:
                vectors[row] = table[encoding.ids].mean(axis=0, dtype=np.float32)
        return _unit_rows(vectors)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model on this machine, with the instruction that its family wants."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._query_instruction, self._passage_instruction = instructions_for(name)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension())

    @cached_property
    def sha256(self) -> str:
        return _folder_sha256(self._folder)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        return self._encode(self._model.prompts.get("query") or self._query_instruction, texts)

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        own = self._model.prompts.get("passage") or self._model.prompts.get("document")
        return self._encode(own or self._passage_instruction, texts)

    def _encode(self, instruction: str, texts: Sequence[str]) -> FloatMatrix:
        vectors = self._model.encode(
            [instruction + text for text in texts], prompt="", convert_to_numpy=True, show_progress_bar=False
        )
        return _unit_rows(np.asarray(vectors, np.float32).reshape(len(texts), -1))

    @cached_property
    def _model(self) -> Any:  # SentenceTransformer; importing it for the annotation would load torch
        _forbid_network()
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise EmbeddingModelMissing(
                f"The embedding model in {self._folder} cannot be loaded ({error}). Give a folder that "
                "sentence-transformers can open, or set the embedder to builtin."
            ) from error


def instructions_for(name: str) -> tuple[str, str]:
    """Return what the model of this name wants before a query and before a passage; empty for unknown names."""
    for pattern, query, passage in _INSTRUCTIONS:
        if pattern.search(name):
            return query, passage
    return "", ""


def static_model_sha256(folder: Path) -> str:
    """SHA-256 over the SHA-256 of tokenizer.json and of model.safetensors in ``folder``."""
    files = (folder / "tokenizer.json", folder / "model.safetensors")
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()


def _folder_sha256(folder: Path) -> str:
    """Hash of names, sizes and, of each file, the first and last MiB: weights of gigabytes open in milliseconds."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(1 << 20))
            file.seek(max(0, size - (1 << 20)))
            digest.update(file.read(1 << 20))
    return digest.hexdigest()


def _forbid_network() -> None:
    # Read when the libraries are imported, so they are set before.
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[variable] = "1"


def _cached_folder(name: str) -> Path:
    _forbid_network()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError) as error:
        raise EmbeddingModelMissing(
            f"The embedding model {name} is neither a folder nor in the local model cache. "
            f"Download it once while connected (hf download {name}), or set the embedder to builtin."
        ) from error


def _modules(folder: Path) -> list[dict[str, Any]]:
    try:
        modules: list[dict[str, Any]] = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EmbeddingModelMissing(
            f"{folder} is not a sentence-transformers model: it has no modules.json. "
            "Give the folder of such a model, or set the embedder to builtin."
        ) from error
    return modules


def _is_static(folder: Path) -> bool:
    types = [str(module["type"]).rsplit(".", 1)[-1] for module in _modules(folder)]
    return types in (["StaticEmbedding"], ["StaticEmbedding", "Normalize"])


def _static_module(folder: Path) -> str:
    return str(_modules(folder)[0]["path"])


def _load_tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    if not path.is_file():
        raise EmbeddingModelMissing(f"{path} is missing. Install faju again, or give a complete model folder.")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _map_table(path: Path) -> npt.NDArray[np.float16 | np.float32]:
    """Map the one matrix of a safetensors file (8 bytes header length, JSON header, data; safetensors format)."""
    try:
        with path.open("rb") as file:
            header_bytes = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(header_bytes))
        entry = header.get("embedding.weight") or header["embeddings"]
        dtype: Any = {"F16": np.float16, "F32": np.float32}[entry["dtype"]]
        offset = 8 + header_bytes + int(entry["data_offsets"][0])
        table: npt.NDArray[Any] = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=tuple(entry["shape"]))
        return np.asarray(table)
    except (OSError, ValueError, KeyError) as error:
        raise EmbeddingModelMissing(
            f"The weights {path} are missing or cut short ({error}). Install faju again, or give a complete model."
        ) from error


def _unit_rows(vectors: FloatMatrix) -> FloatMatrix:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.zeros_like(vectors)
    np.divide(vectors, lengths, out=unit, where=lengths > 0)
    return unit
