"""What a model reads of a file or a text, and what it should predict, whatever its task.

tags, document labels     the words of a sentence, and their gold tags or the text's labels
lemma, morphology, parse  the words of a sentence, and the labels that its column is encoded as
segment                   windows of characters of a piece of text, and their labels
lm                        the symbols of a line, shifted by a line end, and those that come next
regress                   rows of numbers, and the number to predict for each
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.cli.gold import gold, read
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.cli.gold import FileOptions
    from elman.cli.notes import Notes
    from elman.taggers.base import Predictor


class Example(NamedTuple):
    """What a model reads, and what it should predict."""

    words: Sequence[str]
    labels: Sequence[Any]


def examples(tagger: Predictor, column: str, file: str, options: FileOptions, notes: Notes) -> Iterator[Example]:
    """Yield the examples of a gold file for a label column of the model.

    Raises DataError with the line for what has no labels.
    """
    from elman.data import corpus

    model: Any = tagger
    if tagger.reads_symbols:
        yield from map(Example._make, model.lines(file, format=options.format, encoding=options.encoding))
    elif tagger.plain_labels:
        labelled = gold(read(file, options, notes), options, tagger)
        keys = corpus.TargetKeys(labelled.keys.words, labelled.keys.texts)
        for sentence in labelled.sentences:
            yield Example(model.inputs_of(sentence), keys.values(sentence)[0])
    else:
        reading = read(file, options, notes, labelled=False, tagger=tagger)
        yield from map(Example._make, model.examples((sentence for sentence in reading if sentence.words), column))


def nth(tagger: Predictor, file: str, number: int, options: FileOptions, notes: Notes) -> Sequence[str]:
    """Return what the model reads of sentence ``number`` of a file, from 1; of a line, of a sequence.

    Labels are not read. Raises ConfigError if there are fewer sentences.
    """
    last = 0
    for last, words in enumerate(_inputs(tagger, file, options, notes), start=1):
        if last == number:
            return words
    raise ConfigError(f"--sentence: {file} has {last:,} sentences, got {number}")


def _inputs(tagger: Predictor, file: str, options: FileOptions, notes: Notes) -> Iterator[Sequence[str]]:
    model: Any = tagger
    if tagger.reads_symbols:
        yield from (words for words, _ in model.lines(file, format=options.format, encoding=options.encoding))
        return
    for sentence in read(file, options, notes, labelled=False, tagger=tagger):
        if sentence.words:
            yield model.inputs_of(sentence)
