"""``elman find-lr``."""

from __future__ import annotations

from dataclasses import dataclass

from elman.cli.options import command
from elman.cli.reports.training import rate_report
from elman.cli.say import say
from elman.cli.training_options import TrainingOptions
from elman.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Options(TrainingOptions):
    """The options of ``elman find-lr``."""


@command(Options, "find-lr")
def find_lr(options: Options) -> None:
    """Find a learning rate for a recurrent network.

    Trains with rising learning rates for a few steps, and prints the loss at each and the rate to take. It is for the
    tasks tag and classify.

    \b
      elman find-lr train.conllu
      elman find-lr train.conllu --preset best --set hidden=256
    """
    from elman.taggers.registry import TASKS
    from elman.taggers.train import find_rate

    if options.task is not None and (options.task not in TASKS or TASKS[options.task].predictor):
        raise ConfigError(f"find-lr: it is for the tasks tag and classify, not for {options.task}")
    trial = find_rate(list(options.train), **options.training())
    say(rate_report(trial, options.train))
