"""Random streams: a function of their place alone."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from elman.utils.seeding import DROPOUT, ORDER, START, UNKNOWN, Draws, stream

HERE: dict[str, Any] = {"seed": 1, "purpose": ORDER, "epoch": 2, "step": 3, "part": 4}


def draws(**place: Any) -> np.ndarray[Any, Any]:
    return stream(**place).random(8)


def test_the_same_place_has_the_same_draws() -> None:
    np.testing.assert_array_equal(draws(**HERE), draws(**HERE))


@pytest.mark.parametrize("what", HERE)
def test_another_place_has_other_draws(what: str) -> None:
    assert not np.isin(draws(**HERE), draws(**{**HERE, what: HERE[what] + 1})).any()


def test_neighbouring_places_share_no_draws() -> None:
    places = product((0, 1), (START, ORDER, UNKNOWN, DROPOUT), (0, 1, 2), (0, 1, 2), (0, 1))
    names = ("seed", "purpose", "epoch", "step", "part")
    found = [stream(**dict(zip(names, place, strict=True))).integers(0, 2**63, 1000) for place in places]
    assert len(np.unique(np.concatenate(found))) == 1000 * len(found)


def test_what_was_drawn_elsewhere_does_not_matter() -> None:
    expected = draws(**HERE)
    stream(1, ORDER, epoch=2, step=2).random(10_000)
    np.testing.assert_array_equal(draws(**HERE), expected)


def test_large_seeds_differ() -> None:
    assert (draws(seed=2**63 - 1, purpose=START) != draws(seed=2**62 - 1, purpose=START)).all()


def test_the_stream_is_philox() -> None:
    """Known bits: if they change, the same seed gives another model than it gave last year."""
    raw = stream(1, START, epoch=2, step=3, part=4).bit_generator.random_raw(2)
    assert raw.tolist() == [12260803636414385753, 8892533092838924066]


def test_draws_are_those_of_the_stream() -> None:
    draws, generator = Draws(5, DROPOUT, epoch=2, step=3, part=1), stream(5, DROPOUT, epoch=2, step=3, part=1)
    assert (draws.take(6), draws.take(1), draws.drawn) == (0, 6, 7)
    generator.bytes(4 * 8)  # a number from 0 to 1 takes two draws, from an even place on
    np.testing.assert_array_equal(draws.random(9), generator.random(9))
    assert draws.drawn == 26
    np.testing.assert_array_equal(draws.random(3), generator.random(3))
