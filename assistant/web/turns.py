"""One question and its answer as they stand on the page, from the first progress to the finished answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant import rendering, wording
from assistant.commands.common import Say
from assistant.records import (
    Answer,
    AnswerEvent,
    AnswerMode,
    AnswerSentence,
    NumberedPassage,
    QuestionUnderstood,
    SentenceReleased,
    Stage,
    StageReached,
)
from assistant.web.keeping import keep_buttons
from assistant.web.markup import Html, element, join
from assistant.web.sources import badge, card, source_line, validity_badge
from corpus.records import Span, UnitRole, Validity

STAGES = (Stage.RETRIEVING, Stage.READING, Stage.ANSWERING)


@dataclass(slots=True)
class Turn:
    """What is known of one answer so far. ``number`` counts the questions of the conversation from 1.

    ``remarks`` are warnings on passages, by chunk id (an article that quotes expired law).
    """

    number: int
    question: str
    say: Say
    remarks: Mapping[str, Html] = field(default_factory=dict)
    usual_seconds: float | None = None
    waiting: str = ""
    failure: str = ""
    stopped: bool = False
    stage: Stage | None = None
    understood: QuestionUnderstood | None = None
    passages: tuple[NumberedPassage, ...] = ()
    sentences: list[AnswerSentence] = field(default_factory=list)
    answer: Answer | None = None

    def take(self, event: AnswerEvent) -> None:
        """Note what an event says."""
        if isinstance(event, QuestionUnderstood):
            self.understood = event
        elif isinstance(event, StageReached):
            self.stage, self.passages = event.stage, event.passages
        elif isinstance(event, SentenceReleased):
            self.sentences.append(event.sentence)
        else:
            self.answer = event
            self.passages, self.sentences = event.passages, list(event.sentences)

    @property
    def finished(self) -> bool:
        return self.answer is not None or self.stopped or bool(self.failure)

    def html(self) -> Html:
        """Return the turn as it stands now."""
        return element(
            "article",
            element("h2", self.question, class_="question"),
            self._meta(),
            self._safety(),
            *self._body(),
            class_="turn",
            id=f"turn-{self.number}",
            aria_busy=None if self.finished else "true",
        )

    # --- above the answer --------------------------------------------------------------------------------------

    def _meta(self) -> Html:
        if self.understood is None:
            return Html()
        parts = [wording.AS_OF[self.say.language].format(day=self.understood.as_of)]
        if self.understood.rewritten:
            parts.append(wording.REWRITTEN[self.say.language].format(question=self.understood.rewritten))
        return element("p", " · ".join(parts), class_="meta")

    def _safety(self) -> Html:
        advice = self.understood.safety if self.understood else ""
        if not advice:
            return Html()
        heading = element("strong", self.say("先保证安全", "Safety first"))
        return element("div", heading, *_paragraphs(advice), class_="safety", role="alert")

    # --- the answer --------------------------------------------------------------------------------------------

    def _body(self) -> list[Html]:
        if self.failure:
            return [element("div", *_paragraphs(self.failure), class_="failure", role="alert")]
        if self.answer is not None and self.answer.declined and not self.stopped:
            return [self._declined(self.answer)]
        parts = [] if self.finished else [self._progress()]
        parts += [self._section(role) for role in UnitRole if self._of(role)]
        if self.stopped:
            parts.append(element("p", self._stopped_line(), class_="stopped", role="status"))
        if self.answer is not None:
            parts += [self._notes(self.answer), self._sources(), self._removed(self.answer)]
            if self.sentences or self.answer.mode is AnswerMode.SEARCH:
                parts += [self._actions(self.answer), self._notice()]
        elif self.sentences:
            parts.append(self._sources())
        return [*parts, self._cards()]

    def _of(self, role: UnitRole) -> list[AnswerSentence]:
        return [sentence for sentence in self.sentences if sentence.role is role]

    def _progress(self) -> Html:
        if self.waiting:
            return element("p", self.waiting, class_="progress waiting", role="status")
        names = (self.say("检索", "Search"), self.say("阅读", "Read"), self.say("回答", "Answer"))
        reached = STAGES.index(self.stage) if self.stage else -1
        steps = []
        for place, name in enumerate(names):
            state = "done" if place < reached else "now" if place == reached else "ahead"
            current = "step" if state == "now" else None
            steps.append(element("li", name, class_=state, aria_current=current))
        return element(
            "div",
            element("ol", *steps, class_="steps"),
            element("p", self._progress_line(), class_="step-line", role="status"),
            class_="progress",
        )

    def _progress_line(self) -> str:
        if self.stage is Stage.READING:
            usual = ""
            if self.usual_seconds is not None:
                usual = self.say(
                    f"，第一句通常在 {self.usual_seconds:.0f} 秒左右出现",
                    f"; the first sentence usually comes within about {self.usual_seconds:.0f} s",
                )
            count = len(self.passages)
            return self.say(f"正在阅读 {count} 段材料{usual}", f"Reading {count} passages{usual}")
        if self.stage is Stage.ANSWERING:
            return self.say("正在摘引原文，逐句核对", "Quoting the sources, checking each sentence")
        return self.say("正在检索法条和文章", "Searching statutes and articles")

    def _section(self, role: UnitRole) -> Html:
        heading = wording.ROLE_HEADINGS[role][self.say.language]
        return element(
            "section",
            element("h3", heading),
            element("ul", *map(self._point, self._points(self._of(role))), lang="zh-CN"),
            class_=f"part {role.value}",
            aria_label=heading,
        )

    def _points(self, sentences: Sequence[AnswerSentence]) -> list[list[AnswerSentence]]:
        """Put neighbours together that quote items of one passage under the same lead."""
        points: list[list[AnswerSentence]] = []
        for sentence in sentences:
            before = points[-1][-1] if points else None
            lead = self._lead(sentence)
            if before and lead and lead == self._lead(before) and sentence.citations == before.citations:
                points[-1].append(sentence)
            else:
                points.append([sentence])
        return points

    def _lead(self, sentence: AnswerSentence) -> Span | None:
        """The place of the words that a quoted item hangs on; None where a sentence is more than lead and item."""
        if len(sentence.quotes) < 2 or len(sentence.citations) != 1:
            return None
        text = self._passage(sentence.citations[0]).passage.chunk.text
        whole = "".join(span.of(text) for span in sentence.quotes)
        return sentence.quotes[0] if sentence.text == whole else None

    def _point(self, sentences: Sequence[AnswerSentence]) -> Html:
        """One sentence with its marks; several items of one article under the lead that they share."""
        lead = self._lead(sentences[0])
        if len(sentences) == 1 or lead is None:
            return element("li", *self._marked(rendering.one_line(sentences[0].text), sentences[0]))
        text = self._passage(sentences[0].citations[0]).passage.chunk.text
        items = []
        for sentence in sentences:
            words = "".join(span.of(text) for span in sentence.quotes[1:])
            items.append(element("li", *self._marked(rendering.one_line(words), sentence)))
        return element("li", rendering.one_line(lead.of(text)), element("ul", *items, class_="items"))

    def _marked(self, words: str, sentence: AnswerSentence) -> tuple[str, Html]:
        """The words, the last character keeping its marks on its line."""
        marks = [self._mark(number) for number in sentence.citations]
        return words[:-1], element("span", words[-1:], *marks, class_="keep")

    def _mark(self, number: int) -> Html:
        title = rendering.source_title(self._passage(number).passage)
        return element(
            "button",
            str(number),
            type="button",
            class_="mark",
            data_card=self._card_id(number),
            aria_label=self.say(f"来源 {number}：{title}", f"Source {number}: {title}"),
            title=title,
        )

    def _passage(self, number: int) -> NumberedPassage:
        return next(passage for passage in self.passages if passage.number == number)

    def _card_id(self, number: int) -> str:
        return f"card-{self.number}-{number}"

    # --- below the answer --------------------------------------------------------------------------------------

    def _notes(self, answer: Answer) -> Html:
        return join(element("p", note.message, class_="note") for note in answer.notes)

    def _sources(self) -> Html:
        cited = {number for sentence in self.sentences for number in sentence.citations}
        shown = [p for p in self.passages if p.number in cited]
        rest = [p for p in self.passages if p.number not in cited]
        parts = [self._source_list(self.say("来源", "Sources"), shown)] if shown else []
        if rest and self.answer is not None:
            if shown:
                summary = self.say(f"读过但没有引用的 {len(rest)} 段", f"{len(rest)} read but not quoted")
                parts.append(element("details", element("summary", summary), self._source_list("", rest)))
            else:
                parts.append(self._source_list(self.say("最相关的材料", "The most relevant passages"), rest))
        return element("div", *parts, class_="sources") if parts else Html()

    def _source_list(self, heading: str, passages: Sequence[NumberedPassage]) -> Html:
        rows = [element("li", self._source_row(numbered)) for numbered in passages]
        return join([element("h3", heading) if heading else "", element("ol", *rows, class_="source-list")])

    def _source_row(self, numbered: NumberedPassage) -> Html:
        passage = numbered.passage
        return element(
            "button",
            element("span", str(numbered.number), class_="number"),
            element(
                "span",
                element("span", rendering.source_title(passage), class_="name", lang="zh-CN"),
                element("span", source_line(passage, self.say), class_="details"),
                self._flag(numbered),
            ),
            type="button",
            class_="source-row",
            data_card=self._card_id(numbered.number),
        )

    def _flag(self, numbered: NumberedPassage) -> Html:
        if numbered.passage.validity is not Validity.IN_FORCE:
            return validity_badge(numbered.passage.validity, self.say)
        if numbered.passage.chunk.id in self.remarks:
            return badge(self.say("所引法条有变", "Quotes changed law"), "warn")
        return Html()

    def _cards(self) -> Html:
        """The cards stand hidden beside the answer, so that a mark opens its source without asking the server."""
        cards = []
        for numbered in self.passages:
            remark = self.remarks.get(numbered.passage.chunk.id, Html())
            content = card(numbered.passage, self._quotes(numbered.number), self.say, remark)
            cards.append(
                element(
                    "div",
                    content,
                    id=self._card_id(numbered.number),
                    data_number=str(numbered.number),
                    hidden=True,
                )
            )
        return element("div", *cards, class_="cards", hidden=True)

    def _quotes(self, number: int) -> tuple[Span, ...]:
        return tuple(span for s in self.sentences if s.citations[:1] == (number,) for span in s.quotes)

    def _removed(self, answer: Answer) -> Html:
        if not answer.removed:
            return Html()
        summary = wording.NOT_VERIFIED[self.say.language].format(count=len(answer.removed))
        rows = [element("li", rendering.one_line(removed.text), " — ", removed.why) for removed in answer.removed]
        return element("details", element("summary", summary), element("ul", *rows), class_="removed")

    def _declined(self, answer: Answer) -> Html:
        heading = self.say("这个问题没有作答", "Not answered")
        return element(
            "div", element("h3", heading), *_paragraphs(answer.text), class_="declined", role="status", lang="zh-CN"
        )

    def _stopped_line(self) -> str:
        if self.sentences:
            return self.say("已停止；上面的内容不完整。", "Stopped; what stands above is incomplete.")
        return self.say("已停止，没有作答。", "Stopped; nothing was answered.")

    def _actions(self, answer: Answer) -> Html:
        name = f"faju-{answer.as_of.isoformat()}-{self.number}.md"
        votes = (
            self._vote("yes", self.say("有用", "Helpful")),
            self._vote("no", self.say("没用", "Not helpful")),
        )
        return keep_buttons(rendering.answer_markdown(answer, self.say.language), name, self.say, *votes)

    def _vote(self, helpful: str, label: str) -> Html:
        kept = self.say("只记在本机", "kept on this machine only")
        return element(
            "button",
            label,
            type="button",
            class_="quiet vote",
            data_helpful=helpful,
            data_turn=str(self.number),
            aria_pressed="false",
            title=kept,
        )

    def _notice(self) -> Html:
        return element("p", wording.NOT_A_LAWYER[self.say.language], class_="notice")


def _paragraphs(content: str) -> list[Html]:
    return [element("p", line) for line in content.splitlines() if line.strip()]
