from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest

from assistant.errors import ModelMissing, ModelUnusable
from assistant.model_file import model_sha256, read_model_file
from tests.doubles.tiny_gguf import CHATML, write_tiny_gguf


def test_a_whole_model_says_what_it_is(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf", context_tokens=2048)
    model = read_model_file(path)
    assert (model.architecture, model.name, model.context_tokens) == ("llama", "tiny", 2048)
    assert model.chat_template == CHATML
    assert model.size_bytes == path.stat().st_size


def test_a_missing_model_names_its_place(tmp_path: Path) -> None:
    for path in (tmp_path / "none.gguf", tmp_path):
        with pytest.raises(ModelMissing, match="No model at .*--model"):
            read_model_file(path)


@pytest.mark.parametrize("content", [b"", b"GG", "法律条文，不是模型。".encode(), b"PK\x03\x04" + bytes(100)])
def test_another_kind_of_file_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match="is not a GGUF model file"):
        read_model_file(path)


def test_a_file_cut_short_anywhere_is_noticed(tmp_path: Path) -> None:
    whole = write_tiny_gguf(tmp_path / "tiny.gguf").read_bytes()
    cut = tmp_path / "cut.gguf"
    for length in [5, 12, 24, 30, 100, 1_000, 5_000, len(whole) // 2, len(whole) - 100, len(whole) - 1]:
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelUnusable, match="damaged or cut short"):
            read_model_file(cut)


def test_a_header_of_nonsense_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "nonsense.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60) + bytes(64))
    with pytest.raises(ModelUnusable, match="damaged"):
        read_model_file(path)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 2**40) + bytes(64))
    with pytest.raises(ModelUnusable, match="impossible length"):
        read_model_file(path)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 1, 1, 1) + bytes(64))
    with pytest.raises(ModelUnusable, match="version 1"):
        read_model_file(path)


@pytest.mark.parametrize("architecture", ["bert", "nomic-bert", "jina-bert-v2", "modern-bert", "t5encoder", "clip"])
def test_an_embedding_architecture_cannot_answer(tmp_path: Path, architecture: str) -> None:
    path = write_tiny_gguf(tmp_path / "embedder.gguf", architecture=architecture)
    with pytest.raises(ModelUnusable, match=f"{architecture}.*embedding or ranking model"):
        read_model_file(path)


def test_an_embedding_model_of_a_chat_architecture_cannot_answer(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "embedder.gguf", architecture="qwen3", pooling=3)
    with pytest.raises(ModelUnusable, match="embedding or ranking model"):
        read_model_file(path)


def test_a_model_without_vocabulary_cannot_answer(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "bare.gguf", with_vocabulary=False)
    with pytest.raises(ModelUnusable, match="no weights or no vocabulary"):
        read_model_file(path)


def test_the_hash_is_of_the_content_and_follows_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    assert model_sha256(path) == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"three")
    assert model_sha256(path) == hashlib.sha256(b"three").hexdigest()
