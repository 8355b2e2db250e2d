"""A cluster: results, errors, workers that die, stragglers, and the end of the parent."""

from __future__ import annotations

import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import cluster_work
from elman.errors import ConfigError, DataError, ElmanError, MissingExtraError, ModelFileError, OutputError
from elman.scale.cluster import Cluster, open_cluster, report
from elman.utils.files import write_bytes_atomically

HELPERS = str(Path(cluster_work.__file__).parent)
NO_SIGNALS = pytest.mark.skipif(os.name == "nt", reason="kills by signals of POSIX")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with open_cluster("local:2") as opened:
        yield opened


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "this took too long"
        time.sleep(0.02)


def test_results_come_with_their_index(cluster: Cluster) -> None:
    assert cluster.workers == 2
    assert sorted(cluster.run(cluster_work.square, range(50))) == [(i, i * i) for i in range(50)]
    assert cluster.map(partial(cluster_work.power, exponent=3), iter([2, 3, 4])) == [8, 27, 64]
    assert cluster.map(cluster_work.square, []) == []


def test_the_work_is_done_by_the_workers_alone(cluster: Cluster) -> None:
    ids = set(cluster.map(cluster_work.process_id, range(40)))
    assert 1 <= len(ids) <= 2 and os.getpid() not in ids


def test_two_items_are_worked_on_at_once(cluster: Cluster, tmp_path: Path) -> None:
    assert cluster.map(partial(cluster_work.meet, str(tmp_path)), ["a", "b"]) == ["met", "met"]


def test_output_of_the_work_is_no_message(cluster: Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    assert cluster.map(cluster_work.print_and_read, range(3)) == ["", "", ""]
    assert capfd.readouterr().out == ""


def test_numpy_has_one_thread_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for given, expected in ((None, "1"), ("3", "3")):
        monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
        if given is not None:
            monkeypatch.setenv("OPENBLAS_NUM_THREADS", given)
        with open_cluster("local:1") as cluster:
            assert cluster.map(cluster_work.variable, ["OPENBLAS_NUM_THREADS"]) == [expected]


def test_reports_arrive_while_the_item_runs(cluster: Cluster, tmp_path: Path) -> None:
    heard, go = [], tmp_path / "go"

    def hear(index: int, value: object) -> None:
        heard.append((index, value))
        if value == 2:
            go.touch()  # the work waits for it, so the report came before the result

    assert list(cluster.run(partial(cluster_work.reporting, str(go)), [2], on_report=hear)) == [(0, "done")]
    assert heard == [(0, 1), (0, 2), (0, "from another thread")]
    report("nobody listens here")


ERRORS = [
    ElmanError("a\nb"),
    ConfigError("expected x"),
    DataError("bad line", path="file", line=3),
    ModelFileError("no model"),
    OutputError("full"),
    MissingExtraError("matplotlib", "plot"),
    ValueError("plain"),
    MemoryError(),
    KeyError("key"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_of_the_work_is_raised(cluster: Cluster, error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        cluster.map(cluster_work.fail, [error])
    assert type(caught.value) is type(error) and str(caught.value) == str(error)
    for name in ("message", "path", "line", "package", "extra"):
        assert getattr(caught.value, name, None) == getattr(error, name, None)
    notes = "".join(getattr(caught.value, "__notes__", []))
    assert ("in fail" in notes) == (not isinstance(error, ElmanError | MemoryError))  # where it happened
    assert cluster.map(cluster_work.square, [3]) == [9]


def test_errors_that_cannot_be_pickled_are_told_by_text(cluster: Cluster) -> None:
    with pytest.raises(RuntimeError, match="^Awkward: 1 and 2\n"):
        cluster.map(cluster_work.fail_awkwardly, [0])
    with pytest.raises(Exception, match="local object"):
        cluster.map(cluster_work.return_a_closure, [0])


def test_functions_and_items_that_a_worker_cannot_import(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_work, "only_here", cluster_work.square, raising=False)
    monkeypatch.setattr(cluster_work.square, "__qualname__", "only_here")
    with pytest.raises(AttributeError, match="only_here"):
        cluster.map(cluster_work.square, [1])
    with pytest.raises(AttributeError, match="only_here"):
        cluster.map(cluster_work.process_id, [cluster_work.square])
    assert cluster.map(cluster_work.power, [2]) == [4]


def test_an_item_that_cannot_be_pickled(cluster: Cluster) -> None:
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        cluster.map(cluster_work.square, [threading.Lock()])
    assert cluster.map(cluster_work.square, [3]) == [9]


def test_stopping_early_stops_the_work(cluster: Cluster, tmp_path: Path) -> None:
    run = cluster.run(partial(cluster_work.once_quick, str(tmp_path)), ["quick", "slow"])
    assert next(run) == (0, "quick")
    with pytest.raises(RuntimeError, match="running something else"):
        cluster.map(cluster_work.square, [1])
    wait_for((tmp_path / "slow").exists)
    run.close()
    if Path("/proc").exists():
        assert cluster_work.gone(int((tmp_path / "slow").read_text()))
    assert cluster.map(cluster_work.square, range(4)) == [0, 1, 4, 9]


@NO_SIGNALS
@pytest.mark.parametrize("seed", range(3))
def test_items_of_killed_workers_are_done_again(seed: int, tmp_path: Path) -> None:
    """Kills at random moments, ten of them: the same results, and at most one extra run for each kill."""
    draw, killed = random.Random(seed), 0
    with open_cluster("local:2") as cluster:
        results = []
        for result in cluster.run(partial(cluster_work.logged, str(tmp_path / "log")), range(60)):
            results.append(result)
            if killed < 10:
                time.sleep(draw.random() / 50)
                alive = cluster._workers._alive
                os.kill(draw.choice(alive).process.pid, signal.SIGKILL)
                killed += 1
        assert sorted(results) == [(i, -i) for i in range(60)]
    runs = Counter((tmp_path / "log").read_text().split())
    assert len(runs) == 60 and sum(runs.values()) <= 60 + killed


@NO_SIGNALS
def test_an_item_that_kills_its_workers_is_given_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with open_cluster("local:2") as cluster:
        with pytest.raises(ElmanError) as caught:
            cluster.map(partial(cluster_work.deadly, str(log)), ["harmless", "deadly"])
        assert str(caught.value).startswith("item 2, 'deadly': given up, since 10 worker processes died while they")
        assert "(the last: signal 9 ended it)" in str(caught.value)
        assert log.read_text().split() == ["deadly"] * 10
        assert cluster.map(cluster_work.square, range(4)) == [0, 1, 4, 9]


def test_a_straggler_is_started_again_and_the_first_result_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt at an item never ends; nothing else can end this test."""
    monkeypatch.setattr("elman.scale.cluster.LEAST", 0.0)
    with open_cluster("local:2") as cluster:
        hangs_once = partial(cluster_work.hangs_once, str(tmp_path))
        results = dict(cluster.run(hangs_once, ["hangs", "a", "b"], duplicates=True))
        assert results == {0: "second hangs", 1: "first a", 2: "first b"}
        assert cluster.map(cluster_work.square, range(4)) == [0, 1, 4, 9]  # the hanging worker was replaced


def test_a_large_item_is_no_straggler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("elman.scale.cluster.LEAST", 0.0)
    log = tmp_path / "log"
    with open_cluster("local:2") as cluster:
        work = partial(cluster_work.sleep_and_log, str(log))
        seconds = [0.1, 0.1, 0.1, 1.2]
        assert len(list(cluster.run(work, seconds, duplicates=True, size=lambda seconds: 10 * seconds))) == 4
    assert sorted(log.read_text().split()) == ["0.1", "0.1", "0.1", "1.2"]


def test_no_item_runs_twice_unless_asked(cluster: Cluster, tmp_path: Path) -> None:
    cluster.map(partial(cluster_work.sleep_and_log, str(tmp_path / "log")), [0.0, 0.0, 1.2])
    assert sorted((tmp_path / "log").read_text().split()) == ["0.0", "0.0", "1.2"]


PARENT = """
import sys, time
sys.path.insert(0, {here!r})
from functools import partial
import cluster_work
from elman.scale.cluster import open_cluster
with open_cluster("local:2") as cluster:
    cluster.map(partial(cluster_work.stay, {folder!r}), ["asleep", "busy"])
"""


def ids_of_workers(folder: Path) -> list[int]:
    paths = [folder / "asleep", folder / "busy"]
    wait_for(lambda: all(path.exists() for path in paths))
    return [int(path.read_text()) for path in paths]


@NO_SIGNALS
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_parent(number: signal.Signals, tmp_path: Path) -> None:
    code = PARENT.format(here=HELPERS, folder=str(tmp_path))
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    with parent:
        workers = ids_of_workers(tmp_path)
        assert all(os.getpgid(pid) not in (os.getpgid(parent.pid), os.getpgid(0)) for pid in workers)
        parent.send_signal(number)
        parent.communicate()
        wait_for(lambda: all(map(cluster_work.gone, workers)), 2)


def test_closing_leaves_no_thread_and_no_process() -> None:
    before = threading.active_count()
    with open_cluster("local:3") as cluster:
        pids = cluster.map(cluster_work.process_id, range(9))
        assert threading.active_count() == before + 3
    assert threading.active_count() == before
    if Path("/proc").exists():
        assert all(map(cluster_work.gone, pids))


@pytest.mark.parametrize(
    "address", ["", "local", "local:0", "local:1001", "local:-1", "local:two", "tcp://", "host", 3]
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(ConfigError, match=r"^cluster: expected local:N with N from 1 to 1,000, or the address of a"):
        open_cluster(address)


def test_without_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"the package distributed: .*\[dask\]"):
        open_cluster("tcp://127.0.0.1:8786")


def test_files_of_the_work_are_whole(cluster: Cluster, tmp_path: Path) -> None:
    """What the library writes in a worker is there when the result is."""
    names = [str(tmp_path / f"{i}") for i in range(4)]
    cluster.map(partial(write_bytes_atomically, data=b"whole"), names)
    assert [Path(name).read_bytes() for name in names] == [b"whole"] * 4
