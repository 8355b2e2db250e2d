"""Counts that are kept up to date are what a count of everything would be."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from hypothesis import given, strategies as st

from elman.server.counts import Counts
from elman.server.events import CORRECTION, REDO, SKIP, UNDO, Event, State, Values

ITEMS = {id: SimpleNamespace(id=id, set_aside=id == "x") for id in "xy"}  # "z" is no longer in the files
DOCUMENTS: Any = SimpleNamespace(items=list(ITEMS.values()), get=ITEMS.get)


def counted(state: State) -> dict[str, int]:
    """Count all sentences."""
    found = {"sentences": 2, "set_aside": 1, "corrected": 0, "changed": 0, "skipped": 0, "set_aside_corrected": 0}
    for id, by_name in state.by_annotator():
        if id in ITEMS:
            corrected = [event for event in by_name.values() if event.kind == CORRECTION]
            found["corrected"] += bool(corrected)
            found["changed"] += any(event.after != event.before for event in corrected)
            found["skipped"] += not corrected
            found["set_aside_corrected"] += bool(corrected) and id == "x"
    return found


MOVE = st.tuples(st.sampled_from("ab"), st.sampled_from(["same", "other", SKIP, UNDO, REDO]), st.sampled_from("xyz"))


@given(st.lists(st.tuples(MOVE, st.booleans()), max_size=40))
def test_like_a_count_of_everything(moves: list[tuple[tuple[str, str, str], bool]]) -> None:
    state = State()
    counts = Counts(DOCUMENTS, state)
    for seq, ((name, move, id), ask) in enumerate(moves, start=1):
        if move in (UNDO, REDO):
            event = state.undoable(name) if move == UNDO else state.redoable(name)
            if event is not None:
                state.add(replace(event, kind=move, undoes=event.seq, seq=seq))
        elif move == SKIP:
            state.add(Event(SKIP, name, id, seq=seq))
        else:
            before, after = Values({"t": ("A",)}), Values({"t": ("A" if move == "same" else "B",)})
            state.add(Event(CORRECTION, name, id, ("w",), before, after, seq=seq))
        if ask:
            assert counts.now() == counted(state)
    assert counts.now() == counted(state)
