"""The native tagger of blocks and sentences: whether it supports a network, and how it is made. Does not import NumPy.

It supports forward and bidirectional LSTMs of one layer on word vectors, affixes and n-grams, with any number of tag
columns, and ensembles of them: those of the presets ``default``, ``fast`` and ``best``. Words become features, states
and tags in one call, and no word becomes an array. ``elman.models.inference`` is the readable form, with the same tags
to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from elman.data.targets import TAG
from elman.features.affixes import EXTRACT
from elman.models.network_record import NONE
from elman.utils import limits

if TYPE_CHECKING:
    from elman.config import NetworkConfig

LONGEST = limits.SCORES // limits.TAGS
"""Words of a list that are tagged natively; longer ones go the whole way, which checks that memory is enough."""
Column = tuple[Sequence[str], tuple[bool, bytes, bytes, bytes] | None, float]
"""The tags of a label column, its chain, and its temperature.

A chain is whether the network is a CRF, and the allowed transitions, first tags and last tags (b"" for all); None if
words are tagged independently.
"""


def supports(network: NetworkConfig, tasks: Sequence[str], *others: object) -> bool:
    """Return whether there is a native tagger for a network with label columns of these tasks.

    ``others`` are the parts that it does not support: the width of pretrained vectors, features of tokens, a
    dictionary, and a graph part; each is None or 0 if the model does not have it.
    """
    lstm = network.cell == "lstm" and network.layers == 1 and network.embedding > 0
    own_features = network.features in EXTRACT and not network.characters and not any(others)
    return lstm and own_features and set(tasks) == {TAG}


def gives_confidences(network: NetworkConfig, schemes: Sequence[str]) -> bool:
    """Return whether the native tagger gives probabilities; those of a softmax without constraints take NumPy."""
    return network.decoder == "crf" or NONE not in schemes


def columns(
    network: NetworkConfig, tags: Sequence[Sequence[str]], schemes: Sequence[str], temperatures: Sequence[float]
) -> list[Column]:
    """Return the label columns of a network, with constraints of these schemes; no temperatures: all are 1."""
    crf = network.decoder == "crf"
    chains = [_chain(own, crf, scheme) for own, scheme in zip(tags, schemes, strict=True)]
    return list(zip(tags, chains, temperatures or [1.0] * len(tags), strict=True))


def make(
    core: Any,
    network: NetworkConfig,
    words: Sequence[str],
    features: Sequence[str],
    columns: Sequence[Column],
    tensors: Mapping[str, Any],
    prefixes: Sequence[str],
    int8: bool,
) -> Any:
    """Return the tagger of the native ``core``. ``tensors`` are as ``elman.models.file.read`` returns them."""
    sizes = network.embedding, network.feature_embedding, network.hidden, network.direction == "bidirectional"
    extract, ascii = EXTRACT[network.features], network.features == "affixes"
    return core.LineTagger(words, features, extract, ascii, columns, tensors, list(prefixes), sizes, int8)


def _chain(tags: Sequence[str], crf: bool, scheme: str) -> tuple[bool, bytes, bytes, bytes] | None:
    """Return the chain of a column; see ``Column``."""
    if scheme == NONE:
        return (True, b"", b"", b"") if crf else None
    from elman.models.constraints import table

    return crf, *table(tags, scheme)
