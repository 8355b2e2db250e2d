"""``elman gradients`` and ``elman states``."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import zlib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from elman.analysis.gradients import Attribution
from elman.analysis.lag_curves import GradientReport, LagCurve
from elman.cli.commands import gradients, states
from elman.nn.activations import States
from elman.utils.text_width import cells
from elman.viz import attribution_html as why_page, html as document

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

HOSTILE = "<script>alert('&')</script>\"\u202e"
PLAIN = [f"--set={item}" for item in ("hidden=5", "epochs=1", "ensemble=1", "features=none", "embedding=4")]
TEXT = "the_DET dog_NOUN barks_VERB ._PUNCT\na_DET cat_NOUN sleeps_VERB ._PUNCT\n"


@pytest.fixture(scope="module")
def made(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with lstm.model, elman.model (forward alone), two.model (two networks) and test.txt."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "test.txt").write_text(TEXT, encoding="utf-8")
    (folder / "plain.txt").write_text("the dog barks\n\na cat\n", encoding="utf-8")
    for name, settings in (
        ("lstm", ["cell=lstm"]),
        ("elman", ["cell=elman", "direction=forward"]),
        ("two", ["cell=gru", "ensemble=2"]),
    ):
        given = [f"--set={one}" for one in settings]
        done = run("train", folder / "test.txt", "-o", folder / f"{name}.model", *PLAIN, *given)
        assert done.returncode == 0, done.stderr.decode()
    return folder


class Checker(HTMLParser):
    """Holds that elements are closed in order and that nothing comes from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "iframe", "object")
        assert not any(name.startswith("on") or "://" in (value or "") for name, value in attrs)
        self.sources += [value or "" for name, value in attrs if name == "src"]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def checked(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    return checker


# --- elman gradients -------------------------------------------------------------------------------------------------


def test_a_table_and_a_picture(run: Run, made: Path) -> None:
    pytest.importorskip("matplotlib")
    models = [made / "elman.model", made / "lstm.model", made / "two.model"]
    done = run("gradients", *models, made / "test.txt", "--plot", made / "lag.svg")
    text, notes = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == 0, notes
    assert notes.count("read as") == 1 and "two.model: the first of 2 networks" in notes
    assert max(map(len, text.splitlines())) <= 80
    assert "over 8 words (sentences: 2); layer 1, read forward" in text and "read backward" in text
    forward, backward = re.findall(r"^lag k .*$", text, flags=re.MULTILINE)
    assert forward.split() == ["lag", "k", "elman", "h", "lstm", "h", "lstm", "c", "two", "h"]
    assert backward.split() == ["lag", "k", "lstm", "h", "lstm", "c", "two", "h"]
    assert len(re.findall(r"^    3( +\d\.\d\de-\d\d)+$", text, flags=re.MULTILINE)) == 2  # sentences of four words
    assert len(re.findall(r"^ step( +× \d\.\d+)+$", text, flags=re.MULTILINE)) == 2
    assert (made / "lag.svg").read_bytes().startswith(b"<?xml")


def test_numbers(run: Run, made: Path) -> None:
    arguments = ["--json", "--lags", "2", "--positions", "5"]
    facts = json.loads(run("gradients", made / "lstm.model", made / "test.txt", *arguments).stdout)
    (one,) = facts["models"]
    assert one["model"] == str(made / "lstm.model")
    assert (one["cell"], one["positions"], one["sentences"], one["unknown"]) == ("lstm", 5, 2, 0)
    assert [(curve["direction"], curve["state"]) for curve in one["curves"]] == [
        (direction, state) for direction in ("forward", "backward") for state in "hc"
    ]
    assert all(len(curve["norms"]) == 3 and min(curve["norms"]) > 0 for curve in one["curves"])
    tagged = run("gradients", made / "lstm.model", made / "test.txt", "--json", "--tags", "VERB,DET").stdout
    assert json.loads(tagged)["models"][0]["curves"][0]["positions"] == [4, 2, 2]


def test_tags_that_a_model_does_not_know(run: Run, made: Path, tmp_path: Path) -> None:
    (tmp_path / "new").write_text(TEXT + "odd_ODD\n", encoding="utf-8")
    done = run("gradients", made / "elman.model", tmp_path / "new")
    assert b"1 sentences have a tag that it does not know" in done.stderr


def test_one_lag_has_no_step() -> None:
    curve = LagCurve("forward", "h", (0.5,), (0.5,), (1.0,), (1,))
    longer = LagCurve("forward", "c", (0.5, 0.25), (0.5, 0.25), (1.0, 0.5), (2, 1))
    text = gradients.table([("x" * 90, GradientReport("lstm", 1, 1, 1, (curve, longer), 2, 1, 0))])
    lines = re.sub(r"\x1b\[\d+m", "", text).splitlines()  # bold
    short = f"{'x' * 9}…{'x' * 9}"
    assert lines[3].split() == ["lag", "k", short, "h", short, "c"]
    assert lines[-2].split() == ["1", "2.50e-01"] and lines[-1].split() == ["step", "–", "–"]


def test_models_whose_names_look_alike_are_told_apart() -> None:
    curve = LagCurve("forward", "h", (0.5, 0.25), (0.5, 0.25), (1.0, 0.5), (2, 1))
    report = GradientReport("lstm", 1, 1, 1, (curve,), 2, 1, 0)
    names = [f"{'東京' * 9}{i}{'x' * 20}" for i in (1, 2)]
    lines = re.sub(r"\x1b\[\d+m", "", gradients.table([(name, report) for name in names])).splitlines()
    head, first = lines[3], lines[4]
    assert len(set(head.split()[2::2])) == 2
    assert cells(head[: head.index("2")]) - cells(head[: head.index("1")]) == first.rindex("5.00") - first.index("5")


def test_words_that_decided(run: Run, made: Path) -> None:
    done = run("gradients", made / "lstm.model", "--text", "the dog barks", "--token", "3", "--html", made / "why.html")
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().splitlines()
    assert re.fullmatch(r"word 3, barks: [A-Z]+, \d+\.\d\d above [A-Z]+", lines[0])
    assert [line.split()[:2] for line in lines[3:]] == [["1", "the"], ["2", "dog"], ["3", "barks"]]
    assert "barks" in checked((made / "why.html").read_text(encoding="utf-8")).text
    every = run("gradients", made / "lstm.model", "--text", "the dog barks").stdout.decode()
    assert [line.split()[:2] for line in every.splitlines()[1:]] == [["1", "the"], ["2", "dog"], ["3", "barks"]]
    facts = json.loads(run("gradients", made / "lstm.model", made / "test.txt", "--sentence", "2", "--json").stdout)
    assert [one["at"] for one in facts["words"]] == [1, 2, 3, 4]
    assert facts["words"][0]["words"] == ["a", "cat", "sleeps", "."]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["lstm.model"], "expected MODEL... FILE"),
        (["test.txt", "lstm.model"], "MODEL and FILE look swapped"),
        (["lstm.model", "test.txt", "--text", "a b"], "no FILE with it"),
        (["lstm.model", "two.model", "test.txt", "--sentence", "1"], "expected one MODEL"),
        (["lstm.model", "test.txt", "--token", "1"], "they are for the words"),
        (["lstm.model", "--text", "a", "--sentence", "1"], "leave out one"),
        (["lstm.model", "--text", "a", "--plot", "x.png"], "--html shows which words"),
        (["lstm.model", "--text", "a", "--token", "2"], "from 1 to 1, got 2"),
        (["lstm.model", "--text", ""], "found an empty one"),
        (["lstm.model", "test.txt", "--sentence", "3"], "has 2 sentences, got 3"),
        (["lstm.model", "test.txt", "--layer", "2"], "from 1 to 1, got 2"),
        (["lstm.model", "test.txt", "--tags", "X"], "the model's tags are"),
        (["lstm.model", "test.txt", "--plot", "x.pdf"], ".png or .svg"),
        (["lstm.model", "test.txt", "--sentence", "1", "--html", "test.txt"], "written over"),
    ],
)
def test_refused(refused: Refused, made: Path, arguments: list[str], expected: str) -> None:
    assert expected in refused("gradients", *arguments, cwd=made)


def test_a_model_without_states(refused: Refused, model: Path, made: Path) -> None:
    assert "the model frequent has none" in refused("gradients", model, made / "test.txt")


def test_several_columns(run: Run, refused: Refused, tmp_path: Path) -> None:
    rows = [("the", "D", "O"), ("old", "A", "B"), ("dog", "N", "B")]
    text = "".join(f"{i}\t{word}\t_\t{tag}\t{other}" + "\t_" * 5 + "\n" for i, (word, tag, other) in enumerate(rows, 1))
    (tmp_path / "t.conllu").write_text(f"{text}\n" * 3, encoding="utf-8")
    done = run("train", tmp_path / "t.conllu", "-o", tmp_path / "m", "--target", "upos,xpos", *PLAIN)
    assert done.returncode == 0, done.stderr.decode()
    done = run("gradients", tmp_path / "m", tmp_path / "t.conllu", "--target", "xpos", "--tags", "B", "--json")
    assert json.loads(done.stdout)["models"][0]["positions"] == 6
    done = run("gradients", tmp_path / "m", "--text", "old dog", "--token", "1", "--target", "xpos", "--json")
    assert {json.loads(done.stdout)["words"][0][key] for key in ("tag", "against")} == {"O", "B"}
    assert "label columns are upos, xpos" in refused(
        "gradients", tmp_path / "m", tmp_path / "t.conllu", "--target", "x"
    )


def test_a_hostile_page() -> None:
    one = Attribution((HOSTILE, "b"), 1, HOSTILE, HOSTILE, 1.0, (0.5, -0.25))
    page = why_page.page([one, Attribution(("x",), 1, "T", "", 0.0, (0.0,))], HOSTILE)
    checker = checked(page)
    assert "alert" in checker.text and "\u202e" not in checker.text
    assert 'title="+0.500, +67 %"' in page and 'title="-0.250, -33 %"' in page
    assert "rgba(33, 102, 172, 0.750)" in page and "rgba(178, 24, 43, 0.375)" in page


def test_a_bar_for_each_word() -> None:
    lines = gradients.one_tag(Attribution(("a", "b"), 2, "T", "", 1.5, (3.0, -1.0))).splitlines()
    assert lines[0] == "word 2, b: T, 1.50"
    assert lines[3].split() == ["1", "a", "+3.000", "+75", "%", "+" * 15]
    assert lines[4].split() == ["2", "b", "-1.000", "-25", "%", "-" * 5]


# --- elman states ----------------------------------------------------------------------------------------------------


def test_states(run: Run, made: Path) -> None:
    pytest.importorskip("matplotlib")
    outputs = ["--plot", made / "states.png", "--html", made / "states.html"]
    done = run("states", made / "lstm.model", made / "test.txt", "--sentence", "2", "--direction", "backward", *outputs)
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "lstm, layer 1, backward: means over 5 units"
    assert lines[2].split() == ["word", "|h|", "moved", "input", "forget", "output"]
    assert [line.split()[0] for line in lines[3:]] == ["a", "cat", "sleeps", "."]
    assert lines[-1].split()[1] == lines[-1].split()[2]  # the last word is read first: all of its state is new
    assert (made / "states.png").read_bytes().startswith(b"\x89PNG")
    page = checked((made / "states.html").read_text(encoding="utf-8"))
    assert len(page.sources) == 5 and "sleeps" in page.text and "forget gate" in page.text


def test_states_of_plain_text(run: Run, made: Path) -> None:
    done = run("states", made / "elman.model", made / "plain.txt", "--sentence", "2", "--json")
    facts = json.loads(done.stdout)
    assert facts["words"] == ["a", "cat"] and np.array(facts["h"]).shape == (2, 5)
    assert (facts["c"], facts["gates"], facts["layer"]) == (None, {}, 1)
    done = run("states", made / "elman.model", "-", stdin=b"the dog\n")
    assert [line.split()[0] for line in done.stdout.decode().splitlines()[3:]] == ["the", "dog"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--layer", "2"], "layers 1 to 1, got 2"),
        (["--direction", "backward"], "reads forward only"),
        (["--sentence", "9"], "has 2 sentences, got 9"),
        (["--html", "test.txt"], "written over"),
    ],
)
def test_states_refused(refused: Refused, made: Path, arguments: list[str], expected: str) -> None:
    assert expected in refused("states", "elman.model", "test.txt", *arguments, cwd=made)


def test_a_bad_file_on_standard_input(refused: Refused, made: Path) -> None:
    assert "standard input" in refused("gradients", made / "elman.model", "-", "--sentence", "1", stdin=b"\0")


def test_pictures_in_a_page() -> None:
    values = np.array([[-1.0, 0.0], [1.0, 9.0], [0.5, -9.0]])  # of three words, two units
    source = document.picture(values, -1.0, 1.0)
    png = base64.b64decode(source.removeprefix("data:image/png;base64,"))
    assert png[16:24] == b"\0\0\0\3\0\0\0\2"  # three wide, two high
    start = png.index(b"IDAT") + 4
    lines = zlib.decompress(png[start : start + int.from_bytes(png[start - 8 : start - 4], "big")])
    pixels = np.frombuffer(lines, np.uint8).reshape(2, 10)[:, 1:].reshape(2, 3, 3)
    assert pixels[0, 0].tolist() == list(document.BLUE) and pixels[0, 1].tolist() == list(document.RED)
    assert pixels[1].tolist() == [list(document.WHITE), list(document.RED), list(document.BLUE)]
    one = States(0, "forward", "elman", values, None, {"update": np.abs(values) / 9})
    page = checked(states.page((HOSTILE, "b", "c"), one, HOSTILE))
    assert len(page.sources) == 2 and "alert" in page.text
