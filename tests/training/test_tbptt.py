"""Texts in pieces: the same states and scores as in one, the gradient of each piece, streams that miss nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import elman
from elman.config import Config, NetworkConfig, preset
from elman.errors import ConfigError
from elman.nn.bags import Bags
from elman.nn.batch import Batch, pack
from elman.nn.encoder import Carried, Gradients, Parameters
from elman.nn.layers import SparseRows
from elman.nn.network import Inputs, Network
from elman.training import tbptt as chunk_module, trainer
from elman.training.run_options import RunOptions
from elman.training.tagging_task import TaggingTask
from elman.training.tbptt import Segments
from elman.training.train_rnn import train_rnn
from numerical import slope

Array = np.ndarray[Any, Any]
V, K = 7, 3
FORWARD = NetworkConfig(cell="lstm", direction="forward", hidden=3, embedding=2, features="none")
CONFIGS = {
    "one-hot": replace(FORWARD, cell="elman", embedding=0),
    "one-hot lstm": replace(FORWARD, embedding=0),
    "one-hot sru": replace(FORWARD, cell="sru", embedding=0),
    "elman": replace(FORWARD, cell="elman", layers=2),
    "lstm": FORWARD,
    "lstm, two layers": replace(FORWARD, layers=2, residual="add", hidden=2),
    "gru": replace(FORWARD, cell="gru", layers=2, residual="highway"),
    "sru": replace(FORWARD, cell="sru", layers=2),
    "mingru": replace(FORWARD, cell="mingru"),
}


@pytest.fixture(params=CONFIGS, ids=lambda name: name.replace(" ", "-"))
def network(request: pytest.FixtureRequest) -> Network:
    return Network(CONFIGS[request.param], V, 0, K)


def parameters_of(network: Network) -> Parameters:
    generator = np.random.default_rng(1)
    return {name: generator.standard_normal(shape) * 0.6 for name, shape in network.shapes().items()}


def inputs_of(words: Array) -> Inputs:
    none = Bags.of([[] for _ in words])
    return Inputs(words.astype(np.int32), np.arange(len(words), dtype=np.int32), none)


def dense(gradients: Gradients, parameters: Parameters) -> Gradients:
    result: Gradients = {}
    for name, gradient in gradients.items():
        result[name] = np.zeros_like(parameters[name])
        if isinstance(gradient, SparseRows):
            result[name][gradient.ids] = gradient.values  # type: ignore[index]
        else:
            result[name] = gradient
    return result


def whole(network: Network, parameters: Parameters, words: Array) -> Array:
    return network.forward(parameters, inputs_of(words), pack(np.array([len(words)])))[0]


# --- states ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("each_backend")
@settings(max_examples=20, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", CONFIGS)
def test_a_text_in_pieces_is_the_text(name: str, data: st.DataObject) -> None:
    """Of several texts, cut anywhere, side by side: the scores are those of each text read at once."""
    network = Network(CONFIGS[name], V, 0, K)
    parameters = parameters_of(network)
    texts = [np.array(data.draw(st.lists(st.integers(0, V - 1), min_size=3, max_size=12))) for _ in range(2)]
    states = {name: np.zeros((2, width)) for name, width in network.encoder.memory().items()}
    found: list[list[Array]] = [[], []]
    at = [0, 0]
    while any(at[i] < len(texts[i]) for i in range(2)):
        here = [i for i in range(2) if at[i] < len(texts[i])]
        sizes = [data.draw(st.integers(1, len(texts[i]) - at[i])) for i in here]
        pieces = [texts[i][at[i] : at[i] + n] for i, n in zip(here, sizes, strict=True)]
        batch = pack(np.array(sizes))
        streams = np.array(here)[np.argsort(-np.array(sizes), kind="stable")]
        carried = Carried({name: x[streams] for name, x in states.items()})
        packed = np.concatenate(pieces)[batch.rows]
        scores, _ = network.forward(parameters, inputs_of(packed), batch, carried=carried)
        for name, x in carried.after.items():
            states[name][streams] = x
        assert carried.after.keys() == states.keys()
        rows = np.empty_like(scores)
        rows[batch.rows] = scores
        for i, part in zip(here, np.split(rows, np.cumsum(sizes)[:-1]), strict=True):
            found[i].append(part)
            at[i] += len(part)
    for text, parts in zip(texts, found, strict=True):
        np.testing.assert_allclose(np.concatenate(parts), whole(network, parameters, text), rtol=1e-9, atol=1e-12)


@pytest.mark.usefixtures("each_backend")
def test_the_gradient_of_a_piece_by_central_differences(network: Network) -> None:
    """The states that a piece begins with are constants, and count in the gradient."""
    parameters, generator = parameters_of(network), np.random.default_rng(5)
    words, batch = np.array([1, 3, 2, 0, 1, 5]), pack(np.array([4, 2]))
    before = {name: generator.standard_normal((2, width)) for name, width in network.encoder.memory().items()}
    weight = generator.standard_normal((6, K))

    def forward() -> tuple[Array, Any]:
        return network.forward(parameters, inputs_of(words[batch.rows]), batch, carried=Carried(before))

    _, backprop = forward()
    gradients = dense(backprop(weight), parameters)
    for name, w in parameters.items():
        right = slope(lambda: forward()[0], w, weight)
        np.testing.assert_allclose(gradients[name], right, rtol=1e-6, atol=1e-8, err_msg=name)


def test_a_window_leaves_the_state_of_its_first_word(network: Network) -> None:
    parameters, words = parameters_of(network), np.array([1, 3, 2, 0])
    one = Carried({}, np.zeros(1, np.int64))
    network.forward(parameters, inputs_of(words), pack(np.array([4])), carried=one)
    other = Carried({})
    network.forward(parameters, inputs_of(words[:1]), pack(np.array([1])), carried=other)
    for name, x in other.after.items():
        np.testing.assert_allclose(one.after[name], x, rtol=1e-9, atol=1e-12)


# --- streams ----------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=20).filter(any),
    st.integers(1, 9),
    st.integers(1, 6),
    st.integers(1, 40),
)
def test_every_word_is_read_once_and_in_order(lengths: list[int], n: int, streams: int, most: int) -> None:
    of_text = np.array(lengths, np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk_module, "MOST_BLOCKS", most)
        chunks = Segments(of_text, n, streams)
    plan = chunks.plan(np.random.default_rng(1))
    seen = np.zeros(int(of_text.sum()), int)
    end_of_stream: dict[int, int] = {}
    assert [items.tolist() for items in plan] == [plan[i].tolist() for i in range(len(plan))]
    assert [items.tolist() for items in plan[1:3]] == [items.tolist() for items in list(plan)[1:3]]
    for items in plan:
        begins, sizes, first, part = chunks.places(items)
        mine = plan.stream[part].tolist()
        assert len(set(mine)) == len(mine) <= streams and (sizes > 0).all() and (sizes <= n).all()
        for stream, begin, size, new in zip(mine, begins.tolist(), sizes.tolist(), first.tolist(), strict=True):
            seen[begin : begin + size] += 1
            assert new or end_of_stream[stream] == begin
            end_of_stream[stream] = begin + size
    assert (seen == 1).all()
    assert len(chunks) == sum(len(items) for items in plan)
    share = -(-of_text.sum() // streams)
    assert chunks.lengths.max() <= share


def test_one_endless_text_has_work_for_every_stream() -> None:
    plan = Segments(np.array([1000]), 10, 4).plan(np.random.default_rng(1))
    assert len(plan) == 25 and all(len(items) == 4 for items in plan)


def test_a_sentence_that_stays_whole_has_one_stream() -> None:
    chunks = Segments(np.array([1000, 3]), 10, 4, whole=True)
    assert chunks.lengths.tolist() == [1000, 3] and len(chunks.plan(np.random.default_rng(1))) == 100


# --- training -------------------------------------------------------------------------------------------------------

OPEN = {"features": "none", "decoder": "softmax", "ensemble": 1, "direction": "forward"}
SMALL = Config().with_settings({"hidden": 10, "embedding": 6, "epochs": 3, "batch": 2, **OPEN})
ECHO = [([f"{'ab'[(i * i // 3 + j) % 2]}" for i in range(n)], n) for j, n in enumerate((9, 23, 14, 40))]
TRAIN = [(words, ["x", *words[:-1]]) for words, _ in ECHO]
"""Of each word the tag is the word before it."""


QUIET: dict[str, Any] = {"on_warning": lambda doubt: None}


def tensors(config: Config, **how: Any) -> dict[str, bytes]:
    model = train_rnn(TRAIN, None, config, RunOptions(threads=how.get("threads", 1)))
    return {name: w.tobytes() for name, w in model.parameters.items()}


@pytest.mark.parametrize("config", [SMALL, preset("tutorial").with_settings({"hidden": 8, "epochs": 2})])
def test_a_chunk_not_below_the_longest_sentence_is_the_full_gradient(config: Config) -> None:
    full = tensors(config)
    assert tensors(config.with_settings({"chunk": 40})) == full == tensors(config.with_settings({"chunk": 99}))
    assert tensors(config.with_settings({"chunk": 39})) != full


def test_the_bits_do_not_depend_on_threads() -> None:
    config = SMALL.with_settings({"chunk": 4, "batch": 3, "shards": 3, "dropout_kind": "variational"})
    assert tensors(config) == tensors(config, threads=3)


def test_single_streams_have_a_kernel_that_does_what_layers_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the last bits, which another order of sums makes; and calls of it may end anywhere."""
    none = {"dropout": 0, "unk_dropout": 0, "hidden": 8, "epochs": 3, "chunk": 4}
    config = preset("tutorial").with_settings(none)
    kernel = train_rnn(TRAIN, None, config, RunOptions())
    monkeypatch.setattr(trainer, "ONLINE_CHUNK", 3)
    cut = train_rnn(TRAIN, None, config, RunOptions())
    calls: list[int] = []
    whole = TaggingTask.gradients
    monkeypatch.setattr(TaggingTask, "gradients", lambda self, *given: calls.append(1) or whole(self, *given))
    monkeypatch.setattr(TaggingTask, "online", lambda *given: None)
    layers = train_rnn(TRAIN, None, config, RunOptions())
    assert len(calls) == 3 * (3 + 6 + 4 + 10)
    for name, w in kernel.parameters.items():
        assert w.tobytes() == cut.parameters[name].tobytes()
        np.testing.assert_allclose(layers.parameters[name], w, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("cell", ["elman", "gru", "sru"])
def test_the_state_goes_over_the_border_of_a_chunk(cell: str) -> None:
    """With one step a chunk nothing of a word reaches the next one but by the state, which is carried."""
    config = SMALL.with_settings(
        {"chunk": 1, "cell": cell, "epochs": 15, "learning_rate": 0.1, "dropout": 0, "word_dropout": 0}
    )
    config = config.with_settings({"unk_dropout": 0, "dtype": "float32"})
    model = train_rnn(TRAIN, TRAIN, config, RunOptions())
    assert model.training["dev_accuracies"][-1] > 0.9


def test_one_endless_sentence_is_learned_by_several_streams() -> None:
    words = [word for sentence, _ in TRAIN * 4 for word in sentence]
    text = [(words, ["x", *words[:-1]])]
    config = SMALL.with_settings(
        {"chunk": 5, "batch": 4, "epochs": 15, "learning_rate": 0.05, "dropout": 0, "word_dropout": 0}
    )
    model = train_rnn(text, text, config, RunOptions())
    assert model.training["dev_accuracies"][-1] > 0.95
    assert model.training["words"] == len(words)


def test_a_network_with_chunks_is_softmax_unless_asked_for_more() -> None:
    tagger = elman.train(
        [list(zip(*TRAIN[0], strict=True))] * 3, settings={"chunk": 2, "direction": "forward", "epochs": 1}, **QUIET
    )
    assert tagger.describe()["settings"]["network"]["decoder"] == "softmax"


def test_labels_of_whole_texts_have_no_chunks() -> None:
    texts = [("a b c d", "yes"), ("d c b a", "no")] * 3
    with pytest.raises(ConfigError, match="^chunk: expected 0 for text classification"):
        elman.train(texts, settings={"chunk": 2, "direction": "forward"}, **QUIET)


def test_ends_are_the_last_rows() -> None:
    batch: Batch = pack(np.array([2, 4, 1]))
    assert batch.rows[batch.ends].tolist() == [5, 1, 6]
