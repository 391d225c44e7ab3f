"""Building: only what changed is embedded, and what the user added is never lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from corpus.errors import EmptyDocument, UnreadableFile
from corpus.records import DocumentInfo
from index import building
from index.building import (
    EMBED,
    READ,
    WITHOUT_BUILTIN,
    WRITE,
    add_path,
    build_index,
    builtin_corpus_sha256,
    ensure_index,
    import_laws,
    index_status,
    remove,
    searchable_text,
)
from index.embedding import Embedder
from index.errors import IndexDamaged, IndexOutdated, NothingNamed
from index.searching import open_index
from index.storage import StoredIndex, open_stored


class CountingEmbedder(Embedder, Protocol):
    """The fixture of that name: it remembers every passage that it was asked to embed."""

    encoded: list[str]


ARTICLE = """# 被催收骚扰之后

来源：某某律师事务所

催收人员半夜打电话骚扰债务人的同事，是侵扰私人生活安宁。

受害人应当保存通话记录和短信截图。
"""


def _contents(stored: StoredIndex) -> dict[str, bytes]:
    """Every array of an index but the day it was built: two indexes of the same documents are the same bytes."""
    return {path.name: path.read_bytes() for path in stored.folder.iterdir() if path.name != "manifest.json"}


def _folder(tmp_path: Path, **texts: str) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def _added(place: Path, embedder: Embedder) -> list[str]:
    documents: tuple[DocumentInfo, ...] = index_status(place, embedder).documents
    return sorted(info.title for info in documents if info.collection == "added")


def test_every_passage_has_its_vector_its_terms_and_its_place(built_once: Path, hashing_embedder: Embedder) -> None:
    stored = open_stored(built_once)
    contents = stored.contents
    assert stored.manifest.chunk_count == len(contents.chunks) == len(contents.vectors) == len(contents.passages)
    assert contents.sparse.row_count == len(contents.chunks)
    for row in range(0, len(contents.chunks), 97):
        chunk = stored.chunk(row)
        document = stored.document(int(contents.chunks["document"][row]))
        assert chunk.span.of(document.text) == chunk.text
        expected = hashing_embedder.encode_queries([searchable_text(chunk, document.info)[:600]])[0]
        np.testing.assert_allclose(np.asarray(contents.vectors[row], np.float32), expected, atol=1e-3)
        assert stored.chunk_row(chunk.id) == row


def test_building_again_gives_the_same_bytes_and_embeds_nothing(
    place: Path, counting_embedder: CountingEmbedder
) -> None:
    before = _contents(open_stored(place))
    build_index(place, counting_embedder)
    assert counting_embedder.encoded == []
    assert _contents(open_stored(place)) == before
    build_index(place, counting_embedder, fresh=True)
    assert len(counting_embedder.encoded) == open_stored(place).manifest.chunk_count
    assert _contents(open_stored(place)) == before


def test_only_the_new_passages_are_embedded(place: Path, counting_embedder: CountingEmbedder, tmp_path: Path) -> None:
    folder = _folder(tmp_path, a=ARTICLE)
    report = add_path(place, folder, counting_embedder)
    assert [info.title for info in report.added] == ["被催收骚扰之后"]
    assert report.embedded == len(counting_embedder.encoded) == 1
    again = add_path(place, folder, counting_embedder)
    assert (again.added, [info.title for info in again.unchanged], again.embedded) == ((), ["被催收骚扰之后"], 0)


def test_a_changed_file_replaces_what_was_read_from_it(place: Path, hashing_embedder: Embedder, tmp_path: Path) -> None:
    add_path(place, _folder(tmp_path, a=ARTICLE), hashing_embedder)
    report = add_path(place, _folder(tmp_path, a=ARTICLE.replace("骚扰之后", "骚扰以后")), hashing_embedder)
    assert [info.title for info in report.replaced] == ["被催收骚扰之后"]
    assert _added(place, hashing_embedder) == ["被催收骚扰以后"]


def test_two_folders_may_have_a_file_of_the_same_name(place: Path, hashing_embedder: Embedder, tmp_path: Path) -> None:
    for name, title in (("one", "第一份"), ("two", "第二份")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.md").write_text(f"# {title}\n\n{title}里写的是催收记录。\n", encoding="utf-8")
        add_path(place, tmp_path / name, hashing_embedder)
    assert _added(place, hashing_embedder) == ["第一份", "第二份"]


def test_what_was_added_survives_a_rebuild_with_another_embedder(
    place: Path, hashing_embedder: Embedder, other_embedder: Embedder, tmp_path: Path
) -> None:
    add_path(place, _folder(tmp_path, a=ARTICLE), hashing_embedder)
    with pytest.raises(IndexOutdated):
        ensure_index(place, other_embedder)
    build_index(place, other_embedder)
    assert _added(place, other_embedder) == ["被催收骚扰之后"]
    assert open_stored(place).manifest.embedder == "other"


def test_removing_an_added_document_gives_back_the_index_before(
    place: Path, hashing_embedder: Embedder, tmp_path: Path
) -> None:
    before = _contents(open_stored(place))
    folder = _folder(tmp_path, a=ARTICLE)
    for name in ("被催收骚扰之后", "a.md", "added", (folder / "a.md").resolve().as_posix()):
        add_path(place, folder, hashing_embedder)
        assert [info.title for info in remove(place, name, hashing_embedder)] == ["被催收骚扰之后"]
        assert _contents(open_stored(place)) == before


def test_the_built_in_corpus_cannot_be_removed(place: Path, hashing_embedder: Embedder) -> None:
    for name in ("builtin", "中华人民共和国民法典", "民法典-2021-01-01.md", "没有的文件"):
        with pytest.raises(NothingNamed, match="No added document is called"):
            remove(place, name, hashing_embedder)


def test_a_changed_corpus_is_noticed_and_refreshed(
    place: Path, hashing_embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert index_status(place, hashing_embedder).up_to_date
    monkeypatch.setattr(building, "builtin_corpus_sha256", lambda: "0" * 64)
    assert not index_status(place, hashing_embedder).up_to_date
    assert ensure_index(place, hashing_embedder).corpus_sha256 == "0" * 64
    assert index_status(place, hashing_embedder).up_to_date


def test_first_use_builds_and_reports_its_stages(tmp_path: Path, hashing_embedder: Embedder) -> None:
    seen: list[tuple[str, int, int]] = []
    manifest = ensure_index(tmp_path / "new", hashing_embedder, lambda *step: seen.append(step))
    assert list(dict.fromkeys(stage for stage, _, _ in seen)) == [READ, EMBED, WRITE]
    assert (EMBED, manifest.chunk_count, manifest.chunk_count) in seen and seen[-1] == (WRITE, 1, 1)
    assert manifest.corpus_sha256 == builtin_corpus_sha256()
    seen.clear()
    assert ensure_index(tmp_path / "new", hashing_embedder, lambda *step: seen.append(step)) == manifest
    assert seen == []


def test_a_folder_without_documents_changes_nothing_and_says_so(
    place: Path, hashing_embedder: Embedder, tmp_path: Path
) -> None:
    before = open_stored(place).manifest
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(EmptyDocument):
        add_path(place, empty, hashing_embedder)
    with pytest.raises(UnreadableFile):
        add_path(place, tmp_path / "nowhere", hashing_embedder)
    (empty / "photo.md").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    report = add_path(place, empty, hashing_embedder)
    assert [str(failure.path) for failure in report.failures] == ["photo.md"] and report.added == ()
    assert open_stored(place).manifest == before


def test_a_damaged_index_is_rebuilt_whole(place: Path, hashing_embedder: Embedder) -> None:
    before = _contents(open_stored(place))
    (open_stored(place).folder / "vectors.npy").write_bytes(b"broken")
    with pytest.raises(IndexDamaged):
        open_index(place, hashing_embedder)
    build_index(place, hashing_embedder)
    assert _contents(open_stored(place)) == before


def _laws(path: Path, *rows: tuple[str, str, str]) -> Path:
    lines = [
        json.dumps(
            {"id": f"x{number}", "law": law, "article": article, "text": text, "date": "2020-01-01"}, ensure_ascii=False
        )
        for number, (law, article, text) in enumerate(rows)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_import_is_found_by_its_own_ids_and_done_again_only_where_it_changed(
    tmp_path: Path, counting_embedder: CountingEmbedder
) -> None:
    file = _laws(
        tmp_path / "laws.jsonl",
        ("养犬管理办法", "第一条", "养犬人应当为犬只注射狂犬病疫苗。"),
        ("养犬管理办法", "第二条", "携犬出户应当束犬链。"),
        ("消防管理办法", "第一条", "任何单位不得堵塞消防通道。"),
    )
    place = tmp_path / "alone"
    report = import_laws(place, file, counting_embedder, alone=True)
    assert (report.laws, report.articles, report.failures) == (2, 3, ())
    stored = open_stored(place)
    assert stored.manifest.corpus_sha256 == WITHOUT_BUILTIN
    assert [stored.chunk(row).external_id for row in range(3)] == ["x0", "x1", "x2"]
    counting_embedder.encoded.clear()
    again = import_laws(place, file, counting_embedder, alone=True)
    assert (again.unchanged, counting_embedder.encoded) == (2, [])
    _laws(
        file,
        ("养犬管理办法", "第一条", "养犬人应当为犬只注射狂犬病疫苗。"),
        ("养犬管理办法", "第二条", "携犬出户应当束犬链并戴嘴套。"),
    )
    import_laws(place, file, counting_embedder, alone=True)
    assert len(counting_embedder.encoded) == 1 and "嘴套" in counting_embedder.encoded[0]
    assert open_stored(place).manifest.chunk_count == 2  # the law that is gone from the file is gone here
    assert ensure_index(place, counting_embedder).corpus_sha256 == WITHOUT_BUILTIN


def test_an_import_that_was_removed_comes_back_when_it_is_imported_again(
    place: Path, hashing_embedder: Embedder, tmp_path: Path
) -> None:
    file = _laws(tmp_path / "laws.jsonl", ("养犬管理办法", "第一条", "养犬人应当为犬只注射狂犬病疫苗。"))
    import_laws(place, file, hashing_embedder)
    count = open_stored(place).manifest.chunk_count
    build_index(place, hashing_embedder)  # a rebuild keeps it
    assert open_stored(place).manifest.chunk_count == count
    remove(place, "laws", hashing_embedder)
    assert open_stored(place).manifest.chunk_count == count - 1
    import_laws(place, file, hashing_embedder)
    assert open_stored(place).manifest.chunk_count == count
