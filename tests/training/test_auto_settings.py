"""Settings that wait for the data."""

from __future__ import annotations

from typing import Any

import pytest

from elman.config import Config, preset
from elman.data.targets import CLASSIFY, TAG
from elman.training.auto_settings import resolve

SETTLED = {
    "features": "affixes",
    "decoder": "crf",
    "ensemble": 1,
    "epochs": 3,
    "class_weight_power": 0.0,
    "word_dropout": 0.4,
    "linear_share": 0.6,
}
OPEN = {
    "features": "auto",
    "decoder": "auto",
    "ensemble": 0,
    "epochs": 0,
    "class_weight_power": -0.5,
    "word_dropout": -1.0,
    "linear_share": -1.0,
}


def data(words: list[str], sentences: int = 1, tags: int = 2) -> Any:
    return [(words, [f"t{i % tags}" for i in range(len(words))])] * sentences


@pytest.mark.parametrize(
    ("sentences", "epochs"), [(1, 20), (400, 20), (1301, 11), (4400, 6), (12_544, 5), (1_000_000, 5)]
)
def test_epochs_by_the_number_of_sentences(sentences: int, epochs: int) -> None:
    assert resolve(Config(), data(["a"], sentences)).training.epochs == epochs


@pytest.mark.parametrize(
    ("words", "features"),
    [(["The", "dog", "Nguyễn", "7"], "affixes"), (["ไทย", "คำ", "ok"], "both"), (["தமிழ்"], "both"), ([], "both")],
)
def test_features_by_the_script(words: list[str], features: str) -> None:
    assert resolve(Config(), data(words)).network.features == features


@pytest.mark.parametrize(("tags", "decoder"), [(2, "crf"), (100, "crf"), (101, "softmax")])
def test_decoder_by_the_number_of_tags(tags: int, decoder: str) -> None:
    assert resolve(Config(), data(["w"] * 101, tags=tags)).network.decoder == decoder


def test_what_is_chosen_stays() -> None:
    settings = {
        "epochs": 3,
        "features": "none",
        "decoder": "softmax",
        "ensemble": 3,
        "class_weight_power": 0.5,
        "word_dropout": 0.2,
        "linear_share": 0.0,
        "naive_bayes": 0.0,
    }
    chosen = Config().with_settings(settings)
    assert resolve(chosen, data(["a"], 1000)) == chosen
    tutorial = preset("tutorial").with_settings(
        {"linear_share": 0.0, "naive_bayes": 0.0}
    )  # there are no labels of texts
    assert resolve(tutorial, data(["a"])) == tutorial


def test_twice_is_once() -> None:
    once = resolve(Config(), data(["a"], 50))
    assert resolve(once, data(["ไทย"], 5000)) == once


@pytest.mark.parametrize(
    ("words", "sentences", "networks"), [(10, 2999, 4), (10, 3000, 2), (10, 4999, 2), (1, 4999, 4), (1, 5000, 1)]
)
def test_more_networks_for_few_sentences(words: int, sentences: int, networks: int) -> None:
    assert resolve(Config(), data(["a"] * words, sentences)).network.ensemble == networks
    assert resolve(Config(), data(["a"] * words, sentences), single=True).network.ensemble == 1


def test_a_third_network_for_spans() -> None:
    spans: Any = [(["a"] * 10, ["O"] * 9 + ["B-X"])] * 4000
    assert resolve(Config(), spans).network.ensemble == 3


def test_rare_tags_count_for_more_where_tags_mark_spans() -> None:
    spans: Any = [(["a", "b", "c"], ["O", "B-X", "I-X"])]
    assert resolve(Config(), spans).training.class_weight_power == 0.3
    assert resolve(Config(), data(["a"])).training.class_weight_power == 0


@pytest.mark.parametrize(("sentences", "rate"), [(990, 0.3), (1000, 0.5), (2990, 0.5), (3000, 0.3)])
def test_more_word_dropout_for_few_words(sentences: int, rate: float) -> None:
    few = data(["a"] * 10, sentences)
    assert resolve(Config(), few).training.word_dropout == rate
    assert resolve(Config(), [(*one, one[1]) for one in few]).training.word_dropout == 0.3  # two columns
    for tags, of_tags in ((50, rate), (51, 0.3)):
        assert resolve(Config(), data(["a"] * 100, sentences // 10, tags)).training.word_dropout == of_tags
    assert resolve(Config(), few, [CLASSIFY]).training.word_dropout == 0.3
    assert resolve(Config(), []).training.word_dropout == 0.3


@pytest.mark.parametrize("setting", [{"distill_teachers": 2}, {"smoothing": 0.1}])
def test_what_softmax_alone_has_brings_softmax(setting: dict[str, float]) -> None:
    assert resolve(Config().with_settings(setting), data(["a"])).network.decoder == "softmax"


def test_several_columns_are_looked_at_together() -> None:
    words = ["w"] * 101
    many: Any = [(words, ["t"] * 101, [f"t{i}" for i in range(101)])]
    assert resolve(Config(), many).network.decoder == "softmax"


@pytest.mark.parametrize(
    "own",
    [
        {},
        *({name: value} for name, value in OPEN.items()),
        *({other: value for other, value in SETTLED.items() if other != name} for name in OPEN),
        SETTLED,
        {**SETTLED, "class_weight_power": -1.0},
        {**SETTLED, "linear_share": -1.0},
        {**SETTLED, "class_weight_power": 1.0},
    ],
)
def test_what_is_open_is_what_waits_for_the_data(own: dict[str, Any]) -> None:
    """A record is refused where something is open, without asking what the data would make of it."""
    config = Config().with_settings(own)
    assert config.is_open == (config != resolve(config, []))


def of_texts(sentences: int, words: int, labels: int = 6) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(("w",) * words, (f"label{i % labels}",)) for i in range(sentences)]


@pytest.mark.parametrize(
    ("sentences", "words", "networks"),
    [(100, 5, 4), (4_000, 10, 3), (5_452, 10, 3), (9_999, 10, 3), (10_000, 9, 1), (9_999, 11, 1), (4_999, 30, 3)],
)
def test_networks_for_texts_to_classify(sentences: int, words: int, networks: int) -> None:
    assert resolve(Config(), of_texts(sentences, words), [CLASSIFY]).network.ensemble == networks
    assert resolve(Config(), of_texts(sentences, words), [CLASSIFY], single=True).network.ensemble == 1


@pytest.mark.parametrize(("labels", "bayes"), [(1, 0.0), (2, 1.0), (3, 0.0)])
def test_naive_bayes_by_the_number_of_labels(labels: int, bayes: float) -> None:
    found = resolve(Config(), of_texts(60, 3, labels), [CLASSIFY]).training
    assert (found.linear_share, found.naive_bayes) == (0.6 if bayes else 0.5, bayes)
    asked = Config().with_settings({"linear_share": 0.3, "naive_bayes": 2.0})
    found = resolve(asked, of_texts(60, 3, labels), [CLASSIFY]).training
    assert (found.linear_share, found.naive_bayes) == (0.3, 2.0 if labels == 2 else 0.0)
    joint = [(*each, ("x",)) for each in of_texts(60, 1, 2)]  # slots and intents
    found = resolve(Config(), [(words, labels, own) for words, own, labels in joint], [TAG, CLASSIFY]).training
    assert (found.linear_share, found.naive_bayes) == (0.6, 1.0)
