"""``elman train``: what it takes and refuses, what it says, what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from elman import cli, kernels
from elman.config import Config, settings_fields

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
SMALL = [item for key in ("hidden=8", "embedding=8", "epochs=2", "ensemble=1") for item in ("--set", key)]


def test_says_what_it_did_and_what_to_type_next(run: Run, train_file: Path, dev_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "my model"
    result = run("train", train_file, "--dev", dev_file, "-o", target, *SMALL)
    assert result.returncode == 0, result.stderr
    out = result.stdout.decode()
    assert "6 sentences, 26 words, 6 tags" in out
    assert "dev accuracy" in out and "the best of 2" in out
    assert f"elman tag '{target}' TEXT" in out
    err = result.stderr.decode().splitlines()
    assert f"elman: {train_file} read as word_tag" in err[0]
    assert f"elman: {dev_file} read as word_tag" in err[1]
    assert err[2:] == [f"elman: {note}" for note in [kernels.shortcoming()] if note]
    assert run("tag", target, stdin=b"the dog\n").returncode == 0


@pytest.mark.parametrize("kind", ["hmm", "frequent", "rnn"])
def test_same_seed_same_bytes_whatever_the_threads(run: Run, train_file: Path, tmp_path: Path, kind: str) -> None:
    settings = SMALL if kind == "rnn" else []
    for threads in ("1", "3"):
        arguments = ["train", train_file, "-o", tmp_path / threads, "--model", kind, "--threads", threads]
        assert run(*arguments, "--seed", "5", *settings).returncode == 0
    assert (tmp_path / "1").read_bytes() == (tmp_path / "3").read_bytes()


def test_held_out_by_request(run: Run, train_file: Path, tmp_path: Path) -> None:
    result = run("train", train_file, "--dev", "50%", "-o", tmp_path / "m", *SMALL)
    assert result.returncode == 0
    assert "held out for dev: every 2nd sentence" in result.stderr.decode()
    assert "3 sentences" in result.stdout.decode()


@pytest.mark.parametrize("kind", ["hmm", "frequent"])
def test_dev_of_a_model_without_epochs(run: Run, train_file: Path, dev_file: Path, tmp_path: Path, kind: str) -> None:
    result = run("train", train_file, "--dev", dev_file, "-o", tmp_path / "m", "--model", kind)
    json_text = run("evaluate", tmp_path / "m", dev_file, "--json").stdout
    assert f"\ndev accuracy  {100 * json.loads(json_text)['accuracy']:.2f} %\n" in result.stdout.decode()
    result = run("train", train_file, "--dev", "50%", "-o", tmp_path / "m", "--model", kind)
    assert "\ndev accuracy  " in result.stdout.decode()


def test_warnings(run: Run, train_file: Path, tmp_path: Path) -> None:
    def warnings(*arguments: object) -> str:
        result = run("train", *arguments, "-o", tmp_path / "m", "--model", "frequent")
        assert result.returncode == 0
        return str(result.stderr.decode())

    assert "elman: warning: no dev set" in warnings(train_file)
    assert "also occur in the training data" in warnings(train_file, "--dev", train_file)
    (tmp_path / "one").write_text("a\tO\n\nb\tO\n\nc\tO\n", encoding="utf-8")
    found = warnings(tmp_path / "one")
    assert "every tag is 'O'" in found and "one word only" in found
    many = "".join(f"w\tT{i}\nw\tX\n\n" for i in range(1001))
    (tmp_path / "many").write_text(many, encoding="utf-8")
    assert "1,002 distinct tags" in warnings(tmp_path / "many")


def test_files_of_other_names_among_those_to_train_on(run: Run, train_file: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.txt" for name in ("train", "dev", "test")]
    for path in paths:
        path.write_bytes(train_file.read_bytes())
    errors = run("train", *paths, "-o", tmp_path / "m", "--model", "hmm").stderr.decode()
    assert f"{paths[1]} is trained on, and by its name it is a dev set: that would be --dev {paths[1]}" in errors
    assert f"{paths[2]} is trained on, and by its name it is a test set: do not evaluate on it" in errors


def test_several_files_and_standard_input(run: Run, train_file: Path, tmp_path: Path) -> None:
    result = run("train", train_file, "-", "-o", tmp_path / "m", "--model", "hmm", stdin=b"x_Y z_Y\n")
    assert "7 sentences, 28 words, 7 tags" in result.stdout.decode()


def test_model_on_standard_output(run: Run, train_file: Path, tmp_path: Path) -> None:
    result = run("train", train_file, "-o", "-", "--model", "hmm")
    (tmp_path / "m").write_bytes(result.stdout)
    assert run("inspect", tmp_path / "m").returncode == 0
    assert "6 sentences" in result.stderr.decode()


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_odd_training_text(run: Run, tmp_path: Path, ending: str) -> None:
    (tmp_path / "t").write_text("\ufeffa\u3000b_X c\u2028d_Y \u0085_Z", encoding="utf-8", newline=ending)
    assert run("train", tmp_path / "t", "-o", tmp_path / "m", "--model", "frequent").returncode == 0
    assert run("tag", tmp_path / "m", stdin="a\u3000b \u0085\n".encode()).stdout.decode() == "a\u3000b_X \u0085_Z\n"


BAD = {
    "empty": (b"", "is empty"),
    "blank lines": (b"\n\r\n \n", "blank lines"),
    "no tag": (b"the_DET dog_NOUN\nthe_DET dog\n", ":2: expected word_TAG, found 'dog'"),
    "empty tag": (b"the_DET dog_\n", ":1: expected word_TAG"),
    "columns": (b"the\tDET\ndog\tNOUN\tX\n", ":2: expected 2 columns"),
    "column without a tag": (b"the\tDET\ndog\t\n", ":2: no tag"),
    "conllu columns": (b"1\ta" + b"\t_" * 8 + b"\n2\tb\n", ":2: expected 10 columns"),
    "not UTF-8": (b"the_DET\nd\xff_NOUN\n", ":2: byte 0xFF at offset 9 "),
    "cut off UTF-8": (b"the_DET d_\xc3", "offset 10 "),
    "NUL": (b"the_DET\nd\0_NOUN\n", ":2: a NUL"),
    "no tags to be seen": (b"the dog barks\n", "no tags to be seen"),
}


@pytest.mark.parametrize(("text", "expected"), BAD.values(), ids=BAD.keys())
def test_bad_training_text(refused: Refused, tmp_path: Path, text: bytes, expected: str) -> None:
    (tmp_path / "bad").write_bytes(text)
    line = refused("train", tmp_path / "bad", "-o", tmp_path / "m", "--log", tmp_path / "log")
    assert line.startswith(f"elman: {tmp_path / 'bad'}") and expected in line
    assert [path.name for path in tmp_path.iterdir()] == ["bad"]


def test_bad_dev_after_good_training_text(refused: Refused, train_file: Path, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"")
    assert str(tmp_path / "bad") in refused("train", train_file, "--dev", tmp_path / "bad", "-o", tmp_path / "m")
    assert "more than 0 %" in refused("train", train_file, "--dev", "0%", "-o", tmp_path / "m")
    assert "none for one" in refused("train", train_file, "--dev", "1%", "-o", tmp_path / "m")


def test_no_such_files(refused: Refused, train_file: Path, tmp_path: Path) -> None:
    assert "nowhere.txt" in refused("train", "nowhere.txt", "-o", tmp_path / "m")
    (tmp_path / "empty").mkdir()
    assert "a folder without files" in refused("train", tmp_path / "empty", "-o", tmp_path / "m")
    assert "nowhere.toml" in refused("train", train_file, "-o", tmp_path / "m", "--config", "nowhere.toml")
    assert "no column 'pos'" in refused("train", train_file, "-o", tmp_path / "m", "--target", "pos")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--set", "hiden=3"], "no setting 'hiden'"),
        (["--set", "hidden"], "expected KEY=VALUE"),
        (["--set", "=3"], "expected KEY=VALUE"),
        (["--set", "hidden=many"], "hidden: expected a whole number"),
        (["--set", "hidden=0"], "hidden: expected a number from 1"),
        (["--set", "cell=brain"], "cell: expected "),
        (["--model", "hmm", "--set", "hidden=3"], "has no settings"),
        (["--model", "hmm", "--log", "x.jsonl"], "has no epochs"),
        (["--seed", "-1"], "seed"),
        (["--seed", "one"], "--seed"),
        (["--threads", "0"], "--threads"),
        (["--encoding", "klingon"], "klingon"),
        (["--format", "text"], "text has no tags"),
        (["--format", "xml"], "format: 'xml' does not exist; expected word_tag or columns or"),
        (["--format", "text:a=b"], "format: text has no options, got 'a=b'; columns, csv, tsv"),
    ],
)
def test_bad_options(refused: Refused, train_file: Path, tmp_path: Path, arguments: list[str], expected: str) -> None:
    assert expected in refused("train", train_file, "-o", tmp_path / "m", *arguments, cwd=tmp_path)
    assert not (tmp_path / "m").exists()


def test_settings_from_a_file(run: Run, refused: Refused, train_file: Path, tmp_path: Path) -> None:
    config = tmp_path / "my.toml"
    config.write_text("epochs = 1\n[network]\nhidden = 7\nlayers = 2\n", encoding="utf-8")
    target = tmp_path / "m"
    assert run("train", train_file, "-o", target, "--config", config, "--set", "hidden = 5").returncode == 0
    settings = json.loads(run("inspect", target, "--json").stdout)["settings"]
    assert (settings["network"]["hidden"], settings["network"]["layers"], settings["training"]["epochs"]) == (5, 2, 1)
    for text, expected in ((b"hidden = [", "not TOML"), (b"\xff", "not UTF-8"), (b"[x]\na = 1\n", "no section")):
        config.write_bytes(text)
        assert expected in refused("train", train_file, "-o", target, "--config", config)


def test_vectors(run: Run, refused: Refused, train_file: Path, tmp_path: Path) -> None:
    vectors = tmp_path / "v.txt"
    vectors.write_text("the 1 2\ndog 3 4\nthe 5 6\n", encoding="utf-8")
    result = run("train", train_file, "-o", tmp_path / "m", "--vectors", vectors, *SMALL)
    assert result.returncode == 0
    err = result.stderr.decode()
    assert f"elman: {vectors}: a vector for 2 of " in err
    assert f"elman: warning: {vectors}:3: 'the' is at 1 already" in err
    vectors.unlink()
    assert run("tag", tmp_path / "m", stdin=b"the dog\n").returncode == 0
    assert "v.txt: cannot be read" in refused("train", train_file, "-o", tmp_path / "m", "--vectors", vectors)
    vectors.write_text("the 1 2\ndog 3\n", encoding="utf-8")
    assert "v.txt:2: expected 2 numbers" in refused("train", train_file, "-o", tmp_path / "n", "--vectors", vectors)
    assert "written over" in refused("train", train_file, "-o", vectors, "--vectors", vectors)
    assert "no vectors" in refused("train", train_file, "-o", tmp_path / "n", "--model", "hmm", "--vectors", vectors)


def test_ensemble(run: Run, refused: Refused, train_file: Path, dev_file: Path, tmp_path: Path) -> None:
    target, log = tmp_path / "m", tmp_path / "log"
    result = run("train", train_file, "--dev", dev_file, "-o", target, "--ensemble", "3", "--log", log, *SMALL)
    assert result.returncode == 0, result.stderr
    out = result.stdout.decode()
    evaluated = json.loads(run("evaluate", target, dev_file, "--json").stdout)
    assert f"dev accuracy  {100 * evaluated['accuracy']:.2f} %, 3 networks together" in out
    records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    epochs = sorted((record["member"], record["epoch"]) for record in records)  # of those trained side by side
    assert epochs == [(m, e) for m in (1, 2, 3) for e in (1, 2)]
    shown = run("inspect", target).stdout.decode()
    assert "seed 1, 2 epochs" in shown and "; the first of 3 networks" in " ".join(shown.split())
    assert "\nnetwork 3    2 epochs, loss" in shown and "ensemble=3" in shown
    assert len(run("tag", target, stdin=b"the dog\n").stdout.split()) == 2
    for number in ("-1", "65"):
        assert "0<=x<=64" in refused("train", train_file, "-o", target, "--ensemble", number)
    assert "expected" in refused("train", train_file, "-o", target, "--ensemble", "2", "--budget", "1s")
    assert "no settings" in refused("train", train_file, "-o", target, "--model", "hmm", "--ensemble", "2")


def test_distill(run: Run, train_file: Path, tmp_path: Path) -> None:
    assert run("train", train_file, "-o", tmp_path / "m", *SMALL, "--set", "distill_teachers=2").returncode == 0
    assert b"distill_teachers=2" in run("inspect", tmp_path / "m").stdout
    assert run("train", train_file, "-o", tmp_path / "n", *SMALL, "--set", "decoder=softmax").returncode == 0
    sizes = [(tmp_path / name).stat().st_size for name in "mn"]
    assert abs(sizes[0] - sizes[1]) < 200  # one network


def test_targets_that_cannot_be_written(refused: Refused, train_file: Path, tmp_path: Path) -> None:
    for target in (tmp_path, train_file / "m", tmp_path / "nowhere" / "m"):
        assert str(target) in refused("train", train_file, "-o", target)
        assert str(target) in refused("train", train_file, "-o", tmp_path / "m", "--log", target)
    assert "written over" in refused("train", train_file, "-o", train_file)
    assert "written over" in refused("train", train_file, "-o", tmp_path / "m", "--log", train_file)
    assert "two files" in refused("train", train_file, "-o", tmp_path / "m", "--log", tmp_path / "m")
    assert [path.name for path in tmp_path.iterdir()] == [train_file.name]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this machine")
def test_full_targets(refused: Refused, train_file: Path, tmp_path: Path) -> None:
    assert "/dev/full" in refused("train", train_file, "-o", "/dev/full", "--model", "hmm")


def test_old_model_survives_an_error(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"old")
    (tmp_path / "bad").write_bytes(b"the_DET dog\n")
    refused("train", tmp_path / "bad", "-o", tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == b"old"


def test_log(run: Run, train_file: Path, dev_file: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert run("train", train_file, "--dev", dev_file, "-o", tmp_path / "m", "--log", log, *SMALL).returncode == 0
    records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [record["epoch"] for record in records] == [1, 2]
    for key in ("loss", "train_accuracy", "dev_accuracy", "rate", "words_per_second", "seconds", "seconds_left"):
        assert isinstance(records[0][key], float)
    for key in ("gradient_norm", "mean_gradient_norm", "largest_gradient_norm", "clipped", "saturated", "dead"):
        assert isinstance(records[0][key], float)
    assert records[0]["warning"] is None
    assert {record["isa"] for record in records} == {kernels.describe()["isa"]}


def test_a_run_that_has_stopped_learning(run: Run, train_file: Path, tmp_path: Path) -> None:
    """A rate so small that nothing moves; two networks, of each of which it is said."""
    log, still = tmp_path / "log", ["--set", "learning_rate=1e-9", "--set", "decay=none", "--set", "epochs=5"]
    plain = ["--set", "dropout=0", "--set", "word_dropout=0", "--set", "unk_dropout=0", "--ensemble", "2"]
    done = run("train", train_file, "-o", tmp_path / "m", "--log", log, *still, *plain, "--set", "hidden=8")
    assert done.returncode == 0
    for member in (1, 2):
        said = f"elman: warning: network {member}: epoch 4: the loss has not fallen for 3 epochs"
        assert done.stderr.decode().count(said) == 1
    warnings = [json.loads(line)["warning"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert [warning is not None for warning in warnings].count(True) == 2
    assert done.stdout.count(b"warning") == 0


def test_help_settings_lists_them_all(run: Run) -> None:
    text = run("settings").stdout.decode()
    assert max(map(len, text.splitlines())) <= 80
    for _, field in settings_fields():
        assert f"  {field.name}=" in text
        assert field.metadata["help"] in " ".join(text.split())
    assert f"default {Config().network.hidden}, fast 64, best 160, tutorial 64" in text


def test_a_budget_is_settings_set_by_hand(run: Run, train_file: Path, dev_file: Path, tmp_path: Path) -> None:
    """So small a corpus has all the epochs it may have long before the time is over."""
    common = ["train", train_file, "--dev", dev_file, "--set", "hidden=8", "--set", "embedding=8"]
    result = run(*common, "-o", tmp_path / "fitted", "--budget", "20s")
    assert result.returncode == 0, result.stderr
    assert "elman: budget 20 s: hidden=" in result.stderr.decode()
    settings = json.loads(run("inspect", tmp_path / "fitted", "--json").stdout)["settings"]["training"]
    by_hand = ["--set", "ensemble=1", "--set", f"epochs={settings['epochs']}"]
    assert run(*common, "-o", tmp_path / "by hand", *by_hand).returncode == 0
    assert (tmp_path / "fitted").read_bytes() == (tmp_path / "by hand").read_bytes()


def test_bad_budgets(refused: Refused, train_file: Path, tmp_path: Path) -> None:
    def line(budget: str, *arguments: object) -> str:
        return refused("train", train_file, "-o", tmp_path / "m", "--budget", budget, *arguments)

    assert "budget: expected more than 0 s, got '0'" in line("0")
    assert "budget: expected a time such as 60s, 2m or 1.5h, got 'abc'" in line("abc")
    assert "one epoch takes" in line("0.001s")
    assert "leave out either the budget or epochs=" in line("60s", "--set", "epochs=3")
    assert "the rnn's" in line("60s", "--model", "hmm")
    assert not (tmp_path / "m").exists()


def test_find_rate(run: Run, refused: Refused, train_file: Path, tmp_path: Path) -> None:
    result = run("find-lr", train_file, "--set", "hidden=8")
    assert (result.returncode, result.stderr) == (0, b"")
    lines = result.stdout.decode().splitlines()
    assert lines[0].split() == ["rate", "loss"] and len(lines) == 17
    rate = lines[14].split()[1].rstrip(":")
    assert 0 < float(rate) < 10
    assert lines[-1] == f"next  elman train {train_file} -o MODEL --set learning_rate={rate}"
    assert not (tmp_path / "m").exists()
    assert run("find-lr", train_file, "--set", "hidden=8").stdout == result.stdout
    assert "find-lr: it is for the tasks tag and classify" in refused("find-lr", train_file, "--task", "lemma")


def test_no_output(refused: Refused, train_file: Path) -> None:
    assert "Missing option '-o' / '--output'; see elman train --help" in refused("train", train_file)


def test_ctrl_c_in_the_first_epoch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], train_file: Path, tmp_path: Path
) -> None:
    from elman.cli import training_run

    stopped = SimpleNamespace(interrupted=True, describe=lambda: {"training": {"epochs": 0}})
    monkeypatch.setattr(training_run, "_train", lambda *_: stopped)
    assert cli.run(["train", str(train_file), "-o", str(tmp_path / "m")]) == 130
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "elman: stopped before the first epoch was done; nothing is written\n")
    assert not (tmp_path / "m").exists()


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals there")
def test_progress_on_a_terminal_only(environment: dict[str, str], train_file: Path, tmp_path: Path) -> None:
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "elman", "train", str(train_file), "-o", str(tmp_path / "m"), *SMALL],
        stdout=subprocess.PIPE,
        stderr=slave,
        env=environment | {"TERM": "xterm"},
    )
    os.close(slave)
    seen = b""
    try:
        while block := os.read(master, 4096):
            seen += block
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(master)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"epoch 2/2" in seen and b"words/s" in seen and b"loss" in seen
    assert seen.index(b"warning: no dev set") < seen.index(b"epoch")  # in time to stop it
    assert b"epoch" not in out
