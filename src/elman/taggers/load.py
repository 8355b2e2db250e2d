"""Load a model of any task from its file. Modules that only some tasks need are imported on demand."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from elman.errors import ModelFileError
from elman.models import file
from elman.models.history import KEY as HISTORY, History
from elman.models.kinds import kernel_notes
from elman.taggers.base import Predictor
from elman.taggers.column_predictor import ColumnPredictor
from elman.utils.display import shown
from elman.utils.parallel import thread_count
from elman.utils.validation import demand


def load(
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    precision: str = "auto",
    on_note: Callable[[str], None] | None = None,
    base: bool = False,
) -> Predictor:
    """Load a tagger, or a model of another task, from its model file. Raises ModelFileError if it is not a valid one.

    ``precision``  the precision of a network in prediction: ``exact`` (float32), ``int8`` (an LSTM's recurrent product
                   in 8-bit integers), or ``auto``: int8 if the processor supports it. Raises ConfigError if int8 is
                   not supported
    ``on_note``    is called if the native kernels are missing, so that a recurrent network will be slow
    ``base``       also load a base model of ``elman pretrain``, which predicts nothing
    """
    return of_content(path, file.read(path), threads=threads, precision=precision, on_note=on_note, base=base)


def of_content(
    path: str | os.PathLike[str],
    content: tuple[dict[str, Any], Mapping[str, file.Stored]],
    *,
    threads: int | None = None,
    precision: str = "auto",
    on_note: Callable[[str], None] | None = None,
    base: bool = False,
) -> Predictor:
    """Build the model from the result of ``elman.models.file.read``; see ``load``."""
    record, tensors = content[0], file.arrays(content[1])
    n_threads = thread_count(threads)
    try:
        if "task" in record:
            demand(isinstance(record["task"], dict), f"task: expected a table, found {shown(record['task'])}")
            from elman.taggers import registry

            model: Predictor = registry.load(record, tensors, threads=n_threads)
        else:
            model = ColumnPredictor.from_record(record, tensors, threads=n_threads)
        if HISTORY in record:
            model = model.with_history(History.from_record(record[HISTORY], model.word_targets, model.text_targets))
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)}: {error}") from None
    except RecursionError:
        raise ModelFileError(f"{os.fspath(path)}: values in it are nested too deeply for a model") from None
    if not (model.predicts or base):
        name = os.fspath(path)
        raise ModelFileError(f"{name}: a base model, which predicts nothing; elman train --from {name} begins with it")
    if on_note is not None:
        for note in kernel_notes(model.kind):
            on_note(note)
    model.choose_precision(precision)
    return model
