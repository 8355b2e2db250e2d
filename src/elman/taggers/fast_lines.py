"""The fast path of ``elman tag``: tag text natively from bytes to bytes, without NumPy.

It serves the models that ``elman.models.line_tagger`` supports, such as those of the presets ``default``, ``fast`` and
``best``, and predicts the same tags as the full tagger (``elman.taggers.tagger``). The full tagger is loaded for all
other models and methods.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from elman import kernels
from elman.data.targets import fit_word_tag
from elman.data.tokenization import rules_record
from elman.errors import ModelFileError
from elman.models import file, line_tagger as native, network_record
from elman.taggers.blocks import BlockRequest, BlockTagger, TaggedBlock
from elman.utils import limits, validation
from elman.utils.parallel import ordered, thread_count

if TYPE_CHECKING:
    from elman.models.network_record import NetworkRecord
    from elman.taggers.base import Predictor, Target

Content = tuple[dict[str, Any], Mapping[str, file.Stored]]


def load(
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    precision: str = "auto",
    on_note: Callable[[str], None] | None = None,
    read: Callable[[str | os.PathLike[str]], Content] = file.read,
) -> Any:
    """Return a ``LightTagger`` if model and machine support it, otherwise the predictor of ``elman.load``.

    ``read``  reads the file, again when the full tagger is needed
    """
    content = read(path)
    record = supported(content, precision)

    def full(content: Content) -> Any:
        from elman.taggers.load import of_content

        return of_content(path, content, threads=threads, precision=precision, on_note=on_note)

    if record is None:
        return full(content)
    return LightTagger(content, record, precision, thread_count(threads), (partial(read, path), full))


class LightTagger:
    """The attributes of a ``Tagger`` that ``elman tag`` needs, its ``tag_lines`` and its ``block_tagger``.

    The native tagger is built when it is first needed; all other attributes load the full tagger and delegate to it.
    """

    task, kind = "tag", "rnn"
    plain_labels = reads_sentences = True
    reads_raw_text = reads_symbols = False
    text_targets: tuple[str, ...] = ()
    input_columns: tuple[str, ...] = ()

    def __init__(
        self,
        content: Content,
        record: NetworkRecord,
        precision: str,
        threads: int,
        load: tuple[Callable[[], Content], Callable[[Content], Predictor]],
    ) -> None:
        """``load``: reads the file again, and builds the full tagger."""
        target = content[0]["target"]
        self.targets: tuple[str, ...] = (target,) if isinstance(target, str) else tuple(target)
        self.word_targets, self.target = self.targets, self.targets[0]
        self.tag_sets = {name: tuple(tags) for name, tags in zip(self.targets, record.tags, strict=True)}
        self.format: str = content[0]["format"]
        self.tags_lines = len(self.targets) == 1 and fit_word_tag(self.tag_sets[self.target])
        self.threads = threads
        self._record, self._precision = record, precision
        self._read, self._build = load
        self._content: Content | None = content  # until the native or the full tagger is built: only one is kept
        self._lines: Any = None
        self._full: Predictor | None = None

    def chosen(self, columns: Target = None) -> tuple[str, ...]:
        """As ``Predictor.chosen``."""
        from elman.data.formats import column_names

        names = column_names(columns) or self.targets
        return names if set(names) <= set(self.targets) else self.__getattr__("chosen")(columns)

    def tag_lines(self, texts: Iterable[bytes]) -> Iterator[bytes]:
        """Yield tagged texts; see ``Tagger.tag_lines``."""
        return ordered(partial(tag_text, self._native()), texts, self.threads)

    def block_tagger(self, request: BlockRequest) -> BlockTagger | None:
        """Return the function that tags blocks of text; None if the formats are not read or written natively."""
        if (request.input, request.output) not in kernels.native_core().block_formats():
            return None
        if request.confidences and not native.gives_confidences(self._record.network, self._record.schemes):
            return None
        longest = min(limits.LONGEST, limits.SCORES // max(map(len, self.tag_sets.values())))
        written = [(self.targets.index(column.name), column.key, column.field) for column in request.columns]
        formats = {"input": request.input, "output": request.output, "table": request.table}
        options = {"written": written, "confidences": request.confidences, "longest": longest}
        tag = partial(self._native().tag, **formats, **options)

        def tagged(text: bytes) -> TaggedBlock | None:
            block = tag(text)
            return None if block is None else TaggedBlock(*block)

        return tagged

    def _native(self) -> Any:
        if self._lines is None:
            content = self._content or self._read()
            self._lines, self._content = line_tagger(content, self._precision, self._record), None
        return self._lines

    def __getattr__(self, name: str) -> Any:
        if self._full is None:
            self._full, self._content = self._build(self._content or self._read()), None
        return getattr(self._full, name)


def supported(content: Content, precision: str) -> NetworkRecord | None:
    """Return the checked record of a model file; None if there is no native tagger for it, or it is malformed."""
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
    words = checked.words
    others = words.vectors[1], words.token_features, words.dictionary, checked.graph
    return checked if native.supports(checked.network, checked.tasks, *others) else None


def line_tagger(content: Content, precision: str, record: NetworkRecord | None = None) -> Any:
    """Return the native tagger for a model file's content and its checked record; None if there is none for it."""
    record = record or supported(content, precision)
    if record is None:
        return None
    core, network, words = kernels.native_core(), record.network, record.words
    columns = native.columns(network, record.tags, record.schemes, record.temperatures)
    int8 = precision != "exact" and core.has_int8()
    return native.make(core, network, words.words, words.features, columns, content[1], record.prefixes, int8)


def tag_text(lines: Any, text: bytes) -> bytes:
    """Return a text with ``_TAG``, of the first column, after each word, by a native tagger."""
    options = {"written": [(0, "tag", 0)], "confidences": False, "longest": limits.LINE, "table": (0, 0)}
    tagged: bytes = lines.tag(text, input="text", output="word_tag", **options)[0]
    return tagged
