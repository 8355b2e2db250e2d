"""Choose settings from the data: resolve ``auto`` and 0 epochs for given training sentences.

A model records the chosen values, so retraining with its settings gives the same bits (on one instruction set).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from elman.config import Config, NetworkConfig, TrainingConfig
from elman.data.targets import CLASSIFY, TAG
from elman.models import constraints

Labelled = Sequence[tuple[Sequence[str], ...]]  # for each sentence its words and, for each label column, its tags

EPOCHS = (5, 20)
EFFORT = 400  # epochs times the square root of the sentences
FEW = 5_000  # sentences: below, a second network gives about half a point and costs seconds
FEWER_WORDS = 30_000  # and below this a third and a fourth give 0.25 more
FEW_TEXTS, FEW_TEXT_WORDS = 10_000, 100_000  # texts to classify: below both, three networks are a point better
LINEAR_SHARE = {True: 0.6, False: 0.5}  # begun with naive Bayes or not: docs/lab-notebook/classification.md
WORD_DROPOUT, WORD_DROPOUT_OF_FEW = 0.3, 0.5  # the larger one for one column of at most ``FEW_TAGS`` tags
FEW_WORDS, FEW_TAGS = range(10_000, 30_000), 50  # with more tags it harms
SPAN_BALANCE = 0.3
MOST_CRF_TAGS = 100  # its time grows with their square


def resolve(config: Config, train: Labelled, tasks: Sequence[str] = (), *, single: bool = False) -> Config:
    """Return the settings with all automatic ones resolved; the others are unchanged.

    ``tasks`` are the kinds of the label columns (``elman.data.targets``); by default all label words. ``single`` keeps
    one network, whatever the data. The thresholds come from dev sets (docs/explanation/accuracy.md).
    """
    network, training = config.network, config.training
    of_words = [i for i in range(1, len(train[0])) if not tasks or tasks[i - 1] == TAG] if train else []
    columns = [{tag for sentence in train for tag in sentence[i]} for i in of_words]
    if network.features == "auto":
        network = replace(network, features="affixes" if _has_case(train) else "both")
    if network.decoder == "auto":
        crf_tags = all(len(tags) <= MOST_CRF_TAGS for tags in columns)
        whole = not (training.distill_teachers or training.smoothing or training.chunk)
        crf = crf_tags and whole and (bool(columns) or not train)
        network = replace(network, decoder="crf" if crf else "softmax")
    spans = any(constraints.detect(tags) != constraints.NONE for tags in columns)
    n_words = sum(len(words) for words, *_ in train)
    if network.ensemble == 0:
        texts = bool(train) and not of_words
        few = len(train) < FEW or (texts and len(train) < FEW_TEXTS and n_words < FEW_TEXT_WORDS)
        one = single or training.distill_teachers or not few
        # a third one for spans and texts: it gains a point of F1 or accuracy
        several = 4 if n_words < FEWER_WORDS else 3 if spans or texts else 2
        network = replace(network, ensemble=1 if one else several)
    if training.epochs == 0:
        fewest, most = EPOCHS
        training = replace(training, epochs=min(most, max(fewest, round(EFFORT / max(len(train), 1) ** 0.5))))
    if training.word_dropout < 0:
        alone = n_words in FEW_WORDS and len(of_words) == len(train[0]) - 1 == 1
        of_few = alone and len(columns[0]) <= FEW_TAGS
        training = replace(training, word_dropout=WORD_DROPOUT_OF_FEW if of_few else WORD_DROPOUT)
    training = _of_texts(network, training, train, tasks, len(of_words))
    if training.class_weight_power < 0:
        training = replace(training, class_weight_power=SPAN_BALANCE if spans else 0.0)
    return Config(network, training)


def _of_texts(
    network: NetworkConfig, training: TrainingConfig, train: Labelled, tasks: Sequence[str], of_words: int
) -> TrainingConfig:
    """Return the settings with those of logistic regression resolved, which only document labels have."""
    columns = len(train[0]) - 1 if train else 0
    two = columns == of_words + 1 and tasks[of_words] == CLASSIFY
    two = two and len({label for sentence in train for label in sentence[columns]}) == 2
    if train and (of_words == columns or "none" in (network.pooling, network.text_ngrams)):
        training = replace(training, linear_share=0.0)
    if train and (not two or network.text_ngrams == "none"):
        training = replace(training, naive_bayes=0.0)
    if training.linear_share < 0:
        training = replace(training, linear_share=LINEAR_SHARE[bool(training.naive_bayes)])
    return training


def _has_case(train: Labelled) -> bool:
    """Whether most words are in a script with upper and lower case; otherwise affixes are of little use."""
    words = {word for words, *_ in train for word in words}
    return sum(word.lower() != word.upper() for word in words) > len(words) / 2
