"""Exported models give the labels and confidences of ``elman tag --precision exact``, whatever the network."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import ConfigError
from elman.integrations.onnx import export
from elman.integrations.onnx.export import onnx_model
from exported import differences, labels, run, session

onnx = pytest.importorskip("onnx", reason="onnx is not installed: make test-integrations has it")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: make test-integrations has it")

SMALL: dict[str, Any] = {"hidden": 6, "embedding": 5, "feature_embedding": 4, "epochs": 3, "batch": 4, "ensemble": 1}
SENTENCES = [
    (["The", "dog", "barks", "."], ["D", "N", "V", "P"]),
    (["a", "well-known", "İstanbul", "cat"], ["D", "A", "N", "N"]),
    (["Dogs", "BARK", "42", "times"], ["N", "V", "#", "N"]),
    (["Ha Noi", "Ha Noi Noi", "is", "big", "!"], ["N", "N", "V", "A", "P"]),
    (["ΑΣ", "ὈΔΥΣΣΕΎΣ", "日本語"], ["N", "N", "N"]),
    (["cat"], ["N"]),
] * 4
NEW = [
    ["The", "CATS", "bark", "Ha Noi cat", "unseen-Word", "x" * 80, "ΣΑΣ", "İİ"],
    ["dog"],
    [],
    ["日本", "42nd", "a b c", "barks", "Ǆx"],
]
SPANS = [(["in", "New", "York", "now"], ["O", "B-L", "I-L", "O"]), (["Ann", "Lee"], ["B-P", "I-P"])] * 8
TEXTS = [("a good film of ΑΣ", "pos"), ("bad , bad film", "neg"), ("Very good", "pos"), ("so BAD", "neg")] * 4
LABELS = [("good film", "film|good"), ("bad book", "book"), ("good book", "book|good"), ("film", "film")] * 4

TAGGERS: dict[str, dict[str, Any]] = {
    "crf": {},
    "softmax": {"decoder": "softmax"},
    "forward": {"direction": "forward"},
    "elman": {"cell": "elman"},
    "gru": {"cell": "gru", "layers": 2},
    "sru": {"cell": "sru", "layers": 2},
    "mingru": {"cell": "mingru", "layers": 2, "residual": "add"},
    "lstm in layers": {"layers": 3, "residual": "highway"},
    "sru highway": {"cell": "sru", "layers": 2, "residual": "highway", "direction": "forward"},
    "one-hot lstm": {"embedding": 0, "features": "none"},
    "one-hot gru": {"embedding": 0, "features": "none", "cell": "gru"},
    "one-hot sru": {"embedding": 0, "features": "none", "cell": "sru"},
    "ngrams": {"features": "ngrams"},
    "both": {"features": "both"},
    "no features": {"features": "none"},
    "few words": {"vocabulary": 5},
    "characters": {"characters": 4, "character_embedding": 3},
    "characters of a gru": {"characters": 4, "cell": "gru"},
    "characters of an elman net": {"characters": 4, "cell": "elman"},
    "characters of an sru": {"characters": 4, "cell": "sru", "direction": "forward"},
    "characters of a mingru": {"characters": 4, "cell": "mingru", "features": "none"},
    "ensemble": {"ensemble": 3},
    "ensemble of characters": {"ensemble": 2, "characters": 4},
    "float32": {"dtype": "float32"},
}
CLASSIFIERS: dict[str, dict[str, Any]] = {
    **{kind: {"pooling": kind, "text_ngrams": "none"} for kind in ("last", "mean", "max", "attention")},
    "sru": {"cell": "sru", "pooling": "last"},
    "words": {"text_ngrams": "words"},
    "characters": {"text_ngrams": "characters"},
    "both": {},
    "gaps": {"text_ngrams": "words", "text_skips": 2},
    "no pooling": {"pooling": "none"},
    "ensemble": {"ensemble": 2},
}


@pytest.fixture(autouse=True)
def doubts_about_so_little_data() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning)
        yield


def trained(data: Any, options: dict[str, Any] | None = None, **more: Any) -> Any:
    model = elman.train(data, settings={**SMALL, **(options or {})}, threads=1, **more)
    model.choose_precision("exact")
    return model


def pairs(rows: Any) -> list[list[tuple[str, str]]]:
    """Return sentences as ``elman.train`` takes them."""
    return [list(zip(words, tags, strict=True)) for words, tags in rows]


def agrees(model: Any, sentences: Any = None) -> Any:
    """Assert that the exported model gives what the model gives; return its session."""
    exported = session(model)
    count, wrong, worst = differences(model, exported, sentences or [*NEW, *(words for words, _ in SENTENCES)])
    assert count and not wrong and worst < 1e-5
    return exported


@pytest.mark.parametrize("options", TAGGERS.values(), ids=TAGGERS.keys())
def test_taggers(options: dict[str, Any]) -> None:
    agrees(trained(pairs(SENTENCES), options))


@pytest.mark.parametrize("decoder", ["crf", "softmax"])
def test_constraints(decoder: str) -> None:
    model = trained(pairs(SPANS), {"decoder": decoder, "constraints": "bio", "epochs": 1})
    agrees(model, [["in", "Ann", "York"], ["Lee", "Lee", "now"], ["York"], *(words for words, _ in SPANS)])


def test_temperatures() -> None:
    model = trained(pairs(SENTENCES), dev=pairs(SENTENCES[:8]))
    assert model.temperatures["tag"] != 1
    agrees(model)


def test_vectors(tmp_path: Path) -> None:
    """A word has its own vector, else that of its lower-case form, else none."""
    file = tmp_path / "vectors.txt"
    file.write_text("the 0.5 -1\nDogs 1 2\ndogs 0 1\nσας -1 0.5\n", encoding="utf-8")
    model = trained(pairs([*SENTENCES, (["ΣΑΣ", "THE"], ["N", "D"])]), vectors=file)
    agrees(model)


def test_several_columns() -> None:
    sentences = [
        elman.Sentence(tuple(words), {"upos": tags, "case.of": [tag.lower() for tag in reversed(tags)]})
        for words, tags in SENTENCES
    ]
    exported = agrees(trained(sentences, target="upos,case.of"))
    names = ["upos.tag", "upos.confidence", "case.of.tag", "case.of.confidence"]
    assert [output.name for output in exported.get_outputs()] == names


def test_tags_and_document_labels() -> None:
    sentences = [
        elman.Sentence(tuple(words), {"tag": tags}, labels={"size": "long" if len(words) > 3 else "short"})
        for words, tags in SENTENCES
    ]
    exported = agrees(trained(sentences, target="tag,size"))
    outputs = run(exported, NEW)
    assert outputs["size.label"][2] == "" and outputs["size.confidence"][2] == 0
    assert len(outputs["tag.tag"]) == sum(map(len, NEW))


@pytest.mark.parametrize("options", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
def test_classifiers(options: dict[str, Any]) -> None:
    texts = [text for text, _ in TEXTS] + ["a film", "not in it", "bad bad bad bad", "ΑΣ good"]
    agrees(trained(TEXTS, options), texts)


def test_linear_classifier() -> None:
    agrees(trained(TEXTS, {"vocabulary": 0}, model="linear"), [text for text, _ in TEXTS] + ["bad film", "what"])


@pytest.mark.parametrize("least", [1, 0], ids=["several", "any"])
def test_several_labels(least: int) -> None:
    texts = [elman.Sentence(tuple(text.split()), labels={"label": label}) for text, label in LABELS]
    model = trained([*texts, *[elman.Sentence(("nothing",))] * (0 if least else 3)], target="label")
    assert model.tasks["label"] == ("several" if least else "any")
    exported = agrees(model, [text for text, _ in LABELS] + ["nothing", "good film book"])
    outputs = run(exported, ["good film", "book"])
    assert set(outputs["label.label"][1]) == {"", "book"} and outputs["label.label"].shape == (2, len(model.tags))


def test_facts_of_the_model() -> None:
    model = trained(pairs(SENTENCES))
    proto = onnx_model(model)
    facts = {fact.key: fact.value for fact in proto.metadata_props}
    assert facts["elman"] == elman.__version__
    assert json.loads(facts["columns"]) == {"tag": {"task": "tag", "labels": list(model.tags)}}


def test_standard_operators_only() -> None:
    """ai.onnx 17 and ai.onnx.ml 3, and no function of another domain."""
    proto = onnx_model(trained(pairs(SENTENCES)))
    assert {opset.domain: opset.version for opset in proto.opset_import} == {"": 17, "ai.onnx.ml": 3}
    assert {node.domain for node in proto.graph.node} <= {"", "ai.onnx.ml"} and not proto.functions


def test_the_file_is_the_model(tmp_path: Path) -> None:
    model, path = trained(pairs(SENTENCES)), tmp_path / "out.onnx"
    elman.export_onnx(model, path)
    exported = session(onnx.load(path))
    outputs = run(exported, [["The", "dog"]])
    assert labels(model, outputs, "tag") == model.tag(["The", "dog"])


def test_what_a_file_cannot_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = trained(pairs(SENTENCES))
    record, tensors = model.to_record()
    record["model"]["vocabulary"]["words"][0] = "\ud800"
    with pytest.raises(ConfigError, match="not valid Unicode"):
        elman.export_onnx(type(model).from_record(record, tensors), tmp_path / "out.onnx")
    monkeypatch.setattr(export, "LARGEST", 1000)
    with pytest.raises(ConfigError, match="up to 2 GB"):
        elman.export_onnx(model, tmp_path / "out.onnx")
    assert not list(tmp_path.iterdir())


def test_batches_and_padding_change_nothing() -> None:
    """A sentence has the same tags alone, in a batch, and with more columns of characters."""
    exported = session(trained(pairs(SENTENCES)))
    together = run(exported, NEW)
    alone = [run(exported, [sentence]) for sentence in NEW if sentence]
    for name, values in together.items():
        apart = np.concatenate([outputs[name] for outputs in alone])
        assert (values == apart).all() if values.dtype == object else np.allclose(values, apart, atol=1e-6)
    inputs = elman.onnx_inputs(NEW)
    inputs["characters"] = np.pad(inputs["characters"], [(0, 0), (0, 7)], constant_values=ord("x"))
    assert list(exported.run(["tag.tag"], inputs)[0]) == list(together["tag.tag"])
