"""Answers as Prodigy and Label Studio store them: text with spans of characters, and who said what, when."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from elman.data.formats.annotation_tools import prodigy_tokens, text_with_offsets
from elman.data.schemes import SPAN_TAG
from elman.data.sentence import LABEL_SEPARATOR, Sentence
from elman.data.spans import OUTSIDE, find_spans
from elman.server.events import CORRECTION, Event

Answered = Iterable[tuple[str, Sentence, Sequence[Event]]]
"""Sentences with their ids and the annotators' events in force."""


def prodigy(file: str, answered: Answered) -> str:
    """Return a line of JSON with Prodigy's keys for each answer, and for each column if there are several.

    Spans of Prodigy have no name of a column; it is in ``meta`` then. ``answer`` is ``accept``, or ``ignore`` for a
    sentence that was skipped. The hashes are numbers made of the same things as Prodigy's, not by the same function.
    """
    lines = []
    for id, sentence, events in answered:
        text, offsets = text_with_offsets(sentence)
        tokens = prodigy_tokens(text, offsets)
        for event in events:
            found = _spans(event, offsets)
            names, texts = sorted(event.after.columns), sorted(event.after.labels)
            for number, columns in enumerate([[name] for name in names] or [[]]):
                spans = [
                    {"start": start, "end": end, "token_start": first, "token_end": last, "label": label}
                    for column, label, first, last, start, end in found
                    if column in columns
                ]
                record: dict[str, Any] = {"text": text, "tokens": tokens, "spans": spans}
                labels = texts if number == 0 else []
                if labels:
                    chosen = [event.after.labels[name] for name in labels]
                    record["accept"] = [label for one in chosen if one for label in one.split(LABEL_SEPARATOR)]
                record["answer"] = "accept" if event.kind == CORRECTION else "ignore"
                record["_input_hash"] = _hash(text)
                record["_task_hash"] = _hash(text, json.dumps([columns, labels]))
                record["_annotator_id"] = record["_session_id"] = event.annotator
                record["_timestamp"] = int(event.time)
                record["meta"] = {"id": id, "file": file, "line": sentence.line}
                if len(names) > 1:
                    record["meta"]["column"] = columns[0]
                lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    return "".join(lines)


def label_studio(file: str, answered: Answered) -> str:
    """Return a list of Label Studio's tasks, one a sentence, with an annotation for each annotator.

    Spans are labels from ``label`` to ``text``, or from the name of their column if there are several columns; labels
    of texts are choices.
    """
    tasks = []
    for number, (id, sentence, events) in enumerate(answered, start=1):
        text, offsets = text_with_offsets(sentence)
        annotations = []
        for event in events:
            several = len(event.after.columns) > 1
            result = [
                {
                    "id": f"{event.seq}-{i}",
                    "from_name": column if several else "label",
                    "to_name": "text",
                    "type": "labels",
                    "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
                }
                for i, (column, label, _, _, start, end) in enumerate(_spans(event, offsets))
            ]
            result += [
                {
                    "id": f"{event.seq}-{name}",
                    "from_name": name,
                    "to_name": "text",
                    "type": "choices",
                    "value": {"choices": label.split(LABEL_SEPARATOR)},
                }
                for name, label in event.after.labels.items()
                if label
            ]
            skipped = event.kind != CORRECTION
            about = {"id": event.seq, "completed_by": event.annotator, "was_cancelled": skipped}
            annotations.append({**about, "lead_time": event.seconds, "result": result})
        meta = {"id": id, "file": file, "line": sentence.line}
        tasks.append({"id": number, "data": {"text": text}, "meta": meta, "annotations": annotations})
    return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"


def _spans(event: Event, offsets: Sequence[tuple[int, int]]) -> list[tuple[str, str, int, int, int, int]]:
    """Return column, label, first and last word, start and end of spans; of tags that mark none, of each word."""
    found = []
    for column, tags in event.after.columns.items():
        known = [OUTSIDE if tag is None else tag for tag in tags]
        if all(tag == OUTSIDE or SPAN_TAG.match(tag) for tag in known):
            spans = [(span.type, span.start, span.end - 1) for span in find_spans(known)]
        else:
            spans = [(tag, i, i) for i, tag in enumerate(tags) if tag is not None]
        found += [(column, label, i, j, offsets[i][0], offsets[j][1]) for label, i, j in spans]
    return found


def _hash(*parts: str) -> int:
    """Return a whole number of 32 bits, with a sign, as Prodigy's are."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:4], "big", signed=True)
