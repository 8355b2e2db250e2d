"""Put hostile text into words, tags, labels, names of columns and of files; look at all that is shown and stored.

    python tests/reliability/hostile_text.py [--share 0.1] [--seed 1] [--minutes 20]

Escape sequences, controls, bidirectional controls, HTML, markup of matplotlib and of terminals, and formulas of
spreadsheets go through every command that shows text. A terminal must get none of their controls; pages and drawings
must have no element or attribute of theirs; what is stored must have them byte for byte.
"""

from __future__ import annotations

import csv
import json
import os
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import click.utils

import campaign as campaigns
import elman
import in_process
from elman.data.formats import HOLDS, INPUT_FORMATS, read_sentences
from elman.utils.display import visible
from hostile_service import check_service

TOTAL = 300
FOLDERS = ["."]
CONTROLS = [
    "\x1b]0;EVIL\x07",
    "\x1b[35;45mEVIL",
    "\x9b35mEVIL",
    "\x9d0;EVIL\x9c",
    "\x1b[2J\x1b[HEVIL",
    "EVIL\x08\x08\x08",
    "\x1bPEVIL\x1b\\",
]
CONTROLS += [
    "\u202eEVIL",
    "\u2066EVIL\u2067",
    "EVIL\u2028EVIL",
    "EVIL\rE",
    "EVIL\x85",
    "\x0cEVIL",
    "EVIL\u200b",
    "\ufeffEVIL",
    "EVIL\x7f",
    "\U000e0001EVIL",
]
MARKUP = [
    "<script>EVIL()</script>",
    '"><img src=x onerror=EVIL()>',
    "' onmouseover='EVIL()",
    "</style><script>EVIL()</script>",
    "<!--EVIL",
    "-->EVIL",
]
MARKUP += [
    "</title><svg onload=EVIL()>",
    "&lt;EVIL&gt;",
    "]]><EVIL/>",
    "javascript:EVIL()",
    "{{EVIL}}",
    "</td></table><iframe>EVIL",
    "<a href=//EVIL>",
]
MARKUP += [
    "[bold]EVIL[/bold]",
    "[/EVIL]",
    "[link=http://EVIL]x",
    "[[EVIL",
    ":smile:EVIL",
    "$EVIL$",
    "$\\EVIL{",
    "EVIL^{_$",
    "%s%nEVIL",
    "{EVIL}",
    "{0.EVIL}",
]
FORMULAS = ["=EVIL()", "+EVIL()", "-EVIL()", "@EVIL()", "=cmd|'EVIL'!A1", '=HYPERLINK("EVIL")']
FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
OWN = re.compile(r"\x1b\[(0|1|2|22|[39][0-7])?m")
"""The styles that elman itself uses: bold, dim, a color."""
TAGS = frozenset(
    "html head meta title style body main h1 h2 h3 p nav a dl dt dd div section article header table thead tbody tr th"
    " td span small mark code pre b strong em ol ul li svg g path text rect line circle img caption details summary br"
    " ruby rt sub sup figure figcaption button input label select option script bdi tspan defs title polyline".split()
)
TINY = {"hidden": 3, "embedding": 3, "feature_embedding": 2, "epochs": 2, "ensemble": 1}
SMALL = [part for name, value in TINY.items() for part in ("--set", f"{name}={value}")]
Case = tuple[str, list[str]]


class Scene:
    """Files full of hostile text in a folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        draw = random.Random(seed)
        self.draw = draw

        def text() -> str:
            hostile = draw.choice(draw.choice([CONTROLS, MARKUP, FORMULAS]))
            return draw.choice([hostile, hostile, f"a{hostile}b"])

        self.words = list(dict.fromkeys(text() for _ in range(6)))
        self.tags = list(dict.fromkeys(text() for _ in range(3)))
        self.column = text().strip()  # as names of columns are read
        name = text().replace("/", "\u2215")
        self.file = f"f{name}"
        self.records = [
            {
                "tokens": words,
                "tags": [draw.choice(self.tags) for _ in words],
                "ner": [f"B-{draw.choice(self.tags)}" for _ in words],
            }
            for words in (
                [draw.choice([*self.words, "the", "dog"]) for _ in range(draw.randint(1, 5))] for _ in range(12)
            )
        ]
        self._write(self.file, self.records)
        self._write(
            "texts",
            [{"text": f"good {draw.choice(self.words)} dog", "label": draw.choice(self.tags)} for _ in range(12)],
        )
        self._write("named", [{"tokens": ["the", "dog"], self.column: self.tags[:1] * 2} for _ in range(4)])
        self._write("odd", [*self.records[:3], {"tokens": self.words, "tags": self.tags[:1]}])
        plain = [re.sub(r"\s", "", word) or "x" for word in self.words]
        tree = "".join(
            f"{i}\t{word}\t{word}\tNOUN\t{word}\t_\t{i - 1}\t{'root' if i == 1 else plain[0]}\t_\t_\n"
            for i, word in enumerate(plain, 1)
        )
        (folder / "tree.conllu").write_text(f"# sent_id = {plain[0]}\n{tree}\n" * 5, encoding="utf-8", newline="")
        (folder / "lm").write_text("\n".join(f"the {word} dog" for word in plain * 5), encoding="utf-8", newline="")

    def _write(self, name: str, records: list[dict[str, Any]]) -> None:
        (self.folder / name).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")

    def cases(self) -> Iterator[Case]:
        """Yield the commands, in an order in which each has what it needs."""
        file, tag, words = self.file, self.draw.choice(self.tags), self.words
        tags = ["--target", "tags"]
        yield "train", ["train", file, "--dev", file, "-o", "m", *tags, *SMALL, "--log", "log"]
        yield "train spans", ["train", file, "-o", "spans", "--target", "ner", *SMALL, "--set", "decoder=crf"]
        yield "train texts", ["train", "texts", "--dev", "texts", "-o", "texts.model", "--model", "linear"]
        yield "train trees", ["train", "tree.conllu", "-o", "trees.model", "--task", "parse", *SMALL]
        yield "train language", ["train", "lm", "-o", "lm.model", "--task", "lm", "--model", "ngram"]
        yield "train hmm", ["train", file, "-o", self.file + ".model", "--model", "hmm", *tags]
        yield "train column", ["train", "named", "-o", "named.model", "--target", self.column, "--model", "frequent"]
        for model in ("m", "spans", "texts.model", "trees.model", "lm.model", self.file + ".model", "named.model"):
            yield "inspect", ["inspect", model, *self.draw.choice([[], ["--json"]])]
        yield "tag", ["tag", "m", file, "-o", "out.jsonl", "--as", "jsonl"]
        yield (
            "tag as",
            ["tag", "m", file, "-o", "out", "--as", self.draw.choice(["csv", "tsv", "columns", "conllu", "json"])],
        )
        yield "tag texts", ["tag", "texts.model", "texts", "-o", "out.csv", "--as", "csv"]
        yield "tag trees", ["tag", "trees.model", "tree.conllu", "-o", "page.html", "--as", "html"]
        yield "tag trees", ["tag", "trees.model", "tree.conllu", "-o", "tree.txt", "--as", "tree"]
        yield "tag nothing", ["tag", "m", words[0].replace("\0", "") + "x"]
        yield "tag column", ["tag", "m", file, "-o", "o.jsonl", "--target", self.column]
        yield "sample", ["sample", "lm.model", "--length", "5"]
        for model, gold in (
            ("m", file),
            ("spans", file),
            ("texts.model", "texts"),
            ("trees.model", "tree.conllu"),
            ("lm.model", "lm"),
        ):
            yield "evaluate", ["evaluate", model, gold, *self.draw.choice([[], [], ["--json"]])]
        yield "evaluate style", ["evaluate", "spans", file, "--style", self.draw.choice(["conlleval", "seqeval"])]
        yield "evaluate plot", ["evaluate", "m", file, "--plot", "confusions.svg"]
        yield "evaluate files", ["evaluate", file, "--predicted", "out.jsonl", *tags]
        yield "evaluate calibration", ["evaluate", "m", file, "--calibration"]
        yield "compare", ["compare", file, "m", self.file + ".model", "--resamples", "20"]
        yield "errors", ["errors", "m", file, "--html", "errors.html"]
        yield "errors", ["errors", "spans", file, "--json"]
        yield "check", ["check", "--train", file, "--test", file, *tags, "--all"]
        yield "check", ["check", "tree.conllu", "--all"]
        yield "check", ["check", "odd"]
        yield "check", ["check", file, "--json", *tags]
        yield "gradients", ["gradients", "m", file, "--sentence", "1", "--html", "why.html"]
        yield "gradients", ["gradients", "m", file, "--plot", "lag.svg"]
        yield "states", ["states", "m", file, "--html", "states.html"]
        yield "states", ["states", "m", file, "--plot", "states.svg"]
        yield "curve", ["curve", file, "--dev", file, "--model", "hmm", "--plot", "curve.svg", *tags]
        yield "learn", ["learn", "m", file, "-o", "learned", "--html", "learned.html", "--heldout", file]
        yield "convert trees", ["convert", "tree.conllu", "-o", "drawn.html", "--to", "html"]
        yield "convert", ["convert", file, "-o", "c.csv", "--to", "csv", *tags]
        yield "convert odd", ["convert", "odd", "-o", "odd.csv", "--to", "csv"]
        yield "rate", ["find-lr", file, *tags, *SMALL]
        search = ["search", file, "--dev", file, "--trials", "2", *tags, *SMALL]
        yield "search", [*search, "--results", "trials.jsonl", "--plot", "search.svg", "-o", "best"]
        (self.folder / "space.toml").write_text(f"hidden = [2, 3]\n{json.dumps(tag)} = [1, 2]\n", encoding="utf-8")
        yield "search space", [*search, "--space", "space.toml"]
        yield "export", ["export", "m", self.file + ".onnx"]
        for value in (tag, words[0]):
            yield "setting", ["train", file, "-o", "x", "--set", f"{value}=1"]
            yield "option", ["tag", f"--{value}"]
            yield "command", [value]
            yield "target", ["train", file, "-o", "x", "--target", value]
            yield "format", ["check", file, "--format", value]
            yield "task", ["train", file, "-o", "x", "--task", value]
            yield "encoding", ["check", file, "--encoding", value]
            yield "serve", ["serve", "m", "--db", value + "/db"]
            for name in ("columns", "host", "token-file", "activate", "format"):
                yield "serve", ["serve", "m", file, "--db", "db", f"--{name}", value]

    def cases_of_corrections(self) -> Iterator[Case]:
        """Yield what is done with the database that a service has written."""
        export = ["corrections", "export", self.file + ".sqlite"]
        for name in ("own", "conllu", "columns", "jsonl", "label-studio"):
            yield "corrections", [*export, "--as", name, "-o", f"exported.{name}"]
        yield "corrections", [*export, "-o", "exported/"]
        for value in (*self.words[:2], self.tags[0]):
            yield "corrections", [*export, "--annotator", value, "-o", "one"]
            yield "corrections", [*export, "--file", value]
            yield "corrections", [*export, "--as", value]
            yield "corrections", ["corrections", "undo", self.file + ".sqlite", "--annotator", value]
            yield "corrections", ["corrections", "undo", self.file + ".sqlite", "--annotator", value, "--redo"]
            yield "corrections", ["corrections", "stats", value]
        yield "corrections", ["corrections", "stats", self.file + ".sqlite"]
        yield "corrections", ["corrections", "stats", self.file + ".sqlite", "--json"]


class Page(HTMLParser):
    """Collects what a page has that elman does not write."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Look at an element and its attributes."""
        if tag not in TAGS or tag == "script":
            self.wrong.append(f"<{tag}>")
        for name, value in attributes:
            is_link = name in ("href", "src", "xlink:href") and not (value or "").startswith(("#", "data:image/png;"))
            if name.startswith("on") or "evil" in name or is_link or (name == "style" and "EVIL" in (value or "")):
                self.wrong.append(f"{name}={value}")

    def handle_comment(self, data: str) -> None:
        """Look at a comment."""
        self.wrong.append(f"a comment: {data[:40]}")


def check_shown(text: str) -> None:
    """Raise AssertionError if text for a terminal has controls of others."""
    rest = OWN.sub("", text)
    found = FORBIDDEN.search(rest)
    assert found is None, f"{found[0]!r} is shown in {rest[max(0, found.start() - 60) : found.end() + 60]!r}"


def check_page(path: Path) -> None:
    """Raise AssertionError if a page or drawing has elements, attributes or controls that are not elman's."""
    text = path.read_text(encoding="utf-8")
    found = FORBIDDEN.search(text)
    assert found is None, f"{path.name}: {found[0]!r}"
    if path.suffix == ".svg":
        for element in ElementTree.fromstring(text).iter():
            names = " ".join([str(element.tag), *map(str, element.attrib)]).lower()
            assert "script" not in names and "evil" not in names and not re.search(r"(^| |\})on", names), names
        return
    page = Page()
    page.feed(text)
    page.close()
    assert not page.wrong, f"{path.name}: {page.wrong[:3]}"


def check_stored(scene: Scene) -> int:
    """Raise AssertionError unless what was stored is what was given; return the number of files looked at."""
    folder = scene.folder
    words = [record["tokens"] for record in scene.records]
    used = {tag for record in scene.records for tag in record["tags"]}
    model = elman.load(folder / "m")
    assert set(model.tags) == used and set(elman.load(folder / "named.model").targets) == {scene.column}
    tagged = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").split("\n") if line]
    assert [record["tokens"] for record in tagged] == words
    assert {tag for record in tagged for tag in record["tags"]} <= used
    n = 3
    for name in ("csv", *(name for name in INPUT_FORMATS if name in HOLDS and HOLDS[name].columns and name != "spacy")):
        out = folder / f"stored.{name}"
        out.unlink(missing_ok=True)
        done = in_process.run(["convert", scene.file, "-o", out.name, "--to", name, "--target", "tags"], b"", folder)
        if done.returncode == 2:
            assert not out.exists()
            continue
        back = [s for s in read_sentences(str(out), format="columns:word=1" if name == "columns" else name) if s.words]
        assert [list(s.words) for s in back] == words, name
        for sentence, record in zip(back, scene.records, strict=True):
            assert tuple(record["tags"]) in sentence.columns.values(), name
        n += 1
        if name == "csv":
            with open(out, encoding="utf-8", newline="") as file:
                cells = {cell for row in csv.reader(file) for cell in row}
            assert {word for sentence in words for word in sentence} <= cells
    return n


def check_python(scene: Scene) -> None:
    """Raise AssertionError if what notebooks and consoles show of objects has controls or elements of others."""
    model = elman.load(scene.folder / "m")
    rows = [list(zip(record["tokens"], record["tags"], strict=True)) for record in scene.records]
    spans = [list(zip(record["tokens"], record["ner"], strict=True)) for record in scene.records]
    shown = [model, model.evaluate(rows), elman.load(scene.folder / "spans").evaluate(spans), elman.check(rows)]  # type: ignore[attr-defined]
    shown += [
        elman.find_errors(model, rows),
        elman.Sentence(tuple(scene.words), {scene.column: tuple(scene.words)}, scene.file, 1),
    ]
    for value in shown:
        check_shown(repr(value))
        page = Page()
        page.feed(value._repr_html_())
        page.close()
        assert not page.wrong and FORBIDDEN.search(value._repr_html_()) is None, (type(value), page.wrong)


def try_case(scene: Scene, name: str, arguments: list[str]) -> str:
    """Run a command and look at what it shows; return what came out. Raises AssertionError for what should not be."""
    before = {path.name for path in scene.folder.iterdir()}
    done = in_process.run(arguments, b"", scene.folder)
    assert done.returncode in (0, 1, 2) and (done.returncode != 1 or name == "check"), (done.returncode, done.stderr)
    check_shown(done.stderr.decode())
    if name not in ("tag nothing",) and arguments[0] != "sample":
        check_shown(done.stdout.decode())
    if done.returncode == 2:
        assert done.stderr.count(b"\n") == 1, done.stderr
        return "refused in one line"
    for path in scene.folder.iterdir():
        if path.suffix in (".html", ".svg") and path.name not in before:
            check_page(path)
    return "shown safely"


def scenes(campaign: Any, folder: Path, total: int) -> None:
    """Try all commands on scenes; count into the campaign."""
    click.utils.should_strip_ansi = lambda *arguments, **options: False  # as on a terminal
    for number in campaign.cases(total):
        with tempfile.TemporaryDirectory(dir=folder) as name:
            scene = Scene(Path(name), 1_000_000 * campaign.given.seed + number)
            case = "stored"
            try:
                for case, arguments in scene.cases():
                    campaign.count(try_case(scene, case, arguments))
                case = "service"
                for outcome, n in check_service(scene, check_shown).items():
                    campaign.count(outcome, n)
                for case, arguments in scene.cases_of_corrections():
                    campaign.count(try_case(scene, case, arguments))
                case = "stored"
                campaign.count("stored byte for byte", check_stored(scene))
                case = "Python"
                check_python(scene)
                campaign.count("shown safely", 6)
            except Exception as error:
                campaign.fault(f"{number}, {case}: {type(error).__name__}: {visible(str(error))[:800]}")


def main() -> int:
    """Run the campaign."""
    title = "escape sequences, markup, HTML and formulas in words, tags, labels and names, through every command"
    campaign = campaigns.Campaign.from_command_line(__doc__, "hostile text", title=title, folders=FOLDERS)
    with tempfile.TemporaryDirectory() as folder:
        scenes(campaign, Path(folder), TOTAL)
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
