"""``--cluster``: worker processes, of this machine or of Dask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman.cli.options import option
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.scale.cluster import Cluster
    from elman.training.run_options import Map


_ALONE = {
    "checkpoint": "it keeps the state of networks trained in this process",
    "resume": "it goes on with networks trained in this process",
    "budget": "it plans the training of one network, in this process",
}
"""Options of training that do not go together with a cluster, and why."""


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

    def check_cluster(self) -> None:
        """Raise ConfigError for options that do not go together with --cluster."""
        for name, why in _ALONE.items():
            if self.cluster is not None and getattr(self, name, None) is not None:
                raise ConfigError(f"--cluster: expected no --{name} with it; {why}")


@contextmanager
def opened(address: str | None) -> Iterator[Cluster | None]:
    """Yield the cluster at an address, which ends with the block; None without an address."""
    if address is None:
        yield None
        return
    from elman.scale.cluster import open_cluster

    with open_cluster(address) as cluster:
        yield cluster


@contextmanager
def opened_map(address: str | None) -> Iterator[Map | None]:
    """Yield a function like ``map`` that works in the cluster at an address; None without an address."""
    with opened(address) as cluster:
        yield None if cluster is None else cluster.ordered
