"""The version of the program, from its installed metadata."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def faju_version() -> str:
    """Return the version, such as 0.1.0; "unknown" when run from a folder that was never installed."""
    try:
        return version("faju")
    except PackageNotFoundError:
        return "unknown"
