"""The options of ``elman tag --shards``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from elman.cli.cluster import cluster_option
from elman.cli.options import option, whole_number
from elman.errors import ConfigError
from elman.utils.limits import WORKERS

SHARD_SIZE = "64M"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ShardOptions:
    """How files are cut into shards, and who works on them."""

    shards: str | None = option(
        "--shards",
        metavar="DIR",
        help="Cut the files into shards, and write a part for each, with a line in DIR/manifest.jsonl; the same "
        "command goes on after an early end. See docs/scale.md.",
    )
    shard_size: str | None = option(
        "--shard-size", metavar="SIZE", help=f"With --shards: bytes of a shard, as 500k or 1G; by default {SHARD_SIZE}."
    )
    cluster: str | None = cluster_option("with --shards")
    rank: int | None = option(
        "--rank",
        **whole_number(0, WORKERS),
        help="With --shards: which of --world processes this is, from 0; each does its share, as in a job array.",
    )
    world: int | None = option(
        "--world", **whole_number(1, WORKERS), help="With --shards: the number of processes that share the work."
    )

    def check_shards(self, others: Mapping[str, bool]) -> None:
        """Raise ConfigError for options that do not go together; ``others``: further ones, and whether they are set."""
        of_shards = {"shard-size": self.shard_size, "cluster": self.cluster, "rank": self.rank, "world": self.world}
        if self.shards is None:
            alone = next((name for name, value in of_shards.items() if value is not None), None)
            if alone is not None:
                raise ConfigError(f"--{alone}: goes with --shards DIR, the folder that gets a part for each shard")
            return
        wrong = next((name for name, value in others.items() if value), None)
        if wrong is not None:
            raise ConfigError(f"--{wrong}: not with --shards")
        if (self.rank is None) != (self.world is None):
            raise ConfigError("--rank, --world: expected both, as --rank 0 --world 8, or neither")
        if self.world is not None and self.rank is not None and self.rank >= self.world:
            raise ConfigError(f"--rank: expected 0 to {self.world - 1} with --world {self.world}, got {self.rank}")
        if self.world is not None and self.cluster is not None:
            raise ConfigError("--cluster: not with --rank, which shares the work without a cluster")
