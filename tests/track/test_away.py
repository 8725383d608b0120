"""What is away for a while and what is refused for good, as real HTTP servers say it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ServiceAway, TrackingError
from rodepil.track import open_tracker
from rodepil.track.mlflow_tracker import MlflowTracker
from rodepil.track.sync import sync
from tests.track.server import free_port

Answers = Callable[[int, float], str]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")


@contextmanager
def answering(status: int, after_s: float = 0.0) -> Iterator[str]:
    """Yield the address of a server that answers everything with a status."""

    class Answer(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            time.sleep(after_s)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"no")

        do_GET = do_POST = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_server_at_fault_is_away(status: int, tmp_path: Path) -> None:
    with answering(status) as uri, pytest.raises(ServiceAway, match=str(status)):
        MlflowTracker.open(uri, "rodepil", folder=tmp_path)


def test_server_that_does_not_answer_in_time_or_at_all_is_away(tmp_path: Path) -> None:
    with answering(200, after_s=1.5) as uri, pytest.raises(ServiceAway, match="timeout"):
        MlflowTracker.open(uri, "rodepil", folder=tmp_path)
    with pytest.raises(ServiceAway, match="start the server"):
        MlflowTracker.open(f"http://127.0.0.1:{free_port()}", "rodepil", folder=tmp_path)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_server_that_refuses_is_an_error_at_the_start(status: int, tmp_path: Path) -> None:
    with answering(status) as uri:
        settings = TrackSettings(uri=uri)
        with pytest.raises(TrackingError, match=str(status)) as refused:
            open_tracker(settings, Workspace(tmp_path), environ={})
    assert not isinstance(refused.value, ServiceAway)


def test_server_that_is_away_at_the_start_is_an_error_where_no_journal_keeps_what_it_misses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    settings = TrackSettings(uri=uri)
    alone = settings.model_copy(update={"journal": False})
    with pytest.raises(ServiceAway, match=uri):
        open_tracker(alone, Workspace(tmp_path), environ={})
    tracker = open_tracker(settings, Workspace(tmp_path), environ={})
    run = tracker.start("fold-0")
    run.metrics({"loss": 0.5}, 0)
    run.end("killed")
    assert tracker.knows(run.id)
    (said,) = caplog.messages
    assert uri in said
    assert "rodepil runs sync" in said


def test_address_is_said_without_the_password_in_it(tmp_path: Path) -> None:
    uri = f"http://ann:secret@127.0.0.1:{free_port()}"
    with pytest.raises(ServiceAway) as away:
        MlflowTracker.open(uri, "rodepil", folder=tmp_path)
    assert "secret" not in str(away.value)


def test_sync_of_an_empty_journal_is_nothing(tmp_path: Path) -> None:
    assert sync(TrackSettings(), Workspace(tmp_path), environ={}) == []
