"""A corpus tagged by shards and two workers, against one process with two threads, in turns; memory; the first shard.

    python benchmarks/scale.py MODEL [--words 400000000] [--rounds 2] [--folder FOLDER]
    python benchmarks/scale.py --page

The corpus is the text of English EWT's test set, repeated and shuffled by sentence, with --words words, written once
into a folder, by default a temporary one; a round writes about three times its size beside it. Both ways have to write
the same bytes. Workers' memory is looked at ten times a second. In a last run a worker is killed every ten seconds.
Writes benchmarks/results/scale.json, and from it the tables of docs/scale.md; --page writes only these.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from harness.machine import Others, circumstances, clean_environment, elman, memory, require_quiet
from harness.results import DATA, RESULTS, ROOT, Result, options, read_json, table, treebank, write_json, write_numbers

RESULT, PAGE = RESULTS / "scale.json", ROOT / "docs" / "scale.md"
AT_ONCE = 1_000_000
"""Words that are shuffled and written at once."""
EVERY = 0.1
"""Seconds between two looks at the memory."""
KILL_EVERY = 10.0
"""Seconds between two kills in the last run."""
CORES = 8
"""Of a machine in the tables."""
PRICE = 0.05
"""US dollars of a core for an hour, an assumption: about what clouds ask for machines on demand."""
CORPORA = {"10⁹": 10**9, "10¹¹": 10**11, "10¹²": 10**12}


def write_corpus(path: Path, words: int) -> int:
    """Write a text of about so many words, unless it is there; return how many it has."""
    from elman.data.formats import read_sentences

    lines = [" ".join(one.words) for one in read_sentences(str(DATA / treebank("en_ewt", "test"))) if one.words]
    each = sum(line.count(" ") + 1 for line in lines)
    copies = max(1, AT_ONCE // each)
    blocks = max(1, round(words / (each * copies)))
    if not path.exists():
        draw, some = random.Random(1), lines * copies
        with open(path.with_suffix(".part"), "w", encoding="utf-8") as file:
            for _ in range(blocks):
                draw.shuffle(some)
                file.write("\n".join(some) + "\n")
        path.with_suffix(".part").rename(path)
    return blocks * copies * each


def run(words: list[Any], folder: Path, first: Path | None = None, *, killing: bool = False) -> dict[str, Any]:
    """Run a command; return its seconds, the memory of its processes, and when the first part was begun in a folder.

    ``killing``: kill one of its workers from time to time.
    """
    began, kills = time.perf_counter(), 0
    began_part: float | None = None
    seen: dict[int, list[tuple[float, float]]] = {}
    process = subprocess.Popen(list(map(str, words)), cwd=folder, env=clean_environment(), stderr=subprocess.DEVNULL)
    while process.poll() is None:
        workers = children(process.pid)
        if killing and workers and time.perf_counter() - began > (kills + 1) * KILL_EVERY:
            os.kill(workers[kills % len(workers)], signal.SIGKILL)
            kills += 1
        for pid in (process.pid, *workers):
            if (found := memory(pid)) is not None:
                seen.setdefault(pid, []).append((time.perf_counter() - began, found[0]))
        if first is not None and began_part is None and list(first.glob(".elman-*")):
            began_part = time.perf_counter() - began
        time.sleep(EVERY if began_part is not None or first is None else 0.005)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{words}: status {process.returncode}")
    own, looks = seen.pop(process.pid), list(seen.values())
    return {
        "seconds": round(seconds, 2),
        "kills": kills,
        "first_part_seconds": began_part and round(began_part, 3),
        "parent_mb": round(max(mb for _, mb in own), 1),
        "workers_mb": [round(max(mb for _, mb in each), 1) for each in looks],
        "workers_mb_by_fifth": [by_fifth(each, seconds) for each in looks],
    }


def children(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    try:
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except OSError:
        return []


def by_fifth(looks: list[tuple[float, float]], seconds: float) -> list[float]:
    """Return the largest memory in each fifth of a run: flat, if it does not grow."""
    fifths = [[mb for at, mb in looks if i <= 5 * at / seconds < i + 1] for i in range(5)]
    return [round(max(each), 1) for each in fifths if each]


def same_bytes(folder: Path, one: Path) -> bool:
    """Return whether the parts of a folder, one after the other, are a file."""
    with open(one, "rb") as whole:
        for part in sorted(folder.glob("part-*")):
            with open(part, "rb") as file:
                while block := file.read(1 << 20):
                    if whole.read(len(block)) != block:
                        return False
        return not whole.read(1)


def block(result: Result) -> str:
    """Return the tables of the page."""
    about, rates, words = result["about"], result["words_per_second"], result["words"]
    machine = about["machine"]
    rate = rates["workers"] / 2
    read, written = about["input_bytes"] / words, about["output_bytes"] / words
    workers, killed = result["runs"]["workers"], result["killed"]
    first = max(each["first_part_seconds"] for each in workers)
    most = max(mb for each in workers for mb in each["workers_mb"])
    usual = median(each["seconds"] for each in workers)
    lost = 2 * (killed["seconds"] - usual) / killed["kills"]
    expected = 64e6 / read / rate / 2
    measured = [
        [f"{words:,} words, `--threads 2`", f"{rates['threads']:,} words/s"],
        ["the same, `--cluster local:2`", f"{rates['workers']:,} words/s, {result['workers_by_threads']:.2f} of it"],
        ["one worker, one core", f"{rate:,.0f} words/s"],
        ["read and written", f"{read:.2f} and {written:.2f} bytes a word"],
        ["memory of a worker", f"at most {most:.0f} MB"],
        ["first part begun after", f"{first:.2f} s"],
        [f"{killed['kills']} workers killed", f"each costs {lost:.1f} s of one; half a shard is {expected:.1f} s"],
    ]
    rows = []
    for name, n in CORPORA.items():
        core_hours = n / rate / 3600
        for machines in (1, 10, 100):
            hours = core_hours / machines / CORES
            if 60 * hours < 1 and machines > 1:
                break
            rows.append(
                [
                    f"{name} words" if machines == 1 else "",
                    f"{n * read / 1e9:,.0f} GB in, {n * written / 1e9:,.0f} GB out" if machines == 1 else "",
                    f"{machines}",
                    f"{hours:,.1f} h" if hours >= 1 else f"{60 * hours:,.1f} min",
                    f"{machines * CORES * rate * (read + written) / 1e6:,.0f} MB/s",
                    f"{core_hours * PRICE:,.2f} $" if machines == 1 else "",
                ]
            )
    place = f"{machine['processor']}, two cores"
    origin = f"{about['date'][:10]}, commit {about['commit'][:7]}, {place}, plain text to `word_TAG`"
    head = ["", "files", f"machines of {CORES} cores", "time", "through disks or network", "cost"]
    return f"{table(['', f'measured ({origin})'], measured)}\n{table(head, rows)}"


def main() -> None:
    """Measure as the command line says."""
    given = options(
        __doc__,
        "model?",
        page=(False, "write the tables of the page, and stop"),
        words=(400_000_000, "words of the corpus"),
        rounds=(2, "runs each way, in turns"),
        folder=("", "folder of the corpus and the output"),
        force=(False, "measure on a busy machine, too"),
    )
    if given.page:
        write_numbers(PAGE, block(read_json(RESULT)))
        return
    if given.model is None:
        raise SystemExit("scale.py: expected MODEL, what elman train has written")
    model = Path(given.model).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        corpus, one, parts = folder / f"corpus-{given.words}.txt", folder / "one.txt", folder / "parts"
        words = write_corpus(corpus, given.words)
        require_quiet(given.force)
        others = Others()
        commands = {
            "threads": elman("tag", model, corpus, "--threads", 2, "-o", one, "-q"),
            "workers": elman("tag", model, corpus, "--shards", parts, "--cluster", "local:2", "-q"),
        }
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
        for number in range(given.rounds):
            shutil.rmtree(parts, ignore_errors=True)
            order = list(commands) if number % 2 == 0 else list(reversed(commands))
            for name in order:
                runs[name].append(run(commands[name], folder, parts if name == "workers" else None))
                print(f"round {number + 1}, {name}: {runs[name][-1]}", flush=True)
            assert same_bytes(parts, one), "other bytes"
        shutil.rmtree(parts)
        killed = run(commands["workers"], folder, parts, killing=True)
        assert same_bytes(parts, one), "other bytes"
        print(f"killed: {killed}", flush=True)
        about = circumstances(others) | {"input_bytes": corpus.stat().st_size, "output_bytes": one.stat().st_size}
        shutil.rmtree(parts)
        one.unlink()
    rates = {name: round(words / median(each["seconds"] for each in found)) for name, found in runs.items()}
    ratio = round(rates["workers"] / rates["threads"], 3)
    result = {"words": words, "words_per_second": rates, "workers_by_threads": ratio, "runs": runs, "killed": killed}
    write_json(RESULT, {"about": about, **result})
    write_numbers(PAGE, block(read_json(RESULT)))
    print(f"{words:,} words: {rates['threads']:,} a second by threads, {rates['workers']:,} by workers, {ratio} of it")


if __name__ == "__main__":
    main()
