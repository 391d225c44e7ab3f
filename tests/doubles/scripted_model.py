"""A language model without weights: it prefers what a test says, counts characters as tokens, and obeys grammars.

``spoken`` is everything it wrote in its sessions, line by line, as the grammar let it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType

from assistant.generation import GenerationStopped, ShouldStop, TokenCounts, never_stop
from assistant.prompting import labelled_units
from assistant.records import PartKind, Prompt, PromptPart

_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


def described_texts(grammar: str) -> list[str]:
    """Return the texts that a grammar of plain alternatives describes, unescaped."""
    return [_unescape(text) for text in _LITERAL.findall(grammar)]


def _unescape(text: str) -> str:
    named = {"n": "\n", "r": "\r", "t": "\t"}
    return re.sub(
        r"\\(?:x([0-9A-F]{2})|(.))",
        lambda match: chr(int(match[1], 16)) if match[1] else named.get(match[2], match[2]),
        text,
        flags=re.S,
    )


class ScriptedModel:
    """``likes`` gives the text of a unit its log-odds; ``ends_after`` is how many it writes before it would end."""

    name = "scripted"
    sha256 = "0" * 64

    def __init__(
        self,
        likes: Callable[[str], float] = lambda _: 0.0,
        *,
        ends_after: int = 1_000,
        context_tokens: int = 4_000,
        label_count: int = 128,
    ) -> None:
        self.likes, self.ends_after = likes, ends_after
        self.context_tokens, self.label_count = context_tokens, label_count
        self.prompts: list[Prompt] = []
        self.spoken: list[str] = []

    def written_label(self, number: int) -> str:
        return f"<|u{number}|>"

    def count_tokens(self, parts: Sequence[PromptPart]) -> int:
        return sum(1 if part.kind is PartKind.LABEL else len(part.text) for part in parts)

    def frame_tokens(self, system: str) -> int:
        return len(system) + 10

    def start(self, prompt: Prompt, should_stop: ShouldStop = never_stop) -> ScriptedSession:
        if should_stop():
            raise GenerationStopped
        self.prompts.append(prompt)
        return ScriptedSession(self, prompt, should_stop)

    def stream(
        self,
        prompt: Prompt,
        grammar: str | None = None,
        *,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        seed: int = 0,
        should_stop: ShouldStop = never_stop,
    ) -> Iterator[str]:
        raise NotImplementedError("the scripted model only quotes")


class ScriptedSession:
    def __init__(self, model: ScriptedModel, prompt: Prompt, should_stop: ShouldStop) -> None:
        self._model, self._should_stop = model, should_stop
        self._texts = {unit.label: unit.unit.text for unit in labelled_units(prompt)}
        self._lines = 0
        self._counts = TokenCounts(prompt=prompt.token_count, evaluated=prompt.token_count, reading_seconds=0.5)
        self.closed = False

    @property
    def judgements(self) -> Mapping[int, float]:
        return {}

    @property
    def counts(self) -> TokenCounts:
        return self._counts

    def label_logprobs(self, labels: Sequence[int]) -> tuple[list[float], float]:
        end = 100.0 if self._lines >= self._model.ends_after else -100.0
        return [self._model.likes(self._texts[label]) for label in labels], end

    def write(self, grammar: str, draft: str = "") -> Iterator[str]:
        if self._should_stop():
            raise GenerationStopped
        assert draft in described_texts(grammar), "the grammar does not allow the draft"
        self._lines += 1
        self._model.spoken.append(draft)
        self._counts = replace(self._counts, written=self._counts.written + len(draft), writing_seconds=1.0)
        yield draft

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> ScriptedSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
