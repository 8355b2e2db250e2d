"""``elman inspect``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman.cli.options import argument, command, json_option, plot_option
from elman.cli.outputs import check_outputs, size
from elman.cli.say import say, say_json
from elman.data.targets import NUMBER, TAG
from elman.errors import while_reading
from elman.utils.display import visible
from elman.utils.summary import counted

if TYPE_CHECKING:
    from elman.taggers.base import Predictor


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of ``elman inspect``."""

    model: str = argument("MODEL")
    json: bool = json_option()
    plot: str | None = plot_option("loss and accuracy by epoch")


@command(Options)
def inspect(options: Options) -> None:
    """Describe a model and how it was trained.

    Shows its kind, tags, vocabulary, parameters and settings, what it was trained on and how the training went.
    """
    import hashlib

    from elman.taggers.load import load

    check_outputs([options.model], plot=options.plot)
    model = load(options.model, base=True)
    facts = model.describe()
    with while_reading(options.model), open(options.model, "rb") as file:
        facts["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        facts["bytes"] = os.path.getsize(options.model)
    figure = None
    if options.plot is not None:
        from elman.viz import plots

        figure = plots.training(facts["training"], os.path.basename(options.model))
    if options.json:
        say_json(facts)
    else:
        say(_text(model, options.model, facts))
    if figure is not None and options.plot is not None:
        plots.save(figure, options.plot)


_KINDS = {
    "rnn": "recurrent network",
    "linear": "linear model of n-grams",
    "hmm": "hidden Markov model",
    "frequent": "most frequent tag of each word",
    "ngram": "counted n-grams of symbols",
}


_DOCUMENT_LABELS = {
    "classify": "; one for each text",
    "several": "; one or several for each text",
    "any": "; none or several",
}


def _text(model: Predictor, path: str, facts: dict[str, Any]) -> str:
    data, training = facts["data"], facts["training"]
    items = "sentences" if {TAG, NUMBER} & set(facts["tasks"].values()) else "texts"
    dev = f"; dev: {data['dev_sentences']:,} {items}" if data["dev_sentences"] is not None else "; no dev set"
    score = model.dev_score()
    dev += f", {model.metric} {score}" if score else ""
    rows = [
        ("model", f"{path} ({size(facts['bytes'])})"),
        ("SHA-256", facts["sha256"]),
        ("task", facts.get("task", "")),
        ("kind", f"{facts['kind']}, {_KINDS[facts['kind']]}"),
        ("parameters", f"{facts['parameters']:,}"),
        ("vocabulary", f"{facts['vocabulary']:,} words"),
        ("trained on", f"{data['sentences']:,} {items}, {data['words']:,} words{dev}"),
        ("", f"held out for dev: {data['held_out']}" if data["held_out"] else ""),
    ]
    rules = getattr(model, "token_rules", None)
    rows.append(("raw text", f"with --tokenize: {rules.describe()}" if rules is not None else ""))
    for name, tags in facts["targets"].items():
        if not model.predicts:
            rows.append(("fills in", f"{len(tags):,} words"))
            continue
        rows.append(("column", f"{name} of {facts['format']}" if facts["format"] else name))
        kind = facts["tasks"][name]
        if kind == NUMBER:
            rows.append(("read", ", ".join(facts["inputs"])))
            continue
        rows.append(
            (f"{len(tags):,} {'tags' if kind == TAG else 'labels'}", " ".join(tags) + _DOCUMENT_LABELS.get(kind, ""))
        )
        temperature = facts["temperatures"][name]
        rows.append(("temperature", f"{temperature:g}, fitted on dev" if temperature != 1 else ""))
    rows += [("column", "head"), ("", "no tags: arcs between all words are scored")] if model.scores_trees else []
    rows.append(("inputs", _inputs(facts)))
    rows.append(("training", _training(training) if training else ""))
    rows += _history(facts.get("history", {}))
    for number, record in enumerate(training.get("members", []), start=2):
        rows.append((f"network {number}", _run(record)))
    if of_segments := facts.get("segment"):
        rows.append(("segment", f"{of_segments['parameters']:,} parameters; {_training(of_segments['training'])}"))
    for section, settings in facts["settings"].items():
        rows.append((f"[{section}]", ", ".join(f"{key}={value}" for key, value in settings.items())))
    return "\n".join(_row(name, text) for name, text in rows if text)


def _inputs(facts: dict[str, Any]) -> str:
    """Return the features that words bring along, in words; "" if there are none."""
    if "token_features" not in facts:
        return ""
    source = " ".join(facts["inputs"]) or "features of each word, in Python a dict"
    numbers = f", {len(facts['numbers']):,} of them numbers" if facts["numbers"] else ""
    return f"{source}; {facts['token_features']:,} known{numbers}"


def _history(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the rows of what the model has learned from corrections."""
    if not facts:
        return []
    n_corrections = facts["corrections"]
    learned = counted(n_corrections, "correction") if n_corrections else ""
    if facts["kept"] < n_corrections:
        learned += f", {facts['kept']:,} of them in the file, the others as digests"
    replay = f"{counted(facts['replay'], 'training sentence')} in the file" if facts["replay"] else ""
    return [("learned", learned), ("parent", facts["parent"] or ""), ("replay", replay)]


def _training(record: dict[str, Any]) -> str:
    """Return the record of a recurrent network's training, in words."""
    text = f"seed {record['seed']}, {_run(record)}"
    text += f"; the first of {1 + len(record['members'])} networks" if "members" in record else ""
    text += "; with logistic regression on n-grams" if "linear" in record else ""
    return text + ("; stopped before its end" if record["interrupted"] else "")


def _run(record: dict[str, Any]) -> str:
    if not record["losses"]:  # it was stopped in the first one
        return "no whole epoch"
    text = f"{record['epochs']} epochs, loss {record['losses'][-1]:.4f}"
    if any(record["train_accuracies"]):
        text += f", accuracy on train {100 * record['train_accuracies'][-1]:.2f} %"
    if record["dev_accuracies"]:
        text += f"; best on dev after epoch {record['best_epoch']}, which is the one kept"
    return text


def _row(name: str, text: str) -> str:
    import textwrap

    return textwrap.fill(
        visible(text),
        80,
        initial_indent=visible(f"{name:<13}"),
        subsequent_indent=" " * 13,
        break_long_words=False,
        break_on_hyphens=False,
    )
