"""Several label columns at once: one network, a decoder each, trained and tagged together."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman import kernels
from elman.config import Config
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError, ModelFileError
from elman.models.constraints import first_break
from elman.models.rnn import RecurrentModel
from elman.taggers.tagger import Tagger
from elman.training import optimizers
from elman.training.ensemble import begin
from elman.training.task import LossTotals, StepKey
from made_up import two_columns

BOTH = two_columns(50, 1)
DEV = two_columns(20, 2)
SMALL: dict[str, Any] = {
    "hidden": 12,
    "embedding": 8,
    "feature_embedding": 6,
    "batch": 4,
    "ensemble": 1,
    "class_weight_power": 0,
}
LEARNS = SMALL | {"epochs": 20, "learning_rate": 0.02, "dropout": 0.1, "unk_dropout": 0.02}
SURE = SMALL | {"dropout": 0, "word_dropout": 0, "unk_dropout": 0, "epochs": 1}


def sentences(rows: Any) -> list[Sentence]:
    return [Sentence(tuple(w), {"pos": tuple(p), "name": tuple(n)}) for w, p, n in rows]


def trained(settings: dict[str, Any], target: Any = "pos,name", dev: Any = None, **options: Any) -> Tagger:
    options = {"on_warning": lambda text: None} | options
    return elman.train(sentences(BOTH), dev, settings=settings, target=target, **options)


def model_of(tagger: Tagger) -> RecurrentModel:
    assert isinstance(tagger._model, RecurrentModel)
    return tagger._model


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return trained(LEARNS | {"decoder": "crf"}, dev=sentences(DEV))


# --- learning -------------------------------------------------------------------------------------------------------


def test_both_columns_are_learned(tagger: Tagger) -> None:
    for words, tags, names in DEV:
        assert tagger.predict([words], columns=tagger.targets)[0] == {"pos": tags, "name": names}
        assert tagger.tag(words) == tags
    assert tagger.describe()["data"]["dev_accuracy"] == 1.0


def test_softmax_and_the_order_of_the_columns() -> None:
    found = trained(LEARNS | {"decoder": "softmax"}, target=["name", "pos"])
    assert (found.targets, found.target, found.tags[0]) == (("name", "pos"), "name", "B-LOC")
    words, tags, names = DEV[0]
    assert found.predict([words], columns=found.targets)[0] == {"name": names, "pos": tags}


def test_dev_accuracy_is_the_mean_over_the_columns() -> None:
    found = trained(SMALL | {"epochs": 1}, dev=sentences(DEV))
    of_columns = found.evaluate(sentences(DEV), columns=found.targets)
    mean = np.mean([result.accuracy for result in of_columns.values()])
    assert found.describe()["data"]["dev_accuracy"] == pytest.approx(mean, abs=1e-12)
    assert 0 < of_columns["pos"].accuracy != of_columns["name"].accuracy


def test_one_target_is_the_model_it_was() -> None:
    one, other = (trained(SMALL | {"epochs": 1}, target=target) for target in ("pos", ["pos"]))
    pairs = elman.train([list(zip(w, p, strict=True)) for w, p, _ in BOTH], settings=SMALL | {"epochs": 1}, **QUIET)
    models = [model_of(found).to_record() for found in (one, other, pairs)]
    assert models[0][0] == models[1][0] == models[2][0]
    assert all(models[0][1][name].tobytes() == w.tobytes() for name, w in models[2][1].items())
    assert set(models[0][1]) >= {"output.w_oh", "output.b_o"}


QUIET: dict[str, Any] = {"on_warning": lambda text: None}


@pytest.mark.parametrize(
    "settings", [{"decoder": "crf"}, {"decoder": "softmax"}, {"decoder": "softmax", "distill_teachers": 1}]
)
def test_the_bits_do_not_hang_on_the_threads(settings: dict[str, Any]) -> None:
    models = [model_of(trained(SMALL | {"epochs": 2} | settings, threads=n)).to_record()[1] for n in (1, 3)]
    assert {name: w.tobytes() for name, w in models[0].items()} == {name: w.tobytes() for name, w in models[1].items()}


def test_the_online_kernel_is_for_one_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "online_steps", None)
    found = trained(dict(epochs=1), preset="tutorial")
    assert len(found.predict([["the", "dog"]], columns=found.targets)[0]) == 2


@pytest.mark.parametrize(
    "change", [{"decoder": "softmax"}, {"decoder": "crf"}, {"class_weight_power": 0.7, "decoder": "softmax"}]
)
def test_the_loss_is_the_sum_of_the_columns(change: dict[str, Any]) -> None:
    """One gradient of both columns is that of the two alone, added up where they share a parameter."""
    config = Config().with_settings(SURE | change)
    both = begin(BOTH, None, config, seed=1)
    parameters = both.parameters
    items, words, place = np.arange(9), int(both.lengths[:9].sum()), StepKey(1, 1, 1)
    tally, gradients = both.gradients(items, words, place)
    alone = []
    for column, (name, part) in enumerate([("output", slice(0, 4)), ("output2", slice(4, 9))], start=1):
        one = begin([(s[0], s[column]) for s in BOTH], None, config, seed=1)
        for key, w in one.parameters.items():
            of_decoder = key in ("output.transitions", "output.begin", "output.end")
            other = f"{name}.{key.removeprefix('output.')}" if of_decoder else key
            w[...] = parameters[other][part] if key in ("output.w_oh", "output.b_o") else parameters[other]
        alone.append(one.gradients(items, words, place))
    assert tally.loss == pytest.approx(sum(found.loss for found, _ in alone), rel=1e-5)
    assert tally.words == words
    assert tally.correct == round(sum(found.correct for found, _ in alone) / 2)
    first, second = (found for _, found in alone)
    for name in ("layer0.forward.w_rx", "layer0.backward.w_rh"):
        np.testing.assert_allclose(gradients[name], first[name] + second[name], atol=1e-5, err_msg=name)
    w_oh = np.concatenate([first["output.w_oh"], second["output.w_oh"]])
    np.testing.assert_allclose(gradients["output.w_oh"], w_oh, atol=1e-5)
    if change["decoder"] == "crf":
        np.testing.assert_allclose(gradients["output.transitions"], first["output.transitions"], atol=1e-5)
        np.testing.assert_allclose(gradients["output2.transitions"], second["output.transitions"], atol=1e-5)


def test_shards_add_up() -> None:
    task = begin(BOTH, None, Config().with_settings(SURE | {"decoder": "crf"}), seed=1)
    items, words, place = np.arange(9), int(task.lengths[:9].sum()), StepKey(1, 1, 1)
    tally, whole = task.gradients(items, words, place)
    parts = [task.gradients(items[i::2], words, place) for i in range(2)]
    assert sum((part for part, _ in parts), LossTotals()).loss == pytest.approx(tally.loss)
    summed = optimizers.total([gradients for _, gradients in parts])
    assert summed.keys() == whole.keys() == task.parameters.keys()
    np.testing.assert_allclose(whole["output2.transitions"], summed["output2.transitions"], atol=1e-5)


def test_rules_are_found_for_each_column(tagger: Tagger) -> None:
    assert model_of(tagger).heads.schemes == ("none", "bio")
    hasty = trained(SMALL | {"epochs": 1, "learning_rate": 0.001, "decoder": "crf"})
    found = [tags["name"] for tags in hasty.pipe([words for words, _, _ in DEV], columns=hasty.targets)]
    assert first_break(found, "bio") is None


def test_an_ensemble_of_both() -> None:
    found = trained(SMALL | {"epochs": 1, "decoder": "crf", "ensemble": 2}, dev=sentences(DEV))
    mean = np.mean([one.accuracy for one in found.evaluate(sentences(DEV), columns=found.targets).values()])
    # recorded in float32; in 8 bits one word may have another tag
    assert found.describe()["data"]["dev_accuracy"] == pytest.approx(mean, abs=1.5 / 242)
    assert "member2.output2.transitions" in model_of(found).to_record()[1]


def test_a_column_with_one_tag_only() -> None:
    """It is learned, with a warning; the other one is none the worse."""
    one = [Sentence(s.words, {**s.columns, "same": ("X",) * len(s)}) for s in sentences(BOTH)]
    warnings: list[str] = []
    for decoder in ("softmax", "crf"):
        found = elman.train(one, settings=LEARNS | {"decoder": decoder}, target="pos,same", on_warning=warnings.append)
        words, tags, _ = DEV[0]
        assert found.predict([words], columns=found.targets)[0] == {"pos": tags, "same": ["X"] * len(words)}
        np.testing.assert_array_equal(found.probabilities(words, "same"), 1)
    assert sum("column same: every tag is 'X'" in warning for warning in warnings) == 2


# --- tagging --------------------------------------------------------------------------------------------------------


def test_tags_and_probabilities_by_column(tagger: Tagger) -> None:
    words = [words for words, _, _ in DEV]
    assert tagger.targets == ("pos", "name")
    assert tagger.tag_sets == {"pos": ("D", "N", "P", "V"), "name": ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")}
    whole = list(tagger.pipe(words, columns=tagger.targets))
    assert whole == [tagger.predict([one], columns=tagger.targets)[0] for one in words]
    assert [found["pos"] for found in whole] == list(tagger.pipe(words))
    sure = list(tagger.pipe(words, confidence=True, columns=tagger.targets))
    assert [found["pos"] for found in sure] == list(tagger.pipe(words, confidence=True))
    for one, found in zip(words, sure, strict=True):
        for name, tags in tagger.tag_sets.items():
            p = tagger.probabilities(one, name)
            np.testing.assert_allclose(p.sum(axis=1), 1)
            chosen = [tags.index(tag) for tag in found[name][0]]
            np.testing.assert_allclose(found[name][1], p[np.arange(len(one)), chosen], atol=1e-6)
    np.testing.assert_array_equal(tagger.probabilities(words[0]), tagger.probabilities(words[0], "pos"))
    assert tagger.predict([[]], columns=tagger.targets)[0] == {"pos": [], "name": []}
    with pytest.raises(ConfigError, match="^target: the model's columns are pos, name, got 'ner'$"):
        tagger.probabilities(words[0], "ner")
    with pytest.raises(DataError, match="expected a list of words"):
        tagger.predict(["the dog"], columns=tagger.targets)[0]


def test_the_same_calls_for_one_column() -> None:
    found = elman.train([[("the", "D"), ("dog", "N")]], model="hmm", **QUIET)
    assert found.predict([["the"]], columns=found.targets)[0] == {"tag": ["D"]}
    assert found.tag_sets == {"tag": ("D", "N")}
    ((tags, sure),) = [one["tag"] for one in found.pipe([["the"]], confidence=True, columns=found.targets)]
    assert tags == ["D"] and 0 < sure[0] <= 1
    np.testing.assert_array_equal(found.probabilities(["the"], "tag"), found.probabilities(["the"]))


def test_the_best_few_ways_in_a_column(tagger: Tagger) -> None:
    words, tags, names = DEV[0]
    for column, gold in enumerate([tags, names]):
        found = model_of(tagger).nbest(words, 3, column)
        assert [model_of(tagger).tag_sets[column][i] for i in found[0][0]] == gold


def test_evaluate(tagger: Tagger) -> None:
    wrong = [Sentence(s.words, {**s.columns, "name": ("O",) * len(s)}) for s in sentences(DEV)]
    found = tagger.evaluate(wrong, columns=tagger.targets)
    assert list(found) == ["pos", "name"]
    assert found["pos"].accuracy == 1.0 > found["name"].accuracy
    assert tagger.evaluate(wrong) == found["pos"]
    assert tagger.evaluate(wrong, target="name") == found["name"]
    assert tagger.evaluate(wrong, columns=["name"]) == {"name": found["name"]}
    with pytest.raises(ConfigError, match="^target: the model's columns are pos, name, got 'ner'$"):
        tagger.evaluate(wrong, target="ner")
    with pytest.raises(ConfigError, match="^sentence 1: no label column 'name'; there is: pos$"):
        tagger.evaluate([Sentence(("a",), {"pos": ("N",)})], columns=tagger.targets)


def test_evaluate_with_more_columns_than_the_model_has() -> None:
    found = elman.train([[("the", "D"), ("dog", "N")]], model="hmm", **QUIET)
    with pytest.raises(ConfigError, match="^target: the model has one column, tag, got a, b$"):
        found.evaluate(sentences(DEV), target="a,b")


# --- what is asked for ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("pos,ner", "^sentence 1: no label column 'ner'; there is: pos, name$"),
        ("pos,,name", "^target: expected names of columns, with commas between them, got 'pos,,name'$"),
        ("", "^target: expected names of columns"),
        ([], "^target: expected names of columns"),
        ("pos,pos", "^target: column pos is named twice; name each column once$"),
    ],
)
def test_columns_that_are_none(target: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        trained(SMALL, target=target)


@pytest.mark.parametrize("kind", ["hmm", "frequent"])
def test_the_baselines_learn_one_column(kind: str) -> None:
    with pytest.raises(ConfigError, match=f"^the model {kind} learns one label column, got pos, name; the rnn learns"):
        elman.train(sentences(BOTH), model=kind, target="pos,name")


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "train.tsv"
    path.write_text("".join("\n".join(map("\t".join, zip(*s, strict=True))) + "\n\n" for s in BOTH), encoding="utf-8")
    notes: list[str] = []
    found = elman.train(path, path, settings=SMALL | {"epochs": 1}, target="2,-1", on_note=notes.append, **QUIET)
    assert found.targets == ("2", "3")
    assert notes[0].startswith(f"{path} read as columns, tags in columns 2, 3: ")
    with pytest.raises(ConfigError, match="column 3 is named twice; name each column once$"):
        elman.train(path, target="3,-1")
    with pytest.raises(ConfigError, match="no column 7; there are 3 columns"):
        elman.train(path, target="2,7")
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[4] = lines[4].rsplit("\t", 1)[0] + "\t"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"train.tsv:5: no tag: column 3 is empty$"):
        elman.train(path, target="2,3")


def test_a_rate_for_both() -> None:
    trial = elman.find_rate(sentences(BOTH), settings=SMALL, target="pos,name")
    alone = elman.find_rate(sentences(BOTH), settings=SMALL, target="pos")
    assert trial.losses[0] == pytest.approx(np.log(4) + np.log(5), rel=0.3)
    assert alone.losses[0] == pytest.approx(np.log(4), rel=0.3)


# --- the record -----------------------------------------------------------------------------------------------------


def test_saved_and_loaded(tagger: Tagger, tmp_path: Path) -> None:
    tagger.save(tmp_path / "m")
    again = elman.load(tmp_path / "m")
    again.save(tmp_path / "n")
    assert (tmp_path / "m").read_bytes() == (tmp_path / "n").read_bytes()
    words = [words for words, _, _ in DEV]
    assert list(again.pipe(words, columns=again.targets)) == list(tagger.pipe(words, columns=tagger.targets))
    found = again.describe()
    assert json.loads(json.dumps(found)) == found == tagger.describe()
    assert found["target"] == "pos" and found["targets"] == {name: list(tags) for name, tags in tagger.tag_sets.items()}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tags": [["D", "N", "P", "V"]]}, r"^model constraints: expected a list of 1, found \['none', 'bio'\]$"),
        ({"tags": [["D", "N", "P", "V"], []]}, "^model: expected a list of tags$"),
        ({"tags": [["D", "N", "P", "V"], ["O", "O"]]}, "^model: expected distinct tags$"),
        ({"tags": [["D", "N", "P", "V"], "O"]}, "^model: expected a list of tags$"),
        ({"constraints": "bio"}, "^model constraints: expected a list of 2, found 'bio'$"),
        ({"constraints": ["none", "iob"]}, "^model constraints: expected bio or bioes or bilou or bmes, found 'iob'$"),
        ({"constraints": ["bio", "bio"]}, "^model: constraints=bio: expected O, B-…, I-…, found the tag 'D'"),
        ({"tags": [["D", "N", "P"], ["B-A", "O"]]}, r"^model tensor output.b_o: expected \(5,\), found \(9,\)$"),
    ],
)
def test_a_record_that_does_not_fit(tagger: Tagger, changes: dict[str, Any], message: str) -> None:
    record, tensors = model_of(tagger).to_record()
    with pytest.raises(ModelFileError, match=message):
        RecurrentModel.from_record({**record, **changes}, tensors)


def test_columns_and_names_of_them(tagger: Tagger, tmp_path: Path) -> None:
    from elman.models import file as model_file

    tagger.save(tmp_path / "m")
    record, tensors = model_file.load(tmp_path / "m")
    for target, message in (
        (["pos"], "expected 2, one for each label column of the model, found 1"),
        ("pos", "expected 2, one for each label column of the model, found 1"),
        (["pos", "pos"], "expected distinct columns"),
        (["pos", 3], "expected a text or a list of texts"),
        ([], "expected a text or a list of texts"),
    ):
        model_file.save(tmp_path / "n", {**record, "target": target}, tensors)
        with pytest.raises(ModelFileError, match=f"n: target: {message}"):
            elman.load(tmp_path / "n")


KINDS_OF_X = [[kind for kind in row] for row in ("ab", "ba", "aab", "bba", "abab")] * 4
DICTS = [
    [({"word": "x", "kind": kind, "n": i, "b": kind == "b"}, kind) for i, kind in enumerate(row)] for row in KINDS_OF_X
]
ALIKE = [{"word": "x", "kind": "a", "n": 0.5}, {"word": "y", "b": True}]


@pytest.fixture(scope="module")
def with_dicts() -> Tagger:
    tagger = elman.train(DICTS, DICTS, settings=LEARNS | {"ensemble": 2}, on_warning=lambda text: None)
    assert isinstance(tagger, Tagger)
    return tagger


def test_words_are_dicts_of_features(with_dicts: Tagger, tmp_path: Path) -> None:
    assert with_dicts.evaluate(DICTS).accuracy == 1 and with_dicts.reads_features and not with_dicts.tags_lines
    assert with_dicts.tag(ALIKE) == with_dicts.predict([ALIKE, []])[0] == ["a", "b"]
    assert (with_dicts.input_columns, with_dicts.describe()["numbers"]) == ((), ["n"])
    with_dicts.save(tmp_path / "m")
    p = with_dicts.probabilities(ALIKE)
    for other in (elman.load(tmp_path / "m"), pickle.loads(pickle.dumps(with_dicts)), copy.deepcopy(with_dicts)):
        np.testing.assert_array_equal(other.probabilities(ALIKE), p)
    together = with_dicts.predict([ALIKE, ALIKE[::-1]] * 9, confidence=True)
    assert [tags for tags, _ in together] == [["a", "b"], ["b", "a"]] * 9
    (tags, best), *_ = with_dicts.nbest(ALIKE, 2)
    assert tags == ["a", "b"] and 0.5 < best <= 1
    stream = with_dicts.stream(lookahead=1)
    assert [*stream.push_all(ALIKE), *stream.finish()] == ["a", "b"]
    assert [each.tag for each in elman.attributions(with_dicts, ALIKE)] == ["a", "b"]  # type: ignore[arg-type]
    assert elman.find_errors(with_dicts, DICTS).errors == 0


def test_words_without_features_are_refused(with_dicts: Tagger) -> None:
    expected = "^expected words with features, as a dict of each word, which the model reads, got the word 'x' alone$"
    for call in (with_dicts.tag, with_dicts.probabilities, lambda words: with_dicts.predict([words])):
        with pytest.raises(DataError, match=expected):
            call(["x"])
        with pytest.raises(DataError, match=expected):
            call([ALIKE[0], "x"])
    with pytest.raises(DataError, match="^expected words with features, as a dict of each word"):
        with_dicts.stream().push("x")
    with pytest.raises(DataError, match="^expected a list of words, got one with dict"):
        trained(SURE).tag(ALIKE)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="^expected features of every word, as a dict"):
        elman.train([*DICTS, [("x", "a")]], settings=SURE)
    with pytest.raises(ConfigError, match="^the model frequent reads words alone"):
        elman.train(DICTS, model="frequent")


def test_sentences_have_columns_as_inputs() -> None:
    tagger = trained(LEARNS, target="name", inputs="pos")
    plain = sentences(BOTH)
    assert tagger.input_columns == ("pos",) and tagger.evaluate(plain).accuracy > 0.9
    words = [{"word": word, "pos": pos} for word, pos in zip(plain[0].words, plain[0].columns["pos"], strict=True)]
    assert tagger.tag(words) == tagger.predict(plain[:1])[0] == list(tagger.compare(plain[:1]))[0]["name"].tags
    with pytest.raises(DataError, match="^no column 'pos': expected the inputs pos of each word, found words alone$"):
        tagger.predict([Sentence(("x",))])
    with pytest.raises(ConfigError, match="^sentence 1: column pos is both an input and the target"):
        trained(SURE, target="pos", inputs="pos")
