"""The workers of a Dask cluster: the same results, errors and second attempts as with processes of our own."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import cluster_work
from elman.errors import ConfigError, DataError, ElmanError
from elman.scale.cluster import Cluster, open_cluster

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Any]:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as local:
        yield local


@pytest.fixture
def cluster(scheduler: Any) -> Iterator[Cluster]:
    scheduler.wait_for_workers(2)
    with open_cluster(scheduler.scheduler_address) as opened:
        yield opened


def test_results_and_errors(cluster: Cluster) -> None:
    assert cluster.workers == 2
    assert sorted(cluster.run(cluster_work.square, range(20))) == [(i, i * i) for i in range(20)]
    assert os.getpid() not in cluster.map(cluster_work.process_id, range(4))
    with pytest.raises(DataError) as caught:
        cluster.map(cluster_work.fail, [DataError("bad line", path="file", line=3)])
    assert (str(caught.value), caught.value.line) == ("file:3: bad line", 3)
    with pytest.raises(RuntimeError, match="^Awkward: 1 and 2\n"):
        cluster.map(cluster_work.fail_awkwardly, [0])


def test_large_items_are_sent_without_a_warning(cluster: Cluster) -> None:
    assert cluster.map(cluster_work.size, [bytes(12_000_000)]) == [12_000_000]


def test_reports_arrive_while_the_item_runs(cluster: Cluster, tmp_path: Path) -> None:
    heard, go = [], tmp_path / "go"

    def hear(index: int, value: object) -> None:
        heard.append((index, value))
        if value == 2:
            go.touch()

    assert list(cluster.run(partial(cluster_work.reporting, str(go)), [2], on_report=hear)) == [(0, "done")]
    assert heard == [(0, 1), (0, 2)]


def test_a_straggler_is_started_again(cluster: Cluster, tmp_path: Path) -> None:
    results = dict(cluster.run(partial(cluster_work.hangs_once, str(tmp_path)), ["hangs", "a", "b"], duplicates=True))
    assert results == {0: "second hangs", 1: "first a", 2: "first b"}
    (tmp_path / "stop").touch()


def test_items_of_killed_workers_are_done_again(cluster: Cluster, tmp_path: Path) -> None:
    killed, results = 0, []
    workers = cluster.map(cluster_work.process_id, range(20))
    for result in cluster.run(partial(cluster_work.logged, str(tmp_path / "log")), range(60)):
        results.append(result)
        if len(results) in (10, 30):
            os.kill({10: min, 30: max}[len(results)](workers), signal.SIGKILL)
            killed += 1
    assert sorted(results) == [(i, -i) for i in range(60)]
    runs = Counter((tmp_path / "log").read_text().split())
    assert len(runs) == 60 and sum(runs.values()) <= 60 + killed


def test_an_item_that_kills_its_workers_is_given_up(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(ElmanError, match=r"^item 1, 'deadly': given up, since 1[0-9] worker processes died while"):
        cluster.map(partial(cluster_work.deadly, str(tmp_path / "log")), ["deadly"])


def test_a_scheduler_that_ends() -> None:
    local = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0")
    try:
        with open_cluster(local.scheduler_address) as cluster:
            run = cluster.run(cluster_work.sleep, [0.0, 60.0])
            next(run)
            local.close()
            with pytest.raises(ElmanError, match="the Dask scheduler at tcp://.* no longer answers"):
                next(run)
    finally:
        local.close()


def test_a_scheduler_without_workers() -> None:
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0") as local:
        with pytest.raises(ConfigError, match="has no workers; start one: dask worker"):
            open_cluster(local.scheduler_address)


def test_workers_that_would_give_other_bits(scheduler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler.wait_for_workers(2)
    monkeypatch.setenv("ELMAN_KERNELS", "reference")
    with pytest.raises(ConfigError, match=r"^cluster: expected the instruction set numpy in the worker tcp://.* found"):
        open_cluster(scheduler.scheduler_address)


def test_nobody_answers() -> None:
    """A port where a server accepts connections and says nothing, and one where none is."""
    with socket.socket() as silent, socket.socket() as closed:
        for each in (silent, closed):
            each.bind(("127.0.0.1", 0))
        silent.listen()
        refusals: list[str] = []

        def refused(port: int) -> None:
            begun = time.monotonic()
            with pytest.raises(ConfigError, match="expected a running Dask scheduler at tcp://.*found none") as caught:
                open_cluster(f"tcp://127.0.0.1:{port}")
            assert time.monotonic() - begun < 10  # the promise
            refusals.append(str(caught.value))

        threads = [threading.Thread(target=refused, args=(each.getsockname()[1],)) for each in (silent, closed)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refusals) == 2


def test_what_dask_does_not_know() -> None:
    with pytest.raises(ConfigError, match="unknown address scheme"):
        open_cluster("smoke://host:8786")
