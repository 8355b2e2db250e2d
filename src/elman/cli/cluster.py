"""``--cluster``: trainings in worker processes, of this machine or of Dask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elman.cli.options import option

if TYPE_CHECKING:
    from elman.training.run_options import Map


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ClusterOptions:
    """Where trainings are made."""

    cluster: str | None = option(
        "--cluster",
        metavar="ADDRESS",
        help="Train in worker processes, one thread each, with the same result: local:N for N of this machine, "
        "tcp://HOST:8786 for those of a Dask scheduler.",
    )


@contextmanager
def opened_map(address: str | None) -> Iterator[Map | None]:
    """Yield a function like ``map`` that works in a cluster, which ends with the block; None without an address."""
    if address is None:
        yield None
        return
    from elman.scale.cluster import open_cluster

    with open_cluster(address) as cluster:
        yield cluster.ordered
