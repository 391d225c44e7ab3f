"""What can be known of a GGUF before llama.cpp opens it: whole or cut short, generator or not, its template.

llama.cpp aborts or prints pages on a bad file; a user gets one line here instead. The format is
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; only what the checks need is read.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from assistant.errors import ModelMissing, ModelUnusable

_MAGIC = b"GGUF"
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_ENTRIES = 1_000_000  # real files have hundreds; a damaged count is astronomical
_MAX_TEXT = 64 * 1024 * 1024

# (weights a block, bytes a block) by ggml type; types not listed are checked by their offset only.
_BLOCKS = {
    0: (1, 4),  # F32
    1: (1, 2),  # F16
    2: (32, 18),  # Q4_0
    3: (32, 20),  # Q4_1
    6: (32, 22),  # Q5_0
    7: (32, 24),  # Q5_1
    8: (32, 34),  # Q8_0
    10: (256, 84),  # Q2_K
    11: (256, 110),  # Q3_K
    12: (256, 144),  # Q4_K
    13: (256, 176),  # Q5_K
    14: (256, 210),  # Q6_K
    16: (256, 66),  # IQ2_XXS
    17: (256, 74),  # IQ2_XS
    18: (256, 98),  # IQ3_XXS
    19: (256, 50),  # IQ1_S
    20: (32, 18),  # IQ4_NL
    21: (256, 110),  # IQ3_S
    22: (256, 82),  # IQ2_S
    23: (256, 136),  # IQ4_XS
    24: (1, 1),  # I8
    25: (1, 2),  # I16
    26: (1, 4),  # I32
    27: (1, 8),  # I64
    28: (1, 8),  # F64
    29: (256, 56),  # IQ1_M
    30: (1, 2),  # BF16
}

# Architectures that read text into a vector, or are no language model at all.
_NOT_GENERATORS = (
    "bert",
    "t5encoder",
    "clip",
    "gemma-embedding",
    "wavtokenizer",
    "whisper",
    "flux",
    "sd",
    "dream",
    "llada",
)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A GGUF whose header is sane and whose tensors all lie within the file.

    ``context_tokens`` is what it was trained for; ``chat_template`` is None where the file has none.
    """

    path: Path
    size_bytes: int
    architecture: str
    name: str
    context_tokens: int
    chat_template: str | None
    pooling: int
    causal: bool


def read_model_file(path: Path) -> ModelFile:
    """Return what the header of ``path`` says, after checking that llama.cpp can generate with it.

    Raises ModelMissing where no file is, ModelUnusable for what is no GGUF, is damaged or cut short, or holds an
    embedding model, a reranker, a projector, an adapter or a vocabulary only.
    """
    if not path.is_file():
        raise ModelMissing(f"No model at {path}. Name a GGUF file with --model, or run: faju models list")
    try:
        with path.open("rb") as file:
            return _Header(file, path).read()
    except OSError as error:
        raise ModelUnusable(f"{path} cannot be read: {error.strerror or error}") from error


def model_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hex; computed once for a path, size and time of change."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=16)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class _Header:
    """Reads a GGUF header once, front to back."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._size = path.stat().st_size

    def read(self) -> ModelFile:
        if self._file.read(4) != _MAGIC:
            raise ModelUnusable(f"{self._path} is not a GGUF model file; models for llama.cpp end in .gguf")
        version, tensor_count, entry_count = self._unpack("IQQ")
        if version not in (2, 3):
            raise ModelUnusable(f"{self._path} is GGUF version {version}; versions 2 and 3 can be read")
        if tensor_count > _MAX_ENTRIES or entry_count > _MAX_ENTRIES:
            raise self._damaged("its header counts make no sense")
        values: dict[str, object] = {}
        for _ in range(entry_count):
            key = self._text()
            values[key] = self._value(self._unpack("I")[0])
        extents = [self._tensor_extent() for _ in range(tensor_count)]
        self._check_extents(extents, values)
        return self._model_file(values, bool(extents))

    def _unpack(self, layout: str) -> tuple[int, ...]:
        size = struct.calcsize("<" + layout)
        data = self._file.read(size)
        if len(data) < size:
            raise self._damaged("it ends within its header")
        return struct.unpack("<" + layout, data)

    def _text(self) -> str:
        length = self._unpack("Q")[0]
        if length > _MAX_TEXT:
            raise self._damaged("its header holds a text of impossible length")
        data = self._file.read(length)
        if len(data) < length:
            raise self._damaged("it ends within its header")
        return data.decode("utf-8", "replace")

    def _value(self, kind: int) -> object:
        if kind in _SCALARS:
            return self._unpack(_SCALARS[kind])[0]
        if kind == _STRING:
            return self._text()
        if kind == _ARRAY:
            return self._skip_array()
        raise self._damaged(f"its header has a value of unknown type {kind}")

    def _skip_array(self) -> int:
        """Pass over an array, returning its length: vocabularies are long and not needed here."""
        kind, length = self._unpack("IQ")
        if length > 100 * _MAX_ENTRIES:
            raise self._damaged("its header holds an array of impossible length")
        if kind in _SCALARS:
            self._file.seek(struct.calcsize("<" + _SCALARS[kind]) * length, 1)
        elif kind == _STRING:
            self._skip_texts(length)
        else:
            for _ in range(length):
                self._value(kind)
        if self._file.tell() > self._size:
            raise self._damaged("it ends within its header")
        return length

    def _skip_texts(self, count: int) -> None:
        # 150,000 tokens and as many merges: two reads each from a large buffer, about 0.1 s.
        read, seek, unpack = self._file.read, self._file.seek, struct.Struct("<Q").unpack
        for _ in range(count):
            data = read(8)
            if len(data) < 8:
                raise self._damaged("it ends within its header")
            length = unpack(data)[0]
            if length > _MAX_TEXT:
                raise self._damaged("its header holds a text of impossible length")
            seek(length, 1)

    def _tensor_extent(self) -> tuple[str, int, int]:
        """Return (name, offset, bytes); bytes is 1 for a type that is not known here."""
        name = self._text()
        dimensions = self._unpack("I")[0]
        if dimensions > 8:
            raise self._damaged(f"tensor {name} has {dimensions} dimensions")
        sizes = self._unpack("Q" * dimensions)
        kind, offset = self._unpack("IQ")
        count = 1
        for size in sizes:
            count *= size
        per_block, block_bytes = _BLOCKS.get(kind, (count or 1, 1))
        return name, offset, count // per_block * block_bytes

    def _check_extents(self, extents: list[tuple[str, int, int]], values: dict[str, object]) -> None:
        alignment = values.get("general.alignment", 32)
        alignment = alignment if isinstance(alignment, int) and alignment > 0 else 32
        start = -(-self._file.tell() // alignment) * alignment
        end = max((start + offset + size for _, offset, size in extents), default=0)
        if end > self._size:
            raise self._damaged(f"{self._size:,} bytes are there, {end:,} are needed")

    def _model_file(self, values: dict[str, object], has_tensors: bool) -> ModelFile:
        def text(key: str) -> str | None:
            value = values.get(key)
            return value if isinstance(value, str) else None

        def number(key: str) -> int:
            value = values.get(key)
            return value if isinstance(value, int) else 0

        architecture = text("general.architecture") or ""
        model = ModelFile(
            path=self._path,
            size_bytes=self._size,
            architecture=architecture,
            name=text("general.name") or self._path.stem,
            context_tokens=number(f"{architecture}.context_length"),
            chat_template=text("tokenizer.chat_template"),
            pooling=number(f"{architecture}.pooling_type"),
            causal=values.get(f"{architecture}.attention.causal", True) is not False,
        )
        self._check_generates(model, text("general.type") or "model", has_tensors, values)
        return model

    def _check_generates(
        self, model: ModelFile, general_type: str, has_tensors: bool, values: dict[str, object]
    ) -> None:
        if not model.architecture:
            raise self._damaged("its header names no architecture")
        if general_type != "model":
            raise ModelUnusable(f"{self._path} holds no language model but: {general_type}")
        architecture = model.architecture
        encodes = architecture.endswith(_NOT_GENERATORS) or "bert" in architecture
        if encodes or model.pooling or not model.causal:
            raise ModelUnusable(
                f"{self._path} ({architecture}) is an embedding or ranking model and cannot write answers; "
                "give --model a chat model"
            )
        if not has_tensors or "tokenizer.ggml.tokens" not in values:
            raise ModelUnusable(f"{self._path} holds no weights or no vocabulary; give --model a whole chat model")

    def _damaged(self, why: str) -> ModelUnusable:
        return ModelUnusable(f"{self._path} is damaged or cut short ({why}); fetch it again")
