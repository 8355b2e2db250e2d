"""Where ``elman tag`` writes predictions: label columns of words, and document labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from elman.data.sentence import CONFIDENCE
from elman.data.targets import TREE
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.cli.notes import Notes
    from elman.cli.only_empty import OnlyEmpty
    from elman.data.formats import Reading, Writer
    from elman.data.sentence import Sentence
    from elman.taggers.base import Predictor
    from elman.taggers.column_predictor import ColumnPredictor


@dataclass
class OutputColumns:
    """The column or the document label that each label column of a model is written to.

    ``format``  the format that is written
    ``alone``   whether it holds one label of a text only: others that the text had are left out
    """

    columns: Mapping[str, str]
    labels: Mapping[str, str]
    format: str
    alone: bool = False
    empty: EmptyTexts = field(default_factory=lambda: EmptyTexts())
    """Places of texts without words, which get no label."""
    only_empty: OnlyEmpty | None = None
    """Keeps the tags that are there already; None: all are replaced."""

    @property
    def names(self) -> tuple[str, ...]:
        """The label columns of the model that are written, those of words first."""
        return (*self.columns, *self.labels)

    def labelled(self, sentence: Sentence, found: Mapping[str, Any]) -> Sentence:
        """Return a sentence with its predicted document labels."""
        if not self.labels:
            return sentence
        if not sentence.words:
            if sentence.format not in ("columns", "conllu", "conllup", "trees"):  # in others a gap is no text
                self.empty.add(f"{sentence.path}:{sentence.line}")
            return sentence
        new = {place: found[name] for name, place in self.labels.items()}
        if self.only_empty is not None:
            new = self.only_empty.labels(sentence, new)
        if CONFIDENCE in found:
            new[CONFIDENCE] = found[CONFIDENCE]
        if sentence.format != self.format:  # an empty label is not written in another format
            new = {place: label for place, label in new.items() if label}
        return replace(sentence, labels=new if self.alone else {**sentence.labels, **new})

    def write(self, chunk: Sequence[Sentence], tagger: ColumnPredictor, writer: Writer) -> Iterator[str | bytes]:
        """Yield the text of each sentence with its tags and labels."""
        for sentence, found in zip(chunk, tagger.pipe(chunk, columns=tagger.targets), strict=True):
            yield writer.add(self.labelled(sentence, found), self.tags(sentence, found))

    def tags(self, sentence: Sentence, found: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        """Return the tags of words to write by the column that they go to, given the predicted ones by name."""
        tags = {place: found[name] for name, place in self.columns.items()}
        return tags if self.only_empty is None else self.only_empty.merged(sentence, tags, self)

    def tell(self, notes: Notes) -> None:
        """Warn of texts that were not labelled."""
        if self.empty.count:
            text = "text has" if self.empty.count == 1 else "texts have"
            notes.warn(f"{self.empty.count:,} {text} no words, and so no label; the first: {self.empty.first}")


class EmptyTexts:
    """Counts texts, and keeps the place of the first."""

    STATE = ("count", "first")

    def __init__(self) -> None:
        self.count, self.first = 0, ""

    def add(self, place: str) -> None:
        """Count a text at a place."""
        self.count, self.first = self.count + 1, self.first or place


def output_columns(
    reading: Reading, output_format: str, tagger: Predictor, names: Sequence[str] | None
) -> OutputColumns:
    """Return where the label columns of a model are written.

    ``names`` is the column to write to, for a model of one; the label columns to write, for a model of several. Raises
    ConfigError for an unknown column.
    """
    from elman.data.formats import HOLDS

    alone = HOLDS[output_format].labels == 1
    if len(tagger.targets) == 1 and tagger.text_targets:
        return OutputColumns({}, {tagger.target: names[0] if names else tagger.target}, output_format, alone)
    if len(tagger.targets) == 1:
        return OutputColumns(
            {tagger.target: _column(reading, output_format, tagger, names[0] if names else None)}, {}, output_format
        )
    of_words = [name for name in names if name not in tagger.text_targets] if names else None
    columns = {} if of_words == [] else _columns(reading, output_format, tagger, of_words)
    labels = {name: name for name in tagger.text_targets if names is None or name in names}
    return OutputColumns(columns, labels, output_format, alone)


def _columns(reading: Reading, output_format: str, tagger: Predictor, names: Sequence[str] | None) -> dict[str, str]:
    """Return the column that each label column of words is written to."""
    from elman.data.formats import conllu, default_output

    in_place = output_format == default_output(reading.format)
    # the names choose the columns, and say where they go
    chosen: Sequence[str] = names or tagger.word_targets
    if in_place and reading.format == tagger.format:
        chosen = reading.targets(chosen)
    chosen = tagger.chosen(chosen)
    where: Sequence[str] = chosen
    if in_place:
        where = reading.targets(chosen)
    elif output_format == "conllu":
        where = [conllu.target(name, (), reading.path, False) for name in chosen]
    return dict(zip(chosen, where, strict=True))


def _column(reading: Reading, output_format: str, tagger: Predictor, name: str | None) -> str:
    """Return the column to write: the one asked for, or the one trained on if the file has the same format."""
    from elman.data.formats import default_output

    if output_format == default_output(reading.format):
        return reading.target(name or (tagger.target if tagger.format == reading.format else None))
    if output_format == "conllu":  # a new file: any of its columns
        from elman.data.formats import conllu

        return conllu.target(name or (tagger.target if tagger.format == "conllu" else None), (), reading.path, False)
    return TREE if tagger.target == TREE else "tag"


def how_many(tagger: Predictor, names: Sequence[str] | None, *, confidence: bool) -> tuple[int, int]:
    """Return how many columns of words and how many document labels are written.

    A confidence counts as a label if no tags of words are written. Raises ConfigError for more names than the model
    has columns.
    """
    if len(tagger.targets) == 1:
        n_words, n_labels = len(tagger.word_targets), len(tagger.text_targets)
        if names is not None and len(names) > 1:
            raise ConfigError(f"--target: the model's columns are {', '.join(tagger.targets)}, got {','.join(names)}")
    else:
        if len(names or ()) > len(tagger.targets):
            raise ConfigError(
                f"--target: the model's columns are {', '.join(tagger.targets)}, got {','.join(names or ())}"
            )
        n_labels = sum(names is None or name in names for name in tagger.text_targets)
        n_words = len(names) - n_labels if names else len(tagger.word_targets)
    return n_words, n_labels + (confidence and not n_words)
