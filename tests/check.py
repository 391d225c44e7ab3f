"""Run every check, in the order that fails fastest: ``python -m tests.check``. The same locally and in CI."""

from __future__ import annotations

import subprocess
import sys
import time

CHECKS = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("lint-imports",),
    ("mypy",),
    ("pytest",),
)


def main() -> int:
    failed = []
    for command in CHECKS:
        started = time.monotonic()
        sys.stdout.write(f"$ {' '.join(command)}\n")
        sys.stdout.flush()
        if command[0] == "lint-imports":
            code = subprocess.run([*command]).returncode
        else:
            code = subprocess.run([sys.executable, "-m", *command]).returncode
        sys.stdout.write(f"  {'ok' if code == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s\n")
        if code:
            failed.append(" ".join(command))
    if failed:
        sys.stdout.write(f"failed: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
