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
import mmap
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import campaign as campaigns
import elman
import forged
from elman.errors import ConfigError, DataError, ModelFileError
from elman.models import file as model_file
from elman.taggers import fast_lines, load as loading
from forged import CONLLU, TREES, Trained
from model_mutants import Mutants
from workers import Limits, Worker, blocks, serve

TOTAL, BLOCK = 2_000_000, 1_000
FOLDERS = ["data", "evaluation", "features", "kernels", "models", "nn", "taggers", "tasks", "utils"]
SECONDS, MEMORY = 1.0, 64 << 20
LARGEST = 50_000
ALL_USES, PUBLIC = 37, 17
"""One of this many mutants is used in all ways, the others in one of them; or is refused by ``elman.load`` too."""
SANITIZED = "with sanitizers"
TEXT = "the cats sleep Zürich\nYork\n".encode()
GOLD = {"train.conllu": CONLLU, "train.trees": TREES, "train.txt": "the cat sleeps\nthe cats sleep\n"}
"""What stands in the files of gold data that mutants are evaluated on."""


class Loader:
    """Loads and uses mutants; ``path`` is a file that it may overwrite."""

    def __init__(self, mutants: Mutants, path: Path, limits: Limits) -> None:
        self._mutants, self._path, self._limits = mutants, path, limits

    def __call__(self, number: int) -> str:
        """Return what came out: refused, or used. Raises any error but those that are promised."""
        one, data = self._mutants(number)
        on_disk = number % 7 == 0 or number % PUBLIC == 3
        if on_disk:
            self._path.write_bytes(data)
        self._limits.begin()
        try:
            outcome = self._tried(one.gold, data, number, on_disk)
        except AssertionError as error:
            raise AssertionError(f"{one.name}: {error}") from error
        self._limits.check(len(data))
        return outcome

    def _tried(self, gold: Any, data: bytes, number: int, on_disk: bool) -> str:
        path = str(self._path)
        try:
            content = model_file.read(path) if on_disk else model_file.from_bytes(data, path)
        except ModelFileError as error:
            return self._refused(error, number)
        try:
            model: Any = loading.of_content(path, content, threads=1)
        except ModelFileError as error:
            assert fast_lines.line_tagger(content, "auto") is None, "the light tagger takes what is refused"
            return self._refused(error, number)
        lines = fast_lines.line_tagger(content, "auto")
        self._limits.check(len(data))
        self._limits.begin()
        uses = forged.uses(model, gold)
        for use in uses if number % ALL_USES == 0 else [uses[number // 5 % len(uses)]]:
            # text that is not of its columns, or weights so large that scores overflow
            with suppress(ConfigError, DataError, ModelFileError):
                use()
        if lines is not None and model.tags_lines:
            assert _tagged(lambda: b"".join(model.tag_lines([TEXT]))) == _tagged(
                lambda: fast_lines.tag_text(lines, TEXT)
            )
        return "loaded and used"

    def _refused(self, error: ModelFileError, number: int) -> str:
        """Check the one line, and sometimes that the public functions refuse the file too."""
        self._one_line(error)
        for load in (elman.load, fast_lines.load) if number % PUBLIC == 3 else ():
            try:
                load(str(self._path))
            except ModelFileError:
                continue
            raise AssertionError(f"{load.__module__}.load takes what is refused")
        return "refused"

    def _one_line(self, error: ModelFileError) -> None:
        text = str(error)
        assert text.startswith(f"{self._path}: ") and len(text) < 1_100, text
        assert text.isprintable() or any(c in text for c in "\u200c\u200d\u00a0\u3000"), text


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
            gold = one.gold if isinstance(one.gold, str) else one.gold[:4]
            made[name] = Trained((one.content[0], tensors), gold)
            assert (folder / f"{name}.model").stat().st_size <= LARGEST, name
        for name, text in GOLD.items():
            (folder / name).write_text(text, encoding="utf-8")
        kept.write_bytes(pickle.dumps(made))
    found: dict[str, Trained] = pickle.loads(kept.read_bytes())
    return found


def loader(folder: Path, seed: int, memory: int = MEMORY, seconds: float = SECONDS) -> Loader:
    """Return a loader of the mutants of a seed."""
    warnings.simplefilter("ignore")
    if hasattr(mmap, "MADV_HUGEPAGE"):
        del mmap.MADV_HUGEPAGE  # to clear a large page takes longer than all else that is done with a tiny model
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
        "PYTHONPATH": str(site.resolve()),
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
    with tempfile.TemporaryDirectory(dir=campaigns.memory()) as name:
        folder = Path(name)
        models_in(folder)
        if given.number is not None:
            print(loader(folder, given.seed)(given.number))
            return 0
        title = "model files of every task, mutated, most with the right checksum: loaded, and used"
        campaign = campaigns.Campaign(given, "model files", title=title, folders=FOLDERS)
        command = [sys.executable, __file__, "--worker", name, "--seed", str(given.seed)]
        usual = Worker(command, folder)
        checked = Worker(command, folder, sanitizers(given.sanitized), SANITIZED) if given.sanitized else usual
        blocks(campaign, TOTAL, BLOCK, lambda block: checked if block % 10 == 9 else usual)
        usual.close()
        checked.close()
        return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
