"""Write lab-notebook/long-lags.md from the stored results: ``python docs/long_lags.py``."""

from __future__ import annotations

from pathlib import Path

from elman.analysis.long_lags.results import page, read

HERE = Path(__file__).parent
PAGE = HERE / "lab-notebook" / "long-lags.md"


def text() -> str:
    """Return the text of the page."""
    return page(read(str(HERE.parent / "benchmarks" / "results" / "memory")))


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8", newline="\n")
