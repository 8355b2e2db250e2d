"""The table of cells: what is in it, and that a row and a module are enough for a new one."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from elman.config import NetworkConfig
from elman.nn import cells
from elman.nn.batch import pack
from elman.nn.cells import CELLS, Cell
from elman.nn.cells.common import start_state
from elman.nn.encoder import Encoder
from elman.settings import NETWORK
from numerical import slope


def test_each_cell_is_a_value_of_the_setting() -> None:
    assert set(NETWORK["cell"].of) == set(CELLS)


@pytest.mark.parametrize("name", CELLS)
def test_each_cell_has_its_functions(name: str) -> None:
    module = cells.functions(name)
    assert all(callable(getattr(module, function)) for function in ("layer", "activations", "state_gradients"))


def leaky(a, w, batch, memory=None):
    """h_t = h_{t-1} / 2 + a_t, step by step over texts of equal length."""
    steps, h = len(batch.sizes), start_state(memory, "h", batch, a.shape[1], a)
    rows = a.reshape(steps, -1, a.shape[1])
    states = []
    for row in rows:
        h = h / 2 + row
        states.append(h)

    def backprop(dh):
        d, later = np.empty_like(rows), 0
        for t, row in reversed(list(enumerate(dh.reshape(rows.shape)))):
            d[t] = later = row + later / 2
        return d.reshape(a.shape), {}

    y = np.concatenate(states)
    if memory is not None:
        memory.keep(h=y)
    return y, backprop


@pytest.fixture
def toy_cell(monkeypatch: pytest.MonkeyPatch) -> str:
    module = ModuleType("elman.nn.cells.leaky")
    module.layer = leaky  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(CELLS, "leaky", Cell(1, "h", parallel=True))
    return "leaky"


def test_a_row_and_a_module_add_a_cell(toy_cell: str) -> None:
    config = NetworkConfig(cell="elman", hidden=3)
    object.__setattr__(config, "cell", toy_cell)  # the setting refuses names it does not list
    encoder, batch, generator = Encoder(config, 2, 0), pack(np.array([4, 4])), np.random.default_rng(1)
    parameters = {name: generator.standard_normal(shape) for name, shape in encoder.shapes().items()}
    x = generator.standard_normal((8, 2))
    h, backprop = encoder.forward(parameters, x, batch)
    dh = generator.standard_normal(h.shape)
    dx = backprop(dh, {})
    numeric = slope(lambda: float((encoder.forward(parameters, x, batch)[0] * dh).sum()), x)
    np.testing.assert_allclose(dx, numeric, rtol=1e-5, atol=1e-8)
