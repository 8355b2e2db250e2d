"""What is returned shows itself: one helpful line, and in a notebook a small table that is whole and escaped."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

import elman
from elman.analysis.confidence import calibrations, collect_confidences
from elman.comparison import compare_runs
from elman.utils.summary import Summary

EVIL = "<b>&'\""
TRAIN = [[("the", "DET"), (EVIL, "N<i>")], [("a", "DET"), ("cat", "N<i>")]] * 4
SPANS = [[("mr", "O"), ("lee", "B-PER"), ("jones", "I-PER")]] * 3
PLAIN = {"ConfigError", "DataError", "ElmanError", "MissingExtraError", "ModelFileError", "OutputError"}
PLAIN |= {"ProgressBar"}  # no result


def quiet(data: Any, **how: Any) -> Any:
    settings = {"hidden": 2, "epochs": 1, "ensemble": 1}
    return elman.train(data, **{"settings": settings, "on_warning": lambda text: None, **how})


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One result of each kind."""
    folder = tmp_path_factory.mktemp("reprs")
    (folder / "t.txt").write_text("a_X b_Y\n", encoding="utf-8")
    (folder / "lines").write_text("a b\n" * 20, encoding="utf-8")
    settings = {"hidden": 2, "epochs": 1, "ensemble": 1}
    hmm, rnn = quiet(TRAIN, model="hmm", settings={}), quiet(TRAIN)
    texts = [("good film", "pos"), ("bad film", "neg")] * 3
    rows = [elman.Sentence(tuple("123"), {"y": tuple("246")})] * 4
    lm, numbers = quiet(str(folder / "lines"), task="lm"), quiet(rows, task="regress")
    of_texts = quiet(texts, model="linear", settings={})
    made = [elman.Sentence(tuple(word for word, _ in sentence)) for sentence in TRAIN]
    confidences = collect_confidences(rnn, [elman.Sentence(("the",), {"tag": ("DET",)})])
    calibration = calibrations(rnn, [elman.Sentence(("the",), {"tag": ("DET",)})], confidences)["tag"]
    events: list[Any] = []
    quiet(TRAIN, on_progress=events.append)
    return {
        "tagger": hmm,
        "network": rnn,
        "classifier": of_texts,
        "language model": lm,
        "regressor": numbers,
        "ensemble": rnn.ensemble,
        "stream": rnn.stream(),
        "sentence": elman.Sentence((EVIL, "dog"), {"upos": ("X", "NOUN")}, "t.conllu", 3),
        "sentence without columns": made[0],
        "evaluation": hmm.evaluate(TRAIN),
        "spans": quiet(SPANS, model="hmm", settings={}).evaluate(SPANS).spans,
        "classes": of_texts.evaluate(texts),
        "perplexity": lm.evaluate(str(folder / "lines")),
        "numbers": numbers.evaluate(rows),
        "check": elman.check(TRAIN),
        "conversion": elman.convert(folder / "t.txt", folder / "o.jsonl"),
        "comparison": elman.compare(TRAIN, hmm, rnn, resamples=10),
        "runs": compare_runs([0.9, 0.91], [0.93, 0.95]),
        "runs of A": compare_runs([0.9, 0.91], [0.93, 0.95]).a,
        "errors": elman.find_errors(hmm, [[("the", "N<i>"), (EVIL, "DET")]]),
        "curve": elman.curve(TRAIN * 2, TRAIN, points=3, seeds=1, model="hmm"),
        "search": elman.search(TRAIN, TRAIN, trials=2, settings=settings, on_warning=lambda text: None),
        "gradients": elman.gradients(rnn, TRAIN),
        "lags": elman.gradients(rnn, TRAIN).curves[0],
        "attribution": elman.attributions(rnn, ["the", EVIL])[1],
        "rates": elman.find_rate(TRAIN, settings={"hidden": 2}),
        "calibration": calibration,
        "reliability": calibration.shown,
        "progress": events[-1],
    }


class Tags(HTMLParser):
    """Counts what is open, and refuses what is not part of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[int] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in ("table", "caption", "tr", "th", "td"), tag
        assert {name for name, _ in attributes} <= {"style", "colspan"}
        self.open.append(tag)
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_result_is_one_line_and_a_small_table(results: dict[str, Any]) -> None:
    for name, result in results.items():
        line = repr(result)
        assert line.startswith(f"<{type(result).__name__}: ") and line.endswith(">"), name
        assert line.isprintable() and len(line) < 300, name
        page = result._repr_html_()
        tags = Tags()
        tags.feed(page)
        assert not tags.open and len(page) < 10_000, name
        assert len(tags.rows) > 1 and len(set(tags.rows[:-1])) == 1, name


def test_every_public_class_shows_itself(results: dict[str, Any]) -> None:
    shown = {type(result) for result in results.values()}
    for name in set(elman.__all__) - PLAIN:
        value = getattr(elman, name)
        if isinstance(value, type):
            assert issubclass(value, Summary) and value.__repr__ is Summary.__repr__, name
            assert any(issubclass(kind, value) or issubclass(value, elman.Predictor) for kind in shown), name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tagger", "<Tagger: hmm, tag (2 tags), trained on 8 sentences>"),
        ("evaluation", "<TagEvaluation: 100.00 % of 16 words, 8 of 8 sentences>"),
        ("numbers", "<RegressionEvaluation: RMSE "),
        ("conversion", "<ConversionResult: 1 sentence, 2 words>"),
        ("spans", "<SpanEvaluation: F1 100.00 %, 3 correct of 3 predicted and 3 gold>"),
        ("sentence", "<Sentence: 2 words, "),
        ("check", "<CheckReport: "),
    ],
)
def test_what_the_line_says(results: dict[str, Any], name: str, expected: str) -> None:
    assert repr(results[name]).startswith(expected)


def test_words_and_tags_are_escaped(results: dict[str, Any]) -> None:
    show: Callable[[str], str] = lambda name: results[name]._repr_html_()  # noqa: E731
    assert "N&lt;i&gt;" in show("tagger") and "N&lt;i&gt;" in show("evaluation")
    for name in results:
        assert "<b>" not in show(name) and "<i>" not in show(name), name


def test_a_sentence_without_words() -> None:
    assert repr(elman.Sentence(())) == "<Sentence: 0 words, ''>"
    assert elman.Sentence(())._repr_html_().count("<tr>") == 1
