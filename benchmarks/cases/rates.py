"""The words a second and the memory of ``elman tag`` as a process, from text to word_TAG, model by model.

A job is {"part": "prepare"}, {"rows": names or none, "rounds", "threads"}, or {"part": "billion", "times", "threads"}:
the large file several times over. Preparing is a job of its own, since the memory of a process counts from what the one
that started it holds.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from cases import text
from cases.models import model_of
from harness.machine import Usage, elman, usage
from harness.measure import figure, interleaved

ROWS: dict[str, tuple[str, str, int]] = {
    "test × 40, 1 core": ("default", "test40", 1),
    "test × 40, 2 cores": ("default", "test40", 2),
    "unseen text, 1 core": ("default", "unseen", 1),
    "unseen text, 2 cores": ("default", "unseen", 2),
    "UPOS, 1 core": ("default", "test10", 1),
    "XPOS, 1 core": ("xpos", "test10", 1),
    "wiki-en, 1 core": ("wiki-en", "wiki-en", 1),
    "best, 2 cores": ("best", "test10", 2),
    **{f"{10**n:,} words, 2 cores": ("default", f"words-{10**n}", 2) for n in range(4, 8)},
}
"""Name -> model, text, cores."""


def measure(job: dict[str, Any]) -> Any:
    """Return by row the ``words``, and figures of rates, seconds and memory."""
    rows = {name: row for name, row in ROWS.items() if name in (job.get("rows") or ROWS)}
    if job.get("part") == "prepare":
        return [(str(model_of(model)[0]), str(text.text_file(source))) for model, source, _ in rows.values()]
    if job.get("part") == "billion":
        return billion(job)
    (text.WORK / "tagged").mkdir(parents=True, exist_ok=True)
    models = {model: model_of(model)[0] for model, _, _ in rows.values()}
    found: dict[tuple[str, str, int], list[Usage]] = {}

    def tag(model: str, source: str, cores: int) -> None:
        out = text.WORK / "tagged" / "rates.txt"
        command = elman("tag", models[model], text.text_file(source), "-o", out, "--threads", cores, "--quiet")
        found.setdefault((model, source, cores), []).append(usage(command, cores=cores))

    work = {*rows.values(), *((model, "one", cores) for model, _, cores in rows.values())}
    interleaved({", ".join(map(str, row)): partial(tag, *row) for row in sorted(work)}, rounds=job["rounds"], seconds=0)
    result = {}
    for name, (model, source, cores) in rows.items():
        whole, start = found[model, source, cores][1:], found[model, "one", cores][1:]  # the first call is a warm-up
        result[name] = figures(text.words_in(text.text_file(source)), whole, start)
    return result


def figures(words: int, whole: list[Usage], start: list[Usage]) -> dict[str, Any]:
    """Return the figures of a row from the rounds of its process, and of one that tags a sentence."""
    beyond = [max(a.seconds - b.seconds, 1e-9) for a, b in zip(whole, start, strict=True)]
    return {
        "words": words,
        "with_start": figure([words / used.seconds for used in whole], "words/s"),
        "without_start": figure([words / seconds for seconds in beyond], "words/s"),
        "seconds": figure([used.seconds for used in whole], "s"),
        "memory": figure([used.memory for used in whole], "MB"),
    }


def billion(job: dict[str, Any]) -> dict[str, Any]:
    """Return the words, and figures of seconds and memory; the output is discarded."""
    path = text.large_file(job["bytes"])
    command = elman("tag", model_of("default")[0], *[path] * job["times"], "--threads", job["threads"], "--quiet")
    used = usage(command, cores=job["threads"])
    words = job["times"] * text.words_in(path)
    return {"words": words, "seconds": figure([used.seconds], "s"), "memory": figure([used.memory], "MB")}
