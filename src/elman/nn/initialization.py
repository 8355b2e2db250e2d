"""Initial values of a network's parameters."""

from __future__ import annotations

from math import prod

import numpy as np

from elman.config import NetworkConfig
from elman.errors import ConfigError
from elman.nn import shapes
from elman.nn.cells import CELLS
from elman.nn.encoder import Parameters
from elman.nn.layers import Array
from elman.nn.network import Network
from elman.nn.shapes import GraphSizes
from elman.utils.limits import PARAMETERS


def initialize(network: Network, generator: np.random.Generator) -> Parameters:
    """Return initial parameters, float32.

    Matrices are uniform (Glorot & Bengio 2010); recurrent ones of gated cells orthogonal, gate by gate (Saxe et al.
    2014). Biases are 0, but 1 for the LSTM's forget gate (Jozefowicz et al. 2015) and -1 for a highway; ``chrono`` sets
    those of gates. Pretrained vectors, to be filled in, and the weights of n-grams are 0.
    Raises ConfigError if there are too many parameters for memory.
    """
    c, of_network = network.config, network.shapes()
    total = sum(prod(shape) for shape in of_network.values())
    if total > PARAMETERS:
        raise ConfigError(
            f"a network of {total:,} parameters, expected up to {PARAMETERS:,}: hidden={c.hidden}, "
            f"layers={c.layers}, {network.words:,} words, {network.tags + network.labels:,} tags"
        )
    parameters = {name: _initial(name, shape, c, generator) for name, shape in of_network.items()}
    if c.chrono and c.cell != "elman":
        for name, b in parameters.items():
            if name.startswith("layer") and name.endswith(".b_r"):
                _chrono(b, c, generator)
    return parameters


def initialize_graph(config: NetworkConfig, sizes: GraphSizes, generator: np.random.Generator) -> Parameters:
    """Return initial parameters of a graph parser: the layers of words as in ``initialize``, all else 0.

    Raises ConfigError if there are too many parameters for memory.
    """
    of_graph = shapes.graph(config, sizes)
    if sum(map(prod, of_graph.values())) > PARAMETERS:
        raise ConfigError(f"a graph parser of {sizes.relations:,} relations: expected far fewer distinct relations")
    parameters = {name: np.zeros(shape, np.float32) for name, shape in of_graph.items()}
    w = parameters["graph.mlp.w"]
    bound = np.sqrt(6 / sum(w.shape))
    w[...] = generator.uniform(-bound, bound, w.shape)
    return parameters


def _initial(name: str, shape: tuple[int, ...], c: NetworkConfig, generator: np.random.Generator) -> Array:
    """Return the initial values of one parameter."""
    kind = name.rsplit(".", 1)[-1]
    if len(shape) == 1:
        b = np.zeros(shape, np.float32)
        if kind == "b_r" and c.cell == "lstm":
            b[shape[0] // 4 : shape[0] // 2] = 1
        if name.endswith("mix.b"):
            b[:] = -1
        return b
    if kind == "w_rh" and c.cell == "elman" and c.recurrent_start:
        return np.eye(shape[0], dtype=np.float32) * np.float32(c.recurrent_start)
    if kind == "w_rh" and CELLS[c.cell].orthogonal:
        H = shape[1]
        gates = [np.linalg.qr(generator.standard_normal((H, H)))[0] for _ in range(shape[0] // H)]
        return np.concatenate(gates).astype(np.float32)
    if name in ("vectors", "text.grams"):
        return np.zeros(shape, np.float32)
    # a row of a table over words is looked up, not summed over: only its width counts
    is_table = name in ("embedding", "features", "characters.embedding", "token_features") or (
        not c.embedding and name.startswith("layer0.") and kind == "w_rx"
    )
    bound = np.sqrt(6 / (2 * shape[1] if is_table else sum(shape)))
    return generator.uniform(-bound, bound, shape).astype(np.float32)


def _chrono(b: Array, config: NetworkConfig, generator: np.random.Generator) -> None:
    """Set gate biases b to remember for one to ``chrono`` steps (Tallec & Ollivier 2018, section 2)."""
    H = config.hidden
    u = np.log(generator.uniform(1, config.chrono, H))
    for block, sign in CELLS[config.cell].chrono:
        b[block * H : (block + 1) * H] = sign * u
