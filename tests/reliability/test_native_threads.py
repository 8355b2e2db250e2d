"""One case of the C++ program that tags from threads under ThreadSanitizer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import native_threads


def test_threads_of_a_program_without_python(tmp_path: Path, choose: Callable[[str], None]) -> None:
    choose("native")
    if not native_threads.usable():
        pytest.skip("the compiler has no ThreadSanitizer, or its programs do not run here")
    program = native_threads.build(tmp_path, most=1)
    files = native_threads.Files(tmp_path, ["crf"])
    ((isa, precision),) = native_threads.instruction_sets(program)
    case = native_threads.Case("crf", isa, precision, "small", seed=1)
    done, errors = native_threads.run(program, files, case, threads=16)
    assert not errors, errors[0]
    assert sum(done.values()) == 16 * native_threads.TASKS_EACH
    assert native_threads.reports(native_threads.start(program, "race")[2])
