"""Notes and warnings go where the run options say."""

from __future__ import annotations

import warnings

from elman.training.run_options import RunOptions


def test_notes_and_warnings_go_to_their_callbacks() -> None:
    notes: list[str] = []
    messages: list[str] = []
    run = RunOptions(on_note=notes.append, on_warning=messages.append)
    run.note("a", "b")
    run.warn("c", "d")
    RunOptions().note("nobody listens")
    assert (notes, messages) == (["a", "b"], ["c", "d"])


def test_without_a_callback_they_are_warnings_of_the_calling_line() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        RunOptions().warn("two\nlines")
    (warning,) = caught
    assert "\n" not in str(warning.message)
    assert warning.filename == __file__
