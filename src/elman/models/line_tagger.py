"""The native tagger of lines and sentences: whether it supports a network, and how it is made. Does not import NumPy.

It supports forward and bidirectional LSTMs of one layer on word vectors, affixes and n-grams with a single column of
tags, and ensembles of them: those of the presets ``default``, ``fast`` and ``best``. Words become features, states and
tags in one call, and no word becomes an array. ``elman.models.inference`` is the readable form, with the same tags to
the bit.
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
"""Words of a sentence that are tagged natively; longer ones go the whole way, which checks that memory is enough."""


def supports(network: NetworkConfig, tasks: Sequence[str]) -> bool:
    """Return whether there is a native tagger for a network whose words have no features but of their characters."""
    lstm = network.cell == "lstm" and network.layers == 1 and network.embedding > 0
    return lstm and network.features in EXTRACT and not network.characters and list(tasks) == [TAG]


def make(
    core: Any,
    network: NetworkConfig,
    words: Sequence[str],
    features: Sequence[str],
    tags: Sequence[str],
    scheme: str,
    tensors: Mapping[str, Any],
    prefixes: Sequence[str],
    int8: bool,
) -> Any:
    """Return the tagger of the native ``core``. ``tensors`` are as ``elman.models.file.read`` returns them."""
    sizes = network.embedding, network.feature_embedding, network.hidden, network.direction == "bidirectional"
    chain = _chain(tags, network.decoder == "crf", scheme)
    extract, ascii = EXTRACT[network.features], network.features == "affixes"
    return core.LineTagger(words, features, extract, ascii, tags, tensors, list(prefixes), sizes, chain, int8)


def _chain(tags: Sequence[str], crf: bool, scheme: str) -> tuple[bool, bytes, bytes, bytes] | None:
    """Return whether the network is a CRF, and the allowed transitions, first tags and last tags (b"" for all).

    None: words are tagged independently.
    """
    if scheme == NONE:
        return (True, b"", b"", b"") if crf else None
    from elman.models.constraints import table

    return crf, *table(tags, scheme)
