"""The texts of the speed benchmark, the other tools' inputs, and its large file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cases import processes, text
from harness import machine
from peers import taggers


def test_texts(small_text: Path) -> None:
    assert text.text_file("test").read_text() == "The dogs bark .\nCats sleep\n"
    assert text.text_file("test10").read_text().count("\n") == 20
    assert text.text_file("all").read_text().count("\n") == 6
    assert text.text_file("one").read_text().count("\n") == 1


def test_the_large_file_has_new_words_and_is_the_same_each_time(
    small_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "NEW", 6)
    first = text.large_file(1000)
    large = first.read_text()
    assert 1000 <= len(large) < 1100 and large.endswith("\n")
    words = set(large.split())
    assert len(words) > len({word for words, _ in text.sentences("train") for word in words})
    assert all(line.count(" ") in (1, 3) for line in large.splitlines())
    first.unlink()
    assert text.large_file(1000).read_text() == large


def test_without_the_data_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "DATA", tmp_path)
    with pytest.raises(SystemExit, match=r"no ../shared/data/ud/en_ewt/en_ewt-ud-dev.conllu"):
        text.treebank("dev")


def test_ewt(shared_data: Path) -> None:
    test = text.sentences("test")
    assert (len(test), sum(len(words) for words, _ in test)) == (2077, 25094)
    assert all(len(words) == len(tags) for words, tags in test)


def test_features_for_crfsuite() -> None:
    assert taggers.shape("McDonald's-42") == "XxXx-x-d"
    assert taggers.word_features("Ox") == ["w=Ox", "l=ox", "s=Xx", "p=o", "e=x", "p=ox", "e=ox"]
    features = taggers.CRFsuite().features(["A", "cat"])
    pairs = ["-2=<", "+2=>", "-l+l=< a", "l+l=a cat"]
    assert features[0] == [*taggers.word_features("A"), "-<", "+l=cat", "+e=cat", "+s=x", *pairs]
    assert features[1][-8:] == ["-l=a", "-e=a", "-s=X", "+>", "-2=<", "+2=>", "-l+l=a cat", "l+l=cat >"]


def test_what_a_process_takes_beyond_its_start() -> None:
    found = processes.without_start(1000, [3.0, 2.0, 2.5], [1.0, 1.0, 0.5])
    assert found["rounds"] == [500.0, 1000.0, 500.0] and found["unit"] == "words/s"


def test_the_tagged_text_is_checked(small_text: Path) -> None:
    text.text_file("test")
    names = ("default, exact, 1 core", "default, exact, 2 cores")
    outs = [small_text / f"{i}.txt" for i in range(2)]
    good = "The_DET dogs_NOUN bark_NOUN ._PUNCT\nCats_NOUN sleep_VERB\n"
    for out in outs:
        out.write_text(good)
    processes.check("test", dict(zip(names, outs, strict=True)))
    assert processes.upos(outs[0]) == pytest.approx(5 / 6)
    outs[1].write_text(good.replace("bark_NOUN", "bark_VERB"))
    with pytest.raises(RuntimeError, match="2 cores, test: the tags differ from those on one core"):
        processes.check("test", dict(zip(names, outs, strict=True)))
    outs[1].write_text(good.replace("Cats", "Rats"))
    with pytest.raises(RuntimeError, match="the words are not those of the text"):
        processes.check("test", dict(zip(names, outs, strict=True)))


# --- a large file -------------------------------------------------------------------------------------------------


def test_rates_of_both_ends() -> None:
    course = [(1.0, 0), (2.0, 10_000_000), (3.0, 20_000_000), (5.0, 30_000_000)]
    found = [processes.Sample(seconds, place, 50.0, 60.0) for seconds, place in course]
    assert processes.rates(found, 10_000_000) == pytest.approx((10.0, 5.0))


@pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="needs /proc")
def test_a_process_is_followed_through_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "EVERY", 0.01)
    path = tmp_path / "text"
    path.write_bytes(b"x" * 1000)
    code = "import sys, time; f = open(sys.argv[1], 'rb', 0); f.read(400); time.sleep(0.3)"
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as process:
        found = processes.samples(process, path)
    assert found[0].position in (0, 400) and {400, 1000} <= {sample.position for sample in found}
    assert found[-1].position == 1000 and found[-1].peak_mb >= found[0].rss_mb > 1
    assert processes.position(process.pid, path) is None and machine.memory(process.pid) is None
