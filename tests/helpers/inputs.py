"""Small files of every format that is read, and mutants of them: of bytes, lines, fields, JSON values, compression."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elman.data.formats import HOLDS, INPUT_FORMATS, open_writer
from elman.data.sentence import Sentence
from elman.errors import ElmanError
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
}
"""Files as other programs write them, beside those that elman writes."""
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, 1, mtime=0),
    ".xz": lambda data: lzma.compress(data, preset=0),
}
try:
    from backports import zstd

    PACKINGS[".zst"] = lambda data: bytes(zstd.compress(data, 1))
except ImportError:
    pass
ENCODINGS = ("utf-16", "utf-8-sig", "latin-1", "cp1252", "utf-32", "shift_jis", "gb18030")


def files() -> dict[str, list[bytes]]:
    """Return files of each format that can be read here."""
    found: dict[str, list[bytes]] = {}
    for name in INPUT_FORMATS:
        found[name] = [text.encode() for text in OTHERS.get(name, [])]
        for n_columns, n_labels in ((1, 0), (2, 0), (0, 1), (1, 1)):
            try:
                found[name].append(_written(name, n_columns, n_labels))
            except (ElmanError, AttributeError, ValueError):
                continue  # not of this format, or its package is missing
    found["parquet"] += _tables()
    return {name: some for name, some in found.items() if some}


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
    binary = name in ("parquet", "spacy")
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


def packed(draw: random.Random, data: bytes) -> tuple[str, bytes]:
    """Return an ending and the data compressed, sometimes damaged, joined or compressed twice."""
    ending = draw.choice(list(PACKINGS))
    pack = PACKINGS[ending]
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


def bombs() -> dict[str, Callable[[], bytes]]:
    """Return contents that are large when they are read."""
    n = 20_000_000
    return {
        "one line": lambda: b"a" * n,
        "one line too long": lambda: b"a" * (6 * n),
        "spaces": lambda: b" " * n,
        "lines": lambda: b"a b\n" * (n // 200),
        "empty lines": lambda: b"\n" * (n // 20),
        "one sentence": lambda: b"a\tX\n" * (n // 50),
        "tabs": lambda: b"a" + b"\t" * n,
        "underscores": lambda: b"a_b " * (n // 10) + b"\n",
        "brackets": lambda: b"(S " * (n // 10),
        "JSON lists": lambda: b"[" * n,
        "JSON objects": lambda: b'{"tokens":' * (n // 10),
        "JSON list of numbers": lambda: b"[" + b"1," * (n // 10),
        "JSON number": lambda: b'[{"tokens": ["a"], "tags": [' + b"9" * (n // 10) + b"]}]",
        "CSV quote": lambda: b'text,label\n"' + b"a,\n" * (n // 10),
        "CSV columns": lambda: b"text,label" + b",a" * (n // 10) + b"\nx,y\n",
        "zeros": lambda: bytes(n),
        "bad bytes": lambda: b"a_X\n" + b"\xff" * n,
        "comments": lambda: b"# a = b\n" * (n // 40),
        "labels": lambda: b"__label__a " * (n // 20) + b"text\n",
    }


def bomb(draw: random.Random) -> tuple[str, str, bytes]:
    """Return the kind of a bomb, its ending, and its bytes, compressed."""
    kind, make = draw.choice(list(bombs().items()))
    ending = draw.choice(list(PACKINGS))
    return kind, ending, PACKINGS[ending](make())


def write(path: Path, data: bytes) -> Any:
    """Write a file anew."""
    path.write_bytes(data)
    return path
