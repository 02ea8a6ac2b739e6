"""The small service of somebody else, whose suite is in ``stranger``; its health has a shape of its own."""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

_BOOKS: Final = {
    1: {"title": "Emma", "author": "Austen"},
    2: {"title": "Persuasion", "author": "Austen"},
    3: {"title": "Dracula", "author": "Stoker"},
}
_FREE_DAYS: Final = 7
_CENTS_A_DAY: Final = 20


@contextmanager
def library(*, works: bool = True) -> Iterator[str]:
    """The URL of the service; where it does not work its database is away, and no loan can be made."""
    with _Server(works=works) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *, works: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.works = works
        self.loans: dict[int, dict[str, Any]] = {}
        self.numbers = itertools.count(1)


class _Desk(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        match address.path.strip("/").split("/"):
            case ["status"]:
                database = {"name": "database", "ok": self.server.works}
                self._say(200, {"ok": self.server.works, "components": [database, {"name": "mail", "ok": True}]})
            case ["books"]:
                self._say(200, {"books": [book for book in _BOOKS.values() if book["author"] == asked.get("author")]})
            case ["books", number]:
                self._say_if_there(_BOOKS.get(int(number)))
            case ["loans", number]:
                self._say_if_there(self.server.loans.get(int(number)))
            case ["fees"]:
                self._say(200, {"cents": max(0, int(asked["days"]) - _FREE_DAYS) * _CENTS_A_DAY})
            case _:
                self._say_if_there(None)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not {"book", "reader"} <= set(body):
            self._say(400, {"problem": "book and reader are required"})
        elif not self.server.works:
            self._say(500, {"problem": "the database is away"})
        else:
            number = next(self.server.numbers)
            self.server.loans[number] = {"id": number, **body}
            self._say(201, self.server.loans[number])

    def do_DELETE(self) -> None:
        self.server.loans.pop(int(self.path.rpartition("/")[2]), None)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def _say_if_there(self, document: dict[str, Any] | None) -> None:
        self._say(404, {"problem": "not found"}) if document is None else self._say(200, document)

    def _say(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
