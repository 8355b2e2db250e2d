"""The recurrent model on spans: the CRF, constraints, class weights, the best few ways to tag a sentence."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.config import Config
from elman.errors import DataError, ModelFileError
from elman.models.constraints import first_break
from elman.models.rnn import RecurrentModel
from elman.training import optimizers, tagging_task as learning
from elman.training.run_options import RunOptions
from elman.training.task import LossTotals, StepKey
from elman.training.train_rnn import train_rnn

Labelled = list[tuple[list[str], list[str]]]
SMALL = Config().with_settings(
    {"hidden": 12, "embedding": 8, "epochs": 2, "batch": 4, "features": "none", "ensemble": 1, "class_weight_power": 0}
)
CRF = SMALL.with_settings({"decoder": "crf"})


def language(n: int, seed: int) -> Labelled:
    """Names of one to three words after "mr" (a person) or "in" (a place); the words of both are the same."""
    draw = random.Random(seed)
    result: Labelled = []
    for _ in range(n):
        pairs: list[tuple[str, str]] = []
        for _ in range(draw.randint(1, 3)):
            pairs += [(draw.choice(["he", "was", "seen"]), "O") for _ in range(draw.randint(0, 2))]
            cue, kind = draw.choice([("mr", "PER"), ("in", "LOC")])
            length = draw.randint(1, 3)
            tags = [f"B-{kind}"] + [f"I-{kind}"] * (length - 1)
            pairs += [(cue, "O"), *((draw.choice(["york", "paris", "lee"]), tag) for tag in tags)]
        result.append(([word for word, _ in pairs], [tag for _, tag in pairs]))
    return result


TRAIN, DEV = language(60, 1), language(30, 2)
WORDS = [words for words, _ in DEV]


def trained(config: Config, train: Labelled = TRAIN, **options: Any) -> RecurrentModel:
    return train_rnn(train, None, config, RunOptions(**options))


def tags_of(model: RecurrentModel) -> list[list[str]]:
    return [[model.tags[i] for i in ids.tolist()] for ids in model.best(WORDS)]


def bits(model: RecurrentModel) -> tuple[str, dict[str, bytes]]:
    record, tensors = model.to_record()
    return json.dumps(record), {name: tensor.tobytes() for name, tensor in tensors.items()}


@pytest.fixture(scope="module")
def model() -> RecurrentModel:
    return trained(CRF)


# --- learning -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_spans_are_learned(decoder: str) -> None:
    change = {
        "decoder": decoder,
        "epochs": 20,
        "learning_rate": 0.02,
        "dropout": 0.1,
        "unk_dropout": 0.02,
        "constraints": "bio",
    }
    found = tags_of(trained(SMALL.with_settings(change)))
    golds = [tag for _, tags in DEV for tag in tags]
    assert np.mean([mine == gold for mine, gold in zip(sum(found, []), golds, strict=True)]) > 0.98
    assert first_break(found, "bio") is None


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_with_constraints_every_tagging_is_legal(decoder: str) -> None:
    hasty = SMALL.with_settings({"decoder": decoder, "epochs": 1, "learning_rate": 0.003})
    assert first_break(tags_of(trained(hasty.with_settings({"constraints": "none"}))), "bio") is not None
    assert first_break(tags_of(trained(hasty.with_settings({"constraints": "bio"}))), "bio") is None


def test_a_hard_constraint_turns_what_hangs_on_it() -> None:
    """The first word of a sentence may not go on with a span, whatever its own score says."""
    one = trained(SMALL.with_settings({"constraints": "bio"}))
    zero = {name: np.zeros_like(w) for name, w in one.parameters.items()}
    assert one.tags == ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")
    zero["output.b_o"] = np.array([0, 1, 0, 3, 0], np.float32)
    one.members = (zero,)
    assert one.best([["x", "x", "x"]])[0].tolist() == [1, 3, 3]
    assert one.probabilities([["x"]])[0][0, [2, 3]].tolist() == [0, 0]


def test_the_record_says_which_rules_were_kept(model: RecurrentModel) -> None:
    assert model.heads.schemes == ("bio",)
    assert model.to_record()[0]["constraints"] == "bio"
    assert "constraints" not in trained(SMALL.with_settings({"decoder": "softmax"})).to_record()[0]
    assert "constraints" not in trained(CRF, [(["a"], ["N"]), (["b"], ["V"])]).to_record()[0]


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
@pytest.mark.parametrize("balance", [0.0, 1.0])
def test_class_weights_bring_rare_tags_out(decoder: str, balance: float) -> None:
    """Nothing tells the two tags apart: the model can say no more than how much each of them counts."""
    train = [(["x"] * 4, ["A" if i % 4 or j else "B" for j in range(4)]) for i in range(64)]
    change = {
        "decoder": decoder,
        "class_weight_power": balance,
        "epochs": 12,
        "dropout": 0,
        "word_dropout": 0,
        "unk_dropout": 0,
    }
    other = [(words, list(reversed(tags))) for words, tags in train]  # the place in the sentence tells nothing either
    shares = trained(SMALL.with_settings(change), train + other).probabilities([["x"] * 4])[0][:, 1]
    assert (0.2 < shares.mean() < 0.8) == bool(balance), shares


def test_smoothing_makes_a_model_less_sure() -> None:
    plain, smooth = (trained(SMALL.with_settings({"epochs": 8, "smoothing": s, "dropout": 0})) for s in (0, 0.3))
    sure = [np.concatenate(model.probabilities(WORDS)).max(axis=1).mean() for model in (plain, smooth)]
    assert sure[0] > sure[1] + 0.1


# --- the same every time --------------------------------------------------------------------------------------------


def test_the_bits_do_not_hang_on_the_threads(model: RecurrentModel) -> None:
    assert bits(trained(CRF, threads=3)) == bits(model)


def test_saved_and_loaded(model: RecurrentModel) -> None:
    record, tensors = model.to_record()
    again = RecurrentModel.from_record(json.loads(json.dumps(record)), tensors)
    assert bits(again) == bits(model)
    assert {"output.transitions", "output.begin", "output.end"} <= tensors.keys()
    assert tags_of(again) == tags_of(model)
    for one, other in zip(again.probabilities(WORDS), model.probabilities(WORDS), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("iob", "^model constraints: expected bio or bioes or bilou or bmes, found 'iob'$"),
        (["bio"], r"^model constraints: expected .* or bmes, found \['bio'\]$"),
        (None, "^model constraints: expected .* or bmes, found None$"),
    ],
)
def test_a_record_with_other_rules(model: RecurrentModel, value: Any, message: str) -> None:
    record, tensors = model.to_record()
    with pytest.raises(ModelFileError, match=message):
        RecurrentModel.from_record({**record, "constraints": value}, tensors)


def test_a_record_whose_rules_do_not_know_its_tags(model: RecurrentModel) -> None:
    record, tensors = model.to_record()
    tags = [*record["tags"][:-1], "NOUN"]
    with pytest.raises(ModelFileError, match="^model: constraints=bio: expected O, .* found the tag 'NOUN'"):
        RecurrentModel.from_record({**record, "tags": tags}, tensors)


# --- gradients and probabilities ------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{}, {"class_weight_power": 0.5}], ids=str)
def test_shards_add_up_to_the_gradient_of_their_minibatch(change: dict[str, Any]) -> None:
    model = trained(CRF.with_settings({"dropout": 0, "word_dropout": 0, "unk_dropout": 0, "epochs": 1, **change}))
    task = learning.TaggingTask(model, TRAIN, None)
    items, place = np.arange(9), StepKey(1, 1, 1)
    words = int(task.lengths[:9].sum())
    tally, whole = task.gradients(items, words, place)
    parts = [task.gradients(items[i::2], words, place) for i in range(2)]
    assert sum((part for part, _ in parts), LossTotals()) == LossTotals(pytest.approx(tally.loss), words, tally.correct)
    summed = optimizers.total([gradients for _, gradients in parts])
    assert summed.keys() == whole.keys() == model.parameters.keys()
    for name in ("output.transitions", "output.begin", "output.end", "output.b_o"):
        np.testing.assert_allclose(whole[name], summed[name], atol=1e-5, err_msg=name)
    best = np.concatenate(model.best([words for words, _ in TRAIN[:9]]))
    assert tally.correct == (best == task.gold[0][:words]).sum()


def test_the_loss_of_a_sentence_is_that_of_its_path(model: RecurrentModel) -> None:
    one = trained(CRF.with_settings({"dropout": 0, "word_dropout": 0, "unk_dropout": 0}))
    one.choose_precision("exact")
    task = learning.TaggingTask(one, TRAIN, None)
    i = int(task.lengths.argmin())
    tally, _ = task.gradients(np.array([i]), int(task.lengths[i]), StepKey(1, 1, 1))
    gold = [task.networks.tags.index(tag) for tag in TRAIN[i][1]]
    shares = {tuple(ids.tolist()): share for ids, share in task.networks.nbest(TRAIN[i][0], 10_000)}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-6)
    assert tally.loss == pytest.approx(-np.log(shares[tuple(gold)]), rel=1e-4)


def test_the_best_few_ways_to_tag_a_sentence(model: RecurrentModel) -> None:
    for words, best in zip(WORDS[:5], model.best(WORDS), strict=False):
        found = model.nbest(words, 5)
        assert found[0][0].tolist() == best.tolist()
        assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    assert [(ids.tolist(), share) for ids, share in model.nbest([], 3)] == [([], 1.0)]


def test_probabilities_are_those_of_all_ways(model: RecurrentModel) -> None:
    words = ["mr", "lee", "was"]
    p, found = model.probabilities([words])[0], model.nbest(words, 125)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    shares = np.zeros((3, 5))
    for ids, share in found:
        shares[np.arange(3), ids] += share
    np.testing.assert_allclose(p, shares, atol=1e-5)


# --- rules that the training text breaks ----------------------------------------------------------------------------

BAD = "lee B-PER\n\nmr O\nlee I-PER\nwas O\n\nhe O\n"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.tsv"
    path.write_text(BAD.replace(" ", "\t"), encoding="utf-8")
    return path


def few(**settings: Any) -> dict[str, Any]:
    return {"hidden": 2, "embedding": 2, "epochs": 1, "decoder": "crf", **settings}


def test_rules_asked_for_by_name_are_insisted_on(bad: Path) -> None:
    with pytest.raises(DataError) as error:
        elman.train(bad, "40%", settings=few(constraints="bio"))
    what = "word 2: I-PER after O is no BIO; fix the tags or set constraints=none"
    assert str(error.value) == f"{bad}:4: {what}"
    pairs = [[("mr", "O"), ("lee", "I-PER")], [("lee", "B-PER")]]
    with pytest.raises(DataError, match="^sentence 1: word 2: I-PER after O is no BIO; fix the tags or set "):
        elman.train(pairs, pairs, settings=few(constraints="bio"), on_warning=lambda text: None)
    with pytest.raises(DataError, match="^sentence 1, word 2: I-PER after O is no BIO; set constraints=none$"):
        trained(CRF.with_settings({"constraints": "bio"}), [(["mr", "lee"], ["O", "I-PER"]), (["a"], ["B-PER"])])


def test_rules_found_by_themselves_are_given_up_with_a_warning(bad: Path) -> None:
    doubts: list[str] = []
    tagger = elman.train(bad, "40%", settings=few(), on_warning=doubts.append)
    what = "word 2: I-PER after O is no BIO; the tagger uses no constraints (constraints=auto)"
    assert f"{bad}:4: {what}" in doubts
    assert tagger.describe()["settings"]["network"]["constraints"] == "auto"
    pairs = [[("mr", "O"), ("lee", "I-PER")], [("lee", "B-PER")]]
    elman.train(pairs, pairs, settings=few(), on_warning=doubts.append)
    assert f"sentence 1: {what}" in doubts
    doubts.clear()
    elman.train(pairs, pairs, settings=few(constraints="none"), on_warning=doubts.append)
    assert not any("constraints" in doubt for doubt in doubts)


def test_a_few_sentences_that_break_the_rules_are_mended(tmp_path: Path) -> None:
    path, doubts = tmp_path / "few.tsv", list[str]()
    path.write_text("lee\tB-PER\nis\tO\n\n" * 30 + "mr\tO\nlee\tI-PER\nwas\tO\n", encoding="utf-8")
    tagger = elman.train(path, path, settings=few(), on_warning=doubts.append)
    change = "training reads I-PER of 'lee' as B-PER, as conlleval does"
    assert f"{path}:92: word 2: I-PER after O is no BIO, in 'mr lee was'; {change}" in doubts
    assert tagger.tags == ("B-PER", "O")  # what is mended is what is trained
    assert tagger.to_record()[0]["model"]["constraints"] == "bio"
    bilou = [[("mr", "O"), ("lee", "U-PER")], [("lee", "B-PER"), ("c", "L-PER")]] * 20 + [[("lee", "B-PER")]] * 2
    doubts.clear()
    tagger = elman.train(bilou, bilou, settings=few(constraints="bilou"), on_warning=doubts.append)
    what = "sentence 41: word 1: B-PER at the end of a sentence is no BILOU, in 'lee'; training reads B-PER of 'lee' as"
    assert f"{what} U-PER, as conlleval does; so does 1 more sentence (elman check lists them)" in doubts
    assert tagger.tags == ("B-PER", "L-PER", "O", "U-PER")
    assert tagger.to_record()[0]["model"]["constraints"] == "bilou"


def test_the_confidence_is_the_marginal() -> None:
    pairs = [list(zip(words, tags, strict=True)) for words, tags in TRAIN]
    tagger = elman.train(pairs, pairs[:3], settings=few(), on_warning=lambda text: None)
    for words, (tags, shares) in zip(WORDS, tagger.pipe(WORDS, confidence=True), strict=True):
        p = tagger.probabilities(words)
        assert shares == pytest.approx([p[i, tagger.tags.index(tag)] for i, tag in enumerate(tags)], abs=1e-6)
