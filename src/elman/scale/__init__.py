"""Work on corpora that are too large for one process: workers, shards, and one callable for every engine."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from elman.scale.batch_tagger import BatchTagger
    from elman.scale.cluster import Cluster, open_cluster

__all__ = ["BatchTagger", "Cluster", "open_cluster"]

_HOME = {
    "BatchTagger": "elman.scale.batch_tagger",
    "Cluster": "elman.scale.cluster",
    "open_cluster": "elman.scale.cluster",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'elman.scale' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
