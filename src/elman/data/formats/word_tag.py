"""``word_tag``: one sentence a line, tokens ``word_TAG`` separated by ASCII spaces, split at the last underscore.

Extra spaces make no tokens and stay where they are. A line of nothing but separators is a sentence of no words.

``word_tag:separator=/`` is the same with another separator, split at the last one of each token: ``word/TAG``, as the
Brown corpus has it. There tabs separate tokens as spaces do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from elman.data.formats.holds import Holds, check_tags, check_words, is_gap, only_column
from elman.data.formats.lines import LINE_END, is_blank, line_end_of
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

UNDERSCORE = "_"

_SPACES_AND_TABS = re.compile("([ \t]+)")


@dataclass(frozen=True, slots=True)
class WordTag:
    """The format with a separator between word and tag."""

    separator: str = UNDERSCORE

    HOLDS = Holds(columns=1)

    @property
    def format(self) -> str:
        """Its name, with the option that asks for it."""
        return "word_tag" if self.separator == UNDERSCORE else f"word_tag:separator={self.separator}"

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
        """Sentences of the lines, with one column, ``tag``; ``head`` is not needed.

        Raises DataError: a token with no tag or no word.
        """
        separator, name, tabs = self.separator, self.format, self.separator != UNDERSCORE
        for number, line in enumerate(lines, 1):
            if is_blank(line):
                yield Sentence((), path=path, line=number, lines=(line,), format=name)
                continue
            body = line.rstrip(LINE_END)
            tokens = (body.replace("\t", " ") if tabs else body).split(" ")
            if "" in tokens:
                tokens = [token for token in tokens if token]
            words, _, tags = zip(*[token.rpartition(separator) for token in tokens], strict=True)
            if "" in words or "" in tags:
                raise self._refused(tokens, path, number)
            rows = (0,) * len(words)
            yield Sentence(words, {"tag": tags}, path=path, line=number, lines=(line,), rows=rows, format=name)

    def _refused(self, tokens: Sequence[str], path: str, line: int) -> DataError:
        for token in tokens:
            word, mark, tag = token.rpartition(self.separator)
            if not (word and tag):
                no_mark = "no underscore" if self.separator == UNDERSCORE else f"no {self.separator}"
                found = no_mark if not mark else "no tag" if not tag else "no word"
                message = f"expected word{self.separator}TAG, found {shown(token)}: {found}"
                return DataError(message, path=path, line=line)
        raise AssertionError("unreachable")  # pragma: no cover

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """The one column, ``tag``. Raises ConfigError for another name."""
        if name is not None and name.lower() != "tag":
            raise ConfigError(f"{path}: no column {shown(name)}; word_tag has one, tag")
        return "tag"

    def write(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Sequence[float] | None) -> str:
        """One line. A sentence read from text or from this format keeps its spaces and its line end.

        Raises DataError: a word with a space or a line end, a tag with one of these or the separator (it could not be
        read back).
        """
        own = sentence.format == self.format
        in_place = own or sentence.format == "text"
        if not sentence.words:
            return "".join(sentence.lines) if in_place else "" if is_gap(sentence) else "\n"
        column = only_column(tags, "word_tag")
        white = " \n" if self.separator == UNDERSCORE else " \t\n"
        check_tags(sentence, column, self.format, white + self.separator)
        if not in_place or (not own and "\t" in white):
            check_words(sentence, self.format, white)
        tokens = [f"{word}{self.separator}{tag}" for word, tag in zip(sentence.words, column, strict=True)]
        if not in_place:
            return " ".join(tokens) + "\n"
        return self._in_place(sentence.lines[0].rstrip(LINE_END), tokens) + line_end_of(sentence)

    def _in_place(self, body: str, tokens: Sequence[str]) -> str:
        """A line with other tokens in the place of its own."""
        rest = iter(tokens)
        if self.separator == UNDERSCORE:
            pieces = body.split(" ")
            return " ".join([next(rest) if piece else "" for piece in pieces] if "" in pieces else tokens)
        gaps_too = _SPACES_AND_TABS.split(body)
        return "".join([piece if i % 2 or not piece else next(rest) for i, piece in enumerate(gaps_too)])


def configured(options: Mapping[str, str]) -> WordTag:
    """The format with options. Raises ConfigError: another option than ``separator``, or one that is no separator."""
    for key, value in options.items():
        if key != "separator":
            raise ConfigError(f"format: word_tag has no option {shown(key)}; expected separator")
        if len(value) != 1 or value.isalnum() or not value.isprintable():
            raise ConfigError(
                f"format: word_tag:separator: expected one character that is no letter, got {shown(value)}"
            )
    return WordTag(**options)


_PLAIN = WordTag()
HOLDS, read, target, write = _PLAIN.HOLDS, _PLAIN.read, _PLAIN.target, _PLAIN.write
