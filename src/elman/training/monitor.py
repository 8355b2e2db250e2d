"""Watch a training run: warn if it diverges or stops learning, and say what to do."""

from __future__ import annotations

from elman.training.progress import Progress

TIMES = 2.0
"""A loss above this multiple of the lowest so far means that the run diverges."""
EPOCHS = 3
LEAST = 0.005
"""A run whose loss falls by a smaller fraction in ``EPOCHS`` epochs has stopped learning."""
LEARNED = 0.99
"""With this training accuracy there is nothing left to learn."""
SLOW = 0.1
"""Below this fraction of the highest learning rate no progress is expected."""
STUCK = 0.9
"""A fraction of saturated units that only too large steps cause, if the training accuracy is below it."""
VANISHED = 0.001
"""Gradients have vanished if their mean norm is below this fraction of the first epoch's."""


class Monitor:
    """Watches the epochs of one network's training; gives each kind of warning once."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.rates: list[float] = []
        self.norms: list[float] = []
        self.said: set[str] = set()

    def __call__(self, event: Progress) -> str | None:
        """Return a one-line warning at the end of an epoch; None if all is well."""
        self.losses.append(event.loss)
        self.rates.append(event.rate)
        self.norms.append(event.mean_gradient_norm or 0.0)
        for kind, found in (("explodes", self._explodes(event)), ("stopped", self._stopped(event))):
            if found is not None and kind not in self.said:
                self.said.add(kind)
                return found
        return None

    def _explodes(self, event: Progress) -> str | None:
        """Warn if the loss has risen far, back to that of the first epoch, or if nearly all units are saturated.

        A run that is nearly done always fluctuates.
        """
        lowest, norm = min(self.losses), event.largest_gradient_norm
        if (event.saturated or 0) > STUCK > event.train_accuracy:
            at = f"epoch {event.epoch}: {_percent(event.saturated)} of the units are saturated"
            clip = "" if event.clipped else " and grad_clip=1"
            return f"{at}, the steps are too large: try learning_rate={self.rates[0] / 3:.1g}{clip}, or elman find-lr"
        if event.loss <= TIMES * lowest or event.loss < self.losses[0] / 2 or event.train_accuracy >= LEARNED:
            return None  # a loss near 0 fluctuates too, and 0 is twice 0
        what = "" if norm is None else f" (largest gradient norm {norm:.2g}, {_percent(event.clipped)} clipped)"
        advice = f"try a smaller learning_rate={self.rates[0] / 3:.1g}"
        advice += ", or grad_clip=1" if not event.clipped else ""
        return f"epoch {event.epoch}: the loss has risen from {lowest:.3g} to {event.loss:.3g}{what}: {advice}"

    def _stopped(self, event: Progress) -> str | None:
        if len(self.losses) <= EPOCHS or event.train_accuracy >= LEARNED or event.rate <= SLOW * max(self.rates):
            return None
        if not event.train_accuracy:  # regression, which has no accuracy: the final loss is unknown
            return None
        before = min(self.losses[:-EPOCHS])
        if min(self.losses[-EPOCHS:]) < (1 - LEAST) * before:
            return None
        stands = f"epoch {event.epoch}: the loss has not fallen for {EPOCHS} epochs ({event.loss:.3g})"
        if (event.saturated or 0) > 0.5:
            why = f"{_percent(event.saturated)} of the units are saturated"
            return f"{stands} and {why}: try a smaller learning_rate={self.rates[0] / 3:.1g}, or grad_clip=1"
        if (event.dead or 0) > 0.5:
            dead = f"{_percent(event.dead)} of the units are dead"
            return f"{stands} and {dead}: try another learning_rate (elman find-lr)"
        if self.norms[0] > 0 and self.norms[-1] < VANISHED * self.norms[0]:
            return f"{stands} and the gradients have vanished: try a larger learning_rate, or cell=lstm"
        return f"{stands}: try another learning_rate (elman find-lr) or a larger hidden=; patience=3 ends such a run"


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0):.0f} %"
