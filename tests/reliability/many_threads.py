"""Use one model from 64 threads at once, and from forked and spawned processes: the same tags, whole files, no crash.

    python tests/reliability/many_threads.py [--share 0.1] [--seed 1] [--minutes 10]

A case is a round: 64 threads begin at once, and each does a few tasks in an order of its own: it tags with the shared
model, loads and tags, learns a correction, or writes the model. A tenth of the rounds fork, spawn and write the same
file from several processes.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import elman
from campaign import Campaign, options
from elman.learn import update
from elman.taggers.fast_lines import load as load_light

ROUNDS = 150  # ten minutes on two cores
THREADS = 64
TASKS_EACH = 3
WAIT = 120.0  # seconds, after which a process hangs
ROWS = [
    [("the", "D"), ("dog", "N"), ("barks", "V")],
    [("a", "D"), ("cat", "N"), ("sees", "V"), ("the", "D"), ("saw", "N")],
    [("ağaç", "N"), ("düştü", "V")],
] * 8
SETTINGS = {"hidden": 16, "embedding": 8, "epochs": 8, "ensemble": 1}


class Shared:
    """One model in memory and in a file, and what it must answer."""

    def __init__(self, folder: Path, seed: int) -> None:
        draw = random.Random(seed)
        words = [word for row in ROWS for word, _ in row] + ["new", "Łódź", "x1", "saws"]
        self.sentences = [draw.choices(words, k=draw.randint(1, 12)) for _ in range(50)]
        self.text = "".join(" ".join(words) + "\n" for words in self.sentences).encode()
        self.path, self.written = str(folder / "shared.model"), str(folder / "written.model")
        elman.train(ROWS, settings=SETTINGS, keep_replay=20, on_warning=lambda doubt: None).save(self.path)
        self.tagger = elman.load(self.path, threads=1)
        assert isinstance(self.tagger, elman.Tagger)
        self.light = load_light(self.path, threads=2)
        self.tags = [self.tagger.tag(words) for words in self.sentences]
        self.lines = b"".join(self.tagger.tag_lines([self.text]))
        self.sums = {_sum(self.path)}
        self.tasks: list[tuple[str, Callable[[], None]]] = [
            ("tagged", self.tag),
            ("tagged lines", self.tag_lines),
            ("loaded and tagged", self.load),
            ("learned", self.learn),
            ("written", self.write),
        ]
        learned, _ = update(self.tagger, self.correction(), replay=ROWS, seed=1)
        self.learned_tags = [learned.tag(words) for words in self.sentences]
        learned.save(self.written)
        self.sums.add(_sum(self.written))
        self.learned = learned

    def correction(self) -> list[list[tuple[str, str]]]:
        """Return what is learned."""
        return [[("the", "D"), ("saw", "V")]]

    def tag(self) -> None:
        """Tag sentence by sentence, with one Tagger that all threads use."""
        assert [self.tagger.tag(words) for words in self.sentences] == self.tags

    def tag_lines(self) -> None:
        """Tag text with one light tagger that all threads use."""
        assert b"".join(self.light.tag_lines([self.text])) == self.lines

    def load(self) -> None:
        """Load the model and tag with it."""
        assert b"".join(load_light(self.path, threads=1).tag_lines([self.text])) == self.lines
        model: Any = elman.load(self.path, threads=1)
        assert list(model.predict(self.sentences)) == self.tags

    def learn(self) -> None:
        """Learn a correction from the shared model, which stays as it is."""
        learned, _ = update(self.tagger, self.correction(), replay=ROWS, seed=1)
        assert [learned.tag(words) for words in self.sentences] == self.learned_tags

    def write(self) -> None:
        """Write one of two models over the other; whoever reads finds one of them whole."""
        (self.tagger if threading.get_ident() % 2 else self.learned).save(self.written)
        assert _sum(self.written) in self.sums
        elman.load(self.written, threads=1)


def _sum(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def round_of_threads(shared: Shared, seed: int, threads: int = THREADS) -> tuple[Counter[str], list[str]]:
    """Return what was done, how often, and the tracebacks of what failed."""
    done: Counter[str] = Counter()
    errors: list[str] = []
    together, lock = threading.Barrier(threads), threading.Lock()

    def work(number: int) -> None:
        draw = random.Random(seed * 1_000 + number)
        together.wait()
        for _ in range(TASKS_EACH):
            name, task = draw.choices(shared.tasks, weights=(6, 6, 3, 1, 2))[0]
            try:
                task()
            except BaseException:
                with lock:
                    errors.append(traceback.format_exc()[-1_500:])
                return
            with lock:
                done[name] += 1

    started = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return done, errors


def _in_child(shared: Shared) -> None:
    shared.tag()
    shared.tag_lines()
    shared.load()
    shared.write()


def _spawned(tagger: Any, sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]], path: str) -> None:
    assert [tagger.tag(words) for words in sentences] == tags
    for _ in range(5):
        tagger.save(path)


def round_of_processes(shared: Shared) -> tuple[Counter[str], list[str]]:
    """Fork while threads tag, spawn with the model pickled, two processes writing one file; as ``round_of_threads``."""
    done: Counter[str] = Counter()
    errors = []
    busy = [threading.Thread(target=shared.tag_lines) for _ in range(4)]
    for thread in busy:
        thread.start()
    fork, spawn = multiprocessing.get_context("fork"), multiprocessing.get_context("spawn")
    processes: list[Any] = [fork.Process(target=_in_child, args=(shared,)) for _ in range(2)]
    for tagger, tags in ((shared.tagger, shared.tags), (shared.learned, shared.learned_tags)):
        arguments = (tagger, shared.sentences, tags, shared.written)
        processes.append(spawn.Process(target=_spawned, args=arguments))
    for process in processes:
        process.start()
    for process in processes:
        with closing(process):
            process.join(WAIT)
            if process.exitcode == 0:
                done["process ended well"] += 1
            else:
                errors.append(f"a process: exit status {process.exitcode}")
                process.kill()
                process.join()
    for thread in busy:
        thread.join()
    if _sum(shared.written) not in shared.sums:
        errors.append("the file that two processes wrote is not whole")
    if stray := [name for name in os.listdir(os.path.dirname(shared.written)) if name.startswith(".")]:
        errors.append(f"left behind: {stray}")
    return done, errors


def reports() -> list[str]:
    """Return the reports that ThreadSanitizer has written so far (``log_path`` of TSAN_OPTIONS)."""
    (base,) = (word.removeprefix("log_path=") for word in os.environ["TSAN_OPTIONS"].split() if "log_path=" in word)
    path = Path(f"{base}.{os.getpid()}")
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return [f"data race{report[:3_000]}" for report in text.split("WARNING: ThreadSanitizer")[1:]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Work as long as the command line says; return the exit status."""
    parser = options(__doc__)
    parser.add_argument("--sanitized", action="store_true", help="the kernels are built with ThreadSanitizer")
    given = parser.parse_args(arguments)
    name, title = "many threads", f"one model in {THREADS} threads, in forked and in spawned processes"
    if given.sanitized:
        assert "libtsan" in Path("/proc/self/maps").read_text(), "run this by: make sanitize-threads"
        name, title = "ThreadSanitizer", f"one model in {THREADS} threads, the kernels under ThreadSanitizer"
    campaign = Campaign(given, name, title=title, folders=["."])
    with tempfile.TemporaryDirectory() as folder:
        shared = Shared(Path(folder), given.seed)
        for case in campaign.cases(ROUNDS):
            forks = case % 10 == 1 and not given.sanitized  # which does not support threads in a forked process
            rounds = round_of_processes(shared) if forks else round_of_threads(shared, given.seed + case)
            for outcome, n in rounds[0].items():
                campaign.count(outcome, n)
            for error in rounds[1]:
                campaign.fault(f"round {case}: {error}")
    for report in reports() if given.sanitized else ():
        campaign.fault(report)
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
