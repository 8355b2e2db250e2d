"""What the native core refuses by itself, whatever was checked before: sizes that overflow first of all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman import kernels
from elman.features.affixes import affixes
from elman.kernels import weight_layout

core = kernels.native_core()
pytestmark = pytest.mark.skipif(core is None, reason="the native kernels are not in use")
HUGE = [2**62, 2**63 - 1, 2**61, 2**32, -1, -(2**63)]


@pytest.mark.parametrize("column", HUGE)
def test_columns_beyond_the_rows(column: int) -> None:
    h, types, sizes = np.zeros((2, 20), np.float32), np.zeros(2, np.int32), np.array([1, 1], np.int32)
    w = weight_layout.packed(np.zeros((64, 16), np.float32))
    with pytest.raises(ValueError, match="shapes do not fit"):
        core.lstm_states(np.zeros((1, 64), np.float32), types, sizes, w, h, column, False)
    x, w_rx, w_rh, b = (np.zeros(shape, np.float32) for shape in ((2, 3), (16, 3), (16, 4), 16))
    c, gates = np.zeros((2, 4), np.float32), np.zeros((2, 16), np.float32)
    with pytest.raises(ValueError, match="shapes do not fit"):
        core.lstm_layer_forward(x, sizes, w_rx, b, w_rh, h, column, False)
    with pytest.raises(ValueError, match="shapes do not fit"):
        core.lstm_layer_backward(h, x, h, column, c, gates, sizes, w_rx, w_rh, np.zeros_like(x), False, False)


@pytest.mark.skipif(core is None or not core.has_int8(), reason="needs a processor with 8-bit dot products")
@pytest.mark.parametrize(("column", "width"), [(column, 4) for column in HUGE] + [(0, width) for width in HUGE])
def test_columns_beyond_the_rows_in_eight_bits(column: int, width: int) -> None:
    linear = weight_layout.packed_int8(weight_layout.in_panels(np.zeros((16, 4), np.float32)))
    h, types, sizes = np.zeros((2, 20), np.float32), np.zeros(2, np.int32), np.array([1, 1], np.int32)
    with pytest.raises(ValueError, match="shapes do not fit"):
        core.lstm_states_int8(np.zeros((1, 64), np.float16), types, sizes, *linear, h, column, width, False)


def test_weights_that_are_almost_nothing_have_a_step() -> None:
    """A step of 0 would make whole numbers of infinity."""
    rows = np.full((64, 16), 1e-45, np.float32)
    rows[1] = 1e-20
    with np.errstate(all="raise", under="ignore"):
        linear = weight_layout.packed_int8(rows)
    assert np.isfinite(linear.scale).all() and (linear.scale > 0).all()
    whole = linear.w.transpose(0, 2, 3, 1, 4).reshape(64, 16)
    assert not whole[0].any() and (whole[1] == 127).all()


def test_arguments_of_other_types() -> None:
    x, w, b = np.zeros((2, 3)), np.zeros((4, 3)), np.zeros(4)
    for bad in (
        (x.astype(np.float32), w, b),
        (x.astype(np.float16), w, b),
        (x.astype(">f8"), w, b),
        (x.tolist(), w, b),
        (None, w, b),
        (x, w, b[0]),
        (x, w),
        (x, w, b, b),
    ):
        with pytest.raises(TypeError):
            core.linear_forward(*bad)
    with pytest.raises(TypeError):
        core.linear_forward(x, w, bias=b)
    np.testing.assert_array_equal(core.linear_forward(x, w, b=b), core.linear_forward(x, w, b))


def test_what_is_changed_in_place_is_never_copied() -> None:
    w, ids, late = np.zeros((3, 2)), np.zeros(1, np.int32), np.ones((1, 4))
    fixed = w.copy()
    fixed.flags.writeable = False
    for bad in (w.astype(np.float32), np.zeros((2, 3)).T, np.zeros((3, 4))[:, ::2], fixed):
        with pytest.raises(TypeError):
            core.adam_rows(bad, w, w.copy(), ids, None, late, 0.1, 1.0, 0.9, 0.99, 1e-8)
    core.embedding_forward(fixed, ids)  # what is only read may be read-only


def test_arrays_that_are_not_contiguous_are_copied() -> None:
    draw = np.random.default_rng(1)
    x, w, b = draw.normal(size=(8, 3))[::2], draw.normal(size=(3, 5)).T, draw.normal(size=10)[::-2]
    np.testing.assert_allclose(core.linear_forward(x, w, b), x @ w.T + b)


def test_results_are_arrays_of_their_own() -> None:
    y = core.linear_forward(np.zeros((2, 3)), np.zeros((4, 3)), np.zeros(4))
    assert type(y) is np.ndarray and y.flags.owndata and y.flags.writeable and y.flags.c_contiguous


@pytest.mark.parametrize("rows", [rows for rows in HUGE if rows != 2**32])
def test_results_beyond_all_memory(rows: int) -> None:
    with pytest.raises((ValueError, MemoryError)):
        core.embedding_backward(np.zeros((0, 4)), np.zeros(0, np.int32), rows)


E, H, K = 5, 4, 2
SHAPES = {
    "embedding": (3, E),
    "features": (1, 2),
    **{f"layer0.{way}.w_rx": (4 * H, E + 2) for way in ("forward", "backward")},
    **{f"layer0.{way}.b_r": (4 * H,) for way in ("forward", "backward")},
    **{f"layer0.{way}.w_rh": (4 * H, H) for way in ("forward", "backward")},
    "output.w_oh": (K, 2 * H),
    "output.b_o": (K,),
}
SOUND: dict[str, Any] = {
    "vocabulary": ["a", "b"],
    "features": ["x:x"],
    "extract": affixes,
    "ascii": True,
    "columns": [(["X", "Y"], None, 1.0)],
    "tensors": {name: ("F32", shape, bytes(4 * int(np.prod(shape)))) for name, shape in SHAPES.items()},
    "prefixes": [""],
    "sizes": (E, 2, H, True),
    "int8": False,
}


WORD_TAG: dict[str, Any] = {"input": "text", "output": "word_tag", "written": [(0, "tag", 0)]}
WORD_TAG |= {"confidences": False, "longest": 1000, "table": (0, 0)}


def tensors(**changes: Any) -> dict[str, Any]:
    return {**SOUND["tensors"], **{name.replace("__", "."): one for name, one in changes.items()}}


def test_a_sound_line_tagger() -> None:
    assert core.LineTagger(**SOUND).tag(b"a c\n", **WORD_TAG) == (b"a_X c_X\n", 1, 2)
    chain = (False, b"\1\1\1\1", b"\0\1", b"\1\1")
    columns = [(["X", "Y"], chain, 1.0)]
    assert core.LineTagger(**{**SOUND, "columns": columns}).tag(b"a c\n", **WORD_TAG) == (b"a_Y c_X\n", 1, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"written": []},
        {"written": [(1, "tag", 0)]},
        {"written": [(-1, "tag", 0)]},
        {"written": [(0, "tag")]},
        {"table": (1, 2)},
        {"table": (1, -1)},
        {"table": (1,)},
        {"input": "conllu"},
        {"output": "nothing"},
        {"confidences": True},
    ],
)
def test_blocks_that_are_not_written(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="shapes do not fit|no such pair"):
        core.LineTagger(**SOUND).tag(b"a c\n", **{**WORD_TAG, **change})


def test_fields_outside_of_the_table_are_refused() -> None:
    tagger = core.LineTagger(**SOUND)
    for field in (-1, 10, 2**62):
        how = {**WORD_TAG, "output": "conllu", "written": [(0, "upos", field)]}
        assert tagger.tag(b"a c\n", **how) is None


WRONG: list[dict[str, Any]] = [
    *(
        {"sizes": tuple(size if i == place else SOUND["sizes"][i] for i in range(4))}
        for place in range(3)
        for size in HUGE
    ),
    # products that come out as 0, for which there are tensors
    *(
        {
            "sizes": (E, 2, H_, True),
            "tensors": {name: (one[0], (0,) * len(one[1]), b"") for name, one in tensors().items()},
        }
        for H_ in HUGE
    ),
    {"sizes": (E, 2, H)},
    {"sizes": (E, 2, H, True, 1)},
    {"columns": [(["X", "Y"], (True, b"", b""), 1.0)]},
    {"columns": [(["X", "Y"], (False, b"\1", b"", b""), 1.0)]},
    {"prefixes": []},
    {"prefixes": ["member1."]},
    {"vocabulary": []},
    {"features": []},
    {"columns": [([], None, 1.0)]},
    {"columns": []},
    {"tensors": {}},
    {"tensors": tensors(embedding=("F32", (3, E)))},
    {"tensors": tensors(embedding=("F32", (3, E), b""))},
    {"tensors": tensors(embedding=("F16", (3, E), bytes(4 * 3 * E)))},
    {"tensors": tensors(embedding=("F64", (3, E), bytes(8 * 3 * E)))},
    {"tensors": tensors(embedding=("F32", (E, 3), bytes(4 * 3 * E)))},
    {"tensors": tensors(output__b_o=("F16", (K,), bytes(2 * K)))},
]


@pytest.mark.parametrize("change", WRONG, ids=range(len(WRONG)))
def test_line_taggers_that_do_not_fit(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="shapes do not fit"):
        core.LineTagger(**{**SOUND, **change})


@pytest.mark.skipif(core is None or not core.has_int8(), reason="needs a processor with 8-bit dot products")
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_no_whole_numbers_are_made_of_what_is_none(number: float) -> None:
    w = np.zeros((4 * H, H), np.float32)
    w[5, 2] = number
    change = tensors(layer0__forward__w_rh=("F32", w.shape, w.tobytes()))
    with pytest.raises(ValueError, match="finite numbers"):
        core.LineTagger(**{**SOUND, "tensors": change, "int8": True})


def test_finite() -> None:
    for each in (0, 1, 3, -2, 2**62):
        with pytest.raises(ValueError, match="2, 4 or 8 bytes"):
            core.all_finite(b"1234", each)
    with pytest.raises(TypeError):
        core.all_finite("text", 2)
    assert core.all_finite(b"", 4)
