"""The words of a text that are the failure itself, whatever stands around them: what failed, and its code.

Each is a fact about a library's or platform's wording; none knows a cause.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ci_tools.diagnosis.normaliser import masked_route

_MODULE = r"['\"]?(?P<a>[\w.]{1,160})['\"]?"


@dataclass(frozen=True, slots=True)
class _Wording:
    """A phrase, literals one of which is in every text that holds it (lower case), and its name."""

    name: str
    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    local: bool


@dataclass(frozen=True, slots=True)
class Essence:
    """What a text says at its core."""

    text: str
    local: bool
    """It is about code or its run alone: whatever dependency the text mentions has no part in it."""
    placed: bool
    """Whether it happened while a module was imported makes a difference: nothing of the module runs then."""


def _wording(name: str, signs: str, pattern: str, *, local: bool = False) -> _Wording:
    return _Wording(name, tuple(signs.split("|")), re.compile(pattern, re.IGNORECASE), local)


def _local(name: str, signs: str, pattern: str) -> _Wording:
    return _wording(name, signs, pattern, local=True)


_WORDINGS = (
    _local("no module", "no module named", rf"No module named {_MODULE}"),
    _local(
        "cannot import",
        "cannot import name",
        rf"cannot import name {_MODULE}(?: from (?:partially initialized module )?['\"](?P<b>[\w.]{{1,160}}))?",
    ),
    _local("undefined name", "is not defined", r"name ['\"](?P<a>\w{1,80})['\"] is not defined"),
    _local(
        "no attribute",
        "has no attribute",
        r"['\"]?(?P<a>\w[\w. ]{0,80})['\"]? (?:object )?has no attribute ['\"](?P<b>\w{1,80})",
    ),
    _local("no fixture", "fixture '", r"fixture ['\"](?P<a>\w{1,80})['\"] not found"),
    _local("not awaitable", "in 'await' expression", r"object (?P<a>\w{1,60}) can't be used in 'await' expression"),
    _local(
        "unexpected argument",
        "unexpected keyword",
        r"(?P<a>[\w.]{1,120})\(\) got an unexpected keyword argument ['\"](?P<b>\w{1,80})",
    ),
    _local(
        "missing argument",
        "required positional|required keyword",
        r"(?P<a>[\w.]{1,120})\(\) missing \d{1,3} required "
        r"(?:positional|keyword-only) arguments?: (?P<b>['\"\w, ]{1,120})",
    ),
    _local("collected class", "cannot collect test class", r"cannot collect test class ['\"](?P<a>\w{1,80})"),
    _local("no async support", "natively supported", r"async def functions are not (?P<a>natively supported)"),
    _wording("connect error", "error ", r"\bError (?P<a>-?\d{1,5}) (?:while )?connecting to"),
    _wording(
        "resolver",
        "getaddrinfo|name or service|nodename nor|name resolution|no address|name does not|enotfound|no such host",
        r"(?P<a>getaddrinfo failed|Name or service not known|nodename nor servname"
        r"|temporary failure in name resolution|No address associated|Name does not resolve|ENOTFOUND|no such host)",
    ),
    _wording(
        "refused",
        "refused|connect call failed",
        r"(?P<a>connection refused|actively refused|ECONNREFUSED|connect call failed)",
    ),
    _wording(
        "certificate",
        "certificate_verify_failed",
        r"CERTIFICATE_VERIFY_FAILED\]?[ :]{1,3}(?:certificate verify failed: )?(?P<a>[a-z -]{0,60})",
    ),
    _wording(
        "websocket rejected",
        "rejected websocket|invalidstatus",
        r"server rejected WebSocket connection: HTTP (?P<a>\d{3})",
    ),
    _wording(
        "closed",
        "received ",
        r"\breceived (?P<a>[134]\d{3}) \([^)\n]{1,60}\) ?(?P<b>[A-Za-z][A-Za-z']{0,30}(?![\w-]))?",
    ),
    _wording("no close frame", "no close frame", r"(?P<a>no close frame received or sent)"),
    _wording("subprotocol", "subprotocol", r"(?P<a>no subprotocols? supported|unsupported subprotocol)"),
    _wording("opening handshake", "opening handshake", r"(?P<a>timed out during (?:the )?opening handshake)"),
    _wording("invalid jwt", "invalid jwt|invalid token", r"(?P<a>invalid (?:jwt|token))"),
    _wording("signature", "signature ", r"(?P<a>signature (?:has expired|verification failed))"),
    _wording("pool", "queuepool limit", r"(?P<a>QueuePool limit)"),
    _wording(
        "too many", "too many clients|connection slots", r"(?P<a>too many clients already|remaining connection slots)"
    ),
    _wording("memory limit", "memory limit of", r"(?P<a>memory limit) of"),
    _wording(
        "password",
        "password authentication failed",
        r"password authentication failed for user ['\"](?P<a>[\w@.-]{1,80})",
    ),
    _wording("no database", 'database "', r"database \"(?P<a>\w[\w-]{0,60})(?:\" does not exist|$)"),
    _wording(
        "no relation",
        "does not exist",
        r"(?P<a>relation|column|role|type|function|table) \"(?P<b>[\w.]{1,80})\" does not exist",
    ),
    _wording("connection option", "connection option", r"for connection option \"(?P<a>\w{1,60})"),
    _wording(
        "starting took too long",
        "initialization timeout|initialisation timeout",
        r"(?P<a>\w{1,40}) initiali[sz]ation timeout after (?P<b>\d{1,6})",
    ),
    _local("deploy conflict", "conflict for resource", r"(?P<a>conflict for resource)"),
    _local("secret", "required in", r"\b(?P<a>[A-Z][A-Z0-9_]{3,80}) (?:is )?required in (?P<b>\w{1,40})"),
    _local(
        "secret not found", "/secrets/", r"secrets?/(?P<a>[\w-]{1,120})(?:/versions/\w{1,20})?\]? (?:was )?not found"
    ),
    _local("whitespace", "whitespace", r"(?:value |variable )?(?P<a>[A-Z][A-Z0-9_]{2,80}) contained whitespace"),
    _wording(
        "address answered",
        "clientresponse(",
        r"<ClientResponse\(\w{2,5}://[\w.-]{1,120}(?::\d{1,5})?(?P<route>/[^)\s]{0,200})\) \[(?P<a>\d{3}) ",
    ),
    _wording(
        "client error",
        "for url",
        r"(?:Client|Server) error '(?P<a>\d{3}) [^']{1,60}' for url '\w{2,5}://[^/']{1,160}(?P<route>/[^'\s]{0,200})",
    ),
)


_PLACED = frozenset({"undefined name"})
_BY_SIGN = tuple((sign, wording) for wording in _WORDINGS for sign in wording.signs)


def essences(text: str) -> Iterator[Essence]:
    """Every such phrase in *text*, as ``name: what``; in the order of how much they tell."""
    lower = text.lower()
    last = None
    for sign, wording in _BY_SIGN:
        if sign in lower and wording is not last and (found := wording.pattern.search(text)):
            last = wording
            parts = {name: value for name, value in found.groupdict().items() if value}
            if "route" in parts:
                parts["route"] = masked_route(parts["route"].partition("?")[0])
            said = " ".join(parts.values()).strip(" .:;'\"").lower()
            placed = wording.name in _PLACED
            yield Essence(f"{wording.name}: {said}" if said else wording.name, wording.local, placed)
