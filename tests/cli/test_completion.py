"""Completion: what a shell is offered, through click and in bash itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

import elman
from elman.cli import completion, group
from elman.cli.options import _completed
from elman.settings import NETWORK, TRAINING

CONLLU = "1\tdog\tdog\tNOUN\tNN\t_\t0\troot\t_\t_\n\n"


def offered(monkeypatch: pytest.MonkeyPatch, line: str, shell: str = "bash") -> list[str]:
    """What bash would insert at the end of a line."""
    completion._register()
    kind = get_completion_class(shell)
    assert kind is not None
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_WORDBREAKS", " \t\n\"'><=;|&(:")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", line.split(" ")[-1] if shell == "fish" else str(line.count(" ")))
    return kind(group, {}, "elman", completion.VARIABLE).complete().split("\n")


def values(monkeypatch: pytest.MonkeyPatch, line: str) -> list[str]:
    return [each.partition(",")[2] for each in offered(monkeypatch, line) if each]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("elman tr", ["train"]),
        ("elman completion ", ["bash", "zsh", "fish"]),
        ("elman train --preset f", ["fast"]),
        ("elman train --set cel", ["cell="]),
        ("elman train --set cell=", ["elman", "gru", "lstm", "sru", "mingru"]),
        ("elman train --set cell=m", ["mingru"]),
        ("elman train --set=cell=m", ["mingru"]),
        ("elman train --set hidden=1", ["128", "1"]),
        ("elman train --set nothing=", []),
        ("elman find-lr --task le", ["lemma"]),
        ("elman train --task lm:unit=c", ["characters"]),
        ("elman train --task nothing:", []),
        ("elman train --format word", ["word_tag"]),
        ("elman tag m t --as csv", ["csv"]),
        ("elman tag m t --as fi", ["fields"]),
        ("elman convert t --to fi", []),
        ("elman convert a b --to doc", ["doccano"]),
        ("elman convert a b --from conllup", ["conllup"]),
        ("elman convert a b --drop comments,co", ["comments,columns"]),
        ("elman convert a b --scheme bioe", ["bioes"]),
        ("elman compare g a b --predicted-format tag", ["tags"]),
        ("elman check a --encoding utf-1", ["utf-16"]),
    ],
)
def test_values(monkeypatch: pytest.MonkeyPatch, line: str, expected: list[str]) -> None:
    assert values(monkeypatch, line) == expected


def test_every_setting_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert values(monkeypatch, "elman train --set ") == [f"{name}=" for name in NETWORK | TRAINING]


def test_columns_of_the_files_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file, model = tmp_path / "t.conllu", tmp_path / "m.elman"
    file.write_text(CONLLU, encoding="utf-8")
    elman.train([[("a", "X")]], model="hmm", on_warning=lambda text: None).save(model)
    assert values(monkeypatch, f"elman train {file} --target xp") == ["xpos"]
    assert values(monkeypatch, f"elman check {file} --target upos,xp") == ["upos,xpos"]
    assert "upos,upos" not in values(monkeypatch, f"elman check {file} --target upos,")
    assert values(monkeypatch, f"elman tag {model} --target ") == ["tag"]
    assert values(monkeypatch, f"elman tag {tmp_path / 'no'} --target ") == []
    (tmp_path / "t.jsonl").write_text('{"tokens": ["a"], "\\u001b[31m": ["X"], "pos": ["Y"]}\n', encoding="utf-8")
    assert values(monkeypatch, f"elman train {tmp_path / 't.jsonl'} --target ") == ["pos"]
    (tmp_path / "s.jsonl").write_text('{"tokens": ["a"], "$(id)": ["X"], "größe": ["Y"]}\n', encoding="utf-8")
    assert values(monkeypatch, f"elman train {tmp_path / 's.jsonl'} --target ") == ["'$(id)'", "größe"]
    (tmp_path / "binary").write_bytes(bytes(100))
    assert values(monkeypatch, f"elman train {tmp_path / 'binary'} --target ") == []


def test_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for line in ("elman train ", "elman train t --dev d", "elman tag m -o ", "elman evaluate m "):
        assert offered(monkeypatch, line)[0].startswith("file,"), line
    assert offered(monkeypatch, "elman train t --seed ") == [""]


def test_what_a_type_knows_is_left_to_it() -> None:
    assert _completed(("--json",), {"is_flag": True}) == _completed(("--model",), {"type": str}) == {}


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    from elman.cli import run

    assert run(["completion", shell]) == 0
    text = capsys.readouterr().out
    assert f"{completion.VARIABLE}={shell}_complete" in text and "%(" not in text


def test_scripts_differ_from_clicks_where_they_must() -> None:
    assert "COMP_LINE" in completion._Bash.source_template and "nospace" in completion._Bash.source_template
    assert "split -m 1" in completion._Fish.source_template


def test_fish_and_zsh_get_whole_values(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "plain,comments,columns" in offered(monkeypatch, "elman convert a b --drop comments,co", "fish")
    assert offered(monkeypatch, "elman train --set cell=m", "zsh")[:2] == ["plain", "cell=mingru"]


BASH = """
source <({elman} completion bash)
complete_line() {{
    COMP_LINE="$*"; COMP_POINT=${{#COMP_LINE}}; COMPREPLY=(); COMP_WORDS=($COMP_LINE); COMP_CWORD=$#
    _elman_completion elman; echo "${{COMPREPLY[*]}}"
}}
complete_line "elman train --set cell="
complete_line "elman train --task lm:unit=c"
complete_line "elman inf"
complete -p elman
"""


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="needs bash")
def test_in_bash(tmp_path: Path) -> None:
    command = tmp_path / "elman"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m elman "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH.format(elman=command)],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[:3] == ["elman gru lstm sru mingru", "characters", "info"], done.stderr
    assert "_elman_completion" in lines[3]
