"""The language model's stand-in: a small HTTP service with deterministic, extractive answers.

``POST /v1/complete {"prompt", "task"}`` answers ``{"text", "tokens"}``: the sentences of the prompt that
carry most of its own vocabulary, in their order, and its key words. The same prompt always gets the
same text, so a test can tell a real answer from a mock.
"""

import asyncio
import json
import re
from collections import Counter
from http import HTTPStatus

import httptools

from ci_tools.twin.ports import LOOPBACK

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"[^\W\d_][\w'-]+")
_STOPPED = (
    "a about after all also an and any are as at be because been but by can could did do does for from had "
    "has have he her his how i if in into is it its just me more my no not of on one or our out please she "
    "so some than that the their them then there these they this to up us was we were what when which who "
    "why will with would you your"
)
_STOP_WORDS = frozenset(_STOPPED.split())
_SENTENCES = 2
_KEY_WORDS = 5
_LONGEST_PROMPT = 65536


def complete(prompt: str, task: str) -> dict[str, str | int]:
    """The answer to *prompt*: what it says itself, shortened, under the name of the *task*."""
    text = _WORD.findall(prompt.lower())
    weights = Counter(word for word in text if word not in _STOP_WORDS)
    words = [word for word, _ in sorted(weights.items(), key=lambda item: (-item[1], item[0]))][:_KEY_WORDS]
    about = f" Key points: {', '.join(words)}." if words else ""
    answer = f"{_summary(prompt, weights)}{about}".strip()
    return {"text": f"[{task}] {answer}" if task else answer, "tokens": len(prompt.split()) + len(answer.split())}


def _summary(prompt: str, weights: Counter[str]) -> str:
    sentences = [each.strip() for each in _SENTENCE_END.split(prompt) if each.strip()]
    ranked = sorted(range(len(sentences)), key=lambda index: (-_weight(sentences[index], weights), index))
    return " ".join(sentences[index] for index in sorted(ranked[:_SENTENCES]))


def _weight(sentence: str, weights: Counter[str]) -> float:
    words = _WORD.findall(sentence.lower())
    return sum(weights[word] for word in words) / (len(words) + 1)


class LanguageModel:
    """The listening service."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Transport] = set()

    @property
    def port(self) -> int:
        """The loopback port it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Requests are answered."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self._connections), LOOPBACK, 0)

    async def stop(self) -> None:
        """Nothing listens and no connection is open."""
        if self._server is not None:
            self._server.close()
        for transport in tuple(self._connections):
            transport.abort()


class _Connection(asyncio.Protocol):
    """One keep-alive connection: request after request, answered in order."""

    def __init__(self, connections: set[asyncio.Transport]) -> None:
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._body = bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the protocol's signature
        """A client is gone."""
        self._connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Bytes of requests; a malformed one ends the connection."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": "not an HTTP request"})
            self._transport.close()

    def on_message_begin(self) -> None:
        """A request starts."""
        self._target = b""
        self._body.clear()

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self._target += url

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._body += body[: _LONGEST_PROMPT - len(self._body)]

    def on_message_complete(self) -> None:
        """A request is complete: answer it."""
        if self._target != b"/v1/complete":
            self._answer(HTTPStatus.NOT_FOUND, {"error": "unknown path; known: /v1/complete"})
        elif self._parser.get_method() != b"POST":
            self._answer(HTTPStatus.METHOD_NOT_ALLOWED, {"error": "use POST"})
        else:
            self._answer(*_completion(bytes(self._body)))
        if not self._parser.should_keep_alive():
            self._transport.close()

    def _answer(self, status: HTTPStatus, document: dict[str, str | int]) -> None:
        body = json.dumps(document).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode() + body)


def _completion(body: bytes) -> tuple[HTTPStatus, dict[str, str | int]]:
    try:
        request = json.loads(body)
    except ValueError:
        return HTTPStatus.BAD_REQUEST, {"error": "the body is not JSON"}
    prompt = request.get("prompt") if isinstance(request, dict) else None
    if not isinstance(prompt, str):
        return HTTPStatus.UNPROCESSABLE_ENTITY, {"error": "prompt must be a text"}
    return HTTPStatus.OK, complete(prompt, str(request.get("task", "")))
