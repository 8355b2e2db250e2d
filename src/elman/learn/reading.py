"""Read sentences as corrections: any format that is read, and sentences made in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from elman.data.corpus import LABEL_NAME, PAIRS_COLUMN, TargetKeys, as_items, check_texts, split_labels
from elman.data.correction import Correction
from elman.data.formats import Reading, read_sentences, read_table
from elman.data.formats.class_names import UnnamedTagsError
from elman.data.sentence import Sentence, check_words
from elman.data.targets import ANY, CLASSIFY, TAG
from elman.errors import ConfigError, DataError
from elman.taggers.batches import text_of
from elman.taggers.tagger import Tagger, TextClassifier
from elman.utils.arguments import described, is_path, is_table, path_texts
from elman.utils.display import shown
from elman.utils.files import input_files

_NULL = "\0"
"""What null among tags is read as: no text holds it."""


class _Keys(NamedTuple):
    """The names in sentences of the model's targets, those of words and document labels: target -> name."""

    words: Mapping[str, str]
    texts: Mapping[str, str]


class CorrectionReader:
    """Reads data of any form as corrections of a model; see ``corrections.read`` for the arguments."""

    def __init__(
        self,
        model: Tagger | TextClassifier,
        unlabelled: str,
        options: Mapping[str, Any],
        on_file: Callable[[str], None] | None = None,
    ) -> None:
        """``options`` are the format, encoding and text_column of ``read_sentences``."""
        self._model, self._options, self._on_file = model, options, on_file
        self._tasks = model.tasks
        # what says, by target, that nobody looked
        self._skipped = {
            name: {None, _NULL} if unlabelled in tags else {None, _NULL, unlabelled}
            for name, tags in model.tag_sets.items()
        }
        self.path = ""
        """The last file that was read; "" for sentences made in Python."""

    def read(self, data: Any) -> Iterator[Correction]:
        """Yield the sentences with a label. Raises DataError and ConfigError as ``corrections.read`` does."""
        if is_table(data):
            yield from self._of_reading(read_table(data, self._options["text_column"], null=_NULL))
            return
        items = iter(as_items(data))
        head = next(items, None)
        if is_path(head):
            for path in input_files(path_texts("corrections", chain([head], items))):
                yield from self._of_reading(read_sentences(path, null=_NULL, **self._options))
        elif head is not None:
            if self._options["text_column"] is not None:
                raise ConfigError("text_column: names a column of a table; the data are sentences made in Python")
            yield from self._of_python(list(chain([head], items)))

    def _of_reading(self, reading: Reading) -> Iterator[Correction]:
        self.path = reading.path
        if self._on_file is not None and self._options["format"] is None:
            self._on_file(f"{reading.path} read as {reading.format}: {reading.why}")
        keys = self._keys(reading)
        for sentence in check_texts(reading, TargetKeys(tuple(keys.words.values()), tuple(keys.texts.values()))):
            if sentence.words:
                yield from self._of_sentence(sentence, keys, f"{sentence.path}:{sentence.line}")

    def _keys(self, reading: Reading) -> _Keys:
        """Return the names of the model's targets in a file; in one of another format the usual column of a model's
        only target. Raises ConfigError if it has none of them.
        """
        model = self._model
        words = {}
        for name in model.word_targets:
            column = _column(reading, name)
            if column is not None:
                words[name] = column
        labels = reading.label_names() if model.text_targets else ()
        texts = {name: name for name in model.text_targets if name in labels}
        if not words and not texts and len(model.targets) == 1:
            usual = _column(reading, None) if model.word_targets else next(iter(reading.default_labels()), None)
            if usual is not None:
                words, texts = ({model.target: usual}, {}) if model.word_targets else ({}, {model.target: usual})
        if not words and not texts:
            first = next((sentence for sentence in reading.first() if sentence.words), None)
            if first is None:
                raise DataError("no sentences; expected sentences with labels", path=reading.path)
            found = ", ".join((*first.columns, *first.labels)) or "words alone"
            raise ConfigError(
                f"{reading.path}: expected a column of the model, {', '.join(model.targets)}, found {found}"
            )
        if words:
            reading.targets(tuple(words.values()))
        return _Keys(words, texts)

    def _of_python(self, items: Sequence[Any]) -> Iterator[Correction]:
        sentences = [
            item if isinstance(item, Correction) else self._sentence(item, i) for i, item in enumerate(items, 1)
        ]
        columns = {name for sentence in sentences if isinstance(sentence, Sentence) for name in sentence.columns}
        labels = {name for sentence in sentences if isinstance(sentence, Sentence) for name in sentence.labels}
        keys = _Keys(
            {name: name for name in self._model.word_targets if name in columns},
            {name: name for name in self._model.text_targets if name in labels},
        )
        if (columns or labels) and not keys.words and not keys.texts:
            found = ", ".join(sorted(columns | labels))
            raise ConfigError(f"expected a column of the model, {', '.join(self._model.targets)}, found {found}")
        for number, sentence in enumerate(sentences, start=1):
            where = f"sentence {number}"
            if isinstance(sentence, Correction):
                yield from self._checked(sentence, where)
            elif sentence.words:
                yield from self._of_sentence(sentence, keys, where)

    def _sentence(self, item: Any, number: int) -> Sentence:
        """Return an item as a sentence with the names of the model's targets. Raises DataError for another object."""
        if isinstance(item, Sentence):
            return item
        if isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], str | None):
            words = tuple(text_of(item[0]) if isinstance(item[0], str) else self._model.inputs_of_words(item[0]))
            return Sentence(words, labels={} if item[1] is None else {self._only(LABEL_NAME): item[1]})
        try:
            if isinstance(item, str) or any(isinstance(pair, str) for pair in item):
                raise TypeError
            pairs = [(word, tag) for word, tag in item]
        except (TypeError, ValueError):
            expected = "expected a Correction, a Sentence, a list of (word, tag) pairs, or a text with its label"
            raise DataError(f"sentence {number}: {expected}, got {shown(item)}") from None
        words = tuple(self._model.inputs_of_words([word for word, _ in pairs]))
        return Sentence(words, {self._only(PAIRS_COLUMN): tuple(tag for _, tag in pairs)})

    def _only(self, name: str) -> str:
        """Return the target that pairs of a word and a tag, or of a text and a label, are about."""
        model = self._model
        names = model.word_targets if name == PAIRS_COLUMN else model.text_targets
        if len(names) == 1:
            return names[0]
        found = f"several, {', '.join(names)}; pass Sentences" if names else "none"
        raise ConfigError(f"{name}: expected a model with one column of {name}s, this one has {found}")

    def _of_sentence(self, sentence: Sentence, keys: _Keys, where: str) -> Iterator[Correction]:
        labels: dict[str, Any] = {
            target: sentence.columns[key] for target, key in keys.words.items() if key in sentence.columns
        }
        for target, key in keys.texts.items():
            label = sentence.labels.get(key)
            if label is None and self._tasks[target] == ANY:
                labels[target] = ()  # as in training: a text without a label has none of them
            elif label not in self._skipped[target]:
                labels[target] = split_labels(label or "")
        words = tuple(self._model.inputs_of(sentence))
        yield from self._checked(Correction(words, labels, sentence.path, sentence.line), where)

    def _checked(self, correction: Correction, where: str) -> Iterator[Correction]:
        """Yield a correction, with None for labels that nobody looked at, if any is left.

        Raises ConfigError for a column that the model lacks, DataError if labels do not fit the sentence.
        """
        words = tuple(self._model.inputs_of_words(correction.words))
        labels: dict[str, tuple[str | None, ...]] = {}
        for name, values in correction.labels.items():
            task = self._tasks.get(name)
            if task is None:
                names = ", ".join(self._model.targets)
                raise ConfigError(f"{where}: the model has no column {shown(name)}; expected {names}")
            if isinstance(values, str) or not isinstance(values, Sequence):
                raise DataError(f"{where}: {name}: expected a tuple of labels, got {described(values)}")
            if task == TAG:
                if len(values) != len(words):
                    expected = f"expected a label for each of {len(words)} words"
                    raise DataError(f"{where}: {name}: {expected}, got {len(values)}")
                tags = tuple(None if tag in self._skipped[name] else tag for tag in values)
                _check_labels([tag for tag in tags if tag is not None], name, where)
                if set(tags) != {None}:
                    labels[name] = tags
            else:
                parts = _check_labels(values, name, where)
                if (not parts and task != ANY) or (len(parts) > 1 and task == CLASSIFY):
                    expected = "one label" if task == CLASSIFY else "one label or more"
                    raise DataError(f"{where}: {name}: expected {expected}, got {shown('|'.join(parts))}")
                labels[name] = tuple(sorted(set(parts)))
        if labels and words:
            yield Correction(words, labels, correction.path, correction.line)


def _column(reading: Reading, name: str | None) -> str | None:
    """Return the name in sentences of a column; None if the file has none of that name."""
    try:
        return reading.target(name)
    except UnnamedTagsError:
        raise
    except ConfigError:
        return None


def _check_labels(labels: Iterable[Any], name: str, where: str) -> list[str]:
    """Return the labels. Raises DataError if one is no text, or empty."""
    texts = list(labels)
    for label in texts:
        if not isinstance(label, str) or not label:
            raise DataError(f"{where}: {name}: expected labels that are texts, got {described(label)}")
    check_words(texts)
    return texts
