"""The whole network's gradient by central differences; parameters; packed against sentence by sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from elman.config import NetworkConfig
from elman.nn.bags import Bags
from elman.nn.batch import Batch, pack
from elman.nn.cells import CELLS
from elman.nn.encoder import Gradients, Parameters
from elman.nn.initialization import initialize
from elman.nn.layers import DropoutNoise, SparseRows
from elman.nn.network import Inputs, Network, TokenInputs
from elman.utils.seeding import DROPOUT, Draws
from numerical import slope

pytestmark = pytest.mark.usefixtures("each_backend")
Array = np.ndarray[Any, Any]
LENGTHS = np.array([2, 4, 0, 1, 4])
N, V, F, K = int(LENGTHS.sum()), 6, 5, 3
ONE_HOT = NetworkConfig(cell="elman", direction="forward", hidden=4, embedding=0, features="none")
WORDS = NetworkConfig(cell="elman", hidden=3, embedding=2, features="none")
CONFIGS = {
    "one-hot forward": ONE_HOT,
    "one-hot both ways": replace(ONE_HOT, direction="bidirectional", hidden=3),
    "one-hot, two layers": replace(ONE_HOT, layers=2),
    "one-hot lstm": replace(ONE_HOT, cell="lstm", hidden=2),
    "one-hot sru": replace(ONE_HOT, cell="sru", hidden=2, direction="bidirectional"),
    "one-hot mingru": replace(ONE_HOT, cell="mingru", hidden=2, layers=2),
    "embedding forward": replace(WORDS, direction="forward"),
    "embedding both ways": WORDS,
    "two layers": replace(WORDS, layers=2, hidden=2),
    "residual": replace(WORDS, layers=3, hidden=2, residual="add"),
    "highway": replace(WORDS, layers=3, hidden=2, residual="highway"),
    "features": replace(WORDS, features="affixes", feature_embedding=3),
    "lstm, features": replace(WORDS, cell="lstm", hidden=2, features="both", feature_embedding=2),
    "gru": replace(WORDS, cell="gru", hidden=2),
    "sru, two layers": replace(WORDS, cell="sru", hidden=2, layers=2),
    "token features": replace(WORDS, feature_embedding=3),
    "token features, gru": replace(WORDS, cell="gru", hidden=2, features="affixes", feature_embedding=2),
    "mingru, highway": replace(WORDS, cell="mingru", hidden=2, layers=2, residual="highway"),
}


@pytest.fixture(params=CONFIGS, ids=lambda name: name.replace(" ", "-"))
def network(request: pytest.FixtureRequest) -> Network:
    return network_of(request.param)


def network_of(name: str) -> Network:
    config = CONFIGS[name]
    tokens = (4, 2) if name.startswith("token") else (0, 0)
    return Network(config, V, 0 if config.features == "none" else F, K, token_features=tokens)


def parameters_of(network: Network) -> Parameters:
    """Parameters in float64, biases not 0."""
    generator = np.random.default_rng(1)
    return {name: generator.standard_normal(shape) * 0.5 for name, shape in network.shapes().items()}


def batch_of(lengths: Array = LENGTHS) -> tuple[Inputs, Batch]:
    """A ragged batch: words that come again, id 5 never, an unknown word (0) in several spellings."""
    words = np.array([1, 0, 3, 1, 0, 2, 0, 4, 1, 3, 0], np.int32)[:N]
    types = np.array([0, 1, 2, 0, 3, 4, 1, 5, 0, 2, 1], np.int32)[:N]
    bags = Bags.of([[0, 3], [1], [], [2, 1, 0], [3], [0, 1, 2, 3]])  # feature 4 never
    sets = [[0, 2], [], [1], [2], [0, 1, 2], [2], [1], [], [0], [0, 1], [2]]  # of the words; feature 3 never
    numbers = np.random.default_rng(2).standard_normal((N, 2)).astype(np.float32)
    return Inputs(words, types, bags, tokens=TokenInputs(Bags.of(sets[:N]), numbers)), pack(lengths)


def dense(gradients: Gradients, parameters: Parameters) -> dict[str, Array]:
    result = {}
    for name, gradient in gradients.items():
        if isinstance(gradient, SparseRows):
            result[name] = np.zeros_like(parameters[name])
            result[name][gradient.ids] = gradient.values
        else:
            result[name] = gradient
    return result


def check(scores_of: Callable[[], Array], parameters: Parameters, gradients: dict[str, Array], weight: Array) -> None:
    """Every number of every parameter: the gradient of the sum of scores · weight is its central difference."""
    learned = {name: w for name, w in parameters.items() if name != "text.scale"}
    assert gradients.keys() == learned.keys()
    for name, w in learned.items():
        right = slope(scores_of, w, weight)
        np.testing.assert_allclose(gradients[name], right, rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("noisy", ["", "plain", "variational", "layers"])
def test_the_gradient_by_central_differences(network: Network, noisy: str) -> None:
    parameters, (inputs, batch) = parameters_of(network), batch_of()
    weight = np.random.default_rng(3).standard_normal((N, K))

    def forward() -> tuple[Array, Callable[[Array], Gradients]]:
        shares = 0.3, 0.2, noisy in ("variational", "layers"), 0.0, noisy == "layers"
        noise = DropoutNoise(Draws(4, DROPOUT), *shares) if noisy else None
        return network.forward(parameters, inputs, batch, noise=noise)

    scores, backprop = forward()
    assert scores.shape == (N, K)
    check(lambda: forward()[0], parameters, dense(backprop(weight), parameters), weight)


def test_noise_makes_a_difference() -> None:
    network = network_of("embedding both ways")
    parameters, (inputs, batch) = parameters_of(network), batch_of()
    plain, _ = network.forward(parameters, inputs, batch)
    for shares in ((0.5, 0.0), (0.0, 0.5)):
        noisy, _ = network.forward(parameters, inputs, batch, noise=DropoutNoise(Draws(4, DROPOUT), *shares))
        assert not np.allclose(noisy, plain)
    none, _ = network.forward(parameters, inputs, batch, noise=DropoutNoise(Draws(4, DROPOUT), 0.0, 0.0))
    np.testing.assert_array_equal(none, plain)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 9])
def test_bptt_is_one_output_error_at_a_time(n: int) -> None:
    """Slides 25 to 28: each output's δ goes back n steps by itself; the gradients of all outputs are summed."""
    network = network_of("one-hot forward")
    p, (inputs, batch) = parameters_of(network), batch_of()
    ids = inputs.words
    dscores = np.random.default_rng(3).standard_normal((N, K))
    _, backprop = network.forward(p, inputs, batch, bptt=n)
    found = dense(backprop(dscores), p)
    expected = {name: np.zeros_like(w) for name, w in p.items()}
    w_rx, w_rh, b_r, w_oh = (
        p[name] for name in ("layer0.forward.w_rx", "layer0.forward.w_rh", "layer0.forward.b_r", "output.w_oh")
    )
    starts = np.cumsum(LENGTHS) - LENGTHS
    by_place = np.argsort(batch.rows)  # packed row of each word of the sentences laid one after the other
    for start, length in zip(starts.tolist(), LENGTHS.tolist(), strict=True):
        rows = by_place[start : start + length]
        h = [np.zeros(len(b_r))]
        for row in rows:
            h.append(np.tanh(w_rx[ids[row]] + w_rh @ h[-1] + b_r))
        for t, row in enumerate(rows):
            expected["output.w_oh"] += np.outer(dscores[row], h[t + 1])
            expected["output.b_o"] += dscores[row]
            error = dscores[row] @ w_oh
            for s in range(t, max(t - n, -1), -1):
                delta = error * (1 - h[s + 1] ** 2)
                expected["layer0.forward.w_rx"][ids[rows[s]]] += delta
                expected["layer0.forward.w_rh"] += np.outer(delta, h[s])
                expected["layer0.forward.b_r"] += delta
                error = delta @ w_rh
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-10, atol=1e-12, err_msg=name)


def test_bptt_not_below_the_length_is_the_full_gradient(network: Network) -> None:
    parameters, (inputs, batch) = parameters_of(network), batch_of()
    dscores = np.random.default_rng(3).standard_normal((N, K))
    full, long, short = (
        dense(network.forward(parameters, inputs, batch, bptt=n)[1](dscores), parameters) for n in (0, 4, 1)
    )
    for name in full:
        np.testing.assert_array_equal(full[name], long[name])
    if network.config.cell == "elman":
        assert any(not np.allclose(full[name], short[name]) for name in full)


def test_a_batch_is_its_sentences_one_by_one(network: Network) -> None:
    parameters, (inputs, batch) = parameters_of(network), batch_of()
    dscores = np.random.default_rng(3).standard_normal((N, K))
    scores, backprop = network.forward(parameters, inputs, batch)
    by_place = np.argsort(batch.rows)
    summed = {name: np.zeros_like(w) for name, w in parameters.items()}
    for b, length in enumerate(LENGTHS.tolist()):
        start = int(LENGTHS[:b].sum())
        rows = by_place[start : start + length]
        one, one_backprop = network.forward(parameters, inputs.take(rows), pack(LENGTHS[b : b + 1]))
        np.testing.assert_allclose(one, scores[rows], rtol=1e-12, atol=1e-14)
        for name, gradient in dense(one_backprop(dscores[rows]), parameters).items():
            summed[name] += gradient
    for name, gradient in dense(backprop(dscores), parameters).items():
        np.testing.assert_allclose(gradient, summed[name], rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_backward_is_forward_on_the_sentence_turned_round(cell: str) -> None:
    """With the parameters of both directions exchanged the scores of the turned sentence are the turned scores."""
    network = Network(replace(WORDS, cell=cell), V, 0, K)
    p, (inputs, _) = parameters_of(network), batch_of()
    turned = {name: value for name, value in p.items() if "ward" not in name}
    turned["output.w_oh"] = np.roll(p["output.w_oh"], 3, axis=1)  # hidden is 3
    for name in p.keys() - turned.keys():
        there, back = ("forward", "backward") if "forward" in name else ("backward", "forward")
        turned[name.replace(there, back)] = p[name]
    batch, words = pack(np.array([N])), np.arange(N)
    scores, _ = network.forward(p, inputs.take(words), batch)
    other, _ = network.forward(turned, inputs.take(words[::-1]), batch)
    np.testing.assert_allclose(other, scores[::-1], rtol=1e-12, atol=1e-14)


def test_no_words(network: Network) -> None:
    parameters = parameters_of(network)
    inputs, _ = batch_of()
    scores, backprop = network.forward(parameters, inputs.take(np.zeros(0, np.int64)), pack(np.zeros(2, np.int64)))
    assert scores.shape == (0, K)
    assert all(not gradient.any() for gradient in dense(backprop(scores), parameters).values())


# --- parameters -----------------------------------------------------------------------------------------------------


def test_what_start_makes_has_the_shapes(network: Network) -> None:
    parameters = initialize(network, np.random.default_rng(1))
    assert {name: w.shape for name, w in parameters.items()} == network.shapes()
    assert all(w.dtype == np.float32 for w in parameters.values())
    again, other = initialize(network, np.random.default_rng(1)), initialize(network, np.random.default_rng(2))
    for name, w in parameters.items():
        np.testing.assert_array_equal(w, again[name])
        assert w.ndim == 1 or (w != other[name]).all()


def test_names_and_shapes() -> None:
    assert list(network_of("one-hot forward").shapes()) == [
        "layer0.forward.w_rx",
        "layer0.forward.b_r",
        "layer0.forward.w_rh",
        "output.w_oh",
        "output.b_o",
    ]
    config = NetworkConfig(cell="gru", hidden=5, embedding=7, feature_embedding=4, layers=2, residual="highway")
    shapes = Network(config, V, F, K).shapes()
    way = {"w_rx": (15, 11), "b_r": (15,), "w_rh": (15, 5), "b_rn": (5,)}
    assert shapes == {
        "embedding": (V, 7),
        "features": (F, 4),
        **{f"layer0.{way_name}.{name}": shape for way_name in ("forward", "backward") for name, shape in way.items()},
        **{
            f"layer1.{way_name}.{name}": shape
            for way_name in ("forward", "backward")
            for name, shape in {**way, "w_rx": (15, 10)}.items()
        },
        "layer1.mix.w": (10, 10),
        "layer1.mix.b": (10,),
        "output.w_oh": (K, 10),
        "output.b_o": (K,),
    }


@pytest.mark.parametrize(("cell", "gates", "read"), [("elman", 1, 1), ("lstm", 4, 1), ("sru", 4, 2), ("mingru", 2, 2)])
def test_shapes_of_cells(cell: str, gates: int, read: int) -> None:
    assert Network(replace(ONE_HOT, cell=cell), V, 0, K).shapes()["layer0.forward.w_rx"] == (V * read, gates * 4)
    shapes = Network(replace(WORDS, cell=cell), V, 0, K).shapes()
    assert shapes["layer0.forward.w_rx"] == (gates * 3, read * 2)
    assert shapes["layer0.backward.b_r"] == (gates * 3,)
    assert ("layer0.forward.w_rh" in shapes) == (read == 1)


def test_matrices_start_within_the_bounds_of_glorot_and_bengio() -> None:
    """± √(6 / (inputs + outputs)); of a table over words, which are looked up one at a time, ± √(6 / 2·width)."""
    one_hot = Network(replace(ONE_HOT, hidden=50, layers=2), 400, 0, 20)
    embedded = Network(replace(ONE_HOT, hidden=50, embedding=30, features="both", feature_embedding=20), 400, 99, 400)
    sums = {"layer0.forward.w_rx": 100, "layer0.forward.w_rh": 100, "layer1.forward.w_rx": 100, "output.w_oh": 70}
    check_bounds(one_hot, sums)
    check_bounds(embedded, {"embedding": 60, "features": 40, "layer0.forward.w_rx": 100, "output.w_oh": 450})
    # as many tags as words: still no table
    check_bounds(Network(replace(ONE_HOT, hidden=50), 80, 0, 80), {"layer0.forward.w_rx": 100, "output.w_oh": 130})


def check_bounds(network: Network, sums: dict[str, int]) -> None:
    parameters = initialize(network, np.random.default_rng(1))
    for name, inputs_and_outputs in sums.items():
        bound = np.sqrt(6 / inputs_and_outputs)
        assert 0.95 * bound < np.abs(parameters[name]).max() <= bound * (1 + 1e-6), name


def test_a_recurrent_start() -> None:
    config = replace(WORDS, layers=2, recurrent_start=0.25)
    for name, w in initialize(Network(config, V, 0, K), np.random.default_rng(1)).items():
        if name.endswith("w_rh"):
            np.testing.assert_array_equal(w, 0.25 * np.eye(3, dtype=np.float32))


@pytest.mark.parametrize(("cell", "gates"), [("lstm", 4), ("gru", 3)])
def test_recurrent_matrices_of_gated_cells_start_orthogonal(cell: str, gates: int) -> None:
    w = initialize(Network(replace(WORDS, cell=cell, hidden=8), V, 0, K), np.random.default_rng(1))[
        "layer0.forward.w_rh"
    ]
    for gate in np.split(w, gates):
        np.testing.assert_allclose(gate @ gate.T, np.eye(8), atol=1e-6)


def test_biases_start_at_0_but_those_of_the_forget_gate_and_of_a_highway() -> None:
    network = Network(replace(WORDS, cell="lstm", layers=2, residual="highway"), V, 0, K)
    parameters = initialize(network, np.random.default_rng(1))
    assert parameters["layer1.backward.b_r"].tolist() == [0] * 3 + [1] * 3 + [0] * 6
    assert parameters["layer1.mix.b"].tolist() == [-1] * 6
    assert parameters["output.b_o"].tolist() == [0] * K
    for cell in ("elman", "gru", "sru", "mingru"):
        assert not initialize(Network(replace(WORDS, cell=cell), V, 0, K), np.random.default_rng(1))[
            "layer0.forward.b_r"
        ].any()


@pytest.mark.parametrize(
    ("cell", "keeps", "lets_in"), [("lstm", 1, 0), ("gru", 1, None), ("sru", 1, None), ("mingru", None, 0)]
)
def test_gates_that_remember_up_to_n_steps(cell: str, keeps: int | None, lets_in: int | None) -> None:
    network = Network(replace(WORDS, cell=cell, hidden=50, layers=2, chrono=200), V, 0, K)
    parameters = initialize(network, np.random.default_rng(1))
    plain = initialize(Network(replace(WORDS, cell=cell, hidden=50, layers=2), V, 0, K), np.random.default_rng(1))
    for name, w in plain.items():
        if not name.endswith("b_r"):
            np.testing.assert_array_equal(parameters[name], w)
            continue
        gates = parameters[name].reshape(-1, 50)
        if keeps is not None:  # exp(b) is the time in which a state decays
            steps = np.exp(gates[keeps])
            assert 1 <= steps.min() < 20 and 180 < steps.max() <= 200
        if lets_in is not None:
            steps = np.exp(-gates[lets_in])
            assert 1 <= steps.min() < 20 and 180 < steps.max() <= 200
        for i, gate in enumerate(gates):
            assert i in (keeps, lets_in) or not gate.any()
    if cell == "lstm":
        b = parameters["layer1.backward.b_r"].reshape(-1, 50)
        np.testing.assert_array_equal(b[0], -b[1])
    elman = initialize(Network(replace(WORDS, cell="elman", chrono=200), V, 0, K), np.random.default_rng(1))
    assert not elman["layer0.forward.b_r"].any()


# --- document labels --------------------------------------------------------------------------------------------------

L, G = 2, 4
GRAMS = Bags.of([[0, 3], [1], [], [2, 1, 0]])  # of the four sentences that have words, longest first
OF_TEXTS = {
    **{
        f"{kind}, {side}": (kind, G, tags) for kind in ("last", "mean", "max") for side, tags in (("alone", 0), ("", K))
    },
    "attention": ("attention", 0, K),
    "n-grams alone": ("none", G, 0),
    "n-grams, with words": ("none", G, K),
}


@pytest.mark.parametrize("name", OF_TEXTS)
@pytest.mark.parametrize("noisy", [False, True])
def test_the_gradient_of_labels_of_texts(name: str, noisy: bool) -> None:
    pooling, n_grams, tags = OF_TEXTS[name]
    network = Network(replace(WORDS, pooling=pooling, cell="lstm", hidden=2), V, 0, tags, labels=L, grams=n_grams)
    parameters, (inputs, batch) = parameters_of(network), batch_of()
    if "pooling.w" in parameters:  # few of its many rows
        parameters["pooling.w"] *= 0.1
    weight = np.random.default_rng(3).standard_normal((N, tags + L))

    def forward() -> tuple[Array, Callable[[Array], Gradients]]:
        noise = DropoutNoise(Draws(4, DROPOUT), 0.3, 0.2, grams=0.5) if noisy else None
        return network.forward(parameters, inputs, batch, GRAMS if n_grams else None, noise=noise)

    scores, backprop = forward()
    assert scores.shape == (N, tags + L)
    assert not scores[batch.sentences :, tags:].any()  # the first words' rows alone have a text's scores
    check(lambda: forward()[0], parameters, dense(backprop(weight), parameters), weight)


def test_every_text_by_itself() -> None:
    network = Network(replace(WORDS, pooling="max"), V, 0, K, labels=L, grams=G)
    parameters, (inputs, batch) = parameters_of(network), batch_of()
    scores, _ = network.forward(parameters, inputs, batch, GRAMS)
    for b in range(batch.sentences):
        rows = np.flatnonzero(batch.sentence == b)
        one = GRAMS.take(np.array([b]))
        alone, _ = network.forward(parameters, inputs.take(rows), pack(np.array([len(rows)])), one)
        np.testing.assert_allclose(alone[0, K:], scores[b, K:], atol=1e-12)


def test_the_words_scores_do_not_depend_on_labels_of_texts() -> None:
    plain = Network(WORDS, V, 0, K)
    both = Network(WORDS, V, 0, K, labels=L)
    parameters, (inputs, batch) = parameters_of(both), batch_of()
    found = [
        n.forward(parameters, inputs, batch, noise=DropoutNoise(Draws(4, DROPOUT), 0.3, 0.2))[0] for n in (plain, both)
    ]
    np.testing.assert_array_equal(found[0], found[1][:, :K])
    # and they begin with the same numbers
    starts = [initialize(n, np.random.default_rng(1)) for n in (plain, both)]
    assert all(np.array_equal(w, starts[1][name]) for name, w in starts[0].items())


def test_weights_of_n_grams_begin_at_0() -> None:
    network = Network(replace(WORDS, pooling="none"), V, 0, 0, labels=L, grams=G)
    start = initialize(network, np.random.default_rng(1))
    assert {name: w.shape for name, w in start.items()} == {"text.b_o": (L,), "text.grams": (G, L), "text.scale": (G,)}
    assert not any(w.any() for w in start.values())
    assert not network.encodes
