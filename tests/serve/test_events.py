"""The state follows from the events: undo and redo without limit, for each annotator by himself."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, strategies as st

from elman.serve.events import CORRECTION, REDO, SKIP, UNDO, Event, State, Values


def correction(sentence: str, annotator: str, tag: str, seq: int) -> Event:
    return Event(CORRECTION, annotator, sentence, ("w",), after=Values({"t": (tag,)}), seq=seq)


def test_the_latest_correction_of_all_is_in_force() -> None:
    state = State([correction("s", "a", "X", 1), correction("s", "b", "Y", 2)])
    first, latest = state.correction("s", "a"), state.correction("s")
    assert first is not None and latest is not None
    assert (first.seq, latest.seq) == (1, 2)
    assert state.annotators == ["a", "b"]
    assert [event.seq for event in state.corrections()] == [2]


def test_a_skip_leaves_the_correction_in_force() -> None:
    state = State([correction("s", "a", "X", 1), Event(SKIP, "a", "s", seq=2)])
    last, kept = state.of("s", "a"), state.correction("s", "a")
    assert last is not None and last.kind == SKIP
    assert kept is not None and kept.seq == 1


def test_a_correction_ends_redo() -> None:
    state = State([correction("s", "a", "X", 1), Event(UNDO, "a", "s", undoes=1, seq=2)])
    assert state.undoable("a") is None
    redoable = state.redoable("a")
    assert redoable is not None and redoable.seq == 1
    state.add(correction("s", "a", "Y", 3))
    assert state.redoable("a") is None


def test_a_row_reads_back() -> None:
    values = Values({"t": ("X", None)}, {"l": "a|b", "m": None})
    event = Event(CORRECTION, "a", "s", ("ä", "\n"), values, values, 1.5, "m", None, 12.0, 3)
    assert Event.of_row((event.seq, *event.row())) == event


MOVES = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", "skip", "undo", "redo"])), max_size=40)


@given(MOVES)
def test_undo_goes_back_to_every_state_before(moves: list[tuple[str, str]]) -> None:
    """A stack of whole states, for each annotator, is what undo and redo have to agree with."""
    state = State()
    past: dict[str, list[dict[str, int]]] = {name: [{}] for name in "ab"}
    future: dict[str, list[dict[str, int]]] = {name: [] for name in "ab"}
    for seq, (name, move) in enumerate(moves, start=1):
        if move in (UNDO, REDO):
            event = state.undoable(name) if move == UNDO else state.redoable(name)
            assert (event is None) == (len(past[name]) == 1 if move == UNDO else not future[name])
            if event is None:
                continue
            state.add(replace(event, kind=move, undoes=event.seq, seq=seq))
            source, target = (past, future) if move == UNDO else (future, past)
            target[name].append(source[name].pop())
        else:
            event = Event(SKIP, name, "x", seq=seq) if move == "skip" else correction(move, name, "T", seq)
            state.add(event)
            past[name].append({**past[name][-1], event.sentence: seq})
            future[name].clear()
        now = {s: event.seq for s in "xy" if (event := state.of(s, name)) is not None}
        assert now == past[name][-1]
