"""Explain mode: a chat model's prose, of which only whole verified sentences come out.

The model writes under ``explain_grammar``; each sentence is cut as soon as it ends, its marks become citations, and
``assistant.verification`` and ``assistant.figures`` decide whether anybody sees it. A sentence that fails is named
with the reason; one that leans on it (但是……, However, …) fails with it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from assistant.errors import ModelUnusable
from assistant.figures import figures_objection
from assistant.generation import LanguageModel, ShouldStop, TokenCounts, never_stop
from assistant.grammar import explain_grammar
from assistant.prompting import EXPLAIN_RESERVE_TOKENS, explain_prompt
from assistant.prose import Ending, ProseReader, ProseSentence
from assistant.quoting import GREEDY, Sampling
from assistant.records import (
    AnswerMode,
    AnswerSentence,
    NumberedPassage,
    PartKind,
    Prompt,
    PromptPart,
    RemovedSentence,
)
from assistant.verification import SHORTEST_QUOTATION_CHARS, Verifier, same_words
from corpus.citations import find_statute_refs
from corpus.records import SourceKind, Span, UnitRole
from corpus.script import to_plain

# A model that has said three sentences again in a row says nothing new.
MOST_REPEATS = 3
# The opening sentences are the conclusion, until one names a law.
MOST_CONCLUSIONS = 2

# Of a sentence's pairs of neighbouring characters, how many its passages or the question must have. Of 929 claims in
# our own articles, each with the article of law that it states as its ground, 96 % have as many in common with that
# article, and 11 % with one drawn at random. Shorter sentences are not judged: 这样催收是违法的 has seven pairs.
LEAST_SHARED = 0.15
FEWEST_PAIRS = 8

_QUOTES = {"「": "」", "『": "』", "“": "”", '"': '"'}
_LEANS = re.compile(
    r"(?:但是|但(?!书)|该|其(?!他|它|余|中)|上述|前述|此外|此(?!前|后)|这|因此|所以|否则|不过|然而|同时|并且?|也|还|另外|对此|据此)"
    r"|(?:However|But|Therefore|Thus|Otherwise|Moreover|Also|This|These|Those|That|Such|It|They|In addition|And)\b"
)
_CJK = re.compile(r"[\u3400-\u9fff]")
_CJK_RUN = re.compile(r"[\u3400-\u9fff]+")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class ExplainingFinished:
    """The last thing an explaining yields: what the model saw, what it thought before answering, what it cost.

    ``stopped`` when told to stop. ``counts.writing_seconds`` leaves out the reading of the prompt.
    """

    prompt: Prompt
    counts: TokenCounts
    stopped: bool
    thinking: str = ""


ExplainingEvent: TypeAlias = AnswerSentence | RemovedSentence | ExplainingFinished


def is_english(question: str) -> bool:
    """Whether a question is to be answered in English: it has English words and no Chinese character."""
    return _CJK.search(question) is None and _LATIN_WORD.search(question) is not None


def explain(
    model: LanguageModel,
    question: str,
    passages: Sequence[NumberedPassage],
    verifier: Verifier,
    *,
    english: bool = False,
    constrained: bool = True,
    should_stop: ShouldStop = never_stop,
    sampling: Sampling = GREEDY,
) -> Iterator[ExplainingEvent]:
    """Yield each sentence once it is whole and verified, each one that failed with why, then ExplainingFinished.

    ``verifier`` holds the same ``passages``, best first. ``constrained`` False lets the model write without the
    grammar, for models that cannot say anything within it; every sentence is verified all the same. Same model,
    question, passages and sampling: same answer. Raises ContextTooSmall where no passage fits, ValueError for none,
    ModelUnusable for the built-in reader and its kin.
    """
    # A model that was taught to judge sentences was taught nothing else: it would write minutes of nonsense.
    if getattr(model, "has_judgements", False):
        raise ModelUnusable(
            f"{model.name} can only quote; explaining takes a chat model: faju models pull qwen3-4b, "
            "then faju models use qwen3-4b, or leave --mode explain out"
        )
    prompt = explain_prompt(model, question, passages, english=english)
    numbers = [numbered.number for numbered in prompt.passages]
    writing = model.stream(
        prompt,
        explain_grammar(numbers) if constrained else None,
        max_tokens=max(1, min(EXPLAIN_RESERVE_TOKENS, model.context_tokens - prompt.token_count)),
        temperature=sampling.temperature,
        seed=sampling.seed,
        should_stop=should_stop,
    )
    reader, review, meter = ProseReader(), _Review(verifier, question, numbers), _Meter()
    try:
        for piece in writing:
            meter.add(piece)
            for sentence in reader.feed(piece):
                yield review.of(sentence)
            if review.is_hopeless:
                break
        stopped = should_stop()
        # What was broken off on request is nobody's failure and not reported.
        if not stopped and not review.is_hopeless:
            for sentence in reader.finish():
                yield review.of(sentence)
    finally:
        if close := getattr(writing, "close", None):
            close()
    yield ExplainingFinished(prompt, meter.counts(model, prompt), stopped, reader.thinking.strip())


@dataclass(slots=True)
class _Meter:
    """Counts what was written, from the first piece on: what came before was reading."""

    started: float = field(default_factory=time.perf_counter)
    first: float | None = None
    last: float = 0.0
    pieces: list[str] = field(default_factory=list)

    def add(self, piece: str) -> None:
        self.last = time.perf_counter()
        if self.first is None:
            self.first = self.last
        self.pieces.append(piece)

    def counts(self, model: LanguageModel, prompt: Prompt) -> TokenCounts:
        if self.first is None:
            return TokenCounts(prompt=prompt.token_count)
        return TokenCounts(
            prompt=prompt.token_count,
            written=model.count_tokens([PromptPart("".join(self.pieces), PartKind.DATA)]),
            reading_seconds=self.first - self.started,
            writing_seconds=self.last - self.first,
        )


@dataclass(slots=True)
class _Review:
    """Decides about one sentence after the other; what was said before counts."""

    verifier: Verifier
    question: str
    shown: Sequence[int]
    said: set[str] = field(default_factory=set)
    repeats: int = 0
    runaway: bool = False
    named_law: bool = False
    conclusions: int = 0
    last_role: UnitRole | None = None
    last_failed: bool = False

    @property
    def is_hopeless(self) -> bool:
        """Whether what comes next is not worth reading."""
        return self.runaway or self.repeats >= MOST_REPEATS

    def of(self, sentence: ProseSentence) -> AnswerSentence | RemovedSentence:
        key = same_words(sentence.text).casefold()
        if key in self.said:
            self.repeats += 1
            return RemovedSentence(sentence.text, "与前面的句子重复")
        self.said.add(key)
        self.repeats = 0
        candidate, why_not = self._judged(sentence)
        self.last_failed = why_not is not None
        if why_not is not None:
            return RemovedSentence(sentence.text, why_not)
        return self._with_role(candidate, sentence)

    def _judged(self, sentence: ProseSentence) -> tuple[AnswerSentence, str | None]:
        """The sentence as an answer would have it, and why it must not be shown."""
        candidate = AnswerSentence(sentence.text, sentence.citations, UnitRole.BACKGROUND)
        if sentence.ending is Ending.RUNAWAY:
            self.runaway = True
            return candidate, "太长或者反复，没有写完"
        if sentence.ending is Ending.CUT_SHORT:
            return candidate, "句子没有写完"
        if self.last_failed and _LEANS.match(sentence.text):
            return candidate, "所承接的上一句没有通过核对"
        not_shown = [number for number in sentence.citations if number not in self.shown]
        if not_shown:
            return candidate, f"引用了不存在的材料[{not_shown[0]}]"
        candidate = with_quotes(candidate, self.verifier.passages)
        return candidate, prose_objection(candidate, self.verifier, self.question)

    def _with_role(self, candidate: AnswerSentence, sentence: ProseSentence) -> AnswerSentence:
        """What the sentence does in the answer, by the first rule that applies:

        the model's own heading; the role of the sentence it leans on, so that the two stay together; CONCLUSION
        for the opening sentences until one names a law; LAW where it names one or cites a statute; else the role
        of what it cites.
        """
        first = next(numbered for numbered in self.verifier.passages if numbered.number == candidate.citations[0])
        is_statute = first.passage.document.kind is SourceKind.STATUTE
        names_law = bool(find_statute_refs(sentence.text, self.verifier.lawbook)) or (is_statute and candidate.quotes)
        self.named_law = self.named_law or bool(names_law)
        if sentence.role is not None:
            role = sentence.role
        elif self.last_role is not None and _LEANS.match(sentence.text):
            role = self.last_role
        elif not self.named_law and self.conclusions < MOST_CONCLUSIONS:
            role = UnitRole.CONCLUSION
        elif names_law or is_statute:
            role = UnitRole.LAW
        else:
            role = first.units[0].role if first.units else UnitRole.BACKGROUND
        self.conclusions += role is UnitRole.CONCLUSION
        self.last_role = role
        return replace(candidate, role=role)


def prose_objection(sentence: AnswerSentence, verifier: Verifier, question: str) -> str | None:
    """Return why a sentence of prose must not be shown, None where nothing speaks against it.

    Besides what ``verifier`` says: a long quotation that no cited passage has, figures of the sentence's own words,
    and words that neither its passages nor the question have. What no code can see is a sentence that turns the
    sense of its passage round in the passage's own words.
    """
    cited = _cited(sentence, verifier.passages)
    placed = place_quotations(sentence.text, cited)
    lost = next((quote.text for quote in placed if quote.number is None and quote.is_long), None)
    if lost is not None:
        return f"引号里的话与原文不一致：{lost[:20]}"
    objection = verifier.objection(sentence, AnswerMode.EXPLAIN)
    if objection is not None:
        return objection
    own_words = _without_quotations(sentence.text, placed)
    objection = figures_objection(own_words, cited, verifier.lawbook, verifier.day)
    return objection or _words_objection(own_words, cited, question)


def _words_objection(text: str, cited: Sequence[NumberedPassage], question: str) -> str | None:
    pairs = _pairs(text)
    if len(pairs) < FEWEST_PAIRS:
        return None
    ground = [question]
    for numbered in cited:
        ground += [numbered.passage.document.title, *numbered.passage.chunk.headings, numbered.passage.chunk.text]
    shared = pairs & _pairs("\n".join(ground))
    return None if len(shared) >= LEAST_SHARED * len(pairs) else "所引材料里没有这样的内容"


def _pairs(text: str) -> set[str]:
    """Neighbouring Chinese characters. English prose over Chinese passages shares none and is not judged by them."""
    return {run[place : place + 2] for run in _CJK_RUN.findall(to_plain(text)) for place in range(len(run) - 1)}


def _cited(sentence: AnswerSentence, passages: Sequence[NumberedPassage]) -> list[NumberedPassage]:
    by_number = {numbered.number: numbered for numbered in passages}
    return [by_number[number] for number in sentence.citations if number in by_number]


# --- quotations ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlacedQuotation:
    """A quotation of a sentence: where it stands in it, marks included, and in which passage it was found.

    ``number`` and ``found`` are None where no cited passage has the words.
    """

    span: Span
    text: str
    number: int | None
    found: Span | None

    @property
    def is_long(self) -> bool:
        """Long enough to be a quotation; shorter words in quotation marks are names and terms."""
        return len(same_words(self.text)) >= SHORTEST_QUOTATION_CHARS


def place_quotations(sentence: str, cited: Sequence[NumberedPassage]) -> tuple[PlacedQuotation, ...]:
    """Return what ``sentence`` has in quotation marks, outermost ones, each with its place in a cited passage."""
    placed = []
    for span in _quotations(sentence):
        words = sentence[span.start + 1 : span.end - 1]
        number, found = None, None
        for numbered in cited:
            found = find_words(words, numbered.passage.chunk.text)
            if found is not None:
                number = numbered.number
                break
        placed.append(PlacedQuotation(span, words, number, found))
    return tuple(placed)


def with_quotes(sentence: AnswerSentence, passages: Sequence[NumberedPassage]) -> AnswerSentence:
    """Return the sentence with the places that it quotes; the passage quoted first comes first among its citations."""
    placed = [quote for quote in place_quotations(sentence.text, _cited(sentence, passages)) if quote.is_long]
    quoted = next((quote.number for quote in placed if quote.number is not None), None)
    if quoted is None:
        return sentence
    others = tuple(number for number in sentence.citations if number != quoted)
    spans = tuple(quote.found for quote in placed if quote.number == quoted and quote.found)
    return replace(sentence, citations=(quoted, *others), quotes=spans)


def _quotations(sentence: str) -> Iterator[Span]:
    start = 0
    open_marks: list[str] = []
    for place, character in enumerate(sentence):
        if open_marks and character == open_marks[-1]:
            open_marks.pop()
            if not open_marks:
                yield Span(start, place + 1)
        elif character in _QUOTES and (character != '"' or not open_marks):
            if not open_marks:
                start = place
            open_marks.append(_QUOTES[character])


def find_words(words: str, text: str) -> Span | None:
    """Return where ``text`` has ``words``: white space, width and script apart, character by character."""
    wanted = same_words(words)
    if not wanted:
        return None
    plain = to_plain(text)
    places = [place for place, character in enumerate(plain) if not character.isspace()]
    at = "".join(plain[place] for place in places).find(wanted)
    return None if at < 0 else Span(places[at], places[at + len(wanted) - 1] + 1)


def _without_quotations(sentence: str, placed: Sequence[PlacedQuotation]) -> str:
    """The sentence with what it quotes verbatim blanked: those figures are the passage's own."""
    for quote in placed:
        if quote.number is not None:
            sentence = (
                sentence[: quote.span.start] + " " * (quote.span.end - quote.span.start) + sentence[quote.span.end :]
            )
    return sentence
