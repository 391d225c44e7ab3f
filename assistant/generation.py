"""Language models: the protocol that answers are written through, and llama.cpp behind it, in this process.

A session is one prompt in one context. It reports how likely each label is next (``label_logprobs``), how relevant
the model found each unit while reading (``judgements``, models that were taught to say so), and writes text that a
grammar allows (``write``). Only this module knows llama.cpp, and it loads the library where a model is opened.
"""

from __future__ import annotations

import codecs
import ctypes
import os
import platform
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from assistant.chat_template import CHATML, PLAIN, render_chat
from assistant.errors import ContextTooSmall, ModelUnusable
from assistant.model_file import ModelFile, model_sha256, read_model_file
from assistant.reader_format import JUDGED_NO, JUDGED_YES, LABEL_COUNT, label_token
from assistant.records import PartKind, Prompt, PromptPart

ShouldStop = Callable[[], bool]
Logits = npt.NDArray[np.float32]

BUILT_IN_MODEL = Path(__file__).parent / "models" / "faju-reader.gguf"

# Tokens a step of reading. Stopping is also checked within a step (llama.cpp's abort callback), so this is only
# about memory: one row of logits a token is reserved, 150,000 numbers wide in large models.
BATCH_TOKENS = 256


def never_stop() -> bool:
    return False


class GenerationStopped(Exception):
    """The user asked to stop; what was written so far stands."""


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """What a session cost. ``reused`` were in the context from the prompt before."""

    prompt: int = 0
    reused: int = 0
    evaluated: int = 0
    written: int = 0
    reading_seconds: float = 0.0
    writing_seconds: float = 0.0

    @property
    def written_per_second(self) -> float | None:
        return self.written / self.writing_seconds if self.writing_seconds > 0 and self.written else None


class Session(Protocol):
    """One prompt being answered. Close it (or leave its ``with``) before the next one can start."""

    @property
    def judgements(self) -> Mapping[int, float]:
        """Log-odds that the unit of a label answers, read while reading the prompt; empty where a model has none."""
        ...

    @property
    def counts(self) -> TokenCounts: ...

    def label_logprobs(self, labels: Sequence[int]) -> tuple[list[float], float]:
        """Return the log-probability that each label comes next, and that the answer ends, given it is one of these."""
        ...

    def write(self, grammar: str, draft: str = "") -> Iterator[str]:
        """Write the shortest text that ``grammar`` describes, in pieces.

        ``draft`` is a text expected: its tokens are evaluated together as far as the grammar allows them, instead
        of one by one, and from where it does not the model goes on by itself, greedily.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Session: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class LanguageModel(Protocol):
    """A model that reads a prompt and writes. One session at a time; others wait their turn."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def context_tokens(self) -> int: ...

    @property
    def label_count(self) -> int:
        """How many units a prompt can label."""
        ...

    def written_label(self, number: int) -> str:
        """Return what the model writes to choose a label."""
        ...

    def count_tokens(self, parts: Sequence[PromptPart]) -> int:
        """Return the tokens of these parts; counts of parts add up."""
        ...

    def frame_tokens(self, system: str) -> int:
        """Return the tokens of a prompt without its parts: system text and chat template."""
        ...

    def start(self, prompt: Prompt, should_stop: ShouldStop = never_stop) -> Session:
        """Read the prompt. Raises ContextTooSmall, and GenerationStopped when told to stop while reading."""
        ...

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
        """Write freely, or within ``grammar``, until the model ends. Closing the iterator stops it."""
        ...


def physical_cores() -> int:
    """Return the cores that llama.cpp should use: the physical ones this process may run on, at least 1.

    A second thread on one core makes matrix products slower, not faster.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, _count_physical() or allowed))


def _count_physical() -> int | None:
    system = platform.system()
    if system == "Linux":
        try:
            text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        except OSError:
            return None
        pairs = re.findall(r"^physical id\s*: (\d+)$.*?^core id\s*: (\d+)$", text, re.M | re.S)
        return len(set(pairs)) or None
    if system == "Darwin":
        asked = subprocess.run(["sysctl", "-n", "hw.physicalcpu"], capture_output=True, text=True, check=False)
        return int(asked.stdout) if asked.stdout.strip().isdigit() else None
    logical = os.cpu_count()
    return max(1, logical // 2) if logical else None


@dataclass(frozen=True, slots=True)
class _Label:
    """``shown`` are the tokens that label a unit in the prompt, ``choice`` the one token that chooses it."""

    written: str
    choice: int
    shown: tuple[int, ...]


class LlamaCppModel:
    """A GGUF file in this process, on the CPU.

    ``context_tokens`` is how much it is given to work with, at most what it was trained for. Raises ModelMissing and
    ModelUnusable before llama.cpp sees a bad file, ModelUnusable where llama.cpp refuses it.
    """

    def __init__(self, path: Path, *, context_tokens: int = 4096, threads: int | None = None) -> None:
        self._file: ModelFile = read_model_file(path)
        trained = self._file.context_tokens or context_tokens
        self._library = _load_library()
        self._model: Any = None
        self._context: Any = None
        self._turn = threading.Lock()
        self._should_stop: ShouldStop = never_stop
        self._cached: list[int] = []
        self._frames: dict[str, tuple[list[int], list[int]]] = {}
        self._context_tokens = min(context_tokens, trained)
        self._open(threads or physical_cores())
        self._vocabulary_size: int = self._library.llama_vocab_n_tokens(self._vocabulary)
        self._labels_found: list[_Label] | None = None
        self._pieces: dict[int, bytes] = {}
        yes, no = self._special(JUDGED_YES), self._special(JUDGED_NO)
        self._judges = (yes, no) if yes is not None and no is not None else None

    # -- what it is ---------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self._file.name

    @property
    def sha256(self) -> str:
        return model_sha256(self._file.path)

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    @property
    def label_count(self) -> int:
        return len(self._labels)

    @property
    def has_judgements(self) -> bool:
        """Whether it was taught to judge each unit at its label: the built-in reader and its kin."""
        return self._judges is not None

    def written_label(self, number: int) -> str:
        return self._labels[number].written

    def count_tokens(self, parts: Sequence[PromptPart]) -> int:
        return sum(len(self._part_tokens(part)) for part in parts)

    def frame_tokens(self, system: str) -> int:
        before, after = self._frame(system)
        return len(before) + len(after)

    # -- sessions -----------------------------------------------------------------------------------------------

    def start(self, prompt: Prompt, should_stop: ShouldStop = never_stop) -> LlamaCppSession:
        self._take_turn(should_stop)
        session = LlamaCppSession(self)
        try:
            session.read(prompt)
        except BaseException:
            session.close()
            raise
        return session

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
        try:
            with self.start(prompt, should_stop) as session:
                yield from session.sample(grammar, max_tokens=max_tokens, temperature=temperature, seed=seed)
        except GenerationStopped:
            return

    def warm_up(self, system: str) -> None:
        """Read the fixed text, so that the first question finds it in the context."""
        before, _ = self._frame(system)
        with self._turn:
            self._should_stop = never_stop
            if self._cached[: len(before)] != before:
                self._forget_after(0)
                self.decode(before, ())

    def close(self) -> None:
        """Free the model's memory; the object cannot be used afterwards. Closing twice does nothing."""
        with self._turn:
            if self._context is not None:
                self._library.llama_free(self._context)
            if self._model is not None:
                self._library.llama_model_free(self._model)
            self._context = self._model = None

    def __enter__(self) -> LlamaCppModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_turn(self, should_stop: ShouldStop) -> None:
        """Wait until no other session is open; one context serves one answer at a time."""
        while not self._turn.acquire(timeout=0.05):
            if should_stop():
                raise GenerationStopped
        if self._context is None:
            self._turn.release()
            raise ValueError("this model has been closed")
        self._should_stop = should_stop

    def end_turn(self) -> None:
        self._should_stop = never_stop
        self._turn.release()

    # -- llama.cpp ----------------------------------------------------------------------------------------------

    def _open(self, threads: int) -> None:
        library = self._library
        path = self._file.path
        parameters = library.llama_model_default_params()
        parameters.n_gpu_layers = 0
        _last_complaints.clear()
        self._model = library.llama_model_load_from_file(os.fsencode(path), parameters)
        if not self._model:
            raise ModelUnusable(f"llama.cpp cannot load {path} ({self._file.architecture}): {_complaint()}")
        self._vocabulary = library.llama_model_get_vocab(self._model)
        settings = library.llama_context_default_params()
        settings.n_ctx = self._context_tokens
        settings.n_batch = settings.n_ubatch = min(BATCH_TOKENS, self._context_tokens)
        settings.n_seq_max = 1
        settings.n_threads = settings.n_threads_batch = threads
        settings.no_perf = True
        # Kept on self: llama.cpp holds the pointer, Python would collect the function.
        self._abort = library.ggml_abort_callback(lambda _: self._should_stop())
        settings.abort_callback = self._abort
        self._context = library.llama_init_from_model(self._model, settings)
        if not self._context:
            library.llama_model_free(self._model)
            self._model = None
            raise ModelUnusable(
                f"llama.cpp cannot make room for {self._context_tokens} tokens of {path}: {_complaint()}; "
                "lower the context setting or use a smaller model"
            )
        self._memory = library.llama_get_memory(self._context)

    def decode(self, tokens: Sequence[int], wanted: Sequence[int]) -> dict[int, Logits]:
        """Evaluate ``tokens`` behind what the context holds; return the logits at the places ``wanted`` and the last.

        ``wanted`` count from the first token. Rows are copies, (vocabulary,) float32. Raises GenerationStopped when
        told to stop, ContextTooSmall where they do not fit.
        """
        library = self._library
        if len(self._cached) + len(tokens) > self._context_tokens:
            raise ContextTooSmall(
                f"{self.name} was given room for {self._context_tokens} tokens and needs "
                f"{len(self._cached) + len(tokens)}; raise the context setting or ask a shorter question"
            )
        rows: dict[int, Logits] = {}
        keep = {*wanted, len(tokens) - 1}
        batch = library.llama_batch_init(min(BATCH_TOKENS, len(tokens)), 0, 1)
        try:
            for start in range(0, len(tokens), BATCH_TOKENS):
                part = tokens[start : start + BATCH_TOKENS]
                batch.n_tokens = len(part)
                past = len(self._cached)
                for place, token in enumerate(part):
                    batch.token[place] = token
                    batch.pos[place] = past + place
                    batch.n_seq_id[place] = 1
                    batch.seq_id[place][0] = 0
                    batch.logits[place] = start + place in keep
                if self._should_stop():
                    raise GenerationStopped
                status = library.llama_decode(self._context, batch)
                if status:
                    self._forget_after(past)
                    if status == 2 or self._should_stop():
                        raise GenerationStopped
                    raise ModelUnusable(f"llama.cpp failed on {self._file.path} with status {status}: {_complaint()}")
                self._cached += part
                for place in range(len(part)):
                    if start + place in keep:
                        rows[start + place] = self._row(place)
        finally:
            library.llama_batch_free(batch)
        return rows

    def _row(self, place: int) -> Logits:
        pointer = self._library.llama_get_logits_ith(self._context, place)
        row: Logits = np.ctypeslib.as_array(pointer, shape=(self._vocabulary_size,)).copy()
        return row

    def _forget_after(self, length: int) -> None:
        self._library.llama_memory_seq_rm(self._memory, 0, length, -1)
        del self._cached[length:]

    def reuse(self, tokens: Sequence[int], frame: int, at_most: int) -> int:
        """Keep the part of the context that begins ``tokens``, at most ``at_most`` of it; return its length.

        Kept are the first ``frame`` tokens and whole steps behind them: sums of floating-point numbers depend on how
        tokens are cut into steps, and the same question must get the same answer whatever was asked before.
        """
        shared = 0
        for held, token in zip(self._cached, tokens[:at_most], strict=False):
            if held != token:
                break
            shared += 1
        kept = frame + (shared - frame) // BATCH_TOKENS * BATCH_TOKENS if shared >= frame else 0
        self._forget_after(kept)
        return kept

    # -- tokens -------------------------------------------------------------------------------------------------

    def tokenize(self, text: str, special: bool = False) -> list[int]:
        """Return the tokens of ``text``; ``<|im_start|>`` and its kind are plain text unless ``special``."""
        if not text:
            return []
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (ctypes.c_int32 * room)()
        count = self._library.llama_tokenize(self._vocabulary, data, len(data), tokens, room, False, special)
        if count < 0:
            raise ModelUnusable(f"llama.cpp cannot tokenize with {self._file.path}: {_complaint()}")
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token stands for, special tokens included."""
        if token not in self._pieces:
            buffer = ctypes.create_string_buffer(256)
            length = self._library.llama_token_to_piece(self._vocabulary, token, buffer, 256, 0, True)
            if length < 0:
                buffer = ctypes.create_string_buffer(-length)
                length = self._library.llama_token_to_piece(self._vocabulary, token, buffer, -length, 0, True)
            self._pieces[token] = buffer.raw[:length]
        return self._pieces[token]

    def ends(self, token: int) -> bool:
        return bool(self._library.llama_vocab_is_eog(self._vocabulary, token))

    @property
    def end_token(self) -> int:
        end: int = self._library.llama_vocab_eot(self._vocabulary)
        return end if end >= 0 else int(self._library.llama_vocab_eos(self._vocabulary))

    def choice_token(self, label: int) -> int:
        return self._labels[label].choice

    @property
    def judge_tokens(self) -> tuple[int, int] | None:
        return self._judges

    def fixed_tokens(self, prompt: Prompt) -> int:
        """Return how many tokens at the start of the prompt are the same for every question."""
        return len(self._frame(prompt.system)[0])

    def prompt_tokens(self, prompt: Prompt) -> tuple[list[int], dict[int, int]]:
        """Return the prompt as tokens, and of each label its number by the place of its last token."""
        before, after = self._frame(prompt.system)
        tokens = list(before)
        labels: dict[int, int] = {}
        for part in prompt.parts:
            tokens += self._part_tokens(part)
            if part.kind is PartKind.LABEL:
                labels[len(tokens) - 1] = int(part.text)
        return tokens + after, labels

    def _part_tokens(self, part: PromptPart) -> Sequence[int]:
        if part.kind is PartKind.LABEL:
            return self._labels[int(part.text)].shown
        return self.tokenize(part.text, special=part.kind is PartKind.OURS)

    def _frame(self, system: str) -> tuple[list[int], list[int]]:
        """Return the tokens before and after the user's text; the file's template, or ours where it has none."""
        if system not in self._frames:
            template = self._file.chat_template
            if template is None:
                template = CHATML if self._special("<|im_start|>") is not None else PLAIN
            bos_token = int(self._library.llama_vocab_bos(self._vocabulary))
            bos = self.piece(bos_token).decode("utf-8", "replace") if bos_token >= 0 else ""
            eos_token = int(self._library.llama_vocab_eos(self._vocabulary))
            eos = self.piece(eos_token).decode("utf-8", "replace") if eos_token >= 0 else ""
            before, after = render_chat(template, system, bos, eos)
            tokens = self.tokenize(before, special=True)
            if self._library.llama_vocab_get_add_bos(self._vocabulary) and tokens[:1] != [bos_token]:
                tokens.insert(0, bos_token)
            self._frames[system] = tokens, self.tokenize(after, special=True)
        return self._frames[system]

    def _special(self, text: str) -> int | None:
        """Return the token that ``text`` is as a special token, None where the vocabulary has none."""
        tokens = self.tokenize(text, special=True)
        return tokens[0] if len(tokens) == 1 and self.piece(tokens[0]) == text.encode() else None

    @property
    def _labels(self) -> list[_Label]:
        if self._labels_found is None:
            self._labels_found = self._own_labels() or self._borrowed_labels()
        return self._labels_found

    def _own_labels(self) -> list[_Label]:
        found = []
        for number in range(LABEL_COUNT):
            token = self._special(label_token(number))
            if token is None:
                return []
            found.append(_Label(label_token(number), token, (token,)))
        return found

    def _borrowed_labels(self) -> list[_Label]:
        """Labels for a model that knows none: one and two capital letters that are one token each, shown as «AB».

        The first line of an answer then begins with one token that is a choice. Raises ModelUnusable where the
        vocabulary has fewer than eight such tokens.
        """
        letters: dict[str, int] = {}
        for token in range(self._vocabulary_size):
            text = self.piece(token)
            if 1 <= len(text) <= 2 and text.isalpha() and text.isupper() and text.isascii():
                letters.setdefault(text.decode(), token)
        opening, closing = self.tokenize("«"), self.tokenize("»")
        names = sorted(letters, key=lambda name: (len(name), name))[:LABEL_COUNT]
        if len(names) < 8:
            raise ModelUnusable(
                f"{self._file.path} has too small a vocabulary to point at sentences; use another model"
            )
        return [_Label(f"{name}：", letters[name], (*opening, letters[name], *closing)) for name in names]


class LlamaCppSession:
    """One prompt in the context of a LlamaCppModel; see ``Session``."""

    def __init__(self, model: LlamaCppModel) -> None:
        self._model: LlamaCppModel | None = model
        self._last: Logits | None = None
        self._judgements: dict[int, float] = {}
        self._counts = TokenCounts()

    @property
    def judgements(self) -> Mapping[int, float]:
        return self._judgements

    @property
    def counts(self) -> TokenCounts:
        return self._counts

    def read(self, prompt: Prompt) -> None:
        model, started = self._open_model(), time.perf_counter()
        tokens, labels = model.prompt_tokens(prompt)
        judges = model.judge_tokens
        # Judgements are read at the labels, so those must be evaluated again even for the same question.
        first_label = min(labels) if judges and labels else len(tokens)
        frame = model.fixed_tokens(prompt)
        reused = model.reuse(tokens, frame, min(first_label, len(tokens) - 1))
        start = reused or frame
        if not reused:
            model.decode(tokens[:frame], ())
        wanted = [place - start for place in labels] if judges else []
        rows = model.decode(tokens[start:], wanted)
        if judges:
            yes, no = judges
            for place, number in labels.items():
                row = rows[place - start]
                self._judgements[number] = float(row[yes] - row[no])
        self._last = rows[len(tokens) - start - 1]
        self._counts = TokenCounts(
            prompt=len(tokens),
            reused=reused,
            evaluated=len(tokens) - reused,
            reading_seconds=time.perf_counter() - started,
        )

    def label_logprobs(self, labels: Sequence[int]) -> tuple[list[float], float]:
        model = self._open_model()
        row = self._next_logits()
        ends = {model.end_token}
        tokens = [model.choice_token(label) for label in labels]
        values = row[[*tokens, *ends]].astype(np.float64)
        values -= values.max()
        values -= np.log(np.exp(values).sum())
        return [float(value) for value in values[: len(tokens)]], float(values[-1])

    def write(self, grammar: str, draft: str = "") -> Iterator[str]:
        model, started = self._open_model(), time.perf_counter()
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with _GrammarSampler(model, grammar) as allowed:
            drafted: list[int] = []
            for token in self._draft_tokens(draft):
                if not allowed.allows(token):
                    break
                allowed.accept(token)
                drafted.append(token)
            if drafted:
                self._evaluate(drafted, started)
                yield decoder.decode(b"".join(model.piece(token) for token in drafted))
            while not allowed.complete():
                started = time.perf_counter()
                token = allowed.best(self._next_logits())
                if model.ends(token):
                    return
                allowed.accept(token)
                self._evaluate([token], started)
                yield decoder.decode(model.piece(token))

    def sample(self, grammar: str | None, *, max_tokens: int, temperature: float, seed: int) -> Iterator[str]:
        """Write up to ``max_tokens`` tokens; greedy at temperature 0, else drawn with ``seed``."""
        model = self._open_model()
        draw = np.random.default_rng(seed)
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        with _GrammarSampler(model, grammar) if grammar else _NoGrammar() as allowed:
            for _ in range(max_tokens):
                started = time.perf_counter()
                row = self._next_logits()
                token = _draw(row, temperature, draw)
                # Asking the grammar about one token is cheap, about a whole vocabulary it is not: ask only if need be.
                if not allowed.allows(token):
                    token = _draw(allowed.masked(row), temperature, draw)
                if model.ends(token):
                    return
                allowed.accept(token)
                self._evaluate([token], started)
                if text := decoder.decode(model.piece(token)):
                    yield text

    def close(self) -> None:
        if self._model is not None:
            model, self._model = self._model, None
            model.end_turn()

    def __enter__(self) -> LlamaCppSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_model(self) -> LlamaCppModel:
        if self._model is None:
            raise ValueError("this session is closed")
        return self._model

    def _next_logits(self) -> Logits:
        assert self._last is not None, "read() comes first"
        return self._last

    def _evaluate(self, tokens: Sequence[int], started: float) -> None:
        model = self._open_model()
        self._last = model.decode(tokens, ())[len(tokens) - 1]
        self._counts = replace(
            self._counts,
            evaluated=self._counts.evaluated + len(tokens),
            written=self._counts.written + len(tokens),
            writing_seconds=self._counts.writing_seconds + time.perf_counter() - started,
        )

    def _draft_tokens(self, draft: str) -> list[int]:
        """Tokens of a draft: its label as the token that chose it, the rest as plain text."""
        model = self._open_model()
        for number in range(model.label_count):
            label = model.written_label(number)
            if draft.startswith(label):
                token = model.choice_token(number)
                spelled = model.piece(token).decode()
                return [token, *model.tokenize(draft[len(spelled) :])]
        return model.tokenize(draft)


def _draw(row: Logits, temperature: float, draw: np.random.Generator) -> int:
    if temperature <= 0:
        return int(row.argmax())
    scaled = (row.astype(np.float64) - row.max()) / temperature
    weights = np.exp(scaled)
    return int(draw.choice(len(weights), p=weights / weights.sum()))


class _GrammarSampler:
    """What a GBNF grammar allows next, by llama.cpp. Raises ValueError for a grammar that does not parse."""

    def __init__(self, model: LlamaCppModel, grammar: str) -> None:
        self._library, self._model = model._library, model
        self._sampler = self._library.llama_sampler_init_grammar(model._vocabulary, grammar.encode(), b"root")
        if not self._sampler:
            raise ValueError(f"the grammar does not parse: {_complaint()}")

    def allows(self, token: int) -> bool:
        return bool(np.isfinite(self._masked(np.array([token], dtype=np.int32), np.zeros(1, dtype=np.float32))[0]))

    def complete(self) -> bool:
        """Whether the text so far is one that the grammar describes."""
        return self.allows(self._model.end_token)

    def masked(self, row: Logits) -> Logits:
        """Return the logits with -inf for what is not allowed."""
        return self._masked(np.arange(len(row), dtype=np.int32), row)

    def best(self, row: Logits) -> int:
        return int(self.masked(row).argmax())

    def accept(self, token: int) -> None:
        self._library.llama_sampler_accept(self._sampler, token)

    def _masked(self, tokens: npt.NDArray[np.int32], values: Logits) -> Logits:
        library = self._library
        data = np.zeros(len(tokens), dtype=[("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        data["id"], data["logit"] = tokens, values
        array = library.llama_token_data_array(
            data=data.ctypes.data_as(ctypes.POINTER(library.llama_token_data)),
            size=len(data),
            selected=-1,
            sorted=False,
        )
        library.llama_sampler_apply(self._sampler, ctypes.byref(array))
        result: Logits = data["logit"].copy()
        return result

    def __enter__(self) -> _GrammarSampler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.llama_sampler_free(self._sampler)


class _NoGrammar:
    """Allows everything."""

    def allows(self, token: int) -> bool:
        return True

    def masked(self, row: Logits) -> Logits:
        return row

    def accept(self, token: int) -> None:
        pass

    def __enter__(self) -> _NoGrammar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


_last_complaints: deque[str] = deque(maxlen=3)
_log_callback: Any = None  # a ctypes function; llama.cpp holds the pointer as long as the process lives


def _load_library() -> ModuleType:
    """Return llama.cpp's functions, its own printing silenced; what it complains of is kept for error messages."""
    global _log_callback
    import llama_cpp.llama_cpp as library

    if _log_callback is None:

        def keep_errors(level: int, text: bytes, _: object) -> None:
            if level == 4 and text.strip():  # GGML_LOG_LEVEL_ERROR
                _last_complaints.append(text.decode("utf-8", "replace").strip())

        _log_callback = library.llama_log_callback(keep_errors)
        library.llama_log_set(_log_callback, ctypes.c_void_p(0))
        library.llama_backend_init()
    module: ModuleType = library
    return module


def _complaint() -> str:
    return " / ".join(_last_complaints) or "it does not say why"
