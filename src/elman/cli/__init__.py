"""The command line: one file a command, each imported only when it is asked for.

A command parses, calls one library function and prints. Errors become one line and an exit status here and nowhere
else: 0 done, 1 a check failed, 2 the user's mistake, 141 nobody reads the output. ``elman.utils.signals`` handles
signals: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from elman import __version__
from elman.cli.help import Context
from elman.cli.say import tell
from elman.cli.shortage import advice, lacks_memory, watch_imports
from elman.cli.streams import OUTPUT, prepare
from elman.cli.unknown import Group, no_option
from elman.errors import ElmanError, reason
from elman.utils import signals
from elman.utils.imports import needed

# heading -> command -> (module:object below elman.cli.commands, summary), in the order of the help
_COMMANDS = {
    "train and tag": {
        "train": ("train:train", "Train a tagger, or a text classifier."),
        "pretrain": ("pretrain:pretrain", "Pretrain a network on raw text, to begin training with."),
        "tag": ("tag:tag", "Tag text, or classify texts, with a trained model."),
        "export": ("export:export", "Write a tagger or text classifier as an ONNX model."),
        "learn": ("learn:learn", "Correct a model: learn corrected sentences."),
        "sample": ("sample:sample", "Generate text with a language model."),
        "find-lr": ("find_lr:find_lr", "Find a learning rate for a recurrent network."),
        "search": ("search:search", "Search for better settings."),
        "settings": ("settings:settings", "List all settings of a training."),
    },
    "evaluate and compare": {
        "evaluate": ("evaluate:evaluate", "Compare predicted tags with gold tags."),
        "compare": ("compare:compare", "Test whether A is better than B."),
        "curve": ("curve:curve", "Forecast what more labelled sentences would bring."),
    },
    "correct and serve": {
        "serve": ("serve:serve", "Correct tags in a browser, learn from them, answer programs."),
        "corrections": ("corrections:corrections", "Export, count or undo corrections."),
    },
    "understand": {
        "errors": ("errors:errors", "Show which errors to look at first."),
        "gradients": ("gradients:gradients", "Show how far back a network learns, or which words decided a tag."),
        "states": ("states:states", "Show hidden states and gates over a sentence."),
        "inspect": ("inspect:inspect", "Describe a model and how it was trained."),
        "info": ("info:info", "Show versions, machine and kernels."),
        "completion": ("completion:completion", "Print the script that completes commands in a shell."),
    },
    "data": {
        "check": ("check:check", "Find mistakes in labelled data."),
        "convert": ("convert:convert", "Write labelled data in another format."),
    },
    "learn the theory": {
        "demo": ("demo:demo", "Train on real text and show the results."),
        "tutorial": ("tutorial:tutorial", "Learn the theory: the exercise, the HMM, long lags."),
    },
}
_PLACES = {name: place for commands in _COMMANDS.values() for name, (place, _) in commands.items()}


class _LazyGroup(Group):
    """A group whose commands are imported when they are needed: not for its own help."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _PLACES:
            return None
        module, name = _PLACES[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"elman.cli.commands.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, _PLACES))
        for heading, commands in _COMMANDS.items():
            with formatter.section(heading.capitalize()):
                formatter.write_dl([(name.ljust(width), summary) for name, (_, summary) in commands.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="elman %(version)s")
def group() -> None:
    """Train recurrent taggers on your own labelled text, and tag with them.

    \b
      elman train train.conllu --dev dev.conllu -o my.model
      elman tag my.model new.txt
      elman evaluate my.model test.conllu
    """


def main() -> None:
    """Run ``sys.argv`` and exit with its status."""
    prepare()
    watch_imports()
    if "_ELMAN_COMPLETE" in os.environ:
        from elman.cli import completion

        sys.exit(completion.run(group, os.environ["_ELMAN_COMPLETE"]))
    status = run(sys.argv[1:])
    if status and signals.requested():
        status = signals.status()  # also if the terminal has gone, and the last message could not be written
    signals.finish()
    sys.exit(status)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status. Every mistake of the user becomes one line on stderr."""
    try:
        try:
            with group.make_context("elman", list(arguments)) as context:
                group.invoke(context)
            status = 0
        except click.exceptions.Exit as request:
            status = request.exit_code
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        _drop_output()
        return 141
    except (KeyboardInterrupt, click.Abort):
        return _fail("stopped", 130)
    except ElmanError as error:
        return _fail(str(error))
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "elman"
        if isinstance(error, click.NoSuchOption):
            message = no_option(error, arguments)
        else:
            message = " ".join(error.format_message().split()).rstrip(".")
        return _fail(f"{message}; see {path} --help")
    except click.ClickException as error:
        return _fail(error.format_message())
    except Exception as error:
        if lacks_memory(error):
            return _fail(advice(arguments))
        if isinstance(error, ImportError):
            return _fail(needed(error))
        if not isinstance(error, OSError):
            raise
        return _fail(_shown(error))


def _fail(message: str, status: int = 2) -> int:
    """Print the one line, after what standard output still holds, if that can be written."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    tell(f"elman: {message}")
    return status


def _shown(error: OSError) -> str:
    """Return what the system refused."""
    if error.filename is None:
        return reason(error)
    if error.filename == OUTPUT:
        return f"{OUTPUT}: cannot be written: {reason(error)}"
    name = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
    return f"{name}: {reason(error)}"


def _drop_output() -> None:
    from elman.utils.files import drop_standard_output

    drop_standard_output()
