"""Files that survive a power failure."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from elman.errors import OutputError
from elman.utils.durable import part_of, sync_folder, write_generation


def test_the_last_content_stays_beside_the_new_one(tmp_path: Path) -> None:
    file, previous = tmp_path / "state", tmp_path / "state.previous"
    for data in (b"1", b"2", b"3"):
        write_generation(str(file), str(previous), data)
    assert (file.read_bytes(), previous.read_bytes()) == (b"3", b"2")
    assert sorted(os.listdir(tmp_path)) == ["state", "state.previous"]


def test_a_write_that_fails_leaves_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, previous = tmp_path / "state", tmp_path / "state.previous"
    for data in (b"1", b"2"):
        write_generation(str(file), str(previous), data)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"state: cannot be written: No space left on device"):
        write_generation(str(file), str(previous), b"3")
    assert (file.read_bytes(), previous.read_bytes()) == (b"2", b"1")
    assert not os.path.exists(part_of(str(file)))


@pytest.mark.parametrize(("number", "is_told"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_a_folder_that_cannot_be_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_told: bool
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    if is_told:
        with pytest.raises(OSError, match="error"):
            sync_folder(str(tmp_path))
    else:
        sync_folder(str(tmp_path))
