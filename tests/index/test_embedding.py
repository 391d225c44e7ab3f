"""The built-in embedder, and models that a user names."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from index.embedding import (
    BUILTIN_FOLDER,
    StaticEmbedder,
    instructions_for,
    load_embedder,
    passage_text,
    static_model_sha256,
)
from index.errors import EmbeddingModelMissing

TEXTS = [
    "催收给我通讯录里的人群发短信，违法吗？",
    "民法典第一千零三十三条 除法律另有规定或者权利人明确同意外，任何组织或者个人不得实施下列行为",
    "Ｐ图 app ３次 呼死你",
]


def test_vectors_are_unit_rows_and_the_same_alone_or_in_a_batch() -> None:
    embedder = load_embedder()
    together = embedder.encode_queries(TEXTS * 40)  # more than a small batch: the table is then read whole
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    for row, text in enumerate(TEXTS):
        np.testing.assert_allclose(embedder.encode_queries([text])[0], together[row], atol=1e-5)
    assert together.shape == (120, embedder.dimension) and together.dtype == np.float32


def test_a_text_without_any_piece_gives_zeros_and_no_texts_give_no_rows() -> None:
    embedder = load_embedder()
    assert not embedder.encode_queries([""]).any()
    assert embedder.encode_passages([]).shape == (0, embedder.dimension)


def test_the_identity_written_beside_the_built_in_model_is_its_hash() -> None:
    module = BUILTIN_FOLDER / "0_StaticEmbedding"
    assert json.loads((module / "identity.json").read_text(encoding="utf-8"))["sha256"] == static_model_sha256(module)
    assert load_embedder().sha256 == static_model_sha256(module)


def test_lay_wording_is_nearer_to_its_article_than_to_another() -> None:
    embedder = load_embedder()
    question, privacy, guarantee = embedder.encode_queries(
        ["催收把我欠钱的事发给我所有亲戚", "任何组织或者个人不得侵害他人的隐私权", "保证合同是主债权债务合同的从合同"]
    )
    assert question @ privacy > question @ guarantee


def test_asking_with_the_built_in_model_never_imports_torch() -> None:
    code = (
        "import sys; from index.embedding import load_embedder; load_embedder().encode_queries(['催收']);"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.models
def test_sentence_transformers_gives_the_same_vectors() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch and transformers warn of at import is theirs
        from sentence_transformers import SentenceTransformer

        reference = SentenceTransformer(str(BUILTIN_FOLDER), device="cpu").encode(TEXTS)
    reference = np.asarray(reference, np.float32)
    reference /= np.linalg.norm(reference, axis=1, keepdims=True)
    assert (reference * load_embedder().encode_queries(TEXTS)).sum(axis=1).min() >= 0.9999


def test_a_static_model_in_any_folder_is_read_without_torch() -> None:
    embedder = load_embedder(str(BUILTIN_FOLDER))
    assert isinstance(embedder, StaticEmbedder)
    assert embedder.name == str(BUILTIN_FOLDER)
    np.testing.assert_array_equal(embedder.encode_queries(TEXTS), load_embedder().encode_queries(TEXTS))


def test_a_folder_that_is_no_model_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingModelMissing, match=r"has no modules\.json.*set the embedder to builtin"):
        load_embedder(str(tmp_path))


def test_weights_cut_short_are_said_so(tmp_path: Path) -> None:
    module = tmp_path / "0_StaticEmbedding"
    module.mkdir()
    (tmp_path / "modules.json").write_bytes((BUILTIN_FOLDER / "modules.json").read_bytes())
    (module / "tokenizer.json").write_bytes((BUILTIN_FOLDER / module.name / "tokenizer.json").read_bytes())
    weights = (BUILTIN_FOLDER / module.name / "model.safetensors").read_bytes()
    for kept in (weights[:100_000], weights[:4], b""):
        (module / "model.safetensors").write_bytes(kept)
        with pytest.raises(EmbeddingModelMissing, match="missing or cut short"):
            load_embedder(str(tmp_path))


def test_a_model_that_is_not_in_the_cache_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for name in ("BAAI/bge-small-zh-v1.5", "no such model", "/nowhere/at/all"):
        with pytest.raises(EmbeddingModelMissing, match=f"hf download {name}"):
            load_embedder(name)


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("BAAI/bge-small-zh-v1.5", "为这个句子生成表示以用于检索相关文章：", ""),
        ("BAAI/bge-m3", "", ""),
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("/models/e5-base", "query: ", "passage: "),
        ("Qwen/Qwen3-Embedding-0.6B", "Instruct: Given a web search query, retrieve relevant passages", ""),
        ("intfloat/multilingual-e5-large-instruct", "Instruct: Given a web search query, retrieve", ""),
        ("shibing624/text2vec-base-chinese", "", ""),
    ],
)
def test_each_family_gets_the_instruction_it_was_trained_with(name: str, query: str, passage: str) -> None:
    found = instructions_for(name)
    assert found[0].startswith(query) and bool(found[0]) == bool(query)
    assert found[1] == passage


def test_the_text_of_a_passage_has_its_name_first_and_no_empty_parts() -> None:
    assert passage_text("民法典第一条", ["第一编 总则", ""], "为了保护") == "民法典第一条 第一编 总则 为了保护"
