"""Corrected files in the format that came in, or in CoNLL-U or columns; and answers as other tools store them.

In its own format a file comes back byte for byte but for what was corrected: the sentences are read again from the
bytes that the database keeps, and only changed fields are written.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from elman.data.formats import HOLDS, conllu, open_writer, placeholder_tag
from elman.data.sentence import NO_TAG, Sentence
from elman.errors import ConfigError
from elman.serve.documents import ReadAs, open_content, with_ids
from elman.serve.events import CORRECTION, Event, State
from elman.serve.records import label_studio, prodigy
from elman.serve.store import FileRow
from elman.utils.charsets import Encoder
from elman.utils.compression import ENDINGS
from elman.utils.display import shown

FORMATS = ("own", "conllu", "columns", "jsonl", "label-studio")
_ENDINGS = {"conllu": ".conllu", "columns": ".conll", "jsonl": ".jsonl", "label-studio": ".json"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is exported: the format, whose corrections (None: the latest), and whether only corrected sentences."""

    format: str = "own"
    annotator: str | None = None
    corrected: bool = False

    def check(self) -> None:
        """Raise ConfigError for a format that does not exist."""
        if self.format not in FORMATS:
            raise ConfigError(f"as: expected {', '.join(FORMATS)}, got {shown(self.format)}")


def exported(files: Sequence[FileRow], chosen: FileRow, state: State, wanted: Wanted) -> tuple[str, bytes]:
    """Return the name and the bytes of a corrected file. Raises DataError for tags that the format cannot hold.

    ``files`` are all files of the database: a sentence's id counts those like it in the files before.
    """
    wanted.check()
    read_as = ReadAs.from_json(chosen.read_as)
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="elman-") as folder:

        def read(file: FileRow) -> Iterator[tuple[str, Sentence]]:
            return with_ids(open_content(file.content, file.name, ReadAs.from_json(file.read_as), folder), seen)

        for file in files[: files.index(chosen)]:
            for _ in read(file):
                pass
        sentences = read(chosen)
        name = _stem(chosen.name)
        if wanted.format in ("jsonl", "label-studio"):
            answers = [(id, sentence, _answers(state, id, wanted)) for id, sentence in sentences if id]
            make: Callable[..., str] = prodigy if wanted.format == "jsonl" else label_studio
            data = make(os.path.basename(chosen.name), [answer for answer in answers if answer[2]]).encode()
            return name + _ENDINGS[wanted.format], data
        pairs = list(sentences)
        found = [_correction(state, id, wanted.annotator) if id else None for id, _ in pairs]
        plan = _Plan.of(wanted.format, read_as, [event for event in found if event])
        data = plan.written([(sentence, event) for (_, sentence), event in zip(pairs, found, strict=True)], wanted)
    return name + (plan.ending or os.path.splitext(_unpacked(chosen.name))[1]), data


def _answers(state: State, id: str, wanted: Wanted) -> list[Event]:
    names = state.annotators if wanted.annotator is None else [wanted.annotator]
    found = [event for name in names if (event := state.of(id, name)) is not None]
    return [event for event in found if event.kind == CORRECTION or not wanted.corrected]


def _correction(state: State, id: str, annotator: str | None) -> Event | None:
    return state.correction(id, annotator)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a file is written: in which format, into which of its columns and labels; ``ending`` is that of a new file.

    ``own``  whether it is the file's own format, in which lines without a correction stay as they are
    """

    format: str
    columns: Mapping[str, str]
    labels: Mapping[str, str]
    read_as: ReadAs
    own: bool
    ending: str = ""

    @staticmethod
    def of(wanted: str, read_as: ReadAs, events: Sequence[Event]) -> _Plan:
        words = list(dict.fromkeys(name for event in events for name in event.after.columns))
        texts = list(dict.fromkeys(name for event in events for name in event.after.labels))
        columns = {name: read_as.columns.get(name, name) for name in words}
        labels = {name: read_as.labels.get(name, name) for name in texts}
        if wanted == "own":
            holds = HOLDS.get(read_as.found)
            own = holds is not None and holds.columns >= len(words) and holds.labels >= len(texts)
            if own and set(words) <= set(read_as.columns):
                return _Plan(read_as.found, columns, labels, read_as, True)
            wanted = "columns" if (words or not texts) else "jsonl"
            if wanted == "jsonl":
                return _Plan("jsonl", columns, labels, read_as, False, ".jsonl")
        columns = columns or dict(read_as.columns)
        own = wanted == read_as.found
        if wanted == "conllu" and not own:
            columns = {name: _conllu_column(name) for name in columns}
        return _Plan(wanted, columns, labels, read_as, own, "" if own else _ENDINGS[wanted])

    def written(self, pairs: Sequence[tuple[Sentence, Event | None]], wanted: Wanted) -> bytes:
        keep = [pair for pair in pairs if pair[1] is not None or (not wanted.corrected and self._stays(pair[0]))]
        writer = open_writer(self.format, tuple(self.columns.values()), self._label_names(keep))
        encoder = Encoder(self.read_as.encoding if self.own else "utf-8")
        pieces: list[str | bytes] = []
        whole_file = self.format in ("csv", "tsv", "conllup", "json", "parquet")
        for sentence, event in keep:
            if self.own and event is None and not whole_file:
                pieces.append("".join(sentence.lines))
            else:
                pieces.append(writer.add(*self._corrected(sentence, event)))
        pieces.append(writer.finish())
        return (
            b"".join(piece if isinstance(piece, bytes) else encoder.encode(piece) for piece in pieces) + encoder.end()
        )

    def _stays(self, sentence: Sentence) -> bool:
        """Return whether a sentence without a correction is written: not one that lacks the only label."""
        return self.own or bool(sentence.words and (self.columns or self.labels.keys() & sentence.labels.keys()))

    def _label_names(self, pairs: Sequence[tuple[Sentence, Event | None]]) -> tuple[str, ...]:
        names = [name for sentence, _ in pairs for name in sentence.labels] if HOLDS[self.format].labels else []
        return tuple(dict.fromkeys((*names, *self.labels.values())))

    def _corrected(self, sentence: Sentence, event: Event | None) -> tuple[Sentence, dict[str, list[str]]]:
        """Return a sentence with its labels, and its tags by column: corrected, else its own, else a placeholder."""
        nothing = placeholder_tag(self.format)
        tags: dict[str, list[str]] = {}
        if sentence.words:
            for name, key in self.columns.items():
                own = sentence.columns.get(self.read_as.columns.get(name, name)) or (NO_TAG,) * len(sentence.words)
                new = event.after.columns.get(name, ()) if event else ()
                new = new or (None,) * len(own)
                tags[key] = [old or nothing if tag is None else tag for tag, old in zip(new, own, strict=True)]
        if event is not None and event.after.labels:
            changed = {self.labels[name]: label for name, label in event.after.labels.items() if label is not None}
            sentence = replace(sentence, labels={**sentence.labels, **changed})
        return sentence, tags


def _conllu_column(name: str) -> str:
    try:
        return conllu.target(name, (), "", False)
    except ConfigError:
        return "upos"


def _unpacked(path: str) -> str:
    stem, ending = os.path.splitext(path)
    return stem if ending in ENDINGS else path


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(_unpacked(path)))[0]
