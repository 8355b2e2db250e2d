"""The whole network's gradient by central differences; parameters; packed against sentence by sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from elman import kernels
from elman.batching import Batch, pack
from elman.config import NetworkConfig
from elman.errors import ConfigError
from elman.layers import Rows
from elman.network import Gradients, Network, Noise, Parameters

Array = np.ndarray[Any, Any]
LENGTHS = np.array([2, 4, 0, 1, 4])
N, V, K = int(LENGTHS.sum()), 6, 3
CONFIGS = {
    "one-hot forward": NetworkConfig(direction="forward", hidden=4, embedding=0),
    "one-hot both ways": NetworkConfig(hidden=3, embedding=0),
    "one-hot, two layers": NetworkConfig(direction="forward", hidden=3, embedding=0, layers=2),
    "embedding forward": NetworkConfig(direction="forward", hidden=4, embedding=3),
    "embedding both ways": NetworkConfig(hidden=3, embedding=2),
    "embedding both ways, two layers": NetworkConfig(hidden=2, embedding=2, layers=2),
}


@pytest.fixture(params=["native", "reference"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test here runs on both backends."""
    before = kernels.describe()
    try:
        kernels.select(request.param)
    except ConfigError as error:
        pytest.skip(str(error))
    yield
    kernels.select(before["backend"], before["isa"])


@pytest.fixture(params=CONFIGS, ids=lambda name: name.replace(" ", "-"))
def network(request: pytest.FixtureRequest) -> Network:
    return Network(CONFIGS[request.param], V, K)


def parameters_of(network: Network) -> Parameters:
    """Parameters in float64, biases not 0."""
    generator = np.random.default_rng(1)
    return {name: generator.standard_normal(shape) * 0.5 for name, shape in network.shapes().items()}


def words() -> tuple[Array, Batch]:
    """Ids of a ragged batch, words repeated, id 5 left out."""
    return np.random.default_rng(2).integers(0, V - 1, N, np.int32), pack(LENGTHS)


def dense(gradients: Gradients, parameters: Parameters) -> dict[str, Array]:
    result = {}
    for name, gradient in gradients.items():
        if isinstance(gradient, Rows):
            result[name] = np.zeros_like(parameters[name])
            result[name][gradient.ids] = gradient.values
        else:
            result[name] = gradient
    return result


def check(scores_of: Callable[[], Array], parameters: Parameters, gradients: dict[str, Array], weight: Array) -> None:
    """Every number of every parameter: the gradient of the sum of scores · weight is its central difference."""
    assert gradients.keys() == parameters.keys()
    step = 1e-5
    for name, w in parameters.items():
        slope = np.empty_like(w)
        for i in np.ndindex(w.shape):
            kept = w[i]
            w[i] = kept + step
            high = scores_of()
            w[i] = kept - step
            low = scores_of()
            w[i] = kept
            slope[i] = ((high - low) * weight).sum() / (2 * step)
        np.testing.assert_allclose(gradients[name], slope, rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("noisy", [False, True])
def test_the_gradient_by_central_differences(network: Network, noisy: bool) -> None:
    parameters, (ids, batch) = parameters_of(network), words()
    weight = np.random.default_rng(3).standard_normal((N, K))

    def forward() -> tuple[Array, Callable[[Array], Gradients]]:
        noise = Noise(np.random.default_rng(4), dropout=0.3, word_dropout=0.2) if noisy else None
        return network.forward(parameters, ids, batch, noise=noise)

    scores, backprop = forward()
    assert scores.shape == (N, K)
    check(lambda: forward()[0], parameters, dense(backprop(weight), parameters), weight)


def test_noise_makes_a_difference() -> None:
    network = Network(CONFIGS["embedding both ways"], V, K)
    parameters, (ids, batch) = parameters_of(network), words()
    plain, _ = network.forward(parameters, ids, batch)
    for shares in ((0.5, 0.0), (0.0, 0.5)):
        noisy, _ = network.forward(parameters, ids, batch, noise=Noise(np.random.default_rng(4), *shares))
        assert not np.allclose(noisy, plain)
    none, _ = network.forward(parameters, ids, batch, noise=Noise(np.random.default_rng(4), 0.0, 0.0))
    np.testing.assert_array_equal(none, plain)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 9])
def test_bptt_is_one_output_error_at_a_time(n: int) -> None:
    """Slides 25 to 28: each output's δ goes back n steps by itself; the gradients of all outputs are summed."""
    network = Network(CONFIGS["one-hot forward"], V, K)
    p, (ids, batch) = parameters_of(network), words()
    dscores = np.random.default_rng(3).standard_normal((N, K))
    _, backprop = network.forward(p, ids, batch, bptt=n)
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
    parameters, (ids, batch) = parameters_of(network), words()
    dscores = np.random.default_rng(3).standard_normal((N, K))
    full, long, short = (
        dense(network.forward(parameters, ids, batch, bptt=n)[1](dscores), parameters) for n in (0, 4, 1)
    )
    for name in full:
        np.testing.assert_array_equal(full[name], long[name])
    assert any(not np.allclose(full[name], short[name]) for name in full)


def test_a_batch_is_its_sentences_one_by_one(network: Network) -> None:
    parameters, (ids, batch) = parameters_of(network), words()
    dscores = np.random.default_rng(3).standard_normal((N, K))
    scores, backprop = network.forward(parameters, ids, batch)
    by_place = np.argsort(batch.rows)
    summed = {name: np.zeros_like(w) for name, w in parameters.items()}
    for b, length in enumerate(LENGTHS.tolist()):
        start = int(LENGTHS[:b].sum())
        rows = by_place[start : start + length]
        one, one_backprop = network.forward(parameters, ids[rows], pack(LENGTHS[b : b + 1]))
        np.testing.assert_allclose(one, scores[rows], rtol=1e-12, atol=1e-14)
        for name, gradient in dense(one_backprop(dscores[rows]), parameters).items():
            summed[name] += gradient
    for name, gradient in dense(backprop(dscores), parameters).items():
        np.testing.assert_allclose(gradient, summed[name], rtol=1e-10, atol=1e-12, err_msg=name)


def test_no_words(network: Network) -> None:
    parameters = parameters_of(network)
    scores, backprop = network.forward(parameters, np.zeros(0, np.int32), pack(np.zeros(2, np.int64)))
    assert scores.shape == (0, K)
    assert all(not gradient.any() for gradient in dense(backprop(scores), parameters).values())


# --- parameters -----------------------------------------------------------------------------------------------------


def test_what_start_makes_has_the_shapes(network: Network) -> None:
    parameters = network.start(np.random.default_rng(1))
    assert {name: w.shape for name, w in parameters.items()} == network.shapes()
    assert all(w.dtype == np.float32 for w in parameters.values())
    again, other = network.start(np.random.default_rng(1)), network.start(np.random.default_rng(2))
    for name, w in parameters.items():
        np.testing.assert_array_equal(w, again[name])
        assert w.any() == (w.ndim == 2)
        assert w.ndim == 1 or (w != other[name]).all()


def test_names_and_shapes() -> None:
    assert Network(CONFIGS["embedding both ways, two layers"], V, K).shapes() == {
        "embedding": (V, 2),
        "layer0.forward.w_rx": (2, 2),
        "layer0.forward.w_rh": (2, 2),
        "layer0.forward.b_r": (2,),
        "layer0.backward.w_rx": (2, 2),
        "layer0.backward.w_rh": (2, 2),
        "layer0.backward.b_r": (2,),
        "layer1.forward.w_rx": (2, 4),
        "layer1.forward.w_rh": (2, 2),
        "layer1.forward.b_r": (2,),
        "layer1.backward.w_rx": (2, 4),
        "layer1.backward.w_rh": (2, 2),
        "layer1.backward.b_r": (2,),
        "output.w_oh": (K, 4),
        "output.b_o": (K,),
    }
    assert list(Network(CONFIGS["one-hot forward"], V, K).shapes()) == [
        "layer0.forward.w_rx",
        "layer0.forward.w_rh",
        "layer0.forward.b_r",
        "output.w_oh",
        "output.b_o",
    ]


def test_start_is_within_the_bounds_of_glorot_and_bengio() -> None:
    """± √(6 / (inputs + outputs)); of a table over words, which are looked up one at a time, ± √(6 / 2·width)."""
    one_hot = Network(NetworkConfig(direction="forward", hidden=50, embedding=0, layers=2), 400, 20)
    embedded = Network(NetworkConfig(direction="forward", hidden=50, embedding=30), 400, 20)
    expected = {
        "layer0.forward.w_rx": 100,
        "layer0.forward.w_rh": 100,
        "layer1.forward.w_rx": 100,
        "output.w_oh": 70,
    }
    for network, sums in ((one_hot, expected), (embedded, {"embedding": 60, "layer0.forward.w_rx": 80})):
        parameters = network.start(np.random.default_rng(1))
        for name, inputs_and_outputs in sums.items():
            bound = np.sqrt(6 / inputs_and_outputs)
            assert 0.95 * bound < np.abs(parameters[name]).max() <= bound * (1 + 1e-6)


def test_a_recurrent_start() -> None:
    config = NetworkConfig(hidden=3, embedding=2, layers=2, recurrent_start=0.25)
    for name, w in Network(config, V, K).start(np.random.default_rng(1)).items():
        if name.endswith("w_rh"):
            np.testing.assert_array_equal(w, 0.25 * np.eye(3, dtype=np.float32))
