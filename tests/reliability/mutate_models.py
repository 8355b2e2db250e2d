"""Load and use mutated model files of every task: all of them work or are refused by ModelFileError.

    python tests/reliability/mutate_models.py [--share 0.1] [--seed 1] [--minutes 20] [--sanitized build/sanitize/site]

Changed are bytes of the file, the safetensors header, the JSON of the configuration, its values, and the tensors; in
most files the checksum is made right again, so that what comes behind it is reached. Every eighth file has one of its
whole numbers at an edge, all numbers and all edges in turn. The full model and the light tagger load the same bytes, a
model that loads is used, and both tag alike. ``--sanitized`` is a folder with elman built with sanitizers, as by
``make sanitize``; it takes every tenth block.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import struct
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import numpy as np

import campaign as campaigns
import elman
import forged
from elman.errors import ConfigError, DataError, ModelFileError
from elman.models import file as model_file
from elman.models.file import Stored
from elman.taggers import fast_lines, load as loading
from forged import Trained
from mutations import INTEGERS, changed_bytes, changed_json, changed_text, deepened, integers
from workers import Limits, Worker, blocks, serve

TOTAL, BLOCK = 2_000_000, 1_000
FOLDERS = ["data", "evaluation", "features", "kernels", "models", "nn", "taggers", "tasks", "utils"]
SECONDS, MEMORY = 1.0, 64 << 20
LARGEST = 50_000
TEXT = "the cats sleep Zürich\nYork\n".encode()
SIZES = {"F16": 2, "F32": 4, "F64": 8, "I32": 4, "I64": 8}


class Mutants:
    """Mutants of the model files, by number; ``models`` come from ``forged.trained``."""

    def __init__(self, models: Mapping[str, Trained], seed: int) -> None:
        self._seed = seed
        self.models = list(models.items())
        self._integers = {name: list(integers(_document(one))) for name, one in self.models}

    def __call__(self, number: int) -> tuple[str, Trained, bytes]:
        """Return the name of a model, the model, and the bytes of a mutant of its file."""
        draw = random.Random(f"{self._seed} {number}")
        name, one = self.models[number // 8 % len(self.models)]
        if number % 8 == 0:
            return name, one, self._edge(name, one, number // 8 // len(self.models))
        kinds = [_any_bytes, _header, _of_text, _values, _values, _values, _tensors, _tensors]
        return name, one, draw.choice(kinds)(draw, one)

    def _edge(self, name: str, one: Trained, turn: int) -> bytes:
        """Return the file with a whole number at an edge."""
        places = self._integers[name]
        place = places[turn % len(places)]
        value = INTEGERS[turn // len(places) % len(INTEGERS)]
        record, header = forged.changed(_document(one), place, value)
        return file_of(json.dumps(record, ensure_ascii=False), one.tensors, header)


def _document(one: Trained) -> list[Any]:
    return [one.content[0], entries(one.tensors)]


def entries(tensors: Mapping[str, Stored]) -> dict[str, Any]:
    """Return the tensors' entries of a safetensors header."""
    found, at = {}, 0
    for name, tensor in ordered(tensors):
        found[name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [at, at + len(tensor.data)],
        }
        at += len(tensor.data)
    return found


def ordered(tensors: Mapping[str, Stored]) -> list[tuple[str, Stored]]:
    """Return tensors in the order of the file: those of large elements first, so that all are aligned."""
    return sorted(tensors.items(), key=lambda item: (-SIZES[item[1].dtype], item[0]))


def file_of(configuration: str, tensors: Mapping[str, Stored], header: Mapping[str, Any] | None = None) -> bytes:
    """Return a model file with this configuration, the right checksum, and perhaps another header."""
    version = f',"format_version":{model_file.FORMAT_VERSION}}}'
    return assembled(f'{{"configuration":{configuration}{version}', tensors, header)


def assembled(bare: str, tensors: Mapping[str, Stored], header: Mapping[str, Any] | None = None) -> bytes:
    """Return a file with this text of the metadata and the right checksum."""
    with suppress(UnicodeEncodeError):  # a lone surrogate, which no checksum can be of
        bare = model_file._with_sum(bare, model_file._sum(bare, tensors))
    document = {"__metadata__": {model_file.KEY: bare}, **(entries(tensors) if header is None else header)}
    head = json.dumps(document).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + b"".join(tensor.data for _, tensor in ordered(tensors))


def _text(record: Any) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _any_bytes(draw: random.Random, one: Trained) -> bytes:
    return changed_bytes(draw, file_of(_text(one.content[0]), one.tensors))


def _header(draw: random.Random, one: Trained) -> bytes:
    header = changed_json(draw, entries(one.tensors))
    data = file_of(_text(one.content[0]), one.tensors, header if isinstance(header, dict) else {})
    return (
        data if draw.random() < 0.7 else struct.pack("<Q", draw.choice([abs(n) for n in INTEGERS]) % 2**64) + data[8:]
    )


def _of_text(draw: random.Random, one: Trained) -> bytes:
    """Return the file with other text as its configuration, which may be no JSON."""
    text = _text({"configuration": one.content[0], "format_version": model_file.FORMAT_VERSION})
    if draw.random() < 0.5:
        return assembled(changed_bytes(draw, text.encode()).decode(errors="surrogateescape"), one.tensors)
    i = draw.randrange(len(text))
    return assembled(text[:i] + changed_text(draw, text[i : i + 30]) + text[i + 30 :], one.tensors)


def _values(draw: random.Random, one: Trained) -> bytes:
    """Return the file with other values in its configuration."""
    return file_of(deepened(draw, _text(changed_json(draw, one.content[0]))), one.tensors)


def _tensors(draw: random.Random, one: Trained) -> bytes:
    """Return the file with other tensors, sometimes with other values in its configuration too."""
    tensors = one.tensors
    for _ in range(draw.choice([1, 1, 2])):
        if tensors:
            name = draw.choice(list(tensors))
            _change_tensor(draw, tensors, name)
    record = one.content[0] if draw.random() < 0.7 else changed_json(draw, one.content[0])
    return file_of(deepened(draw, _text(record)), tensors)


def _change_tensor(draw: random.Random, tensors: dict[str, Stored], name: str) -> None:
    """Change a tensor in place: its name, type, shape, or numbers."""
    tensor = tensors[name]
    kind = draw.randrange(8)
    other = draw.choice(list(tensors))
    if kind == 0:
        del tensors[name]
    elif kind == 1:
        tensors[name], tensors[other] = tensors[other], tensor
    elif kind == 2:
        tensors[changed_text(draw, name).encode(errors="replace").decode()] = tensor
    elif kind == 3:
        dtype = draw.choice(list(SIZES))
        n = len(tensor.data) // SIZES[dtype]
        tensors[name] = Stored(dtype, (n,), bytes(tensor.data[: n * SIZES[dtype]]))
    elif kind == 4:
        shape = list(tensor.shape) or [1]
        i = draw.randrange(len(shape))
        shape[i] = draw.choice([0, 1, shape[i] + 1, max(shape[i] - 1, 0), shape[i] * 2, 50])
        shape = draw.choice([shape, [*shape, 1], [1, *shape], shape[::-1]])
        size = int(np.prod(shape)) * SIZES[tensor.dtype]
        tensors[name] = Stored(
            tensor.dtype,
            tuple(shape),
            (bytes(tensor.data) * (size // max(1, len(tensor.data)) + 1))[:size].ljust(size, b"\0"),
        )
    else:
        tensors[name] = _other_numbers(draw, tensor)


def _other_numbers(draw: random.Random, tensor: Stored) -> Stored:
    dtype = np.dtype(model_file.DTYPES[tensor.dtype])
    w = np.frombuffer(tensor.data, dtype).copy()
    if not w.size:
        return tensor
    if dtype.kind == "f":
        values = [
            np.nan,
            np.inf,
            0.0,
            -0.0,
            np.finfo(dtype).max,
            np.finfo(dtype).min,
            np.finfo(dtype).tiny,
            1e-45,
            1e4,
            -1e4,
        ]
    else:
        values = [0, -1, 1, np.iinfo(dtype).max, np.iinfo(dtype).min, 2**31 - 1]
    i = draw.randrange(w.size)
    j = draw.choice([i + 1, i + 1, i + 5, w.size])
    w[i:j] = draw.choice(values)
    if draw.random() < 0.1:
        w = np.sort(w)
    return Stored(tensor.dtype, tensor.shape, w.tobytes())


class Loader:
    """Loads and uses mutants; ``path`` is a file that it may overwrite."""

    def __init__(self, mutants: Mutants, path: Path, limits: Limits) -> None:
        self._mutants, self._path, self._limits = mutants, path, limits

    def __call__(self, number: int) -> str:
        """Return what came out: refused, or used. Raises any error but those that are promised."""
        name, one, data = self._mutants(number)
        self._path.write_bytes(data)
        self._limits.begin()
        try:
            outcome = self._used(name, one.gold, public=number % 16 == 3)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
        self._limits.check(len(data))
        return outcome

    def _used(self, name: str, gold: Any, public: bool) -> str:
        path = str(self._path)
        try:
            content = model_file.read(path)
        except ModelFileError as error:
            self._one_line(error)
            if public:
                self._refused_by(elman.load, fast_lines.load)
            return "refused"
        try:
            model: Any = loading.of_content(path, content, threads=1)
        except ModelFileError as error:
            self._one_line(error)
            assert fast_lines.line_tagger(content, "auto") is None, "the light tagger takes what is refused"
            if public:
                self._refused_by(elman.load, fast_lines.load)
            return "refused"
        lines = fast_lines.line_tagger(content, "auto")
        self._limits.check(len(content))
        self._limits.begin()
        # text that is not of its columns, or weights so large that scores overflow
        with suppress(ConfigError, DataError, ModelFileError):
            forged.use(model, gold)
        if lines is not None:
            assert _tagged(lambda: b"".join(model.tag_lines([TEXT]))) == _tagged(lambda: lines.tag(TEXT))
        return "loaded and used"

    def _one_line(self, error: ModelFileError) -> None:
        text = str(error)
        assert text.startswith(f"{self._path}: ") and len(text) < 1_100, text
        assert text.isprintable() or any(c in text for c in "\u200c\u200d\u00a0\u3000"), text

    def _refused_by(self, *loads: Any) -> None:
        for load in loads:
            try:
                load(str(self._path))
            except ModelFileError:
                continue
            raise AssertionError(f"{load.__module__}.load takes what is refused")


def _tagged(tag: Callable[[], bytes]) -> bytes | str:
    """Return tagged text, or the error in its place."""
    try:
        return tag()
    except ModelFileError as error:
        return str(error)


def models_in(folder: Path) -> dict[str, Trained]:
    """Train the models, once for a folder: workers share them."""
    kept = folder / "models.pickle"
    if not kept.exists():
        made = {}
        for name, one in forged.trained(folder).items():
            tensors = {key: tensor._replace(data=bytes(tensor.data)) for key, tensor in one.content[1].items()}
            made[name] = Trained((one.content[0], tensors), one.gold)
            assert (folder / f"{name}.model").stat().st_size <= LARGEST, name
        kept.write_bytes(pickle.dumps(made))
    found: dict[str, Trained] = pickle.loads(kept.read_bytes())
    return found


def loader(folder: Path, seed: int, memory: int = MEMORY, seconds: float = SECONDS) -> Loader:
    """Return a loader of the mutants of a seed."""
    warnings.simplefilter("ignore")
    path = folder / f"mutant-{os.getpid()}"
    return Loader(Mutants(models_in(folder), seed), path, Limits(seconds, memory))


def sanitizers(site: Path) -> dict[str, str]:
    """Return the environment of a process with elman built with sanitizers."""
    names = ("libasan.so", "libstdc++.so")
    found = [
        subprocess.run(["c++", f"-print-file-name={name}"], capture_output=True, text=True).stdout for name in names
    ]
    options = {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
    return {
        **options,
        "PYTHONPATH": str(site),
        "ELMAN_KERNELS": "native",
        "LD_PRELOAD": " ".join(map(str.strip, found)),
    }


def main() -> int:
    """Run the campaign, or be one of its workers."""
    parser = campaigns.options(__doc__)
    parser.add_argument("--sanitized", type=Path, help="a folder with elman built with sanitizers")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--at", help=argparse.SUPPRESS)
    parser.add_argument("--try", type=int, dest="number", help="try the mutant of this number alone")
    given = parser.parse_args()
    if given.worker:
        sanitized = "LD_PRELOAD" in os.environ  # which take time and memory of their own
        serve(given.at, loader(given.worker, given.seed, *((1 << 40, 20.0) if sanitized else ())))
        return 0
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        folder = Path(name)
        models_in(folder)
        if given.number is not None:
            print(loader(folder, given.seed)(given.number))
            return 0
        title = "model files of every task, mutated, most with the right checksum: loaded, and used"
        campaign = campaigns.Campaign(given, "model files", title=title, folders=FOLDERS)
        command = [sys.executable, __file__, "--worker", name, "--seed", str(given.seed)]
        usual = Worker(command, folder)
        checked = Worker(command, folder, sanitizers(given.sanitized)) if given.sanitized else usual
        blocks(campaign, TOTAL, BLOCK, lambda block: checked if block % 10 == 9 else usual)
        usual.close()
        checked.close()
        return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
