"""A server on this machine that behaves like Zenodo's API, and misbehaves when asked to."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from rodepil.data.published.http import Http, Patience
from tests.data.published.importing import BRIEF
from tests.published_clips import make_published

RECORD = "17601357"


def content(size: int, seed: int = 0) -> bytes:
    """Return bytes that no other seed gives."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - no secret


@dataclass
class Fault:
    """What goes wrong with one answer."""

    status: int = 0
    """Answer this status instead."""
    headers: dict[str, str] = field(default_factory=dict)
    break_after: int | None = None
    """Close the connection after so many bytes of the body."""
    silent_s: float = 0.0
    """Say nothing for so long before the body."""
    stall_s: float = 0.0
    """Say nothing for so long behind the part of the body that is sent."""


@dataclass
class Server:
    """The record's files, what shall go wrong, and what was asked and sent."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, object] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    ranges: bool = True
    etags: bool = True
    form: str = "list"
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    before_answer: Callable[[str], None] | None = None

    def record(self) -> dict[str, object]:
        """Return the record as Zenodo words it, or in one of InvenioRDM's forms."""
        entries = [self._entry(key) for key in self.files]
        meta = {
            "title": "RodEpil",
            "publication_date": "2025-11-13",
            "creators": [{"name": "Perlo, Daniele"}, {"name": "Doe, Žofie"}],
            "license": {"id": "cc-by-4.0"},
        }
        found: dict[str, object] = {
            "id": RECORD,
            "doi": f"10.5281/zenodo.{RECORD}",
            "metadata": meta | self.metadata,
        }
        if self.form == "list":
            found["files"] = entries
        elif self.form == "entries":
            found["files"] = {"enabled": True, "entries": {str(row["key"]): row for row in entries}}
        return found

    def listing(self) -> dict[str, object]:
        """Return what stands under /files."""
        return {"enabled": True, "entries": [self._entry(key) for key in self.files]}

    def _entry(self, key: str) -> dict[str, object]:
        data = self.files[key]
        content_url = f"{self.url}/api/records/{RECORD}/files/{quote(key)}/content"
        return {
            "key": key,
            "size": len(data),
            "checksum": self.checksums.get(key, f"md5:{hashlib.md5(data).hexdigest()}"),  # noqa: S324
            "links": {"self": content_url},
        }


class Handler(BaseHTTPRequestHandler):
    """Answers as the state says; a subclass holds it."""

    state: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(self.path)
        self.state.asked.append((path, self.headers.get("Range")))
        if self.state.before_answer is not None:
            self.state.before_answer(path)
        key = path.removesuffix("/content").rpartition("/files/")[2]
        waiting = self.state.faults.get(key, [])
        fault = waiting.pop(0) if waiting else Fault()
        if fault.status:
            self._answer(fault.status, b"{}", fault.headers)
        elif path == f"/api/records/{RECORD}":
            self._answer(200, json.dumps(self.state.record()).encode(), fault=fault)
        elif path == f"/api/records/{RECORD}/files":
            self._answer(200, json.dumps(self.state.listing()).encode())
        elif path.endswith("/content") and key in self.state.files:
            self._content(key, self.state.files[key], fault)
        else:
            self._answer(404, b'{"status": 404}')

    def _content(self, key: str, data: bytes, fault: Fault) -> None:
        etag = f'"{hashlib.sha256(data).hexdigest()[:8]}"'
        headers = {"ETag": etag} if self.state.etags else {}
        start, status = 0, 200
        wanted = self.headers.get("Range")
        if wanted and self.state.ranges and self.headers.get("If-Range", etag) == etag:
            start, status = int(wanted.removeprefix("bytes=").rstrip("-")), 206
            if start >= len(data):
                self._answer(416, b"", headers | {"Content-Range": f"bytes */{len(data)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._answer(status, data[start:], headers, fault, key)

    def _answer(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        fault: Fault | None = None,
        key: str = "",
    ) -> None:
        fault = fault or Fault()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        time.sleep(fault.silent_s)
        body = body[: fault.break_after] if fault.break_after is not None else body
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True
            return
        self.state.sent[key] = self.state.sent.get(key, 0) + len(body)
        if fault.break_after is not None:
            time.sleep(fault.stall_s)
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        del arguments


class Quiet(ThreadingHTTPServer):
    """Says nothing of a client that hangs up."""

    def handle_error(self, request: object, client_address: object) -> None:
        del request, client_address


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server with an empty record."""
    state = Server()
    running = Quiet(("127.0.0.1", 0), type("Bound", (Handler,), {"state": state}))
    running.daemon_threads, running.block_on_close = True, False
    state.url = f"http://127.0.0.1:{running.server_address[1]}"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a running server with an empty record."""
    with serving() as state:
        yield state


@pytest.fixture
def pauses() -> list[float]:
    """Return the list that pauses are noted in instead of being waited for."""
    return []


@pytest.fixture
def http(pauses: list[float]) -> Iterator[Http]:
    """Return a session that is short of patience and does not sleep."""
    patience = Patience(connect_s=2.0, read_s=0.3, tries=3, pause_s=1.0, longest_pause_s=60.0)
    with Http(patience, sleep=pauses.append) as session:
        yield session


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Return where beginnings of downloads are kept."""
    return tmp_path / "parts"


@pytest.fixture
def brief(tmp_path: Path) -> list[Path]:
    """Return three short clips of one animal, two normal and one seizure, in their folders."""
    return make_published(tmp_path / "clips", subjects=1, kinds=BRIEF)  # type: ignore[arg-type]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "data" / "imported"
