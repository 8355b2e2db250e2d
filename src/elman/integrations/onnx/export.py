"""Export a tagger or text classifier as one ONNX graph, of standard operators only."""

from __future__ import annotations

import json
import os
from typing import Any

import elman
from elman.data.targets import ANY, SEVERAL, TAG
from elman.errors import ConfigError
from elman.features.subwords import WINDOW
from elman.integrations.onnx import decoding
from elman.integrations.onnx.graph import Graph, library
from elman.integrations.onnx.network import Input, Networks
from elman.models.rnn import RecurrentModel
from elman.taggers.base import Predictor
from elman.taggers.tagger import Tagger, TextClassifier
from elman.utils.arguments import described
from elman.utils.files import check_target, write_bytes_atomically

LARGEST = (1 << 31) - 1
"""Bytes of a file of Protocol Buffers."""
INPUTS = (
    ("words", "string", ["words"]),
    ("characters", "int32", ["words", "characters"]),
    ("word_lengths", "int32", ["words"]),
    ("sentence_lengths", "int32", ["sentences"]),
)


def export_onnx(model: Predictor, path: str | os.PathLike[str]) -> None:
    """Write a tagger or text classifier as an ONNX model, which onnxruntime and others run without elman.

    ``onnx_inputs`` makes its inputs. Each column has two outputs: labels, ``upos.tag`` for words or ``intent.label``
    for documents, and their probabilities, ``upos.confidence``.

    Raises ConfigError if the model cannot be exported, MissingExtraError without the package onnx, OutputError if the
    file cannot be written.
    """
    target = os.fspath(path)
    check_target(target, text=False)
    exported = onnx_model(model)
    if exported.ByteSize() > LARGEST:
        raise ConfigError("export: an ONNX file holds up to 2 GB, this model takes more; train it with fewer vectors")
    write_bytes_atomically(target, exported.SerializeToString())


def onnx_model(model: Predictor) -> Any:
    """Return the ``onnx.ModelProto`` that ``export_onnx`` writes."""
    networks = _exportable(model)
    library()
    try:
        return _built(model, networks)
    except UnicodeEncodeError:  # of a forged model file
        raise ConfigError("export: a word or tag of the model is not valid Unicode (half a surrogate pair)") from None


def _built(model: Predictor, networks: RecurrentModel) -> Any:
    g = Graph()
    run = Networks(g, networks, Input(*(g.input(name, dtype) for name, dtype, _ in INPUTS)))
    of_words, of_texts = run.scores()
    parameters, names, outputs = networks.decoder_parameters(), iter(output_names(model)), []
    for head in networks.heads.each:
        if head.task == TAG:
            scores, axis, begin = of_words, "words", head.begin
        else:
            scores, axis, begin = of_texts, "sentences", head.begin - networks.heads.width
        assert scores is not None
        scores = scores.part(begin, begin + len(head.tags))
        if head.task == TAG:
            found = decoding.of_words(g, head, scores, run.sentences, parameters)
        else:
            found = decoding.of_texts(g, head, scores, run.sentences)
        several = [len(head.tags)] if head.task in (SEVERAL, ANY) else []
        outputs.append(g.output(next(names), found.labels, [axis, *several]))
        outputs.append(g.output(next(names), found.confidences, [axis]))
    columns = {name: {"task": task, "labels": model.tag_sets[name]} for name, task in model.tasks.items()}
    return g.model(INPUTS, outputs, {"elman": elman.__version__, "columns": json.dumps(columns, ensure_ascii=False)})


def output_names(model: Predictor) -> list[str]:
    """Return the names of the outputs of an exported model."""
    kinds = {name: "tag" if task == TAG else "label" for name, task in model.tasks.items()}
    return [f"{name}.{part}" for name, kind in kinds.items() for part in (kind, "confidence")]


def _exportable(model: Predictor) -> RecurrentModel:
    """Return the networks of a model. Raises ConfigError with the reason if it cannot be exported."""
    if not isinstance(model, Predictor):
        raise ConfigError(f"export: expected a trained model, as elman.load returns it, got {described(model)}")
    networks = model._model
    if not isinstance(model, Tagger | TextClassifier):
        raise ConfigError(f"export: expected a model of the task tag or classify, this one is of the task {model.task}")
    if not isinstance(networks, RecurrentModel):
        raise ConfigError(f"export: expected a model of the kind rnn or linear, this one is of the kind {model.kind}")
    if networks.config.network.features == WINDOW:
        raise ConfigError("export: expected other features than features=window, which the model was trained with")
    if networks.lexicon.token_features is not None:
        raise ConfigError("export: expected a model without features of your own, which the words of this one have")
    if networks.lexicon.features.dictionary is not None:
        raise ConfigError("export: expected a model without --lexicon, whose features this one has")
    grams, rare = networks.heads.grams, networks.lexicon.vocabulary.rare
    if grams is not None and grams.kind != "characters" and len(rare):
        raise ConfigError(
            "export: the n-grams of the model have words that vocabulary left out; train it with vocabulary=0 or with "
            "text_ngrams=characters"
        )
    return networks
