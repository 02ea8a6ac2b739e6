"""Texts made comparable: what differs from run to run is masked, what tells one failure from another is kept."""

import re

VERSION = 1
"""Raised when the same text is normalised otherwise: fingerprints of two versions do not compare."""
READ = 1_500
"""Characters of a text that take part: more says where, no longer what."""

WORDS = 12
"""So many words take part: a sentence says first what failed, and is cut anywhere after."""

_ANSI = re.compile(
    r"\x1b(?:\[[0-?]{0,16}[ -/]{0,4}[@-~]|[@-Z\\-_])|</?(?:red|green|yellow|blue|cyan|magenta|white|bold|dim|level)>"
)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_PREFIXES = re.compile(
    r"^(?:\s{1,8}|collection failure:"
    r"|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.,\d]{0,10}(?:Z|[+-]\d\d:?\d\d)?(?:\s?[|-])?"
    r"|(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL|FAIL|FAILED|Failed|Error)\s{0,4}(?:[:|]|-(?= ))"
    r"|[\w.]{1,120}:[\w<>]{1,80}:\d{1,6}\s?[|-]"
    r"|[^\w\s\"'(\[{<*/\\.-]{1,3}(?=\s)"
    r"|-?[\d.]{1,30} not (?:less|greater) than (?:or equal to )?-?[\d.]{1,30} ?:"
    r"|(?:True|False|None) is not (?:true|false|None) ?:"
    r"|[\w.]{0,120}(?:Error|Exception|Warning|Failure|Failed|Exit|Timeout|Interrupt):(?=\s))"
)
_MOST_PREFIXES = 8
_CUT = re.compile(r"(?<![\w./\\-])(?!\d{3}\.\.\.$)[\w./\\-]{0,80}?(?:\.\.\.|…(?:\[line cut\])?)$")
"""A whole status of three digits is no half word."""
_DOTS = re.compile(r"(?:\.\.\.|…(?:\[line cut\])?)$")
_MASKS = re.compile(
    r"(?P<url>\b[a-z][a-z0-9+.-]{1,20}://(?:[^\s/@'\"<>]{1,200}@)?(?P<host>[\w.-]{1,200}|\[[0-9a-f:]{2,45}\])(?::\d{1,5})?(?P<route>/[^\s'\"<>)?#]{0,200})?[^\s'\"<>)]{0,300})"
    r"|(?P<uuid>(?<![0-9a-f])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-f]))"
    r"|(?P<instant>\b\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<address>(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?![\w.])|\b(?:localhost|(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}):\d{2,5}\b)"
    r"|(?P<pointer>\b0x[0-9a-f]{4,16}\b)"
    r"|(?P<code>(?:\bHTTP(?:/\d\.\d)?|\bstatus(?: code)?|\berrno|\bError|\breceived|\bsent|\bcode"
    r"|\bfailed|\bgot|\bUnexpected|\bassert|\bexpected)[:= \[]{1,4}-?\d{1,5}\b(?![.:/-]))"
    r"|(?P<known>(?<![\w.])[1-5]\d\d"
    r"(?= (?:[=!]= |Unauthorized|Forbidden|Not Found|Service|Internal|Bad|Method|Too Many|Gateway|Unprocessable)))"
    r"|(?P<path>(?:(?<=[\s'\"(=])|^)(?:[A-Za-z]:)?(?:[\\/][\w .@+-]{1,80}(?=[\\/]))+[\\/][\w.@+-]{1,100})"
    r"|(?P<duration>(?<![\w.])\d{1,9}(?:\.\d{1,20})? ?(?:ms|s|sec|secs|seconds?|min|minutes?|h|hours?|us|ns|µs)\b)"
    r"|(?P<hex>\b(?=[0-9a-f]{0,39}\d)(?=\d{0,39}[a-f])[0-9a-f]{7,128}\b)"
    r"|(?P<id>\b[a-z][a-z_-]{0,40}[_-](?=[a-z0-9_-]{0,60}\d)[a-z0-9]{1,60}(?:[_-][a-z0-9]{1,60}){0,6}\b)"
    r"|(?P<number>(?<![a-z_])[-+]?\d{1,40}(?:[.,]\d{1,40}){0,6}(?:e[-+]?\d{1,3})?%?)",
    re.IGNORECASE,
)

_LEVEL = re.compile(
    r"(?<![\w.])(?P<net>\d{1,3}\.\d{1,3})\.\d{1,3}\.\d{1,3}(?![\w.]*\w)"
    r"|(?<![0-9a-fA-F])(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|(?=[a-fA-F]*\d)[0-9a-fA-F]{12,128}|\d{6,40})"
    r"(?![0-9a-fA-F])|(?<=\d\.)\d{2,20}(?![\d.])"
)


def readable(text: str) -> str:
    """*text* without what a terminal obeys and nobody sees."""
    plain = _ANSI.sub("", text) if "\x1b" in text or "<" in text else text
    return plain if plain.isascii() and plain.isprintable() else _UNPRINTABLE.sub(" ", plain)


def undressed(text: str) -> str:
    """*text* without the time, level, place and kind of exception in front of what it says."""
    for _ in range(_MOST_PREFIXES):
        found = _PREFIXES.match(text)
        if not found:
            break
        text = text[found.end() :]
    return text


def uncut(text: str) -> str:
    """*text* without the half word and the dots that a cut has left at its end."""
    return _DOTS.sub("", _CUT.sub("", text)) if text.endswith(("...", "…", "[line cut]")) else text


def normalised(text: str) -> str:
    """The first line of *text* that says something, lower case, with everything masked that differs from run to run."""
    said = undressed(readable(text[:READ]))
    line = next((line for line in said.splitlines() if line.strip()), "")
    words = masked(uncut(undressed(line))).lower().split()
    return " ".join(words[:WORDS])


def levelled(text: str) -> str:
    """*text* with long ids, hosts' digits and fractions made equal, and every code left as it is: it means the same."""
    return _LEVEL.sub(lambda found: f"{found['net']}.0.0" if found["net"] else "0" * 12, text)


def masked(text: str) -> str:
    """*text* with ids, numbers, addresses, paths and times masked; status, errno and close code stand."""
    return _MASKS.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    if found["url"]:
        return f"<url{masked_route(found['route'] or '')}>"
    if kind in ("code", "known"):
        return found[0]
    return _masked_path(found[0]) if kind == "path" else f"<{kind}>"


_ROUTE = re.compile(r"/(?:api|auth|v\d|ws|health|oauth)\b")
_ID = re.compile(r"\d")


def _masked_path(path: str) -> str:
    """A route without its ids; of a file its name, as folders are a machine's own."""
    if _ROUTE.match(path):
        return masked_route(path)
    name = re.split(r"[\\/]", path)[-1]
    return f"<path>/{name}" if "." in name or not _ID.search(name) else "<path>"


_VARYING = re.compile(r"/(?=[^/]{0,60}\d)(?!v\d{1,2}(?:/|$))[^/]{1,100}|/$")


def masked_route(route: str) -> str:
    """The path of a URL, with the parts masked that hold a number and are no version."""
    return _VARYING.sub(lambda part: "" if part[0] == "/" else "/*", route)
