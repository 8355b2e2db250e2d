"""``elman completion``."""

from __future__ import annotations

from dataclasses import dataclass

from elman.cli.completion import SHELLS, script
from elman.cli.options import Choice, argument, command
from elman.cli.say import say


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of ``elman completion``."""

    shell: str = argument("SHELL", type=Choice(list(SHELLS)))


@command(Options)
def completion(options: Options) -> None:
    """Print the script that completes commands in a shell.

    SHELL is bash, zsh or fish. Commands, options, files, settings and their values (--set), tasks, formats, and the
    columns of the files and models named before are completed.

    \b
      elman completion bash >> ~/.bashrc
      elman completion zsh >> ~/.zshrc
      elman completion fish > ~/.config/fish/completions/elman.fish
    """
    from elman.cli import group

    say(script(group, options.shell))
