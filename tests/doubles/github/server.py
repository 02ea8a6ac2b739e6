"""The double behind a socket on loopback."""

import json
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import urlsplit

from tests.doubles.github import documents
from tests.doubles.github.call import Answer
from tests.doubles.github.control import CONTROL, controlled
from tests.doubles.github.double import REPO, TOKEN, GitHub


class GitHubDouble(GitHub):
    """A :class:`GitHub` that answers on :attr:`url` from :meth:`start` to :meth:`stop`."""

    def __init__(
        self, repo: str = REPO, token: str = TOKEN, *, port: int = 0, clock: Callable[[], float] = time.time
    ) -> None:
        self._server = _Server(self, port)
        super().__init__(repo, token, url=f"http://127.0.0.1:{self._server.server_address[1]}", clock=clock)
        self.stopping = Event()
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        """Answer from now on."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Answer no more."""
        self.stop()

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def __init__(self, double: GitHubDouble, port: int) -> None:
        self.double = double
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up on an answer that comes too late."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    wbufsize = -1  # headers and content leave together: apart, the second waits 40 ms for the first's acknowledgement
    server: _Server

    def serve(self) -> None:
        double, path = self.server.double, urlsplit(self.path).path
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if path.startswith(CONTROL):
            self.tell(controlled(double, self.command, path, content), {})
            return
        interruption = double.switches.interrupted()
        if interruption and not interruption.is_after:
            interruption.happens()
        if double.switches.is_cut:
            self.close_connection = True
            return
        fault = double.fault_for(self.command, path)
        if interruption and interruption.is_after:
            self.undisturbed(content)
            interruption.happens()
            self.close_connection = True
            return
        if fault is None:
            self.tell(self.undisturbed(content), double.limits)
            return
        usual = self.undisturbed(content) if fault.is_committed or fault.status is None else None
        double.stopping.wait(fault.delay_s)
        if fault.status is None and usual is not None:
            self.tell(usual, {**double.limits, **fault.headers}, is_garbled=fault.is_garbled)
        elif fault.status:
            self.tell(Answer(documents.error(fault.message), fault.status, fault.headers), {})
        else:
            self.close_connection = True

    def undisturbed(self, content: bytes) -> Answer:
        return self.server.double.answer(self.command, self.path, dict(self.headers), content)

    def tell(self, answer: Answer, more: Mapping[str, str], *, is_garbled: bool = False) -> None:
        whole = b"" if answer.document is None else json.dumps(answer.document).encode()
        content = whole[: len(whole) // 2] if is_garbled else whole
        self.send_response(answer.status)
        for name, value in {**more, **answer.headers, "Content-Type": "application/json; charset=utf-8"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the original names it so
        """Say nothing."""


for _verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    setattr(_Handler, f"do_{_verb}", _Handler.serve)
