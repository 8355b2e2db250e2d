"""Give mutated files of every format, plain and compressed, to the commands that read them.

    python tests/reliability/mutate_inputs.py [--share 0.1] [--seed 1] [--minutes 20]

A command ends with 0, or with 2, one line on standard error and no output file; ``elman check`` also with 1. It takes
at most 10 seconds and little memory. Every 2,000th input is a bomb, much larger than its file. Commands run in the
process of a worker, through the function that the command line calls; every 1,000th runs as a command too, and says
the same.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import bombs
import campaign as campaigns
import elman
import in_process
import inputs
from bombs import Bombs
from elman.data.formats import OUTPUT_FORMATS
from elman.utils.display import MOST
from forged import CONLLU, SMALL, TAGGED
from mutations import changed_bytes
from texts import texts
from workers import Limits, Worker, blocks, serve

TOTAL, BLOCK = 500_000, 250
FOLDERS = ["cli", "data", "evaluation", "features", "utils"]
SECONDS, MEMORY, OF_BOMBS = 10.0, 256 << 20, 1_500 << 20
LARGE = 1 << 20  # bytes of an input
BOMBS, COMMANDS, SWOLLEN = 2_000, 1_000, 100
"""One of this many inputs is a bomb, runs as a command of its own too, or has a piece in it thousands of times."""
VECTORS = (b"3 2\nthe 1 0\ncats 0 1\nold 0.5 -1e-3\n", b"2 2\nthe \0\0\x80?\0\0\0\0cats \0\0\0\0\0\0\x80?")
NAMES = (
    b'["O", "B-X"]',
    b'{"features": {"ner_tags": {"feature": {"names": ["O", "B-X"]}}}}',
    b'{"id2label": {"0": "O"}}',
)
SETTINGS = (
    b"hidden = 4\n[training]\nepochs = 1\n",
    b'[network]\ncell = "lstm"\nembedding = 3\n',
    b"hidden = [1, {a = 1}]\n",
)
NUMBERS = b'{"tokens": ["a", "b"], "ner_tags": [0, 1]}\n'
TAGGING = ([], [], ["--tokenize"], ["--confidence"], ["--only-empty"], ["--stream"], ["--nbest", "2"])
Arguments = list[str]


class Reader:
    """Runs commands on mutated files in a folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._seed = seed
        self._folder = folder / f"reader-{os.getpid()}"
        self._folder.mkdir()
        self._models = {name: str(folder / f"{name}.model") for name in ("hmm", "classify", "segment")}
        self._files = inputs.files()
        self._bombs = Bombs(folder)
        self._was_large = False
        self._limits, self._of_bombs = Limits(SECONDS, MEMORY), Limits(SECONDS, OF_BOMBS)

    def __call__(self, number: int) -> str:
        """Try the input of a number; return what came out. Raises AssertionError for anything unexpected."""
        draw = random.Random(f"{self._seed} {number}")
        is_bomb = number % BOMBS == 77
        format: str | None = draw.choice(list(self._files))
        for path in self._folder.iterdir():
            path.unlink()
        if is_bomb:
            kind, ending, data = self._bombs(draw)
            format = draw.choice([None, *self._files]) if draw.random() < 0.7 else None
        else:
            kind, (ending, data) = str(format), self._mutant(draw, str(format), number % SWOLLEN == 33)
        inputs.write(self._folder / f"in{ending}", data)
        arguments = self._command(draw, f"in{ending}", format)
        if is_bomb and arguments[0] == "train":  # whose time grows with the text
            arguments = ["check", f"in{ending}"]
        limits = self._of_bombs if is_bomb else self._limits
        if self._was_large or is_bomb:  # which may take more than what comes after it
            self._limits.forget()
            self._of_bombs.forget()
        self._was_large = is_bomb or len(data) > LARGE
        limits.begin()
        try:
            done = in_process.run(arguments, b"", self._folder)
            outcome = self._judged(done, arguments)
            limits.check(10 * len(data))
            if number % COMMANDS == 5 and not any("\0" in one for one in arguments):  # which no process can have
                self._same_as_command(done, arguments)
        except Exception as error:
            raise AssertionError(f"{kind}: elman {' '.join(arguments)}: {type(error).__name__}: {error}") from error
        return f"bombs: {outcome}" if is_bomb else outcome

    def _mutant(self, draw: random.Random, format: str, swollen: bool) -> tuple[str, bytes]:
        data = draw.choice(self._files[format])
        if swollen:
            data = bombs.swollen(draw, data)
        elif draw.random() < 0.95:
            data = inputs.changed_file(draw, data, format)
        if draw.random() < 0.1:
            data += draw.choice(self._files[draw.choice(list(self._files))])
        return inputs.packed(draw, data) if draw.random() < 0.25 else ("", data)

    def _command(self, draw: random.Random, name: str, format: str | None) -> Arguments:
        """Return a command that reads the file."""
        of_format = (
            ["--format", inputs.with_options(draw, format)] if format is not None and draw.random() < 0.5 else []
        )
        of_format += ["--encoding", "latin-1"] if draw.random() < 0.05 else []
        kind = draw.random()
        if kind < 0.35:
            to = draw.choice([to for to in OUTPUT_FORMATS if to != "spacy"])
            options = ["--lenient"] if draw.random() < 0.2 else ["--drop", "all"] if draw.random() < 0.1 else []
            return ["convert", name, "-o", "out", "--to", to, *of_format, *options]
        if kind < 0.55:
            return ["check", name, *of_format, *draw.choice([[], ["--json"], ["--all"]])]
        if kind < 0.8:
            model = self._models[draw.choice(list(self._models))]
            return ["tag", model, name, "-o", "out", *of_format, *draw.choice(TAGGING)]
        if kind < 0.88:
            return ["train", name, "-o", "out", "--model", draw.choice(["frequent", "hmm"]), "--dev", "30%", *of_format]
        if kind < 0.92:
            return ["evaluate", self._models["hmm"], name, *of_format]
        if kind < 0.95:
            inputs.write(self._folder / "gold", draw.choice(self._files[format or "columns"]))
            return draw.choice([["evaluate", "gold", "--predicted", name], ["compare", "gold", "gold", name]])
        if kind < 0.97:
            return ["train", "--task", "lm", "--model", "ngram", name, "-o", "out"]
        return self._of_other_files(draw)

    def _of_other_files(self, draw: random.Random) -> Arguments:
        """Return a command that reads a file that holds no text: vectors, names of labels, settings."""
        inputs.write(self._folder / "train", b"the_D old_A cats_N\nthe_D cats_N\n" * 3)
        inputs.write(self._folder / "numbers.jsonl", NUMBERS)
        which = draw.random()
        if which < 0.3:
            return ["convert", "numbers.jsonl", "-o", "out", "--to", "columns", "--names", self._other(draw, *NAMES)]
        if which < 0.6:
            settings = self._other(draw, *SETTINGS)
            return ["train", "train", "-o", "out", "--model", "hmm", "--config", settings]
        vectors = self._other(draw, *VECTORS)
        if draw.random() < 0.3:
            inputs.write(self._folder / vectors, inputs.packed(draw, (self._folder / vectors).read_bytes())[1])
        settings = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
        return ["train", "train", "-o", "out", "--vectors", vectors, "--model", "rnn", *settings, "--threads", "1"]

    def _other(self, draw: random.Random, *files: bytes) -> str:
        """Write a mutant of one of the files; return its name."""
        data = draw.choice(files)
        if draw.random() < 0.05:
            opening, depth = draw.choice([(b"[", 10_000), (b'{"a":', 10_000), (b"a = [[", 10_000), (b"a.", 10_000)])
            data = opening * depth
        inputs.write(
            self._folder / "other",
            changed_bytes(draw, data) if draw.random() < 0.7 else bombs.swollen(draw, data, 20_000),
        )
        return "other"

    def _judged(self, done: subprocess.CompletedProcess[bytes], arguments: Sequence[str]) -> str:
        """Return what came out of a command. Raises AssertionError if it is not as promised."""
        said = done.stderr.decode()
        lines = said.split("\n")
        assert lines.pop() == "", said
        assert all(line.isprintable() or "\u200d" in line or "\u200c" in line or "\xa0" in line for line in lines), said
        assert all(line.startswith(("elman: ", "  ")) for line in lines), said
        usual = (0, 1, 2) if arguments[0] == "check" else (0, 2)
        assert done.returncode in usual, (done.returncode, said)
        assert max(map(len, lines), default=0) < 2 * MOST + 200, said[:3_000]
        if done.returncode == 2:
            assert len(lines) == 1, said
            assert not (self._folder / "out").exists(), "a file is left"
            return "refused in one line"
        if "-o" in arguments:
            assert (self._folder / "out").exists(), "no output"
        return "done" if done.returncode == 0 else "mistakes reported"

    def _same_as_command(self, done: subprocess.CompletedProcess[bytes], arguments: Sequence[str]) -> None:
        """Raise AssertionError if the command in a process of its own does something else."""
        (self._folder / "out").unlink(missing_ok=True)
        command = [sys.executable, "-m", "elman", *arguments]
        environment = {**os.environ, "COLUMNS": "80", "PYTHONPATH": str(Path(elman.__file__).parents[1])}
        other = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, cwd=self._folder, timeout=600, env=environment
        )
        assert (other.returncode, other.stderr) == (done.returncode, done.stderr), (other.returncode, other.stderr)


def models_in(folder: Path) -> None:
    """Train the models that tag."""
    quiet = {"on_warning": lambda doubt: None, "threads": 1}
    (folder / "train.conllu").write_text(CONLLU * 6, encoding="utf-8")
    elman.train(TAGGED, model="hmm", **quiet).save(folder / "hmm.model")  # type: ignore[arg-type]
    elman.train(texts(40, 1), settings={**SMALL}, model="rnn", **quiet).save(folder / "classify.model")  # type: ignore[arg-type]
    segment = elman.train(str(folder / "train.conllu"), task="segment", settings={**SMALL}, **quiet)  # type: ignore[arg-type]
    segment.save(folder / "segment.model")


def main() -> int:
    """Run the campaign, or be one of its workers."""
    parser = campaigns.options(__doc__)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--at", help=argparse.SUPPRESS)
    parser.add_argument("--try", type=int, dest="number", help="try the input of this number alone")
    given = parser.parse_args()
    if given.worker:
        warnings.simplefilter("error")
        os.environ["COLUMNS"] = "80"
        serve(given.at, Reader(given.worker, given.seed))
        return 0
    with tempfile.TemporaryDirectory(dir=campaigns.memory()) as name:
        models_in(Path(name))
        if given.number is not None:
            print(Reader(Path(name), given.seed)(given.number))
            return 0
        title = "input files of every format, mutated, compressed, and bombs: read by the commands"
        campaign = campaigns.Campaign(given, "inputs", title=title, folders=FOLDERS)
        worker = Worker([sys.executable, __file__, "--worker", name, "--seed", str(given.seed)], Path(name))
        blocks(campaign, TOTAL, BLOCK, lambda block: worker)
        worker.close()
        return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
