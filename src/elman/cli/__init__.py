"""The command line: one file a command, each imported only when it is asked for.

A command parses, calls one library function and prints. What goes wrong is turned into one line and an exit status
here and nowhere else: 0 done, 1 a check failed, 2 the user's mistake, 141 nobody reads our output. What a signal does
is said in ``elman.utils.stopping``: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from elman import __version__
from elman.cli.say import tell
from elman.cli.shortage import advice, lacks_memory
from elman.cli.streams import OUTPUT, prepare
from elman.errors import ElmanError, reason
from elman.utils import stopping

# name -> module:object; in the order of the help
_COMMANDS = {
    "train": "elman.cli.commands.train:train",
    "tag": "elman.cli.commands.tag:tag",
    "evaluate": "elman.cli.commands.evaluate:evaluate",
    "sample": "elman.cli.commands.sample:sample",
    "compare": "elman.cli.commands.compare:compare",
    "check": "elman.cli.commands.check:check",
    "convert": "elman.cli.commands.convert:convert",
    "curve": "elman.cli.commands.curve:curve",
    "errors": "elman.cli.commands.errors:errors",
    "gradients": "elman.cli.commands.gradients:gradients",
    "states": "elman.cli.commands.states:states",
    "inspect": "elman.cli.commands.inspect:inspect",
    "info": "elman.cli.commands.info:info",
    "memory": "elman.cli.commands.long_lags:memory",
    "demo": "elman.cli.commands.demo:demo",
    "tutorial": "elman.cli.commands.tutorial:tutorial",
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="elman %(version)s")
def group() -> None:
    """Train a recurrent tagger on your own labelled text, and tag with it.

    \b
      elman train train.conllu --dev dev.conllu -o my.model
      elman tag my.model new.txt
      elman evaluate my.model test.conllu
    """


def main() -> None:
    """Run ``sys.argv`` and exit with its status."""
    prepare()
    if "_ELMAN_COMPLETE" in os.environ:
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(group, {}, "elman", "_ELMAN_COMPLETE", os.environ["_ELMAN_COMPLETE"]))
    status = run(sys.argv[1:])
    if status and stopping.requested():
        status = stopping.status()  # also where the terminal has gone, and what was to be said last failed
    stopping.finish()
    sys.exit(status)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit status. Every mistake of the user ends as one line on stderr."""
    try:
        try:
            with group.make_context("elman", list(arguments) or ["--help"]) as context:
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
        message = " ".join(error.format_message().split()).rstrip(".")
        return _fail(f"{message}; see {path} --help")
    except click.ClickException as error:
        return _fail(error.format_message())
    except Exception as error:
        if lacks_memory(error):
            return _fail(advice(arguments))
        if not isinstance(error, OSError):
            raise
        return _fail(_shown(error))


def _fail(message: str, status: int = 2) -> int:
    """Print the one line; what standard output still holds is written if it can be."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    tell(f"elman: {message}")
    return status


def _shown(error: OSError) -> str:
    """What the system refused."""
    if error.filename is None:
        return reason(error)
    if error.filename == OUTPUT:
        return f"{OUTPUT}: cannot be written: {reason(error)}"
    name = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
    return f"{name}: {reason(error)}"


def _drop_output() -> None:
    from elman.utils.files import drop_standard_output

    drop_standard_output()
