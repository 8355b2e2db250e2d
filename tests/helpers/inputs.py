"""Small files of every format that is read, and mutants of them: of bytes, lines, fields, JSON values, compression."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elman.data.formats import HOLDS, INPUT_FORMATS, open_writer
from elman.data.formats.registry import BINARY, OPTIONS
from elman.data.sentence import Sentence
from elman.errors import ElmanError
from elman.utils import compression
from forged import CONLLU, TREES
from mutations import INTEGERS, TEXTS, changed_bytes, changed_json, changed_text, deepened

SENTENCES = [
    (("Mr", "Lee", "sees", "New", "York", "."), ("N", "N", "V", "N", "N", "."), ("O", "B-P", "O", "B-L", "I-L", "O")),
    (("it", "rains"), ("P", "V"), ("O", "O")),
    (("Zürich", "日本", "(", "a_b", ")", "1.5"), ("N", "N", ".", "X", ".", "X"), ("B-L", "B-L", "O", "O", "O", "O")),
    (("the", "dog", "barks"), ("D", "N", "V"), ("O", "O", "O")),
]
LABELS = ["good", "bad", "good", "bad"]
OTHERS = {
    "conllu": [
        CONLLU,
        CONLLU.replace("\n2\t", "\n2-3\tran on\t_\t_\t_\t_\t_\t_\t_\t_\n2\t").replace(
            "\n\n", "\n4.1\tx\t_\t_\t_\t_\t_\t_\t2:dep\t_\n\n"
        ),
    ],
    "trees": [TREES],
    "columns": ["-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\nPeter NNP B-PER\n", "a|X\nb|Y\n"],
    "jsonl": [
        '{"text": "Lee sees Rome", "spans": [{"start": 0, "end": 3, "label": "P"}]}\n{"text": "a b", "spans": []}\n',
        '{"text": "good", "label": 1}\n{"text": "bad film", "label": "x", "accept": ["x"], "options": []}\n',
        '{"names": ["O", "B-X"]}\n{"tokens": ["a", "b"], "ner_tags": [0, 1]}\n',
    ],
    "json": [
        '[{"id": 1, "data": {"text": "Lee sees"}, "annotations": [{"result": [{"type": "labels", "from_name": "l",'
        '"to_name": "text", "value": {"start": 0, "end": 3, "text": "Lee", "labels": ["P"]}}]}]}]',
    ],
    "csv": ['text,label\ngood film,pos\n"bad, ""very"" bad",neg\n', "sentence,word,tag\n1,a,X\n1,b,Y\n2,c,X\n"],
    "tsv": ["text\tlabel\ngood film\tpos\n"],
    "label_text": ["LOC:city Where is it ?\nNUM:date When ?\n", "pos\tgood film\n"],
    "text": ["the cats sleep.\nMr Lee sees New York.\n\nit rains"],
    "spacy": [zlib.compress(b"\x86\xa7version\xa30.1\xa5attrs\x91\x40").decode("latin-1")],
}
"""Files as other programs write them, beside those that elman writes."""


def _packing(ending: str) -> Callable[[bytes], bytes]:
    """Return a function that packs data as a file with this ending is packed."""

    def packed_in_memory(data: bytes) -> bytes:
        sink = io.BytesIO()
        stream = compression.compressing(sink, f"x{ending}")
        assert stream is not None
        stream.write(data)
        stream.close()
        return sink.getvalue()

    return packed_in_memory


def _packings() -> dict[str, Callable[[bytes], bytes]]:
    """Return how files of each ending are packed, of all that can be read here; the usual ones at their fastest."""
    found = {}
    fast: dict[str, Callable[[bytes], bytes]] = {
        ".gz": lambda data: gzip.compress(data, 1, mtime=0),
        ".xz": lambda data: lzma.compress(data, preset=0),
    }
    for ending in compression.ENDINGS:
        try:
            compression.kind_of(f"x{ending}")
        except ElmanError:  # its package is missing
            continue
        found[ending] = fast.get(ending) or _packing(ending)
    return found


PACKINGS = _packings()
NOT_READ: dict[str, Callable[[bytes], bytes]] = {".bz2": bz2.compress, ".zip": lambda data: b"PK\x03\x04" + data}
"""How files are packed that are refused."""
OF_FORMATS = {
    "columns": ["word=1", "word=2", "word=1,ner=2", "word=3,upos=4", "word=100000000000"],
    "csv": ["text=text,label=label", "word=word,sentence=sentence", "header=no,text=1,label=2", "text=9,header=no"],
    "jsonl": ["spans=widen", "words=spaces", "offsets=utf-16", "answers=all", "text=text", "names=O", "names=A,B,C"],
    "word_tag": ["separator=/", "separator=|", "separator=__"],
}
"""Options of formats; other formats with options are given all of them."""
ENCODINGS = ("utf-16", "utf-8-sig", "latin-1", "cp1252", "utf-32", "shift_jis", "gb18030")


def files() -> dict[str, list[bytes]]:
    """Return files of each format that can be read here."""
    found: dict[str, list[bytes]] = {}
    for name in INPUT_FORMATS:
        found[name] = [text.encode("latin-1" if name in BINARY else "utf-8") for text in OTHERS.get(name, [])]
        for n_columns, n_labels in ((1, 0), (2, 0), (0, 1), (1, 1)):
            try:
                found[name].append(_written(name, n_columns, n_labels))
            except (ElmanError, AttributeError, ValueError):
                continue  # not of this format, or its package is missing
    found["parquet"] += _tables()
    return {name: some or found["columns"] for name, some in found.items()}


def _written(name: str, n_columns: int, n_labels: int) -> bytes:
    holds = HOLDS[name]
    if n_columns > holds.columns or n_labels > holds.labels:
        raise ValueError(name)
    columns, labels = ("upos", "ner")[:n_columns], ("label",)[:n_labels]
    writer = open_writer(name, columns, labels)
    parts = []
    for (words, *tags), label in zip(SENTENCES, LABELS, strict=True):
        of_columns = dict(zip(columns, tags, strict=False))
        sentence = Sentence(words, of_columns, labels={"label": label} if n_labels else {})
        parts.append(writer.add(sentence, of_columns))
    whole = [part.encode() if isinstance(part, str) else part for part in (*parts, writer.finish())]
    return b"".join(whole)


def _tables() -> list[bytes]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return []
    rows = {"tokens": [["a", "b"], ["c"]], "tags": [["X", "Y"], ["X"]]}
    texts = {"text": ["good film", "bad"], "label": [1, 0], "score": [0.5, None], "more": [{"a": [1]}, None]}
    spans = {"text": ["Lee sees"], "spans": [[{"start": 0, "end": 3, "label": "P"}]]}
    found = []
    for table in (rows, texts, spans):
        sink = io.BytesIO()
        pq.write_table(pa.table(table), sink, write_page_checksum=False)
        found.append(sink.getvalue())
    return found


def changed_file(draw: random.Random, data: bytes, name: str) -> bytes:
    """Return a mutant of a file of a format."""
    kind = draw.random()
    binary = name in BINARY
    if not binary and name in ("jsonl", "json") and kind < 0.5:
        return _changed_records(draw, data, name)
    if not binary and kind < 0.75:
        return _changed_lines(draw, data)
    if kind < 0.8 and not binary:
        try:
            return data.decode().encode(draw.choice(ENCODINGS), errors="replace")
        except UnicodeDecodeError:
            pass
    return changed_bytes(draw, data, draw.choice([1, 4, 30]))


def _changed_records(draw: random.Random, data: bytes, name: str) -> bytes:
    """Return JSON with other values."""
    records = json.loads(data) if name == "json" else [json.loads(line) for line in data.splitlines()]
    changed = changed_json(draw, records)
    text = deepened(draw, json.dumps(changed, ensure_ascii=draw.random() < 0.5, indent=draw.choice([None, None, 1])))
    if name == "jsonl" and isinstance(changed, list):
        text = "".join(deepened(draw, json.dumps(record)) + "\n" for record in changed)
    return text.encode(errors="surrogatepass")


def _changed_lines(draw: random.Random, data: bytes) -> bytes:
    """Return text with other lines, fields and characters."""
    lines = data.decode(errors="surrogateescape").splitlines(keepends=True) or [""]
    for _ in range(draw.choice([1, 1, 2, 5])):
        i = draw.randrange(len(lines))
        kind = draw.randrange(9)
        separator = draw.choice(["\t", " ", ",", "_", "|"])
        fields = lines[i].split(separator)
        at = draw.randrange(len(fields))
        if kind == 0:
            lines[i : i + 1] = [lines[i]] * draw.choice([0, 2, 3, 50])
        elif kind == 1:
            j = draw.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
        elif kind == 2:
            lines.insert(
                i,
                draw.choice(
                    [
                        "\n",
                        "\r\n",
                        "# text = a\n",
                        "# newdoc\n",
                        "\t\n",
                        " \n",
                        "__label__x y\n",
                        "-DOCSTART-\n",
                        "\ufeff\n",
                    ]
                ),
            )
        elif kind == 3:
            del fields[at]
            lines[i] = separator.join(fields)
        elif kind == 4:
            lines[i] = separator.join([*fields[:at], *[fields[at]] * draw.choice([2, 3, 200]), *fields[at + 1 :]])
        elif kind == 5:
            fields[at] = draw.choice([*TEXTS, str(draw.choice(INTEGERS)), "1-2", "1.1", "2-1", "0"])
            lines[i] = separator.join(fields)
        elif kind == 6:
            lines[i] = lines[i].rstrip("\n") + draw.choice(["\r\n", "\r", "", "\x0b\n", "\u2028\n", " \n", "\t\n"])
        else:
            lines[i] = changed_text(draw, lines[i])
        lines = lines or [""]
    return "".join(lines).encode(errors="surrogateescape" if draw.random() < 0.5 else "replace")


def with_options(draw: random.Random, name: str) -> str:
    """Return the name of a format, perhaps with options."""
    if draw.random() < 0.8 or (name not in OPTIONS and draw.random() < 0.9):
        return name
    own = OF_FORMATS.get(name) or [option for options in OF_FORMATS.values() for option in options]
    options = ",".join(draw.choice(own) for _ in range(draw.choice([1, 1, 2])))
    return f"{name}:{options if draw.random() < 0.8 else changed_text(draw, options)}"


def packed(draw: random.Random, data: bytes) -> tuple[str, bytes]:
    """Return an ending and the data compressed, sometimes damaged, joined or compressed twice."""
    ending = draw.choice(list(PACKINGS))
    pack = PACKINGS[ending]
    if draw.random() < 0.02:
        ending = draw.choice(list(NOT_READ))
        pack = NOT_READ[ending]
    found = pack(data)
    kind = draw.random()
    if kind < 0.4:
        found = changed_bytes(draw, found, 3)
    elif kind < 0.5:
        found = found + pack(data) + draw.choice([b"", b"\0" * 8, b"x"])
    elif kind < 0.55:
        found = pack(found)
    elif kind < 0.6:
        found = found[: draw.randrange(len(found) + 1)]
    return draw.choice([ending, ending, "", ".gz"]), found


def write(path: Path, data: bytes) -> Any:
    """Write a file."""
    path.write_bytes(data)
    return path
