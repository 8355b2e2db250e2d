"""Predictions as Arrow tables: a table in memory with the predicted columns, or a new one for other sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from elman.data.fields import field_names, fields_of
from elman.data.formats import read_table
from elman.data.formats.arrow_rows import ArrowRows, library
from elman.data.sentence import CONFIDENCE, Sentence
from elman.errors import ConfigError
from elman.taggers.batches import refuse_text
from elman.utils.arguments import is_table

if TYPE_CHECKING:
    from elman.taggers.base import Target
    from elman.taggers.column_predictor import ColumnPredictor


def predicted_table(
    tagger: ColumnPredictor, data: Any, names: Sequence[str], *, confidence: bool, text_column: str | None
) -> Any:
    """Return a ``pyarrow.Table`` of ``data``, a table or sentences, with the predicted columns ``names``.

    Raises ConfigError if the texts are not found, MissingExtraError without pyarrow.
    """
    words = [name for name in names if name not in tagger.text_targets]
    labels = [name for name in names if name in tagger.text_targets]
    alone = confidence and not words
    source = _Source(tagger, data, text_column)
    rows = source.rows(words, [*labels, *([CONFIDENCE] if alone else [])], words if confidence else ())
    found = tagger.pipe(source.sentences, columns=names, confidence=confidence)
    tables = []
    for sentence, row in zip(source.sentences, found, strict=True):
        values = {name: row[name][0] if confidence else row[name] for name in names}
        of_text = {name: values[name] for name in labels if sentence.words and (values[name] or sentence.format)}
        if alone and sentence.words:
            of_text[CONFIDENCE] = f"{row[labels[0]][1]:.4f}"
        probabilities = {name: row[name][1] for name in words} if confidence and words else None
        shown = probabilities[words[0]] if probabilities and len(words) == 1 else probabilities
        table = rows.add(replace(sentence, labels=of_text), {name: values[name] for name in words}, shown)
        tables += [] if table is None else [table]
    return _joined(tables, rows)


def fields_table(tagger: ColumnPredictor, data: Any, text_column: str | None) -> Any:
    """Return a ``pyarrow.Table`` of ``data`` with a column for each field. Raises ConfigError as above."""
    names = fields_of_tagger(tagger)
    source = _Source(tagger, data, text_column)
    check_free(names, source.names)
    rows = source.rows((), names)
    tables = []
    for sentence, tags in zip(source.sentences, tagger.pipe(source.sentences), strict=True):
        found = all_fields(fields_of(zip(sentence.words, tags, strict=True)), names)
        labels = {name: text for name, text in found.items() if text or sentence.format}  # an empty one: null
        table = rows.add(replace(sentence, labels=labels), {})
        tables += [] if table is None else [table]
    return _joined(tables, rows)


def fields_of_tagger(tagger: ColumnPredictor, target: Target = None) -> tuple[str, ...]:
    """Return the names of the fields that a tagger finds by a column. Raises ConfigError if it tags no words."""
    if not tagger.reads_sentences or not tagger.plain_labels or not tagger.word_targets:
        raise ConfigError(f"fields: expected a tagger of words (task tag), got a model of the task {tagger.task}")
    (name, *others) = tagger.chosen(target) if target else tagger.word_targets[:1]
    if others or name in tagger.text_targets:
        raise ConfigError(f"fields: expected one column of tags, got {', '.join((name, *others))}")
    return field_names(tagger.tag_sets[name])


def all_fields(found: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return all fields, empty where nothing was found."""
    return {name: found.get(name, "") for name in names}


def check_free(names: Iterable[str], columns: Iterable[str], path: str = "the table") -> None:
    """Raise ConfigError if a field has the name of a column that is there."""
    taken = [name for name in names if name in columns]
    if taken:
        raise ConfigError(f"{path}: it has a column {taken[0]} already, the name of a field too; rename the column")


class _Source:
    """The sentences of a table, or those of a list.

    ``names``  the names of the columns of the table
    """

    def __init__(self, tagger: ColumnPredictor, data: Any, text_column: str | None) -> None:
        library()
        self.sentences: Sequence[Sentence]
        if is_table(data):
            reading = read_table(data, text_column, labelled=False, inputs=tagger.input_columns)
            is_list = "list" in str(reading.schema.field(reading.content).type)
            self._schema, self._words = reading.schema, reading.content if is_list else ""
            self.names = tuple(reading.names)
            self.sentences = list(reading)
            return
        refuse_text(data)
        if text_column is not None:
            raise ConfigError("text_column: names a column of a table; the data are sentences made in Python")
        self._schema, self._words, self.names = None, "", ("text", "tokens")
        self.sentences = [Sentence(tuple(tagger._words(item))) for item in data]

    def rows(self, columns: Sequence[str], labels: Sequence[str], scored: Sequence[str] = ()) -> ArrowRows:
        """Return what makes the tables with these columns of words and document labels; ``scored`` have confidences."""
        return ArrowRows(columns, labels, self._schema, self._words, scored)


def _joined(tables: list[Any], rows: ArrowRows) -> Any:
    pa, _ = library()
    return pa.concat_tables([*tables, rows.finish()])
