"""Ask a server, wait where it asks to, and try again a bounded number of times."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import requests

from rodepil import __version__
from rodepil.errors import DownloadError

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be another one the next time."""

_OK, _PARTIAL, _PAST_THE_END = 200, 206, 416
_REMEDIES = {
    401: "it wants a login; ask the record's owners for access",
    403: "the record is closed; ask its owners for access",
    404: "no such record or file; check the number of --record",
    410: "the record was withdrawn; ask its owners",
}


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server, and how often to ask it.

    Parameters
    ----------
    connect_s, read_s
        Seconds until a connection must stand, and for which it may be silent.
    tries
        Tries in a row that may fail before it is given up.
    pause_s, longest_pause_s
        The pause after the first failure, doubled after each further one, and its bound, which
        holds for a pause that the server names as well.
    """

    connect_s: float = 15.0
    read_s: float = 60.0
    tries: int = 6
    pause_s: float = 1.0
    longest_pause_s: float = 120.0


class Again(Exception):
    """A try failed in a way that may pass.

    Parameters
    ----------
    reason
        What happened.
    pause_s
        Seconds that the server asks to wait, where it does.
    """

    def __init__(self, reason: str, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class Tries:
    """Counts the tries at one thing that failed in a row, and pauses between them.

    Parameters
    ----------
    what
        The thing, for the message.
    patience
        Bounds.
    sleep
        Called with the seconds of each pause.
    """

    def __init__(self, what: str, patience: Patience, sleep: Callable[[float], None]) -> None:
        self._what = what
        self._patience = patience
        self._sleep = sleep
        self._failed = 0

    def forget(self) -> None:
        """Begin to count anew: there was progress."""
        self._failed = 0

    def failed(self, again: Again) -> None:
        """Count a failure and pause.

        Raises
        ------
        DownloadError
            It was the last one.
        """
        self._failed += 1
        patience = self._patience
        if self._failed >= patience.tries:
            raise DownloadError(
                f"{self._what}: {again} ({self._failed} tries). Run the same command again later: "
                "what is there is kept"
            ) from again
        pause_s = patience.pause_s * 2 ** (self._failed - 1)
        self._sleep(min(max(pause_s, again.pause_s or 0.0), patience.longest_pause_s))


class Http:
    """A session with one server; use it in a ``with`` block.

    Parameters
    ----------
    patience
        Time-outs and tries.
    sleep
        Called with the seconds of each pause.
    """

    def __init__(
        self, patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._patience = patience or Patience()
        self._sleep = sleep
        self._session = requests.Session()
        # Compressed on the way, the bytes of a range would not be those of the file.
        self._session.headers.update(
            {"User-Agent": f"rodepil/{__version__}", "Accept-Encoding": "identity"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def tries(self, what: str) -> Tries:
        """Return a count of the failed tries at `what`."""
        return Tries(what, self._patience, self._sleep)

    def json(self, url: str) -> Any:
        """Return the JSON that stands at `url`.

        Raises
        ------
        DownloadError
            The server refuses, answers something else, or can't be reached.
        """
        tries = self.tries(url)
        while True:
            try:
                with self.get(url, {"Accept": "application/json"}) as answer:
                    return answer.json()
            except Again as again:
                tries.failed(again)
            except requests.exceptions.JSONDecodeError as error:
                raise DownloadError(
                    f"{url} answers no JSON; check --url, which names a server with Zenodo's "
                    "REST API"
                ) from error

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[requests.Response]:
        """Open `url` once; its body is read as it comes.

        Yields
        ------
        Response
            Of status 200, 206 or 416.

        Raises
        ------
        Again
            The server is busy or faulty, the connection breaks or is silent too long.
        DownloadError
            The server refuses.
        """
        timeout = self._patience.connect_s, self._patience.read_s
        try:
            with self._session.get(url, headers=headers, stream=True, timeout=timeout) as answer:
                if answer.status_code in _PASSING:
                    raise Again(f"the server answers {answer.status_code}", _asked_pause_s(answer))
                if answer.status_code not in (_OK, _PARTIAL, _PAST_THE_END):
                    remedy = _REMEDIES.get(answer.status_code, "open it in a browser to see why")
                    raise DownloadError(f"{url}: status {answer.status_code}; {remedy}")
                yield answer
        except requests.exceptions.JSONDecodeError:
            raise
        except (requests.ConnectionError, requests.Timeout) as error:
            raise Again(f"the server can't be reached or falls silent ({error})") from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise Again(f"the server breaks off ({error})") from error
        except requests.RequestException as error:
            raise DownloadError(f"{url} can't be asked ({error}); check --url") from error


def _asked_pause_s(answer: requests.Response) -> float | None:
    """Return the seconds of ``Retry-After``, which holds a number or a date."""
    asked = answer.headers.get("Retry-After", "")
    if asked.isdecimal():
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)  # as the zone -0000 is read
    return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds())
