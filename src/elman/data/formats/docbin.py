"""``spacy``: the .spacy files of spaCy, a DocBin of annotated Docs; read and written whole.

A sentence of a Doc is a sentence; a Doc with ``cats`` is one text, and so is one without sentence boundaries. Columns
are those of ``spacy_docs``; tokens of white space are no words. The label of a text is the category with 0.5 or more,
or several of them. What a Doc cannot hold as it is, such as a second column of spans, is kept in its ``user_data``, and
read from there. Line numbers in messages are the numbers of Docs, from 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, BinaryIO, cast

from elman.data.formats.holds import MANY, Confidences, Holds, check_words
from elman.data.formats.spacy_docs import COLUMNS, ENTITIES, columns_of, library, set_columns
from elman.data.sentence import LABEL_SEPARATOR, Sentence, error_at
from elman.data.tokenization.spacing import true_tokens
from elman.errors import ConfigError, DataError, reason
from elman.utils.compression import CompressedFile
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean

HOLDS = Holds(columns=MANY, labels=1)

_LABEL = "label"
_KEY = "elman"
"""The key in ``Doc.user_data`` of the columns that a Doc cannot hold."""
_N_PEEKED = 100
_BLOCK_BYTES = 1 << 20
_OTHER_NAMES = {attribute: column for column, attribute in COLUMNS.items()} | dict.fromkeys(("ents", "ent"), ENTITIES)


@dataclass(frozen=True, slots=True, repr=False)
class DocSentence(Sentence):
    """A sentence of a spaCy Doc.

    ``doc``      the Doc
    ``indices``  the index in it of each word
    """

    doc: Any = field(default=None, compare=False)
    indices: tuple[int, ...] = field(default=(), compare=False)


def open_binary(path: str) -> tuple[Sequence[str], Iterator[Sentence]]:
    """Return the names of the columns of the first sentences, and the sentences.

    Raises DataError for another file, MissingExtraError without spaCy.
    """
    name = "standard input" if path == "-" else path
    sentences = _sentences(path, name)
    first = list(islice(sentences, _N_PEEKED))
    return list(dict.fromkeys(key for each in first for key in each.columns)), chain(first, sentences)


def target(name: str | None, head: Sequence[str], path: str, labelled: bool) -> str:
    """Return the column of a name, which may be that of spaCy; by default upos, xpos or ner, the first that there is.

    Raises ConfigError if the first sentences do not have it.
    """
    if name is None:
        usual = next((column for column in ("upos", "xpos", ENTITIES) if column in head), None)
        if usual is None and labelled:
            raise ConfigError(f"{path}: no column upos, xpos or ner; there is: {', '.join(head) or 'none'}")
        return usual or "xpos"
    column = name if name in head else _OTHER_NAMES.get(name.lower(), name.lower())
    if labelled and column not in head:
        near = did_you_mean(name, head)
        raise ConfigError(f"{path}: no column {shown(name)}; there is: {', '.join(head) or 'none'}{near}")
    return column


def writer(columns: Sequence[str], labels: Sequence[str]) -> DocBinWriter:
    """Return a writer of a file. Raises MissingExtraError without spaCy."""
    return DocBinWriter()


def _sentences(path: str, name: str) -> Iterator[Sentence]:
    tokens, vocab = library("spacy.tokens"), library("spacy.vocab").Vocab()
    try:
        with nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb") as file:
            stream = CompressedFile(cast(BinaryIO, file), name)
            data = b"".join(iter(lambda: stream.read1(_BLOCK_BYTES), b""))
    except OSError as error:
        raise DataError(f"cannot be read: {reason(error)}", path=name) from None
    number = 0
    try:
        for number, doc in enumerate(tokens.DocBin().from_bytes(data).get_docs(vocab), start=1):
            yield from doc_sentences(doc, number, name)
    except DataError:
        raise
    except Exception as error:  # zlib, msgpack, NumPy and spaCy raise what they like
        where = f" after {number:,} Docs" if number else ""
        message = f"expected a file of spaCy (DocBin), found a damaged or another one{where}: {type(error).__name__}"
        raise DataError(message, path=name) from None


def doc_sentences(doc: Any, number: int = 0, path: str = "") -> Iterator[DocSentence]:
    """Yield the sentences of a Doc; one with categories is a single one."""
    whole = doc.cats or not doc.has_annotation("SENT_START")
    parts = [(0, len(doc))] if whole else [(span.start, span.end) for span in doc.sents]
    labels = {_LABEL: LABEL_SEPARATOR.join(name for name, p in doc.cats.items() if p >= 0.5)} if doc.cats else {}
    kept = doc.user_data.get(_KEY, {})
    for part, (start, end) in enumerate(parts):
        indices = tuple(i for i in range(start, end) if not doc[i].text.isspace())
        words = tuple(doc[i].text for i in indices)
        columns = columns_of(doc, indices) if words else {}
        columns |= {name: tags[part] for name, tags in kept.items() if len(tags) > part and tags[part] is not None}
        yield DocSentence(words, columns, path, number, (), (), "spacy", labels, doc, indices)


class DocBinWriter:
    """Writes a .spacy file. All Docs are kept until the end, packed; a sentence that was read stays in its Doc."""

    def __init__(self) -> None:
        tokens = library("spacy.tokens")
        self._docs, self._make = tokens.DocBin(store_user_data=True), tokens.Doc
        self._vocab = library("spacy.vocab").Vocab()
        self._labels: dict[str, float] = {}
        self._source: Any = None
        self._doc: Any = None
        self._part = 0  # of the Doc's sentences

    def add(
        self, sentence: Sentence, tags: Mapping[str, Sequence[str]], confidences: Confidences | None = None
    ) -> bytes:
        """Add a sentence. Nothing is returned before the end."""
        if isinstance(sentence, DocSentence) and sentence.format == "spacy":
            if sentence.doc is not self._source:
                self._flush()
                self._source, self._doc = sentence.doc, sentence.doc.copy()
            indices: Sequence[int] = sentence.indices
        else:
            self._flush()
            self._check(sentence)
            spaces = spaces_of(sentence)
            self._doc = self._make(self._vocab, words=list(sentence.words), spaces=spaces)
            indices = range(len(sentence.words))
        if sentence.words:
            self._keep(tags, set_columns(self._doc, indices, tags))
        self._part += 1
        for label in sentence.labels.values():
            chosen = dict.fromkeys(filter(None, label.split(LABEL_SEPARATOR)), 1.0)
            if LABEL_SEPARATOR.join(chosen) != label:
                raise error_at(sentence, 0, f"the label {shown(label)} is empty or twice in itself; try --as jsonl")
            self._labels |= dict.fromkeys(chosen, 0.0)
            before = dict.fromkeys(self._doc.cats, 0.0)
            if {name for name, p in self._doc.cats.items() if p >= 0.5} != set(chosen):
                self._doc.cats = before | chosen
        return b""

    def finish(self) -> bytes:
        """Return the file. A Doc with a label has all categories, since spaCy takes others as not annotated."""
        self._flush()
        for i, cats in enumerate(self._docs.cats):
            if cats:
                self._docs.cats[i] = cats | {name: 0.0 for name in self._labels if name not in cats}
        data: bytes = self._docs.to_bytes()
        return data

    def _check(self, sentence: Sentence) -> None:
        """Raise DataError for a word that spaCy takes for white space, which is no word when it is read."""
        check_words(sentence, "spacy", "")
        for i, word in enumerate(sentence.words):
            if word.isspace():
                raise error_at(sentence, i, f"the word {shown(word)} is white space, which spacy cannot hold")

    def _keep(self, tags: Mapping[str, Sequence[str]], rest: Mapping[str, Sequence[str]]) -> None:
        """Keep columns that the Doc cannot hold; what it had of the others is outdated."""
        kept = dict(self._doc.user_data.get(_KEY, {}))
        for name in tags:
            parts = list(kept.get(name, ()))
            if name in rest or len(parts) > self._part:
                parts += [None] * (self._part + 1 - len(parts))
                parts[self._part] = rest.get(name)
                kept[name] = parts
        if kept:
            self._doc.user_data[_KEY] = kept

    def _flush(self) -> None:
        if self._doc is not None:
            self._docs.add(self._doc)
        self._source, self._doc, self._part = None, None, 0


def spaces_of(sentence: Sentence) -> list[bool] | None:
    """Return whether a space follows each word, as CoNLL-U tells it; None if nothing tells it."""
    if sentence.format == "conllu" and sentence.lines:
        spaces: list[bool] = []
        for form, words, space in true_tokens(sentence):
            inside = "".join(words) != form
            spaces += [inside] * (len(words) - 1) + [space]
        return spaces
    if "misc" in sentence.columns:
        return ["SpaceAfter=No" not in misc.split("|") for misc in sentence.columns["misc"]]
    return None
