"""Commands that are disturbed: small models and files, how a command is run in a copy of them, and what may come out.

A new command to disturb is a row of ``COMMANDS``.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import elman

WORDS = {"D": ["the", "a", "an"], "N": ["dog", "cat", "saw", "house", "Łódź", "猫"], "V": ["barks", "sees", "saw"]}
TINY = ("--set", "hidden=8", "--set", "epochs=2", "--ensemble", "1", "--threads", "1")
SECONDS = 120  # after which a command counts as one that hangs

Files = dict[str, bytes]


@dataclass(frozen=True)
class Command:
    """One command line: its words after ``elman``, the files that it replaces, and those to go on from.

    ``keeps`` are there while it runs, and afterwards if it has failed.
    """

    name: str
    line: str
    writes: tuple[str, ...] = ()
    stdin: str = ""
    keeps: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        return self.line.split()


_TINY = " ".join(TINY)
CHECKPOINT = ("run", "run.previous")


def parts(output: str) -> tuple[str, ...]:
    """Return the files that ``--resume`` keeps beside an output."""
    return f"{output}.part", f"{output}.part.journal"


COMMANDS = (
    Command("train", f"train train.conllu --dev dev.conllu -o new.model {_TINY}", ("new.model",)),
    Command("train over", f"train train.conllu.gz -o old.model --keep-replay 20 {_TINY}", ("old.model",)),
    Command("train classify", f"train labels.tsv -o old.model {_TINY}", ("old.model",)),
    Command(
        "train checkpoint",
        f"train train.conllu -o new.model --checkpoint run --every 0s --set batch=32 {_TINY}",
        ("new.model",),
        keeps=CHECKPOINT,
    ),
    Command("train hmm", "train train.txt --model hmm -o old.model", ("old.model",)),
    Command("train parse", f"train train.conllu --task parse -o old.model {_TINY}", ("old.model",)),
    Command("train lm", f"train text.txt --task lm -o old.model --set chunk=8 {_TINY}", ("old.model",)),
    Command("tag", "tag tag.model text.txt -o old.txt", ("old.txt",)),
    Command("tag stdout", "tag tag.model text.txt"),
    Command("tag stdin", "tag tag.model -o old.txt", ("old.txt",), stdin="text.txt"),
    Command("tag gzip", "tag tag.model dev.conllu -o new.conllu.gz", ("new.conllu.gz",)),
    Command("tag zstd", "tag tag.model train.conllu.gz --threads 2 -o old.conllu.zst", ("old.conllu.zst",)),
    Command("tag resume", "tag tag.model text.txt -o old.txt --resume", ("old.txt",), keeps=parts("old.txt")),
    Command("tag parquet", "tag tag.model words.parquet -o old.parquet", ("old.parquet",)),
    Command("convert", "convert train.conllu old.jsonl --drop all", ("old.jsonl",)),
    Command("convert gzip", "convert train.txt new.csv.gz", ("new.csv.gz",)),
    Command(
        "convert resume",
        "convert train.conllu new.jsonl.gz --drop all --resume",
        ("new.jsonl.gz",),
        keeps=parts("new.jsonl.gz"),
    ),
    Command("convert stdin", "convert - old.jsonl --from word_tag", ("old.jsonl",), stdin="train.txt"),
    Command("convert stdout", "convert train.txt - --to jsonl"),
    Command("convert parquet", "convert train.txt old.parquet", ("old.parquet",)),
    Command("learn", "learn tag.model corrected.conllu -o tag.model --threads 1", ("tag.model",)),
    Command(
        "learn page",
        "learn tag.model corrected.conllu --heldout dev.conllu -o new.model --html old.html --threads 1",
        ("new.model", "old.html"),
    ),
    Command("evaluate", "evaluate tag.model dev.conllu --json"),
    Command("errors", "errors tag.model dev.conllu --html old.html", ("old.html",)),
    Command("check", "check train.conllu"),
)


@dataclass
class Outcome:
    """What a command left: exit status (negative: the signal that ended it), output, and the files of its folder."""

    status: int
    stdout: bytes
    stderr: str
    files: Files = field(repr=False)


class Disturbed(AssertionError):
    """What may never come out."""


def run_python(code: str, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process with the library of this run."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False, **options)  # type: ignore[call-overload,no-any-return]


def environment(**more: str) -> dict[str, str]:
    """Return our environment, with the library that this process uses."""
    source = str(Path(elman.__file__).parents[1])
    paths = [source, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    unwanted = ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")
    measured = ("COV_CORE_", "COVERAGE_")  # coverage writes and says things of its own
    kept = {name: value for name, value in os.environ.items() if not name.startswith(measured)}
    usual = {name: value for name, value in kept.items() if name not in unwanted}
    return usual | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "80"} | more


class Workshop:
    """A folder with inputs; ``run`` gives each command a copy of it."""

    def __init__(self, folder: Path, commands: Sequence[Command] = COMMANDS, seed: int = 1) -> None:
        self.folder, self.inputs, self.place = folder, folder / "inputs", folder / "place"
        self.commands = {command.name: command for command in commands}
        self._expected: dict[str, Outcome] = {}
        self.inputs.mkdir(parents=True)
        _write_inputs(self.inputs, seed)
        self.before = files_in(self.inputs)

    def prepare(self) -> Path:
        """Return the folder that the next command works in, with the inputs alone and an empty TMPDIR, ``tmp``."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.inputs, self.place)
        (self.place / "tmp").mkdir()
        return self.place

    def run(self, command: Command, *, prefix: Sequence[str] = (), env: Mapping[str, str] | None = None) -> Outcome:
        """Run a command in a fresh copy, behind the words of ``prefix``. Raises Disturbed if it hangs."""
        self.prepare()
        words = [*prefix, sys.executable, "-m", "elman", *command.words]
        stdin = self.before[command.stdin] if command.stdin else b""
        environ = environment(TMPDIR=str(self.place / "tmp")) | dict(env or {})
        try:
            done = subprocess.run(
                words, input=stdin, capture_output=True, env=environ, cwd=self.place, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise Disturbed(f"did not end within {SECONDS} s") from None
        return self.outcome(done.returncode, done.stdout, done.stderr)

    def outcome(self, status: int, stdout: bytes, stderr: bytes) -> Outcome:
        """Return the outcome of a command that has ended."""
        return Outcome(status, stdout, stderr.decode(errors="replace"), files_in(self.place))

    def expected(self, command: Command) -> Outcome:
        """Return the outcome of an undisturbed run."""
        if command.name not in self._expected:
            outcome = self.run(command)
            if outcome.status or "Traceback" in outcome.stderr:
                raise Disturbed(f"{command.name} fails undisturbed: {outcome.stderr}")
            assert outcome.files.keys() == self.before.keys() | set(command.writes), outcome.files.keys()
            self._expected[command.name] = outcome
        return self._expected[command.name]

    def judge(self, command: Command, outcome: Outcome) -> str:
        """Return "work done" or "one line, exit 2". Raises Disturbed for anything else, and for files that are neither
        the old ones nor the new ones."""
        expected = self.expected(command)
        if outcome.status not in (0, 2):
            raise Disturbed(f"exit status {outcome.status}: {outcome.stderr[-2_000:]}")
        check_lines(outcome, expected)
        for name in sorted(outcome.files.keys() | self.before.keys()):
            now, old, new = outcome.files.get(name), self.before.get(name), expected.files.get(name)
            if name in command.writes:
                if now != new and (outcome.status == 0 or now != old):
                    raise Disturbed(f"{name} is {'not the new one' if outcome.status == 0 else 'a mix'}")
            elif now != old and not (outcome.status and name in command.keeps):
                raise Disturbed(f"{name} {'is left behind' if old is None else 'was changed'}")
        if outcome.status == 0:
            if outcome.stdout != expected.stdout:
                raise Disturbed(f"other output: {outcome.stdout[-200:]!r}")
            return "work done"
        return "one line, exit 2"


def check_lines(outcome: Outcome, expected: Outcome) -> None:
    """Raise Disturbed if an error is not said in one line behind the usual notes.

    A checkpoint that cannot be written is one more warning, and training goes on.
    """
    lines = [line for line in outcome.stderr.splitlines() if not line.startswith("elman: warning: no checkpoint: ")]
    if "Traceback" in outcome.stderr or len(lines) > len(expected.stderr.splitlines()) + (outcome.status == 2):
        raise Disturbed(f"more than a line: {outcome.stderr[-2_000:]}")
    if outcome.status == 2 and not (lines and lines[-1].startswith("elman: ")):
        raise Disturbed(f"no line of its own: {outcome.stderr[-2_000:]!r}")


def files_in(folder: Path) -> Files:
    """Return the content of all files below a folder; b"" for each subfolder but ``tmp``."""
    paths = (path for path in folder.rglob("*") if path != folder / "tmp")
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"" for path in paths}


def _write_inputs(folder: Path, seed: int) -> None:
    draw = random.Random(seed)

    def sentences(n: int) -> list[list[tuple[str, str]]]:
        return [[(draw.choice(WORDS[tag]), tag) for tag in draw.choice(["DN", "DNV", "DNVDN"])] for _ in range(n)]

    def conllu(sentence: list[tuple[str, str]]) -> str:
        rows = enumerate(sentence, 1)
        return "".join(f"{i}\t{w}\t{w}\t{t}\t_\t_\t{i - 1}\t{'dep' if i > 1 else 'root'}\t_\t_\n" for i, (w, t) in rows)

    train, dev, corrected = sentences(60), sentences(10), sentences(3)
    texts = {
        "train.conllu": "".join(conllu(sentence) + "\n" for sentence in train),
        "dev.conllu": "".join(conllu(sentence) + "\n" for sentence in dev),
        "corrected.conllu": "".join(conllu(sentence) + "\n" for sentence in corrected),
        "train.txt": "".join(" ".join(f"{w}_{t}" for w, t in sentence) + "\n" for sentence in train),
        "text.txt": "".join(" ".join(w for w, _ in sentence) + "\n" for sentence in sentences(1_000)),
        "labels.tsv": "".join(f"{len(s)}\t{' '.join(w for w, _ in s)}\n" for s in train),
        **{
            f"old.{end}": "what was there before\n"
            for end in ("model", "txt", "jsonl", "conllu.zst", "html", "parquet")
        },
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "train.conllu.gz").write_bytes(gzip.compress(texts["train.conllu"].encode(), mtime=0))
    settings = {"hidden": 8, "epochs": 3, "ensemble": 1}
    rows = [list(sentence) for sentence in train]
    elman.train(rows, settings=settings, keep_replay=20, on_warning=lambda doubt: None).save(folder / "tag.model")
    elman.convert(folder / "train.txt", folder / "words.parquet")
