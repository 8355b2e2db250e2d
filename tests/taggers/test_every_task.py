"""Models of every task: copies and pickles are of the same class, and each class has the calls that suit it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import ElmanError
from elman.taggers.base import Predictor
from elman.taggers.column_predictor import ColumnPredictor
from elman.taggers.language_model import LanguageModel
from elman.taggers.pipeline import Pipeline
from elman.taggers.regression.regressor import Regressor
from elman.taggers.segmenter import Segmenter
from elman.taggers.structured import EncodedTagger
from elman.taggers.tagger import Tagger, TaggerClassifier, TextClassifier

ROWS = [
    ("Cats", "cat", "NOUN", "Number=Plur", "2", "nsubj", "_"),
    ("ran", "run", "VERB", "Tense=Past", "0", "root", "SpaceAfter=No"),
    (".", ".", "PUNCT", "_", "2", "punct", "_"),
]
LINES = [
    f"{i}\t{form}\t{lemma}\t{upos}\t_\t{feats}\t{head}\t{deprel}\t_\t{misc}\n"
    for i, (form, lemma, upos, feats, head, deprel, misc) in enumerate(ROWS, 1)
]
NUMBERS = "".join("0.1\t0.2\n0.3\t0.4\n\n" for _ in range(4))
SMALL = {"hidden": 8, "epochs": 2, "batch": 2, "ensemble": 1, "embedding": 8}
QUIET: dict[str, Any] = {"threads": 1, "on_warning": lambda text: None}
KINDS: dict[str, dict[str, Any]] = {
    "tag": {"settings": SMALL},
    "tag hmm": {"model": "hmm"},
    "tag frequent": {"model": "frequent"},
    "columns": {"target": "upos,feats", "settings": SMALL},
    "classify": {"settings": SMALL},
    "segment": {"settings": SMALL},
    "lemma": {"settings": SMALL},
    "lemma hmm": {"model": "hmm"},
    "morphology:features=each": {"settings": SMALL},
    "parse": {"settings": SMALL},
    "pipeline": {"settings": SMALL},
    "lm": {"settings": SMALL},
    "lm ngram": {"model": "ngram"},
    "regress": {"settings": {"hidden": 4, "epochs": 2}},
}
WORDS = ["Cats", "ran", "."]


@pytest.fixture(scope="module", params=KINDS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Predictor]:
    folder = tmp_path_factory.mktemp("every")
    (folder / "t.conllu").write_text(("# newpar\n" + "".join(LINES) + "\n") * 8, encoding="utf-8")
    (folder / "t.tsv").write_text(NUMBERS, encoding="utf-8")
    (folder / "t.txt").write_text("X\tCats ran .\nY\tdogs sat down\n" * 4, encoding="utf-8")
    task = request.param.split()[0]
    name = {"regress": "t.tsv", "classify": "t.txt", "lm": "t.txt"}.get(task, "t.conllu")
    own: Any = None if task in ("tag", "columns", "classify") else task
    yield elman.train(str(folder / name), task=own, **KINDS[request.param], **QUIET)


def said(model: Predictor) -> Any:
    """What a model says of something."""
    if isinstance(model, Segmenter):
        return model.segment("Cats ran. Cats ran.")
    if isinstance(model, LanguageModel):
        return model.sample(20)
    if isinstance(model, Regressor):
        return model.predict([0.1, 0.3]).tolist()
    if isinstance(model, Pipeline):
        return [one.columns for one in model.sentences(["Cats ran. Cats ran."])]
    assert isinstance(model, ColumnPredictor)
    return model.predict([WORDS], columns=model.targets)[0]


def same(one: Predictor, other: Predictor) -> bool:
    (a, tensors), (b, others) = one.to_record(), other.to_record()
    return a == b and all(np.array_equal(tensors[name], others[name]) for name in tensors | others)


@pytest.mark.parametrize("again", [lambda model: pickle.loads(pickle.dumps(model)), copy.copy, copy.deepcopy])
def test_copies_and_pickles_are_the_model(model: Predictor, again: Callable[[Predictor], Predictor]) -> None:
    other = again(model)
    assert type(other) is type(model)
    assert same(model, other)
    assert said(model) == said(other)
    assert other.threads == model.threads


def test_a_pickle_keeps_how_a_model_tags(model: Predictor) -> None:
    precise = copy.deepcopy(model)
    precise.choose_precision("exact")
    other = pickle.loads(pickle.dumps(precise))
    assert other.precision == precise.precision == "exact"
    if isinstance(other, Pipeline):
        assert other.segmenter.precision == "exact"


def test_other_facts_and_raw_probabilities_make_no_other_kind(model: Predictor) -> None:
    other = model.about(format="columns", sentences=7)
    assert type(other) is type(model)
    assert (other.format, other.describe()["data"]["sentences"]) == ("columns", 7)
    assert model.describe()["data"]["sentences"] != 7
    assert said(other) == said(model)
    assert pickle.loads(pickle.dumps(other)).describe()["data"]["sentences"] == 7  # and so in its file
    raw = model.uncalibrated()
    assert type(raw) is type(model)
    assert said(raw) == said(model)
    assert set(raw.temperatures.values()) <= {1.0}


OF_COLUMNS = {"predict", "pipe", "evaluate", "compare", "known", "gives", "to_arrow"}
CALLS: dict[type, set[str]] = {
    Tagger: OF_COLUMNS | {"tag", "fields", "probabilities", "nbest", "stream", "tag_lines"},
    TextClassifier: OF_COLUMNS | {"classify", "probabilities"},
    EncodedTagger: OF_COLUMNS | {"tag", "probabilities"},
    Pipeline: OF_COLUMNS | {"tag", "probabilities", "sentences", "evaluate_text"},
    Segmenter: {"segment", "sentences", "evaluate_text"},
    LanguageModel: {"sample", "evaluate"},
    Regressor: {"predict", "pipe", "evaluate"},
}
"""What each class has besides what every ``Predictor`` has."""


def test_calls_that_make_no_sense_do_not_exist(model: Predictor) -> None:
    every = set.union(*CALLS.values())
    assert {name for name in every if hasattr(model, name)} == CALLS[type(model)]


def test_a_model_of_words_and_texts_has_the_calls_of_both() -> None:
    every = CALLS[Tagger] | CALLS[TextClassifier]
    assert all(hasattr(TaggerClassifier, name) for name in every)


def test_the_classes_are_public(model: Predictor) -> None:
    assert getattr(elman, type(model).__name__) is type(model)
    assert isinstance(model, elman.Predictor)


def test_one_line_says_what_it_is(model: Predictor) -> None:
    text = repr(model)
    assert text.startswith(f"<{type(model).__name__}: {model.kind}, ") and text.endswith(" sentences>")
    assert "\n" not in text and len(text) < 200


def test_a_text_is_no_list_of_words(model: Predictor) -> None:
    for name in {"tag", "probabilities"} & CALLS[type(model)]:
        if not isinstance(model, TextClassifier):
            with pytest.raises(ElmanError):
                getattr(model, name)("Cats ran .")
