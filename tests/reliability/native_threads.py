"""Load models and tag from 64 threads of a C++ program, without Python, under ThreadSanitizer: the same tags, no race.

    python tests/reliability/native_threads.py [--share 0.1] [--seed 1] [--minutes 10]

The program (threads_driver.cpp) has the kernels and the line tagger of ``elman tag``. A case is a run of it: 64 threads
begin at once with empty tables, and each does a few tasks in an order of its own. They tag with a model that all use,
and with one that is replaced meanwhile; they load a model of their own; they tag bytes that are not UTF-8, which is an
error in that thread alone. Cases differ in the model, the instruction set, 8 or 32 bits, and the size of the tables.
"""

from __future__ import annotations

import os
import platform
import random
import shlex
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))

import elman
from campaign import ROOT, Campaign, options
from elman import kernels
from elman.features.affixes import affixes
from elman.models import file
from elman.taggers import fast_lines

THREADS = 64
TASKS_EACH = 4
REPEATS = 2  # of each combination, with other seeds
WAIT = 600.0  # seconds, after which a run hangs
NATIVE = ROOT / "src" / "elman" / "kernels" / "native"
COMPILER = shlex.split(os.environ.get("CXX") or "c++")
FLAGS = ["-std=c++17", "-O1", "-g", "-fsanitize=thread", "-fno-omit-frame-pointer", "-Wall", "-Wextra", "-Wno-psabi"]
FLAGS += ["-fno-math-errno", "-ffp-contract=fast", f"-I{NATIVE}"]
AVX512 = ["-mavx512f", "-mavx512vl", "-mavx512bw", "-mavx512dq", "-mfma"]
SETS = {"baseline": (16, []), "avx2": (32, ["-mavx2", "-mfma"]), "avx512": (64, ["-mavx2", *AVX512])}
"""Instruction sets of x86-64, as in CMakeLists.txt: bytes of a vector, and options of the compiler."""
INT8 = [*AVX512, "-mavx512vnni", "-mf16c", "-Wno-uninitialized", "-Wno-maybe-uninitialized"]
ROWS = [
    [("the", "O"), ("dog", "B-X"), ("barks", "O")],
    [("a", "O"), ("big", "B-X"), ("cat", "I-X"), ("sees", "O"), ("the", "O"), ("saw", "B-X")],
    [("ağaç", "B-X"), ("düştü", "O")],
] * 8
SETTINGS = {"hidden": 20, "embedding": 8, "feature_embedding": 8, "epochs": 8, "ensemble": 1}
MODELS: dict[str, dict[str, Any]] = {
    "crf": {"decoder": "crf", "constraints": "bio", "ensemble": 2},
    "softmax": {"decoder": "softmax", "constraints": "none", "dtype": "float32"},
    "forward": {"decoder": "crf", "constraints": "none", "direction": "forward"},
}
TABLES = {"small": (1, 200), "usual": (48 << 20, 16384)}
"""Bytes of all tables, and spare rows. Small tables are soon full: they are cleared while threads tag."""


class Case(NamedTuple):
    """A run of the program."""

    model: str
    isa: str
    precision: str
    tables: str
    seed: int


def build(folder: Path, most: int | None = None) -> Path:
    """Compile the program for ``most`` instruction sets (None: all). Raises CalledProcessError if that fails."""
    sets: Mapping[str, tuple[int, list[str]]] = SETS
    if platform.machine() in ("aarch64", "arm64"):
        sets = {"neon": (16, [])}
    elif platform.machine() not in ("x86_64", "AMD64"):
        sets = {"baseline": (16, [])}
    units = [("driver", Path(__file__).with_name("threads_driver.cpp"), [])]
    units += [(name, NATIVE / f"{name}.cpp", []) for name in ("isa", "parallel")]
    defined = []
    for name, (size, given) in islice(sets.items(), most):
        units.append((name, NATIVE / "kernels.cpp", [f"-DISA_NAME={name}", f"-DVECTOR_BYTES={size}", *given]))
        defined.append(f"-DELMAN_HAS_{name}")
        if name == "avx512":
            units.append(("int8", NATIVE / "int8.cpp", INT8))
            defined.append("-DELMAN_HAS_int8")
    objects = []
    for name, source, given in units:
        objects.append(str(folder / f"{name}.o"))
        subprocess.run([*COMPILER, *FLAGS, *defined, *given, "-c", str(source), "-o", objects[-1]], check=True)
    program = folder / "threads_driver"
    subprocess.run([*COMPILER, "-fsanitize=thread", *objects, "-o", str(program), "-lpthread"], check=True)
    return program


def usable() -> bool:
    """Return whether programs can be compiled with ThreadSanitizer here, and run."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "empty.cpp"), Path(folder, "empty")
        source.write_text("int main() { return 0; }\n", encoding="utf-8")
        try:
            subprocess.run([*COMPILER, "-fsanitize=thread", source, "-o", program], check=True, capture_output=True)
            return subprocess.run([program], capture_output=True, check=False).returncode == 0
        except (OSError, subprocess.CalledProcessError):
            return False


def instruction_sets(program: Path) -> list[tuple[str, str]]:
    """Return the instruction sets of the program that this machine has, narrowest first, with each precision."""
    said = subprocess.run([program, "sets"], capture_output=True, text=True, check=True).stdout
    found = []
    for line in said.splitlines():
        isa, *more = line.split()
        found += [(isa, precision) for precision in ("exact", *more)]
    return found


def model_bytes(path: str, text: str) -> bytes:
    """Return what the native line tagger is made of, for the program to read: byte strings, each after its length.

    The features of words that are not ASCII, which Python finds, are written for the words of ``text``.
    """
    core = mock.Mock()
    core.has_int8.return_value = True
    with mock.patch.object(kernels, "native_core", lambda: core):
        assert fast_lines.line_tagger(file.read(path), "auto") is not None
    words, features, _, _, columns, tensors, prefixes, sizes, _ = core.LineTagger.call_args.args
    ((tags, chain, _),) = columns
    strange = sorted({word for word in text.split() if not word.isascii()})
    parts: list[bytes] = [_lines(names) for names in (words, features, tags, prefixes)]
    parts.append(" ".join(map(str, map(int, (*sizes, chain is not None, bool(chain and chain[0]))))).encode())
    parts += chain[1:] if chain else (b"", b"", b"")
    parts.append(str(len(strange)).encode())
    for word in strange:
        parts += [word.encode(), _lines(affixes(word))]
    for name, tensor in tensors.items():
        parts += [name.encode(), tensor.dtype.encode(), " ".join(map(str, tensor.shape)).encode(), bytes(tensor.data)]
    return b"".join(struct.pack("<Q", len(part)) + part for part in parts)


def _lines(names: Iterable[str]) -> bytes:
    return "".join(name + "\n" for name in names).encode()


class Files:
    """Models and a text in a folder, and the tags that Python gives it."""

    def __init__(self, folder: Path, models: Iterable[str] = MODELS) -> None:
        draw = random.Random(1)
        words = sorted({word for row in ROWS for word, _ in row})
        words += ["Łódź", "x1", "saws", "DOGS", "日本", "a-b"]
        lines = []
        for _ in range(1_200):  # more words than small tables hold
            new = [f"{draw.choice('wé')}{draw.randrange(20_000)}" for _ in range(12)]
            lines.append(draw.choices([*words, *new], k=12))
        self.text = "".join(" ".join(line[: draw.randint(1, 12)]) + "\n" for line in lines)
        self.folder = folder
        (folder / "text").write_bytes(self.text.encode())
        for name in models:
            path = str(folder / name)
            elman.train(ROWS, settings=SETTINGS | MODELS[name], on_warning=lambda doubt: None).save(path)
            (folder / f"{name}.native").write_bytes(model_bytes(path, self.text))

    def tagged_in_python(self, case: Case) -> bytes:
        """Return the text with the tags of the light tagger of Python."""
        kernels.select("native", case.isa)
        tagger = fast_lines.load(self.folder / case.model, threads=1, precision=case.precision)
        assert isinstance(tagger, fast_lines.LightTagger)
        return b"".join(tagger.tag_lines([self.text.encode()]))


def run(program: Path, files: Files, case: Case, threads: int = THREADS) -> tuple[Counter[str], list[str]]:
    """Return what the threads did, how often, and what was wrong: other tags, and reports of ThreadSanitizer."""
    folder = files.folder
    arguments = [folder / f"{case.model}.native", folder / "text", folder / "tagged", case.isa, case.precision]
    arguments += [*TABLES[case.tables], threads, TASKS_EACH, case.seed]
    status, stdout, stderr = start(program, *arguments)
    errors = reports(stderr)
    if status:
        errors.append(f"exit status {status}: {stderr[-1_500:]}")
    elif (folder / "tagged").read_bytes() != files.tagged_in_python(case):
        errors.append("other tags than in Python")
    done: Counter[str] = Counter()
    for line in stdout.splitlines():
        n, _, outcome = line.partition(" ")
        done[outcome] = int(n)
    return done, errors


def start(program: Path, *arguments: object) -> tuple[int, str, str]:
    """Run the program; return its exit status, which no report changes, and what it wrote to its streams."""
    command = [str(program), *map(str, arguments)]
    env = {**os.environ, "TSAN_OPTIONS": "exitcode=0"}
    how: Any = {"capture_output": True, "text": True, "errors": "replace", "env": env}
    try:
        ended = subprocess.run(command, timeout=WAIT, check=False, **how)
    except subprocess.TimeoutExpired as error:
        return -1, "", f"no end within {WAIT:.0f} seconds\n{(error.stderr or b'').decode(errors='replace')}"
    return ended.returncode, ended.stdout, ended.stderr


def reports(stderr: str) -> list[str]:
    """Return the reports of ThreadSanitizer."""
    return [report[:3_000].strip() for report in stderr.split("WARNING: ThreadSanitizer:")[1:]]


def all_cases(sets: Sequence[tuple[str, str]]) -> list[Case]:
    """Return the cases for instruction sets and precisions."""
    return [
        Case(model, isa, precision, tables, seed)
        for model in MODELS
        for isa, precision in sets
        for tables in TABLES
        for seed in range(REPEATS)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Work as long as the command line says; return the exit status."""
    given = options(__doc__).parse_args(arguments)
    title = f"models in {THREADS} threads of a C++ program, under ThreadSanitizer"
    campaign = Campaign(given, "ThreadSanitizer in C++", title=title, folders=["kernels"])
    with tempfile.TemporaryDirectory() as folder:
        program = build(Path(folder))
        assert reports(start(program, "race")[2]), "ThreadSanitizer does not report a race"
        files = Files(Path(folder))
        for case in campaign.cases(all_cases(instruction_sets(program))):
            done, errors = run(program, files, case._replace(seed=given.seed * 1_000 + case.seed))
            for outcome, n in done.items():
                campaign.count(outcome, n)
            for error in errors:
                campaign.fault(f"{case}: {error}")
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
