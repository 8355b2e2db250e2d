"""Train taggers of columns that are encoded as labels: lemmas, features, trees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from elman.data.sentence import Sentence
from elman.data.tokens import input_names, with_inputs
from elman.errors import ConfigError
from elman.taggers import registry, train_tags
from elman.taggers.prepare import read_all, split, tokenization
from elman.taggers.request import TrainRequest
from elman.taggers.structured import EncodedTagger, encoded
from elman.tasks.base import Encoding
from elman.tasks.dependency_labels import crossing_arcs_note
from elman.training import auto_settings

TREE_EPOCHS = 8
"""Fewest epochs for trees that are labels of words."""
GRAPH_EPOCHS = 14
"""Fewest epochs for a graph parser; from the dev set of English EWT, as is its learning rate."""
GRAPH_LEARNING_RATE = 0.004
"""The learning rate of a graph parser of a large treebank, half the usual one, which is better for small ones."""
FEW_TREES = {"epochs": 40, "batch": 4}
"""Settings for constituents in small treebanks, whose labels are rare: more and smaller steps."""
CHOSEN_BY_BUDGET = ("hidden", "epochs")
"""What a time budget chooses, unless the user does."""
TREE_HIDDEN = 256
"""Hidden units for the trees of a large treebank."""


def train(request: TrainRequest) -> EncodedTagger:
    """Train on the columns of the task. Raises DataError if columns cannot be encoded."""
    sentences, dev = read_all(request)
    inputs = input_names(sentences[0], request.inputs)
    if inputs:
        sentences = [with_inputs(sentence, inputs) for sentence in sentences]
        dev = [with_inputs(sentence, inputs) for sentence in dev] if isinstance(dev, list) else dev
    tagger = fit(replace(request, inputs=inputs), sentences, dev, large=True)
    return tagger.about(format=tagger.format, **tokenization(sentences))


def fit(
    request: TrainRequest, sentences: list[Sentence], dev: list[Sentence] | float | None, *, large: bool
) -> EncodedTagger:
    """Train on sentences; ``large``: allow a large, slower network for trees."""
    task = str(request.task)
    train, dev_train, held_out = split(sentences, dev)
    column = request.targets[0] if request.targets else None
    encoding: Encoding = registry.imported(registry.TASKS[task].encoding)(train, column, request.options)
    both = next((name for name in request.inputs if name in encoding.targets), None)
    if both is not None:
        raise ConfigError(f"task {task}: it predicts the column {both}, which cannot be an input; name another")
    if request.options.get("heads") == "brackets" and "head" in encoding.columns:
        lost = crossing_arcs_note(train)
        request.run.note(*([lost] if lost is not None else []))
    large = large and request.base is None  # whose size is that of the network
    of_trees = tree_settings(request.preset, encoding, len(train), large=large)
    if request.budget is not None:
        of_trees = {name: value for name, value in of_trees.items() if name not in CHOSEN_BY_BUDGET}
    labels = replace(
        request,
        data=encoded(train, encoding),
        dev=None if dev_train is None else encoded(dev_train, encoding),
        targets=encoding.columns,
        task=None,
        inputs=(),
        settings={**of_trees, **request.settings},
    )
    tagger = train_tags.with_facts(train_tags.train_labels(labels), train, held_out)
    return EncodedTagger(tagger, encoding, task, request.inputs)


def tree_settings(preset: str, encoding: Encoding, sentences: int, *, large: bool) -> dict[str, Any]:
    """Return the settings for trees, which need more training than tags; {} for other columns."""
    if not {"head", "tree.common"} & {*encoding.columns, *encoding.targets} or preset not in ("default", "best"):
        return {}
    graph = "head" in encoding.targets and "head" not in encoding.columns
    fewest, (_, most), effort = GRAPH_EPOCHS if graph else TREE_EPOCHS, auto_settings.EPOCHS, auto_settings.EFFORT
    settings: dict[str, Any] = {"layers": 2, "epochs": min(most, max(fewest, round(effort / sentences**0.5)))}
    if graph:
        settings["decoder"] = "softmax"
        if sentences >= auto_settings.FEW:
            settings["learning_rate"] = GRAPH_LEARNING_RATE
    if not large or preset == "best":
        return settings
    if "head" in encoding.targets:
        settings["dropout_kind"] = "variational"
    if sentences >= auto_settings.FEW:
        return {**settings, "hidden": TREE_HIDDEN}
    return settings | FEW_TREES if "tree.common" in encoding.columns else settings
