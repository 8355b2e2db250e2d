"""Export a tagger or text classifier as one ONNX graph, of standard operators only."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import elman
from elman.data.targets import TAG
from elman.errors import ConfigError
from elman.features.subwords import WINDOW
from elman.integrations.onnx import decoding
from elman.integrations.onnx.graph import Graph, library
from elman.integrations.onnx.network import Input, Networks
from elman.models.rnn import RecurrentModel
from elman.taggers.tagger import Tagger, TextClassifier
from elman.utils.files import check_target, write_bytes_atomically

if TYPE_CHECKING:
    from elman.taggers.base import Predictor

INPUTS = (
    ("words", "string", ["words"]),
    ("characters", "int32", ["words", "characters"]),
    ("word_lengths", "int32", ["words"]),
    ("sentence_lengths", "int32", ["sentences"]),
)


def export_onnx(model: Predictor, path: str | os.PathLike[str]) -> None:
    """Write a tagger or text classifier as an ONNX model for onnxruntime and others.

    ``elman.onnx_inputs`` makes its inputs. For each column there are two outputs, as ``upos.tag`` (for document labels
    ``intent.label``) and ``upos.confidence``.

    Raises ConfigError if the model cannot be exported, MissingExtraError without the package onnx, OutputError if the
    file cannot be written.
    """
    target = os.fspath(path)
    check_target(target, text=False)
    write_bytes_atomically(target, onnx_model(model).SerializeToString())


def onnx_model(model: Predictor) -> Any:
    """Return the exported model as an ``onnx.ModelProto``; see ``export_onnx``."""
    library()
    networks = _exportable(model)
    g = Graph()
    given = Input(*(g.input(name, dtype) for name, dtype, _ in INPUTS))
    run = Networks(g, networks, given)
    of_words, of_texts = run.scores()
    parameters, outputs, columns = networks.decoder_parameters(), [], {}
    for name, head in zip(model.columns, networks.heads.each, strict=True):
        K = len(head.tags)
        if head.task == TAG:
            scores = of_words.part(head.begin, head.begin + K)
            found = decoding.of_words(g, head, scores, run.sentences, parameters)
        else:
            begin = head.begin - networks.heads.width
            found = decoding.of_texts(g, head, of_texts.part(begin, begin + K), run.sentences)
        axis, kind = ("words", "tag") if head.task == TAG else ("sentences", "label")
        several = found.labels.dtype == "bool"
        outputs.append(g.output(f"{name}.{kind}", found.labels, [axis, K] if several else [axis]))
        outputs.append(g.output(f"{name}.confidence", found.confidences, [axis]))
        columns[name] = {"task": head.task, "labels": list(head.tags)}
    facts = {"elman": elman.__version__, "columns": json.dumps(columns, ensure_ascii=False)}
    return g.model(INPUTS, outputs, facts)


def _exportable(model: Predictor) -> RecurrentModel:
    """Return the networks of a model. Raises ConfigError with the reason if it cannot be exported."""
    networks = getattr(model, "_model", None)
    if not isinstance(model, Tagger | TextClassifier):
        raise ConfigError(f"onnx: expected a model of the task tag or classify, this one is of the task {model.task}")
    if not isinstance(networks, RecurrentModel):
        raise ConfigError(f"onnx: expected a recurrent or linear model, this one is {model.kind}")
    if networks.config.network.features == WINDOW:
        raise ConfigError("onnx: a model that reads windows of characters cannot be exported; train with other features")
    grams = networks.heads.grams
    if grams is not None and grams.kind != "characters" and len(networks.lexicon.vocabulary.rare):
        raise ConfigError(
            "onnx: the model's n-grams have words that the setting vocabulary left out; train with vocabulary=0 or "
            "text_ngrams=characters"
        )
    return networks
