"""The character encoder: what it reads of a word, its gradients by central differences, alone and in the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from elman.config import NetworkConfig
from elman.features.characters import ENDS, characters_of, spellings
from elman.features.vocabulary import Vocabulary
from elman.nn.bags import Bags
from elman.nn.batch import pack
from elman.nn.cells import CELLS
from elman.nn.char_encoder import CharacterEncoder
from elman.nn.encoder import Gradients, Parameters
from elman.nn.initialization import initialize
from elman.nn.layers import DropoutNoise, SparseRows
from elman.nn.network import Inputs, Network
from elman.utils.seeding import DROPOUT, Draws
from numerical import slope

pytestmark = pytest.mark.usefixtures("each_backend")
Array = np.ndarray[Any, Any]
C = 6
CONFIG = NetworkConfig(cell="elman", hidden=2, embedding=2, features="none", characters=2, character_embedding=3)
SPELLED = Bags.of([[1, 2, 3], [4], [2, 2, 1, 3, 0], [0], [3, 1, 1]])  # character 5 never
WORDS, TYPES = np.array([1, 2, 1, 3, 0, 0, 2], np.int32), np.array([0, 1, 0, 2, 3, 4, 1], np.int32)
LENGTHS = np.array([3, 0, 1, 3])


def parameters_of(shapes: dict[str, tuple[int, ...]]) -> Parameters:
    """Parameters in float64, biases not 0."""
    generator = np.random.default_rng(1)
    return {name: generator.standard_normal(shape) * 0.5 for name, shape in shapes.items()}


def check(output: Callable[[], Array], parameters: Parameters, gradients: Gradients, weight: Array) -> None:
    """Every number of every parameter: the gradient of the sum of output · weight is its central difference."""
    for name, w in parameters.items():
        found = gradients[name]
        if isinstance(found, SparseRows):
            rows, found = found, np.zeros_like(w)
            found[rows.ids] = rows.values
        np.testing.assert_allclose(found, slope(output, w, weight), rtol=1e-6, atol=1e-8, err_msg=name)


# --- what is read of a word -----------------------------------------------------------------------------------------


def test_a_character_of_a_single_word_is_unknown() -> None:
    found = characters_of(["ab", "bb", "acc", "ccz"])
    assert found.words == ("a", "b", "c")  # z stands in one word, and b twice in "bb" is one word all the same
    assert found.counts.tolist() == [0, 2, 2, 2]
    spelled = spellings(found, ["cab", "z", "", "azb"])
    assert spelled.offsets.tolist() == [0, 3, 4, 5, 8]
    assert spelled.ids.tolist() == [3, 1, 2, 0, 0, 1, 0, 2]
    assert len(characters_of([])) == 1


def test_of_a_long_word_both_ends_are_read() -> None:
    found = Vocabulary(["a", "b", "c"], [2, 2, 2])
    long = "a" * ENDS + "b" * 1_000_000 + "c" * ENDS
    assert spellings(found, [long]).ids.tolist() == [1] * ENDS + [3] * ENDS
    assert spellings(found, ["ab" * ENDS]).ids.tolist() == [1, 2] * ENDS
    assert characters_of([long, "abc"]).words == ("a", "c")


@given(st.lists(st.text(max_size=100), max_size=5, unique=True))
def test_any_words(words: list[str]) -> None:
    found = characters_of(words)
    spelled = spellings(found, words)
    assert len(spelled) == len(words)
    lengths = np.diff(spelled.offsets)
    assert lengths.tolist() == [max(1, min(len(word), 2 * ENDS)) for word in words]
    assert ((spelled.ids >= 0) & (spelled.ids < len(found))).all()


# --- the encoder ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_by_central_differences(cell: str) -> None:
    encoder = CharacterEncoder(replace(CONFIG, cell=cell), C)
    parameters = parameters_of(encoder.shapes())
    y, backprop = encoder.forward(parameters, SPELLED)
    assert y.shape == (5, encoder.output) == (5, 4)
    weight, gradients = np.random.default_rng(2).standard_normal(y.shape), Gradients()
    backprop(weight, gradients)
    assert gradients.keys() == parameters.keys()
    check(lambda: encoder.forward(parameters, SPELLED)[0], parameters, gradients, weight)


def test_the_end_states_are_those_of_each_word_read_alone() -> None:
    encoder = CharacterEncoder(CONFIG, C)
    p = parameters_of(encoder.shapes())
    y, _ = encoder.forward(p, SPELLED)
    for i in range(len(SPELLED)):
        ids = SPELLED.ids[SPELLED.offsets[i] : SPELLED.offsets[i + 1]]
        for j, (direction, order) in enumerate((("forward", ids), ("backward", ids[::-1]))):
            h = np.zeros(2)
            for character in order:
                x = p["characters.embedding"][character]
                w_rx, w_rh = p[f"characters.{direction}.w_rx"], p[f"characters.{direction}.w_rh"]
                h = np.tanh(w_rx @ x + w_rh @ h + p[f"characters.{direction}.b_r"])
            np.testing.assert_allclose(y[i, 2 * j : 2 * j + 2], h, rtol=1e-12)


def test_names_and_shapes() -> None:
    config = replace(CONFIG, cell="lstm", layers=3, residual="highway", direction="forward")
    assert CharacterEncoder(config, C).shapes() == {
        "characters.embedding": (C, 3),
        "characters.forward.w_rx": (8, 3),
        "characters.forward.b_r": (8,),
        "characters.forward.w_rh": (8, 2),
        "characters.backward.w_rx": (8, 3),
        "characters.backward.b_r": (8,),
        "characters.backward.w_rh": (8, 2),
    }


# --- in the network -------------------------------------------------------------------------------------------------


def network_of(**changes: Any) -> tuple[Network, Inputs]:
    """A network with features, vectors and characters, and what it reads of seven words in five spellings."""
    config = replace(CONFIG, features="affixes", feature_embedding=2, **changes)
    vectors = np.array([2, 0, 1, 2, 0], np.int32)
    bags = Bags.of([[0], [], [1, 2], [2], [0]])
    return Network(config, 4, 3, 3, C, (3, 2)), Inputs(WORDS, TYPES, bags, SPELLED, vectors)


@pytest.mark.parametrize("changes", [{}, {"vectors": "tuned"}, {"cell": "lstm"}, {"cell": "sru"}], ids=str)
@pytest.mark.parametrize("noisy", [False, True])
def test_the_network_s_gradient(changes: dict[str, Any], noisy: bool) -> None:
    network, inputs = network_of(**changes)
    parameters, batch = parameters_of(network.shapes()), pack(LENGTHS)
    inputs = inputs.take(batch.rows)

    def forward() -> tuple[Array, Callable[[Array], Gradients]]:
        noise = DropoutNoise(Draws(4, DROPOUT), 0.3, 0.2) if noisy else None
        return network.forward(parameters, inputs, batch, noise=noise)

    scores, backprop = forward()
    weight = np.random.default_rng(3).standard_normal(scores.shape)
    gradients = backprop(weight)
    frozen = {} if changes.get("vectors") == "tuned" else {"vectors"}
    assert gradients.keys() == parameters.keys() - frozen
    check(lambda: forward()[0], {name: parameters[name] for name in gradients}, gradients, weight)


def test_every_block_counts() -> None:
    network, inputs = network_of()
    parameters, batch = parameters_of(network.shapes()), pack(LENGTHS)
    scores, _ = network.forward(parameters, inputs, batch)
    assert network.encoder.width == 2 + 2 + 2 + 4
    for other in (
        replace(inputs, spellings=Bags(SPELLED.ids[::-1].copy(), SPELLED.offsets)),
        replace(inputs, vectors=np.zeros(5, np.int32)),
    ):
        assert not np.allclose(network.forward(parameters, other, batch)[0], scores)


def test_take() -> None:
    _, inputs = network_of()
    some = inputs.take(np.array([5, 1, 5]))
    assert some.types.tolist() == [1, 0, 1]
    assert some.vectors is not None and some.vectors.tolist() == [0, 0]
    assert some.spellings is not None and some.spellings.ids.tolist() == [4, 3, 1, 1]
    plain = replace(inputs, spellings=None, vectors=None).take(np.array([5]))
    assert plain.spellings is None and plain.vectors is None


def test_no_words() -> None:
    network, inputs = network_of(cell="lstm")
    parameters = parameters_of(network.shapes())
    scores, backprop = network.forward(parameters, inputs.take(np.zeros(0, np.int64)), pack(np.zeros(2, np.int64)))
    assert scores.shape == (0, 3)
    for gradient in backprop(scores).values():
        assert not (gradient.values if isinstance(gradient, SparseRows) else gradient).any()


@pytest.mark.parametrize("cell", CELLS)
def test_start(cell: str) -> None:
    network, _ = network_of(cell=cell)
    parameters = initialize(network, np.random.default_rng(1))
    assert {name: w.shape for name, w in parameters.items()} == network.shapes()
    assert not parameters["vectors"].any()
    assert np.abs(parameters["characters.embedding"]).max() <= 1  # √(6 / (2 · 3))
    if cell == "lstm":
        assert parameters["characters.forward.b_r"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
