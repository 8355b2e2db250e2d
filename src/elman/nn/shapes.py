"""Names and shapes of a network's parameters by its settings and sizes, without NumPy.

Letters as in ``elman.nn.network``. Modules that use the parameters describe them: ``encoder``, ``char_encoder``,
``pooling``, ``decoders``, ``network``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from elman.nn.cells import CELLS

if TYPE_CHECKING:
    from elman.config import NetworkConfig

Shapes = dict[str, tuple[int, ...]]

ATTENTION = 64  # attention units
WIDEST = 10_000  # numbers in a pretrained vector


class Sizes(NamedTuple):
    """Sizes of a network's inputs and outputs; 0: not used.

    ``words``  V, including the unknown word; ``features`` F; ``tags`` K of all label columns of words;
    ``characters`` C; ``vectors`` (W, D); document ``labels`` L; ``grams`` G; ``numbers`` in place of words;
    ``token_features`` that words bring along: known ones, and numbers
    """

    words: int
    features: int
    tags: int
    characters: int = 0
    vectors: tuple[int, int] = (0, 0)
    labels: int = 0
    grams: int = 0
    numbers: int = 0
    token_features: tuple[int, int] = (0, 0)


class GraphSizes(NamedTuple):
    """Sizes of a graph parser: ``relations`` R; widths of words for ``arcs``, A, and for relations, ``labels`` L."""

    relations: int
    arcs: int
    labels: int


def directions(c: NetworkConfig) -> tuple[str, ...]:
    """Return the reading directions."""
    return ("forward", "backward") if c.direction == "bidirectional" else ("forward",)


def states(c: NetworkConfig) -> int:
    """Return the width of a word's states."""
    return c.hidden * len(directions(c))


def encodes(c: NetworkConfig, sizes: Sizes) -> bool:
    """Whether there is an encoder; otherwise only the n-grams are used."""
    return sizes.tags > 0 or c.pooling != "none"


def width(c: NetworkConfig, sizes: Sizes) -> int:
    """Return the width of the first layer's input; 0: one-hot words."""
    of_features = c.feature_embedding if sizes.features else 0
    of_characters = 2 * c.characters if sizes.characters else 0
    of_tokens = c.feature_embedding if sizes.token_features[0] else 0
    return c.embedding + of_features + sizes.vectors[1] + sizes.numbers + of_characters + of_tokens


def network(c: NetworkConfig, sizes: Sizes) -> Shapes:
    """Return the shapes of all parameters but the decoders'."""
    shapes: Shapes = {}
    output = states(c)
    if encodes(c, sizes):
        if c.embedding:
            shapes["embedding"] = (sizes.words, c.embedding)
        if sizes.features:
            shapes["features"] = (sizes.features, c.feature_embedding)
        if sizes.vectors[0]:
            shapes["vectors"] = sizes.vectors
        if sizes.characters:
            shapes |= characters(c, sizes.characters)
        known, numbers = sizes.token_features
        if known:
            shapes["token_features"] = (known, c.feature_embedding)
        if numbers:
            shapes["token_numbers"] = (c.feature_embedding, numbers)
        shapes |= encoder(c, width(c, sizes), sizes.words)
    if sizes.tags:
        shapes["output.w_oh"], shapes["output.b_o"] = (sizes.tags, output), (sizes.tags,)
    if sizes.labels:
        if c.pooling != "none":
            shapes |= {f"pooling.{name}": shape for name, shape in pooling(c.pooling, output).items()}
            shapes["text.w_oh"] = (sizes.labels, output)
        shapes["text.b_o"] = (sizes.labels,)
        if sizes.grams:
            shapes["text.grams"], shapes["text.scale"] = (sizes.grams, sizes.labels), (sizes.grams,)
    return shapes


def encoder(c: NetworkConfig, width: int, words: int) -> Shapes:
    """Return those of recurrent layers over inputs of ``width`` values; 0: one-hot words."""
    shapes: Shapes = {}
    output = states(c)
    for i in range(c.layers):
        for direction in directions(c):
            shapes |= way(f"layer{i}.{direction}", c.cell, c.hidden, width, words)
        if i and c.residual == "highway":
            shapes[f"layer{i}.mix.w"], shapes[f"layer{i}.mix.b"] = (output, output), (output,)
        width = output
    return shapes


def way(name: str, cell: str, hidden: int, width: int, words: int) -> Shapes:
    """Return those of a layer in one direction."""
    kind = CELLS[cell]
    rows, read = kind.blocks * hidden, 2 if kind.parallel else 1
    shapes = {f"{name}.w_rx": (rows, read * width) if width else (read * words, rows), f"{name}.b_r": (rows,)}
    if not kind.parallel:
        shapes[f"{name}.w_rh"] = (rows, hidden)
    return shapes | {f"{name}.{bias}": (hidden,) for bias in kind.biases}


def characters(c: NetworkConfig, characters: int) -> Shapes:
    """Return those of the character encoder, a bidirectional layer, over ``characters`` distinct characters."""
    shapes: Shapes = {"characters.embedding": (characters, c.character_embedding)}
    for direction in ("forward", "backward"):
        shapes |= way(f"characters.{direction}", c.cell, c.characters, c.character_embedding, characters)
    return shapes


def pooling(kind: str, width: int) -> Shapes:
    """Return those of a pooling."""
    if kind != "attention":
        return {}
    return {"w": (ATTENTION, width), "b": (ATTENTION,), "q": (1, ATTENTION)}


def decoder(kind: str, tags: int, name: str = "output") -> Shapes:
    """Return those of a decoder."""
    if kind != "crf":
        return {}
    return {f"{name}.transitions": (tags, tags), f"{name}.begin": (tags,), f"{name}.end": (tags,)}


def graph(c: NetworkConfig, sizes: GraphSizes) -> Shapes:
    """Return those of a graph parser."""
    R, A, L = sizes
    rows = 2 * A + 2 * L
    return {
        "graph.mlp.w": (rows, states(c)),
        "graph.mlp.b": (rows,),
        "graph.arcs.w": (A, A),
        "graph.arcs.b": (A,),
        "graph.arcs.root": (A,),
        "graph.relations.w": (R, L + 1, L + 1),
        "graph.relations.root": (L,),
    }
