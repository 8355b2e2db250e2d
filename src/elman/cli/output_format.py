"""The output format of ``elman tag``: which it is, whether it can hold the tags, what of the input it loses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from elman.data.formats.endings import extension, formats_of, output_format
from elman.data.sentence import CONFIDENCE
from elman.data.targets import ANY, TREE
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.cli.notes import Notes
    from elman.cli.output_columns import OutputColumns
    from elman.data.formats import Reading, Writer
    from elman.data.formats.holds import Confidences
    from elman.data.sentence import Sentence
    from elman.taggers.base import Predictor

RECORDS = ("jsonl", "json", "parquet")
DRAWN = ("tree", "html", "tags")
"""Formats that are not meant to hold the rest of the input."""


class OutputFormat:
    """The format that is written: the one asked for, else that of the output's name, else the input's own.

    ``asked`` is the first or second of these. ``said`` is the same if it does not depend on the input: an input whose
    name has the same extension as the output keeps its own format if that can have the extension (columns as
    ``.tsv``).

    Raises ConfigError if the output's name and the format asked for disagree.
    """

    def __init__(self, output: str, asked: str | None, files: Iterable[str]) -> None:
        self.asked = output_format(output, asked)
        self._named = formats_of(output) if asked is None else ()
        alike = len(self._named) > 1 and any(extension(file) == extension(output) for file in files)
        self.said = None if alike else self.asked

    def of_input(self, own: str, read: str) -> str:
        """Return the format for an input that is ``read`` as one, and would be written as ``own``."""
        stays = not self._named or (own == read and own in self._named)
        return own if stays else self._named[0]


def own_format(
    reading: Reading, tagger: Predictor, names: Sequence[str] | None, *, confidence: bool
) -> tuple[str, str]:
    """Return the format that a file is written in if none is asked for, and why it is not the usual one, or "".

    It is the file's own if that can hold the tags. Plain text becomes ``word_tag``, or a label and a text a line, if
    these can hold them.
    """
    from elman.cli.output_columns import how_many
    from elman.data.formats import HOLDS, default_output

    n_words, n_labels = how_many(tagger, names, confidence=confidence)
    format = reading.format
    if not n_words:
        if format in HOLDS and HOLDS[format].labels >= n_labels:
            return format, ""
        usual = "label_text" if n_labels == 1 and format == "text" else "jsonl"
        return _first_that_holds((usual, "jsonl"), {}, _labels(tagger, names))
    if tagger.target == TREE and not confidence:
        return "trees", ""
    if reading.has_texts:
        return "columns", f"{format} has a text a row, which cannot hold tags of words"
    own = default_output(format)
    holds = HOLDS[own]
    fits = holds.columns >= n_words and (holds.confidences or not confidence)
    # a table is of words or of texts, not of both
    if not fits or (n_labels and not (holds.labels >= n_labels and holds.comments + (own in RECORDS))):
        own = "columns"
    if format != "text" or (own == "word_tag" and tagger.tags_lines):
        return own, ""
    if own == "word_tag" and not tagger.plain_labels:  # its tags are not known beforehand
        return "columns", f"a model of the task {tagger.task} may predict an underscore, which word_tag cannot hold"
    return _first_that_holds((own, "columns", "jsonl"), _tags(tagger, names), _labels(tagger, names))


def _first_that_holds(
    formats: Sequence[str], tags: Mapping[str, Sequence[str]], labels: Mapping[str, Sequence[str]]
) -> tuple[str, str]:
    """Return the first format that can hold these, at worst the last, and why it is not the first."""
    from elman.data.formats.fits import find_misfit

    why = ""
    for format in formats[:-1]:
        problem = find_misfit(format, tags, labels)
        if not problem:
            return format, why
        why = why or problem.partition(";")[0]
    return formats[-1], why


def _tags(tagger: Predictor, names: Sequence[str] | None) -> dict[str, Sequence[str]]:
    """Return the tags of the label columns of words that are written."""
    if not tagger.plain_labels:  # labels that encode the values
        return {}
    several = len(tagger.targets) > 1
    chosen = [name for name in tagger.word_targets if not several or names is None or name in names]
    return {name: tagger.tag_sets[name] for name in chosen}


def _labels(tagger: Predictor, names: Sequence[str] | None) -> dict[str, Sequence[str]]:
    """Return the document labels that are written, by label column."""
    several = len(tagger.targets) > 1
    chosen = [name for name in tagger.text_targets if not several or names is None or name in names]
    return {name: _values(tagger, name) for name in chosen}


def _values(tagger: Predictor, name: str) -> Sequence[str]:
    """Return the values of a document label; with "" if a text may have none."""
    return (*tagger.tag_sets[name], *([""] if tagger.tasks[name] == ANY else []))


def check_values(tagger: Predictor, where: OutputColumns, ranked: Sequence[str], format: str, reading: Reading) -> None:
    """Raise ConfigError if the model has a tag or a label that the format cannot hold.

    ``ranked`` are the label columns of n-best lists, if these are written.
    """
    if not tagger.plain_labels or (format == "word_tag" and tagger.tags_lines):
        return
    from elman.data.formats.fits import find_misfit

    columns = {name: name for name in ranked} or where.columns
    tags = {place: tagger.tag_sets[name] for name, place in columns.items()}
    labels = {place: _values(tagger, name) for name, place in where.labels.items()}
    spaced = reading.format == format and not ranked and reading.spaced
    problem = find_misfit(format, tags, labels, spaced=spaced)
    if problem:
        own = problem.startswith("the ")
        raise ConfigError(f"the model's {problem[4:]}" if own else f"of the model's tags: {problem}")


def replaced_columns(reading: Reading, tagger: Predictor, names: Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns of a file that the model's tags replace."""
    if not tagger.word_targets:
        return ()
    several = len(tagger.targets) > 1
    found = _tags(tagger, names) if several else {}
    same = reading.format == tagger.format
    keys = []
    for name in found or (tagger.target,):
        with suppress(ConfigError):  # it has no such column
            keys.append(reading.target(name if same or several else None))
    return tuple(keys)


def written_labels(
    reading: Reading, columns: OutputColumns, confidence: bool, output_format: str, live: bool
) -> tuple[str, ...]:
    """Return the names of all labels that are written; of a pipe, whose sentences are not waited for, the model's only.

    In a row of Parquet those that are not written stay; plain text has none.
    """
    is_row = output_format == "parquet"
    if not columns.labels and not (is_row and columns.columns):
        return ()
    others: Sequence[str] = ()
    if not columns.alone and not (reading.format in ("parquet", "text") if is_row else live):
        others = reading.label_names()
    own = [*columns.labels.values(), *([CONFIDENCE] if confidence and not columns.columns else [])]
    return tuple(dict.fromkeys((*others, *own)))


class LossNotingWriter:
    """A writer that notes what of its sentences the format loses.

    ``plain``     the writer itself, for sentences that lose nothing
    ``labels``    the names of the labels that are written, for formats that need them at the beginning
    ``replaced_columns``  the columns of the input that the new tags replace, under whatever name
    """

    STATE = ("_beside", "_lost")

    def __init__(self, writer: Writer, format: str, labels: Sequence[str], replaced_columns: Iterable[str]) -> None:
        from elman.data.formats import HOLDS

        self.plain, self._format, self._replaced = writer, format, frozenset(replaced_columns)
        self.finish = writer.finish
        several = HOLDS[format].labels > 1 and format not in ("csv", "tsv", "parquet")
        self._labels = None if several else frozenset(labels)
        same = ("jsonl", "json") if format in ("jsonl", "json") else ()
        self._same = {format, "text", "", *same}
        self._beside: Counter[str] = Counter()
        self._lost: dict[str, dict[str, None]] = {"columns": {}, "labels of sentences": {}, "fields": {}}

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None = None
    ) -> str | bytes:
        """As ``Writer.add``."""
        if sentence.format not in self._same:
            self._note(sentence, tags)
        return self.plain.add(sentence, tags, confidences)

    def _note(self, sentence: Sentence, tags: Mapping[str, Sequence[str]]) -> None:
        from elman.data.convert.survey import extras_in
        from elman.data.formats.json_records import extra_fields_of, is_json_value

        self._beside.update(extras_in(sentence))
        columns, labels, fields = self._lost.values()
        found = {name: value for name, value in extra_fields_of(sentence).items() if value not in (None, "")}
        if self._format in ("jsonl", "json") and sentence.format == "parquet":  # JSON holds what it has values for
            fields |= dict.fromkeys(name for name, value in found.items() if not is_json_value(value))
            return
        fields |= dict.fromkeys(found)
        for name, values in sentence.columns.items():
            there = name in tags or name in self._replaced or name in columns
            if not there and set(values) - {"_"}:
                columns[name] = None
        if self._labels is not None:
            labels |= dict.fromkeys(name for name in sentence.labels if name not in self._labels)

    def tell(self, notes: Notes) -> None:
        """Note what was left out."""
        lost: list[str] = []
        if self._beside:
            from elman.data.convert.survey import describe_extras  # slow to import

            lost += describe_extras(self._beside).values()
        lost += [f"{kind} ({', '.join(names)})" for kind, names in self._lost.items() if names]
        if lost and self._format not in DRAWN:
            notes.add(
                f"left out of what is written as {self._format}: {', '.join(lost)}; in the input's own format all stays"
            )
