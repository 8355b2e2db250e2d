"""Reads a Containerfile: its stages, the steps of each, and how its image is started.

Only the instructions in ``KNOWN`` are read, in the forms that ours has; any other is refused, since a step that is
passed over would make another image.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = frozenset("FROM RUN COPY ENV USER WORKDIR EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD".split())
OPTION = re.compile(r"--([a-z-]+)=(\S+)\s+")


class ContainerfileError(ValueError):
    """A line that is not understood; the message names it."""


@dataclass(frozen=True)
class Copy:
    """A COPY: sources, where they go, and the stage that they come from (None: the build context)."""

    sources: tuple[str, ...]
    to: str
    stage: str | None


@dataclass
class Stage:
    """A stage. ``steps`` are the commands of RUN (str) and the COPYs, in order; the rest is how its image starts."""

    base: str
    name: str | None
    steps: list[str | Copy] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "0:0"
    folder: str = "/"
    port: int | None = None
    stop_signal: str = "SIGTERM"
    health: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


def read(path: Path) -> list[Stage]:
    """Return the stages of a file; the last is the image. Raises ContainerfileError."""
    stages: list[Stage] = []
    for number, instruction, rest in instructions(path.read_text(encoding="utf-8")):
        try:
            if instruction not in KNOWN:
                raise ContainerfileError(f"{instruction} is not known here")
            if instruction == "FROM":
                stages.append(_from(rest))
            elif not stages:
                raise ContainerfileError("expected FROM first")
            else:
                _apply(stages[-1], instruction, rest)
        except ContainerfileError as error:
            raise ContainerfileError(f"{path.name}, line {number}: {error}") from None
    if not stages:
        raise ContainerfileError(f"{path.name}: no FROM")
    return stages


def instructions(text: str) -> list[tuple[int, str, str]]:
    """Return line number, instruction and the rest of each, with continued lines joined and comments left out."""
    found, parts, begun = [], [], 0
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#") or not line.strip():
            continue
        begun = begun if parts else number
        parts.append(line.strip().removesuffix("\\").strip())
        if not line.rstrip().endswith("\\"):
            instruction, _, rest = " ".join(parts).partition(" ")
            found.append((begun, instruction.upper(), rest.strip()))
            parts = []
    if parts:
        raise ContainerfileError(f"line {begun}: the last line is continued")
    return found


def _from(rest: str) -> Stage:
    words = rest.split()
    if len(words) == 1:
        return Stage(words[0], None)
    if len(words) == 3 and words[1].upper() == "AS":
        return Stage(words[0], words[2])
    raise ContainerfileError(f"expected FROM IMAGE [AS NAME], found {rest!r}")


def _apply(stage: Stage, instruction: str, rest: str) -> None:
    """Add an instruction to its stage."""
    if instruction == "RUN":
        if rest.startswith(("--", "[", "<<")):
            raise ContainerfileError("expected a command of the shell after RUN")
        stage.steps.append(rest)
    elif instruction == "COPY":
        stage.steps.append(_copy(rest))
    elif instruction == "ENV":
        for word in shlex.split(rest):
            name, mark, value = word.partition("=")
            if not mark or "$" in value:
                raise ContainerfileError(f"expected NAME=VALUE without variables, found {word!r}")
            stage.environment[name] = value
    elif instruction == "HEALTHCHECK":
        _, rest = _options(rest, {"interval", "timeout", "start-period", "retries"})
        if not rest.startswith("CMD "):
            raise ContainerfileError('expected HEALTHCHECK … CMD ["…"]')
        stage.health = _words(rest.removeprefix("CMD "))
    elif instruction in ("ENTRYPOINT", "CMD"):
        setattr(stage, "entrypoint" if instruction == "ENTRYPOINT" else "command", _words(rest))
    elif instruction == "EXPOSE":
        stage.port = int(rest)
    elif instruction == "USER":
        if not re.fullmatch(r"\d+:\d+", rest):
            raise ContainerfileError(f"expected a numeric USER:GROUP, found {rest!r}")
        stage.user = rest
    else:
        setattr(stage, {"WORKDIR": "folder", "STOPSIGNAL": "stop_signal"}[instruction], rest)


def _copy(rest: str) -> Copy:
    options, rest = _options(rest, {"from"})
    *sources, to = rest.split()
    if not sources or not to.startswith("/"):
        raise ContainerfileError(f"expected COPY SOURCE… /FOLDER, found {rest!r}")
    return Copy(tuple(sources), to, options.get("from"))


def _options(rest: str, known: set[str]) -> tuple[dict[str, str], str]:
    """Return the options at the beginning, and what follows them."""
    options = {}
    while match := OPTION.match(rest):
        if match[1] not in known:
            raise ContainerfileError(f"--{match[1]} is not known here")
        options[match[1]] = match[2]
        rest = rest[match.end() :]
    if rest.startswith("--"):
        raise ContainerfileError(f"{rest.split()[0]} is not known here")
    return options, rest


def _words(rest: str) -> list[str]:
    """Return the words of a command in JSON, which needs no shell."""
    try:
        words = json.loads(rest)
    except ValueError:
        words = None
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise ContainerfileError(f"expected a list of strings in JSON, found {rest!r}")
    return words
