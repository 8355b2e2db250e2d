"""The fast path of ``elman tag`` for large plain text: tag lines natively from bytes to bytes, without NumPy.

It supports forward and bidirectional LSTMs of one layer on word vectors, affixes and n-grams, such as those of the
presets ``default``, ``fast`` and ``best``, and predicts the same tags as the full tagger (``elman.taggers.tagger``).
The full tagger is loaded for all other models and methods.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from elman import kernels
from elman.data.targets import fit_word_tag
from elman.data.tokenization import rules_record
from elman.errors import ModelFileError
from elman.models import file, network_record
from elman.models.line_tagger import make, supports
from elman.utils import validation
from elman.utils.parallel import ordered, thread_count

if TYPE_CHECKING:
    from elman.taggers.base import Predictor

Content = tuple[dict[str, Any], Mapping[str, file.Stored]]


def load(
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    precision: str = "auto",
    on_note: Callable[[str], None] | None = None,
) -> Any:
    """Return a ``LightTagger`` if model and machine support it, otherwise the predictor of ``elman.load``."""
    content = file.read(path)
    lines = line_tagger(content, precision)
    if lines is None:
        from elman.taggers.load import of_content

        return of_content(path, content, threads=threads, precision=precision, on_note=on_note)

    def whole() -> Predictor:  # read the file again, to keep only the native copy in memory
        from elman.taggers.load import load

        return load(path, threads=threads, precision=precision, on_note=on_note)

    return LightTagger(content[0], lines, thread_count(threads), whole)


class LightTagger:
    """The attributes of a ``Tagger`` of one word column that ``elman tag`` needs, and its ``tag_lines``.

    All other attributes load the full tagger and delegate to it.
    """

    task, kind = "tag", "rnn"
    tags_lines = plain_labels = reads_sentences = True
    reads_raw_text = reads_symbols = False
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
        """Yield tagged texts; see ``Tagger.tag_lines``."""
        return ordered(self._lines.tag, texts, self.threads)

    def __getattr__(self, name: str) -> Any:
        if self._whole is None:
            self._whole = self._load()
        return getattr(self._whole, name)


def line_tagger(content: Content, precision: str) -> Any:
    """Return the native tagger for a model file's content; None if the model is not supported here, or malformed."""
    record, stored = content
    if record.get("kind") != "rnn" or "task" in record:
        return None
    core = kernels.native_core()
    if core is None or (precision == "int8" and not core.has_int8()):
        return None
    try:
        front = validation.front(record, ("rnn",))
        checked = network_record.checked(front.model, file.forms(stored))
        if "tokenization" in front.data:
            rules_record.check(front.data["tokenization"])
        validation.demand(len(front.targets) == len(checked.tags), "target: expected one for each label column")
        if "history" in record:
            from elman.models.history import History

            History.from_record(record["history"], front.targets, ())
    except (ModelFileError, RecursionError):  # reported when the full model is loaded
        return None
    network, tags, words = checked.network, checked.tags[0], checked.words
    supported = supports(network, checked.tasks) and not words.vectors[1]
    supported = supported and words.token_features is None and words.dictionary is None
    if not supported or not fit_word_tag(tags):
        return None
    int8, scheme = precision != "exact" and core.has_int8(), checked.schemes[0]
    return make(core, network, words.words, words.features, tags, scheme, stored, checked.prefixes, int8)
