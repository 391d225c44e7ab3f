"""Train the built-in reader: ``python -m assistant.training.train_reader --data DIR --out FILE``.

Steps, each kept in ``--work`` and skipped when it is there: the tokenizer (byte-level BPE), a static embedder
(questions -> articles; its token embeddings start the reader, its ranking gives hard negatives), the reader
(checkpoint every few minutes; a run goes on from the last), and the GGUF. Needs torch, tokenizers and gguf.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Regex as SplitPattern
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from torch.nn import functional

from assistant.reader_format import ANSWER_END, JUDGED_NO, JUDGED_YES, LABEL_COUNT, SPECIAL_TOKENS, label_token
from assistant.training.reader_data import (
    Example,
    ExampleWriter,
    Question,
    TrainingData,
    is_held_out,
    read_training_data,
)
from assistant.training.reader_network import Reader, ReaderShape, StaticEmbedder

VOCABULARY = 16_000
# Qwen2's, so that llama.cpp's pre-tokenizer "qwen2" cuts the same way.
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
NEGATIVES = 40
BATCH_TOKENS = 3_000
DOMAIN_SHARES = {"current law": 0.40, "stard corpus": 0.40, "guides": 0.16, "prose": 0.04}


def train_tokenizer(data: TrainingData) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(SplitPattern(QWEN2_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=12,  # bytes: four Chinese characters
        min_frequency=3,
        show_progress=False,
    )
    questions = [q.query for q in data.questions if not is_held_out(q.query)]
    articles = [article.text for article in data.articles.values()]
    tokenizer.train_from_iterator([*questions * 3, *articles, *data.texts[::4]], trainer)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: Sequence[str], max_chars: int = 600) -> list[Tensor]:
    encoded = tokenizer.encode_batch([text[:max_chars] for text in texts], add_special_tokens=False)
    return [torch.tensor(e.ids or [0]) for e in encoded]


def train_static(data: TrainingData, tokenizer: Tokenizer, dimensions: int, steps: int) -> StaticEmbedder:
    """Contrastive question -> article, crops of articles beside; rows with the same article are masked."""
    rng = random.Random(0)
    ids = list(data.articles)
    place = {id_: number for number, id_ in enumerate(ids)}
    documents = encode(tokenizer, [f"{a.law}{a.article} {a.text}" for a in data.articles.values()])
    pairs = [(q.query, place[g]) for q in data.questions if not is_held_out(q.query) for g in q.gold]
    questions = encode(tokenizer, [query for query, _ in pairs])
    model = StaticEmbedder(tokenizer.get_vocab_size(), dimensions)
    rate, size = 1e-2, 1024
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    started = time.monotonic()
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
        crops = rng.choices(range(len(documents)), k=size // 4)
        drawn = rng.choices(range(len(pairs)), k=size - len(crops))
        asked = [_crop(documents[i], rng) for i in crops] + [questions[i] for i in drawn]
        answer = torch.tensor(crops + [pairs[i][1] for i in drawn])
        same = (answer[:, None] == answer[None]) & ~torch.eye(size, dtype=torch.bool)
        scores = (model(asked) @ model([documents[i] for i in answer.tolist()]).T * 20).masked_fill(same, -1e4)
        target = torch.arange(size)
        loss = (functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)) / 2
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
        optimizer.step()
        if step % 50 == 49:
            print(f"static {step + 1}/{steps} loss {loss.item():.3f} {time.monotonic() - started:.0f} s", flush=True)
    return model


def _crop(ids: Tensor, rng: random.Random) -> Tensor:
    length = rng.randint(4, 24)
    if len(ids) <= length:
        return ids
    start = rng.randint(0, len(ids) - length)
    return ids[start : start + length]


@torch.no_grad()
def nearest_articles(
    data: TrainingData, tokenizer: Tokenizer, static: StaticEmbedder, count: int
) -> dict[str, list[tuple[str, float]]]:
    """Return, by domain and question, the ``count`` nearest articles by the static embedder, gold ones included."""
    found: dict[str, list[tuple[str, float]]] = {}
    for domain, ids in data.domains.items():
        texts = [f"{data.articles[i].law}{data.articles[i].article} {data.articles[i].text}" for i in ids]
        vectors = _embed(static, encode(tokenizer, texts))
        questions = [q for q in data.questions if q.domain == domain]
        for start in range(0, len(questions), 1000):
            part = questions[start : start + 1000]
            scores = _embed(static, encode(tokenizer, [q.query for q in part])) @ vectors.T
            top = np.argpartition(-scores, count, axis=1)[:, :count]
            for question, places, row in zip(part, top, scores, strict=True):
                ordered = places[np.argsort(-row[places])]
                found[f"{domain} {question.query}"] = [(ids[place], round(float(row[place]), 4)) for place in ordered]
    return found


def _embed(static: StaticEmbedder, texts: list[Tensor]) -> npt.NDArray[np.float32]:
    parts = [static(texts[start : start + 2000]).numpy() for start in range(0, len(texts), 2000)]
    vectors: npt.NDArray[np.float32] = np.concatenate(parts)
    return vectors


class ExampleStream:
    """Draws training examples without end: gold articles and hard negatives, mixed in length and order."""

    def __init__(
        self, data: TrainingData, writer: ExampleWriter, nearest: dict[str, list[tuple[str, float]]], seed: int
    ) -> None:
        self._writer, self._nearest, self._rng = writer, nearest, random.Random(seed)
        self._data = data
        self.hardness = 1.0  # share of negatives that are near the question; the rest are any of the domain
        kept = [q for q in data.questions if not is_held_out(q.query)]
        self._questions = {domain: [q for q in kept if q.domain == domain] for domain in data.domains}

    def example(self) -> Example:
        rng = self._rng
        domain = rng.choices(list(DOMAIN_SHARES), weights=list(DOMAIN_SHARES.values()))[0]
        question = rng.choice(self._questions[domain])
        # Mostly short prompts (cheap); one in eight as long as at run time.
        count = rng.choices((3, 4, 5, 6, 8, 10), weights=(35, 28, 15, 10, 8, 4))[0]
        gold = rng.sample(list(question.gold), min(len(question.gold), max(1, count - 1)))
        if rng.random() < 0.06:
            gold = []  # nothing answers: the only right choice is to end
        near = [id_ for id_, _ in self._nearest[f"{domain} {question.query}"] if self._may_be_wrong(id_, question)]
        others = self._data.domains[domain]
        # The nearest are the hardest and the likeliest to answer unlabelled: draw from a window of varying width.
        pool = near[: rng.choice((8, 16, NEGATIVES))] or others
        negatives = rng.sample(pool, min(len(pool), count - len(gold)))
        negatives = [id_ if rng.random() < self.hardness else rng.choice(others) for id_ in negatives]
        passages = [*gold, *negatives]
        if rng.random() < 0.1 and passages and passages[-1] not in question.gold:
            passages[-1] = rng.choice(self._data.domains["prose"])
        passages = [p for p in passages if p in gold or p not in question.gold]
        rng.shuffle(passages)
        return self._writer.write(question, passages, rng)

    def _may_be_wrong(self, article: str, question: Question) -> bool:
        """Whether an article can serve as one that does not answer. Other guides on the same law may well answer."""
        if article in question.gold:
            return False
        is_guide = question.domain == "guides" and not self._data.articles[article].article
        return not is_guide or all(not self._data.articles[id_].article for id_ in question.gold)

    def batches(self) -> Iterator[list[Example]]:
        while True:
            pool = sorted((self.example() for _ in range(192)), key=lambda example: len(example.ids))
            pool = [example for example in pool if len(example.ids) <= 2_000]
            batches: list[list[Example]] = [[]]
            for example in pool:
                if batches[-1] and (len(batches[-1]) + 1) * len(example.ids) > BATCH_TOKENS:
                    batches.append([])
                batches[-1].append(example)
            self._rng.shuffle(batches)
            yield from batches


class SelectionLoss:
    """Relevance at every label of a prompt, and the choice of a label at every turn of the answer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        token = tokenizer.token_to_id
        self._choice_tokens = torch.tensor([*(token(label_token(n)) for n in range(LABEL_COUNT)), token(ANSWER_END)])
        self._judge_tokens = torch.tensor([token(JUDGED_YES), token(JUDGED_NO)])

    def __call__(self, model: Reader, batch: Sequence[Example]) -> tuple[Tensor, Tensor]:
        """Return (judgement loss, choice loss), each a mean over its positions."""
        length = max(len(example.ids) for example in batch)
        ids = torch.zeros((len(batch), length), dtype=torch.long)
        for row, example in enumerate(batch):
            ids[row, : len(example.ids)] = torch.tensor(example.ids)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = model(ids)
        judged = [(row, *j) for row, example in enumerate(batch) for j in example.judged]
        at = hidden[[j[0] for j in judged], [j[1] for j in judged]]
        logits = model.logits(at, self._judge_tokens)
        weight = torch.tensor([j[2] for j in judged])
        truth = torch.tensor([float(j[3]) for j in judged])
        judgement = functional.binary_cross_entropy_with_logits(logits[:, 0] - logits[:, 1], truth, weight)
        choices = [(row, *c) for row, example in enumerate(batch) for c in example.choices]
        if not choices:
            return judgement, torch.zeros(())
        logits = model.logits(hidden[[c[0] for c in choices], [c[1] for c in choices]], self._choice_tokens)
        closed = torch.full_like(logits, -1e4)
        right = torch.full_like(logits, -1e4)
        for row, (_, _, gold, free) in enumerate(choices):
            closed[row, free] = 0
            right[row, gold] = 0
        scores = logits + closed
        choice = (torch.logsumexp(scores, 1) - torch.logsumexp(scores + right, 1)).mean()
        return judgement, choice


def train(
    model: Reader, stream: ExampleStream, loss_of: SelectionLoss, work: Path, minutes: float, rate: float
) -> None:
    """Train until ``minutes`` have passed in all (over restarts), the rate falling with time as a cosine."""
    groups = [
        {"params": [p for n, p in model.named_parameters() if n != "embedding.weight"], "factor": 1.0},
        {"params": [model.embedding.weight], "factor": 0.5},
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    checkpoint = work / "reader.pt"
    spent, step = 0.0, 0
    if checkpoint.exists():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        spent, step = state["spent"], state["step"]
    resumed = saved = time.monotonic()
    began, seen = resumed - spent, 0
    means = [0.0, 0.0]
    for batch in stream.batches():
        spent = time.monotonic() - began
        done = min(1.0, spent / (minutes * 60))
        warmth = min(1.0, (step + 1) / 60)
        for group in optimizer.param_groups:
            group["lr"] = rate * group["factor"] * warmth * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * done)))
        # Easy negatives first: matching a sentence with a question is learned from them several times faster.
        stream.hardness = min(0.85, 0.1 + 3 * done)
        judgement, choice = loss_of(model, batch)
        optimizer.zero_grad()
        (judgement * 2 + choice).backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        seen += sum(len(example.ids) for example in batch)
        for index, value in enumerate((judgement, choice)):
            means[index] += (value.item() - means[index]) * max(0.02, 1 / step)
        if step % 20 == 0:
            speed = seen / (time.monotonic() - resumed)
            print(
                f"step {step} {spent:.0f} s judgement {means[0]:.4f} choice {means[1]:.4f} {speed:.0f} tokens/s",
                flush=True,
            )
        if done >= 1 or time.monotonic() - saved > 180 or (work / "save").exists():
            (work / "save").unlink(missing_ok=True)
            saved = time.monotonic()
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "spent": spent, "step": step}
            torch.save(state, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)
        if done >= 1:
            return


def prepare(
    data: TrainingData, work: Path, dimensions: int
) -> tuple[Tokenizer, Tensor, dict[str, list[tuple[str, float]]]]:
    """Return the tokenizer, the static token embeddings and every question's nearest articles, made or kept."""
    file = work / "tokenizer.json"
    if not file.exists():
        started = time.monotonic()
        train_tokenizer(data).save(str(file))
        print(f"tokenizer in {time.monotonic() - started:.0f} s", flush=True)
    tokenizer = Tokenizer.from_file(str(file))
    static = StaticEmbedder(tokenizer.get_vocab_size(), dimensions)
    file = work / "static.pt"
    if not file.exists():
        static = train_static(data, tokenizer, dimensions, steps=500)
        torch.save(static.state_dict(), file)
    static.load_state_dict(torch.load(file))
    file = work / "nearest.json"
    if not file.exists():
        nearest = nearest_articles(data, tokenizer, static, NEGATIVES)
        file.write_text(json.dumps(nearest, ensure_ascii=False), encoding="utf-8")
    nearest = {query: [(i, s) for i, s in rows] for query, rows in json.loads(file.read_text(encoding="utf-8")).items()}
    return tokenizer, static.bag.weight.detach(), nearest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of questions.jsonl.gz and the rest")
    parser.add_argument("--out", type=Path, required=True, help="the GGUF to write")
    parser.add_argument("--work", type=Path, required=True, help="folder for what the steps leave behind")
    parser.add_argument("--minutes", type=float, default=50, help="training time of the reader itself")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    options.work.mkdir(parents=True, exist_ok=True)
    data = read_training_data(options.data)
    shape = ReaderShape(VOCABULARY)
    tokenizer, embeddings, nearest = prepare(data, options.work, shape.dimensions)
    model = Reader(shape)
    model.start_from(embeddings)
    if options.minutes:
        stream = ExampleStream(data, ExampleWriter(data, tokenizer), nearest, options.seed)
        train(model, stream, SelectionLoss(tokenizer), options.work, options.minutes, options.rate)
    from assistant.training.reader_export import export_reader

    export_reader(model, tokenizer, options.out)
    print(f"wrote {options.out}: {options.out.stat().st_size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main()
