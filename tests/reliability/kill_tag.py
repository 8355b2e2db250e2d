"""Kill ``elman tag`` and ``elman convert`` with ``--resume`` at random moments: the bytes must be those of a quiet run.

    python tests/reliability/kill_tag.py [--times 300] [--seed 1] [--folder DIR] [--lines 60000]

Each command is started, killed (kill -9) after a random time and started again until it is done, then begun anew, until
it was killed so often. Formats, compression and threads take turns. After each end the output is compared with that
of an undisturbed run, and no other file may be left. The model is trained here, on sentences that are made up.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ELMAN = [sys.executable, "-m", "elman"]
SMALL = ["--set", "epochs=2", "--set", "hidden=16", "--set", "ensemble=1", "--threads", "1", "--quiet"]
TAG = [
    ["words.txt", "-o", "out.txt", "--threads", "2"],
    ["words.txt", "-o", "out.txt.gz"],
    ["words.conllu.gz", "-o", "out.conllu.zst"],
    ["words.txt", "words.conllu.gz", "-o", "out.jsonl", "--confidence"],
    ["words.txt", "-o", "out.json.gz", "--threads", "2"],
    ["words.txt", "-o", "out.csv"],
]
CONVERT = [
    ["words.conllu.gz", "out.jsonl", "--drop", "all"],
    ["words.conllu.gz", "words.conllu.gz", "out.conllu.gz"],
    ["words.conllu.gz", "out.csv.zst", "--drop", "all"],
    ["words.conllu.gz", "out.json", "--drop", "all"],
]
COMMANDS = {
    "tag": [["tag", "small.model", *arguments] for arguments in TAG],
    "convert": [["convert", *arguments] for arguments in CONVERT],
}


def sentences(n: int, seed: int) -> Iterator[list[tuple[str, str]]]:
    """Yield made-up sentences of words with tags."""
    draw = random.Random(seed)
    for _ in range(n):
        words = ["".join(draw.choices("abcdefgçğşü", k=draw.randint(2, 7))) for _ in range(draw.randint(2, 12))]
        yield [(word, "NVA"[len(word) % 3]) for word in words]


def make(folder: Path, lines: int) -> None:
    """Write the files and train the model."""
    import gzip

    made = list(sentences(lines, 1))
    with open(folder / "train.txt", "w", encoding="utf-8") as file:
        file.writelines(" ".join(f"{word}_{tag}" for word, tag in sentence) + "\n" for sentence in sentences(200, 2))
    with open(folder / "words.txt", "w", encoding="utf-8") as file:
        file.writelines(" ".join(word for word, _ in sentence) + "\n" for sentence in made)
    with gzip.open(folder / "words.conllu.gz", "wt", encoding="utf-8", compresslevel=1) as file:
        for number, sentence in enumerate(made, start=1):
            rows = [f"{i}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_\n" for i, (word, tag) in enumerate(sentence, start=1)]
            file.write(f"# sent_id = {number}\n" + "".join(rows) + "\n")
    elman(folder, "train", "train.txt", "-o", "small.model", *SMALL)


def elman(folder: Path, *arguments: str) -> float:
    """Run a command that must succeed, and return its seconds."""
    began = time.monotonic()
    result = subprocess.run([*ELMAN, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{arguments}: {result.stderr}"
    return time.monotonic() - began


def killed(folder: Path, arguments: Sequence[str], seconds: float) -> bool:
    """Run a command, and kill it after some time; return whether it was still running then."""
    with open(folder.parent / "stderr", "wb") as errors:
        process = subprocess.Popen([*ELMAN, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    said = (folder.parent / "stderr").read_text(encoding="utf-8")
    assert process.returncode in (0, -signal.SIGKILL), f"{arguments}: {said}"
    return process.returncode != 0


def kill_often(folder: Path, command: str, times: int, seed: int) -> tuple[int, int]:
    """Kill a command so often; return how often it was done, and how often a killed one was gone on with."""
    draw = random.Random(seed)
    quiet: dict[int, tuple[bytes, float]] = {}
    before = {path.name for path in folder.iterdir()}
    done = kills = resumed = 0
    while kills < times:
        number = done % len(COMMANDS[command])
        arguments = [*COMMANDS[command][number], "--resume", "--quiet"]
        output = folder / next(word for word in arguments if word.startswith("out."))
        if number not in quiet:
            seconds = elman(folder, *arguments)
            quiet[number] = output.read_bytes(), seconds
            output.unlink()
        whole, seconds = quiet[number]
        for _ in range(6):  # then it may come to its end
            if kills == times or not killed(folder, arguments, draw.uniform(0.05, 1.2 * seconds)):
                break
            kills += 1
            resumed += output.with_name(output.name + ".part.journal").exists()
        elman(folder, *arguments)
        assert output.read_bytes() == whole, f"{arguments}: other bytes after {kills} kills, seed {seed}"
        output.unlink()
        left = {path.name for path in folder.iterdir()} - before
        assert not left, f"{arguments}: left behind: {', '.join(sorted(left))}"
        done += 1
        if times > 20:
            print(f"{command}: killed {kills} times, the same bytes {done} times", flush=True)
    return done, resumed


def main() -> None:
    """Kill both commands as often as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=60_000)
    parser.add_argument("--folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as temporary:
        folder = Path(temporary) / "files"
        os.mkdir(folder)
        make(folder, given.lines)
        for command in COMMANDS:
            done, resumed = kill_often(folder, command, given.times, given.seed)
            print(f"{command}: killed {given.times} times, {resumed} journals; the same bytes {done} of {done} times")


if __name__ == "__main__":
    main()
