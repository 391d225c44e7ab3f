"""The index on disk: swapped whole, checked before it is believed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path, PurePosixPath

import pytest

from corpus.records import (
    ArticleNumber,
    Chunk,
    Document,
    DocumentInfo,
    LawVersion,
    NormRank,
    Section,
    SourceFile,
    SourceKind,
    Span,
)
from index import storage
from index.building import build_index
from index.embedding import Embedder
from index.errors import IndexBusy, IndexDamaged, IndexMissing, IndexOutdated
from index.searching import open_index
from index.storage import (
    decode_chunk,
    decode_document,
    decode_info,
    default_index_dir,
    encode_chunk,
    encode_info,
    encode_text,
    open_stored,
    read_manifest,
    verify,
    write_lock,
)

LAW = LawVersion(
    id="治安管理处罚法-2013-01-01",
    title="中华人民共和国治安管理处罚法",
    short_title="治安管理处罚法",
    aliases=("治安法",),
    issuer="全国人民代表大会常务委员会",
    doc_type="法律",
    rank=NormRank.LAW,
    published=date(2012, 10, 26),
    first_effective=None,
    effective=date(2013, 1, 1),
    expired=date(2026, 1, 1),
    superseded_by="治安管理处罚法-2026-01-01",
    amended_through=None,
    address="https://flk.npc.gov.cn/",
    checked=None,
    last_article=119,
    complete=False,
    held=(ArticleNumber(42), ArticleNumber(293, 1)),
)
SOURCE = SourceFile(PurePosixPath("statutes/治安.md"), "text/markdown", "ab" * 32, 12)
STATUTE = DocumentInfo(LAW.id, SourceKind.STATUTE, LAW.title, LAW.issuer, LAW.published, LAW.address, SOURCE, LAW)
PAPER = DocumentInfo("0123456789abcdef", SourceKind.DOCUMENT, "借款合同", None, None, None, None, None, "added")


@pytest.mark.parametrize("info", [STATUTE, PAPER])
def test_a_document_record_comes_back_as_it_was(info: DocumentInfo) -> None:
    assert decode_info(json.loads(encode_info(info))) == info


@pytest.mark.parametrize("text", ["第四十二条　有下列行为之一的：\n（一）写恐吓信", "\ud800 broken \x00 𠮷\u2028"])
def test_a_chunk_and_a_document_come_back_as_they_were(text: str) -> None:
    chunk = Chunk("id", "doc", text, Span(3, 3 + len(text)), ("标题", "第三章"), ArticleNumber(42, 1), "开头：", "x-1")
    assert decode_chunk(json.loads(encode_chunk(chunk)), "doc") == chunk
    sections = (Section("标题", 1, Span(0, 2)), Section("第四十二条", 3, Span(2, 5), ArticleNumber(42)))
    document = Document(STATUTE, text, sections)
    assert decode_document(STATUTE, json.loads(encode_text(document))) == document


def test_no_index_says_how_to_make_one(tmp_path: Path, hashing_embedder: Embedder) -> None:
    with pytest.raises(IndexMissing, match=r"There is no index in .*Run: faju index build"):
        open_index(tmp_path / "nothing", hashing_embedder)


def test_every_file_that_is_cut_changed_or_missing_is_noticed(place: Path) -> None:
    folder = open_stored(place).folder
    for path in sorted(folder.iterdir()):
        if path.name == "manifest.json":
            continue
        whole = path.read_bytes()
        shorter = [whole[:-1], bytes([whole[0] ^ 1]) + whole[1:]] if whole else []
        for damage in (*shorter, whole + b"\0"):
            path.write_bytes(damage)
            with pytest.raises(IndexDamaged, match=path.name):
                open_stored(place)
        path.unlink()
        with pytest.raises(IndexDamaged, match="Run: faju index build"):
            open_stored(place)
        path.write_bytes(whole)
    assert open_stored(place).manifest == verify(place)


def test_a_changed_byte_in_the_middle_of_a_large_file_is_found_by_verifying(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = open_stored(place).folder
    monkeypatch.setattr(storage, "_WHOLLY_CHECKED_BYTES", 1_000)
    monkeypatch.setattr(storage, "_EDGE_BYTES", 100)
    # The hashes of the edges were taken with other edges; write the manifest anew.
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: storage._file_hash(folder / name) for name in manifest["files"]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    vectors = folder / "vectors.npy"
    content = bytearray(vectors.read_bytes())
    content[len(content) // 2] ^= 1
    vectors.write_bytes(content)
    open_stored(place)
    with pytest.raises(IndexDamaged, match=r"vectors\.npy is damaged"):
        verify(place)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}'])
def test_a_manifest_that_is_none_is_damage(place: Path, text: str) -> None:
    (open_stored(place).folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(IndexDamaged, match="manifest"):
        read_manifest(place)


def test_another_format_is_outdated_and_not_damaged(place: Path) -> None:
    path = open_stored(place).folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"format": 99}), encoding="utf-8")
    with pytest.raises(IndexOutdated, match="has format 99"):
        read_manifest(place)


def test_another_embedder_is_refused_by_name(place: Path, other_embedder: Embedder) -> None:
    with pytest.raises(
        IndexOutdated, match="Index was built with hashing but settings name other. Run: faju index build"
    ):
        open_index(place, other_embedder)


def test_what_interrupts_a_build_leaves_the_old_index_in_use(
    place: Path, hashing_embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_stored(place).manifest

    def out_of_space(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("index.storage.np.save", out_of_space)
        with pytest.raises(OSError, match="No space left"):
            build_index(place, hashing_embedder, fresh=True)
    assert open_stored(place).manifest == before
    build_index(place, hashing_embedder, fresh=True)
    assert not (place / "building").exists()
    assert [path.name for path in place.iterdir() if path.is_dir()] == [open_stored(place).folder.name]


def test_a_reader_keeps_its_index_while_a_new_one_is_published(place: Path, hashing_embedder: Embedder) -> None:
    reader = open_stored(place)
    first = reader.chunk(0)
    build_index(place, hashing_embedder, fresh=True)
    assert reader.chunk(0) == first


def test_a_second_writer_is_told_to_wait(place: Path, hashing_embedder: Embedder) -> None:
    code = (
        "import sys, pathlib; from index.storage import write_lock\n"
        "with write_lock(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(IndexBusy, match="Another faju is writing the index"):
            build_index(place, hashing_embedder)
        other.communicate("")
    with write_lock(place):
        pass


def test_the_place_can_be_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FAJU_HOME", str(tmp_path))
    assert default_index_dir() == tmp_path / "index"
    monkeypatch.delenv("FAJU_HOME")
    assert default_index_dir().name == "index" and "faju" in default_index_dir().parts


def test_nothing_in_an_index_needs_pickle(built_once: Path) -> None:
    folder = open_stored(built_once).folder
    assert {path.suffix for path in folder.iterdir()} == {".npy", ".json", ".faiss"}
    # An array of Python objects would have the dtype |O in its header.
    assert [path.name for path in folder.glob("*.npy") if b"'|O'" in path.read_bytes()[:256]] == []
