"""Tasks of the word tagger beyond tags as they stand in a file: each is an encoding before training and a decoding
after tagging, recorded in the model file. ``NAME:option=value`` chooses among encodings.

    lemma       lemmas as edit scripts
    morphology  FEATS, ``features=whole`` or one label column for ``each`` feature, in combinations that occur
    parse       UPOS and a tree: heads as ``heads=relative`` or ``heads=brackets``, and relations; of bracketed trees
                tags, common phrases and unary chains (``constituents``)
    segment     words and sentences of raw text, as labels of characters (``segmentation``)
    lm          the next symbol of raw text (``elman.taggers.language_model``), ``unit=words`` or ``unit=characters``
    pipeline    raw text to all columns of CoNLL-U: ``segment``, and one tagger of all columns that training text has
    regress     numbers in, a number out (``elman.taggers.regression``)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from elman.data.sentence import Sentence
from elman.data.targets import CLASSIFY, TAG
from elman.errors import ConfigError, DataError
from elman.tasks.base import NOTHING, Encoding
from elman.tasks.composite import HEADS, Features, Lemmas, Plain, Together, Trees, column
from elman.tasks.constituents import Constituents
from elman.utils.display import shown

WHOLE, EACH = "whole", "each"
REGRESS = "regress"
OPTIONS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "segment": {},
    "lemma": {},
    "morphology": {"features": (WHOLE, EACH)},
    "parse": {"heads": HEADS},
    "pipeline": {"features": (WHOLE, EACH), "heads": HEADS},
    "lm": {"unit": ("words", "characters")},
    REGRESS: {},
}
"""The tasks, and the options of each with their values, the default first."""
COLUMNS = {"lemma": "lemma", "morphology": "feats"}
"""The column that a task of one column is about, unless another is named."""


def parsed(text: str) -> tuple[str, dict[str, str]]:
    """Name and options of a task, ``morphology:features=each``. Raises ConfigError: no such task, option or value."""
    name, _, rest = text.partition(":")
    if name not in OPTIONS:
        *names, last = TAG, CLASSIFY, *OPTIONS
        raise ConfigError(f"task: expected {', '.join(names)} or {last}, got {shown(name)}")
    there = OPTIONS[name]
    options = {option: values[0] for option, values in there.items()}
    for item in rest.split(",") if rest else ():
        option, mark, value = item.partition("=")
        if not mark or option not in there:
            known = ", ".join(f"{known}={'|'.join(values)}" for known, values in there.items()) or "none"
            raise ConfigError(f"task {name}: its options are {known}, got {shown(item)}")
        if value not in there[option]:
            raise ConfigError(f"task {name}: {option}: expected {' or '.join(there[option])}, got {shown(value)}")
        options[option] = value
    return name, options


def encoding(
    name: str, options: Mapping[str, str], sentences: Sequence[Sentence], target: str | None = None
) -> Encoding:
    """The encoding of a task of words for training sentences; ``target`` in place of the task's usual column.

    Raises DataError: nothing to learn in these sentences; ConfigError: they have no such column.
    """
    if name == "lemma":
        return Lemmas.of(sentences, target or COLUMNS[name])
    if name == "morphology":
        return _features(options, sentences, target or COLUMNS[name])
    if name == "parse":
        return _parse(options, sentences)
    parts: list[Encoding] = [Plain(one) for one in ("upos", "xpos") if _annotated(sentences, one)]
    if _annotated(sentences, "feats"):
        parts.append(_features(options, sentences, "feats"))
    if _annotated(sentences, "lemma"):
        parts.append(Lemmas.of(sentences))
    if _annotated(sentences, "head"):
        heads = options["heads"] if _annotated(sentences, "upos") else "brackets"
        parts.append(Trees.of(sentences, heads))
    if not parts:
        raise DataError("nothing to learn: all columns are _", path=sentences[0].path or None)
    return Together(tuple(parts))


def _parse(options: Mapping[str, str], sentences: Sequence[Sentence]) -> Encoding:
    """Raises ConfigError: neither dependencies nor bracketed trees; DataError: a sentence without a tree."""
    found = sentences[0]
    if found.format == "trees":
        return Constituents.of(sentences)
    if found.format == "columns":
        which = "; with two more, _ and _, the 8 columns of CoNLL-X are CoNLL-U" if len(found.columns) == 7 else ""
        raise ConfigError(f"{found.path}: the task parse learns from conllu or trees, found columns{which}")
    return Together((Plain("upos"), Trees.of(sentences, options["heads"])))


def _features(options: Mapping[str, str], sentences: Sequence[Sentence], target: str) -> Encoding:
    """Raises DataError: no features."""
    each = Features.of(sentences, target)
    return each if options["features"] == EACH else Plain(target)


def _annotated(sentences: Sequence[Sentence], name: str) -> bool:
    return any(value != NOTHING for value in chain.from_iterable(column(sentence, name) for sentence in sentences))
