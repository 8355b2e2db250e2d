"""What ``elman tag`` writes: in which format, whether that holds it, and what of the input is not in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from elman.data.formats.endings import extension, formats_of, output_format
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.cli.options import Notes
    from elman.cli.output_columns import Places
    from elman.data.formats import Reading, Writer
    from elman.data.sentence import Sentence
    from elman.taggers.base import Predictor

RECORDS = ("jsonl", "json", "parquet")
DRAWN = ("tree", "html", "tags")
"""Formats that are not meant to hold what there was."""


class Written:
    """The format that is written: the one asked for, else that of the output's name, else the input's own.

    ``asked`` is that of the first two, ``said`` the same where it does not hang on the input: one whose name has the
    same ending keeps its own format, where files of that are called so, too (columns as ``.tsv``).

    Raises ConfigError where the output's name and what is asked for disagree.
    """

    def __init__(self, output: str, asked: str | None, files: Iterable[str]) -> None:
        self.asked = output_format(output, asked)
        self._named = formats_of(output) if asked is None else ()
        alike = len(self._named) > 1 and any(extension(file) == extension(output) for file in files)
        self.said = None if alike else self.asked

    def of_input(self, own: str, read: str) -> str:
        """The format for an input that is ``read`` as one, and would be written as ``own``."""
        stays = not self._named or (own == read and own in self._named)
        return own if stays else self._named[0]


def own_format(
    reading: Reading, tagger: Predictor, names: Sequence[str] | None, *, confidence: bool
) -> tuple[str, str]:
    """The format in which a file is written when none is asked for, and why it is not the usual one, if so.

    It is the file's own, if that holds it all. Plain text becomes ``word_tag``, or a label and a text a line, where
    these can hold the model's tags.
    """
    from elman.cli.output_columns import how_many
    from elman.data.formats import HOLDS, default_output
    from elman.data.trees import TREE

    n_words, n_labels = how_many(tagger, names, confidence=confidence)
    format = reading.format
    if not n_words:
        if format in HOLDS and HOLDS[format].labels >= n_labels:
            return format, ""
        usual = "label_text" if n_labels == 1 and format == "text" else "jsonl"
        return _that_holds((usual, "jsonl"), {}, _labels(tagger, names))
    if tagger.target == TREE and not confidence:
        return "trees", ""
    if reading.has_texts:
        return "columns", f"{format} has a text a row, which has no place for tags of words"
    own = default_output(format)
    holds = HOLDS[own]
    fits = holds.columns >= n_words and (holds.confidences or not confidence)
    # a table is of words or of texts, not of both
    if not fits or (n_labels and not (holds.labels >= n_labels and holds.comments + (own in RECORDS))):
        own = "columns"
    if format != "text" or (own == "word_tag" and tagger.tags_lines):
        return own, ""
    if own == "word_tag" and tagger.task != "tag":  # what it will say is not known
        return "columns", f"what a model of the task {tagger.task} says may hold an underscore, which word_tag cannot"
    return _that_holds((own, "columns", "jsonl"), _tags(tagger, names), _labels(tagger, names))


def _that_holds(
    formats: Sequence[str], tags: Mapping[str, Sequence[str]], labels: Mapping[str, Sequence[str]]
) -> tuple[str, str]:
    """The first of some formats that holds these, the last at worst; and why it is not the first."""
    from elman.data.formats.fits import find_misfit

    why = ""
    for format in formats[:-1]:
        problem = find_misfit(format, tags, labels)
        if not problem:
            return format, why
        why = why or problem.partition(";")[0]
    return formats[-1], why


def _tags(tagger: Predictor, names: Sequence[str] | None) -> dict[str, Sequence[str]]:
    """The tags of the columns of words that are written, by the model's names for these."""
    if tagger.task not in ("tag", "classify"):  # labels that values are made of
        return {}
    several = len(tagger.targets) > 1
    chosen = [name for name in tagger.word_targets if not several or names is None or name in names]
    return {name: tagger.tag_sets[name] for name in chosen}


def _labels(tagger: Predictor, names: Sequence[str] | None) -> dict[str, Sequence[str]]:
    """The same of labels of texts."""
    several = len(tagger.targets) > 1
    chosen = [name for name in tagger.text_targets if not several or names is None or name in names]
    return {name: _values(tagger, name) for name in chosen}


def _values(tagger: Predictor, name: str) -> Sequence[str]:
    """What a label of texts can be; where a text may have none, "" too."""
    return (*tagger.tag_sets[name], *([""] if tagger.tasks[name] == "any" else []))


def check_values(tagger: Predictor, where: Places, ranked: str, format: str, reading: Reading) -> None:
    """Raise ConfigError where the model has a tag or a label that the format cannot hold, whatever the text is.

    ``ranked`` is the label column of n-best lists, if they are written.
    """
    if tagger.task not in ("tag", "classify") or (format == "word_tag" and tagger.tags_lines):
        return
    from elman.data.formats.fits import find_misfit

    columns = {ranked: "tag"} if ranked else where.columns
    tags = {place: tagger.tag_sets[name] for name, place in columns.items()}
    labels = {place: _values(tagger, name) for name, place in where.labels.items()}
    spaced = reading.format == format and not ranked and reading.spaced
    problem = find_misfit(format, tags, labels, spaced=spaced)
    if problem:
        own = problem.startswith("the ")
        raise ConfigError(f"the model's {problem[4:]}" if own else f"of the model's tags: {problem}")


def replaced(reading: Reading, tagger: Predictor, names: Sequence[str] | None) -> tuple[str, ...]:
    """The columns of a file that hold what the model says anew."""
    if not tagger.word_targets:
        return ()
    several = len(tagger.targets) > 1
    found = _tags(tagger, names) if several else {}
    same = reading.format == tagger.format
    keys = []
    for name in found or (tagger.target,):
        with suppress(ConfigError):  # it has none that is called so
            keys.append(reading.target(name if same or several else None))
    return tuple(keys)


class Noting:
    """A writer that notes what of the sentences it gets is not in what it writes of them.

    ``plain``     the writer itself, for sentences of which nothing is to be noted
    ``labels``    the names of the labels that are written, of formats that ask for them at the beginning
    ``replaced``  the columns of the input in whose place the new tags stand, whatever they are called
    """

    def __init__(self, writer: Writer, format: str, labels: Sequence[str], replaced: Iterable[str]) -> None:
        from elman.data.formats import HOLDS

        self.plain, self._format, self._replaced = writer, format, frozenset(replaced)
        self.finish = writer.finish
        several = HOLDS[format].labels > 1 and format not in ("csv", "tsv", "parquet")
        self._labels = None if several else frozenset(labels)
        same = ("jsonl", "json") if format in ("jsonl", "json") else ()
        self._same = {format, "text", "", *same}
        self._beside: Counter[str] = Counter()
        self._lost: dict[str, dict[str, None]] = {"columns": {}, "labels of sentences": {}, "fields": {}}

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None = None
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
        """What was left out."""
        lost: list[str] = []
        if self._beside:
            from elman.data.convert.survey import describe_extras  # takes as long to load as all the rest

            lost += describe_extras(self._beside).values()
        lost += [f"{kind} ({', '.join(names)})" for kind, names in self._lost.items() if names]
        if lost and self._format not in DRAWN:
            notes.add(
                f"left out of what is written as {self._format}: {', '.join(lost)}; in the input's own format all stays"
            )
