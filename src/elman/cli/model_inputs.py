"""What a network reads of a file or a text, and what it should say of it, whatever its task.

tags, labels of texts     the words of a sentence, and what stands in the column
lemma, morphology, parse  the words of a sentence, and the labels that the column is encoded as
segment                   characters, with their neighbours, of a piece of the text, and their labels
lm                        the symbols of a line, behind a line end, and those that come next
regress                   rows of numbers, and the number that is to be said of each
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.cli.options import Notes
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.cli.gold import How
    from elman.taggers.base import Predictor

SIGNS = {"\n": "↵", " ": "␣"}
"""How symbols of text are shown that could not be seen."""


class Lesson(NamedTuple):
    """What a network reads, and what it should say."""

    words: Sequence[str]
    labels: Sequence[Any]


def lessons(tagger: Predictor, column: str, file: str, how: How, notes: Notes) -> Iterator[Lesson]:
    """Those of a file of gold, for a label column of the model. Raises DataError with the line: what has no labels."""
    from elman.cli.gold import gold, read
    from elman.data import corpus

    model: Any = tagger
    if tagger.task == "lm":
        yield from map(Lesson._make, model.lines(file, format=how.format, encoding=how.encoding))
    elif tagger.task in ("tag", "classify"):
        found = gold(read(file, how, notes), how, tagger)
        keys = corpus.TargetKeys(found.keys.words, found.keys.texts)
        for sentence in found.sentences:
            yield Lesson(sentence.words, keys.values(sentence)[0])
    else:
        sentences = (one for one in read(file, how, notes, labelled=False, tagger=tagger) if one.words)
        if tagger.task in ("regress", "segment"):
            yield from map(Lesson._make, model.lessons(sentences))
        else:
            yield from (Lesson(one.words, model.encoding.encode(one)[column]) for one in sentences)


def nth(tagger: Predictor, file: str, number: int, how: How, notes: Notes) -> Sequence[str]:
    """What the model reads of a sentence of a file, from 1; of a line, of a sequence. Its labels are not read.

    Raises ConfigError: there are fewer.
    """
    last = 0
    for last, words in enumerate(_read(tagger, file, how, notes), start=1):
        if last == number:
            return words
    raise ConfigError(f"--sentence: {file} has {last:,} sentences, got {number}")


def _read(tagger: Predictor, file: str, how: How, notes: Notes) -> Iterator[Sequence[str]]:
    from elman.cli.gold import read
    from elman.data.raw_text import raw_text_of

    model: Any = tagger
    if tagger.task == "lm":
        yield from (words for words, _ in model.lines(file, format=how.format, encoding=how.encoding))
        return
    reading = read(file, how, notes, labelled=False, tagger=tagger)
    for one in reading:
        if one.words and tagger.task == "segment":
            yield model.reads(raw_text_of(one) or (" " if model.expects_spaces else "").join(one.words))
        elif one.words:
            yield model.reads(one) if tagger.task == "regress" else one.words


def of_text(tagger: Predictor, text: str) -> Sequence[str]:
    """What the model reads of a text that was typed."""
    from elman.data.corpus import split_words

    model: Any = tagger
    return list(model.reads(text)) if tagger.task in ("lm", "segment") else split_words(text)


def shown(tagger: Predictor, words: Sequence[str]) -> Sequence[str]:
    """What the model reads, to be shown: of a window its character."""
    if tagger.task == "segment":
        from elman.features.char_windows import middle

        words = list(map(middle, words))
    return [SIGNS.get(word, word) for word in words] if tagger.task in ("lm", "segment") else words
