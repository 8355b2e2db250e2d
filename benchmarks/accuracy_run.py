"""One accuracy run in a process of its own: a job as JSON on standard input, its result as JSON on standard output."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman import Sentence, Tagger

ROOT = Path(__file__).resolve().parents[1]
HELD_OUT = 10.0  # per cent of train that serve as dev where there is none
TAGGING_SECONDS = 0.5
NOT_TRAINING = ("cli", "__main__.py", "demo.py", "exercise.py", "tutorial.py")


def code_version() -> str:
    """elman's version and a digest of all its sources that training and tagging can depend on."""
    import elman

    package = ROOT / "src" / "elman"
    digest = hashlib.sha256()
    for path in sorted(path for end in ("py", "cpp", "hpp") for path in package.rglob(f"*.{end}")):
        inner = path.relative_to(package)
        if inner.parts[0] not in NOT_TRAINING:
            digest.update(f"{inner.as_posix()}\n".encode() + path.read_bytes())
    return f"{elman.__version__}+{digest.hexdigest()[:12]}"


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Train, save, load, tag and evaluate. Times in seconds."""
    import elman

    key, train, gold = job["key"], job["train"], job["gold"]
    key["elman"] = code_version()
    how = {"target": job["target"], "format": job["format"]}
    if gold is None:  # a tenth of train is held out, and reading is not timed
        train, gold, target = held_out(train, **how)
        how = {"target": target, "format": None}
    options = {"threads": key["threads"], "seed": key["seed"], "on_warning": lambda warning: None, **how}
    if key["model"] == "rnn":
        options |= {"preset": job["preset"], "settings": job["settings"]}
    if job["vectors"] is not None:
        options["vectors"] = job["vectors"]
    wall, cpu = time.perf_counter(), time.process_time()
    tagger = elman.train(train, model=key["model"], **options)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if tagger.interrupted:
        sys.exit(130)
    memory = peak_memory()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        tagger.save(path)
        size = os.path.getsize(path)
        tagger = elman.load(path, threads=key["threads"])
    described = tagger.describe()
    return {
        "key": key,
        "settings": described["settings"],  # the key has those asked for, these are what they became for the data
        **scores(tagger, gold, how, job["measure"]),
        "seconds": round(wall, 3),
        "cpu_seconds": round(cpu, 3),
        "tagged_words_per_second": round(tagging_speed(tagger, gold, how)),
        "model_bytes": size,
        "peak_rss_mb": round(memory, 1),
        "epochs": described["training"].get("epochs"),
        "parameters": described["parameters"],
        **surroundings(),
    }


def held_out(path: str, target: str | None, format: str) -> tuple[list[Sentence], list[Sentence], str]:
    """(train, dev, label column) of a file."""
    from elman.data.corpus import ReadOptions, read_corpus
    from elman.data.formats import column_names
    from elman.data.split import split_percent

    corpus = read_corpus(path, ReadOptions(column_names(target), format))
    train, dev, _ = split_percent(corpus.sentences, HELD_OUT)
    return train, dev, corpus.targets[0]


def scores(tagger: Tagger, gold: Any, how: dict[str, Any], measure: str) -> dict[str, Any]:
    """``score``, 0 to 1, ``n`` of what it is a share of (words, or gold spans), and what else was counted."""
    found = tagger.evaluate(gold, **how)
    result = {
        "score": found.accuracy,
        "n": found.tokens,
        "tokens": found.tokens,
        "accuracy": found.accuracy,
        "unknown_tokens": found.unknown_tokens,
        "unknown_accuracy": found.unknown_accuracy,
    }
    if measure == "spans":
        from elman.data.spans import evaluate_spans

        sentences, column = read(tagger, gold, how)
        spans = evaluate_spans((sentence.columns[column] for sentence in sentences), tagger.pipe(sentences))
        result |= {"score": spans.f1, "n": spans.gold, "precision": spans.precision, "recall": spans.recall}
    return result


def read(tagger: Tagger, gold: Any, how: dict[str, Any]) -> tuple[list[Sentence], str]:
    """The sentences to evaluate on and the name of their label column."""
    from elman.data.corpus import ReadOptions, read_corpus
    from elman.data.formats import column_names

    targets = column_names(how["target"])
    corpus = read_corpus(gold, ReadOptions(targets, how["format"], usual=(tagger.format, tagger.target)))
    return corpus.sentences, corpus.targets[0]


def tagging_speed(tagger: Tagger, gold: Any, how: dict[str, Any]) -> float:
    """Words tagged in a second, after a first pass."""
    sentences = [sentence.words for sentence in read(tagger, gold, how)[0]]
    words = sum(len(sentence) for sentence in sentences)
    for _ in tagger.pipe(sentences):
        pass
    passes, start = 0, time.perf_counter()
    while (seconds := time.perf_counter() - start) < TAGGING_SECONDS:
        for _ in tagger.pipe(sentences):
            pass
        passes += 1
    return words * passes / seconds


def peak_memory() -> float:
    """Largest resident memory of this process so far, in MB (10⁶ bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def surroundings() -> dict[str, Any]:
    """What a reader needs to judge the times; nothing that names the machine."""
    import numpy

    from elman.kernels import describe
    from online import processor

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": git("rev-parse", "--short=12", "HEAD"),
        "uncommitted_changes": bool(git("status", "--porcelain", "--", "src")),
        "machine": {"processor": processor(), "cores": os.cpu_count(), "system": platform.system()},
        "versions": {"python": platform.python_version(), "numpy": numpy.__version__},
        "kernels": {name: describe()[name] for name in ("backend", "isa")},
    }


def main() -> None:
    from elman.errors import ElmanError

    job = json.load(sys.stdin)
    try:
        json.dump(measure(job), sys.stdout)
    except ElmanError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
