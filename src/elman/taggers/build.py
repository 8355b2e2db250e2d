"""The models of all tasks: how they are trained by the trainer of the word tagger, and made of their records.

tags                      a ``Tagger``
segment                   a ``Segmenter``, of raw text
lemma, morphology, parse  an ``EncodedTagger``
pipeline                  a ``Pipeline``, of raw text
regress                   a ``Regressor``, of rows of numbers
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from elman import tasks
from elman.config import settings_fields
from elman.data.corpus import as_items
from elman.data.formats import column_names, read_sentences
from elman.data.sentence import Sentence
from elman.data.split import split_percent
from elman.errors import ConfigError, DataError, ModelFileError
from elman.models.file import Tensors
from elman.taggers.pipeline import SEGMENT, WORDS, Pipeline
from elman.taggers.segmenter import COLUMN, Segmenter, pieces, settings_for
from elman.taggers.structured import EncodedTagger, encoded
from elman.taggers.tagger import Tagger
from elman.tasks.base import Encoding
from elman.tasks.dependency_labels import note_of_lost
from elman.tasks.loaded import encoding_of
from elman.tasks.segmentation import Segmentation, check_labels
from elman.training import auto_settings as automatic
from elman.utils.display import shown
from elman.utils.files import input_files
from elman.utils.parallel import thread_count

TREE_EPOCHS = 8
"""The fewest epochs where trees are learned."""
FEW_TREES = {"epochs": 40, "batch": 4}
"""Of constituents, whose labels are rare: more and smaller steps."""
TREE_HIDDEN = 256
"""Units for the trees of a large treebank."""
Train = Callable[..., Tagger]
"""``elman.taggers.train.train``: sentences with label columns, and keywords, to a tagger."""


@dataclass(frozen=True)
class Job:
    """What is to be learned from what.

    ``task``      name and options, ``morphology:features=each``
    ``data``      a path, several paths, or Sentences; ``dev`` the same, or a share of them in per cent
    ``settings``  that differ from the preset's; ``rest`` goes to the trainer as it is
    """

    task: str
    data: Any
    dev: Any = None
    target: str | Sequence[str] | None = None
    format: str | None = None
    encoding: str = "utf-8"
    settings: Mapping[str, Any] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)


def train(job: Job, fit: Train) -> Tagger:
    """The model of a job, trained by ``fit``. Raises ConfigError for settings, DataError for data of no use."""
    name, _ = tasks.parsed(job.task)
    if job.rest.get("model") not in (None, "rnn") and name not in tasks.COLUMNS:
        raise ConfigError(f"task {name}: expected the model rnn, got {shown(job.rest['model'])}")
    if job.rest.get("budget") is not None and name in (Pipeline.task, tasks.REGRESS):
        raise ConfigError(f"task {name}: a budget plans one network of words; set epochs in place of it")
    names = column_names(job.target)
    if names is not None and (len(names) > 1 or name not in (*tasks.COLUMNS, tasks.REGRESS)):
        raise ConfigError(f"target: the task {name} knows its columns, got {', '.join(names)}")
    if job.rest.get("vectors") is not None and name in (Segmenter.task, tasks.REGRESS):
        raise ConfigError(f"task {name}: it reads no words, of which vectors are; leave them out")
    sentences = read(job.data, job)
    dev = job.dev if job.dev is None or isinstance(job.dev, float) else read(job.dev, job)
    if name == tasks.REGRESS:
        return _numbers(job, sentences, dev)
    if name == Segmenter.task:
        return _segmenter(job, sentences, dev, job.settings, fit)
    if name != Pipeline.task:
        return _words(job, sentences, dev, fit)
    if sentences[0].format != "conllu":
        raise ConfigError(f"task pipeline: expected conllu, with all columns of a word; it is {sentences[0].format}")
    of_training = {f.name for section, f in settings_fields() if section == "training"}
    of_segmenter = {key: value for key, value in job.settings.items() if key in of_training}
    words = _words(job, sentences, dev, fit)  # first, since it has more to refuse
    return Pipeline(_segmenter(job, sentences, dev, of_segmenter, fit), words)


def read(data: Any, job: Job) -> list[Sentence]:
    """The sentences with words. Raises DataError: none."""
    items = list(as_items(data))
    paths = [os.fspath(item) for item in items if isinstance(item, str | os.PathLike)]
    sentences: list[Sentence] = [item for item in items if isinstance(item, Sentence)]
    if len(paths) < len(items) != len(sentences):
        raise DataError("expected paths, or Sentences")
    for path in input_files(paths):
        sentences += read_sentences(path, format=job.format, encoding=job.encoding, labelled=False)
    found = [sentence for sentence in sentences if sentence.words]
    if not found:
        raise DataError("no words in it; expected sentences to learn from", path=paths[0] if paths else None)
    return found


def _segmenter(
    job: Job, sentences: list[Sentence], dev: list[Sentence] | float | None, settings: Mapping[str, Any], fit: Train
) -> Segmenter:
    segmentation = Segmentation.of(sentences)
    part, dev_part, held_out = pieces(segmentation.marked(sentences)), None, None
    if not segmentation.sentences and all(len(sentence.words) == 1 for sentence in sentences):
        message = "no spaces within a line, so every line is one word; expected a space between words"
        raise DataError(message, path=sentences[0].path or None)
    if isinstance(dev, float):
        part, dev_part, held_out = split_percent(part, dev)
    elif dev is not None:
        dev_part = pieces(segmentation.marked(dev))
    single = job.rest.get("budget") is not None or "distill_teachers" in settings
    own = settings_for(job.rest.get("preset", "default"), part, single=single)
    rest = {**job.rest, "vectors": None}
    tagger = fit(part, dev_part, target=COLUMN, settings={**own, **settings}, **rest)
    return Segmenter(_about(tagger, sentences, held_out), segmentation)


def _words(job: Job, sentences: list[Sentence], dev: list[Sentence] | float | None, fit: Train) -> EncodedTagger:
    name, options = tasks.parsed(job.task)
    dev_part, held_out = None, None
    if isinstance(dev, float):
        sentences, dev_part, held_out = split_percent(sentences, dev)
    elif dev is not None:
        dev_part = dev
    names = column_names(job.target) or (None,)
    encoding = tasks.encoding(name, options, sentences, names[0])
    if options.get("heads") == "brackets" and "head" in encoding.columns and job.rest.get("on_note") is not None:
        lost = note_of_lost(sentences)
        if lost is not None:
            job.rest["on_note"](lost)
    tagger = fit(
        encoded(sentences, encoding),
        None if dev_part is None else encoded(dev_part, encoding),
        target=encoding.columns,
        settings={**_of_trees(job, encoding, len(sentences)), **job.settings},
        **job.rest,
    )
    return EncodedTagger(_about(tagger, sentences, held_out), encoding, name)


def _of_trees(job: Job, encoding: Encoding, sentences: int) -> dict[str, Any]:
    """Settings where trees are learned, which take more than tags do (docs/parsing.md); a pipeline stays fast."""
    if not {"head", "tree.common"} & set(encoding.columns) or job.rest.get("preset", "default") not in (
        "default",
        "best",
    ):
        return {}
    epochs = min(automatic.EPOCHS[1], max(TREE_EPOCHS, round(automatic.EFFORT / sentences**0.5)))
    found: dict[str, Any] = {"layers": 2, "epochs": epochs}
    if job.task.partition(":")[0] == Pipeline.task or job.rest.get("preset") == "best":
        return found
    if "head" in encoding.columns:
        found["dropout_kind"] = "variational"
    if sentences >= automatic.FEW:
        return {**found, "hidden": TREE_HIDDEN}
    return found | FEW_TREES if "tree.common" in encoding.columns else found


def _numbers(job: Job, sentences: list[Sentence], dev: list[Sentence] | float | None) -> Tagger:
    from elman import config
    from elman.taggers.regression import training as regression
    from elman.taggers.regression.model import SETTINGS

    names = column_names(job.target) or tuple(sentences[0].columns)[-1:]
    if not names:
        raise DataError("expected two columns or more, numbers and one to be predicted", path=sentences[0].path or None)
    held_out = None
    if isinstance(dev, float):
        sentences, dev, held_out = split_percent(sentences, dev)
    preset = job.rest.get("preset", "default")
    own = dict(SETTINGS) | (dict(regression.OWN) if preset == "default" else {"ensemble": 1})
    settings = config.preset(preset).with_settings({**own, **job.settings})
    run = regression.Run(job.rest.get("seed", 1), thread_count(job.rest.get("threads")), job.rest.get("on_progress"))
    found = regression.train(sentences, dev, names[0], settings, run)
    return found if held_out is None else cast(Tagger, found.about(format=found.format, held_out=held_out))


def _about(tagger: Tagger, sentences: Sequence[Sentence], held_out: str | None) -> Tagger:
    """The tagger, with what its model file says of the data it was made from: sentences and words, not units."""
    words = sum(len(sentence) for sentence in sentences)
    format = sentences[0].format
    return tagger.about(format=format, sentences=len(sentences), words=words, held_out=held_out)


def of_record(record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Tagger:
    """The inverse of ``to_record`` of all models. Raises ModelFileError for what is no such record."""
    about = record.get("task")
    if not isinstance(about, dict):
        return Tagger.from_record(record, tensors, threads=threads)
    name = str(about.get("name"))
    if name == "lm":
        from elman.taggers import language_model as language

        return language.from_record(record, tensors, threads)
    if name == Pipeline.task:
        return _pipeline(about, tensors, threads)
    if name == Segmenter.task:
        return _segmenter_of(record, about, tensors, threads)
    if name == tasks.REGRESS:
        from elman.taggers.regression import tagger as regression

        return regression.from_record(record, tensors, threads=threads)
    if name in tasks.OPTIONS:
        return _words_of(record, about, tensors, threads)
    raise ModelFileError(f"task: expected {', '.join(tasks.OPTIONS)} with its parts, found {shown(name)}")


def _segmenter_of(record: Mapping[str, Any], about: Mapping[str, Any], tensors: Tensors, threads: int) -> Segmenter:
    found = about.get("segmentation")
    segmentation = Segmentation.from_record(found if isinstance(found, dict) else {})
    tagger = Tagger.from_record(record, tensors, threads=threads)
    if tagger.kind != "rnn" or len(tagger.targets) != 1 or tagger.text_targets:
        raise ModelFileError("task segment: expected a recurrent network with one column of labels")
    check_labels(tagger.tags)
    return Segmenter(tagger, segmentation)


def _words_of(record: Mapping[str, Any], about: Mapping[str, Any], tensors: Tensors, threads: int) -> EncodedTagger:
    tagger = Tagger.from_record(record, tensors, threads=threads)
    if tagger.text_targets:
        raise ModelFileError(f"task {about['name']}: expected labels of words, found those of whole texts")
    return EncodedTagger(tagger, encoding_of(about.get("encoding"), tagger.tag_sets), about["name"])


def _pipeline(about: Mapping[str, Any], tensors: Tensors, threads: int) -> Pipeline:
    """The model of two, each with its own record and its own part of the tensors."""
    parts: list[Any] = []
    for key, prefix, name in (("segment", SEGMENT, Segmenter.task), ("words", WORDS, Pipeline.task)):
        record = about.get(key)
        task = record.get("task") if isinstance(record, dict) else None
        if not isinstance(task, dict) or task.get("name") != name:
            raise ModelFileError(f"task pipeline: expected a model of the task {name} as its part {key}")
        own = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        parts.append((record, task, own, threads))
    other = next((name for name in tensors if not name.startswith((SEGMENT, WORDS))), None)
    if other is not None:
        raise ModelFileError(f"task pipeline: expected tensors of its two parts, found {shown(other)}")
    words = _words_of(*parts[1])
    wrong = next((label for own in words.tag_sets.values() for label in own if "\t" in label or "\n" in label), None)
    if wrong is not None:
        raise ModelFileError(f"task pipeline: expected labels that CoNLL-U can hold, found {shown(wrong)}")
    return Pipeline(_segmenter_of(*parts[0]), words)
