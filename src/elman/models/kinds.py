"""The kinds of models that tag words or classify documents, by their names in model files and in ``elman.train``."""

from __future__ import annotations

from typing import Any

KINDS = ("rnn", "linear", "hmm", "frequent")


def model_class(kind: str) -> Any:
    """Return the class of a kind of model, imported when it is needed."""
    if kind in ("rnn", "linear"):
        from elman.models.rnn import LinearModel, RecurrentModel

        return RecurrentModel if kind == "rnn" else LinearModel
    from elman.models.baselines import HMM, Frequent

    return HMM if kind == "hmm" else Frequent


def kernel_notes(kind: str) -> list[str]:
    """Return notes for the user about the kernels: a recurrent network is slow without the native ones."""
    if kind != "rnn":
        return []
    from elman import kernels

    note = kernels.shortcoming()
    return [note] if note else []
