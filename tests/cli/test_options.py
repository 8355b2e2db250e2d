"""An option's name means one thing on every command; help, summaries, typos."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from elman import cli
from elman.cli import group

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

SHARED = {
    "--annotator": ("NAME", "Whose correction"),
    "--as": ("FORMAT", "Format to write"),
    "--as-printed": ("BOOL", "Train as slide 32 is printed"),
    "--bptt": ("N", "Steps that each output error goes back"),
    "--budget": ("TIME", "Time to train in, 60s or 2m: "),
    "--checkpoint": ("FILE", "Keep the state of training in FILE"),
    "--cluster": ("ADDRESS", "Use worker processes: local:N for N of this machine"),
    "--config": ("FILE.toml", "File of settings that differ from the preset."),
    "--dev": ("FILE", "Development "),
    "--encoding": ("STRING", "Character encoding of the input; never guessed."),
    "--every": ("TIME", "Time between two states"),
    "--format": ("FORMAT", "Format of the input (docs/reference/formats.md)"),
    "--heldout": ("FILE", "Labelled text that is not learned"),
    "--html": ("FILE", "Write a page with "),
    "--json": ("BOOL", "Print one JSON object (docs/reference/json-output.md)."),
    "--label": ("NAME", "Labels of texts; by default "),
    "--layer": ("N", "Layer of the network."),
    "--log": ("FILE", "Write loss, accuracy, gradients"),
    "--min-confidence": ("P", "Leave words untagged (_) whose tag has a probability below P"),
    "--iterations": ("N", "Passes over the sentences."),
    "--model": ("CHOICE", "Kind of model"),
    "--output": ("FILE", ""),  # a model, or tagged text
    "--overwrite": ("BOOL", "Start again although there is a checkpoint."),
    "--plot": ("FILE", "Draw "),
    "--precision": ("CHOICE", "Arithmetic of a network"),
    "--predicted-format": ("FORMAT", "Format of the predictions"),
    "--predicted-target": ("COLUMN", "Label columns of the predictions"),
    "--preset": ("CHOICE", "Settings to start from."),
    "--results": ("FILE", "Keep results here, "),
    "--quiet": ("BOOL", "No notes and no progress; warnings and errors stay."),
    "--resume": ("BOOL", "Keep OUT.part if the command ends early"),
    "--replay": ("TRAIN", "Training sentences, to learn again with the corrections"),
    "--scheme": ("SCHEME", "Scheme of span tags"),
    "--seed": ("N", "Seed of all random draws."),
    "--seeds": ("N", "Seeds to train each with."),
    "--sentence": ("N", "Number of a sentence of FILE"),
    "--set": ("KEY=VALUE", "A setting (elman settings lists them); may be repeated."),
    "--inputs": ("COLUMN", "Further columns"),
    "--target": ("COLUMN", "Label columns"),
    "--task": ("TASK", "tag (words), classify (documents)"),
    "--text-column": ("NAME", "Column of a table (CSV, TSV, JSON, Parquet) that holds the texts"),
    "--threads": ("N", "Threads to use; by default one for each core."),
    "--vectors": ("FILE", "Pretrained word vectors"),
    "--verbose": ("BOOL", "Notes at once, progress as lines, time and memory."),
}
"""Options of several commands: what they take, and what they mean: how their help begins."""
DATA_ONLY = {
    "completion",
    "inspect",
    "info",
    "settings",
    *(f"tutorial {name}" for name in ("check", "hmm", "template", "test")),
}
"""Commands that compute nothing that takes time."""
NO_THREADS = {"check", "convert", "export", "serve", *(f"corrections {name}" for name in ("export", "stats", "undo"))}
NO_THREADS |= {"tutorial compare", "tutorial memory", "tutorial train"}
"""Commands that work on one core, or have --jobs."""


def every(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """All commands that are no groups, with their names."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for below in command.list_commands(context):
        found = command.get_command(context, below)
        assert found is not None
        yield from every(found, f"{name} {below}".strip())


COMMANDS = dict(every(group))


def takes(option: click.Option) -> str:
    """What an option takes: the first word of its metavar, else its type."""
    if option.metavar in ("MODEL", "OUT", "FOLDER", "FILE.jsonl"):
        return "FILE"
    kind = "CHOICE" if isinstance(option.type, click.Choice) else option.type.name.upper().replace("TEXT", "STRING")
    return (option.metavar or kind.replace("BOOLEAN", "BOOL")).removesuffix(",…").partition("|")[0]


def test_an_option_means_one_thing() -> None:
    uses: dict[str, list[click.Option]] = defaultdict(list)
    for command in COMMANDS.values():
        for option in command.params:
            if isinstance(option, click.Option):
                for name in option.opts:
                    uses[name].append(option)
    shared = {name for name, options in uses.items() if len(options) > 1 and name[1] == "-"}
    assert shared == {*SHARED, "--from"}
    assert sorted(map(takes, uses["--from"])) == ["BASE", "FORMAT"]  # what is begun with, and of convert what is read
    for name, (metavar, help) in SHARED.items():
        for option in uses[name]:
            if name == "--resume" and takes(option) == "FILE":  # training goes on from a file, the others from OUT.part
                assert option.help is not None and option.help.startswith("Go on with the run of this checkpoint")
                continue
            assert (takes(option), option.help is not None and option.help[: len(help)]) == (metavar, help), name
    for name in ("--top", "--text", "--token", "--to"):
        assert len(uses[name]) == 1
    for gone in ("--most", "--words", "--at", "--find-rate", "--help-settings"):
        assert gone not in uses


def test_short_names_are_of_one_option() -> None:
    long: dict[str, set[str]] = defaultdict(set)
    for command in COMMANDS.values():
        for option in command.params:
            for name in option.opts:
                if isinstance(option, click.Option) and len(name) == 2:
                    long[name].add(max(option.opts, key=len))
    assert long == {"-o": {"--output"}, "-q": {"--quiet"}, "-v": {"--verbose"}}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_computes_is_quiet_or_verbose_and_has_threads(name: str) -> None:
    options = {text for option in COMMANDS[name].params for text in option.opts}
    assert (options >= {"--quiet", "--verbose"}) == (name not in DATA_ONLY)
    assert ("--threads" in options) == (name not in DATA_ONLY | NO_THREADS)


def test_summaries_are_those_of_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    for heading in cli._COMMANDS.values():
        for name, (_, summary) in heading.items():
            found = group.get_command(click.Context(group), name)
            assert found is not None and found.get_short_help_str(1000) == summary
    assert cli.run(["--help"]) == 0
    text = capsys.readouterr().out
    assert "…" not in text and "..." not in text.replace("[ARGS]...", "")
    assert [line for line in text.splitlines() if line.endswith(":")][1:] == [
        *("Train and tag:", "Evaluate and compare:", "Correct and serve:"),
        *("Understand:", "Data:", "Learn the theory:"),
    ]
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", [*COMMANDS, "tutorial"])
def test_no_summary_is_cut(name: str) -> None:
    command = group.get_command(click.Context(group), "tutorial") if name == "tutorial" else COMMANDS[name]
    assert command is not None and "..." not in command.get_short_help_str(66)


def test_help_imports_no_command(run: Run) -> None:
    code = "import sys; from elman import cli; cli.run(['--help']); print('elman.cli.options' in sys.modules)"
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"False"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["tga", "m", "f"], "no command 'tga': did you mean tag?"),
        (["train", "--dve", "x"], "--dev"),
        (["train", "TRAIN", "-o", "m", "--set", "hiden=3"], "no setting 'hiden': did you mean hidden?"),
        (["train", "TRAIN", "-o", "m", "--preset", "fats"], "did you mean fast?"),
        (["train", "TRAIN", "-o", "m", "--task", "morfology"], "did you mean morphology?"),
        (["train", "TRAIN", "-o", "m", "--format", "conlu"], "did you mean conllu?"),
        (["convert", "TRAIN", "x", "--to", "colums"], "did you mean columns?"),
        (["convert", "TRAIN", "x.tsv", "--to", "columns", "--drop", "coments"], "did you mean comments?"),
        (["tutorial", "memory", "reberr"], "did you mean reber?"),
        (["tutorial", "memory", "reber", "--cells", "lstn"], "did you mean lstm?"),
    ],
    ids=lambda x: x if isinstance(x, str) else " ",
)
def test_a_typo_gets_the_nearest_word(
    arguments: list[str], word: str, train_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([str(train_file) if part == "TRAIN" else part for part in arguments]) == 2
    line = capsys.readouterr().err
    assert word in line and line.count("\n") == 1


def test_swapped_arguments_are_told_apart(model: Path, train_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("tag", "evaluate", "errors", "states", "gradients"):
        assert cli.run([command, str(train_file), str(model)]) == 2
        assert f"MODEL and FILE look swapped: {model} is a model" in capsys.readouterr().err
    assert cli.run(["compare", str(model), str(train_file), str(train_file)]) == 2
    assert "GOLD and a model look swapped" in capsys.readouterr().err


def test_quiet_and_verbose(run: Run, model: Path, train_file: Path, tmp_path: Path) -> None:
    arguments = ("train", train_file, "-o", tmp_path / "m", "--set", "hidden=4", "--set", "epochs=2")
    usual, quiet, verbose = (run(*arguments, *more) for more in ((), ("--quiet",), ("--verbose",)))
    assert usual.stdout == quiet.stdout == verbose.stdout
    assert b"read as" in usual.stderr and b"epoch 1/" not in usual.stderr
    assert all(line.startswith("elman: warning: ") for line in quiet.stderr.decode().splitlines())
    lines = verbose.stderr.decode().splitlines()
    assert any("epoch 2/2: loss " in line for line in lines)
    assert lines[-1].startswith("elman: ") and "s of processor time" in lines[-1]
    tagged = run("tag", model, "-q", stdin=b"the dog\n")
    assert (tagged.returncode, tagged.stderr) == (0, b"") and tagged.stdout.startswith(b"the_")
