"""Models that read raw text (``segment``, ``pipeline``), for ``elman tag``, ``evaluate`` and ``inspect``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from elman.cli.common import Notes
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.pipeline import Pipeline
    from elman.segmenter import Segmenter

RAW = ("segment", "pipeline")
"""The tasks whose models read raw text."""


def refuse(task: str, given: Mapping[str, Any]) -> None:
    """Raise ConfigError for an option of tags of words, given to a model that reads raw text."""
    for name, value in given.items():
        if value not in (None, False):
            raise ConfigError(f"--{name}: not for a model of the task {task}, which reads raw text")


def tag_raw(
    model: Segmenter | Pipeline, files: Sequence[str], output: str, output_format: str | None, how: tuple[str, bool]
) -> None:
    """Write the sentences of raw text. ``how``: its encoding, and whether with confidences.

    Raises ConfigError: a format that cannot hold them.
    """
    from elman.files import OutputFile, input_files
    from elman.formats import check_output, open_writer

    encoding, confidence = how
    targets = model.targets if model.task == RAW[1] else ()
    format = output_format or ("conllu" if model.finds_sentences or confidence else "text")
    if confidence and format != "conllu":
        raise ConfigError(f"{format} cannot hold confidences of raw text; conllu can")
    if not (format == "text" and not targets):
        check_output(format, columns=len(targets))
    writer = open_writer(format, targets)
    number = 0
    with OutputFile(output, encoding=encoding) as out:
        for path in input_files(files or ("-",)):
            for sentence in model.sentences(raw_lines(path, encoding), confidence=confidence, number=number):
                if not sentence.words and format != "text":
                    continue
                number += bool(sentence.words)
                own = {} if format == "conllu" else {name: sentence.columns[name] for name in targets}
                out.write(writer.add(sentence, own))
        out.write(writer.finish())


def raw_lines(path: str, encoding: str) -> Iterator[str]:
    """The lines of a file of raw text."""
    from elman.formats import read_sentences

    for sentence in read_sentences(path, format="text", encoding=encoding, labelled=False):
        yield sentence.lines[0].removeprefix("\ufeff")


def evaluate_raw(
    model: Segmenter | Pipeline, paths: Sequence[str], given: tuple[str | None, str, bool], notes: Notes
) -> None:
    """Print how well the raw text of gold sentences is segmented, or parsed. ``given``: format, encoding, as JSON."""
    from elman.conll18 import table
    from elman.files import input_files
    from elman.formats import read_sentences

    format, encoding, as_json = given
    gold = []
    for path in input_files(paths):
        reading = read_sentences(path, format=format, encoding=encoding, labelled=False)
        if format is None:
            notes.add(f"{reading.path} read as {reading.format}: {reading.why}")
        gold += list(reading)
    metrics = model.evaluate_text(gold)
    if as_json:
        whole = {"style": "conll18", "metrics": {name: metric.to_json() for name, metric in metrics.items()}}
        click.echo(json.dumps(whole, indent=2))
    else:
        click.echo(table(metrics))
