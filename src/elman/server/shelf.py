"""Model files by SHA-256, in a folder beside the database: ``NAME.models/SHA256.model``.

The model that the server was started with stays where it is. A file is written whole or not at all, and only a model
that is in the database is ever loaded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from elman.errors import ConfigError, DataError, ModelFileError, OutputError, while_reading, while_writing
from elman.server.store import ModelRow, Store
from elman.utils.files import write_bytes_atomically

if TYPE_CHECKING:
    from elman.taggers.base import Predictor

ENDING = ".model"
KEEP = 20
"""Models that are kept beside the first."""


class Shelf:
    """The models of a database. ``first`` is the SHA-256 of the one that the server was started with."""

    def __init__(self, store: Store, model: str, keep: int = KEEP) -> None:
        """Check the model against the database.

        Raises ModelFileError if the database was begun with another model.
        """
        self._store, self._model, self._keep = store, model, keep
        self.folder = os.path.splitext(store.path)[0] + ".models"
        self.first = sha256_of(model)
        begun = store.setting("model", self.first)
        if begun != self.first:
            raise ModelFileError(
                f"{model}: changed: {store.path} was begun with a model of SHA-256 {str(begun)[:12]}…, this one has "
                f"{self.first[:12]}…; give that model, or another database (--db)"
            )
        if not store.models():
            store.put_model(ModelRow(self.first, "first")).result()

    def make_folder(self) -> None:
        """Make the folder. Raises OutputError if it cannot be made."""
        with while_writing(self.folder):
            os.makedirs(self.folder, exist_ok=True)

    def path(self, sha256: str) -> str:
        """Return the path of a model, whether it is there or not."""
        return self._model if sha256 == self.first else os.path.join(self.folder, sha256 + ENDING)

    def has(self, sha256: str) -> bool:
        """Return whether a model's file is kept."""
        return os.path.isfile(self.path(sha256))

    def put(self, path: str) -> str:
        """Move a model file that was written into the folder to the name of its SHA-256, and return this."""
        sha256 = sha256_of(path)
        with while_writing(self.folder):
            os.replace(path, self.path(sha256))
        return sha256

    def discard(self, path: str) -> None:
        """Remove a model file that was written into the folder and is not wanted."""
        with suppress(OSError):
            os.unlink(path)

    def load(self, sha256: str) -> Predictor:
        """Load a model. Raises ModelFileError if its file is missing or another."""
        from elman.taggers.load import load

        path = self.path(sha256)
        if not os.path.isfile(path):
            raise ModelFileError(f"{path}: missing, and it is the model adopted last; {_OTHERWISE}")
        if sha256_of(path) != sha256:
            raise ModelFileError(f"{path}: changed, and it is the model adopted last; {_OTHERWISE}")
        return load(path, threads=1)

    def find(self, name: str) -> str:
        """Return the SHA-256 of a model that is kept, of which ``name`` is the beginning; ``first``: the first.

        Raises ConfigError if there is none, or more than one.
        """
        if name == "first":
            return self.first
        known = {model.sha256 for model in self._store.models() if model.adopted}
        found = [sha256 for sha256 in known if sha256.startswith(name.lower()) and self.has(sha256)] if name else []
        if len(found) != 1:
            raise ConfigError(f"no model that is kept begins with {name[:64]!r}; elman corrections stats lists them")
        return found[0]

    def prune(self, models: Sequence[ModelRow], using: str, *, parts: bool = False) -> None:
        """Remove all of these models, oldest first, but the newest and the one in use.

        With ``parts`` what a crash left half written goes, too.
        """
        newest = dict.fromkeys(model.sha256 for model in reversed(models) if model.adopted)
        newest.pop(self.first, None)
        kept = {*list(newest)[: self._keep], using}
        for path in Path(self.folder).iterdir():
            if (path.suffix == ENDING and path.stem not in kept) or (parts and path.suffix == ".part"):
                with suppress(OSError):
                    path.unlink()


_OTHERWISE = "put it back, or start from another with --activate first"


def write_model(model: Predictor, folder: str) -> str:
    """Write a model into the shelf's folder under a name of its own, and return the path; ``put`` gives it its name."""
    from elman.models.file import to_bytes

    path = os.path.join(folder, f".new-{os.urandom(6).hex()}.part")
    write_bytes_atomically(path, to_bytes(*model.to_record()))
    return path


def sha256_of(path: str) -> str:
    """Return the SHA-256 of a file. Raises ModelFileError if it cannot be read."""
    try:
        with while_reading(path), open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except DataError as error:
        if not os.path.exists(path):
            raise ModelFileError(f"{path}: no such file; elman train -o MODEL writes one") from None
        raise ModelFileError(str(error)) from None


def default_database(model: str) -> str:
    """Return the name of the database for a model: its own, with another ending."""
    root, ending = os.path.splitext(model)
    name = (root if ending else model) + ".sqlite"
    if os.path.isdir(name):
        raise OutputError(f"{name}: cannot be written: it is a folder; name a file (--db)")
    return name
