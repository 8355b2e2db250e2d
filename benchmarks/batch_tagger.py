"""What BatchTagger adds to the time of tagging lines: Arrow in and out, on one core.

    python benchmarks/batch_tagger.py [--rounds 9] [--times 40]

The sentences of English EWT test, 40 times over, are tagged as bytes, a sentence a line, by the native tagger of
``elman tag``, and as a column of texts or of lists of words by ``elman.scale.BatchTagger``, in turn. The time is that
of the processor, so that other work on the machine counts less. Writes benchmarks/results/batch-tagger.json.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version
from statistics import median
from typing import Any

from cases.models import model_of
from harness.machine import Others, circumstances, require_quiet, run_job
from harness.measure import figure
from harness.results import DATA, RESULTS, options, treebank, write_json

RESULT = RESULTS / "batch-tagger.json"
BAR = 1.15  # of the time of tagging lines
BLOCK = 1_500  # lines of a block: about 100 kB, as elman tag reads text
ROWS = 10_000  # of a batch, as Spark makes them
MODELS = ("default", "fast")


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Return the number of words and, by name of what was tagged, the CPU seconds of the rounds."""
    import pyarrow as pa

    from elman.data.formats import read_sentences
    from elman.scale import BatchTagger
    from elman.taggers import fast_lines
    from elman.taggers.blocks import BlockRequest, WrittenColumn

    sentences = [list(sentence.words) for sentence in read_sentences(job["text"]) if sentence.words] * job["times"]
    words = [[word.replace(" ", "\u00a0") for word in sentence] for sentence in sentences]
    lines = [" ".join(sentence) for sentence in words]
    blocks = ["".join(f"{line}\n" for line in lines[i : i + BLOCK]).encode() for i in range(0, len(lines), BLOCK)]
    native = fast_lines.load(job["model"], threads=1)
    tag_block = native.block_tagger(BlockRequest("text", "word_tag", (WrittenColumn(native.target, native.target),)))
    tagger, careful = BatchTagger(job["model"]), BatchTagger(job["model"], on_error="column")
    texts, tokens = pa.table({"text": lines}), pa.table({"tokens": words})
    batches = texts.to_batches(max_chunksize=ROWS)
    work: dict[str, Callable[[], Any]] = {
        "lines": lambda: [tag_block(block) for block in blocks],
        "texts": lambda: tagger(texts),
        "texts in batches": lambda: list(map(tagger, batches)),
        "texts, a column of errors": lambda: careful(texts),
        "lists of words": lambda: tagger(tokens),
    }
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for number in range(job["rounds"] + 1):
        for name, tag in work.items():
            began = time.process_time()
            tag()
            if number:  # the first round fills the tables of words
                seconds[name].append(time.process_time() - began)
    return {"words": sum(map(len, words)), "seconds": seconds}


def main() -> None:
    """Measure as the command line says."""
    given = options(
        __doc__,
        rounds=(9, "rounds"),
        times=(40, "how often the text is repeated"),
        force=(False, "measure on a busy machine, too"),
    )
    paths = {name: str(model_of(name)[0]) for name in MODELS}
    require_quiet(given.force)
    others, found = Others(), {}
    job = {"text": str(DATA / treebank("en_ewt", "test")), "rounds": given.rounds, "times": given.times, "threads": 1}
    for name, path in paths.items():
        result = run_job("batch_tagger", job | {"model": path})
        seconds = result["seconds"]
        of_lines = median(seconds["lines"])
        ratios = {what: median(each) / of_lines for what, each in seconds.items()}
        figures = {what: figure(each, "s") for what, each in seconds.items()}
        found[name] = {"words": result["words"], "ratios": ratios, "cpu": figures}
        print(
            f"{name}: lines {of_lines:.3f} s; " + ", ".join(f"{what} {x:.3f}" for what, x in ratios.items()), flush=True
        )
    about = circumstances(others) | {"pyarrow": version("pyarrow")}
    write_json(RESULT, {"about": about, "bar": BAR, "models": found})


if __name__ == "__main__":
    main()
