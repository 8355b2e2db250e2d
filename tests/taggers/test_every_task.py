"""Models of every task: copies are of the same kind, pickles come back, and nothing is answered that is not known."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import ConfigError, ElmanError
from elman.taggers.language_model import LanguageModel
from elman.taggers.pipeline import Pipeline
from elman.taggers.regression.tagger import Regressor
from elman.taggers.segmenter import Segmenter
from elman.taggers.tagger import Tagger

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
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tagger]:
    folder = tmp_path_factory.mktemp("every")
    (folder / "t.conllu").write_text(("# newpar\n" + "".join(LINES) + "\n") * 8, encoding="utf-8")
    (folder / "t.tsv").write_text(NUMBERS, encoding="utf-8")
    (folder / "t.txt").write_text("X\tCats ran .\nY\tdogs sat down\n" * 4, encoding="utf-8")
    task = request.param.split()[0]
    name = {"regress": "t.tsv", "classify": "t.txt", "lm": "t.txt"}.get(task, "t.conllu")
    own: Any = None if task in ("tag", "columns", "classify") else task
    yield elman.train(str(folder / name), task=own, **KINDS[request.param], **QUIET)


def said(model: Tagger) -> Any:
    """What a model says of something."""
    if isinstance(model, Segmenter):
        return model.segment("Cats ran. Cats ran.")
    if isinstance(model, LanguageModel):
        return model.sample(20)
    if isinstance(model, Regressor):
        return model.predict([0.1, 0.3]).tolist()
    if isinstance(model, Pipeline):
        return [one.columns for one in model.sentences(["Cats ran. Cats ran."])]
    return model.tag_columns(WORDS)


def same(one: Tagger, other: Tagger) -> bool:
    (a, tensors), (b, others) = one.to_record(), other.to_record()
    return a == b and all(np.array_equal(tensors[name], others[name]) for name in tensors | others)


@pytest.mark.parametrize("again", [lambda model: pickle.loads(pickle.dumps(model)), copy.copy, copy.deepcopy])
def test_copies_and_pickles_are_the_model(model: Tagger, again: Callable[[Tagger], Tagger]) -> None:
    other = again(model)
    assert type(other) is type(model)
    assert same(model, other)
    assert said(model) == said(other)
    assert other.threads == model.threads


def test_a_pickle_keeps_how_a_model_tags(model: Tagger) -> None:
    precise = copy.deepcopy(model)
    precise.choose_precision("exact")
    other = pickle.loads(pickle.dumps(precise))
    for part in ("_model", *(("segmenter",) if isinstance(model, Pipeline) else ())):
        one, two = (getattr(getattr(m, part), "_model", getattr(m, part)) for m in (precise, other))
        assert getattr(one, "_precision", None) == getattr(two, "_precision", None)


def test_other_facts_and_raw_probabilities_make_no_other_kind(model: Tagger) -> None:
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


REFUSED: list[Callable[[Any], object]] = [
    lambda model: model.tag(WORDS),
    lambda model: list(model.tag_all([WORDS])),
    lambda model: list(model.tag_all_with_confidence([WORDS])),
    lambda model: model.tag_columns(WORDS),
    lambda model: list(model.tag_columns_all([WORDS])),
    lambda model: list(model.tag_columns_all_with_confidence([WORDS])),
    lambda model: list(model.tag_lines([b"Cats ran .\n"])),
    lambda model: model.probabilities(WORDS),
    lambda model: model.nbest(WORDS, 2),
    lambda model: model.stream(),
    lambda model: model.classify(WORDS),
    lambda model: list(model.classify_all_with_confidence([WORDS])),
    lambda model: model.evaluate([elman.Sentence(tuple(WORDS), {"upos": ("A", "B", "C")})]),
    lambda model: list(model.compare_columns([elman.Sentence(tuple(WORDS), {"upos": ("A", "B", "C")})])),
]


def test_what_gives_no_tags_refuses_them(model: Tagger) -> None:
    if not isinstance(model, Segmenter | LanguageModel | Regressor):
        return
    for ask in REFUSED:
        with pytest.raises(ElmanError):
            ask(model)
    if not isinstance(model, Regressor):
        name = "segment() gives the words of a text" if isinstance(model, Segmenter) else "sample() and fluency() say"
        with pytest.raises(
            ConfigError, match=f"^a model of the task {model.task} gives words no tags and texts no label"
        ):
            model.tag(WORDS)
        with pytest.raises(ConfigError, match=name.replace("(", r"\(").replace(")", r"\)")):
            model.probabilities(WORDS)


def test_a_text_is_no_list_of_words(model: Tagger) -> None:
    for ask in (model.tag, model.tag_columns, model.probabilities):
        if "classify" in model.tasks.values() and ask == model.probabilities:
            continue  # of a text
        with pytest.raises(ElmanError):
            ask("Cats ran .")
