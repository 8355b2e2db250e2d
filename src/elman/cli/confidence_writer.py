"""What ``elman tag`` writes with confidences: tags with probabilities, words left untagged, n-best lists."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from elman.cli.raw_text import one_or_by_column
from elman.data.sentence import CONFIDENCE
from elman.data.targets import TREE
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.cli.notes import Notes
    from elman.cli.output_columns import OutputColumns
    from elman.data.formats import Writer
    from elman.data.sentence import Sentence
    from elman.taggers.column_predictor import ColumnPredictor
    from elman.taggers.tagger import Tagger

NBEST_FORMATS = ("columns", "jsonl")


class ConfidenceWriter:
    """Writes sentences with confidences, or without the tags below a confidence, and counts the tags written.

    ``shown``  whether the confidences are written: of each word's tags, or if there are none of the document label
    ``least``  tags with a lower confidence are left out; None: all are written
    """

    STATE = ("words", "texts", "sure")

    def __init__(self, shown: bool, least: float | None) -> None:
        self.shown, self.least = shown, least
        self.words = self.texts = 0
        self.sure: Counter[str] = Counter()  # label column -> words that were tagged

    def check(self, tagger: ColumnPredictor, names: Sequence[str] | None, output_format: str | None) -> None:
        """Raise ConfigError if words that are left out would break the output: a tree."""
        targets = tagger.targets if len(tagger.targets) == 1 else tagger.chosen(names)
        if self.least is not None and TREE in targets:
            raise ConfigError(
                "--min-confidence: a tree is written whole, no word is left out; --confidence says how sure each is"
            )
        if self.least is not None and output_format in ("tree", "html") and "head" in targets:
            raise ConfigError(f"--min-confidence: {output_format} draws whole trees; conllu can leave out heads")

    def write(
        self, chunk: Sequence[Sentence], tagger: ColumnPredictor, columns: OutputColumns, output: tuple[str, Writer]
    ) -> Iterator[str | bytes]:
        """Yield the text of each sentence.

        ``columns`` says where each label column of the model is written; ``output`` is the name of the format and its
        writer.
        """

        output_format, writer = output

        from elman.data.formats import placeholder_tag

        nothing = placeholder_tag(output_format)
        least = 0.0 if self.least is None else self.least
        for sentence, found in zip(chunk, tagger.pipe(chunk, confidence=True, columns=tagger.targets), strict=True):
            predicted: dict[str, Any] = {}
            for name in columns.columns:
                tags, confidences = found[name]
                predicted[name] = [tag if p >= least else nothing for tag, p in zip(tags, confidences, strict=True)]
                self.sure[name] += sum(p >= least for p in confidences)
            for name in columns.labels:
                label, p = found[name]
                predicted[name] = label if p >= least else nothing
                self.sure[name] += bool(sentence.words) and p >= least
            self.words += len(sentence.words)
            self.texts += bool(sentence.words)
            shown = None
            if self.shown and columns.columns:
                shown = one_or_by_column({place: found[name][1] for name, place in columns.columns.items()})
            elif self.shown:
                predicted[CONFIDENCE] = f"{found[columns.names[0]][1]:.4f}"
            written = columns.tags(sentence, predicted)
            yield writer.add(columns.labelled(sentence, predicted), written, shown)

    def tell(self, tagger: ColumnPredictor, columns: OutputColumns, output_format: str, notes: Notes) -> None:
        """Note how many words were tagged, and warn if that is ambiguous or not calibrated."""

        if self.least is None:
            return
        from elman.data.formats import placeholder_tag

        nothing = placeholder_tag(output_format)
        for name in columns.names:
            total, unit = (self.words, "words") if name in columns.columns else (self.texts, "texts")
            done = "tagged" if unit == "words" else "labelled"
            share = f" ({100 * self.sure[name] / total:.2f} %)" if total else ""
            of = f"column {name}: " if len(columns.names) > 1 else ""
            notes.add(
                f"{of}{done} {self.sure[name]:,} of {total:,} {unit}{share}; "
                f"the others, with a confidence below {self.least:g}, are {nothing}"
            )
            if tagger.gives(name, nothing):
                what = "tag of column" if unit == "words" else "label"
                less = f"a {unit[:-1]} without a {what.split()[0]} looks like now"
                notes.warn(f"{nothing} is a {what} {name} too, which {less}")
        if set(tagger.temperatures.values()) == {1.0}:
            notes.add("the confidences are raw; those of a network trained with --dev are calibrated on it")


def write_nbest(
    chunk: Sequence[Sentence], tagger: Tagger, most: int, targets: Sequence[str], output_format: str
) -> Iterator[str]:
    """Yield each sentence with its ``most`` best sequences of tags in each target, and the probability of each.

    ``columns``  the sentence once for each, best first: word, tag, rank from 1, probability of the sequence; and the
                 name of the target if there are several
    ``jsonl``    one object: ``{"tokens": […], "nbest": [{"tags": […], "probability": p}, …]}``; of several targets
                 ``nbest`` is an object with such a list for each
    """
    from elman.data.formats import write_sentence
    from elman.data.formats.holds import is_gap

    for sentence in chunk:
        if is_gap(sentence):
            continue
        found = {target: tagger.nbest(sentence, most, target) for target in targets}
        if output_format == "jsonl":
            listed = {
                target: [{"tags": tags, "probability": float(f"{p:.6g}")} for tags, p in ranked]
                for target, ranked in found.items()
            }
            record = {"tokens": sentence.words, "nbest": listed if len(targets) > 1 else listed[targets[0]]}
            yield json.dumps(record, ensure_ascii=False) + "\n"
            continue
        bare, n = replace(sentence, format="", lines=()), len(sentence.words)
        for target, ranked in found.items():
            for rank, (tags, p) in enumerate(ranked, start=1):
                of_each = {"tag": tags, "rank": [str(rank)] * n, "probability": [f"{p:.6g}"] * n}
                if len(targets) > 1:
                    of_each["column"] = [target] * n
                yield write_sentence(bare, of_each, format="columns")
