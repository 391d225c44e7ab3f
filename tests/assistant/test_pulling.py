from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFWriter
from typer.testing import CliRunner

from assistant import choosing, pulling
from assistant.cli import build_app
from assistant.errors import ModelUnusable, PullFailed
from assistant.hubs import Hub, hub_for
from assistant.opening import load_model
from assistant.pins import PULLED, read_record, require_unchanged
from assistant.pulling import PART, memory_shortage, model_state, pull, remove, verify
from assistant.registry import (
    HubName,
    ModelKind,
    ModelSource,
    RegisteredModel,
    load_registry,
    model_folder,
    model_path,
    registered,
)
from assistant.settings import load_settings
from tests.assistant.hub_server import REPO, Behaviour, serving

GGUF_NAME = "small.gguf"


@pytest.fixture(scope="module")
def gguf_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A whole GGUF as the header check wants it: an architecture, a vocabulary, a tensor of 3 MB."""
    path = tmp_path_factory.mktemp("gguf") / GGUF_NAME
    writer = GGUFWriter(path, "llama")
    writer.add_name("small")
    writer.add_context_length(64)
    writer.add_token_list(["a", "b"])
    writer.add_tensor("token_embd.weight", np.arange(750_000, dtype=np.float32).reshape(-1, 1000))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


CHAT = RegisteredModel(
    id="small",
    kind=ModelKind.CHAT,
    name="Small",
    license="MIT",
    size_mb=3,
    memory_mb=10,
    recommended=False,
    note="小",
    note_english="small",
    files=(GGUF_NAME,),
    sha256={},
    sources=(ModelSource(HubName.MODELSCOPE, REPO), ModelSource(HubName.HUGGINGFACE, REPO)),
)
EMBEDDER = replace(
    CHAT, id="embedder", kind=ModelKind.EMBEDDER, files=("*.json", "*.txt", "*.safetensors", "1_Pooling/*.json")
)
EMBEDDER_FILES = {
    "config.json": b"{}",
    "vocab.txt": "词".encode(),
    "model.safetensors": bytes(range(256)) * 1000,
    "1_Pooling/config.json": b'{"pooling": 1}',
    "onnx/model.json": b"not wanted",
    "pytorch_model.bin": b"pickle, not wanted",
    "README.md": b"not wanted",
}


def quiet(name: str, have: int, size: int) -> None:
    """Draw nothing."""


class Hubs:
    """Both hubs on loopback; ``waits`` are the seconds that would have been waited."""

    def __init__(self, addresses: dict[HubName, str]) -> None:
        self.addresses = addresses
        self.waits: list[float] = []

    def __call__(self, source: ModelSource) -> Hub:
        return Hub(source.hub, self.addresses[source.hub], wait=self.waits.append)


@pytest.fixture
def behaviour(gguf_bytes: bytes) -> Behaviour:
    return Behaviour({GGUF_NAME: gguf_bytes, "other.gguf": b"other"})


@pytest.fixture
def hubs(behaviour: Behaviour) -> Iterator[Hubs]:
    with serving(behaviour) as address:
        yield Hubs(dict.fromkeys(HubName, address))


def one(model: RegisteredModel, hub: HubName) -> RegisteredModel:
    return replace(model, sources=tuple(source for source in model.sources if source.hub is hub))


BOTH = pytest.mark.parametrize("hub", list(HubName))


# --- fetching --------------------------------------------------------------------------------------------------


@BOTH
def test_a_file_is_fetched_checked_and_pinned(
    hub: HubName, hubs: Hubs, behaviour: Behaviour, tmp_path: Path, gguf_bytes: bytes
) -> None:
    seen: list[tuple[str, int, int]] = []
    record = pull(one(CHAT, hub), tmp_path, lambda *progress: seen.append(progress), hub_of=hubs)
    path = model_path(CHAT, tmp_path)
    assert path.read_bytes() == gguf_bytes
    assert not list(path.parent.glob(f"*{PART}"))
    assert [(item.path, item.sha256, item.known_from) for item in record.files] == [
        (GGUF_NAME, hashlib.sha256(gguf_bytes).hexdigest(), "source")
    ]
    assert read_record(path.parent) == record
    assert seen[-1] == (GGUF_NAME, len(gguf_bytes), len(gguf_bytes))
    assert [have for _, have, _ in seen] == sorted(have for _, have, _ in seen)
    assert "other.gguf" not in "".join(behaviour.requests)
    assert hubs.waits == []


@BOTH
def test_a_cut_connection_is_taken_up_where_it_ended(
    hub: HubName, hubs: Hubs, behaviour: Behaviour, tmp_path: Path, gguf_bytes: bytes
) -> None:
    behaviour.cut_after = [1_000_000, 500_000, 0, 1]
    pull(one(CHAT, hub), tmp_path, quiet, hub_of=hubs)
    assert model_path(CHAT, tmp_path).read_bytes() == gguf_bytes
    ranges = [request.partition(" ")[2] for request in behaviour.requests if request.startswith("/storage/")]
    assert ranges == ["", "bytes=1000000-", "bytes=1500000-", "bytes=1500000-", "bytes=1500001-"]


def test_a_pull_that_was_stopped_goes_on_next_time(
    hubs: Hubs, behaviour: Behaviour, tmp_path: Path, gguf_bytes: bytes
) -> None:
    def stop(name: str, have: int, size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(CHAT, tmp_path, stop, hub_of=hubs)
    assert model_state(CHAT, tmp_path).partial_bytes == 1 << 20
    assert not model_state(CHAT, tmp_path).is_present
    behaviour.requests.clear()
    pull(CHAT, tmp_path, quiet, hub_of=hubs)
    assert f"/storage/{GGUF_NAME} bytes={1 << 20}-" in behaviour.requests
    assert model_path(CHAT, tmp_path).read_bytes() == gguf_bytes


def test_a_server_without_ranges_sends_it_whole_again(
    hubs: Hubs, behaviour: Behaviour, tmp_path: Path, gguf_bytes: bytes
) -> None:
    behaviour.cut_after, behaviour.ranges = [1_000_000], False
    pull(one(CHAT, HubName.MODELSCOPE), tmp_path, quiet, hub_of=hubs)
    assert model_path(CHAT, tmp_path).read_bytes() == gguf_bytes


def test_a_connection_that_brings_nothing_is_given_up(hubs: Hubs, behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.cut_after = [0] * 100
    with pytest.raises(PullFailed, match="5 attempts brought nothing") as caught:
        pull(CHAT, tmp_path, quiet, hub_of=hubs)
    assert "modelscope" in str(caught.value)
    assert "huggingface" in str(caught.value)
    assert hubs.waits == [2.0, 4.0, 8.0, 16.0] * 2


def test_a_model_of_several_files_comes_without_pickles(hubs: Hubs, behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.files, behaviour.small = EMBEDDER_FILES, frozenset({"config.json", "vocab.txt", "1_Pooling/config.json"})
    for hub in HubName:
        home = tmp_path / hub.value
        record = pull(one(EMBEDDER, hub), home, quiet, hub_of=hubs)
        folder = model_folder(EMBEDDER, home)
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert found == {"config.json", "vocab.txt", "model.safetensors", "1_Pooling/config.json", PULLED}
        assert {item.known_from for item in record.files} == {"source"}
        assert model_path(EMBEDDER, home) == folder


def test_long_lists_come_page_by_page(hubs: Hubs, behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.files, behaviour.page_size = EMBEDDER_FILES, 2
    record = pull(one(EMBEDDER, HubName.HUGGINGFACE), tmp_path, quiet, hub_of=hubs)
    assert len(record.files) == 4
    assert sum("/tree/main" in request for request in behaviour.requests) == 4


def test_what_is_there_and_right_is_not_fetched_again(hubs: Hubs, behaviour: Behaviour, tmp_path: Path) -> None:
    pull(CHAT, tmp_path, quiet, hub_of=hubs)
    behaviour.requests.clear()
    pull(CHAT, tmp_path, quiet, hub_of=hubs)
    assert not any(request.startswith("/storage/") for request in behaviour.requests)
    with model_path(CHAT, tmp_path).open("r+b") as file:
        file.write(b"XXXX")
    pull(CHAT, tmp_path, quiet, hub_of=hubs)
    assert sum(request.startswith("/storage/") for request in behaviour.requests) == 1
    assert verify(CHAT, tmp_path)[0].passed


# --- what is wrong ---------------------------------------------------------------------------------------------


@BOTH
def test_bytes_that_do_not_match_the_hash_of_the_source_are_thrown_away(
    hub: HubName, hubs: Hubs, behaviour: Behaviour, tmp_path: Path, gguf_bytes: bytes
) -> None:
    behaviour.served = {GGUF_NAME: gguf_bytes[:-1] + b"!"}
    with pytest.raises(PullFailed, match="the source's metadata says"):
        pull(one(CHAT, hub), tmp_path, quiet, hub_of=hubs)
    folder = model_folder(CHAT, tmp_path)
    assert list(folder.iterdir()) == []


def test_small_files_are_held_to_the_hash_of_git(hubs: Hubs, behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.files, behaviour.small = EMBEDDER_FILES, frozenset({"config.json"})
    behaviour.served = {"config.json": b"[]"}
    with pytest.raises(PullFailed, match=r"config\.json has git hash"):
        pull(one(EMBEDDER, HubName.HUGGINGFACE), tmp_path, quiet, hub_of=hubs)


def test_the_hash_of_the_registry_prevails_over_that_of_the_source(hubs: Hubs, tmp_path: Path) -> None:
    with pytest.raises(PullFailed, match=f"the registry says {'1' * 64}"):
        pull(replace(CHAT, sha256={GGUF_NAME: "1" * 64}), tmp_path, quiet, hub_of=hubs)


def test_a_file_without_any_hash_is_pinned_at_the_first_pull_and_held_to_it(
    hubs: Hubs, behaviour: Behaviour, tmp_path: Path, gguf_bytes: bytes
) -> None:
    behaviour.without_hashes = True
    model = one(CHAT, HubName.MODELSCOPE)
    assert pull(model, tmp_path, quiet, hub_of=hubs).files[0].known_from == "first pull"
    model_path(model, tmp_path).unlink()
    behaviour.files[GGUF_NAME] = gguf_bytes[:-1] + b"!"
    with pytest.raises(PullFailed, match="the first pull says"):
        pull(model, tmp_path, quiet, hub_of=hubs)


def test_when_the_first_source_fails_the_second_is_asked(
    behaviour: Behaviour, gguf_bytes: bytes, tmp_path: Path
) -> None:
    wrong = Behaviour({GGUF_NAME: gguf_bytes}, listed_sha256={GGUF_NAME: "0" * 64})
    with serving(wrong) as first, serving(behaviour) as second:
        hubs = Hubs({HubName.MODELSCOPE: first, HubName.HUGGINGFACE: second})
        assert pull(CHAT, tmp_path, quiet, hub_of=hubs).hub == "huggingface"
        with pytest.raises(PullFailed):
            pull(replace(CHAT, id="again"), tmp_path, quiet, only=HubName.MODELSCOPE, hub_of=hubs)


def test_a_repository_that_does_not_exist_is_said_with_the_way_by_hand(hubs: Hubs, tmp_path: Path) -> None:
    model = replace(CHAT, sources=(ModelSource(HubName.MODELSCOPE, "no/repo"),))
    with pytest.raises(PullFailed) as caught:
        pull(model, tmp_path, quiet, hub_of=hubs)
    message = str(caught.value)
    assert "does not exist there (HTTP 404)" in message
    assert f"put it into {tmp_path / 'models' / 'small'} and run: faju models verify small" in message
    assert "/models/no/repo" in message
    assert "\n" not in message


def test_without_a_network_the_message_says_how_to_go_on(tmp_path: Path) -> None:
    with serving(Behaviour({})) as address:
        pass  # the port is closed again
    hubs = Hubs(dict.fromkeys(HubName, address))
    with pytest.raises(PullFailed, match="cannot be reached") as caught:
        pull(CHAT, tmp_path, quiet, hub_of=hubs)
    assert "Without a network" in str(caught.value)
    assert hubs.waits == [1.0] * 2


@BOTH
def test_a_server_in_trouble_is_asked_again_and_a_refusal_is_not(
    hub: HubName, hubs: Hubs, behaviour: Behaviour, tmp_path: Path
) -> None:
    behaviour.status = {"/api/": [503], "/storage/": [502, 429]}
    pull(one(CHAT, hub), tmp_path, quiet, hub_of=hubs)
    assert len(hubs.waits) == 3
    behaviour.status = {"/api/": [403, 403]}
    with pytest.raises(PullFailed, match="access is refused"):
        pull(one(replace(CHAT, id="again"), hub), tmp_path, quiet, hub_of=hubs)
    assert len(hubs.waits) == 3


def test_a_repository_without_the_file_or_without_safetensors_is_refused(
    hubs: Hubs, behaviour: Behaviour, tmp_path: Path
) -> None:
    with pytest.raises(PullFailed, match=r"some/repo has no other-name\.gguf"):
        pull(replace(CHAT, files=("other-name.gguf",)), tmp_path, quiet, hub_of=hubs)
    behaviour.files = {"config.json": b"{}", "pytorch_model.bin": b"pickle"}
    with pytest.raises(PullFailed, match="no weights as safetensors"):
        pull(EMBEDDER, tmp_path, quiet, hub_of=hubs)


@pytest.mark.parametrize("name", ["../../evil.gguf", "/etc/evil.gguf", "..\\evil.gguf", "C:evil.gguf"])
def test_a_hub_that_lists_files_outside_the_folder_is_not_trusted(
    name: str, hubs: Hubs, behaviour: Behaviour, tmp_path: Path
) -> None:
    behaviour.files[name] = b"evil"
    with pytest.raises(PullFailed, match="unsafe name"):
        pull(CHAT, tmp_path / "home", quiet, hub_of=hubs)
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"Code": 200, "Data": {}}', b'{"Code": 10010, "Message": "no"}'])
def test_an_answer_that_is_no_list_is_said(body: bytes, hubs: Hubs, behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.list_body = body
    with pytest.raises(PullFailed, match="modelscope"):
        pull(one(CHAT, HubName.MODELSCOPE), tmp_path, quiet, hub_of=hubs)


def test_more_bytes_than_listed_are_not_taken(
    hubs: Hubs, behaviour: Behaviour, tmp_path: Path, gguf_bytes: bytes
) -> None:
    behaviour.served = {GGUF_NAME: gguf_bytes + bytes(5_000_000)}
    with pytest.raises(PullFailed, match="more bytes come"):
        pull(one(CHAT, HubName.MODELSCOPE), tmp_path, quiet, hub_of=hubs)


def test_a_redirect_that_leaves_https_is_not_followed() -> None:
    from urllib.request import Request

    from assistant.hubs import _SafeRedirects

    handler = _SafeRedirects()
    with pytest.raises(PullFailed, match="would leave HTTPS"):
        handler.redirect_request(Request("https://a.example/x"), None, 302, "Found", {}, "http://a.example/x")


def test_a_file_that_is_no_chat_model_is_not_accepted(hubs: Hubs, behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.files[GGUF_NAME] = b"no GGUF at all"
    with pytest.raises(PullFailed, match="not a GGUF"):
        pull(CHAT, tmp_path, quiet, hub_of=hubs)
    assert read_record(model_folder(CHAT, tmp_path)) is None


def test_a_full_disk_is_said_before_anything_is_fetched(
    hubs: Hubs, behaviour: Behaviour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage._replace(free=100_000_000))
    with pytest.raises(PullFailed, match=r"0\.1 GB free, 0\.5 GB are needed"):
        pull(CHAT, tmp_path, quiet, hub_of=hubs)
    assert len(behaviour.requests) == 1  # one list: the other source would not make room either


def test_too_little_memory_is_warned_of() -> None:
    assert memory_shortage(CHAT, 11 << 20) is None
    assert memory_shortage(CHAT, None) is None
    warning = memory_shortage(replace(CHAT, memory_mb=4000), 2 << 30)
    assert warning is not None
    assert "needs about 4.2 GB of memory" in warning
    assert "2.1 GB are free" in warning
    available = pulling.available_memory_bytes()
    assert available is not None
    assert 1 << 20 < available < 1 << 50


# --- afterwards ------------------------------------------------------------------------------------------------


def test_a_changed_file_is_found_and_not_opened(hubs: Hubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pull(CHAT, tmp_path, quiet, hub_of=hubs)
    path = model_path(CHAT, tmp_path)
    require_unchanged(path, tmp_path)
    assert [verdict.passed for verdict in verify(CHAT, tmp_path)] == [True]
    with path.open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"evil")
    assert [verdict.passed for verdict in verify(CHAT, tmp_path)] == [False]
    settings = load_settings(
        {"FAJU_HOME": str(tmp_path), "FAJU_SETTINGS": str(_empty(tmp_path)), "FAJU_MODEL": str(path)}
    )
    with pytest.raises(ModelUnusable, match="has changed since it was pinned"):
        load_model(settings)
    path.unlink()
    with pytest.raises(ModelUnusable, match="is missing"):
        require_unchanged(path, tmp_path)
    assert [verdict.finding for verdict in verify(CHAT, tmp_path)] == ["missing"]


def _empty(folder: Path) -> Path:
    file = folder / "settings.toml"
    file.touch()
    return file


def test_any_changed_file_of_a_folder_is_found(hubs: Hubs, behaviour: Behaviour, tmp_path: Path) -> None:
    behaviour.files = EMBEDDER_FILES
    pull(EMBEDDER, tmp_path, quiet, hub_of=hubs)
    folder = model_path(EMBEDDER, tmp_path)
    require_unchanged(folder, tmp_path)
    (folder / "config.json").write_bytes(b"[]")
    with pytest.raises(ModelUnusable, match=r"config\.json has changed"):
        require_unchanged(folder, tmp_path)


def test_a_file_put_in_place_by_hand_is_pinned_when_verified(tmp_path: Path, gguf_bytes: bytes) -> None:
    with pytest.raises(PullFailed, match="faju models pull small"):
        verify(CHAT, tmp_path)
    path = model_path(CHAT, tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(gguf_bytes)
    assert model_state(CHAT, tmp_path).is_present
    wrong = replace(CHAT, sha256={GGUF_NAME: "1" * 64})
    assert [verdict.passed for verdict in verify(wrong, tmp_path)] == [False]
    assert read_record(path.parent) is None
    (verdict,) = verify(CHAT, tmp_path)
    assert verdict.adopted
    assert verdict.sha256 == hashlib.sha256(gguf_bytes).hexdigest()
    assert [verdict.adopted for verdict in verify(CHAT, tmp_path)] == [False]
    path.write_bytes(gguf_bytes[:1000])
    (path.parent / PULLED).unlink()
    with pytest.raises(ModelUnusable, match="cut short"):
        verify(CHAT, tmp_path)


def test_removing_takes_everything_and_says_how_much(hubs: Hubs, tmp_path: Path, gguf_bytes: bytes) -> None:
    pull(CHAT, tmp_path, quiet, hub_of=hubs)
    (model_folder(CHAT, tmp_path) / f"x{PART}").write_bytes(b"12345")
    assert remove(CHAT, tmp_path) > len(gguf_bytes) + 5
    assert not model_folder(CHAT, tmp_path).exists()
    assert remove(CHAT, tmp_path) == 0


def test_using_a_model_writes_its_path_and_leaves_the_rest_of_the_settings(hubs: Hubs, tmp_path: Path) -> None:
    file = tmp_path / "settings" / "settings.toml"
    with pytest.raises(PullFailed, match="is not there"):
        choosing.use_registered(CHAT, tmp_path, file)
    pull(CHAT, tmp_path, quiet, hub_of=hubs)
    assert choosing.use_registered(CHAT, tmp_path, file) == "model"
    file.write_text("# mine\npassages = 5 # few\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    choosing.use_registered(CHAT, tmp_path, file)
    assert file.read_text(encoding="utf-8").splitlines()[:2] == ["# mine", "passages = 5 # few"]
    settings = load_settings({"FAJU_SETTINGS": str(file), "FAJU_HOME": str(tmp_path)})
    assert (settings.model, settings.passages) == (str(model_path(CHAT, tmp_path)), 5)
    with model_path(CHAT, tmp_path).open("ab") as changed:
        changed.write(b"x")
    with pytest.raises(ModelUnusable, match="has changed"):
        choosing.use_registered(CHAT, tmp_path, file)
    choosing.use_builtin(file)
    settings = load_settings({"FAJU_SETTINGS": str(file), "FAJU_HOME": str(tmp_path)})
    assert (settings.model, settings.embedder, settings.passages) == ("builtin", "builtin", 5)
    with pytest.raises(PullFailed, match="nothing to set"):
        choosing.use_registered(replace(EMBEDDER, kind=ModelKind.RERANKER), tmp_path, file)


def test_a_path_with_quotes_and_backslashes_survives_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    for value in ('C:\\模型\\a "b".gguf', "/tmp/它's.gguf"):
        choosing.write_setting(file, "model", value)
        assert load_settings({"FAJU_SETTINGS": str(file)}).model == value


def test_a_file_of_the_users_own_is_pinned_when_chosen(tmp_path: Path, gguf_bytes: bytes) -> None:
    own = tmp_path / "own" / "mine.gguf"
    own.parent.mkdir()
    own.write_bytes(gguf_bytes)
    require_unchanged(own, tmp_path)  # never pinned: nothing to say
    sha256 = choosing.use_file(own, tmp_path, tmp_path / "settings.toml")
    assert sha256 == hashlib.sha256(gguf_bytes).hexdigest()
    own.write_bytes(gguf_bytes + b"x")
    with pytest.raises(ModelUnusable, match="has changed"):
        require_unchanged(own, tmp_path)
    own.write_bytes(b"no model")
    with pytest.raises(ModelUnusable, match="not a GGUF"):
        choosing.use_file(own, tmp_path, tmp_path / "settings.toml")


def test_a_damaged_record_is_said(hubs: Hubs, tmp_path: Path) -> None:
    pull(CHAT, tmp_path, quiet, hub_of=hubs)
    record = model_folder(CHAT, tmp_path) / PULLED
    for content in ("{", "[]", '{"files": {"a": 1}}'):
        record.write_text(content, encoding="utf-8")
        with pytest.raises(ModelUnusable, match=r"pulled\.json"):
            require_unchanged(model_path(CHAT, tmp_path), tmp_path)


# --- the registry and the command ------------------------------------------------------------------------------


def test_the_registry_holds_the_models_that_are_promised() -> None:
    ids = [model.id for model in load_registry()]
    assert ids == [
        "qwen3-4b", "qwen3-1.7b", "minicpm5-1b", "qwen3-8b",
        "bge-small-zh-v1.5", "bge-base-zh-v1.5", "qwen3-embedding-0.6b", "bge-reranker-base",
    ]  # fmt: skip
    assert [model.id for model in load_registry() if model.recommended] == ["qwen3-4b", "bge-small-zh-v1.5"]
    for model in load_registry():
        assert [source.hub for source in model.sources] == [HubName.MODELSCOPE, HubName.HUGGINGFACE]
        assert model.memory_mb > model.size_mb
        assert not model.is_one_file or (len(model.files) == 1 and model.files[0].endswith(".gguf"))
        assert all(len(sha256) == 64 for sha256 in model.sha256.values())


def test_mirrors_are_taken_from_the_variables_of_the_hubs() -> None:
    modelscope, huggingface = registered("qwen3-4b").sources
    assert hub_for(modelscope, {}).address == "https://www.modelscope.cn"
    assert hub_for(huggingface, {}).address == "https://huggingface.co"
    assert hub_for(huggingface, {"HF_ENDPOINT": "https://hf-mirror.com/"}).address == "https://hf-mirror.com"
    assert hub_for(modelscope, {"MODELSCOPE_DOMAIN": "www.modelscope.ai"}).address == "https://www.modelscope.ai"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("FAJU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAJU_SETTINGS", str(_empty(tmp_path)))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("FAJU_MODEL", "FAJU_EMBEDDER", "FAJU_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    return lambda *arguments: CliRunner().invoke(build_app("zh"), ["models", *arguments])


def test_the_commands_work_together(
    run: Callable[..., Any], gguf_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = registered("qwen3-1.7b")
    behaviour = Behaviour({model.files[0]: gguf_bytes})
    with serving(behaviour) as address:
        monkeypatch.setattr("tests.assistant.hub_server.REPO", model.sources[0].repo)
        monkeypatch.setenv("MODELSCOPE_DOMAIN", address)
        pulled = run("pull", model.id)
    assert pulled.exit_code == 0, pulled.output
    assert hashlib.sha256(gguf_bytes).hexdigest() in pulled.stdout
    assert json.loads((tmp_path / "home/models/qwen3-1.7b/pulled.json").read_text())["hub"] == "modelscope"
    used = run("use", model.id)
    assert used.exit_code == 0, used.output
    rows = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert [row["id"] for row in rows if row["in_use"]] == [model.id]
    assert "使用中" in run("list").stdout
    assert run("verify").exit_code == 0
    (tmp_path / "home/models/qwen3-1.7b" / model.files[0]).write_bytes(gguf_bytes[:-1] + b"!")
    changed = run("verify", model.id)
    assert changed.exit_code == 1
    assert "不一致" in changed.stdout
    removed = run("remove", model.id)
    assert removed.exit_code == 0, removed.output
    assert "已换回内置模型" in removed.stdout
    assert load_settings({"FAJU_SETTINGS": str(tmp_path / "settings.toml")}).model == "builtin"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pull", "gpt-5"), "there is no model 'gpt-5'; models are qwen3-4b"),
        (("pull", "qwen3-4b", "--source", "github"), "--source is modelscope or huggingface"),
        (("use", "qwen3-4b"), "faju models pull qwen3-4b"),
        (("use", "/nowhere/x.gguf"), "No model at /nowhere/x.gguf"),
        (("verify", "qwen3-8b"), "is not there"),
    ],
)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], says: str, run: Callable[..., Any]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if not line.startswith("警告")]
    assert len(lines) == 1
    assert lines[0].startswith("错误：")
    assert says in lines[0]


def test_no_other_command_loads_what_reaches_the_network() -> None:
    program = (
        "import sys; from assistant.cli import build_app; build_app('zh');"
        "import assistant.answering, assistant.opening, assistant.pins, assistant.registry, assistant.drafting;"
        "print([name for name in ('urllib.request', 'assistant.hubs', 'assistant.pulling') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
