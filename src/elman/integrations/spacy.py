"""``elman``: a component of spaCy pipelines that annotates Docs with a model.

nlp = spacy.blank("en")
nlp.add_pipe("elman", config={"model": "my.model"})

Which column sets what is in ``elman.data.formats.spacy_docs``; a second column of spans sets ``doc.spans``, and
document labels set ``doc.cats``. spaCy loads this module whenever a pipeline is made, so models are imported later.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.data.formats.spacy_docs import (
    ATTRIBUTES,
    UNKNOWN_RELATION,
    EntitySpan,
    attribute_of,
    library,
    set_entities,
    set_heads,
    set_values,
)
from elman.errors import ConfigError
from elman.utils.display import shown
from elman.utils.imports import optional_package
from elman.utils.suggest import did_you_mean

with optional_package("spacy", "spacy"):
    from spacy.language import Language
    from spacy.tokens import Doc, Span, Token

if TYPE_CHECKING:
    from elman.integrations.spacy_words import DocWords
    from elman.taggers.column_predictor import ColumnPredictor

NAME = "elman"
SPANS, CATEGORIES, NOTHING = "spans", "cats", ""
TARGETS = (*ATTRIBUTES, SPANS, NOTHING)
"""What ``annotations`` may say of a column."""
WORDS = ("auto", "doc", "model")
"""Whose words are tagged: the tokens of the Doc, those that the model finds in its text, or the model's where it was
trained to find them (``auto``)."""


@Language.factory(  # type: ignore[untyped-decorator]
    NAME,
    default_config={
        "annotations": {},
        "words": "auto",
        "confidence": True,
        "threads": 1,
        "precision": "auto",
    },
    assigns=["token.tag", "token.pos", "token.morph", "token.lemma", "token.head", "token.dep", "doc.ents", "doc.cats"],
)
def make_component(
    nlp: Language,
    name: str,
    model: str | Path,
    annotations: dict[str, str],
    words: str,
    confidence: bool,
    threads: int,
    precision: str,
) -> ElmanComponent:
    """Return the component for a pipeline, see ``ElmanComponent``."""
    return ElmanComponent(
        model,
        name=name,
        annotations=annotations,
        words=words,
        confidence=confidence,
        threads=threads,
        precision=precision,
    )


class ElmanComponent:
    """Annotates Docs with a model.

    ``model``        the model file; a pipeline that was saved holds the model itself, so the file need not be there
    ``annotations``  column -> what it sets, in place of the default: pos, tag, morph, lemma, head, dep, ents, spans, or
                     "" for nothing
    ``words``        whose words are tagged: ``doc``, ``model``, or ``auto``
    ``confidence``   whether ``doc._.elman_confidences`` is set
    ``threads``, ``precision``  as in ``elman.load``

    Raises ConfigError for a model that cannot annotate a Doc, ModelFileError for a file that is no model.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        *,
        name: str = NAME,
        annotations: dict[str, str] | None = None,
        words: str = "auto",
        confidence: bool = True,
        threads: int = 1,
        precision: str = "auto",
    ) -> None:
        if words not in WORDS:
            raise ConfigError(f"words: expected {', '.join(WORDS)}, got {shown(words)}{did_you_mean(words, WORDS)}")
        self.name, self.model, self.words, self.confidence = name, os.fspath(model), words, confidence
        self.annotations = dict(annotations or {})
        self._options: dict[str, Any] = {"threads": threads, "precision": precision}
        self._predictor: ColumnPredictor | None = None
        self.attributes: dict[str, str] = {}
        """What each column sets."""
        self._error_handler: Callable[..., Any] | None = None
        if os.path.exists(self.model):  # else the model may come with the pipeline, by from_disk or from_bytes
            self._load()

    @property
    def predictor(self) -> ColumnPredictor:
        """The model. Raises ModelFileError if there is none."""
        if self._predictor is None:
            self._load()
        assert self._predictor is not None
        return self._predictor

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all columns that have some of their own; none until there is a model."""
        sets = self._predictor.tag_sets if self._predictor is not None else {}
        columns = [name for name, attribute in self.attributes.items() if attribute not in ("lemma", "morph", "head")]
        return tuple(dict.fromkeys(tag for name in columns for tag in sets.get(name, ())))

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a Doc."""
        self._annotate([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Yield the Docs of a stream, annotated ``batch_size`` at a time."""
        for batch in library("spacy.util").minibatch(stream, size=batch_size):
            try:
                self._annotate(batch)
            except Exception as error:
                if self._error_handler is None:
                    raise
                self._error_handler(self.name, self, batch, error)
                continue
            yield from batch

    def set_error_handler(self, handler: Callable[..., Any]) -> None:
        """Set what is called with name, component, Docs and exception if a batch fails."""
        self._error_handler = handler

    def get_error_handler(self) -> Callable[..., Any]:
        """Return what is called if a batch fails."""
        handler: Callable[..., Any] = self._error_handler or library("spacy.util").raise_error
        return handler

    # --- model ------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        from elman.taggers.load import load

        self._use(load(self.model, **self._options), self.model)

    def _use(self, predictor: Any, path: str) -> None:
        """Annotate with a model from now on. Raises ConfigError if it cannot annotate a Doc."""
        from elman.taggers.column_predictor import ColumnPredictor
        from elman.taggers.pipeline import Pipeline

        if not isinstance(predictor, ColumnPredictor):
            raise ConfigError(f"{path}: a model of the task {predictor.task} has no tags or labels for a Doc")
        if predictor.reads_features:
            raise ConfigError(f"{path}: it reads features of words, which a Doc does not have")
        if self.words == "model" and not isinstance(predictor, Pipeline):
            predictor.tokenizer  # noqa: B018 - raises if it cannot find words
        self.attributes = attributes(predictor, self.annotations)
        self._predictor = predictor

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Return the content of the model file."""
        from elman.models import file

        return file.to_bytes(*self.predictor.to_record())

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> ElmanComponent:
        """Use the model of ``to_bytes``."""
        from elman.models import file
        from elman.taggers.load import of_content

        self._use(of_content(self.name, file.from_bytes(data, self.name), **self._options), self.name)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the model file into a pipeline's folder."""
        self.predictor.save(path)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> ElmanComponent:
        """Use the model of ``to_disk``."""
        from elman.taggers.load import load

        self._use(load(path, **self._options), os.fspath(path))
        return self

    # --- annotation -------------------------------------------------------------------------------------------------

    def _annotate(self, docs: Sequence[Doc]) -> None:
        from elman.integrations.spacy_words import DocWords, found_words
        from elman.taggers.pipeline import Pipeline

        predictor = self.predictor
        own = self.words == "model" or (self.words == "auto" and isinstance(predictor, Pipeline))
        of_docs = found_words(predictor, docs) if own else [DocWords.tokens(doc) for doc in docs]
        columns = [name for name in self.attributes if name in predictor.word_targets]
        if columns:
            sentences = (words for each in of_docs for words in each.sentences)
            predicted = predictor.pipe(sentences, columns=columns, confidence=self.confidence)
            for each in of_docs:
                rows = [next(predicted) for _ in each.sentences]
                values: dict[str, list[Any]] = {name: [] for name in columns}
                confidences: dict[str, list[float]] = {name: [] for name in columns} if self.confidence else {}
                for row in rows:
                    for name in columns:
                        tags, p = row[name] if self.confidence else (row[name], None)
                        values[name] += tags
                        if p is not None:
                            confidences[name] += p
                self._set(each, values, confidences)
        texts = [each for each in of_docs if each.sentences]
        for name in predictor.text_targets:
            self._categorize(texts, name)

    def _set(self, words: DocWords, values: dict[str, list[Any]], confidences: dict[str, list[float]]) -> None:
        """Set the values of all words of a Doc."""
        doc = words.doc
        of_attribute = {self.attributes[name]: tags for name, tags in values.items()}
        heads = self._heads(words, of_attribute["head"]) if "head" in of_attribute else None
        owners = words.owners(heads)
        for attribute in ("pos", "tag", "morph", "lemma"):
            if attribute in of_attribute:
                set_values(doc, attribute, _of_tokens(words, owners, of_attribute[attribute], attribute))
        if heads is not None:
            token_heads, others = words.heads(heads, owners)
            relations = (
                _of_tokens(words, owners, of_attribute["dep"], "dep") if "dep" in of_attribute else [None] * len(doc)
            )
            set_heads(doc, token_heads, [UNKNOWN_RELATION if i in others else each for i, each in enumerate(relations)])
        else:
            if "dep" in of_attribute:
                set_values(doc, "dep", _of_tokens(words, owners, of_attribute["dep"], "dep"))
            if words.own:
                _set_sentences(words)
        for name, tags in values.items():
            if self.attributes[name] == "ents":
                set_entities(doc, _spans(words, tags))
            elif self.attributes[name] == SPANS:
                doc.spans[name] = [Span(doc, start, end, label=label) for start, end, label in _spans(words, tags)]
        if confidences:
            kept = doc._.elman_confidences or {}
            doc._.elman_confidences = kept | {
                name: [None if word is None else p[word] for word in owners] for name, p in confidences.items()
            }

    def _heads(self, words: DocWords, column: Sequence[str]) -> list[int]:
        """Return the heads of all words of a Doc, a root as its own head."""
        heads = []
        for start, end in zip(words.starts, words.starts[1:], strict=False):
            heads += [i if head == "0" else start + int(head) - 1 for i, head in enumerate(column[start:end], start)]
        return heads

    def _categorize(self, texts: Sequence[DocWords], name: str) -> None:
        """Set the probability of each label of Docs that have words."""
        predictor: Any = self.predictor
        several = len(predictor.text_targets) > 1
        keys = [f"{name}:{label}" if several else label for label in predictor.tag_sets[name]]
        words = ([word for sentence in each.sentences for word in sentence] for each in texts)
        for each, p in zip(texts, predictor.pipe_probabilities(words, name), strict=True):
            each.doc.cats |= dict(zip(keys, p.tolist(), strict=True))

    def score(self, examples: Iterable[Any], **options: Any) -> dict[str, Any]:
        """Return the scores of spaCy for all that the model sets, as ``nlp.evaluate`` shows them."""
        module = library("spacy.scorer")
        examples, scorer, set_ = list(examples), module.Scorer, set(self.attributes.values())
        scores: dict[str, Any] = {}
        for attribute in ("tag", "pos", "morph", "lemma"):
            if attribute in set_:
                scores |= scorer.score_token_attr(examples, attribute, **options)
        if "head" in set_:
            options.setdefault("getter", lambda token, attribute: getattr(token, f"{attribute}_"))
            scores |= scorer.score_deps(examples, "dep", ignore_labels=("p", "punct"), **options)
        if "ents" in set_:
            scores |= module.get_ner_prf(examples)
        if CATEGORIES in set_:
            names = [name for name, attribute in self.attributes.items() if attribute == CATEGORIES]
            one = all(self.predictor.tasks[name] == "classify" for name in names)
            labels = list(dict.fromkeys(label for example in examples for label in example.predicted.cats))
            scores |= scorer.score_cats(examples, "cats", labels=labels, multi_label=not one)
        return scores


def attributes(predictor: ColumnPredictor, annotations: dict[str, str]) -> dict[str, str]:
    """Return what each column sets. Raises ConfigError if that cannot be, or two columns would set the same."""
    for name, attribute in annotations.items():
        predictor.chosen([name])
        if name not in predictor.word_targets:
            raise ConfigError(f"annotations: {name} is a label of documents, which sets doc.cats")
        if attribute not in TARGETS:
            expected = f"{', '.join(ATTRIBUTES)}, {SPANS} or '' for nothing"
            raise ConfigError(f"annotations: {name}: expected {expected}, got {shown(attribute)}")
    found: dict[str, str] = {}
    for name in predictor.targets:
        if name in predictor.text_targets:
            found[name] = CATEGORIES
            continue
        # an encoded column such as feats has the name of CoNLL-U, which says enough
        attribute = annotations.get(name, attribute_of(name, predictor.tag_sets.get(name, ())))
        if attribute == "ents" and attribute in found.values() and name not in annotations:
            attribute = SPANS
        if attribute == "pos" and name in annotations:
            unknown = sorted({*predictor.tag_sets.get(name, ())} - {*library("spacy.parts_of_speech").IDS, "_"})
            if unknown:
                raise ConfigError(f"annotations: {name}: spaCy's pos_ has no {shown(unknown[0])}; tag takes any tag")
        if attribute in found.values() and attribute not in (SPANS, NOTHING):
            other = next(key for key, value in found.items() if value == attribute)
            advice = f'say which, as in annotations={{"{name}": ""}}'
            raise ConfigError(f"annotations: both {other} and {name} would set {attribute}; {advice}")
        if attribute:
            found[name] = attribute
    return found


def _of_tokens(
    words: DocWords, owners: Sequence[int | None], values: Sequence[str], attribute: str
) -> list[str | None]:
    """Return the value of each token; white space has what spaCy gives it."""
    space = {"pos": "SPACE", "tag": "_SP"}.get(attribute)
    found = [space if word is None else values[word] for word in owners]
    if attribute == "lemma":  # a part of a word is no form of its lemma
        for token, word in zip(words.doc, owners, strict=True):
            start, end = words.spans[word] if word is not None else (0, 0)
            if end - start != 1 or found[token.i] == "_":
                found[token.i] = token.text
    return found


def _spans(words: DocWords, tags: Sequence[str]) -> Iterator[EntitySpan]:
    """Yield the spans of all sentences, as tokens."""
    from elman.data.spans import find_spans

    for start, end in zip(words.starts, words.starts[1:], strict=False):
        for first, last, label in find_spans(tags[start:end]):
            yield EntitySpan(words.spans[start + first][0], words.spans[start + last - 1][1], label)


def _set_sentences(words: DocWords) -> None:
    """Set where the sentences begin that the model found."""
    first = {words.spans[start][0] for start in words.starts[:-1]}
    for token in words.doc:
        token.is_sent_start = token.i in first or token.i == 0


def _confidence(token: Token) -> float | None:
    """Return the probability of a token's value in the first column."""
    return next(iter(_confidences(token).values()), None)


def _confidences(token: Token) -> dict[str, float | None]:
    """Return the probability of a token's value in each column; None of white space, and once tokens were merged."""
    n, of_doc = len(token.doc), token.doc._.elman_confidences or {}
    return {name: p[token.i] if len(p) == n else None for name, p in of_doc.items()}


def _span_confidence(span: Span) -> float | None:
    """Return the smallest probability of its tokens."""
    return min((p for p in map(_confidence, span) if p is not None), default=None)


Doc.set_extension("elman_confidences", default=None, force=True)
Token.set_extension("elman_confidence", getter=_confidence, force=True)
Token.set_extension("elman_confidences", getter=_confidences, force=True)
Span.set_extension("elman_confidence", getter=_span_confidence, force=True)
