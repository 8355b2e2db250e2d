"""``elman tag --tokenize``: plain text, cut into words and sentences as the model's training text was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from elman.cli.output_format import RECORDS
from elman.data.formats.conllu_builder import SentenceTokens, draft
from elman.data.sentence import Sentence
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.data.formats import Reading
    from elman.data.tokenization.tokenizer import Token, Tokenizer


def check_is_text(reading: Reading) -> None:
    """Raise ConfigError if a file is neither plain text nor a table with a text in each row."""
    if reading.format != "text" and not reading.has_texts:
        found = f"{reading.path}: --tokenize: expected plain text or a table of texts, found {reading.format}"
        if reading.format in RECORDS:
            raise ConfigError(f"{found}, whose texts only --as fields cuts; save the texts as csv or as plain text")
        raise ConfigError(f"{found}, which has words; --format text reads any file as plain text")


class Tokenized:
    """A plain text, or a table of texts, whose sentences a tokenizer cuts; in all else like its ``reading``.

    ``number``  the number of sentences so far, of files before too, for ``sent_id``
    ``conllu``  whether the sentences are written as CoNLL-U: then they are made in it, with text and spaces
    ``place``   how many lines or texts have been cut, and how many sentences of the last one have been yielded
    """

    def __init__(self, reading: Reading, tokenizer: Tokenizer, number: int, *, conllu: bool) -> None:
        self._reading, self._tokenizer, self.number, self._conllu = reading, tokenizer, number, conllu
        self.place = [0, 0]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reading, name)

    def plain_text(self) -> Iterator[str]:
        """Return nothing: no line is tagged without being cut."""
        return iter(())

    def __iter__(self) -> Iterator[Sentence]:
        return self.after(0, 0)

    def after(self, lines: int, sentences: int) -> Iterator[Sentence]:
        """Yield the sentences behind a ``place``."""
        for at, (number, line, labels) in enumerate(islice(self._lines(), max(lines - 1, 0), None), max(lines, 1)):
            found = False
            for i, sentence in enumerate(self._tokenizer.sentences([line]), start=1):
                found = True
                if at == lines and i <= sentences:
                    continue
                self.place = [at, i]
                if self._conllu:
                    self.number += 1
                    cut = _conllu(sentence.tokens, sentence.text, self.number)
                else:
                    text = " ".join(sentence.words) + "\n"
                    rows = (0,) * len(sentence.words)
                    cut = Sentence(sentence.words, {}, self._reading.path, number, (text,), rows, "text")
                yield replace(cut, labels=labels) if labels else cut
            if not found and not self._conllu and not self._reading.has_texts and at > lines:
                self.place = [at, 0]
                yield Sentence((), {}, self._reading.path, number, ("\n",), format="text")

    def _lines(self) -> Iterator[tuple[int, str, Mapping[str, str]]]:
        """Yield the lines, or the texts of a table, with their numbers and the other columns of the table."""
        if self._reading.has_texts:
            yield from ((sentence.line, " ".join(sentence.words), sentence.labels) for sentence in self._reading)
            return
        for number, line in enumerate(self._reading.raw_text(), start=1):
            yield number, line.removeprefix("\ufeff"), {}


def _conllu(tokens: Sequence[Token], text: str, number: int) -> Sentence:
    multiword = {i: token.words for i, token in enumerate(tokens) if len(token.words) > 1}
    forms = [token.words[0] if len(token.words) == 1 else token.form for token in tokens]
    spaces = [token.space for token in tokens]
    return draft(SentenceTokens(forms, spaces, multiword), text, [f"# sent_id = {number}"]).sentence()
