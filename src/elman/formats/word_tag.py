"""``word_tag``: one sentence a line, tokens ``word_TAG`` separated by ASCII spaces, split at the last underscore.

Extra spaces make no tokens and stay where they are. A line of nothing but separators is a sentence of no words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from elman.display import shown
from elman.errors import ConfigError, DataError
from elman.formats.shared import LINE_END, Holds, check_tags, check_words, is_blank, is_gap, line_end, only
from elman.sentence import Sentence

HOLDS = Holds(columns=1)


def read(lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
    """Sentences of the lines, with one column, ``tag``; ``head`` is not needed.

    Raises DataError: a token with no tag or no word.
    """
    for number, line in enumerate(lines, 1):
        if is_blank(line):
            yield Sentence((), path=path, line=number, lines=(line,), format="word_tag")
            continue
        tokens = line.rstrip(LINE_END).split(" ")
        if "" in tokens:
            tokens = [token for token in tokens if token]
        words, _, tags = zip(*[token.rpartition("_") for token in tokens], strict=True)
        if "" in words or "" in tags:
            raise _refused(tokens, path, number)
        rows = (0,) * len(words)
        yield Sentence(words, {"tag": tags}, path=path, line=number, lines=(line,), rows=rows, format="word_tag")


def _refused(tokens: Sequence[str], path: str, line: int) -> DataError:
    for token in tokens:
        word, mark, tag = token.rpartition("_")
        if not (word and tag):
            found = "no underscore" if not mark else "no tag" if not tag else "no word"
            return DataError(f"expected word_TAG, found {shown(token)}: {found}", path=path, line=line)
    raise AssertionError("unreachable")  # pragma: no cover


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """The one column, ``tag``. Raises ConfigError for another name."""
    if name is not None and name.lower() != "tag":
        raise ConfigError(f"{path}: no column {shown(name)}; word_tag has one, tag")
    return "tag"


def write(sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
    """One line. A sentence read from text or word_tag keeps its spaces and its line end.

    Raises DataError: a word with a space or a line end, a tag with one of these or an underscore (it could not be
    read back).
    """
    in_place = sentence.format in ("text", "word_tag")
    if not sentence.words:
        return "".join(sentence.lines) if in_place else "" if is_gap(sentence) else "\n"
    column = only(tags, "word_tag")
    check_tags(sentence, column, "word_tag", " \n_")
    tokens = [f"{word}_{tag}" for word, tag in zip(sentence.words, column, strict=True)]
    if not in_place:
        check_words(sentence, "word_tag", " \n")
        return " ".join(tokens) + "\n"
    pieces = sentence.lines[0].rstrip(LINE_END).split(" ")
    if "" in pieces:
        rest = iter(tokens)
        tokens = [next(rest) if piece else "" for piece in pieces]
    return " ".join(tokens) + line_end(sentence)
