"""``--cluster``: worker processes, of this machine or of Dask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman.cli.options import option

if TYPE_CHECKING:
    from elman.training.run_options import Map


def cluster_option(use: str) -> Any:
    """Return the field of ``--cluster``; ``use`` says for what, and what it changes."""
    return option(
        "--cluster",
        metavar="ADDRESS",
        help="Use worker processes: local:N for N of this machine, or the address of a running Dask scheduler, as "
        f"tcp://host:8786; {use}.",
    )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ClusterOptions:
    """Where trainings are made."""

    cluster: str | None = cluster_option("each trains in one thread, and the result is the same")


@contextmanager
def opened_map(address: str | None) -> Iterator[Map | None]:
    """Yield a function like ``map`` that works in a cluster, which ends with the block; None without an address."""
    if address is None:
        yield None
        return
    from elman.scale.cluster import open_cluster

    with open_cluster(address) as cluster:
        yield cluster.ordered
