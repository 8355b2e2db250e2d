"""The service as a process: what it prints, what it refuses in one line, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="starlette (extra serve) is not installed")
pytest.importorskip("uvicorn", reason="uvicorn (extra serve) is not installed")

from served import served

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are others there")


def refused(*arguments: str | os.PathLike[str]) -> str:
    """Return the one line of a service that does not start."""
    command = [sys.executable, "-m", "elman", "serve", *map(os.fspath, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("elman: ")
    return done.stderr


def test_it_prints_one_line_and_learns(model: Path, text: Path, tmp_path: Path) -> None:
    with served(model, text, log=tmp_path / "log") as service:
        assert service.url.startswith("http://127.0.0.1:") and "/?token=" in service.url
        with service.client() as client:
            (card,) = client.get("/v1/queue", limit=1, order="file")["cards"]
            first = card["model"]
            status, made = client.correct(card, "annotator", ["X", *card["columns"]["upos"]["tags"][1:]], "upos")
            assert status == 201
            if made["learns"]:
                end = time.monotonic() + 120
                while client.get("/v1/status")["model"]["sha256"] == first:
                    assert time.monotonic() < end
                    time.sleep(0.05)
                (row,) = client.ask("POST", "/v1/tag", {"sentences": [card["words"]]})[1]["sentences"]
                assert row["columns"]["upos"][0] == "X"
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 0
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert log.startswith(f"elman: {text} read as text") and log.count("\n") == 1
    assert (tmp_path / "small.sqlite").is_file() and not (tmp_path / "small.sqlite-wal").exists()


def test_sigterm_finishes_what_was_begun(model: Path, tmp_path: Path) -> None:
    with served(model, "--no-learn", log=tmp_path / "log") as service:
        sentences = [["the", "dog"] * 400] * 300
        answers: list[tuple[int, int]] = []

        def ask() -> None:
            with service.client() as client:
                status, value = client.ask("POST", "/v1/tag", {"sentences": sentences, "confidence": True})
                answers.append((status, len(value["sentences"])))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        with service.client() as client:  # all have arrived when their bodies are read
            while b"elman_sentences_total 0" in client.ask("GET", "/metrics")[1]:
                time.sleep(0.005)
        service.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert service.process.wait(60) == 0
    assert answers == [(200, 300)] * 3


def test_the_log_holds_no_text(model: Path, text: Path, tmp_path: Path) -> None:
    with served(model, text, "--verbose", "--no-learn", log=tmp_path / "log") as service:
        with service.client() as client:
            client.get("/v1/queue", search="fish")
            client.ask("POST", "/v1/tag", {"text": "secret fish"})
            client.ask("POST", "/v1/tag", {"text": "secret", "fish": 1})
        service.process.terminate()
        service.process.wait(60)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "GET /v1/queue 200" in log and "POST /v1/tag 400" in log
    assert "fish" not in log and "secret" not in log and service.client().token not in log


def test_what_is_refused_in_one_line(model: Path, text: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1:{port}: cannot listen there: Address already in use" in refused(model, "--port", port)
    assert "can be reached from other machines" in refused(model, "--host", "0.0.0.0")
    assert "cannot listen there" in refused(model, "--host", "198.51.100.7", "--token-file", _token(tmp_path))
    assert "look swapped" in refused(text, model)
    assert "none.model: no such file" in refused(tmp_path / "none.model")
    assert "not a model file" in refused(text, "--db", tmp_path / "other.sqlite")
    (tmp_path / "bad.sqlite").write_bytes(b"x" * 5_000)
    assert "not a database of corrections" in refused(model, "--db", tmp_path / "bad.sqlite")
    with served(model, "--no-learn", log=tmp_path / "log"):
        assert "in use by another elman serve" in refused(model, "--port", "0")


def _token(folder: Path) -> Path:
    path = folder / "token"
    path.write_text("0123456789abcdef\n", encoding="utf-8")
    return path


def test_a_token_of_ones_own_and_a_proxy(model: Path, tmp_path: Path) -> None:
    import http.client

    token = _token(tmp_path)
    options = ["--token-file", token, "--allow-host", "tags.example.org", "--no-learn"]
    with served(model, *options, log=tmp_path / "log") as service:
        assert service.url.endswith("/?token=0123456789abcdef")
        port = int(service.url.split(":")[2].split("/")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for host, status in (("tags.example.org", 200), ("other.example.org", 403)):
            headers = {"Host": host, "Authorization": "Bearer 0123456789abcdef", "Origin": f"https://{host}"}
            connection.request("GET", "/v1/status", headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
        connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot limit a process that runs")
def test_a_full_disk_is_said_and_does_not_last(model: Path, text: Path, tmp_path: Path) -> None:
    import resource

    with served(model, text, "--no-learn", log=tmp_path / "log") as service, service.client() as client:
        cards = client.get("/v1/queue", limit=3)["cards"]
        tags = [["X"] * len(card["words"]) for card in cards]
        assert client.correct(cards[0], "anna", tags[0], "upos")[0] == 201
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
        undo = client.ask("POST", "/v1/undo", {"annotator": "anna"})
        refused = [client.correct(cards[1], "anna", tags[1], "upos"), undo]
        for status, answer in refused:
            assert status == 507 and answer["error"].endswith("nothing was stored")
        assert client.get("/v1/status", annotator="anna")["counts"]["corrected"] == 1
        assert client.ask("POST", "/v1/tag", {"text": "the dog"})[0] == 200
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        for card, new in zip(cards[1:], tags[1:], strict=True):
            assert client.correct(card, "anna", new, "upos")[0] == 201
        assert [one["event"] for one in client.get("/v1/corrections")["corrections"]] == [1, 2, 3]


def test_events_reach_who_listens(model: Path, text: Path, tmp_path: Path) -> None:
    import urllib.request

    with served(model, text, "--no-learn", log=tmp_path / "log") as service, service.client() as client:
        address = service.url.split("/?")[0]
        request = urllib.request.Request(f"{address}/v1/events?after=0")
        request.add_header("Authorization", f"Bearer {client.token}")
        with urllib.request.urlopen(request, timeout=60) as stream:
            assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
            (card,) = client.get("/v1/queue", limit=1)["cards"]
            client.correct(card, "anna", ["X"] * len(card["words"]), "upos")
            lines = [stream.readline().decode().strip() for _ in range(5)]
        assert lines[:4] == ["retry: 1000", "", "id: 1", "event: correction"]
        assert lines[4] == f'data: {{"id": "{card["id"]}", "annotator": "anna", "kind": "correction"}}'
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(60) == 0
