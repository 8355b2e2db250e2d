"""``elman pretrain``."""

from __future__ import annotations

from dataclasses import dataclass

from elman.cli.cluster import ClusterOptions, cluster_option, opened
from elman.cli.options import argument, command, encoding_option, option
from elman.cli.training_run import TrainedOptions, run_training


@dataclass(frozen=True, kw_only=True)
class Options(TrainedOptions, ClusterOptions):
    """The options of ``elman pretrain``; a resumed run needs none but ``--resume``."""

    train: tuple[str, ...] = argument("RAW...", nargs=-1)
    like: str | None = option(
        "--like",
        metavar="FILE",
        help="Labelled file, in whose way RAW is cut into words; by default punctuation is cut.",
    )
    encoding: str = encoding_option()
    cluster: str | None = cluster_option(
        "in an epoch each reads a part of RAW, and then they are averaged, so their number changes the model"
    )


@command(Options)
def pretrain(options: Options) -> None:
    """Pretrain a network on raw text, to begin training with.

    RAW is text as it is, one or many sentences a line. The network learns to fill in each word from those around it;
    elman train --from BASE begins with its weights. Whether that helps is not measured: compare first.
    It predicts nothing itself. Name the labelled file of the later training with --like: words have to be cut as there.

    \b
      elman pretrain reviews.txt.xz --like train.conllu -o base.model
      elman train train.conllu --dev dev.conllu --from base.model -o my.model
      elman pretrain corpus/ --like train.conllu -o base.model --cluster local:8
    """
    arguments = {name: getattr(options, name) for name in ("preset", "like", "encoding", "seed", "threads", "budget")}
    arguments |= {"settings": options.settings(), "task": "pretrain"}
    options.check_cluster()
    with opened(options.cluster) as cluster:
        if cluster is not None:
            arguments |= {"task": f"pretrain:workers={cluster.workers}", "map": cluster.ordered}
        run_training(options, arguments, options.notes(), (options.like,))
