"""Gradients through time and words that decide, against central differences of a network written out step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from elman.analysis import gradients
from elman.analysis.gradients import GradientOptions, attributions, measure_lags
from elman.analysis.lag_curves import LagCurve
from elman.config import Config, NetworkConfig, TrainingConfig
from elman.errors import ConfigError, DataError
from elman.models.ensemble import Ensemble
from elman.nn.activations import of_layer, states, units
from elman.nn.batch import Batch
from elman.nn.cells import CELLS
from elman.training.ensemble import begin
from elman.training.tagging_task import TaggingTask

Array = np.ndarray[Any, Any]
STEP = 1e-6
WORDS = ("a", "b", "c", "b", "d", "zz")
TAGS = ("X", "Y", "Y", "X", "Z", "Z")
BASE = NetworkConfig(
    cell="elman", direction="forward", hidden=3, embedding=2, features="none", decoder="softmax", constraints="none",
    ensemble=1, dtype="float32",
)  # fmt: skip
CONFIGS = {
    "elman": BASE,
    "lstm": replace(BASE, cell="lstm"),
    "gru": replace(BASE, cell="gru"),
    "sru": replace(BASE, cell="sru"),
    "mingru": replace(BASE, cell="mingru"),
    "lstm both ways": replace(BASE, cell="lstm", direction="bidirectional"),
    "gru, two layers both ways": replace(BASE, cell="gru", direction="bidirectional", layers=2),
    "sru both ways, highway": replace(BASE, cell="sru", direction="bidirectional", layers=2, residual="highway"),
    "elman, residual, crf": replace(BASE, layers=3, residual="add", decoder="crf"),
    "mingru, highway": replace(BASE, cell="mingru", layers=2, residual="highway"),
    "elman, one-hot": replace(BASE, embedding=0, direction="bidirectional"),
    "lstm, one-hot": replace(BASE, embedding=0, cell="lstm"),
    "sru, one-hot": replace(BASE, embedding=0, cell="sru", direction="bidirectional"),
    "mingru, one-hot": replace(BASE, embedding=0, cell="mingru", layers=2),
}


def networks_of(config: NetworkConfig, **training: Any) -> Ensemble:
    """A network whose weights are large enough to do something, in float64."""
    made: TaggingTask = begin(
        [(WORDS[:5], TAGS[:5]), (("a",), ("Z",))],
        None,
        Config(config, TrainingConfig(class_weight_power=0.0, **training)),
        seed=1,
    )
    generator = np.random.default_rng(3)
    drawn = {name: generator.standard_normal(w.shape) * 0.7 for name, w in made.parameters.items()}
    return Ensemble(made.networks.config, made.networks.lexicon, made.networks.heads, [drawn])


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def slow(networks: Ensemble, x: Array, moved: dict[tuple[int, str, str, int], Array]) -> Array:
    """The encoder's outputs (T, …), word by word; ``moved`` adds to a state of (layer, direction, h or c, word)."""
    config, w = networks.config.network, networks.members[0]
    H, T = config.hidden, len(x)
    x = np.eye(networks.network.words)[x] if x.ndim == 1 else x
    for layer in range(config.layers):
        halves = []
        for direction in networks.network.encoder.directions:
            p = {name: w.get(f"layer{layer}.{direction}.{name}") for name in ("w_rx", "b_r", "w_rh", "b_rn")}
            h, c, out = np.zeros(H), np.zeros(H), [np.zeros(H)] * T
            order = range(T) if direction == "forward" else range(T - 1, -1, -1)
            before = None
            for t in order:
                read = x[t]
                if config.cell in ("sru", "mingru"):
                    read = np.concatenate([read, np.zeros_like(read) if before is None else x[before]])
                a = (p["w_rx"] if layer or config.embedding else p["w_rx"].T) @ read + p["b_r"]
                more = {state: moved.get((layer, direction, state, t), np.zeros(H)) for state in "hc"}
                if config.cell == "elman":
                    h = np.tanh(a + p["w_rh"] @ h)
                elif config.cell == "lstm":
                    i, f, g, o = np.split(a + p["w_rh"] @ h, 4)
                    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g) + more["c"]
                    h = sigmoid(o) * np.tanh(c)
                elif config.cell == "gru":
                    (ar, az, an), (sr, sz, sn) = np.split(a, 3), np.split(p["w_rh"] @ h, 3)
                    r, z = sigmoid(ar + sr), sigmoid(az + sz)
                    h = (1 - z) * np.tanh(an + r * (sn + p["b_rn"])) + z * h
                elif config.cell == "sru":
                    u, f, r, k = np.split(a, 4)
                    c = sigmoid(f) * c + (1 - sigmoid(f)) * u + more["c"]
                    h = sigmoid(r) * np.tanh(c) + (1 - sigmoid(r)) * k
                else:
                    z, n = np.split(a, 2)
                    h = (1 - sigmoid(z)) * h + sigmoid(z) * n
                h = h + more["h"]
                out[t], before = h, t
            halves.append(np.array(out))
        y = np.concatenate(halves, axis=1)
        if layer and config.residual == "add":
            y = y + x
        if layer and config.residual == "highway":
            m = sigmoid(x @ w[f"layer{layer}.mix.w"].T + w[f"layer{layer}.mix.b"])
            y = m * y + (1 - m) * x
        x = y
    return x


def losses(networks: Ensemble, moved: dict[tuple[int, str, str, int], Array]) -> Array:
    """The loss of each word (T,)."""
    scores, batch = scores_of(networks, moved)
    head, ids = networks.heads.each[0], {tag: i for i, tag in enumerate(networks.tags)}
    gold = np.array([ids[tag] for tag in TAGS], np.int32)
    return np.asarray(head.decoder.loss(networks.members[0], head.of(scores, batch), gold, batch).losses)


def scores_of(networks: Ensemble, moved: dict[tuple[int, str, str, int], Array]) -> tuple[Array, Batch]:
    batch = Batch(np.ones(len(WORDS), np.int32), np.arange(len(WORDS)))
    x = networks.network.represent(networks.members[0], networks.lexicon.read(WORDS))
    return networks.network.output(networks.members[0], slow(networks, x, moved), batch)[0], batch


def norms(networks: Ensemble, layer: int, direction: str, state: str) -> list[list[float]]:
    """‖∂loss_t/∂state_s‖ [t][s] by central differences."""
    T, H = len(WORDS), networks.config.network.hidden
    slopes = np.empty((T, H, T))  # [s, unit, t]
    for s in range(T):
        for unit in range(H):
            step = np.zeros(H)
            step[unit] = STEP
            high, low = (losses(networks, {(layer, direction, state, s): way * step}) for way in (1, -1))
            slopes[s, unit] = (high - low) / (2 * STEP)
    return np.linalg.norm(slopes, axis=1).T.tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", CONFIGS)
def test_the_slow_network_is_the_network(name: str) -> None:
    networks = networks_of(CONFIGS[name])
    parameters, batch = networks.members[0], scores_of(networks, {})[1]
    fast, _ = networks.network.forward(parameters, networks.lexicon.read(WORDS), batch)
    assert np.allclose(scores_of(networks, {})[0], fast, atol=1e-12)


@pytest.mark.usefixtures("each_backend")
@pytest.mark.parametrize("name", CONFIGS)
def test_norms_are_central_differences(name: str) -> None:
    config = CONFIGS[name]
    networks = networks_of(config)
    for layer in range(config.layers):
        found = measure_lags(networks, [(WORDS, TAGS)], GradientOptions(layer + 1))
        carried = {"lstm": ["h", "c"], "sru": ["c"]}.get(config.cell, ["h"])
        directions = networks.network.encoder.directions
        assert [(one.direction, one.state) for one in found.curves] == [(d, s) for d in directions for s in carried]
        for one in found.curves:
            expected = norms(networks, layer, one.direction, one.state)
            way = -1 if one.direction == "forward" else 1
            for k in range(len(WORDS)):
                column = [expected[t][t + way * k] for t in range(len(WORDS)) if 0 <= t + way * k < len(WORDS)]
                own = [expected[t][t] for t in range(len(WORDS)) if 0 <= t + way * k < len(WORDS)]
                assert one.positions[k] == len(column) == len(WORDS) - k
                assert one.means[k] == pytest.approx(np.mean(column), rel=1e-4, abs=1e-8)
                assert one.norms[k] == pytest.approx(np.exp(np.mean(np.log(column))), rel=1e-4, abs=1e-8)
                assert one.shares[k] == pytest.approx(
                    np.exp(np.mean(np.log(np.array(column) / np.array(own)))), rel=1e-4, abs=1e-8
                )


@pytest.mark.usefixtures("each_backend")
@pytest.mark.parametrize("name", CONFIGS)
def test_parts_are_input_times_gradient(name: str) -> None:
    """x scaled by 1 + e, word by word: the slope of the margin by e is what the word speaks for."""
    networks = networks_of(CONFIGS[name])
    parameters, batch = networks.members[0], scores_of(networks, {})[1]
    x = networks.network.represent(parameters, networks.lexicon.read(WORDS))
    found = attributions(networks, WORDS)
    scores, _ = scores_of(networks, {})
    best = networks.best([WORDS])[0]
    assert [one.at for one in found] == [1, 2, 3, 4, 5, 6]
    for t, one in enumerate(found):
        order = np.argsort(-scores[t])
        given = best[t]
        other = order[0] if order[0] != given else order[1]
        assert (one.words, one.tag, one.against) == (WORDS, networks.tags[given], networks.tags[other])
        assert one.margin == pytest.approx(scores[t, given] - scores[t, other])
        for s in range(len(WORDS)):
            margins = []
            for way in (1, -1):
                y = x.copy() if x.ndim == 2 else np.eye(networks.network.words)[x]
                y[s] *= 1 + way * STEP
                h = slow(networks, y, {})
                row = networks.network.output(parameters, h, batch)[0][t]
                margins.append(row[given] - row[other])
            assert one.parts[s] == pytest.approx((margins[0] - margins[1]) / (2 * STEP), rel=1e-4, abs=1e-7)
        assert sum(map(abs, one.shares)) == pytest.approx(1)
        assert one.to_json()["shares"] == one.shares


def test_words_are_taken_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = networks_of(BASE)
    whole, parts = measure_lags(networks, [(WORDS, TAGS)] * 2), attributions(networks, WORDS)
    monkeypatch.setattr(gradients, "MAX_BATCH_WORDS", 13)
    again = measure_lags(networks, [(WORDS, TAGS)] * 2)
    assert again.positions == whole.positions == 12
    for one, other in zip(again.curves, whole.curves, strict=True):
        assert np.allclose(one.norms, other.norms) and one.positions == other.positions == (12, 10, 8, 6, 4, 2)
    for mine, yours in zip(attributions(networks, WORDS), parts, strict=True):
        assert np.allclose(mine.parts, yours.parts)
    assert [one.at for one in attributions(networks, WORDS, [6, 2])] == [6, 2]


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = networks_of(BASE)
    text = [((), ()), (WORDS, TAGS), (WORDS, ("?", *TAGS[1:])), (WORDS, TAGS), (WORDS, TAGS)]
    found = measure_lags(networks, text, GradientOptions(lags=2, positions=9))
    assert (found.positions, found.sentences, found.unknown) == (9, 2, 1)
    assert found.curves[0].positions == (9, 7, 6)  # of the last sentence words 1, 4 and 6
    monkeypatch.setattr(gradients, "MAX_PER_SENTENCE", 1)
    assert measure_lags(networks, text).curves[0].positions == (3,) * 6  # the last word of each


def test_words_with_some_tags() -> None:
    networks = networks_of(BASE)
    every = measure_lags(networks, [(WORDS, TAGS)])
    assert measure_lags(networks, [(WORDS, TAGS)], GradientOptions(tags=("X", "Y", "Z"))) == every
    found = measure_lags(networks, [(WORDS, TAGS), (("a",), ("Y",))], GradientOptions(tags=("Z",)))
    assert (found.positions, found.sentences) == (2, 1)
    assert found.curves[0].positions == (2, 2, 2, 2, 2, 1)  # the fifth word and the last
    assert found.curves[0].norms[5] == pytest.approx(every.curves[0].norms[5])
    facts = found.to_json()
    assert facts["positions"] == 2 and facts["curves"][0]["step"] == found.curves[0].step
    with pytest.raises(ConfigError, match="tags: the model's tags are X Y Z, got 'W'"):
        measure_lags(networks, [(WORDS, TAGS)], GradientOptions(tags=("W",)))
    with pytest.raises(DataError, match="and one of them Z, found none"):
        measure_lags(networks, [(("a",), ("X",))], GradientOptions(tags=("Z",)))


def test_a_step() -> None:
    curve = LagCurve("forward", "h", (), (), (1.0, 0.5, 0.25, 0.125), ())
    assert curve.step == pytest.approx(0.5)
    assert replace(curve, shares=(1.0, 0.5)).step is None
    assert replace(curve, shares=(1.0, 0.0, 0.0)).step is None


def test_gradients_of_nothing() -> None:
    """Without a recurrent product nothing comes from earlier words."""
    networks = networks_of(BASE)
    networks.members[0]["layer0.forward.w_rh"][:] = 0
    (curve,) = measure_lags(networks, [(WORDS, TAGS)]).curves
    assert curve.norms[0] > 0 and curve.norms[1:] == (0.0,) * 5 and curve.shares == (1.0, *(0.0,) * 5)


def test_refused() -> None:
    networks = networks_of(BASE)
    with pytest.raises(ConfigError, match="layer: expected a number from 1 to 1, got 2"):
        measure_lags(networks, [(WORDS, TAGS)], GradientOptions(layer=2))
    with pytest.raises(DataError, match="whose tags the model knows"):
        measure_lags(networks, [(WORDS, ["?"] * 6)])
    with pytest.raises(ConfigError, match="expected a word from 1 to 6, got 7"):
        attributions(networks, WORDS, [7])
    head = networks.heads.each[0]
    object.__setattr__(head, "task", "another")
    with pytest.raises(ConfigError, match="that gives tags or labels"):
        measure_lags(networks, [(WORDS, TAGS)])
    object.__setattr__(head, "task", "tag")
    with pytest.raises(DataError, match="found an empty one"):
        attributions(networks, ())


@pytest.mark.parametrize("task", ["classify", "several"])
@pytest.mark.parametrize("pooling", ["last", "none"])
def test_labels_of_texts(task: str, pooling: str) -> None:
    config = Config(
        replace(BASE, cell="gru", direction="bidirectional", pooling=pooling, text_ngrams="words"), TrainingConfig()
    )
    data = [(WORDS, ("X",)), (("a", "b"), ("Y",)), (("c",), ("X", "Y") if task == "several" else ("Y",))]
    networks = begin(data, None, config, seed=1, tasks=[task]).networks
    if pooling == "none":
        with pytest.raises(ConfigError, match="only n-grams"):
            measure_lags(networks, data)
        return
    found = measure_lags(networks, data)
    assert found.positions == 3
    forward, backward = found.curves
    assert forward.positions == backward.positions == (3, 2, 1, 1, 1, 1)
    (one,) = attributions(networks, WORDS)
    assert one.at == 1 and one.tag in ("X", "Y") and (one.against == "") == (task == "several")
    assert any(one.parts)


# --- states ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIGS)
def test_states_are_those_of_the_encoder(name: str) -> None:
    networks = networks_of(CONFIGS[name])
    encoder, parameters, batch = networks.network.encoder, networks.members[0], scores_of(networks, {})[1]
    x = networks.network.represent(parameters, networks.lexicon.read(WORDS))
    found = list(states(encoder, parameters, x, batch))
    assert [one.name for one in found] == [
        f"layer{i}.{direction}" for i in range(encoder.config.layers) for direction in encoder.directions
    ]
    assert all(tuple(one.gates) == CELLS[encoder.config.cell].gates for one in found)
    assert all(0 < gate.min() and gate.max() < 1 for one in found for gate in one.gates.values())
    if encoder.config.layers == 1:
        h, _ = encoder.forward(parameters, x, batch)
        assert np.allclose(np.concatenate([one.h for one in found], axis=1), h)
    assert [one.name for one in of_layer(encoder, parameters, 0, x, batch)] == [one.name for one in found][
        : len(encoder.directions)
    ]


def test_gates_of_an_lstm() -> None:
    networks = networks_of(CONFIGS["lstm both ways"])
    encoder, parameters, batch = networks.network.encoder, networks.members[0], scores_of(networks, {})[1]
    x = networks.network.represent(parameters, networks.lexicon.read(WORDS))
    for one in states(encoder, parameters, x, batch):
        assert one.c is not None
        assert np.allclose(one.h, one.gates["output"] * np.tanh(one.c))
        first = 0 if one.direction == "forward" else -1  # where there is nothing to forget
        i, _, g, _ = np.split(parameters[f"{one.name}.w_rx"] @ x[first] + parameters[f"{one.name}.b_r"], 4)
        assert np.allclose(one.c[first], sigmoid(i) * np.tanh(g)) and np.allclose(one.gates["input"][first], sigmoid(i))


def test_units() -> None:
    networks = networks_of(BASE)
    encoder, parameters, batch = networks.network.encoder, networks.members[0], scores_of(networks, {})[1]
    x = networks.network.represent(parameters, networks.lexicon.read(WORDS))
    parameters["layer0.forward.b_r"][:] = (0, 0, 50)
    parameters["layer0.forward.w_rx"][:2] *= 0.1
    parameters["layer0.forward.w_rh"][:2] = 0
    found = units(encoder, parameters, x, batch)
    assert found.dead == pytest.approx(1 / 3) and found.saturated == pytest.approx(1 / 3)
    networks = networks_of(CONFIGS["lstm"])
    parameters = networks.members[0]
    parameters["layer0.forward.b_r"][3:6] = 50  # the forget gate is open
    found = units(networks.network.encoder, parameters, x, batch)
    assert found.dead == 0 and found.saturated == pytest.approx(1 / 3)
