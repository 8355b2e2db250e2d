"""The tagger of ``elman tag`` for large plain text: loaded without NumPy, it tags lines natively from bytes to bytes.

It serves bidirectional or forward LSTMs of one layer on word vectors and affixes, which the presets ``default`` and
``fast`` are, with the same tags as the whole tagger (``elman.taggers.tagger``). That is loaded for every other
model, and when anything else is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from elman import kernels
from elman.data.targets import TAG, fit_word_tag
from elman.errors import ModelFileError
from elman.features.affixes import affixes
from elman.models import file as model_file, network_record
from elman.utils import validation
from elman.utils.parallel import ordered, thread_count

if TYPE_CHECKING:
    from elman.taggers.base import Predictor

Content = tuple[dict[str, Any], Mapping[str, model_file.Stored]]


def load(
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    precision: str = "auto",
    on_note: Callable[[str], None] | None = None,
) -> Any:
    """Return what ``elman.load`` returns, or a ``LightTagger`` if the model and the machine allow it."""
    content = model_file.read(path)
    lines = line_tagger(content, precision)
    if lines is None:
        from elman.taggers.load import of_content

        return of_content(path, content, threads=threads, precision=precision, on_note=on_note)

    def whole() -> Predictor:  # read once more: what the native tagger has made its own is not kept twice
        from elman.taggers.load import load

        return load(path, threads=threads, precision=precision, on_note=on_note)

    return LightTagger(content[0], lines, thread_count(threads), whole)


class LightTagger:
    """What ``elman tag`` needs to know of a ``Tagger`` of one column of words, and its ``tag_lines``.

    Whatever else it is asked for, it loads the whole tagger and asks that.
    """

    task, kind = "tag", "rnn"
    tags_lines = True
    text_targets: tuple[str, ...] = ()

    def __init__(self, record: Mapping[str, Any], lines: Any, threads: int, whole: Callable[[], Predictor]) -> None:
        self.target: str = record["target"]
        self.targets = self.word_targets = (self.target,)
        self.format: str = record["format"]
        self.tag_sets = {self.target: tuple(record["model"]["tags"])}
        self.threads = threads
        self._lines, self._load = lines, whole
        self._whole: Predictor | None = None

    def tag_lines(self, texts: Iterable[bytes]) -> Iterator[bytes]:
        """As ``Tagger.tag_lines``."""
        return ordered(self._lines.tag, texts, self.threads)

    def __getattr__(self, name: str) -> Any:
        if self._whole is None:
            self._whole = self._load()
        return getattr(self._whole, name)


def line_tagger(content: Content, precision: str) -> Any:
    """The native tagger of a model file's content; None: of this model there is none here, or it is no sound one."""
    record, stored = content
    if record.get("kind") != "rnn" or "task" in record:
        return None
    core = kernels.native_core()
    if core is None or (precision == "int8" and not core.has_int8()):
        return None
    try:
        front = validation.front(record, ("rnn",))
        found = network_record.checked(front.model, model_file.forms(stored))
        validation.demand(len(front.targets) == len(found.tags), "target: expected one for each label column")
    except (ModelFileError, RecursionError):  # what is wrong is said when the whole model is loaded
        return None
    network, tags = found.network, found.tags[0]
    served = network.cell == "lstm" and network.layers == 1 and network.embedding > 0
    served = served and network.features in ("none", "affixes") and not network.characters
    served = served and found.tasks == [TAG] and not found.words.vectors[1]
    if not served or not fit_word_tag(tags):
        return None
    sizes = network.embedding, network.feature_embedding, network.hidden
    return core.LineTagger(
        found.words.words,
        found.words.features,
        affixes,
        tags,
        stored,
        found.prefixes,
        (*sizes, network.direction == "bidirectional"),
        _chain(tags, network.decoder == "crf", found.schemes[0]),
        precision != "exact" and core.has_int8(),
    )


def _chain(tags: list[str], crf: bool, scheme: str) -> tuple[bool, bytes, bytes, bytes] | None:
    """Whether the network has a chain of its own, and which transitions, beginnings and ends are allowed, if not all.

    None: every word is tagged by itself.
    """
    if scheme == "none":
        return (True, b"", b"", b"") if crf else None
    from elman.models.constraints import table

    return crf, *table(tags, scheme)
