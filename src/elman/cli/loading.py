"""Models that commands load, and what these say when something else is given."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.cli.notes import Notes
    from elman.cli.options import RunOptions
    from elman.data.formats import ModelHints
    from elman.taggers.base import Predictor


def is_model(path: str) -> bool:
    """Return whether a file is a model: safetensors begins with a length in eight bytes, some 0, as no text does."""
    if not os.path.isfile(path):
        return False  # looking into a pipe would take from it
    try:
        with open(path, "rb") as file:
            start = file.read(9)
    except OSError:
        return False  # reading it will say why
    return start[8:] == b"{" and b"\0" in start


def load_model(
    path: str,
    options: RunOptions,
    notes: Notes,
    files: Sequence[str] = (),
    load: Callable[..., Any] | None = None,
) -> Any:
    """Load a model. ``files`` are the arguments behind it, ``load`` a loader in place of ``elman.load``.

    Raises ConfigError if MODEL and FILE are swapped; ModelFileError if the file is no model.
    """
    check_order(path, files)
    if load is None:
        from elman.taggers.load import load as load_any

        load = load_any
    precision = {"precision": options.precision} if hasattr(options, "precision") else {}
    return load(path, threads=options.threads, on_note=notes.add, **precision)


def check_order(model: str, files: Sequence[str]) -> None:
    """Raise ConfigError if the first argument is no model and a later one is."""
    swapped = next(filter(is_model, files), None)
    if swapped is not None and not is_model(model):
        raise ConfigError(f"MODEL and FILE look swapped: {swapped} is a model, {model} is not; the model comes first")


def known(tagger: Predictor) -> ModelHints:
    """Return what a model says of the files it is to tag; the labels of an encoding are no tags of such files."""
    from elman.data.formats import ModelHints

    if not tagger.plain_labels:
        return ModelHints("text" if tagger.reads_raw_text else tagger.format, tagger.targets)
    words = frozenset(tag for name in tagger.word_targets for tag in tagger.tag_sets[name])
    texts = frozenset(label for name in tagger.text_targets for label in tagger.tag_sets[name])
    return ModelHints(tagger.format, tagger.targets, words, texts)
