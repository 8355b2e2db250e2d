"""Workers of a running Dask cluster."""

from __future__ import annotations

import pickle
import warnings
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from elman import __version__, kernels
from elman.errors import ConfigError, ElmanError
from elman.scale.processes import LOST, Event
from elman.scale.worker import FAILED, REPORT, attempt, reports
from elman.utils.imports import optional_package
from elman.utils.parallel import Job

SECONDS = 9
"""How long a scheduler may take to answer."""


class DaskWorkers:
    """The workers of a Dask cluster, which stay when they are closed. One item for each of their threads at once."""

    def __init__(self, address: str) -> None:
        with optional_package("distributed", "dask"):
            from distributed import Client, KilledWorker
        self._address, self._killed = address, KilledWorker
        connecting = Job(partial(Client, address, timeout=SECONDS - 1, set_as_default=False))
        connecting.start()  # the client waits for ever for a server that accepts connections and says nothing
        try:
            if not connecting.wait(SECONDS):
                raise TimeoutError("no answer")
            self._client = connecting.result()
        except Exception as error:  # of many types, some for protocols that this machine is not set up for
            raise ConfigError(
                f"cluster: expected a running Dask scheduler at {address}, found none within {SECONDS} seconds: {error}"
            ) from None
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._futures: dict[int, Any] = {}
        self._topic = f"elman-{uuid4().hex}"
        try:
            self._check()
            self._client.subscribe_topic(self._topic, self._hear)
        except BaseException:
            self._client.close()
            raise

    def _check(self) -> None:
        """Raise ConfigError if there are no workers, or they would give other bits than this process."""
        if not self._client.nthreads():
            raise ConfigError(f"cluster: the Dask scheduler at {self._address} has no workers; start one: dask worker")
        try:
            of_workers = self._client.run(_environment)
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"cluster: the workers of {self._address} cannot import {error.name}; install this elman there too"
            ) from None
        here = _environment()
        for worker, environment in of_workers.items():
            for name, value in here.items():
                if environment[name] != value:  # results would depend on who worked on what
                    raise ConfigError(
                        f"cluster: expected {name} {value} in the worker {worker}, as here, found {environment[name]}"
                    )

    @property
    def workers(self) -> int:
        """The number of threads of all workers now, at least 1: there may be new ones soon where all have died."""
        try:
            return max(1, sum(map(int, self._client.nthreads().values())))
        except OSError:  # distributed's CommClosedError is one
            raise self._lost() from None

    def _lost(self) -> ElmanError:
        return ElmanError(f"cluster: the Dask scheduler at {self._address} no longer answers")

    def start(self, token: int, work: bytes, item: bytes) -> None:
        """Submit an item; of the workers that Dask lets die with it before it gives up, it is begun again in others."""
        key = f"{self._topic}-{token}"
        with warnings.catch_warnings():  # data scattered beforehand would be lost with its worker
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            future = self._client.submit(partial(_attempt, self._topic, token), work, item, key=key, pure=False)
        self._futures[token] = future
        future.add_done_callback(partial(self._done, token))

    def _done(self, token: int, future: Any) -> None:
        """Put the end of an attempt into the queue, in a thread of Dask's client."""
        if future.status == "finished":
            kind, value = future.result()
        elif future.status == "error" and isinstance(error := future.exception(), self._killed):
            kind, value = LOST, (error.allowed_failures + 1, f"{error.last_worker.address} was lost")
        elif future.status == "error":
            kind, value = FAILED, pickle.dumps(error)
        else:
            kind, value = FAILED, pickle.dumps(self._lost())
        self._events.put((token, kind, value))

    def _hear(self, event: tuple[float, Any]) -> None:
        token, value = event[1]
        self._events.put((token, REPORT, value))

    def event(self, seconds: float) -> Event | None:
        """Return what happens next to an item; None if nothing does for so long."""
        try:
            token, kind, value = self._events.get(timeout=seconds)
        except Empty:
            return None
        if kind != REPORT:
            self._futures.pop(token, None)
        return token, kind, value

    def cancel(self, token: int) -> None:
        """Forget an item; a worker that is at it goes on to its end."""
        if (future := self._futures.pop(token, None)) is not None:
            future.cancel()

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close()


def _environment() -> dict[str, str]:
    """Return what decides the bits of results in this process."""
    core = kernels.native_core()
    return {"elman": __version__, "the instruction set": core.isa() if core else "numpy"}


def _attempt(topic: str, token: int, work: bytes, item: bytes) -> tuple[str, bytes]:
    """Work on an item in a worker; its reports are events of Dask."""
    from distributed import get_worker

    worker = get_worker()

    def send(value: Any) -> None:
        worker.log_event(topic, (token, pickle.dumps(value)))

    reports.send = send
    try:
        return attempt(work, item)
    finally:
        reports.send = None
