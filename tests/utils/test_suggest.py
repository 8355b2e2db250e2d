"""The nearest known word."""

from __future__ import annotations

from elman.utils.suggest import did_you_mean, nearest


def test_nearest() -> None:
    known = ("hidden", "layers", "UPOS")
    assert nearest("hiden", known) == "hidden"
    assert nearest("upso", known) == "UPOS"
    assert nearest("quite another", known) == nearest("", known) == nearest("x", ()) == ""
    assert did_you_mean("layer", known) == ": did you mean layers?"
    assert did_you_mean("", known) == ""
