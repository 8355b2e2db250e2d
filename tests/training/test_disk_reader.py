"""Text on disk: the same words and tags as in memory, in whatever blocks they come; what is refused."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.config import Config
from elman.data.corpus import ReadOptions
from elman.data.formats import text_io as lines
from elman.errors import ConfigError, DataError
from elman.features.lexicon import Lexicon
from elman.training import disk_corpus, disk_reader, tbptt

QUIET: dict[str, Any] = {"on_warning": lambda doubt: None}
SETTINGS = {"direction": "forward", "chunk": 5, "hidden": 8, "embedding": 4, "epochs": 4, "ensemble": 1, "batch": 4}
FAST = {"epochs": 12, "learning_rate": 0.05, "dropout": 0, "word_dropout": 0, "unk_dropout": 0, "chunk": 2}
"""Settings with which the word before is learned in few epochs."""
PAIRS = [("ab"[(i * i // 3) % 2], "xy"[((i - 1) ** 2 // 3) % 2]) for i in range(400)]


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_reader, "LARGE", 100)
    monkeypatch.setattr(lines, "_BLOCK_BYTES", 37)
    monkeypatch.setattr(disk_corpus, "BLOCK", 50)
    monkeypatch.setattr(disk_corpus, "PIECE_BITS", 4)
    monkeypatch.setattr(disk_corpus, "MOST_PIECES", 3)


def file(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def columns(path: Path, pairs: list[tuple[str, str]] = PAIRS) -> str:
    return file(path / "long.txt", "# made up\n" + "".join(f"{word}\t{tag}\n" for word, tag in pairs))


def on_disk(path: str, **how: Any) -> tuple[list[tuple[str, str]], list[int]]:
    found = disk_reader.read(path, ReadOptions(**how), 0)
    inputs = found.corpus.inputs(
        Lexicon.of_vocabulary(Config().with_settings({"features": "none"}).network, found.corpus.vocabulary)
    )
    rows = np.arange(int(found.corpus.lengths.sum()))
    words = ["", *found.corpus.vocabulary.words]
    gold = found.corpus.gold(found.corpus.tags)
    assert len(gold) == len(rows)
    pairs = [(words[i], found.corpus.tags[j]) for i, j in zip(inputs.words[rows], gold[rows], strict=True)]
    return pairs, found.corpus.lengths.tolist()


def test_columns_without_a_blank_line(tmp_path: Path) -> None:
    assert on_disk(columns(tmp_path)) == (PAIRS, [400])
    assert on_disk(columns(tmp_path), format="columns:word=1,tag=2") == (PAIRS, [400])


def test_columns_with_sentences(tmp_path: Path) -> None:
    text = "\n\n".join("\n".join(f"{word} {tag}" for word, tag in PAIRS[i : i + 100]) for i in range(0, 400, 100))
    assert on_disk(file(tmp_path / "s.txt", f"{text}\n\n\n"), format="columns") == (PAIRS, [100] * 4)


def test_one_line_without_end(tmp_path: Path) -> None:
    line = " ".join(f"{word}_{tag}" for word, tag in PAIRS)
    assert on_disk(file(tmp_path / "l.txt", line)) == (PAIRS, [400])
    assert on_disk(file(tmp_path / "m.txt", f"\ufeff{line}\n{line}\n")) == (PAIRS * 2, [400, 400])


def test_a_tagger_of_a_large_file(tmp_path: Path) -> None:
    """It tells the word before each one, which only a carried state does over the borders of chunks."""
    notes: list[str] = []
    dev = file(tmp_path / "dev.txt", "".join(f"{word}\t{tag}\n" for word, tag in PAIRS[:60]))
    tagger = elman.train(
        columns(tmp_path), dev, settings={**SETTINGS, **FAST}, threads=1, on_note=notes.append, **QUIET
    )
    assert notes[0].endswith("long.txt read as columns from disk: one sentence, 400 words")
    facts = tagger.describe()
    assert facts["data"]["words"] == 400 and facts["data"]["dev_accuracy"] > 0.9
    assert tagger.evaluate(dev).accuracy == facts["data"]["dev_accuracy"]
    same = elman.train(columns(tmp_path), dev, settings={**SETTINGS, **FAST}, threads=2, **QUIET)
    assert [w.tobytes() for w in same.to_record()[1].values()] == [w.tobytes() for w in tagger.to_record()[1].values()]


def test_it_is_what_memory_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {**SETTINGS, "features": "none", "decoder": "softmax", "class_weight_power": 0}
    disk = elman.train(columns(tmp_path), settings=settings, threads=1, **QUIET).to_record()[1]
    monkeypatch.setattr(disk_reader, "LARGE", 10**9)
    memory = elman.train(columns(tmp_path), settings=settings, threads=1, **QUIET).to_record()[1]
    assert {name: w.tobytes() for name, w in disk.items()} == {name: w.tobytes() for name, w in memory.items()}


def test_the_commonest_words_alone_have_vectors(tmp_path: Path) -> None:
    path = columns(tmp_path, [*PAIRS, *[("rare", "x")] * 3])
    tagger = elman.train(path, settings={**SETTINGS, "vocabulary": 2}, threads=1, **QUIET)
    assert tagger.describe()["vocabulary"] == 2
    assert tagger.known("rare") and not tagger.known("never")  # it stood in training all the same


def test_other_files_are_for_memory(tmp_path: Path) -> None:
    conllu = file(tmp_path / "a.conllu", "1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n\n" * 20)
    assert disk_reader.large(conllu, ReadOptions()) is None
    assert disk_reader.large([[("a", "b")]], ReadOptions()) is None
    assert disk_reader.large(str(tmp_path / "none"), ReadOptions()) is None
    assert disk_reader.large([columns(tmp_path)], ReadOptions()) is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tx\n" * 50 + "b\n" + "a\tx\n", ":51: expected 2 columns separated by tabs, found 1$"),
        ("a\tx\n" * 50 + "b\t\n", ":51: a word or a tag is empty$"),
        ("a_x b_y " * 20 + "\nc " + "a_x b_y " * 20, ":2: expected word_TAG, found 'c'$"),
    ],
)
def test_broken_lines_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        elman.train(file(tmp_path / "b.txt", text), settings=SETTINGS, **QUIET)


def test_settings_that_need_memory_are_refused(tmp_path: Path) -> None:
    path = columns(tmp_path)
    with pytest.raises(ConfigError, match="^target: a text that is read from disk has one column of tags, got 1, 2$"):
        elman.train(path, target="1,2", settings=SETTINGS, **QUIET)
    for key, value in (("distill_teachers", 1), ("class_weight_power", 0.5)):
        with pytest.raises(ConfigError, match=f"^{key}: expected 0 with text that is read from disk"):
            elman.train(path, settings={**SETTINGS, key: value}, **QUIET)


# --- held out -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lengths", "percent", "train", "dev"),
    [
        ([400], 10, [360], [40]),  # within the only sentence
        ([100] * 4, 25, [100] * 3, [100]),  # at a border
        ([100] * 4, 30, [100] * 3, [100]),  # the next border leaves more than half
        ([250, 140, 10], 25, [250, 50], [90, 10]),  # it would leave too little
        ([1, 1], 50, [1], [1]),
    ],
)
def test_the_end_is_held_out(lengths: list[int], percent: float, train: list[int], dev: list[int]) -> None:
    recorder, at = disk_corpus.TaggedTextWriter(), 0
    pairs = [(f"w{i % 90}", f"t{i % 7}") for i in range(sum(lengths))]
    for n in lengths:
        recorder.add([word for word, _ in pairs[at : at + n]], [tag for _, tag in pairs[at : at + n]])
        recorder.end()
        at += n
    made = recorder.corpus(0, percent)
    assert made.held_out is not None
    assert (made.lengths.tolist(), made.held_out.lengths.tolist()) == (train, dev)
    n = sum(train)
    assert set(made.vocabulary.words) == {word for word, _ in pairs[:n]}
    assert made.vocabulary.counts.sum() == n
    assert made.tags == tuple(sorted({tag for _, tag in pairs[:n]}))
    for part, own in ((made, pairs[:n]), (made.held_out, pairs[n:])):
        assert part.first(1) == [([own[0][0]], [own[0][1]])]
        whole = part.first(10**6)
        assert [len(words) for words, _ in whole] == part.lengths.tolist()
        assert [pair for words, tags in whole for pair in zip(words, tags, strict=True)] == own
        assert part.times("t1") == sum(tag == "t1" for _, tag in own)


def test_a_share_chooses_the_epoch(tmp_path: Path) -> None:
    """Its accuracy is that of tagging the end of the text as a text by itself."""
    notes: list[str] = []
    pairs = [*PAIRS, ("new", "x"), ("a", "new")]
    path, settings = columns(tmp_path, pairs), {**SETTINGS, **FAST, "ensemble": 2}
    tagger = elman.train(path, "15%", settings=settings, threads=1, on_note=notes.append, **QUIET)
    assert notes[0].endswith("read as columns from disk: one sentence, 342 words")
    assert notes[1] == "held out for dev: the end of the text: one sentence, 60 words"
    facts = tagger.describe()["data"]
    assert (facts["words"], facts["dev_sentences"]) == (342, 1)
    assert facts["held_out"] == "the end of the text: one sentence, 60 words"
    assert facts["dev_accuracy"] > 0.85 and not tagger.known("new") and "new" not in tagger.tags
    assert tagger.evaluate([pairs[342:]]).accuracy == facts["dev_accuracy"]
    assert tagger.temperatures is not None


@pytest.mark.parametrize("percent", [0.001, 99.999])
def test_a_share_that_leaves_nothing_is_refused(percent: float, tmp_path: Path) -> None:
    message = f"^dev: {percent:g} % of 400 words leaves none for one of the two parts$"
    with pytest.raises(DataError, match=message):
        elman.train(columns(tmp_path), f"{percent} %", settings=SETTINGS, **QUIET)
    with pytest.raises(ConfigError, match="^dev: expected a path, sentences, or a share such as '10%', got 10.0$"):
        elman.train(columns(tmp_path), 10.0, settings=SETTINGS, **QUIET)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["affixes", "ngrams"])
def test_held_out_words_that_are_new_have_their_features(kind: str, tmp_path: Path) -> None:
    """The ending says the tag, of words that training never saw."""
    generator = np.random.default_rng(1)
    pairs = [(f"w{i}{'xyz'[k]}{'xyz'[k]}", "XYZ"[k]) for i, k in enumerate(generator.integers(0, 3, 600).tolist())]
    more = {"features": kind, "embedding": 8, "epochs": 6, "learning_rate": 0.02, "unk_dropout": 0.5}
    tagger = elman.train(columns(tmp_path, pairs), "10%", settings={**SETTINGS, **more}, threads=1, **QUIET)
    accuracy = tagger.describe()["data"]["dev_accuracy"]
    assert accuracy == tagger.evaluate([pairs[540:]]).accuracy > 0.9


def test_early_stopping_on_a_share(tmp_path: Path) -> None:
    settings = {**SETTINGS, "epochs": 30, "patience": 2, "learning_rate": 1e-6}
    training = elman.train(columns(tmp_path), "10%", settings=settings, threads=1, **QUIET).describe()["training"]
    assert training["epochs"] < 30 and len(training["dev_accuracies"]) == training["epochs"]


def test_held_out_sentences_side_by_side_are_tagged_as_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the number of streams, and wherever sentences are cut."""
    monkeypatch.setattr(tbptt, "HELD_OUT_STEPS", 3)
    cuts = [0, 90, 180, 300, 302, 305, 330, 331, 350, 371, 400]
    parts = [PAIRS[i:j] for i, j in itertools.pairwise(cuts)]
    path = file(tmp_path / "s.txt", "\n".join(" ".join(f"{word}_{tag}" for word, tag in part) for part in parts))
    found = []
    for n in (1, 2, 32):
        monkeypatch.setattr(tbptt, "HELD_OUT_STREAMS", n)
        tagger = elman.train(path, "25%", settings=SETTINGS, threads=1, **QUIET)
        found.append(tagger.describe()["data"]["dev_accuracy"])
    assert tagger.describe()["data"]["dev_sentences"] == 7
    assert found == [tagger.evaluate(parts[3:]).accuracy] * 3


@pytest.mark.parametrize("share", ["0%", "100%"])
def test_shares_that_leave_nothing(tmp_path: Path, share: str) -> None:
    with pytest.raises(DataError, match="^dev: expected more than 0 % and less than 100 %"):
        elman.train(columns(tmp_path), share, settings=SETTINGS, **QUIET)
    with pytest.raises(DataError, match="^dev: 99.99 % of 400 words leaves none for one of the two parts$"):
        elman.train(columns(tmp_path), "99.99%", settings=SETTINGS, **QUIET)


def test_an_empty_corpus() -> None:
    with pytest.raises(DataError, match="^no words in it"):
        disk_corpus.TaggedTextWriter().corpus()
    with pytest.raises(DataError, match="^no text in it"):
        disk_corpus.LanguageTextWriter().corpus(0)


def test_a_rate_is_found_on_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``find_rate`` tries the network that ``train`` would train: both read large files from disk."""
    path, settings = columns(tmp_path), SETTINGS | {"batch": 1, "chunk": 2}
    read = disk_reader.read
    calls: list[str] = []

    def counted(path: str, *options: Any) -> Any:
        calls.append(path)
        return read(path, *options)

    monkeypatch.setattr(disk_reader, "read", counted)
    trial = elman.find_rate(path, settings=settings, threads=1)
    assert calls == [path] and trial.rates[0] < trial.rate < trial.rates[-1]
