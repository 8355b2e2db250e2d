"""The results of a training, for a person."""

from __future__ import annotations

import os
from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

from elman.cli.outputs import size
from elman.utils.display import visible

if TYPE_CHECKING:
    from elman.taggers.base import Predictor
    from elman.training.lr_finder import RateTrial


def summary(tagger: Predictor, output: str) -> str:
    """Return what was trained on, how good the model is, where it is and what to type next."""
    facts = tagger.describe()
    score = tagger.dev_score()
    data = facts["data"]
    model = "MODEL" if output == "-" else quote(output)
    if not tagger.predicts:
        return _base_summary(data, output, model)
    if tagger.reads_symbols:
        return _language_summary(facts, score, output, model)
    items = "texts" if tagger.text_targets and not tagger.word_targets else "sentences"
    lines = [
        f"trained on    {data['sentences']:,} {items}, {data['words']:,} words, "
        + ", ".join(
            f"{len(tags):,} {'labels' if name in tagger.text_targets else 'tags'} ({name})"
            if tags
            else f"numbers ({name})"
            for name, tags in tagger.tag_sets.items()
        ),
    ]
    if score:
        mean = f", the mean of {len(tagger.targets)} columns" if len(tagger.targets) > 1 else ""
        if tagger.scores_trees:
            n = len(tagger.tag_sets) - 1  # columns beside the relations
            mean = ", LAS" if n <= 1 else f", the mean of LAS and {n} columns"
        lines.append(f"{f'dev {tagger.metric}':<14}{_with_epoch(score, facts['training'])}{mean}")
    if output != "-":
        lines.append(f"model         {output} ({size(os.path.getsize(output))})")
    lines += [f"next          elman evaluate {model} TEST", f"              elman tag {model} TEXT"]
    return "\n".join(map(visible, lines))


def _base_summary(data: dict[str, Any], output: str, model: str) -> str:
    lines = [f"pretrained on  {data['words']:,} words, {data['sentences']:,} sentences"]
    if output != "-":
        lines.append(f"base model     {output} ({size(os.path.getsize(output))})")
    lines.append(f"next           elman train TRAIN --dev DEV --from {model} -o MODEL")
    return "\n".join(map(visible, lines))


def _language_summary(facts: dict[str, Any], score: str, output: str, model: str) -> str:
    data = facts["data"]
    lines = [f"trained on      {data['words']:,} {facts['unit']}, {len(facts['tags']):,} distinct with <unk>"]
    if score:
        lines.append(f"dev perplexity  {score} of {facts['unit']}")
    if output != "-":
        lines.append(f"model           {output} ({size(os.path.getsize(output))})")
    lines += [f"next            elman evaluate {model} TEXT", f"                elman sample {model}"]
    return "\n".join(map(visible, lines))


def _with_epoch(score: str, record: dict[str, Any]) -> str:
    """Return the score on dev, and the epoch or the networks that reach it."""
    beside = " and logistic regression" if "linear" in record else ""
    if "members" in record:
        return f"{score}, {1 + len(record['members'])} networks{beside} together"
    if beside:
        return f"{score}, the network{beside} together"
    return f"{score} after epoch {record['best_epoch']}, the best of {record['epochs']}" if record else score


def rate_report(trial: RateTrial, train: Sequence[str]) -> str:
    """Return the learning rates that were tried as a table, the one to take, and what to type next."""
    lines = [f"{'rate':<10}loss", *(f"{rate:<10.2g}{loss:.3f}" for rate, loss in trial.table())]
    lines += ["", f"rate {trial.rate:g}: there the loss falls fastest; a little less is safer", ""]
    lines.append(f"next  elman train {' '.join(map(quote, train))} -o MODEL --set learning_rate={trial.rate:g}")
    return "\n".join(map(visible, lines))
