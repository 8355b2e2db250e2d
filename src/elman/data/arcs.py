"""``Arc``: the relation of a word, as a label that also holds the head; what a graph parser learns from."""

from __future__ import annotations


class Arc(str):
    """A relation, such as ``nsubj``.

    ``head``  the number of the word's head in its sentence, from 1; 0 for the root
    """

    __slots__ = ("head",)
    head: int

    def __new__(cls, relation: str, head: int) -> Arc:
        """Make one from a relation and a head."""
        arc = super().__new__(cls, relation)
        arc.head = head
        return arc
