"""The words of a spaCy Doc as a model reads them: its tokens, or the words that the model itself finds in the text.

Values of words go to tokens by their characters. A token of several words has the values of the word nearest to the
root; several tokens of one word all have its values, and the later ones depend on the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from elman.data.formats.conllu_builder import ConlluDraft
from elman.data.formats.spacy_docs import depths
from elman.taggers.column_predictor import ColumnPredictor
from elman.taggers.pipeline import Pipeline

Form = tuple[str, Sequence[str]]
"""A token as in the text, and its words."""


@dataclass
class DocWords:
    """The words of a Doc, by sentence. W words, T tokens.

    ``sentences``  the words of each sentence
    ``spans``      (W,) the tokens that each word overlaps: the first, and the one after the last
    ``own``        whether the words and sentences were found by the model
    """

    doc: Any
    sentences: list[list[str]] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    own: bool = False

    @classmethod
    def tokens(cls, doc: Any) -> DocWords:
        """Return the tokens of a Doc, without those of white space; without sentence boundaries it is one sentence."""
        words = cls(doc)
        bounds = [(span.start, span.end) for span in doc.sents] if doc.has_annotation("SENT_START") else [(0, len(doc))]
        for start, end in bounds:
            tokens = [token for token in doc[start:end] if not token.text.isspace()]
            if tokens:
                words.sentences.append([token.text for token in tokens])
                words.spans += [(token.i, token.i + 1) for token in tokens]
        return words

    def owners(self, heads: Sequence[int] | None = None) -> list[int | None]:
        """Return (T,) the word that each token gets its values of; None of white space.

        ``heads``  (W,) the head of each word, a root itself
        """
        depth = depths(heads) if heads is not None else None
        owners: list[int | None] = [None] * len(self.doc)
        for word, (start, end) in enumerate(self.spans):
            for token in range(start, end):
                before = owners[token]
                if before is None or (depth is not None and depth[word] < depth[before]):
                    owners[token] = word
        return owners

    def heads(self, heads: Sequence[int], owners: Sequence[int | None]) -> tuple[list[int | None], set[int]]:
        """Return (T,) the head of each token, and the tokens that have no relation of their own.

        These are the later tokens of a word, and white space, which depends on the token before it. Heads of tokens
        are trees, since they lead to words that are nearer to the root.
        """
        first = {word: token for token, word in reversed(list(enumerate(owners))) if word is not None}
        found: list[int | None] = []
        others: set[int] = set()
        for token, word in enumerate(owners):
            if word is None:
                found.append(
                    next(
                        (t for t in (*range(token, -1, -1), *range(token, len(owners))) if owners[t] is not None), token
                    )
                )
                others.add(token)
            elif first[word] != token:
                found.append(first[word])
                others.add(token)
            elif heads[word] == word:
                found.append(token)
            else:
                head = heads[word]
                found.append(first.get(head, self.spans[head][0]))
        return found, others

    @cached_property
    def starts(self) -> list[int]:
        """The first word of each sentence, as an index of all words; and the number of words."""
        starts = [0]
        for sentence in self.sentences:
            starts.append(starts[-1] + len(sentence))
        return starts


def found_words(predictor: ColumnPredictor, docs: Sequence[Any]) -> list[DocWords]:
    """Return the words that the model finds in the text of Docs."""
    lines = (line for doc in docs for line in (*doc.text.split("\n"), ""))  # a blank line ends a paragraph
    sentences: Iterator[list[Form]]
    if isinstance(predictor, Pipeline):
        sentences = map(_forms, predictor.segmenter.drafts(lines))
    else:
        sentences = (
            [(token.form, token.words) for token in each.tokens] for each in predictor.tokenizer.sentences(lines)
        )
    return [_aligned(doc, sentences) for doc in docs]


def _aligned(doc: Any, sentences: Iterator[list[Form]]) -> DocWords:
    """Return the words of a Doc, from the sentences of its text and of what follows."""
    words = DocWords(doc, own=True)
    at_character = [token.i for token in doc for c in token.text if not c.isspace()]  # white space may be cut otherwise
    at = 0
    while at < len(at_character):
        sentence: list[str] = []
        for form, parts in next(sentences):
            size = sum(not c.isspace() for c in form)
            if size:
                sentence += parts
                words.spans += [(at_character[at], at_character[at + size - 1] + 1)] * len(parts)
            at += size
        if sentence:
            words.sentences.append(sentence)
    return words


def _forms(draft: ConlluDraft | None) -> list[Form]:
    """Return the tokens of a sentence of raw text."""
    assert draft is not None  # a pipeline finds sentences
    forms: list[Form] = []
    at = 0
    while at < len(draft.words):
        end, form = at + 1, draft.words[at]
        if at in draft.ranges:
            id, form = draft.ranges[at].split("\t")[:2]
            end = int(id.partition("-")[2])
        forms.append((form, draft.words[at:end]))
        at = end
    return forms
