"""The tab of the user's own documents: look at what would be kept of a file, add it, remove it; the index's state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import gradio as gr

from assistant.commands.common import OUR_ERRORS, Say, error_line
from assistant.settings import Settings
from assistant.web.desk import Desk
from assistant.web.markup import Html, element, join
from assistant.web.parts import connect, markup
from assistant.web.sources import badge, facts
from assistant.web.uploads import SUFFIXES, ReadUpload, read_upload, taken
from corpus.cleaning import CleanedDocument
from corpus.reading import BUILTIN
from corpus.records import Document, DocumentInfo, SourceKind
from index import building
from index.building import IndexStatus

MOST_FILES = 20
OPENING_SECONDS = 300

Updates: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """The tab's behaviour, apart from its components."""

    desk: Desk
    settings: Settings
    say: Say

    # --- looking at files --------------------------------------------------------------------------------------

    def look(self, files: Sequence[str] | None) -> Iterator[Updates]:
        """Yield what is kept and dropped of each file as it is read; nothing is added yet."""
        read: list[Document] = []
        shown: list[Html] = []
        paths = list(files or ())[:MOST_FILES]
        for count, path in enumerate(paths, 1):
            progress = self.say(f"正在读第 {count} / {len(paths)} 份…", f"Reading {count} of {len(paths)}…")
            yield join([*shown, element("p", progress, class_="count", role="status")]), tuple(read), _hidden()
            with taken(path) as file:
                try:
                    upload = read_upload(file)
                except OUR_ERRORS as error:
                    shown.append(self._failure(file.name, error))
                else:
                    read.append(upload.document)
                    shown.append(self._preview(upload))
        yield join(shown), tuple(read), gr.update(visible=bool(read))

    def _failure(self, name: str, error: Exception) -> Html:
        return element("div", element("p", error_line(error, self.say.language)), class_="failure", role="alert")

    def _preview(self, upload: ReadUpload) -> Html:
        info, cleaned, say = upload.document.info, upload.cleaned, self.say
        share = say(f"保留可见文字的 {cleaned.kept_share:.0%}", f"{cleaned.kept_share:.0%} of the visible text kept")
        kind = say("文章", "Article") if info.kind is SourceKind.ARTICLE else say("自己的文件", "Your document")
        summary = element("summary", say("保留和去掉了什么", "What is kept and what is dropped"))
        return element(
            "section",
            element("h3", info.title, class_="source-title"),
            element("p", badge(kind, "plain"), badge(share, "good"), class_="badges"),
            facts(
                (say("发布者", "Publisher"), info.publisher),
                (say("日期", "Date"), info.published.isoformat() if info.published else None),
                (say("来源地址", "Address"), info.address),
            ),
            element("details", summary, self._blocks(cleaned)),
            class_="preview",
        )

    def _blocks(self, cleaned: CleanedDocument) -> Html:
        rows = []
        for block in cleaned.blocks:
            if block.rule is None:
                rows.append(element("p", block.block.text, class_="kept"))
            else:
                rule = badge(block.rule.value, "warn")
                rows.append(element("p", element("del", block.block.text), rule, class_="dropped"))
        return element("div", *rows, class_="blocks", lang="zh-CN")

    # --- adding and removing -----------------------------------------------------------------------------------

    def add(self, documents: tuple[Document, ...]) -> Updates:
        """Add the documents looked at, and open the index anew."""
        try:
            report = building.add_documents(self.settings.index, documents, self._embedder())
        except OUR_ERRORS as error:
            return self._failure("", error), documents, gr.skip(), gr.skip(), gr.skip(), gr.skip()
        self.desk.reopen()
        added = [info.title for info in (*report.added, *report.replaced)]
        lines = [element("p", self.say(f"已加入：{title}", f"Added: {title}"), class_="good-line") for title in added]
        lines += [
            element("p", self.say(f"没有变化：{info.title}", f"Unchanged: {info.title}")) for info in report.unchanged
        ]
        return (join(lines), (), _hidden(), *self.state())

    def remove(self, ids: list[str]) -> Updates:
        """Remove the documents chosen, and open the index anew."""
        try:
            removed = [info for name in ids for info in building.remove(self.settings.index, name, self._embedder())]
        except OUR_ERRORS as error:
            return self._failure("", error), gr.skip(), gr.skip(), gr.skip()
        if removed:
            self.desk.reopen()
        said = [element("p", self.say(f"已移除：{info.title}", f"Removed: {info.title}")) for info in removed]
        return (join(said), *self.state())

    def _embedder(self) -> Any:
        return self.desk.when_ready(OPENING_SECONDS)[self.say.language].index.embedder

    # --- what there is -----------------------------------------------------------------------------------------

    def state(self) -> Updates:
        """Return the list of the user's own documents, the button to remove them, and the index's state."""
        try:
            status = building.index_status(self.settings.index, self._embedder())
        except OUR_ERRORS as error:
            return gr.update(choices=[], visible=False), _hidden(), self._failure("", error)
        own = [info for info in status.documents if info.collection != BUILTIN]
        choices = [(self._label(info), info.id) for info in own]
        shown = gr.update(visible=bool(own))
        return gr.update(choices=choices, visible=bool(own)), shown, self._state(status, len(own))

    def _label(self, info: DocumentInfo) -> str:
        details = " · ".join(part for part in (info.publisher, str(info.published or "")) if part)
        return f"{info.title}（{details}）" if details else info.title

    def _state(self, status: IndexStatus, own: int) -> Html:
        say, manifest = self.say, status.manifest
        count = say(
            f"{manifest.document_count} 份，其中自己加的 {own} 份", f"{manifest.document_count}, {own} of them yours"
        )
        fresh = (
            badge(say("最新", "up to date"), "good")
            if status.up_to_date
            else badge(say("需要更新：运行 faju index build", "outdated: run faju index build"), "warn")
        )
        return element(
            "div",
            element("p", fresh, class_="badges"),
            facts(
                (say("位置", "Place"), str(status.place)),
                (say("文件", "Documents"), count),
                (say("段落", "Passages"), str(manifest.chunk_count)),
                (say("大小", "Size"), f"{status.size_bytes / 1e6:.1f} MB"),
                (say("向量模型", "Embedder"), manifest.embedder),
                (say("建立于", "Built at"), manifest.built_at),
            ),
        )


def _hidden() -> Any:
    return gr.update(visible=False)


def add_library_tab(desk: Desk, settings: Settings, say: Say) -> None:
    """Add the tab with its components and connect them."""
    library = Library(desk, settings, say)
    tab = gr.Tab(say("资料", "Library"), id="library")
    with tab:
        markup(
            element(
                "p",
                say(
                    "把自己的合同、短信记录、文章加进来，提问时就会一起检索和引用。文件只留在本机。",
                    "Add contracts, messages or articles of your own; answers then draw on them too. They stay here.",
                ),
                class_="count",
            )
        )
        files = gr.File(
            file_count="multiple",
            file_types=list(SUFFIXES),
            label=say(
                f"选择文件（{' '.join(SUFFIXES)}，每份不超过 20 MB）",
                f"Choose files ({' '.join(SUFFIXES)}, 20 MB each)",
            ),
            elem_id="library-files",
        )
        preview = markup(elem_id="library-preview")
        documents = gr.State(())
        add = gr.Button(
            say("加入资料库", "Add to the library"), variant="primary", visible=False, elem_id="library-add"
        )
        own = gr.CheckboxGroup([], label=say("自己加的文件", "Your documents"), visible=False, elem_id="library-own")
        remove = gr.Button(
            say("移除选中的文件", "Remove the chosen ones"), visible=False, size="md", elem_id="library-remove"
        )
        state = markup(elem_id="library-state")
    connect(files.upload, library.look, [files], [preview, documents, add]).then(
        lambda: None, None, [files], api_visibility="private", show_progress="hidden"
    )
    connect(add.click, library.add, [documents], [preview, documents, add, own, remove, state], show_progress="minimal")
    connect(remove.click, library.remove, [own], [preview, own, remove, state], show_progress="minimal")
    connect(tab.select, library.state, [], [own, remove, state], show_progress="minimal")
