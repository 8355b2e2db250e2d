"""``word_tag``: one sentence per line, tokens ``word_TAG`` separated by ASCII spaces, split at the last underscore.

Extra spaces make no tokens and are kept. A line of only separators is a sentence without words.

``word_tag:separator=/`` is the same with another separator, split at its last occurrence: ``word/TAG``, as in the Brown
corpus. Here tabs separate tokens like spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from elman.data.formats.holds import Confidences, Holds, check_tags, check_words, is_gap, only_column
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
        """The name with its option."""
        return "word_tag" if self.separator == UNDERSCORE else f"word_tag:separator={self.separator}"

    def read(self, lines: Iterable[str], head: Sequence[str], path: str) -> Iterator[Sentence]:
        """Yield the sentences of lines, with one column, ``tag``; ``head`` is not needed.

        Raises DataError for a token without tag or word.
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
                raise self._token_error(tokens, path, number)
            rows = (0,) * len(words)
            yield Sentence(words, {"tag": tags}, path=path, line=number, lines=(line,), rows=rows, format=name)

    def _token_error(self, tokens: Sequence[str], path: str, line: int) -> DataError:
        for token in tokens:
            word, mark, tag = token.rpartition(self.separator)
            if not (word and tag):
                no_mark = "no underscore" if self.separator == UNDERSCORE else f"no {self.separator}"
                problem = no_mark if not mark else "no tag" if not tag else "no word"
                message = f"expected word{self.separator}TAG, found {shown(token)}: {problem}{self._other(tokens)}"
                return DataError(message, path=path, line=line)
        raise AssertionError("unreachable")  # pragma: no cover

    def _other(self, tokens: Sequence[str]) -> str:
        """Return advice if all tokens have another usual separator, else ""."""
        for separator, format in ((UNDERSCORE, "word_tag"), ("/", "word_tag:separator=/")):
            if separator != self.separator and all(0 < token.rfind(separator) < len(token) - 1 for token in tokens):
                return f"; for word{separator}TAG pass --format {format}"
        return ""

    def target(self, name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
        """Return the only column, ``tag``. Raises ConfigError for another name."""
        if name is not None and name.lower() != "tag":
            raise ConfigError(f"{path}: no column {shown(name)}; word_tag has one, tag")
        return "tag"

    def write(self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None) -> str:
        """Return one line. A sentence read from text or from this format keeps its spaces and its line end.

        Raises DataError for a word with a space or a line end, or a tag with one of these or the separator, which could
        not be read back.
        """
        is_word_tag = sentence.format == self.format
        in_place = is_word_tag or sentence.format == "text"
        if not sentence.words:
            return "".join(sentence.lines) if in_place else "" if is_gap(sentence) else "\n"
        column = only_column(tags, "word_tag")
        separators = " \n" if self.separator == UNDERSCORE else " \t\n"
        check_tags(sentence, column, self.format, separators + self.separator)
        if not in_place or (not is_word_tag and "\t" in separators):
            check_words(sentence, self.format, separators)
        tokens = [f"{word}{self.separator}{tag}" for word, tag in zip(sentence.words, column, strict=True)]
        if not in_place:
            return " ".join(tokens) + "\n"
        return self._in_place(sentence.lines[0].rstrip(LINE_END), tokens) + line_end_of(sentence)

    def _in_place(self, body: str, tokens: Sequence[str]) -> str:
        """Return a line with its tokens replaced."""
        new_tokens = iter(tokens)
        if self.separator == UNDERSCORE:
            pieces = body.split(" ")
            return " ".join([next(new_tokens) if piece else "" for piece in pieces] if "" in pieces else tokens)
        parts = _SPACES_AND_TABS.split(body)
        return "".join([piece if i % 2 or not piece else next(new_tokens) for i, piece in enumerate(parts)])


def configured(options: Mapping[str, str]) -> WordTag:
    """Return the format with options. Raises ConfigError for unknown options and invalid separators."""
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
