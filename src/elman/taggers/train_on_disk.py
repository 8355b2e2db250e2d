"""Train a tagger on a labelled file that is too large for memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elman.config import Config
from elman.data.corpus import Data, ReadOptions, TargetKeys, read_corpus
from elman.models.registry import kernel_notes
from elman.taggers.tagger import Tagger
from elman.training.disk_corpus import check_share
from elman.training.disk_reader import read, size_of
from elman.training.train_rnn import train_rnn
from elman.training.trainer import Progress


def train_on_disk(
    path: str,
    dev: Data | float | None,
    how: ReadOptions,
    config: Config,
    *,
    seed: int,
    threads: int,
    on_progress: Callable[[Progress], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Tagger:
    """A tagger of a large file; ``dev`` may be its last so many per cent. Raises as ``read`` does."""
    if isinstance(dev, float):
        check_share(dev)
    text = read(path, how, config.network.vocabulary, dev if isinstance(dev, float) else 0.0)
    held = None if dev is None or isinstance(dev, float) else read_corpus(dev, how, TargetKeys((text.target,)))
    part, held_out, notes = text.corpus.held_out, None, [text.note]
    if part is not None:
        held_out = f"the end of the text: {size_of(part)}"
        notes.append(f"held out for dev: {held_out}")
    if on_note is not None:
        for note in [*notes, *(held.notes if held else ()), *kernel_notes("rnn")]:
            on_note(note)
    pairs = None if held is None else held.pairs()
    model: Any = train_rnn(text.corpus, pairs, config, seed=seed, threads=threads, on_progress=on_progress)
    data = {
        "sentences": len(text.corpus),
        "words": int(text.corpus.lengths.sum()),
        "dev_sentences": len(part) if part is not None else None if held is None else len(held.sentences),
        "dev_accuracy": model.dev_accuracy,
        "held_out": held_out,
    }
    return Tagger(model, targets=(text.target,), format=text.format, data=data, threads=threads)
