# Generated from signatures.def: python -m elman.kernels.signatures > src/elman/kernels/_native.pyi
import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.text import (
    AffixIndex as AffixIndex,
    NumberIndex as NumberIndex,
    Words as Words,
    tag_lines as tag_lines,
)
from elman.kernels.weight_layout import F, Ids

def linear_forward(
    x: NDArray[F],
    w: NDArray[F],
    b: NDArray[F],
) -> NDArray[F]: ...
def linear_backward(
    dy: NDArray[F],
    x: NDArray[F],
    w: NDArray[F],
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]: ...
def embedding_forward(
    table: NDArray[F],
    ids: Ids,
) -> NDArray[F]: ...
def embedding_backward(
    drows: NDArray[F],
    ids: Ids,
    rows: int,
) -> NDArray[F]: ...
def bag_forward(
    table: NDArray[F],
    ids: Ids,
    offsets: Ids,
) -> NDArray[F]: ...
def bag_backward(
    dsums: NDArray[F],
    ids: Ids,
    offsets: Ids,
    rows: int,
) -> NDArray[F]: ...
def softmax_cross_entropy_forward(
    scores: NDArray[F],
    gold: Ids,
) -> tuple[NDArray[F], NDArray[F]]: ...
def softmax_cross_entropy_backward(
    dlosses: NDArray[F],
    p: NDArray[F],
    gold: Ids,
) -> NDArray[F]: ...
def elman_forward(
    a: NDArray[F],
    sizes: Ids,
    w_rh: NDArray[F],
    h0: NDArray[F],
) -> NDArray[F]: ...
def elman_backward(
    dh: NDArray[F],
    h: NDArray[F],
    sizes: Ids,
    w_rh: NDArray[F],
    h0: NDArray[F],
    n: int,
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]: ...
def lstm_forward(
    a: NDArray[F],
    sizes: Ids,
    w_rh: NDArray[F],
    h0: NDArray[F],
    c0: NDArray[F],
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]: ...
def lstm_backward(
    dh: NDArray[F],
    h: NDArray[F],
    c: NDArray[F],
    gates: NDArray[F],
    sizes: Ids,
    w_rh: NDArray[F],
    h0: NDArray[F],
    c0: NDArray[F],
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F]]: ...
def lstm_layer_forward(
    x: NDArray[F],
    sizes: Ids,
    w_rx: NDArray[F],
    b_r: NDArray[F],
    w_rh: NDArray[F],
    h: NDArray[F],
    column: int,
    reverse: bool,
) -> tuple[NDArray[F], NDArray[F]]: ...
def lstm_layer_backward(
    dh: NDArray[F],
    x: NDArray[F],
    h: NDArray[F],
    column: int,
    c: NDArray[F],
    gates: NDArray[F],
    sizes: Ids,
    w_rx: NDArray[F],
    w_rh: NDArray[F],
    dx: NDArray[F],
    add: bool,
    reverse: bool,
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]: ...
def bilstm_forward(
    x: NDArray[F],
    sizes: Ids,
    w_rx: NDArray[F],
    w_b: NDArray[F],
    w_rh: NDArray[F],
    v_rx: NDArray[F],
    v_b: NDArray[F],
    v_rh: NDArray[F],
    threads: int,
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]: ...
def bilstm_backward(
    dh: NDArray[F],
    x: NDArray[F],
    h: NDArray[F],
    c: NDArray[F],
    gates: NDArray[F],
    sizes: Ids,
    w_rx: NDArray[F],
    w_rh: NDArray[F],
    v_rx: NDArray[F],
    v_rh: NDArray[F],
    threads: int,
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F], NDArray[F], NDArray[F], NDArray[F]]: ...
def gru_forward(
    a: NDArray[F],
    sizes: Ids,
    w_rh: NDArray[F],
    b_rn: NDArray[F],
    h0: NDArray[F],
) -> tuple[NDArray[F], NDArray[F]]: ...
def gru_backward(
    dh: NDArray[F],
    h: NDArray[F],
    gates: NDArray[F],
    sizes: Ids,
    w_rh: NDArray[F],
    h0: NDArray[F],
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F]]: ...
def sru_forward(
    a: NDArray[F],
    sizes: Ids,
    c0: NDArray[F],
) -> tuple[NDArray[F], NDArray[F]]: ...
def sru_backward(
    dh: NDArray[F],
    a: NDArray[F],
    c: NDArray[F],
    sizes: Ids,
    c0: NDArray[F],
) -> tuple[NDArray[F], NDArray[F]]: ...
def mingru_forward(
    a: NDArray[F],
    sizes: Ids,
    h0: NDArray[F],
) -> NDArray[F]: ...
def mingru_backward(
    dh: NDArray[F],
    a: NDArray[F],
    h: NDArray[F],
    sizes: Ids,
    h0: NDArray[F],
) -> tuple[NDArray[F], NDArray[F]]: ...
def crf_forward(
    scores: NDArray[F],
    gold: Ids,
    sizes: Ids,
    transitions: NDArray[F],
    begin: NDArray[F],
    end: NDArray[F],
) -> tuple[NDArray[F], NDArray[F]]: ...
def crf_backward(
    dlosses: NDArray[F],
    alpha: NDArray[F],
    gold: Ids,
    sizes: Ids,
    transitions: NDArray[F],
    end: NDArray[F],
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F]]: ...
def crf_best(
    scores: NDArray[F],
    sizes: Ids,
    transitions: NDArray[F],
    begin: NDArray[F],
    end: NDArray[F],
) -> Ids: ...
def crf_marginals(
    scores: NDArray[F],
    sizes: Ids,
    transitions: NDArray[F],
    begin: NDArray[F],
    end: NDArray[F],
) -> NDArray[F]: ...
def biaffine_arcs_forward(
    x: NDArray[F],
    h: NDArray[F],
    root: NDArray[F],
    lengths: Ids,
    columns: int,
) -> NDArray[F]: ...
def biaffine_arcs_backward(
    dscores: NDArray[F],
    x: NDArray[F],
    h: NDArray[F],
    root: NDArray[F],
    lengths: Ids,
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]: ...
def bilinear_forward(
    x: NDArray[F],
    y: NDArray[F],
    w: NDArray[F],
) -> NDArray[F]: ...
def bilinear_backward(
    dscores: NDArray[F],
    x: NDArray[F],
    y: NDArray[F],
    w: NDArray[F],
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]: ...
def lstm_states(
    table: NDArray[F],
    types: Ids,
    sizes: Ids,
    w: NDArray[F],
    h: NDArray[F],
    column: int,
    reverse: bool,
) -> None: ...
def lstm_states_int8(
    table: NDArray[np.float16],
    types: Ids,
    sizes: Ids,
    w: NDArray[np.int8],
    scale: NDArray[np.float32],
    start: Ids,
    h: NDArray[np.float32],
    column: int,
    width: int,
    reverse: bool,
) -> None: ...
def linear_best_int8(
    x: NDArray[np.float32],
    w8: NDArray[np.int8],
    scale: NDArray[np.float32],
    start: Ids,
    w: NDArray[np.float32],
    b: NDArray[np.float32],
    error: NDArray[np.float32],
    share: NDArray[np.float32],
) -> Ids: ...
def linear_halves(
    x: NDArray[np.float32],
    w: NDArray[np.float32],
    b: NDArray[np.float32],
    to: NDArray[np.float16],
) -> None: ...
def adam_rows(
    w: NDArray[F],
    m: NDArray[F],
    v: NDArray[F],
    ids: Ids,
    g: NDArray[F] | None,
    late: NDArray[F],
    scale: float,
    fade: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None: ...
def online_steps(
    w_rx: NDArray[F],
    w_rh: NDArray[F],
    b_r: NDArray[F],
    w_oh: NDArray[F],
    b_o: NDArray[F],
    ids: Ids,
    gold: Ids,
    lengths: Ids,
    rates: NDArray[F],
    mask: NDArray[F] | None,
    clip: float,
    n: int,
    fresh: Ids | None = None,
    state: NDArray[F] | None = None,
) -> tuple[float, int]: ...
def largest_forward(
    h: NDArray[F],
    sizes: Ids,
    sentences: int,
) -> tuple[NDArray[F], Ids]: ...
def largest_backward(
    dy: NDArray[F],
    where: Ids,
    rows: int,
) -> NDArray[F]: ...
def unit_bag_forward(
    table: NDArray[F],
    scale: NDArray[F],
    ids: Ids,
    offsets: Ids,
) -> tuple[NDArray[F], NDArray[F]]: ...
def regression_steps(
    table: NDArray[F],
    bias: NDArray[F],
    scale: NDArray[F],
    ids: Ids,
    offsets: Ids,
    gold: Ids,
    sizes: Ids,
    rates: NDArray[F],
    share: float,
) -> tuple[float, int]: ...
def dropout(
    x: NDArray[F],
    key: Ids,
    first: int,
    share: float,
) -> NDArray[F]: ...
def unknown_words(
    words: Ids,
    share: NDArray[F],
    key: Ids,
    unknown: int,
) -> Ids: ...
def sum_of_squares(
    x: NDArray[F],
) -> float: ...
def distinct_ids(
    ids: Ids,
    rows: int,
) -> tuple[Ids, Ids, int]: ...
def take_bags(
    ids: Ids,
    offsets: Ids,
    which: Ids,
    total: int,
) -> tuple[Ids, Ids]: ...
def pack_sentences(
    begins: Ids,
    lengths: Ids,
    words: int,
    steps: int,
) -> tuple[Ids, Ids, Ids]: ...
def best_tree(
    scores: NDArray[np.float64],
) -> Ids: ...
def arc_trees(
    scores: NDArray[np.float32],
    lengths: Ids,
) -> Ids: ...
def best_trees(
    labels: NDArray[np.float32],
    relations: NDArray[np.float32],
    lengths: Ids,
    kinds: Ids,
    columns: Ids,
    root: int,
    ratios: NDArray[np.float32],
    power: float,
) -> Ids: ...
