"""Checkpoints: the state of a training run in a file, from which the run goes on bit for bit.

Reading, features and temperatures are functions of the arguments, and random numbers of their place in the run. So a
resumed run starts again from the beginning with the arguments of the file, and each part that takes long, its
*section*, asks for its state: a finished section has its result at once, one that was stopped goes on from there.

The file has the form of a model file (safetensors, JSON, SHA-256) and is checked as one. ``FILE`` is the latest
generation, ``FILE.previous`` the one before; a run that was killed at any moment leaves one of them whole.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from numpy.typing import NDArray

from elman.errors import ConfigError, ElmanError, ModelFileError, OutputError
from elman.models import file
from elman.utils.display import shown
from elman.utils.durable import remove_left, write_generation
from elman.utils.durations import seconds_of
from elman.utils.files import check_target, is_direct
from elman.utils.validation import demand

Facts = dict[str, Any]
Arrays = dict[str, NDArray[Any]]

PREVIOUS = ".previous"
"""The end of the name of the generation before."""
EVERY = "30s"
"""The usual time between two generations."""
SHARE = 50
"""A generation is due after this many times the time that the last one took, at the earliest: 2 % of the run."""
_KEY = "checkpoint"


class Saved:
    """The saved state of a section: JSON values and arrays, which are checked as they are taken out.

    Raises ModelFileError for what is not of the expected form.
    """

    def __init__(self, name: str, facts: Facts, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._name, self._facts, self._arrays = name, facts, arrays

    def facts(self, form: Mapping[str, Any]) -> Facts:
        """Return the JSON values if they have this form: a type, types, a list of one form, or a table of forms."""
        demand(_has_form(self._facts, form), f"{self._name}: not the state of such a run")
        return self._facts

    def get(self, key: str) -> Any:
        """Return a JSON value; None if there is none."""
        return self._facts.get(key)

    def array(self, key: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return a copy of an array of this type and shape."""
        found = self._arrays.get(key)
        form = None if found is None else (found.dtype.name, found.shape)
        if found is None or form != (dtype, shape):
            raise ModelFileError(f"{self._name}: tensor {shown(key)}: expected {(dtype, shape)}, found {form}")
        return found.copy()

    def group(self, prefix: str, like: Mapping[str, NDArray[Any]], *, whole: bool = False) -> Arrays:
        """Return the arrays of a prefix, by the rest of their names; ``whole``: all that ``like`` has."""
        names = [key.removeprefix(prefix) for key in self._arrays if key.startswith(prefix)]
        unknown = next((name for name in names if name not in like), None)
        demand(unknown is None, f"{self._name}: an unknown tensor {shown(prefix + str(unknown))}")
        wanted = {name: like[name] for name in (like if whole else names)}
        return {name: self.array(prefix + name, w.dtype.name, w.shape) for name, w in wanted.items()}


def _has_form(value: Any, form: Any) -> bool:
    if isinstance(form, Mapping):
        same = isinstance(value, dict) and value.keys() == form.keys()
        return same and all(_has_form(value[key], each) for key, each in form.items())
    if isinstance(form, list):
        return isinstance(value, list) and all(_has_form(each, form[0]) for each in value)
    if isinstance(form, tuple):
        return any(_has_form(value, each) for each in form)
    return value is None if form is None else type(value) is form and (form is not int or 0 <= value < 2**63)


class Section:
    """A part of a run that has a state of its own; ``saved`` is what the file holds of it, or None."""

    def __init__(self, store: _Store, key: str) -> None:
        self._store, self._key = store, key
        self.saved = store.saved(key)
        self.number = -1  # of the generation that has its latest state

    def due(self) -> bool:
        """Return whether the state is to be saved now; asked after every step."""
        return self._store.is_due(self)

    def save(self, facts: Facts, arrays: Arrays) -> None:
        """Save the state, from which the section goes on."""
        self._store.put(self, self._key, facts, arrays)

    def end(self, facts: Facts, arrays: Arrays) -> None:
        """Save the last state: the result (``done``), or where the section was stopped."""
        self._store.stopped |= not facts["done"]
        self._store.put(self, self._key, facts, arrays, running=False)

    def watch(self, state: Callable[[], Facts]) -> None:
        """Save the JSON values that a function returns with every generation."""
        self._store.watched[self._key] = state


class Checkpoints:
    """The checkpoints of one run. ``about`` says which run it is; ``on_problem`` is told why one was not written."""

    def __init__(self, store: _Store, prefix: str = "") -> None:
        self._store, self._prefix = store, prefix

    @property
    def path(self) -> str:
        """The file."""
        return self._store.path

    @property
    def about(self) -> Facts:
        """Which run it is, as JSON values."""
        return self._store.about

    @property
    def is_stopped(self) -> bool:
        """Whether a section was stopped before its end."""
        return self._store.stopped

    def part(self, name: str) -> Checkpoints:
        """Return the checkpoints of a part of the run, whose sections have names of their own."""
        return Checkpoints(self._store, f"{self._prefix}{name}/")

    def section(self, name: str) -> Section:
        """Return a section; its name occurs once in its part."""
        self._store.take_over()  # the arguments are checked by now
        return Section(self._store, self._prefix + name)

    def forget(self, name: str) -> None:
        """Drop the sections of a part that is done and whose result is kept elsewhere."""
        self._store.forget(f"{self._prefix}{name}/")

    def write(self) -> bool:
        """Write a generation now; return whether it could be written."""
        self._store.take_over()
        return self._store.write()

    def remove(self) -> None:
        """Remove the files, unless they are still those of another run."""
        if not self._store.replaces:
            self._store.remove()


class _Store:
    """The states of all sections, and the file that holds them."""

    def __init__(
        self,
        path: str,
        about: Facts,
        every: float,
        on_problem: Callable[[str], None],
        states: Mapping[str, tuple[Facts, Arrays]] | None = None,
    ) -> None:
        self.path, self.about, self.every, self.on_problem = path, about, every, on_problem
        self.states = dict(states or {})
        self.watched: dict[str, Callable[[], Facts]] = {}
        self._running: list[Section] = []
        self._lock = threading.RLock()
        self._number, self._due_at = 0, time.monotonic() + every
        self._problems: set[str] = set()
        self.stopped = False  # whether a section was
        self.is_whole = True  # whether the latest generation may become the one before
        self.replaces = False  # whether the files are still those of another run, which the first section ends

    def remove(self) -> None:
        for path in generations(self.path):
            with suppress(OSError):
                os.unlink(path)
        remove_left(os.path.abspath(generations(self.path)[0]))

    def take_over(self) -> None:
        """Write the first generation in place of those of another run, if there are some."""
        with self._lock:
            if self.replaces:
                self.replaces = False
                self.remove()
                self.write(first=True)

    def saved(self, key: str) -> Saved | None:
        state = self.states.get(key)
        return None if state is None else Saved(f"{self.path}: {key}", *state)

    def is_due(self, section: Section) -> bool:
        return section.number < self._number and time.monotonic() >= self._due_at

    def put(self, section: Section, key: str, facts: Facts, arrays: Arrays, *, running: bool = True) -> None:
        """Take the state of a section; write a generation if it was due and all running sections have given theirs."""
        began = time.monotonic()
        copies = {name: array.copy() for name, array in arrays.items()}
        with self._lock:
            self.states[key] = facts, copies
            section.number = self._number
            self._running = [each for each in self._running if each is not section] + [section] * running
            if began >= self._due_at and all(each.number == self._number for each in self._running):
                self.write(began)

    def forget(self, prefix: str) -> None:
        with self._lock:
            self.states = {key: state for key, state in self.states.items() if not key.startswith(prefix)}

    def write(self, began: float | None = None, *, first: bool = False) -> bool:
        began = time.monotonic() if began is None else began
        with self._lock:
            for key, state in self.watched.items():
                self.states[key] = state(), {}
            facts = {key: state[0] for key, state in self.states.items()}
            groups = ((key, arrays) for key, (_, arrays) in self.states.items())
            tensors = {f"{key}:{name}": array for key, arrays in groups for name, array in arrays.items()}
            try:
                data = file.to_bytes({_KEY: {"about": self.about, "sections": facts}}, tensors, self.path)
                latest, previous = generations(self.path)
                write_generation(latest, previous if self.is_whole else None, data)
                self.is_whole = True
            except ElmanError as error:
                if first:
                    raise
                if str(error) not in self._problems:  # the run goes on: it is worth more than its checkpoint
                    self._problems.add(str(error))
                    self.on_problem(f"no checkpoint: {error}")
                return False
            finally:
                now = time.monotonic()
                self._number += 1
                self._due_at = now + (max(self.every, SHARE * (now - began)) if self.every else 0.0)
        return True


def begin(
    path: str, about: Facts, every: float, on_problem: Callable[[str], None], *, overwrite: bool = False
) -> Checkpoints:
    """Write the first generation of a run, ``about`` which run it is, and return its checkpoints.

    ``overwrite`` allows a checkpoint to be there already; it is replaced when the first section begins.
    ``every`` is the time in seconds between two generations; 0: one after every step.
    Raises ConfigError if there is a checkpoint already, unless ``overwrite``; OutputError if it cannot be written.
    """
    if path == "-" or is_direct(path):
        raise OutputError(f"{path}: cannot hold a checkpoint, which is read again; name a file")
    check_target(path, text=False)
    found = Checkpoints(_Store(path, about, every, on_problem))
    if any(map(os.path.exists, generations(path))):
        if not overwrite:
            raise ConfigError(f"{path}: there already; --resume {path} goes on with that run, --overwrite starts again")
        found._store.replaces = True
    else:
        found._store.write(first=True)
    return found


def reopen(path: str, on_problem: Callable[[str], None], every: str | float | None = None) -> Checkpoints:
    """Return the checkpoints of a run that was stopped.

    If the file is damaged or missing, the generation before it is used, and ``on_problem`` is told. Raises
    ModelFileError if neither can be used.
    """
    is_whole, (_, previous) = True, generations(path)
    try:
        about, states = _read(path)
    except ModelFileError as error:
        try:
            about, states = _read(previous)
        except ModelFileError:
            raise error from None
        is_whole = False
        on_problem(f"{error}; the run goes on from the generation before it, {previous}")
    found = about["every"] if every is None else interval(every)
    store = _Store(path, about | {"every": found}, found, on_problem, states)
    store.is_whole = is_whole
    return Checkpoints(store)


def reopen_or_begin(path: str, about: Facts, every: float, on_problem: Callable[[str], None]) -> Checkpoints:
    """Return the checkpoints of a run: those in the file if they are of the same run, else new ones.

    Nothing is written before the first generation is due; it replaces a file of another run.
    """
    states: Mapping[str, tuple[Facts, Arrays]] = {}
    is_whole = False
    for name in reversed(generations(path)):  # the later one counts
        is_whole = False
        with suppress(ModelFileError):
            found, saved = _read(name)
            states = saved if found == about else {}
            is_whole = True
    store = _Store(path, about, every, on_problem, states)
    store.is_whole = is_whole
    return Checkpoints(store)


def generations(path: str) -> tuple[str, str]:
    """Return the files of a checkpoint, the latest generation and the one before; of a link those where it leads to."""
    latest = os.path.realpath(path) if os.path.islink(path) else path
    return latest, latest + PREVIOUS


def _read(path: str) -> tuple[Facts, dict[str, tuple[Facts, Arrays]]]:
    """Return what is said about the run, and the states of its sections."""
    if not os.path.exists(path):
        raise ModelFileError(f"{path}: no such checkpoint; elman train --checkpoint FILE writes one")
    try:
        config, tensors = file.load(path)
    except ModelFileError as error:
        message = str(error).removeprefix(f"{path}: ").replace("; fetch a whole copy or train again", "")
        raise ModelFileError(f"{path}: no whole checkpoint: {message}") from None
    content = config[_KEY] if config.keys() == {_KEY} else None
    if not isinstance(content, dict) or content.keys() != {"about", "sections"}:
        raise ModelFileError(f"{path}: not a checkpoint; it is a model, or of another program")
    about, sections = content["about"], content["sections"]
    valid = isinstance(about, dict) and type(about.get("every")) in (int, float) and isinstance(sections, dict)
    demand(valid and all(isinstance(facts, dict) for facts in sections.values()), f"{path}: not a checkpoint of elman")
    arrays: dict[str, Arrays] = {key: {} for key in sections}
    for name, tensor in tensors.items():
        key, _, rest = name.partition(":")
        demand(key in arrays, f"{path}: a tensor of no section, {shown(name)}")
        arrays[key][rest] = tensor
    return about, {key: (sections[key], arrays[key]) for key in sections}


def interval(every: str | float | None) -> float:
    """Return the seconds between two generations; 0: one after every step. Raises ConfigError if it is no time."""
    return 0.0 if every in (0, "0", "0s") else seconds_of(EVERY if every is None else every, "every")


def state_of(arrays: Mapping[str, Mapping[str, NDArray[Any]]]) -> Arrays:
    """Return groups of arrays as one group, with the names of the groups before theirs."""
    return {f"{group}/{name}": array for group, each in arrays.items() for name, array in each.items()}
