"""The front door: load a tagger, tag and evaluate with it. ``elman.taggers.train`` makes one.

tagger = elman.train("train.conllu", dev="dev.conllu")
tagger.save("my.model")
elman.load("my.model").tag(["the", "dog", "barks"])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from elman.data.formats import column_names
from elman.data.sentence import Sentence
from elman.data.targets import CLASSIFY, TAG, fit_word_tag
from elman.errors import ConfigError
from elman.models import file as model_file
from elman.models.base import ColumnsModel, Model
from elman.models.network_record import RARE
from elman.models.registry import KINDS, model_class
from elman.taggers.batches import Text, batches, ids_to_labels, ids_to_labels_with_confidences, text_of, words_of
from elman.utils import limits
from elman.utils.display import shown
from elman.utils.limits import whole_number
from elman.utils.parallel import ordered
from elman.utils.validation import demand, front

if TYPE_CHECKING:  # what comparing with gold tags needs is loaded when it begins
    from elman.data.corpus import Data, Path, ReadOptions
    from elman.evaluation.classification import ClassEvaluation
    from elman.evaluation.pairing import AlignedSentence
    from elman.evaluation.tagging import TagEvaluation
    from elman.models.ensemble import Ensemble
    from elman.models.streaming import Stream

Target = str | Sequence[str] | None
"""Names of label columns: ``"upos"``, ``"upos,xpos"`` or a list; None for those that are meant without saying."""


_T = TypeVar("_T")


class Tagger:
    """A trained tagger. T words of a sentence, K tags. Safe to use from several threads at once.

    One that was trained on several label columns tags them all together: the methods with ``columns`` in their names
    give those by name, the others the first. One that was trained on labels of whole texts has ``classify`` and its
    kin; where it labels words too, those columns come first.
    """

    task = "tag"
    """Which task it was trained for; others than tags are subclasses (``elman.taggers.build``)."""

    def __init__(
        self, model: Model, *, targets: Sequence[str], format: str, data: Mapping[str, Any], threads: int = 1
    ) -> None:
        self._model = model
        self._data = dict(data)
        self.targets = tuple(targets)
        """The label columns it was trained on."""
        self.format = format
        """The format of the file it was trained on; "" for sentences made in Python."""
        self.threads = threads
        """Threads that tag batches of a text; the tags do not depend on it."""

    @property
    def kind(self) -> str:
        """``rnn``, ``linear``, ``hmm`` or ``frequent``."""
        return self._model.kind

    @property
    def target(self) -> str:
        """The label column it was trained on, the first of several."""
        return self.targets[0]

    @property
    def tags(self) -> tuple[str, ...]:
        """The K tags, in the order of the columns of ``probabilities``."""
        return self._model.tags

    @property
    def tag_sets(self) -> dict[str, tuple[str, ...]]:
        """The tags of each label column."""
        sets = (self.tags,) if len(self.targets) == 1 else self._columns_model.tag_sets
        return dict(zip(self.targets, sets, strict=True))

    def gives(self, target: str, value: str) -> bool:
        """Whether that is a value of a label column as words or texts are given it."""
        return value in self.tag_sets[target]

    @property
    def tasks(self) -> dict[str, str]:
        """What each label column is: ``tag``, of words; ``classify``, one label of the whole text; ``several`` or
        ``any``, one or more labels of it, or none to many.
        """
        return dict(zip(self.targets, getattr(self._model, "tasks", (TAG,) * len(self.targets)), strict=True))

    @property
    def word_targets(self) -> tuple[str, ...]:
        """Those of ``targets`` that are of words."""
        return tuple(name for name, task in self.tasks.items() if task == TAG)

    @property
    def text_targets(self) -> tuple[str, ...]:
        """Those of ``targets`` that are of whole texts."""
        return tuple(name for name, task in self.tasks.items() if task != TAG)

    @property
    def temperatures(self) -> dict[str, float]:
        """What the scores of each label column are divided by before they become probabilities; fitted on dev, or 1."""
        of_model = getattr(self._model, "temperatures", (1.0,))
        return dict(zip(self.targets, of_model, strict=True))

    def temperature(self, target: str) -> float | None:
        """That of one of ``targets``; None where it is made of several label columns, each with its own."""
        return self.temperatures[target]

    def uncalibrated(self) -> Self:
        """The same tagger with all ``temperatures`` 1: its tags are the same, its probabilities raw."""
        return self._with(_model=self._model.at(()) if hasattr(self._model, "at") else self._model)

    def about(self, *, format: str, **data: Any) -> Self:
        """The same tagger with another format, and other facts of its data (``describe()["data"]``)."""
        return self._with(format=format, _data={**self._data, **data})

    def _with(self, **changed: Any) -> Self:
        """A copy, of its own class, with other values of some attributes."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, **changed)
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the model file would hold, and how it tags: for copies, and for processes that share a model."""
        return self._pickled(Tagger.from_record)

    def _pickled(self, make: Callable[..., Tagger]) -> tuple[Any, ...]:
        """What pickle asks for; ``make`` is the inverse of ``to_record``."""
        return _again, (make, *self.to_record(), self.threads, getattr(self._model, "_precision", "auto"))

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended its training: it is the best there was by then."""
        return bool(getattr(self._model, "interrupted", False))

    @property
    def networks(self) -> Ensemble:
        """What it is made of. Raises ConfigError: a model that is no network with states."""
        from elman.models.ensemble import Ensemble

        if not isinstance(self._model, Ensemble) or not self._model.network.encodes:
            raise ConfigError(f"expected a recurrent network, which has states; the model {self.kind} has none")
        return self._model

    def known(self, word: str) -> bool:
        """Whether the word stood in the training data."""
        return self._model.known(word)

    def tag(self, words: Sequence[str]) -> list[str]:
        """The tags of a sentence's words. Raises DataError for a single text instead of a list of words, ConfigError
        for a model that labels whole texts alone.
        """
        return self._tags([words_of(words)])[0]

    def tag_all(self, sentences: Iterable[Sequence[str] | Sentence]) -> Iterator[list[str]]:
        """The tags of each sentence, in order, read and tagged in batches: memory does not grow with the text."""
        return self._in_batches(self._tags, sentences)

    def tag_all_with_confidence(
        self, sentences: Iterable[Sequence[str] | Sentence]
    ) -> Iterator[tuple[list[str], list[float]]]:
        """The tags of each sentence and the model's probability, 0 to 1, of each of them at its place."""
        return self._in_batches(self._tags_and_confidences, sentences)

    def classify(self, text: Text, target: str | None = None) -> str:
        """The label of a whole text; where it can have several, those it has, joined with ``|``.

        ``target`` is one of ``text_targets``, by default the first. Raises DataError for a text without words,
        ConfigError for another name or a model that has no such labels.
        """
        return next(self.classify_all([text], target))

    def classify_all(self, texts: Iterable[Text], target: str | None = None) -> Iterator[str]:
        """The label of each text, in order, read in batches: memory does not grow with the number of texts."""
        name = self._text_target(target)
        return (found[name][0] for found in self._in_batches(self._by_column, map(text_of, texts)))

    def classify_all_with_confidence(
        self, texts: Iterable[Text], target: str | None = None
    ) -> Iterator[tuple[str, float]]:
        """The label of each text and the model's probability of it, 0 to 1; of several labels, that of just these."""
        name = self._text_target(target)
        for found in self._in_batches(self._by_column_with_confidences, map(text_of, texts)):
            (label,), (confidence,) = found[name]
            yield label, confidence

    def _text_target(self, target: str | None) -> str:
        names = self.text_targets
        if not names:
            raise ConfigError("classify: the model labels words, not whole texts; tag() gives their tags")
        if target is not None and target not in names:
            raise ConfigError(f"target: the model's labels of whole texts are {', '.join(names)}, got {shown(target)}")
        return target or names[0]

    def tag_lines(self, texts: Iterable[bytes]) -> Iterator[bytes]:
        """Texts in UTF-8, one sentence a line and a space between words, with ``_TAG`` behind each word, in order.

        The fast way for large text: nothing but the tags is added, and no word becomes a Python object. Each text
        holds whole lines. Raises ConfigError: a model of several columns, or with a tag that holds a space or an
        underscore, or that is no network.
        """
        if not self.tags_lines:
            raise ConfigError("tag_lines: expected a network of one column whose tags hold no space and no underscore")
        from elman import kernels

        model = cast(Any, self._model)
        tags = self.tags

        def tagged(text: bytes) -> bytes:
            limits.check_lines(text)
            return kernels.tag_lines(text, model.best_of_lines(text), tags)

        return ordered(tagged, texts, self.threads)

    @property
    def tags_lines(self) -> bool:
        """Whether ``tag_lines`` serves this model."""
        plain = self.word_targets == self.targets and len(self.targets) == 1 and fit_word_tag(self.tags)
        return plain and hasattr(self._model, "best_of_lines")

    def tag_columns(self, words: Sequence[str]) -> dict[str, list[str]]:
        """The tags of a sentence's words in each label column; a label of the whole text is a list with it alone."""
        return self._by_column([words_of(words)])[0]

    def tag_columns_all(self, sentences: Iterable[Sequence[str] | Sentence]) -> Iterator[dict[str, list[str]]]:
        """``tag_all`` for each label column."""
        return self._in_batches(self._by_column, sentences)

    def tag_columns_all_with_confidence(
        self, sentences: Iterable[Sequence[str] | Sentence]
    ) -> Iterator[dict[str, tuple[list[str], list[float]]]]:
        """``tag_all_with_confidence`` for each label column."""
        return self._in_batches(self._by_column_with_confidences, sentences)

    def probabilities(self, words: Sequence[str], target: str | None = None) -> NDArray[np.float64]:
        """The (T, K) probabilities of the ``tags`` for each word; rows sum to 1.

        ``target`` is one of ``targets``, in place of the first; the columns are its tags in ``tag_sets``. Of a label of
        whole texts it is (K,): it sums to 1, or where a text can have several labels each is for itself. Raises
        ConfigError for another name.
        """
        column = self.targets.index(self.chosen(target)[0]) if target is not None else 0
        if self.targets[column] in self.text_targets:
            (p,) = self._columns_model.probabilities([text_of(words)], column)[0]
            return np.asarray(p)
        if not column:
            return self._model.probabilities([words_of(words)])[0]
        return self._columns_model.probabilities([words_of(words)], column)[0]

    def stream(self, lookahead: int = 0, target: str | None = None) -> Stream:
        """Tag an endless text word by word, with the memory of all that came before (``elman.models.streaming``).

        ``lookahead``  k words that are read before a word is tagged, which a network that reads both ways or has a CRF
                       gains from. ``target`` is one of ``word_targets``, by default the first
        Raises ConfigError: no network, labels of whole texts, another name, a number that is not from 0 to 10,000.
        """
        whole_number("lookahead", lookahead, 0, limits.LOOKAHEAD)
        if self.kind != "rnn" or self.task != "tag" or not self.word_targets:
            found = f"the model {self.kind}" if self.kind != "rnn" else f"the task {self.task}"
            found = found if self.kind != "rnn" or self.task != "tag" else "labels of whole texts"
            raise ConfigError(f"stream: expected a recurrent network that tags words, got {found}")
        names = self.word_targets
        if target is not None and target not in names:
            raise ConfigError(f"target: the model's columns of words are {', '.join(names)}, got {shown(target)}")
        from elman.models.streaming import Stream

        return Stream(cast(Any, self._model), self.targets.index(target or names[0]), lookahead)

    def nbest(
        self, words: Sequence[str] | Sentence, most: int, target: str | None = None
    ) -> list[tuple[list[str], float]]:
        """The ``most`` most probable ways to tag a sentence, with their probabilities, best first; exact.

        Fewer where there are no more that the rules allow. Raises ConfigError: a number that is not from 1 to 1,000, or
        more than memory is to hold of a long sentence; a model that has none (only a network has), a name that is none
        of ``targets``.
        """
        whole_number("nbest", most, 1, limits.NBEST)
        if not hasattr(self._model, "nbest"):
            raise ConfigError(f"nbest: the model {self.kind} has one best sequence only; a network (rnn) has more")
        column = self.targets.index(self.chosen(target)[0])
        if self.targets[column] in self.text_targets:
            raise ConfigError(
                f"nbest: {self.targets[column]} is one label of the whole text; probabilities() ranks them"
            )
        tags = self.tag_sets[self.targets[column]]
        found = self._model.nbest(words_of(words), most, column)
        return [([tags[i] for i in ids.tolist()], p) for ids, p in found]

    def evaluate(
        self, data: Data, *, target: Target = None, format: str | None = None, encoding: str = "utf-8"
    ) -> TagEvaluation | ClassEvaluation:
        """Tag ``data`` (paths or sentences, as for ``train``) and compare with the gold tags in it.

        ``target`` is the column of the gold tags; by default the one trained on, or in a file of another format
        that format's own. Of a tagger of several columns it names one of them, by default the first. Raises DataError:
        no gold tags. For a label of whole texts what comes is a ``ClassEvaluation``, which has ``accuracy`` too.
        """
        if len(self.targets) > 1:
            target = self.chosen(target)[:1]
        return next(iter(self.evaluate_columns(data, target=target, format=format, encoding=encoding).values()))

    def evaluate_columns(
        self, data: Data, *, target: Target = None, format: str | None = None, encoding: str = "utf-8"
    ) -> dict[str, TagEvaluation | ClassEvaluation]:
        """``evaluate`` for each label column, or for those that ``target`` names; the text is tagged once."""
        from elman.data.corpus import iter_labelled
        from elman.evaluation.classification import LabelEvaluator
        from elman.evaluation.pairing import gold_labels, pair_with_predictions
        from elman.evaluation.tagging import TagEvaluator

        scored, how = self._scored(target, format, encoding)
        words = {name: TagEvaluator() for name in scored if name not in self.text_targets}
        texts = {name: LabelEvaluator(self.tag_sets[name], self.tasks[name]) for name in scored if name not in words}
        if not texts:
            for sentence, keys, predicted in pair_with_predictions(iter_labelled(data, how), self.tag_columns_all):
                known = [self.known(word) for word in sentence.words]
                for name, gold in zip(scored, keys.values(sentence), strict=True):
                    words[name].add(*self._counted(name, gold, predicted[name], known))
            return {name: tally.result() for name, tally in words.items()}
        for sentence, keys, sure in pair_with_predictions(
            iter_labelled(data, how), self.tag_columns_all_with_confidence
        ):
            known = [self.known(word) for word in sentence.words] if words else []
            for name, gold in zip(scored, gold_labels(sentence, keys, scored, self.tasks), strict=True):
                if name in words:
                    words[name].add(*self._counted(name, gold, sure[name][0], known))
                else:
                    texts[name].add(gold[0], sure[name][0][0], sure[name][1][0])
        return {name: (words[name] if name in words else texts[name]).result() for name in scored}

    def _counted(
        self, target: str, gold: Sequence[str], tags: Sequence[str], known: Sequence[bool]
    ) -> tuple[Sequence[str], Sequence[str], Sequence[bool]]:
        """What is compared of a sentence in a column: all its words."""
        return gold, tags, known

    def compare_columns(
        self, data: Data, *, target: Target = None, format: str | None = None, encoding: str = "utf-8"
    ) -> Iterator[dict[str, AlignedSentence]]:
        """What ``evaluate_columns`` counts, sentence by sentence, with the confidence of every tag."""
        from elman.data.corpus import iter_labelled
        from elman.evaluation.pairing import AlignedSentence, gold_labels, pair_with_predictions

        scored, how = self._scored(target, format, encoding)
        for sentence, keys, sure in pair_with_predictions(
            iter_labelled(data, how), self.tag_columns_all_with_confidence
        ):
            gold = gold_labels(sentence, keys, scored, self.tasks)
            whole = replace(sentence, words=(" ".join(sentence.words),), rows=sentence.rows[:1])
            yield {
                name: AlignedSentence(whole if name in self.text_targets else sentence, tags, *sure[name])
                for name, tags in zip(scored, gold, strict=True)
            }

    def _scored(self, target: Target, format: str | None, encoding: str) -> tuple[tuple[str, ...], ReadOptions]:
        """The model's label columns that are compared with gold tags, and how those are read."""
        from elman.data.corpus import ReadOptions

        several = len(self.targets) > 1
        names = self.chosen(target) if several else column_names(target)
        if not several and names is not None and len(names) > 1:
            raise ConfigError(f"target: the model has one column, {self.target}, got {', '.join(names)}")
        task = None if several else TAG if self.word_targets else CLASSIFY
        if several and names is not None:  # in the order in which they are found, columns of words first
            names = tuple(sorted(names, key=lambda name: name in self.text_targets))
        how = ReadOptions(names, format, encoding, model_default=(self.format, self.target), task=task)
        return names if several and names is not None else self.targets, how

    def chosen(self, target: Target = None) -> tuple[str, ...]:
        """Those of ``targets`` that are named; None: all. Raises ConfigError for another name."""
        names = column_names(target) or self.targets
        for name in names:
            if name not in self.targets:
                raise ConfigError(f"target: the model's columns are {', '.join(self.targets)}, got {shown(name)}")
        return names

    def save(self, path: Path) -> None:
        """Write the model file, all of it or nothing. Raises OutputError where it cannot be written."""
        model_file.save(path, *self.to_record())

    def to_record(self) -> tuple[dict[str, Any], model_file.Tensors]:
        """Configuration (JSON values) and tensors: all that the model file holds."""
        of_model, tensors = self._model.to_record()
        record = {
            "kind": self.kind,
            "target": self.target if len(self.targets) == 1 else list(self.targets),
            "format": self.format,
            "data": self._data,
            "model": of_model,
        }
        return record, tensors

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: model_file.Tensors, *, threads: int = 1) -> Tagger:
        """The inverse of ``to_record``. Raises ModelFileError for records that do not fit together."""
        found = front(record, KINDS)
        trained: Model = model_class(found.kind).from_record(found.model, tensors)
        columns, names = len(getattr(trained, "tag_sets", (trained.tags,))), len(found.targets)
        demand(names == columns, f"target: expected {columns}, one a label column of the model, found {names}")
        return cls(trained, targets=found.targets, format=found.format, data=found.data, threads=threads)

    def choose_precision(self, precision: str) -> None:
        """``auto``, ``exact`` or ``int8``, of a network, as in ``load``. Raises ConfigError as that does."""
        if self.kind == "rnn":
            cast(Any, self._model).choose_precision(precision)

    def describe(self) -> dict[str, Any]:
        """What it is and what it was made from, as JSON values: what ``elman inspect --json`` prints."""
        record, tensors = self._model.to_record()
        return {
            "kind": self.kind,
            "target": self.target,
            "format": self.format,
            "tags": list(self.tags),
            "targets": {name: list(tags) for name, tags in self.tag_sets.items()},
            "tasks": self.tasks,
            "vocabulary": len(record["vocabulary"]["words"]),
            "parameters": sum(tensor.size for name, tensor in tensors.items() if name != RARE),
            "data": dict(self._data),
            "temperatures": self.temperatures,
            "settings": record.get("settings", {}),
            "training": record.get("training", {}),
        }

    @property
    def _columns_model(self) -> ColumnsModel:
        return cast(ColumnsModel, self._model)

    def _tags(self, batch: Sequence[Sequence[str]]) -> list[list[str]]:
        if not self.word_targets:
            raise ConfigError("tag: the model labels whole texts, not words; classify() gives their labels")
        return ids_to_labels(self.tags, self._model.best(batch))

    def _tags_and_confidences(self, batch: Sequence[Sequence[str]]) -> list[tuple[list[str], list[float]]]:
        return ids_to_labels_with_confidences(self.tags, self._model.best_and_confidences(batch))

    def _by_column(self, batch: Sequence[Sequence[str]]) -> list[dict[str, list[str]]]:
        several = len(self.targets) > 1
        found = self._columns_model.best_columns(batch) if several else [self._model.best(batch)]
        columns = [ids_to_labels(tags, ids) for tags, ids in zip(self.tag_sets.values(), found, strict=True)]
        return [dict(zip(self.targets, of_one, strict=True)) for of_one in zip(*columns, strict=True)]

    def _by_column_with_confidences(
        self, batch: Sequence[Sequence[str]]
    ) -> list[dict[str, tuple[list[str], list[float]]]]:
        if len(self.targets) > 1:
            found = self._columns_model.best_and_confidences_columns(batch)
        else:
            found = [self._model.best_and_confidences(batch)]
        columns = [
            ids_to_labels_with_confidences(tags, of) for tags, of in zip(self.tag_sets.values(), found, strict=True)
        ]
        return [dict(zip(self.targets, of_one, strict=True)) for of_one in zip(*columns, strict=True)]

    def _in_batches(
        self, work: Callable[[Sequence[Sequence[str]]], list[_T]], sentences: Iterable[Sequence[str] | Sentence]
    ) -> Iterator[_T]:
        """``work`` on batches that are cut by a rule which does not know of threads, results in order."""
        return chain.from_iterable(ordered(work, batches(sentences), self.threads))


def _again(
    make: Callable[..., Tagger], record: Mapping[str, Any], tensors: model_file.Tensors, threads: int, precision: str
) -> Tagger:
    """A tagger of what was pickled."""
    tagger = make(record, tensors, threads=threads)
    tagger.choose_precision(precision)
    return tagger
