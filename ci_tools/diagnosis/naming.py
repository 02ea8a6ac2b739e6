"""Which dependency a text speaks of, by its addresses and its words, before anything in it is masked."""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

_SCHEMES = {
    **dict.fromkeys(("redis", "rediss", "valkey"), "redis"),
    **dict.fromkeys(("postgres", "postgresql", "psql", "jdbc:postgresql"), "postgresql"),
    **dict.fromkeys(("clickhouse", "clickhouses", "ch"), "clickhouse"),
    **dict.fromkeys(("ws", "wss"), "websocket"),
}
_PORTS = {
    **dict.fromkeys(("6379", "6380", "16379", "26379"), "redis"),
    **dict.fromkeys(("5432", "5433", "5434", "6432"), "postgresql"),
    **dict.fromkeys(("8123", "9000", "9440", "8443"), "clickhouse"),
}
_URL = re.compile(r"\b([a-zA-Z][a-zA-Z0-9:]{0,20})(?:\+[a-z0-9]{1,20})?://([^\s'\"<>)\]},;]{1,300})")
_ADDRESS = re.compile(
    r"(?<![\w.-])((?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-fA-F:]{2,45}\]|[A-Za-z0-9](?:[\w-]{0,62}\.){1,8}[A-Za-z]{2,24}|localhost|[a-z][\w-]{1,40})"
    r"(?::|['\"],? {1,2}|['\"]?[ ,]{1,2}(?:\([^)\s]{1,60}\),? )?port[ =:]{1,3})(\d{2,5})(?!\d)"
)
_HOST = re.compile(r"(?<![\w.-])(?:[A-Za-z0-9][\w-]{0,62}\.){1,8}[A-Za-z]{2,24}(?![\w-])")
_HOST_WORDS = (
    (re.compile(r"api\.openai\.com|api\.anthropic\.com|generativelanguage\.googleapis"), "llm"),
    (re.compile(r"^(?:auth|login|oauth|id)[.-]"), "auth"),
    (re.compile(r"^(?:app|www|web|frontend)[.-]"), "frontend"),
    (re.compile(r"^(?:api|backend)[.-]"), "backend"),
    (re.compile(r"redis|memorystore|valkey"), "redis"),
    (re.compile(r"postgres|cloudsql|(?:^|[.-])(?:db|pg|sql)(?:$|[.-])"), "postgresql"),
    (re.compile(r"clickhouse"), "clickhouse"),
)
_WORDS = re.compile(
    r"(?P<redis>redis|\bnoauth\b|memorystore|valkey)"
    r"|(?P<clickhouse>clickhouse)"
    r"|(?P<postgresql>asyncpg|psycopg|postgres|cloud ?sql|\.s\.pgsql|queuepool|too many clients|connection slots"
    r"|database)"
    r"|(?P<llm>openai|anthropic|gemini|\bllm\b)"
    r"|(?P<websocket>web_?socket|\bwss?\b)"
    r"|(?P<agents>\bagents?\b|agent_)"
)
"""In a text in lower case."""
_PORT = re.compile(r"[:' =]\d{2,5}(?!\d)")
"""What an address with a port has at least: most texts have none, and to see that is quick."""


class Naming:
    """Names dependencies, by an environment's own hosts first and by what is so everywhere then."""

    def __init__(self, hosts: Mapping[str, str] | None = None) -> None:
        split = {name: urlsplit(url) for name, url in (hosts or {}).items()}
        self._known = {(url.hostname or "", str(url.port or "")): name for name, url in reversed(split.items())}
        self._hosts = {host: name for (host, _), name in self._known.items()}
        self.of_address = lru_cache(maxsize=4_096)(self._of_address)

    def name(self, text: str) -> str:
        """The dependency that *text* speaks of: by a full address, a host name, or its words; empty if by none."""
        return self.addressed(text) or self.worded(text)

    def addressed(self, text: str) -> str:
        """The dependency at the first address in *text* that tells one; empty if none does."""
        if "://" in text:
            for scheme, rest in _URL.findall(text):
                if found := self._of_url(scheme.lower(), rest):
                    return found
        if _PORT.search(text):
            for address in _ADDRESS.finditer(text):
                if found := self.of_address(address[1].lower(), address[2]):
                    return found
        if "." not in text:
            return ""
        return next((found for host in _HOST.finditer(text) if (found := self.of_address(host[0].lower(), ""))), "")

    def address(self, text: str) -> str:
        """The first host and port in *text*, as they stand there; empty if there is none."""
        found = _ADDRESS.search(text.lower())
        return f"{found[1]}:{found[2]}" if found else ""

    def worded(self, text: str) -> str:
        """The dependency that *text* names; the one named first wins over what is only mentioned later."""
        found = _WORDS.search(text.lower())
        return (found.lastgroup or "") if found else ""

    def _of_url(self, scheme: str, rest: str) -> str:
        host, _, port = re.split(r"[/?#]", rest.rpartition("@")[2] or rest, maxsplit=1)[0].partition(":")
        return _SCHEMES.get(scheme, "") or self.of_address(host.lower(), port)

    def _of_address(self, host: str, port: str) -> str:
        own = self._known.get((host, port)) or self._hosts.get(host)
        if own:
            return own
        by_word = next((name for pattern, name in _HOST_WORDS if pattern.search(host)), "")
        return _PORTS.get(port, "") or by_word
