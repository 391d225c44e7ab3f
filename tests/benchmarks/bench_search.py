"""How fast the index is: ``python -m tests.benchmarks.bench_search [--laws FILE] [--out FILE]``.

For the built-in corpus and, with ``--laws``, for an import of many laws: build, bytes a passage, a cold start (a new
process opens the index and answers one question), and searches in an open index. Every number is of this machine, as
busy as it is; the load average stands beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from index.building import build_index, import_laws
from index.embedding import Embedder, load_embedder
from index.records import SearchQuery
from index.searching import open_index
from index.storage import open_stored
from tests.benchmarks.bench_retrieval import evaluation_questions

DAY = date(2026, 11, 24)
COLD_RUNS = 10

# What a new process does, timed from its first line: Python itself is started by then.
_COLD = """
import time
started = time.perf_counter()
import sys
from datetime import date
from pathlib import Path
from index.embedding import load_embedder
from index.records import SearchQuery
from index.searching import open_index
query = SearchQuery("催收给我通讯录里的人群发短信，违法吗？", date(2026, 11, 24))
open_index(Path(sys.argv[1]), load_embedder()).search(query)
print(time.perf_counter() - started)
"""


def measure(place: Path, embedder: Embedder, build_seconds: float) -> dict[str, Any]:
    """Return the measures of one index that was just built."""
    stored = open_stored(place)
    count = stored.manifest.chunk_count
    size = sum(path.stat().st_size for path in stored.folder.iterdir())
    cold = [_cold_seconds(place) for _ in range(COLD_RUNS)]
    index = open_index(place, embedder)
    questions = [asked.text for _, asked in evaluation_questions()]
    index.search(SearchQuery(questions[0], DAY))
    warm = [_seconds(lambda text=text: index.search(SearchQuery(text, DAY))) for text in questions]
    return {
        "passages": count,
        "build_seconds": round(build_seconds, 2),
        "passages_per_second": round(count / build_seconds),
        "bytes_per_passage": round(size / count),
        "cold_ms": _milliseconds(cold, (50, 90)),
        "search_ms": _milliseconds(warm, (50, 95, 99)),
        "searches": len(warm),
        "memory_mb": round(psutil.Process().memory_info().rss / 1e6),
    }


def _cold_seconds(place: Path) -> float:
    done = subprocess.run([sys.executable, "-c", _COLD, str(place)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _seconds(call: Any) -> float:  # any call without arguments
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _milliseconds(seconds: Sequence[float], percentiles: Sequence[int]) -> dict[str, float]:
    return {f"p{rank}": round(float(np.percentile(seconds, rank)) * 1e3, 2) for rank in percentiles}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--laws", type=Path, help="laws to import, such as 73,703 articles as JSON lines")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    embedder = load_embedder()
    report: dict[str, Any] = {"machine": platform.machine(), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "builtin"
        report["built-in"] = measure(place, embedder, _seconds(lambda: build_index(place, embedder)))
        if options.laws:
            laws = Path(folder) / "laws"
            seconds = _seconds(lambda: import_laws(laws, options.laws, embedder, alone=True))
            report["import"] = measure(laws, embedder, seconds)
            report["import"]["again_seconds"] = round(
                _seconds(lambda: import_laws(laws, options.laws, embedder, alone=True)), 2
            )
    report["load_average"] = round(psutil.getloadavg()[0], 1)
    for name in ("built-in", "import"):
        if name in report:
            found = report[name]
            print(f"{name}: {found['passages']} passages, load {report['load_average']}")
            print("| " + " | ".join(found) + " |\n|" + " --- |" * len(found))
            print("| " + " | ".join(str(value) for value in found.values()) + " |")
    if options.out:
        options.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
