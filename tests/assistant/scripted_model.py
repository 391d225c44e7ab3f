"""A language model that says what it is told to, in small pieces; it counts a character as a token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assistant.generation import Session, ShouldStop, never_stop
from assistant.records import Prompt, PromptPart


@dataclass
class ScriptedModel:
    """``text`` is what it writes, ``step`` characters a piece. ``prompts`` and ``grammars`` are what it was given."""

    text: str
    step: int = 3
    context_tokens: int = 100_000
    name: str = "scripted"
    sha256: str = "5" * 64
    label_count: int = 128
    prompts: list[Prompt] = field(default_factory=list)
    grammars: list[str | None] = field(default_factory=list)
    max_tokens: int = 0
    written: str = ""
    closed: bool = False
    writing: Iterator[str] | None = None  # held here, so that only closing it closes it

    def written_label(self, number: int) -> str:
        return f"<{number}>"

    def count_tokens(self, parts: Sequence[PromptPart]) -> int:
        return sum(len(part.text) for part in parts)

    def frame_tokens(self, system: str) -> int:
        return len(system)

    def start(self, prompt: Prompt, should_stop: ShouldStop = never_stop) -> Session:
        raise NotImplementedError("this double only streams")

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
        self.prompts.append(prompt)
        self.grammars.append(grammar)
        self.max_tokens = max_tokens
        self.writing = self._pieces(max_tokens, should_stop)
        return self.writing

    def _pieces(self, max_tokens: int, should_stop: ShouldStop) -> Iterator[str]:
        try:
            for start in range(0, min(len(self.text), max_tokens), self.step):
                if should_stop():
                    return
                piece = self.text[start : min(start + self.step, max_tokens)]
                self.written += piece
                yield piece
        finally:
            self.closed = True
